#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "flow/flow_api.h"
#include "flow/runs_fixture.h"

/* POST /runs/bulk: one word to many runs [flow.md 3.3]. */

#define WORK "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":1}}}]"
#define DONE "[{\"s\":{\"set\":{\"n\":1}}}]"
#define RAISE "[{\"r\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"t\"}}}}]"

/* Start a run of t/NAME with the label k:LABEL. */
static void start(struct runs_fixture *f, const char *name, const char *label, const char *tasks, char run_id[ID_TEXT])
{
	int status = fixture_ask(
		f->base, "ops", "POST", "/api/v1/flow/runs",
		"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"%s\",\"version\":\"1.0.0\"},"
		"\"do\":%s},\"labels\":{\"k\":\"%s\"}}",
		name, tasks, label);
	assert_int_equal(status, 202);
	strcpy(f->run_id, fixture_text(f->base, "result.run_id"));
	strcpy(run_id, f->run_id);
}

static bool is(struct runs_fixture *f, const char *run_id, const char *status)
{
	strcpy(f->run_id, run_id);
	return runs_is(f, status);
}

static void bulk(struct runs_fixture *f, const char *body, int matched, int changed)
{
	int status = fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs/bulk", "%s", body);
	if (status != 200)
		print_error("%s\n", f->base->answer.answer);
	assert_int_equal(status, 200);
	assert_int_equal(fixture_number_at(f->base, "result.matched"), matched);
	assert_int_equal(fixture_number_at(f->base, "result.changed"), changed);
}

static void test_each_word(void **state)
{
	struct runs_fixture *f = *state;
	char a[ID_TEXT], b[ID_TEXT], c[ID_TEXT], d[ID_TEXT];
	start(f, "one", "x", WORK, a);
	assert_true(is(f, a, "waiting"));
	start(f, "two", "x", WORK, b);
	assert_true(is(f, b, "waiting"));
	start(f, "one", "y", DONE, c);
	assert_true(is(f, c, "completed"));
	start(f, "one", "x", RAISE, d);
	assert_true(is(f, d, "faulted"));
	bulk(f, "{\"action\":\"pause\",\"filter\":{},\"dry_run\":true}", 4, 0);
	assert_true(is(f, a, "waiting"));
	bulk(f, "{\"action\":\"pause\",\"filter\":{\"workflow\":\"t/one\"},\"reason\":\"night\"}", 3, 1);
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	assert_true(is(f, a, "suspended"));
	assert_true(is(f, b, "waiting"));
	bulk(f, "{\"action\":\"pause\",\"filter\":{\"label\":\"k:x\"}}", 3, 1);
	assert_true(is(f, b, "suspended"));
	bulk(f, "{\"action\":\"resume\",\"filter\":{\"status\":\"suspended\"}}", 2, 2);
	assert_true(is(f, a, "waiting"));
	bulk(f, "{\"action\":\"cancel\",\"filter\":{\"label\":\"k:x\",\"workflow\":\"t/two\"}}", 1, 1);
	assert_true(is(f, b, "cancelled"));
	assert_true(is(f, a, "waiting"));
	bulk(f, "{\"action\":\"retry\",\"filter\":{}}", 4, 2);
	assert_true(is(f, b, "waiting"));
	assert_true(is(f, d, "faulted"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/steps", NULL), 200);
	assert_int_equal(fixture_number_at(f->base, "result.steps.1.attempt"), 2);
	assert_true(is(f, c, "completed"));
	assert_true(fixture_chain_sound(f->base));
}

/* [flow.md 9]: what pause_workflow does; runs of others go on */
static void test_paused_by_the_server(void **state)
{
	struct runs_fixture *f = *state;
	struct err err;
	char one[ID_TEXT], more[ID_TEXT], two[ID_TEXT];
	start(f, "one", "x", WORK, one);
	assert_true(is(f, one, "waiting"));
	start(f, "one", "y", WORK, more);
	assert_true(is(f, more, "waiting"));
	start(f, "two", "x", WORK, two);
	assert_true(is(f, two, "waiting"));
	assert_true(flow_api_pause(f->flow, FIXTURE_ACCOUNT, "t/one", "too_many_faults", &err));
	assert_true(is(f, one, "suspended")); /* it waited for the turns */
	assert_true(is(f, more, "suspended"));
	assert_string_equal(fixture_text(f->base, "result.reason"), "paused");
	assert_true(is(f, two, "waiting"));
	assert_true(flow_api_pause(f->flow, FIXTURE_ACCOUNT, "t/none", "x", &err));
	assert_true(flow_api_pause(f->flow, FIXTURE_OTHER, "t/two", "x", &err));
	assert_true(is(f, two, "waiting"));
	assert_false(flow_api_pause(f->flow, FIXTURE_ACCOUNT, "two", "x", &err));
	assert_true(fixture_chain_sound(f->base));
}

/* A schedule of a workflow that was published: its id. */
static void schedule(struct runs_fixture *f, const char *name, const char *kind_and_spec, char id[ID_TEXT])
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/schedules", "{\"workflow\":\"t/%s\",%s}", name,
								 kind_and_spec),
					 201);
	strcpy(id, fixture_text(f->base, "result.schedule_id"));
}

