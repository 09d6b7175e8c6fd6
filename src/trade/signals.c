#include "trade/signals.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "core/stamp.h"
#include "store/store.h"
#include "trade/domain/risk.h"
#include "trade/exact.h"
#include "trade/kept_risk.h"

#define COLUMNS \
	"signal_id, account_id, producer_id, owner_id, instrument, side, version, external_id, time_at, expires_at, " \
	"content, seal_sha256, authenticity, status, risk, approvals_needed, created_at, updated_at, row_version, " \
	"request_id, trading_account_id, approval_id, profile_version, price, lots, accepted_at, approved_until, " \
	"risk_packed"
#define READ_COLUMNS \
	COLUMNS ", (SELECT COUNT(*) FROM countersignatures c WHERE c.request_id = signals.request_id AND " \
			"c.decision = 'approve' AND c.revoked_at IS NULL), (SELECT COUNT(*) FROM trading_accounts a WHERE " \
			"a.trading_account_id = signals.trading_account_id AND a.kind = 'paper')"

static struct store_value packed_risk(const struct signal_row *r, struct buf *packed)
{
	buf_init(packed, 0);
	if (r->risk == NULL) /* damaged: what is there stays there */
		return V_NULL;
	if (r->risk_packed != NULL)
		return V_BLOB(r->risk_packed, r->risk_packed_size);
	kept_risk_pack(r->risk, packed);
	return V_BLOB(buf_text(packed), packed->size);
}

/* $15 is the report, whose text column is for older rows. */
static bool insert(struct db *db, const struct signal_row *r, struct store_value risk, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO signals (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, "
				  "$14, '', $16, $17, $18, $19, $20, $21, $22, $23, $24, $25, $26, $27, $15)",
				  V_TEXT(r->signal_id), V_TEXT(r->account_id), V_TEXT(r->producer_id), V_TEXT(r->owner_id),
				  V_TEXT(r->instrument), V_TEXT(r->side), V_TEXT(r->version), V_TEXT(r->external_id), V_INT(r->time_us),
				  V_INT(r->expires_us), V_TEXT(r->content), V_TEXT(r->seal_sha256), V_TEXT(r->authenticity),
				  V_TEXT(signal_status_names[r->status]), risk, V_INT(r->approvals_needed), V_INT(r->created_us),
				  V_INT(r->updated_us), V_INT(r->row_version), V_TEXT(r->request_id), V_TEXT(r->trading_account_id),
				  V_TEXT(r->approval_id), V_INT(r->profile_version), V_EXACT(r->price), V_EXACT(r->lots),
				  V_TIME(r->accepted_us), V_TIME(r->approved_until_us));
}

bool signal_insert(struct db *db, const struct signal_row *r, struct err *err)
{
	struct buf packed;
	bool done = insert(db, r, packed_risk(r, &packed), err);
	buf_fini(&packed);
	return done;
}

bool signal_settle(struct db *db, const struct signal_row *r, struct err *err)
{
	struct buf packed;
	bool done = db_run(db, err,
					   "UPDATE signals SET risk = '', risk_packed = COALESCE($2, risk_packed), approvals_needed = $3, "
					   "request_id = $4, "
					   "trading_account_id = $5, approval_id = $6, profile_version = $7, lots = $8, accepted_at = $9, "
					   "approved_until = $10, updated_at = $11, row_version = row_version + 1 WHERE signal_id = $1",
					   V_TEXT(r->signal_id), packed_risk(r, &packed), V_INT(r->approvals_needed), V_TEXT(r->request_id),
					   V_TEXT(r->trading_account_id), V_TEXT(r->approval_id), V_INT(r->profile_version),
					   V_EXACT(r->lots), V_TIME(r->accepted_us), V_TIME(r->approved_until_us), V_INT(r->updated_us));
	buf_fini(&packed);
	return done;
}

static int status_of(const char *name)
{
	int status = 0;
	while (strcmp(signal_status_names[status], name) != 0)
		status++;
	return status;
}

static void take(const struct db_rows *row, struct arena *arena, struct signal_row *r)
{
	*r = (struct signal_row){
		.signal_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.producer_id = db_text_dup(row, 2, arena),
		.owner_id = db_text_dup(row, 3, arena),
		.instrument = db_text_dup(row, 4, arena),
		.side = db_text_dup(row, 5, arena),
		.version = db_text_dup(row, 6, arena),
		.external_id = db_text_dup(row, 7, arena),
		.time_us = db_int(row, 8),
		.expires_us = db_int(row, 9),
		.content = db_text_dup(row, 10, arena),
		.seal_sha256 = db_text_dup(row, 11, arena),
		.authenticity = db_text_dup(row, 12, arena),
		.status = status_of(db_text(row, 13)),
		.risk = kept_risk_text(row, 14, 27, arena),
		.approvals_needed = db_int(row, 15),
		.created_us = db_int(row, 16),
		.updated_us = db_int(row, 17),
		.row_version = db_int(row, 18),
		.request_id = db_text_dup(row, 19, arena),
		.trading_account_id = db_text_dup(row, 20, arena),
		.approval_id = db_text_dup(row, 21, arena),
		.profile_version = db_int(row, 22),
		.price = db_exact(row, 23),
		.lots = db_exact(row, 24),
		.accepted_us = db_int(row, 25),
		.approved_until_us = db_int(row, 26),
		.approvals_have = db_int(row, 28),
		.paper = db_int(row, 29) != 0,
	};
}

