#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/agents_internal.h"
#include "flow/domain/money.h"
#include "flow/health.h"
#include "flow/health_view.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"

/* Agents: heartbeats, states, silence, recovery [flow.md 9].  Incidents are in incidents_api.c. */

struct health_actor health_actor_of(const struct exchange *x)
{
	return (struct health_actor){principal_event(x, AUDIT_AGENT_STATUS, AUDIT_SUCCESS)};
}

/* --- heartbeat --- */

struct beat_request {
	const char *agent_id, *run_id, *execution_id;
	double memory_usage_mb, cpu_usage_percent;
	int64_t working_memory_count, episodic_memory_count;
	int64_t active_tasks_count, completed_tasks_count, failed_tasks_count;
	const struct json *cost_consumed, *budget_remaining;
};

#define COUNT_FIELD(m) F_INT(beat_request, m, RANGE(0, 1e15), DEFAULT(0))

static const struct field beat_fields[] = {
	F_STR(beat_request, agent_id, REQUIRED, LENGTH(1, 255)),
	F_STR(beat_request, run_id, ALSO("workflow_execution_id"), LENGTH(1, 255), DOC("Default: as it said last")),
	F_STR(beat_request, execution_id, LENGTH(1, 255)),
	F_NUM(beat_request, memory_usage_mb, REQUIRED, RANGE(0, 1e9), UNIT("MB")),
	F_NUM(beat_request, cpu_usage_percent, REQUIRED, RANGE(0, 100), UNIT("%")),
	COUNT_FIELD(working_memory_count),
	COUNT_FIELD(episodic_memory_count),
	F_JSON(beat_request, cost_consumed, DOC("Decimal text or a number from 0; default 0")),
	F_JSON(beat_request, budget_remaining, DOC("Decimal text or a number from 0; default 0")),
	F_INT(beat_request, active_tasks_count, ALSO("active_tasks"), RANGE(0, 1e15), DEFAULT(0)),
	F_INT(beat_request, completed_tasks_count, ALSO("completed_tasks"), RANGE(0, 1e15), DEFAULT(0)),
	F_INT(beat_request, failed_tasks_count, ALSO("failed_tasks"), RANGE(0, 1e15), DEFAULT(0)),
};
static const struct field_table beat_table = FIELD_TABLE("health.heartbeat", beat_request, beat_fields);

/* One agent on its way: what it said, or what somebody does to it. */
struct agent_change {
	struct agents_write w; /* first */
	struct beat_request request;
	struct agent_row row;
	struct agent_series *series;
};

static void take_beat(void *self, struct faults *faults)
{
	struct agent_change *c = self;
	const struct beat_request *r = &c->request;
	c->row = (struct agent_row){.account_id = c->w.account_id,
								.agent_id = r->agent_id,
								.run_id = r->run_id != NULL ? r->run_id : r->execution_id,
								.memory_usage_mb = r->memory_usage_mb,
								.cpu_usage_percent = r->cpu_usage_percent,
								.working_memory_count = r->working_memory_count,
								.episodic_memory_count = r->episodic_memory_count,
								.active_tasks = r->active_tasks_count,
								.completed_tasks = r->completed_tasks_count,
								.failed_tasks = r->failed_tasks_count};
	agents_take_money(r->cost_consumed, "/cost_consumed", 0, MONEY_MAX, &c->row.cost_consumed, faults);
	agents_take_money(r->budget_remaining, "/budget_remaining", 0, MONEY_MAX, &c->row.budget_remaining, faults);
}

static bool change_beat(struct agents_write *w, struct db *db, struct err *err)
{
	struct agent_change *c = (struct agent_change *)w;
	const struct health_actor actor = health_actor_of(w->x);
	return health_hear(&w->api->health, db, &actor, &c->row, w->now_us, &w->x->arena, err);
}

static void answer_agent(struct agents_write *w)
{
	const struct agent_change *c = (const struct agent_change *)w;
	struct agent_view view;
	agent_view_fill(&c->row, agents_v3(w->x), &w->x->arena, &view);
	reply_fact(w->x, 200, &agent_view_table, &view);
}

static void handle_beat(struct exchange *x)
{
	struct agent_change *c = agents_start(x, sizeof *c);
	if (c != NULL && exchange_decode_checked(x, &c->request, take_beat, c))
		agents_submit(&c->w, change_beat, answer_agent);
}

/* --- one agent --- */

static bool find_named(struct agent_change *c, struct db *db, struct err *err)
{
	bool found;
	if (!agent_find(db, c->w.account_id, exchange_param(c->w.x, "agent_id"), &c->w.x->arena, &c->row, &found, err))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "There is no such agent.");
}

