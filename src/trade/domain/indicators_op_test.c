#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "seal/harness.h"
#include "trade/domain/indicators_op.h"

static struct harness *harness;

#define CLOSES "81.59,81.06,82.87,83.00,83.61,83.15,82.84,83.99,84.55,84.36,85.53,86.54,86.89,87.77,87.29"
#define HIGHS "82.15,81.89,83.03,83.30,83.85,83.90,83.33,84.30,84.84,85.00,85.90,86.58,86.98,88.00,87.87"
#define LOWS "81.29,80.64,81.31,82.65,83.07,83.11,82.49,82.30,84.15,84.11,84.03,85.39,85.76,87.17,87.01"
#define BARS "\"close\":[" CLOSES "],\"high\":[" HIGHS "],\"low\":[" LOWS "]"

/* REF: Tulip Indicators, tests/untest.txt */
static void tulip_figures(void **state)
{
	(void)state;
	static const struct {
		const char *ask, *output;
		int begin;
		const char *values;
	} rows[] = {
		{"\"sma\",\"period\":5", "sma", 4,
		 "82.426,82.738,83.094,83.318,83.628,83.778,84.254,84.994,85.574,86.218,86.804"},
		{"\"ema\",\"period\":5", "ema", 0,
		 "81.590,81.413,81.899,82.266,82.714,82.859,82.853,83.232,83.671,83.901,84.444,85.143,85.725,86.407,86.701"},
		{"\"rsi\",\"period\":5", "rsi", 5, "72.034,64.927,75.936,79.796,74.713,83.033,87.478,88.755,91.483,78.498"},
		{"\"macd\",\"fast\":2,\"slow\":5", "macd", 4,
		 "0.618,0.351,0.111,0.416,0.578,0.422,0.684,0.927,0.891,0.979,0.621"},
		{"\"macd\",\"fast\":2,\"slow\":5", "signal", 4,
		 "0.618,0.564,0.474,0.462,0.485,0.473,0.515,0.597,0.656,0.721,0.701"},
		{"\"macd\",\"fast\":2,\"slow\":5", "histogram", 4,
		 "0.000,-0.213,-0.363,-0.046,0.093,-0.050,0.169,0.329,0.235,0.258,-0.080"},
		{"\"atr\",\"period\":5", "atr", 4, "1.116,1.051,1.009,1.207,1.136,1.086,1.243,1.233,1.230,1.206,1.137"},
		{"\"natr\",\"period\":5", "natr", 4, "1.335,1.264,1.218,1.437,1.343,1.288,1.453,1.424,1.416,1.374,1.302"},
		{"\"stddev\"", "stddev", 4, "0.948,0.875,0.280,0.423,0.605,0.671,0.871,0.926,1.019,1.174,0.758"},
		{"\"bbands\",\"period\":5", "lower", 4,
		 "80.530,80.987,82.533,82.472,82.418,82.435,82.511,83.143,83.536,83.870,85.289"},
		{"\"bbands\",\"period\":5", "upper", 4,
		 "84.322,84.489,83.655,84.164,84.838,85.121,85.997,86.845,87.612,88.566,88.319"},
		{"\"stoch\"", "k", 8, "77.385,83.126,84.867,88.361,95.246,96.740,91.091"},
		{"\"stoch\"", "d", 8, "75.702,78.011,81.793,85.452,89.491,93.449,94.359"},
		{"\"adx\",\"period\":5", "adx", 8, "41.384,44.288,49.422,54.918,59.987,65.292,67.355"},
		{"\"roc\",\"period\":5", "roc", 5, "0.019,0.022,0.014,0.019,0.009,0.029,0.045,0.035,0.038,0.035"},
		{"\"mom\",\"period\":5", "mom", 5, "1.560,1.780,1.120,1.550,0.750,2.380,3.700,2.900,3.220,2.930"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_true(harness_call(harness, &trade_indicators_op,
								 "{" BARS ",\"convention\":\"tulip\",\"indicators\":[{\"name\":%s}]}", rows[i].ask));
		assert_float_equal(harness_number(harness, "/result/series/0/begin"), rows[i].begin, 0);
		const char *at = rows[i].values;
		for (int k = 0; *at != '\0'; k++) {
			char pointer[80], *end;
			snprintf(pointer, sizeof pointer, "/result/series/0/values/%s/%d", rows[i].output, k);
			double want = strtod(at, &end), got = harness_number(harness, pointer);
			if (!(fabs(got - want) <= .0005001))
				fail_msg("%s %s is %g, not %g", rows[i].ask, pointer, got, want);
			at = *end == ',' ? end + 1 : end;
		}
	}
}

/* --- a second formulation: each value from its definition alone, in long double --- */

enum { N = 400 };

struct slow {
	double high[N], low[N], close[N];
};

static double uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(*seed >> 11) * 0x1p-53;
}

