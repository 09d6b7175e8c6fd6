/*
 * The instruments that are traded, and when: packs `instruments` and `sessions` [trade.md 8].
 *
 * Nothing about hours or contracts is in code.  Const once decoded; any thread.
 */
#ifndef CS_TRADE_DOMAIN_INSTRUMENTS_H
#define CS_TRADE_DOMAIN_INSTRUMENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/pack.h"

struct instrument {
	const char *name, *alias; /* alias may be NULL */
	const char *group, *session;
	const char *base, *quote; /* currencies; base NULL for an index */
	int64_t digits;
	double contract_size;
	double min_lot, max_lot, lot_step; /* lots */
	int64_t pip_ticks, min_stop_points;
	double tick; /* 10^-digits */
};

struct instruments {
	const char *name, *version, *effective_from, *source;
	struct {
		size_t count;
		struct instrument *items;
	} instruments;
};

/* By name or alias; NULL: none. */
const struct instrument *instrument_find(const struct instruments *all, const char *name);

/* The name that rows keep, of a name or an alias; an unknown one, and NULL, is itself. */
const char *instrument_canonical(const struct instruments *all, const char *name);

/* A stretch of the local week, in minutes from Sunday 00:00; `to` may lie in the next week. */
struct session_window {
	const char *from, *to; /* "sun 17:00" */
	int64_t from_minute, to_minute;
};

/* A stretch of each local day, in minutes. */
struct session_break {
	const char *from, *to; /* "17:00" */
	int64_t from_minute, to_minute;
};

struct session_half_day {
	const char *date, *close;
	int64_t day, close_minute; /* day: as core/stamp.h counts */
};

struct session {
	const char *name, *zone;
	bool always;
	struct {
		size_t count;
		struct session_window *items;
	} windows;
	struct {
		size_t count;
		struct session_break *items;
	} breaks;
	struct {
		size_t count;
		const char **items;
	} holidays;
	struct {
		size_t count;
		struct session_half_day *items;
	} half_days;
	int64_t *holiday_days;    /* of holidays */
	const struct zone *place; /* `zone` of the system's database when the pack was read; NULL: it has none */
};

struct sessions {
	const char *name, *version, *effective_from, *source;
	struct {
		size_t count;
		struct session *items;
	} sessions;
};

const struct session *session_find(const struct sessions *all, const char *name);

/* Is its place known?  Else ERR_NOT_FOUND. */
bool session_placed(const struct session *session, struct err *err);

extern const struct pack_kind trade_instruments_kind, trade_sessions_kind;

#endif
