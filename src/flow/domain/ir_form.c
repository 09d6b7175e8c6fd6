#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/ir_compiler.h"

/* Problems, and objects by tables. */

/* --- places --- */

static uint32_t hidden_below(const struct ir_place *up)
{
	return up != NULL && up->hidden > 0 ? up->hidden - 1 : 0;
}

struct ir_place ir_at(const struct ir_place *up, const char *key)
{
	return (struct ir_place){.up = up, .key = key, .hidden = hidden_below(up)};
}

struct ir_place ir_nth(const struct ir_place *up, uint32_t index)
{
	return (struct ir_place){.up = up, .index = index, .hidden = hidden_below(up)};
}

const char *ir_join(struct arena *arena, const char *parent, const char *name)
{
	size_t parent_size = strlen(parent), escapes = 0;
	for (const char *at = name; *at != '\0'; at++)
		escapes += *at == '~' || *at == '/';
	char *text = arena_alloc(arena, parent_size + 1 + strlen(name) + escapes + 1);
	if (text == NULL)
		return "";
	memcpy(text, parent, parent_size);
	char *to = text + parent_size;
	*to++ = '/';
	for (const char *at = name; *at != '\0'; at++) {
		*to = *at;
		if (*at == '~' || *at == '/') {
			*to++ = '~';
			*to = *at == '~' ? '0' : '1';
		}
		to++;
	}
	*to = '\0';
	return text;
}

const char *ir_pointer(struct arena *arena, const struct ir_place *place)
{
	char index[16];
	if (place == NULL || place->up == NULL)
		return "";
	const char *parent = ir_pointer(arena, place->up);
	if (place->up->hidden > 0)
		return parent;
	if (place->key != NULL)
		return ir_join(arena, parent, place->key);
	snprintf(index, sizeof index, "%u", place->index);
	return ir_join(arena, parent, index);
}

/* --- what is gathered --- */

bool ir_grow(struct arena *arena, void **array, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return true;
	size_t more = *room == 0 ? 16 : 2 * *room;
	void *grown = arena_array(arena, more, size);
	if (grown == NULL)
		return false;
	if (count > 0)
		memcpy(grown, *array, count * size);
	*array = grown;
	*room = more;
	return true;
}

static void add_problem(struct ir_compiler *c, const char *pointer, const char *code, const char *format, va_list args)
{
	va_list again;
	va_copy(again, args);
	int size = vsnprintf(NULL, 0, format, again);
	va_end(again);
	char *message = arena_alloc(c->arena, (size_t)size + 1);
	if (message == NULL ||
		!ir_grow(c->arena, (void **)&c->problems, c->problems_count, &c->problems_room, sizeof *c->problems))
		return;
	vsnprintf(message, (size_t)size + 1, format, args);
	c->problems[c->problems_count++] = (struct ir_problem){.pointer = pointer, .code = code, .message = message};
}

void ir_problem(struct ir_compiler *c, const struct ir_place *place, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_problem(c, ir_pointer(c->arena, place), code, format, args);
	va_end(args);
}

void ir_problem_at(struct ir_compiler *c, const char *pointer, const char *code, const char *format, ...)
{
	va_list args;
	va_start(args, format);
	add_problem(c, pointer, code, format, args);
	va_end(args);
}

void ir_feature(struct ir_compiler *c, const char *prefix, const char *name)
{
	const char *feature = prefix == NULL ? name : arena_printf(c->arena, "%s.%s", prefix, name);
	if (feature != NULL)
		(void)map_set(&c->features, feature, c, NULL);
}

void ir_resource(struct ir_compiler *c, const struct ir_place *place, enum ir_resource_kind kind, const char *uri,
				 const struct json *authentication)
{
	if (!ir_grow(c->arena, (void **)&c->resources, c->resources_count, &c->resources_room, sizeof *c->resources))
		return;
	c->resources[c->resources_count++] = (struct ir_resource){
		.kind = kind, .pointer = ir_pointer(c->arena, place), .uri = uri, .authentication = authentication};
}

/* --- forms --- */

