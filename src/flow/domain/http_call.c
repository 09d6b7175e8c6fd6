#include "flow/domain/http_call.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/utf8.h"
#include "flow/domain/datum.h"
#include "flow/domain/trouble.h"

enum { METHOD_SIZE = 32 }; /* the longest that IANA has registered has 17 */

/* --- text of values --- */

/* RFC 3986: what need not be escaped anywhere. */
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

/* A scalar as a header or a query has it: a text as it is, null as nothing, others as JSON. */
static void scalar_text(const struct json *value, struct buf *text)
{
	struct jw jw;
	if (value == NULL || value->kind == JS_NULL)
		return;
	if (value->kind == JS_STRING) {
		buf_add(text, value->text, value->size);
		return;
	}
	jw_init(&jw, text);
	jw_json(&jw, value);
}

static void add_scalar_escaped(struct buf *out, const struct json *value)
{
	struct buf text;
	buf_init(&text, 0);
	scalar_text(value, &text);
	add_escaped(out, buf_text(&text), text.size);
	buf_fini(&text);
}

/* --- the address --- */

/* REF: RFC 6570 section 3.2.2, of single names */
static bool expand(const char *uri, const struct json *input, struct buf *out, struct trouble *trouble)
{
	while (*uri != '\0') {
		const char *end = *uri == '{' ? strchr(uri, '}') : NULL;
		if (end == NULL) {
			buf_addc(out, *uri++);
			continue;
		}
		char name[256] = "";
		size_t size = (size_t)(end - uri) - 1;
		if (size < sizeof name)
			memcpy(name, uri + 1, size);
		const struct json *value = json_get(input, name);
		if (value != NULL && (value->kind == JS_OBJECT || value->kind == JS_ARRAY))
			return trouble_set(trouble, TROUBLE_EXPRESSION, "No simple value",
							   "{%s} in a URI is a text, a number or a truth value, not %s.", name,
							   json_kind_name(value->kind));
		add_scalar_escaped(out, value);
		uri = end + 1;
	}
	return true;
}

static void add_pair(struct buf *url, const char *name, const struct json *value)
{
	buf_addc(url, strchr(buf_text(url), '?') == NULL ? '?' : '&');
	add_escaped(url, name, strlen(name));
	buf_addc(url, '=');
	add_scalar_escaped(url, value);
}

static void add_query(struct buf *url, const struct json *query)
{
	for (uint32_t i = 0; query != NULL && query->kind == JS_OBJECT && i < query->count; i++) {
		const struct json *value = &query->members[i].value;
		if (value->kind != JS_ARRAY)
			add_pair(url, query->members[i].name, value);
		for (uint32_t k = 0; value->kind == JS_ARRAY && k < value->count; k++)
			add_pair(url, query->members[i].name, &value->items[k]);
	}
}

static bool make_url(const struct json *with, const struct json *input, struct buf *url, struct trouble *trouble)
{
	const struct json *endpoint = json_get(with, "endpoint");
	const char *uri = endpoint == NULL              ? NULL
					  : endpoint->kind == JS_STRING ? endpoint->text
													: json_text(endpoint, "uri");
	if (uri == NULL)
		return trouble_set(trouble, TROUBLE_EXPRESSION, "No endpoint", "The endpoint of a call is the text of a URI.");
	if (!expand(uri, input, url, trouble))
		return false;
	add_query(url, json_get(with, "query"));
	return true;
}

/* --- headers and body --- */

static const struct json *header_of(const struct json *headers, const char *name)
{
	for (uint32_t i = 0; headers != NULL && headers->kind == JS_OBJECT && i < headers->count; i++)
		if (strcasecmp(headers->members[i].name, name) == 0)
			return &headers->members[i].value;
	return NULL;
}

static bool is_form(const struct json *headers)
{
	static const char form[] = "application/x-www-form-urlencoded";
	const struct json *type = header_of(headers, "Content-Type");
	return type != NULL && type->kind == JS_STRING && strncasecmp(type->text, form, sizeof form - 1) == 0;
}

static bool fits_header(const char *text)
{
	return strpbrk(text, "\r\n") == NULL;
}

