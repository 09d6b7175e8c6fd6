/*
 * Secrets handed to people and programs: 32 random bytes as 43 base64url characters after a prefix that says what it
 * is (`csr_…`), so that a leaked one can be recognised.  The store keeps only the SHA-256 of the whole text.
 * Thread: any.
 */
#ifndef CS_CRYPT_SECRET_H
#define CS_CRYPT_SECRET_H

#include <stddef.h>

struct env;

enum {
	SECRET_BYTES = 32,
	SECRET_LENGTH = 43,     /* base64url characters of SECRET_BYTES */
	SECRET_PREFIX_MAX = 20, /* characters */
	SECRET_TEXT = SECRET_PREFIX_MAX + SECRET_LENGTH + 1,
};

/* Write prefix (may be "", at most SECRET_PREFIX_MAX characters, must) and a new secret; returns the length. */
size_t secret_make(const struct env *env, const char *prefix, char text[SECRET_TEXT]);

#endif
