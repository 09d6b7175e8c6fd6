/*
 * Directed graphs of numbered nodes: order, circles, the longest path, what lies above what.
 *
 * An edge {from, to} says that `to` starts after `from`.  Everything is iterative and, where nothing else is said,
 * linear in nodes and edges: a chain of 100,000 nodes is an ordinary case [flow.md 8].
 * Memory is the arena's; NULL or false also when that is full (arena->full tells).  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_GRAPH_H
#define CS_FLOW_DOMAIN_GRAPH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

struct graph_edge {
	uint32_t from, to;
};

/* Successors of node i: out[out_first[i]] up to out[out_first[i + 1]], in the order of the edges given. */
struct graph {
	uint32_t nodes;
	uint32_t *out_first, *out;
	uint32_t *in_first, *in;
};

enum { GRAPH_NODES_MAX = 1 << 24, GRAPH_CYCLES_MAX = 100 };

/* Edges name nodes below `nodes` (must); an edge may stand twice, and from a node to itself. */
bool graph_build(struct arena *arena, uint32_t nodes, const struct graph_edge *edges, size_t count,
				 struct graph *graph);

/*
 * The nodes so that each stands after those before it; of those that could come next the smallest number.  `order` has
 * room for all.  Returns how many could be ordered: fewer than all where there are circles.  Cost: n log n.
 */
uint32_t graph_order(struct arena *arena, const struct graph *graph, uint32_t *order);

struct graph_cycle {
	uint32_t count;
	const uint32_t *nodes; /* the first one again is not repeated */
};

/*
 * One circle of each strongly connected component, at most GRAPH_CYCLES_MAX: the shortest through its smallest number,
 * beginning there; components in the order of that number.  Returns how many.
 */
size_t graph_cycles(struct arena *arena, const struct graph *graph, const struct graph_cycle **cycles);

/*
 * The longest path by `weights` (at least 0; NULL: each 1), and of those of equal weight one with the most nodes, with
 * the smallest numbers from its end back.  `order` is that of graph_order, and complete.  Its length in *weight.
 */
bool graph_longest(struct arena *arena, const struct graph *graph, const uint32_t *order, const double *weights,
				   struct graph_cycle *path, double *weight);

/* Most nodes on one level, where a node's level is the longest way to it counted in nodes. */
uint32_t graph_width(struct arena *arena, const struct graph *graph, const uint32_t *order);

/*
 * For each pair: does a way lead from pairs[i].from to pairs[i].to?  answers[i].  Cost: nodes and edges for each 64
 * different `from`.
 */
bool graph_reaches(struct arena *arena, const struct graph *graph, const uint32_t *order,
				   const struct graph_edge *pairs, size_t count, bool *answers);

#endif
