#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "seal/harness.h"
#include "trade/domain/indicators_op.h"
#include "trade/domain/metrics_op.h"

/* Tables that others have published, as printed there: prices in, figures out, to the places that are printed. */

static struct harness *harness;

static void must_be(const char *pointer, double want, double tolerance)
{
	double got = harness_number(harness, pointer);
	if (!(fabs(got - want) <= tolerance))
		fail_msg("%s is %g, not %g", pointer, got, want);
}

/* Answers exactly the values listed, each to TOLERANCE, from bar BEGIN on? */
static void must_print(const char *output, int begin, const char *values, double tolerance)
{
	char pointer[80], *end;
	int k = 0;
	assert_int_equal((int)harness_number(harness, "/result/series/0/begin"), begin);
	for (const char *at = values; *at != '\0'; k++) {
		snprintf(pointer, sizeof pointer, "/result/series/0/values/%s/%d", output, k);
		must_be(pointer, strtod(at, &end), tolerance);
		at = *end == ',' ? end + 1 : end;
	}
	snprintf(pointer, sizeof pointer, "/result/series/0/values/%s", output);
	assert_int_equal(harness_count(harness, pointer), k);
}

static void ask(const char *bars, const char *indicator)
{
	if (!harness_call(harness, &trade_indicators_op, "{%s,\"indicators\":[{%s}]}", bars, indicator))
		fail_msg("%s: %s", indicator, harness_answer(harness));
}

#define CENT .0051 /* half a unit of the second place, and the rounding of the prices */

/* REF: StockCharts ChartSchool, cs-movavg.xls (Intel, 24 March to 5 May 2010): 10 days; the average begins as a plain
 * one */
static void exponential_average(void **state)
{
	(void)state;
	static const char bars[] =
		"\"close\":[22.2734,22.1940,22.0847,22.1741,22.1840,22.1344,22.2337,22.4323,22.2436,22.2933,22.1542,22.3926,"
		"22.3816,22.6109,23.3558,24.0519,23.7530,23.8324,23.9516,23.6338,23.8225,23.8722,23.6537,23.1870,23.0976,"
		"23.3260,22.6805,23.0976,22.4025,22.1725]";
	ask(bars, "\"name\":\"ema\",\"period\":10");
	must_print("ema", 9,
			   "22.22,22.21,22.24,22.27,22.33,22.52,22.80,22.97,23.13,23.28,23.34,23.43,23.51,23.54,23.47,23.40,23.39,"
			   "23.26,23.23,23.08,22.92",
			   CENT);
	ask(bars, "\"name\":\"sma\",\"period\":10");
	must_print("sma", 9,
			   "22.22,22.21,22.23,22.26,22.31,22.42,22.61,22.77,22.91,23.08,23.21,23.38,23.53,23.65,23.71,23.69,23.61,"
			   "23.51,23.43,23.28,23.13",
			   CENT);
}

/* REF: StockCharts ChartSchool, cs-rsi.xls (QQQQ, 14 December 2009 to 1 February 2010): Wilder's, 14 days */
static void relative_strength(void **state)
{
	(void)state;
	ask("\"close\":[44.3389,44.0902,44.1497,43.6124,44.3278,44.8264,45.0955,45.4245,45.8433,46.0826,45.8931,46.0328,"
		"45.6140,46.2820,46.2820,46.0028,46.0328,46.4116,46.2222,45.6439,46.2122,46.2521,45.7137,46.4515,45.7835,"
		"45.3548,44.0288,44.1783,44.2181,44.5672,43.4205,42.6628,43.1314]",
		"\"name\":\"rsi\",\"period\":14");
	must_print("rsi", 14,
			   "70.53,66.32,66.55,69.41,66.36,57.97,62.93,63.26,56.06,62.38,54.71,50.42,39.99,41.46,41.87,45.46,37.30,"
			   "33.08,37.77",
			   CENT);
}

/* REF: StockCharts ChartSchool, cs-atr.xls (QQQQ, 1 April to 13 May 2010): the first range is high less low, as tulip's
 */
