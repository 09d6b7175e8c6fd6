#include "flow/domain/vector_sketch.h"

#include <math.h>
#include <string.h>

#ifdef __x86_64__
#include <immintrin.h>
#endif

enum { ROW_MOST = 127, QUESTION_MOST = INT16_MAX };

static const struct vector_steps unknown = {0, INFINITY};

static bool bounded(double norm)
{
	return norm >= VECTOR_SHORT && norm <= VECTOR_LONG; /* false for NaN */
}

static double largest(const float *numbers, size_t n)
{
	float most = 0;
	for (size_t i = 0; i < n; i++)
		most = fmaxf(most, fabsf(numbers[i]));
	return (double)most;
}

static size_t padded(size_t n)
{
	return (n + VECTOR_CODES - 1) / VECTOR_CODES * VECTOR_CODES;
}

/* What was computed in double, as a bound of what it should be. */
static double up(double value)
{
	return value * (1 + 1e-6) + 1e-9;
}

struct vector_steps vector_sketch(const float *numbers, double norm, size_t n, int8_t *codes)
{
	memset(codes, 0, padded(n));
	if (!bounded(norm))
		return unknown;
	double most = largest(numbers, n), left = 0;
	float step = (float)(most / norm / ROW_MOST);
	for (size_t i = 0; i < n; i++) {
		long code = lrint((double)numbers[i] / most * ROW_MOST);
		double rest = (double)numbers[i] / norm - (double)step * (double)code;
		codes[i] = (int8_t)code;
		left += rest * rest;
	}
	return (struct vector_steps){step, nextafterf((float)up(sqrt(left)), INFINITY)};
}

void vector_ask(struct vector_question *question, const float *numbers, double norm, size_t n)
{
	*question = (struct vector_question){.padded = padded(n), .error = INFINITY};
	if (!bounded(norm))
		return;
	/* So that no sum of products passes 2^31. */
	double range = fmin(QUESTION_MOST, floor(0x1p31 / (128. * (double)question->padded)) - 1);
	double most = largest(numbers, n), left = 0;
	question->step = most / norm / range;
	for (size_t i = 0; i < n; i++) {
		long code = lrint((double)numbers[i] / most * range);
		double rest = (double)numbers[i] / norm - question->step * (double)code;
		question->codes[i] = (int16_t)code;
		left += rest * rest;
	}
	question->error = up(sqrt(left));
	/* REF: Higham, Accuracy and Stability of Numerical Algorithms, 3.1: sums in eight lanes of floats, u = 2^-24 */
	question->slack = 4 * ((double)n / 8 + 8) * 0x1p-24;
}

double vector_at_most(const struct vector_question *question, struct vector_steps steps, int32_t sum)
{
	double error = (double)steps.error;
	if (isinf(error) || isinf(question->error))
		return INFINITY;
	return question->step * (double)steps.step * sum + question->error * (1 + error) + error + question->slack;
}

void vector_code_sums_plain(const struct vector_question *question, const int8_t *codes, size_t rows, int32_t *sums)
{
	for (size_t row = 0; row < rows; row++, codes += question->padded) {
		int32_t sum = 0;
		for (size_t i = 0; i < question->padded; i++)
			sum += codes[i] * question->codes[i];
		sums[row] = sum;
	}
}

#ifdef __x86_64__

enum { WIDE = 16 /* codes that a wide unit takes at once */ };

__attribute__((target("avx2"))) static int32_t added(__m256i lanes)
{
	__m128i four = _mm_add_epi32(_mm256_castsi256_si128(lanes), _mm256_extracti128_si256(lanes, 1));
	__m128i two = _mm_add_epi32(four, _mm_unpackhi_epi64(four, four));
	return _mm_cvtsi128_si32(_mm_add_epi32(two, _mm_shuffle_epi32(two, 1)));
}

/* Two accumulators, so that an addition need not wait for the one before. */
__attribute__((target("avx2"))) static void sums_wide(const struct vector_question *question, const int8_t *codes,
													  size_t rows, int32_t *sums)
{
	for (size_t row = 0; row < rows; row++, codes += question->padded) {
		__m256i lanes[2] = {_mm256_setzero_si256(), _mm256_setzero_si256()};
		for (size_t i = 0; i < question->padded; i += 2 * WIDE)
			for (size_t k = 0; k < 2; k++) {
				__m256i row_codes =
					_mm256_cvtepi8_epi16(_mm_load_si128((const __m128i *)(const void *)(codes + i + k * WIDE)));
				__m256i asked = _mm256_load_si256((const __m256i *)(const void *)(question->codes + i + k * WIDE));
				lanes[k] = _mm256_add_epi32(lanes[k], _mm256_madd_epi16(row_codes, asked));
			}
		sums[row] = added(_mm256_add_epi32(lanes[0], lanes[1]));
	}
}

void vector_code_sums(const struct vector_question *question, const int8_t *codes, size_t rows, int32_t *sums)
{
	if (__builtin_cpu_supports("avx2"))
		sums_wide(question, codes, rows, sums);
	else
		vector_code_sums_plain(question, codes, rows, sums);
}

#else

void vector_code_sums(const struct vector_question *question, const int8_t *codes, size_t rows, int32_t *sums)
{
	vector_code_sums_plain(question, codes, rows, sums);
}

#endif
