#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "core/stamp.h"
#include "trade/desk_fixture.h"

/* A closed position of the fixture's account: profit, days before now, hours open. */
static void closed(int number, const char *profit, int64_t days_ago)
{
	char sql[1024];
	int64_t closed_us = f.sim.wall_us - days_ago * STAMP_US_PER_DAY;
	snprintf(
		sql, sizeof sql,
		"INSERT INTO positions (position_id, account_id, owner_id, trading_account_id, broker_ticket, instrument, "
		"side, asked, lots, entry_price, close_price, stop_loss, profit, swap, commission, status, close_reason, "
		"close_tries, opened_at, closed_at, updated_at) SELECT '01900000-0000-7000-8000-%012d', account_id, owner_id, "
		"trading_account_id, '%d', 'XAUUSD', 'buy', 10000000, 10000000, 195000000000, 196000000000, 194000000000, "
		"%s, 0, 0, 'closed', 'manual', 0, %lld, %lld, 0 FROM trading_accounts",
		number, number, profit, (long long)(closed_us - 3600 * STAMP_US_PER_S), (long long)closed_us);
	desk_sql(sql);
}

static void nothing_abstains(void **state)
{
	(void)state;
	static const char *const names[] = {"equity", "drawdown", "metrics", "rolling", "buckets"};
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		assert_int_equal(askf("GET", NULL, "/api/v1/analytics/%s", names[i]), 200);
		assert_int_equal(member("result")->kind, JS_NULL);
	}
}

/* 10,000 + 500 - 1,050 + 100: a point per day, forward-filled; the fall is from 10,500 to 9,450. */
static void equity_has_a_point_a_day(void **state)
{
	(void)state;
	desk_broker(10000);
	closed(1, "500000000", 4);
	closed(2, "-1050000000", 2);
	closed(3, "100000000", 0);
	closed(4, "NULL", 1); /* nothing is known of it */
	assert_int_equal(ask("GET", "/api/v1/analytics/equity", NULL, NULL), 200);
	const struct json *points = member("result.points");
	assert_int_equal(points->count, 5);
	static const double equity[] = {10500, 10500, 9450, 9450, 9550};
	for (uint32_t i = 0; i < 5; i++)
		assert_true(json_number(json_get(&points->items[i], "equity")) == equity[i]);
	assert_string_equal(text("result.points.0.date"), "2025-01-04");
	assert_true(number("result.points.2.drawdown") == -.1);
	assert_true(fabs(number("result.total_return") + .045) < 1e-9 && number("result.unknown_profits") == 1);
	assert_int_equal(ask("GET", "/api/v1/analytics/drawdown", NULL, NULL), 200);
	assert_true(number("result.max_drawdown") == -.1);
	assert_true(number("result.drawdowns.0.depth") == -.1);
	assert_int_equal(ask("GET", "/api/v1/analytics/equity?initial_balance=20000", NULL, NULL), 200);
	assert_true(number("result.points.0.equity") == 20500);
}

/* What was closed before the window raises its start and is no part of its falls. */
static void a_window_has_its_own_falls(void **state)
{
	(void)state;
	desk_broker(10000);
	closed(1, "5000000000", 200);
	closed(2, "-3000000000", 100);
	closed(3, "120000000", 5);
	assert_int_equal(ask("GET", "/api/v1/analytics/equity?window=30", NULL, NULL), 200);
	assert_int_equal(member("result.points")->count, 30);
	assert_true(number("result.points.0.equity") == 12000 && number("result.points.29.equity") == 12120);
	assert_true(number("result.points.29.drawdown") == 0 && number("result.trades") == 1);
	assert_true(fabs(number("result.total_return") - .212) < 1e-9); /* from the initial balance */
	assert_int_equal(ask("GET", "/api/v1/analytics/rolling?window=90", NULL, NULL), 200);
	assert_int_equal(member("result.rolling.return")->count, 61);
	ask("GET", "/api/v1/analytics/equity?window=31", NULL, NULL);
	must_answer(422, "invalid");
	ask("GET", "/api/v1/analytics/equity?from=2025-01-08T15:00:00Z&to=2025-01-08T15:00:00Z", NULL, NULL);
	assert_true(names_fault("/from", "range"));
}

