/* POST /api/v1/flow/checkpoints: remember where a run stands [flow.md 5]. */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/checkpoint.h"
#include "flow/checkpoint_view.h"
#include "flow/domain/datum.h"
#include "flow/domain/money.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/write.h"
struct create_request {
	const char *run_id, *execution_id, *workflow_execution_id, *label;
	bool compression;
	const struct json *caller_state;
	/* what version 3 was told of an execution: kept, and some of it checked */
	const struct json *completed_steps, *pending_steps, *failed_steps, *skipped_steps, *total_steps, *budget,
		*budget_allocated, *budget_consumed, *allocated_budget, *consumed_budget, *other;
};
#define KEPT(name) F_JSON(create_request, name)
#define KEPT_AS(name_) \
	{ \
		.name = name_, .kind = FIELD_JSON, .offset = offsetof(struct create_request, other) \
	}
static const struct field create_fields[] = {
	F_STR(create_request, run_id, LENGTH(1, 64), DOC("Of the run; also execution_id or workflow_execution_id")),
	F_STR(create_request, execution_id, LENGTH(1, 64)),
	F_STR(create_request, workflow_execution_id, LENGTH(1, 64)),
	F_STR(create_request, label, LENGTH(1, 200), DOC("One that the engine takes goes when ten newer ones are there")),
	F_BOOL(create_request, compression, DEFAULT(true)),
	F_JSON(create_request, caller_state, USER_DATA, DOC("Whatever the caller wants to find again")),
	KEPT(completed_steps),
	KEPT(pending_steps),
	KEPT(failed_steps),
	KEPT(skipped_steps),
	KEPT(total_steps),
	KEPT(budget),
	KEPT(budget_allocated),
	KEPT(budget_consumed),
	KEPT(allocated_budget),
	KEPT(consumed_budget),
	KEPT_AS("execution_variables"),
	KEPT_AS("variables"),
	KEPT_AS("execution_context"),
	KEPT_AS("execution_state"),
	KEPT_AS("context"),
	KEPT_AS("current_step"),
	KEPT_AS("current_step_id"),
	KEPT_AS("step_results"),
	KEPT_AS("step_outputs"),
	KEPT_AS("running_steps"),
	KEPT_AS("budget_remaining"),
	KEPT_AS("remaining_budget"),
	KEPT_AS("memory_state"),
	KEPT_AS("memory_snapshot"),
	KEPT_AS("working_memory"),
	KEPT_AS("agent_states"),
	KEPT_AS("agent_id"),
	KEPT_AS("completion_percentage"),
	KEPT_AS("checkpoint_name"),
	KEPT_AS("checkpoint_type"),
	KEPT_AS("description"),
	KEPT_AS("metadata"),
	KEPT_AS("tags"),
	KEPT_AS("user_id"),
};
static const struct field_table create_table = FIELD_TABLE("flow.checkpoints.create", create_request, create_fields);

/* A number of steps, or a list of them. */
static bool count_of(const struct json *json, const char *pointer, int64_t *count, struct faults *faults)
{
	*count = 0;
	if (json == NULL || json->kind == JS_NULL)
		return false;
	if (json->kind == JS_ARRAY)
		*count = json->count;
	else if (json->kind == JS_INT && json->integer >= 0 && json->integer <= 1000000)
		*count = json->integer;
	else
		faults_add(faults, pointer, "type", "must be a list of steps, or their number");
	return true;
}

static void check_steps(const struct create_request *r, struct faults *faults)
{
	int64_t counts[4], total;
	const struct json *given[] = {r->completed_steps, r->pending_steps, r->failed_steps, r->skipped_steps};
	static const char *const names[] = {"/completed_steps", "/pending_steps", "/failed_steps", "/skipped_steps"};
	for (size_t i = 0; i < sizeof given / sizeof *given; i++)
		count_of(given[i], names[i], &counts[i], faults);
	if (count_of(r->total_steps, "/total_steps", &total, faults) &&
		counts[0] + counts[1] + counts[2] + counts[3] > total)
		faults_add(faults, "/total_steps", "range", "completed, pending, failed and skipped steps are more than all");
}

static const struct json *first_of(const struct json *a, const struct json *b, const struct json *within,
								   const char *name)
{
	const struct json *inner = json_get(within, name);
	return a != NULL ? a : b != NULL ? b : inner;
}

static void check_money(const struct create_request *r, struct faults *faults)
{
	const struct json *allocated = first_of(r->budget_allocated, r->allocated_budget, r->budget, "allocated");
	const struct json *consumed = first_of(r->budget_consumed, r->consumed_budget, r->budget, "consumed");
	int64_t limit = INT64_MAX, spent = 0;
	if (allocated != NULL && !money_of_json(allocated, &limit))
		faults_add(faults, "/budget_allocated", "format", "must be an amount of money from 0");
	if (consumed != NULL && !money_of_json(consumed, &spent))
		faults_add(faults, "/budget_consumed", "range", "must be an amount of money from 0");
	else if (spent > limit)
		faults_add(faults, "/budget_consumed", "range", "more is consumed than was allocated");
}

