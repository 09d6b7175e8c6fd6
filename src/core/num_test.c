#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/num.h"
#include "core/rng.h"

#if defined __has_feature
#if __has_feature(address_sanitizer)
#define SANITIZED
#endif
#endif
#ifdef SANITIZED
enum { SAMPLES = 100000 }; /* the same code ten times slower, over the first of the same numbers */
#else
enum { SAMPLES = 1000000 };
#endif

static double of_bits(uint64_t bits)
{
	double x;
	memcpy(&x, &bits, sizeof x);
	return x;
}

struct layout {
	uint64_t bits;
	const char *text;
};

/* REF: RFC 8785 appendix B; RFC 8785 section 3.2.2.3 */
static void samples_of_the_standard(void **state)
{
	(void)state;
	static const struct layout rows[] = {
		{0x0000000000000000, "0"},
		{0x8000000000000000, "0"},
		{0x0000000000000001, "5e-324"},
		{0x8000000000000001, "-5e-324"},
		{0x7fefffffffffffff, "1.7976931348623157e+308"},
		{0xffefffffffffffff, "-1.7976931348623157e+308"},
		{0x4340000000000000, "9007199254740992"},
		{0xc340000000000000, "-9007199254740992"},
		{0x4430000000000000, "295147905179352830000"},
		{0x44b52d02c7e14af5, "9.999999999999997e+22"},
		{0x44b52d02c7e14af6, "1e+23"},
		{0x44b52d02c7e14af7, "1.0000000000000001e+23"},
		{0x444b1ae4d6e2ef4e, "999999999999999700000"},
		{0x444b1ae4d6e2ef4f, "999999999999999900000"},
		{0x444b1ae4d6e2ef50, "1e+21"},
		{0x3eb0c6f7a0b5ed8c, "9.999999999999997e-7"},
		{0x3eb0c6f7a0b5ed8d, "0.000001"},
		{0x41b3de4355555553, "333333333.3333332"},
		{0x41b3de4355555554, "333333333.33333325"},
		{0x41b3de4355555555, "333333333.3333333"},
		{0x41b3de4355555556, "333333333.3333334"},
		{0x41b3de4355555557, "333333333.33333343"},
		{0xbecbf647612f3696, "-0.0000033333333333333333"},
		{0x43143ff3c1cb0959, "1424953923781206.2"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[NUM_TEXT_MAX];
		size_t length = num_format(text, of_bits(rows[i].bits));
		assert_string_equal(text, rows[i].text);
		assert_int_equal(length, strlen(text));
	}
}

struct written {
	double x;
	const char *text;
};

/* Where the point goes and where the exponent begins. */
static void layout_is_ecmascript(void **state)
{
	(void)state;
	static const struct written rows[] = {
		{1, "1"},
		{-1, "-1"},
		{10, "10"},
		{100, "100"},
		{123456789, "123456789"},
		{1795340194099085, "1795340194099085"},
		{0x1p53 - 1, "9007199254740991"},
		{1e15, "1000000000000000"},
		{1e16, "10000000000000000"},
		{1e20, "100000000000000000000"},
		{123456789012345680000.0, "123456789012345680000"},
		{1e21, "1e+21"},
		{1.5e21, "1.5e+21"},
		{-1.25e22, "-1.25e+22"},
		{1e100, "1e+100"},
		{0.1, "0.1"},
		{0.5, "0.5"},
		{0.001, "0.001"},
		{0.000001, "0.000001"},
		{0.00000123, "0.00000123"},
		{1e-7, "1e-7"},
		{1.5e-7, "1.5e-7"},
		{-1.25e-9, "-1.25e-9"},
		{1e-100, "1e-100"},
		{4.5, "4.5"},
		{0.1 + 0.2, "0.30000000000000004"},
		{1.0 / 3, "0.3333333333333333"},
		{2.0 / 3, "0.6666666666666666"},
		{3.14, "3.14"},
		{1.005, "1.005"},
		{123.456, "123.456"},
		{99999.999, "99999.999"},
		{1e9 + 0.001, "1000000000.001"},
		{0x1p-1022, "2.2250738585072014e-308"},
		{0x1p-1023, "1.1125369292536007e-308"},
		{0x1p-1074, "5e-324"},
		{0x3p-1074, "1.5e-323"},
		{0x1p53, "9007199254740992"},
		{0x1p-24, "5.960464477539063e-8"},
		{0x1p70, "1.1805916207174113e+21"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[NUM_TEXT_MAX];
		num_format(text, rows[i].x);
		assert_string_equal(text, rows[i].text);
	}
}

/* The digits of a text without sign, point, zeros around and exponent. */
static int digits_of(const char *text, char digits[NUM_TEXT_MAX])
{
	int count = 0, significant = 0;
	for (; *text != '\0' && *text != 'e'; text++) {
		if (*text < '0' || *text > '9' || (count == 0 && *text == '0'))
			continue;
		digits[count++] = *text;
		if (*text != '0')
			significant = count;
	}
	digits[significant] = '\0';
	return significant;
}

/* Does any decimal of so many digits read back as x?  The nearest might, and at powers of two one beside it. */
static bool readable_with(double x, int digits, bool thorough)
{
	char text[64];
	snprintf(text, sizeof text, "%.*e", digits - 1, x);
	if (strtod(text, NULL) == x)
		return true;
	if (!thorough)
		return false;
	static const int directions[] = {1, -1};
	for (int i = 0; i < 2; i++) {
		/* One unit of the last digit up or down, by the digits as an integer: at most 16 of them. */
		char mantissa[NUM_TEXT_MAX];
		int size = 0;
		for (const char *at = text; *at != 'e'; at++)
			if (*at != '.')
				mantissa[size++] = *at;
		mantissa[size] = '\0';
		long long neighbour = atoll(mantissa) + directions[i];
		char other[64];
		snprintf(other, sizeof other, "%llde%d", neighbour, atoi(strchr(text, 'e') + 1) - (digits - 1));
		if (strtod(other, NULL) == x)
			return true;
	}
	return false;
}

/*
 * What a shortest form has to be: it reads back, no form with fewer digits does, and of its length it is the nearest
 * (17 digits: what printf gives).
 */
static void must_be_shortest(double x, bool thorough)
{
	char text[NUM_TEXT_MAX], digits[NUM_TEXT_MAX], nearest[64], wanted[NUM_TEXT_MAX];
	num_format(text, x);
	if (strtod(text, NULL) != x)
		fail_msg("%a printed as %s", x, text);
	int count = digits_of(text, digits);
	double size = fabs(x);
	if (count > 1 && readable_with(size, count - 1, thorough))
		fail_msg("%a printed as %s, fewer digits would do", x, text);
	snprintf(nearest, sizeof nearest, "%.*e", count > 0 ? count - 1 : 0, size);
	digits_of(nearest, wanted);
	/* Where printf's own rounding of that length does not read back, its neighbour has to. */
	if (strtod(nearest, NULL) == size && strcmp(digits, wanted) != 0)
		fail_msg("%a printed as %s, %s is nearer", x, text, nearest);
}

static void random_bits_are_shortest(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 20240229);
	for (int i = 0; i < SAMPLES; i++) {
		double x = of_bits(rng_next(&rng));
		if (isfinite(x))
			must_be_shortest(x, i % 16 == 0);
	}
}

/* The numbers that results are made of: few decimals, and sums and products of them. */
static void everyday_numbers_are_shortest(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 17);
	for (int i = 0; i < SAMPLES / 8; i++) {
		double a = (double)rng_below(&rng, 100000000) / 1000, b = (double)rng_below(&rng, 10000) / 100;
		must_be_shortest(a, true);
		must_be_shortest(a * b, true);
		must_be_shortest(-a / (b + 1), true);
		must_be_shortest(exp(rng_unit(&rng) * 45 - 10) * (1 + rng_unit(&rng)), true); /* 1e-5 to 1e15 and beyond */
	}
}

