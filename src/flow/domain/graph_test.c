#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "flow/domain/graph.h"

enum { MANY = 100000, SMALL = 7 };

static struct arena arena;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 256 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static uint64_t seed = 88172645463325252u;

static uint32_t chance(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed % below);
}

static void the_order_takes_the_smallest_first(void **state)
{
	(void)state;
	const struct graph_edge edges[] = {{4, 0}, {3, 0}, {1, 2}};
	struct graph graph;
	uint32_t order[5];
	static const uint32_t want[] = {1, 2, 3, 4, 0};
	assert_true(graph_build(&arena, 5, edges, 3, &graph));
	assert_int_equal(graph_order(&arena, &graph, order), 5);
	assert_memory_equal(order, want, sizeof want);
}

static void cycles_are_the_shortest_through_their_smallest(void **state)
{
	(void)state;
	/* 1 -> 2 -> 3 -> 1 with the short cut 2 -> 1; 5 -> 5; 6 <-> 7; 0 and 4 on none, 4 between two */
	const struct graph_edge edges[] = {{1, 2}, {2, 3}, {3, 1}, {2, 1}, {5, 5}, {3, 4}, {4, 5}, {7, 6}, {6, 7}, {0, 1}};
	struct graph graph;
	const struct graph_cycle *cycles;
	uint32_t order[8];
	assert_true(graph_build(&arena, 8, edges, sizeof edges / sizeof *edges, &graph));
	assert_int_equal(graph_order(&arena, &graph, order), 1);
	assert_int_equal(graph_cycles(&arena, &graph, &cycles), 3);
	assert_int_equal(cycles[0].count, 2);
	assert_int_equal(cycles[0].nodes[0], 1);
	assert_int_equal(cycles[0].nodes[1], 2);
	assert_int_equal(cycles[1].count, 1);
	assert_int_equal(cycles[1].nodes[0], 5);
	assert_int_equal(cycles[2].nodes[0], 6);
	assert_int_equal(cycles[2].nodes[1], 7);
}

/* Reachability by trying every way, to compare with. */
static void close_over(const struct graph_edge *edges, size_t count, bool reach[SMALL][SMALL])
{
	memset(reach, 0, sizeof(bool[SMALL][SMALL]));
	for (size_t i = 0; i < count; i++)
		reach[edges[i].from][edges[i].to] = true;
	for (int k = 0; k < SMALL; k++)
		for (int i = 0; i < SMALL; i++)
			for (int j = 0; j < SMALL; j++)
				reach[i][j] = reach[i][j] || (reach[i][k] && reach[k][j]);
}

/* REF: Tarjan, "Depth-first search and linear graph algorithms", SIAM J. Comput. 1 (1972) */
static void check_cycles(const struct graph *graph, bool reach[SMALL][SMALL])
{
	const struct graph_cycle *cycles;
	size_t count = graph_cycles(&arena, graph, &cycles), next = 0;
	for (uint32_t i = 0; i < SMALL; i++) {
		bool smallest = reach[i][i];
		for (uint32_t j = 0; j < i; j++)
			smallest = smallest && !(reach[i][j] && reach[j][i]);
		if (!smallest)
			continue;
		assert_true(next < count);
		assert_int_equal(cycles[next].nodes[0], i);
		for (uint32_t k = 0; k < cycles[next].count; k++)
			assert_true(reach[cycles[next].nodes[k]][i] && reach[i][cycles[next].nodes[k]]);
		next++;
	}
	assert_int_equal(next, count);
}

static void check_acyclic(const struct graph *graph, bool reach[SMALL][SMALL], const uint32_t *order)
{
	struct graph_edge pairs[SMALL * SMALL];
	bool answers[SMALL * SMALL];
	for (uint32_t i = 0; i < SMALL * SMALL; i++)
		pairs[i] = (struct graph_edge){i / SMALL, i % SMALL};
	assert_true(graph_reaches(&arena, graph, order, pairs, SMALL * SMALL, answers));
	for (uint32_t i = 0; i < SMALL * SMALL; i++)
		assert_int_equal(answers[i], reach[i / SMALL][i % SMALL]);
	for (int i = 0; i < SMALL; i++)
		for (int j = i + 1; j < SMALL; j++)
			assert_false(reach[order[j]][order[i]]);
}

static void small_graphs_agree_with_trying_everything(void **state)
{
	(void)state;
	for (int round = 0; round < 3000; round++) {
		struct graph_edge edges[12];
		struct graph graph;
		uint32_t order[SMALL], count = chance(12);
		bool reach[SMALL][SMALL], cyclic = false;
		for (uint32_t i = 0; i < count; i++)
			edges[i] = (struct graph_edge){chance(SMALL), chance(SMALL)};
		close_over(edges, count, reach);
		for (int i = 0; i < SMALL; i++)
			cyclic = cyclic || reach[i][i];
		assert_true(graph_build(&arena, SMALL, edges, count, &graph));
		assert_int_equal(graph_order(&arena, &graph, order) < SMALL, cyclic);
		check_cycles(&graph, reach);
		if (!cyclic)
			check_acyclic(&graph, reach, order);
		arena_reset(&arena);
	}
}

static void the_longest_path_is_by_weight_then_nodes(void **state)
{
	(void)state;
	const struct graph_edge edges[] = {{0, 1}, {0, 2}, {1, 3}, {2, 3}};
	const double weights[] = {1, 5, 5, 1}, none[] = {0, 0, 0, 0};
	struct graph graph;
	struct graph_cycle path;
	uint32_t order[4];
	double weight;
	assert_true(graph_build(&arena, 4, edges, 4, &graph));
	assert_int_equal(graph_order(&arena, &graph, order), 4);
	assert_true(graph_longest(&arena, &graph, order, weights, &path, &weight));
	assert_float_equal(weight, 7, 0);
	assert_int_equal(path.count, 3);
	assert_int_equal(path.nodes[1], 1);
	assert_true(graph_longest(&arena, &graph, order, none, &path, &weight));
	assert_int_equal(path.count, 3);
	assert_int_equal(graph_width(&arena, &graph, order), 2);
}

/* flow.md 8: a chain of 100,000 is an ordinary case. */
static void a_long_chain_is_ordinary(void **state)
{
	(void)state;
	struct graph_edge *edges = arena_array(&arena, MANY, sizeof *edges);
	uint32_t *order = arena_array(&arena, MANY, sizeof *order);
	for (uint32_t i = 0; i < MANY; i++)
		edges[i] = (struct graph_edge){i, (i + 1) % MANY};
	struct graph graph;
	struct graph_cycle path;
	const struct graph_cycle *cycles;
	double weight;
	assert_true(graph_build(&arena, MANY, edges, MANY, &graph));
	assert_int_equal(graph_cycles(&arena, &graph, &cycles), 1);
	assert_int_equal(cycles[0].count, MANY);
	assert_true(graph_build(&arena, MANY, edges, MANY - 1, &graph));
	assert_int_equal(graph_order(&arena, &graph, order), MANY);
	assert_true(graph_longest(&arena, &graph, order, NULL, &path, &weight));
	assert_int_equal(path.count, MANY);
	assert_int_equal(graph_width(&arena, &graph, order), 1);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(the_order_takes_the_smallest_first),
		TEST(cycles_are_the_shortest_through_their_smallest),
		TEST(small_graphs_agree_with_trying_everything),
		TEST(the_longest_path_is_by_weight_then_nodes),
		TEST(a_long_chain_is_ordinary),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