static void figures_are_those_of_trade_metrics(void **state)
{
	(void)state;
	desk_broker(10000);
	closed(1, "10000000", 3);
	closed(2, "-5000000", 2);
	closed(3, "15000000", 1);
	closed(4, "-10000000", 0);
	assert_int_equal(ask("GET", "/api/v1/analytics/metrics", NULL, NULL), 200);
	assert_true(number("result.trades.expectancy") == 2.5); /* trade.md 15 */
	assert_true(number("result.trades.count") == 4 && number("result.returns.rows") == 4);
	assert_true(number("result.trades.average_hours") == 1);
	assert_int_equal(ask("GET", "/api/v1/analytics/buckets", NULL, NULL), 200);
	assert_int_equal(member("result.buckets.hour")->count, 24);
	assert_true(number("result.buckets.hour.15.count") == 4);
	assert_int_equal(ask("GET", "/api/v1/analytics/metrics?account=01900000-0000-7000-8000-0000000000ff", NULL, NULL),
					 200);
	assert_int_equal(member("result")->kind, JS_NULL);
	f.who = STRANGER;
	assert_int_equal(ask("GET", "/api/v1/analytics/metrics", NULL, NULL), 200);
	assert_int_equal(member("result")->kind, JS_NULL);
}

/* Nothing left has no returns, and is no fault. */
static void an_equity_of_zero(void **state)
{
	(void)state;
	desk_broker(10000);
	closed(1, "-10000000000", 3);
	closed(2, "5000000", 1);
	assert_int_equal(ask("GET", "/api/v1/analytics/metrics", NULL, NULL), 200);
	assert_int_equal(member("result.returns")->kind, JS_NULL);
	assert_true(number("result.trades.count") == 2);
	assert_int_equal(ask("GET", "/api/v1/analytics/drawdown", NULL, NULL), 200);
	assert_true(number("result.max_drawdown") == -1);
}

#define STRATEGY \
	"{\"size\":{\"mode\":\"all_in_units\"},\"indicators\":[{\"name\":\"sma\",\"period\":5,\"id\":\"fast\"}]," \
	"\"enter_long\":{\"op\":\"gt\",\"a\":\"close\",\"b\":\"fast\"}}"
#define STRATEGIES "/api/v1/strategies/"

/* [trade.md 9.4] */
static void strategies_are_kept_by_name(void **state)
{
	(void)state;
	char etag[64], sha256[65];
	assert_int_equal(ask("GET", STRATEGIES "trend", NULL, NULL), 404);
	if (ask("PUT", STRATEGIES "trend", STRATEGY, NULL) != 201)
		fail_msg("%s", f.ask.answer);
	snprintf(sha256, sizeof sha256, "%s", text("result.sha256"));
	assert_int_equal(ask("GET", STRATEGIES "trend", NULL, NULL), 200);
	assert_string_equal(text("result.sha256"), sha256);
	assert_string_equal(text("result.strategy.indicators.0.id"), "fast");
	snprintf(etag, sizeof etag, "%s", loopback_header(&f.ask, "etag"));
	assert_memory_equal(etag + 1, sha256, 32);
	/* the same in another order of members is the same */
	assert_int_equal(
		ask("PUT", STRATEGIES "trend",
			"{\"enter_long\":{\"b\":\"fast\",\"a\":\"close\",\"op\":\"gt\"},\"indicators\":[{\"id\":\"fast\","
			"\"period\":5,\"name\":\"sma\"}],\"size\":{\"mode\":\"all_in_units\"}}",
			NULL),
		200);
	assert_string_equal(text("result.sha256"), sha256);
	const char *const stale[] = {"content-type", "application/json", "if-match", "\"0123456789abcdef0123456789abcdef\"",
								 NULL};
	assert_int_equal(ask("PUT", STRATEGIES "trend", STRATEGY, stale), 412);
	ask("PUT", STRATEGIES "bad", "{\"size\":{\"mode\":\"half\"},\"enter_long\":{\"op\":\"gt\",\"a\":\"nope\",\"b\":1}}",
		NULL);
	must_answer(422, "invalid");
	assert_true(names_fault("/size/mode", "enum"));
	assert_int_equal(ask("PUT", STRATEGIES "no%20name", STRATEGY, NULL), 404);
	assert_int_equal(desk_count("SELECT COUNT(*) FROM audit WHERE action = 'strategy.update'"), 2);
	f.who = STRANGER;
	assert_int_equal(ask("GET", STRATEGIES "trend", NULL, NULL), 404);
	f.who = VIEWER;
	assert_int_equal(ask("GET", STRATEGIES "trend", NULL, NULL), 200);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, desk_set_up, desk_tear_down)
	const struct CMUnitTest tests[] = {
		TEST(nothing_abstains),           TEST(equity_has_a_point_a_day),
		TEST(a_window_has_its_own_falls), TEST(figures_are_those_of_trade_metrics),
		TEST(an_equity_of_zero),          TEST(strategies_are_kept_by_name),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
