/*
 * The data folder: making it, holding its lock, its free space; private to src/store.
 */
#ifndef CS_STORE_FOLDER_H
#define CS_STORE_FOLDER_H

#include <stdbool.h>
#include <stdint.h>

struct err;

enum { FOLDER_PATH = 4096 }; /* bytes of a path, with its NUL */

/* folder/name.  ERR_IO when that is too long for a path. */
bool folder_path(char path[FOLDER_PATH], const char *folder, const char *name, struct err *err);

/* Make the folder (0700) and those above it, each durable in its parent. */
bool folder_make(const char *folder, struct err *err);

/*
 * Take the folder's lock for this process.  The descriptor holds it until it is closed or the process ends, however it
 * ends.  ERR_STORE_BUSY names the process that has it; ERR_IO, ERR_STORE_FULL.
 */
bool folder_lock(const char *folder, int *lock, struct err *err);

/* Names made in the folder are durable afterwards. */
bool folder_sync(const char *folder, struct err *err);

/* What an ordinary user may still write there; INT64_MAX when it cannot be told. */
int64_t folder_free_bytes(const char *folder);

#endif
