#include "core/jcs.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"

/*
 * UTF-8 sorts by code point.  UTF-16 does too, but for U+E000 to U+FFFF, which sort after the surrogates that begin
 * every code point above them.  So only first bytes 0xEE and 0xEF change places with 0xF0 to 0xF4.
 */
static unsigned rank(unsigned char c)
{
	return c == 0xee || c == 0xef ? c + 0x10U : c >= 0xf0 ? c - 2U : c;
}

int jcs_compare(const char *a, const char *b)
{
	while (*a != '\0' && *a == *b)
		a++, b++;
	return (int)rank((unsigned char)*a) - (int)rank((unsigned char)*b);
}

static int by_name(const void *a, const void *b)
{
	const struct json_member *const *left = a, *const *right = b;
	return jcs_compare((*left)->name, (*right)->name);
}

/* How an integer is written: as the nearest double, or as what it is. */
typedef void write_integer(struct jw *jw, int64_t integer);

static void write_value(struct jw *jw, const struct json *json, write_integer *write);

static void write_object(struct jw *jw, const struct json *json, write_integer *write)
{
	const struct json_member *few[32], **sorted = few;
	if (json->count > sizeof few / sizeof *few)
		sorted = malloc(json->count * sizeof *sorted);
	if (sorted == NULL) {
		jw->buf->failed = true;
		return;
	}
	for (uint32_t i = 0; i < json->count; i++)
		sorted[i] = &json->members[i];
	qsort(sorted, json->count, sizeof *sorted, by_name);
	jw_object(jw);
	for (uint32_t i = 0; i < json->count; i++) {
		jw_key(jw, sorted[i]->name);
		write_value(jw, &sorted[i]->value, write);
	}
	jw_object_end(jw);
	if (sorted != few)
		free(sorted);
}

static void write_value(struct jw *jw, const struct json *json, write_integer *write)
{
	switch (json->kind) {
	case JS_OBJECT:
		write_object(jw, json, write);
		break;
	case JS_ARRAY:
		jw_array(jw);
		for (uint32_t i = 0; i < json->count; i++)
			write_value(jw, &json->items[i], write);
		jw_array_end(jw);
		break;
	case JS_INT:
		write(jw, json->integer);
		break;
	default:
		jw_json(jw, json);
	}
}

static void write_double(struct jw *jw, int64_t integer)
{
	jw_num(jw, (double)integer);
}

static void write_whole(struct jw *jw, int64_t integer)
{
	char digits[24];
	if (integer >= -(INT64_C(1) << 53) && integer <= INT64_C(1) << 53) {
		jw_int(jw, integer);
		return;
	}
	snprintf(digits, sizeof digits, "%" PRId64, integer);
	jw_str(jw, digits);
}

void jcs_value(struct jw *jw, const struct json *json)
{
	write_value(jw, json, write_double);
}

void jcs_value_whole(struct jw *jw, const struct json *json)
{
	write_value(jw, json, write_whole);
}

void jcs_write(struct buf *buf, const struct json *json)
{
	struct jw jw;
	jw_init(&jw, buf);
	jcs_value(&jw, json);
}

void jcs_write_whole(struct buf *buf, const struct json *json)
{
	struct jw jw;
	jw_init(&jw, buf);
	jcs_value_whole(&jw, json);
}
