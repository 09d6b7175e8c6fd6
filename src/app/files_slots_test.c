#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/files_slots.h"

static void test_limit(void **state)
{
	static struct upload_slots slots;
	const int who[4] = {0};
	(void)state;
	assert_true(slots_take(&slots, 2, &who[0]));
	assert_true(slots_take(&slots, 2, &who[1]));
	assert_false(slots_take(&slots, 2, &who[2]));
	slots_drop(&slots, &who[3]); /* was never in */
	assert_false(slots_take(&slots, 2, &who[2]));
	slots_drop(&slots, &who[0]);
	slots_drop(&slots, &who[0]); /* twice lets nobody else in */
	assert_true(slots_take(&slots, 2, &who[2]));
	assert_false(slots_take(&slots, 2, &who[3]));
	assert_true(slots_take(&slots, 3, &who[3]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_limit)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
