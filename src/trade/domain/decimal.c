#include "trade/domain/decimal.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/must.h"
#include "core/num.h"

/* --- a double's decimal --- */

static struct decimal normal(struct decimal d)
{
	while (d.digits != 0 && d.digits % 10 == 0) {
		d.digits /= 10;
		d.exponent++;
	}
	if (d.digits == 0)
		d = (struct decimal){.digits = 0};
	return d;
}

struct decimal decimal_of(double x)
{
	char text[NUM_TEXT_MAX];
	struct decimal d = {.negative = x < 0};
	bool behind = false;
	num_format(text, fabs(x));
	for (const char *at = text; *at != '\0'; at++) {
		if (*at == 'e') {
			d.exponent += atoi(at + 1);
			break;
		}
		if (*at == '.') {
			behind = true;
			continue;
		}
		d.digits = d.digits * 10 + (unsigned)(*at - '0');
		d.exponent -= behind;
	}
	return normal(d);
}

struct decimal decimal_whole(int64_t n)
{
	return normal((struct decimal){.digits = (uint64_t)(n < 0 ? -n : n), .negative = n < 0});
}

/* Raise the digits so that the exponent becomes `exponent`; false when they no longer fit. */
static bool spread(struct decimal *d, int exponent)
{
	const unsigned __int128 most = ((unsigned __int128)1 << 126) / 10;
	while (d->exponent > exponent && d->digits != 0) {
		if (d->digits > most)
			return false;
		d->digits *= 10;
		d->exponent--;
	}
	d->exponent = exponent;
	return true;
}

struct decimal decimal_distance(double a, double b)
{
	struct decimal x = decimal_of(a), y = decimal_of(b);
	int exponent = x.exponent < y.exponent ? x.exponent : y.exponent;
	if (!spread(&x, exponent) || !spread(&y, exponent))
		return decimal_of(fabs(a - b));
	__int128 p = x.negative ? -(__int128)x.digits : (__int128)x.digits;
	__int128 q = y.negative ? -(__int128)y.digits : (__int128)y.digits;
	__int128 apart = p > q ? p - q : q - p;
	return normal((struct decimal){.digits = (unsigned __int128)apart, .exponent = exponent});
}

double decimal_double(struct decimal d)
{
	char digits[48], text[64];
	size_t at = sizeof digits - 1;
	digits[at] = '\0';
	do {
		digits[--at] = (char)('0' + (int)(d.digits % 10));
		d.digits /= 10;
	} while (d.digits != 0);
	snprintf(text, sizeof text, "%s%se%d", d.negative ? "-" : "", digits + at, d.exponent);
	return strtod(text, NULL);
}

double decimal_steps(int64_t n, double step)
{
	struct decimal d = decimal_of(step);
	d.digits *= (uint64_t)(n < 0 ? -n : n); /* 17 and 16 digits fit into 38 */
	d.negative = d.negative != (n < 0) && d.digits != 0;
	return decimal_double(d);
}

int decimal_places(double x)
{
	int exponent = decimal_of(x).exponent;
	return exponent < 0 ? -exponent : 0;
}

/* --- whole numbers of any needed length, lowest limb first --- */

/* Six factors of 128 bits, a quotient's 53, and ten to the sum of twelve exponents within +-330 each. */
enum { LIMBS = 480 };

struct big {
	uint32_t limbs[LIMBS];
	size_t count;
};

static void big_scale(struct big *b, uint32_t factor)
{
	uint64_t carry = 0;
	for (size_t i = 0; i < b->count; i++) {
		carry += (uint64_t)b->limbs[i] * factor;
		b->limbs[i] = (uint32_t)carry;
		carry >>= 32;
	}
	if (carry != 0) {
		must(b->count < LIMBS);
		b->limbs[b->count++] = (uint32_t)carry;
	}
}

static void big_add_shifted(struct big *sum, const struct big *b, size_t shift)
{
	uint64_t carry = 0;
	for (size_t i = 0; i < b->count || carry != 0; i++) {
		must(i + shift < LIMBS);
		while (sum->count <= i + shift)
			sum->limbs[sum->count++] = 0;
		carry += (uint64_t)sum->limbs[i + shift] + (i < b->count ? b->limbs[i] : 0);
		sum->limbs[i + shift] = (uint32_t)carry;
		carry >>= 32;
	}
}

