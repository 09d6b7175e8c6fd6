#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/ir_compiler.h"

/* Bodies of the tasks that only compute or steer, and of emit and wait [flow.md 2.1]. */

/* --- do, set, wait --- */

static const struct ir_field do_fields[] = {{.name = "do", .want = WANT_LIST, .flags = IR_REQUIRED}};
const struct ir_form ir_do_form = IR_FORM(do_fields);

void ir_body_do(struct ir_compiler *c, struct ir_work *work)
{
	const struct ir_place list = ir_at(work->here.place, "do");
	ir_block(c, &work->here, &list, "/do", json_get(work->json, "do"), &work->task->block);
}

static const struct ir_field set_fields[] = {
	{.name = "set", .want = WANT_OBJECT, .flags = IR_REQUIRED | IR_OR_EXPRESSION | IR_NOT_EMPTY}};
const struct ir_form ir_set_form = IR_FORM(set_fields);

void ir_body_set(struct ir_compiler *c, struct ir_work *work)
{
	work->task->set = ir_member(c, &work->here, work->here.place, work->json, "set");
}

static const struct ir_field wait_fields[] = {{.name = "wait", .flags = IR_REQUIRED}};
const struct ir_form ir_wait_form = IR_FORM(wait_fields);

void ir_body_wait(struct ir_compiler *c, struct ir_work *work)
{
	const struct ir_place at = ir_at(work->here.place, "wait");
	work->task->wait = ir_duration(c, work->here.scope, &at, json_get(work->json, "wait"));
}

/* --- switch --- */

static const struct ir_field switch_fields[] = {
	{.name = "switch", .want = WANT_LIST, .flags = IR_REQUIRED | IR_NOT_EMPTY}};
const struct ir_form ir_switch_form = IR_FORM(switch_fields);
static const struct ir_field case_fields[] = {
	{.name = "when", .want = WANT_EXPRESSION},
	{.name = "then", .want = WANT_TEXT, .flags = IR_REQUIRED},
};
static const struct ir_form case_form = IR_FORM(case_fields);

static bool read_case(struct ir_compiler *c, struct ir_work *work, const struct ir_place *item, const struct json *json,
					  struct ir_case *into)
{
	if (json->kind != JS_OBJECT || json->count != 1) {
		ir_problem(c, item, json->kind != JS_OBJECT ? "type" : "format", "must be an object of one name and its case");
		return false;
	}
	const struct ir_place at = ir_at(item, json->members[0].name), then = ir_at(&at, "then");
	const struct json *definition = &json->members[0].value;
	if (!ir_check(c, &at, definition, &case_form))
		return false;
	into->name = json->members[0].name;
	into->when = ir_bare(c, &work->here, &at, definition, "when");
	into->next = ir_next(c, &then, json_get(definition, "then"), work->names);
	return true;
}

void ir_body_switch(struct ir_compiler *c, struct ir_work *work)
{
	const struct json *list = json_get(work->json, "switch");
	const struct ir_place place = ir_at(work->here.place, "switch");
	bool defaulted = false;
	if (list == NULL || list->kind != JS_ARRAY)
		return;
	work->task->switch_.cases = arena_array(c->arena, list->count, sizeof(struct ir_case));
	if (work->task->switch_.cases == NULL)
		return;
	work->task->switch_.count = list->count;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct ir_place item = ir_nth(&place, i);
		struct ir_case *one = &work->task->switch_.cases[i];
		if (!read_case(c, work, &item, &list->items[i], one) || one->when.source != NULL)
			continue;
		if (defaulted)
			ir_problem(c, &item, "switch_two_defaults", "there is a case without `when` already");
		defaulted = true;
	}
}

/* --- for --- */

static const struct ir_field each_fields[] = {
	{.name = "each", .want = WANT_TEXT},
	{.name = "in", .flags = IR_REQUIRED},
	{.name = "at", .want = WANT_TEXT},
};
static const struct ir_form each_form = IR_FORM(each_fields);
static const struct ir_field for_fields[] = {
	{.name = "for", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &each_form},
	{.name = "while", .want = WANT_EXPRESSION},
	{.name = "do", .want = WANT_LIST, .flags = IR_REQUIRED},
};
const struct ir_form ir_for_form = IR_FORM(for_fields);
static const struct ir_field parallel_fields[] = {
	{.name = "max", .want = WANT_INT, .flags = IR_REQUIRED, .min = 1, .max = IR_PARALLEL_MAX},
	{.name = "settle", .want = WANT_BOOL},
};
static const struct ir_form parallel_form = IR_FORM(parallel_fields);

/* metadata.parallel [flow.md 2.6] */
static bool read_parallel(struct ir_compiler *c, struct ir_work *work)
{
	const struct json *parallel = json_get(work->task->metadata, "parallel");
	const struct ir_place metadata = ir_at(work->here.place, "metadata"), at = ir_at(&metadata, "parallel");
	if (parallel == NULL || !ir_check(c, &at, parallel, &parallel_form))
		return false;
	const struct json *max = json_get(parallel, "max");
	bool sound = max != NULL && max->kind == JS_INT && max->integer >= 1 && max->integer <= IR_PARALLEL_MAX;
	work->task->for_.parallel = sound ? (uint32_t)max->integer : 0;
	work->task->for_.settle = ir_flag(parallel, "settle", false);
	return true;
}

