#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/runs_fixture.h"

/* People take a run in hand: every edge that is allowed, and the others refused [flow.md 3.2, 3.3, 13]. */

#define WORK(name) "{\"" name "\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":\"${ . }\"}}}"
#define SET(name, text) "{\"" name "\":{\"set\":" text "}}"
#define RAISE(name) "{\"" name "\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"t\"}}}}"

static int ask(struct runs_fixture *f, const char *word, const char *body)
{
	char below[32];
	snprintf(below, sizeof below, "/%s", word);
	return runs_ask(f, "ops", "POST", below, "%s", body);
}

static bool refused(struct runs_fixture *f, const char *word, const char *body, const char *status)
{
	int got = ask(f, word, body);
	if (got == 409 && strcmp(fixture_text(f->base, "code"), "transition_refused") == 0 &&
		strcmp(fixture_text(f->base, "current_status"), status) == 0 && fixture_at(f->base, "allowed") != NULL)
		return true;
	print_error("%s: %d %s\n", word, got, f->base->answer.answer);
	return false;
}

/* End the claimed task of the queue. */
static void work(struct runs_fixture *f, const char *word, const char *more)
{
	char target[128];
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim", "{\"queue\":\"q\",\"worker_id\":\"w\"}"), 200);
	assert_non_null(fixture_at(f->base, "result.tasks.0"));
	snprintf(target, sizeof target, "/api/v1/flow/work/%s/%s", fixture_text(f->base, "result.tasks.0.task_id"), word);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", target, "{\"fence\":1%s}", more), 200);
}

static void steps(struct runs_fixture *f)
{
	assert_int_equal(runs_ask(f, "ops", "GET", "/steps", NULL), 200);
}

/* --- a step that waits --- */

static void test_skip_waiting(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "," SET("b", "{\"got\":\"${ . }\"}") "]", "{\"x\":1}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(ask(f, "skip", "{\"step\":\"/do/0/a\",\"reason\":\"not today\"}"), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
	assert_string_equal(runs_json(f, "result.output"), "{\"got\":{\"x\":1}}");
	steps(f);
	assert_string_equal(fixture_text(f->base, "result.steps.0.status"), "skipped");
	assert_string_equal(fixture_text(f->base, "result.steps.0.skipped_reason"), "operator");
	assert_int_equal(runs_ask(f, "ops", "GET", "/journal", NULL), 200);
	assert_non_null(strstr(f->base->answer.answer, "\"reason\":\"not today\",\"by\":\"01900000-"));
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim", "{\"queue\":\"q\",\"worker_id\":\"w\"}"), 200);
	assert_null(fixture_at(f->base, "result.tasks.0"));
	assert_true(fixture_chain_sound(f->base));
}

static void test_skip_with_output(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "," SET("b", "{\"got\":\"${ . }\"}") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(ask(f, "skip", "{\"step\":\"/do/0/a\",\"output\":[1]}"), 200);
	assert_string_equal(runs_json(f, "result.output"), "{\"got\":[1]}");
}

static void test_patch_waiting(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "]", "{\"x\":1}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/a\"}"), 422);
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/a\",\"output\":1,\"input\":2}"), 422);
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/a\",\"definition\":{\"set\":{\"x\":\"${ . | }\"},\"foo\":1}}"),
					 422);
	assert_string_equal(fixture_text(f->base, "code"), "definition_refused");
	assert_string_equal(fixture_text(f->base, "errors.1.pointer"), "/definition/foo");
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/definition/set/x");
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/a\",\"input\":{\"x\":2}}"), 200);
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim", "{\"queue\":\"q\",\"worker_id\":\"w\"}"), 200);
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "{\"x\":2}");
	assert_int_equal(fixture_number_at(f->base, "result.tasks.0.attempt"), 2);
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/a\",\"output\":null}"), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
	assert_string_equal(runs_json(f, "result.output"), "null");
	steps(f);
	assert_string_equal(fixture_text(f->base, "result.steps.0.status"), "completed");
	assert_int_equal(fixture_number_at(f->base, "result.steps.0.attempt"), 2);
}

static void test_timer(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"w\":{\"wait\":{\"hours\":1}}}]", "{\"x\":1}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(ask(f, "skip", "{\"step\":\"/do/0/w\"}"), 200);
	assert_string_equal(runs_json(f, "result.output"), "{\"x\":1}");
}

