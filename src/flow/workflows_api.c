/* /api/v1/flow/workflows: register, check, publish, deprecate, archive, delete [flow.md 2.8, 4]. */
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "expr/expr.h"
#include "flow/definition.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "flow/scheduler.h"
#include "flow/system.h"
#include "flow/workflow_text.h"
#include "flow/workflows.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/write.h"
#include "store/store.h"

static const char *part_of(const struct exchange *x, const char *name, const char *absent)
{
	for (size_t i = 0; i < x->match.param_count; i++)
		if (strcmp(x->match.params[i].name, name) == 0)
			return x->match.params[i].value;
	return absent;
}

const char *workflow_owner(const struct exchange *x, const char *namespace)
{
	bool ours = namespace != NULL && strcmp(namespace, SYSTEM_NAMESPACE) == 0;
	return ours ? SYSTEM_ACCOUNT : principal_of(x)->account_id;
}

bool workflow_named(struct db *db, const struct exchange *x, struct arena *arena, struct workflow *workflow,
					bool *found, struct err *err)
{
	const char *namespace = part_of(x, "namespace", "dag");
	return workflows_find(db, workflow_owner(x, namespace), namespace, exchange_param(x, "name"),
						  part_of(x, "version", "latest"), arena, workflow, found, err);
}

/* --- register --- */

struct registration {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct workflow_text text;
	struct workflow workflow;
	const struct json *tags;
	const char *steps; /* JSON text, of the DAG form; it lives in the exchange's arena, as the answer comes last */
	char id[ID_TEXT];
	int status;
	struct schedule_wish wish;
	struct scheduler_runs runs;
};

enum { STEPS_TEXT_MAX = 16 << 20 }; /* bytes of steps that the answer repeats */

static bool audit_workflow(const struct exchange *x, const struct flow_api *api, struct db *db,
						   enum audit_action action, const struct workflow *w, struct err *err)
{
	struct audit_event event = principal_event(x, action, AUDIT_SUCCESS);
	const struct audit_pair all[] = {{AUDIT_META_version, w->version},
									 {AUDIT_META_status, workflow_state_names[w->state]},
									 {AUDIT_META_sha256, w->content_sha256}};
	event.target_id = w->workflow_id;
	event.meta = all;
	event.meta_count = action == AUDIT_WORKFLOW_REGISTER ? 3 : action == AUDIT_WORKFLOW_STATE ? 2 : 1;
	return audit_append(api->audit, db, &event, err);
}

/* What a new state means for the workflow's own schedule. */
static bool follow_state(struct flow_api *api, struct exchange *x, struct db *db, const struct workflow *workflow,
						 const struct schedule_wish *wish, struct scheduler_runs *runs, struct err *err)
{
	if (workflow->state == WORKFLOW_PUBLISHED)
		return resources_keep(api->runner, db, workflow->definition_sha256, err) &&
			   scheduler_published(api->runner, db, workflow, wish, &x->arena, runs, err);
	return workflow->state != WORKFLOW_ARCHIVED || scheduler_archived(db, workflow, &x->arena, runs, err);
}

static bool keep_text(const struct registration *r, struct db *db, struct err *err)
{
	const struct definition_text text = {
		.text = r->text.text, .sha256 = r->text.text_sha256, .content_sha256 = r->text.content_sha256};
	return runs_keep_definition(db, &text, err);
}

static bool register_new(struct registration *r, struct db *db, struct err *err)
{
	r->status = 201;
	return keep_text(r, db, err) && workflows_insert(db, &r->workflow, r->tags, err) &&
		   follow_state(r->api, r->x, db, &r->workflow, &r->wish, &r->runs, err) &&
		   audit_workflow(r->x, r->api, db, AUDIT_WORKFLOW_REGISTER, &r->workflow, err);
}

