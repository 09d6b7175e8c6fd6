#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "seal/harness.h"
#include "trade/domain/guards.h"
#include "trade/domain/instruments.h"
#include "trade/domain/market_hours.h"
#include "trade/domain/risk.h"
#include "trade/domain/risk_op.h"
#include "trade/trade.h"

static struct harness *harness;

static const char *text(const char *pointer)
{
	const char *t = harness_text(harness, pointer);
	return t != NULL ? t : "";
}

/* --- guards --- */

static void drawdown_levels(void **state)
{
	(void)state;
	static const struct {
		double equity;
		const char *level;
		bool close;
	} rows[] = {{9000, "normal", false},    {8500.1, "normal", false}, {8500, "warning", false},
				{8000.1, "warning", false}, {8000, "critical", true},  {12000, "normal", false},
				{105, "critical", true}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &trade_guards_op, "{\"equity\":%.6f,\"peak_equity\":10000}", rows[i].equity));
		assert_string_equal(text("/result/level"), rows[i].level);
		assert_int_equal(harness_bool(harness, "/result/should_close_all"), rows[i].close);
		double peak = rows[i].equity > 10000 ? rows[i].equity : 10000;
		assert_true(harness_number(harness, "/result/peak_equity") == peak);
		assert_true(fabs(harness_number(harness, "/result/drawdown_pct") - (peak - rows[i].equity) / peak * 100) <
					1e-6);
	}
	assert_true(harness_call(harness, &trade_guards_op, "{\"equity\":109.9,\"peak_equity\":110}"));
	assert_string_equal(text("/result/reasons/0"), "min_equity");
	assert_string_equal(text("/result/level"), "warning");
	assert_true(harness_call(harness, &trade_guards_op, "{\"equity\":110,\"peak_equity\":110}"));
	assert_string_equal(text("/result/level"), "normal");
	assert_false(harness_call(harness, &trade_guards_op, "{\"equity\":0,\"peak_equity\":-1}"));
	assert_true(harness_refused(harness, "/equity", "range") && harness_refused(harness, "/peak_equity", "range"));
}

static void service_without_equity_is_critical(void **state)
{
	(void)state;
	struct guard_account_finding finding;
	guard_check_account(&(struct guard_account){0, 1000, 100, 15, 20}, &finding);
	assert_true(finding.close_all && finding.level == GUARD_CRITICAL && isnan(finding.drawdown_pct));
}

static void quote_levels(void **state)
{
	(void)state;
	static const struct {
		const char *quote, *level, *action, *reason;
	} rows[] = {
		{"\"bid\":100,\"ask\":100.5", "normal", "none", ""},
		{"\"bid\":100,\"ask\":100.51", "warning", "none", "spread"},
		{"\"bid\":100,\"ask\":101", "critical", "block", "spread"},
		{"\"bid\":100,\"ask\":99.9", "critical", "block", "stale_price"},
		{"\"bid\":0,\"ask\":1", "critical", "block", "stale_price"},
		{"\"bid\":100,\"ask\":100,\"age_seconds\":60", "normal", "none", ""},
		{"\"bid\":100,\"ask\":100,\"age_seconds\":60.1", "critical", "block", "stale_price"},
		{"\"bid\":100,\"ask\":100,\"open\":104.9,\"prev_close\":100", "normal", "none", ""},
		{"\"bid\":100,\"ask\":100,\"open\":95,\"prev_close\":100", "warning", "none", "market_gap"},
		{"\"bid\":100,\"ask\":100,\"open\":110,\"prev_close\":100", "critical", "close", "market_gap"},
		{"\"bid\":100,\"ask\":100,\"open\":90,\"prev_close\":100", "critical", "close", "market_gap"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &trade_guards_op,
								 "{\"equity\":1000,\"peak_equity\":1000,\"quotes\":[{\"symbol\":\"X\",%s}]}",
								 rows[i].quote));
		assert_string_equal(text("/result/symbols/0/level"), rows[i].level);
		assert_string_equal(text("/result/symbols/0/action"), rows[i].action);
		assert_string_equal(text("/result/symbols/0/reasons/0"), rows[i].reason);
	}
}

/* --- market hours --- */

