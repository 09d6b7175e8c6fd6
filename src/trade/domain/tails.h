/*
 * What lies at the ends of a distribution: percentiles and the mean of the worst, without sorting all of it.
 */
#ifndef CS_TRADE_DOMAIN_TAILS_H
#define CS_TRADE_DOMAIN_TAILS_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct tails {
	double p5, p95; /* percentiles, linear between order statistics at (n−1)·q */
	double at_cutoff;
	double below; /* mean of the floor((n−1)·cutoff)+1 lowest */
};

/*
 * The tails of n ≥ 1 numbers (no NaN); cutoff 0 to 1.  False when the arena is full.  Thread: any.
 * Cost: about 4 ns an element; n log n where nearly all numbers share sign, exponent and four bits.
 */
bool tails_find(struct arena *arena, const double *x, size_t n, double cutoff, struct tails *tails);

#endif