static bool read_agent(void *self, struct db *db, struct err *err)
{
	enum { DAYS = 7 };
	struct agent_change *c = self;
	c->series = arena_new(&c->w.x->arena, struct agent_series);
	if (c->series == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return find_named(c, db, err) &&
		   agent_read_series(db, &c->row, agents_now(c->w.x) - DAYS * 24 * HEALTH_HOUR_US, c->series, err);
}

static void handle_get(struct exchange *x)
{
	struct agent_change *c = agents_start(x, sizeof *c);
	struct agent_view view;
	if (c == NULL || !agents_read(x, read_agent, c))
		return;
	agent_view_fill(&c->row, agents_v3(x), &x->arena, &view);
	agent_view_judge(&c->row, c->series, &x->arena, &view);
	reply_fact(x, 200, &agent_judged_table, &view);
}

/* What the state is, for whoever is refused. */
static void tell_status(struct exchange *x, const struct agent_row *row)
{
	exchange_member(x, "current_status", arena_printf(&x->arena, "\"%s\"", agent_status_names[row->health.status]));
	exchange_member(x, "allowed", "[]");
}

static bool change_recover(struct agents_write *w, struct db *db, struct err *err)
{
	struct agent_change *c = (struct agent_change *)w;
	const struct health_actor actor = health_actor_of(w->x);
	struct err own;
	if (!find_named(c, db, err))
		return false;
	if (health_tell_recover(&w->api->health, db, &actor, &c->row, w->now_us, &own))
		return true;
	if (own.kind == ERR_TRANSITION_REFUSED)
		tell_status(w->x, &c->row);
	*err = own;
	return false;
}

static void handle_recover(struct exchange *x)
{
	struct agent_change *c = agents_start(x, sizeof *c);
	if (c != NULL)
		agents_submit(&c->w, change_recover, answer_agent);
}

/* --- silence --- */

enum { FAILED_AT_ONCE = 500 /* agents of one answer; a second question has the next ones */ };

struct detect_request {
	double threshold_seconds;
};

static const struct field detect_fields[] = {
	F_NUM(detect_request, threshold_seconds, RANGE(0, 1e7), DEFAULT(HEALTH_THRESHOLD_S), UNIT("s"),
		  DOC("Silent for longer than this")),
};
static const struct field_table detect_table = FIELD_TABLE("health.detect", detect_request, detect_fields);

struct detected {
	struct {
		size_t count;
		struct agent_view *items;
	} health_statuses;
	int64_t total;
};

static const struct field detected_fields[] = {
	F_OBJECTS(detected, health_statuses, &agent_view_table, DOC("Those that failed just now")),
	F_INT(detected, total),
};
static const struct field_table detected_table = FIELD_TABLE("health.detected", detected, detected_fields);

struct detecting {
	struct agents_write w; /* first */
	struct detect_request request;
	struct agent_row *rows;
	size_t count;
};

static bool change_detect(struct agents_write *w, struct db *db, struct err *err)
{
	struct detecting *d = (struct detecting *)w;
	const struct health_actor actor = health_actor_of(w->x);
	return health_fail_silent(&w->api->health, db, &actor, w->account_id, llround(d->request.threshold_seconds * 1e6),
							  w->now_us, FAILED_AT_ONCE, &w->x->arena, d->rows, &d->count, err);
}

static void answer_detected(struct agents_write *w)
{
	const struct detecting *d = (const struct detecting *)w;
	struct arena *arena = &w->x->arena;
	struct detected result = {.total = (int64_t)d->count};
	result.health_statuses.items = arena_array(arena, d->count + 1, sizeof *result.health_statuses.items);
	for (size_t i = 0; result.health_statuses.items != NULL && i < d->count; i++)
		agent_view_fill(&d->rows[i], agents_v3(w->x), arena,
						&result.health_statuses.items[result.health_statuses.count++]);
	reply_fact(w->x, 200, &detected_table, &result);
}

static void handle_detect(struct exchange *x)
{
	struct detecting *d = agents_start(x, sizeof *d);
	if (d == NULL || !exchange_decode(x, &d->request))
		return;
	d->rows = arena_array(&x->arena, FAILED_AT_ONCE, sizeof *d->rows);
	if (d->rows == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	else
		agents_submit(&d->w, change_detect, answer_detected);
}

/* --- routes --- */

static const enum err_kind recover_errors[] = {ERR_TRANSITION_REFUSED, ERR_NONE};

#define HEALTH "/api/v1/flow/health"
#define HEALTH_V3 "/api/v3/health"

const struct route health_routes[] = {
	ROUTE(POST, HEALTH "/heartbeat", "flow.work", EFFECT_WRITE, handle_beat,
		  .aliases = ALIASES({HEALTH_V3 "/heartbeat"}), .operation = "agents.heartbeat",
		  .summary = "An agent is alive, and how it fares", .body = &beat_table, .result = &agent_view_table,
		  .example = "{\"agent_id\":\"writer\",\"run_id\":\"run-1\",\"memory_usage_mb\":512,\"cpu_usage_percent\":20,"
					 "\"completed_tasks_count\":9,\"failed_tasks_count\":1}"),
	ROUTE(GET, HEALTH "/agent/{agent_id}", "flow.read", EFFECT_READ, handle_get,
		  .aliases = ALIASES({HEALTH_V3 "/agent/{agent_id}"}), .operation = "agents.get",
		  .summary = "How an agent fares, and whether its last figures are unusual", .result = &agent_judged_table),
	ROUTE(POST, HEALTH "/detect-failures", "flow.operate", EFFECT_WRITE, handle_detect,
		  .aliases = ALIASES({HEALTH_V3 "/detect-failures"}), .operation = "agents.detect_failures",
		  .summary = "Look for silent agents now; every 15 s it is done anyway", .body = &detect_table,
		  .result = &detected_table, .example = "{\"threshold_seconds\":30}"),
	ROUTE(POST, HEALTH "/recover/{agent_id}", "flow.operate", EFFECT_WRITE, handle_recover,
		  .aliases = ALIASES({HEALTH_V3 "/recover/{agent_id}"}), .operation = "agents.recover",
		  .summary = "Give an agent's work to others and wait for it to be healthy", .result = &agent_view_table,
		  .errors = recover_errors),
};
const size_t health_routes_count = sizeof health_routes / sizeof *health_routes;
