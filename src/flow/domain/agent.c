#include "flow/domain/agent.h"

#include <math.h>
#include <stdlib.h>

const char *const memory_type_names[] = {"observation", "action", "result", "reasoning", "metadata", NULL};
const char *const agent_status_names[] = {"healthy", "degraded", "critical", "failed", "recovering", NULL};
const char *const strategy_names[] = {"breadth_first", "depth_first", "hybrid", "adaptive", NULL};
const char *const anomaly_level_names[] = {"normal", "warning", "critical", NULL};

static double clamp(double x)
{
	return fmin(fmax(x, 0), 1);
}

double memory_bonus(enum memory_type type)
{
	switch (type) {
	case MEMORY_ACTION:
	case MEMORY_RESULT:
		return .2;
	case MEMORY_REASONING:
		return .3;
	default:
		return 0;
	}
}

double memory_importance(const struct importance_weights *weights, double access_count, double age_hours,
						 double importance, enum memory_type type, double max_access, double max_age_hours)
{
	double access = fmin(access_count / max_access, 1), recency = fmax(0, 1 - age_hours / max_age_hours);
	return weights->access * access + weights->recency * recency +
		   weights->importance * fmin(importance + memory_bonus(type), 1);
}

double agent_score(const struct heartbeat *h)
{
	double resources = (fmax(0, 1 - h->memory_usage_mb / 2048) + (1 - h->cpu_usage_percent / 100)) / 2;
	double money = h->cost_consumed + h->budget_remaining, tasks = h->completed_tasks + h->failed_tasks;
	double left = money > 0 ? h->budget_remaining / money : 1, done = tasks > 0 ? h->completed_tasks / tasks : 1;
	return clamp(.4 * resources + .3 * left + .3 * done);
}

/* A sum of thirds and fifths that is 0.8 on paper may be a hair below it in binary. */
enum agent_status agent_status(double score)
{
	const double hair = 1e-12;
	return score >= .8 - hair ? AGENT_HEALTHY : score >= .5 - hair ? AGENT_DEGRADED : AGENT_CRITICAL;
}

long estimate_children(enum strategy strategy, double complexity, double depth, double max_depth)
{
	switch (strategy) {
	case STRATEGY_BREADTH:
		return (long)(5 + 10 * complexity);
	case STRATEGY_DEPTH:
		return (long)(2 + 3 * complexity);
	case STRATEGY_HYBRID:
		return (long)(3 + 5 * complexity);
	case STRATEGY_ADAPTIVE:
		break;
	}
	return (long)(3 + 7 * complexity * (1 - depth / max_depth));
}

double cosine(const double *a, const double *b, size_t n)
{
	double dot = 0, aa = 0, bb = 0;
	for (size_t i = 0; i < n; i++) {
		dot += a[i] * b[i];
		aa += a[i] * a[i];
		bb += b[i] * b[i];
	}
	return aa > 0 && bb > 0 ? fmin(fmax(dot / (sqrt(aa) * sqrt(bb)), 0), 1) : 0;
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static double median(double *x, size_t n)
{
	qsort(x, n, sizeof *x, ascending);
	return n % 2 == 1 ? x[n / 2] : (x[n / 2 - 1] + x[n / 2]) / 2;
}

static enum anomaly_level level_of(double z)
{
	return fabs(z) >= 3 ? ANOMALY_CRITICAL : fabs(z) >= 2 ? ANOMALY_WARNING : ANOMALY_NORMAL;
}

void anomaly_judge(double *samples, size_t n, double value, struct anomaly *anomaly)
{
	double sum = 0, squares = 0, low = INFINITY, high = -INFINITY;
	for (size_t i = 0; i < n; i++) {
		sum += samples[i];
		low = fmin(low, samples[i]);
		high = fmax(high, samples[i]);
	}
	double mean = sum / (double)n;
	for (size_t i = 0; i < n; i++)
		squares += (samples[i] - mean) * (samples[i] - mean);
	double sigma = sqrt(squares / (double)n), middle = median(samples, n);
	for (size_t i = 0; i < n; i++)
		samples[i] = fabs(samples[i] - middle);
	double mad = median(samples, n);
	anomaly->z = low < high && sigma > 0 ? (value - mean) / sigma : NAN;
	anomaly->robust_z = mad > 0 ? .6745 * (value - middle) / mad : NAN;
	if (isnan(anomaly->z))
		anomaly->level = value < low || value > high ? ANOMALY_CRITICAL : ANOMALY_NORMAL;
	else
		anomaly->level = level_of(isnan(anomaly->robust_z) ? anomaly->z : anomaly->robust_z);
}

double cache_ttl(double hit_rate, double ttl_s)
{
	if (hit_rate < .70)
		return fmin(1.5 * ttl_s, ttl_s + 3600);
	if (hit_rate < .85)
		return 1.2 * ttl_s;
	if (hit_rate <= .95)
		return ttl_s;
	return fmax(fmax(.8 * ttl_s, ttl_s - 1800), 60);
}
