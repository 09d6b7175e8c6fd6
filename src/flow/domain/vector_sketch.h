/*
 * Vectors in a quarter of their bytes, with a bound that is proven.
 *
 * A search for the most like reads every vector, so it costs what its bytes cost to read.  A sketch is a vector of
 * length 1 in steps of 8 bits, with what that leaves out; from it and the question's, in steps of 16 bits, comes a
 * number that the cosine of vector_cosine() cannot be above.  Who looks computes the cosine itself only where that
 * number is high enough, and misses nothing: the answer is the one of a plain pass [flow.md 6: vector search is exact].
 *
 * The bound.  With a, b of length 1, a = a' + e, b = b' + r: a·b = a'·b' + e·b' + a·r, so by Cauchy and Schwarz
 * |a·b − a'·b'| <= |e|·(1 + |r|) + |r|.  a'·b' is a sum of integers times two steps; |e| and |r| are computed in double
 * and rounded up.  What vector_cosine() computes is not a·b, for it adds floats in eight lanes: the difference is below
 * (n/8 + 8)·2^-24 for the sum, and as much for the two norms; the slack is four of these.  Lengths out of VECTOR_SHORT
 * to VECTOR_LONG, where products of floats underflow or overflow, have no bound: they are always computed. Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_VECTOR_SKETCH_H
#define CS_FLOW_DOMAIN_VECTOR_SKETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/vector.h"

enum { VECTOR_CODES = 64 /* codes are padded with zeros to a multiple, and start at one in memory */ };

#define VECTOR_SHORT 1e-12
#define VECTOR_LONG 1e12

/* What belongs to a row's codes: their step, and the length of what they leave out (infinite: no bound). */
struct vector_steps {
	float step, error;
};

/* Codes of n numbers (1 to VECTOR_MAX) whose length is norm; `codes` has room for the padding. */
struct vector_steps vector_sketch(const float *numbers, double norm, size_t n, int8_t *codes);

struct vector_question {
	_Alignas(VECTOR_CODES) int16_t codes[VECTOR_MAX];
	size_t padded;
	double step, error, slack; /* error infinite: no bound */
};

void vector_ask(struct vector_question *question, const float *numbers, double norm, size_t n);

/*
 * The sums of products of the question's codes with those of `rows` vectors, row after row; no sum overflows.  The
 * second one does without the processor's wide units and gives the same.
 */
void vector_code_sums(const struct vector_question *question, const int8_t *codes, size_t rows, int32_t *sums);
void vector_code_sums_plain(const struct vector_question *question, const int8_t *codes, size_t rows, int32_t *sums);

/* What the cosine of vector_cosine() is at most, from the sum of a row; infinite where nothing is known. */
double vector_at_most(const struct vector_question *question, struct vector_steps steps, int32_t sum);

#endif
