#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/jcs.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "trade/closing.h"
#include "trade/domain/risk.h"
#include "trade/exact.h"
#include "trade/figures.h"
#include "trade/leases.h"
#include "trade/terminal.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"
#include "trade/waiting.h"

/* /api/v1/client: what terminals call [trade.md 4.3].  Each request is one op: nonce, work and answer together. */

enum { ORDERS_MAX = 50, ORDERS_USUAL = 20, WAIT_MAX_S = 5, ERROR_MAX = 1024, TICKET_MAX = 20 };
enum { POLL_BUSY_S = 1, POLL_STEP_S = 10, POLL_MAX_S = 60, SLIPPAGE_POINTS = 50 /* the tolerance of matching, too */ };

static const char *const order_type_names[] = {"market", "limit", "stop", NULL};

static struct audit_event actor_of(const struct terminal *t)
{
	return principal_event(t->deed.x, AUDIT_DELIVERY_LEASE, AUDIT_SUCCESS);
}

static void write_end(struct terminal *t, struct jw *jw, size_t count, int64_t next_s)
{
	char now[STAMP_TEXT];
	stamp_format(now, t->deed.now_us);
	jw_array_end(jw);
	jw_member_int(jw, "count", (int64_t)count);
	jw_member_str(jw, "server_time", now);
	jw_member_int(jw, "next_poll_seconds", next_s);
	exchange_setf(t->deed.x, "X-Next-Poll-Seconds", "%lld", (long long)next_s); /* a table has no place for it */
}

/* --- poll --- */

struct poll_query {
	int64_t limit, wait;
	int form;
	int64_t redeliver;
};
static const struct field poll_fields[] = {
	F_INT(poll_query, limit, RANGE(1, ORDERS_MAX), DEFAULT(ORDERS_USUAL), DOC("Orders at most")),
	F_INT(poll_query, wait, RANGE(0, WAIT_MAX_S), DEFAULT(0), UNIT("s"), DOC("At most; the answer may come earlier")),
	F_INT(poll_query, redeliver, RANGE(0, 1), DEFAULT(0), DOC("1: the device's open leases too; when it starts")),
	TERMINAL_FORM(poll_query),
};
static const struct field_table poll_table = FIELD_TABLE("client.poll", poll_query, poll_fields);

struct poll {
	struct terminal terminal; /* first */
	struct poll_query query;
	struct order orders[ORDERS_MAX];
	size_t count;
	int64_t next_s;
	bool waits, waited; /* there is nothing yet; its time is up, or there may be something now */
	struct parked parked;
};

/* One that was empty makes the next wait longer; what is under way makes it short. */
static bool settle_poll(struct poll *p, struct db *db, struct err *err)
{
	struct terminal *t = &p->terminal;
	bool busy = false;
	if (t->may_trade && !leases_busy(db, t->account.trading_account_id, &busy, err))
		return false;
	int64_t idle_s = POLL_STEP_S * (t->device.empty_polls + 1); /* of the empty ones before this */
	t->device.polled_us = t->deed.now_us;
	p->waits = t->may_trade && !busy && p->count == 0 && p->query.wait > 0 && !p->waited;
	if (!p->waits) /* one that still waits is counted when it ends */
		t->device.empty_polls = busy || p->count > 0 ? 0 : t->device.empty_polls + 1;
	p->next_s = busy || p->count > 0 ? POLL_BUSY_S : idle_s < POLL_MAX_S ? idle_s : POLL_MAX_S;
	return device_update(db, &t->device, err);
}

