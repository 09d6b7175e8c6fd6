#include "crypt/digest.h"

#include <openssl/evp.h>

#include "core/must.h"

void sha256(const void *bytes, size_t size, unsigned char digest[SHA256_SIZE])
{
	unsigned length = 0;
	must(EVP_Digest(bytes, size, digest, &length, EVP_sha256(), NULL) == 1 && length == SHA256_SIZE);
}

void sha256_hex(const void *bytes, size_t size, char hex[SHA256_HEX_SIZE])
{
	unsigned char digest[SHA256_SIZE];
	sha256(bytes, size, digest);
	for (int i = 0; i < SHA256_SIZE; i++) {
		hex[2 * i] = "0123456789abcdef"[digest[i] >> 4];
		hex[2 * i + 1] = "0123456789abcdef"[digest[i] & 15];
	}
	hex[2 * SHA256_SIZE] = '\0';
}
