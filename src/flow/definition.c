#include "flow/definition.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "expr/expr.h"
#include "flow/content_hash.h"
#include "flow/domain/datum.h"
#include "flow/domain/scope.h"
#include "flow/domain/trouble.h"
#include "seal/pack.h"

enum {
	DEFINITION_CAP = 1 << 30, /* bytes: the DAG form may have 64 MiB of text */
	RESOURCES_MAX = 64,
	ROUNDS_MAX = 8, /* what was fetched may refer to more */
};

/* A document that was fetched for it, and is held by it. */
struct definition_resource {
	const char *uri;
	struct datum *body;
};

struct definition {
	_Atomic unsigned refs;
	struct arena arena;
	const struct ir *ir;
	char sha256[SHA256_HEX_SIZE], content_sha256[SHA256_HEX_SIZE];
	struct expr_book *book;
	const struct expr **exprs;        /* by the number of the value */
	const char *names[EXPR_ARGS_MAX]; /* of variables, by position */
	unsigned names_count;
	size_t resources_count;
	struct definition_resource resources[RESOURCES_MAX];
};

static const char *const fixed_names[EXPR_ARGS] = {
	[EXPR_CONTEXT] = "context", [EXPR_INPUT] = "input",       [EXPR_OUTPUT] = "output",
	[EXPR_SECRETS] = "secrets", [EXPR_TASK] = "task",         [EXPR_AUTHORIZATION] = "authorization",
	[EXPR_RUNTIME] = "runtime", [EXPR_WORKFLOW] = "workflow",
};

/* --- opening --- */

static void add_problem(struct definition_problems *problems, const char *pointer, const char *code,
						const char *message, size_t line)
{
	struct ir_problems *list = &problems->list;
	bool full = list->count == 0 || (list->count >= 16 && (list->count & (list->count - 1)) == 0);
	if (full) {
		struct ir_problem *items = arena_array(problems->arena, list->count == 0 ? 16 : 2 * list->count, sizeof *items);
		must(items != NULL);
		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof *items);
		list->items = items;
	}
	list->items[list->count++] = (struct ir_problem){.pointer = arena_dup(problems->arena, pointer),
													 .code = arena_dup(problems->arena, code),
													 .message = arena_dup(problems->arena, message),
													 .line = line};
}

static bool read_yaml(struct definition *definition, const char *text, size_t size, const struct json **json,
					  struct definition_problems *problems)
{
	struct yaml_fault fault;
	if (yaml_read(&definition->arena, text, size, json, &fault))
		return true;
	add_problem(problems, "", fault.code, fault.message, fault.line);
	return false;
}

static bool read_json(struct definition *definition, const char *text, size_t size, const struct json **json,
					  struct definition_problems *problems)
{
	static const struct json_limits limits = {.depth = 128, .values = 5000000};
	struct err err;
	if (json_parse(&definition->arena, text, size, &limits, json, &err))
		return true;
	add_problem(problems, "", "json_invalid", err.message, 0);
	return false;
}

static bool is_json(const char *text, size_t size, enum definition_form form)
{
	size_t at = 0;
	while (at < size && strchr(" \t\r\n", text[at]) != NULL)
		at++;
	return form == DEFINITION_JSON || (form == DEFINITION_GUESS && at < size && text[at] == '{');
}

static enum expr_mode mode_of(enum ir_mode mode)
{
	return mode == IR_BARE ? EXPR_BARE : mode == IR_LOOSE ? EXPR_LOOSE : EXPR_STRICT;
}