/* The same again: the row that is there, published now if it was a draft and is to be. */
static bool register_same(struct registration *r, struct db *db, struct workflow *old, struct err *err)
{
	bool publish = old->state == WORKFLOW_DRAFT && r->text.publish;
	int64_t now_us = r->workflow.updated_us;
	r->workflow = *old;
	if (!publish)
		return true;
	r->workflow.state = WORKFLOW_PUBLISHED;
	r->workflow.updated_us = now_us;
	return workflows_set_state(db, old->workflow_id, WORKFLOW_PUBLISHED, now_us, err) &&
		   follow_state(r->api, r->x, db, &r->workflow, &r->wish, &r->runs, err) &&
		   audit_workflow(r->x, r->api, db, AUDIT_WORKFLOW_STATE, &r->workflow, err);
}

static bool register_changed(struct registration *r, struct db *db, const struct workflow *old, struct err *err)
{
	r->workflow.workflow_id = old->workflow_id;
	r->workflow.created_us = old->created_us;
	r->workflow.created_by = old->created_by;
	return keep_text(r, db, err) && workflows_replace(db, &r->workflow, r->tags, err) &&
		   follow_state(r->api, r->x, db, &r->workflow, &r->wish, &r->runs, err) &&
		   audit_workflow(r->x, r->api, db, AUDIT_WORKFLOW_REGISTER, &r->workflow, err);
}

static bool apply_register(struct write *w, struct db *db, struct err *err)
{
	struct registration *r = (struct registration *)w;
	const struct workflow *new = &r->workflow;
	struct workflow old;
	bool found;
	if (!workflows_find(db, new->account_id, new->namespace, new->name, new->version, &r->x->arena, &old, &found, err))
		return false;
	r->status = 200;
	if (!found)
		return register_new(r, db, err);
	if (strcmp(old.content_sha256, new->content_sha256) == 0)
		return register_same(r, db, &old, err);
	if (old.state == WORKFLOW_DRAFT)
		return register_changed(r, db, &old, err);
	return write_refuse(w, ERR_VERSION_EXISTS,
						"Version %s of %s/%s exists with another definition: give a new version.", new->version,
						new->namespace, new->name);
}

static void answer_register(struct write *w)
{
	struct registration *r = (struct registration *)w;
	const struct workflow *workflow = &r->workflow;
	exchange_setf(r->x, "Location", "/api/v1/flow/workflows/%s/%s/versions/%s", workflow->namespace, workflow->name,
				  workflow->version);
	workflow_view_reply(r->x, r->status, workflow, r->steps);
}

static void after_register(struct write *w, bool applied)
{
	struct registration *r = (struct registration *)w;
	scheduler_wake(r->api->runner, &r->runs, applied && w->refused.kind == ERR_NONE);
	workflow_text_fini(&r->text);
}

/* JSON text in the exchange's arena. */
static const char *text_of(struct arena *arena, const struct json *json, size_t limit)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, limit);
	jw_init(&jw, &text);
	jw_json(&jw, json);
	const char *copy = buf_ok(&text) ? arena_dupn(arena, buf_text(&text), text.size) : NULL;
	buf_fini(&text);
	return copy;
}

static bool fill(struct registration *r, const struct ir *ir)
{
	struct arena *arena = &r->x->arena;
	const struct principal *principal = principal_of(r->x);
	int64_t now_us = env_wall_us(r->api->options.env);
	id_make(r->api->options.ids, r->id);
	r->tags = ir->tags;
	r->workflow = (struct workflow){
		.workflow_id = r->id,
		.account_id = principal->account_id,
		.namespace = arena_dup(arena, ir->namespace),
		.name = arena_dup(arena, ir->name),
		.version = arena_dup(arena, ir->version),
		.state = r->text.publish ? WORKFLOW_PUBLISHED : WORKFLOW_DRAFT,
		.form = ir->dag ? "dag" : "dsl",
		.content_sha256 = r->text.content_sha256,
		.definition_sha256 = r->text.text_sha256,
		.title = arena_dup(arena, ir->title),
		.tags = ir->tags != NULL ? text_of(arena, ir->tags, 0) : "null",
		.created_us = now_us,
		.updated_us = now_us,
		.created_by = principal->user_id[0] == '\0' ? NULL : principal->user_id,
	};
	if (ir->dag)
		r->steps = text_of(arena, json_get(ir->definition, "steps"), STEPS_TEXT_MAX);
	return r->workflow.tags != NULL && scheduler_wish(ir, arena, &r->wish) && !arena->full;
}

