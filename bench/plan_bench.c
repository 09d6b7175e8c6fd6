/*
 * Decompositions of 100,000 nodes: is the tree sound, are its dependencies, in which order, how long.  A chain, a wide
 * tree with random dependencies, and one with a circle through all of it.  Processor time, as other work may go on.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/must.h"
#include "core/rng.h"
#include "flow/domain/plan.h"
#include "flow/domain/plan_leaves.h"

enum { NODES = 100000, ROUNDS = 15, ID = 16 };

static char ids[NODES][ID];
static struct plan_node nodes[NODES];
static struct plan_edge edges[2 * NODES];

static int64_t now_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return (x > y) - (x < y);
}

static void measure(const char *label, size_t edge_count, bool valid)
{
	const struct plan_input input = {.nodes = nodes,
									 .node_count = NODES,
									 .edges = edges,
									 .edge_count = edge_count,
									 .total = -1,
									 .depth_max = PLAN_DEPTH_MAX};
	int64_t checks[ROUNDS], plans[ROUNDS], leaves[ROUNDS];
	for (int i = 0; i < ROUNDS; i++) {
		struct arena arena;
		struct plan plan;
		struct plan_leaves edges_of_leaves;
		arena_init(&arena, (size_t)1 << 31);
		int64_t from_us = now_us();
		must(plan_check(&arena, &input, &plan) && plan.valid == valid);
		checks[i] = now_us() - from_us;
		from_us = now_us();
		must(plan_make(&arena, &input, &plan));
		plans[i] = now_us() - from_us;
		must(plan.valid == valid && (valid || plan.cycles.count == 1));
		from_us = now_us();
		must(!valid || plan_leaves(&arena, &input, &edges_of_leaves));
		leaves[i] = now_us() - from_us;
		arena_fini(&arena);
	}
	qsort(checks, ROUNDS, sizeof *checks, by_time);
	qsort(plans, ROUNDS, sizeof *plans, by_time);
	qsort(leaves, ROUNDS, sizeof *leaves, by_time);
	printf("%-22s validated %6.1f ms (least %.1f), plan %6.1f ms (least %.1f), edges of leaves %6.1f ms\n", label,
		   (double)checks[ROUNDS / 2] / 1e3, (double)checks[0] / 1e3, (double)plans[ROUNDS / 2] / 1e3,
		   (double)plans[0] / 1e3, (double)leaves[ROUNDS / 2] / 1e3);
}

static void set_node(size_t i, size_t parent)
{
	snprintf(ids[i], ID, "n%06zu", i);
	nodes[i] = (struct plan_node){.id = ids[i],
								  .parent = i == 0 ? NULL : ids[parent],
								  .duration_s = (double)(i % 97),
								  .depth = -1,
								  .child_count = PLAN_CHILDREN_UNTOLD};
}

int main(void)
{
	struct rng rng;
	rng_init(&rng, 1);
	for (size_t i = 0; i < NODES; i++)
		set_node(i, 0);
	for (size_t i = 1; i + 1 < NODES; i++)
		edges[i - 1] = (struct plan_edge){.from = ids[i], .to = ids[i + 1]};
	measure("a chain", NODES - 2, true);
	edges[NODES - 2] = (struct plan_edge){.from = ids[NODES - 1], .to = ids[1]};
	measure("a circle through all", NODES - 1, false);
	for (size_t i = 1; i < NODES; i++)
		set_node(i, (i - 1) / 10);
	size_t first = NODES / 10 + 1; /* of the leaves; each dependency leads forward, to another leaf each time */
	for (size_t i = first; i + 1 < NODES; i++)
		edges[i - first] =
			(struct plan_edge){.from = ids[i], .to = ids[i + 1 + (size_t)rng_below(&rng, NODES - i - 1)]};
	measure("a tree of tens", NODES - first - 1, true);
	return 0;
}
