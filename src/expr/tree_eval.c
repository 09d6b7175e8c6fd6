#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/num.h"
#include "core/utf8.h"
#include "expr/tree.h"

/* Past these jq does it: what is slow anyway may as well be slow elsewhere, and has its limits there. */
enum { TEXT_MAX = 1 << 20, ITEMS_MAX = 10000, PAIRS_MAX = 4096, CHARS_OF_NUMBER = 25, NESTING_MAX = 400 };

static const double SAFE = 9007199254740992.0, PRINTED_PLAINLY = 1e-3;

/* As a double, when it is one as it stands. */
static bool number_of(const struct json *value, double *number)
{
	if (value->kind == JS_INT) {
		*number = (double)value->integer;
		return fabs(*number) < SAFE;
	}
	if (value->kind != JS_REAL || (fabs(value->real) >= SAFE && value->real == floor(value->real)))
		return false;
	*number = value->real;
	return true;
}

static bool put_number(struct json *value, double number)
{
	if (!isfinite(number) || fabs(number) >= SAFE)
		return false;
	if (number == floor(number))
		*value = (struct json){.kind = JS_INT, .integer = (int64_t)number};
	else
		*value = (struct json){.kind = JS_REAL, .real = number};
	return true;
}

static bool put_bool(struct json *value, bool boolean)
{
	*value = (struct json){.kind = JS_BOOL, .boolean = boolean};
	return true;
}

static bool is_true(const struct json *value)
{
	return value->kind != JS_NULL && !(value->kind == JS_BOOL && !value->boolean);
}

/* jq's order of kinds: null, false, true, numbers, texts, arrays, objects. */
static int rank(const struct json *value)
{
	static const int ranks[] = {
		[JS_NULL] = 0, [JS_INT] = 3, [JS_REAL] = 3, [JS_STRING] = 4, [JS_ARRAY] = 5, [JS_OBJECT] = 6};
	return value->kind == JS_BOOL ? 1 + value->boolean : ranks[value->kind];
}

static bool compare_numbers(const struct json *a, const struct json *b, int *order)
{
	double x, y;
	if (a->kind == JS_INT && b->kind == JS_INT)
		*order = (a->integer > b->integer) - (a->integer < b->integer);
	else if (number_of(a, &x) && number_of(b, &y))
		*order = (x > y) - (x < y);
	else
		return false;
	return true;
}

static int compare_texts(const struct json *a, const struct json *b)
{
	size_t common = a->size < b->size ? a->size : b->size;
	int order = memcmp(a->text, b->text, common);
	return order != 0 ? order : (a->size > b->size) - (a->size < b->size);
}

/* Scalars, and what differs in kind. */
static bool compare(const struct json *a, const struct json *b, int *order)
{
	*order = rank(a) - rank(b);
	if (*order != 0 || rank(a) < 3)
		return true;
	if (rank(a) == 3)
		return compare_numbers(a, b, order);
	if (a->kind != JS_STRING)
		return false;
	*order = compare_texts(a, b);
	return true;
}

static bool same(const struct json *a, const struct json *b, bool *equal);

static const struct json *member(const struct json *object, const char *name, size_t size)
{
	for (uint32_t i = 0; i < object->count; i++)
		if (object->members[i].name_size == size && memcmp(object->members[i].name, name, size) == 0)
			return &object->members[i].value;
	return NULL;
}

static bool same_objects(const struct json *a, const struct json *b, bool *equal)
{
	for (uint32_t i = 0; *equal && i < a->count; i++) {
		const struct json *other = member(b, a->members[i].name, a->members[i].name_size);
		*equal = other != NULL;
		if (other != NULL && !same(&a->members[i].value, other, equal))
			return false;
	}
	return true;
}

static bool same(const struct json *a, const struct json *b, bool *equal)
{
	int order;
	if (rank(a) != rank(b) || rank(a) < 5) {
		bool known = compare(a, b, &order);
		*equal = order == 0;
		return known;
	}
	*equal = a->count == b->count;
	if (a->count > ITEMS_MAX)
		return false;
	if (a->kind == JS_OBJECT)
		return (uint64_t)a->count * b->count <= PAIRS_MAX && same_objects(a, b, equal);
	for (uint32_t i = 0; *equal && i < a->count; i++)
		if (!same(&a->items[i], &b->items[i], equal))
			return false;
	return true;
}

