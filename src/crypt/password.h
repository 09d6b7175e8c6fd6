/*
 * Passwords at rest (P-4.1): `$cs1$` and bcrypt `$2b$` over base64(HMAC-SHA-256("countersign/password/v1", bytes)).
 *
 * bcrypt reads 72 bytes and stops at a NUL; the HMAC before it takes a password of any length and bytes whole.  Rules
 * about which passwords are acceptable live in people/.  Thread: any.  Cost: 2^cost rounds, on purpose (12: about 0.25
 * s of CPU), and 32 KiB of stack: never call it on a loop thread.
 */
#ifndef CS_CRYPT_PASSWORD_H
#define CS_CRYPT_PASSWORD_H

#include <stdbool.h>
#include <stddef.h>

struct env;

enum {
	PASSWORD_COST_MIN = 4, /* bcrypt's own bounds; the configuration allows 10 to 15 */
	PASSWORD_COST_MAX = 31,
	PASSWORD_HASH_LENGTH = 65, /* $cs1$ and 60 characters */
	PASSWORD_HASH_TEXT = PASSWORD_HASH_LENGTH + 1,
};

/* The text to store for a password of `size` bytes; `cost` within the bounds (must), the salt from `env`. */
void password_hash(const struct env *env, int cost, const void *bytes, size_t size, char text[PASSWORD_HASH_TEXT]);

/* Is it the password of a stored text?  A text that is none of ours matches nothing. */
bool password_verify(const char *stored, const void *bytes, size_t size);

/* Work as long as password_verify on a text of this cost does, for users who do not exist [P-4.3]. */
void password_verify_nobody(int cost, const void *bytes, size_t size);

/* Was it stored at a lower cost than is configured, or in another form? */
bool password_needs_rehash(const char *stored, int cost);

#endif
