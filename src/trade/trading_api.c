#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "core/id.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "seal/outbox.h"
#include "trade/accounts.h"
#include "trade/closing.h"
#include "trade/deed.h"
#include "trade/deliveries.h"
#include "trade/figures.h"
#include "trade/limits.h"
#include "trade/signal_life.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* /api/v1/trading: pause, resume, kill, revive, size [trade.md 6].  Exits are never stopped by any of it. */

enum { REASON_MAX = 500, WITHDRAW_MAX = 10000 };

struct state_request {
	const char *reason, *id;
	int scope;
	bool close_positions;
};

#define REASON F_STR(state_request, reason, REQUIRED, LENGTH(1, REASON_MAX), DOC("For the record"))
#define WHERE \
	F_ENUM(state_request, scope, trading_scope_names, DEFAULT(SCOPE_GLOBAL), DOC("The tenant, a user or an account")), \
		F_STR(state_request, id, LENGTH(1, 64), DOC("Of the user (left out: yourself) or the account"))

static const struct field state_fields[] = {REASON, WHERE};
static const struct field_table state_table = FIELD_TABLE("trading.state", state_request, state_fields);

static const struct field kill_fields[] = {
	REASON,
	F_ENUM(state_request, scope, trading_scope_names, REQUIRED, DOC("The tenant, a user or an account")),
	F_STR(state_request, id, LENGTH(1, 64), DOC("Of the user (left out: yourself) or the account")),
	F_BOOL(state_request, close_positions, DEFAULT(false), DOC("Ask to close all open positions too")),
};
static const struct field_table kill_table = FIELD_TABLE("trading.kill", state_request, kill_fields);

struct size_request {
	double position_size;
};
static const struct field size_fields[] = {
	F_NUM(size_request, position_size, RANGE(.01, 100), UNIT("lots"), DOC("Null: sized by risk again")),
};
static const struct field_table size_table = FIELD_TABLE("trading.size", size_request, size_fields);

/* One change of state under way. */
struct change {
	struct deed deed;
	struct state_request request;
	struct size_request size;
	struct trading_state_row row;
	enum audit_action action;
	int64_t withdrawn, closing;
};

/* --- which scope --- */

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

/* "" for global; the user or account has to be of the tenant.  *found false: refused. */
static bool find_scope(struct change *c, struct db *db, bool *found, struct err *err)
{
	const struct principal *p = principal_of(c->deed.x);
	struct arena *arena = &c->deed.x->arena;
	struct trading_account account;
	const char *id = c->request.id;
	*found = true;
	if (c->request.scope == SCOPE_GLOBAL) {
		id = "";
	} else if (c->request.scope == SCOPE_USER) {
		id = id != NULL ? id : p->user_id;
		if (!db_one(db, err, found, take_nothing, NULL, "SELECT 1 FROM users WHERE account_id = $1 AND user_id = $2",
					V_TEXT(p->account_id), V_TEXT(id)))
			return false;
	} else if (!trading_account_find(db, p->account_id, id, arena, &account, found, err)) {
		return false;
	}
	if (!*found)
		return write_refuse(&c->deed.write, ERR_NOT_FOUND, "There is no such %s.",
							trading_scope_names[c->request.scope]);
	return trading_state_get(db, p->account_id, c->request.scope, id, arena, &c->row, err);
}

static bool put_state(struct change *c, struct db *db, int state, struct err *err)
{
	const struct principal *p = principal_of(c->deed.x);
	const struct audit_event who = principal_event(c->deed.x, c->action, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, c->request.reason},
									  {AUDIT_META_scope, trading_scope_names[c->request.scope]}};
	struct outbox_event event = {
		.account_id = p->account_id,
		.topic = "signals",
		.event = "trading.state",
		.data = arena_printf(&c->deed.x->arena, "{\"scope\":\"%s\",\"id\":\"%s\",\"state\":\"%s\"}",
							 trading_scope_names[c->request.scope], c->row.scope_id, trading_state_names[state]),
	};
	c->row.closes = state == STATE_HALTED && (c->row.closes || c->request.close_positions);
	c->row.state = state;
	c->row.guarded = c->row.guarded && state != STATE_ACTIVE; /* a kill is no way around a risk owner */
	c->row.reason = c->request.reason;
	c->row.changed_by = who.actor;
	c->row.changed_us = c->deed.now_us;
	if (c->action == AUDIT_TRADING_PAUSE)
		figures_count(c->deed.api->figures, COUNT_trading_paused_total, NULL, NULL);
	if (c->action == AUDIT_TRADING_RESUME)
		figures_count(c->deed.api->figures, COUNT_trading_resumed_total, NULL, NULL);
	const char *target = c->row.scope_id[0] != '\0' ? c->row.scope_id : p->account_id;
	return trading_state_put(db, p->account_id, &c->row, err) &&
		   deed_audit(&c->deed, db, c->action, target, meta, 2, err) &&
		   outbox_add(c->deed.api->options.outbox, db, &event, err);
}

