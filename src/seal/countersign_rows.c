#include "seal/countersign_rows.h"

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"

static struct store_value time_value(int64_t us)
{
	return us != 0 ? V_INT(us) : V_NULL;
}

/* --- requests --- */

#define OF_ACCOUNT "account_id = $1"
#define OF_ANYBODY "CAST($1 AS TEXT) IS NULL"

#define REQUEST_COLUMNS \
	"request_id, account_id, kind, seal_sha256, content_sha256, subject_kind, subject_id, author_id, quorum, " \
	"four_eyes, permission, consent_version, status, effect_key, created_at, expires_at, decided_at, applied_at, " \
	"(SELECT COUNT(*) FROM countersignatures c WHERE c.request_id = countersign_requests.request_id " \
	"AND c.decision = 'approve' AND c.revoked_at IS NULL)"

bool countersign_row_insert(struct db *db, const struct countersign_request *r, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO countersign_requests (request_id, account_id, kind, seal_sha256, content_sha256, subject_kind, "
		"subject_id, author_id, quorum, four_eyes, permission, consent_version, status, effect_key, created_at, "
		"expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)",
		V_TEXT(r->request_id), V_TEXT(r->account_id), V_TEXT(countersign_kind_names[r->kind]), V_TEXT(r->seal_sha256),
		V_TEXT(r->content_sha256), V_TEXT(r->subject_kind), V_TEXT(r->subject_id), V_TEXT(r->author_id),
		V_INT(r->quorum), V_INT(r->four_eyes), V_TEXT(r->permission), V_INT(r->consent_version),
		V_TEXT(countersign_status_names[r->status]), V_TEXT(r->effect_key), V_INT(r->created_us), V_INT(r->expires_us));
}

bool countersign_row_move(struct db *db, const struct countersign_request *r, enum countersign_status to,
						  struct err *err)
{
	if (!db_run(db, err,
				"UPDATE countersign_requests SET status = $1, decided_at = $2, applied_at = $3 "
				"WHERE request_id = $4 AND account_id = $5 AND status = $6",
				V_TEXT(countersign_status_names[to]), time_value(r->decided_us), time_value(r->applied_us),
				V_TEXT(r->request_id), V_TEXT(r->account_id), V_TEXT(countersign_status_names[r->status])))
		return false;
	return db_changed(db) == 1 || err_set(err, ERR_CONFLICT, "the request has moved meanwhile");
}

static void read_request(const struct db_rows *row, struct arena *arena, struct countersign_request *r)
{
	*r = (struct countersign_request){
		.request_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.kind = (enum countersign_kind)db_word(row, 2, countersign_kind_names),
		.seal_sha256 = db_text_dup(row, 3, arena),
		.content_sha256 = db_text_dup(row, 4, arena),
		.subject_kind = db_text_dup(row, 5, arena),
		.subject_id = db_text_dup(row, 6, arena),
		.author_id = db_text_dup(row, 7, arena),
		.quorum = db_int(row, 8),
		.four_eyes = db_int(row, 9) != 0,
		.permission = db_text_dup(row, 10, arena),
		.consent_version = db_int(row, 11),
		.status = (enum countersign_status)db_word(row, 12, countersign_status_names),
		.effect_key = db_text_dup(row, 13, arena),
		.created_us = db_int(row, 14),
		.expires_us = db_int(row, 15),
		.decided_us = db_int(row, 16),
		.applied_us = db_int(row, 17),
		.approvals = db_int(row, 18),
	};
}

struct taking {
	struct arena *arena;
	void *into;
};

static void take_request(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	read_request(row, to->arena, to->into);
}

static bool whole(const struct arena *arena, struct err *err)
{
	return !arena->full || err_set(err, ERR_LIMIT, "no memory for the row");
}

bool countersign_request_find(struct db *db, const char *account_id, const char *request_id, struct arena *arena,
							  struct countersign_request *request, bool *found, struct err *err)
{
	struct taking to = {arena, request};
	return db_one(db, err, found, take_request, &to,
				  "SELECT " REQUEST_COLUMNS " FROM countersign_requests WHERE request_id = $1 "
				  "AND (CAST($2 AS TEXT) IS NULL OR account_id = $2)",
				  V_TEXT(request_id), V_TEXT(account_id)) &&
		   whole(arena, err);
}

