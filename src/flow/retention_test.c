#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/err.h"
#include "flow/flow_internal.h"
#include "flow/runner.h"
#include "flow/runs_fixture.h"
#include "store/store.h"

/* Runs go when their time is up, with all that hangs on them [flow.md 3.5]. */

enum { DAY_MS = 86400000 };
#define WORK(name) "{\"" name "\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":\"${ . }\"}}}"
#define ASK(name) \
	"{\"" name \
	"\":{\"call\":\"countersign\",\"with\":{\"content\":{\"a\":1},\"title\":\"t\",\"who\":{\"role\":\"owner\"}}}}"
#define LISTEN(name) "{\"" name "\":{\"listen\":{\"to\":{\"one\":{\"with\":{\"type\":\"x\"}}}}}}"
#define SET(name, text) "{\"" name "\":{\"set\":" text "}}"
#define RAISE(name) "{\"" name "\":{\"raise\":{\"error\":{\"type\":\"urn:x\",\"status\":500,\"title\":\"t\"}}}}"

static void take_count(const struct db_rows *row, void *self)
{
	*(int64_t *)self += db_int(row, 0);
}

static int64_t count(struct runs_fixture *f, const char *sql)
{
	int64_t rows = 0;
	bool found;
	struct err err;
	struct db *db = store_read(f->base->store);
	assert_true(db_one(db, &err, &found, take_count, &rows, sql));
	store_read_end(f->base->store, db);
	return rows;
}

/* Rows of all tables that hang on runs. */
static int64_t rows_left(struct runs_fixture *f)
{
	static const char *const tables[] = {"flow_runs",     "flow_journal", "flow_work",      "flow_requests",
										 "flow_answers",  "flow_orders",  "flow_rewinds",   "flow_forks",
										 "flow_children", "flow_firings", "flow_listeners", "flow_definitions"};
	int64_t rows = 0;
	for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
		char sql[64];
		snprintf(sql, sizeof sql, "SELECT COUNT(*) FROM %s", tables[i]);
		rows += count(f, sql);
	}
	return rows;
}

static int get(struct runs_fixture *f, const char *run_id)
{
	char target[80];
	snprintf(target, sizeof target, "/api/v1/flow/runs/%s", run_id);
	return fixture_ask(f->base, "ops", "GET", target, NULL);
}

static void fork_run(struct runs_fixture *f, const char *body)
{
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "%s", body), 202);
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	assert_true(runs_is(f, "completed"));
}

/* Let time pass without a look at the last run, which may be gone. */
static void pass(struct runs_fixture *f, int64_t ms)
{
	char run_id[ID_TEXT];
	strcpy(run_id, f->run_id);
	f->run_id[0] = '\0';
	runs_pass(f, ms);
	strcpy(f->run_id, run_id);
}

static void test_nothing_is_left(void **state)
{
	struct runs_fixture *f = *state;
	int64_t before = rows_left(f);
	runs_start(f, "[" SET("s", "{\"n\":1}") "," RAISE("r") "]", "{}");
	assert_true(runs_is(f, "faulted"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/retry", "{}"), 200); /* rewinds */
	assert_true(runs_is(f, "faulted"));
	const char *const waiting[] = {"[" WORK("a") "]", "[" ASK("a") "]", "[" LISTEN("a") "]"};
	for (int i = 0; i < 3; i++) {
		runs_start(f, waiting[i], "{}");
		assert_true(runs_is(f, "waiting"));
		assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
		assert_true(runs_is(f, "cancelled"));
	}
	int64_t seals = count(f, "SELECT COUNT(*) FROM seals"),
			requests = count(f, "SELECT COUNT(*) FROM countersign_requests");
	int64_t audit = count(f, "SELECT COUNT(*) FROM audit");
	assert_true(seals > 0 && requests > 0 && audit > 0);
	pass(f, INT64_C(30) * DAY_MS - 1);
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	pass(f, 1);
	assert_int_equal(rows_left(f), before);
	assert_int_equal(count(f, "SELECT COUNT(*) FROM seals"), seals);
	assert_int_equal(count(f, "SELECT COUNT(*) FROM countersign_requests"), requests);
	assert_int_equal(count(f, "SELECT COUNT(*) FROM audit"), audit);
	const char *const below[] = {"", "/steps", "/journal", "/why"};
	for (int i = 0; i < 4; i++)
		assert_int_equal(runs_ask(f, "ops", "GET", below[i], NULL), 404);
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 404);
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{}"), 404);
	assert_true(fixture_chain_sound(f->base));
}

static void told(void *self, bool ended)
{
	(void)ended;
	atomic_fetch_add((_Atomic int *)self, 1);
}

/* A test that waits in vain ends by its own time-out. */
static void wait_for(_Atomic int *heard, int count)
{
	const struct timespec moment = {.tv_nsec = 2000000};
	while (atomic_load(heard) < count)
		nanosleep(&moment, NULL);
}

/* What is not over stays, however old it is; and a word to a run that is gone harms nobody. */
static void test_waiting_stays(void **state)
{
	struct runs_fixture *f = *state;
	char gone[ID_TEXT];
	_Atomic int heard = 0;
	runs_start(f, "[" SET("s", "{\"n\":1}") "]", "{}");
	strcpy(gone, f->run_id);
	runs_start(f, "[" WORK("a") "]", "{}");
	pass(f, INT64_C(100) * DAY_MS);
	assert_int_equal(get(f, gone), 404);
	assert_true(runs_is(f, "waiting"));
	runner_look_then(f->flow->runner, gone, told, &heard);
	runner_order(f->flow->runner, gone, RUNNER_CANCEL, NULL, told, &heard);
	runner_when_over(f->flow->runner, gone, 60000, told, &heard);
	wait_for(&heard, 3);
	runs_reopen(f);
	assert_true(runs_is(f, "waiting"));
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	pass(f, INT64_C(29) * DAY_MS);
	assert_true(runs_is(f, "cancelled"));
}

#define DEFINITION(days) \
	"{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"t\",\"version\":\"1.0.0\"," \
	"\"metadata\":{\"retention_days\":" days "}},\"do\":[" SET("s", "{\"n\":1}") "]}"

static void test_of_the_workflow(void **state)
{
	struct runs_fixture *f = *state;
	char short_one[ID_TEXT], none[ID_TEXT];
	runs_start_definition(f, DEFINITION("2"), "{}");
	strcpy(short_one, f->run_id);
	runs_start_definition(f, DEFINITION("0"), "{}");
	strcpy(none, f->run_id);
	runs_start_definition(f, DEFINITION("90"), "{}");
	pass(f, 59999); /* time to read its end */
	assert_int_equal(get(f, none), 200);
	pass(f, 1);
	assert_int_equal(get(f, none), 404);
	assert_int_equal(get(f, short_one), 200);
	pass(f, INT64_C(2) * DAY_MS);
	assert_int_equal(get(f, short_one), 404);
	pass(f, INT64_C(87) * DAY_MS);
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 200);
	pass(f, INT64_C(1) * DAY_MS);
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 404);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs", "{\"definition\":%s}", DEFINITION("-1")),
					 422);
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs", "{\"definition\":%s}", DEFINITION("\"2\"")), 422);
}

