#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "flow/domain/agent.h"
#include "flow/domain/ops.h"
#include "flow/domain/retry.h"
#include "seal/harness.h"

static struct harness *harness;

/* flow.md 15: the numbers it states. */
static void the_worked_examples_hold(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &flow_agent_score_op, "%s", flow_agent_score_op.example));
	assert_float_equal(harness_number(harness, "/result/score"), .71, 1e-12);
	assert_string_equal(harness_text(harness, "/result/status"), "degraded");
	assert_true(harness_call(harness, &flow_importance_op, "%s", flow_importance_op.example));
	assert_float_equal(harness_number(harness, "/result/items/0/score"), .66, 1e-12);
	assert_true(harness_call(harness, &flow_effect_key_op, "%s", flow_effect_key_op.example));
	assert_string_equal(harness_text(harness, "/result/key"),
						"fc38744ab0bdc4059ee56227abd1a75e24ca1f646e63e5bb69eea8b5c13a7bf7");
	static const double delays[] = {3000, 6000, 12000, 24000};
	for (int n = 1; n <= 4; n++) {
		assert_true(harness_call(harness, &flow_retry_delay_op,
								 "{\"policy\":{\"delay\":\"PT3S\",\"backoff\":{\"exponential\":{}}},\"seed\":7,"
								 "\"path\":\"/do/0/a\",\"n\":%d}",
								 n));
		assert_float_equal(harness_number(harness, "/result/delay_ms"), delays[n - 1], 0);
	}
}

static void scores_stay_in_bounds_and_at_their_edges(void **state)
{
	(void)state;
	const struct heartbeat idle = {0}, worst = {4096, 100, 5, 0, 0, 5};
	assert_float_equal(agent_score(&idle), 1, 0);
	assert_float_equal(agent_score(&worst), 0, 0);
	assert_int_equal(agent_status(.8), AGENT_HEALTHY);
	assert_int_equal(agent_status(.7999), AGENT_DEGRADED);
	assert_int_equal(agent_status(.5), AGENT_DEGRADED);
	assert_int_equal(agent_status(.4999), AGENT_CRITICAL);
}

static void importance_caps_and_weights(void **state)
{
	(void)state;
	const struct importance_weights usual = {.3, .4, .3};
	assert_float_equal(memory_importance(&usual, 1e6, 0, 1, MEMORY_REASONING, 100, 24), 1, 1e-12);
	assert_float_equal(memory_importance(&usual, 0, 48, 0, MEMORY_OBSERVATION, 100, 24), 0, 0);
	assert_float_equal(memory_importance(&usual, 0, 48, .5, MEMORY_RESULT, 100, 24), .21, 1e-12);
	assert_false(harness_call(harness, &flow_importance_op,
							  "{\"items\":[{\"access_count\":1,\"age_hours\":1,\"importance\":1}],"
							  "\"weights\":{\"access\":0.3,\"recency\":0.4,\"importance\":0.31}}"));
	assert_true(harness_refused(harness, "/weights", "range"));
}

static void children_by_strategy(void **state)
{
	(void)state;
	assert_int_equal(estimate_children(STRATEGY_BREADTH, .55, 0, 150), 10);
	assert_int_equal(estimate_children(STRATEGY_DEPTH, 1, 0, 150), 5);
	assert_int_equal(estimate_children(STRATEGY_HYBRID, .3, 0, 150), 4);
	assert_int_equal(estimate_children(STRATEGY_ADAPTIVE, 1, 75, 150), 6);
	assert_int_equal(estimate_children(STRATEGY_ADAPTIVE, 1, 150, 150), 3);
}

static void cosine_of_the_plain_cases(void **state)
{
	(void)state;
	const double a[] = {1, 2, 3}, b[] = {-1, -2, -3}, c[] = {3, 0, -1}, zero[] = {0, 0, 0};
	assert_float_equal(cosine(a, a, 3), 1, 1e-15);
	assert_float_equal(cosine(a, b, 3), 0, 0); /* as memory has it: opposites are not alike */
	assert_float_equal(cosine(a, c, 3), 0, 1e-15);
	assert_float_equal(cosine(a, zero, 3), 0, 0);
	assert_false(harness_call(harness, &flow_similarity_op, "{\"a\":[1],\"b\":[1,2]}"));
	assert_true(harness_refused(harness, "/b", "length"));
}

