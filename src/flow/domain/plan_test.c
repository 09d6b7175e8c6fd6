#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/rng.h"
#include "flow/domain/ops.h"
#include "flow/domain/plan.h"
#include "seal/harness.h"

static struct harness *harness;

static bool plan(const char *nodes, const char *dependencies, const char *more)
{
	return harness_call(harness, &flow_plan_op, "{\"nodes\":[%s],\"dependencies\":[%s]%s}", nodes, dependencies, more);
}

static bool is(const char *pointer, double expected)
{
	return fabs(harness_number(harness, pointer) - expected) < 1e-9;
}

static bool says(const char *pointer, const char *expected)
{
	const char *text = harness_text(harness, pointer);
	return text != NULL && strcmp(text, expected) == 0;
}

#define N(id, s) "{\"node_id\":\"" id "\",\"duration_s\":" s "}"
#define C(id, parent) "{\"node_id\":\"" id "\",\"parent_id\":\"" parent "\",\"duration_s\":10}"
#define D(from, to) "{\"from\":\"" from "\",\"to\":\"" to "\"}"

/* a(3) before b(2) and c(4), both before d(1): by hand. */
static void a_diamond_by_hand(void **state)
{
	(void)state;
	assert_true(plan(N("a", "3") "," N("b", "2") "," N("c", "4") "," N("d", "1"),
					 D("a", "b") "," D("a", "c") "," D("b", "d") "," D("c", "d"), ""));
	assert_true(harness_bool(harness, "/result/valid"));
	assert_true(is("/result/critical_path_s", 8));
	assert_true(is("/result/makespan_s", 8));
	assert_true(is("/result/levels", 3));
	assert_true(is("/result/max_parallelism", 2));
	assert_int_equal(harness_count(harness, "/result/critical_path"), 3);
	assert_true(says("/result/critical_path/1", "c"));
	assert_true(says("/result/topological_order/1", "b"));
	assert_true(says("/result/schedule/1/node_id", "b"));
	assert_true(is("/result/schedule/1/slack_s", 2));
	assert_true(is("/result/schedule/2/slack_s", 0));
	assert_int_equal(harness_count(harness, "/result/schedule/0/worker"), -2);
	assert_true(plan(N("a", "3") "," N("b", "2") "," N("c", "4") "," N("d", "1"),
					 D("a", "b") "," D("a", "c") "," D("b", "d") "," D("c", "d"), ",\"workers\":1"));
	assert_true(is("/result/makespan_s", 10));
	assert_true(is("/result/critical_path_s", 8));
	assert_true(says("/result/schedule/1/node_id", "c")); /* the longer way goes first */
	assert_true(is("/result/schedule/3/worker", 0));
	assert_true(is("/result/schedule/2/slack_s", 2));
}

static void a_dependency_on_a_node_means_all_its_leaves(void **state)
{
	(void)state;
	assert_true(plan("{\"node_id\":\"r\"}," C("p", "r") "," C("q", "r") "," C("p1", "p") "," C("p2", "p") "," C(
						 "q1", "q") "," C("q2", "q"),
					 D("p", "q"), ""));
	assert_true(harness_bool(harness, "/result/valid"));
	assert_int_equal(harness_count(harness, "/result/topological_order"), 4);
	assert_true(says("/result/topological_order/2", "q1"));
	assert_true(is("/result/critical_path_s", 20));
	assert_true(is("/result/schedule/2/start_s", 10));
	assert_true(is("/result/schedule/3/start_s", 10));
	assert_true(is("/result/levels", 2));
}

static bool has_problem(const char *code, const char *ids)
{
	for (int i = 0; i < harness_count(harness, "/result/problems"); i++) {
		char pointer[64], all[200] = "";
		snprintf(pointer, sizeof pointer, "/result/problems/%d/ids", i);
		int count = harness_count(harness, pointer);
		snprintf(pointer, sizeof pointer, "/result/problems/%d/code", i);
		if (!says(pointer, code))
			continue;
		for (int k = 0; k < count; k++) {
			snprintf(pointer, sizeof pointer, "/result/problems/%d/ids/%d", i, k);
			snprintf(all + strlen(all), sizeof all - strlen(all), "%s%s", k > 0 ? " " : "",
					 harness_text(harness, pointer));
		}
		if (strcmp(all, ids) == 0)
			return true;
	}
	return false;
}

