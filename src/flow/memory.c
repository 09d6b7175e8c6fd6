#include "flow/memory.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/nfc.h"
#include "crypt/digest.h"
#include "flow/domain/vector.h"
#include "flow/memory_archive.h"
#include "store/store.h"

enum { SWEEP_AT_CAP = 100, EXPIRE_SCRATCH = 64 << 20 };

bool memory_digest(struct arena *arena, const char *text, char hex[65])
{
	const char *normal = nfc(arena, text), *folded = normal == NULL ? NULL : memory_fold(arena, normal);
	if (folded == NULL)
		return false;
	sha256_hex(folded, strlen(folded), hex);
	return true;
}

bool memory_touch(struct db *db, struct memory_row *row, int64_t now_us, struct err *err)
{
	row->access_count++;
	row->last_accessed_us = now_us;
	if (row->tier == MEMORY_L2 || row->tier == MEMORY_L3)
		row->expires_us = now_us + memory_life_us(row->tier);
	return memory_used(db, row, err);
}

bool memory_move(struct db *db, struct id_maker *ids, struct memory_row *row, enum memory_tier tier, int64_t now_us,
				 struct err *err)
{
	const struct memory_row was = *row;
	row->tier = tier;
	row->expires_us = now_us + memory_life_us(tier);
	return memory_update(db, &was, row, err) && (tier != MEMORY_L4 || memory_archive(db, row, err)) &&
		   memory_event_add(db, ids, row, "moved", memory_tier_names[tier], now_us, err);
}

/* --- the same again --- */

static bool has_text(const struct json *array, const char *text)
{
	for (uint32_t i = 0; array != NULL && i < array->count; i++)
		if (strcmp(array->items[i].text, text) == 0)
			return true;
	return false;
}

static const char *unite(struct arena *arena, const char *a, const char *b)
{
	if (strcmp(a, b) == 0 || strcmp(b, "[]") == 0)
		return a;
	const struct json *x = NULL, *y = NULL;
	struct buf buf;
	struct jw jw;
	json_parse(arena, a, strlen(a), &json_body_limits, &x, NULL);
	json_parse(arena, b, strlen(b), &json_body_limits, &y, NULL);
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_array(&jw);
	for (uint32_t i = 0; x != NULL && i < x->count; i++)
		jw_str(&jw, x->items[i].text);
	for (uint32_t i = 0; y != NULL && i < y->count; i++)
		if (!has_text(x, y->items[i].text))
			jw_str(&jw, y->items[i].text);
	jw_array_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : a;
	buf_fini(&buf);
	return text != NULL ? text : a;
}

static bool join(struct db *db, struct id_maker *ids, struct memory_new *new, struct memory_row *there, int64_t now_us,
				 struct arena *arena, struct err *err)
{
	const struct memory_row was = *there;
	there->importance = fmax(there->importance, new->row.importance);
	there->tags = unite(arena, there->tags, new->row.tags);
	bool more = there->importance > was.importance || there->tags != was.tags;
	new->row = *there;
	return (!more || memory_update(db, &was, there, err)) && memory_touch(db, &new->row, now_us, err) &&
		   memory_count_dedup(db, there->account_id, there->agent_id, there->tier, err) &&
		   memory_event_add(db, ids, there, "deduplicated", NULL, now_us, err);
}

struct nearest {
	struct memory_new *new;
	struct arena *arena;
};

static void take_nearest(void *self, const struct memory_vector *v)
{
	struct nearest *n = self;
	const struct memory_vector *own = n->new->vector;
	if (v->dimension != own->dimension || strcmp(v->model, own->model) != 0)
		return;
	double cosine = vector_cosine(own->numbers, own->norm, v->numbers, v->norm, (size_t)v->dimension);
	if (n->new->similar_id != NULL && cosine <= n->new->similarity)
		return;
	n->new->similarity = cosine;
	n->new->similar_id = arena_dup(n->arena, v->memory_id);
}

bool memory_nearest(struct db *db, struct memory_new *new, struct arena *arena, struct err *err)
{
	struct nearest nearest = {.new = new, .arena = arena};
	return memory_vectors_since(db, new->row.account_id, new->row.agent_id, &new->seen, take_nearest, &nearest, err);
}

/* Equal text, or a vector so close that it says the same; or close enough to say so. */
static bool find_same(struct db *db, struct memory_new *new, int64_t now_us, struct arena *arena,
					  struct memory_row *there, bool *same, struct err *err)
{
	const struct memory_row *row = &new->row;
	bool found;
	if (!memory_same(db, row->account_id, row->agent_id, row->content_sha256, now_us, arena, there, same, err))
		return false;
	if (*same || new->similar_id == NULL || new->similarity < MEMORY_SIMILAR)
		return true;
	if (!memory_find(db, row->account_id, new->similar_id, now_us, arena, there, &found, err))
		return false;
	*same = found && new->similarity >= MEMORY_SAME && there->type == row->type && there->tier != MEMORY_L4;
	if (found && !*same)
		new->row.possible_duplicate_of = there->memory_id;
	return true;
}

/* --- the cap --- */

