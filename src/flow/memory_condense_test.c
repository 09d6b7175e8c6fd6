#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <string.h>

#include "core/json.h"
#include "flow/model_fixture.h"

#define MEMORY "/api/v1/flow/memory"
#define assert_number(a, b) assert_true(fabs((a) - (b)) < 1e-6)

static const char *keep(struct model *m, const char *content)
{
	assert_int_equal(fixture_ask(m->f, "ops", "POST", MEMORY "/working",
								 "{\"agent_id\":\"a\",\"content\":\"%s\",\"importance_score\":0.8}", content),
					 201);
	return fixture_keep(m->f, "result.memory_id");
}

static int promote(struct model *m, const char *one, const char *two, const char *more)
{
	return fixture_ask(m->f, "ops", "POST", MEMORY "/promote/l2",
					   "{\"agent_id\":\"a\",\"memory_ids\":[\"%s\",\"%s\"]%s}", one, two, more);
}

/* [flow.md 6]: the caller's summary, else the configured model's, else extractive */
static void the_model_summarises(void **state)
{
	struct model *m = *state;
	m->answers[0] = "The gate is open from six to nine.";
	assert_int_equal(
		fixture_ask(m->f, "ops", "POST", "/api/v1/flow/cost/budgets",
					"{\"scope\":\"agent\",\"scope_id\":\"a\",\"allocated_budget\":\"1\",\"currency\":\"USD\"}"),
		201);
	m->budget_id = fixture_keep(m->f, "result.budget_id");
	const char *one = keep(m, "The gate opens at six."), *two = keep(m, "The gate closes at nine.");
	assert_int_equal(promote(m, one, two, ""), 201);
	assert_int_equal(m->asked, 1);
	assert_string_equal(fixture_text(m->f, "result.memories.0.content"), m->answers[0]);
	assert_number(fixture_number_at(m->f, "result.memories.0.compression_ratio"), 34. / 46);
	assert_int_equal(fixture_at(m->f, "result.memories.0.source_ids")->count, 2);
	assert_non_null(strstr(m->body, "The gate opens at six.\\n\\nThe gate closes at nine."));
	assert_true(m->reserved > 0); /* the agent's budget pays */
	assert_int_equal(
		fixture_ask(m->f, "vic", "GET", arena_printf(&m->f->arena, "/api/v1/flow/cost/budgets/%s", m->budget_id), NULL),
		200);
	assert_true(fixture_number_at(m->f, "result.consumed_budget_micros") > 0);
	assert_number(fixture_number_at(m->f, "result.reserved_micros"), 0);
}

static void the_callers_own_needs_no_model(void **state)
{
	struct model *m = *state;
	m->answers[0] = "no";
	const char *one = keep(m, "The gate opens at six."), *two = keep(m, "The gate closes at nine.");
	assert_int_equal(promote(m, one, two, ",\"summary\":\"mine\""), 201);
	assert_int_equal(m->asked, 0);
	assert_string_equal(fixture_text(m->f, "result.memories.0.content"), "mine");
	/* what is refused is refused with a model too */
	assert_int_equal(promote(m, one, two, ""), 404);
	assert_int_equal(m->asked, 0);
	assert_int_equal(promote(m, one, one, ""), 422);
}

static void without_an_answer_sentences_are_taken(void **state)
{
	struct model *m = *state;
	m->answers[0] = "";
	m->statuses[0] = 500;
	const char *one = keep(m, "The gate opens at six."), *two = keep(m, "The gate closes at nine.");
	assert_int_equal(promote(m, one, two, ""), 201);
	assert_int_equal(m->asked, 1);
	assert_string_equal(fixture_text(m->f, "result.memories.0.content"), "The gate opens at six.");
	m->statuses[0] = 0; /* an empty answer is none */
	one = keep(m, "The door opens at six.");
	two = keep(m, "The door closes at nine.");
	assert_int_equal(promote(m, one, two, ""), 201);
	assert_int_equal(m->asked, 2);
	assert_string_equal(fixture_text(m->f, "result.memories.0.content"), "The door opens at six.");
}

/* Groups by likeness are asked about one by one. */
static void each_cluster_has_its_own(void **state)
{
	struct model *m = *state;
	m->answers[0] = "one";
	m->answers[1] = "two";
	for (int i = 0; i < 6; i++) {
		const char *id =
			keep(m, arena_printf(&m->f->arena, "%s of day %d", i < 3 ? "alpha beta gamma" : "delta eps zeta", i));
		for (int k = 0; k < 3; k++)
			assert_int_equal(fixture_ask(m->f, "vic", "GET", arena_printf(&m->f->arena, MEMORY "/%s", id), NULL), 200);
	}
	env_sim_advance(&m->f->env, INT64_C(3600) * 1000000);
	assert_int_equal(fixture_ask(m->f, "ops", "POST", MEMORY "/compress", "{\"agent_id\":\"a\"}"), 201);
	assert_int_equal(m->asked, 2);
	assert_number(fixture_number_at(m->f, "result.total"), 2);
	assert_string_equal(fixture_text(m->f, "result.memories.0.content"), "one");
	assert_string_equal(fixture_text(m->f, "result.memories.1.content"), "two");
	assert_true(fixture_chain_sound(m->f));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, model_new, model_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(the_model_summarises),
		TEST(the_callers_own_needs_no_model),
		TEST(without_an_answer_sentences_are_taken),
		TEST(each_cluster_has_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
