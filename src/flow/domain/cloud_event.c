#include "flow/domain/cloud_event.h"

#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "flow/domain/datum.h"

/* --- checking --- */

static void check_text(const struct json *event, const char *name, const char *pointer, struct arena *arena,
					   struct faults *faults)
{
	const struct json *member = json_get(event, name);
	const char *at = arena_printf(arena, "%s/%s", pointer, name);
	if (member == NULL)
		faults_add(faults, at, "required", "an event has it");
	else if (member->kind != JS_STRING)
		faults_add(faults, at, "type", "must be a text, not %s", json_kind_name(member->kind));
	else if (member->size == 0)
		faults_add(faults, at, "range", "must not be empty");
}

static void check_time(const struct json *event, const char *pointer, struct arena *arena, struct faults *faults)
{
	const struct json *time = json_get(event, "time");
	int64_t us;
	if (time != NULL && (time->kind != JS_STRING || !stamp_parse(time->text, time->size, &us, NULL)))
		faults_add(faults, arena_printf(arena, "%s/time", pointer), "format", "must be a time by RFC 3339");
}

void cloud_event_check(const struct json *event, const char *pointer, struct arena *arena, struct faults *faults)
{
	static const char *const required[] = {"specversion", "id", "source", "type"};
	if (event->kind != JS_OBJECT) {
		faults_add(faults, pointer, "type", "must be a CloudEvent, not %s", json_kind_name(event->kind));
		return;
	}
	for (size_t i = 0; i < sizeof required / sizeof *required; i++)
		check_text(event, required[i], pointer, arena, faults);
	const char *version = json_text(event, "specversion");
	if (version != NULL && *version != '\0' && strcmp(version, "1.0") != 0)
		faults_add(faults, arena_printf(arena, "%s/specversion", pointer), "enum", "must be 1.0");
	check_time(event, pointer, arena, faults);
	if (json_get(event, "data") != NULL && json_get(event, "data_base64") != NULL)
		faults_add(faults, arena_printf(arena, "%s/data_base64", pointer), "unknown_property",
				   "an event has either data or data_base64");
}

/* --- binary --- */

static bool is_type(const char *type, size_t size, const char *suffix)
{
	size_t length = strlen(suffix);
	return size >= length && strncasecmp(type + size - length, suffix, length) == 0;
}

static bool is_json_type(const char *type, size_t size)
{
	return is_type(type, size, "/json") || is_type(type, size, "+json");
}

static bool is_text_type(const char *type, size_t size)
{
	return (size > 5 && strncasecmp(type, "text/", 5) == 0) || is_type(type, size, "/xml") ||
		   is_type(type, size, "+xml");
}

static void add_base64(struct jw *jw, const char *bytes, size_t size)
{
	struct buf text;
	buf_init(&text, 0);
	base64_add(&text, bytes, size);
	jw_member_str(jw, "data_base64", buf_text(&text));
	buf_fini(&text);
}

static bool add_data(const struct cloud_event_parts *parts, struct jw *jw)
{
	const char *type = parts->content_type;
	size_t size = type == NULL ? 0 : strcspn(type, "; \t");
	if (parts->body_size == 0)
		return true;
	if (type != NULL && !is_json_type(type, size) && !is_text_type(type, size)) {
		add_base64(jw, parts->body, parts->body_size);
		return true;
	}
	jw_key(jw, "data");
	if (type != NULL && is_text_type(type, size)) {
		datum_add_bytes(jw, parts->body, parts->body_size);
		return true;
	}
	struct err err;
	struct datum *data = datum_parse(parts->body, parts->body_size, &err);
	if (data == NULL)
		return false;
	jw_json(jw, datum_tree(data));
	datum_unref(data);
	return true;
}

/* Bytes outside of printable ASCII come percent-encoded. */
static void add_value(struct jw *jw, const char *value)
{
	struct buf text;
	buf_init(&text, 0);
	for (; *value != '\0'; value++) {
		unsigned char byte;
		size_t got;
		bool coded = *value == '%' && strlen(value) >= 3 && hex_decode(value + 1, 2, &byte, 1, &got);
		buf_addc(&text, coded ? (char)byte : *value);
		value += coded ? 2 : 0;
	}
	datum_add_bytes(jw, buf_text(&text), text.size);
	buf_fini(&text);
}

bool cloud_event_join(const struct cloud_event_parts *parts, struct buf *text)
{
	struct jw jw;
	jw_init(&jw, text);
	jw_object(&jw);
	for (size_t i = 0; i < parts->count; i++) {
		jw_key(&jw, parts->attributes[i].name);
		add_value(&jw, parts->attributes[i].value);
	}
	if (parts->content_type != NULL)
		jw_member_str(&jw, "datacontenttype", parts->content_type);
	if (!add_data(parts, &jw))
		return false;
	jw_object_end(&jw);
	return true;
}