static bool end_one(struct db *db, struct id_maker *ids, struct memory_row *row, enum memory_end end, const char *kind,
					int64_t now_us, struct err *err)
{
	return memory_event_add(db, ids, row, kind, memory_tier_names[row->tier], now_us, err) &&
		   memory_remove(db, row, end, err);
}

/* One whose time has passed goes on to where its life leads, or ends. */
static bool pass_on(struct db *db, struct id_maker *ids, struct memory_row *row, int64_t now_us, struct err *err)
{
	enum memory_tier next = memory_next_tier(row->tier, row->importance);
	if (next == MEMORY_TIERS)
		return end_one(db, ids, row, MEMORY_EXPIRED, "expired", now_us, err);
	return memory_move(db, ids, row, next, now_us, err);
}

/* Those of the tier that are over; few, for the chores end them too. */
static bool pass_on_some(struct db *db, struct id_maker *ids, const struct memory_row *row, int64_t now_us,
						 struct arena *arena, size_t *count, struct err *err)
{
	bool due;
	*count = 0;
	if (!memory_expiry_due(db, now_us, &due, err))
		return false;
	if (!due)
		return true;
	struct memory_row *gone = arena_array(arena, SWEEP_AT_CAP, sizeof *gone);
	if (gone == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!memory_worst(db, row->account_id, row->agent_id, row->tier, MEMORY_GONE, now_us, SWEEP_AT_CAP, arena, gone,
					  count, err))
		return false;
	for (size_t i = 0; i < *count; i++)
		if (!pass_on(db, ids, &gone[i], now_us, err))
			return false;
	return true;
}

static bool make_room(struct db *db, struct id_maker *ids, const struct memory_new *new, int64_t now_us,
					  struct arena *arena, struct err *err)
{
	const struct memory_row *row = &new->row;
	struct memory_count have;
	char least[ID_TEXT];
	size_t count;
	if (!memory_count(db, row->account_id, row->agent_id, row->tier, &have, err))
		return false;
	if (have.memories < memory_capacity(row->tier))
		return true;
	if (!pass_on_some(db, ids, row, now_us, arena, &count, err))
		return false;
	if (count > 0)
		return true;
	if (new->reject)
		return err_set(err, ERR_MEMORY_FULL, "The agent has its %lld memories of tier %s.",
					   (long long)memory_capacity(row->tier), memory_tier_names[row->tier]);
	if (!memory_least(db, row->account_id, row->agent_id, row->tier, least, err))
		return false;
	struct memory_row worst = {
		.memory_id = least, .account_id = row->account_id, .agent_id = row->agent_id, .tier = row->tier};
	return least[0] == '\0' || end_one(db, ids, &worst, MEMORY_EVICTED, "evicted", now_us, err);
}

static bool dimension_fits(struct db *db, const struct memory_new *new, struct err *err)
{
	int64_t dimension;
	if (new->vector == NULL)
		return true;
	if (!memory_dimension(db, new->row.account_id, new->row.agent_id, new->vector->model, &dimension, err))
		return false;
	return dimension == 0 || dimension == new->vector->dimension ||
		   err_field(err, ERR_INVALID, "/embedding/vector",
					 "The agent's vectors of model %s have %lld numbers, not %lld.", new->vector->model,
					 (long long)dimension, (long long)new->vector->dimension);
}

bool memory_add(struct db *db, struct id_maker *ids, struct memory_new *new, int64_t now_us, struct arena *arena,
				struct err *err)
{
	return make_room(db, ids, new, now_us, arena, err) && memory_insert(db, &new->row, new->vector, err) &&
		   memory_event_add(db, ids, &new->row, "created", memory_tier_names[new->row.tier], now_us, err);
}

bool memory_store(struct db *db, struct id_maker *ids, struct memory_new *new, int64_t now_us, struct arena *arena,
				  bool *deduplicated, struct err *err)
{
	struct memory_row there;
	if (!dimension_fits(db, new, err) || (new->vector != NULL && !memory_nearest(db, new, arena, err)) ||
		!find_same(db, new, now_us, arena, &there, deduplicated, err))
		return false;
	if (*deduplicated)
		return join(db, ids, new, &there, now_us, arena, err);
	return memory_add(db, ids, new, now_us, arena, err);
}

/* --- time --- */

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool memory_expiry_due(struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, take_nothing, NULL, "SELECT 1 FROM memories WHERE expires_at <= $1 LIMIT 1",
				  V_INT(now_us));
}

bool memory_expire(struct db *db, struct id_maker *ids, int64_t now_us, size_t limit, struct err *err)
{
	struct arena arena;
	size_t count = 0;
	arena_init(&arena, EXPIRE_SCRATCH);
	struct memory_row *rows = arena_array(&arena, limit, sizeof *rows);
	bool done =
		rows != NULL ? memory_due(db, now_us, limit, &arena, rows, &count, err) : err_set(err, ERR_LIMIT, "no memory");
	for (size_t i = 0; done && i < count; i++)
		done = pass_on(db, ids, &rows[i], now_us, err);
	arena_fini(&arena);
	return done;
}
