#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "flow/flow_internal.h"
#include "flow/runner_internal.h"
#include "flow/runs_fixture.h"
#include "http/workers.h"

/* Many runs and few slots [flow.md 3.5, 14]. */

#define LIMITED \
	"{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"limited\",\"version\":\"1.0.0\"," \
	"\"metadata\":{\"max_runs\":1}},\"do\":[{\"w\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\"}}}]}"

static bool has_become(struct runs_fixture *f, const char *run_id, const char *status)
{
	strcpy(f->run_id, run_id);
	return runs_is(f, status);
}

/* A run that is pending may still wait for its first turn, which finds that there is no slot. */
static void assert_waits_for_slot(struct runs_fixture *f)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	do {
		nanosleep(&moment, NULL);
		assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	} while (strcmp(runs_json(f, "result.waiting.0.kind"), "\"turn\"") == 0);
	assert_string_equal(runs_json(f, "result.waiting.0.kind"), "\"slot\"");
}

/* Two runs of a workflow that allows one: the second begins when the first is over, the third when that is cancelled.
 */
static void test_max_runs(void **state)
{
	struct runs_fixture *f = *state;
	char ids[3][ID_TEXT], target[128];
	for (int i = 0; i < 3; i++) {
		assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs", "{\"definition\":%s,\"priority\":%d}",
									 LIMITED, 5 - i),
						 202);
		snprintf(ids[i], sizeof ids[i], "%s", fixture_text(f->base, "result.run_id"));
		assert_true(has_become(f, ids[i], i == 0 ? "waiting" : "pending"));
	}
	assert_waits_for_slot(f);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim",
								 "{\"queue\":\"q\",\"worker_id\":\"w\",\"max\":10}"),
					 200);
	assert_null(fixture_at(f->base, "result.tasks.1"));
	snprintf(target, sizeof target, "/api/v1/flow/work/%s/complete", fixture_text(f->base, "result.tasks.0.task_id"));
	assert_int_equal(fixture_ask(f->base, "ops", "POST", target, "{\"fence\":1,\"output\":1}"), 200);
	assert_true(has_become(f, ids[0], "completed"));
	assert_true(has_become(f, ids[1], "waiting"));
	assert_true(has_become(f, ids[2], "pending"));
	runs_reopen(f);
	strcpy(f->run_id, ids[1]);
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_true(has_become(f, ids[2], "waiting"));
}

/* --- the user complaint "fairness": a noisy tenant delays nobody --- */

enum { NOISY = 120, SLOTS = 2 /* of the fixture */ };

struct barrier {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool open, late;
	int calls, quiet_at; /* which call was the quiet tenant's */
};

/* Threads may stand still for long: the calls after the first ones let the quiet tenant's come first, if it comes. */
static void wait_for_quiet(struct barrier *gate)
{
	struct timespec until;
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += 30;
	while (gate->quiet_at == 0 && !gate->late)
		gate->late = pthread_cond_timedwait(&gate->changed, &gate->lock, &until) != 0;
	pthread_cond_broadcast(&gate->changed);
}

static bool pass(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err)
{
	struct barrier *gate = self;
	(void)err;
	pthread_mutex_lock(&gate->lock);
	int number = ++gate->calls;
	if (strstr(request->url, "quiet") != NULL)
		gate->quiet_at = number;
	while (!gate->open)
		pthread_cond_wait(&gate->changed, &gate->lock);
	if (number > SLOTS)
		wait_for_quiet(gate);
	pthread_mutex_unlock(&gate->lock);
	answer->status = 200;
	answer->sent = true;
	return true;
}

static int start_call(struct runs_fixture *f, const char *who, const char *host)
{
	return fixture_ask(
		f->base, who, "POST", "/api/v1/flow/runs",
		"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":"
		"\"1.0.0\"},\"do\":[{\"c\":{\"call\":\"http\",\"with\":{\"method\":\"get\",\"endpoint\":"
		"\"https://%s.example/\"}}}]},\"priority\":%d}",
		host, strcmp(who, "eve") == 0 ? 0 : 9);
}

/* That many calls are sent or in the line. */
static bool are_under_way(struct runs_fixture *f, size_t calls)
{
	const struct timespec pause = {.tv_nsec = 2000000};
	struct runner *runner = f->flow->runner;
	size_t under_way = 0;
	for (int i = 0; i < 5000; i++) {
		runner_lock(runner);
		under_way = runner->effects_under_way;
		runner_unlock(runner);
		if (under_way == calls)
			return true;
		nanosleep(&pause, NULL);
	}
	fprintf(stderr, "%zu calls\n", under_way);
	return false;
}

