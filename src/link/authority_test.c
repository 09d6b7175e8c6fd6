#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/authority.h"

static void where_urls_lead(void **state)
{
	(void)state;
	static const char *const cases[][3] = {
		{"http://Api.Test/x", "api.test", "api.test"},
		{"HTTPS://api.test:443", "api.test", "api.test"},
		{"http://api.test:443?q=/", "api.test:443", "api.test"},
		{"http://api.test:80/", "api.test", "api.test"},
		{"https://u:p@api.test:8443/a@b", "api.test:8443", "api.test"},
		{"https://u@v:p@w@api.test#x", "api.test", "api.test"},
		{"http://[::1]:8080/x", "[::1]:8080", "[::1]"},
		{"smtp://mail.test:25", "mail.test:25", "mail.test"},
	};
	char text[AUTHORITY_MAX];
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		assert_true(authority_of(cases[i][0], text));
		assert_string_equal(text, cases[i][1]);
		assert_true(authority_host(cases[i][0], text));
		assert_string_equal(text, cases[i][2]);
	}
}

static void what_has_no_authority(void **state)
{
	(void)state;
	static const char *const urls[] = {"nothing", "http:///x", "http://u:p@/x", ""};
	char text[AUTHORITY_MAX] = "untouched";
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++)
		assert_false(authority_of(urls[i], text) || authority_host(urls[i], text));
	assert_false(authority_host("http://[::1/x", text)); /* no end */
	assert_string_equal(text, "untouched");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(where_urls_lead),
		cmocka_unit_test(what_has_no_authority),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
