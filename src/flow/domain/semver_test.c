#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/domain/semver.h"

/* REF: Semantic Versioning 2.0.0, 9 and 10 */
static void forms_are_told_apart(void **state)
{
	(void)state;
	static const char *const good[] = {"0.0.0",   "1.2.3",         "10.20.30", "1.0.0-alpha",   "1.0.0-alpha.1",
									   "1.0.0-0", "1.0.0-0a.--.b", "1.0.0+01", "1.0.0-rc.1+b.5"};
	static const char *const bad[] = {"",           "1",        "1.0",    "1.0.0.0",   "01.0.0", "1.0.0-",
									  "1.0.0-a..b", "1.0.0-01", "1.0.0+", "1.0.0+a_b", "v1.0.0", "1.0.1234567890",
									  "1.0.0 "};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++)
		assert_true(semver_valid(good[i]));
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(semver_valid(bad[i]));
	assert_true(semver_prerelease("1.0.0-a+b"));
	assert_false(semver_prerelease("1.0.0+a-b"));
}

/* REF: Semantic Versioning 2.0.0, 11.3; Semantic Versioning 2.0.0, 11.4: its own example, and more */
static void each_comes_before_the_next(void **state)
{
	(void)state;
	static const char *const rising[] = {
		"0.9.9",         "1.0.0-0",          "1.0.0-2",    "1.0.0-10",     "1.0.0-alpha",
		"1.0.0-alpha.1", "1.0.0-alpha.beta", "1.0.0-beta", "1.0.0-beta.2", "1.0.0-beta.11",
		"1.0.0-rc.1",    "1.0.0-rc.1.0",     "1.0.0",      "1.0.1",        "1.2.0",
		"1.10.0",        "2.0.0-a",          "2.0.0"};
	enum { COUNT = sizeof rising / sizeof *rising };
	for (int i = 0; i < COUNT; i++)
		for (int j = 0; j < COUNT; j++) {
			int order = semver_compare(rising[i], rising[j]);
			assert_int_equal((order > 0) - (order < 0), (i > j) - (i < j));
		}
	assert_int_equal(semver_compare("1.0.0+a", "1.0.0+b"), 0);
	assert_int_equal(semver_compare("1.0.0-a+1", "1.0.0-a"), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms_are_told_apart),
		cmocka_unit_test(each_comes_before_the_next),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
