#include "flow/llm_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/vector.h"
#include "flow/llm_cache_internal.h"
#include "store/store.h"

enum { SWEEP_MAX = 500, SCRATCH = 1 << 16 };

const char *const llm_level_names[] = {"l1", "l2", "l3", "l4", NULL};

/* --- life --- */

struct llm_cache *llm_cache_open(struct store *store, const struct env *env)
{
	struct llm_cache *cache = calloc(1, sizeof *cache);
	pthread_condattr_t monotonic;
	must(cache != NULL);
	cache->store = store;
	cache->env = env;
	pthread_mutex_init(&cache->lock, NULL);
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_cond_init(&cache->changed, &monotonic);
	pthread_condattr_destroy(&monotonic);
	map_init(&cache->entries, NULL, NULL);
	map_init(&cache->calls, NULL, NULL);
	tuning_init(&cache->tuning[LLM_L1], LLM_L1_TTL_S);
	tuning_init(&cache->tuning[LLM_L2], LLM_L2_TTL_S);
	return cache;
}

void llm_cache_close(struct llm_cache *cache)
{
	if (cache == NULL)
		return;
	pthread_mutex_lock(&cache->lock);
	while (cache->writing > 0)
		pthread_cond_wait(&cache->changed, &cache->lock);
	while (cache->first != NULL)
		l1_drop(cache, cache->first);
	pthread_mutex_unlock(&cache->lock);
	map_fini(&cache->entries);
	map_fini(&cache->calls);
	pthread_cond_destroy(&cache->changed);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

/* --- looking --- */

static void count(struct llm_cache *cache, enum llm_level level, const struct llm_hit *hit)
{
	struct counters *counters = &cache->counters[level];
	if (hit != NULL) {
		counters->hits++;
		counters->saved_micros += hit->cost_micros;
	} else {
		counters->misses++;
	}
	if (level <= LLM_L2 && tuning_count(&cache->tuning[level], hit != NULL, env_wall_us(cache->env)))
		log_info("flow: a cache's time to live was tuned", log_str("level", llm_level_names[level]),
				 log_int("ttl_s", (int64_t)cache->tuning[level].ttl_s));
}

static void take_answer(const struct db_rows *row, void *self)
{
	struct llm_hit *hit = self;
	const char *text = db_text(row, 0);
	hit->answer = datum_parse(text, strlen(text), NULL); /* NULL: damaged, which is as if it were not there */
	hit->cost_micros = db_int(row, 1);
}

static bool read_l2(struct llm_cache *cache, const struct llm_lookup *lookup, struct llm_hit *hit)
{
	bool found = false;
	struct err err;
	struct db *db = store_read(cache->store);
	bool read =
		db_one(db, &err, &found, take_answer, hit,
			   "SELECT answer, cost FROM llm_cache WHERE account_id = $1 AND cache_key = $2 AND expires_at > $3",
			   V_TEXT(lookup->account_id), V_TEXT(lookup->key), V_INT(env_wall_us(cache->env)));
	store_read_end(cache->store, db);
	if (!read)
		log_error("flow: the cache cannot be read", log_str("error", err.message));
	hit->level = LLM_L2;
	return read && found && hit->answer != NULL;
}

bool llm_cache_find(struct llm_cache *cache, const struct llm_lookup *lookup, struct llm_hit *hit)
{
	*hit = (struct llm_hit){.answer = NULL};
	pthread_mutex_lock(&cache->lock);
	bool found = l1_find(cache, lookup, hit);
	count(cache, LLM_L1, found ? hit : NULL);
	pthread_mutex_unlock(&cache->lock);
	if (found)
		return true;
	found = read_l2(cache, lookup, hit);
	pthread_mutex_lock(&cache->lock);
	count(cache, LLM_L2, found ? hit : NULL);
	if (found)
		l1_put(cache, lookup, hit->answer, hit->cost_micros);
	pthread_mutex_unlock(&cache->lock);
	return found;
}

struct comparing {
	const struct llm_lookup *lookup;
	double best;
	char key[65];
};

static void compare(struct comparing *c, const struct db_rows *rows)
{
	float numbers[VECTOR_MAX];
	size_t size;
	const void *bytes = db_blob(rows, 1, &size);
	if (bytes == NULL || size != c->lookup->dimension * sizeof *numbers)
		return;
	memcpy(numbers, bytes, size);
	double cosine = vector_cosine(c->lookup->vector, c->lookup->norm, numbers, db_real(rows, 2), c->lookup->dimension);
	if (cosine < LLM_ALIKE || cosine <= c->best)
		return;
	c->best = cosine;
	snprintf(c->key, sizeof c->key, "%s", db_text(rows, 0));
}

static bool read_alike(struct llm_cache *cache, struct db *db, const struct llm_lookup *lookup, struct llm_hit *hit,
					   struct err *err)
{
	struct comparing c = {.lookup = lookup};
	struct db_rows rows;
	bool found = false;
	int64_t now_us = env_wall_us(cache->env);
	if (!db_query(
			db, &rows, err,
			"SELECT cache_key, vector, norm FROM llm_cache WHERE account_id = $1 AND family = $2 AND alike_until > "
			"$3 AND vector IS NOT NULL ORDER BY created_at DESC LIMIT $4",
			V_TEXT(lookup->account_id), V_TEXT(lookup->family), V_INT(now_us), V_INT(LLM_ALIKE_MAX)))
		return false;
	while (db_next(&rows))
		compare(&c, &rows);
	return db_end(&rows, err) &&
		   (c.key[0] == '\0' || db_one(db, err, &found, take_answer, hit,
									   "SELECT answer, cost FROM llm_cache WHERE account_id = $1 AND cache_key = $2",
									   V_TEXT(lookup->account_id), V_TEXT(c.key)));
}

bool llm_cache_alike(struct llm_cache *cache, const struct llm_lookup *lookup, struct llm_hit *hit)
{
	struct err err;
	*hit = (struct llm_hit){.level = LLM_L3};
	if (lookup->vector == NULL)
		return false;
	struct db *db = store_read(cache->store);
	if (!read_alike(cache, db, lookup, hit, &err))
		log_error("flow: the cache cannot be read", log_str("error", err.message));
	store_read_end(cache->store, db);
	pthread_mutex_lock(&cache->lock);
	count(cache, LLM_L3, hit->answer != NULL ? hit : NULL);
	pthread_mutex_unlock(&cache->lock);
	if (hit->answer != NULL)
		llm_cache_keep(cache, lookup, hit->answer, hit->cost_micros);
	return hit->answer != NULL;
}

/* --- keeping --- */

struct keeping {
	struct store_op op;
	struct llm_cache *cache;
	struct arena arena;
	struct llm_lookup lookup;
	struct datum *answer;
	int64_t cost_micros, now_us, expires_us;
};

static bool insert(struct db *db, void *self, struct err *err)
{
	const struct keeping *k = self;
	const struct llm_lookup *l = &k->lookup;
	int64_t until = k->now_us + (l->vector != NULL ? LLM_L3_TTL_S * INT64_C(1000000) : 0);
	return db_run(
		db, err,
		"INSERT INTO llm_cache (account_id, cache_key, family, model, tags, answer, cost, norm, vector, "
		"created_at, expires_at, alike_until) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON "
		"CONFLICT (account_id, cache_key) DO UPDATE SET answer = excluded.answer, cost = excluded.cost, tags = "
		"excluded.tags, norm = excluded.norm, vector = excluded.vector, created_at = excluded.created_at, "
		"expires_at = excluded.expires_at, alike_until = excluded.alike_until",
		V_TEXT(l->account_id), V_TEXT(l->key), V_TEXT(l->family), V_TEXT(l->model), V_TEXT(l->tags),
		V_TEXT(datum_bytes(k->answer, NULL)), V_INT(k->cost_micros), l->vector == NULL ? V_NULL : V_REAL(l->norm),
		l->vector == NULL ? V_NULL : V_BLOB(l->vector, l->dimension * sizeof *l->vector), V_INT(k->now_us),
		V_INT(k->expires_us), V_INT(until > k->expires_us ? until : k->expires_us));
}

static void free_keeping(struct keeping *k)
{
	struct llm_cache *cache = k->cache;
	datum_unref(k->answer);
	arena_fini(&k->arena);
	free(k);
	pthread_mutex_lock(&cache->lock);
	cache->writing--;
	pthread_cond_broadcast(&cache->changed);
	pthread_mutex_unlock(&cache->lock);
}

static void inserted(void *self, bool applied, const struct err *err)
{
	if (!applied)
		log_error("flow: an answer could not be kept", log_str("error", err->message));
	free_keeping(self);
}

static void copy_lookup(struct keeping *k, const struct llm_lookup *lookup)
{
	struct arena *arena = &k->arena;
	size_t size = lookup->dimension * sizeof *lookup->vector;
	k->lookup = *lookup;
	k->lookup.account_id = arena_dup(arena, lookup->account_id);
	k->lookup.model = arena_dup(arena, lookup->model);
	k->lookup.tags = arena_dup(arena, lookup->tags == NULL ? "[]" : lookup->tags);
	float *vector = lookup->vector == NULL ? NULL : arena_alloc(arena, size);
	if (vector != NULL)
		memcpy(vector, lookup->vector, size);
	k->lookup.vector = vector;
}

static void keep_in_store(struct llm_cache *cache, const struct llm_lookup *lookup, struct datum *answer,
						  int64_t cost_micros, double ttl_s)
{
	struct keeping *k = calloc(1, sizeof *k);
	struct err err;
	must(k != NULL);
	k->cache = cache;
	arena_init(&k->arena, SCRATCH);
	copy_lookup(k, lookup);
	k->answer = datum_ref(answer);
	k->cost_micros = cost_micros;
	k->now_us = env_wall_us(cache->env);
	k->expires_us = k->now_us + (int64_t)(ttl_s * 1e6);
	k->op = (struct store_op){.apply = insert, .done = inserted, .self = k};
	if (!store_submit(cache->store, &k->op, &err))
		inserted(k, false, &err);
}

void llm_cache_keep(struct llm_cache *cache, const struct llm_lookup *lookup, struct datum *answer, int64_t cost_micros)
{
	pthread_mutex_lock(&cache->lock);
	l1_put(cache, lookup, answer, cost_micros);
	double ttl_s = cache->tuning[LLM_L2].ttl_s;
	cache->writing++;
	pthread_mutex_unlock(&cache->lock);
	keep_in_store(cache, lookup, answer, cost_micros, ttl_s);
}

/* --- one call for equal questions --- */

static void call_name(const struct llm_lookup *lookup, char name[128])
{
	snprintf(name, 128, "%s %.60s", lookup->key, lookup->account_id);
}

static struct timespec moment_in(int64_t ms)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	int64_t ns = until.tv_nsec + ms % 1000 * 1000000;
	until.tv_sec += ms / 1000 + ns / 1000000000;
	until.tv_nsec = ns % 1000000000;
	return until;
}

