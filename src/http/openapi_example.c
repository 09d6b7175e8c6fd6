#include "http/openapi_example.h"

#include <stdbool.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/jw.h"

enum { SCHEMA_DEPTH = 64, SCHEMA_VALUES = 100000, TEXT_MAX = 256, ARENA_CAP = 1 << 24 };

static void write_value(struct jw *jw, const struct json *schema, bool all);

/* The type to show: null only where there is nothing else. */
static const char *type_of(const struct json *schema)
{
	const struct json *type = json_get(schema, "type");
	if (type == NULL)
		return json_get(schema, "properties") != NULL ? "object" : "";
	if (type->kind == JS_STRING)
		return type->text;
	for (uint32_t i = 0; type->kind == JS_ARRAY && i < type->count; i++)
		if (type->items[i].kind == JS_STRING && strcmp(type->items[i].text, "null") != 0)
			return type->items[i].text;
	return "null";
}

static double number_or(const struct json *schema, const char *name, double otherwise)
{
	const struct json *number = json_get(schema, name);
	return number != NULL && json_numeric(number) ? json_number(number) : otherwise;
}

static void write_number(struct jw *jw, const struct json *schema, bool whole)
{
	double above = number_or(schema, "exclusiveMinimum", -1), value = number_or(schema, "minimum", above + 1);
	double most = number_or(schema, "maximum", value);
	if (json_get(schema, "exclusiveMinimum") != NULL && value <= above)
		value = above + 1;
	value = value <= most ? value : most;
	if (whole)
		jw_int(jw, (int64_t)value);
	else
		jw_num(jw, value);
}

static void write_string(struct jw *jw, const struct json *schema)
{
	static const struct {
		const char *format, *text;
	} known[] = {{"date-time", "2026-01-01T00:00:00.000000Z"},
				 {"date", "2026-01-01"},
				 {"email", "ann@example.com"},
				 {"uri", "https://example.com/"}};
	const char *format = json_text(schema, "format");
	for (size_t i = 0; format != NULL && i < sizeof known / sizeof *known; i++)
		if (strcmp(known[i].format, format) == 0) {
			jw_str(jw, known[i].text);
			return;
		}
	char text[TEXT_MAX + 1] = "text";
	double least = number_or(schema, "minLength", 0), most = number_or(schema, "maxLength", TEXT_MAX);
	size_t size = strlen(text);
	while ((double)size < least && size < TEXT_MAX)
		text[size++] = 'x';
	text[(double)size > most ? (size_t)most : size] = '\0';
	jw_str(jw, text);
}

static bool listed(const struct json *names, const char *name)
{
	for (uint32_t i = 0; names != NULL && i < names->count; i++)
		if (names->items[i].kind == JS_STRING && strcmp(names->items[i].text, name) == 0)
			return true;
	return false;
}

static void write_object(struct jw *jw, const struct json *schema, bool all)
{
	const struct json *members = json_get(schema, "properties"), *required = json_get(schema, "required");
	bool some = !all && required != NULL && required->count > 0;
	jw_object(jw);
	for (uint32_t i = 0; members != NULL && i < members->count; i++) {
		const char *name = members->members[i].name;
		if (some && !listed(required, name))
			continue;
		jw_key(jw, name);
		write_value(jw, &members->members[i].value, all);
	}
	jw_object_end(jw);
}

static void write_array(struct jw *jw, const struct json *schema, bool all)
{
	const struct json *items = json_get(schema, "items");
	double least = number_or(schema, "minItems", 1), most = number_or(schema, "maxItems", least);
	jw_array(jw);
	for (double i = 0; items != NULL && i < (least > 1 ? least : 1) && i < most; i++)
		write_value(jw, items, all);
	jw_array_end(jw);
}

/* A value that the schema names itself: a default, a constant, one of several. */
static const struct json *named_value(const struct json *schema)
{
	const struct json *preset = json_get(schema, "default"), *options = json_get(schema, "enum");
	if (preset != NULL && preset->kind != JS_NULL)
		return preset;
	if (options != NULL && options->count > 0)
		return &options->items[0];
	return json_get(schema, "const");
}

static const struct json *first_choice(const struct json *schema)
{
	static const char *const words[] = {"anyOf", "oneOf", "allOf"};
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		const struct json *choices = json_get(schema, words[i]);
		if (choices != NULL && choices->kind == JS_ARRAY && choices->count > 0)
			return &choices->items[0];
	}
	return NULL;
}

static void write_value(struct jw *jw, const struct json *schema, bool all)
{
	const struct json *named = named_value(schema), *choice = first_choice(schema);
	const char *type = type_of(schema);
	if (named != NULL)
		jw_json(jw, named);
	else if (choice != NULL)
		write_value(jw, choice, all);
	else if (strcmp(type, "string") == 0)
		write_string(jw, schema);
	else if (strcmp(type, "integer") == 0 || strcmp(type, "number") == 0)
		write_number(jw, schema, type[0] == 'i');
	else if (strcmp(type, "boolean") == 0)
		jw_bool(jw, true);
	else if (strcmp(type, "array") == 0)
		write_array(jw, schema, all);
	else if (strcmp(type, "null") == 0)
		jw_null(jw);
	else
		write_object(jw, schema, all);
}

void openapi_example(struct jw *jw, const char *schema, size_t size, bool all)
{
	static const struct json_limits limits = {.depth = SCHEMA_DEPTH, .values = SCHEMA_VALUES};
	struct arena arena;
	const struct json *tree = NULL;
	arena_init(&arena, ARENA_CAP);
	if (json_parse(&arena, schema, size, &limits, &tree, NULL))
		write_value(jw, tree, all);
	else
		jw_raw(jw, "{}", 2);
	arena_fini(&arena);
}
