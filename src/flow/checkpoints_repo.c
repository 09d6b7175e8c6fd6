#include "flow/checkpoints_repo.h"

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static bool next_number(struct db *db, const char *run_id, int64_t *number, struct err *err)
{
	bool found;
	if (!db_run(db, err, "UPDATE flow_runs SET checkpoints = checkpoints + 1 WHERE run_id = $1 AND account_id <> ''",
				V_TEXT(run_id)) ||
		!db_one(db, err, &found, take_int, number,
				"SELECT checkpoints FROM flow_runs WHERE run_id = $1 AND account_id <> ''", V_TEXT(run_id)))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "There is no such run.");
}

bool checkpoints_insert(struct db *db, struct checkpoint_record *r, const void *content, struct err *err)
{
	if (!next_number(db, r->run_id, &r->number, err))
		return false;
	return db_run(
		db, err,
		"INSERT INTO flow_checkpoints (checkpoint_id, run_id, checkpoint_number, status, seq, label, "
		"automatic, completed, pending, failed, skipped, total, budget, memory_ref, caller_state, content, "
		"content_sha256, compressed, size_bytes, stored_bytes, created_at, created_by) VALUES "
		"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)",
		V_TEXT(r->checkpoint_id), V_TEXT(r->run_id), V_INT(r->number), V_TEXT(r->status), V_INT(r->seq),
		V_TEXT(r->label), V_INT(r->automatic), V_INT(r->completed), V_INT(r->pending), V_INT(r->failed),
		V_INT(r->skipped), V_INT(r->total), V_TEXT(r->budget), V_TEXT(r->memory_ref), V_TEXT(r->caller_state),
		V_BLOB(content, (size_t)r->stored_bytes), V_TEXT(r->content_sha256), V_INT(r->compressed), V_INT(r->size_bytes),
		V_INT(r->stored_bytes), V_INT(r->created_us), V_TEXT(r->created_by));
}

#define COLUMNS \
	"c.checkpoint_id, c.run_id, c.status, c.label, c.budget, c.memory_ref, c.caller_state, c.created_by, " \
	"c.content_sha256, r.status, c.checkpoint_number, c.seq, c.completed, c.pending, c.failed, c.skipped, c.total, " \
	"c.size_bytes, c.stored_bytes, c.created_at, c.automatic, c.compressed " \
	"FROM flow_checkpoints c JOIN flow_runs r ON r.run_id = c.run_id "

struct one {
	struct arena *arena;
	struct checkpoint_record *record;
};

static void take_record(const struct db_rows *row, void *self)
{
	struct one *to = self;
	const char *texts[10];
	for (int i = 0; i < 10; i++)
		texts[i] = db_text_dup(row, i, to->arena);
	*to->record = (struct checkpoint_record){
		.checkpoint_id = texts[0],
		.run_id = texts[1],
		.status = texts[2],
		.label = texts[3],
		.budget = texts[4],
		.memory_ref = texts[5],
		.caller_state = texts[6],
		.created_by = texts[7],
		.content_sha256 = texts[8],
		.run_status = texts[9],
		.number = db_int(row, 10),
		.seq = db_int(row, 11),
		.completed = db_int(row, 12),
		.pending = db_int(row, 13),
		.failed = db_int(row, 14),
		.skipped = db_int(row, 15),
		.total = db_int(row, 16),
		.size_bytes = db_int(row, 17),
		.stored_bytes = db_int(row, 18),
		.created_us = db_int(row, 19),
		.automatic = db_int(row, 20) != 0,
		.compressed = db_int(row, 21) != 0,
	};
}

bool checkpoints_get(struct db *db, const char *checkpoint_id, const char *account_id, struct arena *arena,
					 struct checkpoint_record *record, bool *found, struct err *err)
{
	struct one to = {.arena = arena, .record = record};
	return db_one(db, err, found, take_record, &to,
				  "SELECT " COLUMNS "WHERE c.checkpoint_id = $1 AND r.account_id = $2", V_TEXT(checkpoint_id),
				  V_TEXT(account_id));
}

bool checkpoints_list(struct db *db, const char *run_id, struct arena *arena,
					  void (*take)(void *self, const struct checkpoint_record *record), void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err, "SELECT " COLUMNS "WHERE c.run_id = $1 ORDER BY c.checkpoint_number DESC",
				  V_TEXT(run_id)))
		return false;
	while (db_next(&rows)) {
		struct checkpoint_record record;
		struct one to = {.arena = arena, .record = &record};
		take_record(&rows, &to);
		take(self, &record);
	}
	return db_end(&rows, err);
}

struct content {
	struct arena *arena;
	const char *bytes;
	size_t size;
};

static void take_content(const struct db_rows *row, void *self)
{
	struct content *content = self;
	const char *bytes = db_blob(row, 0, &content->size);
	content->bytes = arena_dupn(content->arena, bytes, content->size);
}

bool checkpoints_content(struct db *db, const char *checkpoint_id, struct arena *arena, const char **content,
						 size_t *size, struct err *err)
{
	struct content to = {.arena = arena};
	bool found;
	if (!db_one(db, err, &found, take_content, &to, "SELECT content FROM flow_checkpoints WHERE checkpoint_id = $1",
				V_TEXT(checkpoint_id)))
		return false;
	if (to.bytes == NULL)
		return err_set(err, found ? ERR_LIMIT : ERR_NOT_FOUND, found ? "no memory" : "There is no such checkpoint.");
	*content = to.bytes;
	*size = to.size;
	return true;
}

bool checkpoints_mark(struct db *db, const char *checkpoint_id, const char *status, struct err *err)
{
	return db_run(db, err, "UPDATE flow_checkpoints SET status = $1 WHERE checkpoint_id = $2", V_TEXT(status),
				  V_TEXT(checkpoint_id));
}

bool checkpoints_restored(struct db *db, const char *run_id, struct err *err)
{
	return db_run(db, err, "UPDATE flow_checkpoints SET status = 'ready' WHERE run_id = $1 AND status = 'restoring'",
				  V_TEXT(run_id));
}

bool checkpoints_delete(struct db *db, const char *checkpoint_id, struct err *err)
{
	return db_run(db, err, "DELETE FROM flow_checkpoints WHERE checkpoint_id = $1", V_TEXT(checkpoint_id));
}

bool checkpoints_thin(struct db *db, const char *run_id, int64_t keep, struct err *err)
{
	return db_run(db, err,
				  "DELETE FROM flow_checkpoints WHERE run_id = $1 AND automatic = 1 AND label IS NULL AND status <> "
				  "'restoring' AND checkpoint_number NOT IN (SELECT checkpoint_number FROM flow_checkpoints WHERE "
				  "run_id = $1 AND automatic = 1 AND label IS NULL ORDER BY checkpoint_number DESC LIMIT $2)",
				  V_TEXT(run_id), V_INT(keep));
}

bool checkpoints_last(struct db *db, const char *run_id, int64_t *at_us, struct err *err)
{
	bool found;
	*at_us = 0;
	return db_one(db, err, &found, take_int, at_us, "SELECT MAX(created_at) FROM flow_checkpoints WHERE run_id = $1",
				  V_TEXT(run_id));
}
