#include "app/audit_export.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "crypt/key.h"
#include "crypt/ring.h"
#include "seal/archive.h"
#include "seal/audit.h"
#include "store/store.h"

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
	const char *account_id; /* NULL: all */
	struct buf *out;
	char stream[64]; /* of the last row */
	int64_t seq;
};

static void export_row(struct exporting *e, const struct chain_row *row)
{
	bool own = e->account_id == NULL || (row->account_id != NULL && strcmp(row->account_id, e->account_id) == 0);
	bool same = strcmp(e->stream, row->stream) == 0;
	if (own && e->account_id != NULL && row->seq > 1 && (!same || row->seq != e->seq + 1))
		write_link(e->out, row->stream, row->seq - 1, row->prev_hash);
	if (own)
		chain_write(e->out, row);
	else
		write_link(e->out, row->stream, row->seq, row->hash);
	snprintf(e->stream, sizeof e->stream, "%s", row->stream);
	e->seq = row->seq;
}

/* Rows of others that a checkpoint names are links, so that the checkpoint can be verified. */
static bool export_rows(struct db *db, const char *account_id, struct buf *out, struct err *err)
{
	struct db_rows rows;
	struct arena arena;
	struct exporting exporting = {.account_id = account_id, .out = out};
	if (!db_query(db, &rows, err,
				  "SELECT " AUDIT_COLUMNS " FROM audit a WHERE $1 IS NULL OR account_id = $1 OR EXISTS (SELECT 1 FROM "
				  "audit_checkpoints c WHERE c.stream = a.stream AND c.seq = a.seq) ORDER BY stream, seq",
				  V_TEXT(account_id)))
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

/* Of a stream ("": of all), from one seq to another. */
static bool export_checkpoints(struct db *db, const char *stream, int64_t from, int64_t to, struct buf *out,
							   struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT statement, signature FROM audit_checkpoints WHERE ($1 = '' OR stream = $1) AND "
				  "seq BETWEEN $2 AND $3 ORDER BY stream, seq, at",
				  V_TEXT(stream), V_INT(from), V_INT(to)))
		return false;
	while (db_next(&rows))
		buf_addf(out, "{\"checkpoint\":%s,\"signature\":\"%s\"}\n", db_text(&rows, 0), db_text(&rows, 1));
	return db_end(&rows, err);
}