/* Helpers, as who asks has them. */
static struct expr_pool *exprs_of(const struct exchange *x)
{
	const struct flow_api *api = x->owner;
	return expr_share(api->options.expr, principal_of(x)->account_id);
}

/* Compile what the body brought.  NULL: answered. */
static struct definition *compile(struct exchange *x, struct workflow_text *text)
{
	const struct flow_api *api = x->owner;
	struct definition_problems problems = {.arena = &text->arena};
	struct err err = {.kind = ERR_INTERNAL};
	char sha256[65];
	/* What it refers to is fetched when it is published. */
	struct definition *definition =
		text->publish ? runner_definition(api->runner, text->text, text->size, sha256, &problems, &err)
					  : definition_open(text->text, text->size, DEFINITION_GUESS, api->options.policy, NULL,
										exprs_of(x), &problems, &err);
	bool good = definition != NULL && !system_refused(definition, &problems) &&
				(!text->publish || resources_pin(api->runner, definition, &problems));
	if (!good && problems.list.count > 0)
		workflow_text_refuse(x, text->prefix, &problems.list);
	else if (!good)
		exchange_fail(x, &err);
	if (good)
		return definition;
	definition_unref(definition);
	return NULL;
}

static bool submit(struct exchange *x, const struct workflow_text *text, const struct ir *ir)
{
	struct registration *r = arena_new(&x->arena, struct registration);
	if (r == NULL)
		return false;
	r->x = x;
	r->api = x->owner;
	r->text = *text;
	if (!fill(r, ir))
		return false;
	/* Read anew: the definition's own memory ends here. */
	r->tags = workflow_tree(&r->text.arena, r->workflow.tags, strlen(r->workflow.tags));
	r->write = (struct write){.x = x,
							  .store = r->api->options.store,
							  .apply = apply_register,
							  .answer = answer_register,
							  .after = after_register};
	write_submit(&r->write);
	return true;
}

void workflow_register(struct exchange *x, struct workflow_text *text)
{
	struct definition *definition = compile(x, text);
	if (definition == NULL) {
		workflow_text_fini(text);
		return;
	}
	if (!submit(x, text, definition_ir(definition))) {
		workflow_text_fini(text);
		exchange_failf(x, ERR_LIMIT, "no memory");
	}
	definition_unref(definition);
}

static void handle_register(struct exchange *x)
{
	struct workflow_text text;
	if (workflow_text_read(&text, x))
		workflow_register(x, &text);
	else
		workflow_text_fini(&text);
}

/* --- check --- */

static void write_features(struct jw *jw, const struct ir *ir)
{
	jw_key(jw, "features");
	jw_array(jw);
	for (size_t i = 0; ir != NULL && i < ir->features_count; i++)
		jw_str(jw, ir->features[i]);
	jw_array_end(jw);
}

/* {valid, form, problems[], tasks, features[]}: 200 either way. */
static void reply_checked(struct exchange *x, const struct definition *definition,
						  const struct definition_problems *problems)
{
	const struct ir *ir = definition != NULL ? definition_ir(definition) : NULL;
	struct buf out;
	struct jw jw;
	buf_init(&out, 0);
	jw_init(&jw, &out);
	jw_object(&jw);
	jw_member_bool(&jw, "valid", ir != NULL);
	jw_member_str(&jw, "form", problems->form);
	jw_key(&jw, "problems");
	definition_problems_write(&jw, &problems->list);
	jw_key(&jw, "tasks");
	if (ir != NULL)
		jw_int(&jw, ir->tasks_count);
	else
		jw_null(&jw);
	write_features(&jw, ir);
	jw_object_end(&jw);
	reply_fact_text(x, 200, buf_text(&out), out.size);
	buf_fini(&out);
}