static bool poll_part(struct terminal *t, struct db *db, struct err *err)
{
	struct poll *p = (struct poll *)t;
	const struct audit_event who = actor_of(t);
	const struct leasing l = {t->deed.api, db, &t->deed.x->arena, &who, t->deed.now_us};
	const char *device = t->device.device_id, *account = t->device.trading_account_id;
	p->count = 0;
	if (t->may_trade) {
		if (!leases_doubt_due(&l, ORDERS_MAX, err))
			return false;
		if (p->query.redeliver != 0 && !leases_again(&l, account, device, p->query.limit, p->orders, &p->count, err))
			return false;
		if (!leases_take(&l, account, device, p->query.limit, p->orders, &p->count, err))
			return false;
	}
	return settle_poll(p, db, err);
}

static void write_order(struct poll *p, struct jw *jw, const struct order *o)
{
	const struct terminal *t = &p->terminal;
	const struct signal *s = &o->signal;
	int64_t until = o->row.expires_us < o->row.approved_until_us ? o->row.expires_us : o->row.approved_until_us;
	jw_object(jw);
	jw_member_str(jw, "approval_id", o->delivery.approval_id);
	jw_member_str(jw, "delivery_id", o->delivery.delivery_id);
	jw_member_str(jw, "signal_id", o->row.signal_id);
	jw_member_str(jw, "instrument", o->row.instrument);
	jw_member_str(jw, "symbol", symbol_of(&t->deed.x->arena, &t->account, o->row.instrument));
	jw_member_str(jw, "side", o->row.side);
	jw_member_str(jw, "order_type", order_type_names[s->order_type]);
	tell_exact(jw, "entry_price", s->price);
	tell_exact(jw, "stop_loss", s->stop_loss);
	tell_exact(jw, "take_profit", s->take_profit);
	tell_exact(jw, "volume", o->delivery.lots);
	jw_member_int(jw, "max_slippage_points", SLIPPAGE_POINTS);
	jw_member_int(jw, "magic", o->delivery.magic);
	jw_member_str(jw, "comment", o->delivery.comment);
	tell_time(jw, "expiry", until);
	tell_time(jw, "approved_at", o->delivery.created_us);
	tell_time(jw, "lease_until", o->delivery.lease_until_us);
	jw_member_bool(jw, "redelivered", o->redelivered);
	jw_object_end(jw);
}

static const char *const order_columns[] = {
	"approval_id", "delivery_id", "signal_id", "instrument",          "symbol", "side",    "order_type", "entry_price",
	"stop_loss",   "take_profit", "volume",    "max_slippage_points", "magic",  "comment", "expiry",     "approved_at",
	"lease_until", "redelivered", NULL};

/* Of the orders and what to do next, not of the time: an idle terminal's answer stays the same. */
static void etag_of(const struct poll *p, char etag[ETAG_TEXT])
{
	char hash[SHA256_HEX_SIZE];
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, &p->next_s, sizeof p->next_s);
	for (size_t i = 0; i < p->count; i++) {
		const struct delivery *d = &p->orders[i].delivery;
		digest_add(&digest, d->delivery_id, strlen(d->delivery_id));
		digest_add(&digest, &d->fence, sizeof d->fence);
	}
	digest_end_hex(&digest, hash);
	digest_fini(&digest);
	etag_format(etag, hash);
}

/* To nobody nothing is leased: it would be in doubt for nothing. */
static void go_on(struct parked *parked)
{
	struct poll *p = (struct poll *)((char *)parked - offsetof(struct poll, parked));
	p->waited = true;
	if (exchange_late(p->terminal.deed.x))
		exchange_failf(p->terminal.deed.x, ERR_DEADLINE, "Nobody waits for the answer.");
	else
		terminal_again(&p->terminal);
}

/* Keep the answer back until there is something to tell. */
static void park(struct poll *p)
{
	const struct trade_api *api = p->terminal.deed.api;
	p->parked = (struct parked){.trading_account_id = p->terminal.account.trading_account_id,
								.until_us = env_mono_us(api->options.env) + p->query.wait * STAMP_US_PER_S,
								.go_on = go_on};
	if (!waiting_park(api->waiting, &p->parked))
		go_on(&p->parked);
}

