#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/id.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "seal/pack.h"
#include "trade/deed.h"
#include "trade/domain/instruments.h"
#include "trade/doubt.h"
#include "trade/judge.h"
#include "trade/leases.h"
#include "trade/signal_life.h"
#include "trade/signal_view.h"
#include "trade/signals.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* /api/v1/signals: read, list, cancel; and what was refused [trade.md 2.3, 2.4]. */

enum { LIST_MAX = 200, LIST_USUAL = 50, REASON_MAX = 500 };

struct query {
	const char *instrument, *producer, *from, *to, *cursor;
	int status;
	int64_t limit;
};

static const struct field query_fields[] = {
	F_ENUM(query, status, signal_status_names, DOC("Only these")),
	F_STR(query, instrument, LENGTH(2, 20), DOC("Name or alias")),
	F_STR(query, producer, LENGTH(1, 64), DOC("Its id")),
	F_STR(query, from, FORMAT("date-time"), DOC("Taken in at or after")),
	F_STR(query, to, FORMAT("date-time"), DOC("Taken in before")),
	F_INT(query, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_USUAL)),
	F_STR(query, cursor, LENGTH(1, CURSOR_TEXT), DOC("next_cursor of the page before")),
};
static const struct field_table query_table = FIELD_TABLE("signals.query", query, query_fields);

static bool moment(struct exchange *x, const char *name, const char *text, int64_t *us, struct faults *faults)
{
	const struct stamp_fault *fault;
	(void)x;
	if (text == NULL || stamp_parse(text, strlen(text), us, &fault))
		return true;
	faults_add(faults, name, fault->code, "%s", fault->message);
	return false;
}

static bool read_filter(struct exchange *x, const struct query *q, struct signal_filter *filter)
{
	const struct trade_api *api = x->owner;
	const struct pack *pack = packs_find(api->options.packs, "instruments", NULL, NULL);
	struct faults faults;
	faults_init(&faults, &x->arena);
	*filter = (struct signal_filter){.account_id = principal_of(x)->account_id,
									 .status = q->status >= 0 ? signal_status_names[q->status] : NULL,
									 .instrument = instrument_canonical(pack->data, q->instrument),
									 .producer_id = q->producer,
									 .before_id = q->cursor,
									 .limit = q->limit + 1};
	moment(x, "/from", q->from, &filter->from_us, &faults);
	moment(x, "/to", q->to, &filter->to_us, &faults);
	if (faults.count > 0)
		exchange_fail_faults(x, ERR_INVALID, &faults);
	return faults.count == 0;
}

struct listing {
	struct exchange *x;
	struct query query;
	struct page_ask page; /* of the refused */
	struct signal_filter filter;
	struct signal_row *rows;
	struct refused_row *refused;
	size_t count;
};

static bool read_signals(struct db *db, void *self, struct err *err)
{
	struct listing *l = self;
	return signal_list(db, &l->filter, &l->x->arena, &l->rows, &l->count, err);
}

static void handle_list(struct exchange *x)
{
	struct listing l = {.x = x};
	struct telling t;
	if (!exchange_decode_query(x, &l.query) || !tell_cursor_open(x, &l.query.cursor) ||
		!read_filter(x, &l.query, &l.filter) || !tell_read(x, read_signals, &l))
		return;
	bool more = l.count == (size_t)l.filter.limit;
	l.count -= more;
	tell_list(&t);
	for (size_t i = 0; i < l.count; i++) {
		jw_object(&t.jw);
		signal_write_members(&t.jw, &l.rows[i]);
		jw_object_end(&t.jw);
	}
	tell_list_end(&t, x, more ? l.rows[l.count - 1].signal_id : NULL);
}

static void reply_signal(struct exchange *x, const struct signal_row *row)
{
	struct buf body;
	buf_init(&body, 0);
	signal_write(&body, row);
	exchange_setf(x, "ETag", "\"%.24s%08llx\"", row->seal_sha256, (unsigned long long)row->row_version);
	reply_fact_text(x, 200, buf_text(&body), body.size);
	buf_fini(&body);
}

