#include "flow/domain/mcp_call.h"

#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/duration.h"
#include "flow/domain/http_call.h"
#include "flow/domain/trouble.h"

enum { HELLO_ID = 1, ASKED_ID = 2 }; /* of the two messages that are answered */

static const char newest[] = "2025-06-18"; /* where the author asks for no version */

/* --- what is asked --- */

static void begin_message(struct jw *jw, int id, const char *method)
{
	jw_object(jw);
	jw_member_str(jw, "jsonrpc", "2.0");
	jw_member_int(jw, "id", id);
	jw_member_str(jw, "method", method);
}

static void write_asked(struct jw *jw, const struct json *with)
{
	const struct json *parameters = json_get(with, "parameters");
	begin_message(jw, ASKED_ID, json_text(with, "method"));
	if (parameters != NULL && parameters->kind != JS_NULL) {
		jw_key(jw, "params");
		jw_json(jw, parameters);
	}
	jw_object_end(jw);
}

static void write_client(struct jw *jw, const struct json *client)
{
	const char *name = json_text(client, "name"), *version = json_text(client, "version");
	jw_key(jw, "clientInfo");
	jw_object(jw);
	jw_member_str(jw, "name", name == NULL ? "countersign" : name);
	jw_member_str(jw, "version", version == NULL ? "1" : version);
	jw_object_end(jw);
}

/* REF: Model Context Protocol 2025-06-18, Lifecycle: initialize */
static void add_hello(struct jw *jw, const struct json *with)
{
	const char *version = json_text(with, "protocolVersion");
	struct buf text;
	struct jw hello;
	buf_init(&text, 0);
	jw_init(&hello, &text);
	begin_message(&hello, HELLO_ID, "initialize");
	jw_key(&hello, "params");
	jw_object(&hello);
	jw_member_str(&hello, "protocolVersion", version == NULL ? newest : version);
	jw_key(&hello, "capabilities");
	jw_object(&hello);
	jw_object_end(&hello);
	write_client(&hello, json_get(with, "client"));
	jw_object_end(&hello);
	jw_object_end(&hello);
	jw_member_str(jw, "hello", buf_text(&text));
	buf_fini(&text);
}

static bool has_accept(const struct json *headers)
{
	for (uint32_t i = 0; headers != NULL && headers->kind == JS_OBJECT && i < headers->count; i++)
		if (strcasecmp(headers->members[i].name, "Accept") == 0)
			return true;
	return false;
}

static void write_headers(struct jw *jw, const struct json *headers)
{
	jw_object(jw);
	for (uint32_t i = 0; headers != NULL && headers->kind == JS_OBJECT && i < headers->count; i++) {
		jw_key(jw, headers->members[i].name);
		jw_json(jw, &headers->members[i].value);
	}
	if (!has_accept(headers))
		jw_member_str(jw, "Accept", "application/json, text/event-stream");
	jw_object_end(jw);
}

/* The same as arguments of `call: http`: one place knows how an address and headers are made. */
static struct datum *as_http(const struct json *with)
{
	const struct json *http = json_get(json_get(with, "transport"), "http");
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "method", "post");
	jw_key(&jw, "endpoint");
	jw_json(&jw, json_get(http, "endpoint"));
	jw_key(&jw, "headers");
	write_headers(&jw, json_get(http, "headers"));
	jw_key(&jw, "body");
	write_asked(&jw, with);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static struct datum *with_hello(const struct json *request, const struct json *with, int64_t timeout_ms)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (uint32_t i = 0; i < request->count; i++) {
		const char *name = request->members[i].name;
		if (strcmp(name, "output") == 0 || strcmp(name, "redirect") == 0)
			continue;
		jw_key(&jw, name);
		jw_json(&jw, &request->members[i].value);
	}
	add_hello(&jw, with);
	if (timeout_ms > 0)
		jw_member_int(&jw, "timeout_ms", timeout_ms);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

/* 0: the author gives none. */
static bool read_timeout(const struct json *with, int64_t *timeout_ms, struct trouble *trouble)
{
	const struct json *timeout = json_get(with, "timeout");
	const char *member, *message;
	*timeout_ms = 0;
	if (timeout == NULL || timeout->kind == JS_NULL)
		return true;
	return duration_read(timeout, timeout_ms, &member, &message) == NULL ||
		   trouble_set(trouble, TROUBLE_EXPRESSION, "No duration", "The timeout of a call of MCP %s.", message);
}

struct datum *mcp_call_request(struct datum *with, struct datum *input, struct trouble *trouble)
{
	const struct json *tree = datum_tree(with);
	int64_t timeout_ms;
	if (json_get(json_get(tree, "transport"), "http") == NULL) {
		trouble_set(trouble, TROUBLE_CONFIGURATION, "Not there yet",
					"This version speaks with MCP servers over HTTP only.");
		return NULL;
	}
	if (!read_timeout(tree, &timeout_ms, trouble))
		return NULL;
	struct datum *arguments = as_http(tree), *request = http_call_request(arguments, input, trouble);
	struct datum *whole = request == NULL ? NULL : with_hello(datum_tree(request), tree, timeout_ms);
	datum_unref(arguments);
	datum_unref(request);
	return whole;
}