static const char *schedule_says(struct runs_fixture *f, const char *id, const char *member)
{
	char path[96];
	snprintf(path, sizeof path, "/api/v1/flow/schedules/%s", id);
	assert_int_equal(fixture_ask(f->base, "ops", "GET", path, NULL), 200);
	snprintf(path, sizeof path, "result.%s", member);
	return runs_json(f, path);
}

static void test_schedules_are_paused_too(void **state)
{
	struct runs_fixture *f = *state;
	struct err err;
	char every[ID_TEXT], on[ID_TEXT], other[ID_TEXT];
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
						"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"%s\","
						"\"version\":\"1.0.0\"},\"do\":" DONE "}}",
						i == 0 ? "one" : "two"),
			201);
	schedule(f, "one", "\"kind\":\"every\",\"spec\":\"PT1H\"", every);
	schedule(f, "one", "\"kind\":\"on\",\"spec\":{\"one\":{\"with\":{\"type\":\"x\"}}}", on);
	schedule(f, "two", "\"kind\":\"every\",\"spec\":\"PT1H\"", other);
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/runs?workflow=system/listener", NULL), 200);
	strcpy(f->run_id, fixture_text(f->base, "result.items.0.run_id"));
	assert_true(runs_is(f, "waiting"));
	assert_true(flow_api_pause(f->flow, FIXTURE_ACCOUNT, "t/one", "too_many_faults", &err));
	assert_string_equal(schedule_says(f, every, "enabled"), "false");
	assert_string_equal(schedule_says(f, every, "next_at"), "null");
	assert_string_equal(schedule_says(f, every, "last_error"), "\"paused by too_many_faults\"");
	assert_string_equal(schedule_says(f, on, "enabled"), "false");
	assert_true(runs_is(f, "cancelled")); /* its listener */
	assert_string_equal(schedule_says(f, other, "enabled"), "true");
	assert_true(fixture_chain_sound(f->base));
	char path[96];
	snprintf(path, sizeof path, "/api/v1/flow/schedules/%s/resume", every);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{}"), 200);
	assert_string_equal(schedule_says(f, every, "last_error"), "null");
}

