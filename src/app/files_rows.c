#include <string.h>

#include "app/app.h"
#include "app/files.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/jw.h"
#include "seal/outbox.h"
#include "store/store.h"

/* The rows of files, and how much of its quota an account has used. */

#define COLUMNS \
	"file_id, account_id, filename, content_type, sniffed_type, blob_sha256, size, state, scan_detail, purpose, " \
	"created_by, created_at, version, scan_tries"

static void file_of_row(const struct db_rows *row, struct arena *arena, struct file *file)
{
	*file = (struct file){
		.file_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.filename = db_text_dup(row, 2, arena),
		.content_type = db_text_dup(row, 3, arena),
		.sniffed_type = db_text_dup(row, 4, arena),
		.blob_sha256 = db_text_dup(row, 5, arena),
		.size = db_int(row, 6),
		.state = db_text_dup(row, 7, arena),
		.scan_detail = db_text_dup(row, 8, arena),
		.purpose = db_text_dup(row, 9, arena),
		.created_by = db_text_dup(row, 10, arena),
		.created_us = db_int(row, 11),
		.version = db_int(row, 12),
		.scan_tries = db_int(row, 13),
	};
}

struct taking {
	struct arena *arena;
	struct file *file;
};

static void take_file(const struct db_rows *row, void *self)
{
	const struct taking *taking = self;
	file_of_row(row, taking->arena, taking->file);
}

bool file_find(struct db *db, const char *account_id, const char *file_id, struct arena *arena, struct file *file,
			   bool *found, struct err *err)
{
	struct taking taking = {arena, file};
	return db_one(db, err, found, take_file, &taking,
				  "SELECT " COLUMNS " FROM files WHERE file_id = $1 AND (CAST($2 AS TEXT) IS NULL OR account_id = $2) "
				  "AND deleted_at IS NULL",
				  V_TEXT(file_id), V_TEXT(account_id));
}

/* Two texts, so that an account's list is read by its index. */
#define FILES(whose) \
	"SELECT " COLUMNS " FROM files WHERE " whose " AND ($2 = '' OR file_id < $2) " \
	"AND (CAST($3 AS TEXT) IS NULL OR state = $3) AND (CAST($4 AS TEXT) IS NULL OR purpose = $4) " \
	"AND deleted_at IS NULL ORDER BY file_id DESC LIMIT $5"

bool file_list(struct db *db, const struct file_filter *filter, struct arena *arena,
			   void (*take)(void *self, const struct file *file), void *self, struct err *err)
{
	struct db_rows rows;
	struct file file;
	if (!db_query(db, &rows, err,
				  filter->account_id != NULL ? FILES("account_id = $1") : FILES("CAST($1 AS TEXT) IS NULL"),
				  V_TEXT(filter->account_id), V_TEXT(filter->before), V_TEXT(filter->state), V_TEXT(filter->purpose),
				  V_INT(filter->limit)))
		return false;
	while (db_next(&rows)) {
		file_of_row(&rows, arena, &file);
		if (!arena->full)
			take(self, &file);
	}
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory for the files"));
}

/* One statement asks and takes: no row is changed when it would be too much. */
static bool use_quota(struct db *db, const struct file *file, struct err *err)
{
	if (!db_run(db, err,
				"INSERT INTO file_usage (account_id, files, bytes) VALUES ($1, 0, 0) "
				"ON CONFLICT (account_id) DO NOTHING",
				V_TEXT(file->account_id)) ||
		!db_run(db, err,
				"UPDATE file_usage SET files = files + 1, bytes = bytes + $2 "
				"WHERE account_id = $1 AND files < $3 AND bytes + $2 <= $4",
				V_TEXT(file->account_id), V_INT(file->size), V_INT(FILE_COUNT_MAX), V_INT(FILE_QUOTA_BYTES)))
		return false;
	return db_changed(db) == 1 ||
		   err_set(err, ERR_CONFLICT, "The account's quota of %d files and 10 GiB is used up; delete files first.",
				   FILE_COUNT_MAX);
}

bool file_insert(struct db *db, const struct file *f, struct err *err)
{
	return use_quota(db, f, err) &&
		   db_run(db, err,
				  "INSERT INTO files (" COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
				  V_TEXT(f->file_id), V_TEXT(f->account_id), V_TEXT(f->filename), V_TEXT(f->content_type),
				  V_TEXT(f->sniffed_type), V_TEXT(f->blob_sha256), V_INT(f->size), V_TEXT(f->state),
				  V_TEXT(f->scan_detail), V_TEXT(f->purpose), V_TEXT(f->created_by), V_INT(f->created_us),
				  V_INT(f->version), V_INT(f->scan_tries));
}

