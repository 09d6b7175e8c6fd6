#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "flow/flow_internal.h"
#include "flow/runner_internal.h"
#include "flow/runs_fixture.h"
#include "store/store.h"

/* A run recomputed from its journal, or executed once more [flow.md 3.3], also by the words of version 3. */

#define WORK(name) "{\"" name "\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":\"${ . }\"}}}"
#define SET(name, text) "{\"" name "\":{\"set\":" text "}}"
#define V3 "/api/v3"

static const char *text(struct runs_fixture *f, const char *path)
{
	return fixture_text(f->base, path);
}

static void work(struct runs_fixture *f, const char *word, const char *more)
{
	char path[128];
	const struct timespec pause = {.tv_nsec = 5000000};
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim",
									 "{\"queue\":\"%s\",\"worker_id\":\"w\"}", i % 2 == 0 ? "q" : "default"),
						 200);
		if (fixture_at(f->base, "result.tasks.0") != NULL)
			break;
		nanosleep(&pause, NULL);
	}
	snprintf(path, sizeof path, "/api/v1/flow/work/%s/%s", text(f, "result.tasks.0.task_id"), word);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{\"fence\":1%s}", more), 200);
}

static void verify(struct runs_fixture *f)
{
	int status = runs_ask(f, "ops", "POST", "/replay", NULL); /* no body is as good as an empty one */
	if (status != 202)
		print_error("%s\n", f->base->answer.answer);
	assert_int_equal(status, 202);
	assert_string_equal(text(f, "result.status"), "completed");
}

/* Pure steps of each kind, and what came from outside in between: all of it is the same once more. */
static void test_matches(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(
		f,
		"[" SET("s", "{\"n\":\"${ .n + 1 }\",\"at\":\"${ now }\"}") "," WORK(
			"a") ",{\"l\":{\"for\":{\"in\":\"${ "
				 "[range(3)] }\"},\"do\":[" SET(
					 "x",
					 "{\"i\":\"${ $item }\"}") "]}},{\"f\":{\"fork\":{\"branches\":"
											   "[" SET("one", "{\"n\":1}") "," WORK(
												   "two") "]}}},{\"p\":{\"for\":{"
														  "\"in\":\"${ [1,2] "
														  "}\"},\"metadata\":{"
														  "\"parallel\":{"
														  "\"max\":2}},\"do\":[" SET(
															  "y",
															  "{\"v\":\"${ $item "
															  "}\"}") "]}},{\"t\":"
																	  "{\"try\":[{"
																	  "\"r\":{"
																	  "\"raise\":{"
																	  "\"error\":{"
																	  "\"type\":"
																	  "\"urn:x\","
																	  "\"status\":"
																	  "500,"
																	  "\"title\":"
																	  "\"t\"}}}}],"
																	  "\"catch\":{"
																	  "\"retry\":{"
																	  "\"delay\":{"
																	  "\"seconds\""
																	  ":1},"
																	  "\"jitter\":"
																	  "{\"from\":{"
																	  "\"seconds\""
																	  ":0},\"to\":"
																	  "{\"seconds"
																	  "\":2}},"
																	  "\"limit\":{"
																	  "\"attempt\""
																	  ":{"
																	  "\"count\":"
																	  "1}}},"
																	  "\"do\":"
																	  "[" SET(
																		  "h",
																		  "{\"caug"
																		  "ht\":"
																		  "\"${ "
																		  "$error."
																		  "title "
																		  "}\"}") "]}}},{\"e\":{\"emit\":{\"event\":{"
																				  "\"with\":{\"source\":\"s\","
																				  "\"type\":\"t\"}}}}},{\"i\":{\"if\":"
																				  "\"${ false }\",\"set\":{\"z\":1}}}]",
		"{\"n\":1}");
	work(f, "complete", ",\"output\":7");
	work(f, "complete", ",\"output\":8");
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	for (int i = 0; i < 400 && strcmp(text(f, "result.status"), "completed") != 0; i++) {
		runs_pass(f, 4000);
		runner_wait(f->flow->runner, f->run_id, true, 20);
		assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	}
	assert_true(runs_is(f, "completed"));
	int seq = (int)fixture_number_at(f->base, "result.seq");
	verify(f);
	if (fixture_number_at(f->base, "result.report.match_percentage") < 100)
		print_error("%s\n", f->base->answer.answer);
	assert_int_equal(fixture_number_at(f->base, "result.report.match_percentage"), 100);
	assert_true(fixture_number_at(f->base, "result.report.total_steps") >= 16);
	assert_int_equal(fixture_number_at(f->base, "result.report.matching_steps"),
					 fixture_number_at(f->base, "result.report.total_steps"));
	assert_string_equal(runs_json(f, "result.report.divergent_steps"), "[]");
	char path[128];
	snprintf(path, sizeof path, "/api/v1/flow/replays/%s", text(f, "result.replay_id"));
	assert_int_equal(fixture_ask(f->base, "vic", "GET", path, NULL), 200);
	assert_int_equal(fixture_number_at(f->base, "result.report.match_percentage"), 100);
	assert_int_equal(fixture_ask(f->base, "eve", "GET", path, NULL), 404);
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200); /* nothing was written to the run */
	assert_int_equal(fixture_number_at(f->base, "result.seq"), seq);
}

