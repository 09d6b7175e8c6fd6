#include "expr/tree.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/map.h"

enum { DEPTH_MAX = 64, CHILDREN_MAX = 64, DIGITS_MAX = 15 };

struct reader {
	const char *at, *end;
	const struct map *variables;
	struct arena *arena;
	unsigned depth;
};

static struct tree *read_pipe(struct reader *r);
static struct tree *read_postfix(struct reader *r);

static void skip(struct reader *r)
{
	for (; r->at < r->end; r->at++) {
		if (*r->at == '#')
			while (r->at + 1 < r->end && r->at[1] != '\n')
				r->at++;
		else if (*r->at != ' ' && *r->at != '\t' && *r->at != '\n')
			break;
	}
}

static char peek(struct reader *r)
{
	skip(r);
	return r->at < r->end ? *r->at : '\0';
}

static char after(const struct reader *r, size_t ahead)
{
	return (size_t)(r->end - r->at) > ahead ? r->at[ahead] : '\0';
}

static bool take(struct reader *r, char c)
{
	if (peek(r) != c)
		return false;
	r->at++;
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static size_t name_size(const struct reader *r)
{
	size_t size = 0;
	while (is_letter(after(r, size)) || (size > 0 && is_digit(after(r, size))))
		size++;
	return size;
}

/* The word itself, not the beginning of a longer one. */
static bool take_word(struct reader *r, const char *word)
{
	skip(r);
	size_t size = strlen(word);
	if (name_size(r) != size || memcmp(r->at, word, size) != 0)
		return false;
	r->at += size;
	return true;
}

static struct tree *node(struct reader *r, enum tree_kind kind, unsigned number, unsigned count)
{
	struct tree *tree = arena_new(r->arena, struct tree);
	if (tree == NULL)
		return NULL;
	*tree = (struct tree){.kind = kind, .number = number, .count = count};
	if (count > 0)
		tree->children = arena_array(r->arena, count, sizeof(struct tree *));
	return count == 0 || tree->children != NULL ? tree : NULL;
}

/* NULL where a child is: so a reader may join without looking. */
static struct tree *join(struct reader *r, enum tree_kind kind, unsigned number, struct tree *a, struct tree *b)
{
	struct tree *tree = a != NULL && b != NULL ? node(r, kind, number, 2) : NULL;
	if (tree != NULL) {
		tree->children[0] = a;
		tree->children[1] = b;
	}
	return tree;
}

static struct tree *literal(struct reader *r, struct json value)
{
	struct tree *tree = node(r, TREE_LITERAL, 0, 0);
	if (tree != NULL)
		tree->literal = value;
	return tree;
}

static struct tree *literal_text(struct reader *r, const char *bytes, size_t size)
{
	const char *text = arena_dupn(r->arena, bytes, size);
	return text != NULL ? literal(r, (struct json){.kind = JS_STRING, .text = text, .size = size}) : NULL;
}

/* Children gathered one by one. */
struct list {
	struct tree *items[CHILDREN_MAX];
	unsigned count;
};

static bool add(struct list *list, struct tree *item)
{
	if (item == NULL || list->count == CHILDREN_MAX)
		return false;
	list->items[list->count++] = item;
	return true;
}

static struct tree *gathered(struct reader *r, enum tree_kind kind, const struct list *list)
{
	struct tree *tree = node(r, kind, 0, list->count);
	if (tree != NULL && list->count > 0)
		memcpy(tree->children, list->items, list->count * sizeof *list->items);
	return tree;
}

static struct tree *read_number(struct reader *r)
{
	char text[DIGITS_MAX + 2];
	size_t size = 0, digits = 0;
	bool whole = true;
	for (; is_digit(after(r, size)) || (whole && after(r, size) == '.'); size++) {
		whole = whole && after(r, size) != '.';
		digits += is_digit(after(r, size));
	}
	char next = after(r, size);
	if (digits == 0 || digits > DIGITS_MAX || next == '.' || is_letter(next))
		return NULL;
	memcpy(text, r->at, size);
	text[size] = '\0';
	r->at += size;
	if (whole)
		return literal(r, (struct json){.kind = JS_INT, .integer = strtoll(text, NULL, 10)});
	return literal(r, (struct json){.kind = JS_REAL, .real = strtod(text, NULL)});
}

/* One escape but `\(`; escapes by code point are jq's. */
static bool read_escape(struct reader *r, struct buf *piece)
{
	static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
	const char *found = r->at < r->end && *r->at != '\0' ? strchr(from, *r->at) : NULL;
	if (found == NULL)
		return false;
	buf_addc(piece, to[found - from]);
	r->at++;
	return true;
}

static bool read_pieces(struct reader *r, struct list *list, struct buf *piece)
{
	while (r->at < r->end && *r->at != '"') {
		char c = *r->at++;
		if (c != '\\') {
			buf_addc(piece, c);
		} else if (r->at < r->end && *r->at == '(') {
			r->at++;
			if (!add(list, literal_text(r, buf_text(piece), piece->size)) || !add(list, read_pipe(r)) || !take(r, ')'))
				return false;
			buf_reset(piece);
		} else if (!read_escape(r, piece)) {
			return false;
		}
	}
	return r->at < r->end && add(list, literal_text(r, buf_text(piece), piece->size));
}

static struct tree *read_string(struct reader *r)
{
	struct list list = {.count = 0};
	struct buf piece;
	r->at++;
	buf_init(&piece, 0);
	bool read = read_pieces(r, &list, &piece) && buf_ok(&piece);
	buf_fini(&piece);
	if (!read)
		return NULL;
	r->at++;
	return list.count == 1 ? list.items[0] : gathered(r, TREE_TEXT, &list);
}

static struct tree *read_variable(struct reader *r)
{
	r->at++;
	skip(r);
	size_t size = name_size(r);
	uintptr_t position = (uintptr_t)map_get_n(r->variables, r->at, size);
	r->at += size;
	if (position == 0)
		return NULL;
	return node(r, TREE_VARIABLE, (unsigned)position - 1, 0);
}

/* `[` elements `]`; a comma binds closer than a pipe, so a list has no pipes between its elements. */
static struct tree *read_alternative(struct reader *r);
static struct tree *read_rest_of_pipe(struct reader *r, struct tree *left);

static struct tree *read_array(struct reader *r)
{
	struct list list = {.count = 0};
	r->at++;
	if (take(r, ']'))
		return gathered(r, TREE_ARRAY, &list);
	do
		if (!add(&list, read_alternative(r)))
			return NULL;
	while (take(r, ','));
	if (list.count == 1)
		list.items[0] = read_rest_of_pipe(r, list.items[0]);
	return list.items[0] == NULL ? NULL : take(r, ']') ? gathered(r, TREE_ARRAY, &list) : NULL;
}

/* A value in braces is a term, or terms in a pipe. */
static struct tree *read_member_value(struct reader *r)
{
	struct tree *value = read_postfix(r);
	while (value != NULL && take(r, '|'))
		value = join(r, TREE_PIPE, 0, value, read_postfix(r));
	return value;
}

static struct tree *read_member_name(struct reader *r, struct tree **value)
{
	char c = peek(r);
	struct tree *dot = node(r, TREE_DOT, 0, 0), *name = NULL;
	if (is_letter(c)) {
		size_t size = name_size(r);
		name = literal_text(r, r->at, size);
		r->at += size;
	} else if (c == '"') {
		name = read_string(r);
	} else if (c == '$') {
		const char *from = r->at + 1;
		*value = read_variable(r);
		return *value != NULL ? literal_text(r, from, (size_t)(r->at - from)) : NULL;
	} else if (c == '(') {
		r->at++;
		name = read_pipe(r);
		return take(r, ')') ? name : NULL;
	}
	*value = join(r, TREE_INDEX, 0, dot, name);
	return name;
}

static struct tree *read_object(struct reader *r)
{
	struct list list = {.count = 0};
	r->at++;
	if (take(r, '}'))
		return gathered(r, TREE_OBJECT, &list);
	do {
		struct tree *value = NULL, *name = read_member_name(r, &value);
		if (take(r, ':'))
			value = read_member_value(r);
		if (!add(&list, name) || !add(&list, value))
			return NULL;
	} while (take(r, ','));
	return take(r, '}') ? gathered(r, TREE_OBJECT, &list) : NULL;
}

/* After `if` or `elif`. */
static struct tree *read_if(struct reader *r)
{
	struct list list = {.count = 0};
	if (++r->depth > DEPTH_MAX || !add(&list, read_pipe(r)) || !take_word(r, "then") || !add(&list, read_pipe(r)))
		return NULL;
	bool chained = take_word(r, "elif");
	if (chained && !add(&list, read_if(r)))
		return NULL;
	if (!chained && (!take_word(r, "else") || !add(&list, read_pipe(r)) || !take_word(r, "end")))
		return NULL;
	r->depth--;
	return gathered(r, TREE_IF, &list);
}

static struct tree *read_word(struct reader *r)
{
	static const struct {
		const char *word;
		struct json value;
	} literals[] = {{"null", {.kind = JS_NULL}},
					{"true", {.kind = JS_BOOL, .boolean = true}},
					{"false", {.kind = JS_BOOL, .boolean = false}}};
	static const char *const builtins[] = {
		[TREE_NOT] = "not", [TREE_LENGTH] = "length", [TREE_TYPE] = "type", [TREE_TOSTRING] = "tostring"};
	for (size_t i = 0; i < sizeof literals / sizeof *literals; i++)
		if (take_word(r, literals[i].word))
			return literal(r, literals[i].value);
	for (unsigned i = 0; i < sizeof builtins / sizeof *builtins; i++)
		if (take_word(r, builtins[i]))
			return node(r, TREE_CALL, i, 0);
	return take_word(r, "if") ? read_if(r) : NULL;
}

static struct tree *read_primary(struct reader *r)
{
	char c = peek(r);
	if (c == '(') {
		r->at++;
		struct tree *inner = read_pipe(r);
		return take(r, ')') ? inner : NULL;
	}
	if (c == '[')
		return read_array(r);
	if (c == '{')
		return read_object(r);
	if (c == '"')
		return read_string(r);
	if (c == '$')
		return read_variable(r);
	if (is_digit(c) || (c == '.' && is_digit(after(r, 1))))
		return read_number(r);
	if (is_letter(c))
		return read_word(r);
	if (c != '.' || after(r, 1) == '.')
		return NULL;
	struct tree *dot = node(r, TREE_DOT, 0, 0);
	if (is_letter(after(r, 1)))
		return dot; /* this dot begins the suffix */
	r->at++;
	return peek(r) == '"' ? join(r, TREE_INDEX, 0, dot, read_string(r)) : dot;
}

/* `.name`, `."text"`, `[index]` or `.[index]` behind a term; NULL with *more false: there is none. */
static struct tree *read_suffix(struct reader *r, bool *more)
{
	char c = peek(r);
	*more = c == '.' || c == '[' || c == '?';
	if (c == '.') {
		r->at++;
		size_t size = name_size(r);
		if (size > 0) {
			r->at += size;
			return literal_text(r, r->at - size, size);
		}
		c = peek(r);
		if (c == '"')
			return read_string(r);
	}
	if (c != '[')
		return NULL;
	r->at++;
	struct tree *index = read_pipe(r);
	return take(r, ']') ? index : NULL;
}

static struct tree *read_negated(struct reader *r)
{
	struct tree *term = read_postfix(r), *negated = term != NULL ? node(r, TREE_NEGATE, 0, 1) : NULL;
	if (negated != NULL)
		negated->children[0] = term;
	return negated;
}

static struct tree *read_term(struct reader *r)
{
	bool more = true;
	struct tree *term = read_primary(r);
	while (term != NULL) {
		struct tree *by = read_suffix(r, &more);
		if (!more)
			break;
		term = join(r, TREE_INDEX, 0, term, by);
	}
	return term;
}

static struct tree *read_postfix(struct reader *r)
{
	if (r->depth == DEPTH_MAX)
		return NULL;
	r->depth++;
	struct tree *term = take(r, '-') ? read_negated(r) : read_term(r);
	r->depth--;
	return term;
}

/* An op that no `=` and no second character makes another one. */
static bool take_operator(struct reader *r, char c)
{
	if (peek(r) != c || after(r, 1) == '=' || (c == '/' && after(r, 1) == '/'))
		return false;
	r->at++;
	return true;
}

static struct tree *read_product(struct reader *r)
{
	struct tree *left = read_postfix(r);
	while (left != NULL) {
		if (take_operator(r, '*'))
			left = join(r, TREE_BINARY, TREE_MULTIPLY, left, read_postfix(r));
		else if (take_operator(r, '/'))
			left = join(r, TREE_BINARY, TREE_DIVIDE, left, read_postfix(r));
		else if (take_operator(r, '%'))
			left = join(r, TREE_BINARY, TREE_MODULO, left, read_postfix(r));
		else
			break;
	}
	return left;
}

static struct tree *read_sum(struct reader *r)
{
	struct tree *left = read_product(r);
	while (left != NULL) {
		if (take_operator(r, '+'))
			left = join(r, TREE_BINARY, TREE_ADD, left, read_product(r));
		else if (take_operator(r, '-'))
			left = join(r, TREE_BINARY, TREE_SUBTRACT, left, read_product(r));
		else
			break;
	}
	return left;
}

static bool read_comparison_operator(struct reader *r, enum tree_operator *op)
{
	static const struct {
		const char *text;
		enum tree_operator op;
	} rows[] = {{"==", TREE_EQUAL},      {"!=", TREE_UNEQUAL}, {"<=", TREE_LESS_EQUAL},
				{">=", TREE_MORE_EQUAL}, {"<", TREE_LESS},     {">", TREE_MORE}};
	skip(r);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		size_t size = strlen(rows[i].text);
		if ((size_t)(r->end - r->at) >= size && memcmp(r->at, rows[i].text, size) == 0) {
			r->at += size;
			*op = rows[i].op;
			return true;
		}
	}
	return false;
}

