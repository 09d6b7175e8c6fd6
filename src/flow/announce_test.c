#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "flow/runs_fixture.h"
#include "seal/outbox.h"
#include "store/store.h"

/* Lifecycle events of runs and tasks [flow.md 3.4]. */
/* REF: Serverless Workflow DSL 1.0, lifecycle events */

#define PREFIX "io.serverlessworkflow."

struct told {
	struct buf names; /* "workflow.started task.created@/do/0/a …" */
	struct buf data;  /* of the last event of the type that is looked for */
	const char *type, *run_id;
};

static void take(void *self, const struct outbox_event *event)
{
	struct told *told = self;
	const char *task = strstr(event->data, "\"task\":\""), *status = strstr(event->data, "\"status\":\"");
	size_t size = strlen(event->event);
	if (strcmp(event->subject, told->run_id) != 0)
		return;
	assert_int_equal(strncmp(event->event, PREFIX, sizeof PREFIX - 1), 0);
	assert_string_equal(event->event + size - 3, ".v1");
	buf_addf(&told->names, "%s%.*s", told->names.size > 0 ? " " : "", (int)(size - 3 - (sizeof PREFIX - 1)),
			 event->event + sizeof PREFIX - 1);
	if (task != NULL)
		buf_addf(&told->names, "@%.*s", (int)strcspn(task + 8, "\""), task + 8);
	if (strstr(event->event, "status-changed") != NULL)
		buf_addf(&told->names, "=%.*s", (int)strcspn(status + 10, "\""), status + 10);
	if (told->type != NULL && strstr(event->event, told->type) != NULL) {
		buf_reset(&told->data);
		buf_adds(&told->data, event->data);
	}
}

static void read_told(struct runs_fixture *f, struct told *told)
{
	static const char *const topics[] = {"runs", "steps", NULL};
	const struct outbox_filter filter = {.topics = topics, .limit = 1000};
	struct err err;
	told->run_id = f->run_id;
	buf_init(&told->names, 0);
	buf_init(&told->data, 0);
	struct db *db = store_read(f->base->store);
	assert_true(outbox_read(db, &filter, &f->base->arena, take, told, &err));
	store_read_end(f->base->store, db);
}

static void free_told(struct told *told)
{
	buf_fini(&told->names);
	buf_fini(&told->data);
}

static void assert_told(struct runs_fixture *f, const char *names)
{
	struct told told = {.type = NULL};
	read_told(f, &told);
	assert_string_equal(buf_text(&told.names), names);
	free_told(&told);
}

/* `data` with the run's id in place of %s. */
static void assert_data(struct runs_fixture *f, const char *type, const char *data)
{
	struct told told = {.type = type};
	struct buf wanted;
	const char *hole = strstr(data, "%s");
	read_told(f, &told);
	buf_init(&wanted, 0);
	buf_addf(&wanted, "%.*s%s%s", (int)(hole - data), data, f->run_id, hole + 2);
	assert_string_equal(buf_text(&told.data), buf_text(&wanted));
	buf_fini(&wanted);
	free_told(&told);
}

#define BEGUN "workflow.started workflow.status-changed=running "
#define AT "\"2025-06-15T15:06:40.000000Z\""

static void test_completed(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"set\":{\"n\":9007199254740993}}}]", "{}");
	assert_true(runs_is(f, "completed"));
	assert_told(f, BEGUN "workflow.completed workflow.status-changed=completed");
	assert_data(f, "workflow.started",
				"{\"name\":\"t-%s.t\",\"startedAt\":" AT
				",\"definition\":{\"name\":\"t\",\"namespace\":\"t\",\"version\":\"1.0.0\"}}");
	assert_data(f, "workflow.completed",
				"{\"name\":\"t-%s.t\",\"completedAt\":" AT ",\"output\":{\"n\":9007199254740993}}");
	assert_data(f, "workflow.status-changed", "{\"name\":\"t-%s.t\",\"updatedAt\":" AT ",\"status\":\"completed\"}");
}

static void test_faulted(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":418,\"title\":\"tea\"}}}}]", "{}");
	assert_true(runs_is(f, "faulted"));
	assert_told(f, BEGUN "workflow.faulted workflow.status-changed=faulted");
	assert_data(f, "workflow.faulted",
				"{\"name\":\"t-%s.t\",\"faultedAt\":" AT
				",\"error\":{\"type\":\"urn:x\",\"status\":418,\"title\":\"tea\",\"instance\":\"/do/0/a\"}}");
	assert_int_equal(runs_ask(f, "ops", "POST", "/retry", "{}"), 200);
	assert_true(runs_is(f, "faulted"));
	assert_told(f, BEGUN "workflow.faulted workflow.status-changed=faulted workflow.resumed "
						 "workflow.status-changed=running workflow.faulted workflow.status-changed=faulted");
}

static void test_paused_and_cancelled(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, "[{\"a\":{\"wait\":{\"hours\":1}}}]", "{}");
	assert_true(runs_is(f, "waiting"));
	assert_told(f, BEGUN "workflow.status-changed=waiting");
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	assert_int_equal(runs_ask(f, "ops", "POST", "/resume", "{}"), 200);
	assert_true(runs_is(f, "waiting"));
	runs_reopen(f); /* what was told is not told again */
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_told(f, BEGUN "workflow.status-changed=waiting workflow.suspended workflow.status-changed=suspended "
						 "workflow.resumed workflow.status-changed=running workflow.status-changed=waiting "
						 "workflow.status-changed=running workflow.cancelled workflow.status-changed=cancelled");
	assert_data(f, "workflow.suspended", "{\"name\":\"t-%s.t\",\"suspendedAt\":" AT "}");
	assert_data(f, "workflow.cancelled", "{\"name\":\"t-%s.t\",\"cancelledAt\":" AT "}");
}

