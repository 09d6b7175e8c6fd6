#include "trade/approvals.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"
#include "trade/exact.h"

/* Without terms (given at another door) the approval stands as long as the request could be decided. */
#define SELECT \
	"SELECT c.countersignature_id, c.request_id, r.subject_id, c.user_id, c.decision, c.reason, c.consent_version, " \
	"c.seal_sha256, c.ip, c.user_agent, c.created_at, COALESCE(t.valid_until, r.expires_at), c.revoked_at, s.status, " \
	"r.quorum, (SELECT COUNT(*) FROM countersignatures k WHERE k.request_id = c.request_id AND " \
	"k.decision = 'approve' AND k.revoked_at IS NULL), (SELECT COUNT(*) FROM trading_accounts a WHERE " \
	"a.trading_account_id = s.trading_account_id AND a.kind = 'paper') FROM countersignatures c " \
	"JOIN countersign_requests r ON r.request_id = c.request_id AND r.kind = 'approval' " \
	"JOIN signals s ON s.signal_id = r.subject_id " \
	"LEFT JOIN approval_terms t ON t.request_id = c.request_id AND t.user_id = c.user_id "

static void take(const struct db_rows *row, struct arena *arena, struct approval *a)
{
	*a = (struct approval){
		.approval_id = db_text_dup(row, 0, arena),
		.request_id = db_text_dup(row, 1, arena),
		.signal_id = db_text_dup(row, 2, arena),
		.user_id = db_text_dup(row, 3, arena),
		.approved = strcmp(db_text(row, 4), "approve") == 0,
		.reason = db_text_dup(row, 5, arena),
		.consent_version = db_int(row, 6),
		.seal_sha256 = db_text_dup(row, 7, arena),
		.ip = db_text_dup(row, 8, arena),
		.user_agent = db_text_dup(row, 9, arena),
		.created_us = db_int(row, 10),
		.expires_us = db_int(row, 11),
		.revoked_us = db_int(row, 12),
		.signal_status = db_text_dup(row, 13, arena),
		.needed = db_int(row, 14),
		.have = db_int(row, 15),
		.paper = db_int(row, 16) != 0,
	};
}

struct taking {
	struct arena *arena;
	struct approval *approval;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take(row, to->arena, to->approval);
}

bool approval_find(struct db *db, const char *account_id, const char *user_id, const char *approval_id,
				   struct arena *arena, struct approval *approval, bool *found, struct err *err)
{
	struct taking to = {arena, approval};
	return db_one(db, err, found, take_one, &to,
				  SELECT "WHERE c.account_id = $1 AND c.countersignature_id = $2 "
						 "AND (CAST($3 AS TEXT) IS NULL OR c.user_id = $3)",
				  V_TEXT(account_id), V_TEXT(approval_id), V_TEXT(user_id));
}

bool approval_list(struct db *db, const char *account_id, const char *user_id, const char *before_id, int64_t limit,
				   struct arena *arena, struct approval **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, (size_t)limit, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  SELECT "WHERE c.account_id = $1 AND c.user_id = $2 "
						 "AND (CAST($3 AS TEXT) IS NULL OR c.countersignature_id < $3) "
						 "ORDER BY c.countersignature_id DESC LIMIT $4",
				  V_TEXT(account_id), V_TEXT(user_id), V_TEXT(before_id), V_INT(limit)))
		return false;
	while (db_next(&rows))
		take(&rows, arena, &(*list)[(*count)++]);
	return db_end(&rows, err);
}

bool approval_terms_put(struct db *db, const struct approval_terms *t, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO approval_terms (request_id, user_id, valid_until, lots) VALUES ($1, $2, $3, $4) "
				  "ON CONFLICT (request_id, user_id) DO NOTHING",
				  V_TEXT(t->request_id), V_TEXT(t->user_id), V_INT(t->valid_until_us), V_EXACT(t->lots));
}

bool approval_waiting(struct db *db, const char *account_id, const char *user_id, int64_t now_us, int64_t limit,
					  struct arena *arena, struct waiting **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, (size_t)limit, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT r.subject_id, r.expires_at FROM countersign_requests r WHERE r.account_id = $1 "
				  "AND r.kind = 'approval' AND r.subject_kind = 'signal' AND r.status = 'open' AND r.expires_at > $3 "
				  "AND NOT (r.four_eyes <> 0 AND r.author_id = $2) AND NOT EXISTS (SELECT 1 FROM countersignatures c "
				  "WHERE c.request_id = r.request_id AND c.user_id = $2) ORDER BY r.expires_at, r.request_id LIMIT $4",
				  V_TEXT(account_id), V_TEXT(user_id), V_INT(now_us), V_INT(limit)))
		return false;
	while (db_next(&rows))
		(*list)[(*count)++] = (struct waiting){db_text_dup(&rows, 0, arena), db_int(&rows, 1)};
	return db_end(&rows, err);
}
