/*
 * The network as a simulated run meets it: it answers by rules that follow from a seed.
 *
 * It remembers each request by its idempotency key, as a receiver that honours keys does: the first delivery that gets
 * through acts, every later one is told the same answer.  By its seed it refuses some keys (503, a definite end) and
 * breaks the connection of others, before or after it has acted, until the sender has it in writing that it broke: so
 * what a run comes to know does not depend on when its process dies.
 * The ledger lies in memory that survives the process that wrote it (fork), so a killed one can be judged.
 */
#ifndef CS_SIM_FLOW_NET_H
#define CS_SIM_FLOW_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct err;
struct outgoing_answer;
struct outgoing_request;

enum { LEDGER_MAX = 4096, STEP_TEXT = 512 };

/* What the network knows of one key. */
struct delivery {
	char key[65];
	char name[65]; /* the same in every order of events: of a sub-run, whose id is random, not its key */
	char run_id[37], step[STEP_TEXT]; /* as the headers said; a longer path is cut */
	uint64_t request;                 /* fingerprint of the first request */
	int deliveries;
	bool acted;
	bool refused; /* it was told so: a definite end */
};
struct ledger {
	size_t count;
	bool changed_request; /* a key came again with another request */
	bool too_many;
	struct delivery items[LEDGER_MAX];
};
struct ledger *ledger_new(void); /* shared with children */
void ledger_clear(struct ledger *ledger);
void ledger_free(struct ledger *ledger);
const struct delivery *ledger_find(const struct ledger *ledger, const char *key); /* NULL: it never came */
const struct delivery *ledger_named(const struct ledger *ledger, const char *name);

/*
 * What the network saw of disturbed runs against what it saw of undisturbed ones: the same keys acted, no others, each
 * with one request.  NULL: so it is; else what is wrong, and of which step.  `may_differ` (may be NULL) says of what it
 * is not certain that it is come to.
 */
const char *ledger_differs(const struct ledger *calm, const struct ledger *rough, const struct delivery **which,
						   bool (*may_differ)(void *self, const struct delivery *which), void *self);

struct net {
	struct ledger *ledger;
	uint64_t seed;
	int requests; /* that came */
	/* The process is killed at so manieth request: before it is noted, or after it was carried out.  0: not. */
	int kill_before, kill_after;
	/* Does the sender know of a delivery under this key whose end it could not see? */
	bool (*knows)(void *self, const struct delivery *which);
	/* Who a run is, in the place of its id, by which runs started it; NULL: nobody did.  Until the next call. */
	const char *(*lineage)(void *self, const char *run_id);
	void *self;
};

/* struct outgoing's ask; self: the net. */
bool net_ask(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err);

/* FNV-1a over more bytes: from MIX_NOTHING on. */
#define MIX_NOTHING UINT64_C(14695981039346656037)
uint64_t mix(uint64_t sum, const void *bytes, size_t size);

#endif
