/*
 * Drawdown episodes [trade.md 9.2]: from the last point at its peak to the first point back at or above it, or the end.
 */
#ifndef CS_TRADE_DOMAIN_DRAWDOWN_H
#define CS_TRADE_DOMAIN_DRAWDOWN_H

#include <stdbool.h>
#include <stddef.h>

struct arena;

struct drawdown {
	size_t start, trough; /* points; 0 is the start */
	size_t end;           /* first point back at the peak; DRAWDOWN_OPEN when there is none */
	size_t last;          /* the end, or the last point of an open one */
	double depth;         /* trough/peak − 1, < 0 */
};

#define DRAWDOWN_OPEN ((size_t)-1)

struct drawdown_list {
	size_t count;
	struct drawdown *items; /* in order of start */
};

/*
 * The episodes of `points` equity values > 0 (the first is the start).  False when the arena is full.  Cost: O(points).
 */
bool drawdown_find(struct arena *arena, const double *equity, size_t points, struct drawdown_list *list);

/* Order by depth, the deepest first, of equals the earlier. */
void drawdown_sort(struct drawdown_list *list);

#endif
