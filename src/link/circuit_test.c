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
		circuit_tell_took(&b, now, false, 0);
	}
	assert_false(circuit_may(&b, 10));
	assert_int_equal(circuit_wait_us(&b, 10), 52);
	assert_int_equal(circuit_state(&b, 61), CIRCUIT_OPEN);
	assert_int_equal(circuit_state(&b, 62), CIRCUIT_HALF_OPEN);
	for (int i = 0; i < CIRCUIT_PROBES; i++)
		assert_true(circuit_may(&b, 62));
	assert_false(circuit_may(&b, 62)); /* three and no more */
	circuit_tell_took(&b, 70, true, 0);
	circuit_tell_took(&b, 70, false, 0); /* any failure opens it again */
	assert_false(circuit_may(&b, 129));
	for (int i = 0; i < CIRCUIT_PROBES; i++) {
		assert_int_equal(circuit_state(&b, 131), CIRCUIT_HALF_OPEN);
		assert_true(circuit_may(&b, 131));
		circuit_tell_took(&b, 131, true, 0);
	}
	assert_int_equal(circuit_state(&b, 131), CIRCUIT_CLOSED);
	assert_int_equal(circuit_wait_us(&b, 131), 0);
	assert_int_equal(circuit_opened(&b), 2); /* [P-11.2] breaker_open_total */
	circuit_fini(&b);
}

/* What comes late from before it opened counts neither way; a probe that nobody told of is given again. */
static void test_late_and_lost(void **state)
{
	struct circuit b;
	(void)state;
	circuit_init(&b, 1, 60);
	circuit_tell_took(&b, 0, false, 0);
	circuit_tell_took(&b, 59, false, 0);
	for (int i = 0; i < CIRCUIT_PROBES; i++)
		circuit_tell_took(&b, 30, true, 0);
	assert_int_equal(circuit_state(&b, 59), CIRCUIT_OPEN);
	assert_int_equal(circuit_state(&b, 60), CIRCUIT_HALF_OPEN);
	for (int i = 0; i < CIRCUIT_PROBES; i++)
		assert_true(circuit_may(&b, 60));
	assert_false(circuit_may(&b, 60 + CIRCUIT_LOST_US));
	assert_true(circuit_may(&b, 61 + CIRCUIT_LOST_US));
	circuit_close(&b);
	assert_int_equal(circuit_state(&b, 60), CIRCUIT_CLOSED);
	circuit_open(&b, 500);
	assert_int_equal(circuit_wait_us(&b, 70), 430);
	circuit_fini(&b);
}

/* A trial that is given up lets another through in its place; one from before it opened gives nothing back. */
static void test_given_back(void **state)
{
	struct circuit b;
	(void)state;
	circuit_init(&b, 1, 60);
	circuit_tell_took(&b, 0, false, 0);
	for (int i = 0; i < CIRCUIT_PROBES; i++)
		assert_true(circuit_may(&b, 60));
	circuit_give_back(&b, 59);
	assert_false(circuit_may(&b, 61));
	circuit_give_back(&b, 60);
	assert_true(circuit_may(&b, 61));
	assert_false(circuit_may(&b, 61));
	circuit_tell_took(&b, 62, true, 0);
	circuit_tell_took(&b, 62, true, 0);
	circuit_give_back(&b, 61);
	circuit_give_back(&b, 61); /* two went well: those are not given back */
	assert_true(circuit_may(&b, 63));
	assert_false(circuit_may(&b, 63));
	circuit_tell_took(&b, 64, true, 0);
	assert_int_equal(circuit_state(&b, 64), CIRCUIT_CLOSED);
	circuit_give_back(&b, 64);
	assert_true(circuit_may(&b, 65));
	circuit_fini(&b);
}

static bool told(struct circuit *b, int64_t now_us, bool well, int64_t took_us)
{
	bool may = circuit_may(b, now_us);
	if (may)
		circuit_tell_took(b, now_us, well, took_us);
	return may;
}

/* REF: platform P-10.4: half of at least 50 within 120 s, though never three in a row; those older than that do not
 * count. */
static void test_window_of_failures(void **state)
{
	struct circuit b;
	(void)state;
	circuit_init(&b, 3, 60);
	for (int i = 0; i < 49; i++)
		assert_true(told(&b, i, i % 2 == 1, 0));
	assert_int_equal(circuit_state(&b, 50), CIRCUIT_CLOSED);
	assert_true(told(&b, 50, true, 0)); /* the fiftieth: 25 of 50 */
	assert_int_equal(circuit_state(&b, 51), CIRCUIT_OPEN);
	circuit_fini(&b);
	circuit_init(&b, 3, 60);
	for (int i = 0; i < 200; i++) /* three a second of the window: only 30 are young enough at a time */
		assert_true(told(&b, i * (CIRCUIT_WINDOW_US / 30), i % 2 == 1, 0));
	circuit_fini(&b);
}

/* Less than half fail: it stays closed, however many. */
static void test_window_holds(void **state)
{
	struct circuit b;
	(void)state;
	circuit_init(&b, 3, 60);
	for (int i = 0; i < 1000; i++)
		assert_true(told(&b, i, i % 5 > 1, CIRCUIT_SLOW_US));
	circuit_fini(&b);
}

/* Four fifths of at least ten slow, though all went well. */
static void test_slow(void **state)
{
	struct circuit b;
	(void)state;
	circuit_init(&b, 3, 60);
	for (int i = 0; i < 9; i++)
		assert_true(told(&b, i, true, i < 2 ? 0 : CIRCUIT_SLOW_US + 1));
	assert_int_equal(circuit_state(&b, 10), CIRCUIT_CLOSED);
	assert_true(told(&b, 10, true, CIRCUIT_SLOW_US + 1)); /* 8 of 10 */
	assert_int_equal(circuit_state(&b, 11), CIRCUIT_OPEN);
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
		circuit_tell_took(&b, i, i % 3 == 2, 0);
	}
	circuit_fini(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_opens_and_probes), cmocka_unit_test(test_late_and_lost),
		cmocka_unit_test(test_in_a_row),         cmocka_unit_test(test_window_of_failures),
		cmocka_unit_test(test_window_holds),     cmocka_unit_test(test_slow),
		cmocka_unit_test(test_given_back)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
