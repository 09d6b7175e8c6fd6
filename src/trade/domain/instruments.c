#include "trade/domain/instruments.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "trade/domain/decimal.h"

enum { DAY_MINUTES = 1440, WEEK_MINUTES = 7 * DAY_MINUTES };

static const struct field instrument_fields[] = {
	F_STR(instrument, name, REQUIRED, LENGTH(2, 20)),
	F_STR(instrument, alias, LENGTH(2, 20)),
	F_STR(instrument, group, REQUIRED),
	F_STR(instrument, session, REQUIRED),
	F_STR(instrument, base),
	F_STR(instrument, quote, REQUIRED),
	F_INT(instrument, digits, REQUIRED, RANGE(0, 8)),
	F_NUM(instrument, contract_size, REQUIRED, ABOVE(0, 1e9)),
	F_NUM(instrument, min_lot, ABOVE(0, 1e6), DEFAULT(.01)),
	F_NUM(instrument, max_lot, ABOVE(0, 1e6), DEFAULT(100)),
	F_NUM(instrument, lot_step, ABOVE(0, 1e6), DEFAULT(.01)),
	F_INT(instrument, pip_ticks, RANGE(1, 1000), DEFAULT(1)),
	F_INT(instrument, min_stop_points, RANGE(0, 100000), DEFAULT(10)),
};
static const struct field_table instrument_table = FIELD_TABLE("instruments.row", instrument, instrument_fields);

#define PACK_FIELDS(s) \
	F_STR(s, name, REQUIRED), F_STR(s, version, REQUIRED), F_STR(s, effective_from, REQUIRED), F_STR(s, source)

static const struct field instruments_fields[] = {
	PACK_FIELDS(instruments),
	F_OBJECTS(instruments, instruments, &instrument_table, REQUIRED, COUNT(1, 10000)),
};
static const struct field_table instruments_table = FIELD_TABLE("instruments", instruments, instruments_fields);

static const struct field window_fields[] = {
	F_STR(session_window, from, REQUIRED),
	F_STR(session_window, to, REQUIRED),
};
static const struct field_table window_table = FIELD_TABLE("sessions.window", session_window, window_fields);

static const struct field break_fields[] = {
	F_STR(session_break, from, REQUIRED),
	F_STR(session_break, to, REQUIRED),
};
static const struct field_table break_table = FIELD_TABLE("sessions.break", session_break, break_fields);

static const struct field half_day_fields[] = {
	F_STR(session_half_day, date, REQUIRED),
	F_STR(session_half_day, close, REQUIRED),
};
static const struct field_table half_day_table = FIELD_TABLE("sessions.half_day", session_half_day, half_day_fields);

static const struct field session_fields[] = {
	F_STR(session, name, REQUIRED),
	F_STR(session, zone, REQUIRED),
	F_BOOL(session, always),
	F_OBJECTS(session, windows, &window_table, COUNT(0, 50)),
	F_OBJECTS(session, breaks, &break_table, COUNT(0, 10)),
	F_STRS(session, holidays, COUNT(0, 1000)),
	F_OBJECTS(session, half_days, &half_day_table, COUNT(0, 1000)),
};
static const struct field_table session_table = FIELD_TABLE("sessions.row", session, session_fields);

static const struct field sessions_fields[] = {
	PACK_FIELDS(sessions),
	F_OBJECTS(sessions, sessions, &session_table, REQUIRED, COUNT(1, 1000)),
};
static const struct field_table sessions_table = FIELD_TABLE("sessions", sessions, sessions_fields);

const struct instrument *instrument_find(const struct instruments *all, const char *name)
{
	for (size_t i = 0; i < all->instruments.count; i++) {
		const struct instrument *one = &all->instruments.items[i];
		if (strcmp(one->name, name) == 0 || (one->alias != NULL && strcmp(one->alias, name) == 0))
			return one;
	}
	return NULL;
}

const char *instrument_canonical(const struct instruments *all, const char *name)
{
	const struct instrument *instrument = name != NULL ? instrument_find(all, name) : NULL;
	return instrument != NULL ? instrument->name : name;
}

const struct session *session_find(const struct sessions *all, const char *name)
{
	for (size_t i = 0; i < all->sessions.count; i++)
		if (strcmp(all->sessions.items[i].name, name) == 0)
			return &all->sessions.items[i];
	return NULL;
}

bool session_placed(const struct session *session, struct err *err)
{
	return session->place != NULL || err_set(err, ERR_NOT_FOUND, "the time zone database has no %.64s", session->zone);
}

