/*
 * One look over the text of a jq expression, before jq sees it: what it names, what it must not call, and whether it
 * is whole in itself, so that it can stand in parentheses among others without reaching out of them.
 *
 * It is a lexer, not a parser: what else is wrong with the text, jq tells.  Thread: any.  Cost: 5 ns a byte.
 */
#ifndef CS_EXPR_SCAN_H
#define CS_EXPR_SCAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct map;

enum { SCAN_VARIABLES_MAX = 256, SCAN_DEPTH_MAX = 200 };

/* What is wrong, with the code of the answer. */
struct scan_problem {
	const char *code; /* expression_syntax or expression_forbidden */
	char message[160];
};

struct scan {
	const struct map *variables; /* name to (void *)(position + 1) */
	struct buf *text;            /* gets the text, integers beyond 2^53 written so that jq does not round them */
	uint64_t uses[SCAN_VARIABLES_MAX / 64]; /* which positions the text names */
	uint32_t prelude;                       /* which of scan_prelude it may call, a bit each */
};

/* Definitions that are put before an expression that names them. */
struct scan_definition {
	const char *name, *text;
	uint32_t needs; /* of the rows before it, a bit each */
};
extern const struct scan_definition scan_prelude[];
extern const unsigned scan_prelude_count;

/* Fill uses and prelude, append to text.  False: *problem says why. */
bool expr_scan(struct scan *scan, const char *text, size_t size, struct scan_problem *problem);

#endif
