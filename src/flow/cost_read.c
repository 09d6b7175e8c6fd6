#include "flow/cost_read.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/agents_internal.h"
#include "flow/budget_internal.h"
#include "flow/budget_view.h"
#include "flow/cost.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* What is read of one run. */
struct reading {
	struct exchange *x;
	const char *account_id, *run_id;
	struct cost_total total;
	struct budget_row budgets[BUDGETS_COVER_MAX];
	size_t budget_count;
	struct budget_event *events;
	size_t event_count;
	struct cost_sum *sums, *agents;
	size_t sum_count, agent_count;
	int by;
	int64_t steps_done, steps;
};

enum { EVENTS_SHOWN = 100 };

/* Nobody spent anything under this name, no budget has it and it is no run of ours: it does not exist. */
static bool exists(struct reading *r, struct db *db, struct err *err)
{
	const struct agents_api *api = r->x->owner;
	const struct budget_hooks *hooks = &api->options.budget_hooks;
	const char *workflow;
	bool known = r->total.entries > 0 || r->budget_count > 0;
	if (!known && hooks->workflow_of != NULL &&
		!hooks->workflow_of(hooks->self, db, r->account_id, r->run_id, &r->x->arena, &workflow, &known, err))
		return false;
	return known || err_set(err, ERR_NOT_FOUND, "There is no such run.");
}

static bool read_common(struct reading *r, struct db *db, struct err *err)
{
	return cost_total_of(db, r->account_id, r->run_id, &r->total, err) &&
		   budgets_of_scope(db, r->account_id, BUDGET_RUN, r->run_id, agents_now(r->x), &r->x->arena, r->budgets,
							&r->budget_count, err) &&
		   exists(r, db, err);
}

