#include "http/reference.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "http/error_help.h"
#include "http/route_facts.h"
#include "http/router.h"

const char reference_style[] =
	":root{color-scheme:light dark;font:16px/1.5 system-ui,sans-serif}"
	"body{max-width:70rem;margin:0 auto;padding:1rem}"
	"h1{font-size:1.5rem}h2{font-size:1.15rem;margin-top:2rem}"
	"code,pre{font-family:ui-monospace,monospace;font-size:.9em}pre{overflow-x:auto;padding:.7rem;border:1px solid}"
	"table{border-collapse:collapse;width:100%}"
	"th,td{text-align:left;vertical-align:top;padding:.3rem .8rem .3rem 0;border-bottom:1px solid #8886}"
	"td:first-child{white-space:nowrap}nav{margin-bottom:1rem}dt{font-weight:600}dd{margin:0 0 .5rem}"
	"@media(max-width:40rem){td,th{display:block;border:0;padding:.1rem 0}tr{display:block;padding:.4rem 0;"
	"border-bottom:1px solid #8886}td:first-child{white-space:normal}}\n";

static void add_text(struct buf *html, const char *text)
{
	for (; *text != '\0'; text++)
		switch (*text) {
		case '<':
			buf_adds(html, "&lt;");
			break;
		case '>':
			buf_adds(html, "&gt;");
			break;
		case '&':
			buf_adds(html, "&amp;");
			break;
		case '"':
			buf_adds(html, "&quot;");
			break;
		default:
			buf_addc(html, *text);
		}
}

static void add_code(struct buf *html, const char *text)
{
	buf_adds(html, "<code>");
	add_text(html, text);
	buf_adds(html, "</code>");
}

static void begin(struct buf *html, const char *title)
{
	buf_adds(html, "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
				   "<meta name=\"viewport\" content=\"width=device-width,initial-scale=1\"><title>");
	add_text(html, title);
	buf_adds(html, " - Countersign</title><link rel=\"stylesheet\" href=\"" REFERENCE_PATH "/style.css\"></head><body>"
				   "<nav><a href=\"" REFERENCE_PATH "\">Reference</a> | <a href=\"" REFERENCE_PATH
				   "/errors\">Errors</a> | <a href=\"/openapi.json\">OpenAPI</a></nav>\n<main><h1>");
	add_text(html, title);
	buf_adds(html, "</h1>\n");
}

static void end(struct buf *html)
{
	buf_adds(html, "</main></body></html>\n");
}

static void add_operation_link(struct buf *html, const struct route *route)
{
	buf_adds(html, "<a href=\"" REFERENCE_PATH "/operations/");
	add_text(html, route->operation);
	buf_adds(html, "\">");
	add_text(html, route->operation);
	buf_adds(html, "</a>");
}

static void add_error_link(struct buf *html, const char *code)
{
	buf_adds(html, "<a href=\"" REFERENCE_PATH "/errors/");
	add_text(html, code);
	buf_adds(html, "\"><code>");
	add_text(html, code);
	buf_adds(html, "</code></a>");
}

/* --- the index --- */

static bool is_first_of_tag(const struct router *router, size_t index)
{
	char tag[ROUTE_TAG_TEXT], other[ROUTE_TAG_TEXT];
	route_tag(router_at(router, index), tag);
	for (size_t i = 0; i < index; i++) {
		route_tag(router_at(router, i), other);
		if (strcmp(tag, other) == 0)
			return false;
	}
	return true;
}

static void add_index_row(struct buf *html, const struct route *route)
{
	buf_addf(html, "<tr><td><code>%s ", method_name(route->method));
	add_text(html, route->path);
	buf_adds(html, "</code></td><td>");
	add_text(html, route->summary);
	buf_adds(html, "</td><td>");
	add_operation_link(html, route);
	buf_adds(html, "</td></tr>\n");
}

/* A line of the contents: the tag and what it is about. */
static void add_tag_line(struct buf *html, const char *tag, const char *said)
{
	buf_adds(html, "<tr><td><a href=\"#");
	add_text(html, tag);
	buf_adds(html, "\">");
	add_text(html, tag);
	buf_adds(html, "</a></td><td>");
	add_text(html, said != NULL ? said : "");
	buf_adds(html, "</td></tr>\n");
}

