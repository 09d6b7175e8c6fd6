#include <stdio.h>
#include <stdlib.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/instruments.h"
#include "trade/domain/market_hours.h"
#include "trade/domain/moment.h"

enum { WINDOWS_MAX = 1000 };

struct request {
	const char *instrument, *time;
	struct {
		size_t count;
		struct news_window *items;
	} blocklist;
};

static const struct field window_fields[] = {
	F_STR(news_window, from, REQUIRED, FORMAT("date-time"), DOC("First moment")),
	F_STR(news_window, to, REQUIRED, FORMAT("date-time"), DOC("The end, no longer in it")),
	F_STRS(news_window, instruments, COUNT(0, 100), DOC("Instruments it is about")),
	F_STRS(news_window, currencies, COUNT(0, 100), DOC("Or currencies, of either side of a pair")),
	F_STR(news_window, title, LENGTH(0, 200), DOC("What is awaited")),
};
static const struct field_table window_table = FIELD_TABLE("trade.market_hours.window", news_window, window_fields);

static const struct field request_fields[] = {
	F_STR(request, instrument, REQUIRED, LENGTH(2, 20), DOC("Name or alias in pack instruments")),
	F_STR(request, time, REQUIRED, FORMAT("date-time"), DOC("The moment asked about")),
	F_OBJECTS(request, blocklist, &window_table, COUNT(0, WINDOWS_MAX), DOC("News windows")),
};
static const struct field_table request_table = FIELD_TABLE("trade.market_hours.request", request, request_fields);

struct result {
	bool open;
	const char *session, *local_time;
	int reason;
	const char *next_open, *next_close;
};

static const struct field result_fields[] = {
	F_BOOL(result, open, DOC("The session's alone; a news window only names itself in reason")),
	F_STR(result, session, DOC("Of pack sessions")),
	F_STR(result, local_time, FORMAT("date-time"), DOC("With the session zone's offset")),
	F_ENUM(result, reason, market_reason_names, DOC("Why it is open or closed")),
	F_STR(result, next_open, NULLABLE, FORMAT("date-time"), DOC("Next opening after the time, UTC; null: always open")),
	F_STR(result, next_close, NULLABLE, FORMAT("date-time"), DOC("Next closing after the time, UTC")),
};
static const struct field_table result_table = FIELD_TABLE("trade.market_hours.result", result, result_fields);

static const char *utc_text(struct arena *arena, int64_t us)
{
	char text[STAMP_TEXT];
	if (us == FIELD_NO_INT)
		return NULL;
	stamp_format(text, us);
	return arena_dup(arena, text);
}

static const char *local_text(struct arena *arena, const struct zone *zone, int64_t us)
{
	char text[STAMP_TEXT];
	int64_t offset_s = zone_offset_s(zone, us), minutes = (offset_s < 0 ? -offset_s : offset_s) / 60;
	stamp_format(text, us + offset_s * STAMP_US_PER_S);
	return arena_printf(arena, "%.*s%c%02d:%02d", STAMP_LENGTH - 1, text, offset_s < 0 ? '-' : '+', (int)(minutes / 60),
						(int)(minutes % 60));
}

static void read_windows(struct calc *calc, const struct request *r)
{
	for (size_t i = 0; i < r->blocklist.count; i++) {
		struct news_window *w = &r->blocklist.items[i];
		const char *here = field_pointer_index(calc->arena, "/blocklist", i);
		bool from = moment_read(calc, w->from, field_pointer(calc->arena, here, "from"), &w->from_us);
		bool to = moment_read(calc, w->to, field_pointer(calc->arena, here, "to"), &w->to_us);
		if (from && to && w->to_us <= w->from_us)
			calc_fault(calc, field_pointer(calc->arena, here, "to"), "order", "must lie after from");
	}
}

/* The instrument and its session.  False: a fault or an error is noted. */
static bool find(struct calc *calc, const char *name, const struct instrument **instrument,
				 const struct session **session)
{
	const struct instruments *instruments = calc_pack(calc, "instruments");
	const struct sessions *sessions = calc_pack(calc, "sessions");
	if (instruments == NULL || sessions == NULL)
		return false;
	*instrument = instrument_find(instruments, name);
	if (*instrument == NULL) {
		calc_fault(calc, "/instrument", "unknown_instrument", "is not in pack instruments");
		return false;
	}
	*session = session_find(sessions, (*instrument)->session);
	if (*session == NULL)
		return err_set(&calc->err, ERR_PACK_VERSION, "pack sessions has no session %s", (*instrument)->session);
	return session_placed(*session, &calc->err);
}

/* Beside faults of decoding, all others too. */
static void check(struct calc *calc, const void *input)
{
	const struct request *r = input;
	const struct instruments *instruments = calc_pack(calc, "instruments");
	int64_t now_us;
	if (calc->faults.count == 0 || instruments == NULL)
		return;
	moment_read(calc, r->time, "/time", &now_us);
	read_windows(calc, r);
	if (r->instrument != NULL && instrument_find(instruments, r->instrument) == NULL)
		calc_fault(calc, "/instrument", "unknown_instrument", "is not in pack instruments");
}

static bool run(struct calc *calc, const void *input, void *output)
{
	const struct request *r = input;
	struct result *result = output;
	const struct instrument *instrument = NULL;
	const struct session *session = NULL;
	struct market_hours hours;
	int64_t now_us;
	moment_read(calc, r->time, "/time", &now_us);
	read_windows(calc, r);
	if (!find(calc, r->instrument, &instrument, &session) || calc->faults.count > 0)
		return false;
	if (!market_hours(calc->arena, session, now_us, &hours))
		return false;
	bool news = hours.open && news_window_find(r->blocklist.items, r->blocklist.count, instrument, now_us) != NULL;
	*result = (struct result){.open = hours.open,
							  .session = session->name,
							  .local_time = local_text(calc->arena, session->place, now_us),
							  .reason = news ? MARKET_NEWS_WINDOW : (int)hours.reason,
							  .next_open = utc_text(calc->arena, hours.next_open_us),
							  .next_close = utc_text(calc->arena, hours.next_close_us)};
	return true;
}

const struct op trade_market_hours_op = {
	.name = "trade.market_hours",
	.path = "/api/v1/trade/market_hours",
	.summary = "Is a market open, and when does that change",
	.doc = "Hours and holidays are pack `sessions`; clocks are those of the session's own zone, daylight saving "
		   "included.  Opening times are inside, closing times are not.",
	.input = &request_table,
	.output = &result_table,
	.check = check,
	.run = run,
	.example = "{\"instrument\":\"EURUSD\",\"time\":\"2025-01-03T21:30:00Z\"}",
};