static void jitter_is_the_hash_and_the_cap_holds(void **state)
{
	(void)state;
	const struct retry_policy spread = {.delay_ms = 0, .jitter_to_ms = 1e6},
							  huge = {.delay_ms = 1e6, .backoff = BACKOFF_EXPONENTIAL};
	double sum = 0;
	for (int n = 1; n <= 1000; n++) {
		int64_t delay = retry_delay_ms(&spread, "42", "/do/0", n, 3600000);
		assert_true(delay >= 0 && delay < 1000000);
		assert_int_equal(delay, retry_delay_ms(&spread, "42", "/do/0", n, 3600000));
		sum += (double)delay;
	}
	assert_true(sum / 1000 > 450000 && sum / 1000 < 550000);
	assert_int_equal(retry_delay_ms(&huge, "42", "/do/0", 5000, 3600000), 3600000);
}

static void durations_of_the_language(void **state)
{
	(void)state;
	static const struct {
		const char *json;
		double seconds; /* < 0: refused */
	} rows[] = {{"\"PT1.5S\"", 1.5}, {"\"P1DT2H3M4S\"", 93784},
				{"\"P1W\"", 604800}, {"{\"minutes\":2,\"milliseconds\":5}", 120.005},
				{"\"P1M\"", -1},     {"\"PT\"", -1},
				{"\"3s\"", -1},      {"{\"weeks\":1}", -1}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		bool done = harness_call(harness, &flow_retry_delay_op,
								 "{\"policy\":{\"delay\":%s},\"seed\":1,\"path\":\"/a\",\"n\":1}", rows[i].json);
		assert_int_equal(done, rows[i].seconds >= 0 && rows[i].seconds * 1000 <= 3.6e6 ? true : rows[i].seconds >= 0);
		if (done)
			assert_float_equal(harness_number(harness, "/result/delay_ms"), fmin(rows[i].seconds * 1000, 3600000), .5);
		else
			assert_true(harness_refused(harness, "/policy/delay", "format"));
	}
}

static void budgets_at_their_thresholds(void **state)
{
	(void)state;
	static const struct {
		const char *consumed, *status;
	} rows[] = {{"79.999999", "active"},   {"80", "warning"},    {"94.999999", "warning"}, {"95", "critical"},
				{"99.999999", "critical"}, {"100", "exhausted"}, {"250", "exhausted"}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &flow_budget_status_op, "{\"allocated\":\"100\",\"consumed\":\"%s\"}",
								 rows[i].consumed));
		assert_string_equal(harness_text(harness, "/result/status"), rows[i].status);
	}
	assert_true(harness_call(harness, &flow_budget_status_op, "{\"allocated\":0,\"consumed\":5}"));
	assert_float_equal(harness_number(harness, "/result/usage_percentage"), 0, 0);
	assert_false(harness_call(harness, &flow_budget_status_op,
							  "{\"allocated\":-1,\"consumed\":\"1e3\",\"warning\":0.9,\"critical\":0.5}"));
	assert_true(harness_refused(harness, "/allocated", "format") && harness_refused(harness, "/consumed", "format") &&
				harness_refused(harness, "/critical", "range"));
}

