#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "flow/decomposition_planner.h"
#include "flow/model_fixture.h"

#define TASKS "/api/v1/flow/tasks/decompositions"
#define COST "/api/v1/flow/cost"
#define assert_number(a, b) assert_true(fabs((a) - (b)) < 1e-9)

static int plan(struct model *m, const char *more)
{
	return fixture_ask(m->f, "ops", "POST", TASKS,
					   "{\"goal\":{\"name\":\"Report\",\"description\":\"of the year\",\"params\":{\"pages\":3}},"
					   "\"planner\":\"llm\"%s}",
					   more);
}

static int page(struct model *m, const char *id)
{
	return fixture_ask(m->f, "vic", "GET", arena_printf(&m->f->arena, TASKS "/%s", id), NULL);
}

#define SOUND \
	"{\"nodes\":[{\"node_id\":\"r\",\"name\":\"Report\"},{\"node_id\":\"gather\",\"parent_id\":\"r\",\"name\":" \
	"\"Gather\"," \
	"\"duration_s\":600,\"complexity\":0.2},{\"node_id\":\"write\",\"parent_id\":\"r\",\"name\":\"Write\"," \
	"\"duration_s\":900,\"complexity\":0.7,\"capability\":\"llm\"}],\"dependencies\":[{\"from\":\"gather\",\"to\":" \
	"\"write\"}]}"

static void a_model_plans_a_goal(void **state)
{
	struct model *m = *state;
	m->answers[0] = "Here it is:\n```json\n" SOUND "\n```\n";
	assert_int_equal(plan(m, ",\"strategy\":\"hybrid\",\"max_depth\":7"), 201);
	assert_string_equal(fixture_text(m->f, "result.planner.name"), "llm");
	assert_string_equal(fixture_text(m->f, "result.planner.model"), "gpt-5-mini");
	assert_number(fixture_number_at(m->f, "result.planner.asked"), 1);
	assert_int_equal(strlen(fixture_text(m->f, "result.planner.answer_sha256")), 64);
	assert_int_equal(strlen(fixture_text(m->f, "result.planner.plan_sha256")), 64);
	assert_string_equal(fixture_text(m->f, "result.root_id"), "r");
	assert_number(fixture_number_at(m->f, "result.totals.nodes"), 3);
	assert_string_equal(fixture_text(m->f, "result.frontier.0"), "write");
	const char *id = fixture_keep(m->f, "result.decomposition_id");
	assert_int_equal(fixture_ask(m->f, "vic", "GET", arena_printf(&m->f->arena, TASKS "/%s/plan", id), NULL), 200);
	assert_true(fixture_true(m->f, "result.valid"));
	assert_number(fixture_number_at(m->f, "result.critical_path_s"), 1500);
	assert_non_null(strstr(m->body, "\"model\":\"gpt-5-mini\""));
	assert_non_null(strstr(m->body, "\\\"name\\\":\\\"Report\\\",\\\"description\\\":\\\"of the year\\\""));
	assert_non_null(strstr(m->body, "\\\"strategy\\\":\\\"hybrid\\\",\\\"expected_children\\\":8,\\\"max_depth\\\":7"));
	assert_true(fixture_chain_sound(m->f));
}

/* [flow.md 8]: prompt and answer are stored, and the plan can be made of them again without the model */
static void what_was_asked_is_kept_and_reads_the_same_again(void **state)
{
	struct model *m = *state;
	struct planner_result result;
	struct faults faults;
	struct err err;
	const char *library;
	m->answers[0] = SOUND;
	assert_int_equal(plan(m, ""), 201);
	const char *id = fixture_keep(m->f, "result.decomposition_id"),
			   *seal = fixture_keep(m->f, "result.planner.plan_sha256");
	assert_int_equal(page(m, id), 200);
	assert_int_equal(fixture_at(m->f, "result.asks")->count, 1);
	const char *text = fixture_keep(m->f, "result.asks.0.answer");
	assert_string_equal(text, SOUND);
	assert_string_equal(fixture_text(m->f, "result.asks.0.model"), "m-1");
	assert_string_equal(fixture_text(m->f, "result.asks.0.prompt.model"), "gpt-5-mini");
	assert_string_equal(fixture_text(m->f, "result.asks.0.prompt.messages.0.role"), "system");
	assert_int_equal(fixture_at(m->f, "result.asks.0.problems")->count, 0);
	assert_int_equal(fixture_at(m->f, "result.asks.0.node_id")->kind, JS_NULL);
	const struct json *params = fixture_at(m->f, "result.goal.params");
	const struct planner_request request = {
		.task = "Report", .params = params, .depth_max = DECOMPOSITION_DEPTH, .nodes_max = 100000};
	faults_init(&faults, &m->f->arena);
	assert_true(planner_llm_read(&m->f->arena, &request, text, &result, &library, &faults, &err));
	assert_int_equal(result.nodes.count, 3);
	assert_string_equal(result.nodes.items[2].node_id, "write");
	assert_string_equal(result.plan_sha256, seal);
	assert_int_equal(fixture_ask(m->f, "vic", "GET", arena_printf(&m->f->arena, TASKS "/%s?limit=1", id), NULL), 200);
	const char *next = fixture_keep(m->f, "result.next_cursor");
	assert_int_equal(
		fixture_ask(m->f, "vic", "GET", arena_printf(&m->f->arena, TASKS "/%s?limit=1&cursor=%s", id, next), NULL),
		200);
	assert_int_equal(fixture_at(m->f, "result.asks")->count, 0);
}