static bool decode(const struct field_table *table, const struct json *tree, void *into, struct arena *arena,
				   struct err *err)
{
	struct faults faults;
	faults_init(&faults, arena);
	if (field_decode(table, tree, into, arena, "", &faults))
		return true;
	const struct fault *first = faults.first;
	return err_field(err, ERR_INVALID, first != NULL ? first->pointer : "", "%s",
					 first != NULL ? first->message : "no memory");
}

static bool decode_instruments(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct instruments *all = arena_new(arena, struct instruments);
	if (all == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!decode(&instruments_table, tree, all, arena, err))
		return false;
	for (size_t i = 0; i < all->instruments.count; i++) {
		struct instrument *one = &all->instruments.items[i];
		one->tick = decimal_double((struct decimal){.digits = 1, .exponent = -(int)one->digits});
		const struct instrument *same = instrument_find(all, one->name);
		if (same != one || (one->alias != NULL && instrument_find(all, one->alias) != one))
			return err_field(err, ERR_INVALID, "/instruments", "%s is there twice", one->name);
	}
	*data = all;
	return true;
}

/* "17:00" as minutes; -1: not a time. */
static int64_t minutes_of(const char *text)
{
	int hour, minute, end = 0;
	if (sscanf(text, "%2d:%2d%n", &hour, &minute, &end) != 2 || text[end] != '\0' || hour > 24 || minute > 59)
		return -1;
	return hour * 60 + minute;
}

/* "sun 17:00" as minutes of the week. */
static int64_t week_minutes_of(const char *text)
{
	static const char *const days[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};
	for (int day = 0; day < 7; day++)
		if (strncmp(text, days[day], 3) == 0 && text[3] == ' ') {
			int64_t minutes = minutes_of(text + 4);
			return minutes < 0 ? -1 : day * DAY_MINUTES + minutes;
		}
	return -1;
}

static bool day_of(const char *text, int64_t *day)
{
	int64_t us;
	if (!stamp_parse_date(text, strlen(text), &us, NULL))
		return false;
	*day = stamp_day_of(us);
	return true;
}

static bool bad(const struct session *session, const char *what, struct err *err)
{
	return err_field(err, ERR_INVALID, "/sessions", "%s: %s is no day, time or date", session->name, what);
}

static bool work_out_week(struct session *session, struct err *err)
{
	for (size_t i = 0; i < session->windows.count; i++) {
		struct session_window *window = &session->windows.items[i];
		window->from_minute = week_minutes_of(window->from);
		window->to_minute = week_minutes_of(window->to);
		if (window->from_minute < 0 || window->to_minute < 0)
			return bad(session, window->from, err);
		if (window->to_minute <= window->from_minute)
			window->to_minute += WEEK_MINUTES;
	}
	for (size_t i = 0; i < session->breaks.count; i++) {
		struct session_break *pause = &session->breaks.items[i];
		pause->from_minute = minutes_of(pause->from);
		pause->to_minute = minutes_of(pause->to);
		if (pause->from_minute < 0 || pause->to_minute <= pause->from_minute)
			return bad(session, pause->from, err);
	}
	return true;
}

static bool work_out_days(struct session *session, struct arena *arena, struct err *err)
{
	session->holiday_days = arena_array(arena, session->holidays.count, sizeof *session->holiday_days);
	if (session->holiday_days == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; i < session->holidays.count; i++)
		if (!day_of(session->holidays.items[i], &session->holiday_days[i]))
			return bad(session, session->holidays.items[i], err);
	for (size_t i = 0; i < session->half_days.count; i++) {
		struct session_half_day *half = &session->half_days.items[i];
		half->close_minute = minutes_of(half->close);
		if (!day_of(half->date, &half->day) || half->close_minute < 0)
			return bad(session, half->date, err);
	}
	return true;
}

static bool decode_sessions(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct sessions *all = arena_new(arena, struct sessions);
	if (all == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!decode(&sessions_table, tree, all, arena, err))
		return false;
	for (size_t i = 0; i < all->sessions.count; i++)
		if (!work_out_week(&all->sessions.items[i], err) || !work_out_days(&all->sessions.items[i], arena, err))
			return false;
	for (size_t i = 0; i < all->sessions.count; i++)
		all->sessions.items[i].place = zone_load(arena, all->sessions.items[i].zone, NULL);
	*data = all;
	return true;
}

const struct pack_kind trade_instruments_kind = {.name = "instruments", .decode = decode_instruments};
const struct pack_kind trade_sessions_kind = {.name = "sessions", .decode = decode_sessions};
