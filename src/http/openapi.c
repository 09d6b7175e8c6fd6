#include "http/openapi.h"

#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "core/must.h"
#include "http/fitting.h"
#include "http/media.h"
#include "http/openapi_example.h"
#include "http/openapi_parts.h"
#include "http/route_facts.h"
#include "http/router.h"

enum { NAME_TEXT = 128, PATH_TEXT = 512 };

static const char *const json_only[] = {"application/json", NULL};

static const char *const *types_of(const char *const *types)
{
	return types != NULL ? types : json_only;
}

static void write_ref(struct jw *jw, const char *ref)
{
	jw_object(jw);
	jw_member_str(jw, "$ref", ref);
	jw_object_end(jw);
}

static void write_text(struct jw *jw, const char *name, const char *json)
{
	jw_key(jw, name);
	jw_raw(jw, json, strlen(json));
}

/* --- parameters --- */

/* The next {name} or {name*} at or behind `at`: copies its name and returns what follows it, or NULL. */
static const char *next_param(const char *at, char name[NAME_TEXT])
{
	const char *open = strchr(at, '{');
	if (open == NULL)
		return NULL;
	size_t size = strcspn(open + 1, "*}");
	must(size < NAME_TEXT);
	memcpy(name, open + 1, size);
	name[size] = '\0';
	return strchr(open, '}') + 1;
}

/* What a parameter is, by its name; of a plain {id} by the segment before it: "Identifier of one of the projects". */
static void describe_param(char text[NAME_TEXT + 64], const char *path, const char *name)
{
	size_t length = strlen(name);
	const char *at = strstr(path, "/{id}");
	if (length > 3 && strcmp(name + length - 3, "_id") == 0) {
		snprintf(text, NAME_TEXT + 64, "Identifier of the %.*s", (int)length - 3, name);
	} else if (strcmp(name, "id") == 0 && at != NULL) {
		const char *from = at;
		while (from > path && from[-1] != '/')
			from--;
		snprintf(text, NAME_TEXT + 64, "Identifier of one of the %.*s", (int)(at - from), from);
	} else {
		snprintf(text, NAME_TEXT + 64, "The %s", name);
	}
}

static void write_path_param(struct jw *jw, const char *path, const char *name)
{
	char text[NAME_TEXT + 64];
	describe_param(text, path, name);
	jw_object(jw);
	jw_member_str(jw, "name", name);
	jw_member_str(jw, "in", "path");
	jw_member_bool(jw, "required", true);
	jw_member_str(jw, "description", text);
	write_text(jw, "schema", "{\"type\":\"string\",\"minLength\":1}");
	jw_object_end(jw);
}

static void write_query_param(struct jw *jw, const struct field *field)
{
	jw_object(jw);
	jw_member_str(jw, "name", field_name(field));
	jw_member_str(jw, "in", "query");
	jw_member_bool(jw, "required", field->required);
	jw_member_str(jw, "description", field->doc != NULL ? field->doc : field_name(field));
	if (field->many)
		jw_member_bool(jw, "explode", false);
	jw_key(jw, "schema");
	field_schema_one(jw, field, FIELD_SCHEMA_INPUT);
	jw_object_end(jw);
}

static bool may_answer(const struct route *route, enum err_kind kind)
{
	for (const enum err_kind *at = route->errors; at != NULL && *at != ERR_NONE; at++)
		if (*at == kind)
			return true;
	return false;
}

/* The security scheme of its own that a route has; NULL: the usual ones. */
static const char *scheme_of(const struct route *route, const struct openapi *openapi)
{
	return openapi->scheme != NULL ? openapi->scheme(openapi->self, route) : NULL;
}

static void write_parameters(struct jw *jw, const struct route *route, const struct openapi *openapi)
{
	char name[NAME_TEXT];
	const char *scheme = scheme_of(route, openapi);
	jw_key(jw, "parameters");
	jw_array(jw);
	for (const char *at = route->path; (at = next_param(at, name)) != NULL;)
		write_path_param(jw, route->path, name);
	for (size_t i = 0; route->query != NULL && i < route->query->count; i++)
		write_query_param(jw, &route->query->fields[i]);
	for (const char *const *header = openapi_signed_headers(scheme); *header != NULL; header++)
		write_ref(jw, *header);
	write_ref(jw, "#/components/parameters/request_id");
	if (route->effect == EFFECT_WRITE)
		write_ref(jw, "#/components/parameters/idempotency_key");
	if (may_answer(route, ERR_PRECONDITION_REQUIRED))
		write_ref(jw, "#/components/parameters/if_match");
	jw_array_end(jw);
}

/* --- bodies --- */

