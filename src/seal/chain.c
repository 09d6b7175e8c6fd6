#include "seal/chain.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jcs.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "crypt/digest.h"

/* [P-7.5] A row may be dated so much before the one before it: two requests' clocks, not a changed history. */
static const int64_t BACKWARDS_US = 5 * 60 * INT64_C(1000000);

void chain_genesis(const char *store_id, const char *stream, char hash[CHAIN_HASH])
{
	char text[256];
	int size = snprintf(text, sizeof text, "countersign-audit-v1:%s:%s", store_id, stream);
	must(size > 0 && (size_t)size < sizeof text);
	sha256_hex(text, (size_t)size, hash);
}

/* Members in RFC 8785 order.  `whole` adds the two that the hash leaves out. */
static void write_row(struct jw *jw, const struct chain_row *row, bool whole)
{
	jw_object(jw);
	if (whole)
		jw_member_str(jw, "account_id", row->account_id);
	jw_member_str(jw, "action", row->action);
	jw_member_str(jw, "actor", row->actor);
	jw_member_num(jw, "at", (double)row->at_us);
	if (whole)
		jw_member_str(jw, "hash", row->hash);
	jw_member_str(jw, "ip", row->ip);
	jw_key(jw, "meta");
	jw_raw(jw, row->meta, strlen(row->meta));
	jw_member_str(jw, "prev_hash", row->prev_hash);
	jw_member_str(jw, "request_id", row->request_id);
	jw_member_str(jw, "role", row->role);
	jw_member_num(jw, "seq", (double)row->seq);
	jw_member_str(jw, "status", row->status);
	jw_member_str(jw, "stream", row->stream);
	jw_member_str(jw, "target_id", row->target_id);
	jw_member_str(jw, "target_kind", row->target_kind);
	jw_member_str(jw, "user_agent", row->user_agent);
	jw_object_end(jw);
}

void chain_hash(const struct chain_row *row, char hash[CHAIN_HASH])
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	write_row(&jw, row, false);
	must(jw_ok(&jw));
	sha256_hex(buf_text(&buf), buf.size, hash);
	buf_fini(&buf);
}

void chain_write(struct buf *buf, const struct chain_row *row)
{
	struct jw jw;
	jw_init(&jw, buf);
	write_row(&jw, row, true);
	buf_addc(buf, '\n');
}

/* The line as it stands, before meta is canonical text again. */
struct line {
	struct chain_row row;
	const struct json *meta;
};

static const struct field line_fields[] = {
	F_STR(line, row.account_id, NAMED("account_id")),
	F_STR(line, row.action, NAMED("action"), REQUIRED),
	F_STR(line, row.actor, NAMED("actor")),
	F_INT(line, row.at_us, NAMED("at"), REQUIRED),
	F_STR(line, row.hash, NAMED("hash"), REQUIRED),
	F_STR(line, row.ip, NAMED("ip")),
	F_JSON(line, meta, REQUIRED),
	F_STR(line, row.prev_hash, NAMED("prev_hash"), REQUIRED),
	F_STR(line, row.request_id, NAMED("request_id")),
	F_STR(line, row.role, NAMED("role")),
	F_INT(line, row.seq, NAMED("seq"), REQUIRED),
	F_STR(line, row.status, NAMED("status"), REQUIRED),
	F_STR(line, row.stream, NAMED("stream"), REQUIRED, LENGTH(1, 63)),
	F_STR(line, row.target_id, NAMED("target_id")),
	F_STR(line, row.target_kind, NAMED("target_kind")),
	F_STR(line, row.user_agent, NAMED("user_agent")),
};
static const struct field_table line_table = FIELD_TABLE("audit.row", line, line_fields);

