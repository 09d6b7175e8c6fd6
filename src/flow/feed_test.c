#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "core/err.h"
#include "flow/domain/datum.h"
#include "flow/feed.h"
#include "flow/flow_internal.h"
#include "flow/runner_internal.h"
#include "flow/runs_fixture.h"

/* Events of a list come when all is at rest, whoever came to rest last: [flow.md 12]. */

#define LISTENS "[{\"a\":{\"listen\":{\"to\":{\"one\":{\"with\":{\"type\":\"t\"}}}}}}]"

static const char EVENT[] = "[{\"event\":{\"type\":\"t\",\"data\":7}}]";

static void count_effect(struct runner *runner, bool begins)
{
	runner_lock(runner);
	if (begins)
		runner->effects_under_way++;
	else
		runner->effects_under_way--;
	runner_changed(runner);
	runner_unlock(runner);
}

/* A call that was given up, or a look at the schedules, ends after the run's turn and no turn follows. */
static void test_no_turn_comes_last(void **state)
{
	struct runs_fixture *f = *state;
	struct runner *runner = f->flow->runner;
	struct err err;
	runs_start(f, LISTENS, "null");
	count_effect(runner, true);
	struct datum *events = datum_text(EVENT, strlen(EVENT));
	assert_true(feed_open(runner, f->run_id, events, &err));
	datum_unref(events);
	runner_wake(runner, f->run_id);
	assert_true(runner_wait(runner, f->run_id, true, 10000));
	assert_true(runs_is(f, "waiting"));
	count_effect(runner, false);
	assert_true(runs_is(f, "completed"));
	assert_string_equal(runs_json(f, "result.output"), "[7]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_no_turn_comes_last, runs_fixture_new, runs_fixture_free),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