/* --- a run that faulted --- */

static void test_retry(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "," SET("b", "{\"got\":\"${ . }\"}") "]", "{}");
	work(f, "fail", ",\"error\":{\"title\":\"no\"}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(ask(f, "retry", "{\"reason\":\"mended\"}"), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "waiting");
	assert_string_equal(runs_json(f, "result.error"), "null");
	steps(f);
	assert_int_equal(fixture_number_at(f->base, "result.steps.0.attempt"), 1);
	assert_string_equal(fixture_text(f->base, "result.steps.1.status"), "faulted");
	assert_int_equal(fixture_number_at(f->base, "result.steps.2.attempt"), 2);
	work(f, "complete", ",\"output\":7");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"got\":7}");
	assert_int_equal(runs_ask(f, "ops", "GET", "/journal", NULL), 200);
	assert_non_null(strstr(f->base->answer.answer, "run.retried"));
	assert_int_equal(fixture_number_at(f->base, "result.rows.0.seq"), 1);
}

static void totals(struct runs_fixture *f, int64_t steps, int64_t attempts)
{
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	assert_int_equal(fixture_number_at(f->base, "result.steps_total"), steps);
	assert_int_equal(fixture_number_at(f->base, "result.attempts_total"), attempts);
}

/* Also after a restart: what was superseded stays so; and what happened stays counted. */
static void test_retry_twice(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "," RAISE("r") "]", "{}");
	assert_true(runs_is(f, "faulted"));
	totals(f, 2, 2);
	assert_int_equal(ask(f, "retry", "{}"), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "faulted");
	totals(f, 2, 3);
	runs_reopen(f);
	assert_int_equal(ask(f, "retry", "{\"step\":\"/do/1/r\"}"), 200);
	totals(f, 2, 4);
	steps(f);
	for (int i = 1; i <= 3; i++) { /* each attempt, and which of them the run went back over */
		const char *at = arena_printf(&f->base->arena, "result.steps.%d", i);
		const struct json *step = fixture_at(f->base, at);
		assert_string_equal(json_text(step, "path"), "/do/1/r");
		assert_string_equal(json_text(step, "reference"), "/do/1/r");
		assert_string_equal(json_text(step, "name"), "r");
		assert_string_equal(json_text(step, "type"), "raise");
		assert_string_equal(json_text(step, "status"), "faulted");
		assert_int_equal(json_number(json_get(step, "attempt")), i);
		assert_string_equal(json_text(json_get(step, "error"), "title"), "t");
		assert_int_equal(json_get(step, "ended_at")->kind, JS_STRING);
		assert_int_equal(json_get(step, "superseded") != NULL, i < 3);
	}
	assert_null(fixture_at(f->base, "result.steps.4"));
	assert_int_equal(ask(f, "skip", "{\"step\":\"/do/1/r\"}"), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
	assert_string_equal(runs_json(f, "result.output"), "{\"n\":1}");
}

static void test_patch_faulted(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "," RAISE("r") "," SET("b", "{\"got\":\"${ . }\"}") "]", "{}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/1/r\",\"output\":{\"ok\":true}}"), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
	assert_string_equal(runs_json(f, "result.output"), "{\"got\":{\"ok\":true}}");
	runs_start(f, "[{\"e\":{\"set\":\"${ .n + 1 }\"}}]", "{\"n\":\"x\"}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/e\",\"input\":{\"n\":4}}"), 200);
	assert_string_equal(runs_json(f, "result.output"), "5");
}

/* Inside of blocks, beside a branch that goes on: what the other had done stays done. */
static void test_in_a_fork(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"f\":{\"fork\":{\"branches\":[" WORK(
				   "a") ",{\"d\":{\"do\":[{\"w\":{\"wait\":{\"seconds\":1}}}," RAISE("r") "]}}]}}}]",
			   "{}");
	assert_true(runs_is(f, "waiting"));
	runs_pass(f, 1000);
	assert_true(runs_is(f, "faulted"));
	assert_true(refused(f, "skip", "{\"step\":\"/do/0/f/fork/branches/0/a\"}", "cancelled"));
	assert_int_equal(ask(f, "skip", "{\"step\":\"/do/0/f/fork/branches/1/d/do/1/r\"}"), 200);
	assert_true(runs_is(f, "waiting"));
	work(f, "complete", ",\"output\":\"a\"");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "[\"a\",{}]");
}

