/*
 * A budget as it is told, and the summary of a run's costs, which tells of its budget too.
 */
#ifndef CS_FLOW_BUDGET_VIEW_H
#define CS_FLOW_BUDGET_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/etag.h"

struct arena;
struct budget_event;
struct budget_row;
struct field_table;
struct json;

struct budget_event_view {
	const char *kind, *at, *budget_id, *reason;
	double usage_percentage;
};

struct budget_view {
	const char *run_id, *execution_id, *workflow_execution_id; /* the last two on v3 paths only */
	const char *budget_id;
	int scope;
	const char *scope_id, *allocated_budget, *consumed_budget, *reserved, *remaining_budget, *overspent, *currency;
	int64_t allocated_budget_micros, consumed_budget_micros, reserved_micros, remaining_budget_micros, overspent_micros;
	int window;
	const char *tz, *window_started_at, *window_ends_at;
	int status;
	double usage_percentage;
	struct {
		double warning, critical;
	} thresholds;
	int on_exhausted;
	struct {
		size_t count;
		struct budget_event_view *items;
	} events;
	bool is_exhausted, is_suspended;
	const char *created_at, *updated_at, *etag;
	int64_t version;

	/* of a summary */
	const char *total_cost, *saved;
	int64_t total_cost_micros, saved_micros;
	bool budget_exists;
	const struct json *cost_by_operation_type, *cost_by_operation_type_micros, *cost_by_agent, *cost_by_agent_micros;
};

extern const struct field_table budget_table, budget_event_table;

/* With the members of a budget, and without. */
extern const struct field_table cost_summary_table, cost_summary_bare_table;

/* Fill the budget's members; texts are the arena's.  False: it is full. */
bool budget_view_fill(const struct budget_row *row, const struct budget_event *events, size_t count, bool v3,
					  struct arena *arena, struct budget_view *view);

/* The ETag of a budget: of what people set, not of what is spent. */
void budget_etag(const struct budget_row *row, char etag[ETAG_TEXT]);

#endif