/* What can be told of the expressions of a definition that is refused anyway. */
static void check_expressions(struct definition *definition, const struct ir_problems *found, struct expr_pool *expr,
							  struct definition_problems *problems)
{
	struct expr_book *book = expr_book_new();
	struct faults faults;
	struct err err;
	must(book != NULL);
	for (size_t i = 0; i < found->values_count; i++) {
		const struct ir_slot *slot = &found->values[i];
		for (size_t k = 0; slot->scope != NULL && k < slot->scope->count; k++)
			(void)expr_book_variable(book, slot->scope->names[k]);
		(void)expr_book_add(book, slot->pointer, slot->value.source, mode_of(slot->value.mode));
	}
	faults_init(&faults, &definition->arena);
	/* Without a helper the rest is told all the same. */
	(void)expr_book_seal(book, expr, &faults, &err);
	for (const struct fault *fault = faults.first; fault != NULL; fault = fault->next)
		add_problem(problems, fault->pointer, fault->code, fault->message, 0);
	expr_book_free(book);
}

/* --- what it refers to --- */

static const struct json *pinned(void *resources, const char *uri)
{
	const struct definition *definition = resources;
	for (size_t i = 0; i < definition->resources_count; i++)
		if (strcmp(definition->resources[i].uri, uri) == 0)
			return datum_tree(definition->resources[i].body);
	return NULL;
}

static bool unavailable(struct definition_problems *problems, const struct ir_resource *resource, const char *why)
{
	add_problem(problems, resource->pointer, "resource_unavailable", why, 0);
	return false;
}

void definition_unavailable(struct definition_problems *problems, const struct ir_resource *resource,
							const struct trouble *trouble)
{
	char why[sizeof trouble->title + sizeof trouble->detail + 8];
	snprintf(why, sizeof why, "%s: %s", trouble->title, trouble->detail);
	if (problems->status == 0)
		problems->status = trouble->status;
	(void)unavailable(problems, resource, why);
}

static bool fetch(struct definition *definition, const struct ir_resource *resource,
				  const struct definition_source *source, struct definition_problems *problems)
{
	struct trouble trouble;
	if (resource->uri == NULL)
		return unavailable(problems, resource, "what is run is pinned: the address of a script is no expression");
	if (definition->resources_count == RESOURCES_MAX)
		return unavailable(problems, resource, "a definition refers to 64 documents at most");
	struct datum *body = source->get(source->self, resource, &trouble);
	if (body == NULL) {
		definition_unavailable(problems, resource, &trouble);
		return false;
	}
	definition->resources[definition->resources_count++] =
		(struct definition_resource){.uri = arena_dup(&definition->arena, resource->uri), .body = body};
	return true;
}

/* What is not compiled into it is fetched elsewhere: OpenAPI documents, addresses that are expressions. */
static bool fetch_all(struct definition *definition, const struct ir *ir, const struct definition_source *source,
					  struct definition_problems *problems)
{
	bool good = true;
	for (size_t i = 0; i < ir->resources_count; i++) {
		const struct ir_resource *resource = &ir->resources[i];
		bool later = resource->uri == NULL ? resource->kind != IR_SCRIPT : resource->kind == IR_OPENAPI_DOCUMENT;
		if (!later && (resource->uri == NULL || pinned(definition, resource->uri) == NULL))
			good = fetch(definition, resource, source, problems) && good;
	}
	return good;
}

/* Compiled anew with what its first compilation asked for, until nothing is missing. */
static const struct ir *compile_all(struct definition *definition, const struct json *json,
									const struct ir_policy *policy, const struct definition_source *source,
									struct ir_problems *found, struct definition_problems *problems)
{
	struct ir_policy own = *policy;
	own.resource = pinned;
	own.resources = definition;
	for (int round = 0; round < ROUNDS_MAX; round++) {
		size_t before = definition->resources_count;
		*found = (struct ir_problems){.count = 0};
		const struct ir *ir = ir_compile(&definition->arena, json, &own, found);
		if (ir == NULL || source == NULL)
			return ir;
		if (!fetch_all(definition, ir, source, problems))
			return NULL;
		if (definition->resources_count == before)
			return ir;
	}
	add_problem(problems, "", "resource_unavailable", "what was fetched refers to more, and that to more, 8 times", 0);
	return NULL;
}

