#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <string.h>

#include "flow/domain/vector.h"
#include "flow/domain/vector_sketch.h"

static float number(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (float)(*seed >> 40) / 8388608 - 1;
}

/* The signed cosine of vector_cosine()'s own sums: its clamp would hide a bound that is too low below 0. */
static double signed_cosine(const float *a, const float *b, size_t n)
{
	return vector_dot(a, b, n) / (vector_norm(a, n) * vector_norm(b, n));
}

/* REF: Higham, Accuracy and Stability of Numerical Algorithms, 3.1: sums in eight lanes of floats */
static void no_cosine_is_above_what_it_is_at_most(void **state)
{
	static const size_t dimensions[] = {1, 2, 63, 64, 65, 384, 1536, VECTOR_MAX};
	static float a[VECTOR_MAX], b[VECTOR_MAX];
	static _Alignas(64) int8_t codes[VECTOR_MAX];
	static struct vector_question question;
	uint64_t seed = 3;
	(void)state;
	for (size_t d = 0; d < sizeof dimensions / sizeof *dimensions; d++)
		for (int round = 0; round < 400; round++) {
			size_t n = dimensions[d];
			for (size_t k = 0; k < n; k++) {
				a[k] = number(&seed);
				b[k] = round % 2 == 0 ? number(&seed) : a[k] + number(&seed) * .02f * (float)(round % 7);
			}
			int32_t sum;
			vector_ask(&question, a, vector_norm(a, n), n);
			struct vector_steps steps = vector_sketch(b, vector_norm(b, n), n, codes);
			vector_code_sums(&question, codes, 1, &sum);
			double most = vector_at_most(&question, steps, sum), is = signed_cosine(a, b, n);
			assert_true(is <= most);
			assert_true(most - is < .02); /* and not far above */
		}
}

/* The largest codes there can be: their sum stays within 32 bits, by the wide units and without. */
static void both_ways_to_add_agree(void **state)
{
	static float ones[VECTOR_MAX], row[VECTOR_MAX];
	static _Alignas(64) int8_t codes[2 * VECTOR_MAX];
	static struct vector_question question;
	uint64_t seed = 5;
	(void)state;
	for (size_t n = 1; n <= VECTOR_MAX; n = n * 3 + 1) {
		int32_t wide[2], plain[2];
		size_t padded = (n + 63) / 64 * 64;
		for (size_t k = 0; k < n; k++) {
			ones[k] = 1;
			row[k] = number(&seed);
		}
		vector_ask(&question, ones, vector_norm(ones, n), n);
		assert_int_equal(question.padded, padded);
		vector_sketch(ones, vector_norm(ones, n), n, codes);
		vector_sketch(row, vector_norm(row, n), n, codes + padded);
		vector_code_sums(&question, codes, 2, wide);
		vector_code_sums_plain(&question, codes, 2, plain);
		assert_int_equal(wide[0], (int64_t)n * 127 * question.codes[0]);
		assert_memory_equal(wide, plain, sizeof wide);
	}
}

static void lengths_out_of_range_have_no_bound(void **state)
{
	static struct vector_question question;
	_Alignas(64) int8_t codes[64];
	const float fine[2] = {1, 1}, tiny[2] = {1e-20f, 1e-20f}, huge[2] = {1e13f, 0};
	(void)state;
	vector_ask(&question, fine, vector_norm(fine, 2), 2);
	assert_true(isinf(vector_at_most(&question, vector_sketch(tiny, vector_norm(tiny, 2), 2, codes), 0)));
	assert_true(isinf(vector_at_most(&question, vector_sketch(huge, vector_norm(huge, 2), 2, codes), 0)));
	assert_true(isinf(vector_at_most(&question, vector_sketch(fine, NAN, 2, codes), 0)));
	const struct vector_steps steps = vector_sketch(fine, vector_norm(fine, 2), 2, codes);
	assert_true(vector_at_most(&question, steps, 0) < 1);
	vector_ask(&question, tiny, vector_norm(tiny, 2), 2);
	assert_true(isinf(vector_at_most(&question, steps, 0)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_cosine_is_above_what_it_is_at_most),
		cmocka_unit_test(both_ways_to_add_agree),
		cmocka_unit_test(lengths_out_of_range_have_no_bound),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
