#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/err.h"
#include "flow/domain/control.h"
#include "flow/domain/snapshot.h"
#include "flow/flow_internal.h"
#include "flow/runs_fixture.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "store/store.h"

/* Places that a run can go back to [flow.md 5]. */

#define WORK(name) "{\"" name "\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":\"${ . }\"}}}"
#define ONCE(name) \
	"{\"" name "\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\"},\"metadata\":{\"effect\":\"at-most-once\"}}}"
#define SET(name, text) "{\"" name "\":{\"set\":" text "}}"
#define ASK(name) \
	"{\"" name \
	"\":{\"call\":\"countersign\",\"with\":{\"content\":{\"n\":1},\"title\":\"t\",\"who\":{\"role\":\"owner\"}}}}"
#define LISTEN(name) \
	"{\"" name "\":{\"listen\":{\"to\":{\"all\":[{\"with\":{\"type\":\"a\"}},{\"with\":{\"type\":\"b\"}}]}}}}"
#define LONG "0123456789012345678901234567890123456789012345678901234567890123456789"
#define V1 "/api/v1/flow/checkpoints"
#define V3 "/api/v3/checkpoints"

static int post(struct runs_fixture *f, const char *path, const char *more)
{
	return fixture_ask(f->base, "ops", "POST", path, "{\"run_id\":\"%s\"%s}", f->run_id, more);
}

static const char *text(struct runs_fixture *f, const char *path)
{
	return fixture_text(f->base, path);
}

/* Take a checkpoint; its id, until the fixture ends. */
static const char *take(struct runs_fixture *f)
{
	int status = post(f, V1, "");
	if (status != 201)
		print_error("%s\n", f->base->answer.answer);
	assert_int_equal(status, 201);
	return arena_dup(&f->base->arena, text(f, "result.checkpoint_id"));
}

static int restore(struct runs_fixture *f, const char *id, const char *more)
{
	char path[128];
	snprintf(path, sizeof path, V1 "/%s/restore", id);
	return fixture_ask(f->base, "ops", "POST", path, "{\"recovery_reason\":\"why not\"%s}", more);
}

static int look(struct runs_fixture *f, const char *method, const char *who, const char *id)
{
	char path[128];
	snprintf(path, sizeof path, V1 "/%s", id);
	return fixture_ask(f->base, who, method, path, NULL);
}

static int list(struct runs_fixture *f)
{
	char path[128];
	snprintf(path, sizeof path, V1 "/workflow/%s", f->run_id);
	assert_int_equal(fixture_ask(f->base, "ops", "GET", path, NULL), 200);
	return (int)fixture_number_at(f->base, "result.total");
}

/* Claim the task of the queue: its key, until the next claim; NULL: there is none. */
static const char *claim(struct runs_fixture *f)
{
	static char key[80];
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim", "{\"queue\":\"q\",\"worker_id\":\"w\"}"), 200);
	if (fixture_at(f->base, "result.tasks.0") == NULL)
		return NULL;
	snprintf(key, sizeof key, "%s", text(f, "result.tasks.0.idempotency_key"));
	return key;
}

/* End the claimed task. */
static int complete(struct runs_fixture *f, const char *output)
{
	char path[128];
	snprintf(path, sizeof path, "/api/v1/flow/work/%s/complete", text(f, "result.tasks.0.task_id"));
	return fixture_ask(f->base, "ops", "POST", path, "{\"fence\":%d,\"output\":%s}",
					   (int)fixture_number_at(f->base, "result.tasks.0.fence"), output);
}

static void work(struct runs_fixture *f, const char *output)
{
	assert_non_null(claim(f));
	assert_int_equal(complete(f, output), 200);
}

/* Wait until it waits at a step. */
static bool at(struct runs_fixture *f, const char *step)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	for (int i = 0; i < 1000; i++) {
		assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
		if (fixture_at(f->base, "result.waiting.0.step") != NULL && strcmp(text(f, "result.waiting.0.step"), step) == 0)
			return runs_is(f, "waiting");
		nanosleep(&pause, NULL);
	}
	print_error("not at %s: %s\n", step, f->base->answer.answer);
	return false;
}

static bool refused(struct runs_fixture *f, int status, const char *code)
{
	if (status == 409 && strcmp(text(f, "code"), code) == 0)
		return true;
	print_error("%d %s\n", status, f->base->answer.answer);
	return false;
}

/* --- making them --- */

