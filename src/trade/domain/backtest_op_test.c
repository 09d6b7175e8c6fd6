#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "seal/harness.h"
#include "trade/domain/backtest.h"
#include "trade/domain/backtest_op.h"
#include "trade/domain/metrics_op.h"
#include "trade/domain/strategy.h"

static struct harness *harness;

#define TIMES "\"time\":[\"2025-01-01\",\"2025-01-02\",\"2025-01-03\",\"2025-01-04\",\"2025-01-05\",\"2025-01-06\"]"
#define OPENS "\"open\":[10,11,12,13,12,10]"
#define BARS \
	"\"bars\":{" TIMES "," OPENS ",\"high\":[12,13,14,14,13,11],\"low\":[9,10,11,12,9,8]," \
	"\"close\":[11,12,13,12,10,9]}"
#define ALL_IN "\"size\":{\"mode\":\"all_in_units\"}"
#define ABOVE_11 "{\"op\":\"gt\",\"a\":\"close\",\"b\":11.5}"
#define BELOW_12 "{\"op\":\"lt\",\"a\":\"close\",\"b\":11}"

static void number(const char *pointer, double want)
{
	double got = harness_number(harness, pointer);
	if (!(fabs(got - want) <= 1e-11 * fmax(1, fabs(want))))
		fail_msg("%s is %.15g, not %.15g", pointer, got, want);
}

/* By hand: 12 > 11.5 at bar 1, so 83 of 12 at bar 2's open; 10 < 11 at bar 4, so out at 10 at bar 5's open. */
static void fills_at_the_next_open(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_backtest_op,
							 "{" BARS ",\"cash\":1000,\"strategy\":{\"enter_long\":" ABOVE_11 ",\"exit_long\":" BELOW_12
							 "," ALL_IN "}}"));
	assert_int_equal(harness_count(harness, "/result/trades"), 1);
	number("/result/trades/0/size", 83);
	number("/result/trades/0/entry_bar", 2);
	number("/result/trades/0/exit_bar", 5);
	number("/result/trades/0/profit", -166);
	number("/result/trades/0/return", -166. / (83 * 12));
	assert_string_equal(harness_text(harness, "/result/trades/0/entry_time"), "2025-01-03");
	assert_string_equal(harness_text(harness, "/result/trades/0/exit_time"), "2025-01-06");
	const double equity[] = {1000, 1000, 1083, 1000, 834, 834};
	for (int i = 0; i < 6; i++) {
		char pointer[64];
		snprintf(pointer, sizeof pointer, "/result/equity/%d", i);
		number(pointer, equity[i]);
	}
	number("/result/final_equity", 834);
	number("/result/peak_equity", 1083);
	number("/result/exposure_pct", 4. / 6 * 100);
	number("/result/buy_hold_return", 9. / 11 - 1);
	number("/result/metrics/returns/max_drawdown", 834. / 1083 - 1);
	number("/result/metrics/trades/net_profit", -166);
}

/* Short 75 of 1000/(13·1.01) = 76.1; spread 2 %, commission 1 %; a buy pays more, a sale gets less. */
static void costs_of_both_sides(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_backtest_op,
							 "{" BARS ",\"cash\":1000,\"commission_rate\":0.01,\"spread_rate\":0.02,\"strategy\":{"
							 "\"enter_short\":{\"op\":\"gt\",\"a\":\"high\",\"b\":13.5}," ALL_IN "}}"));
	double entry = 13 * .99, exit = 9 * 1.01, size = floor(1000 / (entry * 1.01));
	double profit = size * (entry - exit) - .01 * size * (entry + exit);
	assert_int_equal(harness_count(harness, "/result/trades"), 1);
	number("/result/trades/0/size", -size);
	number("/result/trades/0/entry_bar", 3);
	number("/result/trades/0/exit_bar", 5);
	number("/result/trades/0/entry_price", entry);
	number("/result/trades/0/exit_price", exit);
	number("/result/trades/0/profit", profit);
	number("/result/trades/0/return", profit / (size * entry));
	number("/result/final_equity", 1000 + profit);
}

