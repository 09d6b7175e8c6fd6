#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "http/media.h"

static const char *const json[] = {"application/json", NULL};
static const char *const several[] = {"text/csv", "application/octet-stream", NULL};
static const char *const any[] = {"*/*", NULL};

static void test_is(void **state)
{
	(void)state;
	assert_true(media_is("application/json", json));
	assert_true(media_is("Application/JSON", json));
	assert_true(media_is("application/json;charset=utf-8", json));
	assert_true(media_is("application/json ; charset=\"UTF-8\"", json));
	assert_false(media_is("application/json; charset=utf-16", json));
	assert_false(media_is("application/json; charset=utf-80", json));
	assert_false(media_is("application/jsonx", json));
	assert_false(media_is("application/json x", json));
	assert_false(media_is("application", json));
	assert_false(media_is("", json));
	assert_false(media_is(NULL, json));
	assert_true(media_is("application/octet-stream", several));
	assert_false(media_is("text/csv; charset=latin1", several));
	assert_true(media_is(NULL, any));
	assert_true(media_is("what/ever; charset=latin1", any));
}

static void test_json(void **state)
{
	(void)state;
	assert_true(media_is_json("application/json"));
	assert_true(media_is_json("application/JSON; charset=utf-8"));
	assert_true(media_is_json("application/health+json"));
	assert_false(media_is_json("application/x-ndjson"));
	assert_false(media_is_json("json"));
	assert_false(media_is_json("text/csv; name=json"));
	assert_false(media_is_json(""));
}

/* RFC 9110 12.5.1: the closest range decides, not the best quality */
static void test_accepts(void **state)
{
	(void)state;
	assert_int_equal(media_accepts(NULL, "text/csv"), 1000);
	assert_int_equal(media_accepts("*/*", "text/csv"), 1000);
	assert_int_equal(media_accepts("text/*;q=0.3, text/html;q=0.7, text/csv;q=0.25, */*;q=0.5", "text/csv"), 250);
	assert_int_equal(media_accepts("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", "text/csv"), 300);
	assert_int_equal(media_accepts("text/*;q=0.3, text/html;q=0.7, */*;q=0.5", "image/png"), 500);
	assert_int_equal(media_accepts("text/html", "text/csv"), 0);
	assert_int_equal(media_accepts("text/csv;q=0, */*", "text/csv"), 0);
	assert_int_equal(media_accepts("text/csv;level=1; Q=0.125", "text/csv"), 125);
	assert_int_equal(media_accepts("text/csv;q=1.000,", "text/csv"), 1000);
	assert_int_equal(media_accepts("TEXT/CSV", "text/csv"), 1000);
	assert_int_equal(media_accepts("nonsense", "text/csv"), 1000);
	assert_int_equal(media_accepts("textual/*", "text/csv"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_is), cmocka_unit_test(test_json),
									   cmocka_unit_test(test_accepts)};
	return cmocka_run_group_tests_name("media", tests, NULL, NULL);
}
