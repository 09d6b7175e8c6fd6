/*
 * Between the handlers of decompositions and their planners: which one plans, from what, and what the row says of it.
 * Private to src/flow.  Thread: of planner `llm` one that may wait for a model, else any.
 */
#ifndef CS_FLOW_DECOMPOSITION_PLANNER_H
#define CS_FLOW_DECOMPOSITION_PLANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/planner_llm.h"

struct agents_api;
struct exchange;
struct faults;

enum planner { PLANNER_NONE, PLANNER_HTN, PLANNER_LLM };
extern const char *const planner_names[];

struct decomposition_planning {
	struct agents_api *api;
	struct exchange *x;
	enum planner planner;
	const struct json *library, *state, *params;
	const char *task, *description, *strategy;
	const struct task_node *node;
	uint32_t depth, depth_max;
	int64_t expected; /* children of what is planned, by the strategy */
	size_t nodes_max, number;
	bool only_keep; /* do not plan now: nodes came along */
	bool (*taken)(void *self, const char *node_id);
	void *self;
	/* of a model; NULL and FIELD_NO_INT: not given */
	const char *account_id, *model, *agent_id, *run_id;
	int64_t max_tokens;
	struct planner_result result;
	struct planner_llm llm; /* what it was asked */
};

/* May this server ask a model at all, and which?  False: answered, 501 or 422. */
bool decomposition_may_ask(struct agents_api *api, struct exchange *x, const char *model);

/* What no field table can say of a request to plan: what the planner needs, and whether its library is sound. */
void decomposition_check(const struct decomposition_planning *planning, struct faults *faults);

/* By the request's library or model: plan, and say in the row what was done and by what.  False: answered. */
bool decomposition_plan(struct decomposition_planning *planning, struct decomposition_row *row);

/* What the row says of its planner: PLANNER_NONE if nothing. */
enum planner decomposition_planner(struct arena *arena, const struct decomposition_row *row);

/* By the library or the model that the row keeps: plan below a node.  False: answered. */
bool decomposition_replan(struct decomposition_planning *planning, const struct decomposition_row *row);

#endif
