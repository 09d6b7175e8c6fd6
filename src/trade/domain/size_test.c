#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/rng.h"
#include "seal/harness.h"
#include "trade/domain/decimal.h"
#include "trade/domain/margin.h"
#include "trade/domain/round.h"
#include "trade/domain/size.h"
#include "trade/trade.h"

static struct harness *harness;

static double number(const char *pointer)
{
	return harness_number(harness, pointer);
}

/* Ratios of whole numbers against plain division of integers, the decimal point moved about. */
static void quotients_are_exact(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 7);
	for (int i = 0; i < 20000; i++) {
		int64_t a = (int64_t)rng_below(&rng, 1000000000) - 500000000, b = 1 + (int64_t)rng_below(&rng, 5000), n;
		int shift = (int)rng_below(&rng, 9) - 4;
		struct decimal above = decimal_whole(a), below = decimal_whole(b);
		above.exponent += shift;
		below.exponent += shift;
		int64_t down = a / b - (a % b != 0 && a < 0), up = a / b + (a % b != 0 && a > 0);
		int64_t magnitude = a < 0 ? -a : a, nearest = (2 * magnitude + b) / (2 * b) * (a < 0 ? -1 : 1);
		assert_true(decimal_quotient(&above, 1, &below, 1, DECIMAL_DOWN, &n) && n == down);
		assert_true(decimal_quotient(&above, 1, &below, 1, DECIMAL_UP, &n) && n == up);
		assert_true(decimal_quotient(&above, 1, &below, 1, DECIMAL_NEAREST, &n) && n == nearest);
	}
}

static void doubles_are_their_shortest_decimal(void **state)
{
	(void)state;
	const struct decimal d = decimal_of(-1950.55), e = decimal_of(1e22);
	assert_true(d.negative && d.digits == 195055 && d.exponent == -2);
	assert_true(!e.negative && e.digits == 1 && e.exponent == 22);
	assert_true(decimal_of(0).digits == 0);
	assert_true(decimal_double(decimal_distance(1.1, 1.0)) == .1); /* as doubles they are 0.10000000000000009 apart */
	assert_true(decimal_steps(3, .1) == .3 && decimal_steps(-7, 1e-8) == -7e-8);
	assert_int_equal(decimal_places(.25), 2);
	assert_int_equal(decimal_places(100), 0);
	int64_t n;
	const struct decimal one = decimal_whole(1), zero = decimal_whole(0);
	assert_false(decimal_quotient(&one, 1, &zero, 1, DECIMAL_DOWN, &n));
}

/* trade.md 15, and three tenths that no binary fraction holds */
static void rounds_to_ticks(void **state)
{
	(void)state;
	static const struct {
		double value, tick;
		const char *mode;
		double rounded;
	} rows[] = {
		{.437, .01, "down", .43},
		{.437, .01, "up", .44},
		{.437, .01, "nearest", .44},
		{.3, .1, "down", .3},
		{.3, .1, "up", .3},
		{-.437, .01, "down", -.44},
		{-.437, .01, "up", -.43},
		{.125, .05, "nearest", .15},
		{-.125, .05, "nearest", -.15},
		{1950.55, .05, "down", 1950.55},
		{1e-8, 1e-8, "up", 1e-8},
		{7, 5, "nearest", 5},
		{7.5, 5, "nearest", 10},
		{-.001, .01, "up", 0},
		{1.005, .01, "nearest", 1.01},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &trade_round_op, "{\"value\":%.17g,\"tick\":%.17g,\"mode\":\"%s\"}",
								 rows[i].value, rows[i].tick, rows[i].mode));
		assert_true(number("/result/rounded") == rows[i].rounded);
	}
	assert_false(harness_call(harness, &trade_round_op, "{\"value\":1,\"tick\":0,\"mode\":\"sideways\"}"));
	assert_true(harness_refused(harness, "/tick", "range") && harness_refused(harness, "/mode", "enum"));
	assert_false(harness_call(harness, &trade_round_op, "{\"value\":1e15,\"tick\":1e-9,\"mode\":\"up\"}"));
	assert_true(harness_refused(harness, "/tick", "range"));
}

/* trade.md 15 */
static void sizes_by_risk(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &trade_size_op,
					 "{\"method\":\"pips\",\"equity\":10000,\"risk_percent\":2,\"stop_pips\":50,\"pip_value\":10}"));
	assert_true(number("/result/lots") == .4 && number("/result/risk_at_lots") == 200);
	assert_int_equal(harness_count(harness, "/result/legs"), -2);
	assert_true(
		harness_call(harness, &trade_size_op,
					 "{\"method\":\"pips\",\"equity\":10000,\"risk_percent\":2,\"stop_pips\":10,\"pip_value\":100}"));
	assert_true(number("/result/lots") == .2);
	assert_true(
		harness_call(harness, &trade_size_op,
					 "{\"method\":\"split\",\"balance\":50000,\"risk_percent\":3,\"contract_size\":100,\"legs\":["
					 "{\"share\":0.5,\"stop_distance\":5},{\"share\":0.35,\"stop_distance\":5},"
					 "{\"share\":0.15,\"stop_distance\":5}]}"));
	assert_true(number("/result/legs/0/lots") == 1.5 && number("/result/legs/1/lots") == 1.05 &&
				number("/result/legs/2/lots") == .45 && number("/result/lots") == 3);
	assert_true(
		harness_call(harness, &trade_size_op,
					 "{\"method\":\"stop\",\"equity\":10000,\"risk_percent\":2,\"price\":1950.5,\"stop_loss\":1940,"
					 "\"instrument\":\"GOLD\"}"));
	assert_true(number("/result/lots") == .19); /* 200 / (10.5 * 100) = 0.1904… */
	assert_true(number("/result/lots_exact") == .190476190476 && number("/result/risk_at_lots") == 199.5);
}

