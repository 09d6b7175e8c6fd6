#include "trade/domain/market_hours.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "trade/domain/instruments.h"

#define US_PER_MINUTE (60 * STAMP_US_PER_S)
enum { DAY_MINUTES = 1440, HORIZON_DAYS = 21, BEFORE_DAYS = 8 };

const char *const market_reason_names[] = {"open", "outside_hours", "daily_break", "holiday", "news_window", NULL};

/* A stretch of time in which the session is open, first in local and then in UTC microseconds: from <= t < to. */
struct stretch {
	int64_t from, to;
};

struct stretches {
	struct arena *arena;
	struct stretch *items;
	size_t count, room;
};

static void add(struct stretches *all, int64_t from, int64_t to)
{
	if (from >= to || all->items == NULL)
		return;
	if (all->count == all->room) {
		struct stretch *more = arena_array(all->arena, 2 * all->room, sizeof *more);
		if (more != NULL)
			memcpy(more, all->items, all->count * sizeof *more);
		all->items = more;
		all->room *= 2;
	}
	if (all->items != NULL)
		all->items[all->count++] = (struct stretch){from, to};
}

static bool is_holiday(const struct session *session, int64_t day)
{
	for (size_t i = 0; i < session->holidays.count; i++)
		if (session->holiday_days[i] == day)
			return true;
	return false;
}

/* Minutes of the day at which it ends: earlier on half days. */
static int64_t end_of_day(const struct session *session, int64_t day)
{
	for (size_t i = 0; i < session->half_days.count; i++)
		if (session->half_days.items[i].day == day)
			return session->half_days.items[i].close_minute;
	return DAY_MINUTES;
}

/* What breaks leave of one day's part of a window; all in minutes of that day. */
static void add_day_part(struct stretches *all, const struct session *session, int64_t day, int64_t from, int64_t to)
{
	int64_t midnight = day * STAMP_US_PER_DAY, end = end_of_day(session, day);
	if (is_holiday(session, day))
		return;
	to = to < end ? to : end;
	for (size_t i = 0; i < session->breaks.count; i++) {
		const struct session_break *pause = &session->breaks.items[i];
		if (pause->from_minute >= to || pause->to_minute <= from)
			continue;
		add(all, midnight + from * US_PER_MINUTE, midnight + pause->from_minute * US_PER_MINUTE);
		from = pause->to_minute;
	}
	add(all, midnight + from * US_PER_MINUTE, midnight + to * US_PER_MINUTE);
}

static void add_window(struct stretches *all, const struct session *session, const struct session_window *window,
					   int64_t sunday)
{
	for (int64_t at = window->from_minute; at < window->to_minute;) {
		int64_t day = at / DAY_MINUTES, next = (day + 1) * DAY_MINUTES;
		int64_t to = window->to_minute < next ? window->to_minute : next;
		add_day_part(all, session, sunday + day, at - day * DAY_MINUTES, to - day * DAY_MINUTES);
		at = to;
	}
}

static int by_start(const void *a, const void *b)
{
	const struct stretch *x = a, *y = b;
	return (x->from > y->from) - (x->from < y->from);
}

/* In UTC, sorted, those that touch joined. */
static void settle(struct stretches *all, const struct zone *zone)
{
	size_t count = 0;
	for (size_t i = 0; i < all->count; i++)
		all->items[i] = (struct stretch){zone_utc_us(zone, all->items[i].from), zone_utc_us(zone, all->items[i].to)};
	qsort(all->items, all->count, sizeof *all->items, by_start);
	for (size_t i = 0; i < all->count; i++) {
		const struct stretch next = all->items[i];
		if (count > 0 && next.from <= all->items[count - 1].to)
			all->items[count - 1].to = next.to > all->items[count - 1].to ? next.to : all->items[count - 1].to;
		else
			all->items[count++] = next;
	}
	all->count = count;
}

static bool inside_week(const struct session *session, int64_t local_us)
{
	int64_t day = stamp_day_of(local_us), minute = (local_us - day * STAMP_US_PER_DAY) / US_PER_MINUTE;
	int64_t at = stamp_weekday(day) * DAY_MINUTES + minute;
	for (size_t i = 0; i < session->windows.count; i++) {
		const struct session_window *window = &session->windows.items[i];
		for (int64_t week = 0; week <= 1; week++) {
			int64_t then = at + week * 7 * DAY_MINUTES;
			if (then >= window->from_minute && then < window->to_minute)
				return true;
		}
	}
	return false;
}

