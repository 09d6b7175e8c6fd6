/* /api/v1/flow/schedules: when workflows start by themselves [flow.md 3.4, 4]. */
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "flow/domain/datum.h"
#include "flow/domain/schedule.h"
#include "flow/flow_internal.h"
#include "flow/members.h"
#include "flow/runs_repo.h"
#include "flow/scheduler.h"
#include "flow/schedules_repo.h"
#include "flow/workflows.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/store.h"

enum { LIST_MAX = 500, LIST_DEFAULT = 50, UPCOMING_MAX = 1000, UPCOMING_DEFAULT = 10 };

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

static void etag_of(const struct schedule_record *r, char etag[ETAG_TEXT])
{
	char text[100], hex[SHA256_HEX_SIZE];
	int size = snprintf(text, sizeof text, "schedule:%s:%lld", r->schedule_id, (long long)r->row_version);
	sha256_hex(text, (size_t)size, hex);
	etag_format(etag, hex);
}

static void write_schedule(struct jw *jw, const struct schedule_record *r)
{
	struct buf workflow;
	char etag[ETAG_TEXT];
	buf_init(&workflow, 0);
	buf_addf(&workflow, "%s/%s", r->namespace, r->name);
	etag_of(r, etag);
	jw_object(jw);
	jw_member_str(jw, "schedule_id", r->schedule_id);
	jw_member_str(jw, "workflow", buf_text(&workflow));
	jw_member_str(jw, "version", r->version);
	jw_member_str(jw, "kind", r->kind);
	members_json(jw, "spec", r->spec);
	jw_member_str(jw, "tz", r->tz);
	jw_member_str(jw, "catch_up", r->catch_up);
	jw_member_str(jw, "overlap", r->overlap);
	members_json(jw, "input", r->input);
	jw_member_bool(jw, "enabled", r->enabled);
	jw_member_str(jw, "origin", r->origin);
	members_time(jw, "next_at", r->next_us);
	members_time(jw, "last_at", r->last_us);
	jw_member_str(jw, "last_run_id", r->last_run_id);
	jw_member_str(jw, "last_error", r->last_error);
	jw_member_int(jw, "queued", r->queued);
	members_time(jw, "created_at", r->created_us);
	jw_member_str(jw, "created_by", r->created_by);
	members_time(jw, "updated_at", r->updated_us);
	jw_member_str(jw, "etag", etag);
	jw_object_end(jw);
	buf_fini(&workflow);
}

static void reply_schedule(struct exchange *x, int status, const struct schedule_record *record)
{
	struct buf text;
	struct jw jw;
	char etag[ETAG_TEXT];
	etag_of(record, etag);
	exchange_set(x, "ETag", etag);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	write_schedule(&jw, record);
	reply_fact_text(x, status, buf_text(&text), text.size);
	buf_fini(&text);
}

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
	reply_schedule(change->x, change->status, &change->record);
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

/* In an op: the schedule that the path names, if it is the caller's. */
static bool read_named(struct change *change, struct db *db, struct err *err)
{
	const char *id = exchange_param(change->x, "id");
	bool found = false;
	if (id_valid(id) &&
		!schedules_get(db, id, principal_of(change->x)->account_id, &change->x->arena, &change->record, &found, err))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "There is no such schedule.");
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

