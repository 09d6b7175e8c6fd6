#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "seal/harness.h"
#include "trade/domain/metrics_op.h"

/*
 * What is undefined is null and named in the one warning, never 0, infinity or a number made up [trade.md 9.1]: one row
 * for each figure and each way in which it can be undefined.
 */

static struct harness *harness;

#define NONE "{\"returns\":[null,null],\"trades\":[{\"profit\":1}]}"
#define ONE "{\"returns\":[0.01]}"
#define RISING "{\"returns\":[0.01,0.02,0.01]}"
#define FALLING "{\"returns\":[-0.01,-0.02,-0.01]}"
#define EQUAL "{\"returns\":[0.01,0.01,0.01,0.01]}"
#define ZEROS "{\"returns\":[0,0,0]}"
#define HUGE_ONES "{\"returns\":[1e200,1e200,-0.5]}"
#define AGAINST(w, b) "{\"returns\":[" w "],\"benchmark\":[" b "]}"
#define TRADES(list) "{\"trades\":[" list "]}"
#define P(profit) "{\"profit\":" profit "}"

static const struct {
	const char *body, *undefined;
} rows[] = {
	/* nothing but holes: not even that it grew by 0 */
	{NONE, "returns/total_return"},
	{NONE, "returns/annual_return"},
	{NONE, "returns/cagr"},
	{NONE, "returns/mean"},
	{NONE, "returns/geometric_mean"},
	{NONE, "returns/downside_risk"},
	{NONE, "returns/max_drawdown"},
	{NONE, "returns/current_drawdown"},
	{NONE, "returns/ulcer_index"},
	{NONE, "returns/var"},
	{NONE, "returns/cvar"},
	{NONE, "returns/best"},
	{NONE, "returns/worst"},
	/* too few */
	{ONE, "returns/stddev"},
	{ONE, "returns/annual_volatility"},
	{ONE, "returns/sharpe"},
	{ONE, "returns/stability"},
	{"{\"returns\":[0.01,-0.02]}", "returns/skew"},
	{"{\"returns\":[0.01,-0.02,0.03]}", "returns/kurtosis"},
	{"{\"returns\":[0.01,0.02],\"risk_free\":[0.01,null]}", "returns/sharpe"},
	/* deviations that are only what rounding leaves */
	{EQUAL, "returns/sharpe"},
	{EQUAL, "returns/skew"},
	{EQUAL, "returns/kurtosis"},
	{ZEROS, "returns/stability"},
	/* nothing below, nothing above, nothing at all to divide by */
	{RISING, "returns/sortino"},
	{RISING, "returns/omega"},
	{RISING, "returns/calmar"},
	{RISING, "returns/recovery_factor"},
	{RISING, "returns/average_drawdown"},
	{RISING, "returns/payoff_ratio"},
	{RISING, "returns/profit_factor"},
	{RISING, "returns/kelly"},
	{FALLING, "returns/payoff_ratio"},
	{FALLING, "returns/kelly"},
	{ZEROS, "returns/tail_ratio"},
	{ZEROS, "returns/win_rate"},
	{ZEROS, "returns/profit_factor"},
	{"{\"returns\":[0.1,-1,0.2]}", "returns/stability"},
	{"{\"returns\":[0.1,0.2],\"times\":[\"2025-01-01\",\"2025-01-01\"]}", "returns/cagr"},
	/* overflow */
	{HUGE_ONES, "returns/total_return"},
	{HUGE_ONES, "returns/annual_return"},
	{HUGE_ONES, "returns/max_drawdown"},
	{"{\"returns\":[1,1],\"periods_per_year\":1e9}", "returns/annual_return"},
	/* benchmark */
	{AGAINST("0.01,0.02", "0.01,0.01"), "benchmark/beta"},
	{AGAINST("0.01,0.02", "0.01,0.01"), "benchmark/alpha"},
	{AGAINST("0.01,0.02", "0.01,0.01"), "benchmark/alpha_annual"},
	{AGAINST("0.01,0.02", "0.01,0.01"), "benchmark/treynor"},
	{AGAINST("0.01,0.01", "0.01,0.02"), "benchmark/treynor"}, /* beta is 0 */
	{AGAINST("0.01,0.01", "0.01,0.02"), "benchmark/correlation"},
	{AGAINST("0.01,0.01", "0.01,0.02"), "benchmark/r_squared"},
	{AGAINST("0.02,0.03", "0.01,0.02"), "benchmark/information_ratio"},
	{AGAINST("0.02,0.03", "0.01,0.02"), "benchmark/down_capture"},
	{AGAINST("0.02,0.03", "-0.01,-0.02"), "benchmark/up_capture"},
	{AGAINST("0.02,null", "0.01,0.02"), "benchmark/tracking_error"},
	{AGAINST("0.02,null", "null,0.02"), "benchmark/excess_return"},
	/* trades */
	{TRADES(P("5") "," P("6")), "trades/average_loss"},
	{TRADES(P("5") "," P("6")), "trades/largest_loss"},
	{TRADES(P("5") "," P("6")), "trades/payoff_ratio"},
	{TRADES(P("5") "," P("6")), "trades/profit_factor"},
	{TRADES(P("5") "," P("6")), "trades/expectancy_ratio"},
	{TRADES(P("5") "," P("6")), "trades/kelly"},
	{TRADES(P("5") "," P("6")), "trades/recovery_factor"},
	{TRADES(P("5") "," P("6")), "trades/z_score"},
	{TRADES(P("5") "," P("6")), "trades/ahpr"},
	{TRADES(P("5") "," P("6")), "trades/ghpr"},
	{TRADES(P("5") "," P("6")), "trades/average_r"},
	{TRADES(P("5") "," P("6")), "trades/average_hours"},
	{TRADES(P("5") "," P("6")), "trades/max_drawdown"}, /* no start_balance */
	{TRADES(P("-5") "," P("-6")), "trades/average_win"},
	{TRADES(P("-5") "," P("-6")), "trades/largest_win"},
	{TRADES(P("-5") "," P("-6")), "trades/payoff_ratio"},
	{TRADES(P("-5") "," P("-6")), "trades/kelly"},
	{TRADES(P("5")), "trades/stddev"},
	{TRADES(P("5")), "trades/sqn"},
	{TRADES(P("5") "," P("5")), "trades/sqn"},
	{TRADES(P("5") "," P("5")), "trades/profit_to_deviation"},
	{TRADES(P("5") "," P("-5")), "trades/z_score"}, /* P = C */
	{TRADES(P("0") "," P("0")), "trades/profit_factor"},
	{TRADES("{\"profit\":1,\"return\":-1.5}"), "trades/ghpr"},
	{TRADES("{\"profit\":1,\"entry_price\":10,\"stop_loss\":10,\"exit_price\":11}"), "trades/average_r"},
	{"{\"returns\":[0.1],\"trades\":[]}", "trades/win_rate"},
	{"{\"returns\":[0.1],\"trades\":[]}", "trades/loss_rate"},
	{"{\"returns\":[0.1],\"trades\":[]}", "trades/average_profit"},
	{"{\"returns\":[0.1],\"trades\":[]}", "trades/expectancy"},
};

