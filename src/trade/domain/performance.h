/*
 * Everything trade.metrics answers [trade.md 9.1, 9.2], from a series and trades that are known to be in order.
 *
 * Figures that are undefined are NaN; the operation makes them null and names them.  Thread: any.
 */
#ifndef CS_TRADE_DOMAIN_PERFORMANCE_H
#define CS_TRADE_DOMAIN_PERFORMANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/domain/buckets.h"
#include "trade/domain/metrics.h"
#include "trade/domain/trades.h"

struct arena;
struct field_table;
struct zone;

struct performance_input {
	bool has_series;
	const double *returns; /* NaN: none that period */
	size_t count;
	const double *equity;    /* count+1 points > 0, or NULL: compound the returns */
	const int64_t *times_us; /* one per element as given (equity: count+1, returns: count), or NULL */
	double periods_per_year, days_per_year;
	struct metrics_rate risk_free; /* per period; of `each`, NaN where there is none */
	double mar, var_cutoff;
	const double *benchmark; /* count returns, or NULL */
	size_t rolling_window;   /* 0: none */
	size_t drawdowns;        /* how many of the deepest */
	bool series;
	double start_balance; /* NaN: not given */
	bool has_trades;
	const struct trade_row *trades;
	size_t trades_count;
	unsigned buckets; /* set of 1 << enum bucket_kind */
	const struct zone *zone;
};

struct return_figures {
	int64_t rows, periods, positive, negative;
	double total_return, annual_return, cagr, mean, stddev, geometric_mean, annual_volatility;
	double sharpe, downside_risk, sortino, omega;
	double max_drawdown, calmar, average_drawdown, current_drawdown, ulcer_index, recovery_factor;
	double tail_ratio, stability, var, cvar, skew, kurtosis, best, worst, win_rate;
	double payoff_ratio, profit_factor, kelly;
};

struct benchmark_figures {
	double beta, alpha, alpha_annual, correlation, r_squared, information_ratio, tracking_error, excess_return;
	double treynor, up_capture, down_capture;
};

struct number_list {
	size_t count;
	double *items;
};

struct rolling_figures {
	int64_t window;
	struct number_list total, volatility, sharpe, sortino, max_drawdown, beta;
};

struct series_figures {
	struct number_list cumulative_return, drawdown, equity;
};

struct episode {
	int64_t start, trough, end; /* points; end FIELD_NO_INT: open */
	double depth;
	int64_t length, to_trough, recovery, length_days;
	const char *start_time, *trough_time, *end_time;
};

struct performance {
	struct return_figures *returns;
	struct {
		size_t count;
		struct episode *items; /* NULL: no series */
	} drawdowns;
	struct benchmark_figures *benchmark;
	struct rolling_figures *rolling;
	struct trade_figures *trades;
	struct series_figures *series;
	struct buckets *buckets;
};

extern const struct field_table performance_table, performance_returns_table, performance_rolling_table,
	performance_episode_table;

/* False when the arena is full.  Cost of the core table: about 20 ns a return. */
bool performance_find(struct arena *arena, const struct performance_input *input, struct performance *out);

/* The parts, each into figures of its own: performance_returns.c, performance_benchmark.c, performance_series.c */
bool performance_returns(struct arena *arena, const struct performance_input *input, const double *points,
						 struct return_figures *out);
bool performance_benchmark(struct arena *arena, const struct performance_input *input, struct benchmark_figures *out);

struct calc;

/* Make null of every figure that is not finite, and one warning that names them all. */
void performance_warn(struct calc *calc, struct performance *performance, const char *pointer, bool has_benchmark);

#endif