static void hours(void **state)
{
	(void)state;
	static const struct {
		const char *instrument, *time, *reason, *next_open, *next_close;
	} rows[] = {
		/* New York is UTC-5 in winter; the clock goes forward on 2025-03-09 and back on 2025-11-02 */
		{"EURUSD", "2025-01-03T21:59:59Z", "open", "2025-01-05T22:00:00", "2025-01-03T22:00:00"},
		{"EURUSD", "2025-01-03T22:00:00Z", "outside_hours", "2025-01-05T22:00:00", "2025-01-10T22:00:00"},
		{"EURUSD", "2025-03-07T22:00:00Z", "outside_hours", "2025-03-09T21:00:00", "2025-03-14T21:00:00"},
		{"EURUSD", "2025-11-02T21:30:00Z", "outside_hours", "2025-11-02T22:00:00", "2025-11-07T22:00:00"},
		{"GOLD", "2025-01-07T22:00:00Z", "daily_break", "2025-01-07T23:00:00", "2025-01-08T22:00:00"},
		{"GOLD", "2025-01-07T23:00:00Z", "open", "2025-01-08T23:00:00", "2025-01-08T22:00:00"},
		{"US30", "2025-01-08T14:29:59Z", "outside_hours", "2025-01-08T14:30:00", "2025-01-08T21:00:00"},
		{"US30", "2025-01-08T14:30:00Z", "open", "2025-01-10T14:30:00", "2025-01-08T21:00:00"}, /* the 9th: mourning */
		{"US30", "2025-12-25T16:00:00Z", "holiday", "2025-12-26T14:30:00", "2025-12-26T21:00:00"},
		{"US30", "2025-11-28T18:00:00Z", "holiday", "2025-12-01T14:30:00", "2025-12-01T21:00:00"}, /* half day */
		{"UK100", "2025-03-31T07:00:00Z", "open", "2025-04-01T07:00:00", "2025-03-31T15:30:00"},
		{"UK100", "2025-03-28T07:59:00Z", "outside_hours", "2025-03-28T08:00:00", "2025-03-28T16:30:00"},
		{"UK100", "2025-10-24T06:59:59Z", "outside_hours", "2025-10-24T07:00:00", "2025-10-24T15:30:00"},
		{"UK100", "2025-10-27T07:59:59Z", "outside_hours", "2025-10-27T08:00:00", "2025-10-27T16:30:00"}, /* back */
		{"UK100", "2025-10-27T16:30:00Z", "outside_hours", "2025-10-28T08:00:00", "2025-10-28T16:30:00"},
		{"US30", "2025-03-07T14:30:00Z", "open", "2025-03-10T13:30:00", "2025-03-07T21:00:00"}, /* forward between */
		{"US30", "2025-10-31T13:30:00Z", "open", "2025-11-03T14:30:00", "2025-10-31T20:00:00"}, /* back between */
		{"GER40", "2025-07-01T07:00:00Z", "open", "2025-07-02T07:00:00", "2025-07-01T15:30:00"},
		{"NIFTY", "2025-07-01T03:45:00Z", "open", "2025-07-02T03:45:00", "2025-07-01T10:00:00"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &trade_market_hours_op, "{\"instrument\":\"%s\",\"time\":\"%s\"}",
								 rows[i].instrument, rows[i].time));
		if (strcmp(text("/result/reason"), rows[i].reason) != 0 ||
			strncmp(text("/result/next_open"), rows[i].next_open, 19) != 0 ||
			strncmp(text("/result/next_close"), rows[i].next_close, 19) != 0)
			fail_msg("%s %s: %s", rows[i].instrument, rows[i].time, harness_answer(harness));
		assert_int_equal(harness_bool(harness, "/result/open"), strcmp(rows[i].reason, "open") == 0);
	}
	assert_true(harness_call(harness, &trade_market_hours_op, "{\"instrument\":\"BTCUSD\",\"time\":\"2025-01-04\"}"));
	assert_true(harness_bool(harness, "/result/open"));
	assert_int_equal(harness_count(harness, "/result/next_open"), -2);
	assert_true(
		harness_call(harness, &trade_market_hours_op, "{\"instrument\":\"US30\",\"time\":\"2025-07-01T14:00:00Z\"}"));
	assert_string_equal(text("/result/local_time"), "2025-07-01T10:00:00.000000-04:00");
}

/* market_open() looks at few stretches only: it says what market_hours() says, in each half hour of a year and a day.
 */
