#include <stdlib.h>
#include <string.h>

#include "core/json.h"
#include "core/must.h"
#include "flow/domain/regex.h"
#include "flow/domain/schema_internal.h"

/* REF: JSON Schema 2020-12 core, 10 and 11: keywords that hand on to other schemas. */

/* --- what was looked at --- */

static void seen_init(struct schema_seen *seen, const struct json *value)
{
	seen->members = calloc(value->count + 1u, sizeof(bool));
	seen->items = calloc(value->count + 1u, sizeof(bool));
	must(seen->members != NULL && seen->items != NULL);
}

static void seen_fini(struct schema_seen *seen)
{
	free(seen->members);
	free(seen->items);
}

static void seen_merge(struct schema_seen *into, const struct schema_seen *from, const struct json *value)
{
	uint32_t count = value->kind == JS_ARRAY || value->kind == JS_OBJECT ? value->count : 0;
	for (uint32_t i = 0; i < count; i++) {
		into->members[i] = into->members[i] || from->members[i];
		into->items[i] = into->items[i] || from->items[i];
	}
}

bool schema_inner(const struct schema_look *look, const struct json *schema, const struct json *value,
				  const struct schema_place *place, struct schema_seen *seen)
{
	struct schema_look there = *look;
	there.schema = schema;
	there.value = value;
	there.place = place;
	there.seen = seen;
	return schema_look(&there);
}

/* Another value has been looked at by nobody yet. */
static bool look_at(const struct schema_look *look, const struct json *schema, const struct json *value,
					const struct schema_place *place)
{
	struct schema_seen seen;
	if (schema->kind == JS_BOOL) /* nothing is marked, so nothing need be allocated */
		return schema_inner(look, schema, value, place, look->seen);
	seen_init(&seen, value);
	bool holds = schema_inner(look, schema, value, place, &seen);
	seen_fini(&seen);
	return holds;
}

bool schema_try(const struct schema_look *look, const struct json *schema)
{
	struct schema_run *run = look->run;
	struct schema_problems *problems = run->problems;
	struct schema_seen seen;
	seen_init(&seen, look->value);
	run->problems = NULL;
	bool holds = schema_inner(look, schema, look->value, look->place, &seen) && !run->limit;
	run->problems = problems;
	if (holds)
		seen_merge(look->seen, &seen, look->value);
	seen_fini(&seen);
	return holds;
}

bool schema_alone(const struct schema_look *look, bool (*inside)(const struct schema_look *look))
{
	struct schema_look there = *look;
	struct schema_seen seen;
	seen_init(&seen, look->value);
	there.seen = &seen;
	bool holds = inside(&there);
	seen_merge(look->seen, &seen, look->value);
	seen_fini(&seen);
	return holds;
}

static bool same_value(const struct schema_look *look, const struct json *schema)
{
	return schema_inner(look, schema, look->value, look->place, look->seen);
}

/* --- in place --- */

static bool apply_all(const struct schema_look *look, const struct json *list)
{
	bool holds = true;
	for (uint32_t i = 0; i < list->count; i++)
		holds = same_value(look, &list->items[i]) && holds;
	return holds;
}

static uint32_t count_holding(const struct schema_look *look, const struct json *list)
{
	uint32_t count = 0;
	for (uint32_t i = 0; i < list->count; i++)
		count += schema_try(look, &list->items[i]);
	return count;
}

static bool apply_any(const struct schema_look *look, const struct json *list)
{
	return count_holding(look, list) > 0 || schema_tell(look, "anyOf", "holds by none of the schemas allowed");
}

static bool apply_one(const struct schema_look *look, const struct json *list)
{
	uint32_t count = count_holding(look, list);
	return count == 1 || schema_tell(look, "oneOf", "must hold by exactly one of the schemas, but holds by %u", count);
}

static bool apply_not(const struct schema_look *look, const struct json *schema)
{
	struct schema_seen seen;
	struct schema_look there = *look;
	seen_init(&seen, look->value);
	there.seen = &seen;
	bool holds = schema_try(&there, schema);
	seen_fini(&seen);
	return !holds || schema_tell(look, "not", "holds by a schema that is forbidden");
}

