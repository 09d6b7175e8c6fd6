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
#include "core/must.h"
#include "seal/harness.h"
#include "trade/domain/drawdown.h"
#include "trade/domain/metrics_op.h"
#include "trade/domain/performance.h"

static struct harness *harness;

static void must_answer(const char *body)
{
	if (!harness_call(harness, &trade_metrics_op, "%s", body))
		fail_msg("%s: %s", body, harness_answer(harness));
}

static void must_refuse(const char *body, const char *pointer, const char *code)
{
	assert_false(harness_call(harness, &trade_metrics_op, "%s", body));
	if (!harness_refused(harness, pointer, code))
		fail_msg("%s: no %s at %s: %s", body, code, pointer, harness_answer(harness));
}

static void must_be(const char *pointer, double want)
{
	char whole[100];
	snprintf(whole, sizeof whole, "/result/%s", pointer);
	double got = harness_number(harness, whole);
	bool close = isnan(want) ? isnan(got) : fabs(got - want) <= 1e-11 * fmax(1, fabs(want));
	if (!close)
		fail_msg("%s is %.15g, not %.15g", pointer, got, want);
}

/* Is it null, and named by the one warning? */
static void must_be_undefined(const char *pointer)
{
	char whole[100];
	snprintf(whole, sizeof whole, "/result/%s", pointer);
	must_be(pointer, NAN);
	assert_int_equal(harness_count(harness, whole), -2);
	assert_string_equal(harness_text(harness, "/warnings/0/code"), "undefined_metric");
	assert_non_null(strstr(harness_text(harness, "/warnings/0/message"), whole));
	assert_int_equal(harness_count(harness, "/warnings"), 1);
}

static void worked_examples(void **state)
{
	(void)state;
	must_answer("{\"returns\":[0.01,-0.02,0.015,-0.005,0.025]}");
	must_be("returns/sharpe", 4.48998886412873);
	must_answer("{\"returns\":[-0.01,0.02,-0.015,0.005,-0.02]}");
	must_be("returns/sortino", -5.273224492824493);
	must_answer("{\"returns\":[0.02,-0.05,0.01,-0.08,0.03,-0.02,0.04,-0.10,0.015,-0.03]}");
	must_be("returns/var", -.091);
	must_be("returns/cvar", -.1);
	must_answer("{\"trades\":[{\"profit\":10},{\"profit\":-5},{\"profit\":15},{\"profit\":-10}]}");
	must_be("trades/expectancy", 2.5);
	must_answer("{\"returns\":[0.01,0.01,0.01,0.01]}");
	must_be_undefined("returns/sharpe");
	must_answer("{\"equity\":[10000,11000,9000]}");
	must_be("returns/max_drawdown", -.181818181818);
}

/* --- a second formulation: two loops for everything, long double, sorted copies --- */

struct slow {
	const double *r, *rf, *b;
	size_t count;
	double p, mar, cutoff;
};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static long double slow_mean(const double *x, size_t n)
{
	long double sum = 0;
	for (size_t i = 0; i < n; i++)
		sum += x[i];
	return sum / (long double)n;
}

static long double slow_central(const double *x, size_t n, int power)
{
	long double sum = 0, mean = slow_mean(x, n);
	for (size_t i = 0; i < n; i++)
		sum += powl(x[i] - mean, power);
	return sum;
}

static long double slow_deviation(const double *x, size_t n)
{
	return sqrtl(slow_central(x, n, 2) / (long double)(n - 1));
}

static long double slow_growth(const double *x, size_t n)
{
	long double growth = 1;
	for (size_t i = 0; i < n; i++)
		growth *= 1 + (long double)x[i];
	return growth;
}

static long double slow_percentile(const double *sorted, size_t n, double q)
{
	double at = (double)(n - 1) * q, low = floor(at);
	size_t i = (size_t)low;
	long double next = i + 1 < n ? sorted[i + 1] : sorted[i];
	return sorted[i] + (at - low) * (next - sorted[i]);
}

static long double slow_fall(const double *r, size_t n)
{
	long double deepest = 0;
	for (size_t end = 1; end <= n; end++)
		for (size_t start = 0; start < end; start++) {
			long double change = slow_growth(r + start, end - start) - 1;
			deepest = change < deepest ? change : deepest;
		}
	return deepest;
}

static void close_to(const char *name, double got, long double want)
{
	if (fabsl(got - want) > 1e-12L * fmaxl(1, fabsl(want)))
		fail_msg("%s is %.17g, not %.17Lg", name, got, want);
}

#define CLOSE(figures, member, want) close_to(#member, (figures)->member, (want))

