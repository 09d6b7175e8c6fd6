/*
 * Trades by the hour, weekday, month or calendar month in which they ended [trade.md 9.1, buckets].
 */
#ifndef CS_TRADE_DOMAIN_BUCKETS_H
#define CS_TRADE_DOMAIN_BUCKETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/domain/trades.h"

struct arena;
struct field_table;
struct zone;

enum bucket_kind { BUCKET_HOUR, BUCKET_WEEKDAY, BUCKET_MONTH, BUCKET_CALENDAR_MONTH };

struct bucket {
	int64_t key;       /* hour 0 to 23, weekday 0 Monday to 6, month 1 to 12 */
	const char *month; /* YYYY-MM */
	int64_t count, wins, losses;
	double net_profit, average_profit, win_rate;
};

struct bucket_list {
	size_t count;
	struct bucket *items; /* NULL: not asked */
};

struct buckets {
	struct bucket_list hour, weekday, month, calendar_month;
};

extern const struct field_table buckets_table;

/*
 * Count n trades whose exit_us is known, in the local time of `zone`, into the kinds of the set `asked` (1 << kind).
 * False when the arena is full.  Thread: any.  Cost: O(n).
 */
bool buckets_find(struct arena *arena, const struct trade_row *rows, size_t n, const struct zone *zone, unsigned asked,
				  struct buckets *buckets);

#endif