static struct reading *start(struct exchange *x)
{
	struct reading *r = arena_new(&x->arena, struct reading);
	if (r == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	r->x = x;
	r->account_id = principal_of(x)->account_id;
	r->run_id = exchange_param(x, "run_id");
	return r;
}

/* Of several windows the one of the whole run, else the oldest. */
static const struct budget_row *main_budget(const struct reading *r)
{
	for (size_t i = 0; i < r->budget_count; i++)
		if (r->budgets[i].window == BUDGET_TOTAL)
			return &r->budgets[i];
	return r->budget_count > 0 ? &r->budgets[0] : NULL;
}

/* --- summary --- */

static bool read_summary(void *self, struct db *db, struct err *err)
{
	struct reading *r = self;
	struct arena *arena = &r->x->arena;
	if (!read_common(r, db, err))
		return false;
	const struct budget_row *budget = main_budget(r);
	r->events = arena_array(arena, EVENTS_SHOWN, sizeof *r->events);
	if (r->events == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return cost_sums(db, r->account_id, r->run_id, COST_BY_OPERATION_TYPE, arena, &r->sums, &r->sum_count, err) &&
		   cost_sums(db, r->account_id, r->run_id, COST_BY_AGENT, arena, &r->agents, &r->agent_count, err) &&
		   (budget == NULL ||
			budget_events_of(db, budget->budget_id, EVENTS_SHOWN, arena, r->events, &r->event_count, err));
}

/* Sums as an object: money as text, or micro-units as numbers. */
static const struct json *sums_json(const struct cost_sum *sums, size_t count, bool micros, struct arena *arena)
{
	const struct json *json = NULL;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	for (size_t i = 0; i < count; i++) {
		if (sums[i].key == NULL)
			continue;
		if (micros)
			jw_member_int(&jw, sums[i].key, sums[i].cost);
		else
			jw_member_str(&jw, sums[i].key, agents_money(arena, sums[i].cost));
	}
	jw_object_end(&jw);
	const char *text = jw_ok(&jw) ? arena_dupn(arena, buf_text(&buf), buf.size) : NULL;
	if (text != NULL)
		json_parse(arena, text, buf.size, &json_body_limits, &json, NULL);
	buf_fini(&buf);
	return json;
}

void cost_handle_summary(struct exchange *x)
{
	struct reading *r = start(x);
	struct arena *arena = &x->arena;
	if (r == NULL || !agents_read(x, read_summary, r))
		return;
	const struct budget_row *budget = main_budget(r);
	struct budget_view view = {.run_id = r->run_id,
							   .total_cost = agents_money(arena, r->total.cost),
							   .total_cost_micros = r->total.cost,
							   .saved = agents_money(arena, r->total.saved),
							   .saved_micros = r->total.saved,
							   .budget_exists = budget != NULL,
							   .cost_by_operation_type = sums_json(r->sums, r->sum_count, false, arena),
							   .cost_by_operation_type_micros = sums_json(r->sums, r->sum_count, true, arena),
							   .cost_by_agent = sums_json(r->agents, r->agent_count, false, arena),
							   .cost_by_agent_micros = sums_json(r->agents, r->agent_count, true, arena)};
	if (budget != NULL)
		budget_view_fill(budget, r->events, r->event_count, false, arena, &view);
	if (agents_v3(x))
		view.execution_id = view.workflow_execution_id = r->run_id;
	reply_fact(x, 200, budget != NULL ? &cost_summary_table : &cost_summary_bare_table, &view);
}

/* --- breakdown --- */

struct breakdown_query {
	int by;
};

static const struct field breakdown_query_fields[] = {
	F_ENUM(breakdown_query, by, cost_by_names, DEFAULT(COST_BY_OPERATION_TYPE)),
};
const struct field_table cost_breakdown_query_table =
	FIELD_TABLE("cost.breakdown.query", breakdown_query, breakdown_query_fields);

struct sum_view {
	const char *key, *cost, *saved;
	int64_t cost_micros, saved_micros, entries;
	double percentage;
};

static const struct field sum_fields[] = {
	F_STR(sum_view, key, NULLABLE, DOC("null: entries that name none")),
	F_STR(sum_view, cost),
	F_INT(sum_view, cost_micros),
	F_STR(sum_view, saved),
	F_INT(sum_view, saved_micros),
	F_INT(sum_view, entries),
	F_NUM(sum_view, percentage, UNIT("%")),
};
static const struct field_table sum_table = FIELD_TABLE("cost.sum", sum_view, sum_fields);

struct breakdown {
	const char *run_id, *total_cost;
	int by;
	int64_t total_cost_micros;
	struct {
		size_t count;
		struct sum_view *items;
	} breakdown;
};

static const struct field breakdown_fields[] = {
	F_STR(breakdown, run_id),
	F_ENUM(breakdown, by, cost_by_names),
	F_STR(breakdown, total_cost),
	F_INT(breakdown, total_cost_micros),
	F_OBJECTS(breakdown, breakdown, &sum_table, DOC("The dearest first; days in order")),
};
const struct field_table cost_breakdown_table = FIELD_TABLE("cost.breakdown", breakdown, breakdown_fields);

static bool read_breakdown(void *self, struct db *db, struct err *err)
{
	struct reading *r = self;
	return read_common(r, db, err) &&
		   cost_sums(db, r->account_id, r->run_id, (enum cost_by)r->by, &r->x->arena, &r->sums, &r->sum_count, err);
}

void cost_handle_breakdown(struct exchange *x)
{
	struct reading *r = start(x);
	struct breakdown_query query;
	struct arena *arena = &x->arena;
	if (r == NULL || !exchange_decode_query(x, &query))
		return;
	r->by = query.by;
	if (!agents_read(x, read_breakdown, r))
		return;
	struct breakdown view = {.run_id = r->run_id,
							 .by = query.by,
							 .total_cost = agents_money(arena, r->total.cost),
							 .total_cost_micros = r->total.cost};
	view.breakdown.items = arena_array(arena, r->sum_count, sizeof *view.breakdown.items);
	for (size_t i = 0; view.breakdown.items != NULL && i < r->sum_count; i++) {
		const struct cost_sum *sum = &r->sums[i];
		view.breakdown.items[view.breakdown.count++] =
			(struct sum_view){.key = sum->key,
							  .cost = agents_money(arena, sum->cost),
							  .cost_micros = sum->cost,
							  .saved = agents_money(arena, sum->saved),
							  .saved_micros = sum->saved,
							  .entries = sum->entries,
							  .percentage = r->total.cost > 0 ? 100 * (double)sum->cost / (double)r->total.cost : 0};
	}
	reply_fact(x, 200, &cost_breakdown_table, &view);
}

/* --- projection --- */

struct projection_query {
	double completion_percentage;
};

static const struct field projection_query_fields[] = {
	F_NUM(projection_query, completion_percentage, ABOVE(0, 100), UNIT("%"),
		  DOC("For what is no run of ours; ours are known by their steps")),
};
const struct field_table cost_projection_query_table =
	FIELD_TABLE("cost.projection.query", projection_query, projection_query_fields);

static const char *const method_names[] = {"completion", "daily_mean", "none", NULL};
enum projection_method { METHOD_COMPLETION, METHOD_DAILY_MEAN, METHOD_NOT_KNOWN };

struct projection {
	const char *run_id, *total_cost, *projected_total, *exhausts_at;
	int64_t total_cost_micros, projected_total_micros;
	double completion_percentage;
	int method;
};

static const struct field projection_fields[] = {
	F_STR(projection, run_id),
	F_STR(projection, total_cost),
	F_INT(projection, total_cost_micros),
	F_STR(projection, projected_total, NULLABLE),
	F_INT(projection, projected_total_micros, NULLABLE),
	F_NUM(projection, completion_percentage, NULLABLE, UNIT("%")),
	F_ENUM(projection, method, method_names, DOC("none: nothing says how far the run is")),
	F_STR(projection, exhausts_at, NULLABLE, FORMAT("date-time"), DOC("When the budget ends at this pace")),
};
const struct field_table cost_projection_table = FIELD_TABLE("cost.projection", projection, projection_fields);

static bool read_projection(void *self, struct db *db, struct err *err)
{
	struct reading *r = self;
	const struct agents_api *api = r->x->owner;
	const struct budget_hooks *hooks = &api->options.budget_hooks;
	return read_common(r, db, err) &&
		   (hooks->steps_of == NULL ||
			hooks->steps_of(hooks->self, db, r->account_id, r->run_id, &r->steps_done, &r->steps, err));
}

/* total / fraction of steps, where that is known; else what a window will have at the daily mean. */
static void project(const struct reading *r, double percentage, struct projection *p)
{
	const struct budget_row *budget = main_budget(r);
	int64_t now_us = agents_now(r->x);
	if (!given(percentage) && r->steps_done > 0 && r->steps_done <= r->steps)
		percentage = 100 * (double)r->steps_done / (double)r->steps;
	p->completion_percentage = percentage;
	if (given(percentage)) {
		p->method = METHOD_COMPLETION;
		p->projected_total_micros = budget_project(r->total.cost, percentage / 100);
	} else if (budget != NULL && budget->window != BUDGET_TOTAL) {
		p->method = METHOD_DAILY_MEAN;
		p->projected_total_micros =
			budget_project_window(budget->consumed, budget->window_start_us, budget->window_end_us, now_us);
	}
	if (budget == NULL || p->projected_total_micros == FIELD_NO_INT || p->projected_total_micros <= budget->allocated)
		return;
	int64_t from_us = budget->window == BUDGET_TOTAL ? r->total.first_us : budget->window_start_us;
	int64_t at_us = budget_exhausts_at(budget->allocated, budget->consumed, from_us, now_us);
	p->exhausts_at = agents_time(&r->x->arena, at_us);
}

void cost_handle_projection(struct exchange *x)
{
	struct reading *r = start(x);
	struct projection_query query;
	if (r == NULL || !exchange_decode_query(x, &query) || !agents_read(x, read_projection, r))
		return;
	struct projection p = {.run_id = r->run_id,
						   .total_cost = agents_money(&x->arena, r->total.cost),
						   .total_cost_micros = r->total.cost,
						   .projected_total_micros = FIELD_NO_INT,
						   .completion_percentage = NAN,
						   .method = METHOD_NOT_KNOWN};
	project(r, query.completion_percentage, &p);
	if (p.projected_total_micros != FIELD_NO_INT)
		p.projected_total = agents_money(&x->arena, p.projected_total_micros);
	reply_fact(x, 200, &cost_projection_table, &p);
}
