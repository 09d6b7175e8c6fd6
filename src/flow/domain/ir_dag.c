#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/domain/cron.h"
#include "flow/domain/ir_compiler.h"
#include "flow/domain/semver.h"

/* The DAG form: steps with dependencies, each with the body of a task of the language [flow.md 2.6]. */

static const struct ir_field budget_fields[] = {
	{.name = "limit", .flags = IR_REQUIRED},
	{.name = "currency", .want = WANT_TEXT, .flags = IR_REQUIRED},
};
static const struct ir_form budget_form = IR_FORM(budget_fields);
static const struct ir_field dag_fields[] = {
	{.name = "workflow_id", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "version", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "name", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "description", .want = WANT_TEXT},
	{.name = "tags", .want = WANT_LIST},
	{.name = "schedule", .want = WANT_TEXT},
	{.name = "created_by", .want = WANT_TEXT},
	{.name = "inputs_schema", .want = WANT_OBJECT},
	{.name = "budget", .want = WANT_FORM, .form = &budget_form},
	{.name = "max_parallel", .want = WANT_INT, .min = 1, .max = 1000},
	{.name = "outputs", .want = WANT_OBJECT},
	{.name = "steps", .want = WANT_LIST, .flags = IR_REQUIRED | IR_NOT_EMPTY},
};
static const struct ir_form dag_form = IR_FORM(dag_fields);

static const char *const backoffs[] = {"constant", "linear", "exponential", NULL};
static const char *const upstreams[] = {"skip", "run", NULL};
static const struct ir_field config_fields[] = {
	{.name = "timeout", .want = WANT_NUMBER, .min = 0.001, .max = 31536000},
	{.name = "retry_count", .want = WANT_INT, .min = 0, .max = 1000},
};
static const struct ir_form config_form = IR_FORM(config_fields);
static const struct ir_field step_fields[] = {
	{.name = "step_id", .want = WANT_TEXT},
	{.name = "id", .want = WANT_TEXT},
	{.name = "type", .want = WANT_TEXT},
	{.name = "agent_capability", .want = WANT_TEXT},
	{.name = "params"},
	{.name = "inputs"},
	{.name = "depends_on", .want = WANT_LIST},
	{.name = "dependencies", .want = WANT_LIST},
	{.name = "condition", .want = WANT_EXPRESSION},
	{.name = "timeout_seconds", .want = WANT_NUMBER, .min = 0.001, .max = 31536000},
	{.name = "retry_count", .want = WANT_INT, .min = 0, .max = 1000},
	{.name = "retry_delay_seconds", .want = WANT_NUMBER, .min = 0, .max = 86400},
	{.name = "backoff", .want = WANT_WORD, .words = backoffs},
	{.name = "config", .want = WANT_FORM, .form = &config_form},
	{.name = "agent_role", .want = WANT_TEXT},
	{.name = "name", .want = WANT_TEXT},
	{.name = "when_upstream_failed", .want = WANT_WORD, .words = upstreams},
	{.name = "step_budget"},
};
static const struct ir_form step_form = IR_FORM(step_fields);

enum { STEP_TIMEOUT_S = 300, STEP_RETRY_DELAY_S = 5, PARALLEL_DEFAULT = 20, ID_MAX = 255 };

const struct json *ir_either(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
							 const char *name, const char *alias, struct ir_place *at)
{
	const struct json *one = json_get(json, name), *other = json_get(json, alias);
	*at = ir_at(place, one == NULL && other != NULL ? alias : name);
	if (one == NULL || other == NULL)
		return one != NULL ? one : other;
	const struct ir_place second = ir_at(place, alias);
	ir_problem(c, &second, "unknown_property", "says the same as %s: give one of them", name);
	return one;
}

/* --- identity --- */

