#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/buf.h"
#include "core/jw.h"
#include "flow/agents_fixture.h"

#define TASKS "/api/v1/flow/tasks/decompositions"
#define assert_number(a, b) assert_true(fabs((a) - (b)) < 1e-9)

/* A journey: the bus where there is money, on foot where it is near; whoever pays has less. */
#define JOURNEY \
	"{\"methods\":[" \
	"{\"task\":\"travel\",\"name\":\"on foot\",\"when\":\".params.km <= 2\",\"subtasks\":[{\"task\":\"walk\"}]}," \
	"{\"task\":\"travel\",\"name\":\"by bus\",\"priority\":5,\"when\":\".params.km > 1\",\"subtasks\":[" \
	"{\"id\":\"off\",\"task\":\"leave\",\"after\":[\"ride\"]},{\"id\":\"in\",\"task\":\"pay\",\"params\":" \
	"\"{price: (.params.km * 2)}\",\"complexity\":0.25,\"duration_s\":5},{\"id\":\"ride\",\"task\":\"ride\"," \
	"\"after\":[\"in\"]}]}]," \
	"\"operators\":[{\"task\":\"walk\",\"effect\":\".at = \\\"there\\\"\",\"duration_s\":600}," \
	"{\"task\":\"pay\",\"when\":\".state.cash >= .params.price\",\"effect\":\".cash -= $params.price\"," \
	"\"cost\":\"1.5\",\"capability\":\"set\"},{\"task\":\"ride\",\"duration_s\":300,\"cost\":2},{\"task\":" \
	"\"leave\"}]}"

static int plan_of(struct agents_fixture *f, const char *goal, const char *library, const char *more)
{
	return fixture_ask(f, "ops", "POST", TASKS, "{\"goal\":%s,\"planner\":\"htn\",\"library\":%s%s}", goal, library,
					   more);
}

static int page(struct agents_fixture *f)
{
	const char *id = fixture_keep(f, "result.decomposition_id");
	return fixture_ask(f, "vic", "GET", arena_printf(&f->arena, TASKS "/%s?limit=500", id), NULL);
}

/* "travel(by bus… )": names by the tree would say less than the list as it came. */
static const char *names(struct agents_fixture *f)
{
	const struct json *nodes = fixture_at(f, "result.nodes");
	const char *all = "";
	for (uint32_t i = 0; i < nodes->count; i++)
		all = arena_printf(&f->arena, "%s%s%s", all, i > 0 ? " " : "", json_text(&nodes->items[i], "name"));
	return all;
}

static void a_goal_is_planned_by_methods(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(plan_of(f, "{\"name\":\"travel\",\"params\":{\"km\":3,\"state\":{\"cash\":6}}}", JOURNEY, ""),
					 201);
	assert_string_equal(fixture_text(f, "result.planner.name"), "htn");
	assert_number(fixture_number_at(f, "result.planner.expansions"), 4);
	assert_string_equal(fixture_text(f, "result.planner.cost"), "3.5");
	assert_int_equal(strlen(fixture_text(f, "result.planner.plan_sha256")), 64);
	assert_string_equal(fixture_text(f, "result.status"), "decomposed");
	assert_number(fixture_number_at(f, "result.totals.dependencies"), 2);
	assert_int_equal(page(f), 200);
	assert_string_equal(names(f), "travel pay ride leave"); /* as `after` wants it */
	assert_string_equal(fixture_text(f, "result.nodes.0.node_id"), "n0000000");
	assert_string_equal(fixture_text(f, "result.nodes.1.parent_id"), "n0000000");
	assert_number(fixture_number_at(f, "result.nodes.1.params.price"), 6);
	assert_number(fixture_number_at(f, "result.nodes.1.duration_s"), 5);   /* the subtask's word */
	assert_number(fixture_number_at(f, "result.nodes.2.duration_s"), 300); /* the operator's */
	assert_number(fixture_number_at(f, "result.nodes.3.duration_s"), 60);
	assert_number(fixture_number_at(f, "result.nodes.1.complexity"), .25);
	assert_string_equal(fixture_text(f, "result.nodes.1.capability"), "set");
	const char *id = fixture_keep(f, "result.decomposition_id");
	assert_int_equal(fixture_ask(f, "vic", "GET", arena_printf(&f->arena, TASKS "/%s/plan", id), NULL), 200);
	assert_true(fixture_true(f, "result.valid"));
	assert_number(fixture_number_at(f, "result.critical_path_s"), 365);
	assert_true(fixture_chain_sound(f));
}

