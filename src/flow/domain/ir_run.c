#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/ir_compiler.h"

/* run: processes and other workflows [flow.md 2.1, 2.2]. */

static const char *const kinds[] = {"shell", "script", "workflow", "container", NULL};
enum { KIND_SHELL, KIND_SCRIPT, KIND_WORKFLOW, KIND_CONTAINER };
static const char *const returns[] = {"stdout", "stderr", "code", "all", "none", NULL};

static const struct ir_field shell_fields[] = {
	{.name = "command", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "stdin", .want = WANT_TEXT},
	{.name = "arguments", .want = WANT_LIST_OR_MAP, .flags = IR_OR_EXPRESSION},
	{.name = "environment", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
};
static const struct ir_form shell_form = IR_FORM(shell_fields);
static const struct ir_field script_fields[] = {
	{.name = "language", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "code", .want = WANT_TEXT},
	{.name = "source"},
	{.name = "stdin", .want = WANT_TEXT},
	{.name = "arguments", .want = WANT_LIST_OR_MAP, .flags = IR_OR_EXPRESSION},
	{.name = "environment", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
};
static const struct ir_form script_form = IR_FORM(script_fields);
static const struct ir_field workflow_fields[] = {
	{.name = "namespace", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "name", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "version", .want = WANT_TEXT, .flags = IR_NOT_EMPTY},
	{.name = "input"},
};
static const struct ir_form workflow_form = IR_FORM(workflow_fields);
static const struct ir_field process_fields[] = {
	{.name = "await", .want = WANT_BOOL},
	{.name = "return", .want = WANT_WORD, .words = returns},
	{.name = "shell", .want = WANT_FORM, .form = &shell_form},
	{.name = "script", .want = WANT_FORM, .form = &script_form},
	{.name = "workflow", .want = WANT_FORM, .form = &workflow_form},
	{.name = "container"},
};
static const struct ir_form process_form = IR_FORM(process_fields);
static const struct ir_field run_fields[] = {
	{.name = "run", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &process_form}};
const struct ir_form ir_run_form = IR_FORM(run_fields);

static bool is_shell(const char *language)
{
	return strcmp(language, "sh") == 0 || strcmp(language, "shell") == 0;
}

static bool script_allowed(const struct ir_compiler *c, const char *language)
{
	const char *name = strcmp(language, "javascript") == 0 ? "js" : language;
	for (size_t i = 0; c->policy->scripts != NULL && c->policy->scripts[i] != NULL; i++)
		if (strcmp(c->policy->scripts[i], name) == 0 || strcmp(c->policy->scripts[i], language) == 0)
			return true;
	return false;
}

/* The names of `arguments` given as a map may be expressions: they are evaluated beside it, each at its own pointer. */
static struct ir_value names_of(struct ir_compiler *c, const struct ir_work *work, const struct ir_place *process,
								const struct json *arguments)
{
	const struct ir_place at = ir_at(process, "arguments");
	struct json *names = arena_new(c->arena, struct json);
	if (arguments == NULL || arguments->kind != JS_OBJECT || names == NULL)
		return ir_literal(NULL);
	*names = (struct json){.kind = JS_OBJECT,
						   .members = arena_array(c->arena, arguments->count + 1, sizeof *names->members)};
	for (uint32_t i = 0; names->members != NULL && i < arguments->count; i++) {
		struct json_member name = arguments->members[i];
		name.value = (struct json){.kind = JS_STRING, .text = name.name, .size = name.name_size};
		if (ir_is_expression(c, &name.value))
			names->members[names->count++] = name;
	}
	return names->count == 0 ? ir_literal(NULL) : ir_value(c, &at, names, IR_STRICT, work->here.scope, false);
}

static void run_shell(struct ir_compiler *c, struct ir_work *work, const struct ir_place *run, const struct json *json)
{
	const struct ir_place at = ir_at(run, "shell");
	work->task->type = IR_RUN_SHELL;
	if (!c->policy->shell)
		ir_problem(c, &at, "shell_disabled", "this server runs no shell commands (flow.allow_shell)");
	work->task->process.body = ir_member(c, &work->here, run, json, "shell");
	work->task->process.names = names_of(c, work, &at, json_get(ir_object(json, "shell"), "arguments"));
}

/* The script without where its code comes from: that is fetched and pinned, and never evaluated. */
static const struct json *without_source(struct ir_compiler *c, const struct json *script)
{
	struct json *rest = arena_new(c->arena, struct json);
	struct json_member *members = arena_array(c->arena, script->count + 1, sizeof *members);
	if (rest == NULL || members == NULL)
		return NULL;
	*rest = (struct json){.kind = JS_OBJECT, .members = members};
	for (uint32_t i = 0; i < script->count; i++)
		if (strcmp(script->members[i].name, "source") != 0)
			members[rest->count++] = script->members[i];
	return rest;
}

/* `script.source`: the pinned text, or NULL while it is not fetched. */
static const char *code_elsewhere(struct ir_compiler *c, const struct ir_place *place, const struct json *source)
{
	const char *uri = ir_external(c, place, source, IR_SCRIPT);
	const struct json *pinned =
		uri == NULL || c->policy->resource == NULL ? NULL : c->policy->resource(c->policy->resources, uri);
	if (pinned != NULL && pinned->kind != JS_STRING)
		ir_problem(c, place, "resource_unavailable",
				   "the same address is a document elsewhere, not the text of a script");
	return pinned != NULL && pinned->kind == JS_STRING ? pinned->text : NULL;
}

static void run_script(struct ir_compiler *c, struct ir_work *work, const struct ir_place *run, const struct json *json)
{
	static const char *const either[] = {"code", "source", NULL};
	const struct ir_place at = ir_at(run, "script"), language_at = ir_at(&at, "language");
	const struct ir_place source_at = ir_at(&at, "source");
	const struct json *script = ir_object(json, "script");
	const char *language = ir_word(script, "language");
	work->task->type = IR_RUN_SCRIPT;
	work->task->process.language = language;
	if (is_shell(language) && !c->policy->shell)
		ir_problem(c, &language_at, "shell_disabled", "this server runs no shell scripts (flow.allow_shell)");
	else if (*language != '\0' && !is_shell(language) && !script_allowed(c, language))
		ir_problem(c, &language_at, "script_disabled", "scripts of this language are not allowed (flow.allow_scripts)");
	bool elsewhere = script != NULL && ir_one_of(c, &at, script, either) == 1;
	if (elsewhere)
		work->task->process.code = code_elsewhere(c, &source_at, json_get(script, "source"));
	work->task->process.body = elsewhere
								   ? ir_value(c, &at, without_source(c, script), IR_STRICT, work->here.scope, false)
								   : ir_member(c, &work->here, run, json, "script");
	work->task->process.names = names_of(c, work, &at, json_get(script, "arguments"));
}

static void run_workflow(struct ir_compiler *c, struct ir_work *work, const struct ir_place *run,
						 const struct json *json)
{
	const struct ir_place at = ir_at(run, "workflow");
	const struct json *workflow = ir_object(json, "workflow");
	struct ir_task *task = work->task;
	task->type = IR_RUN_WORKFLOW;
	task->workflow.namespace = ir_member(c, &work->here, &at, workflow, "namespace");
	task->workflow.name = ir_member(c, &work->here, &at, workflow, "name");
	task->workflow.version = ir_member(c, &work->here, &at, workflow, "version");
	task->workflow.input = ir_member(c, &work->here, &at, workflow, "input");
	task->workflow.await = ir_flag(json, "await", true);
	task->workflow.returns = (enum ir_returns)ir_word_index(returns, ir_word(json, "return"), IR_RETURN_STDOUT);
}

void ir_body_run(struct ir_compiler *c, struct ir_work *work)
{
	const struct ir_place run = ir_at(work->here.place, "run"), container = ir_at(&run, "container");
	const struct json *json = ir_object(work->json, "run");
	int kind = json != NULL ? ir_one_of(c, &run, json, kinds) : -1;
	if (kind < 0)
		return;
	ir_feature(c, "run", kinds[kind]);
	if (kind == KIND_CONTAINER)
		ir_problem(c, &container, "unsupported_container", "containers are not supported");
	else if (kind == KIND_WORKFLOW)
		run_workflow(c, work, &run, json);
	else if (kind == KIND_SHELL)
		run_shell(c, work, &run, json);
	else
		run_script(c, work, &run, json);
	if (kind == KIND_SHELL || kind == KIND_SCRIPT) {
		work->task->process.await = ir_flag(json, "await", true);
		work->task->process.returns =
			(enum ir_returns)ir_word_index(returns, ir_word(json, "return"), IR_RETURN_STDOUT);
	}
}
