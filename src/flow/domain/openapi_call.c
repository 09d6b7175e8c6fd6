#include "flow/domain/openapi_call.h"

#include <ctype.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"

/* The operation that was found, and what stands around it. */
struct operation {
	const struct json *document, *path_item, *operation;
	const char *path, *method;
};

const char *openapi_call_document(const struct json *with, struct trouble *trouble)
{
	const struct json *document = json_get(with, "document"), *endpoint = json_get(document, "endpoint");
	const char *uri = endpoint != NULL && endpoint->kind == JS_STRING ? endpoint->text : json_text(endpoint, "uri");
	if (uri == NULL)
		trouble_set(trouble, TROUBLE_EXPRESSION, "No document",
					"The endpoint of an OpenAPI document is the text of a URI.");
	return uri;
}

/* Follow `$ref: "#/a/b"` inside of the document. */
static const struct json *resolve(const struct json *document, const struct json *value)
{
	for (int hops = 0; hops < 16; hops++) {
		const char *ref = json_text(value, "$ref");
		if (ref == NULL || strncmp(ref, "#/", 2) != 0)
			return value;
		value = document;
		for (const char *at = ref + 2; value != NULL && *at != '\0';) {
			char name[256] = "";
			size_t size = strcspn(at, "/");
			if (size < sizeof name)
				memcpy(name, at, size);
			value = json_get(value, name);
			at += size + (at[size] == '/');
		}
	}
	return NULL;
}

static bool find(struct operation *found, const char *id)
{
	static const char *const methods[] = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};
	const struct json *paths = json_get(found->document, "paths");
	for (uint32_t i = 0; paths != NULL && paths->kind == JS_OBJECT && i < paths->count; i++) {
		found->path = paths->members[i].name;
		found->path_item = resolve(found->document, &paths->members[i].value);
		for (size_t m = 0; m < sizeof methods / sizeof *methods; m++) {
			found->method = methods[m];
			found->operation = json_get(found->path_item, methods[m]);
			const char *name = json_text(found->operation, "operationId");
			if (name != NULL && strcmp(name, id) == 0)
				return true;
		}
	}
	return false;
}

/* --- where it is --- */

static void add_swagger_base(const struct json *document, const char *document_uri, struct buf *url)
{
	const struct json *schemes = json_get(document, "schemes");
	const char *host = json_text(document, "host"), *base = json_text(document, "basePath");
	const char *scheme = "https";
	for (uint32_t i = 0; schemes != NULL && schemes->kind == JS_ARRAY && i < schemes->count; i++)
		if (schemes->items[i].kind == JS_STRING && (i == 0 || strcmp(schemes->items[i].text, "https") == 0))
			scheme = schemes->items[i].text;
	size_t own = strcspn(document_uri, ":");
	if (host == NULL) { /* the document's own */
		const char *start = strstr(document_uri, "://");
		start = start == NULL ? document_uri : start + 3;
		buf_addf(url, "%.*s://%.*s", (int)own, document_uri, (int)strcspn(start, "/"), start);
	} else {
		buf_addf(url, "%s://%s", scheme, host);
	}
	if (base != NULL && strcmp(base, "/") != 0)
		buf_adds(url, base);
}

/* {variables} of a server have defaults. */
static void add_server_text(const struct json *server, const char *text, struct buf *url)
{
	const struct json *variables = json_get(server, "variables");
	while (*text != '\0') {
		const char *end = *text == '{' ? strchr(text, '}') : NULL;
		if (end == NULL) {
			buf_addc(url, *text++);
			continue;
		}
		char name[128] = "";
		if ((size_t)(end - text) <= sizeof name)
			memcpy(name, text + 1, (size_t)(end - text) - 1);
		const char *value = json_text(json_get(variables, name), "default");
		buf_adds(url, value == NULL ? "" : value);
		text = end + 1;
	}
}

