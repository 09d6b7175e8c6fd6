#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "app/memory.h"

/* What is touched is resident. */
static void it_counts_what_is_used(void **state)
{
	enum { MUCH = 64 << 20 };
	(void)state;
	int64_t before = memory_resident();
	assert_true(before > 0);
	char *much = malloc(MUCH);
	assert_non_null(much);
	memset(much, 1, MUCH);
	assert_true(much[MUCH / 2] == 1 && memory_resident() - before > MUCH / 2);
	free(much);
}

static void a_limit_is_a_number(void **state)
{
	(void)state;
	assert_int_equal(memory_limit_of("1073741824\n"), 1073741824);
	assert_int_equal(memory_limit_of("0"), 0);
	assert_int_equal(memory_limit_of("max\n"), -1);
	assert_int_equal(memory_limit_of(""), -1);
	assert_int_equal(memory_limit_of("-1"), -1);
	assert_int_equal(memory_limit_of("1x"), -1);
	assert_int_equal(memory_limit_of("99999999999999999999"), -1);
}

static void the_least_limit_holds(void **state)
{
	(void)state;
	int64_t limit = memory_limit();
	double percent = memory_percent();
	assert_true(limit > 0 && percent > 0 && percent < 100);
	struct rlimit own;
	assert_int_equal(getrlimit(RLIMIT_AS, &own), 0);
	const struct rlimit before = own;
	own.rlim_cur = (rlim_t)limit - 4096;
	assert_int_equal(setrlimit(RLIMIT_AS, &own), 0);
	int64_t lower = memory_limit();
	assert_int_equal(setrlimit(RLIMIT_AS, &before), 0);
	assert_int_equal(lower, limit - 4096);
	assert_int_equal(memory_limit(), limit);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_counts_what_is_used),
		cmocka_unit_test(a_limit_is_a_number),
		cmocka_unit_test(the_least_limit_holds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