/* P-10.4: every way to open, the probe, the way back. */
static void breakers_open_and_close(void **state)
{
	(void)state;
	struct breaker b;
	breaker_init(&b, &breaker_defaults);
	for (int i = 0; i < 4; i++)
		breaker_take(&b, &(struct breaker_result){i, 10, false});
	assert_int_equal(b.state, BREAKER_CLOSED);
	breaker_take(&b, &(struct breaker_result){4, 10, false});
	assert_int_equal(b.state, BREAKER_OPEN);
	breaker_take(&b, &(struct breaker_result){63.9, 10, true}); /* refused */
	assert_int_equal(b.state, BREAKER_OPEN);
	breaker_take(&b, &(struct breaker_result){64, 10, true});
	assert_int_equal(b.state, BREAKER_HALF_OPEN);
	breaker_take(&b, &(struct breaker_result){65, 10, false});
	assert_int_equal(b.state, BREAKER_OPEN);
	for (int i = 0; i < 3; i++)
		breaker_take(&b, &(struct breaker_result){125 + i, 10, true});
	assert_int_equal(b.state, BREAKER_CLOSED);
	breaker_init(&b, &breaker_defaults);
	for (int i = 0; i < 49; i++)
		breaker_take(&b, &(struct breaker_result){i, 10, i % 2 == 0});
	assert_int_equal(b.state, BREAKER_CLOSED); /* 24 of 49 */
	breaker_take(&b, &(struct breaker_result){49, 10, false});
	assert_int_equal(b.state, BREAKER_OPEN); /* 25 of 50 */
	breaker_init(&b, &breaker_defaults);
	for (int i = 0; i < 10; i++)
		breaker_take(&b, &(struct breaker_result){i, i < 2 ? 10 : 5001, true});
	assert_int_equal(b.state, BREAKER_OPEN); /* 8 of 10 slow */
}

static void ttl_steps(void **state)
{
	(void)state;
	assert_float_equal(cache_ttl(.69, 600), 900, 1e-9);
	assert_float_equal(cache_ttl(.69, 10000), 13600, 1e-9);
	assert_float_equal(cache_ttl(.70, 600), 720, 1e-9);
	assert_float_equal(cache_ttl(.85, 600), 600, 0);
	assert_float_equal(cache_ttl(.95, 600), 600, 0);
	assert_float_equal(cache_ttl(.96, 600), 480, 1e-9);
	assert_float_equal(cache_ttl(.96, 70), 60, 0);
	assert_true(harness_call(harness, &flow_cache_ttl_op, "{\"hit_rate\":0.5,\"ttl_s\":600,\"lookups\":199}"));
	assert_false(harness_bool(harness, "/result/applied"));
	assert_true(harness_call(harness, &flow_cache_ttl_op, "{\"hit_rate\":0.5,\"ttl_s\":100,\"lookups\":500}"));
	assert_float_equal(harness_number(harness, "/result/ttl_s"), 100, 0); /* 50 s of change is too little */
}

static void anomalies_need_samples_and_know_their_levels(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &flow_anomaly_op, "{\"samples\":[1,2,3],\"value\":2}"));
	assert_true(harness_noted(harness, "abstain.samples"));
	double samples[101];
	struct anomaly a;
	for (int i = 0; i < 101; i++)
		samples[i] = i; /* median 50, MAD 25 */
	anomaly_judge(samples, 101, 50, &a);
	assert_int_equal(a.level, ANOMALY_NORMAL);
	assert_float_equal(a.z, 0, 1e-12);
	for (int i = 0; i < 101; i++)
		samples[i] = i;
	anomaly_judge(samples, 101, 50 + 2 * 25 / .6745, &a);
	assert_float_equal(a.robust_z, 2, 1e-9);
	for (int i = 0; i < 101; i++)
		samples[i] = 7;
	anomaly_judge(samples, 101, 7.001, &a);
	assert_true(isnan(a.z) && isnan(a.robust_z));
	assert_int_equal(a.level, ANOMALY_CRITICAL);
}

int main(void)
{
	harness = harness_new(NULL, 0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_worked_examples_hold),
		cmocka_unit_test(scores_stay_in_bounds_and_at_their_edges),
		cmocka_unit_test(importance_caps_and_weights),
		cmocka_unit_test(children_by_strategy),
		cmocka_unit_test(cosine_of_the_plain_cases),
		cmocka_unit_test(jitter_is_the_hash_and_the_cap_holds),
		cmocka_unit_test(durations_of_the_language),
		cmocka_unit_test(budgets_at_their_thresholds),
		cmocka_unit_test(breakers_open_and_close),
		cmocka_unit_test(ttl_steps),
		cmocka_unit_test(anomalies_need_samples_and_know_their_levels),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
