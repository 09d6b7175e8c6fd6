/*
 * Plans of decomposed work: is the tree sound, are its dependencies, in which order, how long, on how many workers
 * [flow.md 8].
 *
 * A plan is over leaves: an inner node takes no time of its own, and a dependency on it means on all its leaves.
 * Everything is iterative and linear in nodes and dependencies but for sorting: 100,000 nodes in a chain are an
 * ordinary case.  Values in, values out; memory is the arena's.  Thread: any.  Cost: about 1 us a node.
 */
#ifndef CS_FLOW_DOMAIN_PLAN_H
#define CS_FLOW_DOMAIN_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

enum {
	PLAN_DEPTH_MAX = 200,
	PLAN_NODES_MAX = 1000000,
	PLAN_WORKERS_MAX = 100000,
	PLAN_CHILDREN_UNTOLD = -1,
};
#define PLAN_DURATION_S 60.0 /* of a node that says none */

enum dependency_type { DEPENDENCY_SEQUENTIAL, DEPENDENCY_PARALLEL, DEPENDENCY_CONDITIONAL, DEPENDENCY_RESOURCE };
extern const char *const dependency_type_names[];

struct plan_node {
	const char *id, *parent; /* parent NULL: a root */
	double duration_s;
	int64_t depth;       /* as somebody says it is; -1: nobody does */
	int64_t child_count; /* PLAN_CHILDREN_UNTOLD, or how many `children` names */
	const char *const *children;
};

struct plan_edge { /* `to` starts after `from` */
	const char *from, *to, *condition;
	enum dependency_type type;
};

struct plan_input {
	size_t node_count, edge_count;
	const struct plan_node *nodes; /* of different ids (plan_double) */
	const struct plan_edge *edges;
	const char *root_id; /* NULL: any node without a parent is one */
	int64_t total;       /* how many nodes somebody says there are; -1: nobody does */
	int64_t depth_max;   /* a root has depth 0 */
	uint32_t workers;    /* 0: no limit */
};

struct plan_problem {
	const char *code;
	size_t count;
	const char **ids;
};

struct plan_slot {
	const char *node_id;
	double start_s, end_s, slack_s;
	int64_t worker; /* from 0; -1: no limit */
};

struct plan {
	bool valid;
	struct {
		size_t count;
		struct plan_problem *items;
	} problems;
	struct {
		size_t count;
		const char **items;
	} cycles, topological_order, critical_path; /* cycles as "A -> B -> A" */
	bool ordered;                               /* without circles; else nothing below is known */
	double critical_path_s, makespan_s;
	int64_t max_parallelism, levels;
	struct {
		size_t count;
		struct plan_slot *items; /* by start, then node_id */
	} schedule;
};

enum { PLAN_PROBLEMS_MAX = 10000, PLAN_PROBLEM_IDS_MAX = 100 };

/* The first node whose id another one has, SIZE_MAX: none; SIZE_MAX too when the arena is full. */
size_t plan_double(struct arena *arena, const struct plan_node *nodes, size_t count);

/* How deep each node lies (UINT32_MAX: below no root) and how many children it has.  False: the arena is full. */
bool plan_shape(struct arena *arena, const struct plan_input *input, uint32_t *depth, uint32_t *children);

/*
 * Which of these further dependencies are sound beside those of the input: sound[i].  What is wrong with the others is
 * named in plan->problems.  Circles are not looked for.  False: the arena is full.
 */
bool plan_sift(struct arena *arena, const struct plan_input *input, const struct plan_edge *edges, size_t count,
			   bool *sound, struct plan *plan);

/* Problems, circles and topological_order alone: half of the cost.  False: the arena is full. */
bool plan_check(struct arena *arena, const struct plan_input *input, struct plan *plan);

/* False: the arena is full. */
bool plan_make(struct arena *arena, const struct plan_input *input, struct plan *plan);

#endif