static void an_answer_with_problems_is_given_back(void **state)
{
	struct model *m = *state;
	m->answers[0] =
		"{\"nodes\":[{\"node_id\":\"r\"},{\"node_id\":\"a\",\"parent_id\":\"r\"},{\"node_id\":\"b\","
		"\"parent_id\":\"r\"}],\"dependencies\":[{\"from\":\"a\",\"to\":\"b\"},{\"from\":\"b\",\"to\":\"a\"}]}";
	m->answers[1] = SOUND;
	assert_int_equal(plan(m, ""), 201);
	assert_int_equal(m->asked, 2);
	assert_non_null(strstr(m->body, "a -> b -> a")); /* the second question names the problem */
	assert_non_null(strstr(m->body, "\"role\":\"assistant\""));
	assert_int_equal(page(m, fixture_keep(m->f, "result.decomposition_id")), 200);
	assert_int_equal(fixture_at(m->f, "result.asks")->count, 2);
	assert_string_equal(fixture_text(m->f, "result.asks.0.problems.0.code"), "cycle");
	assert_string_equal(fixture_text(m->f, "result.asks.0.problems.0.message"), "a -> b -> a");
	assert_number(fixture_number_at(m->f, "result.asks.1.attempt"), 2);
	assert_number(fixture_number_at(m->f, "result.planner.asked"), 2);
}

static void problems_are_named_after_the_last_answer(void **state)
{
	static const struct {
		const char *answer, *pointer, *code, *more;
	} rows[] = {
		{"I cannot do that.", "/answer", "json_invalid", ""},
		{"{\"nodes\":[", "/answer", "json_invalid", ""},
		{"{\"nodes\":[]}", "/answer/nodes", "count", ""},
		{"{}", "/answer/nodes", "required", ""},
		{"{\"nodes\":[{\"node_id\":\"a\",\"complexity\":2}]}", "/answer/nodes/0/complexity", "range", ""},
		{"{\"nodes\":[{\"node_id\":\"a\",\"cost\":2}]}", "/answer/nodes/0/cost", "unknown_field", ""},
		{"{\"nodes\":[{\"node_id\":\"a\"},{\"node_id\":\"a\",\"parent_id\":\"a\"}]}", "/answer/nodes/1/node_id",
		 "duplicate", ""},
		{"{\"nodes\":[{\"node_id\":\"a\",\"parent_id\":\"b\"}]}", "/answer", "parent_missing", ""},
		{"{\"nodes\":[{\"node_id\":\"a\"}],\"dependencies\":[{\"from\":\"a\",\"to\":\"x\"}]}", "/answer",
		 "missing_node", ""},
		{"{\"nodes\":[{\"node_id\":\"a\"},{\"node_id\":\"b\",\"parent_id\":\"a\"}],\"dependencies\":[{\"from\":\"a\","
		 "\"to\":\"b\"}]}",
		 "/answer", "descendant_dependency", ""},
		{"{\"nodes\":[{\"node_id\":\"a\"},{\"node_id\":\"b\",\"parent_id\":\"a\"},{\"node_id\":\"c\",\"parent_id\":"
		 "\"b\"}]}",
		 "/answer", "depth_limit", ",\"max_depth\":1"},
		{SOUND, "/answer/nodes", "count", ",\"max_nodes\":2"},
		{"{\"methods\":[{\"task\":\"t\"}]}", "/answer/methods/0/subtasks", "required", ""},
		{"{\"operators\":[{\"task\":\"other\"}]}", "/answer", "no_plan", ""},
	};
	struct model *m = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		m->answers[0] = rows[i].answer;
		m->asked = 0;
		assert_int_equal(plan(m, rows[i].more), 422);
		assert_int_equal(m->asked, PLANNER_ANSWERS);
		assert_string_equal(fixture_text(m->f, "errors.0.pointer"), "/goal");
		assert_string_equal(fixture_text(m->f, "errors.0.code"), "no_plan");
		assert_string_equal(fixture_text(m->f, "errors.1.code"), rows[i].code);
		assert_string_equal(fixture_text(m->f, "errors.1.pointer"), rows[i].pointer);
	}
}

