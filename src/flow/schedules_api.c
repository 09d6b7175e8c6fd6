/* /api/v1/flow/schedules: let workflows start by themselves, change that, end it [flow.md 3.4, 4]. */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/schedule.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "flow/schedule_view.h"
#include "flow/scheduler.h"
#include "flow/schedules_repo.h"
#include "flow/workflows.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/write.h"
#include "store/store.h"

/* --- bodies --- */

struct schedule_request {
	const char *workflow, *version, *tz;
	int kind, catch_up, overlap;
	const struct json *spec, *input, *enabled;
};

#define CHANGEABLE \
	F_STR(schedule_request, version, LENGTH(1, 64), DOC("Of the workflow; default latest, as it is then")), \
		F_JSON(schedule_request, spec, DOC("A cron expression, a duration, or a strategy of events with its read")), \
		F_STR(schedule_request, tz, LENGTH(1, 64), DOC("Whose clock cron means: an IANA name; default UTC")), \
		F_ENUM(schedule_request, catch_up, catch_up_names, \
			   DOC("Times missed while nobody was there: one run for all, all, none; default one")), \
		F_ENUM(schedule_request, overlap, overlap_names, \
			   DOC("While the run before goes on: allow, skip, queue; default allow")), \
		F_JSON(schedule_request, input, DOC("Of its runs; those by events get what was heard")), \
		F_JSON(schedule_request, enabled, DOC("Default true"))

static const struct field create_fields[] = {
	F_STR(schedule_request, workflow, REQUIRED, LENGTH(3, 511), DOC("NAMESPACE/NAME")),
	F_ENUM(schedule_request, kind, schedule_kind_names, REQUIRED),
	CHANGEABLE,
};
static const struct field_table create_table = FIELD_TABLE("flow.schedules.create", schedule_request, create_fields);

static const struct field patch_fields[] = {CHANGEABLE};
static const struct field_table patch_table = FIELD_TABLE("flow.schedules.update", schedule_request, patch_fields);

static const struct json_limits body_limits = {.depth = 500, .values = 100000};

/* --- one schedule under way --- */

struct change {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct schedule_request request;
	struct schedule_record record;
	struct scheduler_runs runs;
	struct run_record run;
	char id[ID_TEXT];
	int status;
};

static struct change *start(struct exchange *x)
{
	struct change *change = arena_new(&x->arena, struct change);
	if (change == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	change->x = x;
	change->api = x->owner;
	change->status = 200;
	return change;
}

static void answer_schedule(struct write *w)
{
	const struct change *change = (struct change *)w;
	if (change->status == 201)
		exchange_setf(change->x, "Location", "/api/v1/flow/schedules/%s", change->record.schedule_id);
	schedule_reply(change->x, change->status, &change->record);
}

static void after_change(struct write *w, bool applied)
{
	struct change *change = (struct change *)w;
	scheduler_wake(change->api->runner, &change->runs, applied && w->refused.kind == ERR_NONE);
}

static void submit(struct change *change, bool (*apply)(struct write *w, struct db *db, struct err *err),
				   void (*answer)(struct write *w))
{
	change->write = (struct write){
		.x = change->x, .store = change->api->options.store, .apply = apply, .answer = answer, .after = after_change};
	write_submit(&change->write);
}

static bool audit_change(struct change *change, struct db *db, enum audit_action action, struct err *err)
{
	struct audit_event event = principal_event(change->x, action, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_status, change->record.enabled ? "enabled" : "paused"}};
	event.target_id = change->record.schedule_id;
	event.meta = meta;
	event.meta_count = action == AUDIT_SCHEDULE_UPDATE;
	return audit_append(change->api->audit, db, &event, err);
}

static int64_t now_of(const struct change *change)
{
	return runner_now_us(change->api->runner);
}

/* --- create, change --- */