static void add_tag(struct buf *html, const struct router *router, size_t index, const char *tag, const char *said)
{
	char other[ROUTE_TAG_TEXT];
	buf_adds(html, "<h2 id=\"");
	add_text(html, tag);
	buf_adds(html, "\">");
	add_text(html, tag);
	buf_adds(html, "</h2>\n");
	if (said != NULL) {
		buf_adds(html, "<p>");
		add_text(html, said);
		buf_adds(html, ".</p>\n");
	}
	buf_adds(html, "<table><tr><th>Path</th><th>What</th><th>Operation</th></tr>\n");
	for (size_t i = index; i < router_count(router); i++) {
		route_tag(router_at(router, i), other);
		if (strcmp(tag, other) == 0)
			add_index_row(html, router_at(router, i));
	}
	buf_adds(html, "</table>\n");
}

static void add_tags(struct buf *html, const struct router *router, const char *(*about)(const char *tag),
					 bool contents)
{
	char tag[ROUTE_TAG_TEXT];
	for (size_t i = 0; i < router_count(router); i++) {
		if (!is_first_of_tag(router, i))
			continue;
		route_tag(router_at(router, i), tag);
		const char *said = about != NULL ? about(tag) : NULL;
		if (contents)
			add_tag_line(html, tag, said);
		else
			add_tag(html, router, i, tag, said);
	}
}

void reference_index(struct buf *html, const struct router *router, const char *version,
					 const char *(*about)(const char *tag))
{
	begin(html, "Reference");
	buf_addf(html, "<p>Version %s, %zu operations. Answers are JSON envelopes; refusals are problem documents whose ",
			 version, router_count(router));
	buf_adds(html, "<code>code</code> has <a href=\"" REFERENCE_PATH "/errors\">a page of its own</a>.</p>\n");
	buf_adds(html, "<table>\n");
	add_tags(html, router, about, true);
	buf_adds(html, "</table>\n");
	add_tags(html, router, about, false);
	end(html);
}

/* --- fields --- */

enum { NAME_MAX_TEXT = 400 };

static const char *type_name(const struct field *field)
{
	static const char *const names[] = {
		[FIELD_NUM] = "number",  [FIELD_INT] = "integer",   [FIELD_BOOL] = "boolean",  [FIELD_STR] = "text",
		[FIELD_ENUM] = "one of", [FIELD_OBJECT] = "object", [FIELD_JSON] = "any JSON",
	};
	return names[field->kind];
}

static void add_limits(struct buf *html, const struct field *field)
{
	bool text = field->kind == FIELD_STR;
	if (field->kind == FIELD_ENUM)
		for (const char *const *option = field->options; *option != NULL; option++) {
			buf_addc(html, ' ');
			add_code(html, *option);
		}
	if (field->ranged && isfinite(field->max))
		buf_addf(html, ", %s%.10g to %.10g%s", field->above ? "over " : "", field->min, field->max,
				 text ? " characters" : "");
	else if (field->ranged)
		buf_addf(html, ", %s %.10g%s", field->above ? "over" : "at least", field->min, text ? " characters" : "");
	if (field->counted)
		buf_addf(html, ", %zu to %zu of them", field->count_min, field->count_max);
	if (field->unit != NULL) {
		buf_adds(html, ", ");
		add_text(html, field->unit);
	}
	if (field->format != NULL) {
		buf_adds(html, ", ");
		add_text(html, field->format);
	}
}

static void add_default(struct buf *html, const struct field *field)
{
	buf_adds(html, "Default ");
	if (field->kind == FIELD_ENUM)
		add_code(html, field->options[(int)field->number]);
	else if (field->kind == FIELD_STR)
		add_code(html, field->text);
	else if (field->kind == FIELD_BOOL)
		add_code(html, field->number != 0 ? "true" : "false");
	else
		buf_addf(html, "<code>%.10g</code>", field->number);
	buf_adds(html, ". ");
}

