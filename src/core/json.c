#include "core/json.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"

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