static void open_is_what_the_hours_say(void **state)
{
	(void)state;
	static const char *const zones[] = {"America/New_York", "Europe/London", "Asia/Kolkata", "Pacific/Apia"};
	struct session_window weeks[] = {{.from_minute = 17 * 60, .to_minute = (5 * 24 + 17) * 60},
									 {.from_minute = (6 * 24 + 20) * 60, .to_minute = (7 * 24 + 2) * 60 + 15}};
	struct session_break pause = {.from_minute = 17 * 60, .to_minute = 18 * 60};
	const int64_t year_2011_us = INT64_C(1293840000) * STAMP_US_PER_S; /* Apia had no 30 December */
	struct arena arena;
	long open_count = 0, differ = 0;
	for (size_t i = 0; i < sizeof zones / sizeof *zones; i++) {
		arena_init(&arena, 1 << 16);
		struct session session = {
			.windows = {2, weeks}, .breaks = {1, &pause}, .place = zone_load(&arena, zones[i], NULL)};
		assert_non_null(session.place);
		for (int half_hour = 0; half_hour < 366 * 48; half_hour++) {
			int64_t now_us = year_2011_us + half_hour * (INT64_C(1800) * STAMP_US_PER_S);
			struct market_hours hours;
			struct arena one;
			bool open;
			arena_init(&one, 1 << 14);
			assert_true(market_open(&one, &session, now_us, &open) && market_hours(&one, &session, now_us, &hours));
			open_count += open;
			differ += open != hours.open;
			arena_fini(&one);
		}
		arena_fini(&arena);
	}
	assert_int_equal(differ, 0);
	assert_in_range(open_count, 4 * 366 * 48 / 2, 4 * 366 * 48 * 3 / 4);
}

static void news(void **state)
{
	(void)state;
#define NEWS(time, who) \
	"{\"instrument\":\"EURUSD\",\"time\":\"2025-01-08T" time "Z\",\"blocklist\":[{\"from\":\"2025-01-08T13:00:00Z\"," \
	"\"to\":\"2025-01-08T14:00:00Z\"," who "}]}"
	assert_true(harness_call(harness, &trade_market_hours_op, NEWS("13:00:00", "\"currencies\":[\"USD\"]")));
	assert_string_equal(text("/result/reason"), "news_window");
	assert_true(harness_bool(harness, "/result/open"));
	assert_true(harness_call(harness, &trade_market_hours_op, NEWS("14:00:00", "\"currencies\":[\"USD\"]")));
	assert_string_equal(text("/result/reason"), "open");
	assert_true(harness_call(harness, &trade_market_hours_op, NEWS("13:30:00", "\"instruments\":[\"GBPUSD\"]")));
	assert_string_equal(text("/result/reason"), "open");
	assert_false(
		harness_call(harness, &trade_market_hours_op, "{\"instrument\":\"NOPE\",\"time\":\"2025-01-08T13:00:00\"}"));
	assert_true(harness_refused(harness, "/instrument", "unknown_instrument") &&
				harness_refused(harness, "/time", "time_zone_missing"));
}

/* --- risk --- */

#define ORDER "\"order\":{\"instrument\":\"XAUUSD\",\"side\":\"buy\",\"price\":%s,\"volume\":%s,\"stop_loss\":%s%s}"
#define ACCOUNT \
	"\"account\":{\"balance\":10000,\"equity\":%s,\"free_margin\":%s,\"peak_equity\":10000,\"day_start_equity\":" \
	"10000," \
	"\"daily_profit\":%s,\"leverage\":100,\"age_seconds\":%s}"
#define REST \
	"\"positions\":[%s],\"recent_orders\":[%s],\"quote\":{\"bid\":1949.8,\"ask\":1950.2,\"age_seconds\":%s}," \
	"\"profile\":{%s},\"state\":\"%s\",\"now\":\"%s\""

/* One question; each member can be set apart from what is accepted. */
struct ask {
	const char *price, *volume, *stop, *more, *equity, *margin, *profit, *age, *positions, *recent, *quote_age,
		*profile, *state, *now;
};

static void judge(struct ask a)
{
#define OR(m, usual) (a.m != NULL ? a.m : (usual))
	assert_true(harness_call(harness, &trade_risk_check_op, "{" ORDER "," ACCOUNT "," REST "}", OR(price, "1950"),
							 OR(volume, "0.1"), OR(stop, "1940"), OR(more, ""), OR(equity, "10000"),
							 OR(margin, "10000"), OR(profit, "0"), OR(age, "1"), OR(positions, ""), OR(recent, ""),
							 OR(quote_age, "1"), OR(profile, ""), OR(state, "ACTIVE"),
							 OR(now, "2025-01-08T15:00:00Z")));
}

static const char *status(const char *rule)
{
	char pointer[64];
	int row = harness_find(harness, "/result/checks", "name", rule);
	assert_true(row >= 0);
	snprintf(pointer, sizeof pointer, "/result/checks/%d/status", row);
	return text(pointer);
}