static void handle_get(struct exchange *x)
{
	struct trade_api *api = x->owner;
	struct signal_row row;
	struct err err;
	const char *id = exchange_param(x, "id");
	bool found = false, read = true;
	if (id_valid(id)) {
		struct db *db = store_read(api->options.store);
		read = signal_find(db, principal_of(x)->account_id, id, &x->arena, &row, &found, &err);
		store_read_end(api->options.store, db);
	}
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such signal.");
	else
		reply_signal(x, &row);
}

/* --- cancel, judge again --- */

struct cancel {
	struct deed deed;
	const char *reason;
	struct signal_row row;
};

struct cancel_request {
	const char *reason;
};

static const struct field cancel_fields[] = {
	F_STR(cancel_request, reason, REQUIRED, LENGTH(1, REASON_MAX), DOC("For the record")),
};
static const struct field_table cancel_table = FIELD_TABLE("signals.cancel", cancel_request, cancel_fields);

/* The signal of the path.  *found false: refused with 404. */
static bool find_named(struct cancel *c, struct db *db, bool *found, struct err *err)
{
	struct exchange *x = c->deed.x;
	const char *id = exchange_param(x, "id");
	*found = false;
	if (id_valid(id) && !signal_find(db, principal_of(x)->account_id, id, &x->arena, &c->row, found, err))
		return false;
	return *found || write_refuse(&c->deed.write, ERR_NOT_FOUND, "There is no such signal.");
}

static bool apply_cancel(struct deed *deed, struct db *db, struct err *err)
{
	struct cancel *c = (struct cancel *)deed;
	const struct audit_event who = principal_event(deed->x, AUDIT_SIGNAL_CANCEL, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, c->reason}};
	bool found;
	if (!find_named(c, db, &found, err))
		return false;
	return !found || (signal_cancel(deed->api, db, &deed->x->arena, &c->row, &who, c->reason, deed->now_us, err) &&
					  deed_audit(deed, db, AUDIT_SIGNAL_CANCEL, c->row.signal_id, meta, 1, err));
}

/* Judge a blocked signal again; it stays blocked, with what refuses it now, or waits for a decision. */
static bool recheck(struct cancel *c, struct db *db, struct err *err)
{
	struct deed *deed = &c->deed;
	struct arena *arena = &deed->x->arena;
	const struct audit_event who = principal_event(deed->x, AUDIT_SIGNAL_RECHECK, AUDIT_SUCCESS);
	struct signal signal;
	struct judgement j;
	if (!signal_of_row(&c->row, arena, &signal, err))
		return false;
	const struct judging judging = {deed->api->options.packs,   db, arena, deed->now_us, &c->row, &signal, NAN,
									deed->api->options.platform};
	if (!judge(&judging, &j, err) || !signal_judged(deed->api, db, arena, &c->row, &j, &who, deed->now_us, err))
		return false;
	c->row.updated_us = deed->now_us;
	const struct audit_pair meta[] = {{AUDIT_META_decision, j.accept ? "accept" : "refuse"},
									  {AUDIT_META_rules, j.names}};
	return signal_settle(db, &c->row, err) &&
		   (j.accept
				? signal_go(deed->api, db, &c->row, SIGNAL_PENDING, who.actor, NULL, deed->now_us, err)
				: signal_note(deed->api, db, &c->row, "signal.rechecked", who.actor, j.names, deed->now_us, err)) &&
		   deed_audit(deed, db, AUDIT_SIGNAL_RECHECK, c->row.signal_id, meta, 2, err) &&
		   signal_find(db, c->row.account_id, c->row.signal_id, arena, &c->row, &(bool){false}, err);
}

