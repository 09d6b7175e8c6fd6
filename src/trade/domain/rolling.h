/*
 * The figures of trade.metrics on every window of a series [trade.md 9.1, result.rolling].
 *
 * Each window is joined from two spans whose sums were made once, so that the cost does not depend on the window's
 * length and no rounding error piles up along the series.  Thread: any.
 */
#ifndef CS_TRADE_DOMAIN_ROLLING_H
#define CS_TRADE_DOMAIN_ROLLING_H

#include <stdbool.h>
#include <stddef.h>

#include "trade/domain/metrics.h"

struct arena;

struct rolling_input {
	const double *returns; /* NaN where there is none */
	size_t count, window;  /* window ≥ 2 */
	struct metrics_rate risk_free;
	double mar, periods_per_year;
	const double *benchmark; /* NULL: no beta */
};

/* One figure a window, count−window+1 of them (0 for a short series); NaN or infinite where undefined. */
struct rolling {
	size_t count;
	double *total, *volatility, *sharpe, *sortino, *max_drawdown, *beta;
};

/* False when the arena is full.  Cost: about 0.2 us an element. */
bool rolling_find(struct arena *arena, const struct rolling_input *input, struct rolling *rolling);

#endif