/* Each problem alone. */
static void every_problem_is_named(void **state)
{
	static const struct {
		const char *nodes, *dependencies, *more, *code, *ids;
	} rows[] = {
		{N("a", "1"), D("a", "x") "," D("x", "a"), "", "missing_node", "x"},
		{N("a", "1"), D("a", "a"), "", "self_dependency", "a"},
		{"{\"node_id\":\"a\"}," C("b", "a"), D("a", "b"), "", "descendant_dependency", "a b"},
		{"{\"node_id\":\"a\"}," C("b", "a"), D("b", "a"), "", "descendant_dependency", "b a"},
		{N("a", "1") "," N("b", "1"), "{\"from\":\"a\",\"to\":\"b\",\"type\":\"conditional\"}", "", "condition_missing",
		 "a b"},
		{N("a", "1") "," N("b", "1"), D("a", "b") ",{\"from\":\"a\",\"to\":\"b\",\"type\":\"resource\"}", "",
		 "duplicate_dependency", "a b"},
		{N("a", "1") "," N("b", "1"), D("a", "b") "," D("b", "a"), "", "cycle", "a b a"},
		{N("a", "1"), "", ",\"root_id\":\"r\"", "root_missing", "r"},
		{"", "", "", "root_missing", ""},
		{C("a", "b") "," C("b", "a"), "", "", "root_missing", "a b"},
		{N("a", "1") "," C("b", "x"), "", "", "parent_missing", "b"},
		{"{\"node_id\":\"a\",\"depth\":1}", "", "", "wrong_depth", "a"},
		{N("a", "1") ",{\"node_id\":\"b\",\"parent_id\":\"a\",\"depth\":0}", "", "", "wrong_depth", "b"},
		{"{\"node_id\":\"a\",\"children\":[]}," C("b", "a"), "", "", "parent_child_mismatch", "a b"},
		{"{\"node_id\":\"a\",\"children\":[\"b\"]}," N("b", "1"), "", "", "parent_child_mismatch", "a b"},
		{N("a", "1"), "", ",\"total_nodes\":2", "count_mismatch", ""},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(plan(rows[i].nodes, rows[i].dependencies, rows[i].more));
		assert_true(has_problem(rows[i].code, rows[i].ids));
		assert_int_equal(harness_count(harness, "/result/problems"), 1);
		assert_false(harness_bool(harness, "/result/valid"));
	}
	assert_false(plan(N("a", "1") "," N("a", "1"), "", ""));
	assert_true(harness_refused(harness, "/nodes/1/node_id", "duplicate"));
}

static void several_problems_at_once(void **state)
{
	(void)state;
	assert_true(plan(N("a", "1") "," N("b", "1") "," C("c", "nowhere"), D("a", "a") "," D("a", "b") "," D("a", "b"),
					 ",\"total_nodes\":9"));
	assert_int_equal(harness_count(harness, "/result/problems"), 4);
	assert_int_equal(harness_count(harness, "/result/schedule"), 3); /* the rest is planned */
}

static void circles_are_told_the_short_way(void **state)
{
	(void)state;
	/* a-b-c-a and the shorter a-c-a; x-y-x apart; z alone */
	assert_true(plan(N("c", "1") "," N("a", "1") "," N("b", "1") "," N("x", "1") "," N("y", "1") "," N("z", "1"),
					 D("a", "b") "," D("b", "c") "," D("c", "a") "," D("a", "c") "," D("y", "x") "," D("x", "y"), ""));
	assert_int_equal(harness_count(harness, "/result/cycles"), 2);
	assert_true(says("/result/cycles/0", "a -> c -> a"));
	assert_true(says("/result/cycles/1", "x -> y -> x"));
	assert_int_equal(harness_count(harness, "/result/topological_order"), -2);
	assert_int_equal(harness_count(harness, "/result/schedule"), 0);
	assert_true(isnan(harness_number(harness, "/result/critical_path_s")));
	/* between inner nodes: named by leaves, the fewest of them */
	assert_true(plan("{\"node_id\":\"r\"}," C("p", "r") "," C("q", "r") "," C("p1", "p") "," C("p2", "p") "," C(
						 "q1", "q") "," C("m", "r"),
					 D("p", "m") "," D("m", "q") "," D("q", "p") "," D("p", "q"), ""));
	assert_int_equal(harness_count(harness, "/result/cycles"), 1);
	assert_true(says("/result/cycles/0", "m -> q1 -> p1 -> m"));
}

