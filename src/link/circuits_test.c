#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "link/circuits.h"

static const uint64_t seed[2] = {1, 2};

/* Fails until it is left alone. */
static void go_down(struct circuits *c, const char *destination, int64_t now_us)
{
	int64_t wait_us;
	for (int i = 0; i < 5; i++) {
		assert_true(circuits_may(c, destination, now_us, &wait_us));
		assert_true(circuits_tell(c, destination, now_us, false, 1) == (i == 4));
	}
}

/* One that is down holds up no other; it is tried again after its time. */
static void each_destination_has_its_own(void **state)
{
	(void)state;
	int64_t wait_us = 0;
	struct circuits *c = circuits_new(8, 5, 60, seed);
	go_down(c, "down.test", 10);
	assert_false(circuits_may(c, "down.test", 30, &wait_us));
	assert_int_equal(wait_us, 40);
	assert_true(circuits_may(c, "well.test", 30, &wait_us));
	assert_int_equal(circuits_figures(c, 30).open, 1);
	assert_int_equal(circuits_figures(c, 30).opened, 1);
	for (int i = 0; i < 3; i++)
		assert_true(circuits_may(c, "down.test", 70, &wait_us));
	assert_false(circuits_may(c, "down.test", 70, &wait_us)); /* three are out */
	assert_int_equal(wait_us, 60);
	circuits_give_back(c, "down.test", 70);
	assert_true(circuits_may(c, "down.test", 71, &wait_us));
	assert_true(circuits_tell(c, "down.test", 72, false, 1)); /* opened anew */
	assert_int_equal(circuits_figures(c, 72).opened, 2);
	circuits_give_back(c, "never.test", 1);
	assert_false(circuits_tell(c, "never.test", 1, false, 1));
	circuits_free(c);
}

/* Others name destinations, so there is a bound; what is known to be down is kept longest. */
static void there_is_so_much_room(void **state)
{
	(void)state;
	int64_t wait_us;
	char name[] = "a";
	struct circuits *c = circuits_new(3, 5, 1000, seed);
	go_down(c, "down.test", 1);
	for (; name[0] <= 'z'; name[0]++)
		assert_true(circuits_may(c, name, 2, &wait_us));
	assert_false(circuits_may(c, "down.test", 3, &wait_us));
	go_down(c, "x", 4); /* forgotten and known anew, in place of another */
	go_down(c, "y", 5);
	go_down(c, "w", 6); /* all are down: the one asked for longest ago goes */
	assert_int_equal(circuits_figures(c, 7).open, 3);
	assert_true(circuits_may(c, "down.test", 7, &wait_us));
	circuits_free(c);
	circuits_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_destination_has_its_own),
		cmocka_unit_test(there_is_so_much_room),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
