/* /api/v1/flow/checkpoints: places that a run can go back to [flow.md 5]. */
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/agents_internal.h"
#include "flow/checkpoint.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/domain/money.h"
#include "flow/domain/run.h"
#include "flow/flow_internal.h"
#include "flow/orders.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"

/* --- as it is told --- */

static bool over(const char *status, const char *word)
{
	return strcmp(status, word) == 0;
}

static bool can_resume(const struct checkpoint_record *r)
{
	return over(r->status, "ready") && !over(r->run_status, "running") && !over(r->run_status, "completed");
}

static int64_t number_at(const struct json *json, const char *name)
{
	const struct json *value = json_get(json, name);
	return value != NULL && value->kind == JS_INT ? value->integer : 0;
}

static void add_money(struct jw *jw, const char *name, const char *micros_name, int64_t micros)
{
	char money[MONEY_TEXT];
	jw_member_str(jw, name, money_format(money, micros));
	jw_member_int(jw, micros_name, micros);
}

static void write_budget(struct jw *jw, const struct checkpoint_record *r, struct arena *arena)
{
	const struct json *budget;
	struct err err;
	jw_key(jw, "budget");
	if (r->budget == NULL || !json_parse(arena, r->budget, strlen(r->budget), &datum_limits, &budget, &err)) {
		jw_null(jw);
		return;
	}
	int64_t allocated = number_at(budget, "allocated"), consumed = number_at(budget, "consumed");
	jw_object(jw);
	add_money(jw, "allocated", "allocated_micros", allocated);
	add_money(jw, "consumed", "consumed_micros", consumed);
	add_money(jw, "remaining", "remaining_micros", allocated > consumed ? allocated - consumed : 0);
	jw_member_str(jw, "currency", json_text(budget, "currency"));
	jw_object_end(jw);
}

static void write_counts(struct jw *jw, const struct checkpoint_record *r)
{
	int64_t done = r->completed + r->skipped;
	jw_member_num(jw, "completion_percentage", r->total > 0 ? 100.0 * (double)done / (double)r->total : 0);
	jw_key(jw, "step_counts");
	jw_object(jw);
	jw_member_int(jw, "completed", r->completed);
	jw_member_int(jw, "pending", r->pending);
	jw_member_int(jw, "failed", r->failed);
	jw_member_int(jw, "skipped", r->skipped);
	jw_member_int(jw, "total", r->total);
	jw_object_end(jw);
}

static void add_json(struct jw *jw, const char *name, const char *json)
{
	jw_key(jw, name);
	if (json == NULL)
		jw_null(jw);
	else
		jw_raw(jw, json, strlen(json));
}

/* `state` too: the snapshot itself, JSON text; NULL: it is left out. */
static void write_checkpoint(struct jw *jw, const struct checkpoint_record *r, bool v3, const char *state,
							 struct arena *arena)
{
	char at[STAMP_TEXT];
	stamp_format(at, r->created_us);
	jw_object(jw);
	jw_member_str(jw, "checkpoint_id", r->checkpoint_id);
	jw_member_str(jw, "run_id", r->run_id);
	if (v3) {
		jw_member_str(jw, "execution_id", r->run_id);
		jw_member_str(jw, "workflow_execution_id", r->run_id);
	}
	jw_member_int(jw, "checkpoint_number", r->number);
	jw_member_str(jw, "status", r->status);
	jw_member_int(jw, "seq", r->seq);
	jw_member_str(jw, "label", r->label);
	jw_member_bool(jw, "automatic", r->automatic);
	write_counts(jw, r);
	write_budget(jw, r, arena);
	add_json(jw, "memory_ref", r->memory_ref);
	jw_member_int(jw, "size_bytes", r->size_bytes);
	jw_member_int(jw, "stored_bytes", r->stored_bytes);
	jw_member_str(jw, "created_at", at);
	jw_member_str(jw, "created_by", r->created_by);
	jw_member_bool(jw, "can_resume", can_resume(r));
	add_json(jw, "caller_state", r->caller_state);
	if (state != NULL)
		add_json(jw, "state", state);
	jw_object_end(jw);
}

static void reply(struct exchange *x, int status, const struct checkpoint_record *r, const char *state)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	write_checkpoint(&jw, r, agents_v3(x), state, &x->arena);
	reply_fact_text(x, status, buf_text(&text), text.size);
	buf_fini(&text);
}

/* --- which one --- */

/* The caller's run of that id.  False: answered. */
static bool find_run(struct exchange *x, const char *run_id, struct run_record *record)
{
	const struct flow_api *api = x->owner;
	struct err err;
	bool found = false, read = true;
	if (run_id != NULL && id_valid(run_id)) {
		struct db *db = store_read(api->options.store);
		read = runs_get(db, run_id, principal_of(x)->account_id, &x->arena, record, &found, &err);
		store_read_end(api->options.store, db);
	}
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such run.");
	return read && found;
}

