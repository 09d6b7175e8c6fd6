/*
 * The server's own keys: files in DATA/keys, made on first use, readable by nobody else.
 *
 * NAME.pem signs.  NAME-MOMENT.pem was retired at that moment (microseconds since 1970): an access key verifies for
 * access_ttl_s more and its file then goes; keys of receipts and checkpoints verify for ever [P-4.4, P-6.9].
 */
#ifndef CS_APP_KEYS_H
#define CS_APP_KEYS_H

#include <stdbool.h>
#include <stdint.h>

#include "crypt/ring.h"
#include "seal/audit.h"

struct app;
struct env;
struct err;
struct key;

enum app_key { KEY_OF_ACCESS, KEY_OF_RECEIPTS, KEY_OF_CHECKPOINTS, APP_KEYS };

struct app_keys {
	struct key_ring *rings[APP_KEYS]; /* ES256: access tokens; ES256: receipts; Ed25519: checkpoints of the chain */
	unsigned char installation[AUDIT_KEY]; /* commitments where there is no person */
	unsigned char master[AUDIT_KEY];       /* what seals secrets at rest is derived from it */
};

/* access, receipt, checkpoint; APP_KEYS for another name. */
enum app_key app_key_named(const char *name);
const char *app_key_name(enum app_key which);

/*
 * Read DATA/keys, making what is missing.  A retired access key verifies for `access_ttl_s`.  ERR_IO; ERR_INVALID: a
 * key file that is damaged or open to others.
 */
bool app_keys_open(const char *folder, const struct env *env, int64_t access_ttl_s, struct app_keys *keys,
				   struct err *err);
void app_keys_close(struct app_keys *keys);

/*
 * The master key as a credential of systemd, where the unit loads one: $CREDENTIALS_DIRECTORY/master-key, 32 bytes
 * [P-12.6].  It stands in the place of DATA/keys/master.key.  ERR_IO; ERR_INVALID: it is damaged or open to others.
 */
bool app_keys_credential(unsigned char master[AUDIT_KEY], bool *there, struct err *err);

/* The key that signs now. */
const struct key *app_keys_current(const struct app_keys *keys, enum app_key which);

/* What a rotation did; the keys live as long as the app. */
struct key_rotation {
	const struct key *next, *old;
	int64_t at_us, until_us; /* the old one verifies until then; INT64_MAX: for ever */
};

/*
 * Make a new key, then `record` it (the audit row), then sign with it.  When record says false nothing was changed.
 * Thread: one at a time.  ERR_IO, ERR_LIMIT.
 */
bool app_keys_rotate(struct app_keys *keys, const char *folder, const struct env *env, int64_t access_ttl_s,
					 enum app_key which,
					 bool (*record)(void *self, const struct key_rotation *rotation, struct err *err), void *self,
					 struct key_rotation *rotation, struct err *err);

#endif
