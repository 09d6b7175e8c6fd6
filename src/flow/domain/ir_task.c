#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/ir_compiler.h"
#include "flow/domain/schema.h"

/* Tasks and blocks: what all types of task have in common [flow.md 2.1]. */

/* --- input, output, export, timeout --- */

static const struct ir_field schema_fields[] = {
	{.name = "format", .want = WANT_TEXT},
	{.name = "document"},
	{.name = "resource"},
};
static const struct ir_form schema_form = IR_FORM(schema_fields);
static const struct ir_field input_fields[] = {
	{.name = "schema", .want = WANT_FORM, .form = &schema_form},
	{.name = "from"},
};
const struct ir_form ir_input_form = IR_FORM(input_fields);
static const struct ir_field output_fields[] = {
	{.name = "schema", .want = WANT_FORM, .form = &schema_form},
	{.name = "as"},
};
const struct ir_form ir_output_form = IR_FORM(output_fields);

const struct json *ir_schema_document(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	struct schema_problems problems = {.arena = c->arena};
	if (json == NULL || schema_check(json, &problems))
		return json;
	const char *pointer = ir_pointer(c->arena, place);
	for (size_t i = 0; i < problems.count && i < SCHEMA_PROBLEMS_MAX; i++) {
		const char *at = arena_printf(c->arena, "%s%s", pointer, problems.items[i].pointer);
		ir_problem_at(c, at != NULL ? at : "", problems.items[i].keyword, "%s", problems.items[i].message);
	}
	return json;
}

/* `schema.resource`: what is pinned, or where it will be. */
static struct ir_schema schema_elsewhere(struct ir_compiler *c, const struct ir_here *here,
										 const struct ir_place *place, const struct json *resource)
{
	struct ir_schema schema = {.document = NULL, .endpoint = ir_literal(NULL)};
	const struct ir_place at = ir_at(place, "endpoint");
	const char *uri = ir_external(c, place, resource, IR_SCHEMA);
	if (uri == NULL) {
		schema.endpoint = ir_value(c, &at, json_get(resource, "endpoint"), IR_STRICT, here->scope, true);
		return schema;
	}
	const struct json *pinned = c->policy->resource == NULL ? NULL : c->policy->resource(c->policy->resources, uri);
	schema.document = pinned == NULL ? NULL : ir_schema_document(c, place, pinned);
	return schema;
}

struct ir_schema ir_schema(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						   const struct json *json)
{
	static const char *const either[] = {"document", "resource", NULL};
	const struct json *schema = ir_object(json, "schema");
	const struct ir_place at = ir_at(place, "schema"), document = ir_at(&at, "document"),
						  resource = ir_at(&at, "resource");
	if (schema == NULL)
		return (struct ir_schema){.endpoint = ir_literal(NULL)};
	const char *format = ir_word(schema, "format");
	if (*format != '\0' && strcmp(format, "json") != 0 && strncmp(format, "json:", 5) != 0) {
		const struct ir_place here_format = ir_at(&at, "format");
		ir_problem(c, &here_format, "enum", "must be json");
	}
	if (ir_one_of(c, &at, schema, either) == 1)
		return schema_elsewhere(c, here, &resource, json_get(schema, "resource"));
	return (struct ir_schema){.document = ir_schema_document(c, &document, json_get(schema, "document")),
							  .endpoint = ir_literal(NULL)};
}

/* A member typed as an expression or as an object: anything else is told. */
static void check_shape(struct ir_compiler *c, const struct ir_place *place, const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	const struct ir_place at = ir_at(place, name);
	if (member != NULL && member->kind != JS_STRING && member->kind != JS_OBJECT)
		ir_problem(c, &at, "type", "must be an expression or an object, not %s", json_kind_name(member->kind));
}

void ir_data(struct ir_compiler *c, const struct ir_here *here, const struct json *json, struct ir_task *task)
{
	const struct json *input = ir_object(json, "input"), *output = ir_object(json, "output");
	const struct json *exported = ir_object(json, "export");
	const struct ir_place in = ir_at(here->place, "input"), out = ir_at(here->place, "output");
	const struct ir_place export_at = ir_at(here->place, "export");
	const struct ir_place from = ir_at(&in, "from");
	check_shape(c, &in, input, "from");
	check_shape(c, &out, output, "as");
	check_shape(c, &export_at, exported, "as");
	task->input_schema = ir_schema(c, here, &in, input);
	task->input_from = ir_value(c, &from, json_get(input, "from"), IR_BARE, here->scope, true);
	task->input_secrets = task->input_from.source != NULL && ir_names_secrets(task->input_from.source);
	task->output_as = ir_bare(c, here, &out, output, "as");
	task->output_schema = ir_schema(c, here, &out, output);
	task->export_as = ir_bare(c, here, &export_at, exported, "as");
	task->export_schema = ir_schema(c, here, &export_at, exported);
}

