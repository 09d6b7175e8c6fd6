#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/err.h"
#include "flow/runs_fixture.h"
#include "flow/work_repo.h"
#include "store/store.h"

/* External workers: leases, fences, and what becomes of a step whose worker is gone [flow.md 3.1, 3.5, 4, 13]. */

#define STEP "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":{\"n\":\"${ .n }\"}}}}]"
#define CLAIM "{\"queue\":\"q\",\"worker_id\":\"w1\",\"lease_ms\":10000}"

static int claim(struct runs_fixture *f, const char *body)
{
	return fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim", "%s", body);
}

/* The last claim's first task. */
struct task {
	char task_id[ID_TEXT], key[80];
	int fence;
};

static struct task claimed(struct runs_fixture *f)
{
	struct task task = {.fence = 0};
	assert_int_equal(claim(f, CLAIM), 200);
	assert_non_null(fixture_at(f->base, "result.tasks.0"));
	snprintf(task.task_id, sizeof task.task_id, "%s", fixture_text(f->base, "result.tasks.0.task_id"));
	snprintf(task.key, sizeof task.key, "%s", fixture_text(f->base, "result.tasks.0.idempotency_key"));
	task.fence = (int)fixture_number_at(f->base, "result.tasks.0.fence");
	return task;
}

static bool finds_nothing(struct runs_fixture *f)
{
	return claim(f, CLAIM) == 200 && strcmp(runs_json(f, "result.tasks"), "[]") == 0;
}

static int say(struct runs_fixture *f, const struct task *task, const char *word, int fence, const char *more)
{
	char target[128];
	snprintf(target, sizeof target, "/api/v1/flow/work/%s/%s", task->task_id, word);
	return fixture_ask(f->base, "ops", "POST", target, "{\"fence\":%d%s}", fence, more);
}

static void test_completes(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{\"n\":7}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "GET", "/why", NULL), 200);
	assert_string_equal(fixture_text(f->base, "result.waiting.0.kind"), "worker");
	assert_string_equal(fixture_text(f->base, "result.waiting.0.unblock.path"), "/api/v1/flow/work/claim");
	struct task task = claimed(f);
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "{\"n\":7}");
	assert_string_equal(fixture_text(f->base, "result.tasks.0.step"), "/do/0/a");
	assert_string_equal(fixture_text(f->base, "result.tasks.0.run_id"), f->run_id);
	assert_int_equal(task.fence, 1);
	assert_true(finds_nothing(f));
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":{\"a\":1,\"b\":[2]}"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"a\":1,\"b\":[2]}");
	assert_int_equal(runs_ask(f, "ops", "GET", "/steps", NULL), 200);
	assert_string_equal(fixture_text(f->base, "result.steps.0.idempotency_key"), task.key);
}

static void test_says_it_once(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	struct task task = claimed(f);
	assert_int_equal(say(f, &task, "complete", 2, ",\"output\":1"), 409);
	assert_string_equal(fixture_text(f->base, "code"), "stale_fence");
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":{\"a\":1,\"b\":2}"), 200);
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":{\"b\":2,\"a\":1}"), 200);
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":{\"a\":1}"), 409);
	assert_int_equal(say(f, &task, "fail", 1, ",\"error\":{\"title\":\"no\"}"), 409);
	assert_int_equal(say(f, &task, "heartbeat", 1, ""), 409);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "{\"a\":1,\"b\":2}");
}

/* The lease ran out: the same attempt goes by the same key to somebody else, under a higher fence. */
static void test_dead_worker(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	struct task first = claimed(f);
	runs_pass(f, 9999);
	assert_true(finds_nothing(f));
	runs_pass(f, 1);
	struct task second = claimed(f);
	assert_string_equal(second.task_id, first.task_id);
	assert_string_equal(second.key, first.key);
	assert_int_equal(second.fence, 2);
	assert_int_equal(fixture_number_at(f->base, "result.tasks.0.attempt"), 1);
	assert_int_equal(fixture_number_at(f->base, "result.tasks.0.deliveries"), 2);
	assert_int_equal(say(f, &first, "heartbeat", 1, ""), 409);
	assert_int_equal(say(f, &first, "complete", 1, ",\"output\":1"), 409);
	assert_int_equal(say(f, &second, "complete", 2, ",\"output\":2"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "2");
	assert_int_equal(runs_ask(f, "ops", "GET", "/steps", NULL), 200);
	assert_int_equal(fixture_number_at(f->base, "result.steps.0.attempt"), 1);
	assert_int_equal(fixture_number_at(f->base, "result.steps.0.deliveries"), 2);
}

static void test_late_but_alone(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	struct task task = claimed(f);
	runs_pass(f, 60000);
	assert_int_equal(say(f, &task, "heartbeat", 1, ",\"progress\":{\"done\":0.5}"), 200);
	assert_true(finds_nothing(f));
	runs_pass(f, 60000);
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":\"late\""), 200);
	assert_true(runs_is(f, "completed"));
}

