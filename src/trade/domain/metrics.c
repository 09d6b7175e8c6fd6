#include "trade/domain/metrics.h"

#include <math.h>

static const double NEGLIGIBLE = 1e-12; /* of the largest magnitude: what rounding leaves of equal numbers */

double metrics_ratio(double a, double b)
{
	return b == 0 ? NAN : a / b;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

void metrics_sums(const double *w, size_t n, struct metrics_sums *sums)
{
	struct metrics_sums s = {.count = n, .growth = 1, .best = NAN, .worst = NAN};
	if (n > 0)
		s.best = s.worst = w[0];
	for (size_t i = 0; i < n; i++) {
		double x = w[i], gain = x > 0 ? x : 0, loss = x < 0 ? x : 0;
		s.sum += x;
		s.gains += gain;
		s.losses += loss;
		s.positive += x > 0;
		s.negative += x < 0;
		s.best = x > s.best ? x : s.best;
		s.worst = x < s.worst ? x : s.worst;
		s.growth *= 1 + x;
	}
	*sums = s;
}

/* The mean first, so that the central sums do not cancel. */
void metrics_moments(const double *w, const struct metrics_sums *sums, struct metrics_moments *m)
{
	size_t n = sums->count;
	double mean = metrics_ratio(sums->sum, (double)n), m2 = 0, m3 = 0, m4 = 0;
	for (size_t i = 0; i < n; i++) {
		double d = w[i] - mean, square = d * d;
		m2 += square;
		m3 += square * d;
		m4 += square * square;
	}
	double largest = n > 0 ? larger(fabs(sums->best), fabs(sums->worst)) : 0;
	*m = (struct metrics_moments){.count = n, .mean = mean, .m2 = m2, .m3 = m3, .m4 = m4, .largest = largest};
}

void metrics_excess(const double *w, size_t n, const struct metrics_rate *rate, struct metrics_moments *m)
{
	double sum = 0, largest = 0, m2 = 0;
	for (size_t i = 0; i < n; i++) {
		double less = metrics_rate_at(rate, i);
		sum += w[i] - less;
		largest = larger(largest, larger(fabs(w[i]), fabs(less)));
	}
	double mean = metrics_ratio(sum, (double)n);
	for (size_t i = 0; i < n; i++) {
		double d = w[i] - metrics_rate_at(rate, i) - mean;
		m2 += d * d;
	}
	*m = (struct metrics_moments){.count = n, .mean = mean, .m2 = m2, .m3 = NAN, .m4 = NAN, .largest = largest};
}

static double deviation(double squares, size_t count, double largest)
{
	if (count < 2)
		return NAN;
	double s = sqrt(squares / (double)(count - 1));
	return s <= NEGLIGIBLE * largest ? 0 : s;
}

double metrics_deviation(const struct metrics_moments *m)
{
	return deviation(m->m2, m->count, m->largest);
}

double metrics_skew(const struct metrics_moments *m)
{
	double n = (double)m->count;
	if (m->count < 3 || metrics_deviation(m) == 0)
		return NAN;
	double variance = m->m2 / n, g1 = m->m3 / n / (variance * sqrt(variance));
	return g1 * sqrt(n * (n - 1)) / (n - 2);
}

double metrics_kurtosis(const struct metrics_moments *m)
{
	double n = (double)m->count;
	if (m->count < 4 || metrics_deviation(m) == 0)
		return NAN;
	double variance = m->m2 / n, g2 = m->m4 / n / (variance * variance) - 3;
	return (n - 1) / ((n - 2) * (n - 3)) * ((n + 1) * g2 + 6);
}

/* By the logarithm, because a root of many periods lies so near 1 that 1 + x would lose its digits. */
double metrics_annual(double growth, double periods, double periods_per_year)
{
	if (!(periods > 0))
		return NAN;
	double annual = expm1(log(growth) * (periods_per_year / periods));
	return isfinite(growth) ? annual : NAN;
}

double metrics_sharpe(const struct metrics_moments *excess, double periods_per_year)
{
	return metrics_ratio(excess->mean, metrics_deviation(excess)) * sqrt(periods_per_year);
}

/* x where it is above 0, else 0; returns come in no order that a processor could guess a branch by. */
static double positive(double x)
{
	return .5 * x + .5 * fabs(x);
}

double metrics_downside(const double *w, size_t n, double mar, double largest, double periods_per_year)
{
	double squares = 0;
	for (size_t i = 0; i < n; i++) {
		double below = positive(mar - w[i]);
		squares += below * below;
	}
	double s = sqrt(metrics_ratio(squares, (double)n));
	return s <= NEGLIGIBLE * larger(largest, fabs(mar)) ? 0 : s * sqrt(periods_per_year);
}

double metrics_omega(const double *w, size_t n, const struct metrics_rate *rf, double mar)
{
	double above = 0, below = 0;
	for (size_t i = 0; i < n; i++) {
		double d = w[i] - metrics_rate_at(rf, i) - mar;
		above += positive(d);
		below += positive(-d);
	}
	return metrics_ratio(above, below);
}

/* ln(1+x) with all digits of a small x: what rounding 1+x loses is the ratio of x to the step that was made. */
static double log_growth(double x)
{
	double u = 1 + x;
	return u == 1 ? x : log(u) * (x / (u - 1));
}

double metrics_stability(const double *w, size_t n, double *scratch)
{
	if (n < 2)
		return NAN;
	double level = 0, sum = 0, largest = 0, sxx = 0, syy = 0, sxy = 0;
	for (size_t i = 0; i < n; i++) {
		level += log_growth(w[i]);
		sum += level;
		scratch[i] = level;
		largest = larger(largest, fabs(level));
	}
	double middle = (double)(n - 1) / 2, mean = sum / (double)n;
	for (size_t i = 0; i < n; i++) {
		double dx = (double)i - middle, dy = scratch[i] - mean;
		sxx += dx * dx;
		syy += dy * dy;
		sxy += dx * dy;
	}
	if (deviation(syy, n, largest) == 0)
		return NAN;
	return sxy / sxx * (sxy / syy);
}

void metrics_fall(const double *points, size_t count, struct metrics_fall *fall)
{
	double peak = points[0], deepest = 0, depth = 0, squares = 0;
	for (size_t i = 1; i < count; i++) {
		peak = larger(peak, points[i]);
		depth = points[i] / peak - 1;
		deepest = depth < deepest ? depth : deepest;
		squares += depth * depth;
	}
	double ulcer = sqrt(metrics_ratio(squares, (double)(count - 1)));
	*fall = (struct metrics_fall){.max = deepest, .current = depth, .ulcer = ulcer};
}

void metrics_pair(const double *x, const double *b, size_t n, const struct metrics_rate *rate,
				  struct metrics_pair *pair)
{
	struct metrics_pair p = {.count = n};
	double sum_x = 0, sum_b = 0;
	for (size_t i = 0; i < n; i++) {
		double less = metrics_rate_at(rate, i);
		sum_x += x[i] - less;
		sum_b += b[i] - less;
		p.largest_x = larger(p.largest_x, larger(fabs(x[i]), fabs(less)));
		p.largest_b = larger(p.largest_b, larger(fabs(b[i]), fabs(less)));
	}
	p.mean_x = metrics_ratio(sum_x, (double)n);
	p.mean_b = metrics_ratio(sum_b, (double)n);
	for (size_t i = 0; i < n; i++) {
		double less = metrics_rate_at(rate, i), dx = x[i] - less - p.mean_x, db = b[i] - less - p.mean_b;
		p.sxx += dx * dx;
		p.sbb += db * db;
		p.sxb += dx * db;
	}
	*pair = p;
}

double metrics_beta(const struct metrics_pair *pair)
{
	double s = deviation(pair->sbb, pair->count, pair->largest_b);
	return s > 0 ? pair->sxb / pair->sbb : NAN;
}

double metrics_correlation(const struct metrics_pair *pair)
{
	double b = deviation(pair->sbb, pair->count, pair->largest_b);
	double x = deviation(pair->sxx, pair->count, pair->largest_x);
	return x > 0 && b > 0 ? pair->sxb / sqrt(pair->sxx) / sqrt(pair->sbb) : NAN;
}