static void add_field(struct buf *html, const struct field *field, const char *name, bool input)
{
	buf_adds(html, "<tr><td><code>");
	add_text(html, name);
	buf_adds(html, "</code></td><td>");
	buf_adds(html, field->many ? "list of " : field->keyed ? "by name: " : "");
	buf_adds(html, type_name(field));
	if (input || field->kind == FIELD_ENUM || field->unit != NULL || field->format != NULL)
		add_limits(html, field);
	buf_adds(html, input && field->required ? ", required" : !input && field->nullable ? ", or null" : "");
	buf_adds(html, "</td><td>");
	if (input && field->preset)
		add_default(html, field);
	if (input && field->also != NULL) {
		buf_adds(html, "Also called ");
		add_code(html, field->also);
		buf_adds(html, ". ");
	}
	if (field->doc != NULL)
		add_text(html, field->doc);
	buf_adds(html, "</td></tr>\n");
}

static void add_fields(struct buf *html, const struct field_table *table, const char *before, bool input)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		char name[NAME_MAX_TEXT], below[NAME_MAX_TEXT];
		if (field->spread) {
			add_fields(html, field->table, before, input);
			continue;
		}
		snprintf(name, sizeof name, "%.*s%s", NAME_MAX_TEXT / 2, before, field_name(field));
		add_field(html, field, name, input);
		if (field->kind != FIELD_OBJECT)
			continue;
		snprintf(below, sizeof below, "%.*s%s.", NAME_MAX_TEXT / 2, name,
				 field->many    ? "[]"
				 : field->keyed ? ".*"
								: "");
		add_fields(html, field->table, below, input);
	}
}

static void add_table(struct buf *html, const char *title, const struct field_table *table, bool input)
{
	if (table == NULL || table->count == 0)
		return;
	buf_addf(html, "<h2>%s</h2>\n<table><tr><th>Member</th><th>Type</th><th>Meaning</th></tr>\n", title);
	add_fields(html, table, "", input);
	buf_adds(html, "</table>\n");
}

/* --- one operation --- */

static void add_aliases(struct buf *html, const struct route *route)
{
	if (route->aliases == NULL || route->aliases->path == NULL)
		return;
	buf_adds(html, "<dt>Also</dt><dd>");
	for (const struct route_alias *alias = route->aliases; alias->path != NULL; alias++) {
		enum method method = alias->method != METHOD_NONE ? alias->method : route->method;
		buf_addf(html, "%s<code>%s ", alias == route->aliases ? "" : ", ", method_name(method));
		add_text(html, alias->path);
		buf_adds(html, "</code>");
	}
	buf_adds(html, "</dd>\n");
}

/* Kinds are in the order of their statuses. */
static int compare_kinds(const void *a, const void *b)
{
	return (int)*(const enum err_kind *)a - (int)*(const enum err_kind *)b;
}

static void add_codes(struct buf *html, const struct route *route)
{
	struct route_kinds kinds = route_kinds(route);
	qsort(kinds.all, kinds.count, sizeof *kinds.all, compare_kinds);
	buf_adds(html, "<h2>Refusals</h2>\n<table><tr><th>Status</th><th>Code</th><th>Title</th></tr>\n");
	for (size_t i = 0; i < kinds.count; i++) {
		if (i > 0 && kinds.all[i] == kinds.all[i - 1])
			continue;
		buf_addf(html, "<tr><td>%d</td><td>", err_status(kinds.all[i]));
		add_error_link(html, err_code(kinds.all[i]));
		buf_adds(html, "</td><td>");
		add_text(html, err_title(kinds.all[i]));
		buf_adds(html, "</td></tr>\n");
	}
	buf_adds(html, "</table>\n");
}

static void add_example(struct buf *html, const char *title, const char *example)
{
	if (example == NULL)
		return;
	buf_addf(html, "<h2>%s</h2>\n<pre>", title);
	add_text(html, example);
	buf_adds(html, "</pre>\n");
}