/* [flow.md 7]: the upper bound is reserved before, what it took is settled after */
static void money_is_kept_before_and_settled_after(void **state)
{
	struct model *m = *state;
	m->answers[0] = SOUND;
	assert_int_equal(fixture_ask(m->f, "ops", "POST", COST "/budgets",
								 "{\"scope\":\"agent\",\"scope_id\":\"planner\",\"allocated_budget\":\"1\","
								 "\"currency\":\"USD\"}"),
					 201);
	m->budget_id = fixture_keep(m->f, "result.budget_id");
	const char *budget = arena_printf(&m->f->arena, COST "/budgets/%s", m->budget_id);
	assert_int_equal(plan(m, ",\"agent_id\":\"planner\",\"max_tokens\":100000"), 201);
	assert_true(m->reserved >= 100000);
	double cost = fixture_number_at(m->f, "result.planner.cost_micros");
	assert_true(cost > 0 && cost < m->reserved);
	assert_int_equal(fixture_ask(m->f, "vic", "GET", budget, NULL), 200);
	assert_number(fixture_number_at(m->f, "result.reserved_micros"), 0);
	assert_number(fixture_number_at(m->f, "result.consumed_budget_micros"), cost);
	/* more than there is: nothing was asked */
	m->asked = 0;
	assert_int_equal(plan(m, ",\"agent_id\":\"planner\",\"max_tokens\":1000000"), 402);
	assert_int_equal(m->asked, 0);
	assert_string_equal(fixture_text(m->f, "code"), "budget_exceeded");
	assert_string_equal(fixture_text(m->f, "budget_id"), m->budget_id);
	assert_true(fixture_number_at(m->f, "requested_micros") > fixture_number_at(m->f, "available_micros"));
	/* what was asked in vain was spent */
	m->answers[0] = "no";
	assert_int_equal(plan(m, ",\"agent_id\":\"planner\",\"max_tokens\":1000"), 422);
	assert_int_equal(fixture_ask(m->f, "vic", "GET", budget, NULL), 200);
	assert_number(fixture_number_at(m->f, "result.consumed_budget_micros"), 4 * cost);
	assert_number(fixture_number_at(m->f, "result.reserved_micros"), 0);
}

static void an_endpoint_that_fails_is_asked_again_within_bounds(void **state)
{
	struct model *m = *state;
	m->answers[0] = "";
	m->statuses[0] = 503;
	m->answers[1] = SOUND;
	assert_int_equal(plan(m, ""), 201);
	assert_int_equal(m->asked, 2);
	assert_int_equal(page(m, fixture_keep(m->f, "result.decomposition_id")), 200);
	assert_int_equal(fixture_at(m->f, "result.asks.0.answer")->kind, JS_NULL);
	m->asked = 0;
	m->answers[1] = NULL;
	assert_int_equal(plan(m, ""), 503);
	assert_int_equal(m->asked, PLANNER_ANSWERS);
	assert_string_equal(fixture_text(m->f, "code"), "unavailable");
	m->asked = 0;
	m->statuses[0] = 400; /* would be refused again */
	assert_int_equal(plan(m, ""), 503);
	assert_int_equal(m->asked, 1);
}

