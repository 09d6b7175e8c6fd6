#include "flow/workflow_text.h"

#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/content_hash.h"
#include "http/claims.h"
#include "http/exchange.h"
#include "seal/pack.h"

enum { DEPTH_MAX = 500, ARENA_CAP = 1 << 30 };

const char *const workflow_media[] = {"application/json", "application/yaml", "application/x-yaml",
									  "text/yaml",        "text/x-yaml",      NULL};

static const struct json_limits limits = {.depth = DEPTH_MAX, .values = WORKFLOW_VALUES_MAX};

/* --- the body --- */

static bool is_yaml(const struct exchange *x)
{
	const char *type = exchange_header(x, "content-type");
	if (type == NULL)
		return false;
	size_t size = strcspn(type, "; \t");
	for (size_t i = 1; workflow_media[i] != NULL; i++)
		if (strlen(workflow_media[i]) == size && strncasecmp(type, workflow_media[i], size) == 0)
			return true;
	return false;
}

static bool read_publish(struct exchange *x, bool *publish)
{
	const char *text = exchange_query(x, "publish");
	*publish = text == NULL || strcmp(text, "true") == 0;
	if (text == NULL || *publish || strcmp(text, "false") == 0)
		return true;
	struct faults faults;
	faults_init(&faults, &x->arena);
	faults_add(&faults, "/publish", "type", "must be true or false");
	exchange_fail_faults(x, ERR_INVALID, &faults);
	return false;
}

static bool keep_object(struct workflow_text *text, const struct json *json)
{
	struct buf bytes;
	struct jw jw;
	buf_init(&bytes, 0);
	jw_init(&jw, &bytes);
	jw_json(&jw, json);
	text->text = arena_dupn(&text->arena, buf_text(&bytes), bytes.size);
	text->size = bytes.size;
	buf_fini(&bytes);
	return text->text != NULL && content_hash_tree(json, text->content_sha256);
}

/* {definition, publish} */
static bool read_wrapped(struct workflow_text *text, struct exchange *x, const struct json *json)
{
	const struct json *definition = json_get(json, "definition"), *publish = json_get(json, "publish");
	struct faults faults;
	faults_init(&faults, &x->arena);
	text->prefix = "/definition";
	if (definition == NULL)
		faults_add(&faults, "/definition", "required", "is required: a definition, as an object or as text");
	else if (definition->kind != JS_OBJECT && definition->kind != JS_STRING)
		faults_add(&faults, "/definition", "type", "must be an object or text, not %s",
				   json_kind_name(definition->kind));
	if (publish != NULL && publish->kind != JS_BOOL)
		faults_add(&faults, "/publish", "type", "must be true or false");
	for (uint32_t i = 0; i < json->count; i++)
		if (&json->members[i].value != definition && &json->members[i].value != publish)
			faults_add(&faults, arena_printf(&x->arena, "/%s", json->members[i].name), "unknown_field",
					   "is not a member of this object");
	claims_take(x, json, &faults);
	if (faults.count > 0) {
		exchange_fail_faults(x, ERR_INVALID, &faults);
		return false;
	}
	text->publish = publish != NULL ? publish->boolean : text->publish;
	if (definition->kind == JS_OBJECT)
		return keep_object(text, definition) || (exchange_failf(x, ERR_LIMIT, "no memory"), false);
	text->text = definition->text;
	text->size = definition->size;
	return true;
}

static bool read_json(struct workflow_text *text, struct exchange *x)
{
	const struct json *json;
	struct err err;
	if (!json_parse(&text->arena, buf_text(&x->body), x->body.size, &limits, &json, &err)) {
		exchange_fail(x, &err);
		return false;
	}
	if (json->kind != JS_OBJECT) {
		exchange_failf(x, ERR_INVALID, "The body must be an object.");
		return false;
	}
	bool whole = json_get(json, "definition") == NULL &&
				 (json_get(json, "document") != NULL || json_get(json, "steps") != NULL ||
				  json_get(json, "workflow_id") != NULL);
	if (!whole)
		return read_wrapped(text, x, json);
	return keep_object(text, json) || (exchange_failf(x, ERR_LIMIT, "no memory"), false);
}

bool workflow_text_read(struct workflow_text *text, struct exchange *x)
{
	*text = (struct workflow_text){.prefix = ""};
	arena_init(&text->arena, ARENA_CAP);
	if (!read_publish(x, &text->publish))
		return false;
	if (is_yaml(x)) {
		text->text = buf_text(&x->body);
		text->size = x->body.size;
	} else if (!read_json(text, x)) {
		return false;
	}
	sha256_hex(text->text, text->size, text->text_sha256);
	if (text->content_sha256[0] == '\0')
		content_hash(text->text, text->size, text->content_sha256);
	return true;
}

bool workflow_text_make(struct workflow_text *text, const char *json, size_t size, bool publish)
{
	const struct json *tree;
	*text = (struct workflow_text){.prefix = "", .publish = publish};
	arena_init(&text->arena, ARENA_CAP);
	if (!json_parse(&text->arena, json, size, &limits, &tree, NULL) || !keep_object(text, tree)) {
		arena_fini(&text->arena);
		return false;
	}
	sha256_hex(text->text, text->size, text->text_sha256);
	return true;
}

void workflow_text_fini(struct workflow_text *text)
{
	arena_fini(&text->arena);
}

void workflow_text_refuse(struct exchange *x, const char *prefix, const struct ir_problems *problems)
{
	struct faults faults;
	faults_init(&faults, &x->arena);
	for (size_t i = 0; i < problems->count; i++) {
		const struct ir_problem *problem = &problems->items[i];
		const char *pointer = arena_printf(&x->arena, "%s%s", prefix, problem->pointer);
		if (problem->line > 0)
			faults_add(&faults, pointer, problem->code, "line %zu: %s", problem->line, problem->message);
		else
			faults_add(&faults, pointer, problem->code, "%s", problem->message);
	}
	exchange_fail_faults(x, ERR_DEFINITION_REFUSED, &faults);
}

const struct json *workflow_tree(struct arena *arena, const char *text, size_t size)
{
	const struct json *json;
	struct yaml_fault fault;
	if (size > 0 && *text == '{' && json_parse(arena, text, size, &limits, &json, NULL))
		return json;
	return yaml_read(arena, text, size, &json, &fault) ? json : NULL;
}
