#include "core/jw.h"

#include <math.h>
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

/* How many bytes from the start can stand as they are: eight at a time, then one by one. */
static size_t plain_bytes(const char *text, size_t size)
{
	const uint64_t ones = 0x0101010101010101, highs = 0x8080808080808080;
	size_t i = 0;
	for (; i + 8 <= size; i += 8) {
		uint64_t word;
		memcpy(&word, text + i, 8);
		uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
		/* (v - n * ones) & ~v has a byte's top bit set when that byte of v is below n, and perhaps above such a one */
		uint64_t found = (word - ones * 0x20) & ~word;
		found |= (quote - ones) & ~quote;
		found |= (slash - ones) & ~slash;
		if ((found & highs) != 0)
			break;
	}
	for (; i < size; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == '"' || c == '\\')
			break;
	}
	return i;
}

/* Most texts need no escape: their room is taken once, with the comma before, the quotes and a key's colon. */
static bool quoted_at_once(struct jw *jw, const char *text, size_t size, bool is_key)
{
	if (plain_bytes(text, size) < size)
		return false;
	char *at = buf_extend(jw->buf, (size_t)jw->comma + size + 2 + (size_t)is_key);
	if (at == NULL)
		return true;
	if (jw->comma)
		*at++ = ',';
	*at++ = '"';
	memcpy(at, text, size);
	at[size] = '"';
	if (is_key)
		at[size + 1] = ':';
	return true;
}

static void quoted_in_pieces(struct buf *buf, const char *text, size_t size)
{
	size_t from = 0;
	buf_addc(buf, '"');
	for (size_t i = plain_bytes(text, size); i < size; i += 1 + plain_bytes(text + i + 1, size - i - 1)) {
		buf_add(buf, text + from, i - from);
		escape(buf, (unsigned char)text[i]);
		from = i + 1;
	}
	buf_add(buf, text + from, size - from);
	buf_addc(buf, '"');
}

static void quoted(struct jw *jw, const char *text, size_t size, bool is_key)
{
	if (!quoted_at_once(jw, text, size, is_key)) {
		before_value(jw);
		quoted_in_pieces(jw->buf, text, size);
		if (is_key)
			buf_addc(jw->buf, ':');
	}
	jw->comma = !is_key;
}

void jw_key(struct jw *jw, const char *name)
{
	quoted(jw, name, strlen(name), true);
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
	char digits[24];
	uint64_t size = value < 0 ? -(uint64_t)value : (uint64_t)value;
	size_t at = sizeof digits;
	do {
		digits[--at] = (char)('0' + size % 10);
		size /= 10;
	} while (size > 0);
	if (value < 0)
		digits[--at] = '-';
	jw_raw(jw, digits + at, sizeof digits - at);
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
	quoted(jw, text, size, false);
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
