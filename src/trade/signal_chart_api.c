#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "seal/op.h"
#include "trade/accounts.h"
#include "trade/bars.h"
#include "trade/chart_op.h"
#include "trade/charts.h"
#include "trade/positions.h"
#include "trade/signals.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/*
 * GET /api/v1/signals/{id}/chart [trade.md 10]: the prices around a signal, out of the quotes that the terminal
 * uploads, with the signal, the entry and the exit marked.
 */

enum { BARS_AROUND = 120, BARS_MAX = 5000 };
#define MINUTE_US (60 * STAMP_US_PER_S)

static const char *const minutes_names[] = {"1", "5", "15", "60", NULL};
static const int64_t minutes_of[] = {1, 5, 15, 60};
static const char *const format_names[] = {"png", "svg", NULL};
static const char *const theme_names[] = {"light", "dark", NULL};
static const char *const palette_names[] = {"default", "colour_blind", "mono", NULL};

struct query {
	int minutes, format, theme, palette;
	int64_t width, height;
};
static const struct field query_fields[] = {
	F_ENUM(query, minutes, minutes_names, DEFAULT(0), DOC("Of a candle")),
	F_ENUM(query, format, format_names, DEFAULT(0)),
	F_INT(query, width, RANGE(200, 4000), DEFAULT(1200), UNIT("px")),
	F_INT(query, height, RANGE(150, 3000), DEFAULT(600), UNIT("px")),
	F_ENUM(query, theme, theme_names, DEFAULT(0)),
	F_ENUM(query, palette, palette_names, DEFAULT(0)),
};
static const struct field_table query_table = FIELD_TABLE("signals.chart", query, query_fields);

struct picture {
	struct exchange *x;
	struct query query;
	struct signal_row row;
	struct position position;
	bool found, opened;
	struct bar *bars;
	size_t count;
};

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* From as many candles before the signal to as many after the last that happened to it. */
static bool read_bars(struct picture *p, struct db *db, struct err *err)
{
	const struct position *position = &p->position;
	const char *account = p->row.trading_account_id;
	struct trading_account primary;
	bool found = account != NULL;
	if (!found && !trading_account_primary(db, p->row.owner_id, &p->x->arena, &primary, &found, err))
		return false;
	if (!found)
		return true;
	int64_t span_us = BARS_AROUND * minutes_of[p->query.minutes] * MINUTE_US, last_us = p->row.time_us;
	if (p->opened)
		last_us = later(last_us, later(position->opened_us, position->closed_us));
	const struct bars_ask ask = {.trading_account_id = account != NULL ? account : primary.trading_account_id,
								 .instrument = p->row.instrument,
								 .from_us = p->row.time_us - span_us,
								 .to_us = last_us + span_us,
								 .minutes = minutes_of[p->query.minutes],
								 .limit = BARS_MAX};
	return bars_list(db, &ask, &p->x->arena, &p->bars, &p->count, err);
}

static bool read_picture(struct db *db, void *self, struct err *err)
{
	struct picture *p = self;
	const char *id = exchange_param(p->x, "id"), *account = principal_of(p->x)->account_id;
	if (!id_valid(id) || !signal_find(db, account, id, &p->x->arena, &p->row, &p->found, err))
		return !id_valid(id);
	return !p->found ||
		   (position_of_signal(db, account, id, &p->x->arena, &p->position, &p->opened, err) && read_bars(p, db, err));
}

/* --- the question --- */

static void write_bars(struct jw *jw, const struct picture *p)
{
	jw_key(jw, "rows");
	jw_array(jw);
	for (size_t i = 0; i < p->count; i++) {
		const struct bar *bar = &p->bars[i];
		jw_object(jw);
		tell_time(jw, "time", bar->us);
		tell_exact(jw, "open", bar->open);
		tell_exact(jw, "high", bar->high);
		tell_exact(jw, "low", bar->low);
		tell_exact(jw, "close", bar->close);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

static void write_marker(struct jw *jw, int64_t us, bool buy, double price, const char *label)
{
	if (us == 0 || !given(price))
		return;
	jw_object(jw);
	tell_time(jw, "time", us);
	jw_member_str(jw, "side", buy ? "buy" : "sell");
	tell_exact(jw, "price", price);
	jw_member_str(jw, "label", label);
	jw_object_end(jw);
}

static void write_markers(struct jw *jw, const struct picture *p)
{
	bool buy = strcmp(p->row.side, "buy") == 0;
	jw_key(jw, "markers");
	jw_array(jw);
	write_marker(jw, p->row.time_us, buy, p->row.price, "signal");
	if (p->opened) {
		write_marker(jw, p->position.opened_us, buy, p->position.entry_price, "entry");
		write_marker(jw, p->position.closed_us, !buy, p->position.close_price, "exit");
	}
	jw_array_end(jw);
}

/* As trade.chart.candles takes it.  NULL: no memory. */
static const struct json *question(const struct picture *p)
{
	const struct json_limits limits = {.depth = 8, .values = 100000};
	const struct json *json = NULL;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "title", arena_printf(&p->x->arena, "%s %s", p->row.instrument, p->row.side));
	jw_member_str(&jw, "format", format_names[p->query.format]);
	jw_member_str(&jw, "theme", theme_names[p->query.theme]);
	jw_member_str(&jw, "palette", palette_names[p->query.palette]);
	jw_member_int(&jw, "width", p->query.width);
	jw_member_int(&jw, "height", p->query.height);
	write_bars(&jw, p);
	write_markers(&jw, p);
	jw_object_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dupn(&p->x->arena, buf_text(&buf), buf.size) : NULL;
	if (text == NULL || !json_parse(&p->x->arena, text, buf.size, &limits, &json, NULL))
		json = NULL;
	buf_fini(&buf);
	return json;
}

static void handle_chart(struct exchange *x)
{
	struct picture p = {.x = x};
	const struct op *op = &trade_chart_candles_op;
	if (op->memory_max > x->arena.cap)
		x->arena.cap = op->memory_max;
	if (!exchange_decode_query(x, &p.query) || !tell_read(x, read_picture, &p))
		return;
	if (!p.found) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such signal.");
		return;
	}
	const struct json *body = question(&p);
	if (body != NULL)
		chart_answer(x, op, body, 200);
	else
		exchange_failf(x, ERR_LIMIT, "no memory");
}

static const char *const types[] = {"application/json", "image/png", "image/svg+xml", NULL};

const struct route signal_chart_routes[] = {
	ROUTE(GET, "/api/v1/signals/{id}/chart", "trade.read", EFFECT_COMPUTE, handle_chart, .operation = "signals.chart",
		  .summary = "The prices around a signal, with its entry and exit",
		  .doc = "Out of the quotes that the terminal uploads; without any it abstains.  With Accept: image/png the "
				 "picture itself, else what it is and its url.",
		  .query = &query_table, .produces = types, .result = &chart_view_table, .rate_class = "trade.chart"),
};
const size_t signal_chart_routes_count = sizeof signal_chart_routes / sizeof *signal_chart_routes;
