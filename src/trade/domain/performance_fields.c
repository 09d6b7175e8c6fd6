#include <math.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "seal/calc.h"
#include "trade/domain/performance.h"

#define FIGURE(s, m, ...) F_NUM(s, m, NULLABLE, SIGNIFICANT(12), __VA_ARGS__)
#define FIGURES(s, m, ...) F_NUMS(s, m, NULLABLE, SIGNIFICANT(12), __VA_ARGS__)
#define RETURN(m, text) FIGURE(return_figures, m, DOC(text))

static const struct field return_fields[] = {
	F_INT(return_figures, rows, DOC("Elements given, null ones included")),
	F_INT(return_figures, periods, DOC("Returns that are numbers")),
	F_INT(return_figures, positive, DOC("Returns above 0")),
	F_INT(return_figures, negative, DOC("Returns below 0")),
	RETURN(total_return, "∏(1 + w) − 1"),
	RETURN(annual_return, "(1 + total_return)^(periods_per_year / rows) − 1"),
	RETURN(cagr, "(1 + total_return)^(days_per_year / days) − 1 with times, else annual_return"),
	RETURN(mean, "Mean return"),
	RETURN(stddev, "Sample deviation"),
	RETURN(geometric_mean, "∏(1 + w)^(1 / periods) − 1"),
	RETURN(annual_volatility, "stddev × √periods_per_year"),
	RETURN(sharpe, "mean(w − rf) / s(w − rf) × √periods_per_year"),
	RETURN(downside_risk, "√mean(min(w − mar, 0)²) × √periods_per_year"),
	RETURN(sortino, "mean(w − mar) × periods_per_year / downside_risk"),
	RETURN(omega, "Gains over losses about rf + mar"),
	RETURN(max_drawdown, "Deepest E/peak − 1, 0 or less"),
	RETURN(calmar, "annual_return / |max_drawdown|"),
	RETURN(average_drawdown, "Mean depth of the episodes"),
	RETURN(current_drawdown, "E/peak − 1 at the end"),
	RETURN(ulcer_index, "√mean((E/peak − 1)²)"),
	RETURN(recovery_factor, "total_return / |max_drawdown|"),
	RETURN(tail_ratio, "|95th percentile| / |5th percentile|"),
	RETURN(stability, "R² of the line through the cumulative log returns"),
	RETURN(var, "Percentile at var_cutoff"),
	RETURN(cvar, "Mean of the returns at or below it"),
	RETURN(skew, "Adjusted sample skewness"),
	RETURN(kurtosis, "Adjusted excess kurtosis"),
	RETURN(best, "Largest return"),
	RETURN(worst, "Smallest return"),
	RETURN(win_rate, "positive / (positive + negative)"),
	RETURN(payoff_ratio, "Mean gain / |mean loss|"),
	RETURN(profit_factor, "Sum of gains / |sum of losses|"),
	RETURN(kelly, "win_rate − (1 − win_rate) / payoff_ratio"),
};
const struct field_table performance_returns_table =
	FIELD_TABLE("trade.metrics.returns", return_figures, return_fields);

#define BENCHMARK(m, text) FIGURE(benchmark_figures, m, DOC(text))

static const struct field benchmark_fields[] = {
	BENCHMARK(beta, "cov(w − rf, b − rf) / var(b − rf)"),
	BENCHMARK(alpha, "mean(w − rf) − beta × mean(b − rf), per period"),
	BENCHMARK(alpha_annual, "(1 + alpha)^periods_per_year − 1"),
	BENCHMARK(correlation, "Of w and b"),
	BENCHMARK(r_squared, "correlation²"),
	BENCHMARK(information_ratio, "mean(w − b) / s(w − b), not annualised"),
	BENCHMARK(tracking_error, "s(w − b) × √periods_per_year"),
	BENCHMARK(excess_return, "Total return of w less that of b"),
	BENCHMARK(treynor, "(annual return of w − annualised rf) / beta"),
	BENCHMARK(up_capture, "Annual return of w over that of b, in the periods where b > 0"),
	BENCHMARK(down_capture, "The same where b < 0"),
};
static const struct field_table benchmark_table =
	FIELD_TABLE("trade.metrics.benchmark", benchmark_figures, benchmark_fields);

#define ROLLING(m, ...) FIGURES(rolling_figures, m, __VA_ARGS__)

static const struct field rolling_fields[] = {
	F_INT(rolling_figures, window, DOC("Elements of a window")),
	ROLLING(total, NAMED("return"), DOC("Total return of each window")),
	ROLLING(volatility, DOC("Annual volatility")),
	ROLLING(sharpe, DOC("Sharpe ratio")),
	ROLLING(sortino, DOC("Sortino ratio")),
	ROLLING(max_drawdown, DOC("Deepest drawdown inside the window")),
	ROLLING(beta, DOC("Beta; null without a benchmark")),
};
const struct field_table performance_rolling_table =
	FIELD_TABLE("trade.metrics.rolling", rolling_figures, rolling_fields);