static const struct ir_field *field_of(const struct ir_form *form, const char *name)
{
	for (; form != NULL; form = form->and)
		for (size_t i = 0; i < form->count; i++)
			if (strcmp(form->fields[i].name, name) == 0)
				return &form->fields[i];
	return NULL;
}

enum { NEAR_LONGEST = 24, NEAR_SHORT = 4 /* letters of a word in which one wrong one is all that is forgiven */ };

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

static bool same_letter(char a, char b)
{
	return tolower((unsigned char)a) == tolower((unsigned char)b);
}

/* How many letters were left out, put in, exchanged or swapped with their neighbour; words of NEAR_LONGEST at most. */
static unsigned distance(const char *a, const char *b)
{
	unsigned rows[3][NEAR_LONGEST + 1], size = (unsigned)strlen(b), i = 0;
	for (unsigned k = 0; k <= size; k++)
		rows[0][k] = k;
	for (; a[i] != '\0'; i++) {
		unsigned *now = rows[(i + 1) % 3], *before = rows[i % 3];
		const unsigned *two_before = rows[(i + 2) % 3];
		now[0] = i + 1;
		for (unsigned k = 0; k < size; k++) {
			now[k + 1] = least(before[k] + !same_letter(a[i], b[k]), 1 + least(before[k + 1], now[k]));
			if (i > 0 && k > 0 && same_letter(a[i], b[k - 1]) && same_letter(a[i - 1], b[k]))
				now[k + 1] = least(now[k + 1], two_before[k - 1] + 1);
		}
	}
	return rows[i % 3][size];
}

/* What was probably meant, or NULL. */
static const char *nearest(const struct ir_form *form, const char *name)
{
	const char *found = NULL;
	size_t size = strlen(name);
	unsigned best = size <= NEAR_SHORT ? 2 : 3; /* it has to be below this */
	for (; form != NULL && size <= NEAR_LONGEST; form = form->and)
		for (size_t i = 0; i < form->count; i++) {
			const char *word = form->fields[i].name;
			unsigned far = strlen(word) <= NEAR_LONGEST ? distance(name, word) : best;
			if (far < best && far < strlen(word))
				best = far, found = word;
		}
	return found;
}

static void tell_unknown(struct ir_compiler *c, const struct ir_place *place, const struct ir_form *form,
						 const char *name)
{
	const char *meant = nearest(form, name);
	if (meant != NULL)
		ir_problem(c, place, "unknown_property", "is not a property of this object; did you mean “%s”?", meant);
	else
		ir_problem(c, place, "unknown_property", "is not a property of this object");
}

static void check_words(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						const char *const *words)
{
	char allowed[200] = "";
	size_t size = 0;
	for (size_t i = 0; words[i] != NULL; i++) {
		if (strcmp(words[i], json->text) == 0)
			return;
		if (size < sizeof allowed)
			size += (size_t)snprintf(allowed + size, sizeof allowed - size, "%s%s", i == 0 ? "" : ", ", words[i]);
	}
	ir_problem(c, place, "enum", "must be one of: %s", allowed);
}

static void check_number(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						 const struct ir_field *field)
{
	double number = json_number(json);
	if (field->want == WANT_INT && json->kind != JS_INT)
		ir_problem(c, place, "type", "must be a whole number");
	else if ((field->min != 0 || field->max != 0) && !(number >= field->min && number <= field->max))
		ir_problem(c, place, "range", "must be at least %.10g and at most %.10g", field->min, field->max);
}

static bool kind_fits(enum ir_want want, enum json_kind kind)
{
	switch (want) {
	case WANT_TEXT:
	case WANT_WORD:
		return kind == JS_STRING;
	case WANT_EXPRESSION:
		return kind == JS_STRING;
	case WANT_BOOL:
		return kind == JS_BOOL;
	case WANT_INT:
	case WANT_NUMBER:
		return kind == JS_INT || kind == JS_REAL;
	case WANT_LIST:
		return kind == JS_ARRAY;
	case WANT_LIST_OR_MAP:
		return kind == JS_ARRAY || kind == JS_OBJECT;
	case WANT_OBJECT:
	case WANT_FORM:
		return kind == JS_OBJECT;
	default:
		return true;
	}
}

