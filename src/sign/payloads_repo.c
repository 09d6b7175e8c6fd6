#include "sign/payloads_repo.h"

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"

#define PAYLOAD_COLUMNS \
	"payload_id, account_id, project_id, module, sha256, config, files, cost_snapshot, seal_sha256, request_id, " \
	"created_by, created_at"

bool payload_insert(struct db *db, const struct payload *payload, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO project_payloads (" PAYLOAD_COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
				  V_TEXT(payload->payload_id), V_TEXT(payload->account_id), V_TEXT(payload->project_id),
				  V_TEXT(payload->module), V_TEXT(payload->sha256), V_TEXT(payload->config), V_TEXT(payload->files),
				  V_TEXT(payload->cost_snapshot), V_TEXT(payload->seal_sha256), V_TEXT(payload->request_id),
				  V_TEXT(payload->created_by), V_INT(payload->created_us));
}

struct taking {
	struct arena *arena;
	struct payload *payload;
};

static void take(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->payload = (struct payload){
		.payload_id = db_text_dup(row, 0, to->arena),
		.account_id = db_text_dup(row, 1, to->arena),
		.project_id = db_text_dup(row, 2, to->arena),
		.module = db_text_dup(row, 3, to->arena),
		.sha256 = db_text_dup(row, 4, to->arena),
		.config = db_text_dup(row, 5, to->arena),
		.files = db_text_dup(row, 6, to->arena),
		.cost_snapshot = db_text_dup(row, 7, to->arena),
		.seal_sha256 = db_text_dup(row, 8, to->arena),
		.request_id = db_text_dup(row, 9, to->arena),
		.created_by = db_text_dup(row, 10, to->arena),
		.created_us = db_int(row, 11),
	};
}

bool payload_find(struct db *db, const char *account_id, const char *payload_id, struct arena *arena,
				  struct payload *payload, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .payload = payload};
	return db_one(db, err, found, take, &to,
				  "SELECT " PAYLOAD_COLUMNS " FROM project_payloads WHERE payload_id = $1 AND account_id = $2",
				  V_TEXT(payload_id), V_TEXT(account_id));
}

bool payload_find_content(struct db *db, const char *account_id, const char *project_id, const char *sha256,
						  struct arena *arena, struct payload *payload, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .payload = payload};
	return db_one(db, err, found, take, &to,
				  "SELECT " PAYLOAD_COLUMNS
				  " FROM project_payloads WHERE account_id = $1 AND project_id = $2 AND sha256 = $3",
				  V_TEXT(account_id), V_TEXT(project_id), V_TEXT(sha256));
}

bool payloads_list(struct db *db, const char *account_id, const char *project_id, const char *before, size_t limit,
				   struct arena *arena, struct payload *payloads, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT " PAYLOAD_COLUMNS " FROM project_payloads WHERE account_id = $1 AND project_id = $2 "
				  "AND payload_id < $3 ORDER BY payload_id DESC LIMIT $4",
				  V_TEXT(account_id), V_TEXT(project_id), V_TEXT(before != NULL ? before : "g"), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows)) {
		struct taking to = {.arena = arena, .payload = &payloads[(*count)++]};
		take(&rows, &to);
	}
	return db_end(&rows, err);
}
