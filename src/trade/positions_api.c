#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "seal/pack.h"
#include "trade/accounts.h"
#include "trade/closing.h"
#include "trade/deed.h"
#include "trade/domain/instruments.h"
#include "trade/domain/risk.h"
#include "trade/exact.h"
#include "trade/guarding.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* /api/v1/positions, /api/v1/reconciliation and /api/v1/guards: what is open, how it fits, what watches over it. */

enum { REASON_MAX = 200, RECENT_MAX = 20, ACCOUNTS_MAX = 500 };

/* --- positions --- */

static const char *const which_names[] = {"open", "closed", "all", NULL};

struct position_query {
	int status;
	const char *symbol, *account, *cursor;
	int64_t limit;
};
static const struct field query_fields[] = {
	F_ENUM(position_query, status, which_names, DEFAULT(2)),
	F_STR(position_query, symbol, LENGTH(1, 40), DOC("Instrument")),
	F_STR(position_query, account, LENGTH(1, 64), DOC("Trading account")),
	F_INT(position_query, limit, RANGE(1, 200), DEFAULT(50)),
	F_STR(position_query, cursor, LENGTH(1, CURSOR_TEXT), DOC("next_cursor of the page before")),
};
static const struct field_table query_table = FIELD_TABLE("positions.query", position_query, query_fields);

static void write_members(struct jw *jw, const struct trade_api *api, const struct position *p)
{
	const struct pack *pack = packs_find(api->options.packs, "instruments", NULL, NULL);
	const struct instrument *instrument = instrument_find(pack->data, p->instrument);
	double sign = strcmp(p->side, "buy") == 0 ? 1 : -1;
	double slippage = instrument != NULL ? round(sign * (p->entry_price - p->requested_price) / instrument->tick) : NAN;
	jw_member_str(jw, "id", p->position_id);
	jw_member_str(jw, "trading_account_id", p->trading_account_id);
	jw_member_bool(jw, "paper", p->paper);
	jw_member_str(jw, "signal_id", p->signal_id);
	jw_member_str(jw, "approval_id", p->approval_id);
	jw_member_str(jw, "broker_ticket", p->broker_ticket);
	jw_member_str(jw, "instrument", p->instrument);
	jw_member_str(jw, "side", p->side);
	tell_exact(jw, "volume", p->lots);
	tell_exact(jw, "entry_price", p->entry_price);
	tell_exact(jw, "requested_price", p->requested_price);
	tell_exact(jw, "slippage_points", slippage);
	tell_exact(jw, "current_price", p->current_price);
	tell_exact(jw, "stop_loss", p->stop_loss);
	tell_exact(jw, "take_profit", p->take_profit);
	tell_money(jw, "profit", p->profit);
	tell_money(jw, "swap", p->swap);
	tell_money(jw, "commission", p->commission);
	tell_ratio(jw, "profit_pct_of_equity", p->account_equity > 0 ? p->profit / p->account_equity * 100 : NAN);
	jw_member_str(jw, "status", position_status_names[p->status]);
	jw_member_str(jw, "matched", p->matched);
	jw_member_str(jw, "close_reason", p->close_reason);
	tell_exact(jw, "close_price", p->close_price);
	tell_time(jw, "opened_at", p->opened_us);
	tell_time(jw, "closed_at", p->closed_us);
}

struct reading {
	struct exchange *x;
	struct position_query query;
	struct position one, *items;
	size_t count;
	bool found;
};

static bool read_one(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	const char *id = exchange_param(r->x, "id");
	return !id_valid(id) ||
		   position_find(db, principal_of(r->x)->account_id, id, &r->x->arena, &r->one, &r->found, err);
}

static void answer_position(struct exchange *x, const struct position *p, int status)
{
	struct telling t;
	tell_begin(&t);
	write_members(&t.jw, x->owner, p);
	tell_end(&t, x, status);
}

static void handle_get(struct exchange *x)
{
	struct reading r = {.x = x};
	if (!tell_read(x, read_one, &r))
		return;
	if (r.found)
		answer_position(x, &r.one, 200);
	else
		exchange_failf(x, ERR_NOT_FOUND, "There is no such position.");
}

