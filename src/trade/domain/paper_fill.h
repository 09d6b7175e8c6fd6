/*
 * At which price a simulated order fills [trade.md 12].  Stated rules, never kinder than a broker:
 *
 *     market         the ask (a sell: the bid) of the next quote
 *     limit          its own price, once the market has been there; never better
 *     stop           the worse of its own price and the first one seen beyond it
 *     stop loss      as a stop; looked at before the target, where one bar has both
 *     take profit    as a limit
 *     close command  the bid (of a sell position: the ask) of the next quote
 *
 * Nothing is filled in part or refused for want of volume; there is no commission and no swap.  Pure.
 */
#ifndef CS_TRADE_DOMAIN_PAPER_FILL_H
#define CS_TRADE_DOMAIN_PAPER_FILL_H

#include <stdbool.h>

enum { ORDER_MARKET, ORDER_LIMIT, ORDER_STOP }; /* as a signal's order_type */
enum { PAPER_STOP_OUT_PCT = 50 };               /* margin level at or under which positions are closed */

/* What an instrument's price did: one quote (low and high are the same), or the rest of a bar after its first quote. */
struct paper_price {
	double bid_low, bid_high, ask_low, ask_high;
	double bid, ask; /* the last */
	bool quote;
};

/* Prices are the instrument's; `side` is enum trade_side. */
bool paper_entry(int order_type, int side, double price, const struct paper_price *now, double *fill);

enum paper_exit { PAPER_STAYS, PAPER_STOP_LOSS, PAPER_TAKE_PROFIT };

/* Levels NaN: none. */
enum paper_exit paper_exit(int side, double stop_loss, double take_profit, const struct paper_price *now, double *fill);

/* Where a position of that side would be closed now. */
double paper_close(int side, const struct paper_price *now);

/* In the account's currency; `rate` turns the instrument's into it. */
double paper_profit(int side, double lots, double contract_size, double open, double close, double rate);

#endif