static void random_bars(uint64_t *seed, struct slow *s)
{
	double price = 100;
	for (size_t i = 0; i < N; i++) {
		price = round((price + uniform(seed) * 4 - 2) * 4) / 4; /* coarse: equal values and moves do occur */
		price = price < 20 ? 20 : price;
		s->close[i] = price;
		s->high[i] = price + floor(uniform(seed) * 4) / 4;
		s->low[i] = price - floor(uniform(seed) * 4) / 4;
	}
}

static long double mean(const double *x, size_t n)
{
	long double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (long double)n;
}

static long double slow_deviation(const double *x, size_t n)
{
	long double sum = 0, middle = mean(x, n);
	for (size_t i = 0; i < n; i++)
		sum += (x[i] - middle) * (x[i] - middle);
	return sqrtl(sum / (long double)n);
}

/* The exponential average at bar i by its weights, from a seed at bar `from`. */
static long double weighted(const double *x, size_t from, size_t i, long double seed, long double weight)
{
	long double value = 0, share = weight;
	for (size_t j = i; j > from; j--) {
		value += share * x[j];
		share *= 1 - weight;
	}
	value += seed * powl(1 - weight, (long double)(i - from));
	return value;
}

static long double slow_ema(const double *x, size_t i, size_t n, bool tulip)
{
	long double weight = 2 / ((long double)n + 1);
	return tulip ? weighted(x, 0, i, x[0], weight) : weighted(x, n - 1, i, mean(x, n), weight);
}

static double range(const struct slow *s, size_t i)
{
	double highest = i > 0 ? fmax(s->high[i], s->close[i - 1]) : s->high[i];
	double lowest = i > 0 ? fmin(s->low[i], s->close[i - 1]) : s->low[i];
	return highest - lowest;
}

static long double slow_atr(const struct slow *s, size_t i, size_t n, bool tulip)
{
	double ranges[N];
	for (size_t k = 0; k < N; k++)
		ranges[k] = range(s, k);
	size_t first = tulip ? 0 : 1;
	return weighted(ranges, first + n - 1, i, mean(ranges + first, n), 1 / (long double)n);
}

static long double slow_rsi(const struct slow *s, size_t i, size_t n)
{
	double up[N] = {0}, down[N] = {0};
	for (size_t k = 1; k < N; k++) {
		up[k] = fmax(s->close[k] - s->close[k - 1], 0);
		down[k] = fmax(s->close[k - 1] - s->close[k], 0);
	}
	long double gain = weighted(up, n, i, mean(up + 1, n), 1 / (long double)n);
	long double loss = weighted(down, n, i, mean(down + 1, n), 1 / (long double)n);
	return gain + loss == 0 ? 0 : 100 - 100 / (1 + gain / loss);
}

static long double slow_fast_k(const struct slow *s, size_t i, size_t k)
{
	double high = -INFINITY, low = INFINITY;
	for (size_t j = i + 1 - k; j <= i; j++) {
		high = fmax(high, s->high[j]);
		low = fmin(low, s->low[j]);
	}
	return high == low ? 0 : 100 * (s->close[i] - low) / (high - low);
}

static long double slow_k(const struct slow *s, size_t i, size_t k, size_t slow)
{
	long double sum = 0;
	for (size_t j = 0; j < slow; j++)
		sum += slow_fast_k(s, i - j, k);
	return sum / (long double)slow;
}

