#include <stdio.h>
#include <string.h>

#include "app/audit_export.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "crypt/key.h"
#include "crypt/ring.h"
#include "seal/audit.h"
#include "seal/audit_walk.h"

/* Verification of an export's bytes, with what stands beside them: archives joined to it, checkpoints from elsewhere.
 */

struct verifying {
	struct arena arena; /* of one line */
	struct audit_report *report;
	struct err *err;
	char store_id[64];
	struct audit_walk walk; /* partial: of one account, or of some time: links are allowed */
	struct key *keys[RING_KEYS_MAX];
	size_t keys_count;
	size_t line;
};

/* The chain goes on after rows that are not shown. */
static bool take_link(struct verifying *v, const struct json *link)
{
	const char *stream = json_text(link, "stream"), *hash = json_text(link, "hash");
	const struct json *seq = json_get(link, "seq");
	if (stream == NULL || hash == NULL || strlen(hash) != CHAIN_HASH - 1 || seq == NULL || seq->kind != JS_INT)
		return err_set(v->err, ERR_INVALID, "line %zu is no link of a chain", v->line);
	audit_walk_enter(&v->walk, stream);
	if (!v->walk.partial)
		audit_blame(v->report, stream, seq->integer, "it is not shown, and this is no export of a part");
	else if (seq->integer <= v->walk.check.seq)
		audit_blame(v->report, stream, seq->integer, "its seq stands twice");
	else
		chain_check_resume(&v->walk.check, seq->integer, hash, v->walk.check.at_us);
	return true;
}

static bool take_row(struct verifying *v, const char *line, size_t size)
{
	struct chain_row row;
	if (!chain_read(&v->arena, line, size, &row, v->err))
		return err_set(v->err, ERR_INVALID, "line %zu is no row of a chain", v->line);
	audit_walk_row(&v->walk, &row);
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
		audit_blame(v->report, "", 0, "a checkpoint is damaged");
		return;
	}
	int64_t number = (int64_t)json_number(seq);
	char genesis[CHAIN_HASH];
	chain_genesis(v->store_id, stream, genesis);
	const char *found = number == 0 ? genesis : hash_at(v, bytes, end, stream, number);
	const char *store_id = json_text(statement, "store_id");
	if (store_id == NULL || strcmp(store_id, v->store_id) != 0)
		audit_blame(v->report, stream, number, "a checkpoint is of another store");
	else if (find_key(v, json_text(statement, "key_id")) == NULL)
		audit_blame(v->report, stream, number, "a checkpoint is signed with a key that is not here");
	else if (found == NULL)
		audit_blame(v->report, stream, number, "a checkpoint knows a row that is not there");
	else if (strcmp(found, hash) != 0)
		audit_blame(v->report, stream, number, "a checkpoint knows another hash of it");
	else if (!signature_holds(v, statement, json_text(line, "signature")))
		audit_blame(v->report, stream, number, "its checkpoint's signature is wrong");
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
	v->walk.partial =
		json_text(header, "account_id") != NULL || json_text(header, "from") != NULL || json_text(header, "to") != NULL;
	const struct json *archive = json_get(header, "archive");
	v->walk.archive = archive != NULL && archive->kind == JS_BOOL && archive->boolean;
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
	audit_walk_end(&v->walk);
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
	struct verifying v = {.report = report, .err = err, .walk = {.report = report}};
	v.walk.store_id = v.store_id;
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

/* --- checkpoints that were kept elsewhere --- */

/* As a file of audit.checkpoint_dir has it, as an export does, or in the envelope of `audit checkpoint --json`. */
static bool join_one(const struct json *line, struct buf *text)
{
	if (json_get(line, "result") != NULL)
		line = json_get(line, "result");
	const struct json *statement = json_get(line, "statement");
	const char *signature = json_text(line, "signature");
	struct jw jw;
	if (statement == NULL)
		statement = json_get(line, "checkpoint");
	if (statement == NULL || statement->kind != JS_OBJECT || signature == NULL)
		return false;
	if (text->size > 0 && buf_text(text)[text->size - 1] != '\n')
		buf_addc(text, '\n');
	buf_adds(text, "{\"checkpoint\":");
	jw_init(&jw, text);
	jw_json(&jw, statement);
	buf_adds(text, ",\"signature\":");
	jw_init(&jw, text);
	jw_str(&jw, signature);
	buf_adds(text, "}\n");
	return buf_ok(text);
}

bool audit_export_join_checkpoints(const char *bytes, size_t size, struct buf *text, struct err *err)
{
	const char *end = bytes + size;
	size_t number = 0, joined = 0;
	struct arena arena;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool good = true;
	for (const char *at = bytes; good && at < end; at = line_end(at, end) + 1) {
		const struct json *line;
		size_t length = (size_t)(line_end(at, end) - at);
		number++;
		arena_reset(&arena);
		if (length == 0)
			continue;
		good = json_parse(&arena, at, length, &json_body_limits, &line, NULL) && join_one(line, text);
		joined += good;
	}
	arena_fini(&arena);
	if (!good)
		return err_set(err, ERR_INVALID, "line %zu is no signed checkpoint {statement, signature}", number);
	return joined > 0 || err_set(err, ERR_INVALID, "no checkpoint is in it");
}