bool llm_cache_enter(struct llm_cache *cache, const struct llm_lookup *lookup, int64_t timeout_ms)
{
	char name[128];
	const struct timespec until = moment_in(timeout_ms);
	call_name(lookup, name);
	pthread_mutex_lock(&cache->lock);
	struct llm_hit hit;
	bool there = l1_find(cache, lookup, &hit); /* since the caller looked */
	bool ours = !there && map_get(&cache->calls, name) == NULL;
	int status = 0;
	if (there)
		datum_unref(hit.answer);
	else if (ours)
		must(map_set(&cache->calls, name, cache, NULL));
	else
		while (status == 0 && map_get(&cache->calls, name) != NULL)
			status = pthread_cond_timedwait(&cache->changed, &cache->lock, &until);
	pthread_mutex_unlock(&cache->lock);
	return ours;
}

void llm_cache_leave(struct llm_cache *cache, const struct llm_lookup *lookup)
{
	char name[128];
	call_name(lookup, name);
	pthread_mutex_lock(&cache->lock);
	map_remove(&cache->calls, name);
	pthread_cond_broadcast(&cache->changed);
	pthread_mutex_unlock(&cache->lock);
}

void llm_cache_called(struct llm_cache *cache, bool answered)
{
	pthread_mutex_lock(&cache->lock);
	cache->counters[LLM_L4].hits += answered;
	cache->counters[LLM_L4].misses += !answered;
	pthread_mutex_unlock(&cache->lock);
}