/* Priority first, then the order of the library; what does not hold is passed over, and what came of it undone. */
static void options_are_tried_in_order_and_undone(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(plan_of(f, "{\"name\":\"travel\",\"params\":{\"km\":2}}", JOURNEY, ",\"state\":{\"cash\":4}"),
					 201);
	assert_int_equal(page(f), 200);
	assert_string_equal(names(f), "travel pay ride leave"); /* both hold: priority 5 */
	assert_int_equal(plan_of(f, "{\"name\":\"travel\",\"params\":{\"km\":2}}", JOURNEY, ",\"state\":{\"cash\":3}"),
					 201);
	assert_string_equal(fixture_text(f, "result.planner.cost"), "0");
	assert_number(fixture_number_at(f, "result.planner.expansions"), 4); /* bus, pay; foot, walk */
	assert_int_equal(page(f), 200);
	assert_string_equal(names(f), "travel walk");
	assert_number(fixture_number_at(f, "result.totals.dependencies"), 0);
	/* the first way into `a` spoils what `b` needs, which shows only there */
	static const char *const spoils =
		"{\"methods\":[{\"task\":\"g\",\"subtasks\":[{\"task\":\"a\"},{\"task\":\"b\"},{\"task\":\"c\"}]},"
		"{\"task\":\"a\",\"name\":\"first\",\"subtasks\":[{\"task\":\"x\"},{\"task\":\"spoil\"}]},"
		"{\"task\":\"a\",\"name\":\"second\",\"subtasks\":[{\"task\":\"x\"}]}],"
		"\"operators\":[{\"task\":\"spoil\",\"effect\":\".spoilt = true\"},{\"task\":\"x\",\"duration_s\":1},"
		"{\"task\":\"b\",\"when\":\".state.spoilt | not\",\"capability\":\"set\"},"
		"{\"task\":\"c\",\"when\":\".state.never\",\"name\":\"no\"},{\"task\":\"c\",\"name\":\"yes\"}]}";
	assert_int_equal(plan_of(f, "{\"name\":\"g\"}", spoils, ""), 201);
	assert_int_equal(page(f), 200);
	assert_string_equal(names(f), "g a b c x");
	assert_number(fixture_number_at(f, "result.planner.expansions"), 10);
}

static const char *nodes_text(struct agents_fixture *f)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_json(&jw, fixture_at(f, "result.nodes"));
	const char *text = arena_dupn(&f->arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text;
}

static void the_same_question_has_the_same_plan(void **state)
{
	struct agents_fixture *f = *state;
	const char *seal = NULL, *text = NULL;
	for (int i = 0; i < 3; i++) {
		assert_int_equal(plan_of(f, "{\"name\":\"travel\",\"params\":{\"km\":3}}", JOURNEY, ",\"state\":{\"cash\":6}"),
						 201);
		const char *now = fixture_keep(f, "result.planner.plan_sha256");
		assert_int_equal(page(f), 200);
		const char *nodes = nodes_text(f);
		if (i > 0) {
			assert_string_equal(now, seal);
			assert_string_equal(nodes, text);
		}
		seal = now;
		text = nodes;
		env_sim_advance(&f->env, 1000000);
	}
	assert_int_equal(plan_of(f, "{\"name\":\"travel\",\"params\":{\"km\":3}}", JOURNEY, ",\"state\":{\"cash\":7}"),
					 201);
	assert_string_not_equal(fixture_text(f, "result.planner.plan_sha256"), seal);
}

