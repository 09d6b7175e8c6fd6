#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/ir_compiler.h"

/* What `use` defines: errors, retries, timeouts, secrets, catalogs, functions, extensions [flow.md 2.1]. */

static const struct ir_field error_fields[] = {
	{.name = "type", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "status", .want = WANT_INT, .flags = IR_REQUIRED | IR_OR_EXPRESSION, .min = 100, .max = 599},
	{.name = "title", .want = WANT_TEXT},
	{.name = "detail", .want = WANT_TEXT},
	{.name = "instance", .want = WANT_TEXT},
};
const struct ir_form ir_error_form = IR_FORM(error_fields);
static const struct ir_field timeout_fields[] = {{.name = "after", .flags = IR_REQUIRED}};
static const struct ir_form timeout_form = IR_FORM(timeout_fields);
static const struct ir_field catalog_fields[] = {{.name = "endpoint", .flags = IR_REQUIRED}};
static const struct ir_form catalog_form = IR_FORM(catalog_fields);
static const struct ir_field use_fields[] = {
	{.name = "authentications", .want = WANT_OBJECT}, {.name = "catalogs", .want = WANT_OBJECT},
	{.name = "errors", .want = WANT_OBJECT},          {.name = "extensions", .want = WANT_LIST},
	{.name = "functions", .want = WANT_OBJECT},       {.name = "retries", .want = WANT_OBJECT},
	{.name = "secrets", .want = WANT_LIST},           {.name = "timeouts", .want = WANT_OBJECT},
};
static const struct ir_form use_form = IR_FORM(use_fields);

const struct json *ir_used(const struct ir_compiler *c, const char *kind, const char *name)
{
	return json_get(ir_object(c->use, kind), name);
}

const struct ir_place *ir_used_at(struct ir_used_place *storage, const char *kind, const char *name)
{
	storage->root = (struct ir_place){.up = NULL};
	storage->use = ir_at(&storage->root, "use");
	storage->kind = ir_at(&storage->use, kind);
	storage->name = ir_at(&storage->kind, name);
	return &storage->name;
}

/* Check each member of use/KIND by a form.  Durations and so on are read where a task uses the thing, and here too. */
static void check_each(struct ir_compiler *c, const char *kind, const struct ir_form *form,
					   void (*also)(struct ir_compiler *c, const struct ir_place *place, const struct json *json))
{
	const struct json *all = ir_object(c->use, kind);
	for (uint32_t i = 0; all != NULL && i < all->count; i++) {
		struct ir_used_place storage;
		const struct ir_place *place = ir_used_at(&storage, kind, all->members[i].name);
		const struct json *json = &all->members[i].value;
		if ((form == NULL || ir_check(c, place, json, form)) && also != NULL)
			also(c, place, json);
	}
}

static void check_timeout(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	const struct ir_place after = ir_at(place, "after");
	(void)ir_duration(c, NULL, &after, json_get(json, "after"));
}

static void check_catalog(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	const struct ir_place endpoint = ir_at(place, "endpoint");
	const struct json *authentication;
	(void)ir_endpoint(c, &endpoint, json_get(json, "endpoint"), &authentication);
}

static void check_authentication(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	(void)ir_credentials(c, place, json);
}

static void read_secrets(struct ir_compiler *c, const struct ir_place *use)
{
	const struct json *secrets = json_get(c->use, "secrets");
	const struct ir_place at = ir_at(use, "secrets");
	if (secrets == NULL || secrets->kind != JS_ARRAY)
		return;
	c->ir->secrets = secrets;
	for (uint32_t i = 0; i < secrets->count; i++) {
		const struct ir_place item = ir_nth(&at, i);
		if (secrets->items[i].kind != JS_STRING)
			ir_problem(c, &item, "type", "must be the name of a secret, as text");
	}
}

/* --- functions --- */

static struct ir_function_entry *find_function(struct ir_compiler *c, const char *name)
{
	for (size_t i = 0; i < c->functions_count; i++)
		if (strcmp(c->functions[i].name, name) == 0)
			return &c->functions[i];
	return NULL;
}

static void compile_function(struct ir_compiler *c, struct ir_function_entry *entry)
{
	struct ir_used_place storage;
	entry->state = FUNCTION_OPEN;
	entry->task->name = entry->name;
	entry->task->segment = "";
	const struct ir_place *place = ir_used_at(&storage, "functions", entry->name);
	if (!ir_count(c, place, 1))
		return;
	struct ir_work work = {.here = {.place = place, .reference = ""}, .json = entry->definition, .task = entry->task};
	work.here.depth = ++c->functions_deep;
	ir_task(c, &work);
	c->functions_deep--;
	entry->state = FUNCTION_DONE;
}

const struct ir_task *ir_function(struct ir_compiler *c, const struct ir_place *call, const char *name)
{
	struct ir_function_entry *entry = find_function(c, name);
	if (entry == NULL)
		return NULL;
	if (entry->state == FUNCTION_OPEN)
		ir_problem(c, call, "limit", "functions that call each other in a circle nest without end");
	if (entry->state == FUNCTION_NEW)
		compile_function(c, entry);
	return entry->task;
}