/* What is retried unless a step is named is the step whose error the run has, and nothing beside or around it. */
static void retried_is(struct runs_fixture *f, const char *path, int64_t attempt)
{
	char row[200];
	assert_int_equal(ask(f, "retry", "{}"), 200);
	assert_int_equal(runs_ask(f, "ops", "GET", "/journal", NULL), 200);
	snprintf(row, sizeof row, "\"kind\":\"run.retried\",\"path\":\"%s\",\"attempt\":%d", path, (int)attempt);
	if (strstr(f->base->answer.answer, row) == NULL)
		fail_msg("no %s in %s", row, f->base->answer.answer);
}

static void test_one_of_two_branches(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"f\":{\"fork\":{\"branches\":[" RAISE("r") ",{\"d\":{\"do\":[" SET("s", "{\"n\":1}") "," SET(
				   "t", "{\"n\":2}") "]}}]}}}]",
			   "{}");
	assert_true(runs_is(f, "faulted"));
	retried_is(f, "/do/0/f/fork/branches/0/r", 1);
	retried_is(f, "/do/0/f/fork/branches/0/r", 2);
	assert_int_equal(ask(f, "skip", "{\"step\":\"/do/0/f/fork/branches/0/r\"}"), 200);
	assert_string_equal(fixture_text(f->base, "result.status"), "completed");
	assert_string_equal(runs_json(f, "result.output"), "[{},{\"n\":2}]");
}

/* Both would be at fault in one turn: the first fault ends the other branch, whichever stands first. */
static void test_both_of_two_branches(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(
		f,
		"[{\"f\":{\"fork\":{\"branches\":[{\"a\":{\"wait\":{\"hours\":1},\"timeout\":{\"after\":{\"seconds\":2}}}},"
		"{\"b\":{\"wait\":{\"hours\":1},\"timeout\":{\"after\":{\"seconds\":1}}}}]}}}]",
		"{}");
	assert_true(runs_is(f, "waiting"));
	runs_pass(f, 3000);
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(fixture_text(f->base, "result.error.instance"), "/do/0/f/fork/branches/1/b");
	retried_is(f, "/do/0/f/fork/branches/1/b", 1);
}

static void test_timed_out(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\"},\"timeout\":{\"after\":{\"seconds\":5}}}}]",
			   "{}");
	assert_true(runs_is(f, "waiting"));
	runs_pass(f, 5000);
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(ask(f, "retry", "{}"), 200);
	assert_true(runs_is(f, "waiting"));
	steps(f);
	assert_int_equal(fixture_number_at(f->base, "result.steps.0.deliveries"), 2); /* an ambiguous end: the same key */
	runs_pass(f, 4999);
	assert_true(runs_is(f, "waiting"));
	work(f, "complete", "");
	assert_true(runs_is(f, "completed"));
}

static void test_at_most_once(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\"},\"metadata\":{\"effect\":\"at-most-once\"}}}]",
			   "{}");
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim",
								 "{\"queue\":\"q\",\"worker_id\":\"w\",\"lease_ms\":1000}"),
					 200);
	runs_pass(f, 1000);
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(ask(f, "retry", "{}"), 409);
	assert_string_equal(fixture_text(f->base, "code"), "effect_sent");
	assert_int_equal(ask(f, "retry", "{\"repeat_effects\":true}"), 200);
	assert_true(runs_is(f, "waiting"));
	work(f, "complete", ",\"output\":1");
	assert_true(runs_is(f, "completed"));
}

static void test_cancelled(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(ask(f, "cancel", "{}"), 200);
	assert_int_equal(ask(f, "retry", "{}"), 200);
	assert_true(runs_is(f, "waiting"));
	work(f, "complete", ",\"output\":{\"k\":1}");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"k\":1}");
	steps(f);
	assert_int_equal(fixture_number_at(f->base, "result.steps.1.attempt"), 1);
	assert_int_equal(fixture_number_at(f->base, "result.steps.1.deliveries"), 2);
}

/* --- the DAG form --- */

