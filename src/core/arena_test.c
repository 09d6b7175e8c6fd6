#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"

static void alloc_is_zeroed_and_aligned(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	for (size_t size = 0; size < 3000; size += 7) {
		unsigned char *bytes = arena_alloc(&arena, size);
		assert_non_null(bytes);
		assert_int_equal((uintptr_t)bytes % 16, 0);
		for (size_t i = 0; i < size; i++)
			assert_int_equal(bytes[i], 0);
		memset(bytes, 0xa5, size);
	}
	arena_fini(&arena);
}

static void a_small_one_grows(void **state)
{
	(void)state;
	static const size_t firsts[] = {1, 64, 192, 4096};
	for (size_t i = 0; i < sizeof firsts / sizeof *firsts; i++) {
		struct arena arena;
		arena_init_small(&arena, 1 << 20, firsts[i]);
		for (int k = 0; k < 3; k++) {
			for (size_t size = 1; size < 400; size += 3) {
				unsigned char *bytes = arena_alloc(&arena, size);
				assert_non_null(bytes);
				memset(bytes, 0xa5, size);
			}
			arena_reset(&arena);
			arena_fini(&arena); /* it begins as small again */
			assert_int_equal(arena.first, firsts[i]);
		}
	}
}

static void past_the_cap_it_stays_full(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 100);
	assert_non_null(arena_alloc(&arena, 80));
	assert_null(arena_alloc(&arena, 80));
	assert_true(arena.full);
	assert_null(arena_alloc(&arena, 1));
	assert_null(arena_array(&arena, SIZE_MAX / 2, 4));
	arena_fini(&arena);
	assert_non_null(arena_alloc(&arena, 96));
	arena_fini(&arena);
}

static void reset_reuses_the_newest_block(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	char *first = arena_printf(&arena, "%s-%d", "pole", 7);
	assert_string_equal(first, "pole-7");
	arena_reset(&arena);
	assert_ptr_equal(arena_dupn(&arena, "ab\0c", 4), first);
	assert_null(arena_dup(&arena, NULL));
	arena_fini(&arena);
}

static void a_list_grows(void **state)
{
	(void)state;
	struct arena arena;
	size_t room = 0;
	int *items = NULL;
	arena_init(&arena, 1 << 16);
	for (int i = 0; i < 1000; i++) {
		items = arena_more(&arena, items, (size_t)i, &room, sizeof *items);
		assert_non_null(items);
		assert_int_equal(items[i], 0);
		items[i] = i;
	}
	for (int i = 0; i < 1000; i++)
		assert_int_equal(items[i], i);
	arena_fini(&arena);
	arena_init(&arena, 64);
	room = 0;
	assert_null(arena_more(&arena, NULL, 0, &room, 1024));
	assert_int_equal(room, 0);
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(alloc_is_zeroed_and_aligned),
		cmocka_unit_test(a_small_one_grows),
		cmocka_unit_test(past_the_cap_it_stays_full),
		cmocka_unit_test(reset_reuses_the_newest_block),
		cmocka_unit_test(a_list_grows),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
