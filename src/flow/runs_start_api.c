/* POST /api/v1/flow/runs, and what version 3 calls it: start a run [flow.md 4]. */
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/money.h"
#include "flow/domain/run.h"
#include "flow/domain/schema.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "flow/system.h"
#include "flow/workflow_text.h"
#include "flow/workflows.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/write.h"
#include "store/store.h"

enum { WAIT_MAX_MS = 60000, PRIORITY_MAX = 9 };

/* --- start --- */

struct start_request {
	const char *namespace, *name, *version;
	const struct json *definition, *input, *seed, *labels, *budget;
	int64_t priority, wait_ms;
};

static const struct field start_fields[] = {
	F_STR(start_request, namespace, LENGTH(1, 255), DOC("Of a registered workflow")),
	F_STR(start_request, name, LENGTH(1, 255)),
	F_STR(start_request, version, DEFAULT_TEXT("latest"), LENGTH(1, 64)),
	F_JSON(start_request, definition, DOC("A definition of its own: an object, or the text of one")),
	F_JSON(start_request, input, DOC("Any value; without: null")),
	F_JSON(start_request, seed, DOC("Of jitter and random choices: a whole number")),
	F_JSON(start_request, labels, DOC("Names and texts to find it by")),
	F_JSON(start_request, budget, DOC("{limit, currency}: the most that the run may spend")),
	F_INT(start_request, priority, RANGE(0, PRIORITY_MAX), DEFAULT(5)),
	F_INT(start_request, wait_ms, RANGE(0, WAIT_MAX_MS), DEFAULT(0), UNIT("ms"),
		  DOC("Answer when it has ended, or after this")),
};
static const struct field_table start_table = FIELD_TABLE("flow.runs.start", start_request, start_fields);

/* Bodies of runs hold user data: as many values as an input may have. */
static const struct json_limits start_limits = {.depth = 500, .values = 100000};

struct start {
	struct write write; /* first */
	struct exchange *x;
	struct flow_api *api;
	struct start_request request;
	struct runner_start run;
	char sha256[65], content_sha256[65], seed[24];
	const char *namespace, *name, *version; /* of the definition, which may be gone when the answer is written */
	struct datum *input, *labels;
};

static const char *text_of_json(struct arena *arena, const struct json *json)
{
	struct datum *datum = datum_json(json);
	const char *text = arena_dup(arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

static bool refuse(struct start *start, const char *prefix, const struct definition_problems *problems,
				   const struct err *err)
{
	if (problems->list.count > 0)
		workflow_text_refuse(start->x, prefix, &problems->list);
	else
		exchange_fail(start->x, err);
	return false;
}

/* False: answered. */
static bool open_text(struct start *start, const char *text, size_t size, const char *prefix)
{
	struct runner *runner = start->api->runner;
	struct definition_problems problems = {.arena = &start->x->arena};
	struct err err = {.kind = ERR_INTERNAL};
	start->run.definition = runner_definition(runner, text, size, start->sha256, &problems, &err);
	start->run.definition_text = text;
	start->run.definition_sha256 = start->sha256;
	return start->run.definition != NULL || refuse(start, prefix, &problems, &err);
}

/* A workflow that is named beside a definition is the definition's own; a version that is not given says "latest". */
static bool names_itself(struct start *start)
{
	const struct start_request *r = &start->request;
	const struct ir *ir = definition_ir(start->run.definition);
	const struct {
		const char *pointer, *given, *own;
	} members[] = {{"/namespace", r->namespace, ir->namespace},
				   {"/name", r->name, ir->name},
				   {"/version", strcmp(r->version, "latest") == 0 ? NULL : r->version, ir->version}};
	struct faults faults;
	faults_init(&faults, &start->x->arena);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++)
		if (members[i].given != NULL && strcmp(members[i].given, members[i].own) != 0)
			faults_add(&faults, members[i].pointer, "read_only",
					   "either a definition, or the name of a registered workflow: this definition says %s",
					   members[i].own);
	if (faults.count == 0)
		return true;
	exchange_fail_faults(start->x, ERR_INVALID, &faults);
	return false;
}

/* The definition that the body brings along, with what it refers to.  False: answered. */
static bool own_definition(struct start *start)
{
	const struct json *given = start->request.definition;
	struct definition_problems problems = {.arena = &start->x->arena};
	struct err err = {.kind = ERR_INTERNAL};
	const char *text = given->kind == JS_STRING ? given->text : text_of_json(&start->x->arena, given);
	if (!open_text(start, text, strlen(text), "/definition"))
		return false;
	if (!names_itself(start)) {
		definition_unref(start->run.definition);
		start->run.definition = NULL;
		return false;
	}
	if (!system_refused(start->run.definition, &problems) &&
		resources_pin(start->api->runner, start->run.definition, &problems))
		return true;
	definition_unref(start->run.definition);
	return refuse(start, "/definition", &problems, &err);
}

static bool read_registered(struct start *start, struct db *db, struct workflow *workflow, const char **text,
							size_t *size, bool *found, struct err *err)
{
	const struct start_request *r = &start->request;
	const char *namespace = r->namespace == NULL ? "default" : r->namespace;
	struct arena *arena = &start->x->arena;
	return workflows_find(db, principal_of(start->x)->account_id, namespace, r->name, r->version, arena, workflow,
						  found, err) &&
		   (!*found || runs_definition(db, workflow->definition_sha256, arena, text, size, err));
}

/* The version that the body names.  False: answered. */
static bool registered_definition(struct start *start)
{
	struct exchange *x = start->x;
	struct workflow workflow;
	const char *text = NULL;
	size_t size = 0;
	bool found = false;
	struct err err = {.kind = ERR_INTERNAL};
	struct db *db = store_read(start->api->options.store);
	bool read = read_registered(start, db, &workflow, &text, &size, &found, &err);
	store_read_end(start->api->options.store, db);
	if (!read || (found && text == NULL)) {
		exchange_fail(x, &err);
		return false;
	}
	if (!found) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such workflow.");
		return false;
	}
	if (workflow.state != WORKFLOW_PUBLISHED && workflow.state != WORKFLOW_DEPRECATED) {
		exchange_failf(x, ERR_NOT_ACTIVE, "Version %s is %s.", workflow.version, workflow_state_names[workflow.state]);
		return false;
	}
	return open_text(start, text, size, "/definition");
}