static void add_server_base(const struct operation *op, const char *document_uri, struct buf *url)
{
	const struct json *of[] = {op->operation, op->path_item, op->document}, *servers = NULL;
	for (size_t i = 0; i < 3 && (servers == NULL || servers->kind != JS_ARRAY || servers->count == 0); i++)
		servers = json_get(of[i], "servers");
	const struct json *server =
		servers != NULL && servers->kind == JS_ARRAY && servers->count > 0 ? &servers->items[0] : NULL;
	const char *text = server == NULL ? "" : json_text(server, "url");
	text = text == NULL ? "" : text;
	if (strstr(text, "://") == NULL) { /* relative to the document */
		const char *start = strstr(document_uri, "://");
		size_t host = start == NULL ? 0 : (size_t)(start + 3 - document_uri) + strcspn(start + 3, "/");
		buf_add(url, document_uri, host);
		if (text[0] != '/' && text[0] != '\0')
			buf_addc(url, '/');
	}
	add_server_text(server, text, url);
	while (url->size > 0 && url->bytes[url->size - 1] == '/')
		url->bytes[--url->size] = '\0';
}

/* --- parameters --- */

static void add_escaped(struct buf *text, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)bytes[i];
		if (isalnum(c) || strchr("-._~", c) != NULL)
			buf_addc(text, (char)c);
		else
			buf_addf(text, "%%%02X", c);
	}
}

static void add_value_escaped(struct buf *url, const struct json *value)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	if (value->kind == JS_STRING)
		buf_add(&text, value->text, value->size);
	else
		jw_json(&jw, value);
	add_escaped(url, buf_text(&text), text.size);
	buf_fini(&text);
}

static bool add_path(const char *path, const struct json *parameters, struct buf *url, struct trouble *trouble)
{
	while (*path != '\0') {
		const char *end = *path == '{' ? strchr(path, '}') : NULL;
		if (end == NULL) {
			buf_addc(url, *path++);
			continue;
		}
		char name[256] = "";
		if ((size_t)(end - path) <= sizeof name)
			memcpy(name, path + 1, (size_t)(end - path) - 1);
		const struct json *value = json_get(parameters, name);
		if (value == NULL || value->kind == JS_NULL)
			return trouble_set(trouble, TROUBLE_VALIDATION, "Missing parameter", "The path needs the parameter %s.",
							   name);
		add_value_escaped(url, value);
		path = end + 1;
	}
	return true;
}

/* A declared parameter that was given goes here. */
typedef void add_parameter(void *to, const char *name, const struct json *value);

/* Every declared parameter of a place ("query", "header", "formData", "cookie"), of the path item and of the operation.
 */
static bool each_declared(const struct operation *op, const char *place, const struct json *given, add_parameter *add,
						  void *to, struct trouble *trouble)
{
	const struct json *lists[] = {json_get(op->path_item, "parameters"), json_get(op->operation, "parameters")};
	for (size_t k = 0; k < 2; k++) {
		for (uint32_t i = 0; lists[k] != NULL && lists[k]->kind == JS_ARRAY && i < lists[k]->count; i++) {
			const struct json *declared = resolve(op->document, &lists[k]->items[i]);
			const char *name = json_text(declared, "name"), *in = json_text(declared, "in");
			if (name == NULL || in == NULL || strcmp(in, place) != 0)
				continue;
			const struct json *value = json_get(given, name), *required = json_get(declared, "required");
			if (value == NULL && required != NULL && required->kind == JS_BOOL && required->boolean)
				return trouble_set(trouble, TROUBLE_VALIDATION, "Missing parameter",
								   "The operation needs the parameter %s.", name);
			if (value != NULL)
				add(to, name, value);
		}
	}
	return true;
}

static void add_member(void *to, const char *name, const struct json *value)
{
	struct jw *jw = to;
	jw_key(jw, name);
	jw_json(jw, value);
}

static bool add_declared(struct jw *jw, const struct operation *op, const char *place, const struct json *given,
						 struct trouble *trouble)
{
	return each_declared(op, place, given, add_member, jw, trouble);
}

/* What may not stand in a cookie (RFC 6265 section 4.1.1) is escaped. */
static void add_cookie(void *to, const char *name, const struct json *value)
{
	struct buf *line = to;
	buf_addf(line, "%s%s=", line->size > 0 ? "; " : "", name);
	add_value_escaped(line, value);
}

