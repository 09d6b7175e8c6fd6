/*
 * From text to pointer: a hash map whose keys may come from anywhere.
 *
 * The hash is SipHash-1-3 keyed per map, so that nobody can send keys that all collide.  Open addressing, at most
 * three quarters full.  Keys are copied; values are the caller's.  Iteration order is not defined: sort what is shown.
 * Thread: one at a time (many readers are fine while nobody writes).  Cost: about 40 ns for a key of 36 bytes.
 */
#ifndef CS_CORE_MAP_H
#define CS_CORE_MAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct map_slot;

struct map {
	struct arena *arena; /* where keys and slots live; NULL: the heap */
	struct map_slot *slots;
	size_t room, count, used; /* slots; keys; slots that were ever taken since the last growth */
	uint64_t seed[2];
};

/*
 * An empty map.  In an arena nothing is freed singly, which suits maps that are built once; `seed` makes the hash
 * (random bytes where keys come from outside; NULL for keys of our own).
 */
void map_init(struct map *map, struct arena *arena, const uint64_t seed[2]);

/* Forget all keys and give heap memory back.  The map is empty and usable again. */
void map_fini(struct map *map);

/*
 * Make room for so many keys in all, so that they can be set without moving the others on the way.  False when memory
 * ran out: then the map is as it was.
 */
bool map_reserve(struct map *map, size_t keys);

/* The value of a key, NULL when absent. */
void *map_get(const struct map *map, const char *key);
void *map_get_n(const struct map *map, const char *key, size_t size);

/*
 * Set a key to a value, not NULL (must); *old, if wanted, is what it was, or NULL.  False when memory ran out: then the
 * map is as it was.
 */
bool map_set(struct map *map, const char *key, void *value, void **old);
bool map_set_n(struct map *map, const char *key, size_t size, void *value, void **old);

/* Take a key out and return its value, NULL when absent. */
void *map_remove(struct map *map, const char *key);
void *map_remove_n(struct map *map, const char *key, size_t size);

/*
 * Step through all keys: start with *at = 0, go on while true.  key is NUL-terminated and lives until its removal or
 * map_fini.  The key at hand may be removed; nothing may be set on the way.
 */
bool map_next(const struct map *map, size_t *at, const char **key, size_t *size, void **value);

/* REF: Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012: one compression and three final rounds */
uint64_t map_hash(const uint64_t seed[2], const void *bytes, size_t size);

#endif