/* Powers of two have a narrower gap below; powers of ten and their neighbours are where digits run over. */
static void edges_are_shortest(void **state)
{
	(void)state;
	for (int exponent = -1074; exponent < 1024; exponent++) {
		double x = ldexp(1, exponent);
		must_be_shortest(x, true);
		must_be_shortest(nextafter(x, 0) > 0 ? nextafter(x, 0) : x, true);
		must_be_shortest(nextafter(x, INFINITY), true);
	}
	for (int exponent = -323; exponent <= 308; exponent++) {
		char text[16];
		snprintf(text, sizeof text, "1e%d", exponent);
		double x = strtod(text, NULL);
		must_be_shortest(x, true);
		must_be_shortest(nextafter(x, 0), true);
		must_be_shortest(nextafter(x, INFINITY), true);
	}
	must_be_shortest(DBL_MAX, true);
	must_be_shortest(DBL_MIN, true);
	must_be_shortest(nextafter(DBL_MIN, 0), true);
}

static double by_printf(const char *format, int precision, double x)
{
	char text[400];
	snprintf(text, sizeof text, format, precision, x);
	return strtod(text, NULL) + 0.0; /* no negative zero */
}

static void must_round_like_printf(double x, int decimals)
{
	double got = num_round(x, decimals), want = by_printf("%.*f", decimals, x);
	if (got != want || (got == 0 && signbit(got)))
		fail_msg("%a to %d decimals: %a, not %a", x, decimals, got, want);
}

