#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "flow/domain/tuning.h"

#define HOUR INT64_C(3600000000)

/* A window with so many hits; did it change anything? */
static bool window(struct tuning *tuning, int hits, int64_t now_us)
{
	bool changed = false;
	for (int i = 0; i < TUNING_WINDOW; i++) {
		assert_false(changed);
		changed = tuning_count(tuning, i < hits, now_us);
	}
	return changed;
}

/* [flow.md 9]: hit < 0.70 -> min(1.5·TTL, TTL + 3600); to below 0.85 -> 1.2·TTL; to 0.95 unchanged; above -> shorter */
static void rates_decide(void **state)
{
	static const struct {
		int hits;
		double ttl, wanted;
	} cases[] = {
		{139, 300, 450},   {139, 10000, 13600},
		{140, 3600, 4320}, {169, 3600, 4320},
		{170, 3600, 3600}, {190, 3600, 3600},
		{191, 3600, 2880}, {191, 36000, 34200},
		{140, 300, 300},   /* by 60 s, not more */ {191, 70, 70},
		{0, 121, 181.5},
	};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct tuning tuning;
		tuning_init(&tuning, cases[i].ttl);
		assert_int_equal(window(&tuning, cases[i].hits, 0), cases[i].ttl != cases[i].wanted);
		assert_float_equal(tuning.ttl_s, cases[i].wanted, 1e-9);
	}
}

static void it_changes_once_an_hour(void **state)
{
	struct tuning tuning;
	(void)state;
	tuning_init(&tuning, 1000);
	assert_true(window(&tuning, 100, 0));
	assert_float_equal(tuning.ttl_s, 1500, 1e-9);
	assert_false(window(&tuning, 100, HOUR - 1));
	assert_true(window(&tuning, 100, HOUR));
	assert_float_equal(tuning.ttl_s, 2250, 1e-9);
}

static void a_change_for_the_worse_is_taken_back(void **state)
{
	struct tuning tuning;
	(void)state;
	tuning_init(&tuning, 1000);
	assert_true(window(&tuning, 100, 0)); /* .5 */
	assert_false(window(&tuning, 90, 1)); /* .45: by .05, not more */
	assert_float_equal(tuning.ttl_s, 1500, 1e-9);
	tuning_init(&tuning, 1000);
	assert_true(window(&tuning, 100, 0));
	assert_true(window(&tuning, 89, 1));
	assert_float_equal(tuning.ttl_s, 1000, 1e-9);
	assert_false(window(&tuning, 10, 2)); /* only the window after a change is compared */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rates_decide),
		cmocka_unit_test(it_changes_once_an_hour),
		cmocka_unit_test(a_change_for_the_worse_is_taken_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
