#include "expr/exact.h"

#include <dlfcn.h>
#include <inttypes.h>
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jq.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "expr/value.h"
#include "expr/wire.h"

/* In jv.size of a number, where libjq has 0: a mark, and how far the integer is from the double (at most 512). */
enum { MARK = 1 << 30, MARK_SPAN = 1 << 20 };

enum { LONG_INTEGER = 16, PARSE_CAP = 64 << 20 };

/* The one state of this folder that hangs from nothing: libjq's functions are handed no context of ours. */
static struct {
	int (*cmp)(jv, jv);
	int (*equal)(jv, jv);
	jv (*dump_string)(jv, int);
	jv (*parse_sized)(const char *, int);
	bool met;     /* an integer beyond 2^53 is about; until then libjq's own functions do */
	bool rounded; /* its double was asked for */
} exact;

bool exact_init(void)
{
	/* POSIX: the way to a function from what dlsym gives is through an object pointer */
	*(void **)&exact.cmp = dlsym(RTLD_NEXT, "jv_cmp");
	*(void **)&exact.equal = dlsym(RTLD_NEXT, "jv_equal");
	*(void **)&exact.dump_string = dlsym(RTLD_NEXT, "jv_dump_string");
	*(void **)&exact.parse_sized = dlsym(RTLD_NEXT, "jv_parse_sized");
	return exact.cmp != NULL && exact.equal != NULL && exact.dump_string != NULL && exact.parse_sized != NULL;
}

void exact_begin(void)
{
	exact.met = exact.rounded = false;
}

bool exact_rounded(void)
{
	return exact.rounded;
}

static bool marked(jv number)
{
	return number.size > MARK - MARK_SPAN && jv_get_kind(number) == JV_KIND_NUMBER;
}

jv exact_number(int64_t integer)
{
	jv number = jv_number((double)integer);
	if (integer >= -(INT64_C(1) << 53) && integer <= INT64_C(1) << 53)
		return number;
	exact.met = true;
	number.size = MARK + (int)((__int128)integer - (__int128)number.u.number);
	return number;
}

bool exact_integer(jv number, int64_t *integer)
{
	if (!marked(number))
		return false;
	*integer = (int64_t)((__int128)number.u.number + number.size - MARK);
	return true;
}

/* ---- in front of libjq's functions of these names */

double jv_number_value(jv number)
{
	if (marked(number))
		exact.rounded = true;
	return number.u.number;
}

/* One is marked, so beyond 2^53; a double as large has no fraction, and a smaller one never equals it. */
static int compare_integer(int64_t a, double b)
{
	if (fabs(b) >= 0x1p63)
		return b > 0 ? -1 : b > -0x1p63 ? 1 : a > INT64_MIN;
	int64_t whole = (int64_t)b;
	return a < whole ? -1 : a > whole;
}

static int compare_numbers(jv a, jv b)
{
	int64_t ia, ib;
	bool ma = exact_integer(a, &ia), mb = exact_integer(b, &ib);
	if (ma && mb)
		return ia < ib ? -1 : ia > ib;
	if ((!ma && !mb) || isnan(a.u.number) || isnan(b.u.number))
		return exact.cmp(a, b);
	return ma ? compare_integer(ia, b.u.number) : -compare_integer(ib, a.u.number);
}

static int compare_arrays(jv a, jv b)
{
	int na = jv_array_length(jv_copy(a)), nb = jv_array_length(jv_copy(b)), r = 0;
	for (int i = 0; r == 0 && i < na && i < nb; i++)
		r = jv_cmp(jv_array_get(jv_copy(a), i), jv_array_get(jv_copy(b), i));
	return r != 0 ? r : (na > nb) - (na < nb);
}

static int compare_objects(jv a, jv b)
{
	jv names = jv_keys(jv_copy(a)), others = jv_keys(jv_copy(b));
	int r = exact.cmp(jv_copy(names), others);
	for (int i = 0; r == 0 && i < jv_array_length(jv_copy(names)); i++) {
		jv name = jv_array_get(jv_copy(names), i);
		r = jv_cmp(jv_object_get(jv_copy(a), jv_copy(name)), jv_object_get(jv_copy(b), name));
	}
	jv_free(names);
	return r;
}

