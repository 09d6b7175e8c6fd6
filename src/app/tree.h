/*
 * Files and folders of a backup: walked, copied, hashed, made durable.  All are for their owner alone (0600, 0700).
 *
 * Copies are whole or not there, and synced with their folder when the call returns.  Thread: any.
 */
#ifndef CS_APP_TREE_H
#define CS_APP_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypt/digest.h"

struct err;

enum { TREE_PATH = 4096 };

/* root/name; "" for either leaves it out.  ERR_IO when it is too long for a path. */
bool tree_path(char path[TREE_PATH], const char *root, const char *name, struct err *err);

/* Make a folder and those above it. */
bool tree_make(const char *path, struct err *err);

/* Size and SHA-256 of a file.  ERR_NOT_FOUND, ERR_IO. */
bool tree_hash(const char *path, int64_t *size, char sha256[SHA256_HEX_SIZE], struct err *err);

/* Copy a file to a new name, over what is there; its folder is made.  ERR_NOT_FOUND: there is none; STORE_FULL, IO. */
bool tree_copy(const char *from, const char *to, int64_t *size, char sha256[SHA256_HEX_SIZE], struct err *err);

/* Write bytes to a new name, over what is there. */
bool tree_write(const char *path, const void *bytes, size_t size, struct err *err);

/*
 * Visit each plain file below root/below in order of names, at most 8 folders deep; `name` is relative to root.  A
 * folder that is not there has no files.  Ends early, with its error, when `visit` says false.
 */
bool tree_walk(const char *root, const char *below, bool (*visit)(void *self, const char *name, struct err *err),
			   void *self, struct err *err);

/* Is there nothing: no such folder, or an empty one? */
bool tree_empty(const char *path);

/* Names made in the folder are durable afterwards. */
bool tree_sync(const char *path, struct err *err);

#endif