static void test_members(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "," SET("b", "{\"got\":\"${ . }\"}") "]",
			   "{\"long\":\"" LONG "\"}");
	assert_true(runs_is(f, "waiting"));
	int seq = (int)fixture_number_at(f->base, "result.seq");
	assert_int_equal(post(f, V1, ",\"label\":\"mine\",\"caller_state\":{\"page\":7}"), 201);
	assert_string_equal(text(f, "result.run_id"), f->run_id);
	assert_int_equal(fixture_number_at(f->base, "result.checkpoint_number"), 1);
	assert_string_equal(text(f, "result.status"), "ready");
	assert_int_equal(fixture_number_at(f->base, "result.seq"), seq);
	assert_string_equal(runs_json(f, "result.step_counts"),
						"{\"completed\":1,\"pending\":2,\"failed\":0,\"skipped\":0,\"total\":3}");
	assert_int_equal(1000 * fixture_number_at(f->base, "result.completion_percentage"), 33333);
	assert_string_equal(runs_json(f, "result.budget"), "null");
	assert_string_equal(runs_json(f, "result.memory_ref"), "null");
	assert_string_equal(runs_json(f, "result.caller_state"), "{\"page\":7}");
	assert_string_equal(runs_json(f, "result.can_resume"), "true");
	assert_string_equal(text(f, "result.label"), "mine");
	assert_true(fixture_number_at(f->base, "result.size_bytes") > 512);
	assert_true(fixture_number_at(f->base, "result.stored_bytes") < fixture_number_at(f->base, "result.size_bytes"));
	const char *id = arena_dup(&f->base->arena, text(f, "result.checkpoint_id"));
	assert_int_equal(look(f, "GET", "vic", id), 200);
	assert_string_equal(text(f, "result.state.status"), "running");
	assert_string_equal(text(f, "result.state.frames.2.path"), "/do/1/a");
	assert_string_equal(runs_json(f, "result.state.frames.2.raw"), "{\"n\":1}");
	assert_int_equal(post(f, V1, ",\"compression\":false"), 201);
	assert_int_equal(fixture_number_at(f->base, "result.stored_bytes"),
					 fixture_number_at(f->base, "result.size_bytes"));
}

/* Numbers are 1, 2, 3 ... and deletion never frees one [flow.md 5, 14]. */
static void test_numbers(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	take(f);
	const char *second = take(f);
	assert_int_equal(list(f), 2);
	assert_int_equal(fixture_number_at(f->base, "result.checkpoints.0.checkpoint_number"), 2);
	assert_int_equal(look(f, "DELETE", "ops", second), 204);
	assert_int_equal(look(f, "GET", "ops", second), 404);
	assert_int_equal(look(f, "DELETE", "ops", second), 404);
	take(f);
	assert_int_equal(fixture_number_at(f->base, "result.checkpoint_number"), 3);
	char path[128];
	snprintf(path, sizeof path, V3 "?run_id=%s", f->run_id);
	assert_int_equal(fixture_ask(f->base, "ops", "GET", path, NULL), 200);
	assert_int_equal(fixture_number_at(f->base, "result.total"), 2);
	assert_string_equal(text(f, "result.checkpoints.1.workflow_execution_id"), f->run_id);
}

static void test_refused(void **state)
{
	struct runs_fixture *f = *state;
	static const char nobody[] = "0190a1b2-0000-7000-8000-000000000000";
	runs_start(f, "[" WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	const char *id = take(f);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", V1, "{\"run_id\":\"%s\"}", nobody), 404);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", V1, "{\"label\":\"x\"}"), 422);
	assert_int_equal(post(f, V1, ",\"lable\":\"x\""), 422);
	assert_int_equal(restore(f, nobody, ""), 404);
	assert_int_equal(restore(f, "nonsense", ""), 404);
	assert_int_equal(look(f, "GET", "eve", id), 404);
	assert_int_equal(look(f, "DELETE", "vic", id), 403);
	char path[128];
	snprintf(path, sizeof path, V1 "/%s/restore", id);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{\"recovery_reason\":\"\"}"), 422);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{}"), 422);
}

