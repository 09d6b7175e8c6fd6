/*
 * The planner of decompositions [flow.md 8]: a library, a task and a state in, a sealed tree of nodes and dependencies
 * out.  The search is domain/htn.h; here its expressions are jq, evaluated by helpers.  Private to src/flow.
 * Thread: any that may wait.  Memory is the arena's.
 */
#ifndef CS_FLOW_PLANNER_H
#define CS_FLOW_PLANNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/decomposition.h"

struct err;
struct expr_pool;
struct faults;
struct packs;

struct planner_request {
	struct expr_pool *exprs; /* the tenant's */
	const struct packs *packs;
	const struct json *library; /* the name of a pack, or {methods, operators} itself */
	const char *version;        /* of the pack; NULL: the newest */
	const struct json *state;   /* NULL: {} */
	const char *task;
	const struct json *params;    /* NULL: {} */
	const struct task_node *node; /* the node that is taken apart; NULL: a root is made */
	uint32_t depth, depth_max;
	size_t nodes_max, number; /* number: of the first node that is made */
	/* Is there a node of that id already?  NULL: there is none. */
	bool (*taken)(void *self, const char *node_id);
	void *self;
};

/* What is kept of it: texts of JSON, and numbers. */
struct planner_result {
	struct task_nodes nodes; /* without `node`, each behind its parent */
	struct dependency_list dependencies;
	const char *library_name, *library_version; /* of a pack; else NULL */
	char library_sha256[65], plan_sha256[65];
	int64_t expansions, cost;
};

/*
 * Plan.  False with faults: the library is not sound (pointers below /library), or there is no plan (/goal, code
 * no_plan, one fault for each reason); without: ERR_LIMIT, ERR_UNAVAILABLE (no helper).
 * plan_sha256 is that of the canonical JSON of task, params, state, library_sha256 and the plan.
 */
bool planner_run(struct arena *arena, const struct planner_request *request, struct planner_result *result,
				 struct faults *faults, struct err *err);

/* Only look at the library: what is not sound of it goes to `faults`, as planner_run would say.  Asks a helper. */
void planner_look(struct arena *arena, const struct planner_request *request, struct faults *faults);

/*
 * plan_sha256 of a result: over what was asked, the hash of what it was planned by (member `by`), and what came out; no
 * time, no id of the server's.  False: ERR_LIMIT.
 */
bool planner_seal(struct arena *arena, const struct planner_request *request, const char *by, const char *by_sha256,
				  struct planner_result *result, struct err *err);

#endif