#define DAG \
	"{\"workflow_id\":\"w\",\"version\":\"1.0.0\",\"name\":\"w\",\"steps\":[" \
	"{\"step_id\":\"a\",\"params\":1,\"agent_capability\":\"q\"}," \
	"{\"step_id\":\"b\",\"type\":\"set\",\"params\":{\"x\":\"${{ steps.a.output }}\"},\"depends_on\":[\"a\"]}," \
	"{\"step_id\":\"c\",\"type\":\"set\",\"params\":{\"y\":\"${{ steps.b.output.x }}\"},\"depends_on\":[\"b\"]}," \
	"{\"step_id\":\"d\",\"type\":\"set\",\"params\":{\"z\":1}}]}"

static void fail_graph(struct runs_fixture *f)
{
	runs_start_definition(f, DAG, "{}");
	work(f, "fail", ",\"error\":{\"title\":\"no\"}");
	assert_true(runs_is(f, "faulted"));
}

static void test_graph(void **state)
{
	struct runs_fixture *f = *state;
	fail_graph(f);
	assert_int_equal(ask(f, "retry", "{}"), 200);
	work(f, "complete", ",\"output\":5");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"a\":5,\"b\":{\"x\":5},\"c\":{\"y\":5},\"d\":{\"z\":1}}");
	steps(f);
	assert_string_equal(fixture_text(f->base, "result.steps.0.status"), "faulted");
	fail_graph(f);
	assert_int_equal(ask(f, "patch", "{\"step\":\"/steps/a\",\"output\":6}"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"a\":6,\"b\":{\"x\":6},\"c\":{\"y\":6},\"d\":{\"z\":1}}");
	fail_graph(f);
	assert_int_equal(ask(f, "skip", "{\"step\":\"/steps/a\"}"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"b\":{\"x\":null},\"c\":{\"y\":null},\"d\":{\"z\":1}}");
	runs_reopen(f);
	assert_true(runs_is(f, "completed"));
	steps(f);
	assert_string_equal(fixture_text(f->base, "result.steps.0.status"), "skipped");
}

/* --- what is refused --- */

static void test_refused(void **state)
{
	struct runs_fixture *f = *state;
	const char *const words[] = {"skip", "patch"};
	const char *const bodies[] = {"{\"step\":\"/do/0/s\"}", "{\"step\":\"/do/0/s\",\"output\":1}"};
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	for (int i = 0; i < 2; i++) /* a step that is done, of a run that goes on */
		assert_true(refused(f, words[i], bodies[i], "completed"));
	assert_true(refused(f, "retry", "{}", "waiting"));
	assert_int_equal(ask(f, "skip", "{\"step\":\"/do/9/x\"}"), 404);
	assert_int_equal(runs_ask(f, "vic", "POST", "/skip", "{\"step\":\"/do/1/a\"}"), 403);
	assert_int_equal(runs_ask(f, "eve", "POST", "/skip", "{\"step\":\"/do/1/a\"}"), 404);
	assert_int_equal(ask(f, "pause", "{}"), 200);
	assert_true(refused(f, "retry", "{}", "suspended"));
	assert_int_equal(ask(f, "skip", "{\"step\":\"/do/1/a\"}"), 200); /* a paused run may be mended */
	assert_string_equal(fixture_text(f->base, "result.status"), "suspended");
	assert_int_equal(ask(f, "resume", "{}"), 200);
	assert_true(runs_is(f, "completed"));
	for (int i = 0; i < 2; i++)
		assert_true(refused(f, words[i], bodies[i], "completed"));
	assert_true(refused(f, "retry", "{}", "completed"));
	assert_true(refused(f, "cancel", "{}", "completed"));
	assert_true(refused(f, "pause", "{}", "completed"));
	assert_true(refused(f, "resume", "{}", "completed"));
	runs_start(f, "[" SET("s", "{\"n\":1}") "," RAISE("r") "]", "{}");
	assert_true(runs_is(f, "faulted"));
	for (int i = 0; i < 2; i++)
		assert_true(refused(f, words[i], bodies[i], "completed"));
	assert_true(refused(f, "retry", "{\"step\":\"/do/0/s\"}", "completed"));
	assert_true(refused(f, "pause", "{}", "faulted"));
	assert_true(refused(f, "cancel", "{}", "faulted"));
}

/* --- another body --- */

static void test_patch_definition(void **state)
{
	struct runs_fixture *f = *state;
	char sha256[65];
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "," SET("b", "{\"got\":\"${ . }\"}") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	snprintf(sha256, sizeof sha256, "%s", fixture_text(f->base, "result.definition_sha256"));
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/1/a\",\"definition\":{\"set\":{\"m\":\"${ .n + 1 }\"}}}"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"got\":{\"m\":2}}");
	assert_string_not_equal(fixture_text(f->base, "result.definition_sha256"), sha256);
	assert_string_equal(fixture_text(f->base, "result.version"), "1.0.0"); /* for this run only */
	steps(f);
	assert_int_equal(runs_ask(f, "ops", "POST", "/replay", "{}"), 202);
	assert_int_equal(fixture_number_at(f->base, "result.report.match_percentage"), 100);
	assert_string_equal(runs_json(f, "result.report.divergent_steps"), "[]");
}

