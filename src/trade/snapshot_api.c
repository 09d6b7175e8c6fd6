#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "trade/figures.h"
#include "trade/paper.h"
#include "trade/snapshots.h"
#include "trade/terminal.h"
#include "trade/trade_internal.h"
#include "trade/trade_routes.h"

/* POST /api/v1/client/snapshot [trade.md 4.3]: what a terminal sees, and what came of it. */

struct form_query {
	int form;
};
static const struct field form_fields[] = {TERMINAL_FORM(form_query)};
static const struct field_table form_table = FIELD_TABLE("client.snapshot.form", form_query, form_fields);

struct taking {
	struct terminal terminal; /* first */
	struct snapshot snapshot;
	struct sync sync;
	char snapshot_id[ID_TEXT], account_id[ID_TEXT];
};

/* --- whose account --- */

static bool fits(const struct trading_account *a, const struct snapshot_account *told)
{
	return strcmp(a->login, told->login) == 0 &&
		   (told->broker[0] == '\0' || a->broker[0] == '\0' || strcmp(a->broker, told->broker) == 0) &&
		   (told->server[0] == '\0' || a->server[0] == '\0' || strcmp(a->server, told->server) == 0);
}

static bool record(struct taking *t, struct db *db, enum audit_action action, struct err *err)
{
	return deed_audit(&t->terminal.deed, db, action, t->terminal.account.trading_account_id, NULL, 0, err);
}

static bool make_account(struct taking *t, struct db *db, bool primary, struct err *err)
{
	struct terminal *terminal = &t->terminal;
	const struct snapshot_account *told = &t->snapshot.account;
	id_make(terminal->deed.api->options.ids, t->account_id);
	terminal->account = (struct trading_account){
		.trading_account_id = t->account_id,
		.account_id = terminal->device.account_id,
		.owner_id = terminal->device.owner_id,
		.login = told->login,
		.broker = told->broker,
		.server = told->server,
		.name = "",
		.symbol_map = "{}",
		.primary = primary,
		.peak_equity = NAN,
		.day_start_equity = NAN,
		.created_us = terminal->deed.now_us,
	};
	return trading_account_insert(db, &terminal->account, err) && record(t, db, AUDIT_TRADING_ACCOUNT_CREATE, err);
}

/* A device without an account joins its owner's that fits, or makes one. */
static bool join_account(struct taking *t, struct db *db, struct err *err)
{
	enum { ACCOUNTS_MAX = 500 };
	struct terminal *terminal = &t->terminal;
	struct trading_account *list;
	size_t count;
	if (!trading_account_list(db, terminal->device.account_id, terminal->device.owner_id, ACCOUNTS_MAX,
							  &terminal->deed.x->arena, &list, &count, err))
		return false;
	for (size_t i = 0; i < count && !terminal->has_account; i++)
		if (fits(&list[i], &t->snapshot.account)) {
			terminal->account = list[i];
			terminal->has_account = true;
		}
	if (!terminal->has_account && !make_account(t, db, count == 0, err))
		return false;
	terminal->has_account = true;
	terminal->device.trading_account_id = terminal->account.trading_account_id;
	return true;
}

/* --- which snapshot --- */

/* Older than, or equal to, what is known says nothing. */
static bool is_newer(const struct taking *t, struct err *err)
{
	const struct device *d = &t->terminal.device;
	const struct snapshot *s = &t->snapshot;
	bool told = s->seq != FIELD_NO_INT, known = d->snapshot_seq != FIELD_NO_INT;
	bool newer = told && known ? s->seq > d->snapshot_seq : s->taken_us > d->snapshot_taken_us;
	/* prices of a paper account come from several sides */
	bool after = t->terminal.account.paper || s->taken_us >= t->terminal.account.taken_us;
	return (newer && after) || err_set(err, ERR_STALE_SNAPSHOT, "A newer snapshot is there.");
}

/* Of a terminal that stands in for a paper account only the prices count; those of any other move the owner's. */
static bool take_in(struct taking *t, const struct leasing *l, struct err *err)
{
	struct trading_account *account = &t->terminal.account;
	const char *device = t->terminal.device.device_id;
	struct paper_done done = {.filled = 0};
	if (!account->paper)
		return snapshot_take(l, account, &t->snapshot, device, &t->sync, err) &&
			   paper_feed_all(l, account->owner_id, &t->snapshot, err);
	bool taken = snapshot_name(l, account, &t->snapshot, err) && paper_feed(l, account, &t->snapshot, &done, err);
	t->sync = done.sync;
	return taken;
}

