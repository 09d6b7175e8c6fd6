#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "flow/agents_internal.h"
#include "flow/health.h"
#include "flow/health_view.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* Incidents, and the health of all agents of a run [flow.md 9]. */

enum { LIST_MAX = 500, LIST_USUAL = 50 };

/* --- what is told --- */

struct incident_view {
	const char *incident_id, *agent_id, *run_id, *execution_id, *workflow_execution_id, *kind, *title, *description,
		*error_message, *resolution, *resolved_by, *resolved_at, *created_at, *updated_at;
	int severity, status;
	double health_score, failure_rate;
};

static const struct field view_fields[] = {
	F_STR(incident_view, incident_id),
	F_STR(incident_view, agent_id),
	F_STR(incident_view, run_id, NULLABLE),
	F_STR(incident_view, execution_id, LEFT_OUT),
	F_STR(incident_view, workflow_execution_id, LEFT_OUT, DOC("On v3 paths")),
	F_STR(incident_view, kind, DOC("reported, heartbeat_lost, score or healing")),
	F_ENUM(incident_view, severity, incident_severity_names),
	F_ENUM(incident_view, status, incident_status_names),
	F_STR(incident_view, title),
	F_STR(incident_view, description, NULLABLE),
	F_STR(incident_view, error_message, NULLABLE),
	F_NUM(incident_view, health_score, NULLABLE),
	F_NUM(incident_view, failure_rate, NULLABLE),
	F_STR(incident_view, resolution, NULLABLE),
	F_STR(incident_view, resolved_by, NULLABLE),
	F_STR(incident_view, resolved_at, NULLABLE, FORMAT("date-time")),
	F_STR(incident_view, created_at, FORMAT("date-time")),
	F_STR(incident_view, updated_at, FORMAT("date-time")),
};
static const struct field_table view_table = FIELD_TABLE("incidents.incident", incident_view, view_fields);

static struct incident_view show(const struct incident_row *row, const struct exchange *x, struct arena *arena)
{
	const char *v3 = agents_v3(x) ? row->run_id : NULL;
	return (struct incident_view){.incident_id = row->incident_id,
								  .agent_id = row->agent_id,
								  .run_id = row->run_id,
								  .execution_id = v3,
								  .workflow_execution_id = v3,
								  .kind = row->kind,
								  .title = row->title,
								  .description = row->description,
								  .error_message = row->error_message,
								  .resolution = row->resolution,
								  .resolved_by = row->resolved_by,
								  .resolved_at = agents_time(arena, row->resolved_us),
								  .created_at = agents_time(arena, row->created_us),
								  .updated_at = agents_time(arena, row->updated_us),
								  .severity = (int)row->severity,
								  .status = (int)row->status,
								  .health_score = row->health_score,
								  .failure_rate = row->failure_rate};
}

/* --- report --- */

struct report_request {
	const char *agent_id, *run_id, *execution_id, *title, *description, *error_message;
	int severity;
	double health_score, failure_rate;
};

static const struct field report_fields[] = {
	F_STR(report_request, agent_id, REQUIRED, LENGTH(1, 255)),
	F_STR(report_request, run_id, ALSO("workflow_execution_id"), LENGTH(1, 255)),
	F_STR(report_request, execution_id, LENGTH(1, 255)),
	F_ENUM(report_request, severity, incident_severity_names, REQUIRED),
	F_STR(report_request, title, REQUIRED, LENGTH(1, 500)),
	F_STR(report_request, description, LENGTH(0, 10000)),
	F_STR(report_request, error_message, LENGTH(0, 10000)),
	F_NUM(report_request, health_score, RANGE(0, 1)),
	F_NUM(report_request, failure_rate, RANGE(0, 1)),
};
static const struct field_table report_table = FIELD_TABLE("incidents.report", report_request, report_fields);

struct end_request {
	int status;
	const char *resolution;
};

static const struct field end_fields[] = {
	F_ENUM(end_request, status, incident_status_names, DEFAULT(INCIDENT_RESOLVED),
		   DOC("investigating, resolved or ignored")),
	F_STR(end_request, resolution, ALSO("reason"), LENGTH(0, 10000), DOC("What was done")),
};
static const struct field_table end_table = FIELD_TABLE("incidents.resolve", end_request, end_fields);

struct incident_change {
	struct agents_write w; /* first */
	struct report_request report;
	struct end_request end;
	struct incident_row row;
};

static bool change_report(struct agents_write *w, struct db *db, struct err *err)
{
	struct incident_change *c = (struct incident_change *)w;
	const struct report_request *r = &c->report;
	const struct health_actor actor = health_actor_of(w->x);
	bool fresh;
	c->row = (struct incident_row){.account_id = w->account_id,
								   .agent_id = r->agent_id,
								   .run_id = r->run_id != NULL ? r->run_id : r->execution_id,
								   .kind = "reported",
								   .severity = (enum incident_severity)r->severity,
								   .title = r->title,
								   .description = r->description,
								   .error_message = r->error_message,
								   .health_score = r->health_score,
								   .failure_rate = r->failure_rate,
								   .created_by = actor.event.actor};
	return incident_raise(&w->api->health, db, &actor, &c->row, w->now_us, &w->x->arena, &fresh, err);
}