static void answer_poll(struct terminal *t)
{
	struct poll *p = (struct poll *)t;
	struct telling telling;
	char etag[ETAG_TEXT];
	if (p->waits) {
		park(p);
		return;
	}
	if (!p->waited) {
		const struct trade_api *api = t->deed.api;
		figures_took(api->figures, TIME_ea_poll_seconds, env_mono_us(api->options.env) - t->deed.x->started_us);
	}
	etag_of(p, etag);
	exchange_set(t->deed.x, "ETag", etag);
	if (p->count == 0 && etag_none_match(t->deed.x, etag)) {
		exchange_answer(t->deed.x, 304, NULL, NULL, 0);
		return;
	}
	tell_begin(&telling);
	jw_key(&telling.jw, "orders");
	jw_array(&telling.jw);
	for (size_t i = 0; i < p->count; i++)
		write_order(p, &telling.jw, &p->orders[i]);
	write_end(t, &telling.jw, p->count, p->next_s);
	terminal_answer(t, 200, &telling, "orders", order_columns);
}

static void handle_poll(struct exchange *x)
{
	struct poll *p = terminal_start(x, sizeof *p, TERMINAL_LIMITED);
	if (p != NULL && terminal_decode(&p->terminal, &p->query, NULL, NULL))
		terminal_write(&p->terminal, poll_part, answer_poll);
}

/* --- what both acknowledgements share --- */

struct form_query {
	int form;
};
static const struct field form_fields[] = {TERMINAL_FORM(form_query)};
static const struct field_table form_table = FIELD_TABLE("client.form", form_query, form_fields);

/* What was said, in canonical form: two that say the same are the same. */
static const char *content_of(struct arena *arena, const struct field_table *table, const void *request)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, table, request, FIELD_INPUTS | FIELD_CANONICAL);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	buf_fini(&buf);
	return text;
}

static void read_time(const char *text, int64_t *us, struct faults *faults)
{
	const struct stamp_fault *fault;
	if (text != NULL && !stamp_parse(text, strlen(text), us, &fault))
		faults_add(faults, "/time", fault->code, "%s", fault->message);
}

static bool is_ticket(const char *text)
{
	size_t size = strlen(text);
	return size >= 1 && size <= TICKET_MAX && strspn(text, "0123456789") == size;
}

/* The kept answer, byte for byte, in whichever form is asked for now. */
static void answer_kept(struct terminal *terminal, int status, const char *result, const char *const *columns)
{
	struct telling t;
	size_t size = strlen(result);
	tell_begin(&t);
	buf_add(&t.buf, result + 1, size - 2);
	terminal_answer(terminal, status, &t, NULL, columns);
}

/* --- ack --- */

static const char *const ack_status_names[] = {"placed", "failed", NULL};

struct ack_request {
	const char *approval_id, *broker_ticket, *error, *delivery_id, *time;
	int status;
	double fill_price, fill_volume;
};
static const struct field ack_fields[] = {
	F_STR(ack_request, approval_id, REQUIRED, LENGTH(1, 64)),
	F_ENUM(ack_request, status, ack_status_names, REQUIRED),
	F_STR(ack_request, broker_ticket, LENGTH(1, 64), DOC("Digits; needed when placed")),
	F_STR(ack_request, error, LENGTH(1, ERROR_MAX), DOC("Needed when failed")),
	F_STR(ack_request, delivery_id, LENGTH(1, 64), DOC("Which delivery it was")),
	F_NUM(ack_request, fill_price, ABOVE(0, 1e6), SIGNIFICANT(17)),
	F_NUM(ack_request, fill_volume, ABOVE(0, 1e6), SIGNIFICANT(17), UNIT("lots")),
	F_STR(ack_request, time, FORMAT("date-time"), DOC("Of the fill")),
};
static const struct field_table ack_table = FIELD_TABLE("client.ack", ack_request, ack_fields);

