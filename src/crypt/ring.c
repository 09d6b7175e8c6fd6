#include "crypt/ring.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "crypt/key.h"

struct slot {
	struct key *key;
	_Atomic int64_t until_us;
};

struct key_ring {
	struct slot slots[RING_KEYS_MAX];
	_Atomic size_t count, current; /* a slot is written before it is counted, and never again but for its time */
};

bool ring_has_room(const struct key_ring *ring, struct err *err)
{
	return atomic_load(&ring->count) < RING_KEYS_MAX ||
		   err_set(err, ERR_LIMIT, "there are %d keys already; take old ones away", RING_KEYS_MAX);
}

static bool add(struct key_ring *ring, struct key *key, int64_t until_us, struct err *err)
{
	size_t count = atomic_load(&ring->count);
	if (!ring_has_room(ring, err))
		return false;
	ring->slots[count].key = key;
	atomic_store(&ring->slots[count].until_us, until_us);
	atomic_store(&ring->count, count + 1);
	return true;
}

struct key_ring *ring_new(struct key *current)
{
	struct key_ring *ring = calloc(1, sizeof *ring);
	must(ring != NULL && add(ring, current, INT64_MAX, NULL));
	return ring;
}

void ring_free(struct key_ring *ring)
{
	for (size_t i = 0; ring != NULL && i < atomic_load(&ring->count); i++)
		key_free(ring->slots[i].key);
	free(ring);
}

const struct key *ring_current(const struct key_ring *ring)
{
	return ring->slots[atomic_load(&ring->current)].key;
}

bool ring_retired(struct key_ring *ring, struct key *key, int64_t until_us, struct err *err)
{
	return add(ring, key, until_us, err);
}

bool ring_rotate(struct key_ring *ring, struct key *next, int64_t until_us, struct err *err)
{
	size_t old = atomic_load(&ring->current);
	if (!add(ring, next, INT64_MAX, err))
		return false;
	atomic_store(&ring->current, atomic_load(&ring->count) - 1);
	atomic_store(&ring->slots[old].until_us, until_us);
	return true;
}

const struct key *ring_find(const struct key_ring *ring, const char *kid, int64_t now_us)
{
	for (size_t i = atomic_load(&ring->count); i-- > 0;)
		if (strcmp(key_kid(ring->slots[i].key), kid) == 0 && now_us < atomic_load(&ring->slots[i].until_us))
			return ring->slots[i].key;
	return NULL;
}

const struct key *ring_at(const struct key_ring *ring, size_t index, int64_t now_us)
{
	size_t current = atomic_load(&ring->current);
	if (index == 0)
		return ring->slots[current].key;
	for (size_t i = atomic_load(&ring->count); i-- > 0;)
		if (i != current && now_us < atomic_load(&ring->slots[i].until_us) && --index == 0)
			return ring->slots[i].key;
	return NULL;
}
