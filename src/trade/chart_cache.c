#include "trade/chart_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/id.h"
#include "core/must.h"

/* In one block with its texts and bytes behind it; the list is in order of use, the last used first. */
struct entry {
	struct entry *next, *before;
	char account_id[ID_TEXT], key[SHA256_HEX_SIZE], sha256[SHA256_HEX_SIZE], media_type[32];
	int64_t until_us;
	size_t size, result_size;
	char bytes[]; /* the picture, then the result and a NUL */
};

struct chart_cache {
	pthread_mutex_t lock;
	struct entry *first, *last;
	size_t used, bytes_max;
};

struct chart_cache *chart_cache_new(size_t bytes_max)
{
	struct chart_cache *cache = calloc(1, sizeof *cache);
	must(cache != NULL && pthread_mutex_init(&cache->lock, NULL) == 0);
	cache->bytes_max = bytes_max;
	return cache;
}

static size_t weight(const struct entry *e)
{
	return sizeof *e + e->size + e->result_size + 1;
}

static void unlink_entry(struct chart_cache *cache, struct entry *e)
{
	*(e->before != NULL ? &e->before->next : &cache->first) = e->next;
	*(e->next != NULL ? &e->next->before : &cache->last) = e->before;
}

static void link_first(struct chart_cache *cache, struct entry *e)
{
	e->before = NULL;
	e->next = cache->first;
	*(cache->first != NULL ? &cache->first->before : &cache->last) = e;
	cache->first = e;
}

static void drop(struct chart_cache *cache, struct entry *e)
{
	unlink_entry(cache, e);
	cache->used -= weight(e);
	free(e);
}

void chart_cache_free(struct chart_cache *cache)
{
	if (cache == NULL)
		return;
	while (cache->first != NULL)
		drop(cache, cache->first);
	pthread_mutex_destroy(&cache->lock);
	free(cache);
}

static struct entry *find(struct chart_cache *cache, const char *account_id, const char *key, const char *sha256,
						  int64_t now_us)
{
	struct entry *next;
	for (struct entry *e = cache->first; e != NULL; e = next) {
		next = e->next;
		if (now_us >= e->until_us)
			drop(cache, e);
		else if (strcmp(key != NULL ? key : sha256, key != NULL ? e->key : e->sha256) == 0 &&
				 strcmp(account_id, e->account_id) == 0)
			return e;
	}
	return NULL;
}

bool chart_cache_find(struct chart_cache *cache, const char *account_id, const char *key, const char *sha256,
					  int64_t now_us, struct arena *arena, struct chart_picture *picture)
{
	pthread_mutex_lock(&cache->lock);
	struct entry *e = find(cache, account_id, key, sha256, now_us);
	if (e != NULL) {
		unlink_entry(cache, e);
		link_first(cache, e);
		*picture = (struct chart_picture){.account_id = account_id,
										  .key = arena_dup(arena, e->key),
										  .sha256 = arena_dup(arena, e->sha256),
										  .media_type = arena_dup(arena, e->media_type),
										  .result = arena_dup(arena, e->bytes + e->size),
										  .bytes = arena_dupn(arena, e->bytes, e->size),
										  .size = e->size,
										  .until_us = e->until_us};
	}
	pthread_mutex_unlock(&cache->lock);
	return e != NULL && !arena->full;
}

void chart_cache_put(struct chart_cache *cache, const struct chart_picture *p, int64_t now_us)
{
	size_t result_size = strlen(p->result), size = sizeof(struct entry) + p->size + result_size + 1;
	struct entry *e = size <= cache->bytes_max ? malloc(size) : NULL;
	if (e == NULL)
		return;
	*e = (struct entry){.until_us = p->until_us, .size = p->size, .result_size = result_size};
	snprintf(e->account_id, sizeof e->account_id, "%s", p->account_id);
	snprintf(e->key, sizeof e->key, "%s", p->key);
	snprintf(e->sha256, sizeof e->sha256, "%s", p->sha256);
	snprintf(e->media_type, sizeof e->media_type, "%s", p->media_type);
	memcpy(e->bytes, p->bytes, p->size);
	memcpy(e->bytes + p->size, p->result, result_size + 1);
	pthread_mutex_lock(&cache->lock);
	struct entry *same = find(cache, p->account_id, p->key, NULL, now_us);
	if (same != NULL)
		drop(cache, same);
	link_first(cache, e);
	cache->used += weight(e);
	while (cache->used > cache->bytes_max)
		drop(cache, cache->last);
	pthread_mutex_unlock(&cache->lock);
}