struct taking {
	struct arena *arena;
	struct signal_row *row;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take(row, to->arena, to->row);
}

bool signal_find(struct db *db, const char *account_id, const char *signal_id, struct arena *arena,
				 struct signal_row *row, bool *found, struct err *err)
{
	struct taking to = {arena, row};
	return db_one(db, err, found, take_one, &to,
				  "SELECT " READ_COLUMNS " FROM signals WHERE account_id = $1 AND signal_id = $2", V_TEXT(account_id),
				  V_TEXT(signal_id));
}

bool signal_list(struct db *db, const struct signal_filter *f, struct arena *arena, struct signal_row **list,
				 size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, (size_t)f->limit, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT " READ_COLUMNS " FROM signals WHERE account_id = $1 "
				  "AND (CAST($2 AS TEXT) IS NULL OR status = $2) AND (CAST($3 AS TEXT) IS NULL OR instrument = $3) "
				  "AND (CAST($4 AS TEXT) IS NULL OR producer_id = $4) AND (CAST($5 AS TEXT) IS NULL OR signal_id < $5) "
				  "AND ($6 = 0 OR created_at >= $6) AND ($7 = 0 OR created_at < $7) "
				  "ORDER BY signal_id DESC LIMIT $8",
				  V_TEXT(f->account_id), V_TEXT(f->status), V_TEXT(f->instrument), V_TEXT(f->producer_id),
				  V_TEXT(f->before_id), V_INT(f->from_us), V_INT(f->to_us), V_INT(f->limit)))
		return false;
	while (db_next(&rows))
		take(&rows, arena, &(*list)[(*count)++]);
	return db_end(&rows, err);
}

static void take_id(const struct db_rows *row, void *self)
{
	const char *id = db_text(row, 0);
	snprintf(self, ID_TEXT, "%s", id != NULL ? id : "");
}

bool signal_twin(struct db *db, const char *producer_id, const struct signal *s, char signal_id[ID_TEXT],
				 struct err *err)
{
	signal_id[0] = '\0';
	return db_one(db, err, NULL, take_id, signal_id,
				  "SELECT signal_id FROM signals WHERE producer_id = $1 AND external_id = $2 "
				  "UNION ALL SELECT signal_id FROM signals WHERE producer_id = $1 AND instrument = $3 AND side = $4 "
				  "AND time_at = $5 AND version = $6",
				  V_TEXT(producer_id), V_TEXT(s->external_id), V_TEXT(s->instrument), V_TEXT(trade_side_names[s->side]),
				  V_INT(s->time_us), V_TEXT(s->version));
}

bool signal_move(struct db *db, const char *signal_id, enum signal_status from, enum signal_status to, int64_t now_us,
				 bool *moved, struct err *err)
{
	must(signal_may_move(from, to));
	if (!db_run(db, err,
				"UPDATE signals SET status = $3, updated_at = $4, row_version = row_version + 1 "
				"WHERE signal_id = $1 AND status = $2",
				V_TEXT(signal_id), V_TEXT(signal_status_names[from]), V_TEXT(signal_status_names[to]), V_INT(now_us)))
		return false;
	*moved = db_changed(db) == 1;
	return true;
}

bool signal_event_add(struct db *db, const struct signal_row *row, const struct signal_event *e, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO signal_events (event_id, account_id, signal_id, event, actor, detail, at) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $7)",
				  V_TEXT(e->event_id), V_TEXT(row->account_id), V_TEXT(row->signal_id), V_TEXT(e->event),
				  V_TEXT(e->actor), V_TEXT(e->detail), V_INT(e->at_us));
}

bool signal_event_list(struct db *db, const char *signal_id, struct arena *arena, struct signal_event **events,
					   size_t *count, struct err *err)
{
	enum { EVENTS_MAX = 1000 };
	struct db_rows rows;
	*count = 0;
	*events = arena_array(arena, EVENTS_MAX, sizeof **events);
	if (*events == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT event_id, event, actor, detail, at FROM signal_events WHERE signal_id = $1 "
				  "ORDER BY event_id LIMIT 1000",
				  V_TEXT(signal_id)))
		return false;
	while (db_next(&rows))
		(*events)[(*count)++] = (struct signal_event){
			.event_id = db_text_dup(&rows, 0, arena),
			.event = db_text_dup(&rows, 1, arena),
			.actor = db_text_dup(&rows, 2, arena),
			.detail = db_text_dup(&rows, 3, arena),
			.at_us = db_int(&rows, 4),
		};
	return db_end(&rows, err);
}

