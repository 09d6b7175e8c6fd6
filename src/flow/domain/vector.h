/*
 * Vectors of float32 compared exactly: eight lanes a pass, sums in double.  Thread: any.  Cost: about 0.1 ns a number.
 */
#ifndef CS_FLOW_DOMAIN_VECTOR_H
#define CS_FLOW_DOMAIN_VECTOR_H

#include <stddef.h>

enum { VECTOR_MAX = 4096 /* numbers of one */ };

double vector_dot(const float *a, const float *b, size_t n);
double vector_norm(const float *a, size_t n);

/* Cosine from 0 to 1, below 0 counts as 0; 0 when one has no length. */
double vector_cosine(const float *a, double norm_a, const float *b, double norm_b, size_t n);

/* The mean of `count` vectors that follow each other, of length 1 unless it is zero. */
void vector_mean(const float *const *vectors, size_t count, size_t n, float *mean);

#endif
