#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/map.h"
#include "core/rng.h"

enum { KEYS = 500, STEPS = 40000 };

static const uint64_t seed[2] = {0x0706050403020100, 0x0f0e0d0c0b0a0908};

/*
 * Key 00 01 … 0f, message 00 01 …; made with OpenSSL's SIPHASH, c-rounds 1, d-rounds 3.
 *
 * REF: Aumasson, Bernstein, "SipHash: a fast short-input PRF", 2012
 */
static void hash_is_siphash_1_3(void **state)
{
	(void)state;
	static const unsigned char expected[][8] = {
		{0xdc, 0xc4, 0x0f, 0x05, 0x58, 0x01, 0xac, 0xab}, {0x93, 0xca, 0x57, 0x7d, 0xf3, 0x9b, 0xf4, 0xc9},
		{0x4d, 0xd4, 0xc7, 0x4d, 0x02, 0x9b, 0xcb, 0x82}, {0xfb, 0xf7, 0xdd, 0xe7, 0xb8, 0x0a, 0xf8, 0x8b},
		{0x28, 0x83, 0xd3, 0x88, 0x60, 0x57, 0x75, 0xcf}, {0x67, 0x3b, 0x53, 0x49, 0x2f, 0xd5, 0xf9, 0xde},
		{0xa7, 0x22, 0x9f, 0xc5, 0x50, 0x2b, 0x0d, 0xc5}, {0x40, 0x11, 0xb1, 0x9b, 0x98, 0x7d, 0x92, 0xd3},
		{0x8e, 0x9a, 0x29, 0x8d, 0x11, 0x95, 0x90, 0x36}, {0xe4, 0x3d, 0x06, 0x6c, 0xb3, 0x8e, 0xa4, 0x25},
		{0x7f, 0x09, 0xff, 0x92, 0xee, 0x85, 0xde, 0x79}, {0x52, 0xc3, 0x4d, 0xf9, 0xc1, 0x18, 0xc1, 0x70},
		{0xa2, 0xd9, 0xb4, 0x57, 0xb1, 0x84, 0xa3, 0x78}, {0xa7, 0xff, 0x29, 0x12, 0x0c, 0x76, 0x6f, 0x30},
		{0x34, 0x5d, 0xf9, 0xc0, 0x11, 0xa1, 0x5a, 0x60}, {0x56, 0x99, 0x51, 0x2a, 0x6d, 0xd8, 0x20, 0xd3},
		{0x66, 0x8b, 0x90, 0x7d, 0x1a, 0xdd, 0x4f, 0xcc},
	};
	unsigned char message[64];
	for (size_t i = 0; i < sizeof expected / 8; i++) {
		message[i] = (unsigned char)i;
		uint64_t hash = map_hash(seed, message, i);
		for (int k = 0; k < 8; k++)
			assert_int_equal(hash >> 8 * k & 0xff, expected[i][k]);
	}
}

/* A long random life against a plain array. */
static void agrees_with_a_plain_array(void **state)
{
	(void)state;
	struct map map;
	struct rng rng;
	static int values[STEPS];
	void *model[KEYS] = {NULL};
	map_init(&map, NULL, seed);
	rng_init(&rng, 5);
	size_t count = 0;
	for (int i = 0; i < STEPS; i++) {
		char key[32];
		size_t k = (size_t)rng_below(&rng, KEYS);
		snprintf(key, sizeof key, "key-%zu", k);
		assert_ptr_equal(map_get(&map, key), model[k]);
		if (rng_below(&rng, 2) == 0) {
			void *old = &map;
			assert_true(map_set(&map, key, &values[i], &old));
			assert_ptr_equal(old, model[k]);
			count += model[k] == NULL;
			model[k] = &values[i];
		} else {
			assert_ptr_equal(map_remove(&map, key), model[k]);
			count -= model[k] != NULL;
			model[k] = NULL;
		}
		assert_int_equal(map.count, count);
	}
	/* 500 keys at most were ever inside: coming and going must not make it grow */
	assert_true(map.room <= 2048);
	map_fini(&map);
	assert_null(map_get(&map, "key-1"));
}

static void keys_are_bytes(void **state)
{
	(void)state;
	struct map map;
	int a, b, c;
	map_init(&map, NULL, NULL);
	assert_null(map_get(&map, ""));
	assert_true(map_set_n(&map, "x\0y", 3, &a, NULL));
	assert_true(map_set_n(&map, "x\0z", 3, &b, NULL));
	assert_true(map_set(&map, "", &c, NULL));
	assert_ptr_equal(map_get_n(&map, "x\0y", 3), &a);
	assert_ptr_equal(map_get_n(&map, "x\0z", 3), &b);
	assert_ptr_equal(map_get(&map, ""), &c);
	assert_null(map_get(&map, "x"));
	map_fini(&map);
}

static void visiting_sees_each_key_and_allows_its_removal(void **state)
{
	(void)state;
	struct map map;
	int seen[100] = {0};
	map_init(&map, NULL, seed);
	for (int i = 0; i < 100; i++) {
		char key[8];
		snprintf(key, sizeof key, "%d", i);
		assert_true(map_set(&map, key, &seen[i], NULL));
	}
	size_t at = 0, size;
	const char *key;
	void *value;
	while (map_next(&map, &at, &key, &size, &value)) {
		assert_int_equal(strlen(key), size);
		++*(int *)value;
		assert_ptr_equal(map_remove_n(&map, key, size), value);
	}
	for (int i = 0; i < 100; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(map.count, 0);
	map_fini(&map);
}

static void a_full_arena_leaves_the_map_as_it_was(void **state)
{
	(void)state;
	struct arena arena;
	struct map map;
	int value;
	arena_init(&arena, 3000);
	map_init(&map, &arena, seed);
	int set = 0;
	char key[8];
	for (; set < 1000; set++) {
		snprintf(key, sizeof key, "%d", set);
		if (!map_set(&map, key, &value, NULL))
			break;
	}
	assert_in_range(set, 10, 900);
	assert_int_equal(map.count, set);
	for (int i = 0; i < set; i++) {
		snprintf(key, sizeof key, "%d", i);
		assert_ptr_equal(map_get(&map, key), &value);
	}
	map_fini(&map);
	arena_fini(&arena);
}

static void reserved_room_is_not_moved(void **state)
{
	(void)state;
	struct map map;
	char key[16];
	int value;
	map_init(&map, NULL, seed);
	assert_true(map_set(&map, "first", &value, NULL));
	assert_true(map_reserve(&map, KEYS));
	const struct map_slot *slots = map.slots;
	for (int i = 1; i < KEYS; i++) {
		snprintf(key, sizeof key, "%d", i);
		assert_true(map_set(&map, key, &value, NULL));
		assert_ptr_equal(map.slots, slots);
	}
	assert_true(map_reserve(&map, 1)); /* there is more already */
	assert_ptr_equal(map.slots, slots);
	assert_int_equal(map.count, KEYS);
	assert_ptr_equal(map_get(&map, "first"), &value);
	map_fini(&map);
	struct arena arena;
	arena_init(&arena, 1000);
	map_init(&map, &arena, seed);
	assert_false(map_reserve(&map, KEYS));
	assert_int_equal(map.count, 0);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(hash_is_siphash_1_3),
		cmocka_unit_test(agrees_with_a_plain_array),
		cmocka_unit_test(keys_are_bytes),
		cmocka_unit_test(visiting_sees_each_key_and_allows_its_removal),
		cmocka_unit_test(a_full_arena_leaves_the_map_as_it_was),
		cmocka_unit_test(reserved_room_is_not_moved),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
