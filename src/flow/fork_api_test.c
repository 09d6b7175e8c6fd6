#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "flow/runs_fixture.h"

/* A new run that begins with what another one did [flow.md 3.3]. */

#define WORK(name) "{\"" name "\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":\"${ . }\"}}}"
#define SET(name, text) "{\"" name "\":{\"set\":" text "}}"
#define TASKS "[" SET("s", "{\"n\":\"${ .n + 1 }\"}") "," WORK("a") "," SET("b", "{\"got\":\"${ . }\"}") "]"

static int claim(struct runs_fixture *f)
{
	return fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim", "{\"queue\":\"q\",\"worker_id\":\"w\"}");
}

static void work(struct runs_fixture *f, const char *output)
{
	char target[128];
	assert_int_equal(claim(f), 200);
	assert_non_null(fixture_at(f->base, "result.tasks.0"));
	snprintf(target, sizeof target, "/api/v1/flow/work/%s/complete", fixture_text(f->base, "result.tasks.0.task_id"));
	assert_int_equal(fixture_ask(f->base, "ops", "POST", target, "{\"fence\":1,\"output\":%s}", output), 200);
}

/* Fork the last run; from now on the fork is the last one. */
static void fork_run(struct runs_fixture *f, const char *body)
{
	char from[ID_TEXT];
	strcpy(from, f->run_id);
	int status = runs_ask(f, "ops", "POST", "/fork", "%s", body);
	if (status != 202)
		print_error("%s\n", f->base->answer.answer);
	assert_int_equal(status, 202);
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	assert_string_not_equal(f->run_id, from);
}

static void test_at_each_step(void **state)
{
	struct runs_fixture *f = *state;
	const char *const steps[] = {"/do/0/s", "/do/1/a", "/do/2/b"};
	char first[ID_TEXT];
	runs_start(f, TASKS, "{\"n\":1}");
	strcpy(first, f->run_id);
	work(f, "7");
	assert_true(runs_is(f, "completed"));
	for (int i = 0; i < 3; i++) { /* the same input and version: the same output */
		char body[64];
		strcpy(f->run_id, first);
		snprintf(body, sizeof body, "{\"from_step\":\"%s\"}", steps[i]);
		fork_run(f, body);
		if (i < 2)
			assert_true(runs_is(f, "waiting"));
		if (i < 2)
			work(f, "7");
		assert_true(runs_is(f, "completed"));
		assert_string_equal(runs_json(f, "result.output"), "{\"got\":7}");
		assert_string_equal(fixture_text(f->base, "result.forked_from"), first);
		assert_int_equal(claim(f), 200); /* behind the worker's step nobody is asked again */
		assert_null(fixture_at(f->base, "result.tasks.0"));
		assert_int_equal(runs_ask(f, "ops", "GET", "/journal", NULL), 200);
		assert_int_equal(fixture_number_at(f->base, "result.rows.0.seq"), 1);
	}
}

static void test_input(void **state)
{
	struct runs_fixture *f = *state;
	char before[ID_TEXT];
	runs_start(f, TASKS, "{\"n\":1}");
	assert_true(runs_is(f, "waiting"));
	fork_run(f, "{\"from_step\":\"/do/1/a\",\"input\":{\"n\":50}}");
	assert_true(runs_is(f, "waiting"));
	strcpy(before, f->run_id);
	fork_run(f, "{\"input\":{\"n\":5}}");
	assert_string_equal(fixture_text(f->base, "result.forked_from"), before); /* of whose journal it has nothing */
	assert_true(runs_is(f, "waiting"));
	assert_string_equal(fixture_text(f->base, "result.forked_from"), before);
	assert_int_equal(claim(f), 200);
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "{\"n\":2}");
	assert_int_equal(claim(f), 200);
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "{\"n\":50}");
	assert_int_equal(claim(f), 200);
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "{\"n\":6}");
}

/* A fork of a fork, after a restart, of a run that stood still: what was under way goes by keys of its own. */
static void test_again(void **state)
{
	struct runs_fixture *f = *state;
	char key[80];
	runs_start(f, TASKS, "{\"n\":1}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(claim(f), 200);
	snprintf(key, sizeof key, "%s", fixture_text(f->base, "result.tasks.0.idempotency_key"));
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	char body[64];
	snprintf(body, sizeof body, "{\"from_seq\":%d}", (int)fixture_number_at(f->base, "result.seq"));
	fork_run(f, body);
	assert_true(runs_is(f, "waiting"));
	fork_run(f, "{\"from_step\":\"/do/1/a\"}");
	runs_reopen(f);
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(claim(f), 200);
	assert_string_not_equal(fixture_text(f->base, "result.tasks.0.idempotency_key"), key);
	work(f, "9");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"got\":9}");
}

static void publish(struct runs_fixture *f, const char *version, const char *tasks)
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
								 "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"w\","
								 "\"version\":\"%s\"},\"do\":%s}}",
								 version, tasks),
					 201);
}

/* Another version from there on, where what was done is of that one too. */
static void test_version(void **state)
{
	struct runs_fixture *f = *state;
	char first[ID_TEXT];
	publish(f, "1.0.0", TASKS);
	publish(f, "1.1.0", "[" SET("s", "{\"n\":0}") "," WORK("a") "," SET("b", "{\"new\":\"${ . }\"}") "]");
	publish(f, "2.0.0", "[" WORK("a") "," SET("b", "{\"newer\":\"${ . }\"}") "]");
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
								 "{\"namespace\":\"t\",\"name\":\"w\",\"version\":\"1.0.0\",\"input\":{\"n\":1}}"),
					 202);
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	strcpy(first, f->run_id);
	assert_true(runs_is(f, "waiting"));
	work(f, "7");
	assert_true(runs_is(f, "completed"));
	fork_run(f, "{\"from_step\":\"/do/2/b\",\"version\":\"1.1.0\"}");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"new\":7}");
	assert_string_equal(fixture_text(f->base, "result.version"), "1.1.0");
	strcpy(f->run_id, first);
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"from_step\":\"/do/2/b\",\"version\":\"2.0.0\"}"), 422);
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"version\":\"3.0.0\"}"), 404);
	fork_run(f, "{\"version\":\"2.0.0\"}");
	assert_true(runs_is(f, "waiting"));
	work(f, "8");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"newer\":8}");
}

/* The step that it begins with is said to have given this. */
static void test_patch(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, TASKS, "{\"n\":1}");
	assert_true(runs_is(f, "waiting"));
	fork_run(f, "{\"from_step\":\"/do/1/a\",\"patch\":{\"output\":70}}");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"got\":70}");
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"patch\":{\"output\":70}}"), 422);
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"from_step\":\"/do/1/a\",\"patch\":{}}"), 422);
}

static void test_refused(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "]", "{}");
	assert_true(runs_is(f, "completed"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"from_step\":\"/do/1/x\"}"), 404);
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"from_seq\":99}"), 422);
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"from_seq\":1,\"from_step\":\"/do/0/s\"}"), 422);
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"from_seq\":1,\"input\":null}"), 422);
	assert_int_equal(runs_ask(f, "vic", "POST", "/fork", "{}"), 403);
	assert_int_equal(runs_ask(f, "eve", "POST", "/fork", "{}"), 404);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_at_each_step), TEST(test_input), TEST(test_again),
									   TEST(test_version),      TEST(test_patch), TEST(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
