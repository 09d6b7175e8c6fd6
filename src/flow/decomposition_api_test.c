#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "flow/agents_fixture.h"

#define TASKS "/api/v1/flow/tasks/decompositions"
#define assert_number(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static const char *make(struct agents_fixture *f, const char *body)
{
	assert_int_equal(fixture_ask(f, "ops", "POST", TASKS, "%s", body), 201);
	return fixture_keep(f, "result.decomposition_id");
}

static int ask(struct agents_fixture *f, const char *who, const char *method, const char *id, const char *rest,
			   const char *body)
{
	return fixture_ask(f, who, method, arena_printf(&f->arena, TASKS "/%s%s", id, rest), body == NULL ? NULL : "%s",
					   body);
}

static void a_goal_is_taken_apart(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = make(f, "{\"goal\":{\"name\":\"Report\",\"params\":{\"pages\":3}},\"strategy\":\"adaptive\","
							 "\"max_depth\":2}");
	const char *root = fixture_keep(f, "result.root_id");
	assert_string_equal(fixture_text(f, "result.status"), "pending");
	assert_string_equal(fixture_text(f, "result.frontier.0"), root);
	assert_int_equal(
		ask(f, "ops", "POST", id, "/nodes",
			arena_printf(&f->arena,
						 "{\"parent_id\":\"%s\",\"children\":[{\"name\":\"easy\",\"complexity\":0.3},"
						 "{\"name\":\"hard\",\"complexity\":0.9,\"capability\":\"llm\"},{\"name\":\"mid\"}]}",
						 root)),
		201);
	assert_number(fixture_number_at(f, "result.estimate"), 10); /* 3 + 7·1·(1 − 0/2) */
	assert_int_equal(fixture_at(f, "result.nodes")->count, 3);
	assert_false(fixture_true(f, "result.nodes.0.decomposable")); /* at 0.3 it is not */
	assert_true(fixture_true(f, "result.nodes.1.decomposable"));
	const char *easy = fixture_keep(f, "result.nodes.0.node_id"), *hard = fixture_keep(f, "result.nodes.1.node_id");
	assert_int_equal(ask(f, "vic", "GET", id, "", NULL), 200);
	assert_string_equal(fixture_text(f, "result.status"), "decomposing");
	assert_string_equal(fixture_text(f, "result.frontier.0"), hard);
	assert_number(fixture_number_at(f, "result.totals.leaves"), 3);
	assert_number(fixture_number_at(f, "result.nodes.0.effective_complexity"), .769231);
	assert_int_equal(fixture_at(f, "result.nodes.0.children")->count, 3);
	assert_string_equal(fixture_text(f, "result.nodes.0.status"), "decomposed");
	assert_string_equal(fixture_text(f, "result.goal.name"), "Report");
	const char *more = "{\"parent_id\":\"%s\",\"children\":[{\"complexity\":1}]}";
	assert_int_equal(ask(f, "ops", "POST", id, "/nodes", arena_printf(&f->arena, more, easy)), 409);
	assert_int_equal(ask(f, "ops", "POST", id, "/nodes", arena_printf(&f->arena, more, root)), 409);
	assert_int_equal(ask(f, "ops", "POST", id, "/nodes", arena_printf(&f->arena, more, "nobody")), 404);
	assert_int_equal(ask(f, "ops", "POST", id, "/nodes", arena_printf(&f->arena, more, hard)), 201);
	assert_false(fixture_true(f, "result.nodes.0.decomposable")); /* at the last depth */
	assert_number(fixture_number_at(f, "result.nodes.0.depth"), 2);
	assert_int_equal(ask(f, "ops", "POST", id, "/nodes", "{\"parent_id\":\"x\"}"), 422);
	assert_int_equal(ask(f, "eve", "GET", id, "", NULL), 404);
	assert_int_equal(ask(f, "vic", "GET", "nothing", "", NULL), 404);
	assert_int_equal(fixture_ask(f, "vic", "POST", TASKS, "{\"goal\":{\"name\":\"x\"}}"), 403);
	assert_true(fixture_chain_sound(f));
}

#define NODES \
	"\"nodes\":[{\"node_id\":\"r\"},{\"node_id\":\"a\",\"parent_id\":\"r\",\"duration_s\":10},{\"node_id\":\"b\"," \
	"\"parent_id\":\"r\",\"duration_s\":20},{\"node_id\":\"c\",\"parent_id\":\"r\",\"duration_s\":5}]"

