/*
 * A key from what a person can remember or a file holds: scrypt, which takes memory as well as time, so that guessing
 * is dear.  What the key seals is the caller's (aead.h); the salt is random and stands beside what was sealed.
 * Thread: any.  Cost: about 0.1 s and 32 MiB; never on a loop thread.
 */
#ifndef CS_CRYPT_PASSPHRASE_H
#define CS_CRYPT_PASSPHRASE_H

#include <stddef.h>
#include <stdint.h>

enum { PASSPHRASE_SALT = 16, PASSPHRASE_KEY = 32 };

/* The key of a passphrase of `size` bytes: scrypt with N = 32768, r = 8, p = 1. */
void passphrase_key(const void *passphrase, size_t size, const unsigned char salt[PASSPHRASE_SALT],
					unsigned char key[PASSPHRASE_KEY]);

/* scrypt itself, for vectors: `n` a power of two, memory 128·n·r bytes.  REF: RFC 7914 section 6 */
void scrypt(const void *passphrase, size_t size, const void *salt, size_t salt_size, uint64_t n, uint64_t r, uint64_t p,
			unsigned char *key, size_t key_size);

#endif
