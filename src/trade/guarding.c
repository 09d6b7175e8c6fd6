#include "trade/guarding.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "seal/outbox.h"
#include "store/store.h"
#include "trade/exact.h"
#include "trade/figures.h"
#include "trade/limits.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"

enum { FIRED_AT_ONCE = 100, LATECOMERS_MAX = 1000, GUARD_ROOM = 32 };

/* How far a figure has to come back before a guard may act again. */
#define REARM_POINTS 1.0
#define REARM_EQUITY 1.01
#define SPREAD_REARM_PCT .5
#define GAP_CLOSE_PCT 10.0

static const char *const level_names[] = {"normal", "warning", "critical", NULL};
static const char *const action_names[] = {"none", "block", "close", NULL};

/* --- finding --- */

static void take_armed(const struct db_rows *row, void *self)
{
	struct guarding *found = self;
	found->armed = true;
	found->closes_us = db_int(row, 0);
}

bool guards_read(struct db *db, struct arena *arena, const struct trading_account *a, int64_t now_us,
				 struct guarding *found, struct err *err)
{
	struct trade_settings settings;
	bool any = false;
	*found = (struct guarding){.armed = false};
	if (!settings_get(db, a->account_id, arena, &settings, err) ||
		!quote_list(db, a->trading_account_id, arena, &found->list, &found->count, err) ||
		!db_one(db, err, &any, take_armed, found,
				"SELECT closes_at FROM guard_episodes WHERE trading_account_id = $1 AND state = 'armed' "
				"ORDER BY closes_at LIMIT 1",
				V_TEXT(a->trading_account_id)))
		return false;
	const struct guard_config config = guard_config_of(arena, settings.guards);
	const struct guard_account figures = {a->equity, a->peak_equity, config.min_equity, config.warn_pct,
										  config.close_pct};
	guard_check_account(&figures, &found->account);
	found->quotes = arena_array(arena, found->count + 1, sizeof *found->quotes);
	for (size_t i = 0; found->quotes != NULL && i < found->count; i++) {
		const struct quote *q = &found->list[i];
		/* a quote whose age nobody knows is an old one [trade.md 6: fail closed] */
		double age_s = q->quoted_us == 0 ? INFINITY : fmax(0, (double)(now_us - q->quoted_us) / 1e6);
		guard_check_quote(&(struct guard_quote){q->bid, q->ask, age_s, q->open, q->prev_close}, &found->quotes[i]);
	}
	return found->quotes != NULL || err_set(err, ERR_LIMIT, "no memory");
}

static void write_reasons(struct jw *jw, unsigned reasons)
{
	jw_key(jw, "reasons");
	jw_array(jw);
	for (unsigned i = 0; i < GUARD_REASONS; i++)
		if ((reasons >> i & 1) != 0)
			jw_str(jw, guard_reason_names[i]);
	jw_array_end(jw);
}

static const struct field symbol_rows[] = {
	T_STR(symbol),
	T_NUM(gap_pct, NULLABLE),
	T_NUM(spread_pct, NULLABLE),
	T_ENUM(level, level_names),
	T_ENUM(action, action_names),
	T_STRS(reasons),
};
static const struct field_table symbol_table = TOLD_TABLE("guards.symbol", symbol_rows);
static const struct field view_rows[] = {
	T_NUM(drawdown_pct, NULLABLE),
	T_NUM(peak_equity, NULLABLE),
	T_ENUM(level, level_names),
	T_BOOL(should_close_all),
	T_STRS(reasons),
	T_OBJECTS(symbols, &symbol_table),
};
const struct field_table guards_view_table = TOLD_TABLE("guards", view_rows);

void guards_write(struct jw *jw, const struct guarding *g)
{
	tell_ratio(jw, "drawdown_pct", g->account.drawdown_pct);
	tell_money(jw, "peak_equity", g->account.peak_equity);
	jw_member_str(jw, "level", level_names[g->account.level]);
	jw_member_bool(jw, "should_close_all", g->account.close_all);
	write_reasons(jw, g->account.reasons);
	jw_key(jw, "symbols");
	jw_array(jw);
	for (size_t i = 0; i < g->count; i++) {
		const struct guard_quote_finding *q = &g->quotes[i];
		jw_object(jw);
		jw_member_str(jw, "symbol", g->list[i].instrument);
		tell_ratio(jw, "gap_pct", q->gap_pct);
		tell_ratio(jw, "spread_pct", q->spread_pct);
		jw_member_str(jw, "level", level_names[q->level]);
		jw_member_str(jw, "action", action_names[q->action]);
		write_reasons(jw, q->reasons);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

/* --- episodes --- */

struct episode {
	const struct closing *c;
	const struct trading_account *account;
	const char *guard, *instrument; /* "" for the account's */
};

static bool record(const struct episode *e, enum audit_action action, const char *event, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_kind, e->guard}, {AUDIT_META_reason, e->c->words}};
	struct audit_event row = *e->c->who;
	row.action = action;
	row.status = AUDIT_SUCCESS;
	row.account_id = e->account->account_id;
	row.target_id = e->account->trading_account_id;
	row.meta = meta;
	row.meta_count = action == AUDIT_GUARD_CANCEL && e->c->words != NULL ? 2 : 1;
	struct outbox_event told = {
		.account_id = e->account->account_id,
		.topic = "signals",
		.event = event,
		.subject = e->account->trading_account_id,
		.data = arena_printf(
			e->c->arena,
			"{\"trading_account_id\":\"%s\",\"owner_id\":\"%s\",\"guard\":\"%s\",\"instrument\":\"%s\",\"paper\":%s}",
			e->account->trading_account_id, e->account->owner_id, e->guard, e->instrument,
			e->account->paper ? "true" : "false"),
	};
	return audit_append(e->c->api->options.audit, e->c->db, &row, err) &&
		   outbox_add(e->c->api->options.outbox, e->c->db, &told, err);
}

