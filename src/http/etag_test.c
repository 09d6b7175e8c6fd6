#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/must.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "http/service.h"

static const char current[] = "\"0123456789abcdef0123456789abcdef\"";

/* The kind of refusal of an If-Match value, ERR_NONE when it passes. */
static enum err_kind if_match(enum method method, const char *value, const char *etag, bool *told)
{
	struct service service = {0};
	struct err err = {.kind = ERR_NONE};
	struct exchange *x = exchange_new(&service);
	must(x != NULL);
	struct header header = {"if-match", strlen("if-match"), value, value != NULL ? strlen(value) : 0};
	x->head.method = method;
	x->head.headers = &header;
	x->head.header_count = value != NULL;
	bool passes = etag_if_match(x, etag, &err);
	assert_int_equal(passes, err.kind == ERR_NONE);
	*told = answer_has(&x->answer, "ETag");
	exchange_free(x);
	return err.kind;
}

/* [P-8.4] */
static void test_if_match(void **state)
{
	(void)state;
	bool told;
	assert_int_equal(if_match(METHOD_PUT, current, current, &told), ERR_NONE);
	assert_int_equal(if_match(METHOD_PUT, "\"a\", \"0123456789abcdef0123456789abcdef\"", current, &told), ERR_NONE);
	assert_int_equal(if_match(METHOD_PUT, NULL, current, &told), ERR_PRECONDITION_REQUIRED);
	assert_int_equal(if_match(METHOD_PUT, "\"a\"", current, &told), ERR_PRECONDITION_FAILED);
	assert_true(told);
	assert_int_equal(if_match(METHOD_PUT, "\"a\"", NULL, &told), ERR_PRECONDITION_FAILED);
	assert_false(told);
	assert_int_equal(if_match(METHOD_PUT, "W/\"0123456789abcdef0123456789abcdef\"", current, &told),
					 ERR_PRECONDITION_FAILED);
	assert_int_equal(if_match(METHOD_PATCH, "*", current, &told), ERR_PRECONDITION_FAILED);
	assert_int_equal(if_match(METHOD_DELETE, "*", current, &told), ERR_NONE);
	assert_int_equal(if_match(METHOD_DELETE, "*", NULL, &told), ERR_PRECONDITION_FAILED);
}

static void test_bad_list(void **state)
{
	(void)state;
	static const char *const bad[] = {"",         "a",      "\"a",     "\"a\" \"b\"",
									  "\"a\",",   ",\"a\"", "\"a b\"", "\"a\",,\"b\"",
									  "*, \"a\"", "'a'",    "w/\"a\"", "\"a\"b"};
	bool told;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_int_equal(if_match(METHOD_PUT, bad[i], current, &told), ERR_HEADER_INVALID);
}

static bool none_match(const char *value, const char *etag)
{
	struct service service = {0};
	struct exchange *x = exchange_new(&service);
	must(x != NULL);
	struct header header = {"if-none-match", strlen("if-none-match"), value, strlen(value)};
	x->head.headers = &header;
	x->head.header_count = 1;
	bool matches = etag_none_match(x, etag);
	exchange_free(x);
	return matches;
}

static void test_none_match(void **state)
{
	(void)state;
	assert_true(none_match(current, current));
	assert_true(none_match("W/\"0123456789abcdef0123456789abcdef\"", current));
	assert_true(none_match("*", current));
	assert_true(none_match("\"x\" , \"0123456789abcdef0123456789abcdef\"", current));
	assert_false(none_match("\"x\"", current));
	assert_false(none_match("nonsense", current));
	assert_false(none_match("*", NULL));
}

static void test_format(void **state)
{
	(void)state;
	char etag[ETAG_TEXT];
	etag_format(etag, "0123456789abcdef0123456789abcdefffff");
	assert_string_equal(etag, current);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_if_match),
		cmocka_unit_test(test_bad_list),
		cmocka_unit_test(test_none_match),
		cmocka_unit_test(test_format),
	};
	return cmocka_run_group_tests_name("etag", tests, NULL, NULL);
}
