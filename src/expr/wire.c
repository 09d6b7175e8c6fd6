#include "expr/wire.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/map.h"
#include "core/num.h"
#include "core/utf8.h"

enum { FEW_MEMBERS = 16 };

static const double SAFE = 9007199254740992.0, INT64_END = 9223372036854775808.0;

size_t wire_begin(struct buf *buf, enum wire_op op, uint32_t number)
{
	size_t begun = buf->size;
	wire_u32(buf, 0);
	buf_addc(buf, (char)op);
	wire_u32(buf, number);
	return begun;
}

void wire_end(struct buf *buf, size_t begun)
{
	uint32_t size = (uint32_t)(buf->size - begun - WIRE_HEAD);
	if (buf_ok(buf))
		memcpy(buf->bytes + begun, &size, sizeof size);
}

struct wire_head wire_head(const char *bytes)
{
	struct wire_head head = {.op = (enum wire_op)(unsigned char)bytes[4]};
	memcpy(&head.size, bytes, sizeof head.size);
	memcpy(&head.number, bytes + 5, sizeof head.number);
	return head;
}

void wire_u32(struct buf *buf, uint32_t value)
{
	buf_add(buf, &value, sizeof value);
}

void wire_int(struct buf *buf, int64_t value)
{
	char bytes[9] = "I";
	memcpy(bytes + 1, &value, sizeof value);
	buf_add(buf, bytes, sizeof bytes);
}

void wire_double(struct buf *buf, double value)
{
	char bytes[9] = "D";
	memcpy(bytes + 1, &value, sizeof value);
	buf_add(buf, bytes, sizeof bytes);
}

void wire_number(struct buf *buf, double value)
{
	char text[NUM_TEXT_MAX];
	if (value != floor(value) || fabs(value) >= INT64_END) {
		wire_double(buf, value);
	} else if (fabs(value) <= SAFE) {
		wire_int(buf, (int64_t)value);
	} else {
		num_format(text, value);
		wire_int(buf, strtoll(text, NULL, 10));
	}
}

void wire_text(struct buf *buf, const char *text, size_t size)
{
	buf_addc(buf, 'S');
	wire_u32(buf, (uint32_t)size);
	buf_add(buf, text, size);
}

void wire_open(struct buf *buf, char kind, uint32_t count)
{
	buf_addc(buf, kind);
	wire_u32(buf, count);
}

static bool write_json(struct buf *buf, const struct json *value, unsigned depth);

static bool write_object(struct buf *buf, const struct json *object, unsigned depth)
{
	wire_open(buf, 'O', object->count);
	for (uint32_t i = 0; i < object->count; i++) {
		const struct json_member *m = &object->members[i];
		wire_u32(buf, (uint32_t)m->name_size);
		buf_add(buf, m->name, m->name_size);
		if (!write_json(buf, &m->value, depth + 1))
			return false;
	}
	return true;
}

static bool write_array(struct buf *buf, const struct json *array, unsigned depth)
{
	wire_open(buf, 'A', array->count);
	for (uint32_t i = 0; i < array->count; i++)
		if (!write_json(buf, &array->items[i], depth + 1))
			return false;
	return true;
}

static bool write_json(struct buf *buf, const struct json *value, unsigned depth)
{
	if (depth > WIRE_DEPTH_MAX)
		return false;
	switch (value->kind) {
	case JS_NULL:
		buf_addc(buf, 'N');
		return true;
	case JS_BOOL:
		buf_addc(buf, value->boolean ? 'T' : 'F');
		return true;
	case JS_INT:
		wire_int(buf, value->integer);
		return true;
	case JS_REAL:
		wire_number(buf, value->real);
		return true;
	case JS_STRING:
		wire_text(buf, value->text, value->size);
		return true;
	case JS_ARRAY:
		return write_array(buf, value, depth);
	case JS_OBJECT:
		return write_object(buf, value, depth);
	}
	return false;
}

bool wire_json(struct buf *buf, const struct json *value)
{
	static const struct json null = {.kind = JS_NULL};
	return write_json(buf, value != NULL ? value : &null, 1);
}

static const char *take(struct wire_reader *reader, size_t size)
{
	if (reader->failed || (size_t)(reader->end - reader->at) < size) {
		reader->failed = true;
		return NULL;
	}
	const char *at = reader->at;
	reader->at += size;
	return at;
}

char wire_kind(struct wire_reader *reader)
{
	const char *at = take(reader, 1);
	return at != NULL ? *at : '\0';
}

static uint32_t read_u32(struct wire_reader *reader)
{
	uint32_t value = 0;
	const char *at = take(reader, sizeof value);
	if (at != NULL)
		memcpy(&value, at, sizeof value);
	return value;
}

uint32_t wire_count(struct wire_reader *reader, size_t least)
{
	uint32_t count = read_u32(reader);
	if (count > (size_t)(reader->end - reader->at) / least) {
		reader->failed = true;
		return 0;
	}
	return count;
}

