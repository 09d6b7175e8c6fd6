#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "flow/breakers.h"
#include "flow/runs_fixture.h"

/* Targets that fail are left alone; steps wait for them [flow.md 10; P-10.4]. */

enum { LOOKS = 2000, NEVER = -1, REFUSED = -2, WORKERS = 2 /* of the fixture, for effects */ };

struct target {
	_Atomic int status, calls;
};

static bool answer(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err)
{
	struct target *target = self;
	target->calls++;
	if (target->status == NEVER) {
		while (!request->given_up(request->self))
			sched_yield();
		answer->sent = true;
		return err_set(err, ERR_DEADLINE, "given up");
	}
	if (target->status == REFUSED) {
		answer->refused = true;
		return err_set(err, ERR_FORBIDDEN, "not there");
	}
	answer->status = target->status;
	answer->sent = true;
	snprintf(answer->content_type, sizeof answer->content_type, "application/json");
	buf_addf(&answer->body, "{\"calls\":%d}", target->calls);
	return true;
}

#define CALL "{\"ask\":{\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"https://A.example:443/x\"}%s}}"
#define TRY_ \
	"[{\"t\":{\"try\":[{\"ask\":{\"call\":\"http\",\"with\":{\"method\":\"post\",\"endpoint\":\"https://a.example/" \
	"x\"}}}]," \
	"\"catch\":{\"retry\":{\"delay\":{\"milliseconds\":0},\"limit\":{\"attempt\":{\"count\":9}}}}}}]"

static void serve(struct runs_fixture *f, struct target *target, int status)
{
	target->status = status;
	target->calls = 0;
	f->outgoing.ask = answer;
	f->outgoing.ask_self = target;
}

static int start_call(struct runs_fixture *f, const char *more)
{
	char tasks[512];
	snprintf(tasks, sizeof tasks, "[" CALL "]", more);
	runs_start(f, tasks, "{}");
	return 0;
}

static const char *breaker(struct runs_fixture *f, const char *member)
{
	char path[64];
	assert_int_equal(fixture_ask(f->base, "vic", "GET", "/api/v1/flow/breakers", NULL), 200);
	snprintf(path, sizeof path, "result.items.0.%s", member);
	return runs_json(f, path);
}

/* Five failures open it: the sixth try waits, says why, and goes on when the minute is over; three of them close it. */
static void test_opens_and_goes_on(void **state)
{
	struct runs_fixture *f = *state;
	struct target target;
	serve(f, &target, 503);
	runs_start(f, TRY_, "{}");
	for (int i = 0; i < LOOKS && target.calls < 5; i++) {
		assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
		runs_pass(f, 1); /* each retry has a timer */
	}
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(target.calls, 5);
	assert_string_equal(breaker(f, "target"), "\"a.example\"");
	assert_string_equal(breaker(f, "state"), "\"open\"");
	assert_string_equal(breaker(f, "failures"), "5");
	assert_string_equal(breaker(f, "held_runs"), "1");
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(runs_json(f, "result.waiting.0.kind"), "\"breaker\"");
	assert_string_equal(runs_json(f, "result.waiting.0.unblock.path"), "\"/api/v1/flow/breakers/a.example/reset\"");
	target.status = 200;
	runs_pass(f, 60000);
	assert_true(runs_is(f, "completed"));
	assert_int_equal(target.calls, 6);
	assert_string_equal(breaker(f, "state"), "\"half_open\"");
	for (int i = 0; i < 2; i++)
		start_call(f, ""), assert_true(runs_is(f, "completed"));
	assert_string_equal(breaker(f, "state"), "\"closed\"");
}