static bool refuse_state(struct change *c)
{
	return write_refuse(&c->deed.write, ERR_TRANSITION_REFUSED, "Trading is %s there.",
						trading_state_names[c->row.state]);
}

static bool may_go_on(const struct change *c)
{
	return principal_may(principal_of(c->deed.x), "trade.risk");
}

static bool refuse_guarded(struct change *c)
{
	return write_refuse(&c->deed.write, ERR_FORBIDDEN, "A guard stopped it; a risk owner lets it go on.");
}

/* --- pause, resume, revive --- */

static bool apply_pause(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!find_scope(c, db, &found, err))
		return false;
	if (!found)
		return true;
	return c->row.state != STATE_ACTIVE ? refuse_state(c) : put_state(c, db, STATE_REDUCING, err);
}

static bool apply_resume(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!find_scope(c, db, &found, err))
		return false;
	if (!found)
		return true;
	if (c->row.state != STATE_REDUCING)
		return refuse_state(c);
	return c->row.guarded && !may_go_on(c) ? refuse_guarded(c) : put_state(c, db, STATE_ACTIVE, err);
}

static bool may_halt(const struct change *c)
{
	return c->request.scope != SCOPE_GLOBAL || may_go_on(c);
}

static bool apply_revive(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!may_halt(c))
		return write_refuse(&deed->write, ERR_FORBIDDEN, "This needs the permission trade.risk.");
	if (!find_scope(c, db, &found, err))
		return false;
	if (!found)
		return true;
	if (c->row.state != STATE_HALTED)
		return refuse_state(c);
	return c->row.guarded && !may_go_on(c) ? refuse_guarded(c) : put_state(c, db, STATE_ACTIVE, err);
}

/* --- kill --- */

struct killed {
	const char *signal_id;
};

