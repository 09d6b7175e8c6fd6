#include "trade/domain/drawdown.h"

#include <stdlib.h>

#include "core/arena.h"

static size_t count_episodes(const double *equity, size_t points)
{
	size_t count = 0;
	double peak = points > 0 ? equity[0] : 0;
	for (size_t i = 1, below = 0; i < points; i++) {
		if (equity[i] < peak) {
			count += below == 0;
			below = 1;
		} else {
			peak = equity[i];
			below = 0;
		}
	}
	return count;
}

bool drawdown_find(struct arena *arena, const double *equity, size_t points, struct drawdown_list *list)
{
	*list = (struct drawdown_list){.items = arena_array(arena, count_episodes(equity, points), sizeof *list->items)};
	if (list->items == NULL)
		return false;
	size_t at_peak = 0;
	struct drawdown *open = NULL;
	for (size_t i = 1; i < points; i++) {
		double peak = equity[at_peak];
		if (equity[i] >= peak) {
			if (open != NULL)
				open->end = open->last = i;
			open = NULL;
			at_peak = i;
			continue;
		}
		double depth = equity[i] / peak - 1;
		if (open == NULL) {
			open = &list->items[list->count++];
			*open = (struct drawdown){.start = at_peak, .trough = i, .depth = depth};
		}
		if (depth < open->depth) {
			open->depth = depth;
			open->trough = i;
		}
		open->end = DRAWDOWN_OPEN;
		open->last = i;
	}
	return true;
}

static int deepest_first(const void *a, const void *b)
{
	const struct drawdown *x = a, *y = b;
	if (x->depth != y->depth)
		return x->depth < y->depth ? -1 : 1;
	return x->start < y->start ? -1 : x->start > y->start;
}

void drawdown_sort(struct drawdown_list *list)
{
	qsort(list->items, list->count, sizeof *list->items, deepest_first);
}
