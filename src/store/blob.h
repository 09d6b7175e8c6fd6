/*
 * Content-addressed files: FOLDER/blobs/ab/cdef…, each named by the SHA-256 of its bytes.
 *
 * A blob is there whole or not at all, and durable when blob_put returns: temp file, fsync, rename, fsync of the
 * folder.  Names are 64 lower-case hex digits and nothing else (must: check what comes from outside with
 * blob_name_valid), so no name becomes another path.  Whoever gives a name vouches that it is the digest of the bytes.
 * Nothing here counts references or knows who may read.  Objects elsewhere (S3) can take the files' place behind this
 * header.
 *
 * Put the blob first and the row that names it after it: a blob without a row is litter, a row without a blob a lie.
 * Failures: ERR_STORE_FULL on a full disk, a quota, or below min_free_bytes; a failed fsync, write or rename for
 * another reason also calls on_fatal once [P-12.3].  Thread: any; two that put the same bytes at once are fine.
 */
#ifndef CS_STORE_BLOB_H
#define CS_STORE_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct blobs;
struct buf;
struct err;

enum { BLOB_NAME = 64 }; /* characters */

/* The calls of the system that can fail a put; for tests, which make them fail. */
struct blob_calls {
	ssize_t (*write)(int file, const void *bytes, size_t size);
	int (*fsync)(int file);
	int (*rename)(const char *from, const char *to);
};

struct blobs_options {
	const char *folder; /* the data folder; it is there */
	int64_t min_free_bytes;
	void (*on_fatal)(const char *why, void *self); /* the disk cannot be trusted; NULL: log and _exit(1) */
	void *fatal_self;
	const struct blob_calls *calls; /* NULL: the system's */
};

/* Open the blobs of a data folder (made when absent); puts that a crash cut off are cleared away.  ERR_IO, FULL. */
bool blobs_open(const struct blobs_options *options, struct blobs **blobs, struct err *err);
void blobs_close(struct blobs *blobs); /* NULL is fine */

/* Is this the name of a blob?  NULL is not. */
bool blob_name_valid(const char *sha256);

/* Store `size` bytes under their digest.  A blob that is there already is left; its durability is made sure of. */
bool blob_put(struct blobs *blobs, const char *sha256, const void *bytes, size_t size, struct err *err);

/* Append all of a blob to `buf`.  ERR_NOT_FOUND, ERR_IO, ERR_LIMIT. */
bool blob_get(struct blobs *blobs, const char *sha256, struct buf *buf, struct err *err);

/* Its size in bytes.  ERR_NOT_FOUND. */
bool blob_size(struct blobs *blobs, const char *sha256, int64_t *size, struct err *err);

/* Up to `size` bytes from `offset` on; *got is less only at the blob's end.  For ranges and long downloads. */
bool blob_read(struct blobs *blobs, const char *sha256, int64_t offset, void *bytes, size_t size, size_t *got,
			   struct err *err);

bool blob_exists(struct blobs *blobs, const char *sha256);

/* Remove it; one that is not there is fine.  Who reads it at that moment may read on, or finds it gone. */
bool blob_remove(struct blobs *blobs, const char *sha256, struct err *err);

#endif