/* [P-6.2] */
static void rounding_is_printf_of_random_numbers(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 3);
	for (int i = 0; i < SAMPLES / 8; i++) {
		int decimals = (int)rng_below(&rng, 16);
		double wide = ldexp(rng_unit(&rng) - 0.5, (int)rng_below(&rng, 120) - 60);
		must_round_like_printf(wide, decimals);
		must_round_like_printf((rng_unit(&rng) - 0.5) * 1e5, 3);
	}
}

/* Written ties (2.675), exact ties (0.125), and the numbers on either side of both. */
static void rounding_is_printf_of_ties(void **state)
{
	(void)state;
	for (int n = -20000; n < 20000; n++) {
		double written = (n + 0.5) / 1000, exact = (n + 0.5) / 8;
		for (int decimals = 0; decimals < 6; decimals++) {
			must_round_like_printf(written, decimals);
			must_round_like_printf(nextafter(written, INFINITY), decimals);
			must_round_like_printf(nextafter(written, -INFINITY), decimals);
			must_round_like_printf(exact, decimals);
			must_round_like_printf(nextafter(exact, INFINITY), decimals);
		}
	}
	for (int exponent = 30; exponent < 60; exponent++) {
		double x = ldexp(1, exponent);
		must_round_like_printf(x + 0.5, 0);
		must_round_like_printf(x + 0.125, 2);
		must_round_like_printf(x - 0.375, 3);
	}
}

static void rounding_of_known_numbers(void **state)
{
	(void)state;
	assert_true(num_round(2.675, 2) == 2.67); /* the double lies below the tie */
	assert_true(num_round(0.125, 2) == 0.12); /* a true tie goes to the even digit */
	assert_true(num_round(0.375, 2) == 0.38);
	assert_true(num_round(2.5, 0) == 2);
	assert_true(num_round(1.0005, 3) == 1);
	assert_true(num_round(-1.23456, 3) == -1.235);
	assert_true(num_round(DBL_MAX, 3) == DBL_MAX);
	assert_true(num_round(DBL_MIN, 15) == 0);
	assert_false(signbit(num_round(-0.0001, 3)));
	assert_false(signbit(num_round(-0.0, 0)));
	for (int decimals = 0; decimals < 16; decimals++) /* what was rounded stays */
		assert_true(num_round(num_round(M_PI, decimals), decimals) == num_round(M_PI, decimals));
}

static void significant_digits_are_printf(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 5);
	for (int i = 0; i < SAMPLES / 8; i++) {
		bool given = i % 2 == 0; /* as people give numbers: few digits */
		double x = given ? (double)rng_below(&rng, 1000000000) / pow(10, (double)rng_below(&rng, 10))
						 : of_bits(rng_next(&rng));
		int digits = 1 + (int)rng_below(&rng, 17);
		if (!isfinite(x) || fabs(x) > 1e308)
			continue;
		double got = num_round_significant(x, digits);
		assert_true(got == by_printf("%.*e", digits - 1, x));
		assert_true(digits == 17 ? got == x : got == num_round_significant(got, digits));
	}
	assert_true(num_round_significant(1234.5678, 4) == 1235);
	assert_true(num_round_significant(0.00012345, 2) == 0.00012);
	assert_true(num_round_significant(-99.96, 3) == -100);
	assert_true(num_round_significant(0, 3) == 0);
	assert_false(signbit(num_round_significant(-0.0, 3)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(samples_of_the_standard),
		cmocka_unit_test(layout_is_ecmascript),
		cmocka_unit_test(random_bits_are_shortest),
		cmocka_unit_test(everyday_numbers_are_shortest),
		cmocka_unit_test(edges_are_shortest),
		cmocka_unit_test(rounding_is_printf_of_random_numbers),
		cmocka_unit_test(rounding_is_printf_of_ties),
		cmocka_unit_test(rounding_of_known_numbers),
		cmocka_unit_test(significant_digits_are_printf),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