struct ack {
	struct terminal terminal; /* first */
	struct ack_request request;
	const char *content, *kept, *result;
	bool again;
	int64_t at_us;
	char execution_id[ID_TEXT];
};

static const char *const ack_columns[] = {"execution_id", "approval_id", "position_id", "status", "recorded_at", NULL};

static void check_ack(void *self, struct faults *faults)
{
	struct ack *a = self;
	const struct ack_request *r = &a->request;
	if (r->status == 0 && r->broker_ticket == NULL)
		faults_add(faults, "/broker_ticket", "required", "is needed when it was placed");
	if (r->broker_ticket != NULL && !is_ticket(r->broker_ticket))
		faults_add(faults, "/broker_ticket", "format", "must be 1 to %d digits", TICKET_MAX);
	if (r->status == 1 && r->error == NULL)
		faults_add(faults, "/error", "required", "is needed when it failed");
	a->at_us = a->terminal.deed.now_us;
	read_time(r->time, &a->at_us, faults);
}

static void take_execution(const struct db_rows *row, void *self)
{
	struct ack *a = self;
	struct arena *arena = &a->terminal.deed.x->arena;
	a->kept = db_text_dup(row, 0, arena);
	a->result = db_text_dup(row, 1, arena);
}

/* An acknowledgement that is there already: the same one is answered again, another one is a conflict. */
static bool look_before(struct ack *a, struct db *db, const struct delivery *d, struct err *err)
{
	bool found = false;
	if (!db_one(db, err, &found, take_execution, a, "SELECT content, answer FROM executions WHERE delivery_id = $1",
				V_TEXT(d->delivery_id)))
		return false;
	a->again = found;
	return !found || strcmp(a->kept, a->content) == 0 ||
		   err_set(err, ERR_ACK_CONFLICT, "This delivery was acknowledged otherwise before.");
}

static bool lease_open(const struct ack *a, const struct delivery *d, struct err *err)
{
	const struct terminal *t = &a->terminal;
	const char *named = a->request.delivery_id;
	bool own = d->state == DELIVERY_LEASED && d->lease_until_us > t->deed.now_us &&
			   strcmp(d->device_id, t->device.device_id) == 0;
	return (own && (named == NULL || strcmp(named, d->delivery_id) == 0)) ||
		   err_set(err, ERR_STALE_LEASE, "The lease is not open to this device.");
}

static const char *write_ack(struct ack *a, const struct delivery *d, const char *position_id)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "execution_id", a->execution_id);
	jw_member_str(&jw, "approval_id", d->approval_id);
	jw_member_str(&jw, "position_id", position_id);
	jw_member_str(&jw, "status", ack_status_names[a->request.status]);
	tell_time(&jw, "recorded_at", a->terminal.deed.now_us);
	jw_object_end(&jw);
	const char *text = arena_dupn(&a->terminal.deed.x->arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text;
}

static bool store_ack(struct ack *a, struct db *db, const struct delivery *d, const char *position_id, struct err *err)
{
	struct terminal *t = &a->terminal;
	id_make(t->deed.api->options.ids, a->execution_id);
	a->result = write_ack(a, d, position_id);
	const struct audit_pair meta[] = {{AUDIT_META_signal_id, d->signal_id},
									  {AUDIT_META_status, ack_status_names[a->request.status]},
									  {AUDIT_META_ticket, a->request.broker_ticket}};
	return db_run(db, err,
				  "INSERT INTO executions (execution_id, account_id, delivery_id, device_id, status, content, answer, "
				  "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
				  V_TEXT(a->execution_id), V_TEXT(d->account_id), V_TEXT(d->delivery_id), V_TEXT(t->device.device_id),
				  V_TEXT(ack_status_names[a->request.status]), V_TEXT(a->content), V_TEXT(a->result),
				  V_INT(t->deed.now_us)) &&
		   deed_audit(&t->deed, db, AUDIT_EXECUTION_ACK, a->execution_id, meta, 3, err);
}