/* By hand, and over a restart; without the time to wait it is an error that can be caught. */
static void test_by_hand(void **state)
{
	struct runs_fixture *f = *state;
	struct target target;
	char first[ID_TEXT];
	serve(f, &target, 200);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/breakers/a.example/reset", "{}"), 404);
	assert_int_equal(fixture_ask(f->base, "vic", "POST", "/api/v1/flow/breakers/a.example/open", "{}"), 403);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/breakers/a.example/open",
								 "{\"duration_s\":600,\"reason\":\"works on it\"}"),
					 200);
	assert_string_equal(runs_json(f, "result.state"), "\"open\"");
	assert_string_equal(runs_json(f, "result.reason"), "\"works on it\"");
	start_call(f, "");
	assert_true(runs_is(f, "waiting"));
	strcpy(first, f->run_id);
	start_call(f, ",\"timeout\":{\"after\":{\"minutes\":5}}");
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(runs_json(f, "result.error.status"), "503");
	assert_string_equal(runs_json(f, "result.error.title"), "\"Breaker open\"");
	assert_string_equal(runs_json(f, "result.error.type"),
						"\"https://serverlessworkflow.io/spec/1.0.0/errors/communication\"");
	runs_reopen(f);
	strcpy(f->run_id, first);
	assert_string_equal(breaker(f, "state"), "\"open\"");
	start_call(f, "");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(target.calls, 0);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/breakers/a.example/reset", NULL), 200);
	assert_true(runs_is(f, "completed"));
	strcpy(f->run_id, first); /* as does the one from before */
	assert_true(runs_is(f, "completed"));
	assert_string_equal(breaker(f, "state"), "\"closed\"");
	assert_int_equal(fixture_ask(f->base, "eve", "GET", "/api/v1/flow/breakers", NULL), 200);
	assert_null(fixture_at(f->base, "result.items.0"));
}

/* What a client did wrong says nothing of the target; what is over before it goes out is not sent. */
static void test_not_counted(void **state)
{
	struct runs_fixture *f = *state;
	struct target target;
	serve(f, &target, 404);
	for (int i = 0; i < 7; i++)
		start_call(f, ""), assert_true(runs_is(f, "faulted"));
	assert_string_equal(breaker(f, "state"), "\"closed\"");
	assert_int_equal(target.calls, 7);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/breakers/a.example/open", NULL), 200);
	start_call(f, "");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/breakers/a.example/reset", NULL), 200);
	assert_true(runs_is(f, "cancelled"));
	assert_int_equal(target.calls, 7);
}

/* Open, and its time over: the next calls are trials. */
static void half_open(struct runs_fixture *f)
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/breakers/a.example/open", "{\"duration_s\":1}"),
					 200);
	runs_pass(f, 1000);
	assert_string_equal(breaker(f, "state"), "\"half_open\"");
}

/* Trials that are given up, or never go out, say nothing: others go in their place, and at once. */
static void test_trials_given_up(void **state)
{
	struct runs_fixture *f = *state;
	struct target target;
	serve(f, &target, 200);
	start_call(f, "");
	assert_true(runs_is(f, "completed"));
	half_open(f);
	target.status = REFUSED;
	for (int i = 0; i < 5; i++)
		start_call(f, ""), assert_true(runs_is(f, "faulted"));
	assert_int_equal(target.calls, 6);
	target.status = NEVER;
	char trials[3][ID_TEXT], held[ID_TEXT];
	for (int i = 0; i < 3; i++) {
		start_call(f, "");
		strcpy(trials[i], f->run_id);
		for (int k = 0; k < LOOKS && i < WORKERS && target.calls < 7 + i; k++)
			assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	}
	assert_int_equal(target.calls, 6 + WORKERS); /* the last waits for a thread */
	start_call(f, "");
	strcpy(held, f->run_id);
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(runs_json(f, "result.waiting.0.kind"), "\"breaker\"");
	target.status = 200;
	for (int i = 2; i >= 0; i--) {
		strcpy(f->run_id, trials[i]);
		assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	}
	strcpy(f->run_id, held);
	assert_true(runs_is(f, "completed"));
	assert_int_equal(target.calls, 7 + WORKERS);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_opens_and_goes_on), TEST(test_by_hand), TEST(test_not_counted),
									   TEST(test_trials_given_up)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
