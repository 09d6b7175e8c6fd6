#include "app/app.h"
#include "app/files.h"
#include "core/arena.h"
#include "core/stamp.h"
#include "store/blob.h"
#include "store/store.h"

/* What the clock does to uploads and blobs [P-9.1]. */

enum {
	AT_ONCE = 100,      /* rows of one transaction, so that no other write waits long */
	UPLOAD_KEEP_H = 24, /* hours past its time in which what was uploaded can still be made a file */
};

struct sweeping {
	struct app *app;
	struct arena arena;
	int64_t now_us;
	const char *blobs[AT_ONCE];
	size_t count;
};

static bool apply_expire(struct db *db, void *self, struct err *err)
{
	const struct sweeping *s = self;
	return upload_expire(db, s->now_us - UPLOAD_KEEP_H * 3600 * STAMP_US_PER_S, AT_ONCE, err);
}

static bool read_due(struct sweeping *s, struct db *db, struct err *err)
{
	struct db_rows rows;
	s->count = 0;
	if (!db_query(db, &rows, err, "SELECT blob_sha256 FROM file_loose WHERE loose_at < $1 ORDER BY loose_at LIMIT $2",
				  V_INT(s->now_us - FILE_KEEP_DAYS * STAMP_US_PER_DAY), V_INT(AT_ONCE)))
		return false;
	while (db_next(&rows)) {
		s->blobs[s->count] = db_text_dup(&rows, 0, &s->arena);
		s->count += s->blobs[s->count] != NULL;
	}
	return db_end(&rows, err);
}

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

/*
 * On the writer's thread, where no file can begin to refer to it meanwhile.  When the commit fails after the blob has
 * gone, its row is still there and the next sweep finds nothing to remove.
 */
static bool remove_blob(struct app *app, struct db *db, const char *sha256, struct err *err)
{
	bool used = false;
	return db_one(db, err, &used, take_nothing, NULL,
				  "SELECT 1 FROM files WHERE blob_sha256 = $1 AND deleted_at IS NULL "
				  "UNION ALL SELECT 1 FROM file_uploads WHERE blob_sha256 = $1 LIMIT 1",
				  V_TEXT(sha256)) &&
		   (used || blob_remove(app->files, sha256, err)) &&
		   db_run(db, err, "DELETE FROM file_loose WHERE blob_sha256 = $1", V_TEXT(sha256));
}

static bool apply_remove(struct db *db, void *self, struct err *err)
{
	struct sweeping *s = self;
	for (size_t i = 0; i < s->count; i++)
		if (!remove_blob(s->app, db, s->blobs[i], err))
			return false;
	return true;
}

bool files_sweep(struct app *app, int64_t now_us, struct err *err)
{
	struct sweeping s = {.app = app, .now_us = now_us};
	arena_init(&s.arena, 1 << 20);
	bool swept = store_write(app->store, apply_expire, &s, err);
	do {
		arena_reset(&s.arena);
		struct db *db = store_read(app->store);
		swept = swept && read_due(&s, db, err);
		store_read_end(app->store, db);
		swept = swept && (s.count == 0 || store_write(app->store, apply_remove, &s, err));
	} while (swept && s.count == AT_ONCE);
	arena_fini(&s.arena);
	return swept;
}
