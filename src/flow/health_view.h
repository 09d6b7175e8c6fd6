/* What is told of agents and incidents.  Private to src/flow. */
#ifndef CS_FLOW_HEALTH_VIEW_H
#define CS_FLOW_HEALTH_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/health.h"

struct exchange;
struct field_table;

struct anomaly_view {
	const char *series;
	double value, z, robust_z;
	int level;
};

/* A HealthStatus. */
struct agent_view {
	const char *agent_id, *run_id, *execution_id, *workflow_execution_id, *last_heartbeat, *cost_consumed,
		*budget_remaining, *error_message;
	int status;
	double health_score, memory_usage_mb, cpu_usage_percent;
	int64_t working_memory_count, episodic_memory_count, cost_consumed_micros, budget_remaining_micros;
	int64_t active_tasks_count, completed_tasks_count, failed_tasks_count, recovery_attempts;
	struct {
		size_t count;
		struct anomaly_view *items;
	} anomalies;
};

extern const struct field_table agent_view_table, agent_judged_table;

void agent_view_fill(const struct agent_row *row, bool v3, struct arena *arena, struct agent_view *view);

/* Judge the last figures against those before them; fewer than 100 judge nothing, and anomalies is absent. */
void agent_view_judge(const struct agent_row *row, struct agent_series *series, struct arena *arena,
					  struct agent_view *view);

/* The actor of a request. */
struct health_actor health_actor_of(const struct exchange *x);

#endif