static bool apply_if(const struct schema_look *look, const struct json *condition)
{
	const struct json *next = json_get(look->schema, schema_try(look, condition) ? "then" : "else");
	return next == NULL || same_value(look, next);
}

static bool apply_dependent(const struct schema_look *look, const struct json *dependent)
{
	bool holds = true;
	for (uint32_t i = 0; i < dependent->count; i++)
		if (json_get(look->value, dependent->members[i].name) != NULL)
			holds = same_value(look, &dependent->members[i].value) && holds;
	return holds;
}

/* REF: JSON Schema draft 7, 6.5.7: a schema, or names that are required */
static bool apply_dependencies(const struct schema_look *look, const struct json *dependencies)
{
	bool holds = true;
	for (uint32_t i = 0; i < dependencies->count; i++) {
		const struct json *one = &dependencies->members[i].value;
		if (json_get(look->value, dependencies->members[i].name) == NULL)
			continue;
		if (one->kind != JS_ARRAY) {
			holds = same_value(look, one) && holds;
			continue;
		}
		for (uint32_t k = 0; k < one->count; k++)
			if (one->items[k].kind == JS_STRING && json_get(look->value, one->items[k].text) == NULL)
				holds = schema_tell(look, "dependencies", "%s is required too", one->items[k].text);
	}
	return holds;
}

/* --- members --- */

static bool look_at_member(const struct schema_look *look, const struct json *schema, uint32_t i)
{
	const struct json_member *member = &look->value->members[i];
	const struct schema_place place = {.up = look->place, .name = member->name};
	look->seen->members[i] = true;
	return look_at(look, schema, &member->value, &place);
}

static bool apply_properties(const struct schema_look *look, const struct json *properties, bool *mine)
{
	bool holds = true;
	for (uint32_t i = 0; i < look->value->count; i++) {
		const struct json *schema = json_get(properties, look->value->members[i].name);
		if (schema == NULL)
			continue;
		mine[i] = true;
		holds = look_at_member(look, schema, i) && holds;
	}
	return holds;
}

static bool apply_patterns(const struct schema_look *look, const struct json *patterns, bool *mine)
{
	bool holds = true;
	for (uint32_t p = 0; p < patterns->count; p++) {
		const struct json_member *pattern = &patterns->members[p];
		const struct regex *regex = schema_pattern(&look->run->book, pattern->name, pattern->name_size);
		for (uint32_t i = 0; regex != NULL && i < look->value->count; i++) {
			const struct json_member *member = &look->value->members[i];
			if (!schema_step(look->run))
				return false;
			if (!regex_found(regex, member->name, member->name_size, NULL))
				continue;
			mine[i] = true;
			holds = look_at_member(look, &pattern->value, i) && holds;
		}
	}
	return holds;
}

static bool apply_rest(const struct schema_look *look, const struct json *schema, const bool *done)
{
	bool holds = true;
	for (uint32_t i = 0; i < look->value->count; i++)
		if (!done[i])
			holds = look_at_member(look, schema, i) && holds;
	return holds;
}

static bool apply_names(const struct schema_look *look, const struct json *schema)
{
	bool holds = true;
	for (uint32_t i = 0; i < look->value->count; i++) {
		const struct json_member *member = &look->value->members[i];
		const struct schema_place place = {.up = look->place, .name = member->name};
		const struct json name = {.kind = JS_STRING, .text = member->name, .size = member->name_size};
		holds = look_at(look, schema, &name, &place) && holds;
	}
	return holds;
}

static const struct json *object(const struct json *schema, const char *keyword)
{
	const struct json *json = json_get(schema, keyword);
	return json != NULL && json->kind == JS_OBJECT ? json : NULL;
}

static bool apply_members(const struct schema_look *look)
{
	const struct json *schema = look->schema, *rest = json_get(schema, "additionalProperties");
	const struct json *names = json_get(schema, "propertyNames");
	const struct json *properties = object(schema, "properties"), *patterns = object(schema, "patternProperties");
	bool holds = true;
	if (look->value->kind != JS_OBJECT)
		return true;
	bool *mine = calloc(look->value->count + 1u, sizeof *mine);
	must(mine != NULL);
	if (properties != NULL)
		holds = apply_properties(look, properties, mine);
	if (patterns != NULL)
		holds = apply_patterns(look, patterns, mine) && holds;
	if (rest != NULL)
		holds = apply_rest(look, rest, mine) && holds;
	free(mine);
	return (names == NULL || apply_names(look, names)) && holds;
}