static void a_failure_names_what_did_not_hold(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(plan_of(f, "{\"name\":\"travel\",\"params\":{\"km\":3}}", JOURNEY, ",\"state\":{\"cash\":1}"),
					 422);
	assert_int_equal(fixture_at(f, "errors")->count, 2);
	assert_string_equal(fixture_text(f, "errors.0.pointer"), "/goal");
	assert_string_equal(fixture_text(f, "errors.0.code"), "no_plan");
	assert_string_equal(fixture_text(f, "errors.0.message"),
						"pay: its operator: does not hold: .state.cash >= .params.price");
	assert_string_equal(fixture_text(f, "errors.1.message"), "travel: on foot: does not hold: .params.km <= 2");
	assert_int_equal(plan_of(f, "{\"name\":\"fly\"}", JOURNEY, ""), 422);
	assert_string_equal(fixture_text(f, "errors.0.message"), "fly: no method and no operator does it");
	/* what fails does not hold */
	assert_int_equal(plan_of(f, "{\"name\":\"x\"}", "{\"operators\":[{\"task\":\"x\",\"when\":\"1 / 0\"}]}", ""), 422);
	assert_non_null(strstr(fixture_text(f, "errors.0.message"), "x: its operator: fails: "));
}

static void a_search_has_bounds(void **state)
{
	static const char *const deep = "{\"methods\":[{\"task\":\"t\",\"subtasks\":[{\"task\":\"t\"}]}]}";
	/* 2 options in each of 20 steps, and then nothing: more than 100,000 ways */
	struct agents_fixture *f = *state;
	struct buf wide;
	assert_int_equal(plan_of(f, "{\"name\":\"t\"}", deep, ",\"max_depth\":7"), 422);
	assert_string_equal(fixture_text(f, "errors.0.message"), "t: its method: would lie deeper than max_depth");
	assert_int_equal(plan_of(f, "{\"name\":\"t\"}",
							 "{\"methods\":[{\"task\":\"t\",\"subtasks\":[{\"task\":\"x\"},{\"task\":\"x\"},"
							 "{\"task\":\"x\"}]}],\"operators\":[{\"task\":\"x\"}]}",
							 ",\"max_nodes\":3"),
					 422);
	assert_string_equal(fixture_text(f, "errors.0.message"), "t: its method: would make more nodes than max_nodes");
	buf_init(&wide, 0);
	buf_adds(&wide, "{\"methods\":[{\"task\":\"t\",\"subtasks\":[");
	for (int i = 0; i < 20; i++)
		buf_adds(&wide, "{\"task\":\"x\"},");
	buf_adds(&wide, "{\"task\":\"never\"}]}],\"operators\":[{\"task\":\"x\",\"name\":\"one\"},{\"task\":\"x\",\"name\":"
					"\"two\"},{\"task\":\"never\",\"when\":\"false\"}]}");
	assert_int_equal(plan_of(f, "{\"name\":\"t\"}", buf_text(&wide), ""), 422);
	buf_fini(&wide);
	assert_string_equal(fixture_text(f, "errors.1.message"), "the search was given up after 100000 expansions");
}

