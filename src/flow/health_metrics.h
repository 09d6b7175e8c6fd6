/*
 * Metrics of agents, their incidents and of self-healing [flow.md 9, 11; P-11.2]: of all accounts, read from the store
 * when they are asked for.
 */
#ifndef CS_FLOW_HEALTH_METRICS_H
#define CS_FLOW_HEALTH_METRICS_H

struct metrics;
struct store;

/*
 * flow_agents{status}, flow_incidents{severity,status} that are not ended, flow_healings_total{action,outcome}.  The
 * store outlives `metrics`.  Before serving.
 */
void health_metrics_add(struct metrics *metrics, struct store *store);

#endif
