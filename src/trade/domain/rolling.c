#include "trade/domain/rolling.h"

#include <math.h>

#include "core/arena.h"

/* What is known of some consecutive elements; two neighbours join into what is known of both. */
struct span {
	struct metrics_moments returns, excess;
	struct metrics_pair pair;
	double growth, top, low, fall; /* equity from 1: at the end, highest, lowest, deepest E/peak−1 */
	double shortfall;              /* Σmin(w−mar,0)² */
};

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static const struct span nothing = {.growth = 1, .top = 1, .low = 1};

static void note_pair(const struct rolling_input *in, size_t i, double less, struct span *span)
{
	double x = in->returns[i], b = in->benchmark[i];
	if (isnan(b))
		return;
	span->pair = (struct metrics_pair){.count = 1,
									   .mean_x = x - less,
									   .mean_b = b - less,
									   .largest_x = larger(fabs(x), fabs(less)),
									   .largest_b = larger(fabs(b), fabs(less))};
}

static void element(const struct rolling_input *in, size_t i, struct span *span)
{
	double w = in->returns[i], less = metrics_rate_at(&in->risk_free, i), below = w - in->mar;
	*span = nothing;
	if (isnan(w))
		return;
	span->growth = 1 + w;
	span->top = larger(1, span->growth);
	span->low = w < 0 ? span->growth : 1;
	span->fall = w < 0 ? w : 0;
	span->shortfall = below < 0 ? below * below : 0;
	span->returns = (struct metrics_moments){.count = 1, .mean = w, .largest = fabs(w)};
	if (isnan(less))
		return;
	span->excess = (struct metrics_moments){.count = 1, .mean = w - less, .largest = larger(fabs(w), fabs(less))};
	if (in->benchmark != NULL)
		note_pair(in, i, less, span);
}

/* REF: Chan, Golub, LeVeque 1979, eq. 2.1: central sums of two samples together */
static void join_moments(const struct metrics_moments *a, const struct metrics_moments *b, struct metrics_moments *both)
{
	size_t count = a->count + b->count;
	double share = count > 0 ? (double)b->count / (double)count : 0, apart = b->mean - a->mean;
	both->m2 = a->m2 + b->m2 + apart * apart * share * (double)a->count;
	both->mean = a->count == 0 ? b->mean : a->mean + apart * share;
	both->largest = larger(a->largest, b->largest);
	both->count = count;
}

static void join_pairs(const struct metrics_pair *a, const struct metrics_pair *b, struct metrics_pair *both)
{
	size_t count = a->count + b->count;
	double share = count > 0 ? (double)b->count / (double)count : 0, weight = share * (double)a->count;
	double x = b->mean_x - a->mean_x, y = b->mean_b - a->mean_b;
	both->sxx = a->sxx + b->sxx + x * x * weight;
	both->sbb = a->sbb + b->sbb + y * y * weight;
	both->sxb = a->sxb + b->sxb + x * y * weight;
	both->mean_x = a->count == 0 ? b->mean_x : a->mean_x + x * share;
	both->mean_b = a->count == 0 ? b->mean_b : a->mean_b + y * share;
	both->largest_x = larger(a->largest_x, b->largest_x);
	both->largest_b = larger(a->largest_b, b->largest_b);
	both->count = count;
}

/* a, then b.  `both` may be one of them. */
static void join(const struct span *a, const struct span *b, struct span *both)
{
	double across = a->growth * b->low / a->top - 1, fall = a->fall < b->fall ? a->fall : b->fall;
	double low = a->growth * b->low, top = a->growth * b->top;
	both->fall = across < fall ? across : fall;
	both->low = a->low < low ? a->low : low;
	both->top = larger(a->top, top);
	both->growth = a->growth * b->growth;
	both->shortfall = a->shortfall + b->shortfall;
	join_moments(&a->returns, &b->returns, &both->returns);
	join_moments(&a->excess, &b->excess, &both->excess);
	join_pairs(&a->pair, &b->pair, &both->pair);
}

static double sortino(const struct span *span, const struct rolling_input *in)
{
	const struct metrics_moments *w = &span->returns;
	double downside = sqrt(span->shortfall / (double)w->count);
	if (downside <= 1e-12 * larger(w->largest, fabs(in->mar)))
		return NAN;
	return (w->mean - in->mar) / downside * sqrt(in->periods_per_year);
}

static void answer(const struct span *span, const struct rolling_input *in, struct rolling *out, size_t at)
{
	bool none = span->returns.count == 0, overflow = !isfinite(span->top);
	double p = in->periods_per_year;
	out->total[at] = none ? NAN : span->growth - 1;
	out->volatility[at] = metrics_deviation(&span->returns) * sqrt(p);
	out->sharpe[at] = span->excess.count == 0 ? NAN : metrics_sharpe(&span->excess, p);
	out->sortino[at] = none ? NAN : sortino(span, in);
	out->max_drawdown[at] = none || overflow ? NAN : span->fall;
	out->beta[at] = in->benchmark == NULL ? NAN : metrics_beta(&span->pair);
}

/*
 * The series is cut into blocks as long as the window.  A window starts in one block and ends in the next (or is one):
 * the spans from each element to the end of its block are made backwards, those from the next block's start forwards.
 */
static void block(const struct rolling_input *in, size_t start, struct span *to_end, struct rolling *out)
{
	size_t window = in->window, last = in->count - window; /* where the last window starts */
	struct span from_start = nothing, one;
	for (size_t i = window; i-- > 0;) {
		element(in, start + i, &one);
		if (i + 1 == window)
			to_end[i] = one;
		else
			join(&one, &to_end[i + 1], &to_end[i]);
	}
	for (size_t i = 0; i < window && start + i <= last; i++) {
		struct span whole = to_end[i];
		if (i > 0) {
			element(in, start + window + i - 1, &one);
			join(&from_start, &one, &from_start);
			join(&to_end[i], &from_start, &whole);
		}
		answer(&whole, in, out, start + i);
	}
}

bool rolling_find(struct arena *arena, const struct rolling_input *input, struct rolling *rolling)
{
	size_t count = input->count >= input->window ? input->count - input->window + 1 : 0;
	double **const lists[] = {&rolling->total,   &rolling->volatility,   &rolling->sharpe,
							  &rolling->sortino, &rolling->max_drawdown, &rolling->beta};
	rolling->count = count;
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		if ((*lists[i] = arena_array(arena, count, sizeof **lists[i])) == NULL)
			return false;
	if (count == 0)
		return true;
	struct span *to_end = arena_array(arena, input->window, sizeof *to_end);
	if (to_end == NULL)
		return false;
	for (size_t start = 0; start < count; start += input->window)
		block(input, start, to_end, rolling);
	return true;
}
