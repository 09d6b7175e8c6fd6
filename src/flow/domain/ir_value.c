#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/duration.h"
#include "flow/domain/ir_compiler.h"

/* Values with expressions in them [flow.md 2.3]. */

/* --- ${ … } --- */

static bool is_white(char byte)
{
	return byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r';
}

enum { NEST_MAX = 256 }; /* of braces, brackets and interpolations that jq itself would take */

/*
 * Where the brace closes that was opened before `at`: jq text is braces, "texts" with \( … ) in them, and # comments.
 * NULL: nowhere.
 */
static const char *closing_brace(const char *at, const char *end)
{
	char stack[NEST_MAX]; /* what closes each level: } ) or " */
	size_t depth = 0;
	stack[depth++] = '}';
	for (; at < end; at++) {
		char close = stack[depth - 1];
		if (close == '"') {
			if (*at == '\\' && at + 1 < end) {
				at++;
				if (*at != '(')
					continue;
				if (depth == NEST_MAX)
					return NULL;
				stack[depth++] = ')';
			} else if (*at == '"') {
				depth--;
			}
		} else if (*at == '#') {
			while (at + 1 < end && at[1] != '\n')
				at++;
		} else if (*at == '"' || *at == '{' || *at == '(') {
			if (depth == NEST_MAX)
				return NULL;
			stack[depth++] = *at == '"' ? '"' : *at == '{' ? '}' : ')';
		} else if (*at == close && --depth == 0) {
			return at;
		}
	}
	return NULL;
}

bool ir_expression(const char *text, size_t size, const char **inner, size_t *inner_size)
{
	const char *end = text + size;
	while (text < end && is_white(*text))
		text++;
	while (end > text && is_white(end[-1]))
		end--;
	if (end - text < 3 || text[0] != '$' || text[1] != '{' || end[-1] != '}')
		return false;
	const char *close = closing_brace(text + 2, end);
	/* What never closes (an open text, say) was meant as one and is refused as such; `${a} and ${b}` was not. */
	if (close != NULL && close != end - 1)
		return false;
	*inner = text + 2;
	*inner_size = (size_t)(end - 1 - (text + 2));
	return true;
}

bool ir_is_expression(const struct ir_compiler *c, const struct json *json)
{
	const char *inner;
	size_t size;
	return json != NULL && json->kind == JS_STRING &&
		   (ir_expression(json->text, json->size, &inner, &size) || (c->dag && strstr(json->text, "${{") != NULL));
}

/* --- walking --- */

struct walk {
	struct ir_compiler *c;
	const struct ir_slot *slot;
	bool found;
};

static void check_text(struct walk *w, const struct ir_place *place, const char *text, size_t size)
{
	const char *message = "the expression does not compile";
	w->found = true;
	if (w->slot == NULL || w->c->policy->expression == NULL)
		return;
	const char *code = w->c->policy->expression(w->c->policy->context, w->slot, text, size, &message, w->c->arena);
	if (code != NULL)
		ir_problem(w->c, place, code, "%s", message);
}

static void walk_text(struct walk *w, const struct ir_place *place, const struct json *json, enum ir_mode mode)
{
	const char *inner = json->text;
	size_t size = json->size;
	bool whole = ir_expression(json->text, json->size, &inner, &size);
	if (whole || mode == IR_BARE)
		check_text(w, place, inner, size);
	else if (mode == IR_LOOSE)
		w->found = true;
	if (w->c->dag && w->slot != NULL && (whole || mode == IR_BARE))
		ir_dag_jq(w->c, place, inner, size);
}

static void walk_value(struct walk *w, const struct ir_place *place, const struct json *json, enum ir_mode mode)
{
	if (json->kind == JS_STRING)
		walk_text(w, place, json, mode);
	if (mode == IR_BARE && json->kind != JS_STRING)
		mode = w->c->loose ? IR_LOOSE : IR_STRICT;
	for (uint32_t i = 0; json->kind == JS_ARRAY && i < json->count; i++) {
		const struct ir_place here = ir_nth(place, i);
		walk_value(w, &here, &json->items[i], mode);
	}
	for (uint32_t i = 0; json->kind == JS_OBJECT && i < json->count; i++) {
		const struct ir_place here = ir_at(place, json->members[i].name);
		walk_value(w, &here, &json->members[i].value, mode);
	}
}

struct ir_value ir_literal(const struct json *json)
{
	return (struct ir_value){.source = json, .mode = IR_LITERAL, .number = UINT32_MAX};
}

struct ir_value ir_value(struct ir_compiler *c, const struct ir_place *place, const struct json *json,
						 enum ir_mode mode, const struct ir_scope *scope, bool secrets)
{
	if (json == NULL)
		return ir_literal(NULL);
	if (json->kind != JS_STRING && mode == IR_BARE)
		mode = IR_STRICT;
	if (mode == IR_STRICT && c->loose)
		mode = IR_LOOSE;
	if (c->dag)
		json = ir_dag_rewrite(c, place, json, mode == IR_BARE);
	struct walk look = {.c = c};
	walk_value(&look, place, json, mode);
	if (!look.found || !ir_grow(c->arena, (void **)&c->slots, c->slots_count, &c->slots_room, sizeof *c->slots))
		return ir_literal(json);
	struct ir_slot *slot = &c->slots[c->slots_count];
	*slot = (struct ir_slot){.value = {.source = json, .mode = mode, .number = (uint32_t)c->slots_count++},
							 .pointer = ir_pointer(c->arena, place),
							 .scope = scope,
							 .secrets = secrets};
	const struct ir_slot copy = *slot;
	struct walk check = {.c = c, .slot = &copy};
	walk_value(&check, place, json, mode);
	return copy.value;
}