static void check(struct exchange *x, struct arena *arena, const char *text, size_t size)
{
	const struct flow_api *api = x->owner;
	struct definition_problems problems = {.arena = arena};
	struct err err = {.kind = ERR_INTERNAL};
	struct definition *definition =
		definition_open(text, size, DEFINITION_GUESS, api->options.policy, NULL, exprs_of(x), &problems, &err);
	if (definition != NULL && system_refused(definition, &problems)) {
		definition_unref(definition);
		definition = NULL;
	}
	if (definition != NULL || problems.list.count > 0)
		reply_checked(x, definition, &problems);
	else
		exchange_fail(x, &err);
	definition_unref(definition);
}

static void handle_validate(struct exchange *x)
{
	struct workflow_text text;
	if (workflow_text_read(&text, x))
		check(x, &text.arena, text.text, text.size);
	workflow_text_fini(&text);
}

/* A registered one again, by what the server allows now. */
static void handle_validate_stored(struct exchange *x)
{
	const struct flow_api *api = x->owner;
	struct workflow workflow;
	struct err err;
	const char *text = NULL;
	size_t size = 0;
	bool found = false;
	struct db *db = store_read(api->options.store);
	bool read = workflow_named(db, x, &x->arena, &workflow, &found, &err) &&
				(!found || runs_definition(db, workflow.definition_sha256, &x->arena, &text, &size, &err));
	store_read_end(api->options.store, db);
	if (!read)
		exchange_fail(x, &err);
	else if (text == NULL)
		exchange_failf(x, ERR_NOT_FOUND, "There is no such workflow.");
	else
		check(x, &x->arena, text, size);
}

/* --- states --- */

struct change {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct workflow workflow;
	struct schedule_wish wish; /* of a version that is to be published */
	struct scheduler_runs runs;
};

static void write_allowed(struct exchange *x, enum workflow_state from)
{
	static const char *const words[] = {
		[WORKFLOW_PUBLISHED] = "publish", [WORKFLOW_DEPRECATED] = "deprecate", [WORKFLOW_ARCHIVED] = "archive"};
	char allowed[64] = "[", status[32];
	for (int to = WORKFLOW_PUBLISHED; to < WORKFLOW_STATES; to++)
		if (workflow_may_become(from, (enum workflow_state)to)) {
			size_t size = strlen(allowed);
			snprintf(allowed + size, sizeof allowed - size, "%s\"%s\"", size > 1 ? "," : "", words[to]);
		}
	strcat(allowed, "]");
	snprintf(status, sizeof status, "\"%s\"", workflow_state_names[from]);
	exchange_member(x, "current_status", status);
	exchange_member(x, "allowed", allowed);
}

static bool refuse_transition(struct write *w, struct change *change)
{
	const struct workflow *workflow = &change->workflow;
	write_allowed(change->x, workflow->state);
	return write_refuse(w, ERR_TRANSITION_REFUSED, "Version %s of %s/%s is %s.", workflow->version, workflow->namespace,
						workflow->name, workflow_state_names[workflow->state]);
}

static bool find_for_change(struct change *change, struct db *db, bool *found, struct err *err)
{
	if (!workflow_named(db, change->x, &change->x->arena, &change->workflow, found, err))
		return false;
	if (!*found)
		return err_set(err, ERR_NOT_FOUND, "There is no such workflow.");
	return strcmp(change->workflow.namespace, SYSTEM_NAMESPACE) != 0 ||
		   err_set(err, ERR_FORBIDDEN, "The workflows of " SYSTEM_NAMESPACE " are the server's own.");
}

