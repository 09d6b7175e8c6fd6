#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/rng.h"
#include "flow/domain/plan_leaves.h"

enum { NODES = 14, EDGES = 10 };

struct world {
	struct arena arena;
	char ids[NODES][8];
	struct plan_node nodes[NODES];
	struct plan_edge edges[EDGES];
	struct plan_input input;
	int parent[NODES];
	struct plan_leaves leaves;
};

static void add(struct world *w, int parent)
{
	size_t i = w->input.node_count++;
	snprintf(w->ids[i], sizeof w->ids[i], "%c", 'a' + (int)i);
	w->parent[i] = parent;
	w->nodes[i] = (struct plan_node){.id = w->ids[i],
									 .parent = parent < 0 ? NULL : w->ids[parent],
									 .duration_s = 1,
									 .depth = -1,
									 .child_count = PLAN_CHILDREN_UNTOLD};
}

static void join(struct world *w, int from, int to)
{
	w->edges[w->input.edge_count++] = (struct plan_edge){.from = w->ids[from], .to = w->ids[to]};
}

static void begin(struct world *w)
{
	*w = (struct world){.input = {.nodes = NULL, .total = -1, .depth_max = PLAN_DEPTH_MAX}};
	w->input.nodes = w->nodes;
	w->input.edges = w->edges;
	arena_init(&w->arena, 1 << 24);
}

/* "c<b d<c": each leaf with those it starts after. */
static const char *told(struct world *w)
{
	const char *all = "";
	assert_true(plan_leaves(&w->arena, &w->input, &w->leaves));
	for (size_t i = 0; i < w->input.node_count; i++)
		for (uint32_t k = w->leaves.first[i]; k < w->leaves.first[i + 1]; k++)
			all = arena_printf(&w->arena, "%s%s%s<%s", all, *all != '\0' ? " " : "", w->ids[i],
							   w->ids[w->leaves.before[k]]);
	return all;
}

/* a{ b{c d e} f{g h i} j }; what stands between inner nodes goes from the last leaves to the first ones. */
static void tree(struct world *w)
{
	static const int parents[] = {-1, 0, 1, 1, 1, 0, 5, 5, 5, 0};
	begin(w);
	for (size_t i = 0; i < sizeof parents / sizeof *parents; i++)
		add(w, parents[i]);
}

static void inner_nodes_stand_for_their_outer_leaves(void **state)
{
	struct world w;
	(void)state;
	tree(&w);
	join(&w, 1, 5); /* b before f: all leaves of both are outer ones */
	assert_string_equal(told(&w), "g<c g<d g<e h<c h<d h<e i<c i<d i<e");
	arena_fini(&w.arena);
	tree(&w);
	join(&w, 1, 5);
	join(&w, 2, 3); /* c before d: c is no last one of b */
	join(&w, 6, 7); /* g before h: h is no first one of f */
	assert_string_equal(told(&w), "d<c g<d g<e h<g i<d i<e");
	assert_true(w.leaves.leaf[9] && !w.leaves.leaf[5]);
	arena_fini(&w.arena);
	tree(&w);
	join(&w, 9, 5); /* a leaf before an inner node */
	join(&w, 1, 9);
	join(&w, 1, 9); /* twice is once */
	assert_string_equal(told(&w), "g<j h<j i<j j<c j<d j<e");
	arena_fini(&w.arena);
}

static void conditions_hold_for_all_that_lies_below(void **state)
{
	struct world w;
	(void)state;
	tree(&w);
	w.edges[0] = (struct plan_edge){"b", "f", ".x", DEPENDENCY_CONDITIONAL};
	w.edges[1] = (struct plan_edge){"c", "g", ".y", DEPENDENCY_CONDITIONAL};
	w.edges[2] = (struct plan_edge){"b", "j", NULL, DEPENDENCY_RESOURCE};
	w.input.edge_count = 3;
	assert_true(plan_leaves(&w.arena, &w.input, &w.leaves));
	assert_string_equal(w.leaves.condition[6], "(.x) and (.y)");
	assert_string_equal(w.leaves.condition[8], ".x");
	assert_null(w.leaves.condition[9]);
	assert_null(w.leaves.condition[2]);
	arena_fini(&w.arena);
}

/* --- against the meaning: every leaf of `from` before every leaf of `to` --- */

static bool lies_in(const struct world *w, int node, int above)
{
	while (node >= 0 && node != above)
		node = w->parent[node];
	return node == above;
}

static void close(bool before[NODES][NODES], size_t n)
{
	for (size_t k = 0; k < n; k++)
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < n; j++)
				before[i][j] = before[i][j] || (before[i][k] && before[k][j]);
}

static void meaning(const struct world *w, bool before[NODES][NODES])
{
	for (size_t e = 0; e < w->input.edge_count; e++)
		for (int i = 0; i < (int)w->input.node_count; i++)
			for (int j = 0; j < (int)w->input.node_count; j++)
				if (w->leaves.leaf[i] && w->leaves.leaf[j] && lies_in(w, i, *w->edges[e].from - 'a') &&
					lies_in(w, j, *w->edges[e].to - 'a'))
					before[i][j] = true;
	close(before, w->input.node_count);
}

static void the_order_is_that_of_all_leaves(void **state)
{
	struct rng rng;
	size_t sound = 0;
	(void)state;
	rng_init(&rng, 7);
	for (int round = 0; round < 4000; round++) {
		struct world w;
		struct plan plan;
		begin(&w);
		int count = 4 + (int)(rng_next(&rng) % (NODES - 3));
		for (int i = 0; i < count; i++)
			add(&w, i == 0 ? -1 : (int)(rng_next(&rng) % (uint64_t)i));
		for (uint64_t e = rng_next(&rng) % EDGES; e > 0; e--)
			join(&w, (int)(rng_next(&rng) % (uint64_t)count), (int)(rng_next(&rng) % (uint64_t)count));
		assert_true(plan_make(&w.arena, &w.input, &plan));
		if (plan.valid) {
			bool wanted[NODES][NODES] = {{false}}, got[NODES][NODES] = {{false}};
			assert_true(plan_leaves(&w.arena, &w.input, &w.leaves));
			meaning(&w, wanted);
			for (size_t i = 0; i < w.input.node_count; i++)
				for (uint32_t k = w.leaves.first[i]; k < w.leaves.first[i + 1]; k++)
					got[w.leaves.before[k]][i] = true;
			close(got, w.input.node_count);
			assert_memory_equal(wanted, got, sizeof got);
			sound++;
		}
		arena_fini(&w.arena);
	}
	assert_true(sound > 500);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(inner_nodes_stand_for_their_outer_leaves),
		cmocka_unit_test(conditions_hold_for_all_that_lies_below),
		cmocka_unit_test(the_order_is_that_of_all_leaves),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