static void test_restart(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	struct task task = claimed(f);
	runs_reopen(f);
	assert_true(finds_nothing(f));
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":3"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "3");
}

static void test_fails(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	struct task task = claimed(f);
	assert_int_equal(say(f, &task, "fail", 1, ",\"error\":{\"detail\":\"x\"}"), 422);
	const char *why = ",\"error\":{\"title\":\"Broken\",\"detail\":\"the lathe\",\"retryable\":false}";
	assert_int_equal(say(f, &task, "fail", 1, why), 200);
	assert_int_equal(say(f, &task, "fail", 1, why), 200);
	assert_int_equal(say(f, &task, "complete", 1, ""), 409);
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(fixture_text(f->base, "result.error.title"), "Broken");
	assert_int_equal(fixture_number_at(f->base, "result.error.status"), 500);
	assert_string_equal(fixture_text(f->base, "result.error.instance"), "/do/0/a");
}

#define DAG(retries) \
	"{\"workflow_id\":\"w\",\"version\":\"1.0.0\",\"name\":\"w\",\"steps\":[{\"step_id\":\"a\",\"params\":{\"x\":1}," \
	"\"retry_count\":" retries ",\"retry_delay_seconds\":1}]}"

/* A definite end: the next execution is a new attempt by another key; `retryable: false` ends it at once. */
static void test_retries(void **state)
{
	struct runs_fixture *f = *state;
	runs_start_definition(f, DAG("2"), "{}");
	assert_int_equal(claim(f, "{\"worker_id\":\"w\"}"), 200);
	struct task task = {.fence = 1};
	char key[80];
	snprintf(key, sizeof key, "%s", fixture_text(f->base, "result.tasks.0.idempotency_key"));
	snprintf(task.task_id, sizeof task.task_id, "%s", fixture_text(f->base, "result.tasks.0.task_id"));
	assert_string_equal(fixture_text(f->base, "result.tasks.0.step"), "/steps/a");
	assert_int_equal(say(f, &task, "fail", 1, ",\"error\":{\"title\":\"Busy\"}"), 200);
	assert_true(runs_is(f, "waiting"));
	for (int i = 0; i < 100 && strcmp(fixture_text(f->base, "result.waiting.0.kind"), "timer") != 0; i++)
		runs_ask(f, "ops", "GET", "/why", NULL);
	runs_pass(f, 1000);
	for (int i = 0; i < 400 && fixture_at(f->base, "result.tasks.0") == NULL; i++, usleep(5000))
		assert_int_equal(claim(f, "{\"worker_id\":\"w\"}"), 200);
	assert_int_equal(fixture_number_at(f->base, "result.tasks.0.attempt"), 2);
	assert_string_not_equal(fixture_text(f->base, "result.tasks.0.idempotency_key"), key);
	snprintf(task.task_id, sizeof task.task_id, "%s", fixture_text(f->base, "result.tasks.0.task_id"));
	assert_int_equal(say(f, &task, "fail", 1, ",\"error\":{\"title\":\"Broken\",\"retryable\":false}"), 200);
	assert_true(runs_is(f, "faulted"));
}

static void test_cancelled(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	struct task task = claimed(f);
	assert_int_equal(say(f, &task, "heartbeat", 1, ""), 200);
	assert_false(fixture_true(f->base, "result.cancel_requested"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_true(runs_is(f, "cancelled"));
	assert_int_equal(say(f, &task, "heartbeat", 1, ""), 200);
	assert_true(fixture_true(f->base, "result.cancel_requested"));
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":1"), 409);
	assert_true(finds_nothing(f));
}

static void test_timeout(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\"},\"timeout\":{\"after\":{\"seconds\":5}}}}]",
			   "{}");
	struct task task = claimed(f);
	runs_pass(f, 5000);
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(fixture_number_at(f->base, "result.error.status"), 408);
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":1"), 409);
	assert_int_equal(say(f, &task, "heartbeat", 1, ""), 200);
	assert_true(fixture_true(f->base, "result.cancel_requested"));
}