static bool apply_state(struct write *w, struct db *db, struct err *err)
{
	struct change *change = (struct change *)w;
	enum workflow_state to = *(const enum workflow_state *)change->x->match.route->data;
	bool found;
	if (!find_for_change(change, db, &found, err))
		return false;
	if (!workflow_may_become(change->workflow.state, to))
		return refuse_transition(w, change);
	change->workflow.state = to;
	change->workflow.updated_us = env_wall_us(change->api->options.env);
	return workflows_set_state(db, change->workflow.workflow_id, to, change->workflow.updated_us, err) &&
		   follow_state(change->api, change->x, db, &change->workflow, &change->wish, &change->runs, err) &&
		   audit_workflow(change->x, change->api, db, AUDIT_WORKFLOW_STATE, &change->workflow, err);
}

static void answer_state(struct write *w)
{
	const struct change *change = (struct change *)w;
	workflow_view_reply(change->x, 200, &change->workflow, NULL);
}

static bool apply_delete(struct write *w, struct db *db, struct err *err)
{
	struct change *change = (struct change *)w;
	bool found;
	if (!find_for_change(change, db, &found, err))
		return false;
	if (change->workflow.state != WORKFLOW_DRAFT)
		return refuse_transition(w, change);
	return workflows_delete(db, &change->workflow, err) &&
		   audit_workflow(change->x, change->api, db, AUDIT_WORKFLOW_DELETE, &change->workflow, err);
}

static void after_change(struct write *w, bool applied)
{
	struct change *change = (struct change *)w;
	scheduler_wake(change->api->runner, &change->runs, applied && w->refused.kind == ERR_NONE);
}

static bool read_text(struct change *change, const char **text, size_t *size, struct err *err)
{
	struct exchange *x = change->x;
	bool found = false;
	struct db *db = store_read(change->api->options.store);
	bool read = workflow_named(db, x, &x->arena, &change->workflow, &found, err) &&
				(!found || runs_definition(db, change->workflow.definition_sha256, &x->arena, text, size, err));
	store_read_end(change->api->options.store, db);
	return read;
}

/* What it refers to is fetched now, and what it says of a schedule is kept at hand.  False: answered. */
static bool prepare_publishing(struct change *change)
{
	struct exchange *x = change->x;
	struct definition_problems problems = {.arena = &x->arena};
	struct err err = {.kind = ERR_INTERNAL};
	const char *text = NULL;
	size_t size = 0;
	char sha256[65];
	if (!read_text(change, &text, &size, &err)) {
		exchange_fail(x, &err);
		return false;
	}
	if (text == NULL)
		return true; /* the write says so */
	struct definition *definition = runner_definition(change->api->runner, text, size, sha256, &problems, &err);
	bool good = definition != NULL && resources_pin(change->api->runner, definition, &problems) &&
				scheduler_wish(definition_ir(definition), &x->arena, &change->wish);
	if (problems.list.count > 0)
		workflow_text_refuse(x, "", &problems.list);
	else if (definition == NULL)
		exchange_fail(x, &err);
	else if (!good)
		exchange_failf(x, ERR_LIMIT, "no memory");
	definition_unref(definition);
	return good;
}

static void start_change(struct exchange *x, bool (*apply)(struct write *w, struct db *db, struct err *err),
						 void (*answer)(struct write *w))
{
	struct change *change = arena_new(&x->arena, struct change);
	if (change == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	change->x = x;
	change->api = x->owner;
	if (apply == apply_state && *(const enum workflow_state *)x->match.route->data == WORKFLOW_PUBLISHED &&
		!prepare_publishing(change))
		return;
	change->write = (struct write){
		.x = x, .store = change->api->options.store, .apply = apply, .answer = answer, .after = after_change};
	write_submit(&change->write);
}

static void handle_state(struct exchange *x)
{
	start_change(x, apply_state, answer_state);
}

static void handle_delete(struct exchange *x)
{
	start_change(x, apply_delete, NULL);
}

/* --- routes --- */

static const enum workflow_state published = WORKFLOW_PUBLISHED, deprecated = WORKFLOW_DEPRECATED,
								 archived = WORKFLOW_ARCHIVED;
static const struct json_limits body_limits = {.depth = 500, .values = WORKFLOW_VALUES_MAX};
static const enum err_kind register_errors[] = {ERR_DEFINITION_REFUSED, ERR_VERSION_EXISTS, ERR_NONE};
static const enum err_kind change_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_NONE};