static void take_seed(struct start *start, struct faults *faults)
{
	const struct json *seed = start->request.seed;
	if (seed == NULL || seed->kind == JS_NULL)
		return;
	if (seed->kind == JS_INT && seed->integer >= 0) {
		snprintf(start->seed, sizeof start->seed, "%lld", (long long)seed->integer);
	} else if (seed->kind == JS_STRING && seed->size > 0 && seed->size < sizeof start->seed &&
			   strspn(seed->text, "0123456789") == seed->size) {
		strcpy(start->seed, seed->text);
	} else {
		faults_add(faults, "/seed", "format", "must be a whole number, not negative");
		return;
	}
	start->run.seed = start->seed;
}

static void check_budget(const struct json *budget, struct faults *faults)
{
	const char *currency = json_text(budget, "currency");
	int64_t limit;
	if (budget == NULL)
		return;
	if (json_get(budget, "limit") == NULL || !money_of_json(json_get(budget, "limit"), &limit) || limit <= 0)
		faults_add(faults, "/budget/limit", "format",
				   "must be an amount of money above 0, as decimal text or a number");
	if (currency == NULL || strlen(currency) != 3 || strspn(currency, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
		faults_add(faults, "/budget/currency", "format", "must be three capital letters, such as USD");
}

static void check_labels(const struct json *labels, struct faults *faults)
{
	if (labels == NULL)
		return;
	if (labels->kind != JS_OBJECT) {
		faults_add(faults, "/labels", "type", "must be an object");
		return;
	}
	for (uint32_t i = 0; i < labels->count; i++)
		if (labels->members[i].value.kind != JS_STRING)
			faults_add(faults, field_pointer(faults->arena, "/labels", labels->members[i].name), "type",
					   "must be a text");
}

static void check_start(void *self, struct faults *faults)
{
	struct start *start = self;
	const struct start_request *r = &start->request;
	take_seed(start, faults);
	check_budget(r->budget, faults);
	check_labels(r->labels, faults);
	if (r->definition == NULL && r->name == NULL && faults->count == 0)
		faults_add(faults, "/definition", "required", "either definition, or namespace and name of a workflow");
	if (r->definition != NULL && r->definition->kind != JS_OBJECT && r->definition->kind != JS_STRING)
		faults_add(faults, "/definition", "type", "must be an object or a text");
}

static void tidy(struct start *start)
{
	definition_unref(start->run.definition);
}

static bool apply_start(struct write *w, struct db *db, struct err *err)
{
	struct start *start = (struct start *)w;
	return runner_insert(start->api->runner, db, &start->run, err);
}

static bool read_run(struct flow_api *api, const char *run_id, struct arena *arena, struct run_record *record,
					 struct err *err)
{
	bool found = false;
	struct db *db = store_read(api->options.store);
	bool read = runs_get(db, run_id, NULL, arena, record, &found, err);
	store_read_end(api->options.store, db);
	return read && (found || err_set(err, ERR_NOT_FOUND, "There is no such run."));
}

static void answer_run(struct start *start, int status_over)
{
	struct run_record record;
	struct err err;
	struct exchange *x = start->x;
	if (!read_run(start->api, start->run.run_id, &x->arena, &record, &err)) {
		exchange_fail(x, &err);
		return;
	}
	exchange_setf(x, "Location", "/api/v1/flow/runs/%s", record.run_id);
	run_view_reply(x, record.ended_us != 0 ? status_over : 202, &record);
}

/* The run as it will stand when the op is committed: nothing has been driven yet. */
static void answer_pending(struct start *start)
{
	const struct run_record record = {
		.run_id = start->run.run_id,
		.namespace = start->namespace,
		.name = start->name,
		.version = start->version,
		.status = run_status_names[RUN_PENDING],
		.input = start->run.input,
		.seed = start->run.seed,
		.priority = start->run.priority,
		.labels = start->run.labels == NULL ? "{}" : start->run.labels,
		.created_us = start->run.created_us,
		.definition_sha256 = start->sha256,
		.content_sha256 = start->content_sha256,
	};
	exchange_setf(start->x, "Location", "/api/v1/flow/runs/%s", record.run_id);
	run_view_reply(start->x, 202, &record);
}

static void over(void *self, bool ended)
{
	struct start *start = self;
	(void)ended;
	answer_run(start, 200);
}

static void answer_start(struct write *w)
{
	struct start *start = (struct start *)w;
	struct flow_api *api = start->api;
	if (start->x->drafting || start->request.wait_ms == 0) {
		answer_pending(start);
		return;
	}
	runner_when_over(api->runner, start->run.run_id, start->request.wait_ms, over, start);
}

static void after_start(struct write *w, bool applied)
{
	struct start *start = (struct start *)w;
	if (applied && start->run.run_id != NULL) /* NULL: a kept answer is given once more */
		runner_begin(start->api->runner, &start->run);
	tidy(start);
}

static void fill(struct start *start)
{
	const struct ir *ir = definition_ir(start->run.definition);
	const struct start_request *r = &start->request;
	const struct principal *principal = principal_of(start->x);
	struct arena *arena = &start->x->arena;
	start->run.account_id = principal->account_id;
	start->run.created_by = principal->user_id[0] == '\0' ? NULL : principal->user_id;
	start->run.input = r->input == NULL ? "null" : text_of_json(arena, r->input);
	start->run.labels = r->labels == NULL ? NULL : text_of_json(arena, r->labels);
	start->run.priority = r->priority;
	start->run.budget = r->budget;
	start->namespace = arena_dup(arena, ir->namespace);
	start->name = arena_dup(arena, ir->name);
	start->version = arena_dup(arena, ir->version);
	strcpy(start->content_sha256, definition_content_sha256(start->run.definition));
}

static void submit(struct start *start)
{
	start->write = (struct write){.x = start->x,
								  .store = start->api->options.store,
								  .apply = apply_start,
								  .answer = answer_start,
								  .after = after_start};
	write_submit(&start->write);
}

/* ?strict=1: input that breaks the workflow's schema starts no run, where it would be one that is at fault. */
struct start_query {
	bool strict;
};
static const struct field start_query_fields[] = {
	F_BOOL(start_query, strict, DOC("Refuse input that the workflow's schema does not hold for")),
};
static const struct field_table start_query_table =
	FIELD_TABLE("flow.runs.start.query", start_query, start_query_fields);

static bool check_input(struct start *start)
{
	const struct json *schema = definition_ir(start->run.definition)->root.input_schema.document;
	struct arena *arena = &start->x->arena;
	struct schema_problems problems = {.arena = arena};
	struct faults faults;
	struct err err;
	struct datum *input = datum_parse(start->run.input, strlen(start->run.input), &err);
	bool holds = schema == NULL || (input != NULL && schema_validate(schema, datum_tree(input), &problems));
	faults_init(&faults, arena);
	for (size_t i = 0; i < problems.count && i < SCHEMA_PROBLEMS_MAX; i++)
		faults_add(&faults, arena_printf(arena, "/input%s", problems.items[i].pointer), "validation", "%s",
				   problems.items[i].message);
	if (!holds)
		exchange_fail_faults(start->x, ERR_INVALID, &faults);
	datum_unref(input);
	return holds;
}

/* NULL: answered. */
static struct start *begin(struct exchange *x)
{
	struct start *start = arena_new(&x->arena, struct start);
	if (start == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return NULL;
	}
	start->x = x;
	start->api = x->owner;
	return start;
}

static void handle_start(struct exchange *x)
{
	struct start_query query;
	struct start *start = begin(x);
	if (start == NULL || !exchange_decode_query(x, &query) ||
		!exchange_decode_checked(x, &start->request, check_start, start))
		return;
	if (start->request.definition == NULL ? !registered_definition(start) : !own_definition(start))
		return;
	fill(start);
	if (query.strict && !check_input(start)) {
		tidy(start);
		return;
	}
	submit(start);
}

/* --- start, as version 3 has it --- */

struct execute_request {
	const char *workflow_id, *workflow_version, *user_id;
	const struct json *inputs, *labels;
	int64_t priority, wait_ms;
};
static const struct field execute_fields[] = {
	F_STR(execute_request, workflow_id, REQUIRED, LENGTH(1, 255)),
	F_STR(execute_request, workflow_version, DEFAULT_TEXT("latest"), LENGTH(1, 64), ALSO("version")),
	F_JSON(execute_request, inputs, ALSO("input"), DOC("Any value; without: {}")),
	F_STR(execute_request, user_id, LENGTH(1, 255), DOC("For whom; a label of the run")),
	F_JSON(execute_request, labels, DOC("Names and texts to find it by")),
	F_INT(execute_request, priority, RANGE(0, PRIORITY_MAX), DEFAULT(5)),
	F_INT(execute_request, wait_ms, RANGE(0, WAIT_MAX_MS), DEFAULT(0), UNIT("ms")),
};
static const struct field_table execute_table = FIELD_TABLE("flow.executions.start", execute_request, execute_fields);

/* labels, with the user among them. */
static const char *labels_of(struct arena *arena, const struct execute_request *r)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (uint32_t i = 0; r->labels != NULL && i < r->labels->count; i++) {
		jw_key(&jw, r->labels->members[i].name);
		jw_json(&jw, &r->labels->members[i].value);
	}
	if (r->user_id != NULL && json_get(r->labels, "user_id") == NULL)
		jw_member_str(&jw, "user_id", r->user_id);
	jw_object_end(&jw);
	const char *labels = arena_dup(arena, buf_text(&text));
	buf_fini(&text);
	return labels;
}

static void check_execute(void *self, struct faults *faults)
{
	check_labels(((const struct execute_request *)self)->labels, faults);
}

static void handle_execute(struct exchange *x)
{
	struct execute_request r;
	struct start *start = begin(x);
	if (start == NULL || !exchange_decode_checked(x, &r, check_execute, &r))
		return;
	start->request = (struct start_request){.namespace = "dag",
											.name = r.workflow_id,
											.version = r.workflow_version,
											.input = r.inputs,
											.labels = r.labels,
											.priority = r.priority,
											.wait_ms = r.wait_ms};
	if (!registered_definition(start))
		return;
	fill(start);
	start->run.labels = labels_of(&x->arena, &r);
	if (r.inputs == NULL)
		start->run.input = "{}";
	submit(start);
}

static const enum err_kind start_errors[] = {ERR_DEFINITION_REFUSED, ERR_NOT_FOUND, ERR_NOT_ACTIVE, ERR_NONE};

const struct route runs_start_routes[] = {
	ROUTE(POST, "/api/v1/flow/runs", "flow.run", EFFECT_WRITE, handle_start, .operation = "flow.runs.start",
		  .summary = "Start a run; with wait_ms the answer waits for its end", .query = &start_query_table,
		  .body = &start_table, .result = &run_view_table, .status = 202, .status_also = 200,
		  .json_limits = &start_limits, .body_max = DATUM_MAX, .errors = start_errors,
		  .example = "{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"examples\",\"name\":\"hello\","
					 "\"version\":\"1.0.0\"},\"do\":[{\"greet\":{\"set\":{\"text\":\"${ \\\"Hello, \\\" + .name "
					 "}\"}}}]},\"input\":{\"name\":\"Ada\"},\"wait_ms\":1000}"),
	ROUTE(POST, "/api/v3/workflows/execute", "flow.run", EFFECT_WRITE, handle_execute,
		  .operation = "flow.executions.start", .summary = "Start a workflow of the DAG form", .body = &execute_table,
		  .aliases = ALIASES({"/api/v3/executions"}), .result = &run_view_table, .status = 202, .status_also = 200,
		  .json_limits = &start_limits, .body_max = DATUM_MAX, .errors = start_errors),
};
const size_t runs_start_routes_count = sizeof runs_start_routes / sizeof *runs_start_routes;
