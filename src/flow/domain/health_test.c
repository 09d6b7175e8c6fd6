#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/domain/health.h"

#define S INT64_C(1000000)
#define START (INT64_C(1750000000) * S)

/* flow.md 15: mem 1024, cpu 50, consumed 20, remaining 80, completed 9, failed 1 = 0.2 + 0.24 + 0.27 */
static void the_score_is_the_sum_of_three_shares(void **state)
{
	static const struct {
		struct heartbeat beat;
		double score;
	} rows[] = {
		{{1024, 50, 20, 80, 9, 1}, .71},     {{0, 0, 0, 0, 0, 0}, 1}, /* no money, no tasks: whole */
		{{2048, 100, 1, 0, 0, 1}, 0},                                 /* nothing left of anything */
		{{4096, 0, 0, 0, 0, 0}, .8},                                  /* memory beyond 2048 counts as 2048 */
		{{1024, 50, 0, 0, 0, 0}, .8},                                 /* 0.2 + 0.3 + 0.3 */
		{{0, 100, 5, 5, 0, 0}, .65},                                  /* 0.2 + 0.15 + 0.3 */
		{{2048, 0, 0, 10, 0, 3}, .5},                                 /* 0.2 + 0.3 + 0 */
		{{512, 25, 30, 10, 1, 3}, .3 + .15},                          /* 0.3 + 0.075 + 0.075 */
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_float_equal(agent_score(&rows[i].beat), rows[i].score, 1e-12);
}

static void the_thresholds_belong_to_the_better_side(void **state)
{
	(void)state;
	assert_int_equal(agent_status(1), AGENT_HEALTHY);
	assert_int_equal(agent_status(.8), AGENT_HEALTHY);
	assert_int_equal(agent_status(.2 + .3 + .3), AGENT_HEALTHY);
	assert_int_equal(agent_status(.1 + .7), AGENT_HEALTHY); /* 0.7999999999999999 in binary */
	assert_int_equal(agent_status(.799999), AGENT_DEGRADED);
	assert_int_equal(agent_status(.5), AGENT_DEGRADED);
	assert_int_equal(agent_status(.499999), AGENT_CRITICAL);
	assert_int_equal(agent_status(0), AGENT_CRITICAL);
}

static void a_heartbeat_scores_whatever_was_before(void **state)
{
	struct agent_health h = {.score = 0};
	(void)state;
	assert_true(health_beat(&h, .4, START).fell); /* the first one like any other */
	assert_int_equal(h.status, AGENT_CRITICAL);
	assert_false(health_beat(&h, .3, START + S).fell); /* it lies already */
	assert_false(health_beat(&h, .6, START + 2 * S).fell);
	assert_int_equal(h.status, AGENT_DEGRADED);
	assert_true(health_beat(&h, .49, START + 3 * S).fell);
	assert_false(health_beat(&h, .9, START + 4 * S).recovered);
	assert_int_equal(h.status, AGENT_HEALTHY);
	assert_true(h.healthy_since_us == START + 4 * S);
}

static void time_does_not_go_back(void **state)
{
	struct agent_health h = {.score = 0};
	(void)state;
	health_beat(&h, 1, START);
	health_beat(&h, .6, START - 60 * S);
	assert_true(h.last_heartbeat_us == START);
	assert_true(h.seen_us == START);
	assert_int_equal(h.status, AGENT_DEGRADED);
}

static void silence_is_strictly_longer(void **state)
{
	struct agent_health h = {.score = 0};
	(void)state;
	health_beat(&h, .9, START);
	assert_false(health_silent(&h, 30 * S, START + 30 * S));
	assert_true(health_silent(&h, 30 * S, START + 30 * S + 1));
	health_fail(&h);
	assert_int_equal(h.status, AGENT_FAILED);
	assert_float_equal(h.score, 0, 0);
	assert_false(health_silent(&h, 30 * S, START + 90 * S)); /* once */
	const struct health_change change = health_beat(&h, .9, START + 100 * S);
	assert_true(change.returned && !change.recovered && !change.fell);
	assert_int_equal(h.status, AGENT_HEALTHY);
}

static void only_a_healthy_heartbeat_ends_a_recovery(void **state)
{
	struct agent_health h = {.score = 0};
	(void)state;
	health_beat(&h, .6, START);
	assert_true(health_may_recover(&h));
	health_recover(&h, START + 10 * S);
	assert_int_equal(h.status, AGENT_RECOVERING);
	assert_int_equal(h.recovery_attempts, 1);
	assert_false(health_silent(&h, 30 * S, START + 40 * S)); /* it has the time from then on */
	assert_true(health_silent(&h, 30 * S, START + 40 * S + 1));
	assert_false(health_beat(&h, .79, START + 11 * S).recovered);
	assert_int_equal(h.status, AGENT_RECOVERING);
	assert_float_equal(h.score, .79, 0);
	assert_true(health_beat(&h, .4, START + 12 * S).fell);
	assert_int_equal(h.status, AGENT_RECOVERING);
	assert_true(health_beat(&h, .8, START + 13 * S).recovered);
	assert_int_equal(h.status, AGENT_HEALTHY);
	assert_int_equal(h.recovery_attempts, 1);
	assert_false(health_may_recover(&h)); /* healthy */
}

static void three_attempts_without_a_healthy_hour(void **state)
{
	struct agent_health h = {.score = 0};
	int64_t at = START;
	(void)state;
	for (int i = 1; i <= 3; i++) {
		health_beat(&h, .6, at += S);
		assert_true(health_may_recover(&h));
		health_recover(&h, at += S);
		assert_int_equal(h.recovery_attempts, i);
		health_beat(&h, .9, at += S);
	}
	int64_t healthy = at;
	health_beat(&h, .9, healthy + 1800 * S);
	health_beat(&h, .6, healthy + 3600 * S - 1); /* not quite an hour */
	assert_int_equal(h.recovery_attempts, 3);
	assert_false(health_may_recover(&h));
	health_beat(&h, .9, at = healthy + 4000 * S);
	health_beat(&h, .6, at + 3600 * S);
	assert_int_equal(h.recovery_attempts, 0);
	assert_true(health_may_recover(&h));
}

static void an_hour_counts_as_far_as_it_was_heard(void **state)
{
	struct agent_health h = {.score = 0};
	(void)state;
	health_beat(&h, .6, START);
	health_recover(&h, START);
	health_beat(&h, .9, START + S);
	health_fail(&h); /* silent for hours */
	assert_int_equal(h.recovery_attempts, 1);
	health_beat(&h, .9, START + 10000 * S);
	assert_int_equal(h.recovery_attempts, 1);
	health_beat(&h, .9, START + 13600 * S);
	health_fail(&h);
	assert_int_equal(h.recovery_attempts, 0);
}

static void incidents_only_move_on(void **state)
{
	static const bool may[4][4] = {
		[INCIDENT_OPEN] = {false, true, true, true},
		[INCIDENT_INVESTIGATING] = {false, false, true, true},
		[INCIDENT_RESOLVED] = {false},
		[INCIDENT_IGNORED] = {false},
	};
	(void)state;
	for (int from = 0; from < 4; from++)
		for (int to = 0; to < 4; to++)
			assert_int_equal(incident_may_become((enum incident_status)from, (enum incident_status)to), may[from][to]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_score_is_the_sum_of_three_shares),
		cmocka_unit_test(the_thresholds_belong_to_the_better_side),
		cmocka_unit_test(a_heartbeat_scores_whatever_was_before),
		cmocka_unit_test(time_does_not_go_back),
		cmocka_unit_test(silence_is_strictly_longer),
		cmocka_unit_test(only_a_healthy_heartbeat_ends_a_recovery),
		cmocka_unit_test(three_attempts_without_a_healthy_hour),
		cmocka_unit_test(an_hour_counts_as_far_as_it_was_heard),
		cmocka_unit_test(incidents_only_move_on),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
