#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/circuit.h"

static void test_opens_and_probes(void **state)
{
	struct circuit b;
	(void)state;
	circuit_init(&b, 3, 60);
	for (int64_t now = 0; now < 3; now++) {
		assert_true(circuit_may(&b, now));
		circuit_tell(&b, now, false);
	}
	assert_false(circuit_may(&b, 10));
	assert_int_equal(circuit_wait_us(&b, 10), 52);
	assert_true(circuit_may(&b, 62));
	assert_false(circuit_may(&b, 62)); /* one probe at a time */
	circuit_tell(&b, 70, false);
	assert_false(circuit_may(&b, 129));
	assert_true(circuit_may(&b, 130));
	circuit_tell(&b, 131, true);
	assert_int_equal(circuit_wait_us(&b, 131), 0);
	assert_true(circuit_may(&b, 131) && circuit_may(&b, 131));
	circuit_fini(&b);
}

/* A success between failures begins the count again. */
static void test_in_a_row(void **state)
{
	struct circuit b;
	(void)state;
	circuit_init(&b, 3, 60);
	for (int i = 0; i < 20; i++) {
		assert_true(circuit_may(&b, i));
		circuit_tell(&b, i, i % 3 == 2);
	}
	circuit_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_opens_and_probes), cmocka_unit_test(test_in_a_row)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
