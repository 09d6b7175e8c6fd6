#include "app/audit_export.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/key.h"
#include "crypt/ring.h"
#include "seal/audit.h"
#include "store/store.h"

const struct audit_export_filter audit_export_all = {.to_us = INT64_MAX};

static void write_link(struct buf *out, const char *stream, int64_t seq, const char *hash)
{
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	jw_key(&jw, "link");
	jw_object(&jw);
	jw_member_str(&jw, "hash", hash);
	jw_member_int(&jw, "seq", seq);
	jw_member_str(&jw, "stream", stream);
	jw_object_end(&jw);
	jw_object_end(&jw);
	buf_addc(out, '\n');
}

struct exporting {
	const struct audit_export_filter *filter;
	bool partial; /* rows may be missing between those that are shown */
	struct buf *out;
	char stream[64]; /* of the last row */
	int64_t seq;
};

static void export_row(struct exporting *e, const struct chain_row *row)
{
	const char *account_id = e->filter->account_id;
	bool own = account_id == NULL || (row->account_id != NULL && strcmp(row->account_id, account_id) == 0);
	bool same = strcmp(e->stream, row->stream) == 0;
	if (own && e->partial && row->seq > 1 && (!same || row->seq != e->seq + 1))
		write_link(e->out, row->stream, row->seq - 1, row->prev_hash);
	if (own)
		chain_write(e->out, row);
	else
		write_link(e->out, row->stream, row->seq, row->hash);
	snprintf(e->stream, sizeof e->stream, "%s", row->stream);
	e->seq = row->seq;
}

static bool is_windowed(const struct audit_export_filter *filter)
{
	return filter->from_us > 0 || filter->to_us < INT64_MAX;
}

/* Rows of others that a checkpoint names are links, so that the checkpoint can be verified. */
static bool export_rows(struct db *db, const struct audit_export_filter *filter, struct buf *out, struct err *err)
{
	struct db_rows rows;
	struct arena arena;
	struct exporting exporting = {
		.filter = filter, .partial = filter->account_id != NULL || is_windowed(filter), .out = out};
	if (!db_query(db, &rows, err,
				  "SELECT " AUDIT_COLUMNS " FROM audit a WHERE at >= $3 AND at < $4 AND (stream = $2 OR $2 IS NULL) "
				  "AND (account_id = $1 OR $1 IS NULL OR EXISTS (SELECT 1 FROM "
				  "audit_checkpoints c WHERE c.stream = a.stream AND c.seq = a.seq)) ORDER BY stream, seq",
				  V_TEXT(filter->account_id), V_TEXT(filter->stream), V_INT(filter->from_us), V_INT(filter->to_us)))
		return false;
	arena_init(&arena, ARENA_REQUEST_CAP);
	while (db_next(&rows)) {
		struct chain_row row;
		arena_reset(&arena);
		audit_take(&rows, &arena, &row);
		export_row(&exporting, &row);
	}
	arena_fini(&arena);
	return db_end(&rows, err);
}

static bool write_checkpoints(struct db_rows *rows, struct buf *out, struct err *err)
{
	while (db_next(rows))
		buf_addf(out, "{\"checkpoint\":%s,\"signature\":\"%s\"}\n", db_text(rows, 0), db_text(rows, 1));
	return db_end(rows, err);
}

/* Of a window only those whose row is shown: the others could not be verified. */
static bool export_checkpoints(struct db *db, const struct audit_export_filter *filter, struct buf *out,
							   struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT statement, signature FROM audit_checkpoints c WHERE (stream = $1 OR $1 IS NULL) AND "
					"($4 = 0 OR EXISTS (SELECT 1 FROM audit a WHERE a.stream = c.stream AND a.seq = c.seq AND "
					"a.at >= $2 AND a.at < $3)) ORDER BY stream, seq, at",
					V_TEXT(filter->stream), V_INT(filter->from_us), V_INT(filter->to_us), V_INT(is_windowed(filter))) &&
		   write_checkpoints(&rows, out, err);
}

static void write_time(struct jw *jw, const char *name, int64_t us)
{
	char text[STAMP_TEXT];
	stamp_format(text, us);
	jw_member_str(jw, name, text);
}

static void write_header(struct buf *out, const char *store_id, const struct audit_export_filter *filter, bool archive)
{
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	jw_key(&jw, "export");
	jw_object(&jw);
	jw_member_str(&jw, "account_id", filter->account_id);
	if (archive)
		jw_member_bool(&jw, "archive", true);
	if (filter->from_us > 0)
		write_time(&jw, "from", filter->from_us);
	jw_member_str(&jw, "store_id", store_id);
	if (filter->stream != NULL)
		jw_member_str(&jw, "stream", filter->stream);
	if (filter->to_us < INT64_MAX)
		write_time(&jw, "to", filter->to_us);
	jw_member_int(&jw, "version", 1);
	jw_object_end(&jw);
	jw_object_end(&jw);
	buf_addc(out, '\n');
}

static bool write_keys(const struct key_ring *keys, struct buf *out, struct err *err)
{
	struct jw jw;
	const struct key *key;
	for (size_t i = 0; (key = ring_at(keys, i, 0)) != NULL; i++) { /* these never end */
		buf_adds(out, "{\"key\":");
		jw_init(&jw, out);
		key_jwk(key, &jw);
		buf_adds(out, "}\n");
	}
	return buf_ok(out) || err_set(err, ERR_LIMIT, "no memory for the export");
}

bool audit_export(struct db *db, const char *store_id, const struct audit_export_filter *filter,
				  const struct key_ring *keys, struct buf *out, struct err *err)
{
	write_header(out, store_id, filter, false);
	return export_rows(db, filter, out, err) && export_checkpoints(db, filter, out, err) && write_keys(keys, out, err);
}

static bool export_range(struct db *db, const char *stream, int64_t from, int64_t to, struct buf *out, struct err *err)
{
	struct db_rows rows;
	struct arena arena;
	if (!db_query(db, &rows, err,
				  "SELECT " AUDIT_COLUMNS " FROM audit WHERE stream = $1 AND seq BETWEEN $2 AND $3 ORDER BY seq",
				  V_TEXT(stream), V_INT(from), V_INT(to)))
		return false;
	arena_init(&arena, ARENA_REQUEST_CAP);
	while (db_next(&rows)) {
		struct chain_row row;
		arena_reset(&arena);
		audit_take(&rows, &arena, &row);
		chain_write(out, &row);
	}
	arena_fini(&arena);
	return db_end(&rows, err);
}

static bool range_checkpoints(struct db *db, const char *stream, int64_t from, int64_t to, struct buf *out,
							  struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT statement, signature FROM audit_checkpoints WHERE stream = $1 AND seq BETWEEN $2 AND $3 "
					"ORDER BY seq, at",
					V_TEXT(stream), V_INT(from), V_INT(to)) &&
		   write_checkpoints(&rows, out, err);
}

bool audit_export_range(struct db *db, const char *store_id, const char *stream, int64_t from, int64_t to,
						const struct key_ring *keys, struct buf *out, struct err *err)
{
	write_header(out, store_id, &audit_export_all, true);
	return export_range(db, stream, from, to, out, err) &&
		   range_checkpoints(db, stream, from > 1 ? from : 0, to, out, err) && write_keys(keys, out, err);
}
