#include "crypt/digest.h"

#include <limits.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <pthread.h>

#include "core/codec.h"
#include "core/must.h"

/* EVP_sha256() is looked up in the provider at each use, for more than a short digest costs; so it is fetched once. */
static EVP_MD *fetched;

static void fetch(void)
{
	fetched = EVP_MD_fetch(NULL, "SHA256", NULL);
	must(fetched != NULL);
}

static const EVP_MD *algorithm(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;
	pthread_once(&once, fetch);
	return fetched;
}

void sha256(const void *bytes, size_t size, unsigned char digest[SHA256_SIZE])
{
	unsigned length = 0;
	must(EVP_Digest(bytes, size, digest, &length, algorithm(), NULL) == 1 && length == SHA256_SIZE);
}

void sha256_hex(const void *bytes, size_t size, char hex[SHA256_HEX_SIZE])
{
	unsigned char digest[SHA256_SIZE];
	sha256(bytes, size, digest);
	hex_encode(hex, digest, sizeof digest);
}

void digest_init(struct digest *digest)
{
	digest->context = EVP_MD_CTX_new();
	must(digest->context != NULL && EVP_DigestInit_ex(digest->context, algorithm(), NULL) == 1);
}

void digest_add(struct digest *digest, const void *bytes, size_t size)
{
	must(EVP_DigestUpdate(digest->context, bytes, size) == 1);
}

void digest_end(struct digest *digest, unsigned char sha[SHA256_SIZE])
{
	unsigned length = 0;
	must(EVP_DigestFinal_ex(digest->context, sha, &length) == 1 && length == SHA256_SIZE);
}

void digest_end_hex(struct digest *digest, char hex[SHA256_HEX_SIZE])
{
	unsigned char sha[SHA256_SIZE];
	digest_end(digest, sha);
	hex_encode(hex, sha, sizeof sha);
}

void digest_fini(struct digest *digest)
{
	EVP_MD_CTX_free(digest->context);
	digest->context = NULL;
}

static void hmac(const EVP_MD *md, const void *key, size_t key_size, const void *bytes, size_t size, unsigned char *mac,
				 unsigned mac_size)
{
	unsigned length = 0;
	must(key_size <= INT_MAX);
	/* OpenSSL takes a NULL key for "the one before". */
	must(HMAC(md, key_size == 0 ? "" : key, (int)key_size, bytes, size, mac, &length) != NULL && length == mac_size);
}

void hmac_sha256(const void *key, size_t key_size, const void *bytes, size_t size, unsigned char mac[SHA256_SIZE])
{
	hmac(algorithm(), key, key_size, bytes, size, mac, SHA256_SIZE);
}

void hmac_sha1(const void *key, size_t key_size, const void *bytes, size_t size, unsigned char mac[SHA1_SIZE])
{
	hmac(EVP_sha1(), key, key_size, bytes, size, mac, SHA1_SIZE);
}

bool same_bytes(const void *a, const void *b, size_t size)
{
	return CRYPTO_memcmp(a, b, size) == 0;
}

void wipe(void *bytes, size_t size)
{
	OPENSSL_cleanse(bytes, size);
}