/* --- what comes --- */

bool mcp_call_taken(const struct json *request, const struct http_call_answer *answer, struct trouble *trouble)
{
	if (answer->status >= 200 && answer->status < 300)
		return true;
	trouble_set(trouble, TROUBLE_COMMUNICATION, "HTTP error", "POST %.300s answered %d.", json_text(request, "url"),
				answer->status);
	trouble->status = answer->status;
	return false;
}

static bool is_answer(const struct json *message, int id)
{
	const struct json *of = message->kind == JS_OBJECT ? json_get(message, "id") : NULL;
	return of != NULL && of->kind == JS_INT && of->integer == id &&
		   (json_get(message, "result") != NULL || json_get(message, "error") != NULL);
}

/* A text of one message, or of several in an array (protocol 2025-03-26); of those, the one that answers. */
static struct datum *message_in(const char *text, size_t size, int id)
{
	struct err err;
	struct datum *all = datum_parse(text, size, &err), *found = NULL;
	const struct json *tree = all == NULL ? NULL : datum_tree(all);
	if (tree != NULL && is_answer(tree, id))
		found = datum_ref(all);
	for (uint32_t i = 0; tree != NULL && tree->kind == JS_ARRAY && i < tree->count; i++)
		if (found == NULL && is_answer(&tree->items[i], id))
			found = datum_json(&tree->items[i]);
	datum_unref(all);
	return found;
}

/* REF: Model Context Protocol 2025-06-18, Streamable HTTP: the answer may be a stream, others before it */
static struct datum *message_streamed(const char *at, const char *end, int id)
{
	struct datum *found = NULL;
	struct buf data;
	buf_init(&data, 0);
	while (at < end && found == NULL) {
		const char *stop = at;
		while (stop < end && *stop != '\n' && *stop != '\r')
			stop++;
		if (stop - at >= 5 && memcmp(at, "data:", 5) == 0) {
			at += at[5] == ' ' && stop - at > 5 ? 6 : 5;
			if (data.size > 0)
				buf_addc(&data, '\n');
			buf_add(&data, at, (size_t)(stop - at));
		} else if (stop == at && data.size > 0) {
			found = message_in(buf_text(&data), data.size, id);
			buf_reset(&data);
		}
		at = stop + (end - stop > 1 && stop[0] == '\r' && stop[1] == '\n' ? 2 : 1);
	}
	if (found == NULL && data.size > 0) /* it ended within its last line */
		found = message_in(buf_text(&data), data.size, id);
	buf_fini(&data);
	return found;
}

static void tell_error(const struct json *error, struct trouble *trouble)
{
	const struct json *code = json_get(error, "code");
	const char *message = json_text(error, "message");
	trouble_set(trouble, TROUBLE_COMMUNICATION, "MCP error", "The MCP server refused it%s%.500s (%lld).",
				message == NULL ? "" : ": ", message == NULL ? "" : message,
				code != NULL && code->kind == JS_INT ? (long long)code->integer : 0);
}

/* The message with the result; NULL sets *trouble. */
static struct datum *read_message(const struct json *request, const struct http_call_answer *answer, int id,
								  struct trouble *trouble)
{
	static const char stream[] = "text/event-stream";
	const char *body = answer->body;
	if (!mcp_call_taken(request, answer, trouble))
		return NULL;
	struct datum *message = strncasecmp(answer->content_type, stream, sizeof stream - 1) == 0
								? message_streamed(body, body + answer->body_size, id)
								: message_in(body, answer->body_size, id);
	const struct json *error = message == NULL ? NULL : json_get(datum_tree(message), "error");
	if (message == NULL)
		trouble_set(trouble, TROUBLE_COMMUNICATION, "Unreadable answer",
					"The MCP server's answer holds no message that answers.");
	if (error != NULL)
		tell_error(error, trouble);
	if (message == NULL || error == NULL)
		return message;
	datum_unref(message);
	return NULL;
}

const char *mcp_call_version(const struct json *request, const struct http_call_answer *answer, struct arena *arena,
							 struct trouble *trouble)
{
	struct datum *message = read_message(request, answer, HELLO_ID, trouble);
	if (message == NULL)
		return NULL;
	const char *version = json_text(json_get(datum_tree(message), "result"), "protocolVersion");
	if (version == NULL || strpbrk(version, "\r\n") != NULL) {
		trouble_set(trouble, TROUBLE_COMMUNICATION, "Unreadable answer", "The MCP server names no version.");
		version = NULL;
	} else {
		version = arena_dup(arena, version);
	}
	datum_unref(message);
	return version;
}

struct datum *mcp_call_output(const struct json *request, const struct http_call_answer *answer,
							  struct trouble *trouble)
{
	struct datum *message = read_message(request, answer, ASKED_ID, trouble);
	struct datum *output = message == NULL ? NULL : datum_json(json_get(datum_tree(message), "result"));
	datum_unref(message);
	return output;
}