/* What is open at the end: kept, left at the last close, or at the last open. */
static void finalizes(void **state)
{
	(void)state;
	static const struct {
		const char *how;
		int trades;
		double final;
	} rows[] = {{"none", 0, 1000 + 83 * (9 - 12)},
				{"last_close", 1, 1000 + 83 * (9 - 12)},
				{"last_open", 1, 1000 + 83 * (10 - 12)}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &trade_backtest_op,
								 "{" BARS ",\"cash\":1000,\"finalize\":\"%s\",\"strategy\":{\"enter_long\":" ABOVE_11
								 "," ALL_IN "}}",
								 rows[i].how));
		assert_int_equal(harness_count(harness, "/result/trades"), rows[i].trades);
		number("/result/final_equity", rows[i].final);
		number("/result/exposure_pct", 4. / 6 * 100);
	}
}

/* Half the equity; then the opposite entry closes and opens at one and the same price. */
static void turns_at_one_open(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_backtest_op,
							 "{" BARS ",\"cash\":1000,\"strategy\":{\"enter_long\":" ABOVE_11
							 ",\"enter_short\":" BELOW_12 ",\"size\":{\"mode\":\"fraction\",\"value\":0.5}}}"));
	assert_int_equal(harness_count(harness, "/result/trades"), 2);
	number("/result/trades/0/size", 41);
	number("/result/trades/0/exit_bar", 5);
	number("/result/trades/1/entry_bar", 5);
	number("/result/trades/1/size", -floor(.5 * (1000 - 82) / 10));
	number("/result/exposure_pct", 4. / 6 * 100);
}

/* Unknown is no true, nor is its negation: sma 3 begins at bar 2, so nothing is sent before. */
static void waits_for_what_is_unknown(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_backtest_op,
							 "{" BARS ",\"cash\":1000,\"strategy\":{\"indicators\":[{\"id\":\"s\",\"name\":\"sma\","
							 "\"period\":3}],\"enter_long\":{\"op\":\"not\",\"args\":[{\"op\":\"lt\",\"a\":\"close\","
							 "\"b\":\"s.sma\"}]}," ALL_IN "}}"));
	number("/result/trades/0/entry_bar", 3);
}

static void is_the_metrics_of_its_curve(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &trade_metrics_op,
					 "{\"equity\":[1000,1000,1083,1000,834,834],\"trades\":[{\"profit\":-166,\"return\":%.17g}]}",
					 -166. / (83 * 12)));
	double sharpe = harness_number(harness, "/result/returns/sharpe"),
		   ulcer = harness_number(harness, "/result/returns/ulcer_index");
	double ghpr = harness_number(harness, "/result/trades/ghpr");
	fills_at_the_next_open(state);
	number("/result/metrics/returns/sharpe", sharpe);
	number("/result/metrics/returns/ulcer_index", ulcer);
	number("/result/metrics/trades/ghpr", ghpr);
}

