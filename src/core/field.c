#include "core/field.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "core/spell.h"

/* How every list member of a described struct lies in memory. */
struct list {
	size_t count;
	void *items;
};

/* What one decoding carries along. */
struct decoding {
	struct arena *arena;
	struct faults *faults;
};

static const int64_t EXACT_INTEGERS = INT64_C(1) << 53; /* beyond it a double skips integers */

const char *field_name(const struct field *field)
{
	return field->json_name != NULL ? field->json_name : field->name;
}

const struct field *field_find(const struct field_table *table, const char *name)
{
	for (size_t i = 0; i < table->count; i++) {
		const struct field *field = &table->fields[i];
		if (strcmp(field_name(field), name) == 0 || (field->also != NULL && strcmp(field->also, name) == 0))
			return field;
	}
	return NULL;
}

const char *field_pointer(struct arena *arena, const char *pointer, const char *token)
{
	size_t before = strlen(pointer), size = strlen(token);
	char *text = arena_alloc(arena, before + 2 * size + 2);
	if (text == NULL)
		return pointer;
	memcpy(text, pointer, before);
	char *at = text + before;
	*at++ = '/';
	for (; *token != '\0'; token++) {
		if (*token == '~' || *token == '/') {
			*at++ = '~';
			*at++ = *token == '~' ? '0' : '1';
		} else {
			*at++ = *token;
		}
	}
	return text;
}

const char *field_pointer_index(struct arena *arena, const char *pointer, size_t index)
{
	const char *text = arena_printf(arena, "%s/%zu", pointer, index);
	return text != NULL ? text : pointer;
}

static size_t kind_size(const struct field *field)
{
	switch (field->kind) {
	case FIELD_NUM:
		return sizeof(double);
	case FIELD_INT:
		return sizeof(int64_t);
	case FIELD_BOOL:
		return sizeof(bool);
	case FIELD_STR:
		return sizeof(const char *);
	case FIELD_ENUM:
		return sizeof(int);
	case FIELD_OBJECT:
		return field->table->size;
	case FIELD_JSON:
		return sizeof(const struct json *);
	}
	must(!"a field kind");
	return 0;
}

static void put_absent(const struct field *field, void *at)
{
	if (field->many) {
		memcpy(at, &(struct list){0}, sizeof(struct list));
		return;
	}
	switch (field->kind) {
	case FIELD_NUM:
		*(double *)at = field->preset ? field->number : NAN;
		break;
	case FIELD_INT:
		*(int64_t *)at = field->preset ? (int64_t)field->number : FIELD_NO_INT;
		break;
	case FIELD_BOOL:
		*(bool *)at = field->preset && field->number != 0;
		break;
	case FIELD_ENUM:
		*(int *)at = field->preset ? (int)field->number : -1;
		break;
	case FIELD_STR:
		*(const char **)at = field->text;
		break;
	case FIELD_OBJECT:
		if (field->pointer)
			memcpy(at, &(void *){NULL}, sizeof(void *));
		else
			field_defaults(field->table, at);
		break;
	case FIELD_JSON:
		*(const struct json **)at = NULL;
		break;
	}
}

void field_defaults(const struct field_table *table, void *into)
{
	must(table->size > 0);
	memset(into, 0, table->size);
	for (size_t i = 0; i < table->count; i++)
		put_absent(&table->fields[i], (char *)into + table->fields[i].offset);
}

static const char *expected(const struct field *field)
{
	switch (field->kind) {
	case FIELD_NUM:
		return "a number";
	case FIELD_INT:
		return "an integer";
	case FIELD_BOOL:
		return "true or false";
	case FIELD_OBJECT:
		return "an object";
	case FIELD_STR:
	case FIELD_ENUM:
		return "a string";
	case FIELD_JSON:
		break;
	}
	return "a value";
}

static void wrong_type(struct decoding *d, const char *pointer, const char *want, const struct json *json)
{
	faults_add(d->faults, pointer, "type", "must be %s, not %s", want, json_kind_name(json->kind));
}

static bool in_range(const struct field *field, double x)
{
	return !field->ranged || ((field->above ? x > field->min : x >= field->min) && x <= field->max);
}

static void check_range(struct decoding *d, const struct field *field, double x, const char *pointer)
{
	if (in_range(field, x))
		return;
	const char *gap = field->unit != NULL ? " " : "", *unit = field->unit != NULL ? field->unit : "";
	const char *from = field->above ? "above" : "at least";
	if (isinf(field->max))
		faults_add(d->faults, pointer, "range", "must be %s %.10g%s%s", from, field->min, gap, unit);
	else
		faults_add(d->faults, pointer, "range", "must be %s %.10g and at most %.10g%s%s", from, field->min, field->max,
				   gap, unit);
}