static bool of_letters(const char *text, const char *also)
{
	static const char all[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-";
	size_t size = 0;
	for (; text[size] != '\0'; size++)
		if (strchr(all, text[size]) == NULL && strchr(also, text[size]) == NULL)
			return false;
	return size >= 1 && size <= ID_MAX;
}

static bool is_plain_version(const char *text)
{
	return semver_valid(text) && strpbrk(text, "-+") == NULL;
}

static size_t characters(const char *text)
{
	size_t count = 0;
	for (; *text != '\0'; text++)
		count += (*text & 0xc0) != 0x80;
	return count;
}

static void read_identity(struct ir_compiler *c, const struct ir_place *root)
{
	const struct json *json = c->definition;
	const struct ir_place id = ir_at(root, "workflow_id"), version = ir_at(root, "version"), name = ir_at(root, "name");
	struct ir *ir = c->ir;
	ir->namespace = "dag";
	ir->name = json_text(json, "workflow_id");
	ir->version = json_text(json, "version");
	ir->title = json_text(json, "name");
	ir->budget = ir_object(json, "budget");
	if (ir->name != NULL && !of_letters(ir->name, "."))
		ir_problem(c, &id, "format", "must be 1 to %d letters, digits, dots, hyphens and _", ID_MAX);
	if (ir->version != NULL && !is_plain_version(ir->version))
		ir_problem(c, &version, "format", "must be a version like 1.0.0");
	if (ir->title != NULL && (*ir->title == '\0' || characters(ir->title) > ID_MAX))
		ir_problem(c, &name, "range", "must have 1 to %d characters", ID_MAX);
}

static void read_tags(struct ir_compiler *c, const struct ir_place *root)
{
	const struct json *tags = json_get(c->definition, "tags");
	const struct ir_place at = ir_at(root, "tags");
	if (tags == NULL || tags->kind != JS_ARRAY)
		return;
	c->ir->tags = tags;
	for (uint32_t i = 0; i < tags->count; i++) {
		const struct ir_place item = ir_nth(&at, i);
		if (tags->items[i].kind != JS_STRING)
			ir_problem(c, &item, "type", "must be text");
	}
}

static void read_cron(struct ir_compiler *c, const struct ir_place *root)
{
	const struct ir_place at = ir_at(root, "schedule");
	struct cron cron;
	struct err err;
	const char *text = json_text(c->definition, "schedule");
	if (text == NULL)
		return;
	c->ir->schedule =
		(struct ir_schedule){.given = true, .definition = json_get(c->definition, "schedule"), .cron = text};
	if (!cron_parse(text, &cron, &err))
		ir_problem(c, &at, "format", "%s", err.message);
	else if (!cron_comes(&cron))
		ir_problem(c, &at, "range", CRON_NEVER);
}

/* --- bodies --- */

/* How `params` of a step becomes the task that the language has for it. */
struct kind {
	const char *type;
	const char *keyword; /* NULL: a call */
	const char *inner;   /* of `run`: what params is */
	const char *call;
	bool timed; /* the default time-out holds; the others wait as long as they have to */
};

static const struct kind kinds[] = {
	{"task", NULL, NULL, "worker", true},
	{"set", "set", NULL, NULL, true},
	{"http", NULL, NULL, "http", true},
	{"openapi", NULL, NULL, "openapi", true},
	{"mcp", NULL, NULL, "mcp", true},
	{"wait", "wait", NULL, NULL, false},
	{"emit", "emit", NULL, NULL, true},
	{"listen", "listen", NULL, NULL, false},
	{"shell", "run", "shell", NULL, true},
	{"workflow", "run", "workflow", NULL, false},
	{"countersign", NULL, NULL, "countersign", false},
	{"llm", NULL, NULL, "llm", true},
	{"memory", NULL, NULL, NULL, true},
	{"op", NULL, NULL, NULL, true},
};

static struct json text_json(const char *text)
{
	return (struct json){.kind = JS_STRING, .text = text, .size = strlen(text)};
}

/* An object of up to two members; a NULL name is none. */
static struct json object_json(struct arena *arena, const char *one, const struct json *first, const char *two,
							   const struct json *second)
{
	struct json_member *members = arena_array(arena, 2, sizeof *members);
	struct json json = {.kind = JS_OBJECT, .members = members};
	if (members == NULL)
		return (struct json){.kind = JS_NULL};
	if (one != NULL && first != NULL)
		members[json.count++] = (struct json_member){.name = one, .name_size = strlen(one), .value = *first};
	if (two != NULL && second != NULL)
		members[json.count++] = (struct json_member){.name = two, .name_size = strlen(two), .value = *second};
	return json;
}

/* run: {shell: params without `return`, return: …} */
static struct json run_json(struct arena *arena, const char *inner, const struct json *params)
{
	const struct json *returns = json_get(params, "return");
	struct json rest = *params;
	if (params->kind == JS_OBJECT) {
		rest.members = arena_array(arena, params->count, sizeof *rest.members);
		rest.count = 0;
		for (uint32_t i = 0; rest.members != NULL && i < params->count; i++)
			if (strcmp(params->members[i].name, "return") != 0)
				rest.members[rest.count++] = params->members[i];
	}
	return object_json(arena, inner, &rest, "return", returns);
}

/* The task of a step, and how many levels of it the text does not have. */
static struct json body_of(struct ir_compiler *c, const struct kind *kind, const char *queue, const struct json *params,
						   uint32_t *hidden)
{
	struct json call = text_json(kind->call != NULL ? kind->call : ""), inner, queue_json = text_json(queue);
	*hidden = 1;
	if (strcmp(kind->type, "task") == 0) {
		*hidden = 2;
		inner = object_json(c->arena, "queue", &queue_json, "payload", params);
		return object_json(c->arena, "call", &call, "with", &inner);
	}
	if (strcmp(kind->type, "op") == 0) {
		*hidden = 0;
		return *params;
	}
	if (strcmp(kind->type, "memory") == 0) {
		const struct json *action = json_get(params, "call");
		*hidden = 0;
		return action != NULL ? *params : object_json(c->arena, "call", &call, "with", params);
	}
	if (kind->keyword == NULL)
		return object_json(c->arena, "call", &call, "with", params);
	if (kind->inner == NULL)
		return object_json(c->arena, kind->keyword, params, NULL, NULL);
	*hidden = 2;
	inner = run_json(c->arena, kind->inner, params);
	return object_json(c->arena, kind->keyword, &inner, NULL, NULL);
}

static const struct kind *kind_of(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
								  const char **queue)
{
	struct ir_place at;
	const struct json *type = ir_either(c, place, json, "type", "agent_capability", &at);
	*queue = "default";
	if (type == NULL || type->kind != JS_STRING)
		return &kinds[0];
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		if (strcmp(kinds[i].type, type->text) == 0)
			return &kinds[i];
	/* The older member names what a worker can do: its queue. */
	if (json_get(json, "type") != NULL || type->size == 0)
		ir_problem(
			c, &at, "enum",
			"must be one of: task, set, http, openapi, mcp, wait, emit, listen, shell, workflow, countersign, llm, "
			"memory, op");
	*queue = type->text;
	return &kinds[0];
}

static void read_body(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
					  const struct kind *kind, const char *queue, struct ir_task *task)
{
	static const struct json null_json = {.kind = JS_NULL};
	struct ir_place params_at;
	uint32_t hidden;
	const struct json *params = ir_either(c, place, json, "params", "inputs", &params_at);
	if (params == NULL && strcmp(kind->type, "task") != 0) {
		ir_problem(c, &params_at, "required", "is required for this type of step");
		return;
	}
	struct json *body = arena_new(c->arena, struct json);
	if (body == NULL)
		return;
	*body = body_of(c, kind, queue, params != NULL ? params : &null_json, &hidden);
	if (strcmp(kind->type, "op") == 0 && json_get(body, "call") == NULL) {
		const struct ir_place call = ir_at(&params_at, "call");
		ir_problem(c, &call, "required", "is required: the name of an operation");
		return;
	}
	params_at.hidden = hidden;
	struct ir_work work = {.here = {.place = &params_at, .reference = task->reference}, .json = body, .task = task};
	ir_task(c, &work);
	task->definition = json;
}

/* --- steps --- */

static double number_of(const struct json *json, const char *name, double absent)
{
	const struct json *member = json_get(json, name);
	return member != NULL && json_numeric(member) ? json_number(member) : absent;
}

static void read_retries(const struct json *json, const struct kind *kind, struct ir_step *step)
{
	const struct json *config = ir_object(json, "config");
	double timeout_s =
		number_of(json, "timeout_seconds", number_of(config, "timeout", kind->timed ? STEP_TIMEOUT_S : 0));
	double count = number_of(json, "retry_count", number_of(config, "retry_count", 0));
	double delay_ms = 1000 * number_of(json, "retry_delay_seconds", STEP_RETRY_DELAY_S);
	int backoff = ir_word_index(backoffs, ir_word(json, "backoff"), BACKOFF_EXPONENTIAL);
	bool sound =
		timeout_s > 0 && timeout_s <= 31536000 && count >= 0 && count <= 1000 && delay_ms >= 0 && delay_ms <= 86400e3;
	step->task.timeout.value = ir_literal(NULL);
	step->retry = (struct ir_retry){.given = count > 0 && sound, .max_delay_ms = -1, .limit_count = -1};
	step->retry.when = step->retry.except_when = ir_literal(NULL);
	if (timeout_s > 0 && timeout_s <= 31536000) {
		step->task.timeout.given = true;
		step->task.timeout.ms = (int64_t)(timeout_s * 1000);
	}
	if (!step->retry.given)
		return;
	step->retry.limit_count = (int64_t)count;
	step->retry.delay = (struct ir_duration){.given = true, .ms = (int64_t)delay_ms, .value = ir_literal(NULL)};
	step->retry.constants = (struct retry_policy){.delay_ms = delay_ms, .backoff = (enum backoff)backoff};
}

static void read_step(struct ir_compiler *c, const struct ir_place *place, const struct json *json, uint32_t i,
					  struct ir_step *step)
{
	struct ir_place id_at;
	const struct ir_place condition = ir_at(place, "condition");
	const char *queue;
	if (!ir_check(c, place, json, &step_form))
		return;
	const struct json *id = ir_either(c, place, json, "step_id", "id", &id_at);
	if (id == NULL)
		ir_problem(c, &id_at, "required", "is required");
	if (id == NULL || id->kind != JS_STRING)
		return;
	const struct kind *kind = kind_of(c, place, json, &queue);
	c->steps->current = i;
	step->task.name = id->text;
	step->task.index = i;
	step->task.reference = step->task.segment = ir_join(c->arena, "/steps", id->text);
	read_body(c, place, json, kind, queue, &step->task);
	read_retries(json, kind, step);
	step->condition = ir_value(c, &condition, json_get(json, "condition"), IR_BARE, NULL, false);
	step->run_on_failed = strcmp(ir_word(json, "when_upstream_failed"), "run") == 0;
	step->title = json_text(json, "name");
	step->agent_role = json_text(json, "agent_role");
	step->budget = json_get(json, "step_budget");
	ir_feature(c, "step", kind->type);
}

static void gather_ids(struct ir_compiler *c, const struct ir_place *list, const struct json *steps)
{
	map_init(&c->steps->ids, c->arena, NULL);
	for (uint32_t i = 0; i < steps->count; i++) {
		const char *id = json_text(&steps->items[i], "step_id");
		const char *member = id != NULL ? "step_id" : "id";
		id = id != NULL ? id : json_text(&steps->items[i], "id");
		if (id == NULL)
			continue;
		const struct ir_place step = ir_nth(list, i), at = ir_at(&step, member);
		if (!of_letters(id, ""))
			ir_problem(c, &at, "format", "must be 1 to %d letters, digits, hyphens and _", ID_MAX);
		else if (map_get(&c->steps->ids, id) != NULL)
			ir_problem(c, &at, "duplicate_task", "there is a step of this name already");
		else
			(void)map_set(&c->steps->ids, id, (void *)(uintptr_t)(i + 1), NULL);
	}
}

/* Each output is an expression, bare or not: written as ${ … } they are one value. */
static void read_outputs(struct ir_compiler *c, const struct ir_place *place, struct ir_task *task)
{
	const struct json *outputs = ir_object(c->definition, "outputs");
	task->dag.outputs = outputs;
	task->dag.outputs_value = ir_literal(NULL);
	if (outputs == NULL)
		return;
	struct json *values = arena_new(c->arena, struct json);
	struct json_member *members = arena_array(c->arena, outputs->count, sizeof *members);
	if (values == NULL || members == NULL)
		return;
	*values = (struct json){.kind = JS_OBJECT, .count = outputs->count, .members = members};
	for (uint32_t i = 0; i < outputs->count; i++) {
		const struct json *one = &outputs->members[i].value;
		members[i] = outputs->members[i];
		if (one->kind != JS_STRING || ir_is_expression(c, one))
			continue;
		const char *text = arena_printf(c->arena, "${ %s }", one->text);
		if (text != NULL)
			members[i].value = (struct json){.kind = JS_STRING, .text = text, .size = strlen(text)};
	}
	task->dag.outputs_value = ir_value(c, place, values, IR_STRICT, NULL, false);
}

static void read_steps(struct ir_compiler *c, const struct ir_place *root)
{
	const struct ir_place list = ir_at(root, "steps"), outputs = ir_at(root, "outputs");
	const struct json *steps = json_get(c->definition, "steps");
	struct ir_task *task = &c->ir->root;
	if (steps->kind != JS_ARRAY)
		return;
	if (steps->count > IR_DAG_STEPS_MAX) {
		ir_problem(c, &list, "limit", "a definition has at most %d steps", IR_DAG_STEPS_MAX);
		return;
	}
	task->dag.steps = arena_array(c->arena, steps->count, sizeof *task->dag.steps);
	c->steps->count = steps->count;
	if (task->dag.steps == NULL)
		return;
	task->dag.count = steps->count;
	gather_ids(c, &list, steps);
	for (uint32_t i = 0; i < steps->count; i++) {
		const struct ir_place at = ir_nth(&list, i);
		read_step(c, &at, &steps->items[i], i, &task->dag.steps[i]);
	}
	c->steps->current = UINT32_MAX;
	read_outputs(c, &outputs, task);
	ir_dag_link(c, &list, steps, task->dag.steps);
}

void ir_compile_dag(struct ir_compiler *c, const struct ir_place *root)
{
	const struct json *json = c->definition, *parallel = json_get(json, "max_parallel");
	struct ir_dag dag = {.current = UINT32_MAX};
	const struct ir_place schema = ir_at(root, "inputs_schema");
	c->dag = c->ir->dag = true;
	c->steps = &dag;
	if (!ir_check(c, root, json, &dag_form))
		return;
	read_identity(c, root);
	read_tags(c, root);
	read_cron(c, root);
	c->ir->root =
		(struct ir_task){.type = IR_DAG_STEPS,
						 .name = c->ir->name,
						 .reference = "",
						 .segment = "",
						 .definition = json,
						 .input_schema.document = ir_schema_document(c, &schema, ir_object(json, "inputs_schema"))};
	struct ir_task *task = &c->ir->root;
	task->input_schema.endpoint = task->output_schema.endpoint = task->export_schema.endpoint = ir_literal(NULL);
	task->if_ = task->input_from = task->output_as = task->export_as = task->cost = ir_literal(NULL);
	task->timeout.value = ir_literal(NULL);
	task->dag.max_parallel =
		parallel != NULL && parallel->kind == JS_INT ? (uint32_t)parallel->integer : PARALLEL_DEFAULT;
	read_steps(c, root);
	c->steps = NULL;
}