struct ir_value ir_member(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						  const struct json *json, const char *name)
{
	const struct ir_place at = ir_at(place, name);
	return ir_value(c, &at, json_get(json, name), IR_STRICT, here->scope, false);
}

struct ir_value ir_bare(struct ir_compiler *c, const struct ir_here *here, const struct ir_place *place,
						const struct json *json, const char *name)
{
	const struct ir_place at = ir_at(place, name);
	return ir_value(c, &at, json_get(json, name), IR_BARE, here->scope, false);
}

/* `$secrets` in jq text: the language allows white space after the sign. */
static bool text_names_secrets(const char *text)
{
	static const char name[] = "secrets";
	for (const char *at = strchr(text, '$'); at != NULL; at = strchr(at + 1, '$')) {
		const char *word = at + 1;
		while (is_white(*word))
			word++;
		if (strncmp(word, name, sizeof name - 1) == 0)
			return true;
	}
	return false;
}

bool ir_names_secrets(const struct json *json)
{
	bool found = json->kind == JS_STRING && text_names_secrets(json->text);
	for (uint32_t i = 0; json->kind == JS_ARRAY && i < json->count && !found; i++)
		found = ir_names_secrets(&json->items[i]);
	for (uint32_t i = 0; json->kind == JS_OBJECT && i < json->count && !found; i++)
		found = ir_names_secrets(&json->members[i].value);
	return found;
}

/* --- durations --- */

static bool has_expression_member(const struct ir_compiler *c, const struct json *json)
{
	for (uint32_t i = 0; json->kind == JS_OBJECT && i < json->count; i++)
		if (ir_is_expression(c, &json->members[i].value))
			return true;
	return false;
}

/* What is not an expression must be sound even where a member beside it is one. */
static void check_members(struct ir_compiler *c, const struct ir_place *place, const struct json *json)
{
	static const struct ir_field fields[] = {
		{"days", WANT_NUMBER, IR_OR_EXPRESSION, 0, 1e15, NULL, NULL},
		{"hours", WANT_NUMBER, IR_OR_EXPRESSION, 0, 1e15, NULL, NULL},
		{"minutes", WANT_NUMBER, IR_OR_EXPRESSION, 0, 1e15, NULL, NULL},
		{"seconds", WANT_NUMBER, IR_OR_EXPRESSION, 0, 1e15, NULL, NULL},
		{"milliseconds", WANT_NUMBER, IR_OR_EXPRESSION, 0, 1e15, NULL, NULL},
	};
	static const struct ir_form form = IR_FORM(fields);
	(void)ir_check(c, place, json, &form);
}

struct ir_duration ir_duration(struct ir_compiler *c, const struct ir_scope *scope, const struct ir_place *place,
							   const struct json *json)
{
	struct ir_duration duration = {.value = ir_literal(NULL)};
	const char *member, *message;
	if (json == NULL)
		return duration;
	duration.given = true;
	if (has_expression_member(c, json))
		check_members(c, place, json);
	if (has_expression_member(c, json) || ir_is_expression(c, json)) {
		duration.value = ir_value(c, place, json, IR_STRICT, scope, false);
		return duration;
	}
	const char *code = duration_read(json, &duration.ms, &member, &message);
	/* Loose: bare text may be an expression, and only its value shows whether it is a duration. */
	if (code != NULL && c->loose && json->kind == JS_STRING) {
		duration.value = ir_value(c, place, json, IR_STRICT, scope, false);
	} else if (code != NULL) {
		const struct ir_place at = ir_at(place, member);
		ir_problem(c, member != NULL ? &at : place, code, "%s", message);
	}
	return duration;
}

/* --- variables --- */

const struct ir_scope *ir_scope_add(struct ir_compiler *c, const struct ir_scope *scope, const char *one,
									const char *two)
{
	size_t count = scope != NULL ? scope->count : 0;
	struct ir_scope *more = arena_new(c->arena, struct ir_scope);
	const char **names = arena_array(c->arena, count + 2, sizeof *names);
	if (more == NULL || names == NULL)
		return scope;
	for (size_t i = 0; i < count; i++)
		names[i] = scope->names[i];
	if (one != NULL)
		names[count++] = one;
	if (two != NULL)
		names[count++] = two;
	*more = (struct ir_scope){.count = count, .names = names};
	return more;
}

static bool is_variable_name(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_";
	static const char all[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789";
	return *text != '\0' && strchr(letters, *text) != NULL && text[strspn(text, all)] == '\0';
}

const char *ir_variable(struct ir_compiler *c, const struct ir_place *place, const struct json *json, const char *name,
						const char *absent)
{
	static const char *const taken[] = {"context", "input", "output", "secrets", "authorization", "task", "workflow",
										"runtime", "IN",    "ENV",    "__loc__", "__prog_args",   NULL};
	const struct json *member = json_get(json, name);
	const struct ir_place here = ir_at(place, name);
	if (member == NULL || member->kind != JS_STRING)
		return absent;
	if (!is_variable_name(member->text))
		ir_problem(c, &here, "format", "must be a name of letters, digits and _ that does not begin with a digit");
	else if (ir_word_index(taken, member->text, -1) >= 0)
		ir_problem(c, &here, "format", "is the name of a variable that every expression has");
	return member->text;
}