static void check_ratios(const struct slow *s, const struct return_figures *f)
{
	size_t n = s->count;
	double *excess = malloc(n * sizeof *excess);
	long double below = 0, gains = 0, losses = 0, short_squares = 0, short_sum = 0;
	must(excess != NULL);
	for (size_t i = 0; i < n; i++) {
		excess[i] = s->r[i] - s->rf[i];
		long double d = (long double)s->r[i] - s->rf[i] - s->mar, m = (long double)s->r[i] - s->mar;
		gains += d > 0 ? d : 0;
		losses += d < 0 ? -d : 0;
		below = m < 0 ? m : 0;
		short_squares += below * below;
		short_sum += m;
	}
	long double downside = sqrtl(short_squares / (long double)n) * sqrtl(s->p);
	CLOSE(f, sharpe, slow_mean(excess, n) / slow_deviation(excess, n) * sqrtl(s->p));
	CLOSE(f, downside_risk, downside);
	CLOSE(f, sortino, short_sum / (long double)n * s->p / downside);
	CLOSE(f, omega, gains / losses);
	free(excess);
}

static void check_shape(const struct slow *s, const struct return_figures *f)
{
	size_t n = s->count, lowest = (size_t)floor((double)(n - 1) * s->cutoff) + 1;
	double *sorted = malloc(n * sizeof *sorted);
	must(sorted != NULL);
	memcpy(sorted, s->r, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, ascending);
	long double count = (long double)n, s1 = slow_deviation(s->r, n), level = 0, sx = 0, sy = 0, sxx = 0, syy = 0,
				sxy = 0;
	CLOSE(f, var, slow_percentile(sorted, n, s->cutoff));
	CLOSE(f, cvar, slow_mean(sorted, lowest));
	CLOSE(f, tail_ratio, fabsl(slow_percentile(sorted, n, .95)) / fabsl(slow_percentile(sorted, n, .05)));
	CLOSE(f, best, sorted[n - 1]);
	CLOSE(f, worst, sorted[0]);
	/* The textbook sums: n/((n−1)(n−2)) Σz³ and n(n+1)/((n−1)(n−2)(n−3)) Σz⁴ − 3(n−1)²/((n−2)(n−3)), z by s. */
	CLOSE(f, skew, count / ((count - 1) * (count - 2)) * slow_central(s->r, n, 3) / powl(s1, 3));
	CLOSE(f, kurtosis,
		  count * (count + 1) / ((count - 1) * (count - 2) * (count - 3)) * slow_central(s->r, n, 4) / powl(s1, 4) -
			  3 * (count - 1) * (count - 1) / ((count - 2) * (count - 3)));
	for (size_t i = 0; i < n; i++) {
		level += log1pl(s->r[i]);
		sx += (long double)i;
		sy += level;
		sxx += (long double)i * (long double)i;
		syy += level * level;
		sxy += level * (long double)i;
	}
	long double slope = count * sxy - sx * sy;
	CLOSE(f, stability, slope * slope / ((count * sxx - sx * sx) * (count * syy - sy * sy)));
	free(sorted);
}

static double uniform(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(*seed >> 11) * 0x1p-53;
}

/* The sum of four uniforms is bell-shaped enough. */
static void random_returns(uint64_t *seed, double *r, size_t n)
{
	for (size_t i = 0; i < n; i++)
		r[i] = (uniform(seed) + uniform(seed) + uniform(seed) + uniform(seed) - 1.99) / 40;
}

static struct performance_input input_of(const double *r, size_t n)
{
	return (struct performance_input){.has_series = true,
									  .returns = r,
									  .count = n,
									  .periods_per_year = 252,
									  .days_per_year = 365,
									  .var_cutoff = .05,
									  .drawdowns = 5,
									  .start_balance = NAN};
}

static void check_series(uint64_t *seed, size_t n)
{
	struct arena arena;
	struct performance out;
	arena_init(&arena, 1 << 28);
	double *r = arena_array(&arena, n, sizeof *r), *rf = arena_array(&arena, n, sizeof *rf);
	random_returns(seed, r, n);
	for (size_t i = 0; i < n; i++)
		rf[i] = uniform(seed) / 5000;
	const struct slow slow = {.r = r, .rf = rf, .count = n, .p = 252, .mar = .0003, .cutoff = .02 + uniform(seed) / 3};
	struct performance_input in = input_of(r, n);
	in.risk_free.each = rf;
	in.mar = slow.mar;
	in.var_cutoff = slow.cutoff;
	assert_true(performance_find(&arena, &in, &out));
	const struct return_figures *f = out.returns;
	long double growth = slow_growth(r, n);
	CLOSE(f, total_return, growth - 1);
	CLOSE(f, annual_return, powl(growth, 252.0L / (long double)n) - 1);
	CLOSE(f, geometric_mean, powl(growth, 1.0L / (long double)n) - 1);
	CLOSE(f, mean, slow_mean(r, n));
	CLOSE(f, stddev, slow_deviation(r, n));
	CLOSE(f, annual_volatility, slow_deviation(r, n) * sqrtl(252));
	check_ratios(&slow, f);
	check_shape(&slow, f);
	if (n <= 300) {
		CLOSE(f, max_drawdown, slow_fall(r, n));
		CLOSE(f, calmar, (powl(growth, 252.0L / (long double)n) - 1) / -slow_fall(r, n));
		CLOSE(f, recovery_factor, (growth - 1) / -slow_fall(r, n));
	}
	arena_fini(&arena);
}

