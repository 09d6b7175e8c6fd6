/* What key.c and key_file.c share; for nobody else. */
#ifndef CS_CRYPT_KEY_INTERNAL_H
#define CS_CRYPT_KEY_INTERNAL_H

#include <openssl/evp.h>

#include "crypt/key.h"

/* Take over an EVP_PKEY of a known kind; on failure (ERR_INVALID) it is freed as well. */
bool key_take(EVP_PKEY *pkey, bool private, struct key **key, struct err *err);

EVP_PKEY *key_pkey(const struct key *key);

#endif