/* Approved signals of the scope that no terminal has had. */
static bool withdraw_all(struct change *c, struct db *db, struct err *err)
{
	const struct principal *p = principal_of(c->deed.x);
	const struct audit_event who = principal_event(c->deed.x, AUDIT_SIGNAL_CANCEL, AUDIT_SUCCESS);
	struct arena *arena = &c->deed.x->arena;
	struct db_rows rows;
	struct killed *list = arena_array(arena, WITHDRAW_MAX, sizeof *list);
	size_t count = 0;
	if (list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(
			db, &rows, err,
			"SELECT d.signal_id FROM deliveries d JOIN signals s ON s.signal_id = d.signal_id "
			"WHERE d.account_id = $1 AND d.state = 'ready' AND ($2 = 'global' OR ($2 = 'user' AND "
			"s.owner_id = $3) OR ($2 = 'account' AND d.trading_account_id = $3)) ORDER BY d.delivery_id LIMIT 10000",
			V_TEXT(p->account_id), V_TEXT(trading_scope_names[c->request.scope]), V_TEXT(c->row.scope_id)))
		return false;
	while (db_next(&rows))
		list[count++].signal_id = db_text_dup(&rows, 0, arena);
	if (!db_end(&rows, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct signal_row row;
		bool found = false;
		const struct audit_pair meta[] = {{AUDIT_META_reason, "kill_switch"}};
		if (!signal_find(db, p->account_id, list[i].signal_id, arena, &row, &found, err) || !found ||
			!signal_cancel(c->deed.api, db, arena, &row, &who, "kill_switch", c->deed.now_us, err) ||
			!deed_audit(&c->deed, db, AUDIT_SIGNAL_CANCEL, row.signal_id, meta, 1, err))
			return false;
		c->withdrawn++;
	}
	return true;
}

static bool close_positions(struct change *c, struct db *db, struct err *err)
{
	const struct principal *p = principal_of(c->deed.x);
	const struct audit_event who = principal_event(c->deed.x, AUDIT_POSITION_CLOSE_REQUEST, AUDIT_SUCCESS);
	const struct closing closing = {c->deed.api, db, &c->deed.x->arena, &who, c->deed.now_us, NULL};
	const struct position_filter filter = {
		.account_id = p->account_id,
		.owner_id = c->request.scope == SCOPE_USER ? c->row.scope_id : NULL,
		.trading_account_id = c->request.scope == SCOPE_ACCOUNT ? c->row.scope_id : NULL,
	};
	return !c->request.close_positions || position_close_all(&closing, &filter, "kill_switch", &c->closing, err);
}

static bool apply_kill(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	bool found;
	if (!may_halt(c))
		return write_refuse(&deed->write, ERR_FORBIDDEN, "This needs the permission trade.risk.");
	if (!find_scope(c, db, &found, err))
		return false;
	if (!found)
		return true;
	/* killing twice closes what is open now */
	return put_state(c, db, STATE_HALTED, err) && withdraw_all(c, db, err) && close_positions(c, db, err);
}

/* --- telling --- */

static void write_state(struct jw *jw, const struct trading_state_row *row)
{
	jw_member_str(jw, "scope", trading_scope_names[row->scope]);
	jw_member_str(jw, "id", row->scope_id[0] != '\0' ? row->scope_id : NULL);
	jw_member_str(jw, "state", trading_state_names[row->state]);
	jw_member_bool(jw, "guarded", row->guarded);
	jw_member_str(jw, "reason", row->reason);
	jw_member_str(jw, "changed_by", row->changed_by);
	tell_time(jw, "changed_at", row->changed_us);
}

static void answer_state(struct deed *deed)
{
	const struct change *c = (const struct change *)deed;
	struct telling t;
	tell_begin(&t);
	write_state(&t.jw, &c->row);
	if (c->action == AUDIT_TRADING_KILL) {
		jw_member_int(&t.jw, "deliveries_withdrawn", c->withdrawn);
		jw_member_int(&t.jw, "positions_closing", c->closing);
	}
	tell_end(&t, deed->x, 200);
}

static void check_scope(void *self, struct faults *faults)
{
	const struct change *c = self;
	if (c->request.scope == SCOPE_ACCOUNT && c->request.id == NULL)
		faults_add(faults, "/id", "required", "is needed for an account");
}

static void change_state(struct exchange *x, enum audit_action action,
						 bool (*apply)(struct deed *deed, struct db *db, struct err *err))
{
	struct change *c = deed_start(x, sizeof *c);
	if (c == NULL || !exchange_decode_checked(x, &c->request, check_scope, c))
		return;
	c->action = action;
	deed_write(&c->deed, apply, answer_state);
}

static void handle_pause(struct exchange *x)
{
	change_state(x, AUDIT_TRADING_PAUSE, apply_pause);
}

static void handle_resume(struct exchange *x)
{
	change_state(x, AUDIT_TRADING_RESUME, apply_resume);
}

static void handle_kill(struct exchange *x)
{
	change_state(x, AUDIT_TRADING_KILL, apply_kill);
}

static void handle_revive(struct exchange *x)
{
	change_state(x, AUDIT_TRADING_REVIVE, apply_revive);
}

/* --- size --- */

static bool apply_size(struct deed *deed, struct db *db, struct err *err)
{
	struct change *c = (struct change *)deed;
	const char *account_id = principal_of(deed->x)->account_id;
	struct trade_settings settings;
	if (!settings_get(db, account_id, &deed->x->arena, &settings, err))
		return false;
	settings.position_size = c->size.position_size;
	return settings_put(db, account_id, &settings, err) &&
		   deed_audit(deed, db, AUDIT_TRADING_SIZE, account_id, NULL, 0, err);
}

static void answer_size(struct deed *deed)
{
	const struct change *c = (const struct change *)deed;
	struct telling t;
	tell_begin(&t);
	tell_exact(&t.jw, "position_size", c->size.position_size);
	tell_end(&t, deed->x, 200);
}

static void handle_size(struct exchange *x)
{
	struct change *c = deed_start(x, sizeof *c);
	if (c != NULL && exchange_decode(x, &c->size))
		deed_write(&c->deed, apply_size, answer_size);
}

/* --- status --- */

struct status {
	struct exchange *x;
	struct trading_state_row *rows;
	size_t count;
	int state;
	struct trade_settings settings;
};

static bool read_status(struct db *db, void *self, struct err *err)
{
	struct status *s = self;
	const struct principal *p = principal_of(s->x);
	struct arena *arena = &s->x->arena;
	struct trading_account account;
	bool found = false;
	return trading_account_primary(db, p->user_id, arena, &account, &found, err) &&
		   trading_state_of(db, p->account_id, p->user_id, found ? account.trading_account_id : NULL, &s->state, err) &&
		   trading_state_list(db, p->account_id, arena, &s->rows, &s->count, err) &&
		   settings_get(db, p->account_id, arena, &s->settings, err);
}

static void handle_status(struct exchange *x)
{
	struct status s = {.x = x};
	struct telling t;
	if (!tell_read(x, read_status, &s))
		return;
	tell_begin(&t);
	jw_member_str(&t.jw, "state", trading_state_names[s.state]);
	tell_exact(&t.jw, "position_size", s.settings.position_size);
	jw_key(&t.jw, "scopes");
	jw_array(&t.jw);
	for (size_t i = 0; i < s.count; i++) {
		jw_object(&t.jw);
		write_state(&t.jw, &s.rows[i]);
		jw_object_end(&t.jw);
	}
	jw_array_end(&t.jw);
	tell_end(&t, x, 200);
}

static const struct field state_rows[] = {
	T_ENUM(scope, trading_scope_names),
	T_STR(id, NULLABLE, DOC("Of the user or the account; null: the tenant")),
	T_ENUM(state, trading_state_names),
	T_BOOL(guarded, DOC("A guard stopped it")),
	T_STR(reason, NULLABLE),
	T_STR(changed_by, NULLABLE),
	T_TIME(changed_at, NULLABLE),
};
static const struct field_table shown_table = TOLD_TABLE("trading.scope", state_rows);
static const struct field killed_rows[] = {
	T_ALL(&shown_table),
	T_INT(deliveries_withdrawn),
	T_INT(positions_closing),
};
static const struct field_table killed_table = TOLD_TABLE("trading.killed", killed_rows);
static const struct field fixed_rows[] = {T_NUM(position_size, NULLABLE, UNIT("lots"))};
static const struct field_table fixed_table = TOLD_TABLE("trading.fixed", fixed_rows);
static const struct field status_rows[] = {
	T_ENUM(state, trading_state_names, DOC("What all scopes come to for the caller")),
	T_ALL(&fixed_table),
	T_OBJECTS(scopes, &shown_table, DOC("Those that somebody has set")),
};
static const struct field_table status_table = TOLD_TABLE("trading.status", status_rows);

static const enum err_kind state_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_NONE};