static bool apply_recheck(struct deed *deed, struct db *db, struct err *err)
{
	struct cancel *c = (struct cancel *)deed;
	bool found;
	if (!find_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	if (c->row.status != SIGNAL_BLOCKED || deed->now_us >= c->row.expires_us)
		return write_refuse(&deed->write, ERR_TRANSITION_REFUSED,
							"Only a blocked signal that has not expired is judged again.");
	return recheck(c, db, err);
}

/*
 * Nobody will tell any more whether the broker has the order: its terminal was revoked, and perhaps no other will come.
 * A person who has looked at the broker's own record says that it is not there, under his name.
 */
static bool apply_give_up(struct deed *deed, struct db *db, struct err *err)
{
	struct cancel *c = (struct cancel *)deed;
	struct arena *arena = &deed->x->arena;
	const struct audit_event who = principal_event(deed->x, AUDIT_DELIVERY_EXPIRE, AUDIT_SUCCESS);
	const struct leasing l = {deed->api, db, arena, &who, deed->now_us};
	struct delivery d;
	bool found;
	int64_t revoked_us;
	if (!find_named(c, db, &found, err))
		return false;
	if (!found)
		return true;
	if (!delivery_of_signal(db, c->row.signal_id, arena, &d, &found, err))
		return false;
	if (!found || d.state != DELIVERY_DOUBT)
		return write_refuse(&deed->write, ERR_TRANSITION_REFUSED, "Only an order in doubt is given up.");
	if (!doubt_orphaned(db, &d, arena, &revoked_us, err))
		return false;
	if (revoked_us == 0)
		return write_refuse(&deed->write, ERR_TRANSITION_REFUSED,
							"Its terminal has not been revoked: its next snapshot tells what became of the order.");
	return delivery_given_up(&l, &d, c->reason, err) &&
		   signal_find(db, c->row.account_id, c->row.signal_id, arena, &c->row, &found, err);
}

static void answer_cancel(struct deed *deed)
{
	reply_signal(deed->x, &((const struct cancel *)deed)->row);
}

static void with_reason(struct exchange *x, bool (*apply)(struct deed *deed, struct db *db, struct err *err))
{
	struct cancel_request request;
	struct cancel *c = deed_start(x, sizeof *c);
	if (c == NULL || !exchange_decode(x, &request))
		return;
	c->reason = request.reason;
	deed_write(&c->deed, apply, answer_cancel);
}

static void handle_cancel(struct exchange *x)
{
	with_reason(x, apply_cancel);
}

static void handle_give_up(struct exchange *x)
{
	with_reason(x, apply_give_up);
}

static void handle_recheck(struct exchange *x)
{
	struct cancel *c = deed_start(x, sizeof *c);
	if (c != NULL)
		deed_write(&c->deed, apply_recheck, answer_cancel);
}

/* --- timeline --- */

struct timeline {
	struct exchange *x;
	struct signal_row row;
	struct signal_event *events;
	size_t count;
	bool found;
};

static bool read_timeline(struct db *db, void *self, struct err *err)
{
	struct timeline *t = self;
	const char *id = exchange_param(t->x, "id");
	if (!id_valid(id))
		return true;
	return signal_find(db, principal_of(t->x)->account_id, id, &t->x->arena, &t->row, &t->found, err) &&
		   (!t->found || signal_event_list(db, id, &t->x->arena, &t->events, &t->count, err));
}

static void handle_timeline(struct exchange *x)
{
	struct timeline line = {.x = x};
	struct telling t;
	if (!tell_read(x, read_timeline, &line))
		return;
	if (!line.found) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such signal.");
		return;
	}
	tell_list(&t);
	for (size_t i = 0; i < line.count; i++) {
		const struct signal_event *e = &line.events[i];
		jw_object(&t.jw);
		jw_member_str(&t.jw, "id", e->event_id);
		jw_member_str(&t.jw, "event", e->event);
		jw_member_str(&t.jw, "actor", e->actor);
		jw_member_str(&t.jw, "detail", e->detail);
		tell_time(&t.jw, "at", e->at_us);
		jw_object_end(&t.jw);
	}
	tell_list_end(&t, x, NULL);
}

/* --- refused --- */

static void write_refused(struct jw *jw, const struct refused_row *row)
{
	char time[STAMP_TEXT];
	stamp_format(time, row->created_us);
	jw_object(jw);
	jw_member_str(jw, "id", row->refused_id);
	jw_member_str(jw, "producer_id", row->producer_id);
	jw_member_int(jw, "status", row->status);
	jw_member_str(jw, "code", row->code);
	jw_member_str(jw, "detail", row->detail);
	jw_key(jw, "errors");
	jw_raw(jw, row->errors, strlen(row->errors));
	jw_member_str(jw, "signal_id", row->signal_id);
	jw_member_str(jw, "created_at", time);
	jw_object_end(jw);
}

static bool read_refused(struct db *db, void *self, struct err *err)
{
	struct listing *l = self;
	return refused_list(db, principal_of(l->x)->account_id, l->page.cursor, l->page.limit + 1, &l->x->arena,
						&l->refused, &l->count, err);
}

