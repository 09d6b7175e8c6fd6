#include "link/outgoing_pool.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/must.h"
#include "link/curl.h"

enum { IDLE_MAX = 64, CONNECTIONS_EACH = 2, IDLE_S = 1 };

struct idle {
	CURL *curl;
	unsigned round; /* in which it was given back */
};

/* The one given back last is the next to be taken: the others grow old. */
struct shelf {
	struct idle items[IDLE_MAX];
	size_t count;
};

struct outgoing_pool {
	pthread_mutex_t lock;
	unsigned round;
	struct shelf shelves[2]; /* [1]: of requests that may go anywhere */
};

struct outgoing_pool *outgoing_pool_new(void)
{
	struct outgoing_pool *pool = calloc(1, sizeof *pool);
	must(pool != NULL && pthread_mutex_init(&pool->lock, NULL) == 0);
	return pool;
}

void outgoing_pool_free(struct outgoing_pool *pool)
{
	if (pool == NULL)
		return;
	for (int which = 0; which < 2; which++)
		for (size_t i = 0; i < pool->shelves[which].count; i++)
			curl_easy_cleanup(pool->shelves[which].items[i].curl);
	pthread_mutex_destroy(&pool->lock);
	free(pool);
}

void *outgoing_pool_take(struct outgoing_pool *pool, bool trusted)
{
	struct shelf *shelf = &pool->shelves[trusted];
	pthread_mutex_lock(&pool->lock);
	CURL *curl = shelf->count > 0 ? shelf->items[--shelf->count].curl : NULL;
	pthread_mutex_unlock(&pool->lock);
	if (curl == NULL)
		curl = curl_easy_init();
	if (curl != NULL) {
		curl_easy_setopt(curl, CURLOPT_MAXCONNECTS, (long)CONNECTIONS_EACH);
		curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)IDLE_S);
	}
	return curl;
}

void outgoing_pool_give(struct outgoing_pool *pool, void *curl, bool trusted, bool good)
{
	struct shelf *shelf = &pool->shelves[trusted];
	if (good)
		curl_easy_reset(curl); /* what was set points at things of the request */
	pthread_mutex_lock(&pool->lock);
	bool kept = good && shelf->count < IDLE_MAX;
	if (kept)
		shelf->items[shelf->count++] = (struct idle){curl, pool->round};
	pthread_mutex_unlock(&pool->lock);
	if (!kept)
		curl_easy_cleanup(curl);
}

/* Takes those of older rounds off the shelf, which are at its bottom; with the lock held. */
static size_t take_old(struct outgoing_pool *pool, struct shelf *shelf, CURL *old[IDLE_MAX])
{
	size_t count = 0;
	while (count < shelf->count && shelf->items[count].round != pool->round) {
		old[count] = shelf->items[count].curl;
		count++;
	}
	shelf->count -= count;
	memmove(shelf->items, shelf->items + count, shelf->count * sizeof *shelf->items);
	return count;
}

void outgoing_pool_tidy(struct outgoing_pool *pool)
{
	CURL *old[2][IDLE_MAX];
	size_t counts[2];
	if (pool == NULL)
		return;
	pthread_mutex_lock(&pool->lock);
	for (int which = 0; which < 2; which++)
		counts[which] = take_old(pool, &pool->shelves[which], old[which]);
	pool->round++;
	pthread_mutex_unlock(&pool->lock);
	for (int which = 0; which < 2; which++) /* it may say goodbye to the other side, and wait for it a little */
		for (size_t i = 0; i < counts[which]; i++)
			curl_easy_cleanup(old[which][i]);
}
