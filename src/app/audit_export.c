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
#include "seal/audit.h"
#include "store/store.h"

static bool export_rows(struct db *db, struct buf *out, struct err *err)
{
	struct db_rows rows;
	struct arena arena;
	if (!db_query(db, &rows, err, "SELECT " AUDIT_COLUMNS " FROM audit ORDER BY stream, seq"))
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

static bool export_checkpoints(struct db *db, struct buf *out, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err, "SELECT statement, signature FROM audit_checkpoints ORDER BY stream, seq, at"))
		return false;
	while (db_next(&rows))
		buf_addf(out, "{\"checkpoint\":%s,\"signature\":\"%s\"}\n", db_text(&rows, 0), db_text(&rows, 1));
	return db_end(&rows, err);
}

bool audit_export(struct db *db, const char *store_id, const struct key_ring *keys, struct buf *out, struct err *err)
{
	struct jw jw;
	buf_addf(out, "{\"export\":{\"store_id\":\"%s\",\"version\":1}}\n", store_id);
	if (!export_rows(db, out, err) || !export_checkpoints(db, out, err))
		return false;
	const struct key *key;
	for (size_t i = 0; (key = ring_at(keys, i, 0)) != NULL; i++) { /* these never end */
		buf_adds(out, "{\"key\":");
		jw_init(&jw, out);
		key_jwk(key, &jw);
		buf_adds(out, "}\n");
	}
	return buf_ok(out) || err_set(err, ERR_LIMIT, "no memory for the export");
}

/* --- verification --- */

struct verifying {
	struct arena arena; /* of one line */
	struct audit_report *report;
	struct err *err;
	char store_id[64];
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

static bool take_row(struct verifying *v, const char *line, size_t size)
{
	struct chain_row row;
	const char *reason;
	if (!chain_read(&v->arena, line, size, &row, v->err))
		return err_set(v->err, ERR_INVALID, "line %zu is no row of a chain", v->line);
	if (strcmp(row.stream, v->check.stream) != 0) {
		chain_check_init(&v->check, v->store_id, row.stream);
		v->report->streams++;
	}
	if (!chain_check_row(&v->check, &row, &reason))
		blame(v, row.stream, row.seq, reason);
	else
		v->report->rows++;
	return true;
}

/* A line of the file; `next` is the one after it.  NULL at the end. */
static const char *line_end(const char *at, const char *end)
{
	const char *newline = memchr(at, '\n', (size_t)(end - at));
	return newline != NULL ? newline : end;
}

static const char *hash_at(struct verifying *v, const char *bytes, const char *end, const char *stream, int64_t seq)
{
	char needle[200];
	snprintf(needle, sizeof needle, "\"seq\":%lld,\"status\":", (long long)seq);
	for (const char *at = bytes; at < end; at = line_end(at, end) + 1) {
		struct chain_row row;
		size_t size = (size_t)(line_end(at, end) - at);
		if (memmem(at, size, needle, strlen(needle)) != NULL && chain_read(&v->arena, at, size, &row, NULL) &&
			row.seq == seq && strcmp(row.stream, stream) == 0)
			return row.hash;
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
		const struct json *header = json_get(line, "export"), *key = json_get(line, "key");
		if (v->line == 1 && json_text(header, "store_id") != NULL)
			snprintf(v->store_id, sizeof v->store_id, "%s", json_text(header, "store_id"));
		else if (v->line == 1)
			return err_set(v->err, ERR_INVALID, "line 1 does not begin an audit export");
		else if (key != NULL && !take_key(v, key))
			return err_set(v->err, ERR_INVALID, "line %zu holds no usable key", v->line);
		else if (key == NULL && json_get(line, "checkpoint") == NULL && !take_row(v, at, size))
			return false;
	}
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