static void write_bytes_schema(struct jw *jw, const char *type)
{
	if (strncmp(type, "text/", 5) == 0)
		write_text(jw, "schema", "{\"type\":\"string\"}");
	else
		write_text(jw, "schema", "{\"type\":\"string\",\"format\":\"binary\"}");
}

/* One of the route's own, or one that fits its table. */
static void write_body_example(struct jw *jw, const struct route *route)
{
	if (route->example != NULL) {
		write_text(jw, "example", route->example);
		return;
	}
	if (route->body == NULL)
		return;
	struct buf schema;
	struct jw words;
	buf_init(&schema, 0);
	jw_init(&words, &schema);
	field_schema(&words, route->body, FIELD_SCHEMA_INPUT);
	jw_key(jw, "example");
	openapi_example(jw, buf_text(&schema), schema.size, false);
	buf_fini(&schema);
}

static void write_request_body(struct jw *jw, const struct route *route)
{
	if (!route_takes_body(route))
		return;
	bool required = route->body == NULL;
	for (size_t i = 0; route->body != NULL && i < route->body->count; i++)
		required = required || route->body->fields[i].required;
	jw_key(jw, "requestBody");
	jw_object(jw);
	jw_member_bool(jw, "required", required);
	jw_key(jw, "content");
	jw_object(jw);
	for (const char *const *type = types_of(route->accepts); *type != NULL; type++) {
		jw_key(jw, *type);
		jw_object(jw);
		if (route->body != NULL && media_is_json(*type)) {
			jw_key(jw, "schema");
			field_schema(jw, route->body, FIELD_SCHEMA_INPUT);
		} else if (media_is_json(*type)) { /* of a form that no table tells: a definition, an event, a list of them */
			write_text(jw, "schema", "{\"type\":[\"object\",\"array\"]}");
		} else {
			write_bytes_schema(jw, *type);
		}
		if (media_is_json(*type))
			write_body_example(jw, route);
		jw_object_end(jw);
	}
	jw_object_end(jw);
	jw_object_end(jw);
}

static void write_result(struct jw *jw, const struct route *route)
{
	struct buf text;
	buf_init(&text, 0);
	fitting_result_schema(route, &text);
	jw_raw(jw, buf_text(&text), text.size);
	buf_fini(&text);
}

/* The envelope around what the route answers; a computation that abstains answers null [P-6.3]. */
static void write_enveloped(struct jw *jw, const struct route *route)
{
	jw_object(jw);
	jw_key(jw, "allOf");
	jw_array(jw);
	write_ref(jw, "#/components/schemas/envelope");
	jw_object(jw);
	jw_key(jw, "properties");
	jw_object(jw);
	jw_key(jw, "result");
	if (route->effect == EFFECT_COMPUTE) {
		jw_object(jw);
		jw_key(jw, "anyOf");
		jw_array(jw);
		write_result(jw, route);
		jw_raw(jw, "{\"type\":\"null\"}", 15);
		jw_array_end(jw);
		jw_object_end(jw);
	} else {
		write_result(jw, route);
	}
	jw_object_end(jw);
	jw_object_end(jw);
	jw_array_end(jw);
	jw_object_end(jw);
}

/* Whatever form a success may have. */
static void write_forms(struct jw *jw, const struct route *route)
{
	if (!route->flat && route->result_other == NULL) {
		write_enveloped(jw, route);
		return;
	}
	jw_object(jw);
	jw_key(jw, "anyOf");
	jw_array(jw);
	write_enveloped(jw, route);
	if (route->flat)
		write_result(jw, route);
	if (route->result_other != NULL)
		field_schema(jw, route->result_other, FIELD_SCHEMA_OUTPUT);
	jw_array_end(jw);
	jw_object_end(jw);
}

/* A file that is made; where there is nothing to make it of, an envelope says so. */
static void write_bare_or_abstained(struct jw *jw, const struct route *route)
{
	jw_object(jw);
	jw_key(jw, "anyOf");
	jw_array(jw);
	write_result(jw, route);
	write_enveloped(jw, route);
	jw_array_end(jw);
	jw_object_end(jw);
}

/* One of the route's own, or one that fits its schema. */
static void write_result_example(struct buf *example, const struct route *route)
{
	struct buf schema;
	struct jw jw;
	if (route->result_example != NULL) {
		buf_adds(example, route->result_example);
		return;
	}
	buf_init(&schema, 0);
	fitting_result_schema(route, &schema);
	jw_init(&jw, example);
	openapi_example(&jw, buf_text(&schema), schema.size, true);
	buf_fini(&schema);
}