/* ---- adding */

static bool add_texts(const struct tree_scope *scope, const struct json *a, const struct json *b, struct json *sum)
{
	if (a->size + b->size > TEXT_MAX)
		return false;
	char *text = arena_alloc(scope->arena, a->size + b->size + 1);
	if (text == NULL)
		return false;
	memcpy(text, a->text, a->size);
	memcpy(text + a->size, b->text, b->size);
	*sum = (struct json){.kind = JS_STRING, .text = text, .size = a->size + b->size};
	return true;
}

static bool add_arrays(const struct tree_scope *scope, const struct json *a, const struct json *b, struct json *sum)
{
	uint32_t count = a->count + b->count;
	if (a->count > ITEMS_MAX || b->count > ITEMS_MAX)
		return false;
	struct json *items = arena_array(scope->arena, count + 1, sizeof *items);
	if (items == NULL)
		return false;
	if (a->count > 0)
		memcpy(items, a->items, a->count * sizeof *items);
	if (b->count > 0)
		memcpy(items + a->count, b->items, b->count * sizeof *items);
	*sum = (struct json){.kind = JS_ARRAY, .count = count, .items = items};
	return true;
}

/* Set a member in an object that has room for it. */
static void set_member(struct json *object, const char *name, size_t size, const struct json *value)
{
	for (uint32_t i = 0; i < object->count; i++) {
		struct json_member *m = &object->members[i];
		if (m->name_size == size && memcmp(m->name, name, size) == 0) {
			m->value = *value;
			return;
		}
	}
	object->members[object->count++] = (struct json_member){.name = name, .name_size = size, .value = *value};
}

static bool new_object(const struct tree_scope *scope, uint32_t room, struct json *object)
{
	*object = (struct json){.kind = JS_OBJECT};
	object->members = arena_array(scope->arena, room + 1, sizeof *object->members);
	return object->members != NULL;
}

static bool add_objects(const struct tree_scope *scope, const struct json *a, const struct json *b, struct json *sum)
{
	if ((uint64_t)(a->count + b->count) * (b->count + 1) > PAIRS_MAX || !new_object(scope, a->count + b->count, sum))
		return false;
	if (a->count > 0)
		memcpy(sum->members, a->members, a->count * sizeof *a->members);
	sum->count = a->count;
	for (uint32_t i = 0; i < b->count; i++)
		set_member(sum, b->members[i].name, b->members[i].name_size, &b->members[i].value);
	return true;
}

static bool add(const struct tree_scope *scope, const struct json *a, const struct json *b, struct json *sum)
{
	double x, y;
	if (a->kind == JS_NULL || b->kind == JS_NULL) {
		*sum = a->kind == JS_NULL ? *b : *a;
		return true;
	}
	if (number_of(a, &x) && number_of(b, &y))
		return put_number(sum, x + y);
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case JS_STRING:
		return add_texts(scope, a, b, sum);
	case JS_ARRAY:
		return add_arrays(scope, a, b, sum);
	case JS_OBJECT:
		return add_objects(scope, a, b, sum);
	default:
		return false;
	}
}

static bool calculate(enum tree_operator op, const struct json *a, const struct json *b, struct json *value)
{
	double x, y;
	if (!number_of(a, &x) || !number_of(b, &y))
		return false;
	if (op == TREE_SUBTRACT)
		return put_number(value, x - y);
	if (op == TREE_MULTIPLY)
		return put_number(value, x * y);
	if (op == TREE_DIVIDE)
		return y != 0 && put_number(value, x / y);
	return trunc(y) != 0 && put_number(value, (double)((int64_t)x % (int64_t)y));
}

static bool relate(enum tree_operator op, const struct json *a, const struct json *b, struct json *value)
{
	int order;
	bool equal;
	if (op == TREE_EQUAL || op == TREE_UNEQUAL)
		return same(a, b, &equal) && put_bool(value, equal == (op == TREE_EQUAL));
	if (!compare(a, b, &order))
		return false;
	switch (op) {
	case TREE_LESS:
		return put_bool(value, order < 0);
	case TREE_LESS_EQUAL:
		return put_bool(value, order <= 0);
	case TREE_MORE:
		return put_bool(value, order > 0);
	default:
		return put_bool(value, order >= 0);
	}
}