/* The statuses as one text in which a name stands between commas. */
static const char *status_set(unsigned statuses, struct arena *arena)
{
	const char *set = ",";
	for (int i = 0; set != NULL && i < COUNTERSIGN_STATUSES; i++)
		if ((statuses & 1U << i) != 0)
			set = arena_printf(arena, "%s%s,", set, countersign_status_names[i]);
	return statuses != 0 ? set : NULL;
}

bool countersign_request_about(struct db *db, const struct countersign_about *about, struct arena *arena,
							   struct countersign_request *request, bool *found, struct err *err)
{
	struct taking to = {arena, request};
	return db_one(db, err, found, take_request, &to,
				  "SELECT " REQUEST_COLUMNS " FROM countersign_requests WHERE account_id = $1 AND subject_kind = $2 "
				  "AND subject_id = $3 AND kind = $4 AND (CAST($5 AS TEXT) IS NULL OR seal_sha256 = $5) "
				  "AND (CAST($6 AS TEXT) IS NULL OR request_id >= $6) "
				  "AND (CAST($7 AS TEXT) IS NULL OR $7 LIKE '%,' || status || ',%') ORDER BY request_id DESC LIMIT 1",
				  V_TEXT(about->account_id), V_TEXT(about->subject_kind), V_TEXT(about->subject_id),
				  V_TEXT(countersign_kind_names[about->kind]), V_TEXT(about->seal_sha256), V_TEXT(about->since),
				  V_TEXT(status_set(about->statuses, arena))) &&
		   whole(arena, err);
}

bool countersign_row_by_effect(struct db *db, const char *effect_key, struct arena *arena,
							   struct countersign_request *request, bool *found, struct err *err)
{
	struct taking to = {arena, request};
	return db_one(db, err, found, take_request, &to,
				  "SELECT " REQUEST_COLUMNS " FROM countersign_requests WHERE effect_key = $1", V_TEXT(effect_key)) &&
		   whole(arena, err);
}

static const char *name_or_null(const char *const *names, int i)
{
	return i >= 0 ? names[i] : NULL;
}

/* Two texts, so that an account's list is read by its index. */
#define REQUESTS(whose) \
	"SELECT " REQUEST_COLUMNS " FROM countersign_requests WHERE " whose \
	" AND ($2 = '' OR request_id < $2) AND (CAST($3 AS TEXT) IS NULL OR status = $3) " \
	"AND (CAST($4 AS TEXT) IS NULL OR kind = $4) AND (CAST($5 AS TEXT) IS NULL OR author_id = $5) " \
	"ORDER BY request_id DESC LIMIT $6"

bool countersign_requests(struct db *db, const struct countersign_filter *filter, struct arena *arena,
						  void (*take)(void *self, const struct countersign_request *request), void *self,
						  struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err, filter->account_id != NULL ? REQUESTS(OF_ACCOUNT) : REQUESTS(OF_ANYBODY),
				  V_TEXT(filter->account_id), V_TEXT(filter->before),
				  V_TEXT(name_or_null(countersign_status_names, filter->status)),
				  V_TEXT(name_or_null(countersign_kind_names, filter->kind)), V_TEXT(filter->user_id),
				  V_INT(filter->limit)))
		return false;
	while (db_next(&rows)) {
		struct countersign_request request;
		read_request(&rows, arena, &request);
		if (!arena->full)
			take(self, &request);
	}
	return db_end(&rows, err) && whole(arena, err);
}

/* --- countersignatures --- */

#define ROW_COLUMNS \
	"countersignature_id, request_id, account_id, seal_sha256, user_id, role, decision, reason, consent_version, ip, " \
	"user_agent, mfa, receipt, created_at, revoked_at, revoke_reason"

