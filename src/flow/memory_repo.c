#include "flow/memory_repo.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/id.h"
#include "crypt/digest.h"
#include "flow/memory_archive.h"
#include "store/fulltext.h"
#include "store/store.h"

enum {
	LEAST_MOST = 1000,       /* of a tier without a cap */
	MEMORY_DIMENSION = 4096, /* of a vector [flow.md 6] */
};

/* --- counters --- */

static bool count_change(struct db *db, const struct memory_row *row, int64_t by, int64_t evicted, int64_t expired,
						 struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO memory_tiers (account_id, agent_id, tier, memories, bytes, dedup_hits, evictions, expiries) "
		"VALUES ($1, $2, $3, $4, $5, 0, $6, $7) ON CONFLICT (account_id, agent_id, tier) DO UPDATE SET memories "
		"= memory_tiers.memories + excluded.memories, bytes = memory_tiers.bytes + excluded.bytes, evictions = "
		"memory_tiers.evictions + excluded.evictions, expiries = memory_tiers.expiries + excluded.expiries",
		V_TEXT(row->account_id), V_TEXT(row->agent_id), V_TEXT(memory_tier_names[row->tier]), V_INT(by),
		V_INT(by * row->size), V_INT(evicted), V_INT(expired));
}

static void take_count(const struct db_rows *row, void *self)
{
	*(struct memory_count *)self =
		(struct memory_count){db_int(row, 0), db_int(row, 1), db_int(row, 2), db_int(row, 3), db_int(row, 4)};
}

bool memory_count(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
				  struct memory_count *count, struct err *err)
{
	bool found;
	*count = (struct memory_count){.memories = 0};
	return db_one(db, err, &found, take_count, count,
				  "SELECT memories, bytes, dedup_hits, evictions, expiries FROM memory_tiers WHERE account_id = $1 AND "
				  "agent_id = $2 AND tier = $3",
				  V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(memory_tier_names[tier]));
}

bool memory_count_dedup(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
						struct err *err)
{
	return db_run(
		db, err,
		"UPDATE memory_tiers SET dedup_hits = dedup_hits + 1 WHERE account_id = $1 AND agent_id = $2 AND tier "
		"= $3",
		V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(memory_tier_names[tier]));
}

static void take_live(const struct db_rows *row, void *self)
{
	struct memory_live *live = self;
	live->memories = db_int(row, 0);
	live->bytes = db_int(row, 1);
	live->importance = db_real(row, 2);
	live->age_hours = db_real(row, 3); /* of creation, for now */
	live->oldest_us = db_int(row, 4);
	live->stored = db_int(row, 5);
}

bool memory_live(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
				 double min_importance, int64_t now_us, struct memory_live *live, struct err *err)
{
	bool found;
	if (!db_one(
			db, err, &found, take_live, live,
			"SELECT COUNT(*), SUM(size), AVG(importance), AVG(created_at * 1.0), MIN(created_at), SUM(COALESCE(stored, "
			"size)) FROM memories WHERE "
			"account_id = $1 AND agent_id = $2 AND tier = $3 AND expires_at > $4 AND importance >= $5",
			V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(memory_tier_names[tier]), V_INT(now_us),
			V_REAL(min_importance)))
		return false;
	live->age_hours = isnan(live->importance) ? NAN : fmax(0, ((double)now_us - live->age_hours) / 3.6e9);
	return true;
}

/* --- vectors of rows --- */

