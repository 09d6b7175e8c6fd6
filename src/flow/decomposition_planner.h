/* Between the handlers of decompositions and the planner.  Private to src/flow. */
#ifndef CS_FLOW_DECOMPOSITION_PLANNER_H
#define CS_FLOW_DECOMPOSITION_PLANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/planner.h"

struct agents_api;
struct exchange;

struct decomposition_planning {
	struct agents_api *api;
	struct exchange *x;
	const struct json *library, *state, *params;
	const char *task;
	const struct task_node *node;
	uint32_t depth, depth_max;
	size_t nodes_max, number;
	bool only_keep; /* do not plan now: nodes came along */
	bool (*taken)(void *self, const char *node_id);
	void *self;
	struct planner_result result;
};

/* By the request's library: plan, and say in the row what was done and by what.  False: answered. */
bool decomposition_plan(struct decomposition_planning *planning, struct decomposition_row *row);

/* By the library that the row keeps: plan below a node.  False: answered. */
bool decomposition_replan(struct decomposition_planning *planning, const struct decomposition_row *row);

#endif