const char *wire_bytes(struct wire_reader *reader, uint32_t *size)
{
	*size = read_u32(reader);
	const char *bytes = take(reader, *size);
	if (bytes == NULL)
		*size = 0;
	return bytes;
}

int64_t wire_read_int(struct wire_reader *reader)
{
	int64_t value = 0;
	const char *at = take(reader, sizeof value);
	if (at != NULL)
		memcpy(&value, at, sizeof value);
	return value;
}

double wire_read_double(struct wire_reader *reader)
{
	double value = 0;
	const char *at = take(reader, sizeof value);
	if (at != NULL)
		memcpy(&value, at, sizeof value);
	return value;
}

static void read_json(struct wire_reader *reader, struct arena *arena, struct json *value, unsigned depth);

static const char *read_text(struct wire_reader *reader, struct arena *arena, size_t *size)
{
	uint32_t bytes;
	const char *text = wire_bytes(reader, &bytes);
	*size = bytes;
	if (text == NULL || memchr(text, '\0', bytes) != NULL || !utf8_valid(text, bytes)) {
		reader->failed = true;
		return "";
	}
	return arena_dupn(arena, text, bytes);
}

static void read_array(struct wire_reader *reader, struct arena *arena, struct json *array, unsigned depth)
{
	uint32_t count = wire_count(reader, 1);
	struct json *items = count > 0 ? arena_array(arena, count, sizeof *items) : NULL;
	*array = (struct json){.kind = JS_ARRAY, .count = items != NULL ? count : 0, .items = items};
	for (uint32_t i = 0; i < array->count && !reader->failed; i++)
		read_json(reader, arena, &items[i], depth + 1);
}

/* jq's objects never name a member twice; a helper that somebody got hold of might. */
static bool distinct(const struct json *object)
{
	struct map names;
	bool twice = false;
	if (object->count <= FEW_MEMBERS) {
		for (uint32_t i = 1; i < object->count; i++)
			for (uint32_t j = 0; j < i; j++)
				twice = twice || strcmp(object->members[i].name, object->members[j].name) == 0;
		return !twice;
	}
	map_init(&names, NULL, NULL);
	for (uint32_t i = 0; !twice && i < object->count; i++) {
		void *before = NULL;
		twice = !map_set(&names, object->members[i].name, &names, &before) || before != NULL;
	}
	map_fini(&names);
	return !twice;
}

static void read_object(struct wire_reader *reader, struct arena *arena, struct json *object, unsigned depth)
{
	uint32_t count = wire_count(reader, 5);
	struct json_member *members = count > 0 ? arena_array(arena, count, sizeof *members) : NULL;
	*object = (struct json){.kind = JS_OBJECT, .count = members != NULL ? count : 0, .members = members};
	for (uint32_t i = 0; i < object->count && !reader->failed; i++) {
		members[i].name = read_text(reader, arena, &members[i].name_size);
		read_json(reader, arena, &members[i].value, depth + 1);
	}
	reader->failed = reader->failed || arena->full || !distinct(object);
}

static void read_number(struct wire_reader *reader, struct json *value)
{
	*value = (struct json){.kind = JS_REAL, .real = wire_read_double(reader)};
	if (!isfinite(value->real))
		reader->failed = true;
	value->integral = value->real == floor(value->real) && fabs(value->real) < 1e21;
}

static void read_json(struct wire_reader *reader, struct arena *arena, struct json *value, unsigned depth)
{
	char kind = depth <= WIRE_DEPTH_MAX ? wire_kind(reader) : '\0';
	if (kind == 'N')
		*value = (struct json){.kind = JS_NULL};
	else if (kind == 'T' || kind == 'F')
		*value = (struct json){.kind = JS_BOOL, .boolean = kind == 'T'};
	else if (kind == 'I')
		*value = (struct json){.kind = JS_INT, .integer = wire_read_int(reader)};
	else if (kind == 'D')
		read_number(reader, value);
	else if (kind == 'S') {
		*value = (struct json){.kind = JS_STRING};
		value->text = read_text(reader, arena, &value->size);
	} else if (kind == 'A')
		read_array(reader, arena, value, depth);
	else if (kind == 'O')
		read_object(reader, arena, value, depth);
	else
		reader->failed = true;
}

bool wire_read(struct arena *arena, const char *bytes, size_t size, struct json *value, struct err *err)
{
	struct wire_reader reader = {.at = bytes, .end = bytes + size};
	struct json read;
	read_json(&reader, arena, &read, 1);
	if (arena->full)
		return err_set(err, ERR_LIMIT, "no room for a value of %zu bytes", size);
	if (reader.failed || reader.at != reader.end)
		return err_set(err, ERR_EXPRESSION, "the value cannot be JSON: it has U+0000, or is nested deeper than %d",
					   WIRE_DEPTH_MAX);
	*value = read;
	return true;
}
