#include "core/jw.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/num.h"

void jw_init(struct jw *jw, struct buf *buf)
{
	*jw = (struct jw){.buf = buf};
}

bool jw_ok(const struct jw *jw)
{
	return !jw->failed && buf_ok(jw->buf);
}

static void before_value(struct jw *jw)
{
	if (jw->comma)
		buf_addc(jw->buf, ',');
	jw->comma = true;
}

static void open_level(struct jw *jw, char bracket)
{
	before_value(jw);
	buf_addc(jw->buf, bracket);
	jw->comma = false;
}

static void close_level(struct jw *jw, char bracket)
{
	buf_addc(jw->buf, bracket);
	jw->comma = true;
}

void jw_object(struct jw *jw)
{
	open_level(jw, '{');
}

void jw_object_end(struct jw *jw)
{
	close_level(jw, '}');
}

void jw_array(struct jw *jw)
{
	open_level(jw, '[');
}

void jw_array_end(struct jw *jw)
{
	close_level(jw, ']');
}

static void escape(struct buf *buf, unsigned char c)
{
	static const char *const two[] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f", ['\r'] = "\\r"};
	if (c == '"')
		buf_adds(buf, "\\\"");
	else if (c == '\\')
		buf_adds(buf, "\\\\");
	else if (c < sizeof two / sizeof *two && two[c] != NULL)
		buf_adds(buf, two[c]);
	else
		buf_addf(buf, "\\u%04x", c);
}

static void quoted(struct buf *buf, const char *text, size_t size)
{
	buf_addc(buf, '"');
	size_t from = 0;
	for (size_t i = 0; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		buf_add(buf, text + from, i - from);
		escape(buf, c);
		from = i + 1;
	}
	buf_add(buf, text + from, size - from);
	buf_addc(buf, '"');
}

void jw_key(struct jw *jw, const char *name)
{
	before_value(jw);
	quoted(jw->buf, name, strlen(name));
	buf_addc(jw->buf, ':');
	jw->comma = false;
}

void jw_null(struct jw *jw)
{
	jw_raw(jw, "null", 4);
}

void jw_bool(struct jw *jw, bool value)
{
	before_value(jw);
	buf_adds(jw->buf, value ? "true" : "false");
}

void jw_int(struct jw *jw, int64_t value)
{
	char text[24];
	jw_raw(jw, text, (size_t)snprintf(text, sizeof text, "%lld", (long long)value));
}

void jw_num(struct jw *jw, double value)
{
	if (!isfinite(value)) {
		jw->failed = true;
		return;
	}
	char text[NUM_TEXT_MAX];
	jw_raw(jw, text, num_format(text, value));
}

void jw_str(struct jw *jw, const char *text)
{
	if (text == NULL)
		jw_null(jw);
	else
		jw_strn(jw, text, strlen(text));
}

void jw_strn(struct jw *jw, const char *text, size_t size)
{
	before_value(jw);
	quoted(jw->buf, text, size);
}

void jw_raw(struct jw *jw, const char *json, size_t size)
{
	before_value(jw);
	buf_add(jw->buf, json, size);
}

static void object_json(struct jw *jw, const struct json *json)
{
	jw_object(jw);
	for (uint32_t i = 0; i < json->count; i++) {
		jw_key(jw, json->members[i].name);
		jw_json(jw, &json->members[i].value);
	}
	jw_object_end(jw);
}

static void array_json(struct jw *jw, const struct json *json)
{
	jw_array(jw);
	for (uint32_t i = 0; i < json->count; i++)
		jw_json(jw, &json->items[i]);
	jw_array_end(jw);
}

void jw_json(struct jw *jw, const struct json *json)
{
	switch (json == NULL ? JS_NULL : json->kind) {
	case JS_NULL:
		jw_null(jw);
		break;
	case JS_BOOL:
		jw_bool(jw, json->boolean);
		break;
	case JS_INT:
		jw_int(jw, json->integer);
		break;
	case JS_REAL:
		jw_num(jw, json->real);
		break;
	case JS_STRING:
		jw_strn(jw, json->text, json->size);
		break;
	case JS_ARRAY:
		array_json(jw, json);
		break;
	case JS_OBJECT:
		object_json(jw, json);
		break;
	}
}

void jw_member_str(struct jw *jw, const char *name, const char *text)
{
	jw_key(jw, name);
	jw_str(jw, text);
}

void jw_member_int(struct jw *jw, const char *name, int64_t value)
{
	jw_key(jw, name);
	jw_int(jw, value);
}

void jw_member_num(struct jw *jw, const char *name, double value)
{
	jw_key(jw, name);
	jw_num(jw, value);
}

void jw_member_bool(struct jw *jw, const char *name, bool value)
{
	jw_key(jw, name);
	jw_bool(jw, value);
}
