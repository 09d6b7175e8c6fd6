/*
 * The expressions that need no jq: a literal, or a path from `.` or a variable, such as `.a.b[0]`, `."x y"`,
 * `$task.name`,
 * `.a?`.  What it answers is what jq 1.6 answers, value and message alike.
 *
 * Thread: any.  Cost: 20 ns a step.
 */
#ifndef CS_EXPR_PATH_H
#define CS_EXPR_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "core/json.h"

struct arena;
struct err;
struct map;

struct path_step {
	const char *name; /* NULL: index */
	size_t size;
	double index;
	bool optional; /* where it does not apply there is no value */
};

struct path {
	const struct json *literal; /* NULL: a path */
	unsigned arg;               /* where it starts */
	unsigned count;
	struct path_step *steps;
};

/*
 * The path that `text` is, in `arena`; NULL when it is something else, or the arena is full.  `variables`: name to
 * (void *)(position + 1).
 */
const struct path *path_read(const char *text, size_t size, const struct map *variables, struct arena *arena);

/* Walk it from `from` (NULL: null); never called on a literal.  False with ERR_EXPRESSION. */
bool path_walk(const struct path *path, const struct json *from, const struct json **value, struct err *err);

extern const struct json json_null_value;

#endif