static const char *json_of(struct arena *arena, const struct json *json)
{
	struct datum *datum = datum_json(json);
	const char *text = arena_dup(arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

/* What the body says, over what the record has. */
static void take_request(struct change *change, struct faults *faults)
{
	const struct schedule_request *r = &change->request;
	struct schedule_record *record = &change->record;
	struct arena *arena = &change->x->arena;
	record->version = r->version != NULL ? r->version : record->version;
	record->tz = r->tz != NULL ? r->tz : record->tz;
	record->catch_up = r->catch_up >= 0 ? catch_up_names[r->catch_up] : record->catch_up;
	record->overlap = r->overlap >= 0 ? overlap_names[r->overlap] : record->overlap;
	record->spec = r->spec != NULL ? json_of(arena, r->spec) : record->spec;
	record->input = r->input != NULL ? json_of(arena, r->input) : record->input;
	if (r->enabled != NULL && r->enabled->kind == JS_BOOL)
		record->enabled = r->enabled->boolean;
	else if (r->enabled != NULL)
		faults_add(faults, "/enabled", "type", "must be true or false");
	if (record->spec == NULL)
		faults_add(faults, "/spec", "required", "when it is to start");
}

/* What the body makes of the record; times that cannot be read are told where the rest could be. */
static void check(void *self, struct faults *faults)
{
	struct change *change = self;
	take_request(change, faults);
	if (faults->count == 0)
		(void)scheduler_check(change->api->runner, &change->record, &change->x->arena, faults);
}

static bool apply_create(struct write *w, struct db *db, struct err *err)
{
	struct change *change = (struct change *)w;
	struct schedule_record *r = &change->record;
	struct workflow workflow;
	bool found;
	if (!workflows_find(db, r->account_id, r->namespace, r->name, r->version, &change->x->arena, &workflow, &found,
						err))
		return false;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "There is no such workflow.");
	if (workflow.state != WORKFLOW_PUBLISHED)
		return err_set(err, ERR_NOT_ACTIVE, "Version %s is %s.", workflow.version,
					   workflow_state_names[workflow.state]);
	return scheduler_arm(change->api->runner, db, r, &change->x->arena, &change->runs, err) &&
		   schedules_insert(db, r, err) && audit_change(change, db, AUDIT_SCHEDULE_CREATE, err);
}

/* NAMESPACE/NAME; NULL: the table has told already. */
static void take_workflow(struct change *change, const char *workflow, struct faults *faults)
{
	const char *slash = workflow == NULL ? NULL : strchr(workflow, '/');
	if (slash == NULL || slash == workflow || slash[1] == '\0') {
		faults_add(faults, "/workflow", "format", "must be NAMESPACE/NAME");
		return;
	}
	change->record.namespace = arena_dupn(faults->arena, workflow, (size_t)(slash - workflow));
	change->record.name = slash + 1;
}

static void begin_record(void *self, struct faults *faults)
{
	struct change *change = self;
	const struct principal *principal = principal_of(change->x);
	const int kind = change->request.kind;
	id_make(change->api->options.ids, change->id);
	change->status = 201;
	change->record = (struct schedule_record){.schedule_id = change->id,
											  .account_id = principal->account_id,
											  .version = "latest",
											  .origin = "request",
											  .kind = kind < 0 ? NULL : schedule_kind_names[kind],
											  .tz = "UTC",
											  .catch_up = "one",
											  .overlap = "allow",
											  .input = "null",
											  .created_by = principal->user_id[0] == '\0' ? NULL : principal->user_id,
											  .enabled = true,
											  .row_version = 1,
											  .created_us = now_of(change),
											  .updated_us = now_of(change)};
	take_workflow(change, change->request.workflow, faults);
	check(change, faults);
}

static void handle_create(struct exchange *x)
{
	struct change *change = start(x);
	if (change != NULL && exchange_decode_checked(x, &change->request, begin_record, change))
		submit(change, apply_create, answer_schedule);
}

/* Does anything change that its times come from? */
static bool needs_arming(const struct change *change, const struct schedule_record *before)
{
	const struct schedule_record *now = &change->record;
	return now->enabled != before->enabled || strcmp(now->spec, before->spec) != 0 || strcmp(now->tz, before->tz) != 0;
}

/* Store what was changed. */
static bool store_change(struct change *change, struct db *db, const struct schedule_record *before, struct err *err)
{
	struct schedule_record *r = &change->record;
	if (needs_arming(change, before) &&
		!scheduler_arm(change->api->runner, db, r, &change->x->arena, &change->runs, err))
		return false;
	r->row_version++;
	r->updated_us = now_of(change);
	return schedules_update(db, r, err) && audit_change(change, db, AUDIT_SCHEDULE_UPDATE, err);
}

static bool apply_patch(struct write *w, struct db *db, struct err *err)
{
	struct change *change = (struct change *)w;
	struct faults faults;
	char etag[ETAG_TEXT];
	if (!schedule_named(change->x, db, &change->record, err))
		return false;
	schedule_etag(&change->record, etag);
	if (!etag_if_match(change->x, etag, err))
		return false;
	const struct schedule_record before = change->record;
	faults_init(&faults, &change->x->arena);
	take_request(change, &faults);
	return store_change(change, db, &before, err);
}

/* The body is checked with the schedule that it is for, before the op. */
static void handle_patch(struct exchange *x)
{
	struct change *change = start(x);
	struct err err = {.kind = ERR_NONE};
	if (change == NULL)
		return;
	struct db *db = store_read(change->api->options.store);
	bool read = schedule_named(x, db, &change->record, &err);
	store_read_end(change->api->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	if (exchange_decode_checked(x, &change->request, check, change))
		submit(change, apply_patch, answer_schedule);
}

/* --- pause, resume, delete --- */

static bool apply_enable(struct write *w, struct db *db, struct err *err)
{
	struct change *change = (struct change *)w;
	bool enable = *(const bool *)change->x->match.route->data;
	if (!schedule_named(change->x, db, &change->record, err))
		return false;
	const struct schedule_record before = change->record;
	change->record.enabled = enable;
	return before.enabled == enable || store_change(change, db, &before, err);
}

static void handle_enable(struct exchange *x)
{
	struct change *change = start(x);
	if (change != NULL)
		submit(change, apply_enable, answer_schedule);
}

static bool apply_delete(struct write *w, struct db *db, struct err *err)
{
	struct change *change = (struct change *)w;
	if (!schedule_named(change->x, db, &change->record, err))
		return false;
	change->record.enabled = false;
	return scheduler_arm(change->api->runner, db, &change->record, &change->x->arena, &change->runs, err) &&
		   schedules_delete(db, change->record.schedule_id, err) &&
		   audit_change(change, db, AUDIT_SCHEDULE_DELETE, err);
}

static void handle_delete(struct exchange *x)
{
	struct change *change = start(x);
	if (change != NULL)
		submit(change, apply_delete, NULL);
}

/* --- trigger --- */

static bool apply_trigger(struct write *w, struct db *db, struct err *err)
{
	struct change *change = (struct change *)w;
	struct arena *arena = &change->x->arena;
	struct schedule_record *r = &change->record;
	bool started, found;
	if (!schedule_named(change->x, db, &change->record, err) ||
		!scheduler_start(change->api->runner, db, r, -now_of(change), r->input, arena, &change->runs, &started, err))
		return false;
	if (!started)
		return err_set(err, ERR_NOT_ACTIVE, "It cannot start: %s.", r->last_error == NULL ? "again" : r->last_error);
	return schedules_update(db, r, err) && runs_get(db, r->last_run_id, NULL, arena, &change->run, &found, err) &&
		   audit_change(change, db, AUDIT_SCHEDULE_TRIGGER, err);
}

static void answer_trigger(struct write *w)
{
	const struct change *change = (struct change *)w;
	exchange_setf(change->x, "Location", "/api/v1/flow/runs/%s", change->run.run_id);
	run_view_reply(change->x, 202, &change->run);
}

static void handle_trigger(struct exchange *x)
{
	struct change *change = start(x);
	if (change != NULL)
		submit(change, apply_trigger, answer_trigger);
}

/* --- routes --- */

static const bool on = true, off = false;
static const enum err_kind create_errors[] = {ERR_NOT_FOUND, ERR_NOT_ACTIVE, ERR_NONE};
static const enum err_kind patch_errors[] = {ERR_NOT_FOUND, ERR_PRECONDITION_REQUIRED, ERR_PRECONDITION_FAILED,
											 ERR_NONE};
static const enum err_kind found_errors[] = {ERR_NOT_FOUND, ERR_NONE};

const struct route schedules_routes[] = {
	ROUTE(POST, SCHEDULES, "flow.define", EFFECT_WRITE, handle_create, .operation = "flow.schedules.create",
		  .summary = "Let a workflow start by itself: every so often, by cron, after its last run, on events",
		  .body = &create_table, .result = &schedule_view_table, .status = 201, .json_limits = &body_limits,
		  .errors = create_errors,
		  .example =
			  "{\"workflow\":\"demo/hello\",\"kind\":\"cron\",\"spec\":\"30 2 * * *\",\"tz\":\"Europe/Berlin\"}"),
	ROUTE(PATCH, SCHEDULES "/{id}", "flow.define", EFFECT_WRITE, handle_patch, .operation = "flow.schedules.update",
		  .summary = "Change a schedule; with another spec its times begin anew", .body = &patch_table,
		  .result = &schedule_view_table, .json_limits = &body_limits, .errors = patch_errors),
	ROUTE(DELETE, SCHEDULES "/{id}", "flow.define", EFFECT_WRITE, handle_delete, .operation = "flow.schedules.delete",
		  .summary = "End a schedule; its runs go on", .status = 204, .errors = found_errors),
	ROUTE(POST, SCHEDULES "/{id}/pause", "flow.operate", EFFECT_WRITE, handle_enable,
		  .operation = "flow.schedules.pause", .summary = "Start nothing until it is resumed", .data = &off,
		  .result = &schedule_view_table, .errors = found_errors),
	ROUTE(POST, SCHEDULES "/{id}/resume", "flow.operate", EFFECT_WRITE, handle_enable,
		  .operation = "flow.schedules.resume", .summary = "Start again, from now on", .data = &on,
		  .result = &schedule_view_table, .errors = found_errors),
	ROUTE(POST, SCHEDULES "/{id}/trigger", "flow.run", EFFECT_WRITE, handle_trigger,
		  .operation = "flow.schedules.trigger", .summary = "Start a run now, besides its times", .status = 202,
		  .result = &run_view_table, .errors = create_errors),
};
const size_t schedules_routes_count = sizeof schedules_routes / sizeof *schedules_routes;