#define SILVER(volume) "{\"instrument\":\"EURUSD\",\"side\":\"buy\",\"volume\":" volume ",\"price\":1}"
#define LIKE(age) "{\"instrument\":\"GOLD\",\"side\":\"buy\",\"volume\":0.1,\"price\":1950,\"age_seconds\":" age "}"

/* Each rule just inside and just outside: at the limit passes, over it fails. */
static void every_rule_has_its_limit(void **state)
{
	(void)state;
	const struct {
		const char *rule;
		struct ask inside, outside;
	} rows[] = {
		{"trading_state", {.state = "ACTIVE"}, {.state = "REDUCING"}},
		{"instrument_allowed", {.profile = "\"instruments\":[\"GOLD\"]"}, {.profile = "\"instruments\":[\"EURUSD\"]"}},
		{"market_open", {.now = "2025-01-08T21:59:59Z"}, {.now = "2025-01-08T22:00:00Z"}},
		{"quote_fresh", {.quote_age = "60"}, {.quote_age = "60.1"}},
		{"account_fresh", {.age = "60"}, {.age = "60.1"}},
		{"price_collar", {.price = "1989", .stop = "1980"}, {.price = "1989.01", .stop = "1980"}},
		{"order_size", {.volume = "1"}, {.volume = "1.01"}},
		{"order_notional", {.profile = "\"max_order_notional\":19500"}, {.profile = "\"max_order_notional\":19499"}},
		{"risk_per_trade", {.stop = "1920"}, {.stop = "1919.9"}},
		{"duplicate_order", {.recent = LIKE("10")}, {.recent = LIKE("9.9")}},
		{"order_rate",
		 {.profile = "\"max_orders_per_minute\":2", .recent = LIKE("59")},
		 {.profile = "\"max_orders_per_minute\":1", .recent = LIKE("59")}},
		{"open_positions",
		 {.profile = "\"max_open_positions\":2", .positions = SILVER("0.1")},
		 {.profile = "\"max_open_positions\":1", .positions = SILVER("0.1")}},
		{"gross_exposure", {.profile = "\"max_gross_exposure_x\":1.95"}, {.profile = "\"max_gross_exposure_x\":1.94"}},
		{"net_exposure", {.profile = "\"max_net_exposure_x\":1.95"}, {.profile = "\"max_net_exposure_x\":1.94"}},
		{"group_exposure", {.positions = SILVER("0.195")}, {.positions = SILVER("0.05")}},
		{"margin", {.margin = "2195"}, {.margin = "2194.9"}},
		{"daily_loss", {.profit = "-500"}, {.profit = "-500.1"}},
		{"drawdown", {.equity = "8000"}, {.equity = "7999"}},
		{"min_equity", {.equity = "100"}, {.equity = "99.99"}},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		judge(rows[i].inside);
		if (strcmp(status(rows[i].rule), "pass") != 0)
			fail_msg("%s inside: %s", rows[i].rule, harness_answer(harness));
		judge(rows[i].outside);
		if (strcmp(status(rows[i].rule), "fail") != 0)
			fail_msg("%s outside: %s", rows[i].rule, harness_answer(harness));
		assert_string_equal(text("/result/decision"), "refuse");
	}
}

static void what_is_accepted(void **state)
{
	(void)state;
	judge((struct ask){.price = NULL});
	assert_string_equal(text("/result/decision"), "accept");
	assert_int_equal(harness_count(harness, "/result/failed"), 0);
	assert_int_equal(harness_count(harness, "/result/checks"), RISK_CHECKS);
	assert_true(harness_number(harness, "/result/notional") == 19500);
	assert_true(harness_number(harness, "/result/loss_at_stop") == 100);
	assert_true(harness_number(harness, "/result/margin_required") == 195);
	judge((struct ask){.state = "HALTED", .more = ",\"reduce_only\":true"});
	assert_string_equal(text("/result/decision"), "refuse");
	judge((struct ask){.state = "REDUCING", .more = ",\"reduce_only\":true", .age = "1000", .quote_age = "1000"});
	assert_string_equal(text("/result/decision"), "accept");
	judge((struct ask){.profile = "\"require_stop_loss\":true", .stop = "null"});
	assert_string_equal(status("stop_loss_present"), "fail");
	assert_int_equal(harness_count(harness, "/result/failed"), 1);
}

