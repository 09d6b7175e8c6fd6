#include "trade/chart_cache.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/id.h"
#include "core/must.h"

enum { CHAINS = 1 << 16 /* 64 MiB of the smallest pictures are some 50,000 */ };
enum index { BY_KEY, BY_PICTURE, INDEXES };

/*
 * In one block with its texts and bytes behind it; the list is in order of use, the last used first.  Each is in one
 * chain of either index too: two questions may have the same picture.
 */
struct entry {
	struct entry *next, *before, *same[INDEXES]; /* same: the next of its chain */
	char account_id[ID_TEXT], key[SHA256_HEX_SIZE], sha256[SHA256_HEX_SIZE], media_type[32];
	int64_t until_us;
	size_t size, result_size;
	char bytes[]; /* the picture, then the result and a NUL */
};

struct chart_cache {
	pthread_mutex_t lock;
	struct entry *first, *last;
	struct entry *chains[INDEXES][CHAINS];
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

static const char *name_of(const struct entry *e, enum index by)
{
	return by == BY_KEY ? e->key : e->sha256;
}

/* FNV-1a.  What is hashed are hashes already; whoever makes them collide gets a scan. */
static struct entry **chain_of(struct chart_cache *cache, enum index by, const char *name)
{
	uint32_t hash = 2166136261u;
	for (; *name != '\0'; name++)
		hash = (hash ^ (unsigned char)*name) * 16777619u;
	return &cache->chains[by][(hash ^ hash >> 16) % CHAINS];
}

static void chain(struct chart_cache *cache, struct entry *e)
{
	for (enum index by = 0; by < INDEXES; by++) {
		struct entry **at = chain_of(cache, by, name_of(e, by));
		e->same[by] = *at;
		*at = e;
	}
}

static void unchain(struct chart_cache *cache, const struct entry *e)
{
	for (enum index by = 0; by < INDEXES; by++) {
		struct entry **at = chain_of(cache, by, name_of(e, by));
		while (*at != e)
			at = &(*at)->same[by];
		*at = e->same[by];
	}
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
	unchain(cache, e);
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
	enum index by = key != NULL ? BY_KEY : BY_PICTURE;
	const char *name = key != NULL ? key : sha256;
	struct entry *next;
	for (struct entry *e = *chain_of(cache, by, name); e != NULL; e = next) {
		next = e->same[by];
		if (now_us >= e->until_us)
			drop(cache, e);
		else if (strcmp(name, name_of(e, by)) == 0 && strcmp(account_id, e->account_id) == 0)
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
	chain(cache, e);
	cache->used += weight(e);
	while (cache->last != NULL && (cache->used > cache->bytes_max || now_us >= cache->last->until_us))
		drop(cache, cache->last);
	pthread_mutex_unlock(&cache->lock);
}
