#include <math.h>
#include <string.h>

#include "core/json.h"
#include "flow/domain/regex.h"
#include "flow/domain/schema_internal.h"

/* Is a document a schema?  What the metaschemas say of the keywords that count, and that references lead somewhere. */

struct check {
	struct schema_book book;
	struct schema_problems *problems;
	unsigned depth;
	bool sound;
};

static bool tell(struct check *c, const struct schema_place *place, const char *code, const char *message)
{
	c->sound = false;
	return schema_add(c->problems, place, code, message);
}

enum form {
	FORM_SCHEMA,
	FORM_SCHEMAS,       /* a list of at least one */
	FORM_SCHEMA_OR_ALL, /* items of draft 7 */
	FORM_MEMBERS,       /* an object of schemas */
	FORM_PATTERNS,      /* the same, whose names are patterns */
	FORM_DEPENDENCIES,  /* an object of schemas or lists of names */
	FORM_TYPE,
	FORM_LIST,
	FORM_NAMES,
	FORM_NAMES_OF, /* an object of lists of names */
	FORM_NUMBER,
	FORM_POSITIVE,
	FORM_COUNT,
	FORM_PATTERN,
	FORM_BOOL,
	FORM_TEXT,
	FORM_REFERENCE,
};

static const struct {
	const char *keyword;
	enum form form;
} keywords[] = {
	{"$id", FORM_TEXT},
	{"$schema", FORM_TEXT},
	{"$anchor", FORM_TEXT},
	{"$dynamicAnchor", FORM_TEXT},
	{"$ref", FORM_REFERENCE},
	{"$dynamicRef", FORM_REFERENCE},
	{"$defs", FORM_MEMBERS},
	{"definitions", FORM_MEMBERS},
	{"allOf", FORM_SCHEMAS},
	{"anyOf", FORM_SCHEMAS},
	{"oneOf", FORM_SCHEMAS},
	{"not", FORM_SCHEMA},
	{"if", FORM_SCHEMA},
	{"then", FORM_SCHEMA},
	{"else", FORM_SCHEMA},
	{"dependentSchemas", FORM_MEMBERS},
	{"dependencies", FORM_DEPENDENCIES},
	{"properties", FORM_MEMBERS},
	{"patternProperties", FORM_PATTERNS},
	{"additionalProperties", FORM_SCHEMA},
	{"propertyNames", FORM_SCHEMA},
	{"unevaluatedProperties", FORM_SCHEMA},
	{"prefixItems", FORM_SCHEMAS},
	{"items", FORM_SCHEMA_OR_ALL},
	{"additionalItems", FORM_SCHEMA},
	{"contains", FORM_SCHEMA},
	{"unevaluatedItems", FORM_SCHEMA},
	{"type", FORM_TYPE},
	{"enum", FORM_LIST},
	{"multipleOf", FORM_POSITIVE},
	{"maximum", FORM_NUMBER},
	{"minimum", FORM_NUMBER},
	{"exclusiveMaximum", FORM_NUMBER},
	{"exclusiveMinimum", FORM_NUMBER},
	{"maxLength", FORM_COUNT},
	{"minLength", FORM_COUNT},
	{"pattern", FORM_PATTERN},
	{"maxItems", FORM_COUNT},
	{"minItems", FORM_COUNT},
	{"uniqueItems", FORM_BOOL},
	{"maxContains", FORM_COUNT},
	{"minContains", FORM_COUNT},
	{"maxProperties", FORM_COUNT},
	{"minProperties", FORM_COUNT},
	{"required", FORM_NAMES},
	{"dependentRequired", FORM_NAMES_OF},
};

static void check_schema(struct check *c, const struct schema_resource *resource, const struct schema_place *place,
						 const struct json *json);

/* --- forms --- */

static void check_list(struct check *c, const struct schema_resource *resource, const struct schema_place *place,
					   const struct json *json)
{
	for (uint32_t i = 0; i < json->count; i++) {
		const struct schema_place at = {.up = place, .index = i};
		check_schema(c, resource, &at, &json->items[i]);
	}
	if (json->count == 0)
		tell(c, place, "range", "must not be empty");
}

static void check_regex(struct check *c, const struct schema_place *place, const char *text, size_t size)
{
	char message[REGEX_MESSAGE_MAX];
	struct regex *regex = regex_new(text, size, message);
	if (regex == NULL)
		tell(c, place, "format", message);
	regex_free(regex);
}

static void check_names(struct check *c, const struct schema_place *place, const struct json *json)
{
	if (json->kind != JS_ARRAY) {
		tell(c, place, "type", "must be a list of names");
		return;
	}
	for (uint32_t i = 0; i < json->count; i++) {
		const struct schema_place at = {.up = place, .index = i};
		if (json->items[i].kind != JS_STRING)
			tell(c, &at, "type", "must be text");
	}
}

static void check_members(struct check *c, const struct schema_resource *resource, const struct schema_place *place,
						  const struct json *json, enum form form)
{
	if (json->kind != JS_OBJECT) {
		tell(c, place, "type", "must be an object");
		return;
	}
	for (uint32_t i = 0; i < json->count; i++) {
		const struct json_member *member = &json->members[i];
		const struct schema_place at = {.up = place, .name = member->name};
		if (form == FORM_PATTERNS)
			check_regex(c, &at, member->name, member->name_size);
		if (form == FORM_NAMES_OF || (form == FORM_DEPENDENCIES && member->value.kind == JS_ARRAY))
			check_names(c, &at, &member->value);
		else
			check_schema(c, resource, &at, &member->value);
	}
}

