/* Libraries of the planner, from JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/domain/htn.h"
#include "flow/domain/money.h"
#include "flow/domain/plan.h"

struct subtask_row {
	const char *id, *task, *description, *capability;
	const struct json *params;
	struct {
		size_t count;
		const char **items;
	} after;
	double complexity, duration_s;
};

static const struct field subtask_fields[] = {
	F_STR(subtask_row, id, LENGTH(1, 255), DOC("By which others of the method name it")),
	F_STR(subtask_row, task, REQUIRED, LENGTH(1, 500)),
	F_STR(subtask_row, description, LENGTH(0, 10000)),
	F_STR(subtask_row, capability, LENGTH(1, 255)),
	F_JSON(subtask_row, params, DOC("jq, or a value that may hold ${ } at any depth; absent: those of the task")),
	F_STRS(subtask_row, after, DOC("Ids that it starts after")),
	F_NUM(subtask_row, complexity, RANGE(0, 1)),
	F_NUM(subtask_row, duration_s, RANGE(0, 1e9), UNIT("s")),
};
static const struct field_table subtask_table = FIELD_TABLE("flow.library.subtask", subtask_row, subtask_fields);

struct option_row {
	const char *task, *name, *capability;
	const struct json *when, *effect, *cost;
	double priority, duration_s;
	struct {
		size_t count;
		struct subtask_row *items;
	} subtasks;
};

static const struct field method_fields[] = {
	F_STR(option_row, task, REQUIRED, LENGTH(1, 500)),
	F_STR(option_row, name, LENGTH(1, 500)),
	F_JSON(option_row, when, DOC("jq over {state, params}; absent: always")),
	F_NUM(option_row, priority, RANGE(-1e9, 1e9), DEFAULT(0), DOC("The highest is tried first")),
	F_OBJECTS(option_row, subtasks, &subtask_table, REQUIRED, COUNT(0, HTN_SUBTASKS_MAX)),
};
static const struct field_table method_table = FIELD_TABLE("flow.library.method", option_row, method_fields);

static const struct field operator_fields[] = {
	F_STR(option_row, task, REQUIRED, LENGTH(1, 500)),
	F_STR(option_row, name, LENGTH(1, 500)),
	F_STR(option_row, capability, LENGTH(1, 255), DOC("Who can do it")),
	F_JSON(option_row, when, DOC("jq over {state, params}; absent: always")),
	F_JSON(option_row, effect, DOC("jq on the state; absent: none")),
	F_NUM(option_row, duration_s, RANGE(0, 1e9), UNIT("s")),
	F_JSON(option_row, cost, DOC("Decimal text or a number from 0")),
};
static const struct field_table operator_table = FIELD_TABLE("flow.library.operator", option_row, operator_fields);

struct library_row {
	struct {
		size_t count;
		struct option_row *items;
	} methods, operators;
};

static const struct field library_fields[] = {
	F_OBJECTS(library_row, methods, &method_table, COUNT(0, HTN_OPTIONS_MAX)),
	F_OBJECTS(library_row, operators, &operator_table, COUNT(0, HTN_OPTIONS_MAX)),
};
static const struct field_table library_table = FIELD_TABLE("flow.library", library_row, library_fields);

struct reading {
	struct arena *arena;
	struct faults *faults;
};

static struct htn_expr expr_at(const struct reading *r, const struct json *value, const char *pointer, const char *name)
{
	return (struct htn_expr){value, value != NULL ? field_pointer(r->arena, pointer, name) : NULL, NULL};
}

/* --- subtasks --- */

static uint32_t place_of(const struct option_row *row, const char *id)
{
	for (uint32_t i = 0; i < row->subtasks.count; i++)
		if (row->subtasks.items[i].id != NULL && strcmp(row->subtasks.items[i].id, id) == 0)
			return i;
	return UINT32_MAX;
}

