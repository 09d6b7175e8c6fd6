#include "trade/domain/indicators.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "trade/domain/indicators_range.h"
#include "trade/domain/windows.h"

static size_t last_of_window(const struct indicator_options *o, enum indicator_convention convention)
{
	(void)convention;
	return (size_t)o->period - 1;
}

static size_t after_period(const struct indicator_options *o, enum indicator_convention convention)
{
	(void)convention;
	return (size_t)o->period;
}

static double *scratch_of(struct arena *arena, int64_t period)
{
	return arena_array(arena, 2 * (size_t)period, sizeof(double));
}

static bool sma(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				enum indicator_convention convention, struct indicator_values *v)
{
	(void)convention;
	double *scratch = scratch_of(arena, o->period);
	if (scratch == NULL)
		return false;
	windows_mean(bars->close, bars->count, (size_t)o->period, scratch, v->output[0]);
	return true;
}

static double weight_of(int64_t period)
{
	return 2 / ((double)period + 1);
}

static double mean_of(const double *x, size_t n)
{
	double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (double)n;
}

static size_t ema_begin(const struct indicator_options *o, enum indicator_convention convention)
{
	return convention == CONVENTION_TULIP ? 0 : (size_t)o->period - 1;
}

static bool ema(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				enum indicator_convention convention, struct indicator_values *v)
{
	(void)arena;
	double value = convention == CONVENTION_TULIP ? bars->close[0] : mean_of(bars->close, (size_t)o->period);
	double weight = weight_of(o->period), *out = v->output[0];
	const double *x = bars->close + v->begin;
	out[0] = value;
	for (size_t i = 1; i < v->count; i++)
		out[i] = value += (x[i] - value) * weight;
	return true;
}

static double gains_share(double gain, double loss)
{
	return gain + loss == 0 ? 0 : 100 * gain / (gain + loss);
}

static bool rsi(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				enum indicator_convention convention, struct indicator_values *v)
{
	(void)arena, (void)convention;
	size_t n = (size_t)o->period;
	double gain = 0, loss = 0, weight = 1 / (double)n;
	for (size_t i = 1; i <= n; i++) {
		double change = bars->close[i] - bars->close[i - 1];
		gain += change > 0 ? change / (double)n : 0;
		loss -= change < 0 ? change / (double)n : 0;
	}
	v->output[0][0] = gains_share(gain, loss);
	for (size_t i = n + 1; i < bars->count; i++) {
		double change = bars->close[i] - bars->close[i - 1];
		gain += ((change > 0 ? change : 0) - gain) * weight;
		loss += ((change < 0 ? -change : 0) - loss) * weight;
		v->output[0][i - n] = gains_share(gain, loss);
	}
	return true;
}

static size_t macd_begin(const struct indicator_options *o, enum indicator_convention convention)
{
	return (size_t)o->slow - 1 + (convention == CONVENTION_TULIP ? 0 : (size_t)o->signal - 1);
}

/* Two averages of the close on their way along the bars. */
struct macd {
	double fast, slow, fast_weight, slow_weight;
};

static double macd_step(struct macd *m, double close)
{
	m->fast += (close - m->fast) * m->fast_weight;
	m->slow += (close - m->slow) * m->slow_weight;
	return m->fast - m->slow;
}

/* Where both averages stand at bar slow−1. */
static struct macd macd_start(const double *close, const struct indicator_options *o,
							  enum indicator_convention convention)
{
	struct macd m = {.fast_weight = weight_of(o->fast), .slow_weight = weight_of(o->slow)};
	if (convention == CONVENTION_TALIB) {
		m.fast = mean_of(close + (o->slow - o->fast), (size_t)o->fast);
		m.slow = mean_of(close, (size_t)o->slow);
		return m;
	}
	if (o->fast == 12 && o->slow == 26) { /* as Tulip's macd.c has them for these two periods */
		m.fast_weight = .15;
		m.slow_weight = .075;
	}
	m.fast = m.slow = close[0];
	for (int64_t i = 1; i < o->slow; i++)
		macd_step(&m, close[i]);
	return m;
}

static void put_macd(struct indicator_values *v, size_t at, double line, double signal)
{
	v->output[0][at] = line;
	v->output[1][at] = signal;
	v->output[2][at] = line - signal;
}

