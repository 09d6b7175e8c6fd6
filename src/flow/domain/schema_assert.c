#include <math.h>
#include <string.h>

#include "core/json.h"
#include "flow/domain/regex.h"
#include "flow/domain/schema_internal.h"

/* REF: JSON Schema 2020-12 validation, 6: keywords that look at the value alone. */

static bool is_integer(const struct json *value)
{
	return value->kind == JS_INT || (value->kind == JS_REAL &&
									 (value->integral || (isfinite(value->real) && value->real == floor(value->real))));
}

static bool of_type(const struct json *value, const char *type)
{
	if (strcmp(type, "integer") == 0)
		return is_integer(value);
	if (strcmp(type, "number") == 0)
		return json_numeric(value);
	return strcmp(type, json_kind_name(value->kind)) == 0;
}

static bool check_type(const struct schema_look *look, const struct json *type)
{
	if (type->kind == JS_STRING)
		return of_type(look->value, type->text) ||
			   schema_tell(look, "type", "must be of type %s, not %s", type->text, json_kind_name(look->value->kind));
	for (uint32_t i = 0; type->kind == JS_ARRAY && i < type->count; i++)
		if (type->items[i].kind == JS_STRING && of_type(look->value, type->items[i].text))
			return true;
	return schema_tell(look, "type", "is of none of the types allowed: %s", json_kind_name(look->value->kind));
}

static bool check_enum(const struct schema_look *look, const struct json *all)
{
	for (uint32_t i = 0; all->kind == JS_ARRAY && i < all->count; i++)
		if (json_same(look->value, &all->items[i]))
			return true;
	return schema_tell(look, "enum", "is none of the values allowed");
}

static bool check_const(const struct schema_look *look, const struct json *value)
{
	return json_same(look->value, value) || schema_tell(look, "const", "is not the one value allowed");
}

/* --- numbers --- */

static int compare(const struct json *a, const struct json *b)
{
	if (a->kind == JS_INT && b->kind == JS_INT)
		return (a->integer > b->integer) - (a->integer < b->integer);
	double x = json_number(a), y = json_number(b);
	return (x > y) - (x < y);
}

static bool check_maximum(const struct schema_look *look, const struct json *limit)
{
	return compare(look->value, limit) <= 0 ||
		   schema_tell(look, "maximum", "must be at most %.15g", json_number(limit));
}

static bool check_minimum(const struct schema_look *look, const struct json *limit)
{
	return compare(look->value, limit) >= 0 ||
		   schema_tell(look, "minimum", "must be at least %.15g", json_number(limit));
}

static bool check_below(const struct schema_look *look, const struct json *limit)
{
	return compare(look->value, limit) < 0 ||
		   schema_tell(look, "exclusiveMaximum", "must be less than %.15g", json_number(limit));
}

static bool check_above(const struct schema_look *look, const struct json *limit)
{
	return compare(look->value, limit) > 0 ||
		   schema_tell(look, "exclusiveMinimum", "must be more than %.15g", json_number(limit));
}

static bool is_multiple(const struct json *value, const struct json *of)
{
	if (value->kind == JS_INT && of->kind == JS_INT)
		return of->integer != 0 && (of->integer == -1 || value->integer % of->integer == 0);
	double times = json_number(value) / json_number(of);
	/* A decimal fraction is seldom a double: 0.0075 / 0.0001 is not quite 75. */
	return isfinite(times) && fabs(times - round(times)) <= 1e-9 * fmax(1, fabs(times));
}

static bool check_multiple(const struct schema_look *look, const struct json *of)
{
	return is_multiple(look->value, of) ||
		   schema_tell(look, "multipleOf", "must be a multiple of %.15g", json_number(of));
}

/* --- texts --- */

static double characters(const struct json *value)
{
	double count = 0;
	for (size_t i = 0; i < value->size; i++)
		count += (value->text[i] & 0xc0) != 0x80;
	return count;
}

static bool check_max_length(const struct schema_look *look, const struct json *limit)
{
	return characters(look->value) <= json_number(limit) ||
		   schema_tell(look, "maxLength", "must have at most %.15g characters", json_number(limit));
}

static bool check_min_length(const struct schema_look *look, const struct json *limit)
{
	return characters(look->value) >= json_number(limit) ||
		   schema_tell(look, "minLength", "must have at least %.15g characters", json_number(limit));
}

static bool check_pattern(const struct schema_look *look, const struct json *pattern)
{
	const struct regex *regex = schema_pattern(&look->run->book, pattern->text, pattern->size);
	return (regex != NULL && regex_found(regex, look->value->text, look->value->size, &look->run->limit)) ||
		   schema_tell(look, "pattern", "does not match %s", pattern->text);
}

/* --- lists and objects --- */

static bool check_max_items(const struct schema_look *look, const struct json *limit)
{
	return look->value->count <= json_number(limit) ||
		   schema_tell(look, "maxItems", "must have at most %.15g elements", json_number(limit));
}

static bool check_min_items(const struct schema_look *look, const struct json *limit)
{
	return look->value->count >= json_number(limit) ||
		   schema_tell(look, "minItems", "must have at least %.15g elements", json_number(limit));
}