static void a_second_formulation_agrees(void **state)
{
	(void)state;
	uint64_t seed = 7;
	for (size_t n = 5; n < 60; n++)
		check_series(&seed, n);
	check_series(&seed, 300);
	check_series(&seed, 4096);
	check_series(&seed, 4097); /* percentiles without sorting from here */
	check_series(&seed, 50000);
}

static void percentiles_without_sorting(void **state)
{
	(void)state;
	uint64_t seed = 11;
	struct arena arena;
	struct performance out;
	arena_init(&arena, 1 << 28);
	enum { N = 6000 };
	double r[N], sorted[N];
	for (int round = 0; round < 30; round++) {
		for (size_t i = 0; i < N; i++)
			r[i] = round % 3 == 0   ? floor(uniform(&seed) * 5) / 100 - .02 /* many equal */
				   : round % 3 == 1 ? pow(uniform(&seed) - .5, 9)
									: 1 + uniform(&seed) / 100; /* one class */
		memcpy(sorted, r, sizeof r);
		qsort(sorted, N, sizeof *sorted, ascending);
		struct performance_input in = input_of(r, N);
		in.var_cutoff = round == 4 ? 0 : round == 5 ? 1 : uniform(&seed);
		assert_true(performance_find(&arena, &in, &out));
		CLOSE(out.returns, var, slow_percentile(sorted, N, in.var_cutoff));
		CLOSE(out.returns, cvar, slow_mean(sorted, (size_t)floor((N - 1) * in.var_cutoff) + 1));
		double low = (double)slow_percentile(sorted, N, .05), high = (double)slow_percentile(sorted, N, .95);
		if (low != 0)
			CLOSE(out.returns, tail_ratio, fabs(high) / fabs(low));
		arena_reset(&arena);
	}
	arena_fini(&arena);
}

/* --- rolling: every window is the series of its own --- */
/* REF: Chan, Golub, LeVeque 1979, eq. 2.1: sums joined from parts against sums of the whole window */

static bool same(double a, double b)
{
	return !isfinite(a) ? !isfinite(b) : fabs(a - b) <= 1e-11 * fmax(1, fabs(a));
}

static void check_window(struct arena *arena, const struct performance_input *in, const struct rolling_figures *rolling,
						 size_t start)
{
	struct performance_input part = *in;
	struct performance out;
	part.rolling_window = 0;
	part.returns = in->returns + start;
	part.count = in->rolling_window;
	part.benchmark = in->benchmark + start;
	part.risk_free.each = in->risk_free.each != NULL ? in->risk_free.each + start : NULL;
	assert_true(performance_find(arena, &part, &out));
	assert_true(same(out.returns->total_return, rolling->total.items[start]));
	assert_true(same(out.returns->annual_volatility, rolling->volatility.items[start]));
	assert_true(same(out.returns->sharpe, rolling->sharpe.items[start]));
	assert_true(same(out.returns->sortino, rolling->sortino.items[start]));
	assert_true(same(out.returns->max_drawdown, rolling->max_drawdown.items[start]));
	assert_true(same(out.benchmark->beta, rolling->beta.items[start]));
}

static void rolling_windows_are_series_of_their_own(void **state)
{
	(void)state;
	uint64_t seed = 3;
	enum { N = 200 };
	double r[N], b[N], rf[N];
	for (size_t window = 2; window <= N; window += window < 12 ? 1 : 31) {
		struct arena arena;
		struct performance out;
		arena_init(&arena, 1 << 28);
		random_returns(&seed, r, N);
		random_returns(&seed, b, N);
		for (size_t i = 0; i < N; i++) {
			rf[i] = uniform(&seed) < .1 ? NAN : uniform(&seed) / 1000;
			r[i] = uniform(&seed) < .2 ? NAN : uniform(&seed) < .05 ? -1 : uniform(&seed) < .1 ? .01 : r[i];
			b[i] = uniform(&seed) < .2 ? NAN : b[i];
		}
		struct performance_input in = input_of(r, N);
		in.benchmark = b;
		in.rolling_window = window;
		in.mar = .0001;
		if (window % 2 == 0)
			in.risk_free.each = rf;
		assert_true(performance_find(&arena, &in, &out));
		assert_int_equal(out.rolling->total.count, N - window + 1);
		for (size_t start = 0; start + window <= N; start++)
			check_window(&arena, &in, out.rolling, start);
		arena_fini(&arena);
	}
}