/* ---- looking into */

static bool look_up(const struct json *in, const struct json *by, struct json *value)
{
	const struct json *found = NULL;
	double at;
	if (by->kind == JS_STRING && in->kind == JS_OBJECT)
		found = member(in, by->text, by->size);
	else if (by->kind == JS_INT && in->kind == JS_ARRAY && number_of(by, &at)) {
		at = at < 0 ? at + in->count : at;
		found = at >= 0 && at < in->count ? &in->items[(uint32_t)at] : NULL;
	} else if (in->kind != JS_NULL || (by->kind != JS_STRING && by->kind != JS_INT))
		return false;
	*value = found != NULL ? *found : (struct json){.kind = JS_NULL};
	return true;
}

/* ---- printing */

static bool print_number(const struct tree_scope *scope, const struct json *number, struct json *text)
{
	char digits[NUM_TEXT_MAX];
	double value;
	if (!number_of(number, &value) || (value != floor(value) && fabs(value) < PRINTED_PLAINLY))
		return false;
	size_t size = num_format(digits, value);
	const char *kept = arena_dupn(scope->arena, digits, size);
	*text = (struct json){.kind = JS_STRING, .text = kept, .size = size};
	return kept != NULL;
}

static bool print(const struct tree_scope *scope, const struct json *value, struct json *text)
{
	static const char *const words[] = {"null", "false", "true"};
	if (rank(value) < 3) {
		const char *word = words[rank(value)];
		*text = (struct json){.kind = JS_STRING, .text = word, .size = strlen(word)};
		return true;
	}
	if (value->kind == JS_STRING)
		*text = *value;
	return value->kind == JS_STRING || (rank(value) == 3 && print_number(scope, value, text));
}

static bool print_all(const struct tree *tree, const struct tree_scope *scope, const struct json *dot,
					  struct json *text)
{
	*text = (struct json){.kind = JS_STRING, .text = "", .size = 0};
	for (unsigned i = 0; i < tree->count; i++) {
		struct json value, piece, longer;
		if (!tree_eval(tree->children[i], scope, dot, &value) || !print(scope, &value, &piece) ||
			!add_texts(scope, text, &piece, &longer))
			return false;
		*text = longer;
	}
	return true;
}

static bool length(const struct json *value, struct json *answer)
{
	double number;
	uint32_t code;
	size_t characters = 0;
	if (rank(value) == 3)
		return number_of(value, &number) && put_number(answer, fabs(number));
	if (value->kind == JS_STRING) {
		for (size_t at = 0; at < value->size; characters++)
			at += utf8_next(value->text + at, value->size - at, &code);
		return put_number(answer, (double)characters);
	}
	return value->kind != JS_BOOL && put_number(answer, value->kind == JS_NULL ? 0 : value->count);
}

static bool call(enum tree_builtin builtin, const struct tree_scope *scope, const struct json *dot, struct json *value)
{
	switch (builtin) {
	case TREE_NOT:
		return put_bool(value, !is_true(dot));
	case TREE_LENGTH:
		return length(dot, value);
	case TREE_TOSTRING:
		return print(scope, dot, value);
	case TREE_TYPE:
		*value = (struct json){.kind = JS_STRING, .text = json_kind_name(dot->kind)};
		value->size = strlen(value->text);
		return true;
	}
	return false;
}

/* ---- building */

static bool build_array(const struct tree *tree, const struct tree_scope *scope, const struct json *dot,
						struct json *value)
{
	struct json *items = arena_array(scope->arena, tree->count + 1, sizeof *items);
	bool known = items != NULL;
	for (unsigned i = 0; known && i < tree->count; i++)
		known = tree_eval(tree->children[i], scope, dot, &items[i]);
	*value = (struct json){.kind = JS_ARRAY, .count = tree->count, .items = items};
	return known;
}