static bool find_checkpoint(struct exchange *x, const char *checkpoint_id, struct checkpoint_record *record)
{
	const struct flow_api *api = x->owner;
	struct err err;
	bool found = false, read = true;
	if (id_valid(checkpoint_id)) {
		struct db *db = store_read(api->options.store);
		read = checkpoints_get(db, checkpoint_id, principal_of(x)->account_id, &x->arena, record, &found, &err);
		store_read_end(api->options.store, db);
	}
	if (!read)
		exchange_fail(x, &err);
	else if (!found)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such checkpoint.");
	return read && found;
}

/* --- create --- */

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

static bool check(struct exchange *x, const struct create_request *r)
{
	struct faults faults;
	faults_init(&faults, &x->arena);
	if (run_of(r) == NULL)
		faults_add(&faults, "/run_id", "required", "is missing");
	check_steps(r, &faults);
	check_money(r, &faults);
	if (faults.count > 0)
		exchange_fail_faults(x, ERR_INVALID, &faults);
	return faults.count == 0;
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

static bool audit(struct exchange *x, struct db *db, enum audit_action action, const char *checkpoint_id,
				  const char *reason, struct err *err)
{
	const struct flow_api *api = x->owner;
	struct audit_event event = principal_event(x, action, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, reason}};
	event.target_id = checkpoint_id;
	event.meta = meta;
	event.meta_count = reason == NULL ? 0 : 1;
	return audit_append(api->audit, db, &event, err);
}

static bool apply_create(struct write *w, struct db *db, struct err *err)
{
	struct creating *c = (struct creating *)w;
	return checkpoints_insert(db, &c->checkpoint.record, buf_text(&c->checkpoint.content), err) &&
		   audit(c->x, db, AUDIT_CHECKPOINT_CREATE, c->checkpoint.record.checkpoint_id, NULL, err);
}