/* --- what is undefined --- */

static void nothing_at_all_abstains(void **state)
{
	(void)state;
	static const char *const bodies[] = {"{\"returns\":[]}", "{\"returns\":[null,null]}",
										 "{\"equity\":[]}",  "{\"equity\":[5]}",
										 "{\"trades\":[]}",  "{\"returns\":[],\"trades\":[]}"};
	for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
		must_answer(bodies[i]);
		assert_string_equal(harness_text(harness, "/assumptions/0/code"), "abstain.no_data");
		assert_int_equal(harness_count(harness, "/result"), -2);
	}
}

static void one_return(void **state)
{
	(void)state;
	static const char *const undefined[] = {
		"stddev",          "annual_volatility", "sharpe", "calmar",   "average_drawdown",
		"recovery_factor", "stability",         "skew",   "kurtosis", "downside_risk",
		"payoff_ratio",    "profit_factor",     "kelly",  "omega",    "sortino"};
	must_answer("{\"returns\":[0.05],\"periods_per_year\":1}");
	for (size_t i = 0; i < sizeof undefined / sizeof *undefined; i++) {
		char pointer[60];
		snprintf(pointer, sizeof pointer, "returns/%s", undefined[i]);
		if (strcmp(undefined[i], "downside_risk") == 0)
			must_be(pointer, 0);
		else
			must_be_undefined(pointer);
	}
	must_be("returns/total_return", .05);
	must_be("returns/annual_return", .05);
	must_be("returns/var", .05);
	must_be("returns/tail_ratio", 1);
	must_be("returns/max_drawdown", 0);
	must_be("returns/current_drawdown", 0);
	must_be("returns/ulcer_index", 0);
	must_be("returns/win_rate", 1);
	assert_int_equal(harness_count(harness, "/result/drawdowns"), 0);
	assert_int_equal(harness_count(harness, "/result/trades"), -2);
	must_be("returns/geometric_mean", .05);
}

static void equal_returns_have_no_ratios(void **state)
{
	(void)state;
	must_answer(
		"{\"returns\":[0.1,0.1,0.1,0.1,0.1,0.1,0.1],\"risk_free\":0.03,\"benchmark\":[0.1,0.1,0.1,0.1,0.1,0.1,0.1]}");
	must_be("returns/stddev", 0);
	must_be("returns/annual_volatility", 0);
	must_be_undefined("returns/sharpe");
	must_be_undefined("returns/skew");
	must_be_undefined("returns/kurtosis");
	must_be_undefined("benchmark/beta");
	must_be_undefined("benchmark/alpha");
	must_be_undefined("benchmark/correlation");
	must_be_undefined("benchmark/information_ratio");
	must_be_undefined("benchmark/down_capture");
	must_be("benchmark/tracking_error", 0);
	must_be("benchmark/excess_return", 0);
	must_be("benchmark/up_capture", 1);
	must_answer("{\"returns\":[0,0,0]}");
	must_be_undefined("returns/win_rate");
	must_be_undefined("returns/stability");
	must_be_undefined("returns/tail_ratio");
	must_be("returns/total_return", 0);
}

static void all_is_lost(void **state)
{
	(void)state;
	must_answer("{\"returns\":[0.1,-1,0.5,0.2],\"series\":true,\"rolling_window\":2}");
	must_be("returns/total_return", -1);
	must_be("returns/annual_return", -1);
	must_be("returns/geometric_mean", -1);
	must_be("returns/max_drawdown", -1);
	must_be("returns/current_drawdown", -1);
	must_be("returns/calmar", -1);
	must_be_undefined("returns/stability");
	must_be("series/equity/3", 0);
	must_be("drawdowns/0/depth", -1);
	must_be("drawdowns/0/start", 1);
	must_be("rolling/max_drawdown/2", 0);
	must_be("rolling/return/2", .8);
}