static void take_one(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool countersign_row_decided(struct db *db, const char *request_id, const char *user_id, bool *decided, struct err *err)
{
	return db_one(db, err, decided, take_one, NULL,
				  "SELECT 1 FROM countersignatures WHERE request_id = $1 AND user_id = $2", V_TEXT(request_id),
				  V_TEXT(user_id));
}

bool countersign_row_sign(struct db *db, const struct countersignature *row, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO countersignatures (" ROW_COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, NULL, NULL)",
				  V_TEXT(row->countersignature_id), V_TEXT(row->request_id), V_TEXT(row->account_id),
				  V_TEXT(row->seal_sha256), V_TEXT(row->user_id), V_TEXT(row->role),
				  V_TEXT(countersign_decision_names[row->decision]), V_TEXT(row->reason), V_INT(row->consent_version),
				  V_TEXT(row->ip), V_TEXT(row->user_agent), V_INT(row->mfa), V_TEXT(row->receipt),
				  V_INT(row->created_us));
}

bool countersign_row_revoke(struct db *db, const struct countersignature *row, struct err *err)
{
	return db_run(db, err,
				  "UPDATE countersignatures SET revoked_at = $1, revoke_reason = $2 "
				  "WHERE countersignature_id = $3 AND account_id = $4 AND revoked_at IS NULL",
				  V_INT(row->revoked_us), V_TEXT(row->revoke_reason), V_TEXT(row->countersignature_id),
				  V_TEXT(row->account_id));
}

static void read_row(const struct db_rows *from, struct arena *arena, struct countersignature *row)
{
	*row = (struct countersignature){
		.countersignature_id = db_text_dup(from, 0, arena),
		.request_id = db_text_dup(from, 1, arena),
		.account_id = db_text_dup(from, 2, arena),
		.seal_sha256 = db_text_dup(from, 3, arena),
		.user_id = db_text_dup(from, 4, arena),
		.role = db_text_dup(from, 5, arena),
		.decision = (enum countersign_decision)db_word(from, 6, countersign_decision_names),
		.reason = db_text_dup(from, 7, arena),
		.consent_version = db_int(from, 8),
		.ip = db_text_dup(from, 9, arena),
		.user_agent = db_text_dup(from, 10, arena),
		.mfa = db_int(from, 11) != 0,
		.receipt = db_text_dup(from, 12, arena),
		.created_us = db_int(from, 13),
		.revoked_us = db_int(from, 14),
		.revoke_reason = db_text_dup(from, 15, arena),
	};
}

static void take_row(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	read_row(row, to->arena, to->into);
}

bool countersignature_find(struct db *db, const char *account_id, const char *id, struct arena *arena,
						   struct countersignature *row, bool *found, struct err *err)
{
	struct taking to = {arena, row};
	return db_one(db, err, found, take_row, &to,
				  "SELECT " ROW_COLUMNS " FROM countersignatures WHERE countersignature_id = $1 "
				  "AND (CAST($2 AS TEXT) IS NULL OR account_id = $2)",
				  V_TEXT(id), V_TEXT(account_id)) &&
		   whole(arena, err);
}

#define ROWS(whose) \
	"SELECT " ROW_COLUMNS " FROM countersignatures WHERE " whose \
	" AND ($2 = '' OR countersignature_id < $2) AND (CAST($3 AS TEXT) IS NULL OR user_id = $3) " \
	"AND (CAST($4 AS TEXT) IS NULL OR request_id = $4) ORDER BY countersignature_id DESC LIMIT $5"

bool countersignatures(struct db *db, const struct countersign_filter *filter, struct arena *arena,
					   void (*take)(void *self, const struct countersignature *row), void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err, filter->account_id != NULL ? ROWS(OF_ACCOUNT) : ROWS(OF_ANYBODY),
				  V_TEXT(filter->account_id), V_TEXT(filter->before), V_TEXT(filter->user_id),
				  V_TEXT(filter->request_id), V_INT(filter->limit)))
		return false;
	while (db_next(&rows)) {
		struct countersignature row;
		read_row(&rows, arena, &row);
		if (!arena->full)
			take(self, &row);
	}
	return db_end(&rows, err) && whole(arena, err);
}

/* --- policies --- */

struct policy_row {
	int64_t quorum;
	bool four_eyes;
};

static void take_policy(const struct db_rows *row, void *self)
{
	*(struct policy_row *)self = (struct policy_row){db_int(row, 0), db_int(row, 1) != 0};
}

bool countersign_policy_get(struct db *db, const char *account_id, enum countersign_kind kind, int64_t *quorum,
							bool *four_eyes, struct err *err)
{
	struct policy_row policy = {0, false};
	if (!db_one(db, err, NULL, take_policy, &policy,
				"SELECT quorum, four_eyes FROM countersign_policies WHERE account_id = $1 AND kind = $2",
				V_TEXT(account_id), V_TEXT(countersign_kind_names[kind])))
		return false;
	*quorum = policy.quorum;
	*four_eyes = policy.four_eyes;
	return true;
}