static bool ack_part(struct terminal *t, struct db *db, struct err *err)
{
	struct ack *a = (struct ack *)t;
	struct arena *arena = &t->deed.x->arena;
	const struct audit_event who = actor_of(t);
	const struct leasing l = {t->deed.api, db, arena, &who, t->deed.now_us};
	struct delivery d;
	bool found = false;
	a->content = content_of(arena, &ack_table, &a->request);
	if (a->content == NULL ||
		!delivery_of_approval(db, t->device.account_id, a->request.approval_id, arena, &d, &found, err))
		return a->content != NULL ? false : err_set(err, ERR_LIMIT, "no memory");
	if (!found || !t->may_trade || strcmp(d.trading_account_id, t->account.trading_account_id) != 0)
		return err_set(err, ERR_NOT_FOUND, "There is no such approval for this terminal.");
	if (!look_before(a, db, &d, err) || a->again)
		return a->again && strcmp(a->kept, a->content) == 0;
	if (!lease_open(a, &d, err))
		return false;
	struct placing placing = {a->request.broker_ticket, a->request.fill_price, a->request.fill_volume, a->at_us, NULL};
	bool placed = a->request.status == 0;
	bool followed = placed ? delivery_placed(&l, &d, &placing, err) : delivery_failed(&l, &d, a->request.error, err);
	if (!followed && err->kind == ERR_DUPLICATE)
		return err_set(err, ERR_ACK_CONFLICT, "There is a position with this ticket.");
	return followed && store_ack(a, db, &d, placing.position_id, err);
}

static void answer_ack(struct terminal *t)
{
	const struct ack *a = (const struct ack *)t;
	answer_kept(t, a->again ? 200 : 201, a->result, ack_columns);
}

static void handle_ack(struct exchange *x)
{
	struct form_query form;
	struct ack *a = terminal_start(x, sizeof *a, TERMINAL_LIMITED);
	if (a != NULL && terminal_decode(&a->terminal, &form, &a->request, check_ack))
		terminal_write(&a->terminal, ack_part, answer_ack);
}

/* --- close commands --- */

struct closes {
	struct terminal terminal; /* first */
	struct poll_query query;
	struct close_command *commands;
	struct position *positions;
	size_t count;
};

static const struct field closes_fields[] = {
	F_INT(poll_query, limit, RANGE(1, ORDERS_MAX), DEFAULT(ORDERS_USUAL), DOC("Commands at most")),
	TERMINAL_FORM(poll_query),
};
static const struct field_table closes_table = FIELD_TABLE("client.close_commands", poll_query, closes_fields);

static bool closes_part(struct terminal *t, struct db *db, struct err *err)
{
	struct closes *c = (struct closes *)t;
	struct arena *arena = &t->deed.x->arena;
	t->device.polled_us = t->deed.now_us;
	if (!device_update(db, &t->device, err))
		return false;
	if (!t->may_trade)
		return true;
	if (!close_command_open(db, t->account.trading_account_id, c->query.limit, arena, &c->commands, &c->count, err))
		return false;
	c->positions = arena_array(arena, c->count + 1, sizeof *c->positions);
	bool found = c->positions != NULL;
	for (size_t i = 0; found && i < c->count; i++)
		if (!position_find(db, t->device.account_id, c->commands[i].position_id, arena, &c->positions[i], &found, err))
			return false;
	return found || err_set(err, ERR_LIMIT, "no memory");
}

static void write_command(struct closes *c, struct jw *jw, size_t i)
{
	const struct close_command *command = &c->commands[i];
	const struct position *p = &c->positions[i];
	jw_object(jw);
	jw_member_str(jw, "id", command->command_id);
	jw_member_str(jw, "position_id", p->position_id);
	jw_member_str(jw, "broker_ticket", p->broker_ticket);
	jw_member_str(jw, "symbol", symbol_of(&c->terminal.deed.x->arena, &c->terminal.account, p->instrument));
	jw_member_str(jw, "instrument", p->instrument);
	jw_member_str(jw, "side", p->side);
	tell_exact(jw, "volume", command->lots);
	jw_member_str(jw, "reason", command->reason);
	tell_exact(jw, "expected_price", command->expected_price);
	jw_member_int(jw, "attempt", command->attempt);
	tell_time(jw, "created_at", command->created_us);
	jw_object_end(jw);
}

