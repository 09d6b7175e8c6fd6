#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/clock.h"

/* [P-12.4] */

#define S INT64_C(1000000)
#define START (1750000000 * S)

static struct env_sim machine;
static struct clock told;

static int set_up(void **state)
{
	(void)state;
	env_sim_init(&machine, 3, START);
	clock_init(&told, &machine.env);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	env_sim_fini(&machine);
	return 0;
}

static int64_t now_s(void)
{
	return (env_wall_us(&told.env) - START) / S;
}

static void time_that_goes_back_is_held(void **state)
{
	(void)state;
	env_sim_advance(&machine, 10 * S);
	assert_int_equal(now_s(), 10);
	env_sim_set_wall(&machine, START - 3600 * S);
	assert_int_equal(now_s(), 10);
	assert_int_equal(clock_held_us(&told), 3610 * S);
	env_sim_advance(&machine, 3600 * S);
	assert_int_equal(now_s(), 10);
	env_sim_advance(&machine, 15 * S);
	assert_int_equal(now_s(), 15);
	assert_int_equal(clock_held_us(&told), 0);
	assert_int_equal(env_mono_us(&told.env), 3625 * S);
}

static void a_jump_is_seen_once(void **state)
{
	(void)state;
	env_sim_advance(&machine, S);
	assert_int_equal(clock_look(&told), 0);
	env_sim_set_wall(&machine, START + 3 * S); /* 2 s: not over */
	assert_int_equal(clock_look(&told), 0);
	env_sim_set_wall(&machine, START + 3 * S + CLOCK_JUMP_US + 1);
	env_sim_advance(&machine, S);
	assert_int_equal(clock_look(&told), CLOCK_JUMP_US + 1);
	assert_int_equal(clock_look(&told), 0);
	env_sim_set_wall(&machine, START - 100 * S);
	assert_int_equal(clock_look(&told), -(106 * S + 1));
	assert_int_equal(told.jump_us, -(106 * S + 1));
}

static void a_mark_is_only_raised(void **state)
{
	(void)state;
	clock_raise(&told, START + 50 * S);
	assert_int_equal(now_s(), 50);
	clock_raise(&told, START + 20 * S);
	assert_int_equal(now_s(), 50);
}

/* What was signed before the step back has left its window, what is signed from now on is in it. */
static void a_wrong_step_ahead_is_undone(void **state)
{
	(void)state;
	env_sim_advance(&machine, 100 * S);
	env_sim_set_wall(&machine, START + 7200 * S);
	assert_int_equal(now_s(), 7200);
	env_sim_set_wall(&machine, START + 110 * S);
	assert_int_equal(now_s(), 7200);
	int64_t lowered_us = clock_lower(&told), now_us = env_wall_us(&told.env);
	assert_int_equal(lowered_us, 7200 * S - 410 * S - 1);
	assert_true(now_us - (START + 110 * S) > CLOCK_WINDOW_US);      /* signed at the last moment before */
	assert_true(now_us - (START + 110 * S + 1) <= CLOCK_WINDOW_US); /* and after */
	assert_int_equal(clock_lower(&told), 0);
	env_sim_advance(&machine, 299 * S);
	assert_int_equal(now_s(), 410);
	env_sim_advance(&machine, 2 * S);
	assert_int_equal(now_s(), 411);
}

static void a_right_clock_is_not_lowered(void **state)
{
	(void)state;
	assert_int_equal(now_s(), 0);
	assert_int_equal(clock_lower(&told), 0);
	assert_int_equal(now_s(), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(time_that_goes_back_is_held, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_jump_is_seen_once, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_mark_is_only_raised, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_wrong_step_ahead_is_undone, set_up, tear_down),
		cmocka_unit_test_setup_teardown(a_right_clock_is_not_lowered, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