static const struct field problem_rows[] = {T_STR(pointer), T_STR(code), T_STR(message), T_INT(line, LEFT_OUT)};
static const struct field_table problem_table = TOLD_TABLE("flow.definition.problem", problem_rows);
static const struct field checked_rows[] = {
	T_BOOL(valid),
	T_STR(form, NULLABLE, DOC("dsl or dag; null: it is neither")),
	T_OBJECTS(problems, &problem_table),
	T_INT(tasks, NULLABLE),
	T_STRS(features),
};
static const struct field_table checked_table = TOLD_TABLE("flow.definition.checked", checked_rows);

#define EXAMPLE \
	"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"demo\",\"name\":\"hello\"," \
	"\"version\":\"1.0.0\"},\"do\":[{\"greet\":{\"set\":{\"text\":\"hello\"}}}]}}"
#define VERSION "/api/v1/flow/workflows/{namespace}/{name}/versions/{version}"
#define STATE(word, state, what, ...) \
	ROUTE(POST, VERSION "/" #word, "flow.define", EFFECT_WRITE, handle_state, .operation = "flow.workflows." #word, \
		  .summary = what, .result = &workflow_view_table, .data = &(state), .errors = change_errors, __VA_ARGS__)

const struct route workflows_routes[] = {
	ROUTE(POST, "/api/v1/flow/workflows", "flow.define", EFFECT_WRITE, handle_register,
		  .aliases = ALIASES({"/api/v3/workflows"}), .operation = "flow.workflows.register",
		  .summary = "Register a version of a workflow: {definition, publish}, a definition, or YAML", .status = 201,
		  .status_also = 200, .result = &workflow_registered_table,
		  .doc = "The same definition again answers 200 with the version that is there, another one 409; a draft is "
				 "changed. "
				 "With publish false (or ?publish=false) it is a draft.",
		  .accepts = workflow_media, .body_max = WORKFLOW_BODY_MAX, .json_limits = &body_limits,
		  .errors = register_errors, .example = EXAMPLE),
	ROUTE(POST, "/api/v1/flow/workflows/validate", "flow.read", EFFECT_COMPUTE, handle_validate,
		  .operation = "flow.workflows.validate", .summary = "Check a definition without registering it",
		  .result = &checked_table, .accepts = workflow_media, .body_max = WORKFLOW_BODY_MAX,
		  .json_limits = &body_limits, .example = EXAMPLE),
	ROUTE(POST, "/api/v3/workflows/{name}/validate", "flow.read", EFFECT_COMPUTE, handle_validate_stored,
		  .operation = "flow.workflows.validate_stored", .summary = "Check the newest version again",
		  .result = &checked_table),
	STATE(publish, published, "Publish a draft: from now on it does not change"),
	STATE(deprecate, deprecated, "Deprecate a version: no new schedules"),
	STATE(archive, archived, "Archive a version: no new runs",
		  .aliases = ALIASES({"/api/v3/workflows/{name}/archive"})),
	ROUTE(DELETE, VERSION, "flow.define", EFFECT_WRITE, handle_delete, .operation = "flow.workflows.delete",
		  .summary = "Delete a draft", .status = 204, .errors = change_errors),
};
const size_t workflows_routes_count = sizeof workflows_routes / sizeof *workflows_routes;