static struct tree *read_comparison(struct reader *r)
{
	enum tree_operator op;
	struct tree *left = read_sum(r);
	if (left == NULL || !read_comparison_operator(r, &op))
		return left;
	return join(r, TREE_BINARY, op, left, read_sum(r));
}

static struct tree *read_and(struct reader *r)
{
	struct tree *left = read_comparison(r);
	while (left != NULL && take_word(r, "and"))
		left = join(r, TREE_AND, 0, left, read_comparison(r));
	return left;
}

static struct tree *read_or(struct reader *r)
{
	struct tree *left = read_and(r);
	while (left != NULL && take_word(r, "or"))
		left = join(r, TREE_OR, 0, left, read_and(r));
	return left;
}

static struct tree *read_alternative(struct reader *r)
{
	struct tree *left = read_or(r);
	if (left == NULL || peek(r) != '/' || after(r, 1) != '/' || after(r, 2) == '=')
		return left;
	r->at += 2;
	if (r->depth == DEPTH_MAX)
		return NULL;
	r->depth++;
	struct tree *both = join(r, TREE_ELSE, 0, left, read_alternative(r));
	r->depth--;
	return both;
}

static struct tree *read_rest_of_pipe(struct reader *r, struct tree *left)
{
	while (left != NULL && take_operator(r, '|'))
		left = join(r, TREE_PIPE, 0, left, read_alternative(r));
	return left;
}

static struct tree *read_pipe(struct reader *r)
{
	if (r->depth == DEPTH_MAX)
		return NULL;
	r->depth++;
	struct tree *tree = read_rest_of_pipe(r, read_alternative(r));
	r->depth--;
	return tree;
}

const struct tree *tree_read(const char *text, size_t size, const struct map *variables, struct arena *arena)
{
	struct reader r = {.at = text, .end = text + size, .variables = variables, .arena = arena};
	const struct tree *tree = read_pipe(&r);
	return tree != NULL && peek(&r) == '\0' && r.at == r.end ? tree : NULL;
}