static bool read_list(struct db *db, void *self, struct err *err)
{
	struct reading *r = self;
	const struct trade_api *api = r->x->owner;
	const struct pack *pack = packs_find(api->options.packs, "instruments", NULL, NULL);
	const struct position_filter filter = {
		.account_id = principal_of(r->x)->account_id,
		.trading_account_id = r->query.account,
		.instrument = instrument_canonical(pack->data, r->query.symbol),
		.before_id = r->query.cursor,
		.open = r->query.status != 1,
		.closed = r->query.status != 0,
		.limit = r->query.limit + 1,
	};
	return position_list(db, &filter, &r->x->arena, &r->items, &r->count, err);
}

static void handle_list(struct exchange *x)
{
	struct reading r = {.x = x};
	struct telling t;
	if (!exchange_decode_query(x, &r.query) || !tell_cursor_open(x, &r.query.cursor) || !tell_read(x, read_list, &r))
		return;
	bool more = r.count > (size_t)r.query.limit;
	r.count -= more;
	tell_list(&t);
	for (size_t i = 0; i < r.count; i++) {
		jw_object(&t.jw);
		write_members(&t.jw, x->owner, &r.items[i]);
		jw_object_end(&t.jw);
	}
	tell_list_end(&t, x, more ? r.items[r.count - 1].position_id : NULL);
}

/* --- closing --- */

struct close_request {
	const char *reason;
};
static const struct field close_fields[] = {
	F_STR(close_request, reason, REQUIRED, LENGTH(1, REASON_MAX), DOC("For the record")),
};
static const struct field_table close_table = FIELD_TABLE("positions.close", close_request, close_fields);

struct change {
	struct deed deed;
	struct close_request request;
	struct position position;
	const char *trading_account_id;
};

static bool apply_close(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	struct exchange *x = deed->x;
	const struct audit_event who = principal_event(x, AUDIT_POSITION_CLOSE_REQUEST, AUDIT_SUCCESS);
	const struct closing closing = {deed->api, db, &x->arena, &who, deed->now_us, c->request.reason};
	const char *id = exchange_param(x, "id");
	bool found = false;
	if (id_valid(id) && !position_find(db, principal_of(x)->account_id, id, &x->arena, &c->position, &found, err))
		return false;
	if (!found)
		return write_refuse(&deed->write, ERR_NOT_FOUND, "There is no such position.");
	if (c->position.status == POSITION_CLOSED || c->position.status == POSITION_CLOSE_REQUESTED)
		return write_refuse(&deed->write, ERR_TRANSITION_REFUSED, "The position is %s.",
							position_status_names[c->position.status]);
	return position_request_close(&closing, &c->position, "user", err);
}

static void answer_close(struct deed *deed)
{
	answer_position(deed->x, &((const struct change *)deed)->position, 202);
}

static void handle_close(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL && exchange_decode(x, &c->request))
		deed_write(&c->deed, apply_close, answer_close);
}

/* --- reconciliation --- */

struct events_query {
	const char *account, *cursor;
	int64_t limit;
};
static const struct field events_fields[] = {
	F_STR(events_query, account, LENGTH(1, 64), DOC("Trading account; left out: all")),
	F_INT(events_query, limit, RANGE(1, 200), DEFAULT(50)),
	F_STR(events_query, cursor, LENGTH(1, CURSOR_TEXT), DOC("next_cursor of the page before")),
};
static const struct field_table events_table = FIELD_TABLE("reconciliation.query", events_query, events_fields);

struct events {
	struct exchange *x;
	struct events_query query;
	struct telling *t;
	bool divergences;
	size_t count;
	const char *last;
	bool more;
};

static void write_event(struct jw *jw, const struct db_rows *rows)
{
	jw_object(jw);
	jw_member_str(jw, "id", db_text(rows, 0));
	jw_member_str(jw, "kind", db_text(rows, 1));
	jw_member_str(jw, "trading_account_id", db_text(rows, 2));
	jw_member_str(jw, "position_id", db_text(rows, 3));
	jw_member_str(jw, "ticket", db_text(rows, 4));
	tell_json(jw, "expected", db_text(rows, 5));
	tell_json(jw, "actual", db_text(rows, 6));
	tell_time(jw, "at", db_int(rows, 7));
	jw_object_end(jw);
}