/* False: answered. */
static bool check(struct change *change, struct faults *faults)
{
	if (faults->count == 0)
		(void)scheduler_check(change->api->runner, &change->record, &change->x->arena, faults);
	if (faults->count > 0)
		exchange_fail_faults(change->x, ERR_INVALID, faults);
	return faults->count == 0;
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

static void handle_create(struct exchange *x)
{
	struct change *change = start(x);
	struct faults faults;
	if (change == NULL || !exchange_decode(x, &change->request))
		return;
	const struct principal *principal = principal_of(x);
	const char *slash = strchr(change->request.workflow, '/');
	faults_init(&faults, &x->arena);
	id_make(change->api->options.ids, change->id);
	change->status = 201;
	change->record = (struct schedule_record){.schedule_id = change->id,
											  .account_id = principal->account_id,
											  .version = "latest",
											  .origin = "request",
											  .kind = schedule_kind_names[change->request.kind],
											  .tz = "UTC",
											  .catch_up = "one",
											  .overlap = "allow",
											  .input = "null",
											  .created_by = principal->user_id[0] == '\0' ? NULL : principal->user_id,
											  .enabled = true,
											  .row_version = 1,
											  .created_us = now_of(change),
											  .updated_us = now_of(change)};
	if (slash == NULL || slash == change->request.workflow || slash[1] == '\0')
		faults_add(&faults, "/workflow", "format", "must be NAMESPACE/NAME");
	else
		change->record.namespace =
			arena_dupn(&x->arena, change->request.workflow, (size_t)(slash - change->request.workflow));
	change->record.name = slash == NULL ? NULL : slash + 1;
	take_request(change, &faults);
	if (check(change, &faults))
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
	if (!read_named(change, db, err))
		return false;
	etag_of(&change->record, etag);
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
	struct faults faults;
	struct err err = {.kind = ERR_NONE};
	if (change == NULL || !exchange_decode(x, &change->request))
		return;
	struct db *db = store_read(change->api->options.store);
	bool read = read_named(change, db, &err);
	store_read_end(change->api->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
		return;
	}
	faults_init(&faults, &x->arena);
	take_request(change, &faults);
	if (check(change, &faults))
		submit(change, apply_patch, answer_schedule);
}

/* --- pause, resume, delete --- */

static bool apply_enable(struct write *w, struct db *db, struct err *err)
{
	struct change *change = (struct change *)w;
	bool enable = *(const bool *)change->x->match.route->data;
	if (!read_named(change, db, err))
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
	if (!read_named(change, db, err))
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
	if (!read_named(change, db, err) ||
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

/* --- reading --- */

/* False: answered. */
static bool find_named(struct change *change)
{
	struct err err;
	struct db *db = store_read(change->api->options.store);
	bool read = read_named(change, db, &err);
	store_read_end(change->api->options.store, db);
	if (!read)
		exchange_fail(change->x, &err);
	return read;
}

static void handle_get(struct exchange *x)
{
	struct change *change = start(x);
	if (change != NULL && find_named(change))
		reply_schedule(x, 200, &change->record);
}

struct upcoming_query {
	int64_t n;
};
static const struct field upcoming_fields[] = {
	F_INT(upcoming_query, n, RANGE(1, UPCOMING_MAX), DEFAULT(UPCOMING_DEFAULT), DOC("How many")),
};
static const struct field_table upcoming_table =
	FIELD_TABLE("flow.schedules.upcoming", upcoming_query, upcoming_fields);

static void write_times(struct jw *jw, const struct change *change, int64_t n)
{
	struct schedule_plan plan;
	struct faults faults;
	struct datum *spec = datum_text(change->record.spec, strlen(change->record.spec));
	int kind = 0;
	while (strcmp(schedule_kind_names[kind], change->record.kind) != 0)
		kind++;
	faults_init(&faults, &change->x->arena);
	bool more = change->record.next_us > 0 && schedule_read((enum schedule_kind)kind, datum_tree(spec),
															change->record.tz, &change->x->arena, &plan, &faults);
	int64_t at_us = change->record.next_us;
	for (; more && n > 0; n--) {
		char text[STAMP_TEXT];
		stamp_format(text, at_us);
		jw_str(jw, text);
		more = schedule_next(&plan, at_us, &at_us);
	}
	datum_unref(spec);
}

static void handle_upcoming(struct exchange *x)
{
	struct change *change = start(x);
	struct upcoming_query query;
	struct buf text;
	struct jw jw;
	if (change == NULL || !exchange_decode_query(x, &query) || !find_named(change))
		return;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_key(&jw, "times");
	jw_array(&jw);
	write_times(&jw, change, query.n);
	jw_array_end(&jw);
	jw_object_end(&jw);
	reply_fact_text(x, 200, buf_text(&text), text.size);
	buf_fini(&text);
}

struct list_query {
	const char *workflow, *cursor;
	int64_t limit;
};
static const struct field list_fields[] = {
	F_STR(list_query, workflow, LENGTH(3, 511), DOC("NAMESPACE/NAME")),
	F_INT(list_query, limit, RANGE(1, LIST_MAX), DEFAULT(LIST_DEFAULT)),
	F_STR(list_query, cursor, LENGTH(1, 500)),
};
static const struct field_table list_table = FIELD_TABLE("flow.schedules.list", list_query, list_fields);

struct listing {
	struct jw jw;
	int64_t left;
	const char *last;
	bool more;
};

static void take_schedule(void *self, const struct schedule_record *record)
{
	struct listing *listing = self;
	if (listing->left-- <= 0) {
		listing->more = true;
		return;
	}
	write_schedule(&listing->jw, record);
	listing->last = record->schedule_id;
}

static void reply_list(struct exchange *x, struct schedules_filter *filter, const char *scope)
{
	struct flow_api *api = x->owner;
	struct buf text;
	struct err err;
	struct listing listing = {.left = filter->limit - 1};
	buf_init(&text, 0);
	jw_init(&listing.jw, &text);
	jw_object(&listing.jw);
	jw_key(&listing.jw, "items");
	jw_array(&listing.jw);
	struct db *db = store_read(api->options.store);
	bool read = schedules_list(db, filter, &x->arena, take_schedule, &listing, &err);
	store_read_end(api->options.store, db);
	jw_array_end(&listing.jw);
	const char *cursor = listing.more ? page_cursor(&x->arena, api->page_key, scope, listing.last) : NULL;
	jw_member_str(&listing.jw, "next_cursor", cursor);
	jw_object_end(&listing.jw);
	if (cursor != NULL)
		page_link(x, cursor);
	if (read)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

static void handle_list(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct list_query query;
	struct err err;
	char after[PAGE_AFTER_MAX + 1];
	if (!exchange_decode_query(x, &query))
		return;
	struct schedules_filter filter = {
		.account_id = principal_of(x)->account_id, .before = after, .limit = query.limit + 1};
	const char *slash = query.workflow == NULL ? NULL : strchr(query.workflow, '/');
	if (query.workflow != NULL && slash == NULL) {
		exchange_failf(x, ERR_INVALID, "workflow is NAMESPACE/NAME.");
		return;
	}
	if (slash != NULL) {
		filter.namespace = arena_dupn(&x->arena, query.workflow, (size_t)(slash - query.workflow));
		filter.name = slash + 1;
	}
	const char *scope = arena_printf(&x->arena, "flow.schedules %s %s", filter.account_id,
									 query.workflow == NULL ? "" : query.workflow);
	if (page_after(api->page_key, scope, query.cursor, after, &err))
		reply_list(x, &filter, scope);
	else
		exchange_fail(x, &err);
}

/* --- routes --- */

static const bool on = true, off = false;
static const enum err_kind create_errors[] = {ERR_NOT_FOUND, ERR_NOT_ACTIVE, ERR_NONE};
static const enum err_kind patch_errors[] = {ERR_NOT_FOUND, ERR_PRECONDITION_REQUIRED, ERR_PRECONDITION_FAILED,
											 ERR_NONE};
static const enum err_kind found_errors[] = {ERR_NOT_FOUND, ERR_NONE};

#define SCHEDULES "/api/v1/flow/schedules"

const struct route schedules_routes[] = {
	ROUTE(POST, SCHEDULES, "flow.define", EFFECT_WRITE, handle_create, .operation = "flow.schedules.create",
		  .summary = "Let a workflow start by itself: every so often, by cron, after its last run, on events",
		  .body = &create_table, .status = 201, .json_limits = &body_limits, .errors = create_errors,
		  .example =
			  "{\"workflow\":\"demo/hello\",\"kind\":\"cron\",\"spec\":\"30 2 * * *\",\"tz\":\"Europe/Berlin\"}"),
	ROUTE(GET, SCHEDULES, "flow.read", EFFECT_READ, handle_list, .operation = "flow.schedules.list",
		  .summary = "The account's schedules, newest first", .query = &list_table),
	ROUTE(GET, SCHEDULES "/{id}", "flow.read", EFFECT_READ, handle_get, .operation = "flow.schedules.get",
		  .summary = "One schedule", .errors = found_errors),
	ROUTE(PATCH, SCHEDULES "/{id}", "flow.define", EFFECT_WRITE, handle_patch, .operation = "flow.schedules.update",
		  .summary = "Change a schedule; with another spec its times begin anew", .body = &patch_table,
		  .json_limits = &body_limits, .errors = patch_errors),
	ROUTE(DELETE, SCHEDULES "/{id}", "flow.define", EFFECT_WRITE, handle_delete, .operation = "flow.schedules.delete",
		  .summary = "End a schedule; its runs go on", .status = 204, .errors = found_errors),
	ROUTE(POST, SCHEDULES "/{id}/pause", "flow.operate", EFFECT_WRITE, handle_enable,
		  .operation = "flow.schedules.pause", .summary = "Start nothing until it is resumed", .data = &off,
		  .errors = found_errors),
	ROUTE(POST, SCHEDULES "/{id}/resume", "flow.operate", EFFECT_WRITE, handle_enable,
		  .operation = "flow.schedules.resume", .summary = "Start again, from now on", .data = &on,
		  .errors = found_errors),
	ROUTE(POST, SCHEDULES "/{id}/trigger", "flow.run", EFFECT_WRITE, handle_trigger,
		  .operation = "flow.schedules.trigger", .summary = "Start a run now, besides its times", .status = 202,
		  .errors = create_errors),
	ROUTE(GET, SCHEDULES "/{id}/upcoming", "flow.read", EFFECT_READ, handle_upcoming,
		  .operation = "flow.schedules.upcoming", .summary = "The next times at which it starts",
		  .query = &upcoming_table, .errors = found_errors),
};
const size_t schedules_routes_count = sizeof schedules_routes / sizeof *schedules_routes;
