#include "flow/domain/ir.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/ir_compiler.h"
#include "flow/domain/semver.h"

/* The document, and what is done when all of it has been read [flow.md 2]. */

/* --- document --- */

enum { RETENTION_MAX_DAYS = 36500, RUNS_MAX = 1000000 };
static const struct ir_field document_metadata_fields[] = {
	{.name = "max_runs", .want = WANT_INT, .min = 1, .max = RUNS_MAX},
	{.name = "retention_days", .want = WANT_INT, .min = 0, .max = RETENTION_MAX_DAYS},
};
static const struct ir_form document_metadata_form = IR_FORM(document_metadata_fields, .open = true);
static const struct ir_field document_fields[] = {
	{.name = "dsl", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "namespace", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "name", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "version", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "title", .want = WANT_TEXT},
	{.name = "summary", .want = WANT_TEXT},
	{.name = "tags", .want = WANT_OBJECT},
	{.name = "metadata", .want = WANT_FORM, .form = &document_metadata_form},
};
static const struct ir_form document_form = IR_FORM(document_fields);

static const char *const modes[] = {"strict", "loose", NULL};
static const struct ir_field evaluate_fields[] = {
	{.name = "language", .want = WANT_TEXT},
	{.name = "mode", .want = WANT_WORD, .words = modes},
};
static const struct ir_form evaluate_form = IR_FORM(evaluate_fields);
static const struct ir_field definition_fields[] = {
	{.name = "document", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &document_form},
	{.name = "input", .want = WANT_FORM, .form = &ir_input_form},
	{.name = "use"},
	{.name = "do", .want = WANT_LIST, .flags = IR_REQUIRED},
	{.name = "timeout"},
	{.name = "output", .want = WANT_FORM, .form = &ir_output_form},
	{.name = "schedule"},
	{.name = "evaluate", .want = WANT_FORM, .form = &evaluate_form},
};
static const struct ir_form definition_form = IR_FORM(definition_fields);

static size_t digits(const char *text)
{
	return strspn(text, "0123456789");
}

/* 1.0.N */
static bool is_known_dsl(const char *text)
{
	return strncmp(text, "1.0.", 4) == 0 && digits(text + 4) > 0 && text[4 + digits(text + 4)] == '\0' &&
		   (text[4] != '0' || text[5] == '\0');
}

/* REF: RFC 1123, 2.1: a label of a host name, which is what the language takes namespaces and names from */
static bool is_label(const char *text, bool dots)
{
	static const char all[] = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-.";
	char inner[sizeof all];
	snprintf(inner, sizeof all - !dots, "%s", all);
	size_t size = strlen(text);
	return size >= 1 && size <= 63 && strspn(text, inner) == size && text[0] != '-' && text[size - 1] != '-';
}

static void check_label(struct ir_compiler *c, const struct ir_place *place, const char *name, const char *text,
						bool dots)
{
	const struct ir_place at = ir_at(place, name);
	if (text != NULL && !is_label(text, dots))
		ir_problem(c, &at, "format", "must be 1 to 63 letters, digits and hyphens, no hyphen at either end");
}

static int64_t metadata_int(const struct json *metadata, const char *name, int64_t absent)
{
	const struct json *value = metadata == NULL ? NULL : json_get(metadata, name);
	return value != NULL && value->kind == JS_INT ? value->integer : absent;
}

static void read_document(struct ir_compiler *c, const struct ir_place *root, const struct json *document)
{
	const struct ir_place place = ir_at(root, "document"), dsl = ir_at(&place, "dsl");
	const struct ir_place version = ir_at(&place, "version");
	struct ir *ir = c->ir;
	ir->dsl = json_text(document, "dsl");
	ir->namespace = json_text(document, "namespace");
	ir->name = json_text(document, "name");
	ir->version = json_text(document, "version");
	ir->title = json_text(document, "title");
	ir->tags = ir_object(document, "tags");
	ir->metadata = ir_object(document, "metadata");
	ir->retention_days = metadata_int(ir->metadata, "retention_days", -1);
	ir->max_runs = metadata_int(ir->metadata, "max_runs", 0);
	const char *ours = c->policy->effects_in;
	check_label(c, &place, "namespace", ir->namespace, false);
	check_label(c, &place, "name", ir->name, ours != NULL && ir->namespace != NULL && strcmp(ir->namespace, ours) == 0);
	if (ir->dsl != NULL && !is_known_dsl(ir->dsl))
		ir_problem(c, &dsl, "dsl_version", "versions 1.0.0 to 1.0.x of the language are known");
	if (ir->version != NULL && !semver_valid(ir->version))
		ir_problem(c, &version, "format", "must be a semantic version, like 1.0.0");
}