static bool begin(const struct episode *e, const char *state, int64_t closes_us, bool *begun, struct err *err)
{
	if (!db_run(e->c->db, err,
				"INSERT INTO guard_episodes (trading_account_id, guard, instrument, account_id, state, started_at, "
				"closes_at) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (trading_account_id, guard, instrument) "
				"DO NOTHING",
				V_TEXT(e->account->trading_account_id), V_TEXT(e->guard), V_TEXT(e->instrument),
				V_TEXT(e->account->account_id), V_TEXT(state), V_INT(e->c->now_us), V_TIME(closes_us)))
		return false;
	*begun = db_changed(e->c->db) == 1;
	if (*begun)
		figures_count(e->c->api->figures, COUNT_guard_triggers_total, e->guard, NULL);
	return !*begun || record(e, AUDIT_GUARD_TRIGGER, "guard.triggered", err);
}

static bool end(const struct episode *e, struct err *err)
{
	if (!db_run(e->c->db, err,
				"DELETE FROM guard_episodes WHERE trading_account_id = $1 AND guard = $2 AND instrument = $3",
				V_TEXT(e->account->trading_account_id), V_TEXT(e->guard), V_TEXT(e->instrument)))
		return false;
	return db_changed(e->c->db) == 0 || record(e, AUDIT_GUARD_REARM, "guard.rearmed", err);
}

/* The account's entries stop with the episode, and stay so until a risk owner lets them go on. */
static bool stop_entries(const struct episode *e, struct err *err)
{
	struct trading_state_row row;
	if (!trading_state_get(e->c->db, e->account->account_id, SCOPE_ACCOUNT, e->account->trading_account_id, e->c->arena,
						   &row, err))
		return false;
	row.guarded = true;
	if (row.state != STATE_HALTED) { /* what a person halted stays his */
		row.state = STATE_REDUCING;
		row.reason = e->guard;
		row.changed_by = e->c->who->actor;
		row.changed_us = e->c->now_us;
	}
	return trading_state_put(e->c->db, e->account->account_id, &row, err);
}

/*
 * An order that was on its way when a guard or a kill closed everything may have been filled since: it has to go too.
 * What was asked for already, or failed its tries, is left to those.
 */
static bool close_latecomers(const struct closing *c, const struct position_filter *filter, const char *reason,
							 struct err *err)
{
	struct position_filter open = *filter;
	struct position *positions;
	size_t found;
	open.open = true;
	open.limit = LATECOMERS_MAX;
	if (!position_list(c->db, &open, c->arena, &positions, &found, err))
		return false;
	for (size_t i = 0; i < found; i++)
		if ((positions[i].status == POSITION_OPENING || positions[i].status == POSITION_OPEN) &&
			!position_request_close(c, &positions[i], reason, err))
			return false;
	return true;
}

static void take_guard(const struct db_rows *row, void *self)
{
	snprintf(self, GUARD_ROOM, "%s", db_text(row, 0));
}

/* The danger lasts, and a guard has fired: nothing of the account stays open. */
static bool keep_closed(const struct closing *c, const struct trading_account *a, struct err *err)
{
	const struct position_filter all = {.trading_account_id = a->trading_account_id};
	char guard[GUARD_ROOM];
	bool fired = false;
	return db_one(c->db, err, &fired, take_guard, guard,
				  "SELECT guard FROM guard_episodes WHERE trading_account_id = $1 AND instrument = '' "
				  "AND state = 'fired' ORDER BY guard LIMIT 1",
				  V_TEXT(a->trading_account_id)) &&
		   (!fired || close_latecomers(c, &all, guard, err));
}

/* So does a kill that closes positions: what a terminal had in its hands is filled after it. */
static bool keep_killed(const struct closing *c, const struct trading_account *a, struct err *err)
{
	const struct position_filter all = {.trading_account_id = a->trading_account_id};
	bool closes = false;
	return trading_state_closes(c->db, a->account_id, a->owner_id, a->trading_account_id, &closes, err) &&
		   (!closes || close_latecomers(c, &all, "kill_switch", err));
}