static void write_json_answer(struct jw *jw, const struct route *route, bool bare)
{
	struct buf result;
	jw_key(jw, "schema");
	if (bare && route->effect == EFFECT_COMPUTE)
		write_bare_or_abstained(jw, route);
	else if (bare)
		write_result(jw, route);
	else
		write_forms(jw, route);
	buf_init(&result, 0);
	write_result_example(&result, route);
	jw_key(jw, "example");
	if (bare)
		jw_raw(jw, buf_text(&result), result.size);
	else
		openapi_envelope_example(jw, buf_text(&result), route->path);
	buf_fini(&result);
}

/* Of one media type.  Kinds of JSON that have a name of their own have a form of their own: no envelope. */
static void write_answer(struct jw *jw, const struct route *route, const char *type)
{
	jw_key(jw, type);
	jw_object(jw);
	if (media_is_json(type))
		write_json_answer(jw, route, route->bare || strcmp(type, json_only[0]) != 0);
	else
		write_bytes_schema(jw, type);
	jw_object_end(jw);
}

/* A write that has nothing to write about: an envelope without a result. */
static void write_abstained(struct jw *jw, const struct route *route)
{
	jw_key(jw, json_only[0]);
	jw_object(jw);
	write_text(jw, "schema",
			   "{\"allOf\":[{\"$ref\":\"#/components/schemas/envelope\"},"
			   "{\"properties\":{\"result\":{\"type\":\"null\"}}}]}");
	jw_key(jw, "example");
	openapi_envelope_example(jw, "null", route->path);
	jw_object_end(jw);
}

static void write_success(struct jw *jw, const struct route *route, int code, bool empty)
{
	char status[16];
	const char *const *type = types_of(route->produces);
	snprintf(status, sizeof status, "%d", code);
	jw_key(jw, status);
	jw_object(jw);
	jw_member_str(jw, "description", route->summary);
	if (!empty && code != 204 && *type != NULL) {
		jw_key(jw, "content");
		jw_object(jw);
		if (route->also_abstains && code == route->status_also)
			write_abstained(jw, route);
		else
			for (; *type != NULL; type++)
				write_answer(jw, route, *type);
		jw_object_end(jw);
	}
	jw_object_end(jw);
}

/* --- problems --- */

/* One answer for a status, whose description names the codes it may carry. */
static void write_problem(struct jw *jw, const struct route_kinds *kinds, int status)
{
	char text[16];
	struct buf codes;
	buf_init(&codes, 0);
	for (size_t i = 0; i < kinds->count; i++) {
		const char *code = err_code(kinds->all[i]);
		if (err_status(kinds->all[i]) == status && strstr(buf_text(&codes), code) == NULL)
			buf_addf(&codes, "%s`%s`: %s", codes.size > 0 ? "; " : "", code, err_title(kinds->all[i]));
	}
	snprintf(text, sizeof text, "%d", status);
	jw_key(jw, text);
	jw_object(jw);
	jw_member_str(jw, "description", buf_text(&codes));
	if (status == 429 || status == 503)
		write_text(jw, "headers", "{\"Retry-After\":{\"$ref\":\"#/components/headers/retry_after\"}}");
	write_text(jw, "content",
			   "{\"application/problem+json\":{\"schema\":{\"$ref\":\"#/components/schemas/problem\"}}}");
	jw_object_end(jw);
	buf_fini(&codes);
}

static int next_status(const struct route_kinds *kinds, int after)
{
	int next = 600;
	for (size_t i = 0; i < kinds->count; i++) {
		int status = err_status(kinds->all[i]);
		if (status > after && status < next)
			next = status;
	}
	return next;
}

static void write_responses(struct jw *jw, const struct route *route)
{
	const struct route_kinds kinds = route_kinds(route);
	jw_key(jw, "responses");
	jw_object(jw);
	write_success(jw, route, route->status != 0 ? route->status : 200, false);
	if (route->status_also != 0)
		write_success(jw, route, route->status_also, route->also_empty);
	for (int status = next_status(&kinds, 0); status < 600; status = next_status(&kinds, status))
		write_problem(jw, &kinds, status);
	jw_object_end(jw);
}

/* --- operations --- */

static void write_security(struct jw *jw, const struct route *route, const struct openapi *openapi)
{
	const char *scheme = scheme_of(route, openapi);
	char text[NAME_TEXT];
	if (route_public(route)) {
		write_text(jw, "security", "[]");
	} else if (scheme != NULL) {
		snprintf(text, sizeof text, "[{\"%s\":[]}]", scheme);
		write_text(jw, "security", text);
	} else {
		write_text(jw, "security", "[{\"bearer\":[]},{\"api_key\":[]}]");
	}
}

static void write_aliases(struct jw *jw, const struct route *route)
{
	char text[PATH_TEXT];
	jw_key(jw, "x-aliases");
	jw_array(jw);
	for (const struct route_alias *alias = route->aliases; alias != NULL && alias->path != NULL; alias++) {
		enum method method = alias->method != METHOD_NONE ? alias->method : route->method;
		snprintf(text, sizeof text, "%s %s", method_name(method), alias->path);
		jw_str(jw, text);
	}
	jw_array_end(jw);
}