static void what_overflows_is_null(void **state)
{
	(void)state;
	must_answer("{\"returns\":[1e200,1e200,-0.5,-1],\"series\":true,\"rolling_window\":2}");
	must_be_undefined("returns/total_return");
	must_be_undefined("returns/max_drawdown");
	must_be_undefined("returns/stddev");
	must_be("series/equity/1", NAN);
	assert_non_null(strstr(harness_text(harness, "/warnings/0/message"), "/result/series/equity"));
	assert_non_null(strstr(harness_text(harness, "/warnings/0/message"), "/result/rolling/return"));
	must_answer("{\"equity\":[1e-300,1e300,1]}");
	must_be_undefined("returns/mean");
	must_answer("{\"returns\":[0.5,0.5],\"periods_per_year\":1e6}");
	must_be_undefined("returns/annual_return");
}

static void null_is_a_period_without_a_return(void **state)
{
	(void)state;
	must_answer("{\"returns\":[null,0.1,null,-0.1,null],\"series\":true,\"periods_per_year\":5,\"rolling_window\":2}");
	must_be("returns/rows", 5);
	must_be("returns/periods", 2);
	must_be("returns/annual_return", -.01);
	must_be("returns/mean", 0);
	must_be("returns/geometric_mean", sqrt(.99) - 1);
	must_be("returns/ulcer_index", sqrt(.02 / 5));
	must_be("series/equity/0", 1);
	must_be("series/equity/2", 1.1);
	must_be("series/drawdown/4", -.1);
	must_be("drawdowns/0/start", 3); /* the last point at the peak */
	must_be("drawdowns/0/trough", 4);
	must_be("rolling/return/0", .1);
	must_be("rolling/volatility/0", NAN);
	must_answer("{\"returns\":[0.1,null,0.2],\"risk_free\":[0.05,0.01,null],\"benchmark\":[null,0.1,0.3]}");
	must_be("benchmark/excess_return", -.1);
	must_be_undefined("benchmark/alpha"); /* no period has all three */
	must_be_undefined("returns/sharpe");
	must_be("returns/mean", .15);
}

/* --- forms of the request --- */

static void annual_rates_are_spread_over_periods(void **state)
{
	(void)state;
	double rate = pow(1.02, 1. / 12) - 1;
	char body[300];
	must_answer(
		"{\"returns\":[0.01,0.03,-0.02],\"periods_per_year\":12,\"risk_free_annual\":0.02,\"mar_annual\":0.02}");
	double sharpe = harness_number(harness, "/result/returns/sharpe");
	double omega = harness_number(harness, "/result/returns/omega");
	snprintf(body, sizeof body,
			 "{\"returns\":[0.01,0.03,-0.02],\"periods_per_year\":12,\"risk_free\":%.17g,\"mar\":%.17g}", rate, rate);
	must_answer(body);
	must_be("returns/sharpe", sharpe);
	must_be("returns/omega", omega);
	snprintf(body, sizeof body,
			 "{\"returns\":[0.01,0.03,-0.02],\"periods_per_year\":12,\"risk_free\":[%.17g,%.17g,%.17g],\"mar\":%.17g}",
			 rate, rate, rate, rate);
	must_answer(body);
	must_be("returns/sharpe", sharpe);
	must_be("returns/omega", omega);
}

static void times_give_calendar_days(void **state)
{
	(void)state;
	must_answer("{\"returns\":[0.1,-0.2,0.3],\"times\":[\"2024-01-01\",\"2024-07-01\",\"2024-12-31T23:59:59+00:00\"]}");
	must_be("returns/cagr", pow(1.1 * .8 * 1.3, 1) - 1);
	must_be("drawdowns/0/length_days", 365);
	assert_string_equal(harness_text(harness, "/result/drawdowns/0/start_time"), "2024-01-01T00:00:00.000000Z");
	assert_string_equal(harness_text(harness, "/result/drawdowns/0/end_time"), "2024-12-31T23:59:59.000000Z");
	must_answer(
		"{\"equity\":[100,90,95],\"times\":[\"2024-01-01\",\"2024-01-01\",\"2024-01-03\"],\"days_per_year\":2}");
	must_be("returns/cagr", -.05);
	must_be("drawdowns/0/length_days", 2);
	must_be("drawdowns/0/start", 0);
	assert_string_equal(harness_text(harness, "/result/drawdowns/0/trough_time"), "2024-01-01T00:00:00.000000Z");
	assert_int_equal(harness_count(harness, "/result/drawdowns/0/end"), -2);
	must_answer("{\"returns\":[-0.1],\"times\":[\"2024-01-01\"]}");
	must_be_undefined("returns/cagr");
	assert_int_equal(harness_count(harness, "/result/drawdowns/0/start_time"), -2);
	assert_int_equal(harness_count(harness, "/result/drawdowns/0/length_days"), -2);
}

