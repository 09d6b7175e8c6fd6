#include "core/map.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/must.h"

enum { SMALLEST = 16 };

struct map_slot {
	char *key; /* NULL: never taken, or left (then value is NULL and gone is set) */
	void *value;
	size_t size;
	uint64_t hash;
	bool gone; /* a key was here; the search goes on past it */
};

struct sip {
	uint64_t a, b, c, d;
};

static uint64_t rotate_left(uint64_t x, int bits)
{
	return x << bits | x >> (64 - bits);
}

static void sip_round(struct sip *v)
{
	v->a += v->b;
	v->b = rotate_left(v->b, 13) ^ v->a;
	v->a = rotate_left(v->a, 32);
	v->c += v->d;
	v->d = rotate_left(v->d, 16) ^ v->c;
	v->a += v->d;
	v->d = rotate_left(v->d, 21) ^ v->a;
	v->c += v->b;
	v->b = rotate_left(v->b, 17) ^ v->c;
	v->c = rotate_left(v->c, 32);
}

static void sip_word(struct sip *v, uint64_t word)
{
	v->d ^= word;
	sip_round(v);
	v->a ^= word;
}

/* Up to eight bytes, little-endian. */
static uint64_t word_of(const unsigned char *bytes, size_t size)
{
	uint64_t word = 0;
	for (size_t i = 0; i < size; i++)
		word |= (uint64_t)bytes[i] << 8 * i;
	return word;
}

uint64_t map_hash(const uint64_t seed[2], const void *bytes, size_t size)
{
	struct sip v = {seed[0] ^ 0x736f6d6570736575, seed[1] ^ 0x646f72616e646f6d, seed[0] ^ 0x6c7967656e657261,
					seed[1] ^ 0x7465646279746573};
	const unsigned char *at = bytes;
	size_t left = size;
	for (; left >= 8; at += 8, left -= 8)
		sip_word(&v, word_of(at, 8));
	sip_word(&v, word_of(at, left) | (uint64_t)size << 56);
	v.c ^= 0xff;
	for (int i = 0; i < 3; i++)
		sip_round(&v);
	return v.a ^ v.b ^ v.c ^ v.d;
}

void map_init(struct map *map, struct arena *arena, const uint64_t seed[2])
{
	*map = (struct map){.arena = arena};
	if (seed != NULL)
		memcpy(map->seed, seed, sizeof map->seed);
}

static void release(const struct map *map, void *memory)
{
	if (map->arena == NULL)
		free(memory);
}

void map_fini(struct map *map)
{
	for (size_t i = 0; i < map->room; i++)
		release(map, map->slots[i].key);
	release(map, map->slots);
	*map = (struct map){.arena = map->arena, .seed = {map->seed[0], map->seed[1]}};
}

/* The slot of a key, or the one where the search ends; *free_slot is the first that could take it. */
static struct map_slot *find(const struct map *map, const char *key, size_t size, uint64_t hash,
							 struct map_slot **free_slot)
{
	*free_slot = NULL;
	for (size_t i = (size_t)hash & (map->room - 1);; i = (i + 1) & (map->room - 1)) {
		struct map_slot *slot = &map->slots[i];
		if (slot->key != NULL && slot->hash == hash && slot->size == size && memcmp(slot->key, key, size) == 0)
			return slot;
		if (slot->key == NULL && *free_slot == NULL)
			*free_slot = slot;
		if (slot->key == NULL && !slot->gone)
			return NULL;
	}
}

void *map_get_n(const struct map *map, const char *key, size_t size)
{
	if (map->count == 0)
		return NULL;
	struct map_slot *unused;
	struct map_slot *slot = find(map, key, size, map_hash(map->seed, key, size), &unused);
	return slot == NULL ? NULL : slot->value;
}

void *map_get(const struct map *map, const char *key)
{
	return map_get_n(map, key, strlen(key));
}

static void *take_memory(struct map *map, size_t count, size_t size)
{
	return map->arena == NULL ? calloc(count, size) : arena_array(map->arena, count, size);
}

/* Room for so many keys in all.  Left slots do not move along, so a map that lives by adding and removing stays small.
 */
static bool move_to(struct map *map, size_t keys)
{
	size_t room = map->room == 0 ? SMALLEST : map->room;
	while (keys * 2 > room)
		room *= 2;
	struct map bigger = *map;
	bigger.slots = take_memory(map, room, sizeof *map->slots);
	if (bigger.slots == NULL)
		return false;
	bigger.room = room;
	bigger.used = map->count;
	for (size_t i = 0; i < map->room; i++) {
		struct map_slot *old = &map->slots[i], *to;
		if (old->key == NULL)
			continue;
		find(&bigger, old->key, old->size, old->hash, &to);
		*to = *old;
	}
	release(map, map->slots);
	*map = bigger;
	return true;
}

static bool make_room(struct map *map)
{
	bool there = map->room > 0 && (map->used + 1) * 4 <= map->room * 3;
	return there || move_to(map, map->count + 1);
}

bool map_reserve(struct map *map, size_t keys)
{
	bool there = map->room > 0 && (map->used - map->count + keys) * 4 <= map->room * 3;
	return keys <= map->count || there || move_to(map, keys);
}

static char *copy_key(struct map *map, const char *key, size_t size)
{
	char *copy = take_memory(map, size + 1, 1);
	if (copy != NULL && size > 0)
		memcpy(copy, key, size);
	return copy;
}

bool map_set_n(struct map *map, const char *key, size_t size, void *value, void **old)
{
	must(value != NULL);
	if (!make_room(map))
		return false;
	uint64_t hash = map_hash(map->seed, key, size);
	struct map_slot *to, *slot = find(map, key, size, hash, &to);
	void *before = slot == NULL ? NULL : slot->value;
	if (slot != NULL)
		slot->value = value;
	else {
		char *copy = copy_key(map, key, size);
		if (copy == NULL)
			return false;
		map->used += !to->gone;
		map->count++;
		*to = (struct map_slot){.key = copy, .value = value, .size = size, .hash = hash};
	}
	if (old != NULL)
		*old = before;
	return true;
}

bool map_set(struct map *map, const char *key, void *value, void **old)
{
	return map_set_n(map, key, strlen(key), value, old);
}

void *map_remove_n(struct map *map, const char *key, size_t size)
{
	if (map->count == 0)
		return NULL;
	struct map_slot *unused, *slot = find(map, key, size, map_hash(map->seed, key, size), &unused);
	if (slot == NULL)
		return NULL;
	void *value = slot->value;
	release(map, slot->key);
	*slot = (struct map_slot){.gone = true};
	map->count--;
	return value;
}

void *map_remove(struct map *map, const char *key)
{
	return map_remove_n(map, key, strlen(key));
}

bool map_next(const struct map *map, size_t *at, const char **key, size_t *size, void **value)
{
	while (*at < map->room) {
		const struct map_slot *slot = &map->slots[(*at)++];
		if (slot->key == NULL)
			continue;
		*key = slot->key;
		if (size != NULL)
			*size = slot->size;
		*value = slot->value;
		return true;
	}
	return false;
}
