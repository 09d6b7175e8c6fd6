/*
 * Agents, their samples and their incidents in the store [flow.md 9].  Reading: on any connection.  Writing: in an op.
 * Texts and rows that were read are the arena's.
 */
#ifndef CS_FLOW_HEALTH_REPO_H
#define CS_FLOW_HEALTH_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/health.h"

struct arena;
struct db;
struct err;

enum { AGENT_SAMPLES = 2048 /* heartbeats of an agent that are kept: a day of one every 40 s */ };

/* An agent as its last heartbeat left it; money is micro-units. */
struct agent_row {
	const char *account_id, *agent_id, *run_id, *error_message; /* the last two may be NULL */
	struct agent_health health;
	double memory_usage_mb, cpu_usage_percent;
	int64_t working_memory_count, episodic_memory_count, cost_consumed, budget_remaining;
	int64_t active_tasks, completed_tasks, failed_tasks;
	int64_t samples; /* heartbeats ever */
};

bool agent_find(struct db *db, const char *account_id, const char *agent_id, struct arena *arena, struct agent_row *row,
				bool *found, struct err *err);

/* The row as it is now, new or not. */
bool agent_put(struct db *db, const struct agent_row *row, struct err *err);

/* The sample of its last heartbeat, in the place of the oldest. */
bool agent_put_sample(struct db *db, const struct agent_row *row, struct err *err);

/* Three series since a moment, the last one apart: at most AGENT_SAMPLES each. */
struct agent_series {
	size_t count;
	double score[AGENT_SAMPLES], memory[AGENT_SAMPLES], cpu[AGENT_SAMPLES];
};
bool agent_read_series(struct db *db, const struct agent_row *row, int64_t since_us, struct agent_series *series,
					   struct err *err);

/*
 * Agents that have not failed and were seen before a moment, the longest silent first; account_id NULL: of all.  At
 * most `room`.
 */
bool agents_seen_before(struct db *db, const char *account_id, int64_t before_us, size_t room, struct arena *arena,
						struct agent_row *rows, size_t *count, struct err *err);

/* Of the agents whose last heartbeat named the run. */
struct agents_summary {
	int64_t by_status[AGENT_RECOVERING + 1], total, open_incidents;
	double average_score; /* NaN: there are none */
};
bool agents_sum(struct db *db, const char *account_id, const char *run_id, struct agents_summary *summary,
				struct err *err);

enum incident_severity { SEVERITY_LOW, SEVERITY_MEDIUM, SEVERITY_HIGH, SEVERITY_CRITICAL };
extern const char *const incident_severity_names[];

/* Texts but the ids, kind and title may be NULL; NaN: not given; times 0: not yet. */
struct incident_row {
	const char *incident_id, *account_id, *agent_id, *run_id, *kind, *cause, *title, *description, *error_message;
	const char *resolution, *resolved_by, *created_by;
	enum incident_severity severity;
	enum incident_status status;
	double health_score, failure_rate;
	int64_t resolved_us, created_us, updated_us;
};

/* *fresh false: one of its cause is there already, and nothing was written. */
bool incident_insert(struct db *db, const struct incident_row *row, bool *fresh, struct err *err);

/* ERR_NOT_FOUND. */
bool incident_find(struct db *db, const char *account_id, const char *incident_id, struct arena *arena,
				   struct incident_row *row, struct err *err);

/* Write status, resolution and their times. */
bool incident_update(struct db *db, const struct incident_row *row, struct err *err);

/* Has the agent one of that kind that is not ended? */
bool incident_is_open(struct db *db, const char *account_id, const char *agent_id, const char *kind, bool *open,
					  struct err *err);

struct incidents_filter {
	const char *account_id, *agent_id, *run_id; /* NULL: any, as -1 below */
	int status, severity;
	const char *before; /* the id that the page before ended with; "": from the newest */
	size_t limit;
};
bool incidents_list(struct db *db, const struct incidents_filter *filter, struct arena *arena,
					struct incident_row *rows, size_t *count, struct err *err);

#endif
