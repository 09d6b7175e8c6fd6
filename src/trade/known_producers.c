#include "trade/known_producers.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"
#include "store/store.h"
#include "trade/producers.h"

enum { PLACES = 64, PLACE_FIRST = 512, PLACE_BYTES = 16384 /* a row with long lists is read each time */ };

/* The row of one producer; another one that has the same place takes it over. */
struct place {
	uint64_t seen; /* the watch's number for which it holds; 0: empty */
	struct arena arena;
	struct producer producer;
};

struct known_producers {
	struct store *store;
	const struct store_watch *watch;
	pthread_mutex_t lock; /* over the places */
	struct place places[PLACES];
};

struct known_producers *known_producers_new(struct store *store)
{
	static const char *const tables[] = {"producers", NULL};
	struct known_producers *known = calloc(1, sizeof *known);
	must(known != NULL && pthread_mutex_init(&known->lock, NULL) == 0);
	known->store = store;
	known->watch = store_watch(store, tables);
	for (size_t i = 0; i < PLACES; i++)
		arena_init_small(&known->places[i].arena, PLACE_BYTES, PLACE_FIRST);
	return known;
}

void known_producers_free(struct known_producers *known)
{
	for (size_t i = 0; i < PLACES; i++)
		arena_fini(&known->places[i].arena);
	pthread_mutex_destroy(&known->lock);
	free(known);
}

static struct place *place_of(struct known_producers *known, const char *producer_id)
{
	size_t hash = 5381;
	for (; *producer_id != '\0'; producer_id++)
		hash = hash * 33 ^ (unsigned char)*producer_id;
	return &known->places[hash % PLACES];
}

static bool look_up(struct known_producers *known, const char *producer_id, uint64_t seen, struct arena *arena,
					struct producer *producer)
{
	struct place *place = place_of(known, producer_id);
	pthread_mutex_lock(&known->lock);
	bool there = place->seen == seen && strcmp(place->producer.producer_id, producer_id) == 0 &&
				 producer_copy(&place->producer, arena, producer);
	pthread_mutex_unlock(&known->lock);
	return there;
}

static void keep(struct known_producers *known, uint64_t seen, const struct producer *producer)
{
	struct place *place = place_of(known, producer->producer_id);
	pthread_mutex_lock(&known->lock);
	arena_reset(&place->arena);
	place->seen = producer_copy(producer, &place->arena, &place->producer) ? seen : 0;
	pthread_mutex_unlock(&known->lock);
}

bool known_producer(struct known_producers *known, const char *producer_id, struct arena *arena,
					struct producer *producer, bool *found, struct err *err)
{
	uint64_t seen = store_watch_seen(known->watch); /* before the reader begins */
	*found = seen != 0 && look_up(known, producer_id, seen, arena, producer);
	if (*found)
		return true;
	struct db *db = store_read(known->store);
	bool read = producer_by_id(db, producer_id, arena, producer, found, err);
	store_read_end(known->store, db);
	if (read && *found)
		keep(known, seen, producer);
	return read;
}
