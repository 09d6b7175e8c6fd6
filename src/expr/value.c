#include "expr/value.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/num.h"
#include "expr/exact.h"
#include "expr/wire.h"

static jv read_array(struct wire_reader *reader)
{
	uint32_t count = wire_count(reader, 1);
	jv array = jv_array_sized((int)count);
	for (uint32_t i = 0; i < count && !reader->failed; i++)
		array = jv_array_append(array, value_read(reader));
	return array;
}

static jv read_text(struct wire_reader *reader)
{
	uint32_t size;
	const char *text = wire_bytes(reader, &size);
	return jv_string_sized(text != NULL ? text : "", (int)size);
}

static jv read_object(struct wire_reader *reader)
{
	uint32_t count = wire_count(reader, 5);
	jv object = jv_object();
	for (uint32_t i = 0; i < count && !reader->failed; i++) {
		jv name = read_text(reader);
		object = jv_object_set(object, name, value_read(reader));
	}
	return object;
}

jv value_read(struct wire_reader *reader)
{
	switch (wire_kind(reader)) {
	case 'N':
		return jv_null();
	case 'T':
		return jv_true();
	case 'F':
		return jv_false();
	case 'I':
		return exact_number(wire_read_int(reader));
	case 'D':
		return jv_number(wire_read_double(reader));
	case 'S':
		return read_text(reader);
	case 'A':
		return read_array(reader);
	case 'O':
		return read_object(reader);
	default:
		reader->failed = true;
		return jv_null();
	}
}

/* The wire's rules for numbers hold here too, so the way is through its bytes. */
jv value_from_json(const struct json *json)
{
	struct buf bytes;
	buf_init(&bytes, 0);
	bool written = wire_json(&bytes, json);
	struct wire_reader reader = {.at = bytes.bytes, .end = bytes.bytes + bytes.size};
	jv value = written && buf_ok(&bytes) ? value_read(&reader) : jv_invalid();
	buf_fini(&bytes);
	return value;
}

struct writer {
	struct buf *buf;
	size_t text, limit; /* bytes of JSON text so far, and allowed */
	bool deep;
};

static bool write_value(struct writer *w, jv value, unsigned depth);

static void write_number(struct writer *w, jv number)
{
	char text[NUM_TEXT_MAX];
	int64_t integer;
	if (exact_integer(number, &integer)) {
		w->text += 19;
		wire_int(w->buf, integer);
		return;
	}
	double value = jv_number_value(number);
	if (isnan(value)) {
		w->text += 4;
		buf_addc(w->buf, 'N');
		return;
	}
	if (isinf(value))
		value = value > 0 ? DBL_MAX : -DBL_MAX;
	w->text += value >= 0 && value < 10 && value == floor(value) ? 1 : num_format(text, value);
	wire_number(w->buf, value);
}

static void write_text(struct writer *w, jv string)
{
	size_t size = (size_t)jv_string_length_bytes(jv_copy(string));
	w->text += size + 2;
	wire_text(w->buf, jv_string_value(string), size);
}

static bool write_array(struct writer *w, jv array, unsigned depth)
{
	int count = jv_array_length(jv_copy(array));
	bool ok = true;
	w->text += 2 + (size_t)(count > 0 ? count - 1 : 0);
	wire_open(w->buf, 'A', (uint32_t)count);
	for (int i = 0; ok && i < count; i++) {
		jv item = jv_array_get(jv_copy(array), i);
		ok = write_value(w, item, depth + 1);
		jv_free(item);
	}
	return ok;
}

static bool write_object(struct writer *w, jv object, unsigned depth)
{
	int count = jv_object_length(jv_copy(object));
	bool ok = true;
	w->text += 2 + (size_t)(count > 0 ? count - 1 : 0);
	wire_open(w->buf, 'O', (uint32_t)count);
	for (int at = jv_object_iter(object); ok && jv_object_iter_valid(object, at);
		 at = jv_object_iter_next(object, at)) {
		jv name = jv_object_iter_key(object, at), item = jv_object_iter_value(object, at);
		size_t size = (size_t)jv_string_length_bytes(jv_copy(name));
		w->text += size + 3;
		wire_u32(w->buf, (uint32_t)size);
		buf_add(w->buf, jv_string_value(name), size);
		ok = write_value(w, item, depth + 1);
		jv_free(name);
		jv_free(item);
	}
	return ok;
}

static bool write_value(struct writer *w, jv value, unsigned depth)
{
	bool ok = true;
	if (depth > WIRE_DEPTH_MAX) {
		w->deep = true;
		return false;
	}
	switch (jv_get_kind(value)) {
	case JV_KIND_TRUE:
	case JV_KIND_FALSE:
		w->text += 4;
		buf_addc(w->buf, jv_get_kind(value) == JV_KIND_TRUE ? 'T' : 'F');
		break;
	case JV_KIND_NUMBER:
		write_number(w, value);
		break;
	case JV_KIND_STRING:
		write_text(w, value);
		break;
	case JV_KIND_ARRAY:
		ok = write_array(w, value, depth);
		break;
	case JV_KIND_OBJECT:
		ok = write_object(w, value, depth);
		break;
	case JV_KIND_NULL:
	case JV_KIND_INVALID:
		w->text += 4;
		buf_addc(w->buf, 'N');
		break;
	}
	return ok && w->text <= w->limit;
}

enum value_fit value_write(struct buf *buf, jv value, size_t limit)
{
	struct writer writer = {.buf = buf, .limit = limit};
	if (write_value(&writer, value, 1))
		return VALUE_FITS;
	return writer.deep ? VALUE_TOO_DEEP : VALUE_TOO_LONG;
}
