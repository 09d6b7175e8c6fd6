/*
 * Inside of a book: what is between a value of a definition and the jq program that evaluates it.
 *
 * A value becomes a tree of nodes, its expressions the leaves.  A leaf that is a path or a literal stays here; the
 * others are gathered, CHUNK_LEAVES or a few more to a program, for compiling many together costs little more than
 * compiling one.  All memory is the book's arena.
 */
#ifndef CS_EXPR_BOOK_H
#define CS_EXPR_BOOK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/arena.h"
#include "core/map.h"
#include "expr/expr.h"
#include "expr/pool.h"
#include "expr/scan.h"

struct buf;
struct json;
struct path;
struct tree;

enum { CHUNK_LEAVES = 64 };

/* One expression. */
struct leaf {
	struct expr *expr;
	const char *pointer;
	const char *text; /* without `${ }` */
	size_t size;
	const struct json *fallback; /* what it is where it fails; NULL: a failure is a failure */
	const struct json *constant; /* a literal, or what failed to compile and has a fallback */
	const struct path *path;
	/* else, for jq: */
	const char *program; /* the text as jq gets it */
	size_t program_size;
	uint64_t uses[SCAN_VARIABLES_MAX / 64];
	uint32_t prelude;
	const struct tree *tree; /* NULL: only jq knows */
	unsigned number;         /* among the expr's leaves for jq */
	struct leaf *next;
};

enum node_kind { NODE_CONSTANT, NODE_LEAF, NODE_ARRAY, NODE_OBJECT };

struct node {
	enum node_kind kind;
	const struct json *value; /* as it stands in the definition */
	struct leaf *leaf;
	struct node *children; /* value->count of them */
};

struct chunk {
	struct program program;
	unsigned *bound; /* positions of the variables that its array of arguments has, after the three it always has */
	unsigned bound_count;
};

struct expr {
	struct expr_book *book;
	struct node root;
	struct leaf *leaves, **leaves_end;
	uint64_t uses[SCAN_VARIABLES_MAX / 64];
	unsigned asked; /* leaves for jq */
	bool known;     /* each of these has a tree: jq is asked only where that does not know */
	const struct chunk *chunk;
	unsigned entry; /* in the chunk */
	struct expr *next;
};

struct expr_book {
	struct arena arena;
	struct map variables; /* name to (void *)(position + 1) */
	const char *names[SCAN_VARIABLES_MAX];
	unsigned variable_count;
	struct expr *exprs, **exprs_end;
	bool sealed;
};

/* Read a value into expr->root and expr->leaves.  False when the arena is full. */
bool template_read(struct expr *expr, const char *pointer, const struct json *value, enum expr_mode mode);

/* What a value is with its leaves' values in place; values by position in the tree's order.  NULL: the arena is full.
 */
const struct json *template_fill(const struct node *node, const struct json *const *values, struct arena *arena);

/* Append the program of `count` leaves; those of one expr stand together, each such run is one entry. */
void chunk_write(struct buf *out, const struct expr_book *book, struct leaf *const *leaves, size_t count,
				 const uint64_t *uses);

#endif