static long double slow_dx(const struct slow *s, size_t i, size_t n)
{
	long double up = 0, down = 0;
	for (size_t j = 1; j <= i; j++) {
		double u = s->high[j] - s->high[j - 1], d = s->low[j - 1] - s->low[j];
		long double keep = j < n ? 1 : 1 - 1 / (long double)n;
		up = up * keep + (u > d && u > 0 ? u : 0);
		down = down * keep + (d > u && d > 0 ? d : 0);
	}
	return up + down == 0 ? 0 : 100 * fabsl(up - down) / (up + down);
}

static long double slow_adx(const struct slow *s, size_t i, size_t n, bool tulip)
{
	size_t first = tulip ? n - 1 : n;
	double dx[N];
	for (size_t k = first; k <= i; k++)
		dx[k] = (double)slow_dx(s, k, n);
	return weighted(dx, first + n - 1, i, mean(dx + first, n), 1 / (long double)n);
}

static long double slow_macd(const struct slow *s, size_t i, const struct indicator_options *o, bool tulip, int output)
{
	size_t fast = (size_t)o->fast, slow = (size_t)o->slow, signal = (size_t)o->signal;
	long double fast_weight = fast == 12 && slow == 26 && tulip ? .15L : 2 / ((long double)fast + 1);
	long double slow_weight = fast == 12 && slow == 26 && tulip ? .075L : 2 / ((long double)slow + 1);
	double line[N] = {0};
	for (size_t k = slow - 1; k <= i; k++)
		line[k] = (double)(tulip ? weighted(s->close, 0, k, s->close[0], fast_weight) -
									   weighted(s->close, 0, k, s->close[0], slow_weight)
								 : weighted(s->close, slow - 1, k, mean(s->close + slow - fast, fast), fast_weight) -
									   weighted(s->close, slow - 1, k, mean(s->close, slow), slow_weight));
	size_t first = tulip ? slow - 1 : slow + signal - 2;
	long double seed = tulip ? line[slow - 1] : mean(line + slow - 1, signal);
	long double average = weighted(line, first, i, seed, 2 / ((long double)signal + 1));
	return output == 0 ? line[i] : output == 1 ? average : line[i] - average;
}

static long double slow_value(const struct slow *s, const char *name, size_t i, const struct indicator_options *o,
							  bool tulip, int output)
{
	size_t n = (size_t)o->period, k = (size_t)o->k, slow = (size_t)o->slow_k;
	const double *window = s->close + i + 1 - n;
	if (strcmp(name, "sma") == 0)
		return mean(window, n);
	if (strcmp(name, "ema") == 0)
		return slow_ema(s->close, i, n, tulip);
	if (strcmp(name, "rsi") == 0)
		return slow_rsi(s, i, n);
	if (strcmp(name, "macd") == 0)
		return slow_macd(s, i, o, tulip, output);
	if (strcmp(name, "atr") == 0)
		return slow_atr(s, i, n, tulip);
	if (strcmp(name, "natr") == 0)
		return 100 * slow_atr(s, i, n, tulip) / s->close[i];
	if (strcmp(name, "stddev") == 0)
		return slow_deviation(window, n);
	if (strcmp(name, "bbands") == 0)
		return mean(window, n) + (1 - output) * o->dev * slow_deviation(window, n);
	if (strcmp(name, "adx") == 0)
		return slow_adx(s, i, n, tulip);
	if (strcmp(name, "roc") == 0)
		return (tulip ? 1 : 100) * (s->close[i] / (long double)s->close[i - n] - 1);
	if (strcmp(name, "mom") == 0)
		return s->close[i] - s->close[i - n];
	assert_string_equal(name, "stoch");
	long double sum = 0;
	for (size_t j = 0; j < (size_t)o->slow_d; j++)
		sum += slow_k(s, i - j, k, slow);
	return output == 0 ? slow_k(s, i, k, slow) : sum / (long double)o->slow_d;
}