static bool macd(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				 enum indicator_convention convention, struct indicator_values *v)
{
	(void)arena;
	struct macd m = macd_start(bars->close, o, convention);
	double weight = weight_of(o->signal), line = m.fast - m.slow, signal = line;
	for (size_t i = (size_t)o->slow; i <= v->begin; i++) /* to the signal's first: a plain mean */
		signal += line = macd_step(&m, bars->close[i]);
	signal /= convention == CONVENTION_TALIB ? (double)o->signal : 1;
	put_macd(v, 0, line, signal);
	for (size_t i = 1; i < v->count; i++) {
		line = macd_step(&m, bars->close[v->begin + i]);
		signal += (line - signal) * weight;
		put_macd(v, i, line, signal);
	}
	return true;
}

static bool stddev(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				   enum indicator_convention convention, struct indicator_values *v)
{
	(void)convention;
	double *scratch = scratch_of(arena, o->period), *mean = arena_array(arena, v->count, sizeof *mean);
	if (scratch == NULL || mean == NULL)
		return false;
	windows_deviation(bars->close, bars->count, (size_t)o->period, scratch, mean, v->output[0]);
	return true;
}

static bool bbands(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				   enum indicator_convention convention, struct indicator_values *v)
{
	(void)convention;
	double *upper = v->output[0], *middle = v->output[1], *lower = v->output[2];
	double *scratch = scratch_of(arena, o->period);
	if (scratch == NULL)
		return false;
	windows_deviation(bars->close, bars->count, (size_t)o->period, scratch, middle, upper);
	for (size_t i = 0; i < v->count; i++) {
		double width = o->dev * upper[i];
		upper[i] = middle[i] + width;
		lower[i] = middle[i] - width;
	}
	return true;
}

static double ratio(double a, double b)
{
	double r = a / b;
	return isfinite(r) ? r : NAN;
}

static bool roc(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				enum indicator_convention convention, struct indicator_values *v)
{
	(void)arena;
	double scale = convention == CONVENTION_TULIP ? 1 : 100;
	for (size_t i = 0; i < v->count; i++)
		v->output[0][i] = scale * (ratio(bars->close[i + (size_t)o->period], bars->close[i]) - 1);
	return true;
}

static bool mom(struct arena *arena, const struct bars *bars, const struct indicator_options *o,
				enum indicator_convention convention, struct indicator_values *v)
{
	(void)arena, (void)convention;
	for (size_t i = 0; i < v->count; i++)
		v->output[0][i] = bars->close[i + (size_t)o->period] - bars->close[i];
	return true;
}

const struct indicator_kind indicator_kinds[] = {
	{"sma", {"sma"}, {.period = 30}, false, sma, last_of_window},
	{"ema", {"ema"}, {.period = 30}, false, ema, ema_begin},
	{"rsi", {"rsi"}, {.period = 14}, false, rsi, after_period},
	{"macd", {"macd", "signal", "histogram"}, {.fast = 12, .slow = 26, .signal = 9}, false, macd, macd_begin},
	{"atr", {"atr"}, {.period = 14}, true, indicator_atr, indicator_atr_begin},
	{"natr", {"natr"}, {.period = 14}, true, indicator_natr, indicator_atr_begin},
	{"stddev", {"stddev"}, {.period = 5}, false, stddev, last_of_window},
	{"bbands", {"upper", "middle", "lower"}, {.period = 20, .dev = 2}, false, bbands, last_of_window},
	{"stoch", {"k", "d"}, {.k = 5, .slow_k = 3, .slow_d = 3}, true, indicator_stoch, indicator_stoch_begin},
	{"adx", {"adx"}, {.period = 14}, true, indicator_adx, indicator_adx_begin},
	{"roc", {"roc"}, {.period = 10}, false, roc, after_period},
	{"mom", {"mom"}, {.period = 10}, false, mom, after_period},
};
const size_t indicator_kinds_count = sizeof indicator_kinds / sizeof *indicator_kinds;

const struct indicator_kind *indicator_find_kind(const char *name)
{
	for (size_t i = 0; i < indicator_kinds_count; i++)
		if (strcmp(indicator_kinds[i].name, name) == 0)
			return &indicator_kinds[i];
	return NULL;
}

bool indicator_find(struct arena *arena, const struct indicator_kind *kind, const struct bars *bars,
					const struct indicator_options *options, enum indicator_convention convention,
					struct indicator_values *values)
{
	size_t begin = kind->begin(options, convention);
	*values = (struct indicator_values){.begin = begin, .count = bars->count > begin ? bars->count - begin : 0};
	for (size_t i = 0; i < INDICATOR_OUTPUTS && kind->outputs[i] != NULL; i++) {
		values->output[i] = arena_array(arena, values->count, sizeof **values->output);
		if (values->output[i] == NULL)
			return false;
	}
	return values->count == 0 || kind->find(arena, bars, options, convention, values);
}