void ir_body_for(struct ir_compiler *c, struct ir_work *work)
{
	const struct json *loop = ir_object(work->json, "for"), *in = json_get(loop, "in");
	const struct ir_place at = ir_at(work->here.place, "for"), list = ir_at(work->here.place, "do");
	const struct ir_place in_place = ir_at(&at, "in");
	struct ir_here inside = work->here;
	if (in != NULL && in->kind != JS_STRING && in->kind != JS_ARRAY)
		ir_problem(c, &in_place, "type", "must be an expression or a list, not %s", json_kind_name(in->kind));
	work->task->for_.each = ir_variable(c, &at, loop, "each", "item");
	work->task->for_.at = ir_variable(c, &at, loop, "at", "index");
	work->task->for_.in = ir_bare(c, &work->here, &at, loop, "in");
	inside.scope = ir_scope_add(c, inside.scope, work->task->for_.each, work->task->for_.at);
	work->task->for_.while_ = ir_bare(c, &inside, inside.place, work->json, "while");
	inside.in_parallel = read_parallel(c, work) || inside.in_parallel;
	ir_block(c, &inside, &list, "/do", json_get(work->json, "do"), &work->task->for_.block);
}

/* --- fork --- */

static const struct ir_field branches_fields[] = {
	{.name = "branches", .want = WANT_LIST, .flags = IR_REQUIRED},
	{.name = "compete", .want = WANT_BOOL},
};
static const struct ir_form branches_form = IR_FORM(branches_fields);
static const struct ir_field fork_fields[] = {
	{.name = "fork", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &branches_form}};
const struct ir_form ir_fork_form = IR_FORM(fork_fields);

void ir_body_fork(struct ir_compiler *c, struct ir_work *work)
{
	const struct json *fork = ir_object(work->json, "fork");
	const struct ir_place at = ir_at(work->here.place, "fork"), list = ir_at(&at, "branches");
	struct ir_here inside = work->here;
	inside.no_jumps = true;
	work->task->fork.compete = ir_flag(fork, "compete", false);
	ir_block(c, &inside, &list, "/fork/branches", json_get(fork, "branches"), &work->task->fork.branches);
}

/* --- raise --- */

static const struct ir_field raise_error_fields[] = {{.name = "error", .flags = IR_REQUIRED}};
static const struct ir_form raise_error_form = IR_FORM(raise_error_fields);
static const struct ir_field raise_fields[] = {
	{.name = "raise", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &raise_error_form}};
const struct ir_form ir_raise_form = IR_FORM(raise_fields);

static void read_error(struct ir_compiler *c, struct ir_work *work, const struct ir_place *place,
					   const struct json *json)
{
	struct ir_error *error = &work->task->raise;
	error->type = ir_member(c, &work->here, place, json, "type");
	error->status = ir_member(c, &work->here, place, json, "status");
	error->title = ir_member(c, &work->here, place, json, "title");
	error->detail = ir_member(c, &work->here, place, json, "detail");
	error->instance = ir_member(c, &work->here, place, json, "instance");
}

void ir_body_raise(struct ir_compiler *c, struct ir_work *work)
{
	const struct ir_place raise = ir_at(work->here.place, "raise"), at = ir_at(&raise, "error");
	const struct json *error = json_get(ir_object(work->json, "raise"), "error");
	if (error == NULL)
		return;
	if (error->kind != JS_STRING) {
		if (ir_check(c, &at, error, &ir_error_form))
			read_error(c, work, &at, error);
		return;
	}
	const struct json *used = ir_used(c, "errors", error->text);
	struct ir_used_place named;
	if (used == NULL)
		ir_problem(c, &at, "unknown_reference", "there is no error of this name in use.errors");
	else
		read_error(c, work, ir_used_at(&named, "errors", error->text), used);
}

/* --- emit --- */

static const struct ir_field event_fields[] = {
	{.name = "id", .want = WANT_TEXT},
	{.name = "source", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "type", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "time", .want = WANT_TEXT},
	{.name = "subject", .want = WANT_TEXT},
	{.name = "datacontenttype", .want = WANT_TEXT},
	{.name = "dataschema", .want = WANT_TEXT},
};
static const struct ir_form event_form = IR_FORM(event_fields, .open = true);
static const struct ir_field with_fields[] = {
	{.name = "with", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &event_form}};
static const struct ir_form with_form = IR_FORM(with_fields);
static const struct ir_field emit_event_fields[] = {
	{.name = "event", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &with_form}};
static const struct ir_form emit_event_form = IR_FORM(emit_event_fields);
static const struct ir_field emit_fields[] = {
	{.name = "emit", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &emit_event_form}};
const struct ir_form ir_emit_form = IR_FORM(emit_fields);

void ir_body_emit(struct ir_compiler *c, struct ir_work *work)
{
	const struct ir_place emit = ir_at(work->here.place, "emit"), event = ir_at(&emit, "event");
	const struct json *definition = ir_object(ir_object(work->json, "emit"), "event");
	work->task->emit.with = ir_member(c, &work->here, &event, definition, "with");
}