struct ir_duration ir_timeout(struct ir_compiler *c, const struct ir_here *here, const struct json *json)
{
	static const struct ir_field fields[] = {{.name = "after", .flags = IR_REQUIRED}};
	static const struct ir_form form = IR_FORM(fields);
	const struct json *timeout = json_get(json, "timeout");
	const struct ir_place place = ir_at(here->place, "timeout"), after = ir_at(&place, "after");
	if (timeout != NULL && timeout->kind == JS_STRING) {
		const struct json *named = ir_used(c, "timeouts", timeout->text);
		struct ir_used_place at;
		const struct ir_place used_after = ir_at(ir_used_at(&at, "timeouts", timeout->text), "after");
		if (named == NULL)
			ir_problem(c, &place, "unknown_reference", "there is no timeout of this name in use.timeouts");
		return ir_duration(c, here->scope, &used_after, json_get(named, "after"));
	}
	if (timeout == NULL || !ir_check(c, &place, timeout, &form))
		return (struct ir_duration){.value = ir_literal(NULL)};
	return ir_duration(c, here->scope, &after, json_get(timeout, "after"));
}

/* --- the members of every task --- */

static const char *const effects[] = {"at-most-once", NULL};
static const char *const keys[] = {"step", NULL};
static const struct ir_field cost_fields[] = {
	{.name = "amount", .flags = IR_REQUIRED},
	{.name = "currency", .want = WANT_TEXT, .flags = IR_REQUIRED},
};
static const struct ir_form cost_form = IR_FORM(cost_fields);
static const struct ir_field metadata_fields[] = {
	{.name = "effect", .want = WANT_WORD, .words = effects},
	{.name = "key", .want = WANT_WORD, .words = keys},
	{.name = "cost", .want = WANT_FORM, .flags = IR_OR_EXPRESSION, .form = &cost_form},
};
static const struct ir_form metadata_form = IR_FORM(metadata_fields, .open = true);
static const struct ir_field common_fields[] = {
	{.name = "if", .want = WANT_EXPRESSION},
	{.name = "input", .want = WANT_FORM, .form = &ir_input_form},
	{.name = "output", .want = WANT_FORM, .form = &ir_output_form},
	{.name = "export", .want = WANT_FORM, .form = &ir_output_form},
	{.name = "timeout"},
	{.name = "then", .want = WANT_TEXT},
	{.name = "metadata", .want = WANT_FORM, .form = &metadata_form},
};
static const struct ir_form common_form = IR_FORM(common_fields);

struct ir_next ir_next(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
					   const struct ir_names *names)
{
	static const char *const words[] = {"continue", "exit", "end", NULL};
	if (json == NULL || json->kind != JS_STRING)
		return (struct ir_next){.then = IR_CONTINUE};
	int word = ir_word_index(words, json->text, -1);
	if (word >= 0)
		return (struct ir_next){.then = (enum ir_then)word};
	uintptr_t found = names != NULL ? (uintptr_t)map_get(&names->map, json->text) : 0;
	if (found == 0) {
		ir_problem(c, place, "then_unknown_task", "there is no task of this name in the same list");
		return (struct ir_next){.then = IR_CONTINUE};
	}
	return (struct ir_next){.then = IR_GOTO, .index = (uint32_t)(found - 1)};
}

static void common(struct ir_compiler *c, struct ir_work *work)
{
	struct ir_task *task = work->task;
	const struct ir_place then = ir_at(work->here.place, "then"), metadata = ir_at(work->here.place, "metadata");
	const struct ir_place exported = ir_at(work->here.place, "export");
	task->definition = work->json;
	task->scope = work->here.scope;
	task->number = c->ir->tasks_count++;
	task->if_ = ir_bare(c, &work->here, work->here.place, work->json, "if");
	ir_data(c, &work->here, work->json, task);
	if (work->here.in_parallel && json_get(work->json, "export") != NULL)
		ir_problem(c, &exported, "unknown_property", "nothing can be exported from rounds that run at the same time");
	task->timeout = ir_timeout(c, &work->here, work->json);
	task->next = ir_next(c, &then, json_get(work->json, "then"), work->names);
	task->metadata = ir_object(work->json, "metadata");
	task->at_most_once = *ir_word(task->metadata, "effect") != '\0';
	task->key_step = *ir_word(task->metadata, "key") != '\0';
	task->cost = ir_member(c, &work->here, &metadata, task->metadata, "cost");
}