/* --- forgetting --- */

bool tags_have(const char *tags, const char *tag)
{
	struct datum *datum = datum_parse(tags, strlen(tags), NULL);
	static const struct json none = {.kind = JS_NULL};
	const struct json *json = datum == NULL ? &none : datum_tree(datum);
	bool have = false;
	for (uint32_t i = 0; json->kind == JS_ARRAY && i < json->count && !have; i++)
		have = json->items[i].kind == JS_STRING && strcmp(json->items[i].text, tag) == 0;
	datum_unref(datum);
	return have;
}

static bool same_or_any(const char *wanted, const char *is)
{
	return wanted == NULL || strcmp(wanted, is) == 0;
}

static int64_t forget_l1(struct llm_cache *cache, const struct llm_forget *f)
{
	int64_t dropped = 0;
	pthread_mutex_lock(&cache->lock);
	for (struct entry *entry = cache->first, *next; entry != NULL; entry = next) {
		next = entry->next;
		if (!same_or_any(f->account_id, entry->account_id) || !same_or_any(f->model, entry->model) ||
			(f->tag != NULL && !tags_have(entry->tags, f->tag)))
			continue;
		l1_drop(cache, entry);
		dropped++;
	}
	pthread_mutex_unlock(&cache->lock);
	return dropped;
}