static void tell_size(struct decoding *d, const char *pointer, const char *code, double min, double max,
					  const char *what)
{
	if (min == max)
		faults_add(d->faults, pointer, code, "must have %.0f %s", min, what);
	else
		faults_add(d->faults, pointer, code, "must have %.0f to %.0f %s", min, max, what);
}

static bool number_of(struct decoding *d, const struct field *field, const struct json *json, const char *pointer,
					  double *x)
{
	if (!json_numeric(json)) {
		wrong_type(d, pointer, expected(field), json);
		return false;
	}
	*x = json_number(json);
	bool integer = json->kind == JS_INT || json->integral || (field->kind == FIELD_INT && *x == trunc(*x));
	if (field->kind == FIELD_INT && !integer) {
		faults_add(d->faults, pointer, "type", "must be an integer, not a fraction");
		return false;
	}
	/* An integer next to the bound becomes the bound when it becomes a double. */
	bool beyond = json->kind == JS_INT ? json->integer < -EXACT_INTEGERS || json->integer > EXACT_INTEGERS
									   : fabs(*x) > (double)EXACT_INTEGERS;
	if (integer && beyond) {
		faults_add(d->faults, pointer, "number_range", "must lie between -2^53 and 2^53");
		return false;
	}
	check_range(d, field, *x, pointer);
	return true;
}

static size_t characters(const struct json *json)
{
	size_t count = 0;
	for (size_t i = 0; i < json->size; i++)
		count += ((unsigned char)json->text[i] & 0xc0) != 0x80;
	return count;
}

static void decode_text(struct decoding *d, const struct field *field, const struct json *json, const char **at,
						const char *pointer)
{
	if (json->kind != JS_STRING) {
		wrong_type(d, pointer, "a string", json);
		return;
	}
	double length = field->ranged ? (double)characters(json) : 0;
	if (field->ranged && (length < field->min || length > field->max))
		tell_size(d, pointer, "length", field->min, field->max, "characters");
	*at = json->text;
}

/* In their order, as many as a message holds; what was left out is said. */
static void tell_options(const char *const *options, char *text, size_t size)
{
	size_t used = 0;
	text[0] = '\0';
	for (size_t i = 0; options[i] != NULL; i++) {
		const char *gap = i > 0 ? ", " : "";
		if (used + strlen(gap) + strlen(options[i]) + sizeof ", …" > size) {
			snprintf(text + used, size - used, "%s…", gap);
			return;
		}
		used += (size_t)snprintf(text + used, size - used, "%s%s", gap, options[i]);
	}
}

static void decode_option(struct decoding *d, const struct field *field, const struct json *json, int *at,
						  const char *pointer)
{
	if (json->kind != JS_STRING) {
		wrong_type(d, pointer, "a string", json);
		return;
	}
	for (int i = 0; field->options[i] != NULL; i++) {
		if (strcmp(field->options[i], json->text) == 0) {
			*at = i;
			return;
		}
	}
	char allowed[ERR_MESSAGE_MAX - sizeof "must be one of: "];
	tell_options(field->options, allowed, sizeof allowed);
	faults_add(d->faults, pointer, "enum", "must be one of: %s", allowed);
}

static void decode_object(struct decoding *d, const struct field *field, const struct json *json, void *at,
						  const char *pointer)
{
	void *into = at;
	if (field->pointer && !field->many) {
		into = arena_alloc(d->arena, field->table->size);
		if (into == NULL)
			return;
		memcpy(at, &into, sizeof into);
	}
	field_decode(field->table, json, into, d->arena, pointer, d->faults);
}

static void decode_one(struct decoding *d, const struct field *field, const struct json *json, void *at,
					   const char *pointer)
{
	double x;
	switch (field->kind) {
	case FIELD_NUM:
		if (number_of(d, field, json, pointer, &x))
			*(double *)at = x;
		break;
	case FIELD_INT:
		if (number_of(d, field, json, pointer, &x))
			*(int64_t *)at = (int64_t)x;
		break;
	case FIELD_BOOL:
		if (json->kind == JS_BOOL)
			*(bool *)at = json->boolean;
		else
			wrong_type(d, pointer, "true or false", json);
		break;
	case FIELD_STR:
		decode_text(d, field, json, at, pointer);
		break;
	case FIELD_ENUM:
		decode_option(d, field, json, at, pointer);
		break;
	case FIELD_OBJECT:
		decode_object(d, field, json, at, pointer);
		break;
	case FIELD_JSON:
		*(const struct json **)at = json;
		break;
	}
}

