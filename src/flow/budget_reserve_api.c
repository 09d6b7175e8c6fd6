#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "flow/budget_internal.h"
#include "flow/cost.h"
#include "flow/domain/money.h"
#include "http/exchange.h"
#include "people/reply.h"

/* Reservations: keep money for what is about to be done, and end that [flow.md 7]. */

enum { TTL_S = 300, TTL_MAX_S = 86400 };

/* --- what is told --- */

struct reservation_view {
	const char *reservation_id, *status;
	struct {
		size_t count;
		const char **items;
	} budget_ids;
	const char *run_id, *agent_id, *amount, *available, *actual, *currency, *purpose, *entry_id, *expires_at,
		*created_at, *ended_at;
	int64_t amount_micros, available_micros, actual_micros, over_micros;
	const char *over;
};

#define HEAD \
	F_STR(reservation_view, reservation_id), F_STR(reservation_view, status, DOC("held, settled, released, expired")), \
		F_STR(reservation_view, amount), F_INT(reservation_view, amount_micros)

static const struct field made_fields[] = {
	HEAD,
	F_STRS(reservation_view, budget_ids, DOC("Every budget that covers it")),
	F_STR(reservation_view, available, DOC("The least that any of them has left")),
	F_INT(reservation_view, available_micros),
	F_STR(reservation_view, expires_at, FORMAT("date-time")),
};
static const struct field_table made_table = FIELD_TABLE("reservations.made", reservation_view, made_fields);

static const struct field ended_fields[] = {
	HEAD,
	F_STR(reservation_view, actual, NULLABLE, DOC("What was spent")),
	F_INT(reservation_view, actual_micros, NULLABLE),
	F_STR(reservation_view, over, NULLABLE, DOC("Of it, beyond what was kept")),
	F_INT(reservation_view, over_micros, NULLABLE),
	F_STR(reservation_view, entry_id, NULLABLE, DOC("The row of what was spent")),
	F_STR(reservation_view, run_id, NULLABLE),
	F_STR(reservation_view, agent_id, NULLABLE),
	F_STR(reservation_view, currency),
	F_STR(reservation_view, purpose, NULLABLE),
	F_STR(reservation_view, expires_at, NULLABLE, FORMAT("date-time")),
	F_STR(reservation_view, created_at, FORMAT("date-time")),
	F_STR(reservation_view, ended_at, NULLABLE, FORMAT("date-time")),
};
static const struct field_table ended_table = FIELD_TABLE("reservations.ended", reservation_view, ended_fields);

/* --- keep --- */

struct reserve_request {
	const char *budget_id, *run_id, *execution_id, *agent_id, *workflow, *step, *purpose, *currency;
	const struct json *amount;
	int64_t ttl_s;
};

static const struct field reserve_fields[] = {
	F_STR(reserve_request, budget_id, LENGTH(1, 64), DOC("Whoever this budget is for")),
	F_STR(reserve_request, run_id, ALSO("workflow_execution_id"), LENGTH(1, 255)),
	F_STR(reserve_request, execution_id, LENGTH(1, 255)),
	F_STR(reserve_request, agent_id, LENGTH(1, 255)),
	F_STR(reserve_request, workflow, LENGTH(1, 255), DOC("namespace/name; that of a run of ours is known")),
	F_STR(reserve_request, step, LENGTH(1, 255)),
	F_STR(reserve_request, currency, LENGTH(3, 3), DOC("Must be that of the budgets")),
	F_JSON(reserve_request, amount, REQUIRED, DOC("Above 0: decimal text or a number")),
	F_INT(reserve_request, ttl_s, RANGE(1, TTL_MAX_S), DEFAULT(TTL_S), UNIT("s"), DOC("Freed by itself then")),
	F_STR(reserve_request, purpose, LENGTH(1, 255)),
};
static const struct field_table reserve_table = FIELD_TABLE("reservations.create", reserve_request, reserve_fields);

struct reserving {
	struct agents_write w; /* first */
	struct reserve_request request;
	struct spender spender;
	int64_t amount, expires_us;
	struct budget_reservation made;
};