/* All slots are taken by one tenant, whose next hundred calls wait too: another's one call is not behind them. */
static void test_fairness(void **state)
{
	struct runs_fixture *f = *state;
	struct barrier gate = {.open = false};
	char last[ID_TEXT];
	pthread_mutex_init(&gate.lock, NULL);
	pthread_cond_init(&gate.changed, NULL);
	f->outgoing.ask = pass;
	f->outgoing.ask_self = &gate;
	for (int i = 0; i < NOISY; i++)
		assert_int_equal(start_call(f, "ops", "noisy"), 202);
	snprintf(last, sizeof last, "%s", fixture_text(f->base, "result.run_id"));
	assert_true(are_under_way(f, NOISY));
	assert_int_equal(start_call(f, "eve", "quiet"), 202);
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	assert_true(are_under_way(f, NOISY + 1));
	pthread_mutex_lock(&gate.lock);
	gate.open = true;
	pthread_cond_broadcast(&gate.changed);
	pthread_mutex_unlock(&gate.lock);
	strcpy(f->run_id, last);
	assert_true(runs_is(f, "completed"));
	pthread_mutex_lock(&gate.lock);
	assert_in_range(gate.quiet_at, 1, 2 * SLOTS + 1);
	pthread_mutex_unlock(&gate.lock);
}

/* --- the first turn --- */

static void hold(void *self, int worker)
{
	struct barrier *gate = self;
	(void)worker;
	pthread_mutex_lock(&gate->lock);
	gate->calls++;
	pthread_cond_broadcast(&gate->changed);
	while (!gate->open)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

static void hold_all_threads(struct runner *runner, struct barrier *gate)
{
	for (int i = 0; i < SLOTS; i++)
		assert_true(workers_push(runner->turns, hold, gate));
	pthread_mutex_lock(&gate->lock);
	while (gate->calls < SLOTS)
		pthread_cond_wait(&gate->changed, &gate->lock);
	pthread_mutex_unlock(&gate->lock);
}

/* The run that was started last waits for its first turn, in its account's line, by its own priority. */
static bool stands_in_line(struct runs_fixture *f, int64_t priority)
{
	struct runner *runner = f->flow->runner;
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	runner_lock(runner);
	struct live *live = live_get(runner, f->run_id);
	bool stands = live->queued && live->tenant != fair_tenant(&runner->turn_line, "") && live->priority == priority;
	live_put(live);
	runner_unlock(runner);
	return stands;
}

static void open_gate(struct barrier *gate)
{
	pthread_mutex_lock(&gate->lock);
	gate->open = true;
	pthread_cond_broadcast(&gate->changed);
	pthread_mutex_unlock(&gate->lock);
}

static void test_first_turn(void **state)
{
	struct runs_fixture *f = *state;
	struct barrier gate = {.open = false};
	pthread_mutex_init(&gate.lock, NULL);
	pthread_cond_init(&gate.changed, NULL);
	f->outgoing.ask = pass;
	f->outgoing.ask_self = &gate;
	hold_all_threads(f->flow->runner, &gate);
	assert_int_equal(start_call(f, "ops", "quiet"), 202);
	bool stands = stands_in_line(f, 9);
	open_gate(&gate);
	assert_true(stands);
	assert_true(runs_is(f, "completed"));
}

/* --- a run without an end --- */

/* Whatever catches errors in it. */
static void test_too_many_steps(void **state)
{
	struct runs_fixture *f = *state;
	f->flow->runner->world.steps_max = 40;
	runs_start(f,
			   "[{\"t\":{\"try\":[{\"a\":{\"set\":{\"x\":1}}},{\"b\":{\"set\":{\"y\":1}}}],\"catch\":{\"do\":[{\"h\":{"
			   "\"set\":{\"z\":1}}}]},\"then\":\"t\"}}]",
			   "{}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(fixture_number_at(f->base, "result.steps_total"), 40);
	assert_string_equal(fixture_text(f->base, "result.error.title"), "Too many steps");
	assert_int_equal(fixture_number_at(f->base, "result.error.status"), 500);
	runs_start(
		f,
		"[{\"f\":{\"for\":{\"in\":\"${ [range(13)] }\"},\"do\":[{\"a\":{\"set\":{\"x\":1}}},{\"b\":{\"do\":[{\"c\":{"
		"\"set\":{\"y\":1}}}]}}]}}]",
		"{}");
	assert_true(runs_is(f, "completed")); /* exactly as many as are allowed */
	assert_int_equal(fixture_number_at(f->base, "result.steps_total"), 40);
}

/* What a schedule starts is not read either. */
static void test_first_turn_by_schedule(void **state)
{
	struct runs_fixture *f = *state;
	struct barrier gate = {.open = false};
	char path[128];
	pthread_mutex_init(&gate.lock, NULL);
	pthread_cond_init(&gate.changed, NULL);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
								 "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"w\","
								 "\"version\":\"1.0.0\"},\"do\":[{\"a\":{\"set\":{\"x\":1}}}]}}"),
					 201);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/schedules",
								 "{\"workflow\":\"t/w\",\"kind\":\"every\",\"spec\":{\"days\":1}}"),
					 201);
	snprintf(path, sizeof path, "/api/v1/flow/schedules/%s/trigger", fixture_text(f->base, "result.schedule_id"));
	hold_all_threads(f->flow->runner, &gate);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", path, "{}"), 202);
	bool stands = stands_in_line(f, 5);
	open_gate(&gate);
	assert_true(stands);
	assert_true(runs_is(f, "completed"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_max_runs), TEST(test_fairness), TEST(test_first_turn),
									   TEST(test_first_turn_by_schedule), TEST(test_too_many_steps)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