static const struct field series_fields[] = {
	FIGURES(series_figures, cumulative_return, DOC("E / E₀ − 1 after each return")),
	FIGURES(series_figures, drawdown, DOC("E/peak − 1 after each return")),
	FIGURES(series_figures, equity, DOC("As given, or start_balance (else 1) grown by each return")),
};
static const struct field_table series_table = FIELD_TABLE("trade.metrics.series", series_figures, series_fields);

static const struct field episode_fields[] = {
	F_INT(episode, start, DOC("Last point at the peak; point 0 is the start")),
	F_INT(episode, trough, DOC("Deepest point")),
	F_INT(episode, end, NULLABLE, DOC("First point back at the peak; null: not yet")),
	F_NUM(episode, depth, SIGNIFICANT(12), DOC("trough / peak − 1")),
	F_INT(episode, length, DOC("Points from start to end, or to the last point")),
	F_INT(episode, to_trough, DOC("Points from start to trough")),
	F_INT(episode, recovery, NULLABLE, DOC("Points from trough to end")),
	F_INT(episode, length_days, NULLABLE, UNIT("d"), DOC("Calendar days of the length, with times")),
	F_STR(episode, start_time, NULLABLE, DOC("Time of the start; a series of returns has none at point 0")),
	F_STR(episode, trough_time, NULLABLE, DOC("Time of the trough")),
	F_STR(episode, end_time, NULLABLE, DOC("Time of the end")),
};
const struct field_table performance_episode_table = FIELD_TABLE("trade.metrics.drawdown", episode, episode_fields);

static const struct field performance_fields[] = {
	F_OBJECT_PTR(performance, returns, &performance_returns_table, NULLABLE, DOC("Figures of the series")),
	F_OBJECTS(performance, drawdowns, &performance_episode_table, TOLD_APART,
			  DOC("The deepest drawdowns, deepest first")),
	F_OBJECT_PTR(performance, benchmark, &benchmark_table, NULLABLE, DOC("Against the benchmark")),
	F_OBJECT_PTR(performance, rolling, &performance_rolling_table, NULLABLE,
				 DOC("On every window of rolling_window elements")),
	F_OBJECT_PTR(performance, trades, &trade_figures_table, NULLABLE, DOC("Figures of the trades")),
	F_OBJECT_PTR(performance, series, &series_table, NULLABLE, DOC("The series itself")),
	F_OBJECT_PTR(performance, buckets, &buckets_table, NULLABLE, DOC("Trades by time of exit")),
};
const struct field_table performance_table = FIELD_TABLE("trade.metrics.result", performance, performance_fields);

/* Pointers of what is undefined, for one warning. */
struct undefined {
	struct buf names;
	size_t count;
	const char *pointer;
};

static void name(struct undefined *u, const char *part, const struct field *field)
{
	buf_addf(&u->names, "%s%s/%s/%s", u->count++ > 0 ? ", " : "", u->pointer, part, field_name(field));
}

/* A list is named once, however many of its elements are undefined. */
static bool clear_list(struct number_list *list)
{
	bool any = false;
	for (size_t i = 0; i < list->count; i++) {
		if (isfinite(list->items[i]))
			continue;
		list->items[i] = NAN;
		any = true;
	}
	return any;
}

static bool clear_number(double *x)
{
	if (isfinite(*x))
		return false;
	*x = NAN;
	return true;
}

static void clear_part(struct undefined *u, const char *part, const struct field_table *table, void *figures)
{
	for (size_t i = 0; figures != NULL && i < table->count; i++) {
		const struct field *field = &table->fields[i];
		void *at = (char *)figures + field->offset;
		if (field->kind == FIELD_NUM && (field->many ? clear_list(at) : clear_number(at)))
			name(u, part, field);
	}
}

void performance_warn(struct calc *calc, struct performance *performance, const char *pointer, bool has_benchmark)
{
	struct undefined u = {.pointer = pointer};
	buf_init(&u.names, 0);
	clear_part(&u, "returns", &performance_returns_table, performance->returns);
	clear_part(&u, "benchmark", &benchmark_table, performance->benchmark);
	struct field_table rolling = performance_rolling_table;
	rolling.count -= has_benchmark ? 0 : 1; /* beta, the last, was not asked for */
	clear_part(&u, "rolling", &rolling, performance->rolling);
	clear_part(&u, "trades", &trade_figures_table, performance->trades);
	clear_part(&u, "series", &series_table, performance->series);
	if (u.count > 0)
		calc_warn(calc, "undefined_metric", NULL, "Undefined, so null: %s.", buf_text(&u.names));
	buf_fini(&u.names);
}