static void a_library_may_be_the_answer(void **state)
{
	struct model *m = *state;
	m->answers[0] =
		"{\"methods\":[{\"task\":\"Report\",\"subtasks\":[{\"id\":\"a\",\"task\":\"gather\"},{\"task\":\"write\","
		"\"after\":[\"a\"]}]}],\"operators\":[{\"task\":\"gather\",\"duration_s\":5},{\"task\":\"write\","
		"\"duration_s\":7}]}";
	assert_int_equal(plan(m, ""), 201);
	assert_number(fixture_number_at(m->f, "result.totals.nodes"), 3);
	assert_number(fixture_number_at(m->f, "result.planner.expansions"), 3);
	assert_int_equal(strlen(fixture_text(m->f, "result.planner.library_sha256")), 64);
	const char *id = fixture_keep(m->f, "result.decomposition_id");
	assert_int_equal(fixture_ask(m->f, "vic", "GET", arena_printf(&m->f->arena, TASKS "/%s/plan", id), NULL), 200);
	assert_number(fixture_number_at(m->f, "result.critical_path_s"), 12);
}

static void a_node_is_taken_apart_by_the_model(void **state)
{
	struct model *m = *state;
	m->answers[0] = SOUND;
	assert_int_equal(plan(m, ""), 201);
	const char *id = fixture_keep(m->f, "result.decomposition_id");
	const char *nodes = arena_printf(&m->f->arena, TASKS "/%s/nodes", id);
	m->asked = 0;
	m->answers[0] = "{\"nodes\":[{\"node_id\":\"gather\",\"name\":\"x\"}]}"; /* a name that is taken */
	m->answers[1] = "{\"nodes\":[{\"node_id\":\"draft\",\"name\":\"Draft\"},{\"node_id\":\"polish\",\"parent_id\":"
					"\"write\",\"name\":\"Polish\"}],\"dependencies\":[{\"from\":\"draft\",\"to\":\"polish\"}]}";
	assert_int_equal(fixture_ask(m->f, "ops", "POST", nodes, "{\"parent_id\":\"write\",\"expand\":true}"), 201);
	assert_int_equal(m->asked, 2);
	assert_non_null(strstr(m->body, "\\\"node\\\":{\\\"node_id\\\":\\\"write\\\",\\\"name\\\":\\\"Write\\\""));
	assert_non_null(strstr(m->body, "is the id of another node"));
	assert_int_equal(fixture_at(m->f, "result.nodes")->count, 2);
	assert_string_equal(fixture_text(m->f, "result.nodes.0.parent_id"), "write");
	assert_int_equal(page(m, id), 200);
	assert_number(fixture_number_at(m->f, "result.totals.nodes"), 5);
	assert_int_equal(fixture_at(m->f, "result.asks")->count, 3);
	assert_string_equal(fixture_text(m->f, "result.asks.2.node_id"), "write");
	/* nodes that come along are kept, and the model is asked when one is expanded */
	m->asked = 0;
	m->answers[0] = "{\"nodes\":[{\"node_id\":\"b\",\"name\":\"B\"}]}";
	assert_int_equal(plan(m, ",\"model\":\"other\",\"nodes\":[{\"node_id\":\"a\",\"name\":\"A\",\"complexity\":1}]"),
					 201);
	assert_int_equal(m->asked, 0);
	assert_null(json_get(fixture_at(m->f, "result.planner"), "plan_sha256"));
	nodes = arena_printf(&m->f->arena, TASKS "/%s/nodes", fixture_keep(m->f, "result.decomposition_id"));
	assert_int_equal(fixture_ask(m->f, "ops", "POST", nodes, "{\"parent_id\":\"a\",\"expand\":true}"), 201);
	assert_non_null(strstr(m->body, "\"model\":\"other\""));
}

static void without_models_it_is_said_so(void **state)
{
	struct model *m = *state;
	struct err err;
	const struct budget_hooks none = {.self = NULL};
	fixture_reopen(m->f, &none);
	assert_int_equal(plan(m, ""), 501);
	assert_string_equal(fixture_text(m->f, "code"), "not_implemented");
	must(agents_api_models(m->f->agents, m->llm, NULL, NULL, &err));
	assert_int_equal(plan(m, ""), 422);
	assert_string_equal(fixture_text(m->f, "errors.0.pointer"), "/model");
	m->answers[0] = SOUND;
	assert_int_equal(plan(m, ",\"model\":\"m\""), 201);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, model_new, model_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_model_plans_a_goal),
		TEST(what_was_asked_is_kept_and_reads_the_same_again),
		TEST(an_answer_with_problems_is_given_back),
		TEST(problems_are_named_after_the_last_answer),
		TEST(money_is_kept_before_and_settled_after),
		TEST(an_endpoint_that_fails_is_asked_again_within_bounds),
		TEST(a_library_may_be_the_answer),
		TEST(a_node_is_taken_apart_by_the_model),
		TEST(without_models_it_is_said_so),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