struct forgetting {
	const struct llm_forget *forget;
	int64_t count;
};

/* By their keys, since only a reader of JSON can tell which tags a row has. */
static bool forget_tagged(struct db *db, struct forgetting *f, struct err *err)
{
	struct db_rows rows;
	struct arena arena;
	const struct llm_forget *w = f->forget;
	char(*keys)[2][65] = calloc(SWEEP_MAX, sizeof *keys);
	size_t count;
	bool done = keys != NULL || err_set(err, ERR_LIMIT, "no memory");
	arena_init(&arena, SCRATCH);
	do {
		count = 0;
		done = done &&
			   db_query(db, &rows, err,
						"SELECT account_id, cache_key, tags FROM llm_cache WHERE ($1 = '' OR account_id = $1) "
						"AND ($2 = '' OR model = $2) AND tags <> '[]'",
						V_TEXT(w->account_id == NULL ? "" : w->account_id), V_TEXT(w->model == NULL ? "" : w->model));
		while (done && count < SWEEP_MAX && db_next(&rows)) {
			if (!tags_have(db_text(&rows, 2), w->tag))
				continue;
			snprintf(keys[count][0], 65, "%s", db_text(&rows, 0));
			snprintf(keys[count++][1], 65, "%s", db_text(&rows, 1));
		}
		done = done && db_end(&rows, err);
		for (size_t i = 0; done && i < count; i++)
			done = db_run(db, err, "DELETE FROM llm_cache WHERE account_id = $1 AND cache_key = $2", V_TEXT(keys[i][0]),
						  V_TEXT(keys[i][1]));
		f->count += (int64_t)count;
	} while (done && count == SWEEP_MAX);
	arena_fini(&arena);
	free(keys);
	return done;
}

static bool forget_stored(struct db *db, void *self, struct err *err)
{
	struct forgetting *f = self;
	const struct llm_forget *w = f->forget;
	f->count = 0;
	if (w->tag != NULL)
		return forget_tagged(db, f, err);
	if (!db_run(db, err, "DELETE FROM llm_cache WHERE ($1 = '' OR account_id = $1) AND ($2 = '' OR model = $2)",
				V_TEXT(w->account_id == NULL ? "" : w->account_id), V_TEXT(w->model == NULL ? "" : w->model)))
		return false;
	f->count = db_changed(db);
	return true;
}