static void refuses(void **state)
{
	(void)state;
	static const struct {
		const char *strategy, *pointer, *code;
	} rows[] = {
		{"\"enter_long\":{\"op\":\"gt\",\"a\":\"rsi\",\"b\":1}," ALL_IN, "/strategy/enter_long/a", "enum"},
		{"\"enter_long\":{\"op\":\"gt\",\"a\":1}," ALL_IN, "/strategy/enter_long/b", "required"},
		{"\"enter_long\":{\"op\":\"gt\",\"a\":1,\"b\":true}," ALL_IN, "/strategy/enter_long/b", "type"},
		{"\"enter_long\":{\"op\":\"ge\",\"a\":1,\"b\":1}," ALL_IN, "/strategy/enter_long/op", "enum"},
		{"\"enter_long\":{\"op\":\"gt\",\"a\":1,\"b\":1,\"c\":1}," ALL_IN, "/strategy/enter_long/c", "unknown_field"},
		{"\"enter_long\":{\"op\":\"gt\",\"a\":1,\"b\":1,\"args\":[]}," ALL_IN, "/strategy/enter_long/args",
		 "unknown_field"},
		{"\"exit_short\":{\"op\":\"not\",\"args\":[]}," ALL_IN, "/strategy/exit_short/args", "count"},
		{"\"exit_long\":{\"op\":\"and\"}," ALL_IN, "/strategy/exit_long/args", "required"},
		{"\"enter_short\":{\"op\":\"or\",\"args\":[3]}," ALL_IN, "/strategy/enter_short/args/0", "type"},
		{"\"indicators\":[{\"name\":\"nope\"}]," ALL_IN, "/strategy/indicators/0/name", "enum"},
		{"\"size\":{\"mode\":\"fraction\"}", "/strategy/size/value", "required"},
		{"\"size\":{\"mode\":\"fraction\",\"value\":1.5}", "/strategy/size/value", "range"},
		{"\"size\":{\"mode\":\"all_in_units\",\"value\":0.5}", "/strategy/size/value", "conflict"},
		{"\"enter_long\":null", "/strategy/size", "required"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_false(
			harness_call(harness, &trade_backtest_op, "{" BARS ",\"cash\":1000,\"strategy\":{%s}}", rows[i].strategy));
		if (!harness_refused(harness, rows[i].pointer, rows[i].code))
			fail_msg("%s %s: %s", rows[i].pointer, rows[i].code, harness_answer(harness));
	}
	assert_false(harness_call(harness, &trade_backtest_op,
							  "{\"bars\":{" TIMES "," OPENS ",\"high\":[1],\"low\":[1],\"close\":[1,1,1,1,1,1]},"
							  "\"cash\":1,\"strategy\":{" ALL_IN "}}"));
	assert_true(harness_refused(harness, "/bars/high", "count"));
	assert_true(harness_refused(harness, "/bars/low", "count"));
}

static void abstains_without_bars(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_backtest_op,
							 "{\"bars\":{\"time\":[],\"open\":[],\"high\":[],\"low\":[],\"close\":[]},\"cash\":1,"
							 "\"strategy\":{\"indicators\":[{\"name\":\"sma\"}],\"enter_long\":{\"op\":\"gt\",\"a\":"
							 "\"sma\",\"b\":1}," ALL_IN "}}"));
	assert_int_equal(harness_count(harness, "/result"), -2);
}

enum { SLOW_BARS = 400, SLOW_TRADES = 400 };

/* The same rules said another way: what is held before each bar is worked out from the trades so far, each time anew.
 */
struct slow {
	double open[SLOW_BARS], high[SLOW_BARS], low[SLOW_BARS], close[SLOW_BARS];
	double commission, spread, share, cash;
	struct backtest_trade trades[SLOW_TRADES];
	size_t count;
	bool open_trade;
};

static double slow_mean(const double *close, int i, int n)
{
	double sum = 0;
	for (int k = i - n + 1; k <= i; k++)
		sum += close[k];
	return i + 1 >= n ? sum / n : NAN;
}

static bool slow_cross(const struct slow *s, int i, bool above)
{
	double f0 = slow_mean(s->close, i - 1, 3), f1 = slow_mean(s->close, i, 3);
	double g0 = slow_mean(s->close, i - 1, 8), g1 = slow_mean(s->close, i, 8);
	return above ? f0 < g0 && f1 > g1 : f0 > g0 && f1 < g1;
}

static double slow_equity(const struct slow *s, double price)
{
	double equity = s->cash;
	for (size_t i = 0; i < s->count; i++) {
		const struct backtest_trade *t = &s->trades[i];
		bool open = s->open_trade && i + 1 == s->count;
		equity +=
			open ? t->size * (price - t->entry_price) - s->commission * fabs(t->size) * t->entry_price : t->profit;
	}
	return equity;
}

static void slow_leave(struct slow *s, int bar, double price)
{
	struct backtest_trade *t = &s->trades[s->count - 1];
	t->exit_bar = (size_t)bar;
	t->exit_price = t->size > 0 ? price * (1 - s->spread / 2) : price * (1 + s->spread / 2);
	t->profit = t->size * t->exit_price - t->size * t->entry_price -
				s->commission * fabs(t->size) * (t->entry_price + t->exit_price);
	s->open_trade = false;
}

static void slow_bar(struct slow *s, int bar)
{
	bool up = slow_cross(s, bar - 1, true), down = slow_cross(s, bar - 1, false);
	if (!up && !down)
		return;
	if (s->open_trade && (s->trades[s->count - 1].size > 0) == up)
		return;
	if (s->open_trade)
		slow_leave(s, bar, s->open[bar]);
	double price = s->open[bar] * (up ? 1 + s->spread / 2 : 1 - s->spread / 2);
	double units = floor(s->share * slow_equity(s, 0) / (price * (1 + s->commission)));
	if (units < 1)
		return;
	s->trades[s->count++] =
		(struct backtest_trade){.size = up ? units : -units, .entry_bar = (size_t)bar, .entry_price = price};
	s->open_trade = true;
}