static void test_at_most_once(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\"},\"metadata\":{\"effect\":\"at-most-once\"}}}]",
			   "{}");
	struct task task = claimed(f);
	runs_pass(f, 9999);
	assert_true(runs_is(f, "waiting"));
	runs_pass(f, 1);
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(fixture_text(f->base, "result.error.title"), "Effect unknown");
	assert_true(finds_nothing(f));
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":1"), 409);
}

static void test_paused(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	assert_true(finds_nothing(f));
	assert_int_equal(runs_ask(f, "ops", "POST", "/resume", "{}"), 200);
	struct task task = claimed(f);
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	assert_int_equal(say(f, &task, "complete", 1, ",\"output\":5"), 200);
	assert_true(runs_is(f, "suspended"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/resume", "{}"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "5");
}

static void test_order(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"f\":{\"for\":{\"in\":\"${ [1,2,3] }\",\"each\":\"i\"},\"metadata\":{\"parallel\":{\"max\":3}},"
			   "\"do\":[{\"w\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":\"${ $i }\"}}}]}}]",
			   "{}");
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(claim(f, "{\"queue\":\"q\",\"worker_id\":\"w1\",\"max\":2}"), 200);
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "1");
	assert_string_equal(runs_json(f, "result.tasks.1.payload"), "2");
	assert_null(fixture_at(f->base, "result.tasks.2"));
	assert_int_equal(claim(f, "{\"queue\":\"q\",\"worker_id\":\"w1\",\"max\":2}"), 200);
	assert_string_equal(runs_json(f, "result.tasks.0.payload"), "3");
}

/* A claim that waits is answered when there is work. */
static void *start_later(void *self)
{
	struct runs_fixture *f = self;
	struct loopback answer = {
		.method = "POST",
		.target = "/api/v1/flow/runs",
		.headers = (const char *const[]){"X-Test-User", "ops", "Content-Type", "application/json", NULL},
		.body = "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":\"1.0."
				"0\"},"
				"\"do\":[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"late\"}}}]}}",
	};
	answer.body_size = strlen(answer.body);
	usleep(50000);
	loopback_ask(&f->base->service, &answer);
	loopback_fini(&answer);
	return NULL;
}

static void test_waits(void **state)
{
	struct runs_fixture *f = *state;
	pthread_t thread;
	assert_int_equal(pthread_create(&thread, NULL, start_later, f), 0);
	assert_int_equal(claim(f, "{\"queue\":\"late\",\"worker_id\":\"w\",\"wait_ms\":30000}"), 200);
	assert_string_equal(fixture_text(f->base, "result.tasks.0.step"), "/do/0/a");
	pthread_join(thread, NULL);
	assert_int_equal(claim(f, "{\"queue\":\"late\",\"worker_id\":\"w\",\"wait_ms\":0}"), 200);
	assert_string_equal(runs_json(f, "result.tasks"), "[]");
}

static void test_refuses(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	struct task task = claimed(f), other = {.task_id = "01900000-0000-7000-8000-0000000000aa"};
	assert_int_equal(say(f, &other, "complete", 1, ""), 404);
	char target[128];
	snprintf(target, sizeof target, "/api/v1/flow/work/%s/complete", task.task_id);
	assert_int_equal(fixture_ask(f->base, "eve", "POST", target, "{\"fence\":1}"), 404);
	assert_int_equal(fixture_ask(f->base, "vic", "POST", target, "{\"fence\":1}"), 403);
	assert_int_equal(claim(f, "{\"queue\":\"q\"}"), 422);
	assert_int_equal(claim(f, "{\"queue\":\"q\",\"worker_id\":\"w\",\"max\":101}"), 422);
	assert_int_equal(claim(f, "{\"queue\":\"q\",\"worker_id\":\"w\",\"lease_ms\":999}"), 422);
	assert_int_equal(claim(f, "{\"queue\":\"q\",\"worker_id\":\"w\",\"wait_ms\":30001}"), 422);
	runs_start(f, "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"${ .q }\",\"lease\":{\"days\":1}}}}]", "{}");
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(fixture_text(f->base, "result.error.title"), "Cannot be asked");
}

/* --- the worker as an agent [flow.md 9] --- */

#define LONG_CLAIM "{\"queue\":\"q\",\"worker_id\":\"%s\",\"lease_ms\":3600000}"
enum { INTERVAL_MS = 30000 };

static struct task claimed_long(struct runs_fixture *f, const char *worker_id)
{
	struct task task = {.fence = 0};
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/work/claim", LONG_CLAIM, worker_id), 200);
	assert_non_null(fixture_at(f->base, "result.tasks.0"));
	snprintf(task.task_id, sizeof task.task_id, "%s", fixture_text(f->base, "result.tasks.0.task_id"));
	snprintf(task.key, sizeof task.key, "%s", fixture_text(f->base, "result.tasks.0.idempotency_key"));
	task.fence = (int)fixture_number_at(f->base, "result.tasks.0.fence");
	return task;
}

