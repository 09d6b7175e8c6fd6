#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>

#include "trade/domain/paper_fill.h"
#include "trade/domain/risk.h"

static struct paper_price quote(double bid, double ask)
{
	return (struct paper_price){bid, bid, ask, ask, bid, ask, true};
}

/* A bar of bids with this spread, after its opening quote. */
static struct paper_price range(double low, double high, double close, double spread)
{
	return (struct paper_price){low, high, low + spread, high + spread, close, close + spread, false};
}

static double entry(int type, int side, double price, struct paper_price now)
{
	double fill = NAN;
	bool filled = paper_entry(type, side, price, &now, &fill);
	assert_true(filled == !isnan(fill));
	return fill;
}

static void market_orders_take_the_next_quote(void **state)
{
	(void)state;
	assert_true(entry(ORDER_MARKET, SIDE_BUY, 1950, quote(1949.9, 1950.1)) == 1950.1);
	assert_true(entry(ORDER_MARKET, SIDE_SELL, 1950, quote(1949.9, 1950.1)) == 1949.9);
	assert_true(isnan(entry(ORDER_MARKET, SIDE_BUY, 1950, range(1940, 1960, 1950, 0.2))));
}

static void limits_and_stops_have_edges(void **state)
{
	(void)state;
	static const struct {
		int type, side;
		double price, bid, ask, fill;
	} rows[] = {
		{ORDER_LIMIT, SIDE_BUY, 1950, 1949.9, 1950.1, NAN},  {ORDER_LIMIT, SIDE_BUY, 1950, 1949.8, 1950, 1950},
		{ORDER_LIMIT, SIDE_BUY, 1950, 1940, 1940.2, 1950}, /* never better */
		{ORDER_LIMIT, SIDE_SELL, 1950, 1949.9, 1950.1, NAN}, {ORDER_LIMIT, SIDE_SELL, 1950, 1950, 1950.2, 1950},
		{ORDER_STOP, SIDE_BUY, 1950, 1949.7, 1949.9, NAN},   {ORDER_STOP, SIDE_BUY, 1950, 1949.8, 1950, 1950},
		{ORDER_STOP, SIDE_BUY, 1950, 1959.8, 1960, 1960}, /* a gap */
		{ORDER_STOP, SIDE_SELL, 1950, 1950.1, 1950.3, NAN},  {ORDER_STOP, SIDE_SELL, 1950, 1940, 1940.2, 1940},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		double fill = entry(rows[i].type, rows[i].side, rows[i].price, quote(rows[i].bid, rows[i].ask));
		assert_true(fill == rows[i].fill || (isnan(fill) && isnan(rows[i].fill)));
	}
	/* inside a bar the market goes through every price between */
	assert_true(entry(ORDER_STOP, SIDE_BUY, 1950, range(1940, 1960, 1945, 0.2)) == 1950);
	assert_true(entry(ORDER_LIMIT, SIDE_SELL, 1950, range(1940, 1960, 1945, 0.2)) == 1950);
	assert_true(isnan(entry(ORDER_LIMIT, SIDE_BUY, 1940, range(1940, 1960, 1945, 0.2)))); /* the ask was not there */
}

static void exits_are_never_kinder(void **state)
{
	(void)state;
	double fill = NAN;
	struct paper_price now = quote(1940, 1940.2);
	assert_int_equal(paper_exit(SIDE_BUY, 1940, 1960, &now, &fill), PAPER_STOP_LOSS);
	assert_true(fill == 1940);
	now = quote(1930, 1930.2); /* a gap through the stop */
	assert_int_equal(paper_exit(SIDE_BUY, 1940, 1960, &now, &fill), PAPER_STOP_LOSS);
	assert_true(fill == 1930);
	now = quote(1970, 1970.2); /* a gap through the target gives the target */
	assert_int_equal(paper_exit(SIDE_BUY, 1940, 1960, &now, &fill), PAPER_TAKE_PROFIT);
	assert_true(fill == 1960);
	now = range(1930, 1970, 1950, 0); /* a bar with both: the stop */
	assert_int_equal(paper_exit(SIDE_BUY, 1940, 1960, &now, &fill), PAPER_STOP_LOSS);
	assert_true(fill == 1940);
	now = quote(1959.9, 1960.1); /* a sell is closed at the ask */
	assert_int_equal(paper_exit(SIDE_SELL, 1960, 1940, &now, &fill), PAPER_STOP_LOSS);
	assert_true(fill == 1960.1);
	now = quote(1939.9, 1940.1);
	assert_int_equal(paper_exit(SIDE_SELL, 1960, 1940, &now, &fill), PAPER_STAYS);
	now = quote(1939.8, 1940);
	assert_int_equal(paper_exit(SIDE_SELL, 1960, 1940, &now, &fill), PAPER_TAKE_PROFIT);
	now = quote(1, 1e6);
	assert_int_equal(paper_exit(SIDE_BUY, NAN, NAN, &now, &fill), PAPER_STAYS);
	assert_true(paper_close(SIDE_BUY, &now) == 1 && paper_close(SIDE_SELL, &now) == 1e6);
}

static void profits(void **state)
{
	(void)state;
	assert_true(paper_profit(SIDE_BUY, 0.5, 100, 1950, 1960, 1) == 500);
	assert_true(paper_profit(SIDE_SELL, 0.5, 100, 1950, 1960, 2) == -1000);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(market_orders_take_the_next_quote),
		cmocka_unit_test(limits_and_stops_have_edges),
		cmocka_unit_test(exits_are_never_kinder),
		cmocka_unit_test(profits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
