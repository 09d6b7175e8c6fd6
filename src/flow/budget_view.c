#include "flow/budget_view.h"

#include <stdio.h>

#include "core/arena.h"
#include "core/field.h"
#include "crypt/digest.h"
#include "flow/agents_internal.h"
#include "flow/budget_internal.h"

static const struct field event_fields[] = {
	F_STR(budget_event_view, kind, DOC("budget.warning, budget.critical, budget.exhausted, budget.topup")),
	F_STR(budget_event_view, at, FORMAT("date-time")),
	F_NUM(budget_event_view, usage_percentage, UNIT("%")),
	F_STR(budget_event_view, budget_id, LEFT_OUT),
	F_STR(budget_event_view, reason, LEFT_OUT),
};
const struct field_table budget_event_table = FIELD_TABLE("budget.event", budget_event_view, event_fields);

struct thresholds {
	double warning, critical;
};

static const struct field threshold_fields[] = {
	F_NUM(thresholds, warning, DECIMALS(6)),
	F_NUM(thresholds, critical, DECIMALS(6)),
};
static const struct field_table threshold_table = FIELD_TABLE("budget.thresholds", thresholds, threshold_fields);

#define MONEY(m, doc_) F_STR(budget_view, m, DOC(doc_)), F_INT(budget_view, m##_micros)

#define BUDGET_FIELDS \
	F_STR(budget_view, budget_id), F_ENUM(budget_view, scope, budget_scope_names), F_STR(budget_view, scope_id), \
		MONEY(allocated_budget, "The limit"), MONEY(consumed_budget, "Spent in this window"), \
		MONEY(reserved, "Kept for work under way"), MONEY(remaining_budget, "Neither spent nor kept, from 0"), \
		MONEY(overspent, "Spent beyond the limit"), F_STR(budget_view, currency), \
		F_ENUM(budget_view, window, budget_window_names), F_STR(budget_view, tz), \
		F_STR(budget_view, window_started_at, NULLABLE, FORMAT("date-time")), \
		F_STR(budget_view, window_ends_at, NULLABLE, FORMAT("date-time")), \
		F_ENUM(budget_view, status, budget_status_names), F_NUM(budget_view, usage_percentage, UNIT("%")), \
		F_OBJECT(budget_view, thresholds, &threshold_table), \
		F_ENUM(budget_view, on_exhausted, budget_exhausted_names), \
		F_OBJECTS(budget_view, events, &budget_event_table, DOC("The newest 100")), F_BOOL(budget_view, is_exhausted), \
		F_BOOL(budget_view, is_suspended), F_STR(budget_view, created_at, FORMAT("date-time")), \
		F_STR(budget_view, updated_at, FORMAT("date-time")), F_INT(budget_view, version), \
		F_STR(budget_view, etag, DOC("Send it as If-Match with a change"))

#define RUN_FIELDS \
	F_STR(budget_view, execution_id, LEFT_OUT), F_STR(budget_view, workflow_execution_id, LEFT_OUT, DOC("On v3 paths"))

#define SUMMARY_FIELDS \
	F_STR(budget_view, run_id), RUN_FIELDS, MONEY(total_cost, "Of all entries"), \
		MONEY(saved, "What cached answers would have cost"), F_BOOL(budget_view, budget_exists)

#define SPLIT_FIELDS \
	F_JSON(budget_view, cost_by_operation_type), F_JSON(budget_view, cost_by_operation_type_micros), \
		F_JSON(budget_view, cost_by_agent), F_JSON(budget_view, cost_by_agent_micros)

static const struct field budget_fields[] = {BUDGET_FIELDS, RUN_FIELDS};
const struct field_table budget_table = FIELD_TABLE("budget", budget_view, budget_fields);

static const struct field summary_fields[] = {SUMMARY_FIELDS, BUDGET_FIELDS, SPLIT_FIELDS};
const struct field_table cost_summary_table = FIELD_TABLE("cost.summary", budget_view, summary_fields);

static const struct field bare_fields[] = {SUMMARY_FIELDS, SPLIT_FIELDS};
const struct field_table cost_summary_bare_table = FIELD_TABLE("cost.summary-bare", budget_view, bare_fields);

void budget_etag(const struct budget_row *row, char etag[ETAG_TEXT])
{
	char text[80], hex[SHA256_HEX_SIZE];
	int size = snprintf(text, sizeof text, "budget:%s:%lld", row->budget_id, (long long)row->version);
	sha256_hex(text, (size_t)size, hex);
	etag_format(etag, hex);
}

static void fill_money(const struct budget_row *row, struct arena *arena, struct budget_view *view)
{
	view->allocated_budget_micros = row->allocated;
	view->consumed_budget_micros = row->consumed;
	view->reserved_micros = row->reserved;
	view->remaining_budget_micros = budget_left(row);
	view->overspent_micros = row->consumed > row->allocated ? row->consumed - row->allocated : 0;
	view->allocated_budget = agents_money(arena, view->allocated_budget_micros);
	view->consumed_budget = agents_money(arena, view->consumed_budget_micros);
	view->reserved = agents_money(arena, view->reserved_micros);
	view->remaining_budget = agents_money(arena, view->remaining_budget_micros);
	view->overspent = agents_money(arena, view->overspent_micros);
}

static void fill_status(const struct budget_row *row, struct budget_view *view)
{
	double usage = budget_usage(row->allocated, budget_used(row));
	view->status = (int)budget_status(usage, row->warning, row->critical);
	view->usage_percentage = 100 * usage;
	view->thresholds.warning = row->warning;
	view->thresholds.critical = row->critical;
	view->on_exhausted = (int)row->on_exhausted;
	view->is_exhausted = usage >= 1;
	view->is_suspended = row->suspended;
}

static void fill_events(const struct budget_event *events, size_t count, struct arena *arena, struct budget_view *view)
{
	view->events.items = arena_array(arena, count + 1, sizeof *view->events.items);
	for (size_t i = 0; view->events.items != NULL && i < count; i++)
		view->events.items[view->events.count++] =
			(struct budget_event_view){.kind = events[i].kind,
									   .at = agents_time(arena, events[i].at_us),
									   .usage_percentage = events[i].usage_percentage,
									   .reason = events[i].reason};
}

bool budget_view_fill(const struct budget_row *row, const struct budget_event *events, size_t count, bool v3,
					  struct arena *arena, struct budget_view *view)
{
	char etag[ETAG_TEXT];
	budget_etag(row, etag);
	view->budget_id = row->budget_id;
	view->scope = (int)row->scope;
	view->scope_id = row->scope_id;
	view->currency = row->currency;
	view->window = (int)row->window;
	view->tz = row->tz;
	view->window_started_at = agents_time(arena, row->window_start_us);
	view->window_ends_at = row->window == BUDGET_TOTAL ? NULL : agents_time(arena, row->window_end_us);
	view->created_at = agents_time(arena, row->created_us);
	view->updated_at = agents_time(arena, row->updated_us);
	view->version = row->version;
	view->etag = arena_dup(arena, etag);
	if (v3 && row->scope == BUDGET_RUN)
		view->execution_id = view->workflow_execution_id = row->scope_id;
	fill_money(row, arena, view);
	fill_status(row, view);
	fill_events(events, count, arena, view);
	return !arena->full;
}
