/* How plans stand in JSON: the tables of nodes, dependencies and of the plan itself. */
#ifndef CS_FLOW_DOMAIN_PLAN_FIELDS_H
#define CS_FLOW_DOMAIN_PLAN_FIELDS_H

#include "flow/domain/plan.h"

struct faults;
struct field_table;
struct json_limits;

struct dependency_request {
	const char *from, *to, *condition;
	int type;
};
extern const struct field_table dependency_table;

struct dependency_list {
	size_t count;
	struct dependency_request *items;
};

/* As the kernel wants them, in the arena; NULL: it is full. */
const struct plan_edge *plan_edges(struct arena *arena, const struct dependency_list *list);

/* A plan as it is told; what is not known is null. */
struct plan_view {
	bool valid;
	struct {
		size_t count;
		struct problem_view *items;
	} problems;
	struct {
		size_t count;
		const char **items;
	} cycles, topological_order, critical_path;
	double critical_path_s, makespan_s;
	int64_t max_parallelism, levels;
	struct {
		size_t count;
		struct slot_view *items;
	} schedule;
};
extern const struct field_table plan_table, plan_problem_table;
bool plan_view_fill(struct arena *arena, const struct plan *plan, struct plan_view *view);

struct problem_view {
	const char *code;
	struct {
		size_t count;
		const char **items;
	} ids;
};
struct problem_view *plan_problem_views(struct arena *arena, const struct plan *plan);

#endif