static void write_header(struct buf *out, const char *store_id, const char *account_id, bool archive)
{
	struct jw jw;
	jw_init(&jw, out);
	jw_object(&jw);
	jw_key(&jw, "export");
	jw_object(&jw);
	jw_member_str(&jw, "account_id", account_id);
	if (archive)
		jw_member_bool(&jw, "archive", true);
	jw_member_str(&jw, "store_id", store_id);
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

bool audit_export(struct db *db, const char *store_id, const char *account_id, const struct key_ring *keys,
				  struct buf *out, struct err *err)
{
	write_header(out, store_id, account_id, false);
	return export_rows(db, account_id, out, err) && export_checkpoints(db, "", 0, INT64_MAX, out, err) &&
		   write_keys(keys, out, err);
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

bool audit_export_range(struct db *db, const char *store_id, const char *stream, int64_t from, int64_t to,
						const struct key_ring *keys, struct buf *out, struct err *err)
{
	write_header(out, store_id, NULL, true);
	return export_range(db, stream, from, to, out, err) &&
		   export_checkpoints(db, stream, from > 1 ? from : 0, to, out, err) && write_keys(keys, out, err);
}

/* --- verification --- */

struct verifying {
	struct arena arena; /* of one line */
	struct audit_report *report;
	struct err *err;
	char store_id[64];
	bool partial; /* of one account: links are allowed */
	bool archive; /* what stands before it is in another one */
	struct chain_check check;
	struct key *keys[RING_KEYS_MAX];
	size_t keys_count;
	size_t line;
};

static void blame(struct verifying *v, const char *stream, int64_t seq, const char *reason)
{
	if (!v->report->sound)
		return;
	v->report->sound = false;
	v->report->seq = seq;
	v->report->reason = reason;
	snprintf(v->report->stream, sizeof v->report->stream, "%s", stream);
}

static void leave_stream(struct verifying *v)
{
	if (v->check.archived_seq > 0 && !v->archive)
		blame(v, v->check.stream, v->check.archived_seq, "rows are gone up to it, and no archive says so");
}

static void enter_stream(struct verifying *v, const char *stream)
{
	if (strcmp(stream, v->check.stream) == 0)
		return;
	leave_stream(v);
	chain_check_init(&v->check, v->store_id, stream);
	v->report->streams++;
}

/* The first row of a whole export, in the middle of its stream. */
static void resume_after_archive(struct verifying *v, const struct chain_row *row)
{
	if (v->partial || v->check.seq != 0 || row->seq <= 1)
		return;
	chain_check_resume(&v->check, row->seq - 1, row->prev_hash, row->at_us);
	v->check.archived_seq = row->seq - 1;
	snprintf(v->check.archived_hash, sizeof v->check.archived_hash, "%s", row->prev_hash);
}

/* The chain goes on after rows that are not shown. */
static bool take_link(struct verifying *v, const struct json *link)
{
	const char *stream = json_text(link, "stream"), *hash = json_text(link, "hash");
	const struct json *seq = json_get(link, "seq");
	if (stream == NULL || hash == NULL || strlen(hash) != CHAIN_HASH - 1 || seq == NULL || seq->kind != JS_INT)
		return err_set(v->err, ERR_INVALID, "line %zu is no link of a chain", v->line);
	enter_stream(v, stream);
	if (!v->partial)
		blame(v, stream, seq->integer, "it is not shown, and this is no export of one account");
	else if (seq->integer <= v->check.seq)
		blame(v, stream, seq->integer, "its seq stands twice");
	else
		chain_check_resume(&v->check, seq->integer, hash, v->check.at_us);
	return true;
}

static bool take_row(struct verifying *v, const char *line, size_t size)
{
	struct chain_row row;
	const char *reason;
	if (!chain_read(&v->arena, line, size, &row, v->err))
		return err_set(v->err, ERR_INVALID, "line %zu is no row of a chain", v->line);
	enter_stream(v, row.stream);
	resume_after_archive(v, &row);
	if (!chain_check_row(&v->check, &row, &reason))
		blame(v, row.stream, row.seq, reason);
	else
		v->report->rows++;
	if (v->check.archived_seq > 0 && archive_explains(&row, v->check.archived_seq, v->check.archived_hash))
		v->check.archived_seq = 0;
	return true;
}

/* A line of the file; `next` is the one after it.  NULL at the end. */
static const char *line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	return newline != NULL ? newline : end;
}

/* The hash of a row or a link, when this line is the one of that seq. */
static const char *hash_in(struct verifying *v, const char *line, size_t size, const char *stream, int64_t seq)
{
	const struct json *json;
	if (!json_parse(&v->arena, line, size, &json_body_limits, &json, NULL))
		return NULL;
	const struct json *row = json_get(json, "link") != NULL ? json_get(json, "link") : json;
	const struct json *number = json_get(row, "seq");
	const char *name = json_text(row, "stream");
	bool it =
		number != NULL && number->kind == JS_INT && number->integer == seq && name != NULL && strcmp(name, stream) == 0;
	return it ? json_text(row, "hash") : NULL;
}

static const char *hash_at(struct verifying *v, const char *bytes, const char *end, const char *stream, int64_t seq)
{
	char needle[64];
	snprintf(needle, sizeof needle, "\"seq\":%lld,\"st", (long long)seq); /* before status, or before stream */
	for (const char *at = bytes; at < end; at = line_end(at, end) + 1) {
		size_t size = (size_t)(line_end(at, end) - at);
		const char *hash = memmem(at, size, needle, strlen(needle)) != NULL && strncmp(at, "{\"checkpoint\"", 13) != 0
							   ? hash_in(v, at, size, stream, seq)
							   : NULL;
		if (hash != NULL)
			return hash;
	}
	return NULL;
}

static const struct key *find_key(const struct verifying *v, const char *kid)
{
	for (size_t i = 0; kid != NULL && i < v->keys_count; i++)
		if (strcmp(key_kid(v->keys[i]), kid) == 0)
			return v->keys[i];
	return NULL;
}

static bool signature_holds(const struct verifying *v, const struct json *statement, const char *signature)
{
	struct buf text;
	unsigned char bytes[KEY_SIGNATURE_SIZE];
	const struct key *key = find_key(v, json_text(statement, "key_id"));
	size_t size;
	buf_init(&text, 0);
	jcs_write(&text, statement);
	bool holds = signature != NULL && key != NULL &&
				 hex_decode(signature, strlen(signature), bytes, sizeof bytes, &size) &&
				 key_verify(key, buf_text(&text), text.size, bytes, size);
	buf_fini(&text);
	return holds;
}

static void check_checkpoint(struct verifying *v, const struct json *line, const char *bytes, const char *end)
{
	const struct json *statement = json_get(line, "checkpoint"), *seq = json_get(statement, "seq");
	const char *stream = json_text(statement, "stream"), *hash = json_text(statement, "hash");
	if (stream == NULL || hash == NULL || seq == NULL || !json_numeric(seq)) {
		blame(v, "", 0, "a checkpoint is damaged");
		return;
	}
	int64_t number = (int64_t)json_number(seq);
	char genesis[CHAIN_HASH];
	chain_genesis(v->store_id, stream, genesis);
	const char *found = number == 0 ? genesis : hash_at(v, bytes, end, stream, number);
	if (found == NULL)
		blame(v, stream, number, "a checkpoint knows a row that is not there");
	else if (strcmp(found, hash) != 0)
		blame(v, stream, number, "a checkpoint knows another hash of it");
	else if (!signature_holds(v, statement, json_text(line, "signature")))
		blame(v, stream, number, "its checkpoint's signature is wrong");
	else
		v->report->checkpoints++;
}

static bool take_key(struct verifying *v, const struct json *jwk)
{
	const char *x = json_text(jwk, "x");
	unsigned char bytes[KEY_PUBLIC_MAX];
	size_t size;
	return x != NULL && v->keys_count < RING_KEYS_MAX && base64url_decode(x, strlen(x), bytes, sizeof bytes, &size) &&
		   key_from_public(KEY_ED25519, bytes, size, &v->keys[v->keys_count], v->err) && ++v->keys_count > 0;
}

static void take_header(struct verifying *v, const struct json *header)
{
	snprintf(v->store_id, sizeof v->store_id, "%s", json_text(header, "store_id"));
	v->partial = json_text(header, "account_id") != NULL;
	const struct json *archive = json_get(header, "archive");
	v->archive = archive != NULL && archive->kind == JS_BOOL && archive->boolean;
}

/* Every line once: rows are checked, the header and the key are taken. */
static bool read_lines(struct verifying *v, const char *bytes, const char *end)
{
	for (const char *at = bytes; v->report->sound && at < end; at = line_end(at, end) + 1) {
		size_t size = (size_t)(line_end(at, end) - at);
		const struct json *line;
		v->line++;
		arena_reset(&v->arena);
		if (!json_parse(&v->arena, at, size, &json_body_limits, &line, v->err))
			return err_set(v->err, ERR_INVALID, "line %zu is no JSON", v->line);
		const struct json *header = json_get(line, "export"), *key = json_get(line, "key"),
						  *link = json_get(line, "link");
		if (v->line == 1 && json_text(header, "store_id") != NULL)
			take_header(v, header);
		else if (v->line == 1)
			return err_set(v->err, ERR_INVALID, "line 1 does not begin an audit export");
		else if (key != NULL && !take_key(v, key))
			return err_set(v->err, ERR_INVALID, "line %zu holds no usable key", v->line);
		else if (link != NULL && !take_link(v, link))
			return false;
		else if (key == NULL && link == NULL && json_get(line, "checkpoint") == NULL && v->line > 1 &&
				 !take_row(v, at, size))
			return false;
	}
	leave_stream(v);
	return v->line > 0 || err_set(v->err, ERR_INVALID, "the file is empty");
}

static void read_checkpoints(struct verifying *v, const char *bytes, const char *end)
{
	for (const char *at = bytes; v->report->sound && at < end; at = line_end(at, end) + 1) {
		const struct json *line;
		size_t size = (size_t)(line_end(at, end) - at);
		if (strncmp(at, "{\"checkpoint\"", 13) != 0)
			continue;
		arena_reset(&v->arena);
		if (json_parse(&v->arena, at, size, &json_body_limits, &line, NULL))
			check_checkpoint(v, line, bytes, end);
	}
}

bool audit_export_verify(const char *bytes, size_t size, struct audit_report *report, struct err *err)
{
	struct verifying v = {.report = report, .err = err};
	*report = (struct audit_report){.sound = true};
	arena_init(&v.arena, ARENA_REQUEST_CAP);
	bool read = read_lines(&v, bytes, bytes + size);
	if (read)
		read_checkpoints(&v, bytes, bytes + size);
	arena_fini(&v.arena);
	while (v.keys_count > 0)
		key_free(v.keys[--v.keys_count]);
	return read;
}