static void read_evaluate(struct ir_compiler *c, const struct ir_place *root, const struct json *evaluate)
{
	const struct ir_place place = ir_at(root, "evaluate"), language = ir_at(&place, "language");
	const char *name = json_text(evaluate, "language");
	if (name != NULL && strcmp(name, "jq") != 0)
		ir_problem(c, &language, "unsupported_language", "expressions are written in jq");
	c->loose = strcmp(ir_word(evaluate, "mode"), "loose") == 0;
}

static void compile_dsl(struct ir_compiler *c, const struct ir_place *root)
{
	const struct json *definition = c->definition;
	const struct ir_place list = ir_at(root, "do");
	const struct ir_here here = {.place = root, .reference = ""};
	if (!ir_check(c, root, definition, &definition_form))
		return;
	read_document(c, root, ir_object(definition, "document"));
	read_evaluate(c, root, ir_object(definition, "evaluate"));
	ir_use(c, root, json_get(definition, "use"));
	c->ir->root =
		(struct ir_task){.type = IR_DO, .name = c->ir->name, .reference = "", .segment = "", .definition = definition};
	ir_data(c, &here, definition, &c->ir->root);
	c->ir->root.timeout = ir_timeout(c, &here, definition);
	c->ir->root.if_ = c->ir->root.cost = ir_literal(NULL);
	ir_schedule(c, root, json_get(definition, "schedule"));
	ir_block(c, &here, &list, "/do", json_get(definition, "do"), &c->ir->root.block);
}

/* --- problems in the order of the text --- */

struct ranked {
	struct ir_problem problem;
	uint32_t *path; /* index of each step within its parent */
	uint32_t depth, order;
};

/* The step of a pointer at *at, unescaped into `name`; false at the end. */
static bool next_step(const char **at, struct arena *arena, char **name)
{
	if (**at != '/')
		return false;
	const char *from = ++*at;
	size_t size = strcspn(from, "/");
	*at += size;
	char *to = *name = arena_alloc(arena, size + 1);
	for (size_t i = 0; to != NULL && i < size; i++) {
		*to = from[i];
		if (from[i] == '~' && i + 1 < size)
			*to = from[++i] == '1' ? '/' : '~';
		to++;
	}
	return *name != NULL;
}

/* Where a step leads; what is missing comes after all that is there. */
static const struct json *step_into(const struct json *json, const char *name, uint32_t *index)
{
	*index = UINT32_MAX;
	if (json == NULL || json->kind < JS_ARRAY)
		return NULL;
	if (json->kind == JS_ARRAY) {
		unsigned long i = strtoul(name, NULL, 10);
		*index = i < json->count ? (uint32_t)i : UINT32_MAX;
		return i < json->count ? &json->items[i] : NULL;
	}
	for (uint32_t i = 0; i < json->count; i++)
		if (strcmp(json->members[i].name, name) == 0) {
			*index = i;
			return &json->members[i].value;
		}
	return NULL;
}

static void rank(struct arena *arena, const struct json *definition, struct ranked *ranked)
{
	const char *pointer = ranked->problem.pointer;
	size_t steps = 0;
	for (const char *at = pointer; *at != '\0'; at++)
		steps += *at == '/';
	ranked->path = arena_array(arena, steps + 1, sizeof *ranked->path);
	char *name;
	const struct json *json = definition;
	while (ranked->path != NULL && next_step(&pointer, arena, &name))
		json = step_into(json, name, &ranked->path[ranked->depth++]);
}

