#include "link/circuits.h"

#include <pthread.h>
#include <stdlib.h>

#include "core/map.h"
#include "core/must.h"
#include "link/circuit.h"

struct entry {
	struct circuit circuit;
	uint64_t used; /* the larger, the later it was asked for */
};

struct circuits {
	pthread_mutex_t lock;
	struct map entries; /* by destination */
	size_t room;
	int limit;
	int64_t open_us;
	uint64_t uses, opened;
};

struct circuits *circuits_new(size_t room, int limit, int64_t open_us, const uint64_t seed[2])
{
	struct circuits *c = calloc(1, sizeof *c);
	must(c != NULL && room > 0 && pthread_mutex_init(&c->lock, NULL) == 0);
	map_init(&c->entries, NULL, seed);
	c->room = room;
	c->limit = limit;
	c->open_us = open_us;
	return c;
}

static void forget(struct circuits *c, const char *destination)
{
	struct entry *e = map_remove(&c->entries, destination);
	circuit_fini(&e->circuit);
	free(e);
}

void circuits_free(struct circuits *c)
{
	const char *key;
	size_t at = 0, size;
	void *value;
	if (c == NULL)
		return;
	while (map_next(&c->entries, &at, &key, &size, &value))
		forget(c, key);
	map_fini(&c->entries);
	pthread_mutex_destroy(&c->lock);
	free(c);
}

/* What is forgotten is asked again as if it were well; so that goes last which is known not to be. */
static void make_room(struct circuits *c, int64_t now_us)
{
	const char *key, *oldest = NULL;
	size_t at = 0, size;
	void *value;
	uint64_t used = 0;
	bool open = true;
	if (c->entries.count < c->room)
		return;
	while (map_next(&c->entries, &at, &key, &size, &value)) {
		struct entry *e = value;
		bool now = circuit_state(&e->circuit, now_us) != CIRCUIT_CLOSED;
		if (oldest == NULL || (open && !now) || (open == now && e->used < used)) {
			oldest = key;
			used = e->used;
			open = now;
		}
	}
	forget(c, oldest);
}

/* Under the lock.  NULL: it is not known, and `add` is false or memory ran out. */
static struct entry *entry_of(struct circuits *c, const char *destination, bool add, int64_t now_us)
{
	struct entry *e = map_get(&c->entries, destination);
	if (e == NULL && add) {
		make_room(c, now_us);
		e = calloc(1, sizeof *e);
		if (e == NULL)
			return NULL;
		circuit_init(&e->circuit, c->limit, c->open_us);
		if (!map_set(&c->entries, destination, e, NULL)) {
			circuit_fini(&e->circuit);
			free(e);
			return NULL;
		}
	}
	if (e != NULL)
		e->used = ++c->uses;
	return e;
}

bool circuits_may(struct circuits *c, const char *destination, int64_t now_us, int64_t *wait_us)
{
	pthread_mutex_lock(&c->lock);
	struct entry *e = entry_of(c, destination, true, now_us);
	bool may = e == NULL || circuit_may(&e->circuit, now_us);
	if (!may) {
		*wait_us = circuit_wait_us(&e->circuit, now_us);
		if (*wait_us <= 0) /* half open, and those let through have told nothing yet */
			*wait_us = c->open_us;
	}
	pthread_mutex_unlock(&c->lock);
	return may;
}

bool circuits_tell(struct circuits *c, const char *destination, int64_t now_us, bool well, int64_t took_us)
{
	uint64_t before = 0, after = 0;
	pthread_mutex_lock(&c->lock);
	struct entry *e = entry_of(c, destination, false, now_us);
	if (e != NULL) {
		before = circuit_opened(&e->circuit);
		circuit_tell_took(&e->circuit, now_us, well, took_us);
		after = circuit_opened(&e->circuit);
		c->opened += after - before;
	}
	pthread_mutex_unlock(&c->lock);
	return after > before;
}

void circuits_give_back(struct circuits *c, const char *destination, int64_t asked_us)
{
	pthread_mutex_lock(&c->lock);
	struct entry *e = map_get(&c->entries, destination);
	if (e != NULL)
		circuit_give_back(&e->circuit, asked_us);
	pthread_mutex_unlock(&c->lock);
}

struct circuits_figures circuits_figures(struct circuits *c, int64_t now_us)
{
	const char *key;
	size_t at = 0, size;
	void *value;
	pthread_mutex_lock(&c->lock);
	struct circuits_figures figures = {.opened = c->opened};
	while (map_next(&c->entries, &at, &key, &size, &value))
		figures.open += circuit_state(&((struct entry *)value)->circuit, now_us) == CIRCUIT_OPEN ? 1 : 0;
	pthread_mutex_unlock(&c->lock);
	return figures;
}