/* Somebody has changed what a step gave: the first difference is named. */
static bool tamper(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "UPDATE flow_journal SET lines = replace(lines, $1, $2)", V_TEXT("\"deep\":[1,2,3]"),
				  V_TEXT("\"deep\":[1,9,3]"));
}

static void test_first_difference(void **state)
{
	struct runs_fixture *f = *state;
	struct err err;
	runs_start(
		f, "[" SET("s", "{\"a\":{\"deep\":\"${ [1,2,3] }\"}}") "," SET("b", "{\"x\":\"${ .a.deep | length }\"}") "]",
		"{}");
	assert_true(runs_is(f, "completed"));
	assert_true(store_write(f->base->store, tamper, NULL, &err));
	verify(f);
	assert_int_equal(fixture_number_at(f->base, "result.report.total_steps"), 2);
	assert_int_equal(fixture_number_at(f->base, "result.report.matching_steps"), 1);
	assert_int_equal(fixture_number_at(f->base, "result.report.match_percentage"), 50);
	assert_string_equal(text(f, "result.report.divergent_steps.0.path"), "/do/0/s");
	assert_string_equal(runs_json(f, "result.report.divergent_steps.0.first_difference"),
						"{\"pointer\":\"/a/deep/1\",\"expected\":9,\"got\":2}");
	assert_string_not_equal(text(f, "result.report.divergent_steps.0.expected_sha256"),
							text(f, "result.report.divergent_steps.0.got_sha256"));
}

/* The other modes execute into a new run. */
static void test_executes(void **state)
{
	struct runs_fixture *f = *state;
	char first[ID_TEXT], path[128];
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "]", "{}");
	work(f, "fail", ",\"error\":{\"title\":\"no\"}");
	assert_true(runs_is(f, "faulted"));
	strcpy(first, f->run_id);
	const char *const modes[] = {"{\"mode\":\"full\"}", "{\"mode\":\"from_step\",\"from_step\":\"/do/1/a\"}",
								 "{\"mode\":\"failed_only\"}"};
	for (int i = 0; i < 3; i++) {
		strcpy(f->run_id, first);
		assert_int_equal(runs_ask(f, "ops", "POST", "/replay", "%s", modes[i]), 202);
		snprintf(path, sizeof path, V3 "/replay-sessions/%s", text(f, "result.replay_id"));
		snprintf(f->run_id, sizeof f->run_id, "%s", text(f, "result.new_run_id"));
		assert_string_not_equal(f->run_id, first);
		work(f, "complete", ",\"output\":5");
		assert_true(runs_is(f, "completed"));
		assert_string_equal(runs_json(f, "result.output"), "5");
		assert_int_equal(fixture_ask(f->base, "ops", "GET", path, NULL), 200);
		assert_string_equal(text(f, "result.status"), "completed");
		assert_string_equal(text(f, "result.execution_id"), first);
	}
	assert_int_equal(runs_ask(f, "ops", "POST", "/replay", "{\"mode\":\"failed_only\"}"), 409);
	assert_int_equal(runs_ask(f, "ops", "POST", "/replay", "{\"mode\":\"from_step\"}"), 422);
	assert_int_equal(runs_ask(f, "ops", "POST", "/replay", "{\"mode\":\"some\"}"), 422);
	assert_int_equal(runs_ask(f, "vic", "POST", "/replay", "{}"), 403);
}

/* --- version 3 --- */

static int ask(struct runs_fixture *f, const char *method, const char *path, const char *body)
{
	return body == NULL ? fixture_ask(f->base, "ops", method, path, NULL)
						: fixture_ask(f->base, "ops", method, path, "%s", body);
}

static int below(struct runs_fixture *f, const char *method, const char *word, const char *body)
{
	char path[160];
	snprintf(path, sizeof path, V3 "/executions/%s%s", f->run_id, word);
	return ask(f, method, path, body);
}

