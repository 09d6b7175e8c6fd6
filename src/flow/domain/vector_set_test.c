#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "flow/domain/vector.h"
#include "flow/domain/vector_set.h"

enum { ROWS = 1000 };

/* A set, and beside it what a plain pass over all of it finds. */
struct fixture {
	struct vector_set set;
	size_t numbers;
	float question[VECTOR_MAX];
	double norm;
	struct vector_top *found, plain[ROWS];
	uint64_t seed;
};

static float number(struct fixture *f)
{
	f->seed = f->seed * 6364136223846793005u + 1442695040888963407u;
	return (float)(f->seed >> 40) / 8388608 - 1;
}

static void begin(struct fixture *f, size_t numbers)
{
	memset(f, 0, sizeof *f);
	f->numbers = numbers;
	f->seed = 7 + numbers;
	vector_set_init(&f->set, numbers);
	for (size_t k = 0; k < numbers; k++)
		f->question[k] = number(f);
}

static void add(struct fixture *f, const float *row)
{
	char id[VECTOR_ID];
	snprintf(id, sizeof id, "%036zu", f->set.count * 7919 % ROWS); /* not in their order */
	assert_true(vector_set_add(&f->set, id, row, vector_norm(row, f->numbers)));
}

static const struct vector_set *sorting;

static int by_cosine(const void *a, const void *b)
{
	const struct vector_top *x = a, *y = b;
	return x->cosine != y->cosine ? (x->cosine < y->cosine) - (x->cosine > y->cosine)
								  : strcmp(sorting->ids[y->row], sorting->ids[x->row]);
}

static size_t look_plainly(struct fixture *f, double threshold)
{
	size_t count = 0;
	for (size_t i = 0; i < f->set.count; i++) {
		const float *row = f->set.numbers + i * f->set.stride;
		double cosine = vector_cosine(f->question, f->norm, row, f->set.norms[i], f->numbers);
		if (cosine >= threshold)
			f->plain[count++] = (struct vector_top){cosine, (uint32_t)i, true};
	}
	sorting = &f->set;
	qsort(f->plain, count, sizeof *f->plain, by_cosine);
	return count;
}

/* Row by row and bit by bit the same, for each threshold; how many cosines the best ten need. */
static size_t check(struct fixture *f)
{
	static const double thresholds[] = {0, .05, .2, .7, .98, 1};
	struct vector_looking looking;
	struct vector_top best;
	size_t computed = 0;
	f->norm = vector_norm(f->question, f->numbers);
	f->found = calloc(f->set.count, sizeof *f->found);
	assert_non_null(f->found);
	for (size_t t = 0; t < sizeof thresholds / sizeof *thresholds; t++) {
		size_t count = look_plainly(f, thresholds[t]);
		vector_set_look(&f->set, f->question, f->norm, thresholds[t], f->found, &looking);
		for (size_t i = 0; i < count; i++) {
			assert_true(vector_set_take(&looking, &best));
			assert_int_equal(best.row, f->plain[i].row);
			assert_float_equal(best.cosine, f->plain[i].cosine, 0);
			if (t == 0 && i == 9)
				computed = looking.computed;
		}
		assert_false(vector_set_take(&looking, &best));
	}
	free(f->found);
	vector_set_fini(&f->set);
	return computed;
}

static void the_answer_is_that_of_a_plain_pass(void **state)
{
	static const size_t dimensions[] = {1, 3, 37, 64, 384, 1000, VECTOR_MAX};
	static struct fixture f;
	static float row[VECTOR_MAX];
	(void)state;
	for (size_t d = 0; d < sizeof dimensions / sizeof *dimensions; d++) {
		begin(&f, dimensions[d]);
		for (size_t i = 0; i < ROWS; i++) {
			for (size_t k = 0; k < f.numbers; k++)
				row[k] = number(&f);
			add(&f, row);
		}
		assert_int_equal((uintptr_t)(f.set.numbers + 3 * f.set.stride) % 64, 0);
		assert_int_equal((uintptr_t)(f.set.codes + 3 * f.set.codes_stride) % 64, 0);
		size_t computed = check(&f);
		if (dimensions[d] == 384)
			assert_in_range(computed, 10, 60); /* of 1000: what it is for */
	}
}

/* Rows that differ from each other by less than a step: all the ten best must be told apart by their cosines. */
static void near_equals_are_told_apart(void **state)
{
	static struct fixture f;
	static float row[384];
	(void)state;
	begin(&f, 384);
	for (size_t i = 0; i < ROWS; i++) {
		memcpy(row, f.question, sizeof row);
		row[i % 384] += number(&f) * 1e-4f;
		add(&f, row);
	}
	assert_true(check(&f) > 100);
}

/* What steps of 8 bits are worst at: one large number among small ones, opposites, and powers of two apart. */
static void hostile_rows_too(void **state)
{
	static struct fixture f;
	static float row[100];
	(void)state;
	begin(&f, 100);
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < 100; k++)
			row[k] = i % 4 == 0   ? (k == i % 100 ? 1000 : number(&f) * 3.9f)
					 : i % 4 == 1 ? -f.question[k] * (1 + number(&f) * .01f)
					 : i % 4 == 2 ? f.question[k] * ldexpf(1, (int)(i % 9) - 4)
								  : ldexpf(number(&f), -(int)k);
		add(&f, row);
	}
	check(&f);
}

/* Lengths at which products of floats underflow or overflow, and none: whatever vector_cosine() says is the answer. */
static void tiny_huge_and_denormal_ones_too(void **state)
{
	static const float scales[] = {1e-45f, 1e-40f, 1e-30f, 1e-20f, 1e-13f, 1e-12f, 1e-6f,
								   1,      1e6f,   1e12f,  1e15f,  1e19f,  1e30f,  0};
	const size_t count = sizeof scales / sizeof *scales;
	static struct fixture f;
	static float row[64];
	(void)state;
	for (size_t q = 0; q < count; q++) {
		begin(&f, 64);
		for (size_t k = 0; k < 64; k++)
			f.question[k] *= scales[q];
		for (size_t i = 0; i < ROWS; i++) {
			for (size_t k = 0; k < 64; k++)
				row[k] = number(&f) * scales[i % count];
			add(&f, row);
		}
		check(&f);
	}
}

/* [flow.md 6]: ties by newer id */
static void of_equal_ones_the_newer_is_first(void **state)
{
	static struct fixture f;
	static float row[12];
	(void)state;
	begin(&f, 12);
	for (size_t i = 0; i < ROWS; i++) {
		for (size_t k = 0; k < 12; k++)
			row[k] = (float)((k + i % 3) % 4); /* three rows, many times */
		add(&f, row);
	}
	check(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_answer_is_that_of_a_plain_pass),
		cmocka_unit_test(near_equals_are_told_apart),
		cmocka_unit_test(hostile_rows_too),
		cmocka_unit_test(tiny_huge_and_denormal_ones_too),
		cmocka_unit_test(of_equal_ones_the_newer_is_first),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
