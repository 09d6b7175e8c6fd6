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

bool seal_find(struct db *db, const char *account_id, const char *seal_sha256, struct arena *arena, struct seal *seal,
			   bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .seal = seal};
	return db_one(db, err, found, take, &to,
				  "SELECT account_id, seal_sha256, content_sha256, inputs_sha256, operation, inputs, result, packs, "
				  "code_version, git_sha, confidence, subject_kind, subject_id, created_by, created_at, request_id "
				  "FROM seals WHERE account_id = $1 AND seal_sha256 = $2",
				  V_TEXT(account_id), V_TEXT(seal_sha256));
}
