#include "crypt/aead.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>
#include <string.h>

#include "core/env.h"
#include "core/err.h"
#include "core/must.h"

enum { ENCRYPT = 1, DECRYPT = 0, AAD_MAX = 1 << 16 };

/* Everything but the tag: both directions of GCM differ in nothing else. */
static void run(EVP_CIPHER_CTX *context, int direction, const unsigned char *key, const unsigned char *nonce,
				const void *aad, size_t aad_size, const void *in, size_t size, unsigned char *out)
{
	int length = 0;
	must(context != NULL && size <= AEAD_TEXT_MAX && aad_size <= AAD_MAX);
	must(EVP_CipherInit_ex2(context, EVP_aes_256_gcm(), key, nonce, direction, NULL) == 1);
	must(aad_size == 0 || EVP_CipherUpdate(context, NULL, &length, aad, (int)aad_size) == 1);
	must(size == 0 || EVP_CipherUpdate(context, out, &length, in, (int)size) == 1);
}

void gcm_encrypt(const unsigned char key[AEAD_KEY_SIZE], const unsigned char nonce[AEAD_NONCE_SIZE], const void *aad,
				 size_t aad_size, const void *plain, size_t size, unsigned char *text, unsigned char tag[AEAD_TAG_SIZE])
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char none[AEAD_TAG_SIZE];
	int length = 0;
	run(context, ENCRYPT, key, nonce, aad, aad_size, plain, size, text);
	must(EVP_CipherFinal_ex(context, none, &length) == 1 && length == 0);
	must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_GET_TAG, AEAD_TAG_SIZE, tag) == 1);
	EVP_CIPHER_CTX_free(context);
}

bool gcm_decrypt(const unsigned char key[AEAD_KEY_SIZE], const unsigned char nonce[AEAD_NONCE_SIZE], const void *aad,
				 size_t aad_size, const void *text, size_t size, const unsigned char tag[AEAD_TAG_SIZE],
				 unsigned char *plain)
{
	EVP_CIPHER_CTX *context = EVP_CIPHER_CTX_new();
	unsigned char none[AEAD_TAG_SIZE], expected[AEAD_TAG_SIZE];
	int length = 0;
	run(context, DECRYPT, key, nonce, aad, aad_size, text, size, plain);
	memcpy(expected, tag, sizeof expected);
	must(EVP_CIPHER_CTX_ctrl(context, EVP_CTRL_AEAD_SET_TAG, AEAD_TAG_SIZE, expected) == 1);
	bool genuine = EVP_CipherFinal_ex(context, none, &length) == 1;
	EVP_CIPHER_CTX_free(context);
	if (!genuine)
		OPENSSL_cleanse(plain, size);
	return genuine;
}

void aead_seal(const struct env *env, const unsigned char key[AEAD_KEY_SIZE], const void *aad, size_t aad_size,
			   const void *plain, size_t size, unsigned char *sealed)
{
	env_random(env, sealed, AEAD_NONCE_SIZE);
	gcm_encrypt(key, sealed, aad, aad_size, plain, size, sealed + AEAD_NONCE_SIZE, sealed + AEAD_NONCE_SIZE + size);
}

bool aead_open(const unsigned char key[AEAD_KEY_SIZE], const void *aad, size_t aad_size, const unsigned char *sealed,
			   size_t size, unsigned char *plain, struct err *err)
{
	if (size < AEAD_OVERHEAD || size - AEAD_OVERHEAD > AEAD_TEXT_MAX)
		return err_set(err, ERR_INTERNAL, "a sealed secret of %zu bytes cannot be one of ours", size);
	size_t text_size = size - AEAD_OVERHEAD;
	const unsigned char *text = sealed + AEAD_NONCE_SIZE;
	if (!gcm_decrypt(key, sealed, aad, aad_size, text, text_size, text + text_size, plain))
		return err_set(err, ERR_INTERNAL, "a sealed secret does not open with this master key at this place");
	return true;
}

/* OSSL_PARAM wants writable pointers and does not write. */
static OSSL_PARAM octets(const char *name, const void *bytes, size_t size)
{
	union {
		const void *from;
		void *to;
	} pointer = {.from = size == 0 ? "" : bytes};
	return OSSL_PARAM_construct_octet_string(name, pointer.to, size);
}

void hkdf_sha256(const void *key, size_t key_size, const void *salt, size_t salt_size, const void *info,
				 size_t info_size, void *out, size_t out_size)
{
	must(out_size > 0 && out_size <= HKDF_OUT_MAX);
	EVP_KDF *kdf = EVP_KDF_fetch(NULL, "HKDF", NULL);
	EVP_KDF_CTX *context = EVP_KDF_CTX_new(kdf);
	must(context != NULL);
	char digest[] = "SHA256";
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
		octets(OSSL_KDF_PARAM_KEY, key, key_size),
		octets(OSSL_KDF_PARAM_SALT, salt, salt_size),
		octets(OSSL_KDF_PARAM_INFO, info, info_size),
		OSSL_PARAM_construct_end(),
	};
	must(EVP_KDF_derive(context, out, out_size, params) == 1);
	EVP_KDF_CTX_free(context);
	EVP_KDF_free(kdf);
}