static void average_true_range(void **state)
{
	(void)state;
	ask("\"high\":[48.70,48.72,48.90,48.87,48.82,49.05,49.20,49.35,49.92,50.19,50.12,49.66,49.88,50.19,50.36,50.57,"
		"50.65,50.43,49.63,50.33,50.29,50.17,49.32,48.50,48.32,46.80,47.80,48.39,48.66,48.79],"
		"\"low\":[47.79,48.14,48.39,48.37,48.24,48.64,48.94,48.86,49.50,49.87,49.20,48.90,49.43,49.73,49.26,50.09,"
		"50.30,49.21,48.98,49.61,49.20,49.43,48.08,47.64,41.55,44.28,47.31,47.20,47.90,47.73],"
		"\"close\":[48.16,48.61,48.75,48.63,48.74,49.03,49.07,49.32,49.91,50.13,49.53,49.50,49.75,50.03,50.31,50.52,"
		"50.41,49.34,49.37,50.23,49.24,49.93,48.43,48.18,46.57,45.41,47.77,47.72,48.62,47.85],"
		"\"convention\":\"tulip\"",
		"\"name\":\"atr\",\"period\":14");
	must_print("atr", 13, ".55,.59,.59,.57,.61,.62,.64,.67,.69,.77,.78,1.21,1.30,1.38,1.37,1.34,1.32", CENT);
}

/* REF: StockCharts ChartSchool, cs-bbands.xls (SPY, 2009): 20 days, two deviations of the population */
static void bollinger_bands(void **state)
{
	(void)state;
	ask("\"close\":[86.1557,89.0867,88.7829,90.3228,89.0671,91.1453,89.4397,89.1750,86.9302,87.6752,86.9596,89.4299,"
		"89.3221,88.7241,87.4497,87.2634,89.4985,87.9006,89.1260,90.7043,92.9001,92.9784,91.8021,92.6647,92.6843,"
		"92.3021,92.7725,92.5373,92.9490,93.2039,91.0669,89.8318,89.7435,90.3994,90.7387,88.0177,88.0867,88.8439,"
		"90.7781,90.5416,91.3894,90.65]",
		"\"name\":\"bbands\",\"period\":20,\"dev\":2");
	must_print("middle", 19,
			   "88.71,89.05,89.24,89.39,89.51,89.69,89.75,89.91,90.08,90.38,90.66,90.86,90.88,90.91,90.99,91.15,91.19,"
			   "91.12,91.17,91.25,91.24,91.17,91.05",
			   CENT);
	must_print("upper", 19,
			   "91.29,91.95,92.61,92.93,93.31,93.73,93.90,94.27,94.57,94.79,95.04,94.91,94.90,94.90,94.86,94.67,94.56,"
			   "94.68,94.58,94.53,94.53,94.37,94.15",
			   CENT);
}

/* REF: StockCharts ChartSchool, cs-soo.xls: %K of 14 days, its plain average of three as %D.  The first 13 closes do
 * not count and are not printed there. */
static void stochastic(void **state)
{
	(void)state;
	ask("\"high\":[127.009,127.6159,126.5911,127.3472,128.173,128.4317,127.3671,126.422,126.8995,126.8498,125.6460,"
		"125.7156,127.1582,127.7154,127.6855,128.2228,128.2725,128.0934,128.2725,127.7353,128.7700,129.2873,130.0633,"
		"129.1182,129.2873,128.4715,128.0934,128.6506,129.1381,128.6406],"
		"\"low\":[125.3574,126.1633,124.9296,126.0937,126.8199,126.4817,126.0340,124.8301,126.3921,125.7156,124.5615,"
		"124.5715,125.0689,126.8597,126.6309,126.8001,126.7105,126.8001,126.1335,125.9245,126.9891,127.8148,128.4715,"
		"128.0641,127.6059,127.5960,126.9990,126.8995,127.4865,127.3970],"
		"\"close\":[126,127,126,127,127,127,127,126,126.5,126,125,125,126,127.2876,127.1781,128.0138,127.1085,127.7253,"
		"127.0587,127.3273,128.7103,127.8745,128.5809,128.6008,127.9342,128.1133,127.5960,127.5960,128.6904,128.2725]",
		"\"name\":\"stoch\",\"k\":14,\"slow_k\":1,\"slow_d\":3");
	must_print("k", 15, "89.20,65.81,81.75,64.52,74.53,98.58,70.10,73.06,73.42,61.23,60.96,40.39,40.39,66.83,56.73",
			   CENT);
	must_print("d", 15, "75.75,74.21,78.92,70.69,73.60,79.21,81.07,80.58,72.19,69.24,65.20,54.19,47.24,49.20,54.65",
			   CENT);
}