static const char *kind_wanted(enum ir_want want)
{
	static const char *const names[] = {
		[WANT_ANY] = "anything",
		[WANT_TEXT] = "text",
		[WANT_EXPRESSION] = "an expression, as text",
		[WANT_BOOL] = "true or false",
		[WANT_INT] = "a whole number",
		[WANT_NUMBER] = "a number",
		[WANT_OBJECT] = "an object",
		[WANT_LIST] = "a list",
		[WANT_WORD] = "text",
		[WANT_FORM] = "an object",
		[WANT_LIST_OR_MAP] = "a list or an object",
	};
	return names[want];
}

static void check_field(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						const struct ir_field *field)
{
	if ((field->flags & IR_OR_EXPRESSION) != 0 && (ir_is_expression(c, json) || (c->loose && json->kind == JS_STRING)))
		return;
	if (!kind_fits(field->want, json->kind)) {
		ir_problem(c, place, "type", "must be %s, not %s", kind_wanted(field->want), json_kind_name(json->kind));
		return;
	}
	if ((field->flags & IR_NOT_EMPTY) != 0 && (json->kind == JS_STRING ? json->size == 0 : json->count == 0))
		ir_problem(c, place, "range", "must not be empty");
	else if (field->want == WANT_WORD)
		check_words(c, place, json, field->words);
	else if (field->want == WANT_INT || field->want == WANT_NUMBER)
		check_number(c, place, json, field);
	else if (field->want == WANT_FORM)
		(void)ir_check(c, place, json, field->form);
}

bool ir_check(struct ir_compiler *c, const struct ir_place *place, const struct json *json, const struct ir_form *form)
{
	if (json->kind != JS_OBJECT) {
		ir_problem(c, place, "type", "must be an object, not %s", json_kind_name(json->kind));
		return false;
	}
	for (uint32_t i = 0; i < json->count; i++) {
		const struct json_member *member = &json->members[i];
		const struct ir_place here = ir_at(place, member->name);
		const struct ir_field *field = field_of(form, member->name);
		if (field != NULL)
			check_field(c, &here, &member->value, field);
		else if (!form->open)
			tell_unknown(c, &here, form, member->name);
	}
	for (const struct ir_form *part = form; part != NULL; part = part->and)
		for (size_t i = 0; i < part->count; i++)
			if ((part->fields[i].flags & IR_REQUIRED) != 0 && json_get(json, part->fields[i].name) == NULL) {
				const struct ir_place here = ir_at(place, part->fields[i].name);
				ir_problem(c, &here, "required", "is required");
			}
	return true;
}

int ir_one_of(struct ir_compiler *c, const struct ir_place *place, const struct json *json, const char *const *names)
{
	int found = -1;
	char all[160] = "";
	size_t size = 0;
	for (int i = 0; names[i] != NULL; i++) {
		if (size < sizeof all)
			size += (size_t)snprintf(all + size, sizeof all - size, "%s%s", i == 0 ? "" : ", ", names[i]);
		if (json_get(json, names[i]) == NULL)
			continue;
		const struct ir_place here = ir_at(place, names[i]);
		if (found >= 0)
			ir_problem(c, &here, "unknown_property", "cannot stand beside %s", names[found]);
		else
			found = i;
	}
	if (found < 0 && json->kind == JS_OBJECT)
		ir_problem(c, place, "required", "one of these is required: %s", all);
	return found;
}

/* --- members --- */

const struct json *ir_object(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && member->kind == JS_OBJECT ? member : NULL;
}

const char *ir_word(const struct json *json, const char *name)
{
	const char *text = json_text(json, name);
	return text != NULL ? text : "";
}

int ir_word_index(const char *const *words, const char *word, int absent)
{
	for (int i = 0; words[i] != NULL; i++)
		if (strcmp(words[i], word) == 0)
			return i;
	return absent;
}

bool ir_flag(const struct json *json, const char *name, bool absent)
{
	const struct json *member = json_get(json, name);
	return member != NULL && member->kind == JS_BOOL ? member->boolean : absent;
}