bool file_delete(struct db *db, const struct file *file, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE files SET deleted_at = $1, version = version + 1 WHERE file_id = $2 AND account_id = $3",
				  V_INT(now_us), V_TEXT(file->file_id), V_TEXT(file->account_id)) &&
		   db_run(db, err, "UPDATE file_usage SET files = files - 1, bytes = bytes - $2 WHERE account_id = $1",
				  V_TEXT(file->account_id), V_INT(file->size)) &&
		   file_blob_loose(db, file->blob_sha256, now_us, err);
}

bool file_blob_loose(struct db *db, const char *sha256, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO file_loose (blob_sha256, loose_at) VALUES ($1, $2) "
				  "ON CONFLICT (blob_sha256) DO UPDATE SET loose_at = excluded.loose_at",
				  V_TEXT(sha256), V_INT(now_us));
}

/* --- scans --- */

bool file_due(struct db *db, int64_t now_us, struct arena *arena, struct file *file, bool *found, struct err *err)
{
	struct taking taking = {arena, file};
	return db_one(db, err, found, take_file, &taking,
				  "SELECT " COLUMNS " FROM files WHERE state = 'pending' AND scan_due <= $1 AND deleted_at IS NULL "
				  "ORDER BY scan_due, file_id LIMIT 1",
				  V_INT(now_us));
}

static bool settle_one(struct db *db, const struct file *file, const struct file_outcome *outcome, struct err *err)
{
	return db_run(db, err, "UPDATE files SET state = $1, scan_detail = $2, version = version + 1 WHERE file_id = $3",
				  V_TEXT(outcome->state), V_TEXT(outcome->detail), V_TEXT(file->file_id));
}

/* All rows are read before the first is changed: a query and what it walks over do not mix. */
static bool read_same_bytes(struct db *db, const char *blob_sha256, const struct file_outcome *outcome,
							struct arena *arena, struct file *files, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM files WHERE blob_sha256 = $1 AND deleted_at IS NULL AND state <> $2 "
				  "AND ($3 = 1 OR state = 'pending') ORDER BY file_id LIMIT $4",
				  V_TEXT(blob_sha256), V_TEXT(outcome->state), V_INT(outcome->all), V_INT(FILE_SETTLE_MAX)))
		return false;
	while (db_next(&rows))
		file_of_row(&rows, arena, &files[(*count)++]);
	return db_end(&rows, err);
}

bool file_settle(struct db *db, const char *blob_sha256, const struct file_outcome *outcome, struct arena *arena,
				 bool (*take)(void *self, struct db *db, const struct file *file, struct err *err), void *self,
				 struct err *err)
{
	struct file *files = arena_array(arena, FILE_SETTLE_MAX, sizeof *files);
	size_t count = 0;
	if (files == NULL)
		return err_set(err, ERR_LIMIT, "no memory for the files");
	if (!read_same_bytes(db, blob_sha256, outcome, arena, files, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		files[i].state = outcome->state;
		files[i].scan_detail = outcome->detail;
		if (!settle_one(db, &files[i], outcome, err) || !take(self, db, &files[i], err))
			return false;
	}
	return !arena->full || err_set(err, ERR_LIMIT, "no memory for the files");
}

bool file_scan_again(struct db *db, const struct file *file, int64_t due_us, struct err *err)
{
	return db_run(
		db, err, "UPDATE files SET scan_tries = scan_tries + 1, scan_due = $1 WHERE file_id = $2 AND state = 'pending'",
		V_INT(due_us), V_TEXT(file->file_id));
}

bool files_scans(const struct app *app)
{
	return app->config.scan.url != NULL;
}

/* --- events --- */

bool file_tell(const struct app *app, struct db *db, const struct file *file, const char *event, struct err *err)
{
	struct buf data;
	struct jw jw;
	buf_init(&data, 0);
	jw_init(&jw, &data);
	jw_object(&jw);
	jw_member_str(&jw, "file_id", file->file_id);
	jw_member_str(&jw, "filename", file->filename);
	jw_member_str(&jw, "sha256", file->blob_sha256);
	jw_member_str(&jw, "state", file->state);
	jw_object_end(&jw);
	struct outbox_event told = {.account_id = file->account_id,
								.topic = "files",
								.event = event,
								.subject = file->file_id,
								.data = buf_text(&data)};
	bool added = jw_ok(&jw) ? outbox_add(app->outbox, db, &told, err) : err_set(err, ERR_LIMIT, "no memory");
	buf_fini(&data);
	return added;
}