static void answer_create(struct write *w)
{
	struct creating *c = (struct creating *)w;
	exchange_setf(c->x, "Location", "/api/v1/flow/checkpoints/%s", c->checkpoint.record.checkpoint_id);
	reply(c->x, 201, &c->checkpoint.record, NULL);
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
	if (!exchange_decode(x, &c->request) || !exchange_json(x, &body) || !check(x, &c->request) ||
		!find_run(x, run_of(&c->request), &c->run))
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

/* --- look, delete --- */

static void handle_get(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct checkpoint_record record;
	struct buf state;
	struct err err;
	if (!find_checkpoint(x, exchange_param(x, "id"), &record))
		return;
	buf_init(&state, 0);
	struct db *db = store_read(api->options.store);
	bool whole = checkpoint_content(db, &record, &x->arena, &state, &err);
	store_read_end(api->options.store, db);
	if (!whole && err.kind != ERR_INVALID)
		exchange_fail(x, &err);
	else
		reply(x, 200, &record, whole ? buf_text(&state) : NULL);
	buf_fini(&state);
}

struct listing {
	struct jw jw;
	int64_t total;
	bool v3;
	struct arena *arena;
};

static void take_one(void *self, const struct checkpoint_record *record)
{
	struct listing *listing = self;
	write_checkpoint(&listing->jw, record, listing->v3, NULL, listing->arena);
	listing->total++;
}

static void list(struct exchange *x, const char *run_id)
{
	const struct flow_api *api = x->owner;
	struct listing listing = {.v3 = agents_v3(x), .arena = &x->arena};
	struct run_record run;
	struct buf text;
	struct err err;
	if (!find_run(x, run_id, &run))
		return;
	buf_init(&text, 0);
	jw_init(&listing.jw, &text);
	jw_object(&listing.jw);
	jw_key(&listing.jw, "checkpoints");
	jw_array(&listing.jw);
	struct db *db = store_read(api->options.store);
	bool read = checkpoints_list(db, run.run_id, &x->arena, take_one, &listing, &err);
	store_read_end(api->options.store, db);
	jw_array_end(&listing.jw);
	jw_member_int(&listing.jw, "total", listing.total);
	jw_object_end(&listing.jw);
	if (read)
		reply_fact_text(x, 200, buf_text(&text), text.size);
	else
		exchange_fail(x, &err);
	buf_fini(&text);
}

static void handle_list_of(struct exchange *x)
{
	list(x, exchange_param(x, "run_id"));
}

struct list_request {
	const char *run_id, *execution_id, *workflow_execution_id;
};
static const struct field list_fields[] = {
	F_STR(list_request, run_id, LENGTH(1, 64), DOC("Whose; also execution_id or workflow_execution_id")),
	F_STR(list_request, execution_id, LENGTH(1, 64)),
	F_STR(list_request, workflow_execution_id, LENGTH(1, 64)),
};
static const struct field_table list_table = FIELD_TABLE("flow.checkpoints.list", list_request, list_fields);

static void handle_list(struct exchange *x)
{
	struct list_request r;
	struct faults faults;
	if (!exchange_decode_query(x, &r))
		return;
	const char *run_id = r.run_id != NULL         ? r.run_id
						 : r.execution_id != NULL ? r.execution_id
												  : r.workflow_execution_id;
	if (run_id != NULL) {
		list(x, run_id);
		return;
	}
	faults_init(&faults, &x->arena);
	faults_add(&faults, "/run_id", "required", "is missing");
	exchange_fail_faults(x, ERR_INVALID, &faults);
}

static void handle_snapshots(struct exchange *x)
{
	list(x, exchange_param(x, "id"));
}

struct removing {
	struct write write; /* first */
	struct checkpoint_record record;
};

static bool apply_delete(struct write *w, struct db *db, struct err *err)
{
	const struct removing *r = (struct removing *)w;
	return checkpoints_delete(db, r->record.checkpoint_id, err) &&
		   audit(w->x, db, AUDIT_CHECKPOINT_DELETE, r->record.checkpoint_id, NULL, err);
}

static void handle_delete(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct removing *r = arena_new(&x->arena, struct removing);
	if (r == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!find_checkpoint(x, exchange_param(x, "id"), &r->record))
		return;
	r->write = (struct write){.x = x, .store = api->options.store, .apply = apply_delete};
	write_submit(&r->write);
}

/* --- restore --- */

struct restore_request {
	const char *recovery_reason;
	bool repeat_effects;
};
static const struct field restore_fields[] = {
	F_STR(restore_request, recovery_reason, REQUIRED, LENGTH(1, 500), DOC("Why; it stands in the journal")),
	F_BOOL(restore_request, repeat_effects, DOC("Even over steps that are sent at most once, and were")),
};
static const struct field_table restore_table =
	FIELD_TABLE("flow.checkpoints.restore", restore_request, restore_fields);

struct restoring {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct checkpoint_record checkpoint;
	struct run_record run;
	struct control control;
};

static bool refuse(struct exchange *x, const char *status, const char *what)
{
	runs_tell_allowed(x, status, NULL);
	exchange_failf(x, ERR_TRANSITION_REFUSED, "The %s is %s.", what, status);
	return false;
}

/* A checkpoint whose content is not what was stored is no place to go back to. */
static bool is_ready(struct restoring *r)
{
	struct exchange *x = r->x;
	struct err err;
	struct db *db = store_read(r->api->options.store);
	bool whole = checkpoint_whole(db, &r->checkpoint, &x->arena, &err);
	store_read_end(r->api->options.store, db);
	if (!whole && err.kind != ERR_INVALID) {
		exchange_fail(x, &err);
		return false;
	}
	if (whole && over(r->checkpoint.status, "ready"))
		return true;
	exchange_failf(x, ERR_TRANSITION_REFUSED, "The checkpoint is %s.", whole ? r->checkpoint.status : "failed");
	return false;
}

static bool may(struct restoring *r)
{
	struct exchange *x = r->x;
	struct control_plan plan;
	struct story story;
	struct err err;
	if (over(r->run.status, "running"))
		return refuse(x, r->run.status, "run");
	struct db *db = store_read(r->api->options.store);
	bool read = story_open(&story, r->api->runner, db, &r->run, &x->arena, &err);
	store_read_end(r->api->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
		return false;
	}
	enum control_refusal refusal = control_plan(&story.run, &story.steps, &r->control, &plan);
	story_close(&story);
	if (refusal == CONTROL_EFFECT_SENT)
		exchange_failf(x, ERR_EFFECT_SENT, "A step was sent that is sent at most once; say repeat_effects to go back.");
	else if (refusal != CONTROL_FINE)
		refuse(x, r->run.status, "run");
	return refusal == CONTROL_FINE;
}

static bool apply_restore(struct write *w, struct db *db, struct err *err)
{
	struct restoring *r = (struct restoring *)w;
	return checkpoints_mark(db, r->checkpoint.checkpoint_id, "restoring", err) &&
		   orders_put(db, r->api->options.ids, r->run.run_id, &r->control, err) &&
		   audit(r->x, db, AUDIT_CHECKPOINT_RESTORE, r->checkpoint.checkpoint_id, r->control.reason, err);
}

static void carried_out(void *self, bool ended)
{
	struct restoring *r = self;
	(void)ended;
	run_reply(r->x, r->run.run_id);
}

static void answer_restore(struct write *w)
{
	struct restoring *r = (struct restoring *)w;
	if (r->x->drafting) {
		r->run.status = run_status_names[RUN_RUNNING];
		run_view_reply(r->x, 200, &r->run);
	} else {
		runner_look_then(r->api->runner, r->run.run_id, carried_out, r);
	}
}

static void after_restore(struct write *w, bool applied)
{
	const struct restoring *r = (const struct restoring *)w;
	if (applied && w->drafted)
		runner_look(r->api->runner, r->run.run_id);
}

void checkpoints_restore(struct exchange *x, const char *checkpoint_id, const char *run_id, const char *reason,
						 bool repeat_effects)
{
	const struct principal *principal = principal_of(x);
	struct restoring *r = arena_new(&x->arena, struct restoring);
	if (r == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*r = (struct restoring){.x = x, .api = x->owner};
	if (!find_checkpoint(x, checkpoint_id, &r->checkpoint) || !find_run(x, r->checkpoint.run_id, &r->run))
		return;
	if (run_id != NULL && strcmp(run_id, r->run.run_id) != 0) {
		exchange_failf(x, ERR_NOT_FOUND, "The run has no such checkpoint.");
		return;
	}
	r->control = (struct control){.kind = CONTROL_RESTORE,
								  .repeat_effects = repeat_effects,
								  .reason = reason,
								  .by = principal->user_id[0] == '\0' ? NULL : principal->user_id,
								  .to = r->checkpoint.seq};
	r->write = (struct write){.x = x,
							  .store = r->api->options.store,
							  .apply = apply_restore,
							  .answer = answer_restore,
							  .after = after_restore};
	if (is_ready(r) && may(r))
		write_submit(&r->write);
}

static void handle_restore(struct exchange *x)
{
	struct restore_request request;
	if (exchange_decode(x, &request))
		checkpoints_restore(x, exchange_param(x, "id"), NULL, request.recovery_reason, request.repeat_effects);
}

static const enum err_kind found_errors[] = {ERR_NOT_FOUND, ERR_NONE};
static const enum err_kind restore_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_EFFECT_SENT, ERR_NONE};

#define V1 "/api/v1/flow/checkpoints"
#define V3 "/api/v3/checkpoints"

const struct route checkpoints_routes[] = {
	ROUTE(POST, V1, "flow.operate", EFFECT_WRITE, handle_create, .operation = "flow.checkpoints.create",
		  .summary = "Remember where a run stands, and what it holds there", .body = &create_table, .status = 201,
		  .aliases = ALIASES({V3}, {V3 "/create"}, {V1 "/create"}), .errors = found_errors, .body_max = DATUM_MAX,
		  .json_limits = &datum_limits),
	ROUTE(POST, V1 "/{id}/restore", "flow.operate", EFFECT_WRITE, handle_restore,
		  .operation = "flow.checkpoints.restore", .summary = "Let a run go on from there",
		  .aliases = ALIASES({V3 "/{id}/restore"}), .body = &restore_table, .errors = restore_errors),
	ROUTE(GET, V1, "flow.read", EFFECT_READ, handle_list, .operation = "flow.checkpoints.list",
		  .summary = "The checkpoints of a run, newest first", .aliases = ALIASES({V3}), .query = &list_table,
		  .errors = found_errors),
	ROUTE(GET, V1 "/workflow/{run_id}", "flow.read", EFFECT_READ, handle_list_of,
		  .operation = "flow.checkpoints.list_of", .summary = "The checkpoints of a run, newest first",
		  .aliases = ALIASES({V3 "/workflow/{run_id}"}), .errors = found_errors),
	ROUTE(GET, "/api/v1/flow/runs/{id}/snapshots", "flow.read", EFFECT_READ, handle_snapshots,
		  .operation = "flow.runs.snapshots", .summary = "The checkpoints of a run, newest first",
		  .aliases = ALIASES({"/api/v3/executions/{id}/snapshots"}), .errors = found_errors),
	ROUTE(GET, V1 "/{id}", "flow.read", EFFECT_READ, handle_get, .operation = "flow.checkpoints.get",
		  .summary = "One checkpoint, with what the run held", .aliases = ALIASES({V3 "/{id}"}),
		  .errors = found_errors),
	ROUTE(DELETE, V1 "/{id}", "flow.operate", EFFECT_WRITE, handle_delete, .operation = "flow.checkpoints.delete",
		  .summary = "Delete a checkpoint; its number is not given again", .aliases = ALIASES({V3 "/{id}"}),
		  .status = 204, .errors = found_errors),
};
const size_t checkpoints_routes_count = sizeof checkpoints_routes / sizeof *checkpoints_routes;
