#include "core/num.h"

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/must.h"

/* The digits of a number 0.d1d2d3… × 10^point, without trailing zeros. */
struct digits {
	char text[24];
	int count, point;
};

static void strip_zeros(struct digits *d)
{
	while (d->count > 1 && d->text[d->count - 1] == '0')
		d->count--;
}

static struct digits digits_of_integer(uint64_t n, int decimals)
{
	struct digits d = {.count = 0};
	char reversed[24];
	int length = 0;
	do {
		reversed[length++] = (char)('0' + n % 10);
		n /= 10;
	} while (n > 0);
	for (int i = 0; i < length; i++)
		d.text[i] = reversed[length - 1 - i];
	d.count = length;
	d.point = length - decimals;
	strip_zeros(&d);
	return d;
}

/*
 * A decimal of at most 15 digits that reads back as x is the shortest there is, because doubles tell all such decimals
 * apart.  n / 10^k is correctly rounded, so equality with x is the proof that it reads back.  Integers have their own
 * digits up to 2^53, where doubles are one apart.
 */
static bool few_decimals(double x, struct digits *d)
{
	static const double powers[] = {1, 1e3, 1e6, 1e9};
	for (int i = 0; i < 4; i++) {
		double n = nearbyint(x * powers[i]);
		if (n >= (i == 0 ? 0x1p53 : 1e15))
			return false;
		if (n / powers[i] == x) {
			*d = digits_of_integer((uint64_t)n, 3 * i);
			return true;
		}
	}
	return false;
}

static bool reads_back(const char *text, double x)
{
	return strtod(text, NULL) == x;
}

static struct digits digits_of_scientific(const char *text, int count)
{
	struct digits d = {.count = count};
	d.text[0] = text[0];
	if (count > 1)
		memcpy(d.text + 1, text + 2, (size_t)count - 1);
	d.point = atoi(strchr(text, 'e') + 1) + 1;
	strip_zeros(&d);
	return d;
}

/*
 * Just above a power of two the gap below x is half the gap above it, so the nearest decimal of some length may lie
 * outside the lower gap while its upper neighbour still reads back as x.
 */
static bool upper_neighbour(char text[NUM_TEXT_MAX], double x, int count)
{
	if (frexp(x, &(int){0}) != 0.5) /* no power of two */
		return false;
	for (int i = count == 1 ? 0 : count; i >= 0; i--) { /* text is d.ddd…e±xx */
		if (text[i] == '.')
			continue;
		if (text[i] != '9') {
			text[i]++;
			return reads_back(text, x);
		}
		text[i] = '0';
	}
	return false;
}

static bool fits(char text[NUM_TEXT_MAX], double x, int count)
{
	snprintf(text, NUM_TEXT_MAX, "%.*e", count - 1, x);
	return reads_back(text, x) || upper_neighbour(text, x, count);
}

/* x = m / 2^q with 53 bits in m, and 10^point > x >= 10^(point - 1) or nearly so. */
struct binary {
	uint64_t m;
	int q, point;
};

/* The integer nearest to x × 10^decimals; true when it reads back as x, that is, lies within half a gap of doubles. */
static bool nearest(const struct binary *x, int decimals, uint64_t *n)
{
	unsigned __int128 power = 1; /* below 2^70, so that its product with m fits */
	for (int i = 0; i < decimals; i++)
		power *= 10;
	unsigned __int128 scaled = power * x->m, one = (unsigned __int128)1 << x->q, rest = scaled & (one - 1);
	*n = (uint64_t)(scaled >> x->q);
	bool up = rest > one / 2 || (rest == one / 2 && (*n & 1) != 0);
	*n += up;
	unsigned __int128 off = 2 * (up ? one - rest : rest);
	return off < power || (off == power && (x->m & 1) == 0);
}

/*
 * The same as shortest(), in integers, for the sizes that results have.  Not for powers of two, whose gaps differ, nor
 * for what 128 bits cannot hold.
 */
