#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/env.h"
#include "crypt/password.h"

enum { COST = PASSWORD_COST_MIN }; /* the least work that is still bcrypt */

static const char phrase[] = "correct horse battery staple";
/* Composed outside: base64 of the HMAC by another program, then bcrypt with the salt abcdefghijklmnopqrstuu. */
static const char known[] = "$cs1$$2b$04$abcdefghijklmnopqrstuusaKvHDzBEX1OVHVPqT1IOMW4aHHixoa";

static void the_form_is_the_documented_one(void **state)
{
	(void)state;
	char text[PASSWORD_HASH_TEXT];
	password_hash(env_real(), COST, phrase, strlen(phrase), text);
	assert_memory_equal(text, "$cs1$$2b$04$", 12);
	assert_int_equal(strlen(text), PASSWORD_HASH_LENGTH);
	assert_true(password_verify(known, phrase, strlen(phrase)));
}

static void only_the_password_fits(void **state)
{
	(void)state;
	char text[PASSWORD_HASH_TEXT], again[PASSWORD_HASH_TEXT];
	password_hash(env_real(), COST, phrase, strlen(phrase), text);
	password_hash(env_real(), COST, phrase, strlen(phrase), again);
	assert_string_not_equal(text, again);
	assert_true(password_verify(text, phrase, strlen(phrase)));
	assert_false(password_verify(text, phrase, strlen(phrase) - 1));
	assert_false(password_verify(text, "Correct horse battery staple", strlen(phrase)));
	assert_false(password_verify(text, "", 0));
}

/* [P-4.1] nothing is truncated at 72 bytes, nor at a NUL */
static void every_byte_counts(void **state)
{
	(void)state;
	char text[PASSWORD_HASH_TEXT], bytes[128];
	memset(bytes, 'p', sizeof bytes);
	password_hash(env_real(), COST, bytes, sizeof bytes, text);
	assert_true(password_verify(text, bytes, sizeof bytes));
	bytes[127] = 'q';
	assert_false(password_verify(text, bytes, sizeof bytes));
	password_hash(env_real(), COST, "a\0b", 3, text);
	assert_false(password_verify(text, "a\0c", 3));
	assert_false(password_verify(text, "a", 1));
}

static void texts_of_other_forms_match_nothing(void **state)
{
	(void)state;
	char text[PASSWORD_HASH_TEXT];
	password_hash(env_real(), COST, "", 0, text);
	static const char *const others[] = {"", "$cs1$", "*0", "$cs1$*0", "$2b$04$abcdefghijklmnopqrstuu"};
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		assert_false(password_verify(others[i], "", 0));
		assert_true(password_needs_rehash(others[i], COST));
	}
	text[PASSWORD_HASH_LENGTH - 1] = '\0';
	assert_false(password_verify(text, "", 0));
	char bad[PASSWORD_HASH_TEXT];
	memcpy(bad, known, sizeof bad);
	bad[20] = '!'; /* not in bcrypt's alphabet */
	assert_false(password_verify(bad, phrase, strlen(phrase)));
	password_verify_nobody(COST, phrase, strlen(phrase));
}

/* [P-4.1] a login with a lower cost than configured rehashes */
static void a_lower_cost_needs_a_rehash(void **state)
{
	(void)state;
	char text[PASSWORD_HASH_TEXT];
	password_hash(env_real(), COST + 1, phrase, strlen(phrase), text);
	assert_false(password_needs_rehash(text, COST));
	assert_false(password_needs_rehash(text, COST + 1));
	assert_true(password_needs_rehash(text, COST + 2));
	assert_true(password_needs_rehash(known, 12));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_form_is_the_documented_one),
		cmocka_unit_test(only_the_password_fits),
		cmocka_unit_test(every_byte_counts),
		cmocka_unit_test(texts_of_other_forms_match_nothing),
		cmocka_unit_test(a_lower_cost_needs_a_rehash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