static void read_after(const struct reading *r, const struct option_row *row, size_t i, const char *pointer,
					   struct htn_subtask *subtask)
{
	const struct subtask_row *from = &row->subtasks.items[i];
	const char *at = field_pointer(r->arena, pointer, "after");
	subtask->after = arena_array(r->arena, from->after.count + 1, sizeof *subtask->after);
	for (size_t k = 0; subtask->after != NULL && k < from->after.count; k++) {
		uint32_t place = place_of(row, from->after.items[k]);
		if (place == UINT32_MAX)
			faults_add(r->faults, field_pointer_index(r->arena, at, k), "unknown_dependency",
					   "names no subtask of the method");
		else
			subtask->after[subtask->after_count++] = place;
	}
	if (from->id != NULL && place_of(row, from->id) != i)
		faults_add(r->faults, field_pointer(r->arena, pointer, "id"), "duplicate", "stands twice in the method");
}

/* The circle by name, as plans name them. */
static void tell_circle(const struct reading *r, const struct htn_option *option, const char *pointer)
{
	struct plan_node *nodes = arena_array(r->arena, option->count + 1, sizeof *nodes);
	struct plan plan;
	size_t count = 0, room = 0;
	for (size_t i = 0; i < option->count; i++)
		room += option->subtasks[i].after_count;
	struct plan_edge *edges = arena_array(r->arena, room + 1, sizeof *edges);
	if (nodes == NULL || edges == NULL)
		return;
	for (size_t i = 0; i < option->count; i++) {
		nodes[i] = (struct plan_node){
			.id = option->subtasks[i].id, .depth = -1, .child_count = PLAN_CHILDREN_UNTOLD, .duration_s = 1};
		if (nodes[i].id == NULL)
			nodes[i].id = arena_printf(r->arena, "(%zu)", i);
	}
	for (size_t i = 0; i < option->count; i++)
		for (size_t k = 0; k < option->subtasks[i].after_count; k++)
			edges[count++] = (struct plan_edge){.from = nodes[option->subtasks[i].after[k]].id, .to = nodes[i].id};
	const struct plan_input input = {.nodes = nodes,
									 .node_count = option->count,
									 .edges = edges,
									 .edge_count = count,
									 .total = -1,
									 .depth_max = PLAN_DEPTH_MAX};
	if (!plan_check(r->arena, &input, &plan))
		return;
	for (size_t i = 0; i < count; i++)
		if (strcmp(edges[i].from, edges[i].to) == 0)
			faults_add(r->faults, pointer, "cycle", "goes round: %s -> %s", edges[i].from, edges[i].to);
	for (size_t i = 0; i < plan.cycles.count; i++)
		faults_add(r->faults, pointer, "cycle", "goes round: %s", plan.cycles.items[i]);
}

/* May the subtask be next, with those `done` before it? */
static bool is_next(const struct htn_subtask *subtask, const bool *done)
{
	for (size_t k = 0; k < subtask->after_count; k++)
		if (!done[subtask->after[k]])
			return false;
	return true;
}

/* Put them so that each stands after those that it starts after, of those that could be next the first. */
static bool put_in_order(const struct reading *r, struct htn_option *option, const char *pointer)
{
	size_t n = option->count;
	struct htn_subtask *sorted = arena_array(r->arena, n + 1, sizeof *sorted);
	bool *done = arena_array(r->arena, n + 1, sizeof *done);
	uint32_t *now_at = arena_array(r->arena, n + 1, sizeof *now_at);
	if (sorted == NULL || done == NULL || now_at == NULL)
		return false;
	for (size_t placed = 0; placed < n; placed++) {
		size_t next = 0;
		while (next < n && (done[next] || !is_next(&option->subtasks[next], done)))
			next++;
		if (next == n) {
			tell_circle(r, option, pointer);
			return true;
		}
		sorted[placed] = option->subtasks[next];
		now_at[next] = (uint32_t)placed;
		done[next] = true;
	}
	for (size_t i = 0; i < n; i++)
		for (size_t k = 0; k < sorted[i].after_count; k++)
			sorted[i].after[k] = now_at[sorted[i].after[k]];
	option->subtasks = sorted;
	return true;
}

