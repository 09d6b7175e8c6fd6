#include "flow/vector_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/map.h"
#include "core/must.h"
#include "flow/memory_repo.h"

enum { MISSING_MIN = 64 /* rows that may be gone before all are read anew */ };

/* What is kept of one agent: a set for each model and dimension. */
struct vector_agent {
	char *name;
	pthread_rwlock_t lock; /* of the sets */
	struct {
		char *model;
		struct vector_set set;
	} sets[VECTOR_PARTS];
	size_t sets_count, missing, bytes;
	int64_t seen;
	bool too_many;
	unsigned refs; /* under the cache's lock, as the list */
	struct vector_agent *prev, *next;
};

struct vector_cache {
	pthread_mutex_t lock;
	struct map agents;
	struct vector_agent *first, *last; /* by use, the newest first */
	size_t limit, bytes;
};

struct vector_cache *vector_cache_new(size_t limit_bytes)
{
	struct vector_cache *cache = calloc(1, sizeof *cache);
	must(cache != NULL);
	cache->limit = limit_bytes;
	pthread_mutex_init(&cache->lock, NULL);
	map_init(&cache->agents, NULL, NULL);
	return cache;
}

static void forget_sets(struct vector_agent *agent)
{
	for (size_t i = 0; i < agent->sets_count; i++) {
		free(agent->sets[i].model);
		vector_set_fini(&agent->sets[i].set);
	}
	agent->sets_count = agent->missing = 0;
	agent->seen = 0;
}

/* --- the list, with the cache's lock --- */

static void unlink_agent(struct vector_cache *cache, struct vector_agent *agent)
{
	if (agent->prev != NULL)
		agent->prev->next = agent->next;
	else
		cache->first = agent->next;
	if (agent->next != NULL)
		agent->next->prev = agent->prev;
	else
		cache->last = agent->prev;
	agent->prev = agent->next = NULL;
}

static void link_first(struct vector_cache *cache, struct vector_agent *agent)
{
	agent->next = cache->first;
	if (cache->first != NULL)
		cache->first->prev = agent;
	else
		cache->last = agent;
	cache->first = agent;
}

static void drop_agent(struct vector_cache *cache, struct vector_agent *agent)
{
	unlink_agent(cache, agent);
	map_remove(&cache->agents, agent->name);
	cache->bytes -= agent->bytes;
	forget_sets(agent);
	pthread_rwlock_destroy(&agent->lock);
	free(agent->name);
	free(agent);
}

void vector_cache_free(struct vector_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->first != NULL)
		drop_agent(cache, cache->first);
	map_fini(&cache->agents);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static struct vector_agent *take_agent(struct vector_cache *cache, const char *account_id, const char *agent_id)
{
	char name[600];
	snprintf(name, sizeof name, "%s\n%s", account_id, agent_id);
	pthread_mutex_lock(&cache->lock);
	struct vector_agent *agent = map_get(&cache->agents, name);
	if (agent == NULL) {
		agent = calloc(1, sizeof *agent);
		must(agent != NULL && (agent->name = strdup(name)) != NULL);
		pthread_rwlock_init(&agent->lock, NULL);
		must(map_set(&cache->agents, name, agent, NULL));
	} else {
		unlink_agent(cache, agent);
	}
	link_first(cache, agent);
	agent->refs++;
	pthread_mutex_unlock(&cache->lock);
	return agent;
}

static void give_agent(struct vector_cache *cache, struct vector_agent *agent)
{
	pthread_mutex_lock(&cache->lock);
	agent->refs--;
	for (struct vector_agent *at = cache->last, *prev; at != NULL && cache->bytes > cache->limit; at = prev) {
		prev = at->prev;
		if (at->refs == 0)
			drop_agent(cache, at);
	}
	pthread_mutex_unlock(&cache->lock);
}

/* --- up to date, with the agent's lock --- */

static void take_row(void *self, const struct memory_vector *v)
{
	struct vector_agent *agent = self;
	size_t at = 0;
	while (at < agent->sets_count &&
		   (agent->sets[at].set.dimension != (size_t)v->dimension || strcmp(agent->sets[at].model, v->model) != 0))
		at++;
	if (agent->too_many || at == VECTOR_PARTS) {
		agent->too_many = true;
		return;
	}
	if (at == agent->sets_count) {
		vector_set_init(&agent->sets[at].set, (size_t)v->dimension);
		agent->sets[at].model = strdup(v->model);
		must(agent->sets[at].model != NULL);
		agent->sets_count++;
	}
	agent->too_many = !vector_set_add(&agent->sets[at].set, v->memory_id, v->numbers, v->norm);
}