const struct route trading_routes[] = {
	ROUTE(GET, "/api/v1/trading/status", "trade.read", EFFECT_READ, handle_status, .operation = "trading.status",
		  .summary = "Who has stopped what, and what that means for me", .result = &status_table),
	ROUTE(PATCH, "/api/v1/trading/pause", "trade.pause", EFFECT_WRITE, handle_pause, .operation = "trading.pause",
		  .summary = "No entries; exits, and orders that only reduce", .body = &state_table, .result = &shown_table,
		  .errors = state_errors),
	ROUTE(PATCH, "/api/v1/trading/resume", "trade.pause", EFFECT_WRITE, handle_resume, .operation = "trading.resume",
		  .summary = "End a pause", .body = &state_table, .result = &shown_table, .errors = state_errors),
	ROUTE(PUT, "/api/v1/trading/size", "trade.manage", EFFECT_WRITE, handle_size, .operation = "trading.size",
		  .summary = "A fixed size for signals that name none", .body = &size_table, .result = &fixed_table),
	ROUTE(POST, "/api/v1/trading/kill", "trade.pause", EFFECT_WRITE, handle_kill, .operation = "trading.kill",
		  .summary = "Withdraw what is on its way and let nothing but exits pass", .body = &kill_table,
		  .result = &killed_table, .errors = state_errors, .example = "{\"scope\":\"user\",\"reason\":\"stop\"}"),
	ROUTE(POST, "/api/v1/trading/revive", "trade.pause", EFFECT_WRITE, handle_revive, .operation = "trading.revive",
		  .summary = "End a kill", .body = &state_table, .result = &shown_table, .errors = state_errors),
};
const size_t trading_routes_count = sizeof trading_routes / sizeof *trading_routes;