/* --- types --- */

struct type {
	const char *keyword, *beside; /* `beside`: another member that belongs to it */
	enum ir_type type;
	const struct ir_form *form;
	void (*body)(struct ir_compiler *c, struct ir_work *work);
};

/* `for` stands before `do`, which belongs to it where both are there. */
static const struct type types[] = {
	{"for", "do", IR_FOR, &ir_for_form, ir_body_for},     {"do", NULL, IR_DO, &ir_do_form, ir_body_do},
	{"set", NULL, IR_SET, &ir_set_form, ir_body_set},     {"switch", NULL, IR_SWITCH, &ir_switch_form, ir_body_switch},
	{"fork", NULL, IR_FORK, &ir_fork_form, ir_body_fork}, {"raise", NULL, IR_RAISE, &ir_raise_form, ir_body_raise},
	{"emit", NULL, IR_EMIT, &ir_emit_form, ir_body_emit}, {"listen", NULL, IR_LISTEN, &ir_listen_form, ir_body_listen},
	{"wait", NULL, IR_WAIT, &ir_wait_form, ir_body_wait}, {"try", NULL, IR_TRY, &ir_try_form, ir_body_try},
	{"call", NULL, IR_CALL, &ir_call_form, ir_body_call}, {"run", NULL, IR_RUN_SHELL, &ir_run_form, ir_body_run},
};
enum { TYPES = sizeof types / sizeof *types };

static const struct type *type_of(struct ir_compiler *c, const struct ir_work *work)
{
	const struct type *found = NULL;
	for (size_t i = 0; i < TYPES; i++) {
		if (json_get(work->json, types[i].keyword) == NULL)
			continue;
		const struct ir_place here = ir_at(work->here.place, types[i].keyword);
		if (found == NULL)
			found = &types[i];
		else if (found->beside == NULL || strcmp(found->beside, types[i].keyword) != 0)
			ir_problem(c, &here, "unknown_property", "a task has one type: this one has %s already", found->keyword);
	}
	return found;
}

/* What any task may have, and the keywords of all types: a second one was told as such and is not told again. */
static struct ir_form form_of_any(struct ir_field keywords[TYPES])
{
	for (size_t i = 0; i < TYPES; i++)
		keywords[i] = (struct ir_field){.name = types[i].keyword};
	return (struct ir_form){.fields = keywords, .count = TYPES, .and = &common_form};
}

/* Its keyword may be among what it has, misspelt. */
static void tell_typeless(struct ir_compiler *c, const struct ir_work *work, const struct ir_form *any)
{
	ir_problem(c, work->here.place, "required",
			   "a task needs one of: call, do, emit, for, fork, listen, raise, run, set, switch, try, wait");
	(void)ir_check(c, work->here.place, work->json, any);
}

void ir_task(struct ir_compiler *c, struct ir_work *work)
{
	struct ir_field keywords[TYPES];
	const struct ir_form any = form_of_any(keywords);
	if (work->here.depth > IR_DEPTH_MAX) {
		ir_problem(c, work->here.place, "limit", "tasks may be nested %d deep", IR_DEPTH_MAX);
		return;
	}
	if (work->json->kind != JS_OBJECT) {
		ir_problem(c, work->here.place, "type", "a task must be an object, not %s", json_kind_name(work->json->kind));
		return;
	}
	const struct type *type = type_of(c, work);
	if (type == NULL) {
		tell_typeless(c, work, &any);
		return;
	}
	struct ir_form form = *type->form;
	form.and = &any;
	(void)ir_check(c, work->here.place, work->json, &form);
	work->task->type = type->type;
	work->task->reference = work->here.reference;
	if (type->type != IR_CALL && type->type != IR_RUN_SHELL)
		ir_feature(c, NULL, type->keyword);
	common(c, work);
	type->body(c, work);
	if (!work->here.in_extension)
		work->task->extensions = ir_extensions_of(c, work->task);
}

/* --- blocks --- */

/* The one member of a list's element, or NULL (which is told). */
static const struct json_member *item_of(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	if (json->kind != JS_OBJECT)
		ir_problem(c, place, "type", "must be an object of one name and its task, not %s", json_kind_name(json->kind));
	else if (json->count != 1)
		ir_problem(c, place, "format", "must have exactly one member, the task's name");
	else if (json->members[0].name_size == 0)
		ir_problem(c, place, "format", "a task's name must not be empty");
	else
		return &json->members[0];
	return NULL;
}

