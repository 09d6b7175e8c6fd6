#include "trade/domain/windows.h"

#include <math.h>

/*
 * Windows that start in (cut−n, cut] hold the element at the cut.  `left[j]` stands for the j elements before it.
 */
static size_t first_start(size_t cut, size_t n)
{
	return cut + 1 > n ? cut + 1 - n : 0;
}

static size_t last_start(size_t cut, size_t count, size_t n)
{
	return cut < count - n ? cut : count - n;
}

void windows_mean(const double *x, size_t count, size_t n, double *scratch, double *mean)
{
	for (size_t cut = 0; first_start(cut, n) <= count - n; cut += n) {
		size_t first = first_start(cut, n), last = last_start(cut, count, n);
		double *left = scratch, right = 0, pivot = x[cut];
		left[0] = 0;
		for (size_t j = 1; j <= cut - first; j++)
			left[j] = left[j - 1] + (x[cut - j] - pivot);
		for (size_t k = cut; k < first + n - 1; k++)
			right += x[k] - pivot;
		for (size_t i = first; i <= last; i++) {
			right += x[i + n - 1] - pivot;
			mean[i] = pivot + (left[cut - i] + right) / (double)n;
		}
	}
}

/* About the element at the cut, which is one of the window's own: it lies within √n deviations of the mean. */
void windows_deviation(const double *x, size_t count, size_t n, double *scratch, double *mean, double *deviation)
{
	for (size_t cut = 0; first_start(cut, n) <= count - n; cut += n) {
		size_t first = first_start(cut, n), last = last_start(cut, count, n);
		double *left = scratch, *left2 = scratch + n, right = 0, right2 = 0, pivot = x[cut];
		left[0] = left2[0] = 0;
		for (size_t j = 1; j <= cut - first; j++) {
			double d = x[cut - j] - pivot;
			left[j] = left[j - 1] + d;
			left2[j] = left2[j - 1] + d * d;
		}
		for (size_t k = cut; k < first + n - 1; k++) {
			double d = x[k] - pivot;
			right += d;
			right2 += d * d;
		}
		for (size_t i = first; i <= last; i++) {
			double d = x[i + n - 1] - pivot;
			right += d;
			right2 += d * d;
			double shift = (left[cut - i] + right) / (double)n;
			double variance = (left2[cut - i] + right2) / (double)n - shift * shift;
			mean[i] = pivot + shift;
			deviation[i] = variance > 0 ? sqrt(variance) : 0;
		}
	}
}

/* sign 1: the largest; −1: the smallest */
static void extreme(const double *x, size_t count, size_t n, double *scratch, double sign, double *out)
{
	for (size_t cut = 0; first_start(cut, n) <= count - n; cut += n) {
		size_t first = first_start(cut, n), last = last_start(cut, count, n);
		double *left = scratch, right = sign * x[cut];
		left[0] = -INFINITY;
		for (size_t j = 1; j <= cut - first; j++) {
			double y = sign * x[cut - j];
			left[j] = y > left[j - 1] ? y : left[j - 1];
		}
		for (size_t k = cut; k < first + n - 1; k++)
			right = sign * x[k] > right ? sign * x[k] : right;
		for (size_t i = first; i <= last; i++) {
			double y = sign * x[i + n - 1];
			right = y > right ? y : right;
			out[i] = sign * (left[cut - i] > right ? left[cut - i] : right);
		}
	}
}

void windows_max(const double *x, size_t count, size_t n, double *scratch, double *max)
{
	extreme(x, count, n, scratch, 1, max);
}

void windows_min(const double *x, size_t count, size_t n, double *scratch, double *min)
{
	extreme(x, count, n, scratch, -1, min);
}
