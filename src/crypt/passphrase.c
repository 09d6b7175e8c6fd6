#include "crypt/passphrase.h"

#include <openssl/evp.h>

#include "core/must.h"

enum { N = 32768, R = 8, P = 1, MEMORY_MAX = 64 << 20 /* bytes; what the parameters above need twice */ };

/* REF: RFC 7914 section 6: the scrypt algorithm */
void scrypt(const void *passphrase, size_t size, const void *salt, size_t salt_size, uint64_t n, uint64_t r, uint64_t p,
			unsigned char *key, size_t key_size)
{
	must(EVP_PBE_scrypt(passphrase, size, salt, salt_size, n, r, p, MEMORY_MAX, key, key_size) == 1);
}

void passphrase_key(const void *passphrase, size_t size, const unsigned char salt[PASSPHRASE_SALT],
					unsigned char key[PASSPHRASE_KEY])
{
	scrypt(passphrase, size, salt, PASSPHRASE_SALT, N, R, P, key, PASSPHRASE_KEY);
}