static void handle_refused(struct exchange *x)
{
	struct listing l = {.x = x};
	struct telling t;
	if (!exchange_decode_query(x, &l.page) || !tell_cursor_open(x, &l.page.cursor) || !tell_read(x, read_refused, &l))
		return;
	bool more = l.count == (size_t)l.page.limit + 1;
	l.count -= more;
	tell_list(&t);
	for (size_t i = 0; i < l.count; i++)
		write_refused(&t.jw, &l.refused[i]);
	tell_list_end(&t, x, more ? l.refused[l.count - 1].refused_id : NULL);
}

static const struct field page_rows[] = {T_PAGE(&signal_view_table)};
static const struct field_table signals_page_table = TOLD_TABLE("trade.signals", page_rows);
static const struct field fault_rows[] = {T_STR(pointer), T_STR(code), T_STR(message)};
static const struct field_table fault_table = TOLD_TABLE("trade.signal.fault", fault_rows);
static const struct field refused_rows[] = {
	T_STR(id),
	T_STR(producer_id),
	T_INT(status, DOC("What was answered")),
	T_STR(code),
	T_STR(detail),
	T_OBJECTS(errors, &fault_table),
	T_STR(signal_id, NULLABLE, DOC("The one that is there already")),
	T_TIME(created_at),
};
static const struct field_table refused_table = TOLD_TABLE("trade.signal.refused", refused_rows);
static const struct field refused_page_rows[] = {T_PAGE(&refused_table)};
static const struct field_table refused_page_table = TOLD_TABLE("trade.signals.refused", refused_page_rows);
static const struct field event_rows[] = {
	T_STR(id), T_STR(event), T_STR(actor, NULLABLE), T_STR(detail, NULLABLE), T_TIME(at),
};
static const struct field_table event_table = TOLD_TABLE("trade.signal.event", event_rows);
static const struct field timeline_rows[] = {T_PAGE(&event_table)};
static const struct field_table timeline_table = TOLD_TABLE("trade.signal.timeline", timeline_rows);

static const enum err_kind give_up_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_NONE};

const struct route signals_routes[] = {
	ROUTE(GET, "/api/v1/signals", "trade.read", EFFECT_READ, handle_list, .operation = "signals.list",
		  .summary = "The account's signals, newest first", .query = &query_table, .result = &signals_page_table),
	ROUTE(GET, "/api/v1/signals/refused", "trade.read", EFFECT_READ, handle_refused, .operation = "signals.refused",
		  .summary = "Verified requests of the last 7 days that were refused, and why", .query = &page_ask_table,
		  .result = &refused_page_table),
	ROUTE(GET, "/api/v1/signals/{id}", "trade.read", EFFECT_READ, handle_get, .operation = "signals.get",
		  .summary = "One signal", .result = &signal_view_table),
	ROUTE(POST, "/api/v1/signals/{id}/cancel", "trade.manage", EFFECT_WRITE, handle_cancel,
		  .operation = "signals.cancel", .summary = "Cancel a signal that was not delivered", .body = &cancel_table,
		  .result = &signal_view_table),
	ROUTE(POST, "/api/v1/signals/{id}/give-up", "trade.risk", EFFECT_WRITE, handle_give_up,
		  .operation = "signals.give_up",
		  .summary = "An order in doubt whose terminal was revoked is not at the broker",
		  .doc = "A person's word, for the record, where no other terminal will come to tell: the signal has failed. "
				 "409 while a terminal can still tell.",
		  .body = &cancel_table, .result = &signal_view_table, .errors = give_up_errors),
	ROUTE(POST, "/api/v1/signals/{id}/recheck", "trade.manage", EFFECT_WRITE, handle_recheck,
		  .operation = "signals.recheck", .summary = "Judge a blocked signal again", .result = &signal_view_table),
	ROUTE(GET, "/api/v1/signals/{id}/timeline", "trade.read", EFFECT_READ, handle_timeline,
		  .operation = "signals.timeline", .summary = "All that happened to a signal, by whom and when",
		  .result = &timeline_table),
};
const size_t signals_routes_count = sizeof signals_routes / sizeof *signals_routes;