static void check_kind(const struct slow *s, const struct indicator_kind *kind, const struct indicator_options *o,
					   bool tulip)
{
	struct arena arena;
	struct indicator_values found;
	const struct bars bars = {.count = N, .high = s->high, .low = s->low, .close = s->close};
	arena_init(&arena, 1 << 22);
	assert_true(indicator_find(&arena, kind, &bars, o, tulip ? CONVENTION_TULIP : CONVENTION_TALIB, &found));
	assert_int_equal(found.begin + found.count, N);
	for (int output = 0; output < INDICATOR_OUTPUTS && kind->outputs[output] != NULL; output++)
		for (size_t i = found.begin; i < N; i += 1 + (i - found.begin) / 7) {
			double got = found.output[output][i - found.begin];
			long double want = slow_value(s, kind->name, i, o, tulip, output);
			if (!(fabsl(got - want) <= 1e-12L * fmaxl(100, fabsl(want))))
				fail_msg("%s %s[%zu] of %lld is %.17g, not %.17Lg", kind->name, kind->outputs[output], i,
						 (long long)o->period, got, want);
		}
	arena_fini(&arena);
}

static void a_second_formulation_agrees(void **state)
{
	(void)state;
	uint64_t seed = 5;
	static struct slow slow;
	for (int round = 0; round < 6; round++) {
		random_bars(&seed, &slow);
		for (size_t i = 0; i < indicator_kinds_count; i++) {
			struct indicator_options o = indicator_kinds[i].defaults;
			if (round > 0) {
				o.period = 1 + (int64_t)(uniform(&seed) * (round == 5 ? 300 : 40));
				o.fast = 1 + (int64_t)(uniform(&seed) * 20);
				o.slow = o.fast + (int64_t)(uniform(&seed) * 20);
				o.signal = 1 + (int64_t)(uniform(&seed) * 20);
				o.k = 1 + (int64_t)(uniform(&seed) * 20);
				o.slow_k = 1 + (int64_t)(uniform(&seed) * 9);
				o.slow_d = 1 + (int64_t)(uniform(&seed) * 9);
			}
			check_kind(&slow, &indicator_kinds[i], &o, round % 2 == 1);
			check_kind(&slow, &indicator_kinds[i], &o, round % 2 == 0);
		}
	}
}

static void each_kind_begins_where_it_should(void **state)
{
	(void)state;
	static const struct {
		const char *name;
		size_t talib, tulip;
	} rows[] = {{"sma", 29, 29}, {"ema", 29, 0},   {"rsi", 14, 14},  {"macd", 33, 25},
				{"atr", 14, 13}, {"natr", 14, 13}, {"stddev", 4, 4}, {"bbands", 19, 19},
				{"stoch", 8, 8}, {"adx", 27, 26},  {"roc", 10, 10},  {"mom", 10, 10}};
	assert_int_equal(sizeof rows / sizeof *rows, indicator_kinds_count);
	for (size_t i = 0; i < indicator_kinds_count; i++) {
		const struct indicator_kind *kind = indicator_find_kind(rows[i].name);
		assert_non_null(kind);
		assert_int_equal(kind->begin(&kind->defaults, CONVENTION_TALIB), rows[i].talib);
		assert_int_equal(kind->begin(&kind->defaults, CONVENTION_TULIP), rows[i].tulip);
	}
}

static void too_short_is_no_error(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_indicators_op,
							 "{\"close\":[1,2,3],\"indicators\":[{\"name\":\"sma\",\"period\":4},"
							 "{\"name\":\"sma\",\"period\":3,\"id\":\"three\"},{\"name\":\"macd\"}]}"));
	assert_float_equal(harness_number(harness, "/result/n"), 3, 0);
	assert_int_equal(harness_count(harness, "/result/series/0/begin"), -2);
	assert_int_equal(harness_count(harness, "/result/series/0/values"), 1);
	assert_int_equal(harness_count(harness, "/result/series/0/values/sma"), 0);
	assert_string_equal(harness_text(harness, "/result/series/1/id"), "three");
	assert_float_equal(harness_number(harness, "/result/series/1/begin"), 2, 0);
	assert_float_equal(harness_number(harness, "/result/series/1/values/sma/0"), 2, 0);
	assert_int_equal(harness_count(harness, "/result/series/2/values"), 3);
	assert_int_equal(harness_count(harness, "/warnings"), 0);
}

