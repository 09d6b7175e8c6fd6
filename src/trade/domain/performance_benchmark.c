#include <math.h>

#include "core/arena.h"
#include "trade/domain/metrics.h"
#include "trade/domain/performance.h"

/* Periods in which both have a return and, where each period has its rate, that is known too. */
struct pairs {
	double *w, *b, *rate;
	size_t count;
	struct metrics_rate less;
};

static bool make_pairs(struct arena *arena, const struct performance_input *in, bool rated, struct pairs *p)
{
	*p = (struct pairs){.w = arena_array(arena, in->count, sizeof *p->w),
						.b = arena_array(arena, in->count, sizeof *p->b),
						.rate = arena_array(arena, in->count, sizeof *p->rate)};
	if (p->w == NULL || p->b == NULL || p->rate == NULL)
		return false;
	for (size_t i = 0; i < in->count; i++) {
		double w = in->returns[i], b = in->benchmark[i], rate = rated ? metrics_rate_at(&in->risk_free, i) : 0;
		if (isnan(w) || isnan(b) || isnan(rate))
			continue;
		p->w[p->count] = w;
		p->b[p->count] = b;
		p->rate[p->count++] = rate;
	}
	p->less.each = p->rate;
	return true;
}

static double growth_of(const double *x, size_t n)
{
	double growth = 1;
	for (size_t i = 0; i < n; i++)
		growth *= 1 + x[i];
	return n > 0 ? growth : NAN;
}

/* Annual return of w over that of b, over the periods in which b has this sign, annualised over their own count. */
static double capture(const struct pairs *p, double sign, double periods_per_year)
{
	double w = 1, b = 1;
	size_t count = 0;
	for (size_t i = 0; i < p->count; i++) {
		if (!(p->b[i] * sign > 0))
			continue;
		w *= 1 + p->w[i];
		b *= 1 + p->b[i];
		count++;
	}
	return metrics_ratio(metrics_annual(w, (double)count, periods_per_year),
						 metrics_annual(b, (double)count, periods_per_year));
}

static void fill_line(const struct performance_input *in, const struct pairs *p, struct benchmark_figures *out)
{
	struct metrics_pair pair;
	double count = (double)p->count, year = in->periods_per_year;
	metrics_pair(p->w, p->b, p->count, &p->less, &pair);
	out->beta = metrics_beta(&pair);
	out->alpha = pair.mean_x - out->beta * pair.mean_b;
	out->alpha_annual = metrics_annual(1 + out->alpha, 1, year);
	double excess = metrics_annual(growth_of(p->w, p->count), count, year) -
					metrics_annual(growth_of(p->rate, p->count), count, year);
	out->treynor = metrics_ratio(excess, out->beta);
}

static void fill_apart(const struct performance_input *in, const struct pairs *p, struct benchmark_figures *out)
{
	const struct metrics_rate none = {.all = 0}, other = {.each = p->b};
	struct metrics_pair pair;
	struct metrics_moments apart;
	metrics_pair(p->w, p->b, p->count, &none, &pair);
	metrics_excess(p->w, p->count, &other, &apart);
	out->correlation = metrics_correlation(&pair);
	out->r_squared = out->correlation * out->correlation;
	out->information_ratio = metrics_ratio(apart.mean, metrics_deviation(&apart));
	out->tracking_error = metrics_deviation(&apart) * sqrt(in->periods_per_year);
	out->excess_return = growth_of(p->w, p->count) - growth_of(p->b, p->count);
	out->up_capture = capture(p, 1, in->periods_per_year);
	out->down_capture = capture(p, -1, in->periods_per_year);
}

bool performance_benchmark(struct arena *arena, const struct performance_input *in, struct benchmark_figures *out)
{
	struct pairs rated, plain;
	if (!make_pairs(arena, in, true, &rated) || !make_pairs(arena, in, false, &plain))
		return false;
	fill_line(in, &rated, out);
	fill_apart(in, &plain, out);
	return true;
}