/* What version 3 says of an execution is kept; sums that cannot be are refused. */
static void test_version_3(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", V3 "/create",
					"{\"workflow_execution_id\":\"%s\",\"execution_variables\":{\"x\":1},\"completed_steps\":"
					"[\"a\"],\"total_steps\":1}",
					f->run_id),
		201);
	assert_string_equal(text(f, "result.execution_id"), f->run_id);
	assert_string_equal(runs_json(f, "result.caller_state"),
						"{\"execution_variables\":{\"x\":1},\"completed_steps\":[\"a\"],\"total_steps\":1}");
	assert_int_equal(post(f, V3, ",\"completed_steps\":1,\"failed_steps\":1,\"pending_steps\":0,\"total_steps\":1"),
					 422);
	assert_int_equal(post(f, V3, ",\"completed_steps\":1,\"skipped_steps\":1,\"pending_steps\":1,\"total_steps\":3"),
					 201);
	assert_int_equal(post(f, V3, ",\"budget_allocated\":\"1\",\"budget_consumed\":\"1.5\""), 422);
	assert_int_equal(post(f, V3, ",\"budget_allocated\":1,\"budget_consumed\":-1"), 422);
	assert_int_equal(post(f, V3, ",\"budget_allocated\":1,\"budget_consumed\":1"), 201);
}

/* --- going back --- */

static void test_same_output(void **state)
{
	struct runs_fixture *f = *state;
	char first[80];
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "," SET("b", "{\"got\":\"${ . }\"}") "," WORK("c") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	snprintf(first, sizeof first, "%s", claim(f));
	assert_int_equal(complete(f, "7"), 200);
	assert_true(at(f, "/do/3/c"));
	const char *id = take(f); /* c is under way */
	char second[80];
	snprintf(second, sizeof second, "%s", claim(f));
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_int_equal(restore(f, id, ""), 200);
	assert_true(at(f, "/do/3/c"));
	const char *third = claim(f);
	assert_non_null(third);
	assert_string_not_equal(third, first);
	assert_string_not_equal(third, second); /* steps after it run again with attempt + 1 */
	assert_int_equal(fixture_number_at(f->base, "result.tasks.0.attempt"), 2);
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "{\"got\":7}"); /* a was not asked again */
	assert_int_equal(complete(f, "9"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "9");
	assert_int_equal(list(f), 1);
	assert_string_equal(text(f, "result.checkpoints.0.status"), "ready");
	assert_string_equal(runs_json(f, "result.checkpoints.0.can_resume"), "false");
	assert_true(refused(f, restore(f, id, ""), "transition_refused")); /* it is forked instead */
	assert_int_equal(runs_ask(f, "ops", "GET", "/journal", NULL), 200);
	assert_non_null(strstr(f->base->answer.answer, "\"kind\":\"run.restored\""));
}

/* A waiting run goes back: whoever has the task learns that it is over, and the rows between stay as they are. */
static void test_waiting(void **state)
{
	struct runs_fixture *f = *state;
	char task_id[64], path[128];
	runs_start(f, "[" WORK("a") "," WORK("b") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	const char *id = take(f);
	work(f, "1");
	assert_true(at(f, "/do/1/b"));
	assert_non_null(claim(f));
	strcpy(task_id, text(f, "result.tasks.0.task_id"));
	assert_int_equal(restore(f, id, ""), 200);
	snprintf(path, sizeof path, "/api/v1/flow/work/%s/complete", task_id);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{\"fence\":1,\"output\":1}"), 409);
	assert_true(at(f, "/do/0/a"));
	runs_reopen(f); /* what a restart reads is the same */
	assert_true(at(f, "/do/0/a"));
	work(f, "11");
	assert_true(at(f, "/do/1/b"));
	work(f, "12");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "12");
	assert_null(claim(f));
}

/* What happened stays counted: a step that is superseded and begins anew is one step. */
static void steps_are(struct runs_fixture *f, int64_t steps)
{
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	assert_int_equal(fixture_number_at(f->base, "result.steps_total"), steps);
}

/* To a later one, from an earlier one: a place in what is superseded is a place all the same. */
static void test_forth(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "," WORK("b") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	const char *early = take(f);
	work(f, "1");
	assert_true(at(f, "/do/1/b"));
	const char *late = take(f);
	steps_are(f, 2);
	assert_int_equal(restore(f, early, ""), 200);
	assert_true(at(f, "/do/0/a"));
	steps_are(f, 2);
	assert_int_equal(runs_ask(f, "ops", "GET", "/steps", NULL), 200); /* what it was about when it was put back */
	assert_int_equal(fixture_at(f->base, "result.steps")->count, 3);
	assert_int_equal(fixture_number_at(f->base, "result.steps.0.attempt"), 2);
	assert_string_equal(fixture_text(f->base, "result.steps.1.path"), "/do/0/a");
	assert_int_equal(fixture_number_at(f->base, "result.steps.1.attempt"), 1);
	assert_string_equal(fixture_text(f->base, "result.steps.1.status"), "completed");
	assert_int_equal(strlen(fixture_text(f->base, "result.steps.1.idempotency_key")), 64);
	assert_true(fixture_true(f->base, "result.steps.1.superseded"));
	assert_string_equal(fixture_text(f->base, "result.steps.2.path"), "/do/1/b");
	assert_string_equal(fixture_text(f->base, "result.steps.2.type"), "call");
	assert_string_equal(fixture_text(f->base, "result.steps.2.status"), "cancelled");
	assert_true(fixture_true(f->base, "result.steps.2.superseded"));
	assert_int_equal(restore(f, late, ""), 200);
	assert_true(at(f, "/do/1/b"));
	steps_are(f, 2);
	assert_non_null(claim(f));
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "1");
	assert_int_equal(fixture_number_at(f->base, "result.tasks.0.attempt"), 2);
	assert_int_equal(complete(f, "2"), 200);
	assert_true(runs_is(f, "completed"));
	steps_are(f, 2);
}

