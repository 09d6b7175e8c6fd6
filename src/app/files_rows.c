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
	"created_by, created_at, version"

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

bool file_list(struct db *db, const struct file_filter *filter, struct arena *arena,
			   void (*take)(void *self, const struct file *file), void *self, struct err *err)
{
	struct db_rows rows;
	struct file file;
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM files WHERE account_id = $1 AND ($2 = '' OR file_id < $2) "
				  "AND (CAST($3 AS TEXT) IS NULL OR state = $3) AND (CAST($4 AS TEXT) IS NULL OR purpose = $4) "
				  "AND deleted_at IS NULL ORDER BY file_id DESC LIMIT $5",
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
				  "INSERT INTO files (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)",
				  V_TEXT(f->file_id), V_TEXT(f->account_id), V_TEXT(f->filename), V_TEXT(f->content_type),
				  V_TEXT(f->sniffed_type), V_TEXT(f->blob_sha256), V_INT(f->size), V_TEXT(f->state),
				  V_TEXT(f->scan_detail), V_TEXT(f->purpose), V_TEXT(f->created_by), V_INT(f->created_us),
				  V_INT(f->version));
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

bool files_scans(const struct app *app)
{
	(void)app;
	return false;
}

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
