#include "core/json.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"

const struct json_limits json_body_limits = {.depth = 32, .values = 100000};

/* jansson knows no limits: look at the structure before it builds anything. */
struct shape {
	unsigned depth, values;
	bool long_integer; /* a number token of more than 18 bytes: jansson must read all integers as doubles */
};

static size_t skip_string(const char *bytes, size_t size, size_t at)
{
	for (at++; at < size && bytes[at] != '"'; at++)
		if (bytes[at] == '\\')
			at++;
	return at;
}

static bool is_number_byte(char c)
{
	return (c >= '0' && c <= '9') || c == '-' || c == '+' || c == '.' || c == 'e' || c == 'E';
}

static bool measure(const char *bytes, size_t size, const struct json_limits *limits, struct shape *shape,
					struct err *err)
{
	unsigned depth = 0;
	size_t digits = 0;
	*shape = (struct shape){.values = 1};
	for (size_t i = 0; i < size; i++) {
		char c = bytes[i];
		digits = is_number_byte(c) ? digits + 1 : 0;
		if (digits > 18)
			shape->long_integer = true;
		if (c == '"')
			i = skip_string(bytes, size, i);
		else if (c == '[' || c == '{') {
			shape->values++;
			if (++depth > limits->depth)
				return err_set(err, ERR_JSON_INVALID, "at byte %zu: nested deeper than %u levels", i, limits->depth);
		} else if ((c == ']' || c == '}') && depth > 0)
			depth--;
		else if (c == ',')
			shape->values++;
		if (shape->values > limits->values)
			return err_set(err, ERR_JSON_INVALID, "at byte %zu: more than %u values", i, limits->values);
	}
	return true;
}

/* What a conversion carries along: where in the text the next number may stand, when jansson made doubles of all. */
struct conversion {
	struct arena *arena;
	const char *at, *end; /* NULL: integers are integers */
};

static bool convert(struct conversion *c, json_t *from, struct json *to);

/* jansson's values come in the order of the text, so the next number in the text is the one at hand. */
static size_t next_number(struct conversion *c, const char **token)
{
	while (c->at < c->end && *c->at != '-' && !(*c->at >= '0' && *c->at <= '9'))
		c->at = *c->at == '"' ? c->at + skip_string(c->at, (size_t)(c->end - c->at), 0) + 1 : c->at + 1;
	*token = c->at;
	while (c->at < c->end && is_number_byte(*c->at))
		c->at++;
	return (size_t)(c->at - *token);
}

static struct json convert_real(struct conversion *c, double real)
{
	struct json json = {.kind = JS_REAL, .real = real};
	if (c->at == NULL)
		return json;
	const char *token;
	size_t size = next_number(c, &token);
	for (size_t i = 0; i < size; i++)
		if (strchr(".eE", token[i]) != NULL)
			return json;
	char digits[24] = ""; /* the text may end with the number, and 64 bits take 20 bytes */
	errno = 0;
	if (size < sizeof digits) {
		memcpy(digits, token, size);
		long long integer = strtoll(digits, NULL, 10);
		if (errno == 0)
			return (struct json){.kind = JS_INT, .integer = integer};
	}
	json.integral = true;
	return json;
}

static bool convert_array(struct conversion *c, json_t *from, struct json *to)
{
	to->kind = JS_ARRAY;
	to->count = (uint32_t)json_array_size(from);
	to->items = arena_array(c->arena, to->count, sizeof *to->items);
	for (size_t i = 0; to->items != NULL && i < to->count; i++)
		if (!convert(c, json_array_get(from, i), &to->items[i]))
			return false;
	return to->items != NULL;
}

static bool convert_object(struct conversion *c, json_t *from, struct json *to)
{
	to->kind = JS_OBJECT;
	to->count = (uint32_t)json_object_size(from);
	to->members = arena_array(c->arena, to->count, sizeof *to->members);
	if (to->members == NULL)
		return false;
	struct json_member *member = to->members;
	for (void *i = json_object_iter(from); i != NULL; i = json_object_iter_next(from, i), member++) {
		member->name_size = strlen(json_object_iter_key(i));
		member->name = arena_dupn(c->arena, json_object_iter_key(i), member->name_size);
		if (member->name == NULL || !convert(c, json_object_iter_value(i), &member->value))
			return false;
	}
	return true;
}

static bool convert_string(struct conversion *c, const json_t *from, struct json *to)
{
	to->kind = JS_STRING;
	to->size = json_string_length(from);
	to->text = arena_dupn(c->arena, json_string_value(from), to->size);
	return to->text != NULL;
}

static bool convert(struct conversion *c, json_t *from, struct json *to)
{
	switch (json_typeof(from)) {
	case JSON_OBJECT:
		return convert_object(c, from, to);
	case JSON_ARRAY:
		return convert_array(c, from, to);
	case JSON_STRING:
		return convert_string(c, from, to);
	case JSON_INTEGER:
		*to = (struct json){.kind = JS_INT, .integer = json_integer_value(from)};
		return true;
	case JSON_REAL:
		*to = convert_real(c, json_real_value(from));
		return true;
	case JSON_TRUE:
	case JSON_FALSE:
		*to = (struct json){.kind = JS_BOOL, .boolean = json_is_true(from)};
		return true;
	case JSON_NULL:
		*to = (struct json){.kind = JS_NULL};
		return true;
	}
	return false;
}