static void check_type_word(struct check *c, const struct schema_place *place, const struct json *json)
{
	static const char *const types[] = {"null", "boolean", "object", "array", "number", "string", "integer"};
	for (size_t i = 0; json->kind == JS_STRING && i < sizeof types / sizeof *types; i++)
		if (strcmp(types[i], json->text) == 0)
			return;
	tell(c, place, json->kind == JS_STRING ? "enum" : "type",
		 "must be one of: null, boolean, object, array, number, string, integer");
}

static void check_type(struct check *c, const struct schema_place *place, const struct json *json)
{
	if (json->kind != JS_ARRAY)
		check_type_word(c, place, json);
	for (uint32_t i = 0; json->kind == JS_ARRAY && i < json->count; i++) {
		const struct schema_place at = {.up = place, .index = i};
		check_type_word(c, &at, &json->items[i]);
	}
}

static void check_number(struct check *c, const struct schema_place *place, const struct json *json, enum form form)
{
	bool whole = json->kind == JS_INT || (json->kind == JS_REAL && floor(json->real) == json->real);
	if (!json_numeric(json))
		tell(c, place, "type", "must be a number");
	else if (form == FORM_COUNT && (json_number(json) < 0 || json_number(json) > 1e15 || !whole))
		tell(c, place, "range", "must be a whole number, not negative");
	else if (form == FORM_POSITIVE && !(json_number(json) > 0))
		tell(c, place, "range", "must be more than 0");
}

static void check_reference(struct check *c, const struct schema_resource *resource, const struct schema_place *place,
							const struct json *json)
{
	const struct schema_resource *there;
	if (json->kind != JS_STRING) {
		tell(c, place, "type", "must be text");
		return;
	}
	const struct json *target = schema_refer(&c->book, resource, json->text, &there);
	if (target == NULL)
		tell(c, place, "unknown_reference", "leads nowhere in this document, and others are not fetched");
	else if (target->kind != JS_OBJECT && target->kind != JS_BOOL)
		tell(c, place, "unknown_reference", "leads to something that is no schema");
}

static void check_text(struct check *c, const struct schema_place *place, const struct json *json)
{
	if (json->kind != JS_STRING)
		tell(c, place, "type", "must be text");
}

static void check_keyword(struct check *c, const struct schema_resource *resource, const struct schema_place *place,
						  const struct json *json, enum form form)
{
	switch (form) {
	case FORM_SCHEMA:
		check_schema(c, resource, place, json);
		break;
	case FORM_SCHEMAS:
	case FORM_SCHEMA_OR_ALL:
		if (json->kind == JS_ARRAY && (form == FORM_SCHEMAS || json->count > 0))
			check_list(c, resource, place, json);
		else if (form == FORM_SCHEMAS)
			tell(c, place, "type", "must be a list of schemas");
		else if (json->kind != JS_ARRAY)
			check_schema(c, resource, place, json);
		break;
	case FORM_MEMBERS:
	case FORM_PATTERNS:
	case FORM_DEPENDENCIES:
	case FORM_NAMES_OF:
		check_members(c, resource, place, json, form);
		break;
	case FORM_TYPE:
		check_type(c, place, json);
		break;
	case FORM_LIST:
		if (json->kind != JS_ARRAY)
			tell(c, place, "type", "must be a list");
		break;
	case FORM_NAMES:
		check_names(c, place, json);
		break;
	case FORM_NUMBER:
	case FORM_POSITIVE:
	case FORM_COUNT:
		check_number(c, place, json, form);
		break;
	case FORM_PATTERN:
		check_text(c, place, json);
		if (json->kind == JS_STRING)
			check_regex(c, place, json->text, json->size);
		break;
	case FORM_BOOL:
		if (json->kind != JS_BOOL)
			tell(c, place, "type", "must be true or false");
		break;
	case FORM_TEXT:
		check_text(c, place, json);
		break;
	case FORM_REFERENCE:
		check_reference(c, resource, place, json);
		break;
	}
}

/* --- schemas --- */

static void check_schema(struct check *c, const struct schema_resource *resource, const struct schema_place *place,
						 const struct json *json)
{
	if (json->kind == JS_BOOL)
		return;
	if (json->kind != JS_OBJECT) {
		tell(c, place, "type", "must be a schema: an object, true or false");
		return;
	}
	if (c->depth == SCHEMA_DEPTH_MAX) {
		tell(c, place, "limit", "schemas nest too deep");
		return;
	}
	c->depth++;
	resource = schema_resource_of(&c->book, json, resource);
	for (uint32_t i = 0; i < json->count; i++) {
		const struct schema_place at = {.up = place, .name = json->members[i].name};
		for (size_t k = 0; k < sizeof keywords / sizeof *keywords; k++)
			if (strcmp(keywords[k].keyword, json->members[i].name) == 0)
				check_keyword(c, resource, &at, &json->members[i].value, keywords[k].form);
	}
	c->depth--;
}

bool schema_check(const struct json *schema, struct schema_problems *problems)
{
	const struct schema_place root = {.up = NULL};
	struct check check = {.problems = problems, .sound = true};
	schema_book_init(&check.book, schema);
	if (check.book.count > 0)
		check_schema(&check, &check.book.resources[0], &root, schema);
	if (check.book.arena.full)
		tell(&check, &root, "limit", "the schema is too large");
	schema_book_fini(&check.book);
	return check.sound;
}