static void answer_reported(struct agents_write *w)
{
	const struct incident_change *c = (const struct incident_change *)w;
	const struct incident_view view = show(&c->row, w->x, &w->x->arena);
	exchange_setf(w->x, "Location", "/api/v1/flow/health/incidents?agent_id=%s", c->row.agent_id);
	reply_fact(w->x, 201, &view_table, &view);
}

static void handle_report(struct exchange *x)
{
	struct incident_change *c = agents_start(x, sizeof *c);
	if (c != NULL && exchange_decode(x, &c->report))
		agents_submit(&c->w, change_report, answer_reported);
}

/* --- resolve --- */

static void tell_allowed(struct exchange *x, enum incident_status from)
{
	const char *allowed = "";
	for (int to = INCIDENT_OPEN; to <= INCIDENT_IGNORED; to++)
		if (incident_may_become(from, (enum incident_status)to))
			allowed =
				arena_printf(&x->arena, "%s%s\"%s\"", allowed, *allowed != '\0' ? "," : "", incident_status_names[to]);
	exchange_member(x, "current_status", arena_printf(&x->arena, "\"%s\"", incident_status_names[from]));
	exchange_member(x, "allowed", arena_printf(&x->arena, "[%s]", allowed));
}

static bool change_end(struct agents_write *w, struct db *db, struct err *err)
{
	struct incident_change *c = (struct incident_change *)w;
	const struct health_actor actor = health_actor_of(w->x);
	enum incident_status to = (enum incident_status)c->end.status;
	if (!incident_find(db, w->account_id, exchange_param(w->x, "id"), &w->x->arena, &c->row, err))
		return false;
	if (!incident_may_become(c->row.status, to))
		tell_allowed(w->x, c->row.status);
	return incident_move(&w->api->health, db, &actor, &c->row, to, c->end.resolution, w->now_us, err);
}

static void answer_ended(struct agents_write *w)
{
	const struct incident_change *c = (const struct incident_change *)w;
	const struct incident_view view = show(&c->row, w->x, &w->x->arena);
	reply_fact(w->x, 200, &view_table, &view);
}

static void handle_end(struct exchange *x)
{
	struct incident_change *c = agents_start(x, sizeof *c);
	if (c != NULL && exchange_decode(x, &c->end))
		agents_submit(&c->w, change_end, answer_ended);
}

/* --- list --- */

struct list_query {
	int status, severity;
	const char *agent_id, *run_id, *cursor;
	int64_t limit;
};

static const struct field list_query_fields[] = {
	F_ENUM(list_query, status, incident_status_names),
	F_ENUM(list_query, severity, incident_severity_names),
	F_STR(list_query, agent_id, LENGTH(1, 255)),
	F_STR(list_query, run_id, LENGTH(1, 255)),
	F_INT(list_query, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_USUAL)),
	F_STR(list_query, cursor, LENGTH(1, 1000)),
};
static const struct field_table list_query_table = FIELD_TABLE("incidents.list.query", list_query, list_query_fields);

struct incident_list {
	struct {
		size_t count;
		struct incident_view *items;
	} items;
	const char *next_cursor;
};

static const struct field list_fields[] = {
	F_OBJECTS(incident_list, items, &view_table),
	F_STR(incident_list, next_cursor, NULLABLE),
};
static const struct field_table list_table = FIELD_TABLE("incidents.list", incident_list, list_fields);

struct listing {
	struct exchange *x;
	struct incidents_filter filter;
	struct incident_row *rows;
	size_t count;
};