static void unsound_libraries_are_refused(void **state)
{
	static const struct {
		const char *library, *pointer, *code, *part;
	} rows[] = {
		{"7", "/library", "type", ""},
		{"\"nothing\"", "/library", "unknown_reference", ""},
		{"null", "/library", "required", ""},
		{"{\"methods\":[{\"task\":\"t\"}]}", "/library/methods/0/subtasks", "required", ""},
		{"{\"methods\":[{\"task\":\"t\",\"subtasks\":[{\"id\":\"a\",\"task\":\"x\",\"after\":[\"b\"]}]}]}",
		 "/library/methods/0/subtasks/0/after/0", "unknown_dependency", ""},
		{"{\"methods\":[{\"task\":\"t\",\"subtasks\":[{\"id\":\"a\",\"task\":\"x\",\"after\":[\"b\"]},{\"id\":\"b\","
		 "\"task\":\"x\",\"after\":[\"a\"]}]}]}",
		 "/library/methods/0/subtasks", "cycle", "a -> b -> a"},
		{"{\"methods\":[{\"task\":\"t\",\"subtasks\":[{\"id\":\"a\",\"task\":\"x\",\"after\":[\"a\"]}]}]}",
		 "/library/methods/0/subtasks", "cycle", "a -> a"},
		{"{\"methods\":[{\"task\":\"t\",\"subtasks\":[{\"id\":\"a\",\"task\":\"x\"},{\"id\":\"a\",\"task\":\"x\"}]}]}",
		 "/library/methods/0/subtasks/1/id", "duplicate", ""},
		{"{\"operators\":[{\"task\":\"t\",\"when\":\".a +\"}]}", "/library/operators/0/when", "expression_syntax", ""},
		{"{\"operators\":[{\"task\":\"t\",\"effect\":\"env\"}]}", "/library/operators/0/effect", "expression_forbidden",
		 ""},
		{"{\"operators\":[{\"task\":\"t\",\"cost\":-1}]}", "/library/operators/0/cost", "format", ""},
	};
	struct agents_fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(plan_of(f, "{\"name\":\"t\"}", rows[i].library, ""), 422);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), rows[i].pointer);
		assert_string_equal(fixture_text(f, "errors.0.code"), rows[i].code);
		assert_non_null(strstr(fixture_text(f, "errors.0.message"), rows[i].part));
	}
}

static void nodes_are_expanded_by_the_library(void **state)
{
	struct agents_fixture *f = *state;
	assert_int_equal(plan_of(f, "{\"name\":\"trip\"}", JOURNEY,
							 ",\"state\":{\"cash\":6},\"nodes\":[{\"node_id\":\"r\",\"name\":\"trip\"},"
							 "{\"node_id\":\"n0000003\",\"parent_id\":\"r\",\"name\":\"travel\",\"params\":{\"km\":3}},"
							 "{\"node_id\":\"far\",\"parent_id\":\"r\",\"name\":\"travel\",\"params\":{\"km\":99}}]"),
					 201);
	assert_null(json_get(fixture_at(f, "result.planner"), "plan_sha256"));
	const char *path = arena_printf(&f->arena, TASKS "/%s/nodes", fixture_keep(f, "result.decomposition_id"));
	assert_int_equal(fixture_ask(f, "ops", "POST", path, "{\"parent_id\":\"far\",\"expand\":true}"), 422);
	assert_string_equal(fixture_text(f, "errors.0.code"), "no_plan");
	assert_int_equal(fixture_ask(f, "ops", "POST", path, "{\"parent_id\":\"n0000003\",\"expand\":true}"), 201);
	assert_int_equal(fixture_at(f, "result.nodes")->count, 3);
	assert_string_equal(fixture_text(f, "result.nodes.0.name"), "pay");
	assert_string_equal(fixture_text(f, "result.nodes.0.parent_id"), "n0000003");
	assert_string_equal(fixture_text(f, "result.nodes.0.node_id"), "nn0000003"); /* the usual name is taken */
	assert_int_equal(fixture_ask(f, "ops", "POST", path, "{\"parent_id\":\"n0000003\",\"expand\":true}"), 409);
	assert_int_equal(
		fixture_ask(f, "ops", "POST", path, "{\"parent_id\":\"far\",\"expand\":true,\"children\":[{\"name\":\"x\"}]}"),
		422);
	assert_int_equal(fixture_ask(f, "ops", "POST", TASKS, "{\"goal\":{\"name\":\"x\"}}"), 201);
	const char *bare = fixture_keep(f, "result.decomposition_id"), *root = fixture_keep(f, "result.root_id");
	assert_int_equal(fixture_ask(f, "ops", "POST", arena_printf(&f->arena, TASKS "/%s/nodes", bare),
								 "{\"parent_id\":\"%s\",\"expand\":true}", root),
					 409);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, agents_fixture_new, agents_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_goal_is_planned_by_methods),
		TEST(options_are_tried_in_order_and_undone),
		TEST(the_same_question_has_the_same_plan),
		TEST(a_failure_names_what_did_not_hold),
		TEST(a_search_has_bounds),
		TEST(unsound_libraries_are_refused),
		TEST(nodes_are_expanded_by_the_library),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