/* A faulted run that goes on is not over. */
static void test_retried(void **state)
{
	struct runs_fixture *f = *state;
	runs_start(f,
			   "[{\"t\":{\"if\":\"${ .x }\",\"raise\":{\"error\":{\"type\":\"u:x\",\"status\":500}}}}," WORK("a") "]",
			   "{\"x\":true}");
	assert_true(runs_is(f, "faulted"));
	pass(f, INT64_C(29) * DAY_MS);
	assert_int_equal(runs_ask(f, "ops", "POST", "/skip", "{\"step\":\"/do/0/t\"}"), 200);
	assert_true(runs_is(f, "waiting"));
	pass(f, INT64_C(5) * DAY_MS);
	assert_true(runs_is(f, "waiting"));
}

/* The journal's prefix stays as long as a fork begins with it. */
static void test_forks(void **state)
{
	struct runs_fixture *f = *state;
	int64_t before = rows_left(f);
	char first[ID_TEXT], second[ID_TEXT];
	runs_start(f, "[" SET("s", "{\"n\":1}") "," SET("b", "{\"got\":\"${ . }\"}") "," SET("c", "{\"c\":\"${ . }\"}") "]",
			   "{}");
	strcpy(first, f->run_id);
	assert_true(runs_is(f, "completed"));
	pass(f, INT64_C(20) * DAY_MS);
	fork_run(f, "{\"from_step\":\"/do/1/b\"}");
	strcpy(second, f->run_id);
	pass(f, INT64_C(20) * DAY_MS);
	assert_int_equal(get(f, first), 404);
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/runs", NULL), 200);
	assert_null(fixture_at(f->base, "result.items.1"));
	assert_int_equal(count(f, "SELECT COUNT(*) FROM flow_runs WHERE output IS NOT NULL"), 1);
	runs_reopen(f);
	fork_run(f, "{\"from_step\":\"/do/2/c\"}"); /* a fork of the fork needs both */
	assert_string_equal(runs_json(f, "result.output"), "{\"c\":{\"got\":{\"n\":1}}}");
	pass(f, INT64_C(15) * DAY_MS);
	assert_int_equal(get(f, second), 404);
	assert_int_equal(runs_ask(f, "ops", "GET", "/journal", NULL), 200);
	assert_int_equal(fixture_number_at(f->base, "result.rows.0.seq"), 1);
	assert_int_equal(runs_ask(f, "ops", "GET", "/steps", NULL), 200);
	assert_string_equal(runs_json(f, "result.steps.0.output"), "{\"n\":1}");
	pass(f, INT64_C(20) * DAY_MS); /* the last fork goes, and in the next looks those that it held */
	pass(f, 1000);
	pass(f, 1000);
	assert_int_equal(runs_ask(f, "ops", "GET", "", NULL), 404);
	assert_int_equal(rows_left(f), before);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_nothing_is_left), TEST(test_waiting_stays), TEST(test_of_the_workflow),
									   TEST(test_retried), TEST(test_forks)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
