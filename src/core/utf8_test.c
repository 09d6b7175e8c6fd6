#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/utf8.h"

struct row {
	const char *bytes;
	size_t length;
	uint32_t code;
};

static void characters_of_every_length(void **state)
{
	(void)state;
	static const struct row rows[] = {{"A", 1, 'A'},
									  {"\x7f", 1, 0x7f},
									  {"\xc2\x80", 2, 0x80},
									  {"\xdf\xbf", 2, 0x7ff},
									  {"\xe0\xa0\x80", 3, 0x800},
									  {"\xed\x9f\xbf", 3, 0xd7ff},
									  {"\xef\xbf\xbf", 3, 0xffff},
									  {"\xf0\x90\x80\x80", 4, 0x10000},
									  {"\xf4\x8f\xbf\xbf", 4, 0x10ffff}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		uint32_t code = 0;
		assert_int_equal(utf8_next(rows[i].bytes, strlen(rows[i].bytes), &code), rows[i].length);
		assert_int_equal(code, rows[i].code);
		assert_int_equal(utf8_next(rows[i].bytes, rows[i].length - 1, &code), 0);
	}
}

/* REF: RFC 3629 section 3 */
static void what_is_no_character(void **state)
{
	(void)state;
	static const char *const refused[] = {
		"\x80",         "\xc0\x80",         "\xc1\xbf",         "\xe0\x9f\xbf", "\xed\xa0\x80",
		"\xed\xbf\xbf", "\xf0\x8f\xbf\xbf", "\xf4\x90\x80\x80", "\xff",         "\xf8\x88\x80\x80",
		"\xc2("};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
		uint32_t code = 7;
		assert_int_equal(utf8_next(refused[i], strlen(refused[i]), &code), 0);
		assert_int_equal(code, 7);
		assert_false(utf8_valid(refused[i], strlen(refused[i])));
	}
	assert_true(utf8_valid("", 0));
	assert_true(utf8_valid("gr\xc3\xbc\xc3\x9f", 6));
}

static void cutting_leaves_characters_whole(void **state)
{
	(void)state;
	const char *text = "a\xe2\x82\xac"
					   "b"; /* a, euro sign, b */
	static const size_t expected[] = {0, 1, 1, 1, 4, 5, 5};
	for (size_t limit = 0; limit < sizeof expected / sizeof *expected; limit++)
		assert_int_equal(utf8_cut(text, 5, limit), expected[limit]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(characters_of_every_length),
		cmocka_unit_test(what_is_no_character),
		cmocka_unit_test(cutting_leaves_characters_whole),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