static bool add_headers(struct jw *jw, const struct json *headers, const struct json *body, struct trouble *trouble)
{
	jw_key(jw, "headers");
	jw_object(jw);
	for (uint32_t i = 0; headers != NULL && headers->kind == JS_OBJECT && i < headers->count; i++) {
		struct buf text;
		buf_init(&text, 0);
		scalar_text(&headers->members[i].value, &text);
		bool fits = fits_header(buf_text(&text)) && fits_header(headers->members[i].name);
		jw_member_str(jw, headers->members[i].name, buf_text(&text));
		buf_fini(&text);
		if (!fits)
			return trouble_set(trouble, TROUBLE_EXPRESSION, "No header", "The header %.100s would break its line.",
							   headers->members[i].name);
	}
	if (body != NULL && header_of(headers, "Content-Type") == NULL)
		jw_member_str(jw, "Content-Type", body->kind == JS_STRING ? "text/plain; charset=utf-8" : "application/json");
	jw_object_end(jw);
	return true;
}

static void add_body(struct jw *jw, const struct json *body, bool form)
{
	struct buf text;
	struct jw inner;
	buf_init(&text, 0);
	if (form && body->kind == JS_OBJECT) {
		add_query(&text, body);
		jw_key(jw, "body");
		jw_str(jw, text.size > 0 ? buf_text(&text) + 1 : ""); /* without the question mark */
	} else if (body->kind == JS_STRING) {
		jw_key(jw, "body");
		jw_strn(jw, body->text, body->size);
	} else {
		jw_init(&inner, &text);
		jw_json(&inner, body);
		jw_member_str(jw, "body", buf_text(&text));
	}
	buf_fini(&text);
}

bool http_call_is_method(const char *text)
{
	static const char marks[] = "!#$%&'*+-.^_`|~";
	size_t size = 0;
	for (; text[size] != '\0' && size < METHOD_SIZE; size++)
		if (!isalnum((unsigned char)text[size]) && strchr(marks, text[size]) == NULL)
			return false;
	return size > 0 && size < METHOD_SIZE;
}

static bool add_method(struct jw *jw, const struct json *with, struct trouble *trouble)
{
	const struct json *method = json_get(with, "method");
	const char *text = method == NULL ? "GET" : method->kind == JS_STRING ? method->text : "";
	char upper[METHOD_SIZE] = "";
	if (!http_call_is_method(text))
		return trouble_set(trouble, TROUBLE_EXPRESSION, "No method",
						   "The method of a call is a word like GET, of up to %d letters.", METHOD_SIZE - 1);
	for (size_t i = 0; text[i] != '\0'; i++)
		upper[i] = (char)toupper((unsigned char)text[i]);
	jw_member_str(jw, "method", upper);
	return true;
}

static bool write_request(struct jw *jw, const struct json *with, const struct json *input, struct trouble *trouble)
{
	const struct json *body = json_get(with, "body"), *headers = json_get(with, "headers");
	const struct json *redirect = json_get(with, "redirect");
	const char *output = json_text(with, "output");
	struct buf url;
	buf_init(&url, 0);
	jw_object(jw);
	bool good = add_method(jw, with, trouble) && make_url(with, input, &url, trouble);
	jw_member_str(jw, "url", buf_text(&url));
	good = good && add_headers(jw, headers, body, trouble);
	if (good && body != NULL)
		add_body(jw, body, is_form(headers));
	if (good)
		jw_member_str(jw, "output", output == NULL ? "content" : output);
	if (good)
		jw_member_bool(jw, "redirect", redirect != NULL && redirect->kind == JS_BOOL && redirect->boolean);
	jw_object_end(jw);
	buf_fini(&url);
	return good;
}

struct datum *http_call_request(struct datum *with, struct datum *input, struct trouble *trouble)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	if (write_request(&jw, datum_tree(with), datum_tree(input), trouble))
		return datum_take_buf(&text);
	buf_fini(&text);
	return NULL;
}

/* --- the answer --- */

static bool has_type(const char *type, const char *wanted)
{
	size_t size = strlen(wanted);
	return strncasecmp(type, wanted, size) == 0 && strchr("; \t", type[size]) != NULL;
}