/* --- elements --- */

static bool look_at_item(const struct schema_look *look, const struct json *schema, uint32_t i)
{
	const struct schema_place place = {.up = look->place, .index = i};
	look->seen->items[i] = true;
	return look_at(look, schema, &look->value->items[i], &place);
}

static bool apply_items(const struct schema_look *look)
{
	const struct json *first = json_get(look->schema, "prefixItems"), *rest = json_get(look->schema, "items");
	/* REF: JSON Schema draft 7, 6.4.1: items may be the list that prefixItems is today */
	if (rest != NULL && rest->kind == JS_ARRAY) {
		first = rest;
		rest = json_get(look->schema, "additionalItems");
	}
	uint32_t fixed = first != NULL && first->kind == JS_ARRAY ? first->count : 0;
	bool holds = true;
	for (uint32_t i = 0; i < look->value->count; i++) {
		const struct json *schema = i < fixed ? &first->items[i] : rest;
		if (schema != NULL)
			holds = look_at_item(look, schema, i) && holds;
	}
	return holds;
}

static double count_of(const struct json *schema, const char *keyword, double absent)
{
	const struct json *json = json_get(schema, keyword);
	return json != NULL && json_numeric(json) ? json_number(json) : absent;
}

static bool apply_contains(const struct schema_look *look, const struct json *schema)
{
	struct schema_problems *problems = look->run->problems;
	uint32_t found = 0;
	look->run->problems = NULL;
	for (uint32_t i = 0; i < look->value->count; i++) {
		const struct schema_place place = {.up = look->place, .index = i};
		if (!look_at(look, schema, &look->value->items[i], &place))
			continue;
		found++;
		look->seen->items[i] = true;
	}
	look->run->problems = problems;
	double least = count_of(look->schema, "minContains", 1);
	double most = count_of(look->schema, "maxContains", look->value->count);
	return (found >= least && found <= most) ||
		   schema_tell(look, "contains", "has %u elements of the kind it must contain", found);
}

/* --- what nobody has looked at --- */

static bool apply_unevaluated(const struct schema_look *look)
{
	const struct json *members = json_get(look->schema, "unevaluatedProperties");
	const struct json *items = json_get(look->schema, "unevaluatedItems");
	bool holds = true;
	if (members != NULL && look->value->kind == JS_OBJECT)
		holds = apply_rest(look, members, look->seen->members);
	for (uint32_t i = 0; items != NULL && look->value->kind == JS_ARRAY && i < look->value->count; i++)
		if (!look->seen->items[i])
			holds = look_at_item(look, items, i) && holds;
	return holds;
}

/* --- all of them --- */

static const struct {
	const char *keyword;
	enum json_kind form; /* JS_NULL: a schema */
	bool objects;        /* for objects only */
	bool (*apply)(const struct schema_look *look, const struct json *keyword);
} applicators[] = {
	{"allOf", JS_ARRAY, false, apply_all},
	{"anyOf", JS_ARRAY, false, apply_any},
	{"oneOf", JS_ARRAY, false, apply_one},
	{"not", JS_NULL, false, apply_not},
	{"if", JS_NULL, false, apply_if},
	{"dependentSchemas", JS_OBJECT, true, apply_dependent},
	{"dependencies", JS_OBJECT, true, apply_dependencies},
};

bool schema_apply(const struct schema_look *look)
{
	bool holds = apply_members(look);
	for (size_t i = 0; i < sizeof applicators / sizeof *applicators; i++) {
		const struct json *keyword = json_get(look->schema, applicators[i].keyword);
		bool fits = keyword != NULL && (applicators[i].form == JS_NULL || keyword->kind == applicators[i].form) &&
					(!applicators[i].objects || look->value->kind == JS_OBJECT);
		if (fits)
			holds = applicators[i].apply(look, keyword) && holds;
	}
	if (look->value->kind == JS_ARRAY) {
		const struct json *contains = json_get(look->schema, "contains");
		holds = apply_items(look) && holds;
		holds = (contains == NULL || apply_contains(look, contains)) && holds;
	}
	return apply_unevaluated(look) && holds;
}