/* Of a run that is over: it goes on behind the fault, after a restart as well. */
static void test_patch_definition_of_faulted(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "," RAISE("r") "," WORK("c") "]", "{}");
	work(f, "complete", ",\"output\":{\"n\":5}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/1/r\",\"definition\":{\"set\":{\"m\":\"${ .n }\"}}}"), 200);
	assert_true(runs_is(f, "waiting"));
	runs_reopen(f);
	assert_true(runs_is(f, "waiting"));
	work(f, "complete", ",\"output\":{\"end\":1}");
	assert_true(runs_is(f, "completed"));
	steps(f);
	assert_int_equal(fixture_number_at(f->base, "result.steps.1.attempt"), 1);
	assert_true(fixture_true(f->base, "result.steps.1.superseded"));
	assert_string_equal(fixture_text(f->base, "result.steps.2.path"), "/do/1/r");
	assert_int_equal(fixture_number_at(f->base, "result.steps.2.attempt"), 2);
	assert_string_equal(runs_json(f, "result.steps.2.output"), "{\"m\":5}");
}

static void test_patch_definition_refused(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/a\",\"definition\":{\"set\":{}}}"), 422);
	assert_string_equal(fixture_text(f->base, "code"), "definition_refused");
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/a\",\"definition\":7}"), 422);
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/0/a\",\"definition\":{\"set\":{\"x\":1}},\"output\":1}"), 422);
	assert_int_equal(ask(f, "patch", "{\"step\":\"/do/9/a\",\"definition\":{\"set\":{\"x\":1}}}"), 404);
	/* what the worker's step has done is nothing that a loop does */
	assert_int_equal(ask(f, "patch",
						 "{\"step\":\"/do/0/a\",\"definition\":{\"for\":{\"in\":\"${ [1] }\"},\"do\":[{\"x\":{\"set\":{"
						 "\"x\":1}}}]}}"),
					 422);
}

/* A step of the DAG form: what it depends on stays. */
static void test_patch_definition_of_dag(void **state)
{
	struct runs_fixture *f = *state;
	runs_start_definition(
		f,
		"{\"workflow_id\":\"w\",\"name\":\"W\",\"version\":\"1.0.0\",\"steps\":[{\"step_id\":\"a\",\"type\":\"set\","
		"\"params\":{\"x\":1}},{\"step_id\":\"b\",\"type\":\"set\",\"params\":{\"x\":\"${ error(7) }\"},"
		"\"depends_on\":[\"a\"]},{\"step_id\":\"c\",\"type\":\"set\",\"params\":{\"y\":\"${{ "
		"steps.b.output.z }}\"},\"depends_on\":[\"b\"]}]}",
		"{}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(ask(f, "patch",
						 "{\"step\":\"/steps/b\",\"definition\":{\"type\":\"set\",\"params\":{\"z\":\"${{ "
						 "steps.a.output.x }}\"}}}"),
					 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"a\":{\"x\":1},\"b\":{\"z\":1},\"c\":{\"y\":1}}");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_skip_waiting),
		TEST(test_skip_with_output),
		TEST(test_patch_waiting),
		TEST(test_timer),
		TEST(test_retry),
		TEST(test_retry_twice),
		TEST(test_patch_faulted),
		TEST(test_in_a_fork),
		TEST(test_one_of_two_branches),
		TEST(test_both_of_two_branches),
		TEST(test_timed_out),
		TEST(test_at_most_once),
		TEST(test_cancelled),
		TEST(test_graph),
		TEST(test_refused),
		TEST(test_patch_definition),
		TEST(test_patch_definition_of_faulted),
		TEST(test_patch_definition_refused),
		TEST(test_patch_definition_of_dag),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
