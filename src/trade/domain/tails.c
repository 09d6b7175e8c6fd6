#include "trade/domain/tails.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"

enum {
	P5,
	P95,
	CUTOFF,
	QUANTILES,
	SMALL = 4096,     /* up to here sorting costs less than counting */
	CLASSES = 1 << 16 /* numbers of one class share their 16 leading bits */
};

/* The class of a number; classes are in the order of their numbers. */
static uint32_t class_of(double x)
{
	uint64_t bits;
	memcpy(&bits, &x, sizeof bits);
	bits ^= (uint64_t) - (int64_t)(bits >> 63) | UINT64_C(1) << 63;
	return (uint32_t)(bits >> 48);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

/* Numbers of the classes asked for, in order, and how many of the others come before each. */
struct sample {
	uint32_t *counts;     /* per class */
	unsigned char *taken; /* per class */
	double *items;
	size_t count;
	uint32_t low_class; /* classes below it are summed up */
	double low_sum;
};

static bool take(struct arena *arena, struct sample *sample, const double *x, size_t n)
{
	size_t room = 0;
	for (size_t c = 0; c < CLASSES; c++)
		room += sample->taken[c] ? sample->counts[c] : 0;
	sample->items = arena_array(arena, room, sizeof *sample->items);
	if (sample->items == NULL)
		return false;
	for (size_t i = 0; i < n; i++) {
		uint32_t c = class_of(x[i]);
		if (c < sample->low_class)
			sample->low_sum += x[i];
		if (sample->taken[c])
			sample->items[sample->count++] = x[i];
	}
	qsort(sample->items, sample->count, sizeof *sample->items, ascending);
	return true;
}

static uint32_t class_at(const struct sample *sample, size_t rank)
{
	uint32_t c = 0;
	for (size_t before = sample->counts[0]; before <= rank; before += sample->counts[c])
		c++;
	return c;
}

/* The place in the sample of the number with this rank among all. */
static size_t place(const struct sample *sample, size_t rank)
{
	size_t left_out = 0;
	for (uint32_t c = 0, at = class_at(sample, rank); c < at; c++)
		left_out += sample->taken[c] ? 0 : sample->counts[c];
	return rank - left_out;
}

static size_t rank_below(size_t n, double q)
{
	return (size_t)floor((double)(n - 1) * q);
}

static double between(double low, double high, size_t n, double q)
{
	double at = (double)(n - 1) * q;
	return low + (at - floor(at)) * (high - low);
}

/* All numbers are the sample, in order. */
static bool by_sorting(struct arena *arena, const double *x, size_t n, const double *q, struct tails *tails)
{
	double value[QUANTILES], *sorted = arena_array(arena, n, sizeof *sorted), sum = 0;
	if (sorted == NULL)
		return false;
	memcpy(sorted, x, n * sizeof *sorted);
	qsort(sorted, n, sizeof *sorted, ascending);
	for (int k = 0; k < QUANTILES; k++) {
		size_t low = rank_below(n, q[k]), high = low + 1 < n ? low + 1 : low;
		value[k] = between(sorted[low], sorted[high], n, q[k]);
	}
	size_t lowest = rank_below(n, q[CUTOFF]) + 1;
	for (size_t i = 0; i < lowest; i++)
		sum += sorted[i];
	*tails = (struct tails){value[P5], value[P95], value[CUTOFF], sum / (double)lowest};
	return true;
}

static bool by_classes(struct arena *arena, const double *x, size_t n, const double *q, struct tails *tails)
{
	struct sample sample = {.counts = arena_array(arena, CLASSES, sizeof *sample.counts),
							.taken = arena_alloc(arena, CLASSES)};
	if (sample.counts == NULL || sample.taken == NULL)
		return false;
	for (size_t i = 0; i < n; i++)
		sample.counts[class_of(x[i])]++;
	for (int k = 0; k < QUANTILES; k++) {
		size_t low = rank_below(n, q[k]), high = low + 1 < n ? low + 1 : low;
		sample.taken[class_at(&sample, low)] = sample.taken[class_at(&sample, high)] = 1;
	}
	size_t lowest = rank_below(n, q[CUTOFF]) + 1;
	sample.low_class = class_at(&sample, lowest - 1);
	if (!take(arena, &sample, x, n))
		return false;
	double value[QUANTILES], sum = sample.low_sum;
	for (int k = 0; k < QUANTILES; k++) {
		size_t low = rank_below(n, q[k]), high = low + 1 < n ? low + 1 : low;
		value[k] = between(sample.items[place(&sample, low)], sample.items[place(&sample, high)], n, q[k]);
	}
	size_t last = place(&sample, lowest - 1);
	for (size_t i = last + 1; i-- > 0 && class_of(sample.items[i]) == sample.low_class;)
		sum += sample.items[i];
	*tails = (struct tails){value[P5], value[P95], value[CUTOFF], sum / (double)lowest};
	return true;
}

bool tails_find(struct arena *arena, const double *x, size_t n, double cutoff, struct tails *tails)
{
	const double q[QUANTILES] = {[P5] = .05, [P95] = .95, [CUTOFF] = cutoff};
	return n <= SMALL ? by_sorting(arena, x, n, q, tails) : by_classes(arena, x, n, q, tails);
}