static void drawdowns_come_deepest_first(void **state)
{
	(void)state;
	must_answer("{\"equity\":[100,90,100,100,80,60,120,114,125,100],\"drawdowns\":2}");
	assert_int_equal(harness_count(harness, "/result/drawdowns"), 2);
	must_be("drawdowns/0/depth", -.4);
	must_be("drawdowns/0/start", 3);
	must_be("drawdowns/0/trough", 5);
	must_be("drawdowns/0/end", 6);
	must_be("drawdowns/0/length", 3);
	must_be("drawdowns/0/to_trough", 2);
	must_be("drawdowns/0/recovery", 1);
	must_be("drawdowns/1/depth", -.2);
	must_be("drawdowns/1/start", 8);
	must_be("returns/average_drawdown", (-.1 - .4 - .05 - .2) / 4);
	must_be("returns/current_drawdown", -.2);
	must_answer("{\"equity\":[100,90],\"drawdowns\":0}");
	assert_int_equal(harness_count(harness, "/result/drawdowns"), 0);
	must_answer("{\"trades\":[{\"profit\":1}]}");
	assert_int_equal(harness_count(harness, "/result/drawdowns"), -2);
}

static void trades_alone(void **state)
{
	(void)state;
	must_answer(
		"{\"start_balance\":100,\"trades\":["
		"{\"profit\":50,\"return\":0.5,\"side\":\"buy\",\"entry_price\":100,\"exit_price\":110,\"stop_loss\":95,"
		"\"entry_time\":\"2024-01-01T00:00:00Z\",\"exit_time\":\"2024-01-01T06:00:00Z\"},"
		"{\"profit\":-30,\"return\":-0.2,\"side\":\"sell\",\"entry_price\":100,\"exit_price\":103,\"stop_loss\":102,"
		"\"entry_time\":\"2024-01-01T06:00:00Z\",\"exit_time\":\"2024-01-01T08:00:00Z\"},"
		"{\"profit\":0,\"r_multiple\":0.25,\"exit_time\":\"2024-01-02\"},"
		"{\"profit\":-60,\"exit_time\":\"2024-01-03\"},"
		"{\"profit\":20,\"exit_time\":\"2024-01-04\"}]}");
	must_be("trades/count", 5);
	must_be("trades/wins", 2);
	must_be("trades/losses", 2);
	must_be("trades/breakeven", 1);
	must_be("trades/win_rate", .4);
	must_be("trades/net_profit", -20);
	must_be("trades/average_loss", -45);
	must_be("trades/largest_loss", -60);
	must_be("trades/expectancy", .4 * 35 - .4 * 45);
	must_be("trades/max_closed_drawdown", -90);
	must_be("trades/max_drawdown", 60. / 150 - 1);
	must_be("trades/recovery_factor", -20. / 90);
	must_be("trades/average_r", (2 - 1.5 + .25) / 3);
	must_be("trades/average_hours", 4);
	must_be("trades/ahpr", 1.15);
	must_be("trades/ghpr", sqrt(1.5 * .8));
	must_be("trades/max_consecutive_losses", 1); /* one broke even between */
	must_be("trades/max_consecutive_wins", 1);
	must_be("trades/z_score", (4 * 2.5 - 8) / sqrt(8. * 4 / 3));
	must_be("trades/kelly", .4 - .6 / (35. / 45));
	must_be("trades/expectancy_ratio", (1 + 35. / 45) * .4 - 1);
	assert_int_equal(harness_count(harness, "/warnings"), 0);
	static const char *const keys[] = {"returns", "drawdowns", "benchmark", "rolling", "series", "buckets"};
	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		char pointer[40];
		snprintf(pointer, sizeof pointer, "/result/%s", keys[i]);
		assert_int_equal(harness_count(harness, pointer), -2);
	}
}

static void trades_of_one_kind(void **state)
{
	(void)state;
	must_answer("{\"trades\":[{\"profit\":5},{\"profit\":5}]}");
	must_be("trades/expectancy", 5);
	must_be("trades/gross_loss", 0);
	must_be("trades/stddev", 0);
	must_be("trades/max_closed_drawdown", 0);
	must_be_undefined("trades/sqn");
	must_be_undefined("trades/average_loss");
	must_be_undefined("trades/largest_loss");
	must_be_undefined("trades/payoff_ratio");
	must_be_undefined("trades/profit_factor");
	must_be_undefined("trades/kelly");
	must_be_undefined("trades/recovery_factor");
	must_be_undefined("trades/z_score");
	must_be_undefined("trades/ahpr");
	must_answer("{\"trades\":[{\"profit\":-5,\"return\":-1},{\"profit\":-1,\"return\":-2}]}");
	must_be("trades/profit_factor", 0);
	must_be("trades/ahpr", -.5);
	must_be_undefined("trades/ghpr");
	must_answer("{\"returns\":[0.1],\"trades\":[]}");
	must_be("trades/count", 0);
	must_be("trades/net_profit", 0);
	must_be_undefined("trades/expectancy");
}

