#include "flow/health_view.h"

#include "core/arena.h"
#include "core/field.h"
#include "flow/agents_internal.h"

enum { SAMPLES_MIN = 100 };

static const struct field anomaly_fields[] = {
	F_STR(anomaly_view, series, DOC("health_score, memory_usage_mb or cpu_usage_percent")),
	F_NUM(anomaly_view, value),
	F_NUM(anomaly_view, z, NULLABLE, DECIMALS(6), DOC("null when the series did not vary")),
	F_NUM(anomaly_view, robust_z, NULLABLE, DECIMALS(6), DOC("null when more than half of it are equal")),
	F_ENUM(anomaly_view, level, anomaly_level_names),
};
static const struct field_table anomaly_table = FIELD_TABLE("health.anomaly", anomaly_view, anomaly_fields);

#define AGENT_FIELDS \
	F_STR(agent_view, agent_id), F_STR(agent_view, run_id, NULLABLE), F_STR(agent_view, execution_id, LEFT_OUT), \
		F_STR(agent_view, workflow_execution_id, LEFT_OUT, DOC("On v3 paths")), \
		F_ENUM(agent_view, status, agent_status_names), F_NUM(agent_view, health_score), \
		F_STR(agent_view, last_heartbeat, FORMAT("date-time")), F_NUM(agent_view, memory_usage_mb, UNIT("MB")), \
		F_NUM(agent_view, cpu_usage_percent, UNIT("%")), F_INT(agent_view, working_memory_count), \
		F_INT(agent_view, episodic_memory_count), F_STR(agent_view, cost_consumed), \
		F_INT(agent_view, cost_consumed_micros), F_STR(agent_view, budget_remaining), \
		F_INT(agent_view, budget_remaining_micros), F_INT(agent_view, active_tasks_count), \
		F_INT(agent_view, completed_tasks_count), F_INT(agent_view, failed_tasks_count), \
		F_STR(agent_view, error_message, NULLABLE), F_INT(agent_view, recovery_attempts)

static const struct field agent_fields[] = {AGENT_FIELDS};
const struct field_table agent_view_table = FIELD_TABLE("health.status", agent_view, agent_fields);

static const struct field judged_fields[] = {
	AGENT_FIELDS,
	F_OBJECTS(agent_view, anomalies, &anomaly_table, TOLD_APART,
			  DOC("The last heartbeat against those of seven days; null: fewer than 100 of them")),
};
const struct field_table agent_judged_table = FIELD_TABLE("health.status-judged", agent_view, judged_fields);

void agent_view_fill(const struct agent_row *row, bool v3, struct arena *arena, struct agent_view *view)
{
	*view = (struct agent_view){.agent_id = row->agent_id,
								.run_id = row->run_id,
								.last_heartbeat = agents_time(arena, row->health.last_heartbeat_us),
								.cost_consumed = agents_money(arena, row->cost_consumed),
								.budget_remaining = agents_money(arena, row->budget_remaining),
								.error_message = row->error_message,
								.status = (int)row->health.status,
								.health_score = row->health.score,
								.memory_usage_mb = row->memory_usage_mb,
								.cpu_usage_percent = row->cpu_usage_percent,
								.working_memory_count = row->working_memory_count,
								.episodic_memory_count = row->episodic_memory_count,
								.cost_consumed_micros = row->cost_consumed,
								.budget_remaining_micros = row->budget_remaining,
								.active_tasks_count = row->active_tasks,
								.completed_tasks_count = row->completed_tasks,
								.failed_tasks_count = row->failed_tasks,
								.recovery_attempts = row->health.recovery_attempts};
	if (v3)
		view->execution_id = view->workflow_execution_id = row->run_id;
}

static void judge(struct agent_view *view, const char *name, double *samples, size_t count, double value)
{
	struct anomaly anomaly;
	anomaly_judge(samples, count, value, &anomaly);
	view->anomalies.items[view->anomalies.count++] =
		(struct anomaly_view){name, value, anomaly.z, anomaly.robust_z, (int)anomaly.level};
}

void agent_view_judge(const struct agent_row *row, struct agent_series *series, struct arena *arena,
					  struct agent_view *view)
{
	enum { SERIES = 3 };
	if (series->count < SAMPLES_MIN)
		return;
	view->anomalies.items = arena_array(arena, SERIES, sizeof *view->anomalies.items);
	if (view->anomalies.items == NULL)
		return;
	judge(view, "health_score", series->score, series->count, row->health.score);
	judge(view, "memory_usage_mb", series->memory, series->count, row->memory_usage_mb);
	judge(view, "cpu_usage_percent", series->cpu, series->count, row->cpu_usage_percent);
}