static size_t rows_of(const struct vector_agent *agent)
{
	size_t rows = 0;
	for (size_t i = 0; i < agent->sets_count; i++)
		rows += agent->sets[i].set.count;
	return rows;
}

static void weigh(struct vector_cache *cache, struct vector_agent *agent)
{
	size_t bytes = 0;
	for (size_t i = 0; i < agent->sets_count; i++)
		bytes += vector_set_bytes(&agent->sets[i].set);
	agent->too_many = agent->too_many || bytes > cache->limit;
	if (agent->too_many) {
		forget_sets(agent);
		bytes = 0;
	}
	pthread_mutex_lock(&cache->lock);
	cache->bytes += bytes - agent->bytes;
	agent->bytes = bytes;
	pthread_mutex_unlock(&cache->lock);
}

static bool refresh(struct vector_cache *cache, struct vector_agent *agent, struct db *db, const char *account_id,
					const char *agent_id, struct err *err)
{
	if (agent->missing > rows_of(agent) / 4 + MISSING_MIN)
		forget_sets(agent);
	if (!memory_vectors_since(db, account_id, agent_id, &agent->seen, take_row, agent, err)) {
		forget_sets(agent);
		return false;
	}
	weigh(cache, agent);
	return true;
}

/* --- looking --- */

static bool look_at(struct vector_agent *agent, const char *model, const struct memory_vector *question,
					double threshold, struct arena *arena, struct vector_look *look, struct err *err)
{
	for (size_t i = 0; i < agent->sets_count; i++) {
		const struct vector_set *set = &agent->sets[i].set;
		if (model != NULL && strcmp(model, agent->sets[i].model) != 0)
			continue;
		if (set->dimension != (size_t)question->dimension) {
			look->other_dimension = true;
			continue;
		}
		look->any = true;
		struct vector_part *part = &look->parts[look->parts_count++];
		struct vector_top *found = arena_array(arena, set->count, sizeof *found);
		if (found == NULL)
			return err_set(err, ERR_LIMIT, "no memory");
		vector_set_look(set, question->numbers, question->norm, threshold, found, &part->looking);
	}
	return true;
}

bool vector_look_begin(struct vector_cache *cache, struct db *db, const char *account_id, const char *agent_id,
					   const char *model, const struct memory_vector *question, double threshold, struct arena *arena,
					   struct vector_look *look, bool *kept, struct err *err)
{
	struct vector_agent *agent = take_agent(cache, account_id, agent_id);
	*look = (struct vector_look){.agent = agent};
	pthread_rwlock_wrlock(&agent->lock);
	bool done = agent->too_many || refresh(cache, agent, db, account_id, agent_id, err);
	*kept = done && !agent->too_many;
	look->seen = agent->seen;
	pthread_rwlock_unlock(&agent->lock);
	if (*kept) {
		pthread_rwlock_rdlock(&agent->lock);
		if (look_at(agent, model, question, threshold, arena, look, err))
			return true;
		pthread_rwlock_unlock(&agent->lock);
		done = false;
	}
	give_agent(cache, agent);
	return done;
}

bool vector_look_next(struct vector_look *look, const char **id, double *cosine)
{
	struct vector_looking *best = NULL;
	struct vector_top top = {0};
	for (size_t i = 0; i < look->parts_count; i++) {
		struct vector_looking *part = &look->parts[i].looking;
		const struct vector_top *first = vector_set_top(part);
		if (first != NULL && (best == NULL || first->cosine > top.cosine)) {
			best = part;
			top = *first;
		}
	}
	if (best == NULL || !vector_set_take(best, &top))
		return false;
	*id = best->set->ids[top.row];
	*cosine = top.cosine;
	return true;
}

void vector_look_end(struct vector_cache *cache, struct vector_look *look, size_t missing)
{
	pthread_rwlock_unlock(&look->agent->lock);
	pthread_rwlock_wrlock(&look->agent->lock);
	look->agent->missing += missing;
	pthread_rwlock_unlock(&look->agent->lock);
	give_agent(cache, look->agent);
}

size_t vector_cache_bytes(struct vector_cache *cache)
{
	pthread_mutex_lock(&cache->lock);
	size_t bytes = cache->bytes;
	pthread_mutex_unlock(&cache->lock);
	return bytes;
}
