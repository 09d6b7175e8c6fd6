/*
 * Figures about agents and their memories [flow.md 6, 8, 9]: importance, health score, decomposition estimates,
 * similarity, anomalies.  Values in, values out.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_AGENT_H
#define CS_FLOW_DOMAIN_AGENT_H

#include <stdbool.h>
#include <stddef.h>

/* What a memory is, and what that adds to its importance. */
enum memory_type { MEMORY_OBSERVATION, MEMORY_ACTION, MEMORY_RESULT, MEMORY_REASONING, MEMORY_METADATA };
extern const char *const memory_type_names[];
double memory_bonus(enum memory_type type); /* 0.2 action and result, 0.3 reasoning, else 0 */

struct importance_weights {
	double access, recency, importance; /* sum 1 */
};

/*
 * access·min(count/max_count, 1) + recency·max(0, 1 − age/max_age) + importance·min(importance + bonus, 1); 0 to 1.
 * max_access and max_age_hours at least 1 count as given.
 */
double memory_importance(const struct importance_weights *weights, double access_count, double age_hours,
						 double importance, enum memory_type type, double max_access, double max_age_hours);

/* The first three follow from a score; domain/health.h has the others. */
enum agent_status { AGENT_HEALTHY, AGENT_DEGRADED, AGENT_CRITICAL, AGENT_FAILED, AGENT_RECOVERING };
extern const char *const agent_status_names[];

/* Figures of a heartbeat. */
struct heartbeat {
	double memory_usage_mb, cpu_usage_percent; /* cpu 0 to 100 */
	double cost_consumed, budget_remaining;
	double completed_tasks, failed_tasks;
};

/* 0.4 resources + 0.3 budget left + 0.3 tasks that ended well, 0 to 1. */
double agent_score(const struct heartbeat *heartbeat);
enum agent_status agent_status(double score); /* ≥ 0.8 healthy, ≥ 0.5 degraded */

enum strategy { STRATEGY_BREADTH, STRATEGY_DEPTH, STRATEGY_HYBRID, STRATEGY_ADAPTIVE };
extern const char *const strategy_names[];

/* Children expected of a node: the integer part of 5+10c, 2+3c, 3+5c or 3+7c(1−depth/max_depth). */
long estimate_children(enum strategy strategy, double complexity, double depth, double max_depth);

/* Cosine of two vectors of `n` numbers, from 0 (opposites too) to 1; 0 when one has no length [flow.md 6, 14]. */
double cosine(const double *a, const double *b, size_t n);

enum anomaly_level { ANOMALY_NORMAL, ANOMALY_WARNING, ANOMALY_CRITICAL };
extern const char *const anomaly_level_names[];

struct anomaly {
	double z;        /* (x − mean)/σ, σ of the population; NaN when σ is 0 */
	double robust_z; /* 0.6745·(x − median)/MAD; NaN when MAD is 0 */
	enum anomaly_level level;
};

/* Judge a value against n ≥ 1 samples, which are sorted in place.  Cost: O(n log n). */
void anomaly_judge(double *samples, size_t n, double value, struct anomaly *anomaly);

/*
 * The next time to live of a cache, from its hit rate: below .70 longer by half (at most an hour more), below .85 by a
 * fifth, up to .95 as it is, above shorter by a fifth (at most half an hour less, at least a minute).
 */
double cache_ttl(double hit_rate, double ttl_s);

#endif
