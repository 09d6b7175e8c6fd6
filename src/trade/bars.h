/*
 * Bars of prices out of the quotes that terminals upload [trade.md 4.3, 10]: the bid of each minute, kept for
 * BARS_KEPT_DAYS.  A minute without a quote has no bar.  Private to src/trade.
 */
#ifndef CS_TRADE_BARS_H
#define CS_TRADE_BARS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

enum { BARS_KEPT_DAYS = 30 };

/* In an op: a quote of that moment belongs to its minute's bar. */
bool bars_note(struct db *db, const char *trading_account_id, const char *instrument, double bid, int64_t us,
			   struct err *err);

struct bar {
	int64_t us; /* where it begins */
	double open, high, low, close;
};

/* Bars of so many minutes each from one moment up to another, oldest first, at most `limit` of a minute. */
struct bars_ask {
	const char *trading_account_id, *instrument;
	int64_t from_us, to_us, minutes, limit;
};
bool bars_list(struct db *db, const struct bars_ask *ask, struct arena *arena, struct bar **bars, size_t *count,
			   struct err *err);

#endif