bool json_parse(struct arena *arena, const char *bytes, size_t size, const struct json_limits *limits,
				const struct json **json, struct err *err)
{
	struct shape shape;
	if (!measure(bytes, size, limits, &shape, err))
		return false;
	size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY;
	json_error_t fault;
	json_t *parsed = json_loadb(bytes, size, flags, &fault);
	struct conversion c = {.arena = arena};
	if (parsed == NULL && shape.long_integer && json_error_code(&fault) == json_error_numeric_overflow) {
		parsed = json_loadb(bytes, size, flags | JSON_DECODE_INT_AS_REAL, &fault);
		c.at = bytes;
		c.end = bytes + size;
	}
	if (parsed == NULL)
		return err_set(err, ERR_JSON_INVALID, "at byte %d: %s", fault.position, fault.text);
	struct json *tree = arena_new(arena, struct json);
	bool whole = tree != NULL && convert(&c, parsed, tree);
	json_decref(parsed);
	if (!whole)
		return err_set(err, ERR_LIMIT, "the JSON text needs more memory than one request may use");
	*json = tree;
	return true;
}

const struct json *json_get(const struct json *json, const char *name)
{
	if (json == NULL || json->kind != JS_OBJECT)
		return NULL;
	for (uint32_t i = 0; i < json->count; i++)
		if (strcmp(json->members[i].name, name) == 0)
			return &json->members[i].value;
	return NULL;
}

const char *json_text(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && member->kind == JS_STRING ? member->text : NULL;
}

bool json_numeric(const struct json *json)
{
	return json->kind == JS_INT || json->kind == JS_REAL;
}

double json_number(const struct json *json)
{
	must(json_numeric(json));
	return json->kind == JS_INT ? (double)json->integer : json->real;
}

const char *json_kind_name(enum json_kind kind)
{
	static const char *const names[] = {
		[JS_NULL] = "null",     [JS_BOOL] = "boolean", [JS_INT] = "number",    [JS_REAL] = "number",
		[JS_STRING] = "string", [JS_ARRAY] = "array",  [JS_OBJECT] = "object",
	};
	must((size_t)kind < sizeof names / sizeof *names);
	return names[kind];
}

static bool same_members(const struct json *a, const struct json *b)
{
	for (uint32_t i = 0; i < a->count; i++) {
		const struct json *other = json_get(b, a->members[i].name);
		if (other == NULL || !json_same(&a->members[i].value, other))
			return false;
	}
	return true;
}

static void copy_value(struct arena *arena, const struct json *from, struct json *to);

static void copy_items(struct arena *arena, const struct json *from, struct json *to)
{
	struct json *items = arena_array(arena, from->count, sizeof *items);
	for (uint32_t i = 0; items != NULL && i < from->count; i++)
		copy_value(arena, &from->items[i], &items[i]);
	to->items = items;
}

static void copy_members(struct arena *arena, const struct json *from, struct json *to)
{
	struct json_member *members = arena_array(arena, from->count, sizeof *members);
	for (uint32_t i = 0; members != NULL && i < from->count; i++) {
		members[i].name = arena_dupn(arena, from->members[i].name, from->members[i].name_size);
		members[i].name_size = from->members[i].name_size;
		copy_value(arena, &from->members[i].value, &members[i].value);
	}
	to->members = members;
}

static void copy_value(struct arena *arena, const struct json *from, struct json *to)
{
	*to = *from;
	if (from->kind == JS_STRING)
		to->text = arena_dupn(arena, from->text, from->size);
	else if (from->kind == JS_ARRAY && from->count > 0)
		copy_items(arena, from, to);
	else if (from->kind == JS_OBJECT && from->count > 0)
		copy_members(arena, from, to);
}

const struct json *json_dup(struct arena *arena, const struct json *json)
{
	struct json *copy = json != NULL ? arena_new(arena, struct json) : NULL;
	if (copy != NULL)
		copy_value(arena, json, copy);
	return copy != NULL && !arena->full ? copy : NULL;
}

bool json_same(const struct json *a, const struct json *b)
{
	if (json_numeric(a) && json_numeric(b))
		return a->kind == JS_INT && b->kind == JS_INT ? a->integer == b->integer : json_number(a) == json_number(b);
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case JS_BOOL:
		return a->boolean == b->boolean;
	case JS_STRING:
		return a->size == b->size && memcmp(a->text, b->text, a->size) == 0;
	case JS_ARRAY:
		for (uint32_t i = 0; i < a->count; i++)
			if (a->count != b->count || !json_same(&a->items[i], &b->items[i]))
				return false;
		return a->count == b->count;
	case JS_OBJECT:
		return a->count == b->count && same_members(a, b);
	default:
		return true;
	}
}