/* After a fault: from before the step that is at fault. */
static void test_after_a_fault(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_non_null(claim(f));
	char path[128];
	snprintf(path, sizeof path, "/api/v1/flow/work/%s/fail", text(f, "result.tasks.0.task_id"));
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{\"fence\":1,\"error\":{\"title\":\"no\"}}"), 200);
	assert_true(runs_is(f, "faulted"));
	const char *id = take(f);
	assert_string_equal(runs_json(f, "result.can_resume"), "true");
	assert_int_equal(restore(f, id, ""), 200);
	assert_true(at(f, "/do/1/a"));
	work(f, "5");
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "5");
}

static void test_at_most_once(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "," ONCE("b") "," WORK("c") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	const char *before = take(f);
	work(f, "1");
	assert_true(at(f, "/do/1/b"));
	work(f, "2");
	assert_true(at(f, "/do/2/c"));
	const char *after = take(f);
	assert_true(refused(f, restore(f, before, ""), "effect_sent"));
	assert_int_equal(list(f), 2);
	assert_string_equal(text(f, "result.checkpoints.1.status"), "ready");
	assert_int_equal(restore(f, after, ""), 200);
	assert_true(at(f, "/do/2/c"));
	assert_int_equal(restore(f, before, ",\"repeat_effects\":true"), 200);
	assert_true(at(f, "/do/0/a"));
}

static void send(struct runs_fixture *f, const char *type, int id)
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/events",
								 "{\"specversion\":\"1.0\",\"id\":\"%d\",\"source\":\"s\",\"type\":\"%s\",\"data\":%d}",
								 id, type, id),
					 202);
}

/* What listeners heard is heard again, also by those that begin only after the place. */
static void test_listeners(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" WORK("a") "," LISTEN("l") "," WORK("b") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	const char *before = take(f);
	work(f, "1");
	assert_true(at(f, "/do/1/l"));
	send(f, "a", 1);
	const char *within = take(f);
	send(f, "b", 2);
	assert_true(at(f, "/do/2/b"));
	assert_non_null(claim(f));
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "[1,2]");
	assert_int_equal(restore(f, within, ""), 200);
	assert_true(at(f, "/do/2/b"));
	assert_non_null(claim(f));
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "[1,2]");
	assert_int_equal(restore(f, before, ""), 200);
	assert_true(at(f, "/do/0/a"));
	work(f, "1");
	assert_true(at(f, "/do/2/b"));
	assert_non_null(claim(f));
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "[1,2]");
	assert_int_equal(complete(f, "0"), 200);
	assert_true(runs_is(f, "completed"));
}