static void flat_prices(void **state)
{
	(void)state;
	assert_true(harness_call(
		harness, &trade_indicators_op,
		"{\"close\":[0.1,0.1,0.1,0.1],\"high\":[0.1,0.1,0.1,0.1],\"low\":[0.1,0.1,0.1,0.1],\"indicators\":["
		"{\"name\":\"rsi\",\"period\":2},{\"name\":\"stoch\",\"k\":2,\"slow_k\":1,\"slow_d\":1},"
		"{\"name\":\"adx\",\"period\":2},{\"name\":\"stddev\",\"period\":3},{\"name\":\"bbands\",\"period\":3}]}"));
	assert_float_equal(harness_number(harness, "/result/series/0/values/rsi/0"), 0, 0);
	assert_float_equal(harness_number(harness, "/result/series/1/values/k/0"), 0, 0);
	assert_float_equal(harness_number(harness, "/result/series/2/values/adx/0"), 0, 0);
	assert_float_equal(harness_number(harness, "/result/series/3/values/stddev/0"), 0, 0);
	assert_float_equal(harness_number(harness, "/result/series/4/values/upper/0"), .1, 0);
	assert_true(harness_call(harness, &trade_indicators_op,
							 "{\"close\":[0,1],\"indicators\":[{\"name\":\"roc\",\"period\":1}]}"));
	assert_int_equal(harness_count(harness, "/result/series/0/values/roc/0"), -2);
}

static void must_refuse(const char *body, const char *pointer, const char *code)
{
	assert_false(harness_call(harness, &trade_indicators_op, "%s", body));
	if (!harness_refused(harness, pointer, code))
		fail_msg("%s: no %s at %s: %s", body, code, pointer, harness_answer(harness));
}

static void every_fault_is_named(void **state)
{
	(void)state;
	must_refuse("{\"indicators\":[]}", "/close", "required");
	must_refuse("{\"close\":[1]}", "/indicators", "required");
	must_refuse("{\"close\":[1,null],\"indicators\":[]}", "/close/1", "type");
	must_refuse("{\"close\":[\"1\"],\"indicators\":[]}", "/close/0", "type");
	must_refuse("{\"close\":[1],\"volume\":[],\"indicators\":[]}", "/volume", "count");
	must_refuse("{\"close\":[1],\"high\":[1,2],\"indicators\":[]}", "/high", "count");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"atr\"}]}", "/high", "required");
	must_refuse("{\"close\":[1],\"high\":[1],\"indicators\":[{\"name\":\"adx\"}]}", "/low", "required");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"wma\"}]}", "/indicators/0/name", "enum");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"sma\",\"period\":0}]}", "/indicators/0/period", "range");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"sma\",\"period\":2.5}]}", "/indicators/0/period", "type");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"sma\",\"fast\":2}]}", "/indicators/0/fast",
				"unknown_field");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"sma\",\"dev\":2}]}", "/indicators/0/dev", "unknown_field");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"macd\",\"fast\":30}]}", "/indicators/0/fast", "range");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"sma\"},{\"name\":\"sma\"}]}", "/indicators/1/id",
				"duplicate");
	must_refuse("{\"close\":[1],\"indicators\":[{\"name\":\"sma\"},{\"name\":\"ema\",\"id\":\"sma\"}]}",
				"/indicators/1/id", "duplicate");
	must_refuse("{\"close\":[1],\"convention\":\"other\",\"indicators\":[]}", "/convention", "enum");
}

static void nothing_abstains(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &trade_indicators_op, "{\"close\":[],\"indicators\":[{\"name\":\"sma\"}]}"));
	assert_string_equal(harness_text(harness, "/assumptions/0/code"), "abstain.no_data");
	assert_true(harness_call(harness, &trade_indicators_op, "{\"close\":[1],\"indicators\":[]}"));
	assert_int_equal(harness_count(harness, "/result"), -2);
}

int main(void)
{
	harness = harness_new(NULL, 0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(tulip_figures),
		cmocka_unit_test(a_second_formulation_agrees),
		cmocka_unit_test(each_kind_begins_where_it_should),
		cmocka_unit_test(too_short_is_no_error),
		cmocka_unit_test(flat_prices),
		cmocka_unit_test(every_fault_is_named),
		cmocka_unit_test(nothing_abstains),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
