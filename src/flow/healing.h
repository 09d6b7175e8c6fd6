/*
 * Self-healing of the server [flow.md 9]: every 15 s the rules of domain/healing.h look at the counters, and act.
 *
 * An action is a row with the counters before and after it, a row of the audit chain and an event "healing.done" of the
 * topic "health".  Where its condition still holds afterwards it did not help: that opens an incident of the agent
 * "server", in the installation's first account, whose owner set it up.  The limits of a rule outlive a restart.
 * What agents need is not here: their leases end with them (flow/health.h), however often.
 *
 * Thread: one at a time, which may wait for a write and for a helper.
 */
#ifndef CS_FLOW_HEALING_H
#define CS_FLOW_HEALING_H

#include <stdbool.h>
#include <stdint.h>

struct audit;
struct env;
struct err;
struct expr_pool;
struct healing;
struct id_maker;
struct llm_cache;
struct outbox;
struct store;

/* What it works with; all outlives it. */
struct healing_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	struct outbox *outbox;                /* NULL: nobody is told */
	struct expr_pool *exprs;              /* its helpers are looked at */
	struct llm_cache *cache;              /* NULL: no models are asked, and its rules rest */
	double (*memory_percent)(void *self); /* resident, of what the process may have; NaN: not known */
	void *self;                           /* of memory_percent */
};

/* False with *err: there was no memory. */
bool healing_open(const struct healing_options *options, struct healing **healing, struct err *err);
void healing_close(struct healing *healing); /* NULL is fine */

/* Look, if it is time, and do what the rules say; about once a second.  Writes nothing when nothing is to be done. */
bool healing_chores(struct healing *healing, struct err *err);

#endif