static const char *const command_columns[] = {
	"id",     "position_id", "broker_ticket",  "symbol",  "instrument", "side",
	"volume", "reason",      "expected_price", "attempt", "created_at", NULL};

static void answer_closes(struct terminal *t)
{
	struct closes *c = (struct closes *)t;
	struct telling telling;
	tell_begin(&telling);
	jw_key(&telling.jw, "commands");
	jw_array(&telling.jw);
	for (size_t i = 0; i < c->count; i++)
		write_command(c, &telling.jw, i);
	write_end(t, &telling.jw, c->count, c->count > 0 ? POLL_BUSY_S : POLL_STEP_S);
	terminal_answer(t, 200, &telling, "commands", command_columns);
}

static void handle_closes(struct exchange *x)
{
	struct closes *c = terminal_start(x, sizeof *c, TERMINAL_EXIT);
	if (c != NULL && terminal_decode(&c->terminal, &c->query, NULL, NULL))
		terminal_write(&c->terminal, closes_part, answer_closes);
}

/* --- close-ack --- */

static const char *const close_status_names[] = {"executed", "failed", NULL};

struct close_request {
	const char *command_id, *error, *time;
	int status;
	double close_price, close_volume, profit;
};
static const struct field close_fields[] = {
	F_STR(close_request, command_id, REQUIRED, LENGTH(1, 64)),
	F_ENUM(close_request, status, close_status_names, REQUIRED),
	F_NUM(close_request, close_price, ABOVE(0, 1e6), SIGNIFICANT(17), DOC("Needed when executed")),
	F_NUM(close_request, close_volume, ABOVE(0, 1e6), SIGNIFICANT(17), UNIT("lots"), DOC("Left out: all of it")),
	F_NUM(close_request, profit, RANGE(-1e12, 1e12), SIGNIFICANT(17)),
	F_STR(close_request, error, LENGTH(1, ERROR_MAX), DOC("Needed when failed")),
	F_STR(close_request, time, FORMAT("date-time"), DOC("Of the fill")),
};
static const struct field_table close_table = FIELD_TABLE("client.close_ack", close_request, close_fields);

struct close_ack {
	struct terminal terminal; /* first */
	struct close_request request;
	const char *content, *result;
	bool again;
	int64_t at_us;
};

static const char *const close_columns[] = {"command_id", "position_id", "status", "recorded_at", NULL};

static void check_close(void *self, struct faults *faults)
{
	struct close_ack *a = self;
	const struct close_request *r = &a->request;
	if (r->status == 0 && !given(r->close_price))
		faults_add(faults, "/close_price", "required", "is needed when it was executed");
	if (r->status == 1 && r->error == NULL)
		faults_add(faults, "/error", "required", "is needed when it failed");
	a->at_us = a->terminal.deed.now_us;
	read_time(r->time, &a->at_us, faults);
}

/* A part of the volume is gone: the rest is asked for again. */
static bool close_partly(const struct closing *c, struct position *p, double closed, struct err *err)
{
	p->lots = exact_double(exact_of(p->lots) - exact_of(closed));
	return position_close_failed(c, p, err);
}

static bool follow_close(struct close_ack *a, const struct closing *c, struct position *p, const char *reason,
						 struct err *err)
{
	const struct close_request *r = &a->request;
	if (p->status == POSITION_CLOSED) /* a snapshot was faster */
		return true;
	if (r->status == 1)
		return position_close_failed(c, p, err);
	if (given(r->close_volume) && exact_of(r->close_volume) < exact_of(p->lots))
		return close_partly(c, p, r->close_volume, err);
	return position_closed(c, p, reason, r->close_price, r->profit, a->at_us, err);
}