static void write_operation(struct jw *jw, const struct route *route, const struct openapi *openapi)
{
	char tag[ROUTE_TAG_TEXT], method[16];
	size_t length = 0;
	for (const char *c = method_name(route->method); *c != '\0'; c++)
		method[length++] = (char)(*c | 0x20);
	method[length] = '\0';
	route_tag(route, tag);
	jw_key(jw, method);
	jw_object(jw);
	jw_member_str(jw, "operationId", route->operation);
	jw_member_str(jw, "summary", route->summary);
	if (route->doc != NULL)
		jw_member_str(jw, "description", route->doc);
	jw_key(jw, "tags");
	jw_array(jw);
	jw_str(jw, tag);
	jw_array_end(jw);
	write_security(jw, route, openapi);
	jw_member_str(jw, "x-permission", route->permission);
	if (openapi->roles != NULL && !route_public(route)) {
		jw_key(jw, "x-roles");
		openapi->roles(openapi->self, jw, route->permission);
	}
	jw_member_str(jw, "x-effect", route_effect_name(route));
	write_aliases(jw, route);
	write_parameters(jw, route, openapi);
	write_request_body(jw, route);
	write_responses(jw, route);
	jw_object_end(jw);
}

/* {name*} is our own way to say "all that follows"; OpenAPI has none. */
static void write_path_key(struct jw *jw, const char *path)
{
	char text[PATH_TEXT];
	size_t size = 0;
	for (; *path != '\0'; path++)
		if (*path != '*') {
			must(size + 1 < sizeof text);
			text[size++] = *path;
		}
	text[size] = '\0';
	jw_key(jw, text);
}

static bool path_before(const struct router *router, size_t index)
{
	for (size_t i = 0; i < index; i++)
		if (strcmp(router_at(router, i)->path, router_at(router, index)->path) == 0)
			return true;
	return false;
}

static void write_paths(struct jw *jw, const struct router *router, const struct openapi *openapi)
{
	jw_key(jw, "paths");
	jw_object(jw);
	for (size_t i = 0; i < router_count(router); i++) {
		if (path_before(router, i))
			continue;
		const char *path = router_at(router, i)->path;
		write_path_key(jw, path);
		jw_object(jw);
		for (size_t j = i; j < router_count(router); j++)
			if (strcmp(router_at(router, j)->path, path) == 0)
				write_operation(jw, router_at(router, j), openapi);
		jw_object_end(jw);
	}
	jw_object_end(jw);
}

static bool tag_before(const struct router *router, size_t index, const char *tag)
{
	char other[ROUTE_TAG_TEXT];
	for (size_t i = 0; i < index; i++) {
		route_tag(router_at(router, i), other);
		if (strcmp(other, tag) == 0)
			return true;
	}
	return false;
}

static void write_tags(struct jw *jw, const struct router *router, const struct openapi *openapi)
{
	char tag[ROUTE_TAG_TEXT];
	jw_key(jw, "tags");
	jw_array(jw);
	for (size_t i = 0; i < router_count(router); i++) {
		route_tag(router_at(router, i), tag);
		if (tag_before(router, i, tag))
			continue;
		jw_object(jw);
		jw_member_str(jw, "name", tag);
		const char *about = openapi->about != NULL ? openapi->about(openapi->self, tag) : NULL;
		if (about != NULL)
			jw_member_str(jw, "description", about);
		jw_object_end(jw);
	}
	jw_array_end(jw);
}

static void write_info(struct jw *jw, const struct openapi *openapi)
{
	jw_key(jw, "info");
	jw_object(jw);
	jw_member_str(jw, "title", openapi->title);
	jw_member_str(jw, "version", openapi->version);
	if (openapi->description != NULL)
		jw_member_str(jw, "description", openapi->description);
	write_text(jw, "license", "{\"name\":\"Apache-2.0\",\"identifier\":\"Apache-2.0\"}");
	jw_object_end(jw);
	jw_key(jw, "servers");
	jw_array(jw);
	jw_object(jw);
	jw_member_str(jw, "url", openapi->server != NULL ? openapi->server : "/");
	jw_object_end(jw);
	jw_array_end(jw);
}

void openapi_write(struct jw *jw, const struct router *router, const struct openapi *openapi)
{
	jw_object(jw);
	jw_member_str(jw, "openapi", "3.1.0");
	write_info(jw, openapi);
	write_tags(jw, router, openapi);
	write_paths(jw, router, openapi);
	openapi_components(jw);
	jw_object_end(jw);
}