static void trades_are_taken_in_order_of_exit(void **state)
{
	(void)state;
	must_answer(
		"{\"trades\":[{\"profit\":10,\"exit_time\":\"2024-01-03\"},{\"profit\":-5,\"exit_time\":\"2024-01-01\"},"
		"{\"profit\":-7,\"exit_time\":\"2024-01-02\"}]}");
	must_be("trades/max_closed_drawdown", -12);
	must_be("trades/max_consecutive_losses", 2);
}

/* One that breaks even is neither: what is on both its sides is not consecutive, but one run for the z score. */
static void breaking_even_ends_a_streak(void **state)
{
	(void)state;
	must_answer("{\"trades\":[{\"profit\":3},{\"profit\":0},{\"profit\":4},{\"profit\":1},{\"profit\":-2},"
				"{\"profit\":0},{\"profit\":-1}]}");
	must_be("trades/max_consecutive_wins", 2);
	must_be("trades/max_consecutive_losses", 1);
	must_be("trades/z_score", (5 * (2 - 0.5) - 12) / sqrt(12. * (12 - 5) / 4)); /* C 5, R 2, P 2*3*2 */
}

static void buckets_by_local_time(void **state)
{
	(void)state;
	must_answer("{\"buckets\":[\"hour\",\"weekday\",\"month\",\"calendar_month\"],\"timezone\":\"America/"
				"New_York\",\"trades\":["
				"{\"profit\":3,\"exit_time\":\"2024-03-10T06:59:59Z\"},"    /* 01:59:59 EST, Sunday */
				"{\"profit\":-1,\"exit_time\":\"2024-03-10T07:00:00Z\"},"   /* 03:00:00 EDT */
				"{\"profit\":5,\"exit_time\":\"2024-06-01T03:59:00Z\"}]}"); /* still May */
	assert_int_equal(harness_count(harness, "/result/buckets/hour"), 24);
	assert_int_equal(harness_count(harness, "/result/buckets/weekday"), 7);
	assert_int_equal(harness_count(harness, "/result/buckets/month"), 12);
	assert_int_equal(harness_count(harness, "/result/buckets/calendar_month"), 3);
	must_be("buckets/hour/1/net_profit", 3);
	must_be("buckets/hour/3/net_profit", -1);
	must_be("buckets/hour/3/win_rate", 0);
	must_be("buckets/hour/23/wins", 1);
	must_be("buckets/hour/2/count", 0);
	must_be("buckets/hour/2/net_profit", 0);
	must_be("buckets/hour/2/win_rate", NAN);
	must_be("buckets/weekday/6/count", 2);
	must_be("buckets/weekday/6/average_profit", 1);
	must_be("buckets/weekday/4/key", 4);
	must_be("buckets/month/4/count", 1);
	must_be("buckets/month/4/key", 5);
	assert_string_equal(harness_text(harness, "/result/buckets/calendar_month/0/key"), "2024-03");
	assert_string_equal(harness_text(harness, "/result/buckets/calendar_month/2/key"), "2024-05");
	must_be("buckets/calendar_month/1/count", 0);
	must_answer("{\"buckets\":[\"weekday\"],\"trades\":[{\"profit\":1,\"exit_time\":\"2024-01-01\"}]}");
	must_be("buckets/weekday/0/count", 1);
	assert_int_equal(harness_count(harness, "/result/buckets"), 1);
}

