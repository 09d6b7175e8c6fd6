#include <math.h>

#include "core/arena.h"
#include "core/stamp.h"
#include "trade/domain/drawdown.h"
#include "trade/domain/metrics.h"
#include "trade/domain/performance.h"
#include "trade/domain/tails.h"

/* The returns that are numbers, and what goes with them. */
struct dense {
	const double *w;
	size_t n;
	/* Where each return has a risk-free rate of its own: the pairs that are whole. */
	const double *paired;
	size_t pairs;
	struct metrics_rate rate;
};

static bool drop_holes(struct arena *arena, const struct performance_input *in, struct dense *d)
{
	double *w = arena_array(arena, in->count, sizeof *w);
	if (w == NULL)
		return false;
	for (size_t i = 0; i < in->count; i++)
		if (!isnan(in->returns[i]))
			w[d->n++] = in->returns[i];
	d->w = w;
	return true;
}

static bool pair_rates(struct arena *arena, const struct performance_input *in, struct dense *d)
{
	double *w = arena_array(arena, in->count, sizeof *w), *rate = arena_array(arena, in->count, sizeof *rate);
	if (w == NULL || rate == NULL)
		return false;
	for (size_t i = 0; i < in->count; i++) {
		w[d->pairs] = in->returns[i];
		rate[d->pairs] = in->risk_free.each[i];
		d->pairs += isnan(in->returns[i] + in->risk_free.each[i]) ? 0 : 1;
	}
	d->paired = w;
	d->rate = (struct metrics_rate){.each = rate};
	return true;
}

static bool make_dense(struct arena *arena, const struct performance_input *in, struct dense *d)
{
	*d = (struct dense){.w = in->returns, .rate = in->risk_free};
	size_t holes = 0;
	for (size_t i = 0; i < in->count; i++)
		holes += isnan(in->returns[i]) ? 1 : 0;
	if (holes > 0 && !drop_holes(arena, in, d))
		return false;
	d->n = in->count - holes;
	if (in->risk_free.each != NULL)
		return pair_rates(arena, in, d);
	d->paired = d->w;
	d->pairs = d->n;
	return true;
}

/* With times, growth is spread over the calendar days from the first to the last of them. */
static double growth_a_year(const struct performance_input *in, double growth, double annual_return)
{
	if (in->times_us == NULL)
		return annual_return;
	size_t last = in->count - (in->equity == NULL);
	int64_t days = stamp_day_of(in->times_us[last]) - stamp_day_of(in->times_us[0]);
	return metrics_annual(growth, (double)days, in->days_per_year);
}

static double average_depth(const struct drawdown_list *list)
{
	double sum = 0;
	for (size_t i = 0; i < list->count; i++)
		sum += list->items[i].depth;
	return metrics_ratio(sum, (double)list->count);
}

static bool fill_falls(struct arena *arena, const struct performance_input *in, const double *points,
					   struct return_figures *out)
{
	struct drawdown_list episodes;
	struct metrics_fall fall;
	if (!isfinite(points[in->count])) /* it overflowed, and stays so */
		return true;
	if (!drawdown_find(arena, points, in->count + 1, &episodes))
		return false;
	metrics_fall(points, in->count + 1, &fall);
	out->max_drawdown = fall.max;
	out->current_drawdown = fall.current;
	out->ulcer_index = fall.ulcer;
	out->average_drawdown = average_depth(&episodes);
	out->calmar = metrics_ratio(out->annual_return, fabs(fall.max));
	out->recovery_factor = metrics_ratio(out->total_return, fabs(fall.max));
	return true;
}

static void fill_wins(const struct metrics_sums *sums, struct return_figures *out)
{
	double wins = (double)sums->positive, losses = (double)sums->negative;
	out->win_rate = metrics_ratio(wins, wins + losses);
	out->payoff_ratio = metrics_ratio(metrics_ratio(sums->gains, wins), fabs(metrics_ratio(sums->losses, losses)));
	out->profit_factor = metrics_ratio(sums->gains, fabs(sums->losses));
	out->kelly = out->win_rate - metrics_ratio(1 - out->win_rate, out->payoff_ratio);
}