static const struct ir *compile(struct definition *definition, const struct json *json, const struct ir_policy *policy,
								const struct definition_source *source, struct expr_pool *expr,
								struct definition_problems *problems)
{
	struct ir_problems found;
	problems->form = json_get(json, "steps") != NULL ? "dag" : "dsl";
	const struct ir *ir = compile_all(definition, json, policy, source, &found, problems);
	for (size_t i = 0; i < found.count; i++)
		add_problem(problems, found.items[i].pointer, found.items[i].code, found.items[i].message, found.items[i].line);
	if (ir == NULL && problems->list.count == 0)
		add_problem(problems, "", "limit", "The definition is too large.", 0);
	if (found.count > 0 && found.values_count > 0) {
		check_expressions(definition, &found, expr, problems);
		ir_problems_order(&definition->arena, json, &problems->list);
	}
	return ir;
}

static void add_variables(struct definition *definition, const struct ir_scope *scope)
{
	for (size_t i = 0; scope != NULL && i < scope->count; i++) {
		unsigned at = expr_book_variable(definition->book, scope->names[i]);
		if (at >= EXPR_ARGS_MAX)
			continue;
		definition->names[at] = scope->names[i];
		if (at >= definition->names_count)
			definition->names_count = at + 1;
	}
}

static bool compile_expressions(struct definition *definition, struct expr_pool *expr,
								struct definition_problems *problems, struct err *err)
{
	const struct ir *ir = definition->ir;
	definition->book = expr_book_new();
	definition->exprs = calloc(ir->values_count + 1, sizeof(*definition->exprs));
	must(definition->book != NULL && definition->exprs != NULL);
	memcpy(definition->names, fixed_names, sizeof fixed_names);
	definition->names_count = EXPR_ARGS;
	for (size_t i = 0; i < ir->values_count; i++) {
		const struct ir_slot *slot = &ir->values[i];
		add_variables(definition, slot->scope);
		definition->exprs[i] =
			expr_book_add(definition->book, slot->pointer, slot->value.source, mode_of(slot->value.mode));
	}
	struct faults faults;
	faults_init(&faults, &definition->arena);
	if (expr_book_seal(definition->book, expr, &faults, err))
		return true;
	for (const struct fault *fault = faults.first; fault != NULL; fault = fault->next)
		add_problem(problems, fault->pointer, fault->code, fault->message, 0);
	ir_problems_order(&definition->arena, ir->definition, &problems->list);
	return false;
}

/* What an author wrote has lines; what was made of an object is one. */
static void add_lines(const char *text, size_t size, struct definition_problems *problems)
{
	struct ir_problems *list = &problems->list;
	bool written = memchr(text, '\n', size) != NULL || (size > 0 && *text != '{');
	struct yaml_place *places = written ? arena_array(problems->arena, list->count + 1, sizeof *places) : NULL;
	if (places == NULL)
		return;
	for (size_t i = 0; i < list->count; i++)
		places[i].pointer = list->items[i].pointer;
	yaml_lines(text, size, places, list->count);
	for (size_t i = 0; i < list->count; i++)
		if (list->items[i].line == 0)
			list->items[i].line = places[i].line;
}

struct definition *definition_open(const char *text, size_t size, enum definition_form form,
								   const struct ir_policy *policy, const struct definition_source *source,
								   struct expr_pool *expr, struct definition_problems *problems, struct err *err)
{
	struct definition *definition = calloc(1, sizeof *definition);
	must(definition != NULL);
	definition->refs = 1;
	problems->list = (struct ir_problems){.count = 0};
	problems->form = NULL;
	problems->status = 0;
	arena_init(&definition->arena, DEFINITION_CAP);
	const struct json *json;
	char *copy = arena_dupn(&definition->arena, text, size);
	bool good = is_json(text, size, form) && read_json(definition, copy, size, &json, problems);
	/* A YAML mapping may begin with { too. */
	if (!good && form != DEFINITION_JSON) {
		problems->list.count = 0;
		good = read_yaml(definition, copy, size, &json, problems);
	}
	if (good)
		definition->ir = compile(definition, json, policy, source, expr, problems);
	if (definition->ir != NULL && compile_expressions(definition, expr, problems, err)) {
		sha256_hex(text, size, definition->sha256);
		content_hash(text, size, definition->content_sha256);
		return definition;
	}
	if (good)
		add_lines(copy, size, problems);
	definition_unref(definition);
	return NULL;
}

