#include "flow/domain/vector.h"

#include <math.h>

enum { LANES = 8 };

double vector_dot(const float *a, const float *b, size_t n)
{
	float lane[LANES] = {0};
	double sum = 0;
	size_t i = 0;
	for (; i + LANES <= n; i += LANES)
		for (size_t k = 0; k < LANES; k++)
			lane[k] += a[i + k] * b[i + k];
	for (; i < n; i++)
		sum += (double)a[i] * (double)b[i];
	for (size_t k = 0; k < LANES; k++)
		sum += (double)lane[k];
	return sum;
}

double vector_norm(const float *a, size_t n)
{
	return sqrt(vector_dot(a, a, n));
}

double vector_cosine(const float *a, double norm_a, const float *b, double norm_b, size_t n)
{
	return norm_a > 0 && norm_b > 0 ? fmin(fmax(vector_dot(a, b, n) / (norm_a * norm_b), 0), 1) : 0;
}

void vector_mean(const float *const *vectors, size_t count, size_t n, float *mean)
{
	for (size_t i = 0; i < n; i++) {
		double sum = 0;
		for (size_t k = 0; k < count; k++)
			sum += (double)vectors[k][i];
		mean[i] = (float)(sum / (double)count);
	}
	double norm = vector_norm(mean, n);
	for (size_t i = 0; norm > 0 && i < n; i++)
		mean[i] = (float)((double)mean[i] / norm);
}