/* Changes of an agent's vectors are numbered, so that a look can go on where another ended. */
static bool insert_vector(struct db *db, const struct memory_row *row, const struct memory_vector *v, struct err *err)
{
	return db_run(
			   db, err,
			   "INSERT INTO memory_changes (account_id, agent_id, newest) VALUES ($1, $2, 1) ON CONFLICT (account_id, "
			   "agent_id) DO UPDATE SET newest = memory_changes.newest + 1",
			   V_TEXT(row->account_id), V_TEXT(row->agent_id)) &&
		   db_run(
			   db, err,
			   "INSERT INTO memory_vectors (memory_id, account_id, agent_id, tier, model, dimension, norm, vector, "
			   "change_no) SELECT $1, $2, $3, $4, $5, $6, $7, $8, c.newest FROM memory_changes c WHERE c.account_id = "
			   "$2 AND c.agent_id = $3",
			   V_TEXT(row->memory_id), V_TEXT(row->account_id), V_TEXT(row->agent_id),
			   V_TEXT(memory_tier_names[row->tier]), V_TEXT(v->model), V_INT(v->dimension), V_REAL(v->norm),
			   V_BLOB(v->numbers, (size_t)v->dimension * sizeof *v->numbers));
}

static void group_of(const char *account_id, const char *agent_id, char hex[65])
{
	struct digest digest;
	digest_init(&digest);
	digest_add(&digest, account_id, strlen(account_id) + 1);
	digest_add(&digest, agent_id, strlen(agent_id));
	digest_end_hex(&digest, hex);
	digest_fini(&digest);
	hex[32] = '\0'; /* a word of the index: 128 bits tell agents apart */
}

const char *memory_text_group(struct arena *arena, const char *account_id, const char *agent_id)
{
	char hex[65];
	group_of(account_id, agent_id, hex);
	return arena_dup(arena, hex);
}

/* --- words --- */

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool memory_words_due(struct db *db, const char *account_id, const char *agent_id, bool *due, struct err *err)
{
	if (agent_id == NULL)
		return db_one(db, err, due, take_nothing, NULL, "SELECT 1 FROM memories WHERE worded = 0 LIMIT 1");
	return db_one(db, err, due, take_nothing, NULL,
				  "SELECT 1 FROM memories WHERE worded = 0 AND account_id = $1 AND agent_id = $2 LIMIT 1",
				  V_TEXT(account_id), V_TEXT(agent_id));
}