/* REF: Wilder, New Concepts in Technical Trading Systems, 1978, p. 41: the worksheet of the directional movement.  It
 * rounds both DI and DX to whole numbers, so its DX column, averaged as the book says, is met to half a unit. */
static void directional_movement(void **state)
{
	(void)state;
	static const int dx[] = {28, 33, 13, 20, 9,  19, 15, 5,  11, 6,  6,  11, 12, 28,
							 32, 29, 24, 40, 45, 29, 32, 32, 32, 33, 29, 37, 47, 47};
	ask("\"high\":[274,273.25,272,270.75,270,270.5,268.5,265.5,262.5,263.5,269.5,267.25,267.5,269.75,268.25,264,268,"
		"266,274,277.5,277,272,267.75,269.25,266,265,264.75,261,257.5,259,259.75,257.25,250,254.25,254,253.25,253.25,"
		"251.75,253,251.5,246.25,244.25],"
		"\"low\":[272,270.25,269.75,268,269,268,266.5,263,259,260,263,265,265.5,266,263.25,261.5,266.25,264.25,267,"
		"273.5,272.5,269.5,264,263,263.5,262,261.5,255.5,253,254,257.5,250,247,252.75,250.5,250.25,251,250.5,249.5,"
		"245.25,240,241.25],"
		"\"close\":[272.75,270.75,270,269.25,269.75,270,266.5,263.25,260.25,263,266.5,267,265.75,268.5,264.25,264,"
		"266.5,265.25,273,276.75,273,270.25,266.75,263,265.5,262.25,262.75,255.5,253,257.5,257.5,250,249.75,253.75,"
		"251.25,250.5,253,251.5,250,245.75,242.75,243.5]",
		"\"name\":\"adx\",\"period\":14");
	assert_int_equal((int)harness_number(harness, "/result/series/0/begin"), 27);
	double average = 0;
	for (int i = 0; i < 14; i++)
		average += dx[i] / 14.;
	for (int i = 14; i <= 28; i++) {
		char pointer[80];
		snprintf(pointer, sizeof pointer, "/result/series/0/values/adx/%d", i - 14);
		must_be(pointer, average, .5);
		if (i < 28)
			average = (average * 13 + dx[i]) / 14;
	}
}

#define BACON \
	"[0.003,0.026,0.011,-0.010,0.015,0.025,0.016,0.067,-0.014,0.040,-0.005,0.081,0.040,-0.037,-0.061,0.017,-0.049," \
	"-0.022,0.070,0.058,-0.065,0.024,-0.005,-0.009]"

/* REF: Bacon, Practical Portfolio Performance Measurement and Attribution, 2nd ed. 2008, pp. 62-98: the book's 24
 * months, with the figures to the places that PerformanceAnalytics 2 (R) prints for them: DownsideDeviation and
 * OmegaSharpeRatio at 0.5 % a month, BernardoLedoitRatio, skewness, sample excess kurtosis. */
static void monthly_returns(void **state)
{
	(void)state;
	assert_true(
		harness_call(harness, &trade_metrics_op, "{\"returns\":" BACON ",\"periods_per_year\":12,\"mar\":0.005}"));
	must_be("/result/returns/downside_risk", .02553674 * sqrt(12), 2e-8);
	must_be("/result/returns/omega", 1.2917933, 5e-8);
	must_be("/result/returns/profit_factor", 1.779783, 5e-7);
	must_be("/result/returns/skew", -.09, CENT);
	must_be("/result/returns/kurtosis", -.41, CENT);
}

int main(void)
{
	harness = harness_new(NULL, 0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(exponential_average), cmocka_unit_test(relative_strength),
		cmocka_unit_test(average_true_range),  cmocka_unit_test(bollinger_bands),
		cmocka_unit_test(stochastic),          cmocka_unit_test(directional_movement),
		cmocka_unit_test(monthly_returns),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	return failed;
}