static void nothing_takes_no_time(void **state)
{
	(void)state;
	assert_true(plan(N("a", "0") "," N("b", "0") "," N("c", "5"), D("a", "b"), ",\"workers\":1"));
	assert_true(is("/result/critical_path_s", 5));
	assert_true(is("/result/makespan_s", 5));
	assert_true(is("/result/max_parallelism", 3)); /* all at the first moment */
	assert_true(is("/result/levels", 2));
}

/* --- large ones, on the kernel --- */

enum { LARGE = 100000 };

static struct plan_node *large_nodes(struct arena *arena, size_t count)
{
	struct plan_node *nodes = arena_array(arena, count, sizeof *nodes);
	assert_non_null(nodes);
	for (size_t i = 0; i < count; i++)
		nodes[i] = (struct plan_node){
			.id = arena_printf(arena, "n%06zu", i), .duration_s = 1, .depth = -1, .child_count = PLAN_CHILDREN_UNTOLD};
	return nodes;
}

static void a_chain_of_100000_is_ordinary(void **state)
{
	struct arena arena;
	struct plan result;
	(void)state;
	arena_init(&arena, (size_t)1 << 30);
	struct plan_node *nodes = large_nodes(&arena, LARGE);
	struct plan_edge *edges = arena_array(&arena, LARGE, sizeof *edges);
	for (size_t i = 0; i + 1 < LARGE; i++)
		edges[i] = (struct plan_edge){.from = nodes[i].id, .to = nodes[i + 1].id};
	struct plan_input input = {.nodes = nodes,
							   .node_count = LARGE,
							   .edges = edges,
							   .edge_count = LARGE - 1,
							   .total = -1,
							   .depth_max = PLAN_DEPTH_MAX,
							   .workers = 3};
	assert_true(plan_make(&arena, &input, &result));
	assert_true(result.valid);
	assert_true(result.critical_path_s == LARGE);
	assert_int_equal(result.critical_path.count, LARGE);
	assert_int_equal(result.levels, LARGE);
	assert_int_equal(result.max_parallelism, 1);
	edges[LARGE - 1] = (struct plan_edge){.from = nodes[LARGE - 1].id, .to = nodes[0].id};
	input.edge_count = LARGE;
	assert_true(plan_make(&arena, &input, &result));
	assert_int_equal(result.cycles.count, 1);
	assert_int_equal(result.problems.items[0].count, LARGE + 1);
	/* the same as a chain of parents: one leaf, too deep */
	for (size_t i = 1; i < LARGE; i++)
		nodes[i].parent = nodes[i - 1].id;
	input.edge_count = 0;
	assert_true(plan_make(&arena, &input, &result));
	assert_int_equal(result.schedule.count, 1);
	assert_string_equal(result.problems.items[0].code, "depth_limit");
	nodes[0].parent = nodes[LARGE / 2].id; /* and as one that has no root */
	assert_true(plan_make(&arena, &input, &result));
	assert_string_equal(result.problems.items[0].code, "root_missing");
	arena_fini(&arena);
}

/* Random trees with random dependencies, against times that are found the simple way over pairs of leaves. */
static bool is_below(const struct plan_node *nodes, const char *id, const char *above, size_t count)
{
	while (id != NULL && strcmp(id, above) != 0) {
		size_t i = 0;
		while (i < count && strcmp(nodes[i].id, id) != 0)
			i++;
		id = i < count ? nodes[i].parent : NULL;
	}
	return id != NULL;
}