static void gather_names(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						 struct ir_names *names)
{
	map_init(&names->map, c->arena, NULL);
	for (uint32_t i = 0; i < json->count; i++) {
		const struct ir_place item = ir_nth(place, i);
		const struct json_member *member =
			json->items[i].kind == JS_OBJECT && json->items[i].count == 1 ? &json->items[i].members[0] : NULL;
		if (member == NULL)
			continue;
		const struct ir_place here = ir_at(&item, member->name);
		if (map_get(&names->map, member->name) != NULL)
			ir_problem(c, &here, "duplicate_task", "there is a task of this name in the same list already");
		else
			(void)map_set(&names->map, member->name, (void *)(uintptr_t)(i + 1), NULL);
	}
}

bool ir_count(struct ir_compiler *c, const struct ir_place *place, uint32_t count)
{
	if (c->ir->tasks_count + (uint64_t)count <= IR_TASKS_MAX)
		return true;
	if (!c->stopped)
		ir_problem(c, place, "limit", "a definition has at most %d tasks", IR_TASKS_MAX);
	c->stopped = true;
	return false;
}

static void block_task(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
					   const char *segment, const struct json *json, const struct ir_names *names, struct ir_task *task)
{
	const struct json_member *member = item_of(c, place, json);
	if (member == NULL)
		return;
	const struct ir_place at = ir_at(place, member->name);
	const char *index = arena_printf(c->arena, "%s/%u", segment, place->index);
	task->name = member->name;
	task->index = place->index;
	task->segment = index != NULL ? ir_join(c->arena, index, member->name) : "";
	struct ir_work work = {.here = *here, .json = &member->value, .names = names, .task = task};
	work.here.place = &at;
	work.here.reference = arena_printf(c->arena, "%s%s", here->reference, task->segment);
	if (work.here.reference == NULL)
		return;
	ir_task(c, &work);
}

void ir_block(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place, const char *segment,
			  const struct json *json, struct ir_block *block)
{
	if (json == NULL || json->kind != JS_ARRAY || c->stopped || !ir_count(c, place, json->count))
		return;
	block->tasks = arena_array(c->arena, json->count, sizeof *block->tasks);
	if (block->tasks == NULL)
		return;
	block->count = json->count;
	struct ir_names names;
	struct ir_here inside = *here;
	inside.depth++;
	inside.no_jumps = false;
	gather_names(c, place, json, &names);
	for (uint32_t i = 0; i < json->count && !c->stopped; i++) {
		const struct ir_place item = ir_nth(place, i);
		block_task(c, &inside, &item, segment, &json->items[i], here->no_jumps ? NULL : &names, &block->tasks[i]);
	}
}

/* --- jumps back --- */

/* A jump from `from` to `to` runs everything between them again. */
static void note_jump(struct ir_block *block, int32_t *change, uint32_t from, const struct ir_next *next)
{
	if (next->then != IR_GOTO || next->index > from)
		return;
	block->loops = true;
	change[next->index]++;
	change[from + 1]--;
}

static void note_jumps(struct ir_block *block, int32_t *change, uint32_t i)
{
	const struct ir_task *task = &block->tasks[i];
	note_jump(block, change, i, &task->next);
	for (size_t k = 0; task->type == IR_SWITCH && k < task->switch_.count; k++)
		note_jump(block, change, i, &task->switch_.cases[k].next);
	if (task->type == IR_TRY && task->try_.has_then)
		note_jump(block, change, i, &task->try_.catch_next);
}

void ir_mark_inside(struct ir_compiler *c, struct ir_task *task)
{
	switch (task->type) {
	case IR_DO:
		ir_mark_revisits(c, &task->block, task->may_revisit);
		break;
	case IR_FOR:
		ir_mark_revisits(c, &task->for_.block, task->may_revisit);
		break;
	case IR_FORK:
		ir_mark_revisits(c, &task->fork.branches, task->may_revisit);
		break;
	case IR_LISTEN:
		ir_mark_revisits(c, &task->listen.block, task->may_revisit);
		break;
	case IR_TRY:
		ir_mark_revisits(c, &task->try_.block, task->may_revisit);
		ir_mark_revisits(c, &task->try_.catch_do, task->may_revisit);
		break;
	default:
		break;
	}
}

void ir_mark_revisits(struct ir_compiler *c, struct ir_block *block, bool inside)
{
	int32_t *change = arena_array(c->arena, (size_t)block->count + 1, sizeof *change), depth = 0;
	if (change == NULL)
		return;
	for (uint32_t i = 0; i < block->count; i++)
		note_jumps(block, change, i);
	for (uint32_t i = 0; i < block->count; i++) {
		depth += change[i];
		block->tasks[i].may_revisit = inside || depth > 0;
		ir_mark_inside(c, &block->tasks[i]);
	}
}