static bool check_unique(const struct schema_look *look, const struct json *unique)
{
	const struct json *value = look->value;
	if (unique->kind != JS_BOOL || !unique->boolean)
		return true;
	for (uint32_t i = 0; i < value->count; i++)
		for (uint32_t j = i + 1; j < value->count; j++) {
			if (!schema_step(look->run))
				return false;
			if (json_same(&value->items[i], &value->items[j]))
				return schema_tell(look, "uniqueItems", "elements %u and %u are the same", i, j);
		}
	return true;
}

static bool check_max_members(const struct schema_look *look, const struct json *limit)
{
	return look->value->count <= json_number(limit) ||
		   schema_tell(look, "maxProperties", "must have at most %.15g members", json_number(limit));
}

static bool check_min_members(const struct schema_look *look, const struct json *limit)
{
	return look->value->count >= json_number(limit) ||
		   schema_tell(look, "minProperties", "must have at least %.15g members", json_number(limit));
}

static bool tell_missing(const struct schema_look *look, const char *keyword, const char *name)
{
	const struct schema_place place = {.up = look->place, .name = name};
	struct schema_look there = *look;
	there.place = &place;
	return schema_tell(&there, keyword, "is required");
}

static bool check_names(const struct schema_look *look, const char *keyword, const struct json *names)
{
	bool holds = true;
	for (uint32_t i = 0; names->kind == JS_ARRAY && i < names->count; i++)
		if (names->items[i].kind == JS_STRING && json_get(look->value, names->items[i].text) == NULL)
			holds = tell_missing(look, keyword, names->items[i].text);
	return holds;
}

static bool check_required(const struct schema_look *look, const struct json *names)
{
	return check_names(look, "required", names);
}

static bool check_dependent(const struct schema_look *look, const struct json *dependent)
{
	bool holds = true;
	for (uint32_t i = 0; dependent->kind == JS_OBJECT && i < dependent->count; i++)
		if (json_get(look->value, dependent->members[i].name) != NULL)
			holds = check_names(look, "dependentRequired", &dependent->members[i].value) && holds;
	return holds;
}

/* --- all of them --- */

enum about { ABOUT_ANY, ABOUT_NUMBER, ABOUT_TEXT, ABOUT_LIST, ABOUT_OBJECT };

/* A keyword, the values it is about, and the form its own value must have to count. */
static const struct {
	const char *keyword;
	enum about about, form;
	bool (*check)(const struct schema_look *look, const struct json *keyword);
} assertions[] = {
	{"type", ABOUT_ANY, ABOUT_ANY, check_type},
	{"enum", ABOUT_ANY, ABOUT_LIST, check_enum},
	{"const", ABOUT_ANY, ABOUT_ANY, check_const},
	{"multipleOf", ABOUT_NUMBER, ABOUT_NUMBER, check_multiple},
	{"maximum", ABOUT_NUMBER, ABOUT_NUMBER, check_maximum},
	{"minimum", ABOUT_NUMBER, ABOUT_NUMBER, check_minimum},
	{"exclusiveMaximum", ABOUT_NUMBER, ABOUT_NUMBER, check_below},
	{"exclusiveMinimum", ABOUT_NUMBER, ABOUT_NUMBER, check_above},
	{"maxLength", ABOUT_TEXT, ABOUT_NUMBER, check_max_length},
	{"minLength", ABOUT_TEXT, ABOUT_NUMBER, check_min_length},
	{"pattern", ABOUT_TEXT, ABOUT_TEXT, check_pattern},
	{"maxItems", ABOUT_LIST, ABOUT_NUMBER, check_max_items},
	{"minItems", ABOUT_LIST, ABOUT_NUMBER, check_min_items},
	{"uniqueItems", ABOUT_LIST, ABOUT_ANY, check_unique},
	{"maxProperties", ABOUT_OBJECT, ABOUT_NUMBER, check_max_members},
	{"minProperties", ABOUT_OBJECT, ABOUT_NUMBER, check_min_members},
	{"required", ABOUT_OBJECT, ABOUT_LIST, check_required},
	{"dependentRequired", ABOUT_OBJECT, ABOUT_OBJECT, check_dependent},
};

static bool is_about(const struct json *json, enum about about)
{
	switch (about) {
	case ABOUT_NUMBER:
		return json_numeric(json);
	case ABOUT_TEXT:
		return json->kind == JS_STRING;
	case ABOUT_LIST:
		return json->kind == JS_ARRAY;
	case ABOUT_OBJECT:
		return json->kind == JS_OBJECT;
	default:
		return true;
	}
}

bool schema_assert(const struct schema_look *look)
{
	bool holds = true;
	for (size_t i = 0; i < sizeof assertions / sizeof *assertions; i++) {
		if (!is_about(look->value, assertions[i].about))
			continue;
		const struct json *keyword = json_get(look->schema, assertions[i].keyword);
		if (keyword != NULL && is_about(keyword, assertions[i].form))
			holds = assertions[i].check(look, keyword) && holds;
	}
	return holds;
}