/* Both questions in one: a row that is over and has not been swept yet is taken anew, one that is not stays. */
bool replay_spend(struct db *db, const struct spent *r, int64_t now_us, const char *signal_id, bool *seen,
				  struct err *err)
{
	int64_t until = now_us + REPLAY_KEPT_S * STAMP_US_PER_S;
	if (!db_run(db, err,
				"INSERT INTO replays (signed_at, producer_id, sha256, until, signal_id) VALUES ($1, $2, $3, $5, $6) "
				"ON CONFLICT (signed_at, producer_id, sha256) DO UPDATE SET until = excluded.until, "
				"signal_id = excluded.signal_id WHERE replays.until <= $4",
				V_INT(r->signed_us), V_TEXT(r->producer_id), V_TEXT(r->sha256), V_INT(now_us), V_INT(until),
				V_TEXT(signal_id)))
		return false;
	*seen = db_changed(db) == 0;
	return true;
}

bool replay_signal(struct db *db, const struct spent *r, int64_t now_us, char signal_id[ID_TEXT], struct err *err)
{
	signal_id[0] = '\0';
	return db_one(
		db, err, NULL, take_id, signal_id,
		"SELECT signal_id FROM replays WHERE signed_at = $1 AND producer_id = $2 AND sha256 = $3 AND until > $4",
		V_INT(r->signed_us), V_TEXT(r->producer_id), V_TEXT(r->sha256), V_INT(now_us));
}

/*
 * A signature of the last moment that the clock lets through is REPLAY_SKEW_S ahead, and stays for REPLAY_KEPT_S; by
 * its own time all of them stand in one order.
 */
#define SWEPT_US(now_us) ((now_us) - (REPLAY_KEPT_S + REPLAY_SKEW_S) * STAMP_US_PER_S)
#define OLD_SIGNATURES "FROM replays WHERE signed_at > 0 AND signed_at <= $1"
#define OLD_IDS "FROM replays WHERE signed_at = 0 AND until <= $1"

bool replays_any_due(struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, NULL, NULL, "SELECT 1 " OLD_SIGNATURES " LIMIT 1", V_INT(SWEPT_US(now_us))) &&
		   (*due || db_one(db, err, due, NULL, NULL, "SELECT 1 " OLD_IDS " LIMIT 1", V_INT(now_us)));
}

bool replays_sweep(struct db *db, int64_t now_us, struct err *err)
{
	return db_run(db, err, "DELETE " OLD_SIGNATURES, V_INT(SWEPT_US(now_us))) &&
		   db_run(db, err, "DELETE " OLD_IDS, V_INT(now_us));
}

bool refused_insert(struct db *db, const struct refused_row *r, struct err *err)
{
	int64_t oldest = r->created_us - REFUSED_KEPT_DAYS * STAMP_US_PER_DAY;
	return db_run(db, err, "DELETE FROM refused_signals WHERE account_id = $1 AND created_at < $2",
				  V_TEXT(r->account_id), V_INT(oldest)) &&
		   db_run(db, err,
				  "INSERT INTO refused_signals (refused_id, account_id, producer_id, status, code, detail, errors, "
				  "signal_id, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				  V_TEXT(r->refused_id), V_TEXT(r->account_id), V_TEXT(r->producer_id), V_INT(r->status),
				  V_TEXT(r->code), V_TEXT(r->detail), V_TEXT(r->errors), V_TEXT(r->signal_id), V_INT(r->created_us));
}

bool refused_list(struct db *db, const char *account_id, const char *before_id, int64_t limit, struct arena *arena,
				  struct refused_row **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, (size_t)limit, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT refused_id, producer_id, status, code, detail, errors, signal_id, created_at "
				  "FROM refused_signals WHERE account_id = $1 AND (CAST($2 AS TEXT) IS NULL OR refused_id < $2) "
				  "ORDER BY refused_id DESC LIMIT $3",
				  V_TEXT(account_id), V_TEXT(before_id), V_INT(limit)))
		return false;
	while (db_next(&rows))
		(*list)[(*count)++] = (struct refused_row){
			.refused_id = db_text_dup(&rows, 0, arena),
			.producer_id = db_text_dup(&rows, 1, arena),
			.status = db_int(&rows, 2),
			.code = db_text_dup(&rows, 3, arena),
			.detail = db_text_dup(&rows, 4, arena),
			.errors = db_text_dup(&rows, 5, arena),
			.signal_id = db_text_dup(&rows, 6, arena),
			.created_us = db_int(&rows, 7),
		};
	return db_end(&rows, err);
}
