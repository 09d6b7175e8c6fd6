#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/rng.h"

/*
 * Published with the reference implementation's state {1, 2, 3, 4}.
 *
 * REF: Blackman, Vigna, "Scrambled linear pseudorandom number generators", 2018 (xoshiro256**)
 */
static void first_numbers_of_the_reference(void **state)
{
	(void)state;
	static const uint64_t expected[] = {
		11520U,
		0U,
		1509978240U,
		1215971899390074240U,
		1216172134540287360U,
		607988272756665600U,
		16172922978634559625U,
		8476171486693032832U,
		10595114339597558777U,
		2904607092377533576U,
	};
	struct rng rng = {{1, 2, 3, 4}};
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		assert_true(rng_next(&rng) == expected[i]);
}

/*
 * splitmix64 of seed 0 begins with e220a8397b1dcdaf
 *
 * REF: Steele, Lea, Flood, "Fast splittable pseudorandom number generators", 2014 (splitmix64)
 */
static void seed_goes_through_splitmix(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 0);
	assert_true(rng.state[0] == 0xe220a8397b1dcdaf);
	assert_true(rng.state[1] == 0x6e789e6aa1b965f4);
}

static void below_is_uniform_and_in_bounds(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 42);
	int counts[7] = {0};
	for (int i = 0; i < 70000; i++) {
		uint64_t number = rng_below(&rng, 7);
		assert_true(number < 7);
		counts[number]++;
	}
	/* standard deviation 93: five of them */
	for (int i = 0; i < 7; i++)
		assert_in_range(counts[i], 10000 - 465, 10000 + 465);
	for (int i = 0; i < 100; i++)
		assert_true(rng_below(&rng, 1) == 0);
}

static void unit_stays_under_one(void **state)
{
	(void)state;
	struct rng rng;
	rng_init(&rng, 3);
	double sum = 0;
	for (int i = 0; i < 100000; i++) {
		double x = rng_unit(&rng);
		assert_true(x >= 0 && x < 1);
		sum += x;
	}
	assert_true(sum > 49500 && sum < 50500);
}

static void bytes_are_the_numbers_little_endian(void **state)
{
	(void)state;
	struct rng rng = {{1, 2, 3, 4}};
	unsigned char bytes[10];
	rng_bytes(&rng, bytes, sizeof bytes);
	static const unsigned char expected[10] = {0x00, 0x2d}; /* 11520 = 0x2d00, then 0 */
	assert_memory_equal(bytes, expected, sizeof bytes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(first_numbers_of_the_reference),      cmocka_unit_test(seed_goes_through_splitmix),
		cmocka_unit_test(below_is_uniform_and_in_bounds),      cmocka_unit_test(unit_stays_under_one),
		cmocka_unit_test(bytes_are_the_numbers_little_endian),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
