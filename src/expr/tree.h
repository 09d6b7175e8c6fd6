/*
 * The part of jq that most expressions of workflows are made of, evaluated here: paths, literals, arithmetic,
 * comparison, and or not, //, pipes, if, arrays, objects, texts with interpolation, a few builtins.
 *
 * It knows when it does not know: an expression it cannot read has no tree, and an evaluation that meets anything but
 * the plain case (an error, an integer beyond 2^53 in arithmetic, a number printed in an unusual way) says so and jq is
 * asked.  So a value that comes from here is what jq 1.6 would have answered, and a test of random expressions and
 * values holds it to that.  Only text that jq compiled may be evaluated: the reader is not strict.
 *
 * Thread: trees are const; calls share nothing.  Cost: 30 ns a node.
 */
#ifndef CS_EXPR_TREE_H
#define CS_EXPR_TREE_H

#include <stdbool.h>
#include <stddef.h>

#include "core/json.h"

struct arena;
struct map;

enum tree_kind {
	TREE_LITERAL,
	TREE_DOT,
	TREE_VARIABLE, /* number: position */
	TREE_INDEX,    /* children: of what, by what */
	TREE_PIPE,
	TREE_BINARY, /* number: enum tree_operator */
	TREE_NEGATE,
	TREE_AND,
	TREE_OR,
	TREE_ELSE, /* // */
	TREE_IF,   /* children: condition, then, else */
	TREE_ARRAY,
	TREE_OBJECT, /* children: name, value, name, value, … */
	TREE_TEXT,   /* children: what is printed one after another */
	TREE_CALL,   /* number: enum tree_builtin, of `.` */
};

enum tree_operator {
	TREE_ADD,
	TREE_SUBTRACT,
	TREE_MULTIPLY,
	TREE_DIVIDE,
	TREE_MODULO,
	TREE_EQUAL,
	TREE_UNEQUAL,
	TREE_LESS,
	TREE_LESS_EQUAL,
	TREE_MORE,
	TREE_MORE_EQUAL,
};

enum tree_builtin { TREE_NOT, TREE_LENGTH, TREE_TYPE, TREE_TOSTRING };

struct tree {
	enum tree_kind kind;
	unsigned number, count;
	struct json literal;
	struct tree **children;
};

/* The tree of a text, in `arena`; NULL: it is jq's.  `variables`: name to (void *)(position + 1). */
const struct tree *tree_read(const char *text, size_t size, const struct map *variables, struct arena *arena);

/* What an evaluation sees: the arguments by position, NULL is null. */
struct tree_scope {
	const struct json *const *args;
	unsigned count;
	struct arena *arena;
};

/* False: ask jq.  The value shares memory with the arguments, the tree and the arena. */
bool tree_eval(const struct tree *tree, const struct tree_scope *scope, const struct json *dot, struct json *value);

/* Is the text of this value certainly no longer than `limit` bytes, and not nested deep? */
bool tree_fits(const struct json *value, size_t limit);

#endif