static bool snapshot_part(struct terminal *terminal, struct db *db, struct err *err)
{
	struct taking *t = (struct taking *)terminal;
	struct deed *deed = &terminal->deed;
	const struct audit_event who = principal_event(deed->x, AUDIT_TRADING_ACCOUNT_UPDATE, AUDIT_SUCCESS);
	const struct leasing l = {deed->api, db, &deed->x->arena, &who, deed->now_us};
	int64_t began_us = env_mono_us(deed->api->options.env);
	if (!terminal->has_account && !join_account(t, db, err))
		return false;
	if (!fits(&terminal->account, &t->snapshot.account))
		return err_set(err, ERR_ACCOUNT_MISMATCH, "The terminal is logged in to another account.");
	if (!is_newer(t, err))
		return false;
	if (terminal->account.verified_us == 0 && !record(t, db, AUDIT_TRADING_ACCOUNT_VERIFY, err))
		return false;
	if (t->snapshot.seq != FIELD_NO_INT)
		terminal->device.snapshot_seq = t->snapshot.seq;
	terminal->device.snapshot_taken_us = t->snapshot.taken_us;
	if (!device_update(db, &terminal->device, err) || !take_in(t, &l, err))
		return false;
	terminal->account.last_sync_us = env_mono_us(deed->api->options.env) - began_us;
	figures_count(deed->api->figures, COUNT_mt5_snapshots_total, NULL, NULL);
	figures_took(deed->api->figures, TIME_reconciliation_seconds, terminal->account.last_sync_us);
	return trading_account_update(db, &terminal->account, err);
}

/* --- telling --- */

static const char *const columns[] = {"snapshot_id", "trading_account_id", "server_time", "next_snapshot_seconds",
									  NULL};

static void answer_snapshot(struct terminal *terminal)
{
	const struct taking *t = (const struct taking *)terminal;
	struct telling telling;
	struct jw *jw = &telling.jw;
	tell_begin(&telling);
	jw_member_str(jw, "snapshot_id", t->snapshot_id);
	jw_member_str(jw, "trading_account_id", terminal->account.trading_account_id);
	jw_key(jw, "reconciliation");
	jw_object(jw);
	jw_member_int(jw, "matched", (int64_t)t->sync.matched);
	jw_member_int(jw, "unmatched", (int64_t)t->sync.unmatched);
	jw_member_int(jw, "divergences", (int64_t)t->sync.divergences);
	jw_member_int(jw, "closed", (int64_t)t->sync.closed);
	jw_object_end(jw);
	jw_key(jw, "guards");
	jw_object(jw);
	guards_write(jw, &t->sync.guards);
	jw_object_end(jw);
	tell_time(jw, "server_time", terminal->deed.now_us);
	jw_member_int(jw, "next_snapshot_seconds", SNAPSHOT_EVERY_S);
	terminal_answer(terminal, 201, &telling, NULL, columns);
}

static void check(void *self, struct faults *faults)
{
	struct taking *t = self;
	snapshot_check(&t->snapshot, t->terminal.deed.now_us, faults);
}

static void handle_snapshot(struct exchange *x)
{
	struct form_query form;
	struct taking *t = terminal_start(x, sizeof *t, TERMINAL_LIMITED);
	if (t == NULL || !terminal_decode(&t->terminal, &form, &t->snapshot, check))
		return;
	id_make(t->terminal.deed.api->options.ids, t->snapshot_id);
	terminal_write(&t->terminal, snapshot_part, answer_snapshot);
}

static const char *const forms[] = {"application/json", "text/tab-separated-values", NULL};
static const enum err_kind errors[] = {ERR_TIMESTAMP_SKEW,
									   ERR_SIGNATURE_INVALID,
									   ERR_DEVICE_REVOKED,
									   ERR_NONCE_REPLAYED,
									   ERR_ACCOUNT_MISMATCH,
									   ERR_STALE_SNAPSHOT,
									   ERR_NONE};

static const struct field fitted_rows[] = {T_INT(matched), T_INT(unmatched), T_INT(divergences), T_INT(closed)};
static const struct field_table fitted_table = TOLD_TABLE("client.reconciliation", fitted_rows);
static const struct field taken_rows[] = {
	T_STR(snapshot_id),
	T_STR(trading_account_id),
	T_OBJECT(reconciliation, &fitted_table),
	T_OBJECT(guards, &guards_view_table),
	T_TIME(server_time),
	T_INT(next_snapshot_seconds, UNIT("s")),
};
static const struct field_table taken_table = TOLD_TABLE("client.snapshot.taken", taken_rows);

const struct route snapshot_routes[] = {
	ROUTE(POST, "/api/v1/client/snapshot", "trade.device", EFFECT_WRITE, handle_snapshot,
		  .operation = "client.snapshot", .summary = "What a terminal sees; reconciled and guarded before the answer",
		  .doc = "Signed by X-Device-Id, X-Nonce, X-Timestamp and X-Signature; see the terminal's guide.",
		  .query = &form_table, .body = &snapshot_table, .body_max = SNAPSHOT_MAX, .result = &taken_table,
		  .status = 201, TERMINAL_ANSWERS, .errors = errors, .self_verified = true, .rate_class = "none",
		  .produces = forms),
};
const size_t snapshot_routes_count = sizeof snapshot_routes / sizeof *snapshot_routes;
