#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "app/files_name.h"
#include "core/arena.h"

/* [P-9.1] */
static void test_names(void **state)
{
	char name[258];
	(void)state;
	memset(name, 'a', sizeof name);
	name[255] = '\0';
	assert_true(file_name_valid(name));
	name[255] = 'a', name[256] = '\0';
	assert_false(file_name_valid(name));
	assert_true(file_name_valid("Plan \xc3\xa9t\xc3\xa9 (1).pdf"));
	assert_true(file_name_valid("a..b"));
	static const char *const bad[] = {"", ".", "..", ".pdf", "a/b", "a\\b", "a\nb", "a\x7f", "a\xc2\x80", "\xff"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(file_name_valid(bad[i]));
}

/* [P-9.1] UAX 15: what is composed of two characters and what is one are the same name. */
static void test_normal_form(void **state)
{
	struct arena arena;
	(void)state;
	arena_init(&arena, 1 << 20);
	assert_string_equal(file_name_nfc(&arena, "e\xcc\x81t\xc3\xa9.pdf"), "\xc3\xa9t\xc3\xa9.pdf");
	assert_string_equal(file_name_nfc(&arena, "\xe2\x84\xab.pdf"), "\xc3\x85.pdf");     /* the sign Angstrom */
	assert_string_equal(file_name_nfc(&arena, "\xef\xac\x81.pdf"), "\xef\xac\x81.pdf"); /* NFC keeps the ligature */
	assert_string_equal(file_name_nfc(&arena, ""), "");
	assert_null(file_name_nfc(&arena, "\xff.pdf"));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_normal_form),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
