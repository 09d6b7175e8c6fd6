/*
 * One question to the configured model, outside of any run: for planners [flow.md 8] and whoever else needs a model's
 * word to answer a request.
 *
 * The most that it can cost is kept of every budget that covers the asker before a byte is sent, and what it did cost
 * is settled after it, as for a step of a run [flow.md 7].  The breaker of models is asked first and told after.
 * Thread: any that may wait for a model and for two writes: neither the writer's nor a loop.  Private to src/flow.
 */
#ifndef CS_FLOW_CONSULT_H
#define CS_FLOW_CONSULT_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/budget.h"

struct arena;
struct breakers;
struct datum;
struct err;
struct llm;
struct store;

/* All outlives it. */
struct consultant {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct budgets *budgets;
	struct llm *llm;           /* NULL: no model is configured */
	struct breakers *breakers; /* NULL: there are none */
	const char *model;         /* that is asked where nobody names another; NULL: none */
};

struct consultation {
	struct spender spender; /* account_id is required; its currency is the prices' */
	const char *purpose;    /* of the row of costs: metadata.purpose */
	struct datum *request;  /* of domain/llm_call.h */
	int64_t timeout_ms;
	bool (*given_up)(void *self); /* asked while waiting; may be NULL */
	void *self;
};

struct consulted {
	const char *text, *model; /* the arena's; text "": the message had none */
	int64_t cost_micros;
	bool cached;
	bool again; /* with false: it failed in a way that may pass */
};

/*
 * Ask.  False: ERR_BUDGET_EXCEEDED with *refusal filled; ERR_INVALID (a covering budget is of another currency);
 * ERR_UNAVAILABLE: the endpoint refused or could not be reached, or its breaker is open; ERR_DEADLINE; ERR_LIMIT.
 */
bool consult(const struct consultant *consultant, const struct consultation *asked, struct arena *arena,
			 struct consulted *answer, struct budget_refusal *refusal, struct err *err);

#endif