static void test_version_3(void **state)
{
	struct runs_fixture *f = *state;
	char path[160];
	assert_int_equal(ask(f, "GET", V3 "/workflows/status/flow-1", NULL), 404);
	assert_int_equal(
		ask(f, "POST", V3 "/workflows",
			"{\"workflow_id\":\"flow-1\",\"version\":\"1.0.0\",\"name\":\"One\",\"steps\":[{\"step_id\":\"a\","
			"\"params\":{\"queue\":\"q\"}},{\"step_id\":\"b\",\"type\":\"set\",\"params\":{\"x\":\"${{ "
			"inputs.n }}\"},\"depends_on\":[\"a\"]}]}"),
		201);
	assert_int_equal(ask(f, "GET", V3 "/workflows/status/flow-1", NULL), 200);
	assert_string_equal(text(f, "result.status"), "not_started");
	assert_string_equal(runs_json(f, "result.execution_id"), "null");
	assert_int_equal(ask(f, "POST", V3 "/workflows/execute", "{\"workflow_id\":\"none\"}"), 404);
	assert_int_equal(ask(f, "POST", V3 "/workflows/execute", "{}"), 422);
	assert_int_equal(
		ask(f, "POST", V3 "/workflows/execute",
			"{\"workflow_id\":\"flow-1\",\"workflow_version\":\"1.0.0\",\"inputs\":{\"n\":3},\"user_id\":\"u\"}"),
		202);
	assert_string_equal(text(f, "result.execution_id"), text(f, "result.run_id"));
	assert_string_equal(text(f, "result.workflow_execution_id"), text(f, "result.run_id"));
	assert_string_equal(text(f, "result.workflow_id"), "flow-1");
	snprintf(f->run_id, sizeof f->run_id, "%s", text(f, "result.run_id"));
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(below(f, "GET", "", NULL), 200);
	assert_string_equal(text(f, "result.status"), "running"); /* waiting is no word of version 3 */
	snprintf(path, sizeof path, V3 "/workflows/executions/%s/steps", f->run_id);
	assert_int_equal(ask(f, "GET", path, NULL), 200);
	assert_string_equal(text(f, "result.steps.0.status"), "running");
	assert_int_equal(ask(f, "GET", V3 "/workflows/status/flow-1", NULL), 200);
	assert_string_equal(text(f, "result.status"), "running");
	assert_string_equal(text(f, "result.execution_id"), f->run_id);
	work(f, "fail", ",\"error\":{\"title\":\"no\"}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(below(f, "GET", "", NULL), 200);
	assert_string_equal(text(f, "result.status"), "failed");
	assert_int_equal(below(f, "GET", "/snapshots", NULL), 200);
	assert_int_equal(fixture_number_at(f->base, "result.total"), 0);
	assert_int_equal(below(f, "POST", "/resume", "{\"skip_failed_steps\":true}"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"b\":{\"x\":3}}");
	assert_int_equal(below(f, "POST", "/resume", "{}"), 409);
	assert_int_equal(below(f, "POST", "/cancel", "{}"), 409);
	assert_int_equal(below(f, "POST", "/replay", "{}"), 202);
}

static void test_resume_from_a_snapshot(void **state)
{
	struct runs_fixture *f = *state;
	char body[128];
	runs_start(f, "[" WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", V3 "/checkpoints/create", "{\"execution_id\":\"%s\"}", f->run_id), 201);
	snprintf(body, sizeof body, "{\"from_snapshot_id\":\"%s\"}", text(f, "result.checkpoint_id"));
	assert_int_equal(below(f, "POST", "/cancel", "{}"), 200);
	assert_int_equal(below(f, "POST", "/resume", body), 200);
	work(f, "complete", ",\"output\":1");
	assert_true(runs_is(f, "completed"));
	runs_start(f, "[" WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	assert_int_equal(below(f, "POST", "/resume", "{}"), 200); /* of one that stands still it is just that */
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(below(f, "POST", "/resume", body), 404); /* another run's */
	assert_int_equal(below(f, "POST", "/cancel", "{}"), 200);
	assert_int_equal(below(f, "POST", "/resume", "{}"), 200); /* of one that was cancelled: the step once more */
	assert_true(runs_is(f, "waiting"));
}

/* Definitions that nobody asks for are forgotten, and read again when somebody does. */
static void test_many_definitions(void **state)
{
	struct runs_fixture *f = *state;
	char first[ID_TEXT], tasks[64];
	runs_start(f, "[" SET("s", "{\"n\":\"${ 1 }\"}") "," WORK("a") "]", "{}");
	strcpy(first, f->run_id);
	for (int i = 0; i < 300; i++) {
		snprintf(tasks, sizeof tasks, "[{\"s\":{\"set\":{\"n\":%d}}}]", i);
		runs_start(f, tasks, "{}");
	}
	assert_in_range(f->flow->runner->definitions.count, 1, 128);
	assert_in_range(f->flow->runner->definitions_before.count, 1, 128);
	strcpy(f->run_id, first);
	work(f, "complete", ",\"output\":7");
	assert_true(runs_is(f, "completed"));
	verify(f);
	assert_int_equal(fixture_number_at(f->base, "result.report.match_percentage"), 100);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_matches),   TEST(test_first_difference),       TEST(test_executes),
		TEST(test_version_3), TEST(test_resume_from_a_snapshot), TEST(test_many_definitions)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