static void what_is_undefined_is_null(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char pointer[80];
		snprintf(pointer, sizeof pointer, "/result/%s", rows[i].undefined);
		if (!harness_call(harness, &trade_metrics_op, "%s", rows[i].body))
			fail_msg("%s: %s", rows[i].body, harness_answer(harness));
		const char *message = harness_text(harness, "/warnings/0/message");
		bool null = harness_count(harness, pointer) == -2 && harness_count(harness, "/warnings") == 1;
		if (!null || strcmp(harness_text(harness, "/warnings/0/code"), "undefined_metric") != 0 ||
			strstr(message, pointer) == NULL)
			fail_msg("%s of %s: %s", pointer, rows[i].body, harness_answer(harness));
	}
}

/* Windows that hold too little are null one by one; the list is named once. */
static void windows_are_null_one_by_one(void **state)
{
	(void)state;
	static const char *const lists[] = {"return", "volatility", "sharpe", "sortino", "max_drawdown", "beta"};
	assert_true(harness_call(harness, &trade_metrics_op,
							 "{\"returns\":[null,null,0.01,-0.02,0.01],\"benchmark\":[0.1,0.2,0.1,0.3,-0.2],"
							 "\"rolling_window\":2}"));
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) {
		char pointer[80];
		snprintf(pointer, sizeof pointer, "/result/rolling/%s", lists[i]);
		assert_int_equal(harness_count(harness, pointer), 4);
		assert_non_null(strstr(harness_text(harness, "/warnings/0/message"), pointer));
		snprintf(pointer, sizeof pointer, "/result/rolling/%s/0", lists[i]);
		assert_int_equal(harness_count(harness, pointer), -2);
		snprintf(pointer, sizeof pointer, "/result/rolling/%s/3", lists[i]);
		assert_true(isfinite(harness_number(harness, pointer)));
	}
}

/* What is 0 by its formula stays 0, and is no warning. */
static void zero_is_a_number(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_metrics_op, "{\"returns\":[-0.01,-0.02]}"));
	assert_true(harness_number(harness, "/result/returns/profit_factor") == 0);
	assert_true(harness_number(harness, "/result/returns/omega") == 0);
	assert_true(harness_number(harness, "/result/returns/win_rate") == 0);
	assert_true(harness_call(harness, &trade_metrics_op, RISING));
	assert_true(harness_number(harness, "/result/returns/max_drawdown") == 0);
	assert_true(harness_number(harness, "/result/returns/downside_risk") == 0);
	assert_true(harness_number(harness, "/result/returns/ulcer_index") == 0);
}

int main(void)
{
	harness = harness_new(NULL, 0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_undefined_is_null),
		cmocka_unit_test(windows_are_null_one_by_one),
		cmocka_unit_test(zero_is_a_number),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
