/*
 * Keys that sign: ECDSA on P-256 with SHA-256 (ES256, access tokens and receipts) and Ed25519 (audit checkpoints).
 *
 * Both kinds have 32-byte private keys and 64-byte signatures: r | s as RFC 7518 section 3.4 has it, not DER, and the
 * signature of RFC 8032.  A key is known by its kid, the RFC 7638 thumbprint of its public half.
 *
 * A key does not change once made: any number of threads may sign and verify with one.  Ed25519 signatures follow from
 * key and message; those of ES256 take a random number from OpenSSL, so they alone differ between two runs of one
 * simulation.  Cost, to sign and to verify: ES256 35 and 90 us, Ed25519 60 and 150 us (bench/crypt_bench).
 */
#ifndef CS_CRYPT_KEY_H
#define CS_CRYPT_KEY_H

#include <stdbool.h>
#include <stddef.h>

struct env;
struct err;
struct jw;
struct key;

enum key_kind { KEY_ES256, KEY_ED25519, KEY_KINDS };

enum {
	KEY_PRIVATE_SIZE = 32,
	KEY_PUBLIC_MAX = 64, /* ES256: x | y; Ed25519: 32 bytes */
	KEY_SIGNATURE_SIZE = 64,
	KEY_KID_LENGTH = 43, /* base64url of a SHA-256 */
};

/* A fresh key pair, its private half from env_random().  Free it with key_free. */
struct key *key_new(enum key_kind kind, const struct env *env);
void key_free(struct key *key);

/* A key pair from its private half (ES256: the scalar, big-endian).  ERR_INVALID when it is no key. */
bool key_from_private(enum key_kind kind, const unsigned char bytes[KEY_PRIVATE_SIZE], struct key **key,
					  struct err *err);

/*
 * A key that can only verify.  ERR_INVALID when `bytes` are not the public half of such a key (KEY_PUBLIC_MAX), or no
 * point on the curve.
 */
bool key_from_public(enum key_kind kind, const unsigned char *bytes, size_t size, struct key **key, struct err *err);

enum key_kind key_kind(const struct key *key);
bool key_private(const struct key *key);    /* can it sign? */
const char *key_kid(const struct key *key); /* KEY_KID_LENGTH characters, as long as the key lives */

/* The public half; returns its size. */
size_t key_public(const struct key *key, unsigned char bytes[KEY_PUBLIC_MAX]);

/* Sign with a private key (must). */
void key_sign(const struct key *key, const void *bytes, size_t size, unsigned char signature[KEY_SIGNATURE_SIZE]);

/* Does the signature, exactly 64 bytes, fit?  Anything else is simply false. */
bool key_verify(const struct key *key, const void *bytes, size_t size, const unsigned char *signature,
				size_t signature_size);

/* Write the public half as a JSON Web Key with use, alg and kid.  REF: RFC 7517; RFC 7518 section 6.2; RFC 8037 */
void key_jwk(const struct key *key, struct jw *jw);

#endif