static void dependencies_are_added_and_planned(void **state)
{
	struct agents_fixture *f = *state;
	const char *id = make(f, "{\"goal\":{\"name\":\"g\"}," NODES "}");
	assert_string_equal(fixture_text(f, "result.root_id"), "r");
	assert_int_equal(
		ask(f, "ops", "POST", id, "/dependencies",
			"{\"dependencies\":[{\"from\":\"a\",\"to\":\"b\"},{\"from\":\"a\",\"to\":\"b\"},{\"from\":\"r\","
			"\"to\":\"a\"},{\"from\":\"a\",\"to\":\"x\"},{\"from\":\"b\",\"to\":\"c\",\"type\":"
			"\"conditional\"},{\"from\":\"c\",\"to\":\"c\"}]}"),
		200);
	assert_number(fixture_number_at(f, "result.added"), 1);
	static const char *const codes[] = {"duplicate_dependency", "descendant_dependency", "missing_node",
										"condition_missing", "self_dependency"};
	assert_int_equal(fixture_at(f, "result.problems")->count, 5);
	for (int i = 0; i < 5; i++)
		assert_string_equal(fixture_text(f, arena_printf(&f->arena, "result.problems.%d.code", i)), codes[i]);
	assert_int_equal(ask(f, "vic", "GET", id, "/plan?workers=1", NULL), 200);
	assert_true(fixture_true(f, "result.valid"));
	assert_number(fixture_number_at(f, "result.critical_path_s"), 30);
	assert_number(fixture_number_at(f, "result.makespan_s"), 35);
	assert_int_equal(ask(f, "ops", "POST", id, "/dependencies", "{\"dependencies\":[{\"from\":\"b\",\"to\":\"a\"}]}"),
					 200);
	assert_number(fixture_number_at(f, "result.added"), 1);
	assert_string_equal(fixture_text(f, "result.problems.0.code"), "cycle");
	assert_int_equal(ask(f, "vic", "GET", id, "/plan", NULL), 200);
	assert_false(fixture_true(f, "result.valid"));
	assert_string_equal(fixture_text(f, "result.cycles.0"), "a -> b -> a");
	assert_int_equal(ask(f, "vic", "GET", id, "/plan?workers=0", NULL), 422);
}

static void what_is_wrong_with_a_tree_is_told_by_its_plan(void **state)
{
	struct agents_fixture *f = *state;
	const char *id =
		make(f, "{\"goal\":{\"name\":\"g\"},\"nodes\":[{\"node_id\":\"r\"},{\"node_id\":\"b\",\"parent_id\":"
				"\"x\"}],\"dependencies\":[{\"from\":\"r\",\"to\":\"y\"}]}");
	assert_int_equal(ask(f, "vic", "GET", id, "/plan", NULL), 200);
	assert_int_equal(fixture_at(f, "result.problems")->count, 2);
	assert_int_equal(fixture_ask(f, "ops", "POST", TASKS,
								 "{\"goal\":{\"name\":\"g\"},\"nodes\":[{\"node_id\":\"r\"},{\"node_id\":\"r\"}]}"),
					 422);
	assert_string_equal(fixture_text(f, "errors.0.pointer"), "/nodes/1/node_id");
	assert_int_equal(fixture_ask(f, "ops", "POST", TASKS, "{\"goal\":{\"name\":\"g\"},\"max_nodes\":3," NODES "}"),
					 422);
	assert_int_equal(fixture_ask(f, "ops", "POST", TASKS, "{\"goal\":{\"name\":\"g\"},\"planner\":\"llm\"}"), 501);
	assert_int_equal(fixture_ask(f, "ops", "POST", TASKS, "{\"goal\":{\"name\":\"g\"},\"max_depth\":201}"), 422);
}

static void pointers_are(struct agents_fixture *f, const char *wanted)
{
	const struct json *errors = fixture_at(f, "errors");
	const char *all = "";
	for (uint32_t i = 0; i < errors->count; i++)
		all = arena_printf(&f->arena, "%s%s%s", all, i > 0 ? " " : "", json_text(&errors->items[i], "pointer"));
	assert_string_equal(all, wanted);
}

