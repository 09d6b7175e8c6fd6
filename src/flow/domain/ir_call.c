#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/http_call.h"
#include "flow/domain/ir_compiler.h"

/* call: protocols, our own products, functions and catalogs [flow.md 2.1, 2.7]. */

static const struct ir_field call_fields[] = {
	{.name = "call", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "with", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
};
const struct ir_form ir_call_form = IR_FORM(call_fields);

/* --- what stands in `with` --- */

static const char *const outputs[] = {"content", "response", "raw", NULL};
static const struct ir_field http_fields[] = {
	{.name = "method", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "endpoint", .flags = IR_REQUIRED},
	{.name = "headers", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
	{.name = "body"},
	{.name = "query", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
	{.name = "output", .want = WANT_WORD, .words = outputs},
	{.name = "redirect", .want = WANT_BOOL, .flags = IR_OR_EXPRESSION},
};
static const struct ir_form http_form = IR_FORM(http_fields);
static const struct ir_field openapi_fields[] = {
	{.name = "document", .flags = IR_REQUIRED},
	{.name = "operationId", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "parameters", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
	{.name = "authentication"},
	{.name = "output", .want = WANT_WORD, .words = outputs},
	{.name = "redirect", .want = WANT_BOOL, .flags = IR_OR_EXPRESSION},
};
static const struct ir_form openapi_form = IR_FORM(openapi_fields);

static const char *const mcp_methods[] = {"tools/list",
										  "tools/call",
										  "prompts/list",
										  "prompts/get",
										  "resources/list",
										  "resources/read",
										  "resources/templates/list",
										  NULL};
static const struct ir_field mcp_http_fields[] = {
	{.name = "endpoint", .flags = IR_REQUIRED},
	{.name = "headers", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
};
static const struct ir_form mcp_http_form = IR_FORM(mcp_http_fields);
static const struct ir_field mcp_stdio_fields[] = {
	{.name = "command", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "arguments", .want = WANT_LIST, .flags = IR_OR_EXPRESSION},
	{.name = "environment", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
};
static const struct ir_form mcp_stdio_form = IR_FORM(mcp_stdio_fields);
static const struct ir_field mcp_transport_fields[] = {
	{.name = "http", .want = WANT_FORM, .form = &mcp_http_form},
	{.name = "stdio", .want = WANT_FORM, .form = &mcp_stdio_form},
	{.name = "options", .want = WANT_OBJECT},
};
static const struct ir_form mcp_transport_form = IR_FORM(mcp_transport_fields);
static const struct ir_field mcp_client_fields[] = {
	{.name = "name", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "version", .want = WANT_TEXT, .flags = IR_REQUIRED},
	{.name = "description", .want = WANT_TEXT},
};
static const struct ir_form mcp_client_form = IR_FORM(mcp_client_fields);
static const struct ir_field mcp_fields[] = {
	{.name = "protocolVersion", .want = WANT_TEXT},
	{.name = "method", .want = WANT_WORD, .flags = IR_REQUIRED, .words = mcp_methods},
	{.name = "parameters", .want = WANT_OBJECT, .flags = IR_OR_EXPRESSION},
	{.name = "timeout"},
	{.name = "transport", .want = WANT_FORM, .flags = IR_REQUIRED, .form = &mcp_transport_form},
	{.name = "client", .want = WANT_FORM, .form = &mcp_client_form},
};
static const struct ir_form mcp_form = IR_FORM(mcp_fields);

static const char *const on_rejects[] = {"fault", "continue", NULL};
static const struct ir_field who_fields[] = {
	{.name = "role", .want = WANT_TEXT},
	{.name = "users", .want = WANT_LIST, .flags = IR_OR_EXPRESSION | IR_NOT_EMPTY},
};
static const struct ir_form who_form = IR_FORM(who_fields);
static const struct ir_field countersign_fields[] = {
	{.name = "content", .flags = IR_REQUIRED},
	{.name = "title", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "who", .want = WANT_FORM, .flags = IR_REQUIRED | IR_OR_EXPRESSION, .form = &who_form},
	{.name = "quorum", .want = WANT_INT, .flags = IR_OR_EXPRESSION, .min = 1, .max = 100},
	{.name = "four_eyes", .want = WANT_BOOL, .flags = IR_OR_EXPRESSION},
	{.name = "expires"},
	{.name = "on_reject", .want = WANT_WORD, .flags = IR_OR_EXPRESSION, .words = on_rejects},
	{.name = "consent_version"},
};
static const struct ir_form countersign_form = IR_FORM(countersign_fields);
static const struct ir_field llm_fields[] = {
	{.name = "model", .want = WANT_TEXT, .flags = IR_REQUIRED | IR_NOT_EMPTY},
	{.name = "messages", .want = WANT_LIST, .flags = IR_REQUIRED | IR_OR_EXPRESSION},
	{.name = "max_tokens", .want = WANT_INT, .flags = IR_OR_EXPRESSION, .min = 1, .max = 1e7},
	{.name = "temperature", .want = WANT_NUMBER, .flags = IR_OR_EXPRESSION, .min = 0, .max = 2},
	{.name = "top_p", .want = WANT_NUMBER, .flags = IR_OR_EXPRESSION, .min = 0, .max = 1},
	{.name = "tools", .want = WANT_LIST, .flags = IR_OR_EXPRESSION},
	{.name = "response_format"},
	{.name = "cache"},
	{.name = "budget", .want = WANT_TEXT},
};
static const struct ir_form llm_form = IR_FORM(llm_fields);
static const struct ir_field worker_fields[] = {
	{.name = "queue", .want = WANT_TEXT, .flags = IR_NOT_EMPTY},
	{.name = "payload"},
	{.name = "lease"},
};
static const struct ir_form worker_form = IR_FORM(worker_fields);
static const struct ir_form any_form = {.open = true};

/* --- authentication is told apart from the rest --- */

/* A copy of the object without what lies at `path` (names, NULL-terminated). */
static const struct json *without(struct arena *arena, const struct json *json, const char *const *path)
{
	if (json == NULL || json->kind != JS_OBJECT || json_get(json, path[0]) == NULL)
		return json;
	struct json *copy = arena_new(arena, struct json);
	struct json_member *members = arena_array(arena, json->count, sizeof *members);
	if (copy == NULL || members == NULL)
		return json;
	*copy = (struct json){.kind = JS_OBJECT, .members = members};
	for (uint32_t i = 0; i < json->count; i++) {
		bool here = strcmp(json->members[i].name, path[0]) == 0;
		if (here && path[1] == NULL)
			continue;
		members[copy->count] = json->members[i];
		if (here)
			members[copy->count].value = *without(arena, &json->members[i].value, path + 1);
		copy->count++;
	}
	return copy;
}

/* `policy` as told at `place`; `path`: where it stands in `with`. */
static void take_with(struct ir_compiler *c, struct ir_work *work, const struct json *policy,
					  const struct ir_place *place, const char *const *path)
{
	const struct ir_place with = ir_at(work->here.place, "with");
	const struct json *rest = without(c->arena, json_get(work->json, "with"), path);
	work->task->call.with = ir_value(c, &with, rest, IR_STRICT, work->here.scope, false);
	work->task->call.authentication = policy;
	work->task->call.authentication_value = ir_value(c, place, policy, IR_STRICT, work->here.scope, true);
}

/* --- protocols --- */

static void call_http(struct ir_compiler *c, struct ir_work *work, const struct json *with)
{
	static const char *const path[] = {"endpoint", "authentication", NULL};
	const struct ir_place at = ir_at(work->here.place, "with"), endpoint = ir_at(&at, "endpoint");
	const struct ir_place place = ir_at(&endpoint, "authentication"), method_at = ir_at(&at, "method");
	const struct json *policy, *method = json_get(with, "method");
	if (method != NULL && method->kind == JS_STRING && !ir_is_expression(c, method) && method->text[0] != '\0' &&
		!c->loose && !http_call_is_method(method->text))
		ir_problem(c, &method_at, "format", "must be a method like GET, or an expression");
	(void)ir_endpoint(c, &endpoint, json_get(with, "endpoint"), &policy);
	take_with(c, work, policy, &place, path);
}

static void call_openapi(struct ir_compiler *c, struct ir_work *work, const struct json *with)
{
	static const char *const path[] = {"authentication", NULL};
	const struct ir_place at = ir_at(work->here.place, "with"), document = ir_at(&at, "document");
	const struct ir_place place = ir_at(&at, "authentication");
	(void)ir_external(c, &document, json_get(with, "document"), IR_OPENAPI_DOCUMENT);
	take_with(c, work, ir_authentication(c, &place, json_get(with, "authentication")), &place, path);
}

static void call_mcp(struct ir_compiler *c, struct ir_work *work, const struct json *with)
{
	static const char *const transports[] = {"http", "stdio", NULL};
	static const char *const path[] = {"transport", "http", "endpoint", "authentication", NULL};
	const struct json *transport = ir_object(with, "transport"), *policy = NULL;
	const struct ir_place at = ir_at(work->here.place, "with"), transport_at = ir_at(&at, "transport");
	const struct ir_place http = ir_at(&transport_at, "http"), endpoint = ir_at(&http, "endpoint");
	const struct ir_place place = ir_at(&endpoint, "authentication"), stdio = ir_at(&transport_at, "stdio");
	const struct ir_place timeout = ir_at(&at, "timeout");
	int kind = transport != NULL ? ir_one_of(c, &transport_at, transport, transports) : -1;
	if (kind == 1 && !c->policy->stdio)
		ir_problem(c, &stdio, "stdio_disabled", "this server does not start MCP servers (flow.allow_stdio)");
	if (kind == 0)
		(void)ir_endpoint(c, &endpoint, json_get(ir_object(transport, "http"), "endpoint"), &policy);
	(void)ir_duration(c, work->here.scope, &timeout, json_get(with, "timeout"));
	take_with(c, work, policy, &place, path);
}

/* --- our own products --- */

static void call_plain(struct ir_compiler *c, struct ir_work *work, const struct json *with)
{
	(void)with;
	work->task->call.with = ir_member(c, &work->here, work->here.place, work->json, "with");
}

static void call_countersign(struct ir_compiler *c, struct ir_work *work, const struct json *with)
{
	static const char *const whos[] = {"role", "users", NULL};
	const struct ir_place at = ir_at(work->here.place, "with"), who = ir_at(&at, "who"),
						  expires = ir_at(&at, "expires");
	if (ir_object(with, "who") != NULL)
		(void)ir_one_of(c, &who, ir_object(with, "who"), whos);
	(void)ir_duration(c, work->here.scope, &expires, json_get(with, "expires"));
	call_plain(c, work, with);
}

static void call_llm(struct ir_compiler *c, struct ir_work *work, const struct json *with)
{
	const struct json *cache = json_get(with, "cache");
	const struct ir_place at = ir_at(work->here.place, "with"), place = ir_at(&at, "cache");
	bool sound = cache == NULL || cache->kind == JS_BOOL || ir_is_expression(c, cache) ||
				 (cache->kind == JS_STRING && strcmp(cache->text, "force") == 0);
	if (!sound)
		ir_problem(c, &place, "enum", "must be true, false or force");
	call_plain(c, work, with);
}

static void call_worker(struct ir_compiler *c, struct ir_work *work, const struct json *with)
{
	const struct ir_place at = ir_at(work->here.place, "with"), lease = ir_at(&at, "lease");
	(void)ir_duration(c, work->here.scope, &lease, json_get(with, "lease"));
	call_plain(c, work, with);
}

/* --- functions and catalogs --- */

static bool call_function(struct ir_compiler *c, struct ir_work *work, const char *name)
{
	const struct ir_place at = ir_at(work->here.place, "call");
	const struct ir_task *function = ir_function(c, &at, name);
	if (function == NULL)
		return false;
	work->task->call.callee = IR_FUNCTION;
	work->task->call.function = function;
	ir_feature(c, "call", "function");
	call_plain(c, work, NULL);
	return true;
}

/* NAME:VERSION@CATALOG as the address of its file in the catalog; NULL: told, or no catalog's function. */
static const char *catalog_address(struct ir_compiler *c, const struct ir_place *place, const char *name,
								   const struct json **authentication)
{
	const char *at = strrchr(name, '@');
	const char *colon = at != NULL ? memchr(name, ':', (size_t)(at - name)) : NULL;
	if (colon == NULL || colon == name || colon + 1 == at) {
		ir_problem(c, place, "format", "a catalog's function is called NAME:VERSION@CATALOG");
		return NULL;
	}
	const struct json *catalog = ir_used(c, "catalogs", at + 1);
	if (catalog == NULL) {
		ir_problem(c, place, "unknown_reference", "there is no catalog of this name in use.catalogs");
		return NULL;
	}
	const struct json *endpoint = json_get(catalog, "endpoint");
	*authentication = json_get(endpoint, "authentication");
	const char *root = endpoint != NULL && endpoint->kind == JS_STRING ? endpoint->text : ir_word(endpoint, "uri");
	size_t size = strlen(root);
	while (size > 0 && root[size - 1] == '/')
		size--;
	return arena_printf(c->arena, "%.*s/functions/%.*s/%.*s/function.yaml", (int)size, root, (int)(colon - name), name,
						(int)(at - colon - 1), colon + 1);
}

/* What is pinned is compiled as if it stood at the call. */
static const struct ir_task *pinned_function(struct ir_compiler *c, struct ir_work *work, const struct ir_place *place,
											 const char *uri)
{
	const struct json *definition = c->policy->resource != NULL ? c->policy->resource(c->policy->resources, uri) : NULL;
	struct ir_task *task = definition != NULL ? arena_new(c->arena, struct ir_task) : NULL;
	if (task == NULL || !ir_count(c, place, 1))
		return NULL;
	struct ir_work inside = {.here = {.place = place, .reference = ""}, .json = definition, .task = task};
	inside.here.depth = work->here.depth + 1;
	task->name = work->task->call.name;
	task->segment = "";
	ir_task(c, &inside);
	task->may_revisit = true;
	ir_mark_inside(c, task);
	return task;
}

static bool call_catalog(struct ir_compiler *c, struct ir_work *work, const char *name)
{
	const struct ir_place at = ir_at(work->here.place, "call");
	const struct json *authentication = NULL;
	const char *uri = name;
	if (strstr(name, "://") == NULL) {
		if (strchr(name, '@') == NULL)
			return false;
		uri = catalog_address(c, &at, name, &authentication);
	}
	work->task->call.callee = IR_FUNCTION;
	ir_feature(c, "call", "function");
	call_plain(c, work, NULL);
	if (uri == NULL)
		return true;
	work->task->call.uri = uri;
	ir_resource(c, &at, IR_CATALOG_FUNCTION, uri, authentication);
	work->task->call.function = pinned_function(c, work, &at, uri);
	return true;
}

static bool call_op(struct ir_compiler *c, struct ir_work *work, const char *name)
{
	bool effect = false;
	if (c->policy->op_known == NULL || !c->policy->op_known(c->policy->context, name, &effect) ||
		(effect && c->policy->effects_in != NULL &&
		 (c->ir->namespace == NULL || strcmp(c->ir->namespace, c->policy->effects_in) != 0)))
		return false;
	work->task->call.callee = effect ? IR_EFFECT : IR_OP;
	ir_feature(c, "call", name);
	call_plain(c, work, NULL);
	return true;
}

/* --- all of it --- */

struct callee {
	const char *name;
	enum ir_callee callee;
	const struct ir_form *form; /* of `with`, which is required; NULL: refused */
	const char *refusal;
	void (*read)(struct ir_compiler *c, struct ir_work *work, const struct json *with);
};

static const struct callee callees[] = {
	{"http", IR_HTTP, &http_form, NULL, call_http},
	{"openapi", IR_OPENAPI, &openapi_form, NULL, call_openapi},
	{"mcp", IR_MCP, &mcp_form, NULL, call_mcp},
	{"grpc", IR_HTTP, NULL, "unsupported_grpc", NULL},
	{"asyncapi", IR_HTTP, NULL, "unsupported_asyncapi", NULL},
	{"a2a", IR_HTTP, NULL, "unsupported_a2a", NULL},
};
static const struct callee own_callees[] = {
	{"countersign", IR_COUNTERSIGN, &countersign_form, NULL, call_countersign},
	{"llm", IR_LLM, &llm_form, NULL, call_llm},
	{"memory.add", IR_MEMORY, &any_form, NULL, call_plain},
	{"memory.search", IR_MEMORY, &any_form, NULL, call_plain},
	{"memory.get", IR_MEMORY, &any_form, NULL, call_plain},
	{"worker", IR_WORKER, &worker_form, NULL, call_worker},
};

static bool call_known(struct ir_compiler *c, struct ir_work *work, const char *name, const struct callee *table,
					   size_t count)
{
	const struct ir_place at = ir_at(work->here.place, "call"), with = ir_at(work->here.place, "with");
	const struct json *body = json_get(work->json, "with");
	const struct callee *found = NULL;
	for (size_t i = 0; i < count && found == NULL; i++)
		if (strcmp(table[i].name, name) == 0)
			found = &table[i];
	if (found == NULL)
		return false;
	work->task->call.callee = found->callee;
	ir_feature(c, "call", name);
	if (found->form == NULL)
		ir_problem(c, &at, found->refusal, "this call is not supported");
	else if (body == NULL)
		ir_problem(c, &with, "required", "is required");
	else if (body->kind == JS_OBJECT ? ir_check(c, &with, body, found->form) : found->form == &any_form)
		found->read(c, work, body);
	else if (ir_is_expression(c, body))
		ir_problem(c, &with, "type", "must be an object");
	return true;
}

void ir_body_call(struct ir_compiler *c, struct ir_work *work)
{
	const struct ir_place at = ir_at(work->here.place, "call");
	const char *name = ir_word(work->json, "call");
	work->task->call.name = name;
	if (*name == '\0')
		return;
	bool known = call_known(c, work, name, callees, sizeof callees / sizeof *callees) || call_function(c, work, name) ||
				 call_known(c, work, name, own_callees, sizeof own_callees / sizeof *own_callees) ||
				 call_op(c, work, name) || call_catalog(c, work, name);
	if (!known)
		ir_problem(c, &at, "unknown_reference", "there is no function, catalog or operation of this name");
}