/* First what it will be, then the changes: rows must not be read while they change. */
static bool unworded(struct db *db, const char *account_id, const char *agent_id, size_t limit, struct arena *arena,
					 struct memory_row *rows, size_t *count, struct err *err)
{
	static const char *const sql[] = {
		"SELECT memory_id, account_id, agent_id, content, packed FROM memories WHERE worded = 0 AND $1 = '' AND $2 = "
		"'' LIMIT "
		"$3",
		"SELECT memory_id, account_id, agent_id, content, packed FROM memories WHERE worded = 0 AND account_id = $1 "
		"AND "
		"agent_id = $2 LIMIT $3",
	};
	struct db_rows found;
	if (!db_query(db, &found, err, sql[agent_id != NULL], V_TEXT(agent_id != NULL ? account_id : ""),
				  V_TEXT(agent_id != NULL ? agent_id : ""), V_INT((int64_t)limit)))
		return false;
	for (*count = 0; *count < limit && db_next(&found); ++*count)
		rows[*count] = (struct memory_row){.memory_id = db_text_dup(&found, 0, arena),
										   .account_id = db_text_dup(&found, 1, arena),
										   .agent_id = db_text_dup(&found, 2, arena),
										   .content = memory_content(&found, 3, 4, arena)};
	return db_end(&found, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

bool memory_words(struct db *db, const char *account_id, const char *agent_id, size_t limit, struct arena *arena,
				  size_t *count, struct err *err)
{
	char hex[65];
	struct memory_row *rows = arena_array(arena, limit, sizeof *rows);
	*count = 0;
	if (rows == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!unworded(db, account_id, agent_id, limit, arena, rows, count, err))
		return false;
	for (size_t i = 0; i < *count; i++) {
		group_of(rows[i].account_id, rows[i].agent_id, hex);
		if (!fulltext_put(db, MEMORY_TEXTS, hex, rows[i].memory_id, rows[i].content, err) ||
			!db_run(db, err, "UPDATE memories SET worded = 1 WHERE memory_id = $1", V_TEXT(rows[i].memory_id)))
			return false;
	}
	return true;
}

/* --- rows --- */

bool memory_insert(struct db *db, const struct memory_row *row, const struct memory_vector *vector, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO memories (memory_id, account_id, agent_id, run_id, tier, content, content_sha256, size, "
				  "importance, memory_type, tags, metadata, access_count, created_at, last_accessed_at, expires_at, "
				  "source_ids, compression_ratio, knowledge_type, title, possible_duplicate_of, worded) VALUES ($1, "
				  "$2, $3, "
				  "$4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, 0)",
				  V_TEXT(row->memory_id), V_TEXT(row->account_id), V_TEXT(row->agent_id), V_TEXT(row->run_id),
				  V_TEXT(memory_tier_names[row->tier]), V_TEXT(row->content), V_TEXT(row->content_sha256),
				  V_INT(row->size), V_REAL(row->importance), V_TEXT(memory_type_names[row->type]), V_TEXT(row->tags),
				  V_TEXT(row->metadata), V_INT(row->access_count), V_INT(row->created_us), V_INT(row->last_accessed_us),
				  V_INT(row->expires_us), V_TEXT(row->source_ids), V_REAL(row->compression_ratio),
				  V_TEXT(row->knowledge_type), V_TEXT(row->title), V_TEXT(row->possible_duplicate_of)) &&
		   count_change(db, row, 1, 0, 0, err) && (vector == NULL || insert_vector(db, row, vector, err));
}

#define COLUMNS \
	"m.memory_id, m.account_id, m.agent_id, m.run_id, m.tier, m.content, m.content_sha256, m.size, m.importance, " \
	"m.memory_type, m.tags, m.metadata, m.access_count, m.created_at, m.last_accessed_at, m.expires_at, " \
	"m.source_ids, " \
	"m.compression_ratio, m.knowledge_type, m.title, m.possible_duplicate_of, v.dimension, m.packed, m.stored"
#define FROM "SELECT " COLUMNS " FROM memories m LEFT JOIN memory_vectors v ON v.memory_id = m.memory_id "

static void take(const struct db_rows *row, struct arena *arena, struct memory_row *to)
{
	*to = (struct memory_row){
		.memory_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.agent_id = db_text_dup(row, 2, arena),
		.run_id = db_text_dup(row, 3, arena),
		.tier = (enum memory_tier)db_word(row, 4, memory_tier_names),
		.content = memory_content(row, 5, 22, arena),
		.content_sha256 = db_text_dup(row, 6, arena),
		.size = db_int(row, 7),
		.importance = db_real(row, 8),
		.type = (enum memory_type)db_word(row, 9, memory_type_names),
		.tags = db_text_dup(row, 10, arena),
		.metadata = db_text_dup(row, 11, arena),
		.access_count = db_int(row, 12),
		.created_us = db_int(row, 13),
		.last_accessed_us = db_int(row, 14),
		.expires_us = db_int(row, 15),
		.source_ids = db_text_dup(row, 16, arena),
		.compression_ratio = db_real(row, 17),
		.knowledge_type = db_text_dup(row, 18, arena),
		.title = db_text_dup(row, 19, arena),
		.possible_duplicate_of = db_text_dup(row, 20, arena),
		.has_embedding = !db_is_null(row, 21),
		.stored = db_is_null(row, 23) ? 0 : db_int(row, 23),
	};
}

static bool take_all(struct db_rows *found, size_t room, struct arena *arena, struct memory_row *rows, size_t *count,
					 struct err *err)
{
	for (*count = 0; *count < room && db_next(found); ++*count)
		take(found, arena, &rows[*count]);
	for (size_t i = 0; i < *count && !arena->full; i++)
		if (rows[i].content == NULL)
			return db_end(found, err) && err_set(err, ERR_INTERNAL, "memory %s is damaged", rows[i].memory_id);
	return db_end(found, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

static bool take_one(struct db_rows *found, struct arena *arena, struct memory_row *row, bool *is, struct err *err)
{
	size_t count;
	if (!take_all(found, 1, arena, row, &count, err))
		return false;
	*is = count == 1;
	return true;
}

bool memory_find(struct db *db, const char *account_id, const char *memory_id, int64_t now_us, struct arena *arena,
				 struct memory_row *row, bool *found, struct err *err)
{
	struct db_rows rows;
	*found = false;
	if (!id_valid(memory_id))
		return true;
	return db_query(db, &rows, err, FROM "WHERE m.memory_id = $1 AND m.account_id = $2 AND m.expires_at > $3",
					V_TEXT(memory_id), V_TEXT(account_id), V_INT(now_us)) &&
		   take_one(&rows, arena, row, found, err);
}

/* Not ordered by the store: it would go through all of the agent's, for they lie in that order. */
bool memory_same(struct db *db, const char *account_id, const char *agent_id, const char *sha256, int64_t now_us,
				 struct arena *arena, struct memory_row *row, bool *found, struct err *err)
{
	struct db_rows rows;
	struct memory_row one;
	*found = false;
	if (!db_query(db, &rows, err,
				  FROM "WHERE m.account_id = $1 AND m.agent_id = $2 AND m.content_sha256 = $3 AND m.expires_at > $4 "
					   "AND m.tier <> 'l4'",
				  V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(sha256), V_INT(now_us)))
		return false;
	while (db_next(&rows)) {
		take(&rows, arena, &one);
		if (!*found || one.tier < row->tier || (one.tier == row->tier && strcmp(one.memory_id, row->memory_id) < 0))
			*row = one;
		*found = true;
	}
	return db_end(&rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

bool memory_list(struct db *db, const struct memory_filter *f, int64_t now_us, struct arena *arena,
				 struct memory_row *rows, size_t *count, struct err *err)
{
	struct db_rows found;
	return db_query(db, &found, err,
					FROM
					"WHERE m.account_id = $1 AND m.agent_id = $2 AND ($3 = '' OR m.tier = $3) AND m.importance >= "
					"$4 AND m.expires_at > $5 AND ($6 = '' OR m.memory_id < $6) ORDER BY m.memory_id DESC LIMIT $7",
					V_TEXT(f->account_id), V_TEXT(f->agent_id), V_TEXT(f->tier >= 0 ? memory_tier_names[f->tier] : ""),
					V_REAL(f->min_importance), V_INT(now_us), V_TEXT(f->before), V_INT((int64_t)f->limit)) &&
		   take_all(&found, f->limit, arena, rows, count, err);
}

bool memory_update(struct db *db, const struct memory_row *was, const struct memory_row *row, struct err *err)
{
	if (!db_run(db, err,
				"UPDATE memories SET tier = $2, importance = $3, tags = $4, metadata = $5, access_count = $6, "
				"last_accessed_at = $7, expires_at = $8, source_ids = $9 WHERE memory_id = $1",
				V_TEXT(row->memory_id), V_TEXT(memory_tier_names[row->tier]), V_REAL(row->importance),
				V_TEXT(row->tags), V_TEXT(row->metadata), V_INT(row->access_count), V_INT(row->last_accessed_us),
				V_INT(row->expires_us), V_TEXT(row->source_ids)))
		return false;
	return was->tier == row->tier || (db_run(db, err, "UPDATE memory_vectors SET tier = $2 WHERE memory_id = $1",
											 V_TEXT(row->memory_id), V_TEXT(memory_tier_names[row->tier])) &&
									  count_change(db, was, -1, 0, 0, err) && count_change(db, row, 1, 0, 0, err));
}

bool memory_used(struct db *db, const struct memory_row *row, struct err *err)
{
	if (row->tier == MEMORY_L1) /* its end stays: one index less to write */
		return db_run(db, err, "UPDATE memories SET access_count = $2, last_accessed_at = $3 WHERE memory_id = $1",
					  V_TEXT(row->memory_id), V_INT(row->access_count), V_INT(row->last_accessed_us));
	return db_run(
		db, err, "UPDATE memories SET access_count = $2, last_accessed_at = $3, expires_at = $4 WHERE memory_id = $1",
		V_TEXT(row->memory_id), V_INT(row->access_count), V_INT(row->last_accessed_us), V_INT(row->expires_us));
}

struct removed {
	bool worded;
	int64_t size;
};

static void take_removed(const struct db_rows *row, void *self)
{
	*(struct removed *)self = (struct removed){db_int(row, 0) != 0, db_int(row, 1)};
}

bool memory_remove(struct db *db, struct memory_row *row, enum memory_end end, struct err *err)
{
	bool found;
	struct removed removed = {.size = 0};
	if (!db_run(db, err, "DELETE FROM memory_vectors WHERE memory_id = $1", V_TEXT(row->memory_id)) ||
		!db_one(db, err, &found, take_removed, &removed,
				"DELETE FROM memories WHERE memory_id = $1 RETURNING worded, size", V_TEXT(row->memory_id)))
		return false;
	row->size = removed.size;
	return (!removed.worded || fulltext_drop(db, MEMORY_TEXTS, row->memory_id, err)) &&
		   count_change(db, row, -1, end == MEMORY_EVICTED, end == MEMORY_EXPIRED, err);
}

#define OF_AGENT "WHERE m.account_id = $1 AND m.agent_id = $2 AND m.tier = $3 "

bool memory_worst(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
				  enum memory_strategy strategy, int64_t now_us, size_t limit, struct arena *arena,
				  struct memory_row *rows, size_t *count, struct err *err)
{
	/* $4 is the time, of use in one of them. */
	static const char *const sql[] = {
		[MEMORY_LRU] = FROM OF_AGENT "AND $4 > 0 ORDER BY m.last_accessed_at, m.memory_id LIMIT $5",
		[MEMORY_LOW_IMPORTANCE] =
			FROM OF_AGENT "AND $4 > 0 ORDER BY m.importance, m.last_accessed_at, m.memory_id LIMIT $5",
		[MEMORY_GONE] = FROM OF_AGENT "AND m.expires_at <= $4 ORDER BY m.expires_at, m.memory_id LIMIT $5",
	};
	struct db_rows found;
	return db_query(db, &found, err, sql[strategy], V_TEXT(account_id), V_TEXT(agent_id),
					V_TEXT(memory_tier_names[tier]), V_INT(now_us), V_INT((int64_t)limit)) &&
		   take_all(&found, limit, arena, rows, count, err);
}

/* Where the tenth begins, and the worth with which it ends. */
struct tenth {
	char id[ID_TEXT];
	double first, last;
};

static void take_first(const struct db_rows *row, void *self)
{
	struct tenth *tenth = self;
	snprintf(tenth->id, sizeof tenth->id, "%s", db_text(row, 0));
	tenth->first = tenth->last = db_real(row, 1);
}

static void take_last(const struct db_rows *row, void *self)
{
	((struct tenth *)self)->last = db_real(row, 0);
}

/* Which of a tenth of several worths was used longest ago: found here, without sorting it. */
static bool oldest_of(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier, int64_t count,
					  char id[ID_TEXT], struct err *err)
{
	struct db_rows rows;
	int64_t used_us = INT64_MAX;
	if (!db_query(db, &rows, err,
				  "SELECT last_accessed_at, memory_id FROM memories WHERE account_id = $1 AND agent_id = $2 AND tier = "
				  "$3 ORDER BY importance, last_accessed_at, memory_id LIMIT $4",
				  V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(memory_tier_names[tier]), V_INT(count)))
		return false;
	while (db_next(&rows)) {
		int64_t at_us = db_int(&rows, 0);
		if (at_us > used_us || (at_us == used_us && strcmp(db_text(&rows, 1), id) > 0))
			continue;
		used_us = at_us;
		snprintf(id, ID_TEXT, "%s", db_text(&rows, 1));
	}
	return db_end(&rows, err);
}

/* Rows of one worth lie by their last use: where the whole tenth has one, its first is the one. */
bool memory_least(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier, char id[ID_TEXT],
				  struct err *err)
{
	struct tenth tenth = {.id = ""};
	const char *name = memory_tier_names[tier];
	int64_t capacity = memory_capacity(tier), count = capacity == INT64_MAX ? LEAST_MOST : capacity / 10;
	bool any, whole;
	if (!db_one(
			db, err, &any, take_first, &tenth,
			"SELECT memory_id, importance FROM memories WHERE account_id = $1 AND agent_id = $2 AND tier = $3 ORDER "
			"BY importance, last_accessed_at, memory_id LIMIT 1",
			V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(name)) ||
		!db_one(db, err, &whole, take_last, &tenth,
				"SELECT importance FROM memories WHERE account_id = $1 AND agent_id = $2 AND tier = $3 ORDER BY "
				"importance, last_accessed_at, memory_id LIMIT 1 OFFSET $4",
				V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(name), V_INT(count - 1)))
		return false;
	memcpy(id, tenth.id, sizeof tenth.id);
	return !any || (whole && !(tenth.last > tenth.first)) || oldest_of(db, account_id, agent_id, tier, count, id, err);
}

bool memory_best(struct db *db, const char *account_id, const char *agent_id, const struct memory_wanted *wanted,
				 int64_t now_us, size_t limit, struct arena *arena, struct memory_row *rows, size_t *count,
				 struct err *err)
{
	struct db_rows found;
	return db_query(db, &found, err,
					FROM OF_AGENT "AND m.importance >= $4 AND m.access_count >= $5 AND m.created_at <= $6 AND "
								  "m.expires_at > $7 ORDER BY m.importance DESC, m.memory_id DESC LIMIT $8",
					V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(memory_tier_names[wanted->tier]),
					V_REAL(wanted->min_importance), V_INT(wanted->min_access), V_INT(wanted->created_until_us),
					V_INT(now_us), V_INT((int64_t)limit)) &&
		   take_all(&found, limit, arena, rows, count, err);
}

bool memory_due(struct db *db, int64_t now_us, size_t limit, struct arena *arena, struct memory_row *rows,
				size_t *count, struct err *err)
{
	struct db_rows found;
	/* One of a type that only a newer program knows is that program's: it does not keep the others from going. */
	return db_query(db, &found, err,
					FROM
					"WHERE m.expires_at <= $1 AND m.memory_type IN ('observation', 'action', 'result', 'reasoning', "
					"'metadata') ORDER BY m.expires_at, m.memory_id LIMIT $2",
					V_INT(now_us), V_INT((int64_t)limit)) &&
		   take_all(&found, limit, arena, rows, count, err);
}

/* --- vectors --- */

/* The bytes of a row may lie anywhere: copied where floats may.  NULL: they are not so many, the row is damaged. */
static const float *numbers_of(const struct db_rows *rows, int column, float *room, int64_t dimension)
{
	size_t size;
	const void *bytes = db_blob(rows, column, &size);
	if (dimension < 1 || dimension > MEMORY_DIMENSION || size != (size_t)dimension * sizeof *room)
		return NULL;
	memcpy(room, bytes, size);
	return room;
}

bool memory_vectors(struct db *db, const char *account_id, const char *agent_id, enum memory_tier tier,
					void (*take_vector)(void *self, const struct memory_vector *vector), void *self, struct err *err)
{
	struct db_rows rows;
	_Alignas(64) float room[MEMORY_DIMENSION];
	if (!db_query(
			db, &rows, err,
			"SELECT memory_id, model, dimension, norm, vector FROM memory_vectors WHERE account_id = $1 AND agent_id "
			"= $2 AND tier = $3 ORDER BY memory_id DESC",
			V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(memory_tier_names[tier])))
		return false;
	while (db_next(&rows)) {
		const struct memory_vector vector = {.memory_id = db_text(&rows, 0),
											 .model = db_text(&rows, 1),
											 .dimension = db_int(&rows, 2),
											 .norm = db_real(&rows, 3),
											 .numbers = numbers_of(&rows, 4, room, db_int(&rows, 2))};
		if (vector.numbers != NULL)
			take_vector(self, &vector);
	}
	return db_end(&rows, err);
}

bool memory_vectors_since(struct db *db, const char *account_id, const char *agent_id, int64_t *seen,
						  void (*take_vector)(void *self, const struct memory_vector *vector), void *self,
						  struct err *err)
{
	struct db_rows rows;
	_Alignas(64) float room[MEMORY_DIMENSION];
	if (!db_query(db, &rows, err,
				  "SELECT memory_id, model, dimension, norm, vector, tier, change_no FROM memory_vectors WHERE "
				  "account_id = $1 "
				  "AND agent_id = $2 AND change_no >= $3",
				  V_TEXT(account_id), V_TEXT(agent_id), V_INT(*seen)))
		return false;
	while (db_next(&rows)) {
		const struct memory_vector vector = {.memory_id = db_text(&rows, 0),
											 .model = db_text(&rows, 1),
											 .dimension = db_int(&rows, 2),
											 .norm = db_real(&rows, 3),
											 .numbers = numbers_of(&rows, 4, room, db_int(&rows, 2))};
		*seen = db_int(&rows, 6) >= *seen ? db_int(&rows, 6) + 1 : *seen;
		if (vector.numbers != NULL && strcmp(db_text(&rows, 5), memory_tier_names[MEMORY_L4]) != 0)
			take_vector(self, &vector);
	}
	return db_end(&rows, err);
}

bool memory_vector_of(struct db *db, const char *memory_id, struct arena *arena, struct memory_vector *vector,
					  bool *found, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err, "SELECT model, dimension, norm, vector FROM memory_vectors WHERE memory_id = $1",
				  V_TEXT(memory_id)))
		return false;
	*found = db_next(&rows);
	if (*found) {
		int64_t dimension = db_int(&rows, 1);
		float *room = arena_array(arena, (size_t)dimension, sizeof *room);
		if (room != NULL)
			*vector = (struct memory_vector){.memory_id = memory_id,
											 .model = db_text_dup(&rows, 0, arena),
											 .dimension = dimension,
											 .norm = db_real(&rows, 2),
											 .numbers = numbers_of(&rows, 3, room, dimension)};
		*found = room != NULL && vector->numbers != NULL;
	}
	return db_end(&rows, err);
}

static void take_dimension(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool memory_dimension(struct db *db, const char *account_id, const char *agent_id, const char *model,
					  int64_t *dimension, struct err *err)
{
	bool found;
	*dimension = 0;
	return db_one(db, err, &found, take_dimension, dimension,
				  "SELECT dimension FROM memory_vectors WHERE account_id = $1 AND agent_id = $2 AND model = $3 LIMIT 1",
				  V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(model));
}

/* --- events --- */

bool memory_event_add(struct db *db, struct id_maker *ids, const struct memory_row *row, const char *kind,
					  const char *detail, int64_t now_us, struct err *err)
{
	char id[ID_TEXT];
	id_make(ids, id);
	return db_run(
		db, err,
		"INSERT INTO memory_events (event_id, account_id, memory_id, kind, detail, at) VALUES ($1, $2, $3, $4, "
		"$5, $6)",
		V_TEXT(id), V_TEXT(row->account_id), V_TEXT(row->memory_id), V_TEXT(kind), V_TEXT(detail), V_INT(now_us));
}

bool memory_events(struct db *db, const char *account_id, const char *memory_id, size_t limit, struct arena *arena,
				   struct memory_event *events, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(
			db, &rows, err,
			"SELECT event_id, kind, detail, at FROM memory_events WHERE account_id = $1 AND memory_id = $2 ORDER BY "
			"event_id LIMIT $3",
			V_TEXT(account_id), V_TEXT(memory_id), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows))
		events[(*count)++] = (struct memory_event){.event_id = db_text_dup(&rows, 0, arena),
												   .kind = db_text_dup(&rows, 1, arena),
												   .detail = db_text_dup(&rows, 2, arena),
												   .at_us = db_int(&rows, 3)};
	return db_end(&rows, err);
}