int jv_cmp(jv a, jv b)
{
	if (!exact.met)
		return exact.cmp(a, b);
	int r;
	jv_kind kind = jv_get_kind(a);
	if (kind != jv_get_kind(b))
		r = (int)kind - (int)jv_get_kind(b);
	else if (kind == JV_KIND_NUMBER)
		r = compare_numbers(a, b);
	else if (kind == JV_KIND_ARRAY)
		r = compare_arrays(a, b);
	else if (kind == JV_KIND_OBJECT)
		r = compare_objects(a, b);
	else
		return exact.cmp(a, b);
	jv_free(a);
	jv_free(b);
	return r;
}

int jv_equal(jv a, jv b)
{
	return exact.met ? jv_cmp(a, b) == 0 : exact.equal(a, b);
}

static bool holds_marked(jv value)
{
	bool found = false;
	if (jv_get_kind(value) == JV_KIND_ARRAY) {
		jv_array_foreach(value, i, item)
		{
			found = found || holds_marked(item);
			jv_free(item);
		}
	} else if (jv_get_kind(value) == JV_KIND_OBJECT) {
		jv_object_foreach(value, name, item)
		{
			found = found || holds_marked(item);
			jv_free(name);
			jv_free(item);
		}
	}
	return found || marked(value);
}

static void print(struct buf *out, jv value, int flags);

static void print_plain(struct buf *out, jv value, int flags)
{
	jv text = exact.dump_string(value, flags);
	buf_add(out, jv_string_value(text), (size_t)jv_string_length_bytes(jv_copy(text)));
	jv_free(text);
}

static void print_array(struct buf *out, jv array, int flags)
{
	buf_addc(out, '[');
	jv_array_foreach(array, i, item)
	{
		if (i > 0)
			buf_addc(out, ',');
		print(out, item, flags);
	}
	buf_addc(out, ']');
}

static void print_object(struct buf *out, jv object, int flags)
{
	bool first = true;
	buf_addc(out, '{');
	jv_object_foreach(object, name, item)
	{
		if (!first)
			buf_addc(out, ',');
		first = false;
		print_plain(out, name, flags);
		buf_addc(out, ':');
		print(out, item, flags);
	}
	buf_addc(out, '}');
}

static void print(struct buf *out, jv value, int flags)
{
	int64_t integer;
	jv_kind kind = jv_get_kind(value);
	if (kind != JV_KIND_ARRAY && kind != JV_KIND_OBJECT && !exact_integer(value, &integer)) {
		print_plain(out, value, flags);
		return;
	}
	if (kind == JV_KIND_ARRAY)
		print_array(out, value, flags);
	else if (kind == JV_KIND_OBJECT)
		print_object(out, value, flags);
	else
		buf_addf(out, "%" PRId64, integer);
	jv_free(value);
}

jv jv_dump_string(jv value, int flags)
{
	if (!exact.met || !holds_marked(value))
		return exact.dump_string(value, flags);
	struct buf out;
	buf_init(&out, 0);
	print(&out, value, flags);
	jv text = jv_string_sized(buf_text(&out), (int)out.size);
	buf_fini(&out);
	return text;
}

static bool has_long_integer(const char *text, size_t size)
{
	size_t digits = 0;
	for (size_t i = 0; i < size && digits < LONG_INTEGER; i++)
		digits = text[i] >= '0' && text[i] <= '9' ? digits + 1 : 0;
	return digits == LONG_INTEGER;
}

/* Text with long integers is read by the house's own parser; what that refuses libjq may read, rounding or not. */
jv jv_parse_sized(const char *text, int size)
{
	if (!has_long_integer(text, (size_t)size))
		return exact.parse_sized(text, size);
	static const struct json_limits limits = {.depth = 256, .values = 1000000};
	struct arena arena;
	const struct json *json;
	arena_init(&arena, PARSE_CAP);
	bool parsed = json_parse(&arena, text, (size_t)size, &limits, &json, NULL);
	jv value = parsed ? value_from_json(json) : exact.parse_sized(text, size);
	arena_fini(&arena);
	return value;
}

jv jv_parse(const char *text)
{
	return jv_parse_sized(text, (int)strlen(text));
}
