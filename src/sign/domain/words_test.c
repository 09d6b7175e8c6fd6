#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "sign/domain/words.h"

static void test_cuts_and_folds(void **state)
{
	struct words words = {.count = 0};
	(void)state;
	words_add(&words, "Joe's DINER, 24-hour; joe\xe2\x80\x94"
					  "Caf\xc3\x89 \xd0\x9c\xd0\x98\xd0\xa0 100%");
	const char *const want[] = {"joe", "s", "diner", "24", "hour", "caf\xc3\xa9", "\xd0\xbc\xd0\xb8\xd1\x80", "100"};
	assert_int_equal(words.count, sizeof want / sizeof *want);
	for (size_t i = 0; i < words.count; i++)
		assert_string_equal(words.items[i], want[i]);
	words_add(&words, NULL);
	words_add(&words, "  \xff\xfe, JOE ");
	assert_int_equal(words.count, sizeof want / sizeof *want);
}

static void test_limits(void **state)
{
	char text[8 * WORDS_MAX * 2];
	struct words words = {.count = 0};
	(void)state;
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	words_add(&words, text);
	assert_int_equal(words.count, 1);
	assert_int_equal(strlen(words.items[0]), WORD_MAX);
	for (int i = 0; i < 2 * WORDS_MAX; i++) {
		char word[4] = {(char)('a' + i / 26), (char)('a' + i % 26), '\0'};
		words_add(&words, word);
	}
	assert_int_equal(words.count, WORDS_MAX);
}

static void test_prefix(void **state)
{
	char end[WORD_END];
	(void)state;
	words_prefix_end("din", end);
	assert_true(strcmp("din", end) < 0 && strcmp("diner", end) < 0 && strcmp("din\xd0\xbc", end) < 0);
	assert_true(strcmp("dio", end) > 0 && strcmp("din", "dim") > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_cuts_and_folds), cmocka_unit_test(test_limits),
									   cmocka_unit_test(test_prefix)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
