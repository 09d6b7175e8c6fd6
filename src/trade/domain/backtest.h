/*
 * What a strategy would have done on bars of the past [trade.md 9.4]: one position at a time, whole units, no leverage.
 *
 * Rules are read at the close of a bar, their orders fill at the next open.  Thread: any; nothing is shared.
 */
#ifndef CS_TRADE_DOMAIN_BACKTEST_H
#define CS_TRADE_DOMAIN_BACKTEST_H

#include <stdbool.h>
#include <stddef.h>

#include "trade/domain/indicators.h"

struct arena;
struct rule;

enum backtest_finalize { FINALIZE_NONE, FINALIZE_LAST_CLOSE, FINALIZE_LAST_OPEN };

struct backtest_input {
	const struct bars *bars; /* at least one; open and close > 0 */
	const struct rule *enter_long, *exit_long, *enter_short, *exit_short;
	double cash;
	double share; /* of equity that an entry may use, (0, 1] */
	double commission_rate, spread_rate;
	enum backtest_finalize finalize;
};

struct backtest_trade {
	double size; /* units; below 0: short */
	size_t entry_bar, exit_bar;
	double entry_price, exit_price; /* with half the spread */
	double profit;                  /* net of both commissions */
	double ret;                     /* of the value at entry */
};

struct backtest {
	struct backtest_trade *trades; /* in order of exit */
	size_t count;
	double *equity; /* at each close */
	double peak_equity;
	size_t exposed; /* bars from entry to exit, both counted, each bar once */
};

/* False: arena full.  Cost: about 20 ns a bar and the rules. */
bool backtest_run(struct arena *arena, const struct backtest_input *input, struct backtest *out);

#endif
