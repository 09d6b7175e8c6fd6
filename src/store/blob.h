/*
 * Content-addressed files: blobs/ab/cdef…, each named by the SHA-256 of its bytes.
 *
 * A blob is there whole or not at all, and durable when blob_put returns: temp file, fsync, rename, fsync of the
 * folder. Names are 64 lower-case hex digits and nothing else, so no name becomes another path.  Thread: any; two that
 * put the same bytes at once are fine.
 */
#ifndef CS_STORE_BLOB_H
#define CS_STORE_BLOB_H

#include <stdbool.h>
#include <stddef.h>

struct buf;
struct err;

/* Is this the name of a blob? */
bool blob_name_valid(const char *sha256);

/* Store `size` bytes under their digest (the caller's, trusted).  ERR_STORE_FULL, ERR_IO. */
bool blob_put(const char *folder, const char *sha256, const void *bytes, size_t size, struct err *err);

/* Append a blob's bytes to `buf`.  ERR_NOT_FOUND; ERR_IO. */
bool blob_get(const char *folder, const char *sha256, struct buf *buf, struct err *err);

bool blob_exists(const char *folder, const char *sha256);

/* Remove it; one that is not there is fine. */
bool blob_remove(const char *folder, const char *sha256, struct err *err);

#endif
