/*
 * Effect operations of the products in runs (flow/flow.h) [flow.md 2.7].  Private to src/flow.
 *
 * One that leaves the process is sent like any call: intent, carried out on a thread of its own, result.  What it
 * stores is applied in the commit of the result; so is all of one that does not leave.
 */
#ifndef CS_FLOW_EFFECTS_H
#define CS_FLOW_EFFECTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct datum;
struct db;
struct err;
struct flow_effect;
struct flow_parts;
struct live;
struct message;
struct trouble;

/* NULL: there is none of that name.  *self: whose it is. */
const struct flow_effect *effects_find(const struct flow_parts *parts, const char *name, void **self);

/* One that leaves the process, on a thread for calls. */
struct effects_call {
	const char *name, *run_id, *account_id, *path, *key;
	int64_t now_us;
	struct datum *task, *with; /* trees are made */
};
struct effects_outcome {
	struct datum *output; /* NULL: *trouble, or hold_us */
	bool definite;
	int64_t hold_us; /* nothing was asked: it waits, and is no try */
};
struct effects_outcome effects_carry_out(const struct flow_parts *parts, const struct effects_call *call,
										 struct trouble *trouble);

/* In a turn: the result of an effect that has something to store waits for the commit.  False: it has nothing. */
bool effects_keep(struct live *live, const struct message *message, uint32_t frame);

/* At the end of a turn's decisions: is there a result that the commit makes? */
bool effects_pending(struct live *live);

/* In the commit: apply it, and write the row of its result.  False: the store failed. */
bool effects_settle(struct live *live, struct db *db, struct err *err);

void effects_drop(struct live *live); /* the turn is over */

#endif