/* A label is found as it was given: it is no pattern, and its letters are not others. */
static void test_labels(void **state)
{
	static const char *const labels[] = {"r_d", "red", "RED", "%", "a\\\"b", "\\u00e9"};
	struct runs_fixture *f = *state;
	char id[ID_TEXT], body[160];
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		start(f, "one", labels[i], WORK, id);
		assert_true(is(f, id, "waiting"));
	}
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++) {
		snprintf(body, sizeof body, "{\"action\":\"cancel\",\"filter\":{\"label\":\"k:%s\"},\"dry_run\":true}",
				 labels[i]);
		bulk(f, body, 1, 0);
	}
	bulk(f, "{\"action\":\"cancel\",\"filter\":{\"label\":\"_:red\"},\"dry_run\":true}", 0, 0);
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/runs?label=k:r_d", NULL), 200);
	assert_string_equal(runs_json(f, "result.items.1"), "absent");
	assert_string_equal(fixture_text(f->base, "result.items.0.labels.k"), "r_d");
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/runs?label=red", NULL), 422);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs/bulk",
								 "{\"action\":\"cancel\",\"filter\":{\"label\":\"%s\"}}", "%"),
					 422);
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/filter/label");
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
								 "{\"namespace\":\"t\",\"name\":\"one\",\"labels\":{\"a\":\"x\",\"n/m\":1}}"),
					 422);
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/labels/n~1m");
}

/* The ones that the word can reach come first, so that a limit is no wall. */
static void test_limit_and_time(void **state)
{
	struct runs_fixture *f = *state;
	char done[ID_TEXT], ids[3][ID_TEXT];
	start(f, "one", "x", DONE, done);
	assert_true(is(f, done, "completed"));
	for (int i = 0; i < 3; i++) {
		start(f, "one", "x", WORK, ids[i]);
		assert_true(is(f, ids[i], "waiting"));
		runs_pass(f, 60000);
	}
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	char body[160];
	snprintf(body, sizeof body, "{\"action\":\"cancel\",\"filter\":{\"created_before\":\"%s\"}}",
			 fixture_text(f->base, "result.created_at"));
	bulk(f, "{\"action\":\"cancel\",\"filter\":{},\"limit\":1}", 1, 1);
	assert_true(is(f, ids[0], "cancelled"));
	bulk(f, body, 3, 1);
	assert_true(is(f, ids[1], "cancelled"));
	assert_true(is(f, ids[2], "waiting"));
}

/* The same word again finds nothing left to do. */
static void test_again(void **state)
{
	struct runs_fixture *f = *state;
	char a[ID_TEXT];
	start(f, "one", "x", WORK, a);
	assert_true(is(f, a, "waiting"));
	for (int i = 0; i < 2; i++) {
		bulk(f, "{\"action\":\"cancel\",\"filter\":{}}", 1, i == 0 ? 1 : 0);
		assert_true(is(f, a, "cancelled"));
	}
}

static void test_refused(void **state)
{
	struct runs_fixture *f = *state;
	const char *path = "/api/v1/flow/runs/bulk";
	char a[ID_TEXT];
	start(f, "one", "x", WORK, a);
	assert_true(is(f, a, "waiting"));
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{\"action\":\"stop\",\"filter\":{}}"), 422);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{\"action\":\"cancel\"}"), 422);
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", path, "{\"action\":\"cancel\",\"filter\":{\"status\":\"failed\"}}"), 422);
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/filter/status");
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "enum");
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{\"action\":\"cancel\",\"filter\":{},\"limit\":10001}"),
					 422);
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", path,
					"{\"action\":\"cancel\",\"filter\":{\"workflow\":\"one\",\"created_before\":\"today\"}}"),
		422);
	assert_non_null(fixture_at(f->base, "errors.1"));
	assert_int_equal(fixture_ask(f->base, "vic", "POST", path, "{\"action\":\"cancel\",\"filter\":{}}"), 403);
	assert_int_equal(fixture_ask(f->base, "eve", "POST", path, "{\"action\":\"cancel\",\"filter\":{}}"), 200);
	assert_int_equal(fixture_number_at(f->base, "result.matched"), 0);
	assert_true(is(f, a, "waiting"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_each_word), TEST(test_paused_by_the_server), TEST(test_schedules_are_paused_too),
		TEST(test_labels),    TEST(test_limit_and_time),       TEST(test_again),
		TEST(test_refused)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
