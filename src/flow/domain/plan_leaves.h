/*
 * The dependencies of a sound decomposition between its leaves alone: what a runnable graph is made of [flow.md 8].
 *
 * A dependency between inner nodes becomes edges from the last leaves of one, which nothing inside of it comes after,
 * to the first leaves of the other, which come after nothing inside of it.  Values in, values out; memory is the
 * arena's.  Thread: any.  Cost: linear in nodes, dependencies and edges made.
 */
#ifndef CS_FLOW_DOMAIN_PLAN_LEAVES_H
#define CS_FLOW_DOMAIN_PLAN_LEAVES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/plan.h"

enum { PLAN_EDGES_MAX = 1000000 /* between leaves; few inner nodes can stand for many */ };

struct plan_leaves {
	bool *leaf;       /* by node */
	uint32_t *first;  /* by node: where the nodes that it starts after begin in `before`; one more at the end */
	uint32_t *before; /* nodes, all of them leaves, rising */
	const char *
		*condition; /* by node: jq, those of every conditional dependency that leads to it or above; NULL: none */
	size_t edge_count;
	bool too_many; /* more than PLAN_EDGES_MAX: nothing else is set */
};

/*
 * The input must make a valid plan (plan_make), else what comes out is of no use.  Conditions of dependencies hold for
 * every leaf of what they lead to.  False: the arena is full.
 */
bool plan_leaves(struct arena *arena, const struct plan_input *input, struct plan_leaves *leaves);

#endif
