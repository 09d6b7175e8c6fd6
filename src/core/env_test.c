#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/env.h"

static void real_clocks_run_forward(void **state)
{
	(void)state;
	const struct env *env = env_real();
	int64_t before = env_mono_us(env);
	for (int i = 0; i < 1000; i++) {
		int64_t now = env_mono_us(env);
		assert_true(now >= before);
		before = now;
	}
	/* 2020-01-01: whoever builds this has a clock later than that */
	assert_true(env_wall_us(env) > INT64_C(1577836800000000));
}

static void real_randomness_differs(void **state)
{
	(void)state;
	unsigned char a[600] = {0}, b[600] = {0};
	env_random(env_real(), a, sizeof a);
	env_random(env_real(), b, sizeof b);
	assert_memory_not_equal(a, b, sizeof a);
	env_random(env_real(), NULL, 0);
}

static void simulated_time_stands_until_moved(void **state)
{
	(void)state;
	struct env_sim sim;
	env_sim_init(&sim, 1, 5000000);
	const struct env *env = &sim.env;
	assert_int_equal(env_wall_us(env), 5000000);
	assert_int_equal(env_mono_us(env), 0);
	env_sim_advance(&sim, 250);
	assert_int_equal(env_wall_us(env), 5000250);
	assert_int_equal(env_mono_us(env), 250);
	env_sim_set_wall(&sim, 17);
	assert_int_equal(env_wall_us(env), 17);
	assert_int_equal(env_mono_us(env), 250);
	env_sim_fini(&sim);
}

static void equal_seeds_give_equal_bytes(void **state)
{
	(void)state;
	unsigned char bytes[3][40];
	const uint64_t seeds[3] = {7, 7, 8};
	for (int i = 0; i < 3; i++) {
		struct env_sim sim;
		env_sim_init(&sim, seeds[i], 0);
		env_random(&sim.env, bytes[i], 13);
		env_random(&sim.env, bytes[i] + 13, 27);
		env_sim_fini(&sim);
	}
	assert_memory_equal(bytes[0], bytes[1], 40);
	assert_memory_not_equal(bytes[0], bytes[2], 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(real_clocks_run_forward),
		cmocka_unit_test(real_randomness_differs),
		cmocka_unit_test(simulated_time_stands_until_moved),
		cmocka_unit_test(equal_seeds_give_equal_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
