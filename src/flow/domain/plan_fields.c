#include "flow/domain/plan_fields.h"

#include <math.h>

#include "core/arena.h"
#include "core/field.h"

static const struct field dependency_fields[] = {
	F_STR(dependency_request, from, REQUIRED, LENGTH(1, 255)),
	F_STR(dependency_request, to, REQUIRED, LENGTH(1, 255), DOC("Starts after `from`")),
	F_ENUM(dependency_request, type, dependency_type_names, DEFAULT(DEPENDENCY_SEQUENTIAL), DOC("Every one orders")),
	F_STR(dependency_request, condition, LENGTH(0, 10000), DOC("Of a conditional one")),
};
const struct field_table dependency_table = FIELD_TABLE("flow.dependency", dependency_request, dependency_fields);

const struct plan_edge *plan_edges(struct arena *arena, const struct dependency_list *list)
{
	struct plan_edge *edges = arena_array(arena, list->count + 1, sizeof *edges);
	for (size_t i = 0; edges != NULL && i < list->count; i++)
		edges[i] = (struct plan_edge){.from = list->items[i].from,
									  .to = list->items[i].to,
									  .condition = list->items[i].condition,
									  .type = (enum dependency_type)list->items[i].type};
	return edges;
}

/* --- the plan --- */

static const struct field problem_fields[] = {
	F_STR(problem_view, code),
	F_STRS(problem_view, ids, DOC("At most 100; of a cycle the first one again at its end")),
};
const struct field_table plan_problem_table = FIELD_TABLE("flow.plan.problem", problem_view, problem_fields);

struct slot_view {
	const char *node_id;
	double start_s, end_s, slack_s;
	int64_t worker;
};

static const struct field slot_fields[] = {
	F_STR(slot_view, node_id),
	F_NUM(slot_view, start_s, UNIT("s")),
	F_NUM(slot_view, end_s, UNIT("s")),
	F_NUM(slot_view, slack_s, UNIT("s"), DOC("How much later it could start with enough workers")),
	F_INT(slot_view, worker, NULLABLE, DOC("From 0; null: there was no limit")),
};
static const struct field_table slot_table = FIELD_TABLE("flow.plan.slot", slot_view, slot_fields);

static const struct field plan_fields[] = {
	F_BOOL(plan_view, valid),
	F_OBJECTS(plan_view, problems, &plan_problem_table),
	F_STRS(plan_view, cycles, DOC("As A -> B -> A; one of each tangle, at most 100")),
	F_STRS(plan_view, topological_order, TOLD_APART, NULLABLE, DOC("null: there are cycles")),
	F_STRS(plan_view, critical_path),
	F_NUM(plan_view, critical_path_s, NULLABLE, UNIT("s")),
	F_INT(plan_view, max_parallelism, NULLABLE, DOC("Most leaves at once, with enough workers")),
	F_INT(plan_view, levels, NULLABLE, DOC("Leaves on the longest way")),
	F_NUM(plan_view, makespan_s, NULLABLE, UNIT("s"), DOC("With these workers")),
	F_OBJECTS(plan_view, schedule, &slot_table, DOC("By start, then node_id")),
};
const struct field_table plan_table = FIELD_TABLE("flow.plan.result", plan_view, plan_fields);

struct problem_view *plan_problem_views(struct arena *arena, const struct plan *plan)
{
	struct problem_view *views = arena_array(arena, plan->problems.count + 1, sizeof *views);
	for (size_t i = 0; views != NULL && i < plan->problems.count; i++) {
		const struct plan_problem *problem = &plan->problems.items[i];
		views[i] = (struct problem_view){.code = problem->code, .ids = {problem->count, problem->ids}};
	}
	return views;
}

bool plan_view_fill(struct arena *arena, const struct plan *plan, struct plan_view *view)
{
	*view = (struct plan_view){.valid = plan->valid,
							   .problems = {plan->problems.count, plan_problem_views(arena, plan)},
							   .cycles = {plan->cycles.count, plan->cycles.items},
							   .topological_order = {plan->topological_order.count, plan->topological_order.items},
							   .critical_path = {plan->critical_path.count, plan->critical_path.items},
							   .critical_path_s = plan->ordered ? plan->critical_path_s : NAN,
							   .makespan_s = plan->ordered ? plan->makespan_s : NAN,
							   .max_parallelism = plan->ordered ? plan->max_parallelism : FIELD_NO_INT,
							   .levels = plan->ordered ? plan->levels : FIELD_NO_INT};
	view->schedule.items = arena_array(arena, plan->schedule.count + 1, sizeof *view->schedule.items);
	for (size_t i = 0; view->schedule.items != NULL && i < plan->schedule.count; i++) {
		const struct plan_slot *slot = &plan->schedule.items[i];
		view->schedule.items[view->schedule.count++] = (struct slot_view){
			slot->node_id, slot->start_s, slot->end_s, slot->slack_s, slot->worker >= 0 ? slot->worker : FIELD_NO_INT};
	}
	return !arena->full;
}
