/* What the files of plan* share; nobody else includes it. */
#ifndef CS_FLOW_DOMAIN_PLAN_PARTS_H
#define CS_FLOW_DOMAIN_PLAN_PARTS_H

#include "core/map.h"
#include "flow/domain/graph.h"
#include "flow/domain/plan.h"

enum { PLAN_NONE = UINT32_MAX };

/*
 * The tree, by index of the input's nodes; and the graph of its leaves.  Vertices 0 … leaves−1 are the leaves in the
 * order of their ids.  Behind them each inner node has two gates, where its work begins and where it ends, so that a
 * dependency between inner nodes is one edge and not the product of their leaves.
 */
struct plan_tree {
	const struct plan_input *input;
	struct arena *arena;
	struct plan *plan;
	size_t problem_room;
	struct map ids;
	uint32_t *parent, *depth; /* PLAN_NONE: none, not known */
	uint32_t *children;       /* how many */
	uint32_t *entered, *left; /* numbers of number_nodes; 0: below no root */
	uint32_t *begin, *end;    /* vertices of a node; equal for a leaf */
	uint32_t leaves, vertices;
	uint32_t *node_of; /* of a leaf's vertex */
	struct graph graph;
};

/* PLAN_NONE when there is none. */
uint32_t plan_index(const struct plan_tree *tree, const char *id);
const char *plan_leaf_id(const struct plan_tree *tree, uint32_t leaf);
double plan_leaf_s(const struct plan_tree *tree, uint32_t leaf);

/* One more problem; the ids are kept. */
void plan_problem(struct plan_tree *tree, const char *code, const char *const *ids, size_t count);

/* Fill the tree and name what is wrong with it; vertices; then the graph, and what is wrong with dependencies. */
bool plan_read_tree(struct plan_tree *tree);
bool plan_read_graph(struct plan_tree *tree);

/* The leaves so that each stands after those before it, of those that could come next the smallest id; and all
 * vertices so.  False: no memory.  *ordered: there is no circle. */
bool plan_order(struct plan_tree *tree, uint32_t *leaves, uint32_t *vertices, bool *ordered);

/* Times without a limit of workers, by vertex; `tail`: from its start to the end of everything behind it. */
struct plan_times {
	double *start, *finish, *tail;
	uint32_t *last; /* the leaf that the vertex waited for longest, PLAN_NONE: for none */
	double length;
};
bool plan_time(struct plan_tree *tree, const uint32_t *order, struct plan_times *times);

/* List scheduling: of what can start, what has the longest way before it goes first [Graham 1969]. */
bool plan_on_workers(struct plan_tree *tree, const struct plan_times *times, struct plan_slot *slots,
					 double *makespan_s);

/* A heap of vertices by a key, smallest first; ties by the smaller vertex. */
struct plan_heap {
	uint32_t *items, count;
	const double *key; /* NULL: by vertex alone */
};
void plan_push(struct plan_heap *heap, uint32_t item);
uint32_t plan_pop(struct plan_heap *heap);

#endif