static void test_correlation(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"a\":{\"listen\":{\"to\":{\"one\":{\"with\":{\"type\":\"x\"},\"correlate\":"
			   "{\"pet\":{\"from\":\"${ .data.pet }\"}}}}}}}]",
			   "{}");
	assert_true(runs_is(f, "waiting"));
	assert_told(f, BEGUN "workflow.correlation-started workflow.status-changed=waiting");
	assert_int_equal(
		fixture_ask(
			f->base, "ops", "POST", "/api/v1/flow/events",
			"{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"x\",\"data\":{\"pet\":\"p7\"}}"),
		202);
	assert_true(runs_is(f, "completed"));
	assert_data(f, "correlation-completed",
				"{\"name\":\"t-%s.t\",\"completedAt\":" AT ",\"correlationKeys\":{\"pet\":\"p7\"}}");
}

/* --- tasks --- */

#define TASKS \
	"[{\"a\":{\"set\":{\"n\":1}}},{\"b\":{\"if\":\"${ false " \
	"}\",\"set\":{\"x\":1}}},{\"c\":{\"wait\":{\"seconds\":1}}}]"
#define SET_(at) \
	"task.created@" at " task.started@" at " task.status-changed@" at "=running task.completed@" at \
	" task.status-changed@" at "=completed "

/* Only while somebody names the topic: nothing is written for nobody. */
static void test_tasks(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f, TASKS, "{}");
	assert_told(f, BEGUN "workflow.status-changed=waiting");
	outbox_watch(f->people.outbox, "steps", 1);
	runs_start(f, TASKS, "{}");
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	assert_int_equal(runs_ask(f, "ops", "POST", "/resume", "{}"), 200);
	runs_pass(f, 2000);
	assert_true(runs_is(f, "completed"));
	assert_told(
		f, BEGUN SET_(
			   "/do/0/a") "task.created@/do/1/b task.status-changed@/do/1/b=skipped "
						  "task.created@/do/2/c task.started@/do/2/c task.status-changed@/do/2/c=running "
						  "task.status-changed@/do/2/c=waiting workflow.status-changed=waiting "
						  "workflow.suspended workflow.status-changed=suspended task.suspended@/do/2/c "
						  "task.status-changed@/do/2/c=waiting workflow.resumed workflow.status-changed=running "
						  "task.resumed@/do/2/c task.status-changed@/do/2/c=running workflow.status-changed=waiting "
						  "workflow.status-changed=running task.status-changed@/do/2/c=running "
						  "task.completed@/do/2/c task.status-changed@/do/2/c=completed "
						  "workflow.completed workflow.status-changed=completed");
	assert_data(f, "task.created", "{\"workflow\":\"t-%s.t\",\"task\":\"/do/2/c\",\"createdAt\":" AT "}");
	outbox_watch(f->people.outbox, "steps", -1);
	runs_start(f, "[{\"a\":{\"set\":{\"x\":1}}}]", "{}");
	assert_told(f, BEGUN "workflow.completed workflow.status-changed=completed");
}

#define RAISE "{\"x\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"t\"}}}}"
#define X_ \
	"task.created@/do/0/a/try/0/x task.started@/do/0/a/try/0/x task.status-changed@/do/0/a/try/0/x=running " \
	"task.faulted@/do/0/a/try/0/x task.status-changed@/do/0/a/try/0/x=faulted "

static void test_retried(void **state)
{
	struct runs_fixture *f = *state;
	outbox_watch(f->people.outbox, "steps", 1);
	runs_start(f,
			   "[{\"a\":{\"try\":[" RAISE "],\"catch\":{\"retry\":{\"delay\":{\"milliseconds\":0},"
			   "\"limit\":{\"attempt\":{\"count\":1}}}}}}]",
			   "{}");
	runs_pass(f, 10);
	assert_true(runs_is(f, "faulted"));
	struct told told = {.type = "task.retried"};
	read_told(f, &told);
	assert_non_null(strstr(buf_text(&told.names), X_ "task.retried@/do/0/a "));
	assert_non_null(strstr(buf_text(&told.names), "task.faulted@/do/0/a task.status-changed@/do/0/a=faulted "
												  "workflow.faulted workflow.status-changed=faulted"));
	free_told(&told);
}

/* A branch that lost is cancelled; what is under way when the run is cancelled is cancelled with it. */
static void test_cancelled_tasks(void **state)
{
	struct runs_fixture *f = *state;
	struct told told = {.type = NULL};
	outbox_watch(f->people.outbox, "steps", 1);
	runs_start(f,
			   "[{\"f\":{\"fork\":{\"compete\":true,\"branches\":[{\"slow\":{\"wait\":{\"days\":1}}},{\"fast\":{"
			   "\"set\":{\"x\":1}}}]}}},"
			   "{\"w\":{\"wait\":{\"days\":1}}}]",
			   "{}");
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	read_told(f, &told);
	assert_non_null(strstr(buf_text(&told.names), "task.cancelled@/do/0/f/fork/branches/0/slow"));
	assert_non_null(strstr(buf_text(&told.names), "task.cancelled@/do/1/w task.status-changed@/do/1/w=cancelled "
												  "workflow.cancelled workflow.status-changed=cancelled"));
	free_told(&told);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)
	const struct CMUnitTest tests[] = {
		TEST(test_completed), TEST(test_faulted), TEST(test_paused_and_cancelled), TEST(test_correlation),
		TEST(test_tasks),     TEST(test_retried), TEST(test_cancelled_tasks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
