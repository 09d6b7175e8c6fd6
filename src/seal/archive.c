#include "seal/archive.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "store/store.h"

enum { META_MAX = 4096 };

bool archive_find(struct db *db, const char *stream, int64_t before_us, int64_t rows_max, struct archive_range *range,
				  struct err *err)
{
	struct db_rows rows;
	*range = (struct archive_range){.rows = 0};
	if (!db_query(db, &rows, err, "SELECT seq, at, hash FROM audit WHERE stream = $1 ORDER BY seq LIMIT $2",
				  V_TEXT(stream), V_INT(rows_max)))
		return false;
	while (db_next(&rows) && db_int(&rows, 1) < before_us) {
		if (range->rows == 0)
			range->from = db_int(&rows, 0);
		range->to = db_int(&rows, 0);
		range->rows++;
		snprintf(range->last_hash, sizeof range->last_hash, "%s", db_text(&rows, 2));
	}
	return db_end(&rows, err);
}

/* The trigger that guards the chain looks at the mark, which lives in this transaction only [P-7.1]. */
static bool delete_rows(struct db *db, const char *stream, int64_t to, struct err *err)
{
	static const char *const statements[] = {
		"INSERT INTO audit_archiving (stream, to_seq) VALUES ($1, $2)",
		"DELETE FROM audit WHERE stream = $1 AND seq <= $2",
		"DELETE FROM audit_checkpoints WHERE stream = $1 AND seq <= $2",
		"DELETE FROM audit_personal WHERE stream = $1 AND seq <= $2",
	};
	for (size_t i = 0; i < sizeof statements / sizeof *statements; i++)
		if (!db_run(db, err, statements[i], V_TEXT(stream), V_INT(to)))
			return false;
	return db_run(db, err, "DELETE FROM audit_archiving WHERE stream = $1", V_TEXT(stream));
}

bool archive_remove(const struct audit *audit, struct db *db, const struct archive_range *range, const char *sha256,
					struct audit_event *event, struct err *err)
{
	char from[24], to[24], rows[24];
	snprintf(from, sizeof from, "%lld", (long long)range->from);
	snprintf(to, sizeof to, "%lld", (long long)range->to);
	snprintf(rows, sizeof rows, "%lld", (long long)range->rows);
	const struct audit_pair meta[] = {{AUDIT_META_from, from},
									  {AUDIT_META_last_hash, range->last_hash},
									  {AUDIT_META_rows, rows},
									  {AUDIT_META_sha256, sha256},
									  {AUDIT_META_to, to}};
	event->action = AUDIT_ARCHIVE;
	event->target_id = audit->stream;
	event->meta = meta;
	event->meta_count = sizeof meta / sizeof *meta;
	return audit_append(audit, db, event, err) && delete_rows(db, audit->stream, range->to, err);
}

bool archive_explains(const struct chain_row *row, int64_t seq, const char *hash)
{
	struct arena arena;
	const struct json *meta;
	if (strcmp(row->action, "audit.archive") != 0)
		return false;
	arena_init(&arena, META_MAX);
	bool read = json_parse(&arena, row->meta, strlen(row->meta), &json_body_limits, &meta, NULL);
	const char *to = read ? json_text(meta, "to") : NULL, *last = read ? json_text(meta, "last_hash") : NULL;
	bool explains = to != NULL && last != NULL && strtoll(to, NULL, 10) == seq && strcmp(last, hash) == 0;
	arena_fini(&arena);
	return explains;
}