static double uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(*seed >> 11) / 9007199254740992.;
}

static void random_walk(struct slow *s, uint64_t seed)
{
	double price = 50;
	for (int i = 0; i < SLOW_BARS; i++) {
		s->open[i] = price * (.995 + .01 * uniform(&seed));
		price = s->close[i] = s->open[i] * (.97 + .0605 * uniform(&seed));
		s->high[i] = fmax(s->open[i], s->close[i]);
		s->low[i] = fmin(s->open[i], s->close[i]);
	}
}

static void compare(const struct slow *s, const struct backtest *fast)
{
	assert_int_equal(fast->count, s->count);
	for (size_t i = 0; i < s->count; i++) {
		const struct backtest_trade *a = &fast->trades[i], *b = &s->trades[i];
		assert_float_equal(a->size, b->size, 0);
		assert_int_equal(a->entry_bar, b->entry_bar);
		assert_int_equal(a->exit_bar, b->exit_bar);
		assert_true(fabs(a->entry_price / b->entry_price - 1) < 1e-12);
		assert_true(fabs(a->exit_price / b->exit_price - 1) < 1e-12);
		assert_true(fabs(a->profit - b->profit) < 1e-12 * fabs(b->size) * b->entry_price);
	}
}

/* Crossing averages on 200 random walks, to 1e-12 of the value traded. */
static void a_slow_one_says_the_same(void **state)
{
	(void)state;
	size_t traded = 0;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct slow s = {.commission = .001 * (double)(seed % 3),
						 .spread = .002 * (double)(seed % 2),
						 .share = seed % 5 == 0 ? .4 : 1,
						 .cash = 100000};
		random_walk(&s, seed * 7919);
		struct arena arena;
		arena_init(&arena, 1 << 24);
		const struct bars bars = {SLOW_BARS, s.open, s.high, s.low, s.close};
		double *fast = arena_array(&arena, SLOW_BARS, sizeof *fast),
			   *slow = arena_array(&arena, SLOW_BARS, sizeof *slow);
		for (int i = 0; i < SLOW_BARS; i++) {
			fast[i] = slow_mean(s.close, i, 3);
			slow[i] = slow_mean(s.close, i, 8);
		}
		const struct operand a = {.values = fast}, b = {.values = slow};
		const struct rule up = {.op = RULE_CROSS_ABOVE, .a = a, .b = b},
						  down = {.op = RULE_CROSS_BELOW, .a = a, .b = b};
		const struct backtest_input in = {.bars = &bars,
										  .enter_long = &up,
										  .enter_short = &down,
										  .cash = s.cash,
										  .share = s.share,
										  .commission_rate = s.commission,
										  .spread_rate = s.spread,
										  .finalize = FINALIZE_LAST_CLOSE};
		struct backtest out;
		assert_true(backtest_run(&arena, &in, &out));
		for (int bar = 1; bar < SLOW_BARS; bar++) {
			if (bar >= 2)
				slow_bar(&s, bar);
			if (bar + 1 == SLOW_BARS && s.open_trade)
				slow_leave(&s, bar, s.close[bar]);
			assert_true(fabs(out.equity[bar] - slow_equity(&s, s.close[bar])) < 1e-12 * fabs(out.equity[bar]));
		}
		compare(&s, &out);
		traded += s.count;
		arena_fini(&arena);
	}
	assert_true(traded > 2000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fills_at_the_next_open),
		cmocka_unit_test(costs_of_both_sides),
		cmocka_unit_test(finalizes),
		cmocka_unit_test(turns_at_one_open),
		cmocka_unit_test(waits_for_what_is_unknown),
		cmocka_unit_test(is_the_metrics_of_its_curve),
		cmocka_unit_test(refuses),
		cmocka_unit_test(abstains_without_bars),
		cmocka_unit_test(a_slow_one_says_the_same),
	};
	harness = harness_new(NULL, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