/* Refused twice over names both; what is missing is unknown and refuses. */
static void what_is_unknown_refuses(void **state)
{
	(void)state;
	judge((struct ask){.volume = "1.5", .state = "HALTED"});
	assert_string_equal(text("/result/failed/0"), "trading_state");
	assert_string_equal(text("/result/failed/1"), "order_size");
	assert_true(
		harness_call(harness, &trade_risk_check_op, "{\"order\":{\"instrument\":\"XAUUSD\",\"side\":\"buy\"}}"));
	assert_string_equal(text("/result/decision"), "refuse");
	static const char *const unknown[] = {"trading_state",  "market_open",    "quote_fresh",     "account_fresh",
										  "price_collar",   "order_size",     "duplicate_order", "order_rate",
										  "open_positions", "gross_exposure", "net_exposure",    "group_exposure",
										  "margin",         "daily_loss",     "drawdown",        "min_equity"};
	assert_int_equal(harness_count(harness, "/result/failed"), sizeof unknown / sizeof *unknown);
	for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
		assert_string_equal(status(unknown[i]), "unknown");
}

static const char *const gold[] = {"XAUUSD", "XAGUSD"}, *const metals[] = {"EURUSD", "XAUUSD"};

static void the_tighter_profile_wins(void **state)
{
	(void)state;
	struct arena arena;
	struct risk_profile mine, house;
	arena_init(&arena, ARENA_REQUEST_CAP);
	risk_profile_defaults(&mine);
	risk_profile_defaults(&house);
	assert_false(risk_profile_tighten(&mine, &house, &arena)); /* alike */
	mine.max_order_size = .5;
	mine.duplicate_window_s = 5;
	mine.instruments.items = (const char **)(uintptr_t)gold;
	mine.instruments.count = 2;
	house.max_order_size = 2;
	house.max_order_notional = 1000;
	house.duplicate_window_s = 20;
	house.margin_buffer_pct = 50;
	house.quorum = 2;
	house.require_stop_loss = true;
	house.owner_counts = false;
	house.instruments.items = (const char **)(uintptr_t)metals;
	house.instruments.count = 2;
	assert_true(risk_profile_tighten(&mine, &house, &arena));
	assert_true(mine.max_order_size == .5 && mine.max_order_notional == 1000 && mine.duplicate_window_s == 20);
	assert_true(mine.margin_buffer_pct == 50 && mine.quorum == 2 && mine.require_stop_loss && !mine.owner_counts);
	assert_int_equal(mine.instruments.count, 1);
	assert_string_equal(mine.instruments.items[0], "XAUUSD");
	assert_false(risk_profile_tighten(&mine, &house, &arena)); /* it is as tight by now */
	arena_fini(&arena);
}

/* What the platform's file does not name limits nobody, at either end. */
static void the_platform_limits_what_it_names(void **state)
{
	(void)state;
	static const char text[] = "{\"max_order_size\":0.2,\"risk_percent\":null}", wrong[] = "{\"on_lapse\":\"keep\",\"quorum\":9}";
	struct arena arena;
	struct faults faults;
	struct risk_profile mine, house, before;
	const struct json *json;
	struct err err;
	arena_init(&arena, ARENA_REQUEST_CAP);
	faults_init(&faults, &arena);
	assert_true(json_parse(&arena, text, sizeof text - 1, &json_body_limits, &json, &err));
	assert_true(risk_profile_platform(json, &arena, &house, &faults));
	risk_profile_defaults(&mine);
	mine.max_order_notional = NAN;
	mine.risk_percent = 10;
	mine.max_orders_per_minute = 100000;
	mine.approval_valid_seconds = 2592000;
	mine.duplicate_window_s = 0;
	mine.margin_buffer_pct = 0;
	before = mine;
	assert_true(risk_profile_tighten(&mine, &house, &arena));
	assert_true(mine.max_order_size == .2);
	mine.max_order_size = before.max_order_size;
	assert_memory_equal(&mine, &before, sizeof mine);
	assert_true(json_parse(&arena, wrong, sizeof wrong - 1, &json_body_limits, &json, &err));
	assert_false(risk_profile_platform(json, &arena, &house, &faults));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(drawdown_levels),
		cmocka_unit_test(service_without_equity_is_critical),
		cmocka_unit_test(quote_levels),
		cmocka_unit_test(hours),
		cmocka_unit_test(open_is_what_the_hours_say),
		cmocka_unit_test(news),
		cmocka_unit_test(every_rule_has_its_limit),
		cmocka_unit_test(what_is_accepted),
		cmocka_unit_test(what_is_unknown_refuses),
		cmocka_unit_test(the_tighter_profile_wins),
		cmocka_unit_test(the_platform_limits_what_it_names),
	};
	harness = harness_new(trade_pack_kinds, trade_pack_kinds_count);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