static bool add_cookies(struct jw *jw, const struct operation *op, const struct json *given, struct trouble *trouble)
{
	struct buf line;
	buf_init(&line, 0);
	bool good = each_declared(op, "cookie", given, add_cookie, &line, trouble);
	if (line.size > 0)
		jw_member_str(jw, "Cookie", buf_text(&line));
	buf_fini(&line);
	return good;
}

/* The body: the parameter `body` (OpenAPI 3), or the one that is declared to be it (Swagger 2). */
static const struct json *body_of(const struct operation *op, const struct json *given)
{
	const struct json *list = json_get(op->operation, "parameters");
	if (json_get(op->operation, "requestBody") != NULL)
		return json_get(given, "body");
	for (uint32_t i = 0; list != NULL && list->kind == JS_ARRAY && i < list->count; i++) {
		const struct json *declared = resolve(op->document, &list->items[i]);
		const char *in = json_text(declared, "in");
		if (in != NULL && strcmp(in, "body") == 0 && json_text(declared, "name") != NULL)
			return json_get(given, json_text(declared, "name"));
	}
	return NULL;
}

static bool has_form(const struct operation *op)
{
	const struct json *list = json_get(op->operation, "parameters");
	for (uint32_t i = 0; list != NULL && list->kind == JS_ARRAY && i < list->count; i++) {
		const char *in = json_text(resolve(op->document, &list->items[i]), "in");
		if (in != NULL && strcmp(in, "formData") == 0)
			return true;
	}
	return false;
}

static bool write_parameters(struct jw *jw, const struct operation *op, const struct json *given,
							 struct trouble *trouble)
{
	const struct json *body = body_of(op, given);
	bool form = has_form(op);
	jw_key(jw, "query");
	jw_object(jw);
	bool good = add_declared(jw, op, "query", given, trouble);
	jw_object_end(jw);
	jw_key(jw, "headers");
	jw_object(jw);
	good = good && add_declared(jw, op, "header", given, trouble) && add_cookies(jw, op, given, trouble);
	if (form)
		jw_member_str(jw, "Content-Type", "application/x-www-form-urlencoded");
	jw_object_end(jw);
	if (good && form) {
		jw_key(jw, "body");
		jw_object(jw);
		good = add_declared(jw, op, "formData", given, trouble);
		jw_object_end(jw);
	} else if (good && body != NULL) {
		jw_key(jw, "body");
		jw_json(jw, body);
	}
	return good;
}

static bool write_with(struct jw *jw, const struct operation *op, const struct json *with, const char *document_uri,
					   struct trouble *trouble)
{
	const struct json *given = json_get(with, "parameters");
	struct buf url;
	buf_init(&url, 0);
	if (json_text(op->document, "swagger") != NULL)
		add_swagger_base(op->document, document_uri, &url);
	else
		add_server_base(op, document_uri, &url);
	bool good = add_path(op->path, given, &url, trouble);
	jw_object(jw);
	jw_member_str(jw, "method", op->method);
	jw_member_str(jw, "endpoint", buf_text(&url));
	buf_fini(&url);
	good = good && write_parameters(jw, op, given, trouble);
	static const char *const passed[] = {"output", "redirect"};
	for (size_t i = 0; i < 2 && good; i++) {
		if (json_get(with, passed[i]) == NULL)
			continue;
		jw_key(jw, passed[i]);
		jw_json(jw, json_get(with, passed[i]));
	}
	jw_object_end(jw);
	return good;
}

struct datum *openapi_call_with(const struct json *with, const struct json *document, const char *document_uri,
								struct trouble *trouble)
{
	const char *id = json_text(with, "operationId");
	struct operation op = {.document = document};
	if (id == NULL || !find(&op, id)) {
		trouble_set(trouble, TROUBLE_CONFIGURATION, "No such operation", "The document has no operation %s.",
					id == NULL ? "without an operationId" : id);
		return NULL;
	}
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	if (write_with(&jw, &op, with, document_uri, trouble))
		return datum_take_buf(&text);
	buf_fini(&text);
	return NULL;
}