static enum market_reason why_closed(const struct session *session, int64_t local_us)
{
	int64_t day = stamp_day_of(local_us), minute = (local_us - day * STAMP_US_PER_DAY) / US_PER_MINUTE;
	if (!inside_week(session, local_us))
		return MARKET_OUTSIDE_HOURS;
	if (is_holiday(session, day) || minute >= end_of_day(session, day))
		return MARKET_HOLIDAY;
	return MARKET_DAILY_BREAK;
}

/* Those of the weeks around a local day, up to so many days after it, in local time.  items NULL: the arena is full. */
static struct stretches local_stretches(struct arena *arena, const struct session *session, int64_t today, int horizon)
{
	struct stretches all = {.arena = arena, .room = 64};
	all.items = arena_array(arena, all.room, sizeof *all.items);
	for (int64_t sunday = today - BEFORE_DAYS - stamp_weekday(today - BEFORE_DAYS); sunday < today + horizon;
		 sunday += 7)
		for (size_t i = 0; i < session->windows.count; i++)
			add_window(&all, session, &session->windows.items[i], sunday);
	return all;
}

/* Is it now?  Only what is within a day of the local clock can be: no zone's offset moves by more. */
static bool is_now(const struct stretch *local, const struct zone *zone, int64_t local_us, int64_t now_us)
{
	return local->from - STAMP_US_PER_DAY <= local_us && local_us <= local->to + STAMP_US_PER_DAY &&
		   zone_utc_us(zone, local->from) <= now_us && now_us < zone_utc_us(zone, local->to);
}

bool market_open(struct arena *arena, const struct session *session, int64_t now_us, bool *open)
{
	*open = session->always;
	if (session->always)
		return true;
	int64_t local_us = zone_local_us(session->place, now_us);
	const struct stretches all = local_stretches(arena, session, stamp_day_of(local_us), 1);
	for (size_t i = 0; all.items != NULL && i < all.count; i++)
		*open |= is_now(&all.items[i], session->place, local_us, now_us);
	return all.items != NULL;
}

bool market_hours(struct arena *arena, const struct session *session, int64_t now_us, struct market_hours *hours)
{
	*hours = (struct market_hours){.open = true, .next_open_us = FIELD_NO_INT, .next_close_us = FIELD_NO_INT};
	if (session->always)
		return true;
	int64_t local_us = zone_local_us(session->place, now_us);
	struct stretches all = local_stretches(arena, session, stamp_day_of(local_us), HORIZON_DAYS);
	if (all.items == NULL)
		return false;
	settle(&all, session->place);
	hours->open = false;
	for (size_t i = 0; i < all.count; i++) {
		const struct stretch *one = &all.items[i];
		hours->open |= one->from <= now_us && now_us < one->to;
		if (one->from > now_us && hours->next_open_us == FIELD_NO_INT)
			hours->next_open_us = one->from;
		if (one->to > now_us && hours->next_close_us == FIELD_NO_INT)
			hours->next_close_us = one->to;
	}
	hours->reason = hours->open ? MARKET_OPEN : why_closed(session, local_us);
	return true;
}

static bool among(const char *const *list, size_t count, const char *name)
{
	for (size_t i = 0; name != NULL && i < count; i++)
		if (strcmp(list[i], name) == 0)
			return true;
	return false;
}

const struct news_window *news_window_find(const struct news_window *windows, size_t count,
										   const struct instrument *instrument, int64_t now_us)
{
	for (size_t i = 0; i < count; i++) {
		const struct news_window *w = &windows[i];
		bool meant = among(w->instruments.items, w->instruments.count, instrument->name) ||
					 among(w->instruments.items, w->instruments.count, instrument->alias) ||
					 among(w->currencies.items, w->currencies.count, instrument->base) ||
					 among(w->currencies.items, w->currencies.count, instrument->quote);
		if (meant && w->from_us <= now_us && now_us < w->to_us)
			return w;
	}
	return NULL;
}
