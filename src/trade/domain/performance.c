#include "trade/domain/performance.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/stamp.h"
#include "trade/domain/drawdown.h"
#include "trade/domain/rolling.h"

/* The equity at every point: as given, or grown from 1. */
static const double *find_points(struct arena *arena, const struct performance_input *in)
{
	if (in->equity != NULL)
		return in->equity;
	double *points = arena_array(arena, in->count + 1, sizeof *points);
	if (points == NULL)
		return NULL;
	points[0] = 1;
	for (size_t i = 0; i < in->count; i++)
		points[i + 1] = isnan(in->returns[i]) ? points[i] : points[i] * (1 + in->returns[i]);
	return points;
}

/* The moment of a point; the start of a series of returns has none. */
static bool time_of(const struct performance_input *in, int64_t point, int64_t *us)
{
	if (in->times_us == NULL || point == FIELD_NO_INT)
		return false;
	int64_t at = in->equity != NULL ? point : point - 1;
	if (at < 0)
		return false;
	*us = in->times_us[at];
	return true;
}

static const char *time_text(struct arena *arena, const struct performance_input *in, int64_t point)
{
	int64_t us;
	char text[STAMP_TEXT];
	if (!time_of(in, point, &us))
		return NULL;
	stamp_format(text, us);
	return arena_dup(arena, text);
}

static struct episode episode_of(struct arena *arena, const struct performance_input *in, const struct drawdown *d)
{
	bool open = d->end == DRAWDOWN_OPEN;
	struct episode e = {
		.start = (int64_t)d->start,
		.trough = (int64_t)d->trough,
		.end = open ? FIELD_NO_INT : (int64_t)d->end,
		.depth = d->depth,
		.length = (int64_t)(d->last - d->start),
		.to_trough = (int64_t)(d->trough - d->start),
		.recovery = open ? FIELD_NO_INT : (int64_t)(d->end - d->trough),
		.length_days = FIELD_NO_INT,
	};
	int64_t from, to;
	if (time_of(in, e.start, &from) && time_of(in, (int64_t)d->last, &to))
		e.length_days = stamp_day_of(to) - stamp_day_of(from);
	e.start_time = time_text(arena, in, e.start);
	e.trough_time = time_text(arena, in, e.trough);
	e.end_time = time_text(arena, in, e.end);
	return e;
}

static bool fill_drawdowns(struct arena *arena, const struct performance_input *in, const double *points,
						   struct performance *out)
{
	struct drawdown_list list;
	size_t usable = isfinite(points[in->count]) ? in->count + 1 : 0;
	if (!drawdown_find(arena, points, usable, &list))
		return false;
	drawdown_sort(&list);
	size_t count = list.count < in->drawdowns ? list.count : in->drawdowns;
	out->drawdowns.items = arena_array(arena, count, sizeof *out->drawdowns.items);
	if (out->drawdowns.items == NULL)
		return false;
	out->drawdowns.count = count;
	for (size_t i = 0; i < count; i++)
		out->drawdowns.items[i] = episode_of(arena, in, &list.items[i]);
	return true;
}

static bool fill_rolling(struct arena *arena, const struct performance_input *in, struct performance *out)
{
	const struct rolling_input input = {
		.returns = in->returns,
		.count = in->count,
		.window = in->rolling_window,
		.risk_free = in->risk_free,
		.mar = in->mar,
		.periods_per_year = in->periods_per_year,
		.benchmark = in->benchmark,
	};
	struct rolling r;
	struct rolling_figures *figures = out->rolling = arena_new(arena, struct rolling_figures);
	if (figures == NULL || !rolling_find(arena, &input, &r))
		return false;
	*figures = (struct rolling_figures){
		.window = (int64_t)in->rolling_window,
		.total = {r.count, r.total},
		.volatility = {r.count, r.volatility},
		.sharpe = {r.count, r.sharpe},
		.sortino = {r.count, r.sortino},
		.max_drawdown = {r.count, r.max_drawdown},
		.beta = {r.count, r.beta},
	};
	return true;
}

static bool fill_series(struct arena *arena, const struct performance_input *in, const double *points,
						struct performance *out)
{
	size_t n = in->count, points_count = in->equity != NULL ? n + 1 : n;
	double *growth = arena_array(arena, n, sizeof *growth), *depth = arena_array(arena, n, sizeof *depth);
	double *equity = arena_array(arena, points_count, sizeof *equity), peak = points[0];
	double start = isnan(in->start_balance) ? 1 : in->start_balance;
	out->series = arena_new(arena, struct series_figures);
	if (growth == NULL || depth == NULL || equity == NULL || out->series == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		peak = points[i + 1] > peak ? points[i + 1] : peak;
		growth[i] = points[i + 1] / points[0] - 1;
		depth[i] = points[i + 1] / peak - 1;
	}
	for (size_t i = 0; i < points_count; i++)
		equity[i] = in->equity != NULL ? points[i] : start * points[i + 1];
	*out->series = (struct series_figures){{n, growth}, {n, depth}, {points_count, equity}};
	return true;
}

static bool fill_series_parts(struct arena *arena, const struct performance_input *in, struct performance *out)
{
	const double *points = find_points(arena, in);
	out->returns = arena_new(arena, struct return_figures);
	if (points == NULL || out->returns == NULL || !performance_returns(arena, in, points, out->returns) ||
		!fill_drawdowns(arena, in, points, out))
		return false;
	if (in->benchmark != NULL) {
		out->benchmark = arena_new(arena, struct benchmark_figures);
		if (out->benchmark == NULL || !performance_benchmark(arena, in, out->benchmark))
			return false;
	}
	return (in->rolling_window == 0 || fill_rolling(arena, in, out)) &&
		   (!in->series || fill_series(arena, in, points, out));
}

static bool fill_trade_parts(struct arena *arena, const struct performance_input *in, struct performance *out)
{
	out->trades = arena_new(arena, struct trade_figures);
	if (out->trades == NULL)
		return false;
	trade_figures(in->trades, in->trades_count, in->start_balance, out->trades);
	if (in->buckets == 0)
		return true;
	out->buckets = arena_new(arena, struct buckets);
	return out->buckets != NULL &&
		   buckets_find(arena, in->trades, in->trades_count, in->zone, in->buckets, out->buckets);
}

bool performance_find(struct arena *arena, const struct performance_input *in, struct performance *out)
{
	*out = (struct performance){0};
	return (!in->has_series || fill_series_parts(arena, in, out)) &&
		   (!in->has_trades || fill_trade_parts(arena, in, out));
}