static bool read_events(struct db *db, void *self, struct err *err)
{
	struct events *e = self;
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT event_id, kind, trading_account_id, position_id, ticket, expected, actual, at "
				  "FROM reconciliation_events WHERE account_id = $1 AND (CAST($2 AS TEXT) IS NULL OR "
				  "trading_account_id = $2) AND (CAST($3 AS TEXT) IS NULL OR event_id < $3) "
				  "AND ($4 = 0 OR divergence <> 0) ORDER BY event_id DESC LIMIT $5",
				  V_TEXT(principal_of(e->x)->account_id), V_TEXT(e->query.account), V_TEXT(e->query.cursor),
				  V_INT(e->divergences), V_INT(e->query.limit + 1)))
		return false;
	while (db_next(&rows)) {
		if (e->count == (size_t)e->query.limit) {
			e->more = true;
			continue;
		}
		write_event(&e->t->jw, &rows);
		e->last = db_text_dup(&rows, 0, &e->x->arena);
		e->count++;
	}
	return db_end(&rows, err);
}

static void list_events(struct exchange *x, bool divergences)
{
	struct telling t;
	struct events e = {.x = x, .t = &t, .divergences = divergences};
	if (!exchange_decode_query(x, &e.query) || !tell_cursor_open(x, &e.query.cursor))
		return;
	tell_list(&t);
	if (tell_read(x, read_events, &e))
		tell_list_end(&t, x, e.more ? e.last : NULL);
	else
		buf_fini(&t.buf);
}

static void handle_events(struct exchange *x)
{
	list_events(x, false);
}

static void handle_divergences(struct exchange *x)
{
	list_events(x, true);
}

static bool read_snapshots(struct db *db, void *self, struct err *err)
{
	struct events *e = self;
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT snapshot_id, trading_account_id, balance, equity, margin, free_margin, positions, taken_at, "
				  "received_at FROM account_snapshots WHERE account_id = $1 AND (CAST($2 AS TEXT) IS NULL OR "
				  "trading_account_id = $2) AND (CAST($3 AS TEXT) IS NULL OR snapshot_id < $3) "
				  "ORDER BY snapshot_id DESC LIMIT $4",
				  V_TEXT(principal_of(e->x)->account_id), V_TEXT(e->query.account), V_TEXT(e->query.cursor),
				  V_INT(e->query.limit + 1)))
		return false;
	while (db_next(&rows)) {
		struct jw *jw = &e->t->jw;
		if (e->count++ == (size_t)e->query.limit) {
			e->more = true;
			continue;
		}
		e->last = db_text_dup(&rows, 0, &e->x->arena);
		jw_object(jw);
		jw_member_str(jw, "id", e->last);
		jw_member_str(jw, "trading_account_id", db_text(&rows, 1));
		tell_money(jw, "balance", db_money(&rows, 2));
		tell_money(jw, "equity", db_money(&rows, 3));
		tell_money(jw, "margin", db_money(&rows, 4));
		tell_money(jw, "free_margin", db_money(&rows, 5));
		jw_member_int(jw, "positions", db_int(&rows, 6));
		tell_time(jw, "taken_at", db_int(&rows, 7));
		tell_time(jw, "received_at", db_int(&rows, 8));
		jw_object_end(jw);
	}
	return db_end(&rows, err);
}

static void handle_snapshots(struct exchange *x)
{
	struct telling t;
	struct events e = {.x = x, .t = &t};
	if (!exchange_decode_query(x, &e.query) || !tell_cursor_open(x, &e.query.cursor))
		return;
	tell_list(&t);
	if (tell_read(x, read_snapshots, &e))
		tell_list_end(&t, x, e.more ? e.last : NULL);
	else
		buf_fini(&t.buf);
}

/* --- status of one account --- */

struct status {
	struct exchange *x;
	struct trading_account account;
	bool found;
	int64_t matched, divergences, now_us;
	struct events events;
};

static void take_counts(const struct db_rows *row, void *self)
{
	struct status *s = self;
	s->matched = db_int(row, 0);
	s->divergences = db_int(row, 1);
}

static bool find_account(struct status *s, struct db *db, struct err *err)
{
	const struct principal *p = principal_of(s->x);
	const char *id = s->events.query.account;
	return id != NULL ? trading_account_find(db, p->account_id, id, &s->x->arena, &s->account, &s->found, err)
					  : trading_account_primary(db, p->user_id, &s->x->arena, &s->account, &s->found, err);
}

