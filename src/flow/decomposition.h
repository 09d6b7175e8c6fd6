/*
 * A decomposition in memory: its nodes and dependencies as they were stored, and what follows from them [flow.md 8].
 * Private to src/flow.  Memory is the arena's.  Thread: any.
 */
#ifndef CS_FLOW_DECOMPOSITION_H
#define CS_FLOW_DECOMPOSITION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/decomposition_repo.h"
#include "flow/domain/agent.h"
#include "flow/domain/plan_fields.h"

struct faults;
struct field_table;
struct json;

enum {
	DECOMPOSITION_DEPTH = 150,
	DECOMPOSITION_MEMORY = 2000000000, /* bytes a request may take: a million nodes */
};

/* A node as it comes and as it is stored; what is absent is as core/field.h says. */
struct task_node {
	const char *node_id, *parent_id, *name, *description, *capability;
	double complexity, duration_s;
	int64_t depth;
	const struct json *params;
	struct {
		size_t count;
		const char **items;
	} children;
};

struct task_nodes {
	size_t count;
	struct task_node *items;
};

/* With an id, as whole trees come; and without, as children come. */
extern const struct field_table task_node_table, task_child_table;

struct decomposition {
	struct decomposition_row row;
	enum strategy strategy;
	struct task_nodes nodes;
	struct dependency_list dependencies;
	struct plan_input input;    /* of them all */
	uint32_t *depth, *children; /* of each node */
};

/* What a node is worth looking into: max(0.1, c / (1 + 0.1·children)). */
double effective_complexity(double complexity, uint32_t children);

/* May it be taken apart: a leaf, complexity above 0.3, not at the last depth. */
bool task_decomposable(const struct decomposition *d, size_t index);

/* Indexes of nodes that may be taken apart, in the order of the strategy; at most `room`.  Returns how many there are
 * in all.  False memory: 0. */
size_t task_frontier(struct arena *arena, const struct decomposition *d, uint32_t *indexes, size_t room);

/* Read one whole.  ERR_NOT_FOUND. */
bool decomposition_read(struct db *db, const char *account_id, const char *decomposition_id, struct arena *arena,
						struct decomposition *d, struct err *err);

/* From nodes and dependencies to input, depths and children.  False: the arena is full. */
bool decomposition_shape(struct arena *arena, struct decomposition *d);

/* Nodes and dependencies as parts to be stored; NULL: the arena is full. */
struct decomposition_part *decomposition_write(struct arena *arena, const struct task_nodes *nodes,
											   const struct dependency_list *dependencies, size_t *count);

#endif
