/*
 * Metrics of runs and of what their agents use [flow.md 11; P-11.2], of all accounts: runs by status, steps, turns,
 * rows of a commit, the lag of timers, retries, levels of the cache of answers, budgets, tiers of memory, runs that
 * were found stuck.  Agents and incidents are health_metrics.h.
 *
 * What happened is counted by the engine as it happens; what there is, is asked of the store when somebody asks.
 */
#ifndef CS_FLOW_FLOW_METRICS_H
#define CS_FLOW_FLOW_METRICS_H

struct env;
struct llm_cache;
struct metrics;
struct store;
struct tally;

/* What they are taken from; it outlives the metrics. */
struct flow_metrics {
	struct store *store;
	const struct env *env;
	struct tally *tally;     /* of the engine */
	struct llm_cache *cache; /* NULL: no models are asked, and it counts zero */
};

/* Before serving; `metrics` keeps `self`. */
void flow_metrics_add(struct metrics *metrics, struct flow_metrics *self);

#endif