bool llm_cache_forget(struct llm_cache *cache, const struct llm_forget *forget, int64_t *count, struct err *err)
{
	struct forgetting f = {.forget = forget};
	*count = forget->level == LLM_L1 || forget->level == LLM_LEVELS ? forget_l1(cache, forget) : 0;
	if (forget->level == LLM_L1)
		return true;
	if (!store_write(cache->store, forget_stored, &f, err))
		return false;
	*count = f.count > *count ? f.count : *count;
	return true;
}

static bool sweep(struct db *db, void *self, struct err *err)
{
	const struct llm_cache *cache = self;
	return db_run(
		db, err,
		"DELETE FROM llm_cache WHERE cache_key IN (SELECT c.cache_key FROM llm_cache c WHERE c.alike_until <= "
		"$1 LIMIT $2) AND alike_until <= $1",
		V_INT(env_wall_us(cache->env)), V_INT(SWEEP_MAX));
}

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool llm_cache_sweep(struct llm_cache *cache, struct err *err)
{
	bool due = false;
	struct db *db = store_read(cache->store);
	bool read = db_one(db, err, &due, take_nothing, NULL, "SELECT 1 FROM llm_cache WHERE alike_until <= $1 LIMIT 1",
					   V_INT(env_wall_us(cache->env)));
	store_read_end(cache->store, db);
	return read && (!due || store_write(cache->store, sweep, cache, err));
}

/* --- figures --- */

static void take_sums(const struct db_rows *row, void *self)
{
	struct llm_level_figures *figures = self;
	figures[LLM_L2].entries = db_int(row, 0);
	figures[LLM_L2].bytes = db_int(row, 1);
	figures[LLM_L3].entries = db_int(row, 2);
	figures[LLM_L3].bytes = db_int(row, 3);
}

#define SUMS \
	"SELECT SUM(CASE WHEN expires_at > $1 THEN 1 ELSE 0 END), SUM(CASE WHEN expires_at > $1 THEN LENGTH(answer) ELSE " \
	"0 " \
	"END), SUM(CASE WHEN vector IS NULL THEN 0 ELSE 1 END), SUM(CASE WHEN vector IS NULL THEN 0 ELSE LENGTH(answer) " \
	"END) FROM llm_cache"

/* With an account by its index. */
static bool read_sums(struct db *db, const char *account_id, int64_t now_us, struct llm_level_figures *figures,
					  struct err *err)
{
	if (account_id == NULL)
		return db_one(db, err, NULL, take_sums, figures, SUMS, V_INT(now_us));
	return db_one(db, err, NULL, take_sums, figures, SUMS " WHERE account_id = $2", V_INT(now_us), V_TEXT(account_id));
}

void llm_cache_counters(struct llm_cache *cache, struct llm_level_figures figures[LLM_LEVELS])
{
	pthread_mutex_lock(&cache->lock);
	for (int level = 0; level < LLM_LEVELS; level++) {
		const struct counters *c = &cache->counters[level];
		figures[level] = (struct llm_level_figures){
			.hits = c->hits, .misses = c->misses, .evictions = c->evictions, .saved_micros = c->saved_micros};
	}
	figures[LLM_L1].entries = (int64_t)cache->entries.count;
	figures[LLM_L1].bytes = (int64_t)cache->bytes;
	figures[LLM_L1].ttl_s = cache->tuning[LLM_L1].ttl_s;
	figures[LLM_L2].ttl_s = cache->tuning[LLM_L2].ttl_s;
	figures[LLM_L3].ttl_s = LLM_L3_TTL_S;
	pthread_mutex_unlock(&cache->lock);
}

bool llm_cache_figures(struct llm_cache *cache, const char *account_id, struct llm_level_figures figures[LLM_LEVELS],
					   struct err *err)
{
	llm_cache_counters(cache, figures);
	struct db *db = store_read(cache->store);
	bool read = read_sums(db, account_id, env_wall_us(cache->env), figures, err);
	store_read_end(cache->store, db);
	return read;
}