/* A budget's id stands for whom it covers. */
static bool take_budget(struct reserving *r, struct db *db, struct err *err)
{
	struct budget_row row;
	const char *id = r->request.budget_id;
	bool found = false;
	if (id == NULL)
		return true;
	if (id_valid(id) && !budget_find(db, r->w.account_id, id, r->w.now_us, &r->w.x->arena, &row, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "There is no such budget.");
	if (row.scope == BUDGET_RUN)
		r->spender.run_id = row.scope_id;
	else if (row.scope == BUDGET_AGENT)
		r->spender.agent_id = row.scope_id;
	else if (row.scope == BUDGET_WORKFLOW)
		r->spender.workflow = row.scope_id;
	return true;
}

static bool change_reserve(struct agents_write *w, struct db *db, struct err *err)
{
	struct reserving *r = (struct reserving *)w;
	struct budget_refusal refusal;
	r->expires_us = w->now_us + r->request.ttl_s * STAMP_US_PER_S;
	if (!take_budget(r, db, err) || !cost_spender(w, db, &r->spender, err) ||
		!budget_reserve(&w->api->budgets, db, &r->spender, r->amount, r->expires_us, r->request.purpose, w->now_us,
						&r->made, &refusal, err))
		return false;
	if (refusal.refused) {
		agents_tell_refusal(w->x, &refusal);
		return write_refuse(&w->write, ERR_BUDGET_EXCEEDED, "The budget %s has %s left, not %s.", refusal.budget_id,
							agents_money(&w->x->arena, refusal.available), agents_money(&w->x->arena, r->amount));
	}
	if (r->made.reservation_id[0] == '\0')
		return err_set(err, ERR_NOT_FOUND, "No budget covers this.");
	return agents_audit(w, db, AUDIT_COST_RESERVE, r->made.reservation_id, NULL, err);
}

static void answer_reserved(struct agents_write *w)
{
	struct reserving *r = (struct reserving *)w;
	struct arena *arena = &w->x->arena;
	struct reservation_view view = {.reservation_id = r->made.reservation_id,
									.status = reservation_state_names[RESERVATION_HELD],
									.amount = agents_money(arena, r->amount),
									.amount_micros = r->amount,
									.available = agents_money(arena, r->made.available),
									.available_micros = r->made.available,
									.expires_at = agents_time(arena, r->expires_us)};
	view.budget_ids.items = arena_array(arena, r->made.count, sizeof *view.budget_ids.items);
	for (size_t i = 0; view.budget_ids.items != NULL && i < r->made.count; i++)
		view.budget_ids.items[view.budget_ids.count++] = r->made.budget_ids[i];
	reply_fact(w->x, 201, &made_table, &view);
}

static void check_reserve(void *self, struct faults *faults)
{
	struct reserving *r = self;
	const struct reserve_request *q = &r->request;
	agents_take_money(q->amount, "/amount", 1, COST_MAX, &r->amount, faults);
	r->spender = (struct spender){.account_id = r->w.account_id,
								  .run_id = q->run_id != NULL ? q->run_id : q->execution_id,
								  .agent_id = q->agent_id,
								  .workflow = q->workflow,
								  .step = q->step,
								  .currency = q->currency};
	if (q->budget_id == NULL && r->spender.run_id == NULL && q->agent_id == NULL)
		faults_add(faults, "/run_id", "required", "name one of budget_id, run_id, agent_id");
}

static void handle_reserve(struct exchange *x)
{
	struct reserving *r = agents_start(x, sizeof *r);
	if (r != NULL && exchange_decode_checked(x, &r->request, check_reserve, r))
		agents_submit(&r->w, change_reserve, answer_reserved);
}

/* --- end --- */

struct settle_request {
	const struct json *actual, *metadata;
	int operation_type;
	const char *provider, *model;
};

static const struct field settle_fields[] = {
	F_JSON(settle_request, actual, REQUIRED, DOC("What was spent, from 0; more than was kept counts too")),
	F_ENUM(settle_request, operation_type, cost_operation_names, DEFAULT(COST_API_CALL)),
	F_STR(settle_request, provider, LENGTH(1, 100)),
	F_STR(settle_request, model, LENGTH(1, 200)),
	F_JSON(settle_request, metadata),
};
static const struct field_table settle_table = FIELD_TABLE("reservations.settle", settle_request, settle_fields);

struct ending {
	struct agents_write w; /* first */
	struct settle_request request;
	struct cost_item item;
	struct reservation_row row;
};

static bool change_settle(struct agents_write *w, struct db *db, struct err *err)
{
	struct ending *e = (struct ending *)w;
	return budget_settle(&w->api->budgets, db, w->account_id, exchange_param(w->x, "id"), &e->item, w->now_us,
						 &w->x->arena, &e->row, err) &&
		   agents_audit(w, db, AUDIT_COST_SETTLE, e->row.reservation_id, NULL, err);
}

static bool change_release(struct agents_write *w, struct db *db, struct err *err)
{
	struct ending *e = (struct ending *)w;
	return budget_release(&w->api->budgets, db, w->account_id, exchange_param(w->x, "id"), w->now_us, &w->x->arena,
						  &e->row, err) &&
		   agents_audit(w, db, AUDIT_COST_RELEASE, e->row.reservation_id, NULL, err);
}

static void answer_ended(struct agents_write *w)
{
	const struct reservation_row *r = &((struct ending *)w)->row;
	struct arena *arena = &w->x->arena;
	struct reservation_view view = {.reservation_id = r->reservation_id,
									.status = reservation_state_names[r->state],
									.amount = agents_money(arena, r->amount),
									.amount_micros = r->amount,
									.actual_micros = FIELD_NO_INT,
									.over_micros = FIELD_NO_INT,
									.entry_id = r->entry_id,
									.run_id = r->run_id,
									.agent_id = r->agent_id,
									.currency = r->currency,
									.purpose = r->purpose,
									.expires_at = agents_time(arena, r->expires_us),
									.created_at = agents_time(arena, r->created_us),
									.ended_at = agents_time(arena, r->ended_us)};
	if (r->actual >= 0) {
		view.actual_micros = r->actual;
		view.actual = agents_money(arena, r->actual);
		view.over_micros = r->actual > r->amount ? r->actual - r->amount : 0;
		view.over = agents_money(arena, view.over_micros);
	}
	reply_fact(w->x, 200, &ended_table, &view);
}

static void check_settle(void *self, struct faults *faults)
{
	struct ending *e = self;
	agents_take_money(e->request.actual, "/actual", 0, COST_MAX, &e->item.cost, faults);
	if (e->request.operation_type >= 0)
		e->item.operation_type = cost_operation_names[e->request.operation_type];
	e->item.provider = e->request.provider;
	e->item.model = e->request.model;
	e->item.metadata = cost_object_text(e->request.metadata, "/metadata", faults->arena, faults);
}

static void handle_settle(struct exchange *x)
{
	struct ending *e = agents_start(x, sizeof *e);
	if (e != NULL && exchange_decode_checked(x, &e->request, check_settle, e))
		agents_submit(&e->w, change_settle, answer_ended);
}

static void handle_release(struct exchange *x)
{
	struct ending *e = agents_start(x, sizeof *e);
	if (e != NULL)
		agents_submit(&e->w, change_release, answer_ended);
}

/* --- routes --- */

static const enum err_kind reserve_errors[] = {ERR_BUDGET_EXCEEDED, ERR_NONE};
static const enum err_kind end_errors[] = {ERR_TRANSITION_REFUSED, ERR_NONE};

#define RESERVATIONS "/api/v1/flow/cost/reservations"
#define RESERVATIONS_V3 "/api/v3/cost/reservations"

const struct route reservation_routes[] = {
	ROUTE(POST, RESERVATIONS, "cost.write", EFFECT_WRITE, handle_reserve, .aliases = ALIASES({RESERVATIONS_V3}),
		  .operation = "cost.reserve", .summary = "Keep money for what is about to be done: of every budget or of none",
		  .body = &reserve_table, .result = &made_table, .status = 201, .errors = reserve_errors,
		  .example = "{\"run_id\":\"run-1\",\"amount\":\"0.25\",\"purpose\":\"llm\"}"),
	ROUTE(POST, RESERVATIONS "/{id}/settle", "cost.write", EFFECT_WRITE, handle_settle,
		  .aliases = ALIASES({RESERVATIONS_V3 "/{id}/settle"}), .operation = "cost.settle",
		  .summary = "It was done: what it cost; the rest is free again", .body = &settle_table, .result = &ended_table,
		  .errors = end_errors, .example = "{\"actual\":\"0.19\"}"),
	ROUTE(POST, RESERVATIONS "/{id}/release", "cost.write", EFFECT_WRITE, handle_release,
		  .aliases = ALIASES({RESERVATIONS_V3 "/{id}/release"}), .operation = "cost.release",
		  .summary = "It will not be done: all of it is free again", .result = &ended_table, .errors = end_errors),
};
const size_t reservation_routes_count = sizeof reservation_routes / sizeof *reservation_routes;
