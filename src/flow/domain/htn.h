/*
 * The hierarchical planner: from a task to a tree of tasks, by methods that take tasks apart and operators that carry
 * them out [flow.md 8].
 *
 * A library says for each task how it can be done: methods with subtasks, operators with an effect on the state.  For
 * each task the options are tried by priority, the highest first, then in the order of the library (methods before
 * operators); subtasks in the order of the library as far as `after` allows.  Where none holds, the last choice is made
 * anew (depth first, backtracking), up to HTN_EXPANSIONS_MAX options tried.  Nothing else decides, no clock and no
 * chance: the same library, state and task give the same plan.
 *
 * Expressions are the caller's: it compiles them and evaluates them.  Everything is iterative; memory is the arena's.
 * Thread: any.  Cost: 1 us an option beside its expressions.
 */
#ifndef CS_FLOW_DOMAIN_HTN_H
#define CS_FLOW_DOMAIN_HTN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct faults;
struct json;

enum {
	HTN_EXPANSIONS_MAX = 100000,
	HTN_OPTIONS_MAX = 10000, /* of a library */
	HTN_SUBTASKS_MAX = 1000, /* of a method */
	HTN_REASONS_MAX = 50,    /* that a failure names */
};

/* A value that may be or hold an expression; `compiled` is the caller's. */
struct htn_expr {
	const struct json *value; /* NULL: none */
	const char *pointer;      /* where it stands in the library */
	const void *compiled;
};

struct htn_subtask {
	const char *id, *task, *description, *capability;
	struct htn_expr params;
	double complexity, duration_s; /* NaN: not given */
	size_t after_count;
	uint32_t *after; /* places among the subtasks of the method */
};

struct htn_option {
	const char *task, *name;
	bool primitive; /* an operator */
	double priority;
	struct htn_expr when, effect;
	const char *capability;
	double duration_s; /* NaN: not given */
	int64_t cost;      /* micro-units */
	size_t count;
	struct htn_subtask *subtasks; /* each after those that it starts after */
	size_t place;                 /* in the library */
};

struct htn_library {
	size_t count;
	struct htn_option *options; /* those of one task together, as they are tried */
};

/*
 * Read {methods[], operators[]}.  All faults at once: what field tables find, unknown_dependency, cycle
 * ("a -> b -> a"), duplicate.
 */
bool htn_decode(struct arena *arena, const struct json *json, const char *pointer, struct htn_library *library,
				struct faults *faults);

/* Call `visit` for each expression of the library. */
void htn_expressions(struct htn_library *library, void (*visit)(void *self, struct htn_expr *expr), void *self);

struct htn_node {
	const char *task, *description, *capability, *method; /* method: the option that was taken */
	const struct json *params;
	uint32_t parent, depth; /* parent UINT32_MAX: the root */
	double complexity, duration_s;
};

struct htn_edge { /* `to` starts after `from` */
	uint32_t from, to;
};

struct htn_input {
	const struct htn_library *library;
	const char *task;
	const struct json *params, *state; /* NULL: {} */
	uint32_t depth, depth_max;         /* of the task, and that no node may pass */
	size_t nodes_max;
	/* Evaluate with `.` = {state, params} (effect: the state), $state and $params. */
	bool (*eval)(void *self, const struct htn_expr *expr, const struct json *in, const struct json *state,
				 const struct json *params, const struct json **value, struct err *err);
	void *self;
};

struct htn_plan {
	bool found;
	size_t node_count, edge_count;
	struct htn_node *nodes; /* the root first, each before what lies below it */
	struct htn_edge *edges;
	const struct json *state; /* in the end */
	int64_t expansions, cost;
	size_t reason_count; /* why there is no plan: tasks and conditions that did not hold */
	const char *reasons[HTN_REASONS_MAX];
};

/* False: no memory, or `eval` failed with a kind other than ERR_EXPRESSION and ERR_EXPRESSION_LIMIT. */
bool htn_search(struct arena *arena, const struct htn_input *input, struct htn_plan *plan, struct err *err);

#endif