/* A run that stood still goes on; a timer that was due meanwhile fires. */
static void test_suspended(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"w\":{\"wait\":{\"hours\":1}}}," WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	const char *id = take(f);
	runs_pass(f, 3600001);
	assert_true(at(f, "/do/1/a"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	assert_true(runs_is(f, "suspended"));
	assert_int_equal(restore(f, id, ""), 200);
	assert_true(at(f, "/do/1/a"));
	work(f, "3");
	assert_true(runs_is(f, "completed"));
}

static bool damage(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "UPDATE flow_checkpoints SET content_sha256 = 'x'");
}

static void test_damaged(void **state)
{
	struct runs_fixture *f = *state;
	struct err err;
	runs_start(f, "[" WORK("a") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	const char *id = take(f);
	assert_true(store_write(f->base->store, damage, NULL, &err));
	assert_true(refused(f, restore(f, id, ""), "transition_refused"));
}

/* --- of itself --- */

/* Wait for the checkpoint of that number, which follows the turn. */
static bool has_taken(struct runs_fixture *f, int number)
{
	const struct timespec pause = {.tv_nsec = 5000000};
	for (int i = 0; i < 2000; i++) {
		if (list(f) > 0 && (int)fixture_number_at(f->base, "result.checkpoints.0.checkpoint_number") == number)
			return true;
		nanosleep(&pause, NULL);
	}
	return false;
}

static void test_before_a_person(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "," ASK("p") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_true(has_taken(f, 1)); /* after the commit that asks */
	assert_int_equal(list(f), 1);
	assert_string_equal(runs_json(f, "result.checkpoints.0.automatic"), "true");
	assert_int_equal(fixture_number_at(f->base, "result.checkpoints.0.step_counts.completed"), 1);
	const char *id = arena_dup(&f->base->arena, text(f, "result.checkpoints.0.checkpoint_id"));
	assert_int_equal(look(f, "GET", "ops", id), 200);
	assert_null(strstr(f->base->answer.answer, "/do/1/p"));
	assert_int_equal(restore(f, id, ""), 200);
	assert_true(at(f, "/do/1/p"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(text(f, "result.waiting.0.kind"), "countersignature");
}

/* Every 300 s of activity; the newest ten of them stay, and all with a label [flow.md 5]. */
static void test_by_the_clock(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(
		f,
		"[{\"l\":{\"for\":{\"in\":\"${ [range(14)] }\"},\"do\":[{\"w\":{\"wait\":{\"minutes\":6}}}]}}," WORK("a") "]",
		"{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(post(f, V1, ",\"label\":\"kept\""), 201);
	for (int i = 0; i < 14; i++) {
		runs_pass(f, 360001);
		assert_true(has_taken(f, i + 2));
	}
	assert_int_equal(list(f), 11);
	assert_string_equal(text(f, "result.checkpoints.10.label"), "kept");
}

/* --- what it holds --- */

/* The state made from the journal up to a row, as text. */
static char *snapshot(struct runs_fixture *f, int64_t seq)
{
	struct run_record record;
	struct story story;
	struct err err;
	struct buf text;
	bool found;
	buf_init(&text, 0);
	struct db *db = store_read(f->base->store);
	assert_true(runs_get(db, f->run_id, NULL, &f->base->arena, &record, &found, &err) && found);
	assert_true(story_open_at(&story, f->flow->runner, db, &record, seq, &f->base->arena, &err));
	store_read_end(f->base->store, db);
	snapshot_write(&story.run, seq, &text);
	story_close(&story);
	return buf_take(&text, NULL);
}

/* Whatever came after it: going back gives what was stored. */
static void test_the_same_state(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[" SET("s", "{\"n\":1}") "," WORK("a") "," LISTEN("l") "]", "{}");
	assert_true(runs_is(f, "waiting"));
	const char *id = take(f);
	int64_t seq = (int64_t)fixture_number_at(f->base, "result.seq");
	assert_int_equal(look(f, "GET", "ops", id), 200);
	char *stored = strdup(runs_json(f, "result.state"));
	work(f, "1");
	assert_true(at(f, "/do/2/l"));
	send(f, "a", 1);
	assert_int_equal(restore(f, id, ""), 200);
	assert_true(at(f, "/do/1/a"));
	work(f, "2");
	assert_true(at(f, "/do/2/l"));
	char *again = snapshot(f, seq);
	assert_string_equal(again, stored);
	free(again);
	free(stored);
}

/* Its size depends on what is live, not on the steps done [flow.md 5]. */
static void test_size(void **state)
{
	struct runs_fixture *f = *state;
	int64_t sizes[2];
	for (int i = 0; i < 2; i++) {
		char *tasks;
		assert_true(asprintf(&tasks,
							 "[{\"l\":{\"for\":{\"in\":\"${ [range(%d)] }\"},\"do\":[" SET(
								 "x", "{\"n\":1}") "]}}," WORK("a") "]",
							 i == 0 ? 10 : 3000) > 0);
		runs_start(f, tasks, "{}");
		free(tasks);
		assert_true(runs_is(f, "waiting"));
		take(f);
		sizes[i] = (int64_t)fixture_number_at(f->base, "result.size_bytes");
	}
	assert_in_range(sizes[1], sizes[0] - 16, sizes[0] + 16); /* numbers have more digits */
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_members),         TEST(test_numbers),      TEST(test_refused),        TEST(test_version_3),
		TEST(test_same_output),     TEST(test_waiting),      TEST(test_forth),          TEST(test_after_a_fault),
		TEST(test_at_most_once),    TEST(test_listeners),    TEST(test_suspended),      TEST(test_damaged),
		TEST(test_before_a_person), TEST(test_by_the_clock), TEST(test_the_same_state), TEST(test_size),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