/* Long lists are of numbers in order, and a pointer made for each would cost more than all else. */
static bool is_plain_number(const struct field *field, const struct json *json)
{
	bool plain = json->kind == JS_REAL && !json->integral;
	return field->kind == FIELD_NUM && plain && in_range(field, json->real);
}

/* A number can be unknown in a list; who reads a list of texts takes each for one. */
static bool null_elements(const struct field *field)
{
	return field->nullable && field->kind == FIELD_NUM;
}

static void decode_many(struct decoding *d, const struct field *field, const struct json *json, void *at,
						const char *pointer)
{
	if (json->kind != JS_ARRAY) {
		wrong_type(d, pointer, "an array", json);
		return;
	}
	if (field->counted && (json->count < field->count_min || json->count > field->count_max))
		tell_size(d, pointer, "count", (double)field->count_min, (double)field->count_max, "elements");
	size_t size = kind_size(field);
	struct list list = {.count = json->count, .items = arena_array(d->arena, json->count, size)};
	if (list.items == NULL || (field->counted && json->count > field->count_max))
		return;
	struct field element = *field;
	element.many = false;
	element.preset = false;
	for (size_t i = 0; i < list.count; i++) {
		void *item = (char *)list.items + i * size;
		put_absent(&element, item);
		if (null_elements(field) && json->items[i].kind == JS_NULL)
			continue;
		if (is_plain_number(field, &json->items[i]))
			*(double *)item = json->items[i].real;
		else
			decode_one(d, field, &json->items[i], item, field_pointer_index(d->arena, pointer, i));
	}
	memcpy(at, &list, sizeof list);
}

static void decode_member(struct decoding *d, const struct field *field, const struct json *json, void *at,
						  const char *pointer)
{
	if (field->read_only)
		faults_add(d->faults, pointer, "read_only", "is set by the server");
	else if (field->many)
		decode_many(d, field, json, at, pointer);
	else
		decode_one(d, field, json, at, pointer);
}

/* A member given as null is absent, but for the fields that take any value. */
static bool is_absent(const struct field *field, const struct json *json)
{
	return json->kind == JS_NULL && !(field->kind == FIELD_JSON && !field->many);
}

/* Slips of the pen are few; who sends a hundred unknown members is not told of each what it may have meant. */
enum { MEANT_MAX = 8 };

static void offer_names(struct spell *spell, const struct field_table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (table->fields[i].spread)
			offer_names(spell, table->fields[i].table);
		else if (!table->fields[i].read_only)
			spell_offer(spell, field_name(&table->fields[i]));
}

static void add_unknown(struct decoding *d, const struct field_table *table, const char *pointer, const char *name)
{
	struct spell spell;
	spell_init(&spell, name);
	if (d->faults->count < MEANT_MAX)
		offer_names(&spell, table);
	const char *meant = spell_meant(&spell);
	faults_add(d->faults, field_pointer(d->arena, pointer, name), "unknown_field",
			   "is not a member of this object%s%s%s", meant != NULL ? "; did you mean " : "",
			   meant != NULL ? meant : "", meant != NULL ? "?" : "");
}

bool field_decode(const struct field_table *table, const struct json *json, void *into, struct arena *arena,
				  const char *pointer, struct faults *faults)
{
	struct decoding d = {.arena = arena, .faults = faults};
	size_t before = faults->count;
	field_defaults(table, into);
	if (json->kind != JS_OBJECT) {
		wrong_type(&d, pointer, "an object", json);
		return false;
	}
	must(table->count <= 128);
	bool seen[128] = {false};
	for (uint32_t i = 0; i < json->count; i++) {
		const struct json_member *member = &json->members[i];
		const struct field *field = field_find(table, member->name);
		if (field == NULL) {
			add_unknown(&d, table, pointer, member->name);
			continue;
		}
		if (is_absent(field, &member->value))
			continue;
		const char *here = field_pointer(arena, pointer, member->name);
		if (seen[field - table->fields])
			faults_add(faults, here, "conflict", "says the same as %s: give one of them", field_name(field));
		seen[field - table->fields] = true;
		decode_member(&d, field, &member->value, (char *)into + field->offset, here);
	}
	for (size_t i = 0; i < table->count; i++)
		if (table->fields[i].required && !seen[i])
			faults_add(faults, field_pointer(arena, pointer, field_name(&table->fields[i])), "required", "is required");
	return faults->count == before;
}