static bool fill_tails(struct arena *arena, const struct performance_input *in, const struct dense *d,
					   struct return_figures *out)
{
	struct tails tails;
	double *scratch = arena_array(arena, d->n, sizeof *scratch);
	if (scratch == NULL || !tails_find(arena, d->w, d->n, in->var_cutoff, &tails))
		return false;
	out->tail_ratio = metrics_ratio(fabs(tails.p95), fabs(tails.p5));
	out->var = tails.at_cutoff;
	out->cvar = tails.below;
	out->stability = metrics_stability(d->w, d->n, scratch);
	return true;
}

static void fill_ratios(const struct performance_input *in, const struct dense *d, const struct metrics_sums *sums,
						struct return_figures *out)
{
	double p = in->periods_per_year;
	struct metrics_moments moments, excess;
	metrics_moments(d->w, sums, &moments);
	metrics_excess(d->paired, d->pairs, &d->rate, &excess);
	out->mean = moments.mean;
	out->stddev = metrics_deviation(&moments);
	out->annual_volatility = out->stddev * sqrt(p);
	out->skew = metrics_skew(&moments);
	out->kurtosis = metrics_kurtosis(&moments);
	out->sharpe = metrics_sharpe(&excess, p);
	out->downside_risk = metrics_downside(d->w, d->n, in->mar, moments.largest, p);
	out->sortino = metrics_ratio((moments.mean - in->mar) * p, out->downside_risk);
	out->omega = metrics_omega(d->paired, d->pairs, &d->rate, in->mar);
}

static const struct return_figures undefined = {
	.total_return = NAN,
	.annual_return = NAN,
	.cagr = NAN,
	.mean = NAN,
	.stddev = NAN,
	.geometric_mean = NAN,
	.annual_volatility = NAN,
	.sharpe = NAN,
	.downside_risk = NAN,
	.sortino = NAN,
	.omega = NAN,
	.max_drawdown = NAN,
	.calmar = NAN,
	.average_drawdown = NAN,
	.current_drawdown = NAN,
	.ulcer_index = NAN,
	.recovery_factor = NAN,
	.tail_ratio = NAN,
	.stability = NAN,
	.var = NAN,
	.cvar = NAN,
	.skew = NAN,
	.kurtosis = NAN,
	.best = NAN,
	.worst = NAN,
	.win_rate = NAN,
	.payoff_ratio = NAN,
	.profit_factor = NAN,
	.kelly = NAN,
};

bool performance_returns(struct arena *arena, const struct performance_input *in, const double *points,
						 struct return_figures *out)
{
	struct dense d;
	struct metrics_sums sums;
	*out = undefined;
	if (!make_dense(arena, in, &d))
		return false;
	metrics_sums(d.w, d.n, &sums);
	out->rows = (int64_t)in->count;
	out->periods = (int64_t)d.n;
	out->positive = (int64_t)sums.positive;
	out->negative = (int64_t)sums.negative;
	if (d.n == 0) /* of nothing, nothing is known: not even that it grew by 0 */
		return true;
	double growth = in->equity != NULL ? points[in->count] / points[0] : sums.growth;
	out->total_return = growth - 1;
	out->annual_return = metrics_annual(growth, (double)in->count, in->periods_per_year);
	out->cagr = growth_a_year(in, growth, out->annual_return);
	out->geometric_mean = metrics_annual(growth, (double)d.n, 1);
	out->best = sums.best;
	out->worst = sums.worst;
	fill_wins(&sums, out);
	fill_ratios(in, &d, &sums, out);
	return fill_falls(arena, in, points, out) && fill_tails(arena, in, &d, out);
}
