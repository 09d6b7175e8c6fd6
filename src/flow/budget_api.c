#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/zone.h"
#include "flow/agents_internal.h"
#include "flow/budget_internal.h"
#include "flow/budget_view.h"
#include "flow/domain/money.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* Budgets: make, read, list, change, top up [flow.md 7]. */

enum { EVENTS_SHOWN = 100, LIST_MAX = 500, LIST_USUAL = 50 };

#define LIMIT_MAX (INT64_C(1000000000000) * MONEY_UNIT)

/* --- bodies --- */

struct budget_request {
	int scope;
	const char *scope_id, *run_id, *execution_id, *agent_id, *currency, *tz;
	const struct json *allocated_budget;
	int window, on_exhausted;
	double warning_threshold, critical_threshold;
	int64_t allocated;
};

#define THRESHOLDS(s) \
	F_NUM(s, warning_threshold, RANGE(0, 1), DOC("Share of the limit that raises budget.warning; default 0.8")), \
		F_NUM(s, critical_threshold, RANGE(0, 1), DOC("Above warning_threshold; default 0.95")), \
		F_ENUM(s, on_exhausted, budget_exhausted_names, DOC("What becomes of runs then; default suspend"))

static const struct field create_fields[] = {
	F_ENUM(budget_request, scope, budget_scope_names, DOC("Default run")),
	F_STR(budget_request, scope_id, LENGTH(1, 255), DOC("The run, agent or namespace/name; none for tenant")),
	F_STR(budget_request, run_id, ALSO("workflow_execution_id"), LENGTH(1, 255), DOC("The same for a run")),
	F_STR(budget_request, execution_id, LENGTH(1, 255), DOC("The same")),
	F_STR(budget_request, agent_id, LENGTH(1, 255), DOC("The same for an agent")),
	F_JSON(budget_request, allocated_budget, REQUIRED, DOC("The limit: decimal text or a number above 0")),
	F_STR(budget_request, currency, LENGTH(3, 3), DEFAULT_TEXT("USD"), DOC("Three capital letters")),
	F_ENUM(budget_request, window, budget_window_names, DEFAULT(BUDGET_TOTAL)),
	F_STR(budget_request, tz, LENGTH(1, 64), DEFAULT_TEXT("UTC"), DOC("In which days, weeks and months begin")),
	THRESHOLDS(budget_request),
};
static const struct field_table create_table = FIELD_TABLE("budgets.create", budget_request, create_fields);

static const struct field patch_fields[] = {
	F_JSON(budget_request, allocated_budget, DOC("The limit; below what is spent it shows as overspent")),
	THRESHOLDS(budget_request),
};
static const struct field_table patch_table = FIELD_TABLE("budgets.patch", budget_request, patch_fields);

struct topup_request {
	const struct json *amount;
	const char *reason;
	bool resume;
	int64_t micros;
};

static const struct field topup_fields[] = {
	F_JSON(topup_request, amount, REQUIRED, DOC("Added to the limit: decimal text or a number above 0")),
	F_STR(topup_request, reason, REQUIRED, LENGTH(1, 500)),
	F_BOOL(topup_request, resume, DEFAULT(true), DOC("Let its suspended runs go on")),
};
static const struct field_table topup_table = FIELD_TABLE("budgets.topup", topup_request, topup_fields);

/* --- one change under way --- */

struct change {
	struct agents_write w; /* first */
	struct budget_request request;
	struct topup_request topup;
	struct budget_row row;
	char id[ID_TEXT];
	struct budget_event *events;
	size_t event_count;
};

