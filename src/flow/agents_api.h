/*
 * The HTTP side of what agents need beside runs: costs, decompositions, memories, health [flow.md 6-9].
 */
#ifndef CS_FLOW_AGENTS_API_H
#define CS_FLOW_AGENTS_API_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/budget.h"
#include "flow/health.h"

struct agents_api;
struct audit;
struct breakers;
struct env;
struct err;
struct expr_pool;
struct id_maker;
struct llm;
struct outbox;
struct packs;
struct router;
struct store;

/* What it works with; all outlives it. */
struct agents_api_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	struct outbox *outbox; /* NULL: nobody is told */
	const struct packs *packs;
	int64_t vector_cache_bytes;       /* of vectors kept in memory; 0: 256 MiB */
	struct expr_pool *exprs;          /* of the planner */
	struct budget_hooks budget_hooks; /* of the engine of runs; zero: there is none */
};

struct agents_api *agents_api_open(const struct agents_api_options *options);

/*
 * Before the server serves: the models that may be asked for plans, and the one of them that is where nobody names
 * another (NULL: none).  Starts the threads that wait for them.  False: ERR_LIMIT.
 */
bool agents_api_models(struct agents_api *api, struct llm *llm, struct breakers *breakers, const char *model,
					   struct err *err);

/* Before the models and the store close: nothing more is asked, and what is under way ends.  NULL is fine. */
void agents_api_stop(struct agents_api *api);
void agents_api_close(struct agents_api *api); /* NULL is fine */

/* Register the routes; their owner is `api`, which may be NULL when they are only described. */
void agents_add_routes(struct router *router, struct agents_api *api);

/* For whoever spends inside an op of their own: flow/budget.h. */
const struct budgets *agents_budgets(const struct agents_api *api);

/*
 * What is due by the clock: reservations that have expired, memories whose time has passed, every 15 s agents that have
 * fallen silent.  About once a second, on one thread that may wait for a write; writes nothing when nothing is due.
 */
bool agents_chores(struct agents_api *api, struct err *err);

#endif
