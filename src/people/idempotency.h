/*
 * Idempotency-Key [P-8.5]: the same key of the same caller with the same request gets the same answer, byte for byte,
 * and nothing is done twice; also by an alias, and after a restart.
 *
 * idempotency_enter() looks before the handler runs; people/write.h records the answer in the transaction of the write.
 * A handler that does not write through it is not covered: its key is checked for form only.
 * Thread: any.
 */
#ifndef CS_PEOPLE_IDEMPOTENCY_H
#define CS_PEOPLE_IDEMPOTENCY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/id.h"
#include "crypt/digest.h"

struct db;
struct env;
struct err;
struct exchange;
struct idempotency;
struct store;

/* A request with a key, in the exchange's arena. */
struct idempotent {
	struct idempotency *owner;
	char principal[ID_TEXT];
	const char *key;
	char fingerprint[SHA256_HEX_SIZE]; /* of method, route, parameters, query and body */
	bool registered;                   /* as in flight */
};

struct idempotency *idempotency_new(struct store *store, const struct env *env, int64_t ttl_us);
/* Before the first request: what fingerprints of requests are keyed with.  Without it: zeroes. */
void idempotency_use_key(struct idempotency *idempotency, const unsigned char key[32]);
void idempotency_free(struct idempotency *idempotency);

/*
 * The front's hook: before the handler of a write.  False: answered: 400 idempotency_key_invalid, 409
 * idempotency_in_flight, 422 idempotency_mismatch, or the recorded answer again.
 */
bool idempotency_enter(struct idempotency *idempotency, struct exchange *x);

/* How many requests got a recorded answer. */
uint64_t idempotency_replays(const struct idempotency *idempotency);

/* The exchange has ended. */
void idempotency_leave(const struct exchange *x);

enum idempotent_found { IDEMPOTENT_NEW, IDEMPOTENT_REPLAYED, IDEMPOTENT_OTHER };

/* In the op: is there an answer already?  IDEMPOTENT_REPLAYED has drafted it. */
bool idempotency_look(const struct idempotent *request, struct db *db, struct exchange *x, enum idempotent_found *found,
					  struct err *err);

/* In the op: store the drafted answer. */
bool idempotency_record(const struct idempotent *request, struct db *db, struct exchange *x, struct err *err);

#endif