static void every_fault_is_named(void **state)
{
	(void)state;
	must_refuse("{}", "/returns", "required");
	must_refuse("{\"returns\":[0.1],\"equity\":[1]}", "/equity", "conflict");
	must_refuse("{\"returns\":[-1.01]}", "/returns/0", "range");
	must_refuse("{\"returns\":[\"0.1\"]}", "/returns/0", "type");
	must_refuse("{\"equity\":[1,0]}", "/equity/1", "range");
	must_refuse("{\"equity\":[1,null]}", "/equity/1", "type");
	must_refuse("{\"returns\":[0.1],\"mar\":0,\"mar_annual\":0}", "/mar_annual", "conflict");
	must_refuse("{\"returns\":[0.1],\"risk_free\":0,\"risk_free_annual\":0}", "/risk_free_annual", "conflict");
	must_refuse("{\"returns\":[0.1],\"risk_free\":[0,0]}", "/risk_free", "count");
	must_refuse("{\"returns\":[0.1],\"risk_free\":\"0\"}", "/risk_free", "type");
	must_refuse("{\"returns\":[0.1],\"risk_free\":[\"0\"]}", "/risk_free/0", "type");
	must_refuse("{\"returns\":[0.1],\"benchmark\":[]}", "/benchmark", "count");
	must_refuse("{\"returns\":[0.1],\"times\":[]}", "/times", "count");
	must_refuse("{\"equity\":[1,2],\"times\":[\"2024-01-01\"]}", "/times", "count");
	must_refuse("{\"returns\":[0.1],\"times\":[\"1.1.2024\"]}", "/times/0", "format");
	must_refuse("{\"returns\":[0.1],\"times\":[\"2024-01-01T00:00:00\"]}", "/times/0", "time_zone_missing");
	must_refuse("{\"returns\":[0,0],\"times\":[\"2024-01-02\",\"2024-01-01\"]}", "/times/1", "order");
	must_refuse("{\"returns\":[0.1],\"rolling_window\":1}", "/rolling_window", "range");
	must_refuse("{\"returns\":[0.1],\"var_cutoff\":1.1}", "/var_cutoff", "range");
	must_refuse("{\"returns\":[0.1],\"periods_per_year\":0}", "/periods_per_year", "range");
	must_refuse("{\"trades\":[{\"profit\":1}],\"buckets\":[\"hour\"]}", "/trades/0/exit_time", "required");
	must_refuse("{\"returns\":[0.1],\"buckets\":[\"hour\"]}", "/trades", "required");
	must_refuse("{\"trades\":[{\"profit\":1}],\"timezone\":\"Mars/Base\"}", "/timezone", "unknown_timezone");
	must_refuse("{\"trades\":[{\"profit\":1}],\"buckets\":[\"year\"]}", "/buckets/0", "enum");
	must_refuse("{\"trades\":[{}]}", "/trades/0/profit", "required");
	must_refuse("{\"trades\":[{\"profit\":1,\"entry_time\":\"2024-01-02\",\"exit_time\":\"2024-01-01\"}]}",
				"/trades/0/exit_time", "order");
	must_refuse("{\"returns\":[0.1],\"sharpe\":1}", "/sharpe", "unknown_field");
	assert_false(harness_call(harness, &trade_metrics_op,
							  "{\"returns\":[0.1],\"benchmark\":[],\"times\":[],\"risk_free\":[],\"timezone\":\"?\"}"));
	assert_int_equal(harness_count(harness, "/errors"), 4);
}

static void the_same_question_has_the_same_hash(void **state)
{
	(void)state;
	must_answer("{\"returns\":[0.1,-0.2],\"benchmark\":null}");
	char first[65];
	snprintf(first, sizeof first, "%s", harness_content_sha256(harness));
	must_answer("{\"periods_per_year\":252,\"returns\":[0.1,-0.2]}");
	assert_string_equal(first, harness_content_sha256(harness));
}

static void too_long_is_too_large(void **state)
{
	(void)state;
	size_t n = TRADE_ELEMENTS_MAX + 1;
	char *body = malloc(2 * n + 20), *at = body;
	must(body != NULL);
	at += sprintf(at, "{\"returns\":[0");
	for (size_t i = 1; i < n; i++)
		at += sprintf(at, ",0");
	sprintf(at, "]}");
	assert_false(harness_call(harness, &trade_metrics_op, "%s", body));
	assert_true(harness_refused(harness, NULL, "body_too_large"));
	free(body);
}

int main(void)
{
	harness = harness_new(NULL, 0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(worked_examples),
		cmocka_unit_test(a_second_formulation_agrees),
		cmocka_unit_test(percentiles_without_sorting),
		cmocka_unit_test(rolling_windows_are_series_of_their_own),
		cmocka_unit_test(nothing_at_all_abstains),
		cmocka_unit_test(one_return),
		cmocka_unit_test(equal_returns_have_no_ratios),
		cmocka_unit_test(all_is_lost),
		cmocka_unit_test(what_overflows_is_null),
		cmocka_unit_test(null_is_a_period_without_a_return),
		cmocka_unit_test(annual_rates_are_spread_over_periods),
		cmocka_unit_test(times_give_calendar_days),
		cmocka_unit_test(drawdowns_come_deepest_first),
		cmocka_unit_test(trades_alone),
		cmocka_unit_test(trades_of_one_kind),
		cmocka_unit_test(trades_are_taken_in_order_of_exit),
		cmocka_unit_test(breaking_even_ends_a_streak),
		cmocka_unit_test(buckets_by_local_time),
		cmocka_unit_test(every_fault_is_named),
		cmocka_unit_test(the_same_question_has_the_same_hash),
		cmocka_unit_test(too_long_is_too_large),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