static int by_place(const void *left, const void *right)
{
	const struct ranked *a = left, *b = right;
	for (uint32_t i = 0; i < a->depth && i < b->depth; i++)
		if (a->path[i] != b->path[i])
			return a->path[i] < b->path[i] ? -1 : 1;
	if (a->depth != b->depth)
		return a->depth < b->depth ? -1 : 1;
	return a->order < b->order ? -1 : a->order > b->order;
}

static bool same(const struct ir_problem *a, const struct ir_problem *b)
{
	return strcmp(a->pointer, b->pointer) == 0 && strcmp(a->code, b->code) == 0;
}

/* A thing of `use` is looked at by each task that uses it: what is wrong with it is told once. */
bool ir_problems_order(struct arena *arena, const struct json *definition, struct ir_problems *problems)
{
	struct ranked *all = arena_array(arena, problems->count, sizeof *all);
	if (all == NULL)
		return false;
	for (size_t i = 0; i < problems->count; i++) {
		all[i] = (struct ranked){.problem = problems->items[i], .order = (uint32_t)i};
		rank(arena, definition, &all[i]);
	}
	if (arena->full)
		return false;
	if (problems->count > 0)
		qsort(all, problems->count, sizeof *all, by_place);
	size_t kept = 0;
	for (size_t i = 0; i < problems->count; i++)
		if (kept == 0 || !same(&problems->items[kept - 1], &all[i].problem))
			problems->items[kept++] = all[i].problem;
	problems->count = kept;
	return true;
}

/* --- the entry --- */

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void list_features(struct ir_compiler *c)
{
	const char **features = arena_array(c->arena, c->features.count, sizeof *features);
	size_t at = 0, count = 0, size;
	const char *name;
	void *value;
	if (features == NULL)
		return;
	while (map_next(&c->features, &at, &name, &size, &value))
		features[count++] = arena_dup(c->arena, name);
	if (count > 0 && !c->arena->full)
		qsort(features, count, sizeof *features, by_name);
	c->ir->features = features;
	c->ir->features_count = count;
}

static const struct ir *finish(struct ir_compiler *c, struct ir_problems *problems)
{
	struct ir_problems found = {
		.count = c->problems_count, .items = c->problems, .values_count = c->slots_count, .values = c->slots};
	if (found.count > 0)
		(void)ir_problems_order(c->arena, c->definition, &found);
	if (c->arena->full)
		return NULL;
	*problems = found;
	if (found.count > 0)
		return NULL;
	/* Functions and extensions are shared: any of the tasks that they run for may be visited again. */
	for (size_t i = 0; i < c->functions_count; i++) {
		c->functions[i].task->may_revisit = true;
		ir_mark_inside(c, c->functions[i].task);
	}
	for (size_t i = 0; i < c->extensions_count; i++) {
		ir_mark_revisits(c, &c->extensions[i].before, true);
		ir_mark_revisits(c, &c->extensions[i].after, true);
	}
	ir_mark_inside(c, &c->ir->root);
	list_features(c);
	c->ir->values = c->slots;
	c->ir->values_count = c->slots_count;
	c->ir->resources = c->resources;
	c->ir->resources_count = c->resources_count;
	return c->arena->full ? NULL : c->ir;
}

const struct ir *ir_compile(struct arena *arena, const struct json *definition, const struct ir_policy *policy,
							struct ir_problems *problems)
{
	const struct ir_place root = {.up = NULL};
	struct ir_compiler c = {
		.arena = arena, .policy = policy, .definition = definition, .ir = arena_new(arena, struct ir)};
	*problems = (struct ir_problems){.count = 0};
	if (c.ir == NULL)
		return NULL;
	map_init(&c.features, arena, NULL);
	c.ir->definition = definition;
	c.ir->retention_days = -1;
	if (json_get(definition, "steps") != NULL)
		ir_compile_dag(&c, &root);
	else
		compile_dsl(&c, &root);
	return finish(&c, problems);
}