static void big_multiply(struct big *b, unsigned __int128 factor)
{
	struct big sum = {.count = 0};
	for (size_t shift = 0; factor != 0; shift++, factor >>= 32) {
		struct big part = *b;
		big_scale(&part, (uint32_t)factor);
		big_add_shifted(&sum, &part, shift);
	}
	while (sum.count > 0 && sum.limbs[sum.count - 1] == 0)
		sum.count--;
	*b = sum;
}

static int big_compare(const struct big *a, const struct big *b)
{
	if (a->count != b->count)
		return a->count > b->count ? 1 : -1;
	for (size_t i = a->count; i-- > 0;)
		if (a->limbs[i] != b->limbs[i])
			return a->limbs[i] > b->limbs[i] ? 1 : -1;
	return 0;
}

/* --- quotients --- */

struct fraction {
	struct big above, below;
	bool negative;
};

static int gather(struct big *product, bool *negative, const struct decimal *factors, size_t count)
{
	int exponent = 0;
	must(count <= DECIMAL_FACTORS_MAX);
	*product = (struct big){.limbs = {1}, .count = 1};
	for (size_t i = 0; i < count; i++) {
		big_multiply(product, factors[i].digits);
		exponent += factors[i].exponent;
		*negative = *negative != factors[i].negative;
	}
	return exponent;
}

static void raise(struct big *b, int power)
{
	for (; power > 0 && b->count > 0; power--)
		big_scale(b, 10);
}

static void fraction_of(struct fraction *f, const struct decimal *above, size_t above_count,
						const struct decimal *below, size_t below_count)
{
	f->negative = false;
	int exponent = gather(&f->above, &f->negative, above, above_count);
	exponent -= gather(&f->below, &f->negative, below, below_count);
	raise(&f->above, exponent);
	raise(&f->below, -exponent);
}

static long double product_of(const struct decimal *factors, size_t count)
{
	long double product = 1;
	for (size_t i = 0; i < count; i++)
		product *= (long double)factors[i].digits * powl(10, factors[i].exponent) * (factors[i].negative ? -1 : 1);
	return product;
}

double decimal_ratio(const struct decimal *above, size_t above_count, const struct decimal *below, size_t below_count)
{
	return (double)(product_of(above, above_count) / product_of(below, below_count));
}

/* Is n * below at most `above`? */
static bool reaches(const struct fraction *f, int64_t n)
{
	struct big part = f->below;
	big_multiply(&part, (uint64_t)n);
	return big_compare(&part, &f->above) <= 0;
}

/* The magnitude rounded down: a good guess, moved until it is right. */
static int64_t floor_of(const struct fraction *f, long double guess)
{
	int64_t n = (int64_t)guess;
	while (n > 0 && !reaches(f, n))
		n--;
	while (reaches(f, n + 1))
		n++;
	return n;
}

static bool is_whole(const struct fraction *f, int64_t n)
{
	struct big part = f->below;
	big_multiply(&part, (uint64_t)n);
	return big_compare(&part, &f->above) == 0;
}

/* 2 * above >= (2n + 1) * below */
static bool past_half(const struct fraction *f, int64_t n)
{
	struct big twice = f->above, part = f->below;
	big_scale(&twice, 2);
	big_multiply(&part, 2 * (uint64_t)n + 1);
	return big_compare(&twice, &part) >= 0;
}

bool decimal_quotient(const struct decimal *above, size_t above_count, const struct decimal *below, size_t below_count,
					  enum decimal_rounding rounding, int64_t *quotient)
{
	struct fraction f;
	long double guess = fabsl(product_of(above, above_count) / product_of(below, below_count));
	if (!(guess < (long double)DECIMAL_QUOTIENT_MAX))
		return false;
	fraction_of(&f, above, above_count, below, below_count);
	int64_t n = floor_of(&f, guess);
	bool away =
		rounding == DECIMAL_NEAREST ? past_half(&f, n) : !is_whole(&f, n) && (rounding == DECIMAL_UP) != f.negative;
	n += away;
	*quotient = f.negative ? -n : n;
	return true;
}
