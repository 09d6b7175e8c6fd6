/*
 * Figures of every window of n elements of a series, each in a time that does not depend on n.
 *
 * The series is cut at every n-th element; a window is what lies left of its cut and what lies right of it, and both
 * grow by adding only.  So nothing cancels and no rounding error piles up along the series.  All are of `count` ≥ n ≥ 1
 * elements and write count−n+1 values.  `scratch` has room for 2·n.  Thread: any.  Cost: some ns an element.
 */
#ifndef CS_TRADE_DOMAIN_WINDOWS_H
#define CS_TRADE_DOMAIN_WINDOWS_H

#include <stddef.h>

void windows_mean(const double *x, size_t count, size_t n, double *scratch, double *mean);

/* Mean and population deviation √(Σ(x−mean)²/n). */
void windows_deviation(const double *x, size_t count, size_t n, double *scratch, double *mean, double *deviation);

void windows_max(const double *x, size_t count, size_t n, double *scratch, double *max);
void windows_min(const double *x, size_t count, size_t n, double *scratch, double *min);

#endif
