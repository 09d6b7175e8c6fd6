#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/arena.h"
#include "core/nfc.h"

/* REF: Unicode Standard Annex #15 */
static void what_looks_alike_is_the_same(void **state)
{
	static const char *const cases[][2] = {
		{"cafe\xcc\x81", "caf\xc3\xa9"},
		{"caf\xc3\xa9", "caf\xc3\xa9"},
		{"\xe2\x84\xab", "\xc3\x85"},                 /* angstrom sign */
		{"q\xcc\x87\xcc\xa3", "q\xcc\xa3\xcc\x87"},   /* the order of marks */
		{"\xe1\x84\x80\xe1\x85\xa1", "\xea\xb0\x80"}, /* hangul */
		{"\xef\xac\x81", "\xef\xac\x81"},             /* a ligature stays: it is another meaning */
		{"plain", "plain"},
		{"", ""},
	};
	struct arena arena;
	(void)state;
	arena_init(&arena, 1 << 16);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_string_equal(nfc(&arena, cases[i][0]), cases[i][1]);
	assert_null(nfc(&arena, "\xff"));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(what_looks_alike_is_the_same)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