static const char *run_of(const struct create_request *r)
{
	return r->run_id != NULL ? r->run_id : r->execution_id != NULL ? r->execution_id : r->workflow_execution_id;
}

static void check(void *self, struct faults *faults)
{
	const struct create_request *r = self;
	if (run_of(r) == NULL)
		faults_add(faults, "/run_id", "required", "is missing");
	check_steps(r, faults);
	check_money(r, faults);
}

static bool is_ours(const char *name)
{
	static const char *const ours[] = {"run_id", "execution_id", "workflow_execution_id",
									   "label",  "compression",  "caller_state"};
	for (size_t i = 0; i < sizeof ours / sizeof *ours; i++)
		if (strcmp(ours[i], name) == 0)
			return true;
	return false;
}

/* caller_state, with the members of version 3 beside it; NULL: nothing was given. */
static const char *state_of(struct exchange *x, const struct json *body)
{
	const struct json *given = json_get(body, "caller_state");
	struct buf text;
	struct jw jw;
	size_t kept = 0;
	if (given != NULL && given->kind != JS_OBJECT) { /* any value, as it came */
		struct datum *datum = datum_json(given);
		const char *copy = given->kind == JS_NULL ? NULL : arena_dup(&x->arena, datum_bytes(datum, NULL));
		datum_unref(datum);
		return copy;
	}
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (uint32_t i = 0; given != NULL && i < given->count; i++, kept++) {
		jw_key(&jw, given->members[i].name);
		jw_json(&jw, &given->members[i].value);
	}
	for (uint32_t i = 0; i < body->count; i++) {
		if (is_ours(body->members[i].name) || json_get(given, body->members[i].name) != NULL)
			continue;
		jw_key(&jw, body->members[i].name);
		jw_json(&jw, &body->members[i].value);
		kept++;
	}
	jw_object_end(&jw);
	const char *copy = kept == 0 && given == NULL ? NULL : arena_dup(&x->arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

struct creating {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct create_request request;
	struct run_record run;
	struct checkpoint checkpoint;
};

static bool apply_create(struct write *w, struct db *db, struct err *err)
{
	struct creating *c = (struct creating *)w;
	return checkpoints_insert(db, &c->checkpoint.record, buf_text(&c->checkpoint.content), err) &&
		   checkpoint_audit(c->x, db, AUDIT_CHECKPOINT_CREATE, c->checkpoint.record.checkpoint_id, NULL, err);
}

static void answer_create(struct write *w)
{
	struct creating *c = (struct creating *)w;
	exchange_setf(c->x, "Location", "/api/v1/flow/checkpoints/%s", c->checkpoint.record.checkpoint_id);
	checkpoint_view_reply(c->x, 201, &c->checkpoint.record, NULL);
}

static void after_create(struct write *w, bool applied)
{
	(void)applied;
	checkpoint_fini(&((struct creating *)w)->checkpoint);
}

static bool take(struct creating *c, struct err *err)
{
	struct flow_api *api = c->api;
	c->checkpoint.record.compressed = c->request.compression;
	struct db *db = store_read(api->options.store);
	bool taken = checkpoint_take(&c->checkpoint, api->runner, db, &c->run, 0, &c->x->arena, err);
	store_read_end(api->options.store, db);
	return taken;
}

static void handle_create(struct exchange *x)
{
	const struct json *body;
	struct err err;
	struct creating *c = arena_new(&x->arena, struct creating);
	if (c == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*c = (struct creating){.x = x, .api = x->owner};
	if (!exchange_decode_checked(x, &c->request, check, &c->request) || !exchange_json(x, &body) ||
		!checkpoint_run(x, run_of(&c->request), &c->run))
		return;
	if (!take(c, &err)) {
		checkpoint_fini(&c->checkpoint);
		exchange_fail(x, &err);
		return;
	}
	const struct principal *principal = principal_of(x);
	c->checkpoint.record.label = c->request.label;
	c->checkpoint.record.caller_state = state_of(x, body);
	c->checkpoint.record.created_by = principal->user_id[0] == '\0' ? NULL : principal->user_id;
	c->write = (struct write){
		.x = x, .store = c->api->options.store, .apply = apply_create, .answer = answer_create, .after = after_create};
	write_submit(&c->write);
}
static const enum err_kind found_errors[] = {ERR_NOT_FOUND, ERR_NONE};

#define V1 "/api/v1/flow/checkpoints"
#define V3 "/api/v3/checkpoints"

const struct route checkpoint_create_routes[] = {
	ROUTE(POST, V1, "flow.operate", EFFECT_WRITE, handle_create, .operation = "flow.checkpoints.create",
		  .summary = "Remember where a run stands, and what it holds there", .body = &create_table,
		  .result = &checkpoint_view_table, .status = 201, .aliases = ALIASES({V3}, {V3 "/create"}, {V1 "/create"}),
		  .errors = found_errors, .body_max = DATUM_MAX, .json_limits = &datum_limits),
};
const size_t checkpoint_create_routes_count = sizeof checkpoint_create_routes / sizeof *checkpoint_create_routes;
