/*
 * Private keys in files: PEM (PKCS#8, no passphrase), readable by the owner alone.
 * Thread: any.
 */
#ifndef CS_CRYPT_KEY_FILE_H
#define CS_CRYPT_KEY_FILE_H

#include <stdbool.h>

struct err;
struct key;

enum { KEY_FILE_MAX = 16 << 10 }; /* bytes; a private key has some hundred */

/*
 * Write the private key (must) to a new file of mode 0600, whole or not at all, synced with its folder.  ERR_DUPLICATE
 * when `path` exists: a key is never overwritten.  ERR_IO with the system's reason.
 */
bool key_write(const struct key *key, const char *path, struct err *err);

/*
 * Read a private key.  ERR_NOT_FOUND; ERR_IO; ERR_INVALID when the file is no regular file, group or others may touch
 * it, or its content is no unencrypted PEM key of a kind in key.h.
 */
bool key_read(const char *path, struct key **key, struct err *err);

#endif