static bool read_subtasks(const struct reading *r, const struct option_row *row, const char *pointer,
						  struct htn_option *option)
{
	const char *list = field_pointer(r->arena, pointer, "subtasks");
	size_t before = r->faults->count;
	option->subtasks = arena_array(r->arena, row->subtasks.count + 1, sizeof *option->subtasks);
	if (option->subtasks == NULL)
		return false;
	for (size_t i = 0; i < row->subtasks.count; i++) {
		const struct subtask_row *from = &row->subtasks.items[i];
		const char *at = field_pointer_index(r->arena, list, i);
		struct htn_subtask *subtask = &option->subtasks[option->count++];
		*subtask = (struct htn_subtask){.id = from->id,
										.task = from->task,
										.description = from->description,
										.capability = from->capability,
										.params = expr_at(r, from->params, at, "params"),
										.complexity = from->complexity,
										.duration_s = from->duration_s};
		read_after(r, row, i, at, subtask);
	}
	return r->faults->count > before || put_in_order(r, option, list);
}

/* --- options --- */

static bool read_option(const struct reading *r, const struct option_row *row, bool primitive, const char *pointer,
						size_t place, struct htn_option *option)
{
	*option = (struct htn_option){.task = row->task,
								  .name = row->name,
								  .primitive = primitive,
								  .priority = row->priority,
								  .when = expr_at(r, row->when, pointer, "when"),
								  .effect = expr_at(r, row->effect, pointer, "effect"),
								  .capability = row->capability,
								  .duration_s = primitive ? row->duration_s : NAN,
								  .place = place};
	if (primitive && row->cost != NULL && !money_of_json(row->cost, &option->cost))
		faults_add(r->faults, field_pointer(r->arena, pointer, "cost"), "format",
				   "must be an amount of money from 0, as decimal text or a number");
	return primitive || read_subtasks(r, row, pointer, option);
}

static int as_tried(const void *x, const void *y)
{
	const struct htn_option *a = x, *b = y;
	int order = strcmp(a->task, b->task);
	if (order == 0)
		order = a->primitive - b->primitive;
	if (order == 0)
		order = (b->priority > a->priority) - (b->priority < a->priority);
	return order != 0 ? order : (a->place > b->place) - (a->place < b->place);
}

bool htn_decode(struct arena *arena, const struct json *json, const char *pointer, struct htn_library *library,
				struct faults *faults)
{
	const struct reading r = {arena, faults};
	struct library_row row;
	size_t before = faults->count;
	*library = (struct htn_library){.count = 0};
	if (!field_decode(&library_table, json, &row, arena, pointer, faults))
		return false;
	library->options = arena_array(arena, row.methods.count + row.operators.count + 1, sizeof *library->options);
	if (library->options == NULL)
		return false;
	for (size_t i = 0; i < row.methods.count + row.operators.count; i++) {
		bool primitive = i >= row.methods.count;
		size_t at = primitive ? i - row.methods.count : i;
		const char *list = field_pointer(arena, pointer, primitive ? "operators" : "methods");
		if (!read_option(&r, primitive ? &row.operators.items[at] : &row.methods.items[at], primitive,
						 field_pointer_index(arena, list, at), i, &library->options[library->count++]))
			return false;
	}
	qsort(library->options, library->count, sizeof *library->options, as_tried);
	return faults->count == before && !arena->full;
}

void htn_expressions(struct htn_library *library, void (*visit)(void *self, struct htn_expr *expr), void *self)
{
	for (size_t i = 0; i < library->count; i++) {
		struct htn_option *option = &library->options[i];
		if (option->when.value != NULL)
			visit(self, &option->when);
		if (option->effect.value != NULL)
			visit(self, &option->effect);
		for (size_t k = 0; k < option->count; k++)
			if (option->subtasks[k].params.value != NULL)
				visit(self, &option->subtasks[k].params);
	}
}
