/*
 * The server's own keys: files in DATA/keys, made on first use, readable by nobody else.
 */
#ifndef CS_APP_KEYS_H
#define CS_APP_KEYS_H

#include <stdbool.h>

#include "seal/audit.h"

struct env;
struct err;
struct key;

struct app_keys {
	struct key *access;                    /* ES256: access tokens */
	struct key *receipt;                   /* ES256: receipts of countersignatures */
	struct key *checkpoint;                /* Ed25519: checkpoints of the audit chain */
	unsigned char installation[AUDIT_KEY]; /* commitments where there is no person */
	unsigned char master[AUDIT_KEY];       /* what seals secrets at rest is derived from it */
};

/* Read DATA/keys, making what is missing.  ERR_IO; ERR_INVALID: a key file that is damaged or open to others. */
bool app_keys_open(const char *folder, const struct env *env, struct app_keys *keys, struct err *err);
void app_keys_close(struct app_keys *keys);

#endif
