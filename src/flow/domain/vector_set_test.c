#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/domain/vector.h"
#include "flow/domain/vector_set.h"

enum { ROWS = 1000, NUMBERS = 37 };

static float number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (float)(*seed >> 40) / 8388608 - 1;
}

static int by_cosine(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x < y) - (x > y);
}

/* Against every cosine by itself, sorted. */
static void the_best_come_first_and_all_of_them(void **state)
{
	static float rows[ROWS][NUMBERS], question[NUMBERS];
	static double wanted[ROWS];
	struct vector_set set;
	uint64_t seed = 7;
	(void)state;
	vector_set_init(&set, NUMBERS);
	for (size_t k = 0; k < NUMBERS; k++)
		question[k] = number(&seed);
	double norm = vector_norm(question, NUMBERS);
	for (size_t i = 0; i < ROWS; i++) {
		char id[VECTOR_ID];
		snprintf(id, sizeof id, "%036zu", i);
		for (size_t k = 0; k < NUMBERS; k++)
			rows[i][k] = number(&seed);
		double own = vector_norm(rows[i], NUMBERS);
		wanted[i] = vector_cosine(question, norm, rows[i], own, NUMBERS);
		assert_true(vector_set_add(&set, id, rows[i], own));
		assert_int_equal((uintptr_t)(set.numbers + i * set.stride) % 64, 0);
	}
	qsort(wanted, ROWS, sizeof *wanted, by_cosine);
	struct vector_top found[ROWS], best;
	size_t count = vector_set_look(&set, question, norm, .1, found), taken = 0;
	for (; vector_set_next(&set, found, &count, &best); taken++)
		assert_float_equal(best.cosine, wanted[taken], 0);
	assert_true(taken > 0 && taken < ROWS && wanted[taken - 1] >= .1 && wanted[taken] < .1);
	vector_set_fini(&set);
}

/* [flow.md 6]: ties by newer id */
static void of_equal_ones_the_newer_is_first(void **state)
{
	static const char *const ids[] = {"b", "c", "a"};
	const float one[3] = {1, 2, 3};
	struct vector_set set;
	struct vector_top found[3], best;
	(void)state;
	vector_set_init(&set, 3);
	for (size_t i = 0; i < 3; i++)
		assert_true(vector_set_add(&set, ids[i], one, vector_norm(one, 3)));
	size_t count = vector_set_look(&set, one, vector_norm(one, 3), 0, found);
	static const char *const wanted[] = {"c", "b", "a"};
	for (size_t i = 0; i < 3; i++) {
		assert_true(vector_set_next(&set, found, &count, &best));
		assert_string_equal(set.ids[best.row], wanted[i]);
	}
	assert_false(vector_set_next(&set, found, &count, &best));
	vector_set_fini(&set);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_best_come_first_and_all_of_them),
		cmocka_unit_test(of_equal_ones_the_newer_is_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