static const char *write_close(struct close_ack *a, const struct close_command *command)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "command_id", command->command_id);
	jw_member_str(&jw, "position_id", command->position_id);
	jw_member_str(&jw, "status", close_status_names[a->request.status]);
	tell_time(&jw, "recorded_at", a->terminal.deed.now_us);
	jw_object_end(&jw);
	const char *text = arena_dupn(&a->terminal.deed.x->arena, buf_text(&buf), buf.size);
	buf_fini(&buf);
	return text;
}

static bool close_part(struct terminal *t, struct db *db, struct err *err)
{
	struct close_ack *a = (struct close_ack *)t;
	struct arena *arena = &t->deed.x->arena;
	const struct audit_event who = actor_of(t);
	const struct closing c = {t->deed.api, db, arena, &who, t->deed.now_us, NULL};
	struct close_command command;
	struct position position;
	bool found = false;
	a->content = content_of(arena, &close_table, &a->request);
	if (!close_command_find(db, t->device.account_id, a->request.command_id, arena, &command, &found, err))
		return false;
	if (!found || !t->may_trade || strcmp(command.trading_account_id, t->account.trading_account_id) != 0)
		return err_set(err, ERR_NOT_FOUND, "There is no such command for this terminal.");
	if (command.content != NULL) {
		a->again = true;
		a->result = command.answer;
		return strcmp(command.content, a->content) == 0 ||
			   err_set(err, ERR_ACK_CONFLICT, "This command was acknowledged otherwise before.");
	}
	if (!position_find(db, t->device.account_id, command.position_id, arena, &position, &found, err) || !found)
		return false;
	command.state = close_status_names[a->request.status];
	command.content = a->content;
	command.answer = a->result = write_close(a, &command);
	command.ended_us = t->deed.now_us;
	return close_command_end(db, &command, err) && follow_close(a, &c, &position, command.reason, err);
}

static void answer_close(struct terminal *t)
{
	const struct close_ack *a = (const struct close_ack *)t;
	answer_kept(t, a->again ? 200 : 201, a->result, close_columns);
}

static void handle_close(struct exchange *x)
{
	struct form_query form;
	struct close_ack *a = terminal_start(x, sizeof *a, TERMINAL_EXIT);
	if (a != NULL && terminal_decode(&a->terminal, &form, &a->request, check_close))
		terminal_write(&a->terminal, close_part, answer_close);
}

static const char *const forms[] = {"application/json", "text/tab-separated-values", NULL};
static const enum err_kind auth_errors[] = {ERR_TIMESTAMP_SKEW, ERR_SIGNATURE_INVALID, ERR_DEVICE_REVOKED,
											ERR_NONCE_REPLAYED, ERR_NONE};
static const enum err_kind ack_errors[] = {
	ERR_TIMESTAMP_SKEW, ERR_SIGNATURE_INVALID, ERR_DEVICE_REVOKED, ERR_NONCE_REPLAYED,
	ERR_NOT_FOUND,      ERR_ACK_CONFLICT,      ERR_STALE_LEASE,    ERR_NONE};

#define SIGNED .self_verified = true, .rate_class = "none", .produces = forms, TERMINAL_ANSWERS
#define SIGNED_DOC "Signed by X-Device-Id, X-Nonce, X-Timestamp and X-Signature; see the terminal's guide."