static bool read_status(struct db *db, void *self, struct err *err)
{
	struct status *s = self;
	bool found;
	if (!find_account(s, db, err))
		return false;
	if (!s->found)
		return true;
	s->events.query.account = s->account.trading_account_id;
	s->events.query.limit = RECENT_MAX;
	return db_one(db, err, &found, take_counts, s,
				  "SELECT (SELECT COUNT(*) FROM positions WHERE trading_account_id = $1 AND status <> 'closed' AND "
				  "matched IS NOT NULL), (SELECT COUNT(*) FROM reconciliation_events e JOIN positions p ON "
				  "p.position_id = e.position_id AND p.status <> 'closed' WHERE e.trading_account_id = $1 AND "
				  "e.divergence <> 0)",
				  V_TEXT(s->account.trading_account_id)) &&
		   read_events(db, &s->events, err);
}

static const char *health_of(const struct status *s)
{
	const struct trading_account *a = &s->account;
	if (a->last_snapshot_us == 0)
		return "idle";
	if (s->now_us - trading_account_seen_us(a) > ACCOUNT_STALE_S * STAMP_US_PER_S)
		return "stale";
	return s->divergences > 0 ? "warning" : "healthy";
}

static void write_status(struct jw *jw, const struct status *s)
{
	const struct trading_account *a = &s->account;
	jw_member_str(jw, "trading_account_id", a->trading_account_id);
	jw_member_bool(jw, "paper", a->paper);
	jw_member_str(jw, "status", health_of(s));
	tell_time(jw, "last_sync_at", a->last_snapshot_us);
	jw_member_int(jw, "total_syncs", a->syncs);
	tell_ratio(jw, "last_sync_ms", (double)a->last_sync_us / 1000);
	jw_member_int(jw, "open_positions", a->open_positions);
	jw_member_int(jw, "matched", s->matched);
	jw_member_int(jw, "divergences", s->divergences);
}