static void beat(struct runs_fixture *f, const char *who, const char *agent_id)
{
	assert_int_equal(
		fixture_ask(f->base, who, "POST", "/api/v1/flow/health/heartbeat",
					"{\"agent_id\":\"%s\",\"memory_usage_mb\":4096,\"cpu_usage_percent\":0,\"failed_tasks_count\":1}",
					agent_id),
		200);
}

/* The lease would last an hour: the agent's silence ends it, and nobody else's. */
static void test_dead_agent(void **state)
{
	struct runs_fixture *f = *state;
	struct err err;
	runs_start(f, STEP, "{}");
	beat(f, "ops", "w1");
	beat(f, "eve", "w1"); /* of another account, by the same name */
	struct task first = claimed_long(f, "w1");
	runs_pass(f, INTERVAL_MS);
	beat(f, "ops", "w1");
	runs_pass(f, INTERVAL_MS);
	assert_true(agents_chores(f->base->agents, &err)); /* eve's has fallen silent, ops' not yet */
	assert_true(finds_nothing(f));
	runs_pass(f, INTERVAL_MS);
	assert_true(agents_chores(f->base->agents, &err));
	assert_int_equal(say(f, &first, "heartbeat", first.fence, ""), 409);
	assert_int_equal(say(f, &first, "complete", first.fence, ",\"output\":1"), 409); /* even before the next claim */
	struct task second = claimed_long(f, "w2");
	assert_string_equal(second.task_id, first.task_id);
	assert_string_equal(second.key, first.key);
	assert_true(second.fence > first.fence);
	assert_int_equal(fixture_number_at(f->base, "result.tasks.0.attempt"), 1);
	assert_int_equal(fixture_number_at(f->base, "result.tasks.0.deliveries"), 2);
	assert_int_equal(say(f, &first, "complete", first.fence, ",\"output\":1"), 409);
	assert_string_equal(fixture_text(f->base, "code"), "stale_fence");
	assert_int_equal(say(f, &second, "complete", second.fence, ",\"output\":2"), 200);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "2");
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/health/incidents?agent_id=w1", NULL), 200);
	assert_string_equal(fixture_text(f->base, "result.items.0.description"),
						"Nothing was heard for 60 s; its leases that ended: 1.");
}

static void test_agent_told_to_recover(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, STEP, "{}");
	beat(f, "ops", "w1");
	struct task first = claimed_long(f, "w1");
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/health/recover/w1", NULL), 200);
	struct task second = claimed_long(f, "w1"); /* it may have its own again */
	assert_string_equal(second.task_id, first.task_id);
	assert_int_equal(say(f, &first, "complete", first.fence, ",\"output\":1"), 409);
	assert_int_equal(say(f, &second, "complete", second.fence, ",\"output\":2"), 200);
	assert_true(runs_is(f, "completed"));
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/health/recover/w1", NULL), 200);
	assert_true(finds_nothing(f)); /* what has ended stays so */
}

static void test_dead_agent_at_most_once(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\"},\"metadata\":{\"effect\":\"at-most-once\"}}}]",
			   "{}");
	beat(f, "ops", "w1");
	struct task task = claimed_long(f, "w1");
	runs_pass(f, INTERVAL_MS + 1);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/health/detect-failures", NULL), 200);
	assert_true(finds_nothing(f));
	runs_pass(f, 1);
	assert_true(runs_is(f, "faulted"));
	assert_string_equal(fixture_text(f->base, "result.error.title"), "Effect unknown");
	assert_int_equal(say(f, &task, "complete", task.fence, ",\"output\":1"), 409);
}

/* --- states: every word in every state goes along an edge of the table, or is refused and changes nothing --- */

static void take_status(const struct db_rows *row, void *self)
{
	snprintf(self, 20, "%s", db_text(row, 0));
}

static enum work_status status_of_last(struct runs_fixture *f, char task_id[ID_TEXT])
{
	char name[20] = "";
	struct err err;
	struct db *db = store_read(f->base->store);
	assert_true(
		db_one(db, &err, NULL, take_status, name, "SELECT status FROM flow_work WHERE task_id = $1", V_TEXT(task_id)));
	store_read_end(f->base->store, db);
	int status = 0;
	while (strcmp(work_status_names[status], name) != 0)
		status++;
	return (enum work_status)status;
}

