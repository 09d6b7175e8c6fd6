/*
 * trade.market_hours [trade.md 8]: is an instrument's session open, since when and until when.
 *
 * Pure given the packs and the system's time zone database, by which every local day and clock is found.
 */
#ifndef CS_TRADE_DOMAIN_MARKET_HOURS_H
#define CS_TRADE_DOMAIN_MARKET_HOURS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct instrument;
struct op;
struct session;
struct zone;

enum market_reason { MARKET_OPEN, MARKET_OUTSIDE_HOURS, MARKET_DAILY_BREAK, MARKET_HOLIDAY, MARKET_NEWS_WINDOW };
extern const char *const market_reason_names[];

/* A time in which entries are refused: from <= t < to, for these instruments or currencies. */
struct news_window {
	const char *from, *to, *title;
	struct {
		size_t count;
		const char **items;
	} instruments, currencies;
	int64_t from_us, to_us;
};

struct market_hours {
	bool open;
	enum market_reason reason;           /* never news: ask news_window_find */
	int64_t next_open_us, next_close_us; /* FIELD_NO_INT: never */
};

/* Hours of a session, whose place is known, at a moment.  Cost: about 20 us.  False: the arena is full. */
bool market_hours(struct arena *arena, const struct session *session, int64_t now_us, struct market_hours *hours);

/* That it is open, and no more: a third of the cost. */
bool market_open(struct arena *arena, const struct session *session, int64_t now_us, bool *open);

/* The window that holds `now_us` for this instrument, or NULL. */
const struct news_window *news_window_find(const struct news_window *windows, size_t count,
										   const struct instrument *instrument, int64_t now_us);

extern const struct op trade_market_hours_op;

#endif