static void handle_status(struct exchange *x)
{
	const struct trade_api *api = x->owner;
	struct status s = {.x = x, .now_us = env_wall_us(api->options.env)};
	struct telling recent, t;
	s.events = (struct events){.x = x, .t = &recent};
	if (!exchange_decode_query(x, &s.events.query))
		return;
	buf_init(&recent.buf, 0);
	jw_init(&recent.jw, &recent.buf);
	jw_array(&recent.jw);
	bool read = tell_read(x, read_status, &s);
	jw_array_end(&recent.jw);
	if (read && !s.found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such trading account.");
	if (read && s.found) {
		tell_begin(&t);
		write_status(&t.jw, &s);
		tell_json(&t.jw, "recent_events", buf_text(&recent.buf));
		tell_end(&t, x, 200);
	}
	buf_fini(&recent.buf);
}

/* --- guards --- */

struct watching {
	struct exchange *x;
	struct trading_account *accounts;
	struct guarding *found;
	size_t count;
	int64_t now_us;
};

static bool read_guards(struct db *db, void *self, struct err *err)
{
	struct watching *w = self;
	struct arena *arena = &w->x->arena;
	if (!trading_account_list(db, principal_of(w->x)->account_id, NULL, ACCOUNTS_MAX, arena, &w->accounts, &w->count,
							  err))
		return false;
	w->found = arena_array(arena, w->count + 1, sizeof *w->found);
	for (size_t i = 0; w->found != NULL && i < w->count; i++)
		if (!guards_read(db, arena, &w->accounts[i], w->now_us, &w->found[i], err))
			return false;
	return w->found != NULL || err_set(err, ERR_LIMIT, "no memory");
}

static void handle_guards(struct exchange *x)
{
	const struct trade_api *api = x->owner;
	struct watching w = {.x = x, .now_us = env_wall_us(api->options.env)};
	struct telling t;
	if (!tell_read(x, read_guards, &w))
		return;
	tell_list(&t);
	for (size_t i = 0; i < w.count; i++) {
		const struct guarding *g = &w.found[i];
		if (w.accounts[i].last_snapshot_us == 0)
			continue; /* real values only */
		jw_object(&t.jw);
		jw_member_str(&t.jw, "trading_account_id", w.accounts[i].trading_account_id);
		jw_member_bool(&t.jw, "paper", w.accounts[i].paper);
		jw_member_bool(&t.jw, "armed", g->armed);
		tell_exact(&t.jw, "closes_in_seconds", g->armed ? ceil(fmax(0, (double)(g->closes_us - w.now_us) / 1e6)) : NAN);
		guards_write(&t.jw, g);
		jw_object_end(&t.jw);
	}
	tell_list_end(&t, x, NULL);
}

struct cancel_request {
	const char *trading_account_id, *reason;
};
static const struct field cancel_fields[] = {
	F_STR(cancel_request, trading_account_id, REQUIRED, LENGTH(1, 64)),
	F_STR(cancel_request, reason, REQUIRED, LENGTH(1, REASON_MAX), DOC("For the record")),
};
static const struct field_table cancel_table = FIELD_TABLE("guards.cancel", cancel_request, cancel_fields);

static bool apply_cancel(struct deed *deed, struct db *db, struct err *err)
{
	const struct change *c = (const struct change *)deed;
	struct exchange *x = deed->x;
	const struct audit_event who = principal_event(x, AUDIT_GUARD_CANCEL, AUDIT_SUCCESS);
	const struct closing closing = {deed->api, db, &x->arena, &who, deed->now_us, c->request.reason};
	struct trading_account account;
	bool found = false, cancelled = false;
	if (!trading_account_find(db, principal_of(x)->account_id, c->trading_account_id, &x->arena, &account, &found, err))
		return false;
	if (!found)
		return write_refuse(&deed->write, ERR_NOT_FOUND, "There is no such trading account.");
	if (!guards_cancel(&closing, &account, &cancelled, err))
		return false;
	return cancelled || write_refuse(&deed->write, ERR_TRANSITION_REFUSED, "No guard waits to close it.");
}

static void handle_cancel(struct exchange *x)
{
	struct cancel_request request;
	struct change *c = deed_start(x, sizeof *c);
	if (c == NULL || !exchange_decode(x, &request))
		return;
	c->trading_account_id = request.trading_account_id;
	c->request.reason = request.reason;
	deed_write(&c->deed, apply_cancel, NULL);
}

static const struct field position_rows[] = {
	T_STR(id),
	T_STR(trading_account_id),
	T_BOOL(paper),
	T_STR(signal_id, NULLABLE),
	T_STR(approval_id, NULLABLE),
	T_STR(broker_ticket, NULLABLE),
	T_STR(instrument),
	T_ENUM(side, trade_side_names),
	T_NUM(volume, NULLABLE, UNIT("lots")),
	T_NUM(entry_price, NULLABLE),
	T_NUM(requested_price, NULLABLE),
	T_NUM(slippage_points, NULLABLE),
	T_NUM(current_price, NULLABLE),
	T_NUM(stop_loss, NULLABLE),
	T_NUM(take_profit, NULLABLE),
	T_NUM(profit, NULLABLE),
	T_NUM(swap, NULLABLE),
	T_NUM(commission, NULLABLE),
	T_NUM(profit_pct_of_equity, NULLABLE),
	T_ENUM(status, position_status_names),
	T_STR(matched, NULLABLE, DOC("By what it was found at the broker")),
	T_STR(close_reason, NULLABLE),
	T_NUM(close_price, NULLABLE),
	T_TIME(opened_at, NULLABLE),
	T_TIME(closed_at, NULLABLE),
};
static const struct field_table position_table = TOLD_TABLE("trade.position", position_rows);
static const struct field page_rows[] = {T_PAGE(&position_table)};
static const struct field_table positions_page_table = TOLD_TABLE("trade.positions", page_rows);
static const struct field event_rows[] = {
	T_STR(id),
	T_STR(kind),
	T_STR(trading_account_id),
	T_STR(position_id, NULLABLE),
	T_STR(ticket, NULLABLE),
	T_JSON(expected),
	T_JSON(actual),
	T_TIME(at),
};
static const struct field_table event_table = TOLD_TABLE("reconciliation.event", event_rows);
static const struct field events_page_rows[] = {T_PAGE(&event_table)};
static const struct field_table events_page_table = TOLD_TABLE("reconciliation.events", events_page_rows);
static const struct field snapshot_rows[] = {
	T_STR(id),
	T_STR(trading_account_id),
	T_NUM(balance, NULLABLE),
	T_NUM(equity, NULLABLE),
	T_NUM(margin, NULLABLE),
	T_NUM(free_margin, NULLABLE),
	T_INT(positions),
	T_TIME(taken_at),
	T_TIME(received_at),
};
static const struct field_table snapshot_table = TOLD_TABLE("reconciliation.snapshot", snapshot_rows);
static const struct field snapshots_page_rows[] = {T_PAGE(&snapshot_table)};
static const struct field_table snapshots_page_table = TOLD_TABLE("reconciliation.snapshots", snapshots_page_rows);
static const struct field status_rows[] = {
	T_STR(trading_account_id),
	T_BOOL(paper),
	T_STR(status, DOC("idle: no snapshot yet, stale, warning: something differs, healthy")),
	T_TIME(last_sync_at, NULLABLE),
	T_INT(total_syncs),
	T_NUM(last_sync_ms, UNIT("ms")),
	T_INT(open_positions),
	T_INT(matched),
	T_INT(divergences),
	T_OBJECTS(recent_events, &event_table),
};
static const struct field_table status_table = TOLD_TABLE("reconciliation.status", status_rows);
static const struct field watched_rows[] = {
	T_STR(trading_account_id),
	T_BOOL(paper),
	T_BOOL(armed, DOC("It closes everything unless it is cancelled")),
	T_NUM(closes_in_seconds, NULLABLE, UNIT("s")),
	T_ALL(&guards_view_table),
};
static const struct field_table watched_table = TOLD_TABLE("guards.watched", watched_rows);
static const struct field guards_rows[] = {T_PAGE(&watched_table)};
static const struct field_table guards_table = TOLD_TABLE("guards.status", guards_rows);

static const enum err_kind change_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_NONE};

