#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/err.h"
#include "people/credential.h"

#define SECRET "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmno-_"
#define GOOD "csk_abcd2345_" SECRET

static enum err_kind kind_of(const char *authorization, const char *api_key)
{
	struct credential credential;
	struct err err = {.kind = ERR_NONE};
	bool read = credential_read(authorization, api_key, &credential, &err);
	assert_int_equal(read, err.kind == ERR_NONE);
	return err.kind;
}

/* [P-4.4] The scheme in any case; one token and nothing after it. */
static void a_token_follows_bearer(void **state)
{
	(void)state;
	static const char *const good[] = {"Bearer a.b.c", "bearer a.b.c", "BEARER a.b.c", "bEaReR   a.b.c"};
	struct credential credential;
	struct err err;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(credential_read(good[i], NULL, &credential, &err));
		assert_int_equal(credential.kind, CREDENTIAL_TOKEN);
		assert_string_equal(credential.text, "a.b.c");
	}
	assert_int_equal(kind_of(NULL, NULL), ERR_UNAUTHENTICATED);
	assert_int_equal(kind_of("Basic YTpi", NULL), ERR_UNAUTHENTICATED);
	assert_int_equal(kind_of("Bearer", NULL), ERR_UNAUTHENTICATED);
	assert_int_equal(kind_of("Bearera.b.c", NULL), ERR_UNAUTHENTICATED);
	assert_int_equal(kind_of("", NULL), ERR_UNAUTHENTICATED);
	assert_int_equal(kind_of("Bearer ", NULL), ERR_TOKEN_INVALID);
	assert_int_equal(kind_of("Bearer a.b.c d", NULL), ERR_TOKEN_INVALID);
	assert_int_equal(kind_of("Bearer a.b.c, Bearer d", NULL), ERR_TOKEN_INVALID);
}

/* [P-4.8] A key by either header, both at once refused. */
static void a_key_comes_by_either_header(void **state)
{
	(void)state;
	struct credential credential;
	struct err err;
	assert_int_equal(strlen(GOOD), KEY_TEXT_LENGTH);
	assert_true(credential_read("Bearer " GOOD, NULL, &credential, &err));
	assert_int_equal(credential.kind, CREDENTIAL_KEY);
	assert_true(credential_read(NULL, GOOD, &credential, &err));
	assert_int_equal(credential.kind, CREDENTIAL_KEY);
	assert_string_equal(credential.text, GOOD);
	assert_int_equal(kind_of("Bearer " GOOD, GOOD), ERR_HEADER_INVALID);
	assert_int_equal(kind_of("Basic x", GOOD), ERR_HEADER_INVALID);
}

/* One character fewer, more, or of another alphabet is no key. */
static void what_is_no_key_is_refused(void **state)
{
	(void)state;
	char text[KEY_TEXT_LENGTH + 8];
	assert_int_equal(kind_of(NULL, ""), ERR_TOKEN_INVALID);
	assert_int_equal(kind_of(NULL, "a.b.c"), ERR_TOKEN_INVALID);
	assert_int_equal(kind_of("Bearer csk_", NULL), ERR_TOKEN_INVALID);
	for (size_t cut = 0; cut < KEY_TEXT_LENGTH; cut++) {
		snprintf(text, sizeof text, "%.*s", (int)cut, GOOD);
		assert_false(credential_is_key(text, cut));
		snprintf(text, sizeof text, "%s", GOOD);
		text[cut] = '.';
		assert_false(credential_is_key(text, KEY_TEXT_LENGTH));
	}
	snprintf(text, sizeof text, "%sx", GOOD);
	assert_false(credential_is_key(text, KEY_TEXT_LENGTH + 1));
	assert_false(credential_is_key("csk_abcd23456_" SECRET, KEY_TEXT_LENGTH));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_token_follows_bearer),
		cmocka_unit_test(a_key_comes_by_either_header),
		cmocka_unit_test(what_is_no_key_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