static bool shortest_of_usual_size(double x, struct digits *d)
{
	enum { DIGITS = 17 };
	static const double powers[] = {1e-3, 1e-2, 1e-1, 1e0, 1e1,  1e2,  1e3,  1e4,  1e5,
									1e6,  1e7,  1e8,  1e9, 1e10, 1e11, 1e12, 1e13, 1e14};
	if (!(x >= 1e-4 && x < 1e15))
		return false;
	int exponent;
	double fraction = frexp(x, &exponent);
	struct binary b = {.m = (uint64_t)ldexp(fraction, 53), .q = 53 - exponent, .point = -3};
	if (b.m == (uint64_t)1 << 52)
		return false;
	for (size_t i = 0; i < sizeof powers / sizeof *powers && x >= powers[i]; i++)
		b.point++;
	uint64_t n, fewer;
	int count = DIGITS - 1;
	if (!nearest(&b, count - b.point, &n))
		nearest(&b, ++count - b.point, &n);
	else if (nearest(&b, count - 1 - b.point, &fewer))
		n = fewer, count--;
	*d = digits_of_integer(n, count - b.point);
	return true;
}

/* From 15 digits on; subnormals have fewer bits, so fewer digits may do.  Where 16 do not, which is half the time, 15
 * need not be tried. */
static struct digits shortest(double x)
{
	char text[NUM_TEXT_MAX], fewer[NUM_TEXT_MAX];
	if (!fits(text, x, 16)) {
		snprintf(text, sizeof text, "%.16e", x);
		return digits_of_scientific(text, 17);
	}
	for (int count = x < DBL_MIN ? 1 : 15; count < 16; count++)
		if (fits(fewer, x, count))
			return digits_of_scientific(fewer, count);
	return digits_of_scientific(text, 16);
}

/* ECMA-262, Number::toString: where the point goes and when the exponent form is used. */
static size_t layout(char *out, bool negative, const struct digits *d)
{
	char *at = out;
	if (negative)
		*at++ = '-';
	int k = d->count, n = d->point;
	if (n > 21 || n < -5) {
		*at++ = d->text[0];
		if (k > 1) {
			*at++ = '.';
			memcpy(at, d->text + 1, (size_t)k - 1);
			at += k - 1;
		}
		at += sprintf(at, "e%+d", n - 1);
	} else if (n <= 0) {
		memcpy(at, "0.00000", 7);
		memcpy(at + 2 - n, d->text, (size_t)k);
		at += 2 - n + k;
	} else if (n >= k) {
		memcpy(at, d->text, (size_t)k);
		memset(at + k, '0', (size_t)(n - k));
		at += n;
	} else {
		memcpy(at, d->text, (size_t)n);
		at[n] = '.';
		memcpy(at + n + 1, d->text + n, (size_t)(k - n));
		at += k + 1;
	}
	*at = '\0';
	return (size_t)(at - out);
}

size_t num_format(char text[NUM_TEXT_MAX], double x)
{
	must(isfinite(x));
	struct digits d;
	double size = fabs(x);
	if (!few_decimals(size, &d) && !shortest_of_usual_size(size, &d))
		d = shortest(size);
	return layout(text, x < 0, &d);
}

static double through_text(const char *format, int precision, double x)
{
	char text[400]; /* DBL_MAX has 309 digits before the point */
	snprintf(text, sizeof text, format, precision, x);
	double rounded = strtod(text, NULL);
	return rounded == 0 ? 0 : rounded;
}

double num_round(double x, int decimals)
{
	static const double powers[] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15};
	must(isfinite(x) && decimals >= 0 && decimals < (int)(sizeof powers / sizeof *powers));
	double scaled = fabs(x) * powers[decimals];
	/* The product is off by at most 2^-13 here; away from a tie that cannot change the rounding. */
	if (scaled < 0x1p40 && fabs(scaled - floor(scaled) - 0.5) > 1e-3) {
		double rounded = nearbyint(scaled) / powers[decimals];
		return rounded == 0 ? 0 : copysign(rounded, x);
	}
	return through_text("%.*f", decimals, x);
}

double num_round_significant(double x, int digits)
{
	must(isfinite(x) && digits >= 1 && digits <= 17);
	struct digits d;
	if (few_decimals(fabs(x), &d) && d.count <= digits)
		return x == 0 ? 0 : x; /* as most that people give */
	return through_text("%.*e", digits - 1, x);
}
