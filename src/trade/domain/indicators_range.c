#include "trade/domain/indicators_range.h"

#include <math.h>

#include "core/arena.h"
#include "trade/domain/windows.h"

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* From the bar before, whose close may lie outside; the first bar has none before it. */
static double true_range(const struct bars *bars, size_t i)
{
	double high = bars->high[i], low = bars->low[i];
	if (i == 0)
		return high - low;
	double before = bars->close[i - 1];
	return larger(high - low, larger(fabs(high - before), fabs(low - before)));
}

size_t indicator_atr_begin(const struct indicator_options *o, enum indicator_convention convention)
{
	return (size_t)o->period - (convention == CONVENTION_TULIP ? 1 : 0);
}

bool indicator_atr(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				   enum indicator_convention convention, struct indicator_values *v)
{
	(void)arena, (void)convention;
	size_t n = (size_t)o->period;
	double value = 0, weight = 1 / (double)n;
	for (size_t i = v->begin + 1 - n; i <= v->begin; i++)
		value += true_range(bars, i);
	value /= (double)n;
	v->output[0][0] = value;
	for (size_t i = 1; i < v->count; i++)
		v->output[0][i] = value += (true_range(bars, v->begin + i) - value) * weight;
	return true;
}

bool indicator_natr(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
					enum indicator_convention convention, struct indicator_values *v)
{
	indicator_atr(arena, bars, o, convention, v);
	for (size_t i = 0; i < v->count; i++) {
		double percent = 100 * v->output[0][i] / bars->close[v->begin + i];
		v->output[0][i] = isfinite(percent) ? percent : NAN;
	}
	return true;
}

size_t indicator_stoch_begin(const struct indicator_options *o, enum indicator_convention convention)
{
	(void)convention;
	return (size_t)(o->k + o->slow_k + o->slow_d - 3);
}

/* Where the close stands between the lowest low and the highest high of k bars, averaged, and averaged again. */
bool indicator_stoch(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
					 enum indicator_convention convention, struct indicator_values *v)
{
	(void)convention;
	size_t k = (size_t)o->k, slow_k = (size_t)o->slow_k, slow_d = (size_t)o->slow_d;
	size_t fast_count = bars->count + 1 - k, slow_count = fast_count + 1 - slow_k;
	double *scratch =
		arena_array(arena, 2 * (size_t)larger((double)k, larger((double)slow_k, (double)slow_d)), sizeof *scratch);
	double *high = arena_array(arena, fast_count, sizeof *high), *low = arena_array(arena, fast_count, sizeof *low);
	double *slow = arena_array(arena, slow_count, sizeof *slow);
	if (scratch == NULL || high == NULL || low == NULL || slow == NULL)
		return false;
	windows_max(bars->high, bars->count, k, scratch, high);
	windows_min(bars->low, bars->count, k, scratch, low);
	for (size_t i = 0; i < fast_count; i++) {
		double range = high[i] - low[i];
		high[i] = range == 0 ? 0 : 100 * ((bars->close[i + k - 1] - low[i]) / range);
	}
	windows_mean(high, fast_count, slow_k, scratch, slow);
	windows_mean(slow, slow_count, slow_d, scratch, v->output[1]);
	for (size_t i = 0; i < v->count; i++)
		v->output[0][i] = slow[i + slow_d - 1];
	return true;
}

/* Directional movement, summed up Wilder's way. */
struct movement {
	double up, down;
};

/* The larger move out of the range of the bar before counts; of equal ones neither. */
static void move(struct movement *m, const struct bars *bars, size_t i, double keep)
{
	double up = bars->high[i] - bars->high[i - 1], down = bars->low[i - 1] - bars->low[i];
	m->up = m->up * keep + (up > down && up > 0 ? up : 0);
	m->down = m->down * keep + (down > up && down > 0 ? down : 0);
}

/* The indicators' common divisor, the true range, falls out of their relation. */
static double direction(const struct movement *m)
{
	double sum = m->up + m->down;
	return sum == 0 ? 0 : 100 * (fabs(m->up - m->down) / sum);
}

size_t indicator_adx_begin(const struct indicator_options *o, enum indicator_convention convention)
{
	return 2 * (size_t)o->period - (convention == CONVENTION_TULIP ? 2 : 1);
}

bool indicator_adx(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				   enum indicator_convention convention, struct indicator_values *v)
{
	(void)arena, (void)convention;
	size_t n = (size_t)o->period, i = 1;
	double count = (double)n, keep = 1 - 1 / count, value = 0;
	struct movement m = {0, 0};
	for (; i < n; i++)
		move(&m, bars, i, 1);
	size_t first = v->begin + 1 - n; /* the first direction: of bar n−1 or n */
	if (first < n)
		value = direction(&m) / count;
	for (; i <= v->begin; i++) {
		move(&m, bars, i, keep);
		value += direction(&m) / count;
	}
	v->output[0][0] = value;
	for (; i < bars->count; i++) {
		move(&m, bars, i, keep);
		v->output[0][i - v->begin] = value += (direction(&m) - value) / count;
	}
	return true;
}