static bool read_page(void *self, struct db *db, struct err *err)
{
	struct listing *l = self;
	l->rows = arena_array(&l->x->arena, l->filter.limit, sizeof *l->rows);
	if (l->rows == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return incidents_list(db, &l->filter, &l->x->arena, l->rows, &l->count, err);
}

static void answer_list(struct listing *l, size_t limit, const char *filter)
{
	struct exchange *x = l->x;
	struct incident_list list = {.next_cursor = NULL};
	list.items.items = arena_array(&x->arena, limit, sizeof *list.items.items);
	for (size_t i = 0; list.items.items != NULL && i < l->count && i < limit; i++)
		list.items.items[list.items.count++] = show(&l->rows[i], x, &x->arena);
	if (l->count > limit)
		list.next_cursor = agents_next(x, filter, l->rows[limit - 1].incident_id);
	reply_fact(x, 200, &list_table, &list);
}

static void handle_list(struct exchange *x)
{
	struct list_query q;
	char before[AGENTS_CURSOR];
	if (!exchange_decode_query(x, &q))
		return;
	const char *account_id = principal_of(x)->account_id;
	const char *filter = arena_printf(&x->arena, "incidents\n%s\n%d\n%d\n%s\n%s", account_id, q.status, q.severity,
									  q.agent_id != NULL ? q.agent_id : "", q.run_id != NULL ? q.run_id : "");
	if (!agents_cursor(x, filter, q.cursor, before))
		return;
	struct listing l = {.x = x,
						.filter = {.account_id = account_id,
								   .agent_id = q.agent_id,
								   .run_id = q.run_id,
								   .status = q.status,
								   .severity = q.severity,
								   .before = before,
								   .limit = (size_t)q.limit + 1}};
	if (agents_read(x, read_page, &l))
		answer_list(&l, (size_t)q.limit, filter);
}

/* --- summary --- */

struct summary_view {
	const char *run_id, *execution_id, *workflow_execution_id;
	int64_t total, healthy, degraded, critical, failed, recovering, open_incidents;
	double average_score, healthy_percent;
};

static const struct field summary_fields[] = {
	F_STR(summary_view, run_id),
	F_STR(summary_view, execution_id, LEFT_OUT),
	F_STR(summary_view, workflow_execution_id, LEFT_OUT, DOC("On v3 paths")),
	F_INT(summary_view, total, DOC("Agents whose last heartbeat named the run")),
	F_INT(summary_view, healthy),
	F_INT(summary_view, degraded),
	F_INT(summary_view, critical),
	F_INT(summary_view, failed),
	F_INT(summary_view, recovering),
	F_NUM(summary_view, average_score, NULLABLE, DOC("null: there are none")),
	F_INT(summary_view, open_incidents, DOC("Open or being investigated")),
	F_NUM(summary_view, healthy_percent, NULLABLE, UNIT("%"), DOC("null: there are none")),
};
static const struct field_table summary_table = FIELD_TABLE("health.summary", summary_view, summary_fields);

struct summing {
	struct exchange *x;
	struct agents_summary summary;
};

static bool read_summary(void *self, struct db *db, struct err *err)
{
	struct summing *s = self;
	return agents_sum(db, principal_of(s->x)->account_id, exchange_param(s->x, "run_id"), &s->summary, err);
}

static void handle_summary(struct exchange *x)
{
	struct summing s = {.x = x};
	if (!agents_read(x, read_summary, &s))
		return;
	const struct agents_summary *from = &s.summary;
	struct summary_view view = {.run_id = exchange_param(x, "run_id"),
								.total = from->total,
								.healthy = from->by_status[AGENT_HEALTHY],
								.degraded = from->by_status[AGENT_DEGRADED],
								.critical = from->by_status[AGENT_CRITICAL],
								.failed = from->by_status[AGENT_FAILED],
								.recovering = from->by_status[AGENT_RECOVERING],
								.average_score = from->average_score,
								.open_incidents = from->open_incidents,
								.healthy_percent = NAN};
	if (view.total > 0)
		view.healthy_percent = 100 * (double)view.healthy / (double)view.total;
	if (agents_v3(x))
		view.execution_id = view.workflow_execution_id = view.run_id;
	reply_fact(x, 200, &summary_table, &view);
}

/* --- routes --- */

static const enum err_kind end_errors[] = {ERR_TRANSITION_REFUSED, ERR_NONE};
static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};

#define HEALTH "/api/v1/flow/health"
#define HEALTH_V3 "/api/v3/health"

const struct route incident_routes[] = {
	ROUTE(POST, HEALTH "/incidents", "flow.work", EFFECT_WRITE, handle_report,
		  .aliases = ALIASES({HEALTH_V3 "/incidents"}), .operation = "incidents.report",
		  .summary = "Something went wrong with an agent", .body = &report_table, .result = &view_table, .status = 201,
		  .example = "{\"agent_id\":\"writer\",\"severity\":\"high\",\"title\":\"The model refuses every call\"}"),
	ROUTE(GET, HEALTH "/incidents", "flow.read", EFFECT_READ, handle_list, .aliases = ALIASES({HEALTH_V3 "/incidents"}),
		  .operation = "incidents.list", .summary = "Incidents, newest first", .query = &list_query_table,
		  .result = &list_table, .errors = list_errors),
	ROUTE(POST, HEALTH "/incidents/{id}/resolve", "flow.operate", EFFECT_WRITE, handle_end,
		  .aliases = ALIASES({HEALTH_V3 "/incidents/{id}/resolve"}), .operation = "incidents.resolve",
		  .summary = "Take up an incident, or end it: resolved or ignored", .body = &end_table, .result = &view_table,
		  .errors = end_errors, .example = "{\"resolution\":\"restarted\"}"),
	ROUTE(GET, HEALTH "/summary/{run_id}", "flow.read", EFFECT_READ, handle_summary,
		  .aliases = ALIASES({HEALTH_V3 "/summary/{run_id}"}), .operation = "agents.summary",
		  .summary = "The agents of a run, counted by their states", .result = &summary_table),
};
const size_t incident_routes_count = sizeof incident_routes / sizeof *incident_routes;