/* What the table finds of a body, and what hangs on several members of it. */
static void all_that_is_wrong_is_told_at_once(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(
		fixture_ask(f, "ops", "POST", TASKS,
					"{\"goal\":{\"name\":\"\"},\"max_depth\":0,\"max_nodes\":2,\"planner\":\"htn\",\"state\":7,"
					"\"nodes\":[{\"node_id\":\"r\"},{\"node_id\":7},{\"node_id\":\"r\",\"complexity\":2}]}"),
		422);
	pointers_are(f,
				 "/goal/name /max_depth /nodes/1/node_id /nodes/2/complexity /nodes /nodes/2/node_id /state /library");
	assert_int_equal(fixture_ask(f, "ops", "POST", TASKS,
								 "{\"goal\":{\"name\":\"g\"},\"max_depth\":0,\"strategy\":\"x\",\"planner\":\"htn\","
								 "\"library\":{\"methods\":[{\"task\":\"g\",\"when\":\"(\",\"subtasks\":[]}]}}"),
					 422);
	pointers_are(f, "/max_depth /strategy /library/methods/0/when");
}

static void the_frontier_follows_the_strategy(void **state)
{
	/* r > {a > {a1}, b}; complexities make every leaf decomposable */
	static const char *const nodes =
		"\"nodes\":[{\"node_id\":\"r\"},{\"node_id\":\"a\",\"parent_id\":\"r\"},{\"node_id\":\"b\",\"parent_id\":\"r\","
		"\"complexity\":0.4},{\"node_id\":\"a1\",\"parent_id\":\"a\",\"complexity\":0.8},{\"node_id\":\"c\",\"parent_"
		"id\":"
		"\"r\",\"complexity\":0.9}]";
	static const struct {
		const char *strategy, *first, *last;
	} rows[] = {
		{"breadth_first", "b", "a1"}, {"depth_first", "a1", "c"}, {"hybrid", "b", "a1"}, {"adaptive", "c", "b"}};
	struct agents_fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		make(f, arena_printf(&f->arena, "{\"goal\":{\"name\":\"g\"},\"strategy\":\"%s\",%s}", rows[i].strategy, nodes));
		assert_int_equal(fixture_at(f, "result.frontier")->count, 3);
		assert_string_equal(fixture_text(f, "result.frontier.0"), rows[i].first);
		assert_string_equal(fixture_text(f, "result.frontier.2"), rows[i].last);
	}
}

static void three_thousand_nodes_come_in_pages(void **state)
{
	enum { COUNT = 3000 };
	struct agents_fixture *f = *state;
	struct buf body;
	buf_init(&body, 0);
	buf_adds(&body, "{\"goal\":{\"name\":\"g\"},\"nodes\":[{\"node_id\":\"n0\"}");
	for (int i = 1; i < COUNT; i++)
		buf_addf(&body, ",{\"node_id\":\"n%d\",\"parent_id\":\"n0\",\"duration_s\":1}", i);
	buf_adds(&body, "],\"dependencies\":[{\"from\":\"n1\",\"to\":\"n2\"}");
	for (int i = 2; i + 1 < COUNT; i++)
		buf_addf(&body, ",{\"from\":\"n%d\",\"to\":\"n%d\"}", i, i + 1);
	buf_adds(&body, "]}");
	const char *id = make(f, buf_text(&body));
	buf_fini(&body);
	int seen = 0;
	const char *cursor = "";
	do {
		assert_int_equal(ask(f, "vic", "GET", id,
							 arena_printf(&f->arena, "?limit=499%s%s", *cursor ? "&cursor=" : "", cursor), NULL),
						 200);
		if (seen == 499)
			assert_string_equal(fixture_text(f, "result.nodes.0.node_id"), "n499");
		seen += (int)fixture_at(f, "result.nodes")->count;
		cursor = fixture_keep(f, "result.next_cursor");
	} while (*cursor != '\0');
	assert_int_equal(seen, COUNT);
	assert_int_equal(ask(f, "vic", "GET", id, "/plan", NULL), 200);
	assert_number(fixture_number_at(f, "result.critical_path_s"), COUNT - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, agents_fixture_new, agents_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_goal_is_taken_apart),
		TEST(dependencies_are_added_and_planned),
		TEST(what_is_wrong_with_a_tree_is_told_by_its_plan),
		TEST(all_that_is_wrong_is_told_at_once),
		TEST(the_frontier_follows_the_strategy),
		TEST(three_thousand_nodes_come_in_pages),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
