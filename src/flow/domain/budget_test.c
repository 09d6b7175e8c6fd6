#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "flow/domain/budget.h"
#include "flow/domain/money.h"

static void money_keeps_every_micro_unit(void **state)
{
	static const struct {
		const char *text;
		int64_t micros;
		const char *again;
	} rows[] = {
		{"0", 0, "0"},
		{"12.5", 12500000, "12.5"},
		{"100", 100000000, "100"},
		{"0.000001", 1, "0.000001"},
		{".5", 500000, "0.5"},
		{"7.", 7000000, "7"},
		{"0.0000014", 1, "0.000001"},
		{"0.0000015", 2, "0.000002"},
		{"9000000000000", MONEY_MAX, "9000000000000"},
		{"1010.10", 1010100000, "1010.1"},
	};
	char text[MONEY_TEXT];
	int64_t micros;
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(money_parse(rows[i].text, &micros));
		assert_int_equal(micros, rows[i].micros);
		assert_string_equal(money_format(text, micros), rows[i].again);
	}
	static const char *const bad[] = {"",    ".",   "-1", "1e3", "1,5", "1.2.3", " 1", "9000000000000.000001",
									  "0x1", "1.5a"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(money_parse(bad[i], &micros));
	assert_string_equal(money_format(text, -1500000), "-1.5");
}

static void tokens_are_priced_exactly_and_rounded_up_once(void **state)
{
	char text[MONEY_TEXT];
	(void)state;
	money_pico one = money_of_tokens(1, 150000); /* one token at 0.15 per million */
	assert_string_equal(money_format_pico(text, one), "0.00000015");
	assert_int_equal(money_round_up(one), 1);
	assert_int_equal(money_round_up(one * 7), 2); /* 1.05 micro-units, not seven times one */
	assert_int_equal(money_round_up(money_of_tokens(1000000, 2500000)), 2500000);
	assert_int_equal(money_round_up(money_of_tokens(INT64_C(1000000000000000), MONEY_MAX)), MONEY_MAX);
}

static void thresholds_are_met_where_the_money_meets_them(void **state)
{
	static const struct {
		int64_t used;
		enum budget_status status;
		unsigned reached;
	} rows[] = {{79999999, BUDGET_ACTIVE, 0},     {80000000, BUDGET_WARNING, 2},  {94999999, BUDGET_WARNING, 2},
				{95000000, BUDGET_CRITICAL, 6},   {99999999, BUDGET_CRITICAL, 6}, {100000000, BUDGET_EXHAUSTED, 14},
				{250000000, BUDGET_EXHAUSTED, 14}};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double usage = budget_usage(100000000, rows[i].used);
		assert_int_equal(budget_status(usage, .8, .95), rows[i].status);
		assert_int_equal(budget_reached(usage, .8, .95), rows[i].reached);
	}
	assert_int_equal(budget_status(budget_usage(0, 5), .8, .95), BUDGET_ACTIVE);
}

static int64_t at(const char *text)
{
	int64_t us = 0;
	assert_true(stamp_parse(text, strlen(text), &us, NULL));
	return us;
}

static void windows_begin_at_local_midnight(void **state)
{
	struct arena arena;
	arena_init(&arena, 1 << 20);
	const struct zone *berlin = zone_load(&arena, "Europe/Berlin", NULL);
	(void)state;
	assert_non_null(berlin);
	int64_t now = at("2026-03-29T12:00:00Z"); /* a Sunday; the clock went forward that night */
	assert_int_equal(budget_window_start(BUDGET_DAY, berlin, now), at("2026-03-28T23:00:00Z"));
	assert_int_equal(budget_window_end(BUDGET_DAY, berlin, now), at("2026-03-29T22:00:00Z"));
	assert_int_equal(budget_window_start(BUDGET_WEEK, berlin, now), at("2026-03-22T23:00:00Z"));
	assert_int_equal(budget_window_end(BUDGET_WEEK, berlin, now), at("2026-03-29T22:00:00Z"));
	assert_int_equal(budget_window_start(BUDGET_MONTH, berlin, now), at("2026-02-28T23:00:00Z"));
	assert_int_equal(budget_window_end(BUDGET_MONTH, berlin, now), at("2026-03-31T22:00:00Z"));
	assert_int_equal(budget_window_end(BUDGET_MONTH, berlin, at("2026-12-31T22:59:59Z")), at("2026-12-31T23:00:00Z"));
	assert_int_equal(budget_window_start(BUDGET_MONTH, berlin, at("2026-12-31T23:00:00Z")), at("2026-12-31T23:00:00Z"));
	assert_int_equal(budget_window_start(BUDGET_TOTAL, berlin, now), 0);
	/* Each window ends where the next begins, for two years of hours. */
	for (int hour = 0; hour < 2 * 366 * 24; hour++)
		for (int window = BUDGET_DAY; window <= BUDGET_MONTH; window++) {
			int64_t t = now + hour * INT64_C(3600000000),
					end = budget_window_end((enum budget_window)window, berlin, t);
			assert_true(budget_window_start((enum budget_window)window, berlin, t) <= t && t < end);
			assert_int_equal(budget_window_start((enum budget_window)window, berlin, end), end);
		}
	arena_fini(&arena);
}

static void spending_is_projected(void **state)
{
	(void)state;
	assert_int_equal(budget_project(25000000, .25), 100000000);
	assert_int_equal(budget_project(25000000, 1), 25000000);
	/* 30 in three days of a week of seven: 10 a day, four days left */
	assert_int_equal(budget_project_window(30000000, 0, 7 * STAMP_US_PER_DAY, 3 * STAMP_US_PER_DAY), 70000000);
	assert_int_equal(budget_exhausts_at(50000000, 30000000, 0, 3 * STAMP_US_PER_DAY), 5 * STAMP_US_PER_DAY);
	assert_int_equal(budget_exhausts_at(30000000, 30000000, 0, 3 * STAMP_US_PER_DAY), 0);
	assert_int_equal(budget_exhausts_at(30000000, 0, 0, 3 * STAMP_US_PER_DAY), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(money_keeps_every_micro_unit),
		cmocka_unit_test(tokens_are_priced_exactly_and_rounded_up_once),
		cmocka_unit_test(thresholds_are_met_where_the_money_meets_them),
		cmocka_unit_test(windows_begin_at_local_midnight),
		cmocka_unit_test(spending_is_projected),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