bool chain_read(struct arena *arena, const char *line, size_t size, struct chain_row *row, struct err *err)
{
	struct line read;
	struct faults faults;
	const struct json *json;
	if (!json_parse(arena, line, size, &json_body_limits, &json, err))
		return false;
	faults_init(&faults, arena);
	if (!field_decode(&line_table, json, &read, arena, "", &faults))
		return err_field(err, ERR_INVALID, faults.first != NULL ? faults.first->pointer : "", "%s",
						 faults.first != NULL ? faults.first->message : "the row is too large");
	struct buf meta;
	buf_init(&meta, 0);
	jcs_write(&meta, read.meta);
	read.row.meta = arena_dupn(arena, buf_text(&meta), meta.size);
	buf_fini(&meta);
	if (read.row.meta == NULL)
		return err_set(err, ERR_LIMIT, "the row is too large");
	*row = read.row;
	return true;
}

void chain_commit(const void *key, size_t key_size, const char *value, char commitment[CHAIN_COMMITMENT])
{
	unsigned char mac[SHA256_SIZE];
	hmac_sha256(key, key_size, value, strlen(value), mac);
	int at = snprintf(commitment, CHAIN_COMMITMENT, "p1:");
	for (int i = 0; i < 16; i++)
		at += snprintf(commitment + at, (size_t)(CHAIN_COMMITMENT - at), "%02x", mac[i]);
}

void chain_check_init(struct chain_check *check, const char *store_id, const char *stream)
{
	*check = (struct chain_check){.seq = 0};
	snprintf(check->stream, sizeof check->stream, "%s", stream);
	chain_genesis(store_id, stream, check->head);
}

void chain_check_resume(struct chain_check *check, int64_t seq, const char *hash, int64_t at_us)
{
	check->seq = seq;
	check->at_us = at_us;
	snprintf(check->head, sizeof check->head, "%s", hash);
}

static const char *meta_account(const struct chain_row *row, struct arena *arena)
{
	const struct json *meta;
	if (!json_parse(arena, row->meta, strlen(row->meta), &json_body_limits, &meta, NULL))
		return NULL;
	return json_text(meta, "account_id");
}

static bool same_text(const char *a, const char *b)
{
	return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static bool account_agrees(const struct chain_row *row)
{
	struct arena arena;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool agrees = same_text(row->account_id, meta_account(row, &arena));
	arena_fini(&arena);
	return agrees;
}

bool chain_check_row(struct chain_check *check, const struct chain_row *row, const char **reason)
{
	char hash[CHAIN_HASH];
	chain_hash(row, hash);
	bool jump = strcmp(row->action, "clock.jump") == 0;
	*reason = NULL;
	if (row->seq != check->seq + 1)
		*reason = row->seq > check->seq ? "a row is missing before it" : "its seq stands twice";
	else if (strcmp(row->prev_hash, check->head) != 0)
		*reason =
			check->seq == 0 ? "it does not begin this store's chain" : "prev_hash is not the hash of the row before";
	else if (strcmp(row->hash, hash) != 0)
		*reason = "its hash is not the hash of its content";
	else if (!account_agrees(row))
		*reason = "account_id is not the one in meta";
	else if (row->at_us < check->at_us - BACKWARDS_US && !jump && !check->jumped)
		*reason = "it is dated more than 5 minutes before the row before";
	if (*reason != NULL)
		return false;
	check->seq = row->seq;
	check->at_us = row->at_us;
	check->jumped = jump;
	memcpy(check->head, hash, sizeof hash);
	return true;
}

void chain_checkpoint_write(struct buf *buf, const struct chain_checkpoint *checkpoint)
{
	struct jw jw;
	jw_init(&jw, buf);
	jw_object(&jw);
	jw_member_num(&jw, "at", (double)checkpoint->at_us);
	jw_member_str(&jw, "hash", checkpoint->hash);
	jw_member_str(&jw, "key_id", checkpoint->key_id);
	jw_member_num(&jw, "seq", (double)checkpoint->seq);
	jw_member_str(&jw, "store_id", checkpoint->store_id);
	jw_member_str(&jw, "stream", checkpoint->stream);
	jw_member_num(&jw, "version", 1);
	jw_object_end(&jw);
}
