#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/embedded.h"
#include "core/err.h"
#include "people/passwords.h"

extern const struct embedded embedded_common_passwords[];

/* The code of the fault, or NULL. */
static const char *fault_of(const char *password, const char *email, const char *name)
{
	static struct arena arena;
	struct faults faults;
	arena_fini(&arena);
	arena_init(&arena, 1 << 16);
	faults_init(&faults, &arena);
	const struct password_owner owner = {email, name};
	bool good = password_acceptable(password, 8, &owner, "/password", &faults);
	assert_int_equal(good, faults.count == 0);
	if (good)
		return NULL;
	assert_string_equal(faults.first->pointer, "/password");
	return faults.first->code;
}

/* Binary search against a walk: every line is found, in upper case too, and what lies between is not. */
static void the_list_is_found_line_by_line(void **state)
{
	(void)state;
	const char *at = embedded_common_passwords[0].bytes, *end = at + embedded_common_passwords[0].size;
	size_t count = 0;
	for (; at < end; count++) {
		char line[80], upper[80];
		size_t size = strcspn(at, "\n");
		memcpy(line, at, size);
		line[size] = '\0';
		assert_true(password_common(line));
		for (size_t i = 0; i <= size; i++)
			upper[i] = (char)(line[i] >= 'a' && line[i] <= 'z' ? line[i] - 32 : line[i]);
		assert_true(password_common(upper));
		strcat(line, "\x7f");
		assert_false(password_common(line));
		at += size + 1;
	}
	assert_int_equal(count, 10000);
	assert_false(password_common(""));
	assert_false(password_common("correct horse battery staple"));
}

/* [P-4.1] */
static void length_counts_characters(void **state)
{
	(void)state;
	char longest[140];
	assert_string_equal(fault_of("kx7#vQp", NULL, NULL), "length");
	assert_null(fault_of("kx7#vQp!", NULL, NULL));
	assert_string_equal(fault_of("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", NULL, NULL), "length"); /* 4 characters, 8 bytes */
	assert_null(fault_of("\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f", NULL, NULL));
	memset(longest, 'q', sizeof longest);
	longest[128] = '\0';
	assert_null(fault_of(longest, NULL, NULL));
	longest[128] = 'q';
	longest[129] = '\0';
	assert_string_equal(fault_of(longest, NULL, NULL), "length");
}

static void what_anybody_would_guess_is_refused(void **state)
{
	(void)state;
	static const char *const guesses[] = {"ada.byron@sign.example", "Ada.Byron",   "ADA.BYRON1815",  "ada.byron1",
										  "Ada Lovelace",           "countersign", "CounterSign2026"};
	for (size_t i = 0; i < sizeof guesses / sizeof *guesses; i++)
		assert_string_equal(fault_of(guesses[i], "ada.byron@sign.example", "Ada Lovelace"), "password_common");
	assert_null(fault_of("ada.byron18150", "ada.byron@sign.example", NULL)); /* five digits */
	assert_null(fault_of("my ada.byron", "ada.byron@sign.example", NULL));
	assert_null(fault_of("countersigner", NULL, NULL));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_list_is_found_line_by_line),
		cmocka_unit_test(length_counts_characters),
		cmocka_unit_test(what_anybody_would_guess_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