static bool has_suffix(const char *type, const char *suffix)
{
	size_t size = strcspn(type, "; \t"), tail = strlen(suffix);
	return size > tail && strncasecmp(type + size - tail, suffix, tail) == 0;
}

static void add_base64(struct jw *jw, const struct http_call_answer *answer)
{
	struct buf text;
	buf_init(&text, 0);
	base64_add(&text, answer->body, answer->body_size);
	jw_strn(jw, buf_text(&text), text.size);
	buf_fini(&text);
}

static bool add_content(struct jw *jw, const struct http_call_answer *answer, struct trouble *trouble)
{
	const char *type = answer->content_type;
	struct err err;
	if (answer->body_size == 0) {
		jw_null(jw);
	} else if (has_type(type, "application/json") || has_suffix(type, "+json")) {
		struct datum *content = datum_parse(answer->body, answer->body_size, &err);
		if (content == NULL)
			return trouble_set(trouble, TROUBLE_COMMUNICATION, "Unreadable answer", "It says it is JSON. %s",
							   err.message);
		jw_json(jw, datum_tree(content));
		datum_unref(content);
	} else if ((strncasecmp(type, "text/", 5) == 0 || has_type(type, "application/xml") || has_suffix(type, "+xml")) &&
			   utf8_valid(answer->body, answer->body_size) && memchr(answer->body, '\0', answer->body_size) == NULL) {
		jw_strn(jw, answer->body, answer->body_size);
	} else {
		add_base64(jw, answer);
	}
	return true;
}

static void add_answer_headers(struct jw *jw, const char *lines)
{
	jw_key(jw, "headers");
	jw_object(jw);
	while (*lines != '\0') {
		size_t size = strcspn(lines, "\n"), name = strcspn(lines, ":");
		if (name < size && name < 200) {
			char text[200];
			for (size_t i = 0; i < name; i++)
				text[i] = (char)tolower((unsigned char)lines[i]);
			text[name] = '\0';
			const char *value = lines + name + 1 + strspn(lines + name + 1, " \t");
			utf8_mend(text);
			jw_key(jw, text);
			datum_add_bytes(jw, value, (size_t)(lines + size - value));
		}
		lines += size + (lines[size] == '\n');
	}
	jw_object_end(jw);
}

static bool add_response(struct jw *jw, const struct json *request, const struct http_call_answer *answer,
						 struct trouble *trouble)
{
	jw_object(jw);
	jw_key(jw, "request");
	jw_object(jw);
	jw_member_str(jw, "method", json_text(request, "method"));
	jw_member_str(jw, "uri", json_text(request, "url"));
	jw_key(jw, "headers");
	jw_json(jw, json_get(request, "headers"));
	jw_object_end(jw);
	jw_member_int(jw, "statusCode", answer->status);
	add_answer_headers(jw, answer->headers);
	jw_key(jw, "content");
	bool good = add_content(jw, answer, trouble);
	jw_object_end(jw);
	return good;
}

static bool accepted(const struct json *request, int status)
{
	const struct json *redirect = json_get(request, "redirect");
	bool redirects = redirect != NULL && redirect->boolean;
	return (status >= 200 && status < 300) || (redirects && status >= 300 && status < 400);
}

struct datum *http_call_output(struct datum *request, const struct http_call_answer *answer, struct trouble *trouble)
{
	const struct json *asked = datum_tree(request);
	const char *output = json_text(asked, "output");
	if (!accepted(asked, answer->status)) {
		trouble_set(trouble, TROUBLE_COMMUNICATION, "HTTP error", "%s %.300s answered %d.", json_text(asked, "method"),
					json_text(asked, "url"), answer->status);
		trouble->status = answer->status;
		return NULL;
	}
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	bool good = true;
	if (strcmp(output, "raw") == 0)
		add_base64(&jw, answer);
	else if (strcmp(output, "response") == 0)
		good = add_response(&jw, asked, answer, trouble);
	else
		good = add_content(&jw, answer, trouble);
	if (good)
		return datum_take_buf(&text);
	buf_fini(&text);
	return NULL;
}