static bool act_account(const struct closing *c, const struct trading_account *a, const struct guarding *found,
						const struct guard_config *config, struct err *err)
{
	const struct guard_account_finding *f = &found->account;
	const struct episode drawdown = {c, a, "drawdown", ""}, equity = {c, a, "min_equity", ""};
	int64_t closes_us = c->now_us + GUARD_WAIT_S * STAMP_US_PER_S;
	bool fell = !(f->drawdown_pct < config->close_pct), poor = !(a->equity >= config->min_equity), begun;
	if (fell && (!begin(&drawdown, "armed", closes_us, &begun, err) || (begun && !stop_entries(&drawdown, err))))
		return false;
	if (poor && (!begin(&equity, "armed", closes_us, &begun, err) || (begun && !stop_entries(&equity, err))))
		return false;
	if ((fell || poor) && !keep_closed(c, a, err))
		return false;
	return (!(f->drawdown_pct <= config->close_pct - REARM_POINTS) || end(&drawdown, err)) &&
		   (!(a->equity >= REARM_EQUITY * config->min_equity) || end(&equity, err));
}

static bool act_quote(const struct closing *c, const struct trading_account *a, const struct quote *quote,
					  const struct guard_quote_finding *f, struct err *err)
{
	const struct episode gap = {c, a, "market_gap", quote->instrument}, spread = {c, a, "spread", quote->instrument};
	const struct position_filter of_symbol = {.trading_account_id = a->trading_account_id,
											  .instrument = quote->instrument};
	bool begun = false;
	int64_t count;
	if (f->action == GUARD_CLOSE &&
		(!begin(&gap, "fired", 0, &begun, err) || !(begun ? position_close_all(c, &of_symbol, "market_gap", &count, err)
														  : close_latecomers(c, &of_symbol, "market_gap", err))))
		return false;
	if (f->action == GUARD_BLOCK && (f->reasons & GUARD_SPREAD) != 0 && !begin(&spread, "fired", 0, &begun, err))
		return false;
	return (!(f->gap_pct <= GAP_CLOSE_PCT - REARM_POINTS) || end(&gap, err)) &&
		   (!(f->spread_pct <= SPREAD_REARM_PCT) || end(&spread, err));
}

bool guards_act(const struct closing *c, const struct trading_account *a, const struct guarding *found, struct err *err)
{
	struct trade_settings settings;
	if (!settings_get(c->db, a->account_id, c->arena, &settings, err))
		return false;
	const struct guard_config config = guard_config_of(c->arena, settings.guards);
	if (!act_account(c, a, found, &config, err) || !keep_killed(c, a, err))
		return false;
	for (size_t i = 0; i < found->count; i++)
		if (!act_quote(c, a, &found->list[i], &found->quotes[i], err))
			return false;
	return true;
}

bool guards_cancel(const struct closing *c, const struct trading_account *a, bool *cancelled, struct err *err)
{
	static const char *const guards[] = {"drawdown", "min_equity"}; /* those that wait before they act */
	*cancelled = false;
	for (size_t i = 0; i < sizeof guards / sizeof *guards; i++) {
		const struct episode e = {c, a, guards[i], ""};
		if (!db_run(c->db, err,
					"UPDATE guard_episodes SET state = 'cancelled' WHERE trading_account_id = $1 AND guard = $2 AND "
					"state = 'armed'",
					V_TEXT(a->trading_account_id), V_TEXT(guards[i])))
			return false;
		bool armed = db_changed(c->db) > 0;
		*cancelled |= armed;
		if (armed && !record(&e, AUDIT_GUARD_CANCEL, "guard.cancelled", err))
			return false;
	}
	return true;
}

/* --- the clock --- */

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool guards_any_due(struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, take_nothing, NULL,
				  "SELECT 1 FROM guard_episodes WHERE state = 'armed' AND closes_at <= $1 LIMIT 1", V_INT(now_us));
}

struct due {
	const char *trading_account_id, *guard;
};

bool guards_fire_due(const struct closing *c, struct err *err)
{
	struct db_rows rows;
	size_t found = 0;
	struct due due[FIRED_AT_ONCE];
	if (!db_query(c->db, &rows, err,
				  "SELECT trading_account_id, guard FROM guard_episodes WHERE state = 'armed' AND closes_at <= $1 "
				  "ORDER BY closes_at, guard LIMIT 100",
				  V_INT(c->now_us)))
		return false;
	while (db_next(&rows))
		due[found++] = (struct due){db_text_dup(&rows, 0, c->arena), db_text_dup(&rows, 1, c->arena)};
	if (!db_end(&rows, err))
		return false;
	for (size_t i = 0; i < found; i++) {
		const struct position_filter all = {.trading_account_id = due[i].trading_account_id};
		int64_t count;
		if (!position_close_all(c, &all, due[i].guard, &count, err) ||
			!db_run(c->db, err,
					"UPDATE guard_episodes SET state = 'fired' WHERE trading_account_id = $1 AND guard = $2 "
					"AND state = 'armed'",
					V_TEXT(due[i].trading_account_id), V_TEXT(due[i].guard)))
			return false;
	}
	return true;
}
