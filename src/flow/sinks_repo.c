#include "flow/sinks_repo.h"

#include "core/arena.h"
#include "store/store.h"

static struct store_value blob(const struct sink_secret *secret)
{
	return secret->sealed == NULL ? V_NULL : V_BLOB(secret->sealed, secret->size);
}

bool sinks_insert(struct db *db, const struct sink_record *r, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO flow_sinks (sink_id, account_id, url, topics, enabled, secret, former_secret, former_until, "
		"told_to, tries, due_at, delivered, delivered_at, last_status, last_error, created_at, created_by) "
		"VALUES ($1, $2, $3, $4, $5, $6, NULL, 0, $7, 0, 0, 0, 0, 0, NULL, $8, $9)",
		V_TEXT(r->sink_id), V_TEXT(r->account_id), V_TEXT(r->url), V_TEXT(r->topics), V_INT(r->enabled),
		blob(&r->secret), V_INT(r->told_to), V_INT(r->created_us), V_TEXT(r->created_by));
}

bool sinks_update(struct db *db, const struct sink_record *r, struct err *err)
{
	return db_run(db, err,
				  "UPDATE flow_sinks SET enabled = $2, secret = $3, former_secret = $4, former_until = $5, tries = $6, "
				  "due_at = $7, last_error = $8 WHERE sink_id = $1",
				  V_TEXT(r->sink_id), V_INT(r->enabled), blob(&r->secret), blob(&r->former), V_INT(r->former_until_us),
				  V_INT(r->tries), V_INT(r->due_us), V_TEXT(r->last_error));
}

bool sinks_progress(struct db *db, const struct sink_record *r, struct err *err)
{
	return db_run(db, err,
				  "UPDATE flow_sinks SET enabled = CASE WHEN $2 = 0 THEN 0 ELSE enabled END, told_to = $3, tries = $4, "
				  "due_at = $5, delivered = $6, delivered_at = $7, last_status = $8, last_error = $9 "
				  "WHERE sink_id = $1",
				  V_TEXT(r->sink_id), V_INT(r->enabled), V_INT(r->told_to), V_INT(r->tries), V_INT(r->due_us),
				  V_INT(r->delivered), V_INT(r->delivered_us), V_INT(r->last_status), V_TEXT(r->last_error));
}

bool sinks_delete(struct db *db, const char *sink_id, struct err *err)
{
	return db_run(db, err, "DELETE FROM flow_sinks WHERE sink_id = $1", V_TEXT(sink_id));
}

static void take_figures(const struct db_rows *row, void *self)
{
	struct sinks_figures *figures = self;
	*figures = (struct sinks_figures){.count = db_int(row, 0), .failing = db_int(row, 1)};
}

/* Who answered 410 wants no more; who was disabled by a person has no tries. */
bool sinks_figures(struct db *db, struct sinks_figures *figures, struct err *err)
{
	return db_one(db, err, NULL, take_figures, figures,
				  "SELECT COUNT(*), COALESCE(SUM(CASE WHEN tries > 0 THEN 1 ELSE 0 END), 0) FROM flow_sinks WHERE "
				  "enabled = 1 OR (tries > 0 AND last_status <> 410)");
}

#define COLUMNS \
	"sink_id, account_id, url, topics, last_error, created_by, secret, former_secret, enabled, former_until, " \
	"told_to, " \
	"tries, due_at, delivered, delivered_at, last_status, created_at"

struct taking {
	struct arena *arena;
	struct sink_record *record;
};

static struct sink_secret secret_of(const struct db_rows *row, int column, struct arena *arena)
{
	struct sink_secret secret = {.sealed = NULL};
	const void *bytes = db_blob(row, column, &secret.size);
	secret.sealed = bytes == NULL ? NULL : arena_dupn(arena, bytes, secret.size);
	return secret;
}

static void take_record(const struct db_rows *row, void *self)
{
	const struct taking *to = self;
	struct arena *arena = to->arena;
	*to->record = (struct sink_record){
		.sink_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.url = db_text_dup(row, 2, arena),
		.topics = db_text_dup(row, 3, arena),
		.last_error = db_text_dup(row, 4, arena),
		.created_by = db_text_dup(row, 5, arena),
		.secret = secret_of(row, 6, arena),
		.former = secret_of(row, 7, arena),
		.enabled = db_int(row, 8) != 0,
		.former_until_us = db_int(row, 9),
		.told_to = db_int(row, 10),
		.tries = db_int(row, 11),
		.due_us = db_int(row, 12),
		.delivered = db_int(row, 13),
		.delivered_us = db_int(row, 14),
		.last_status = db_int(row, 15),
		.created_us = db_int(row, 16),
	};
}

bool sinks_get(struct db *db, const char *sink_id, const char *account_id, struct arena *arena,
			   struct sink_record *record, bool *found, struct err *err)
{
	struct taking to = {arena, record};
	return db_one(db, err, found, take_record, &to,
				  "SELECT " COLUMNS " FROM flow_sinks WHERE sink_id = $1 AND account_id = $2", V_TEXT(sink_id),
				  V_TEXT(account_id));
}

bool sinks_list(struct db *db, const char *account_id, struct arena *arena,
				void (*take)(void *self, const struct sink_record *record), void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM flow_sinks WHERE account_id = $1 OR ($1 IS NULL AND enabled = 1) "
				  "ORDER BY sink_id",
				  V_TEXT(account_id)))
		return false;
	while (db_next(&rows)) {
		struct sink_record record;
		struct taking to = {arena, &record};
		take_record(&rows, &to);
		take(self, &record);
	}
	return db_end(&rows, err);
}