static void take_id(const struct db_rows *row, void *self)
{
	snprintf(self, ID_TEXT, "%s", db_text(row, 0));
}

/* A task of a run of its own, and how it gets there. */
static struct task task_in(struct runs_fixture *f, enum work_status status)
{
	struct task task = {.fence = 0};
	struct err err;
	runs_start(f, STEP, "{}");
	assert_true(runs_is(f, "waiting"));
	struct db *db = store_read(f->base->store);
	assert_true(db_one(db, &err, NULL, take_id, task.task_id, "SELECT task_id FROM flow_work WHERE run_id = $1",
					   V_TEXT(f->run_id)));
	store_read_end(f->base->store, db);
	if (status != WORK_OPEN)
		task = claimed(f);
	if (status == WORK_COMPLETED)
		assert_int_equal(say(f, &task, "complete", 1, ",\"output\":1"), 200);
	else if (status == WORK_FAILED)
		assert_int_equal(say(f, &task, "fail", 1, ",\"error\":{\"title\":\"t\"}"), 200);
	else if (status == WORK_ENDED)
		assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_int_equal(status_of_last(f, task.task_id), status);
	static const char *const then[WORK_STATUSES] = {
		[WORK_COMPLETED] = "completed", [WORK_FAILED] = "faulted", [WORK_ENDED] = "cancelled"};
	assert_true(then[status] == NULL || runs_is(f, then[status]));
	return task;
}

static void test_states(void **state)
{
	struct runs_fixture *f = *state;
	static const struct {
		const char *word, *more;
		enum work_status to;
	} words[] = {
		{"claim", NULL, WORK_LEASED},
		{"complete", ",\"output\":2", WORK_COMPLETED},
		{"fail", ",\"error\":{\"title\":\"no\"}", WORK_FAILED},
		{"heartbeat", "", WORK_LEASED},
		{"cancel", NULL, WORK_ENDED},
	};
	for (int from = 0; from < WORK_STATUSES; from++) {
		for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
			struct task task = task_in(f, (enum work_status)from);
			bool holds = strcmp(words[i].word, "heartbeat") == 0 || words[i].to == WORK_COMPLETED ||
						 words[i].to == WORK_FAILED; /* words of who holds it */
			bool edge = work_may_become((enum work_status)from, words[i].to) && (!holds || from == WORK_LEASED);
			if (strcmp(words[i].word, "claim") == 0) {
				if (from == WORK_LEASED) /* by somebody else, once its lease ran out */
					runs_pass(f, 10001);
				assert_int_equal(finds_nothing(f), !edge);
			} else if (strcmp(words[i].word, "cancel") == 0) {
				assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), from <= WORK_LEASED ? 200 : 409);
			} else {
				/* who held what was ended elsewhere learns it by a heartbeat */
				bool learns = from == WORK_ENDED && words[i].to == WORK_LEASED;
				assert_int_equal(say(f, &task, words[i].word, 1, words[i].more), edge || learns ? 200 : 409);
				assert_string_equal(learns ? runs_json(f, "result.cancel_requested") : "true", "true");
			}
			assert_int_equal(status_of_last(f, task.task_id), edge ? (int)words[i].to : from);
			(void)runs_ask(f, "ops", "POST", "/cancel", "{}"); /* nothing is left to be claimed */
		}
	}
}

/* The table itself: every edge that is meant, and no other. */
static void test_edges(void **state)
{
	(void)state;
	static const char *const edges[WORK_STATUSES] = {
		[WORK_OPEN] = "leased ended",
		[WORK_LEASED] = "leased completed failed ended",
		[WORK_COMPLETED] = "",
		[WORK_FAILED] = "",
		[WORK_ENDED] = "",
	};
	for (int from = 0; from < WORK_STATUSES; from++)
		for (int to = 0; to < WORK_STATUSES; to++)
			assert_int_equal(work_may_become((enum work_status)from, (enum work_status)to),
							 strstr(edges[from], work_status_names[to]) != NULL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_completes),
		TEST(test_says_it_once),
		TEST(test_dead_worker),
		TEST(test_late_but_alone),
		TEST(test_restart),
		TEST(test_fails),
		TEST(test_retries),
		TEST(test_cancelled),
		TEST(test_timeout),
		TEST(test_at_most_once),
		TEST(test_paused),
		TEST(test_order),
		TEST(test_waits),
		TEST(test_refuses),
		TEST(test_dead_agent),
		TEST(test_agent_told_to_recover),
		TEST(test_dead_agent_at_most_once),
		TEST(test_states),
		cmocka_unit_test(test_edges),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
