/*
 * Numbers as text, and rounding that every machine repeats.
 *
 * num_format prints a double as ECMAScript's Number::toString does, which is what RFC 8785 asks for: the fewest digits
 * that read back as the same double, of those the nearest.  num_round is the rounding of results [P-6.2].
 * Thread: any.  Cost: under 100 ns for numbers of up to nine decimals, about 1 us for others.
 */
#ifndef CS_CORE_NUM_H
#define CS_CORE_NUM_H

#include <stddef.h>

enum { NUM_TEXT_MAX = 32 }; /* bytes that num_format may write, NUL included */

/* Writes x (finite, must) into text and returns the length.  -0 prints as 0. */
size_t num_format(char text[NUM_TEXT_MAX], double x);

/* The double nearest to the decimal that printf("%.{decimals}f") gives; -0 becomes 0.  x finite, decimals 0 to 15. */
double num_round(double x, int decimals);

/* The double nearest to x written with `digits` significant digits, 1 to 17; -0 becomes 0.  x finite. */
double num_round_significant(double x, int digits);

#endif