static bool build_object(const struct tree *tree, const struct tree_scope *scope, const struct json *dot,
						 struct json *value)
{
	if (!new_object(scope, tree->count / 2, value))
		return false;
	for (unsigned i = 0; i + 1 < tree->count; i += 2) {
		struct json name, member_value;
		if (!tree_eval(tree->children[i], scope, dot, &name) || name.kind != JS_STRING ||
			!tree_eval(tree->children[i + 1], scope, dot, &member_value))
			return false;
		set_member(value, name.text, name.size, &member_value);
	}
	return true;
}

/* ---- the rest of the kinds have two children, and some look at the second only when they must */

static bool choose(const struct tree *tree, const struct tree_scope *scope, const struct json *dot, struct json *value)
{
	struct json first;
	if (!tree_eval(tree->children[0], scope, dot, &first))
		return false;
	bool yes = is_true(&first);
	if (tree->kind == TREE_IF)
		return tree_eval(tree->children[yes ? 1 : 2], scope, dot, value);
	if (tree->kind == TREE_ELSE && yes) {
		*value = first;
		return true;
	}
	if (tree->kind == TREE_ELSE)
		return tree_eval(tree->children[1], scope, dot, value);
	if (yes == (tree->kind == TREE_OR))
		return put_bool(value, yes);
	return tree_eval(tree->children[1], scope, dot, &first) && put_bool(value, is_true(&first));
}

static bool combine(const struct tree *tree, const struct tree_scope *scope, const struct json *dot, struct json *value)
{
	struct json a, b;
	if (!tree_eval(tree->children[0], scope, dot, &a))
		return false;
	if (tree->kind == TREE_PIPE)
		return tree_eval(tree->children[1], scope, &a, value);
	if (!tree_eval(tree->children[1], scope, dot, &b))
		return false;
	if (tree->kind == TREE_INDEX)
		return look_up(&a, &b, value);
	if (tree->number == TREE_ADD)
		return add(scope, &a, &b, value);
	if (tree->number < TREE_EQUAL)
		return calculate((enum tree_operator)tree->number, &a, &b, value);
	return relate((enum tree_operator)tree->number, &a, &b, value);
}

static bool negate(const struct tree *tree, const struct tree_scope *scope, const struct json *dot, struct json *value)
{
	struct json of;
	double number;
	return tree_eval(tree->children[0], scope, dot, &of) && number_of(&of, &number) && put_number(value, -number);
}

bool tree_eval(const struct tree *tree, const struct tree_scope *scope, const struct json *dot, struct json *value)
{
	switch (tree->kind) {
	case TREE_LITERAL:
		*value = tree->literal;
		return true;
	case TREE_DOT:
		*value = *dot;
		return true;
	case TREE_VARIABLE: {
		const struct json *arg = tree->number < scope->count ? scope->args[tree->number] : NULL;
		*value = arg != NULL ? *arg : (struct json){.kind = JS_NULL};
		return true;
	}
	case TREE_NEGATE:
		return negate(tree, scope, dot, value);
	case TREE_AND:
	case TREE_OR:
	case TREE_ELSE:
	case TREE_IF:
		return choose(tree, scope, dot, value);
	case TREE_INDEX:
	case TREE_PIPE:
	case TREE_BINARY:
		return combine(tree, scope, dot, value);
	case TREE_ARRAY:
		return build_array(tree, scope, dot, value);
	case TREE_OBJECT:
		return build_object(tree, scope, dot, value);
	case TREE_TEXT:
		return print_all(tree, scope, dot, value);
	case TREE_CALL:
		return call((enum tree_builtin)tree->number, scope, dot, value);
	}
	return false;
}

static bool measure(const struct json *value, size_t *left, unsigned depth)
{
	size_t size = value->kind == JS_STRING ? value->size + 2 : CHARS_OF_NUMBER;
	bool fits = size <= *left && depth < NESTING_MAX;
	*left -= fits ? size : 0;
	for (uint32_t i = 0; fits && value->kind == JS_ARRAY && i < value->count; i++)
		fits = measure(&value->items[i], left, depth + 1);
	for (uint32_t i = 0; fits && value->kind == JS_OBJECT && i < value->count; i++) {
		size = value->members[i].name_size + 4;
		fits = size <= *left;
		*left -= fits ? size : 0;
		fits = fits && measure(&value->members[i].value, left, depth + 1);
	}
	return fits;
}

bool tree_fits(const struct json *value, size_t limit)
{
	return measure(value, &limit, 0);
}