static bool read_events(struct change *c, struct db *db, struct err *err)
{
	c->events = arena_array(&c->w.x->arena, EVENTS_SHOWN, sizeof *c->events);
	if (c->events == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return budget_events_of(db, c->row.budget_id, EVENTS_SHOWN, &c->w.x->arena, c->events, &c->event_count, err);
}

static void answer_budget(struct exchange *x, int status, const struct budget_row *row,
						  const struct budget_event *events, size_t count)
{
	struct budget_view view = {.run_id = NULL};
	budget_view_fill(row, events, count, agents_v3(x), &x->arena, &view);
	exchange_set(x, "ETag", view.etag);
	reply_fact(x, status, &budget_table, &view);
}

static void answer_row(struct agents_write *w)
{
	const struct change *c = (const struct change *)w;
	answer_budget(w->x, 200, &c->row, c->events, c->event_count);
}

static void answer_created(struct agents_write *w)
{
	const struct change *c = (const struct change *)w;
	exchange_setf(w->x, "Location", "/api/v1/flow/cost/budgets/%s", c->row.budget_id);
	answer_budget(w->x, 201, &c->row, c->events, c->event_count);
}

/* --- create --- */

static bool capitals(const char *text)
{
	return strspn(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == strlen(text);
}

/* Whose budget it is to be: the scope may follow from the name of the id. */
static void take_scope(struct change *c, struct faults *faults)
{
	struct budget_request *r = &c->request;
	const char *run_id = r->run_id != NULL ? r->run_id : r->execution_id;
	if (r->scope < 0)
		r->scope = r->scope_id == NULL && run_id == NULL && r->agent_id != NULL ? BUDGET_AGENT : BUDGET_RUN;
	if (r->scope == BUDGET_TENANT) {
		if (r->scope_id != NULL && strcmp(r->scope_id, c->w.account_id) != 0)
			faults_add(faults, "/scope_id", "conflict", "is your own account: leave it out");
		r->scope_id = c->w.account_id;
	}
	if (r->scope_id == NULL && r->scope == BUDGET_RUN)
		r->scope_id = run_id;
	if (r->scope_id == NULL && r->scope == BUDGET_AGENT)
		r->scope_id = r->agent_id;
	if (r->scope_id == NULL)
		faults_add(faults, "/scope_id", "required", "is required");
}

static void take_thresholds(struct budget_request *r, struct faults *faults)
{
	if (r->critical_threshold <= r->warning_threshold)
		faults_add(faults, "/critical_threshold", "range", "must be above warning_threshold");
}

static void check_create(void *self, struct faults *faults)
{
	struct change *c = self;
	struct budget_request *r = &c->request;
	struct err err;
	take_scope(c, faults);
	r->warning_threshold = given(r->warning_threshold) ? r->warning_threshold : .8;
	r->critical_threshold = given(r->critical_threshold) ? r->critical_threshold : .95;
	r->on_exhausted = r->on_exhausted >= 0 ? r->on_exhausted : BUDGET_SUSPEND;
	take_thresholds(r, faults);
	agents_take_money(r->allocated_budget, "/allocated_budget", 1, LIMIT_MAX, &r->allocated, faults);
	if (r->currency != NULL && !capitals(r->currency))
		faults_add(faults, "/currency", "format", "must be three capital letters, such as USD");
	if (r->tz != NULL && zone_load(faults->arena, r->tz, &err) == NULL)
		faults_add(faults, "/tz", "time_zone", "must be the name of a time zone, such as Europe/Berlin");
}

static bool change_create(struct agents_write *w, struct db *db, struct err *err)
{
	struct change *c = (struct change *)w;
	const struct budget_request *r = &c->request;
	const struct zone *zone = zone_load(&w->x->arena, r->tz, err);
	if (zone == NULL)
		return false;
	c->row.window_start_us = budget_window_start(c->row.window, zone, w->now_us);
	c->row.window_end_us = budget_window_end(c->row.window, zone, w->now_us);
	c->row.created_us = c->row.updated_us = w->now_us;
	if (!budget_insert(db, &c->row, err)) {
		if (err->kind == ERR_DUPLICATE)
			err_set(err, ERR_DUPLICATE, "This %s has a budget of window %s already; top it up or change it.",
					budget_scope_names[c->row.scope], budget_window_names[c->row.window]);
		return false;
	}
	return agents_audit(w, db, AUDIT_BUDGET_CREATE, c->id, NULL, err);
}

static void handle_create(struct exchange *x)
{
	struct change *c = agents_start(x, sizeof *c);
	if (c == NULL || !exchange_decode_checked(x, &c->request, check_create, c))
		return;
	const struct principal *principal = principal_of(x);
	id_make(c->w.api->options.ids, c->id);
	c->row = (struct budget_row){.budget_id = c->id,
								 .account_id = c->w.account_id,
								 .scope = (enum budget_scope)c->request.scope,
								 .scope_id = c->request.scope_id,
								 .currency = c->request.currency,
								 .window = (enum budget_window)c->request.window,
								 .tz = c->request.tz,
								 .allocated = c->request.allocated,
								 .warning = c->request.warning_threshold,
								 .critical = c->request.critical_threshold,
								 .on_exhausted = (enum budget_exhausted)c->request.on_exhausted,
								 .created_by = principal->user_id[0] != '\0' ? principal->user_id : NULL,
								 .version = 1};
	agents_submit(&c->w, change_create, answer_created);
}

/* --- change --- */

/* The budget of the path, in its op. */
static bool read_named(struct change *c, struct db *db, struct err *err)
{
	const char *id = exchange_param(c->w.x, "id");
	bool found = false;
	if (id_valid(id) && !budget_find(db, c->w.account_id, id, c->w.now_us, &c->w.x->arena, &c->row, &found, err))
		return false;
	return found ? budget_roll(db, &c->row, c->w.now_us, err) : err_set(err, ERR_NOT_FOUND, "There is no such budget.");
}

/* Thresholds that are no longer reached can be raised again. */
static void rearm(struct budget_row *row)
{
	row->raised &= budget_reached(budget_usage(row->allocated, budget_used(row)), row->warning, row->critical);
	row->told &= row->raised;
}

static bool change_patch(struct agents_write *w, struct db *db, struct err *err)
{
	struct change *c = (struct change *)w;
	const struct budget_request *r = &c->request;
	char etag[ETAG_TEXT];
	if (!read_named(c, db, err))
		return false;
	budget_etag(&c->row, etag);
	if (!etag_if_match(w->x, etag, err))
		return false;
	c->row.allocated = r->allocated_budget != NULL ? r->allocated : c->row.allocated;
	c->row.warning = given(r->warning_threshold) ? r->warning_threshold : c->row.warning;
	c->row.critical = given(r->critical_threshold) ? r->critical_threshold : c->row.critical;
	c->row.on_exhausted = r->on_exhausted >= 0 ? (enum budget_exhausted)r->on_exhausted : c->row.on_exhausted;
	if (c->row.critical <= c->row.warning)
		return err_field(err, ERR_INVALID, "/critical_threshold", "critical_threshold must be above warning_threshold");
	rearm(&c->row);
	return budget_update(db, &c->row, w->now_us, err) && budget_raise(&w->api->budgets, db, &c->row, w->now_us, err) &&
		   read_events(c, db, err) && agents_audit(w, db, AUDIT_BUDGET_UPDATE, c->row.budget_id, NULL, err);
}

static void check_patch(void *self, struct faults *faults)
{
	struct budget_request *r = &((struct change *)self)->request;
	agents_take_money(r->allocated_budget, "/allocated_budget", 1, LIMIT_MAX, &r->allocated, faults);
}

static void handle_patch(struct exchange *x)
{
	struct change *c = agents_start(x, sizeof *c);
	if (c != NULL && exchange_decode_checked(x, &c->request, check_patch, c))
		agents_submit(&c->w, change_patch, answer_row);
}

static bool change_topup(struct agents_write *w, struct db *db, struct err *err)
{
	struct change *c = (struct change *)w;
	const struct topup_request *r = &c->topup;
	const struct budgets *budgets = &w->api->budgets;
	if (!read_named(c, db, err))
		return false;
	if (c->row.allocated > LIMIT_MAX - r->micros)
		return err_field(err, ERR_INVALID, "/amount", "The limit would be beyond what a budget can be.");
	c->row.allocated += r->micros;
	rearm(&c->row);
	bool goes_on = r->resume && budget_left(&c->row) > 0;
	c->row.suspended = c->row.suspended && !goes_on;
	return budget_update(db, &c->row, w->now_us, err) &&
		   budget_tell(budgets, db, &c->row, "budget.topup", r->reason, w->now_us, err) &&
		   (!goes_on || budgets->hooks.go_on == NULL || budgets->hooks.go_on(budgets->hooks.self, db, &c->row, err)) &&
		   read_events(c, db, err) && agents_audit(w, db, AUDIT_BUDGET_TOPUP, c->row.budget_id, r->reason, err);
}

static void check_topup(void *self, struct faults *faults)
{
	struct topup_request *r = &((struct change *)self)->topup;
	agents_take_money(r->amount, "/amount", 1, LIMIT_MAX, &r->micros, faults);
}

static void handle_topup(struct exchange *x)
{
	struct change *c = agents_start(x, sizeof *c);
	if (c != NULL && exchange_decode_checked(x, &c->topup, check_topup, c))
		agents_submit(&c->w, change_topup, answer_row);
}

/* --- read --- */

/* Reading is a change that changes nothing: the same struct, on a reader. */
static bool read_one(void *self, struct db *db, struct err *err)
{
	struct change *c = self;
	const char *id = exchange_param(c->w.x, "id");
	bool found = false;
	if (id_valid(id) && !budget_find(db, c->w.account_id, id, c->w.now_us, &c->w.x->arena, &c->row, &found, err))
		return false;
	return found ? read_events(c, db, err) : err_set(err, ERR_NOT_FOUND, "There is no such budget.");
}

static void handle_get(struct exchange *x)
{
	struct change *c = agents_start(x, sizeof *c);
	if (c == NULL)
		return;
	c->w.now_us = agents_now(x);
	if (agents_read(x, read_one, c))
		answer_budget(x, 200, &c->row, c->events, c->event_count);
}

struct list_query {
	int scope;
	const char *scope_id, *cursor;
	int64_t limit;
};

static const struct field list_query_fields[] = {
	F_ENUM(list_query, scope, budget_scope_names, DOC("Only of this scope")),
	F_STR(list_query, scope_id, LENGTH(1, 255), DOC("Only of this run, agent or workflow")),
	F_INT(list_query, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_USUAL)),
	F_STR(list_query, cursor, LENGTH(1, 400)),
};
static const struct field_table list_query_table = FIELD_TABLE("budgets.list.query", list_query, list_query_fields);

struct budget_list {
	struct {
		size_t count;
		struct budget_view *items;
	} items;
	const char *next_cursor;
};

static const struct field list_fields[] = {
	F_OBJECTS(budget_list, items, &budget_table),
	F_STR(budget_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("budgets.list", budget_list, list_fields);

struct listing {
	struct exchange *x;
	const char *account_id;
	struct list_query query;
	char before[AGENTS_CURSOR];
	struct budget_list list;
	bool more;
};

static bool read_page(void *self, struct db *db, struct err *err)
{
	struct listing *l = self;
	struct arena *arena = &l->x->arena;
	size_t limit = (size_t)l->query.limit, count = 0;
	struct budget_row *rows = arena_array(arena, limit + 1, sizeof *rows);
	struct budget_event *events = arena_array(arena, EVENTS_SHOWN, sizeof *events);
	l->list.items.items = arena_array(arena, limit, sizeof *l->list.items.items);
	if (rows == NULL || events == NULL || l->list.items.items == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!budgets_list(db, l->account_id, l->query.scope, l->query.scope_id, l->before, limit + 1, agents_now(l->x),
					  arena, rows, &count, err))
		return false;
	l->more = count > limit;
	for (size_t i = 0; i < count - l->more; i++) {
		size_t events_count;
		if (!budget_events_of(db, rows[i].budget_id, EVENTS_SHOWN, arena, events, &events_count, err))
			return false;
		budget_view_fill(&rows[i], events, events_count, agents_v3(l->x), arena,
						 &l->list.items.items[l->list.items.count++]);
	}
	return true;
}

static void handle_list(struct exchange *x)
{
	struct listing l = {.x = x, .account_id = principal_of(x)->account_id};
	if (!exchange_decode_query(x, &l.query))
		return;
	const char *filter = arena_printf(&x->arena, "budgets\n%s\n%d\n%s", l.account_id, l.query.scope,
									  l.query.scope_id != NULL ? l.query.scope_id : "");
	if (!agents_cursor(x, filter, l.query.cursor, l.before) || !agents_read(x, read_page, &l))
		return;
	if (l.more)
		l.list.next_cursor = agents_next(x, filter, l.list.items.items[l.list.items.count - 1].budget_id);
	reply_fact(x, 200, &list_table, &l.list);
}

/* --- routes --- */

static const enum err_kind create_errors[] = {ERR_DUPLICATE, ERR_NONE};
static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

#define BUDGETS "/api/v1/flow/cost/budgets"
#define BUDGETS_V3 "/api/v3/cost/budgets"

const struct route budget_routes[] = {
	ROUTE(POST, BUDGETS, "cost.write", EFFECT_WRITE, handle_create,
		  .aliases = ALIASES({BUDGETS_V3}, {"/api/v3/cost/budget"}), .operation = "cost.budgets.create", .tag = "cost",
		  .summary = "Limit what a run, an agent, a workflow or the account may spend", .body = &create_table,
		  .result = &budget_table, .status = 201, .errors = create_errors,
		  .example = "{\"scope\":\"run\",\"scope_id\":\"run-1\",\"allocated_budget\":\"10\",\"currency\":\"USD\"}"),
	ROUTE(GET, BUDGETS, "flow.read", EFFECT_READ, handle_list,
		  .aliases = ALIASES({BUDGETS_V3}, {"/api/v3/cost/budget"}), .operation = "cost.budgets.list", .tag = "cost",
		  .summary = "Budgets, newest first", .query = &list_query_table, .result = &list_table, .errors = list_errors),
	ROUTE(GET, BUDGETS "/{id}", "flow.read", EFFECT_READ, handle_get, .aliases = ALIASES({BUDGETS_V3 "/{id}"}),
		  .operation = "cost.budgets.get", .tag = "cost", .summary = "One budget", .result = &budget_table),
	ROUTE(PATCH, BUDGETS "/{id}", "cost.write", EFFECT_WRITE, handle_patch, .aliases = ALIASES({BUDGETS_V3 "/{id}"}),
		  .operation = "cost.budgets.update", .tag = "cost", .summary = "Change a budget; needs If-Match",
		  .body = &patch_table, .result = &budget_table),
	ROUTE(POST, BUDGETS "/{id}/topup", "cost.write", EFFECT_WRITE, handle_topup,
		  .aliases = ALIASES({BUDGETS_V3 "/{id}/topup"}), .operation = "cost.budgets.topup", .tag = "cost",
		  .summary = "Add to a budget; its suspended runs go on", .body = &topup_table, .result = &budget_table,
		  .example = "{\"amount\":\"5\",\"reason\":\"two more documents\"}"),
};
const size_t budget_routes_count = sizeof budget_routes / sizeof *budget_routes;