static void add_operation(struct buf *html, const struct route *route)
{
	begin(html, route->operation);
	buf_addf(html, "<p><code>%s ", method_name(route->method));
	add_text(html, route->path);
	buf_adds(html, "</code></p>\n<p>");
	add_text(html, route->summary);
	buf_adds(html, ".</p>\n");
	if (route->doc != NULL) {
		buf_adds(html, "<p>");
		add_text(html, route->doc);
		buf_adds(html, "</p>\n");
	}
	buf_adds(html, "<dl>");
	add_aliases(html, route);
	buf_adds(html, "<dt>Permission</dt><dd>");
	add_code(html, route->permission);
	buf_addf(html, "</dd>\n<dt>Effect</dt><dd>%s</dd>\n<dt>Success</dt><dd>%d</dd></dl>\n", route_effect_name(route),
			 route->status != 0 ? route->status : 200);
	add_table(html, "Query", route->query, true);
	add_table(html, "Body", route->body, true);
	add_example(html, "Example", route->example);
	add_table(html, "Result", route->result, false);
	add_table(html, "Or this result", route->result_else, false);
	add_table(html, "Or, without an envelope", route->result_other, false);
	add_example(html, "Its result", route->result_example);
	add_codes(html, route);
	end(html);
}

bool reference_operation(struct buf *html, const struct router *router, const char *operation)
{
	for (size_t i = 0; i < router_count(router); i++)
		if (strcmp(router_at(router, i)->operation, operation) == 0) {
			add_operation(html, router_at(router, i));
			return true;
		}
	return false;
}

/* --- errors --- */

/* One code can be that of several kinds, with different statuses. */
static bool is_first_of_code(enum err_kind kind)
{
	for (enum err_kind i = ERR_NONE + 1; i < kind; i++)
		if (strcmp(err_code(i), err_code(kind)) == 0)
			return false;
	return true;
}

void reference_errors(struct buf *html)
{
	begin(html, "Errors");
	buf_adds(html, "<p>A refusal is a problem document (RFC 9457). Programs go by <code>code</code>, people by "
				   "<code>detail</code>.</p>\n<table><tr><th>Status</th><th>Code</th><th>Title</th></tr>\n");
	for (enum err_kind kind = ERR_NONE + 1; kind < ERR_KINDS; kind++) {
		if (!is_first_of_code(kind))
			continue;
		buf_addf(html, "<tr><td>%d</td><td>", err_status(kind));
		add_error_link(html, err_code(kind));
		buf_adds(html, "</td><td>");
		add_text(html, err_title(kind));
		buf_adds(html, "</td></tr>\n");
	}
	buf_adds(html, "</table>\n");
	end(html);
}

static bool names_kind(const struct route *route, const char *code)
{
	for (const enum err_kind *at = route->errors; at != NULL && *at != ERR_NONE; at++)
		if (strcmp(err_code(*at), code) == 0)
			return true;
	return false;
}

static void add_answerers(struct buf *html, const struct router *router, const char *code)
{
	bool any = false;
	for (size_t i = 0; i < router_count(router); i++) {
		if (!names_kind(router_at(router, i), code))
			continue;
		buf_adds(html, any ? ", " : "<h2>Answered by</h2>\n<p>");
		add_operation_link(html, router_at(router, i));
		any = true;
	}
	buf_adds(html, any ? "</p>\n" : "");
}

bool reference_error(struct buf *html, const struct router *router, const char *code)
{
	enum err_kind first = ERR_NONE + 1;
	while (first < ERR_KINDS && strcmp(err_code(first), code) != 0)
		first++;
	if (first == ERR_KINDS)
		return false;
	begin(html, code);
	buf_adds(html, "<table><tr><th>Status</th><th>Title</th><th>The same request again</th></tr>\n");
	for (enum err_kind kind = first; kind < ERR_KINDS; kind++) {
		if (strcmp(err_code(kind), code) != 0)
			continue;
		buf_addf(html, "<tr><td>%d</td><td>", err_status(kind));
		add_text(html, err_title(kind));
		buf_addf(html, "</td><td>%s</td></tr>\n", err_retryable(kind) ? "may succeed later" : "will be refused again");
	}
	buf_adds(html, "</table>\n<p>");
	add_text(html, error_help(code, err_status(first)));
	buf_adds(html, "</p>\n");
	add_answerers(html, router, code);
	end(html);
	return true;
}
