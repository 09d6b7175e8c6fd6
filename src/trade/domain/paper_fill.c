#include "trade/domain/paper_fill.h"

#include <math.h>

#include "trade/domain/risk.h"

/* Bought at the ask when it comes down to the price, sold at the bid when it comes up to it. */
static bool limit_fill(int side, double price, const struct paper_price *now, double *fill)
{
	bool reached = side == SIDE_BUY ? now->ask_low <= price : now->bid_high >= price;
	if (reached)
		*fill = price;
	return reached;
}

static bool stop_fill(int side, double price, const struct paper_price *now, double *fill)
{
	bool reached = side == SIDE_BUY ? now->ask_high >= price : now->bid_low <= price;
	if (reached)
		*fill = side == SIDE_BUY ? fmax(price, now->ask_low) : fmin(price, now->bid_high);
	return reached;
}

bool paper_entry(int order_type, int side, double price, const struct paper_price *now, double *fill)
{
	if (order_type == ORDER_LIMIT)
		return limit_fill(side, price, now, fill);
	if (order_type == ORDER_STOP)
		return stop_fill(side, price, now, fill);
	if (now->quote)
		*fill = side == SIDE_BUY ? now->ask : now->bid;
	return now->quote;
}

/* An exit is an order of the other side; a level that is NaN is never reached. */
enum paper_exit paper_exit(int side, double stop_loss, double take_profit, const struct paper_price *now, double *fill)
{
	int other = side == SIDE_BUY ? SIDE_SELL : SIDE_BUY;
	if (stop_fill(other, stop_loss, now, fill))
		return PAPER_STOP_LOSS;
	return limit_fill(other, take_profit, now, fill) ? PAPER_TAKE_PROFIT : PAPER_STAYS;
}

double paper_close(int side, const struct paper_price *now)
{
	return side == SIDE_BUY ? now->bid : now->ask;
}

double paper_profit(int side, double lots, double contract_size, double open, double close, double rate)
{
	return (side == SIDE_BUY ? close - open : open - close) * lots * contract_size * rate;
}
