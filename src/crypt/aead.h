/*
 * Sealing of small secrets at rest: AES-256-GCM, and keys derived from a master key (HKDF-SHA256).
 *
 * A sealed text is nonce (12 bytes) | ciphertext (as long as the plain text) | tag (16 bytes).  The nonce is random, so
 * one key may seal 2^32 texts (NIST SP 800-38D section 8.3).  The associated data says what the text is and where it
 * belongs (table, row, column); a text moved elsewhere does not open.  Thread: any.
 */
#ifndef CS_CRYPT_AEAD_H
#define CS_CRYPT_AEAD_H

#include <stdbool.h>
#include <stddef.h>

struct env;
struct err;

enum {
	AEAD_KEY_SIZE = 32,
	AEAD_NONCE_SIZE = 12,
	AEAD_TAG_SIZE = 16,
	AEAD_OVERHEAD = AEAD_NONCE_SIZE + AEAD_TAG_SIZE, /* bytes that sealing adds */
	AEAD_TEXT_MAX = 1 << 24,                         /* bytes: secrets and small rows, not files */
	HKDF_OUT_MAX = 255 * 32,                         /* RFC 5869 section 2.3 */
};

/* Seal `size` <= AEAD_TEXT_MAX (must) bytes into `sealed`, which has room for size + AEAD_OVERHEAD. */
void aead_seal(const struct env *env, const unsigned char key[AEAD_KEY_SIZE], const void *aad, size_t aad_size,
			   const void *plain, size_t size, unsigned char *sealed);

/*
 * Open `size` bytes of sealed text into `plain`, which has room for size - AEAD_OVERHEAD; that many come out.  False
 * with ERR_INTERNAL when key, associated data or a single bit differ; then `plain` holds zeroes.
 */
bool aead_open(const unsigned char key[AEAD_KEY_SIZE], const void *aad, size_t aad_size, const unsigned char *sealed,
			   size_t size, unsigned char *plain, struct err *err);

/* The two halves with the nonce given, for vectors; never use a nonce twice with one key. */
void gcm_encrypt(const unsigned char key[AEAD_KEY_SIZE], const unsigned char nonce[AEAD_NONCE_SIZE], const void *aad,
				 size_t aad_size, const void *plain, size_t size, unsigned char *text,
				 unsigned char tag[AEAD_TAG_SIZE]);
bool gcm_decrypt(const unsigned char key[AEAD_KEY_SIZE], const unsigned char nonce[AEAD_NONCE_SIZE], const void *aad,
				 size_t aad_size, const void *text, size_t size, const unsigned char tag[AEAD_TAG_SIZE],
				 unsigned char *plain);

/* Derive `out_size` <= HKDF_OUT_MAX (must) bytes for one purpose.  REF: RFC 5869 section 2 */
void hkdf_sha256(const void *key, size_t key_size, const void *salt, size_t salt_size, const void *info,
				 size_t info_size, void *out, size_t out_size);

#endif
