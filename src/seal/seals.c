#include "seal/seals.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "seal/pack.h"
#include "store/store.h"

static const struct pack *pack_with_hash(const struct packs *packs, const char *sha256)
{
	const struct pack *pack;
	for (size_t i = 0; (pack = packs_at(packs, i)) != NULL; i++)
		if (strcmp(pack->sha256, sha256) == 0)
			return pack;
	return NULL;
}

static bool keep_pack(struct db *db, const struct pack *pack, int64_t at_us, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO packs_used (sha256, name, version, bytes, first_used_at) VALUES ($1, $2, $3, $4, $5) "
				  "ON CONFLICT (sha256) DO NOTHING",
				  V_TEXT(pack->sha256), V_TEXT(pack->name), V_TEXT(pack->version), V_BLOB(pack->bytes, pack->size),
				  V_INT(at_us));
}

static bool keep_packs(struct db *db, const struct seal *seal, const struct packs *packs, struct err *err)
{
	struct arena arena;
	const struct json *named;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool kept = json_parse(&arena, seal->packs, strlen(seal->packs), &json_body_limits, &named, err);
	for (uint32_t i = 0; kept && i < named->count; i++) {
		const struct pack *pack = pack_with_hash(packs, named->members[i].value.text);
		must(pack != NULL);
		kept = keep_pack(db, pack, seal->created_us, err);
	}
	arena_fini(&arena);
	return kept;
}

bool seal_insert(struct db *db, const struct seal *seal, const struct packs *packs, bool *made, struct err *err)
{
	if (!db_run(
			db, err,
			"INSERT INTO seals (account_id, seal_sha256, content_sha256, inputs_sha256, operation, inputs, result, "
			"packs, "
			"code_version, git_sha, confidence, subject_kind, subject_id, created_by, created_at, request_id) VALUES "
			"($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16) "
			"ON CONFLICT (account_id, seal_sha256) DO NOTHING",
			V_TEXT(seal->account_id), V_TEXT(seal->seal_sha256), V_TEXT(seal->content_sha256),
			V_TEXT(seal->inputs_sha256), V_TEXT(seal->operation), V_TEXT(seal->inputs), V_TEXT(seal->result),
			V_TEXT(seal->packs), V_TEXT(seal->code_version), V_TEXT(seal->git_sha), V_REAL(seal->confidence),
			V_TEXT(seal->subject_kind), V_TEXT(seal->subject_id), V_TEXT(seal->created_by), V_INT(seal->created_us),
			V_TEXT(seal->request_id)))
		return false;
	*made = db_changed(db) == 1;
	return !*made || keep_packs(db, seal, packs, err);
}

struct taking {
	struct arena *arena;
	struct seal *seal;
};

static void take(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	struct arena *arena = to->arena;
	*to->seal = (struct seal){
		.account_id = db_text_dup(row, 0, arena),
		.seal_sha256 = db_text_dup(row, 1, arena),
		.content_sha256 = db_text_dup(row, 2, arena),
		.inputs_sha256 = db_text_dup(row, 3, arena),
		.operation = db_text_dup(row, 4, arena),
		.inputs = db_text_dup(row, 5, arena),
		.result = db_text_dup(row, 6, arena),
		.packs = db_text_dup(row, 7, arena),
		.code_version = db_text_dup(row, 8, arena),
		.git_sha = db_text_dup(row, 9, arena),
		.confidence = db_real(row, 10),
		.subject_kind = db_text_dup(row, 11, arena),
		.subject_id = db_text_dup(row, 12, arena),
		.created_by = db_text_dup(row, 13, arena),
		.created_us = db_int(row, 14),
		.request_id = db_text_dup(row, 15, arena),
	};
}

#define COLUMNS \
	"s.account_id, s.seal_sha256, s.content_sha256, s.inputs_sha256, s.operation, s.inputs, s.result, s.packs, " \
	"s.code_version, s.git_sha, s.confidence, s.subject_kind, s.subject_id, s.created_by, s.created_at, s.request_id"

bool seal_find(struct db *db, const char *account_id, const char *seal_sha256, struct arena *arena, struct seal *seal,
			   bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .seal = seal};
	return db_one(db, err, found, take, &to,
				  "SELECT " COLUMNS " FROM seals s WHERE s.account_id = $1 AND s.seal_sha256 = $2", V_TEXT(account_id),
				  V_TEXT(seal_sha256));
}

bool seal_find_any(struct db *db, const char *seal_sha256, struct arena *arena, struct seal *seal, bool *found,
				   struct err *err)
{
	struct taking to = {.arena = arena, .seal = seal};
	/* The key begins with the account: as many look-ups as there are accounts, not a walk through all seals. */
	return db_one(db, err, found, take, &to,
				  "SELECT " COLUMNS " FROM accounts a CROSS JOIN seals s WHERE s.account_id = a.account_id "
				  "AND s.seal_sha256 = $1 ORDER BY a.account_id LIMIT 1",
				  V_TEXT(seal_sha256));
}

/* Without the bodies, which nobody reads in a list.  Two texts, so that an account's list is read by its index. */
#define SEALS(whose) \
	"SELECT account_id, seal_sha256, content_sha256, inputs_sha256, operation, NULL, NULL, NULL, code_version, " \
	"git_sha, confidence, subject_kind, subject_id, created_by, created_at, request_id FROM seals WHERE " whose \
	" AND (CAST($2 AS TEXT) IS NULL OR operation = $2) AND (CAST($3 AS TEXT) IS NULL OR content_sha256 = $3) " \
	"AND (CAST($4 AS TEXT) IS NULL OR subject_kind = $4) AND (CAST($5 AS TEXT) IS NULL OR subject_id = $5) " \
	"AND created_at <= $6 AND (created_at < $6 OR seal_sha256 > $7 OR (seal_sha256 = $7 AND account_id > $8)) " \
	"ORDER BY created_at DESC, seal_sha256, account_id LIMIT $9"

bool seals_list(struct db *db, const struct seal_filter *filter, struct arena *arena,
				void (*each)(void *self, const struct seal *seal), void *self, struct err *err)
{
	struct db_rows rows;
	struct seal seal;
	struct taking to = {.arena = arena, .seal = &seal};
	if (!db_query(db, &rows, err,
				  filter->account_id != NULL ? SEALS("account_id = $1") : SEALS("CAST($1 AS TEXT) IS NULL"),
				  V_TEXT(filter->account_id), V_TEXT(filter->operation), V_TEXT(filter->content_sha256),
				  V_TEXT(filter->subject_kind), V_TEXT(filter->subject_id), V_INT(filter->after.created_us),
				  V_TEXT(filter->after.seal_sha256), V_TEXT(filter->after.account_id), V_INT(filter->limit)))
		return false;
	while (db_next(&rows)) {
		take(&rows, &to);
		if (!arena->full)
			each(self, &seal);
	}
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory for the seals"));
}