static const struct field order_rows[] = {
	T_STR(approval_id),
	T_STR(delivery_id),
	T_STR(signal_id),
	T_STR(instrument),
	T_STR(symbol, DOC("The broker's")),
	T_ENUM(side, trade_side_names),
	T_ENUM(order_type, order_type_names),
	T_NUM(entry_price, NULLABLE),
	T_NUM(stop_loss, NULLABLE),
	T_NUM(take_profit, NULLABLE),
	T_NUM(volume, UNIT("lots")),
	T_INT(max_slippage_points),
	T_INT(magic),
	T_STR(comment),
	T_TIME(expiry),
	T_TIME(approved_at),
	T_TIME(lease_until),
	T_BOOL(redelivered),
};
static const struct field_table order_table = TOLD_TABLE("client.order", order_rows);
#define POLLED T_INT(count), T_TIME(server_time), T_INT(next_poll_seconds, UNIT("s"))
static const struct field orders_rows[] = {T_OBJECTS(orders, &order_table), POLLED};
static const struct field_table orders_table = TOLD_TABLE("client.orders", orders_rows);
static const struct field command_rows[] = {
	T_STR(id),
	T_STR(position_id),
	T_STR(broker_ticket, NULLABLE),
	T_STR(symbol, DOC("The broker's")),
	T_STR(instrument),
	T_ENUM(side, trade_side_names),
	T_NUM(volume, NULLABLE, UNIT("lots")),
	T_STR(reason),
	T_NUM(expected_price, NULLABLE),
	T_INT(attempt),
	T_TIME(created_at),
};
static const struct field_table command_table = TOLD_TABLE("client.close_command", command_rows);
static const struct field commands_rows[] = {T_OBJECTS(commands, &command_table), POLLED};
static const struct field_table commands_table = TOLD_TABLE("client.close_commands", commands_rows);
static const struct field acked_rows[] = {
	T_STR(execution_id), T_STR(approval_id), T_STR(position_id, NULLABLE), T_ENUM(status, ack_status_names),
	T_TIME(recorded_at),
};
static const struct field_table acked_table = TOLD_TABLE("client.acked", acked_rows);
static const struct field closed_rows[] = {
	T_STR(command_id),
	T_STR(position_id),
	T_ENUM(status, close_status_names),
	T_TIME(recorded_at),
};
static const struct field_table closed_table = TOLD_TABLE("client.closed", closed_rows);

const struct route client_routes[] = {
	ROUTE(GET, "/api/v1/client/poll", "trade.device", EFFECT_WRITE, handle_poll, .operation = "client.poll",
		  .summary = "Orders for this terminal, each once", .doc = SIGNED_DOC, .query = &poll_table,
		  .result = &orders_table, .errors = auth_errors, SIGNED),
	ROUTE(POST, "/api/v1/client/ack", "trade.device", EFFECT_WRITE, handle_ack, .operation = "client.ack",
		  .summary = "What became of an order", .doc = SIGNED_DOC, .query = &form_table, .body = &ack_table,
		  .result = &acked_table, .status = 201, .status_also = 200, .errors = ack_errors, SIGNED,
		  .example = "{\"approval_id\":\"01900000-0000-7000-8000-000000000000\",\"status\":\"placed\","
					 "\"broker_ticket\":\"123456789\",\"error\":null}"),
	ROUTE(GET, "/api/v1/client/close-commands", "trade.device", EFFECT_WRITE, handle_closes,
		  .operation = "client.close_commands", .summary = "Positions to close, the oldest first", .doc = SIGNED_DOC,
		  .query = &closes_table, .result = &commands_table, .errors = auth_errors, SIGNED),
	ROUTE(POST, "/api/v1/client/close-ack", "trade.device", EFFECT_WRITE, handle_close, .operation = "client.close_ack",
		  .summary = "What became of a close command", .doc = SIGNED_DOC, .query = &form_table, .body = &close_table,
		  .result = &closed_table, .status = 201, .status_also = 200, .errors = ack_errors, SIGNED,
		  .example = "{\"command_id\":\"01900000-0000-7000-8000-000000000000\",\"status\":\"executed\","
					 "\"close_price\":1955.5}"),
};
const size_t client_routes_count = sizeof client_routes / sizeof *client_routes;
