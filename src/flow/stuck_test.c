#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "flow/flow_internal.h"
#include "flow/runs_fixture.h"
#include "flow/stuck.h"
#include "flow/tally.h"
#include "store/store.h"

/* Runs that nothing drives any more are driven again, counted and told [flow.md 3.3]. */

static int64_t stuck_count(struct runs_fixture *f)
{
	return runner_tally(f->flow->runner)->stuck;
}

static bool apply_lose(struct db *db, void *self, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO flow_runs (run_id, account_id, namespace, name, version, definition_sha256, status, seed, "
		"priority, labels, seq, due_at, driven, input, steps_total, attempts_total, created_at) SELECT "
		"'01900000-0000-7000-8000-000000000001', account_id, namespace, name, version, definition_sha256, "
		"'pending', seed, priority, labels, 0, 0, 0, input, 0, 0, created_at FROM flow_runs WHERE run_id = $1",
		V_TEXT(self));
}

/* A run in the store that the engine was never told of. */
static void lose_run(struct runs_fixture *f, const char *tasks)
{
	struct err err;
	runs_start(f, tasks, "{}");
	must(store_write(f->base->store, apply_lose, f->run_id, &err));
	strcpy(f->run_id, "01900000-0000-7000-8000-000000000001");
}

/* Time passes without a word to any run. */
static void pass(struct runs_fixture *f, int64_t seconds)
{
	struct err err;
	env_sim_advance(&f->base->env, seconds * 1000000);
	if (!flow_chores(f->flow, &err)) {
		print_error("%s\n", err.message);
		fail();
	}
}

static void test_a_lost_run_goes_on(void **state)
{
	struct runs_fixture *f = *state;
	lose_run(f, "[{\"a\":{\"set\":{\"x\":1}}}]");
	pass(f, 29);
	pass(f, 1); /* seen */
	assert_int_equal(stuck_count(f), 0);
	pass(f, 30); /* and seen again */
	assert_int_equal(stuck_count(f), 1);
	assert_true(runs_is(f, "completed"));
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/health/incidents?status=open", NULL), 200);
	assert_string_equal(fixture_text(f->base, "result.items.0.run_id"), f->run_id);
	assert_string_equal(fixture_text(f->base, "result.items.0.severity"), "high");
	assert_string_equal(fixture_text(f->base, "result.items.0.title"), "A run waited for nothing");
	pass(f, 30);
	pass(f, 30);
	assert_int_equal(stuck_count(f), 1);
}

/* It may wait for its slot, until no other run of its workflow is under way. */
static void test_a_slot_may_be_waited_for(void **state)
{
	struct runs_fixture *f = *state;
	char lost[ID_TEXT], other[ID_TEXT];
	runs_start(f, "[{\"a\":{\"listen\":{\"to\":{\"one\":{\"with\":{\"type\":\"x\"}}}}}}]", "{}");
	strcpy(other, f->run_id);
	lose_run(f, "[{\"a\":{\"set\":{\"x\":1}}}]");
	strcpy(lost, f->run_id);
	for (int i = 0; i < 4; i++)
		pass(f, 30);
	assert_int_equal(stuck_count(f), 0);
	strcpy(f->run_id, other);
	assert_int_equal(runs_ask(f, "ops", "POST", "/cancel", "{}"), 200);
	assert_true(runs_is(f, "cancelled"));
	pass(f, 30);
	pass(f, 30);
	assert_int_equal(stuck_count(f), 1);
	strcpy(f->run_id, lost);
	assert_true(runs_is(f, "completed"));
}

#define PERSON \
	"[{\"a\":{\"call\":\"countersign\",\"with\":{\"content\":{\"n\":1},\"title\":\"t\",\"who\":{\"role\":" \
	"\"approver\"}}}}]"

static void test_those_who_wait_are_left(void **state)
{
	static const char *const waits[] = {
		"[{\"a\":{\"wait\":{\"hours\":9}}}]",
		"[{\"a\":{\"listen\":{\"to\":{\"one\":{\"with\":{\"type\":\"x\"}}}}}}]",
		"[{\"a\":{\"call\":\"worker\",\"with\":{\"queue\":\"q\",\"payload\":1}}}]",
		PERSON,
	};
	struct runs_fixture *f = *state;
	for (size_t i = 0; i < sizeof waits / sizeof *waits; i++) {
		runs_start(f, waits[i], "{}");
		assert_true(runs_is(f, "waiting"));
	}
	runs_start(f, waits[0], "{}");
	assert_int_equal(runs_ask(f, "ops", "POST", "/pause", "{}"), 200);
	for (int i = 0; i < 4; i++)
		pass(f, 30);
	assert_int_equal(stuck_count(f), 0);
	assert_int_equal(fixture_ask(f->base, "ops", "GET", "/api/v1/flow/health/incidents", NULL), 200);
	assert_string_equal(runs_json(f, "result.items.0"), "absent");
}

#define WITH_FIXTURE(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_FIXTURE(test_a_lost_run_goes_on),
		WITH_FIXTURE(test_a_slot_may_be_waited_for),
		WITH_FIXTURE(test_those_who_wait_are_left),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
