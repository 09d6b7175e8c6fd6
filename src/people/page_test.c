#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "people/page.h"

static const unsigned char key[PAGE_KEY] = {1, 2, 3}, other[PAGE_KEY] = {1, 2, 4};

static void a_cursor_gives_its_key_back(void **state)
{
	(void)state;
	struct arena arena;
	struct err err;
	char after[PAGE_AFTER_MAX + 1];
	arena_init(&arena, 1 << 16);
	const char *cursor = page_cursor(&arena, key, "users:a", "0192-x");
	assert_true(page_after(key, "users:a", cursor, after, &err));
	assert_string_equal(after, "0192-x");
	assert_true(page_after(key, "users:a", NULL, after, &err));
	assert_string_equal(after, "");
	arena_fini(&arena);
}

/* [P-8.7] Another filter, another installation, and every changed character are refused. */
static void any_other_cursor_is_refused(void **state)
{
	(void)state;
	struct arena arena;
	struct err err;
	char after[PAGE_AFTER_MAX + 1], text[256];
	arena_init(&arena, 1 << 16);
	const char *cursor = page_cursor(&arena, key, "users:a", "0192-x");
	assert_false(page_after(key, "users:b", cursor, after, &err));
	assert_int_equal(err.kind, ERR_CURSOR_INVALID);
	assert_false(page_after(other, "users:a", cursor, after, &err));
	for (size_t i = 0; i < strlen(cursor); i++) {
		strcpy(text, cursor);
		text[i] = text[i] == 'A' ? 'B' : 'A';
		assert_false(page_after(key, "users:a", text, after, &err));
		text[i] = '\0';
		assert_false(page_after(key, "users:a", text, after, &err));
	}
	memset(text, 'A', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_false(page_after(key, "users:a", text, after, &err));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_cursor_gives_its_key_back),
		cmocka_unit_test(any_other_cursor_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