const struct route positions_routes[] = {
	ROUTE(GET, "/api/v1/positions", "trade.read", EFFECT_READ, handle_list, .operation = "positions.list",
		  .summary = "Positions, the newest first", .query = &query_table, .result = &positions_page_table),
	ROUTE(GET, "/api/v1/positions/{id}", "trade.read", EFFECT_READ, handle_get, .operation = "positions.get",
		  .summary = "One position", .result = &position_table),
	ROUTE(POST, "/api/v1/positions/{id}/close", "trade.pause", EFFECT_WRITE, handle_close,
		  .operation = "positions.close", .summary = "Ask a terminal to close it; never refused by a state or limit",
		  .body = &close_table, .result = &position_table, .status = 202, .errors = change_errors,
		  .rate_class = "none"),
	ROUTE(GET, "/api/v1/reconciliation/status", "trade.read", EFFECT_READ, handle_status,
		  .operation = "reconciliation.status", .summary = "How well the broker's side fits ours",
		  .query = &events_table, .result = &status_table),
	ROUTE(GET, "/api/v1/reconciliation/events", "trade.read", EFFECT_READ, handle_events,
		  .operation = "reconciliation.events", .summary = "What reconciliation found, the newest first",
		  .query = &events_table, .result = &events_page_table),
	ROUTE(GET, "/api/v1/reconciliation/divergences", "trade.read", EFFECT_READ, handle_divergences,
		  .operation = "reconciliation.divergences", .summary = "Where the broker's side differs, the newest first",
		  .query = &events_table, .result = &events_page_table),
	ROUTE(GET, "/api/v1/reconciliation/snapshots", "trade.read", EFFECT_READ, handle_snapshots,
		  .operation = "reconciliation.snapshots", .summary = "Snapshots that were taken in, the newest first",
		  .query = &events_table, .result = &snapshots_page_table),
	ROUTE(GET, "/api/v1/guards/status", "trade.read", EFFECT_READ, handle_guards, .operation = "guards.status",
		  .summary = "What the guards find now, by account", .result = &guards_table),
	ROUTE(POST, "/api/v1/guards/cancel", "trade.risk", EFFECT_WRITE, handle_cancel, .operation = "guards.cancel",
		  .summary = "Keep an armed guard from closing everything", .body = &cancel_table, .status = 204,
		  .errors = change_errors),
};
const size_t positions_routes_count = sizeof positions_routes / sizeof *positions_routes;