/* 0.3 lots exactly: the binary quotient 3 / (10 * 1) * … must not fall to 0.29 */
static void no_binary_error_moves_a_step(void **state)
{
	(void)state;
	for (int cents = 1; cents <= 1000; cents++) {
		assert_true(harness_call(harness, &trade_size_op,
								 "{\"method\":\"pips\",\"equity\":%d.%02d,\"risk_percent\":1,\"stop_pips\":0.1,"
								 "\"pip_value\":0.1}",
								 cents / 100, cents % 100));
		assert_true(number("/result/lots") == (double)cents / 100);
	}
}

static void small_abstains_large_is_capped(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &trade_size_op,
					 "{\"method\":\"pips\",\"equity\":100,\"risk_percent\":1,\"stop_pips\":100,\"pip_value\":10}"));
	assert_true(harness_noted(harness, "abstain.below_min_lot"));
	assert_int_equal(harness_count(harness, "/result"), -2);
	assert_true(
		harness_call(harness, &trade_size_op,
					 "{\"method\":\"pips\",\"equity\":1e9,\"risk_percent\":10,\"stop_pips\":1,\"pip_value\":1}"));
	assert_true(number("/result/lots") == 100);
	assert_string_equal(harness_text(harness, "/result/capped_by"), "max_lot");
	assert_true(harness_call(harness, &trade_size_op,
							 "{\"method\":\"split\",\"balance\":100,\"risk_percent\":1,\"contract_size\":1,\"legs\":["
							 "{\"share\":0.999,\"stop_distance\":1},{\"share\":0.001,\"stop_distance\":1}]}"));
	assert_true(harness_noted(harness, "abstain.below_min_lot")); /* one small leg abstains for all */
}

static void size_names_every_fault(void **state)
{
	(void)state;
	assert_false(harness_call(harness, &trade_size_op, "{\"method\":\"stop\",\"risk_percent\":2,\"stop_pips\":1}"));
	assert_true(harness_refused(harness, "/equity", "required") && harness_refused(harness, "/price", "required"));
	assert_true(harness_refused(harness, "/stop_pips", "conflict"));
	assert_false(harness_call(harness, &trade_size_op,
							  "{\"method\":\"split\",\"balance\":1,\"risk_percent\":2,\"contract_size\":1,\"legs\":["
							  "{\"share\":0.5,\"stop_distance\":1},{\"share\":0.4,\"stop_distance\":1}]}"));
	assert_true(harness_refused(harness, "/legs", "sum"));
	assert_false(harness_call(harness, &trade_size_op,
							  "{\"method\":\"stop\",\"equity\":1,\"risk_percent\":2,\"price\":1,\"stop_loss\":2,"
							  "\"instrument\":\"NOPE\"}"));
	assert_true(harness_refused(harness, "/instrument", "unknown_instrument"));
}

/* trade.md 15 */
static void margins(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_margin_op,
							 "{\"contract_size\":100,\"leverage\":100,\"legs\":[{\"lots\":1,\"price\":1950}]}"));
	assert_true(number("/result/margin") == 1950);
	assert_true(harness_call(harness, &trade_margin_op,
							 "{\"contract_size\":100,\"leverage\":100,\"legs\":[{\"lots\":0.75,\"price\":1950},"
							 "{\"lots\":0.52,\"price\":1960},{\"lots\":0.23,\"price\":1970}]}"));
	assert_true(number("/result/margin") == 2934.8 && number("/result/legs/1/margin") == 1019.2);
	assert_true(harness_call(harness, &trade_margin_op, "{\"contract_size\":100,\"leverage\":100,\"legs\":[]}"));
	assert_true(harness_noted(harness, "abstain.no_data"));
}

static void copies(void **state)
{
	(void)state;
	static const struct {
		double balance, percent;
	} rows[] = {{40, 1},    {100, 1},     {999, 9},     {1000, 10},    {1499, 10},
				{9999, 95}, {10000, 100}, {23456, 230}, {123456, 1200}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &trade_copy_volume_op,
								 "{\"provider\":{\"balance\":10000,\"leverage\":100},\"subscriber\":{\"balance\":%g,"
								 "\"leverage\":500,\"load_percent\":100},\"rate\":1}",
								 rows[i].balance));
		assert_true(number("/result/percent") == rows[i].percent);
	}
	assert_true(harness_call(harness, &trade_copy_volume_op,
							 "{\"provider\":{\"balance\":10000,\"leverage\":100},\"subscriber\":{\"balance\":5000,"
							 "\"leverage\":50,\"load_percent\":95},\"rate\":1.1}"));
	assert_true(number("/result/ratio") == .26125 && number("/result/percent") == 25); /* half the leverage halves it */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(quotients_are_exact),
		cmocka_unit_test(doubles_are_their_shortest_decimal),
		cmocka_unit_test(rounds_to_ticks),
		cmocka_unit_test(sizes_by_risk),
		cmocka_unit_test(no_binary_error_moves_a_step),
		cmocka_unit_test(small_abstains_large_is_capped),
		cmocka_unit_test(size_names_every_fault),
		cmocka_unit_test(margins),
		cmocka_unit_test(copies),
	};
	harness = harness_new(trade_pack_kinds, trade_pack_kinds_count);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
