/*
 * Self-healing of the server [flow.md 9]: every 15 s the rules of pack `healing` look at the counters, and act.
 *
 * An action is a row with the counters before and after it, a row of the audit chain and an event "healing.done" of the
 * topic "health" ("healing.noticed" of what only notifies).  Where its condition still holds afterwards it did not
 * help: that opens an incident of the agent, or of "server" in the account whose target or workflow it is; of the
 * server itself in the installation's first account, whose owner set it up.  The limits of a rule hold for each thing
 * that it looks at, and outlive a restart.  Agents that fall silent lose their leases at once (flow/health.h); rules
 * look at what is left.
 *
 * Thread: one at a time, which may wait for a write and for a helper.
 */
#ifndef CS_FLOW_HEALING_H
#define CS_FLOW_HEALING_H

#include <stdbool.h>
#include <stdint.h>

struct audit;
struct breakers;
struct env;
struct err;
struct expr_pool;
struct healing;
struct id_maker;
struct llm_cache;
struct heal_rules;
struct outbox;
struct packs;
struct store;

/* What it works with; all outlives it. */
struct healing_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	struct outbox *outbox;                /* NULL: nobody is told */
	const struct packs *packs;            /* the newest of `healing` counts; without one no rule is there */
	struct expr_pool *exprs;              /* its helpers are looked at */
	struct llm_cache *cache;              /* NULL: no models are asked, and its rules rest */
	double (*memory_percent)(void *self); /* resident, of what the process may have; NaN: not known */
	struct breakers *breakers;            /* NULL: nothing is known of calls */
	/* Suspend the runs of a workflow NAMESPACE/NAME that are under way; NULL: there are none. */
	bool (*pause)(void *self, const char *account_id, const char *workflow, const char *reason, struct err *err);
	void *self; /* of both */
};

/* The rules; of no pack none. */
const struct heal_rules *healing_rules(const struct packs *packs);

/* False: ERR_INVALID, a condition does not compile; ERR_LIMIT. */
bool healing_open(const struct healing_options *options, struct healing **healing, struct err *err);
void healing_close(struct healing *healing); /* NULL is fine */

/* Look, if it is time, and do what the rules say; about once a second.  Writes nothing when nothing is to be done. */
bool healing_chores(struct healing *healing, struct err *err);

#endif
