/*
 * Performance figures of a series of returns [trade.md 9.1]: formulas on plain arrays, nothing else.
 *
 * `w` holds n returns that are all numbers.  Every function gives NaN for what is undefined (0/0, x/0, too few
 * elements) and may give infinity for what overflows; whoever answers makes null of both.  A deviation at or below
 * 1e-12 of the largest magnitude counts as zero.  Thread: any.  Cost: O(n), no allocation.
 */
#ifndef CS_TRADE_DOMAIN_METRICS_H
#define CS_TRADE_DOMAIN_METRICS_H

#include <stdbool.h>
#include <stddef.h>

/* One rate for every period, or one for each. */
struct metrics_rate {
	const double *each; /* NULL: `all` */
	double all;
};

static inline double metrics_rate_at(const struct metrics_rate *rate, size_t i)
{
	return rate->each != NULL ? rate->each[i] : rate->all;
}

/* a/b; NaN where b is 0. */
double metrics_ratio(double a, double b);

/* Counts, sums and extremes. */
struct metrics_sums {
	size_t count, positive, negative;
	double sum, gains, losses; /* Σw, Σ(w>0), Σ(w<0) ≤ 0 */
	double best, worst;        /* NaN for none */
	double growth;             /* Π(1+w) */
};

void metrics_sums(const double *w, size_t n, struct metrics_sums *sums);

/* Central sums Σ(x−mean)^k about a mean; `largest`: of the magnitudes, what a deviation is measured against. */
struct metrics_moments {
	size_t count;
	double mean, m2, m3, m4, largest;
};

void metrics_moments(const double *w, const struct metrics_sums *sums, struct metrics_moments *m);

/* Mean and m2 of w less a rate. */
void metrics_excess(const double *w, size_t n, const struct metrics_rate *rate, struct metrics_moments *m);

/* Sample deviation √(m2/(count−1)), 0 where it is negligible, NaN for fewer than two elements. */
double metrics_deviation(const struct metrics_moments *m);

/* Adjusted sample skewness G1 (count ≥ 3) and excess kurtosis G2 (count ≥ 4). */
double metrics_skew(const struct metrics_moments *m);
double metrics_kurtosis(const struct metrics_moments *m);

/* growth^(periods_per_year/periods)−1, growth being 1 + total. */
double metrics_annual(double growth, double periods, double periods_per_year);

/* mean/deviation·√p of an excess. */
double metrics_sharpe(const struct metrics_moments *excess, double periods_per_year);

/* √(mean(min(w−mar,0)²))·√p */
double metrics_downside(const double *w, size_t n, double mar, double largest, double periods_per_year);

/* Σmax(w−rf−mar,0)/Σmax(rf+mar−w,0) */
double metrics_omega(const double *w, size_t n, const struct metrics_rate *rf, double mar);

/* R² of the line through the cumulative sum of ln(1+w) against 0..n−1.  `scratch` has room for n. */
double metrics_stability(const double *w, size_t n, double *scratch);

/* How an equity of `count` ≥ 1 points (the first is the start, > 0) falls from its running peak. */
struct metrics_fall {
	double max;     /* deepest E/peak−1, ≤ 0 */
	double current; /* last E/peak−1 */
	double ulcer;   /* √(mean (E/peak−1)²) over the points after the start; NaN for none */
};

void metrics_fall(const double *points, size_t count, struct metrics_fall *fall);

/* Central sums of pairs. */
struct metrics_pair {
	size_t count;
	double mean_x, mean_b, sxx, sbb, sxb;
	double largest_x, largest_b;
};

/* x and b less a rate each. */
void metrics_pair(const double *x, const double *b, size_t n, const struct metrics_rate *rate,
				  struct metrics_pair *pair);

double metrics_beta(const struct metrics_pair *pair);        /* cov(x, b)/var(b) */
double metrics_correlation(const struct metrics_pair *pair); /* cov(x, b)/√(var(x)·var(b)) */

#endif