struct definition *definition_ref(struct definition *definition)
{
	atomic_fetch_add(&definition->refs, 1);
	return definition;
}

void definition_unref(struct definition *definition)
{
	if (definition == NULL || atomic_fetch_sub(&definition->refs, 1) > 1)
		return;
	expr_book_free(definition->book);
	free(definition->exprs);
	for (size_t i = 0; i < definition->resources_count; i++)
		datum_unref(definition->resources[i].body);
	arena_fini(&definition->arena);
	free(definition);
}

const struct ir *definition_ir(const struct definition *definition)
{
	return definition->ir;
}

const char *definition_sha256(const struct definition *definition)
{
	return definition->sha256;
}

const char *definition_content_sha256(const struct definition *definition)
{
	return definition->content_sha256;
}

/* --- evaluating --- */

/* The arguments of one evaluation, and who holds them. */
struct arguments {
	struct datum *held[EXPR_ARGS_MAX];
	const struct json *trees[EXPR_ARGS_MAX];
	unsigned count;
};

static void gather(const struct definition *definition, const struct expr *expr, const struct scope *scope,
				   struct arguments *arguments)
{
	arguments->count = definition->names_count;
	for (unsigned i = 0; i < arguments->count; i++) {
		bool used = i == EXPR_IN || expr_uses(expr, i);
		arguments->held[i] = !used                          ? NULL
							 : i == EXPR_IN                 ? datum_ref(scope->in)
							 : definition->names[i] == NULL ? NULL
															: scope_value(scope, definition->names[i]);
		arguments->trees[i] = arguments->held[i] == NULL ? NULL : datum_tree(arguments->held[i]);
	}
}

static void tell(const struct err *err, struct trouble *trouble)
{
	bool limit = err->kind == ERR_EXPRESSION_LIMIT;
	bool expression = limit || err->kind == ERR_EXPRESSION;
	trouble_set(trouble, expression ? TROUBLE_EXPRESSION : TROUBLE_RUNTIME,
				limit        ? "Expression limit"
				: expression ? "Expression failed"
							 : "Expression not evaluated",
				"%s", err->message);
}

struct datum *definition_eval(const struct definition *definition, struct expr_pool *expr, const struct ir_value *value,
							  const struct scope *scope, struct trouble *trouble)
{
	const struct expr *compiled = definition->exprs[value->number];
	const struct json *constant = expr_constant(compiled);
	if (constant != NULL)
		return datum_json(constant);
	struct arguments arguments;
	struct arena arena;
	struct err err;
	const struct json *found;
	gather(definition, compiled, scope, &arguments);
	arena_init(&arena, DEFINITION_CAP);
	struct expr_input input = {.args = arguments.trees, .count = arguments.count, .now_us = scope->now_us};
	struct datum *answer = NULL;
	if (expr_eval(expr, compiled, &input, &arena, &found, &err))
		answer = datum_json(found);
	else
		tell(&err, trouble);
	arena_fini(&arena);
	for (unsigned i = 0; i < arguments.count; i++)
		datum_unref(arguments.held[i]);
	return answer;
}

void definition_problems_write(struct jw *jw, const struct ir_problems *problems)
{
	jw_array(jw);
	for (size_t i = 0; i < problems->count; i++) {
		jw_object(jw);
		jw_member_str(jw, "pointer", problems->items[i].pointer);
		jw_member_str(jw, "code", problems->items[i].code);
		jw_member_str(jw, "message", problems->items[i].message);
		if (problems->items[i].line > 0)
			jw_member_int(jw, "line", (int64_t)problems->items[i].line);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}