static void check_against_pairs(const struct plan_input *input, const struct plan *result)
{
	double finish[32] = {0}, longest = 0;
	for (size_t i = 0; i < result->topological_order.count; i++) {
		const char *id = result->topological_order.items[i];
		double start = 0, own = 0;
		for (size_t n = 0; n < input->node_count; n++)
			own = strcmp(input->nodes[n].id, id) == 0 ? input->nodes[n].duration_s : own;
		for (size_t e = 0; e < input->edge_count; e++)
			for (size_t k = 0; k < i && is_below(input->nodes, id, input->edges[e].to, input->node_count); k++)
				if (is_below(input->nodes, result->topological_order.items[k], input->edges[e].from, input->node_count))
					start = fmax(start, finish[k]);
		finish[i] = start + own;
		longest = fmax(longest, finish[i]);
		for (size_t s = 0; s < result->schedule.count; s++)
			if (strcmp(result->schedule.items[s].node_id, id) == 0)
				assert_true(result->schedule.items[s].start_s == start);
	}
	assert_true(longest == result->critical_path_s);
}

static void random_plans_agree_with_the_simple_way(void **state)
{
	struct arena arena;
	struct rng rng;
	(void)state;
	rng_init(&rng, 20261121);
	int planned = 0;
	for (int round = 0; round < 2000; round++) {
		struct plan_edge edges[8];
		struct plan result;
		arena_init(&arena, 1 << 22);
		size_t count = 2 + rng_below(&rng, 12);
		struct plan_node *nodes = large_nodes(&arena, count);
		for (size_t i = 0; i < count; i++) {
			nodes[i].duration_s = (double)rng_below(&rng, 9);
			if (i > 0 && rng_below(&rng, 3) > 0)
				nodes[i].parent = nodes[rng_below(&rng, (uint32_t)i)].id;
		}
		for (size_t e = 0; e < 8; e++)
			edges[e] = (struct plan_edge){.from = nodes[rng_below(&rng, (uint32_t)count)].id,
										  .to = nodes[rng_below(&rng, (uint32_t)count)].id};
		const struct plan_input input = {.nodes = nodes,
										 .node_count = count,
										 .edges = edges,
										 .edge_count = rng_below(&rng, 9),
										 .total = -1,
										 .depth_max = PLAN_DEPTH_MAX};
		struct plan checked;
		assert_true(plan_make(&arena, &input, &result) && plan_check(&arena, &input, &checked));
		assert_true(checked.valid == result.valid && checked.ordered == result.ordered &&
					checked.problems.count == result.problems.count && checked.cycles.count == result.cycles.count);
		assert_int_equal(checked.topological_order.count, result.topological_order.count);
		assert_int_equal(checked.schedule.count, 0);
		if (result.valid) {
			planned++;
			check_against_pairs(&input, &result);
			struct plan_input one = input;
			struct plan alone;
			double work = 0;
			one.workers = 1;
			assert_true(plan_make(&arena, &one, &alone));
			for (size_t i = 0; i < alone.schedule.count; i++)
				work += alone.schedule.items[i].end_s - alone.schedule.items[i].start_s;
			assert_true(alone.makespan_s == work);
		}
		arena_fini(&arena);
	}
	assert_true(planned > 300);
}

static int setup(void **state)
{
	(void)state;
	harness = harness_new(NULL, 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	harness_free(harness);
	return 0;
}

int main(void)
{
	/* REF: Graham, "Bounds on multiprocessing timing anomalies", SIAM J. Appl. Math. 17 (1969): list scheduling */
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_diamond_by_hand),
		cmocka_unit_test(a_dependency_on_a_node_means_all_its_leaves),
		cmocka_unit_test(every_problem_is_named),
		cmocka_unit_test(several_problems_at_once),
		cmocka_unit_test(circles_are_told_the_short_way),
		cmocka_unit_test(nothing_takes_no_time),
		cmocka_unit_test(a_chain_of_100000_is_ordinary),
		cmocka_unit_test(random_plans_agree_with_the_simple_way),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