static void gather_functions(struct ir_compiler *c)
{
	const struct json *functions = ir_object(c->use, "functions");
	if (functions == NULL)
		return;
	c->functions = arena_array(c->arena, functions->count, sizeof *c->functions);
	struct ir_task *tasks = arena_array(c->arena, functions->count, sizeof *tasks);
	if (c->functions == NULL || tasks == NULL)
		return;
	c->functions_count = functions->count;
	for (uint32_t i = 0; i < functions->count; i++)
		c->functions[i] = (struct ir_function_entry){
			.name = functions->members[i].name, .definition = &functions->members[i].value, .task = &tasks[i]};
}

/* --- extensions --- */

static const char *const extendable[] = {"all",   "call", "composite", "do",     "emit", "for",  "fork", "listen",
										 "raise", "run",  "set",       "switch", "try",  "wait", NULL};
static const struct ir_field extension_fields[] = {
	{.name = "extend", .want = WANT_WORD, .flags = IR_REQUIRED, .words = extendable},
	{.name = "when", .want = WANT_EXPRESSION},
	{.name = "before", .want = WANT_LIST},
	{.name = "after", .want = WANT_LIST},
};
static const struct ir_form extension_form = IR_FORM(extension_fields);

static void read_extension(struct ir_compiler *c, const struct ir_place *item, const struct json *json, size_t i)
{
	if (json->kind != JS_OBJECT || json->count != 1) {
		ir_problem(c, item, json->kind != JS_OBJECT ? "type" : "format",
				   "must be an object of one name and its extension");
		return;
	}
	const struct ir_place at = ir_at(item, json->members[0].name);
	const struct ir_place before = ir_at(&at, "before"), after = ir_at(&at, "after");
	const struct json *definition = &json->members[0].value;
	const struct ir_here here = {.place = &at, .reference = "", .in_extension = true};
	if (!ir_check(c, &at, definition, &extension_form))
		return;
	c->extended[i] = ir_word(definition, "extend");
	c->extensions[i].name = json->members[0].name;
	c->extensions[i].when = ir_bare(c, &here, &at, definition, "when");
	ir_block(c, &here, &before, "/before", json_get(definition, "before"), &c->extensions[i].before);
	ir_block(c, &here, &after, "/after", json_get(definition, "after"), &c->extensions[i].after);
}

static void read_extensions(struct ir_compiler *c, const struct ir_place *use)
{
	const struct json *list = json_get(c->use, "extensions");
	const struct ir_place at = ir_at(use, "extensions");
	if (list == NULL || list->kind != JS_ARRAY)
		return;
	c->extensions = arena_array(c->arena, list->count, sizeof *c->extensions);
	c->extended = arena_array(c->arena, list->count, sizeof *c->extended);
	if (c->extensions == NULL || c->extended == NULL)
		return;
	for (uint32_t i = 0; i < list->count; i++) {
		const struct ir_place item = ir_nth(&at, i);
		c->extended[i] = "";
		read_extension(c, &item, &list->items[i], i);
	}
	c->extensions_count = list->count;
}

static bool extends(const char *kind, enum ir_type type)
{
	static const char *const names[] = {
		[IR_DO] = "do",         [IR_SET] = "set",        [IR_SWITCH] = "switch", [IR_FOR] = "for",
		[IR_FORK] = "fork",     [IR_RAISE] = "raise",    [IR_EMIT] = "emit",     [IR_LISTEN] = "listen",
		[IR_WAIT] = "wait",     [IR_TRY] = "try",        [IR_CALL] = "call",     [IR_RUN_WORKFLOW] = "run",
		[IR_RUN_SHELL] = "run", [IR_RUN_SCRIPT] = "run", [IR_DAG_STEPS] = "",
	};
	if (strcmp(kind, "composite") == 0)
		return type == IR_DO || type == IR_FORK;
	return strcmp(kind, "all") == 0 || (*kind != '\0' && strcmp(kind, names[type]) == 0);
}

const struct ir_extension *const *ir_extensions_of(struct ir_compiler *c, const struct ir_task *task)
{
	size_t count = 0;
	for (size_t i = 0; i < c->extensions_count; i++)
		count += extends(c->extended[i], task->type);
	if (count == 0)
		return NULL;
	const struct ir_extension **found = arena_array(c->arena, count + 1, sizeof(struct ir_extension *));
	if (found == NULL)
		return NULL;
	count = 0;
	for (size_t i = 0; i < c->extensions_count; i++)
		if (extends(c->extended[i], task->type))
			found[count++] = &c->extensions[i];
	return found;
}

/* --- all of it --- */

void ir_use(struct ir_compiler *c, const struct ir_place *root, const struct json *json)
{
	const struct ir_place use = ir_at(root, "use");
	if (json == NULL || !ir_check(c, &use, json, &use_form))
		return;
	c->use = json;
	read_secrets(c, &use);
	check_each(c, "errors", &ir_error_form, NULL);
	check_each(c, "timeouts", &timeout_form, check_timeout);
	check_each(c, "retries", &ir_retry_form, NULL);
	check_each(c, "catalogs", &catalog_form, check_catalog);
	check_each(c, "authentications", NULL, check_authentication);
	gather_functions(c);
	read_extensions(c, &use);
	for (size_t i = 0; i < c->functions_count; i++)
		if (c->functions[i].state == FUNCTION_NEW)
			compile_function(c, &c->functions[i]);
}
