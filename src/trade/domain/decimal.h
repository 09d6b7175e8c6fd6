/*
 * Exact decimals for lots, ticks and money: a double stands for the shortest decimal that reads back as it, so that
 * 0.3 is three tenths and no binary error moves a step [trade.md 7].
 *
 * Products and quotients are worked in whole numbers of any needed length; only the answer is a double again.
 * Thread: any.  Cost: about 1 us a quotient.
 */
#ifndef CS_TRADE_DOMAIN_DECIMAL_H
#define CS_TRADE_DOMAIN_DECIMAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* digits * 10^exponent; the sign aside.  Zero has exponent 0. */
struct decimal {
	unsigned __int128 digits;
	int exponent;
	bool negative;
};

/* The shortest decimal of a finite number. */
struct decimal decimal_of(double x);

/* A whole number as a decimal. */
struct decimal decimal_whole(int64_t n);

/* |a - b|, exact while both fit into 38 digits together (prices do by far); beyond that, of the doubles' difference. */
struct decimal decimal_distance(double a, double b);

/* The double nearest to it. */
double decimal_double(struct decimal d);

/* n times the decimal of `step`, as the double nearest to that. */
double decimal_steps(int64_t n, double step);

/* Decimals behind the point that x needs: 2 for 0.25, 0 for 100. */
int decimal_places(double x);

enum decimal_rounding { DECIMAL_DOWN, DECIMAL_UP, DECIMAL_NEAREST };

enum { DECIMAL_FACTORS_MAX = 6 };
#define DECIMAL_QUOTIENT_MAX 9000000000000000.0 /* a quotient is a whole number that a double holds too */

/*
 * The product of `above` over that of `below`, a whole number: down and up go towards minus and plus infinity, nearest
 * takes halves away from zero.  False: a factor below is zero, or the quotient beyond DECIMAL_QUOTIENT_MAX.  At most
 * DECIMAL_FACTORS_MAX factors each (must).
 */
bool decimal_quotient(const struct decimal *above, size_t above_count, const struct decimal *below, size_t below_count,
					  enum decimal_rounding rounding, int64_t *quotient);

/* The same product over product as a double, for figures that are shown and not rounded to steps. */
double decimal_ratio(const struct decimal *above, size_t above_count, const struct decimal *below, size_t below_count);

#endif
