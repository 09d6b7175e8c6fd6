/*
 * Whatever the text: it is looked at without harm; what passes is whole in itself, so that what stands around it stays
 * what it is; and what can be evaluated here is evaluated within its memory.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/map.h"
#include "core/must.h"
#include "expr/expr.h"
#include "expr/path.h"
#include "expr/scan.h"
#include "expr/tree.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char input_text[] =
	"{\"a\":[1,{\"b\":\"x\"},2.5,null,9007199254740993],\"b\":{\"c\":true},\"c\":\"\xc3\xa9\"}";

/* Behind it, a bracket still closes what was opened before it. */
static void check_wholeness(const struct map *names, const char *text, size_t size)
{
	struct buf out, around, again;
	struct scan_problem problem;
	buf_init(&out, 0);
	buf_init(&around, 0);
	buf_init(&again, 0);
	struct scan scan = {.variables = names, .text = &out};
	if (expr_scan(&scan, text, size, &problem)) {
		struct scan second = {.variables = names, .text = &again};
		buf_addc(&around, '(');
		buf_add(&around, text, size);
		buf_adds(&around, "\n)");
		must(expr_scan(&second, buf_text(&around), around.size, &problem) || strstr(problem.message, "nested") != NULL);
	} else {
		must(problem.code != NULL && problem.message[0] != '\0');
	}
	buf_fini(&out);
	buf_fini(&around);
	buf_fini(&again);
}

static void evaluate(struct arena *arena, const struct map *names, const char *text, size_t size)
{
	const struct json *input, *value, *args[2];
	must(json_parse(arena, input_text, sizeof input_text - 1, &json_body_limits, &input, NULL));
	args[0] = args[1] = input;
	const struct path *path = path_read(text, size, names, arena);
	if (path != NULL && path->literal == NULL)
		path_walk(path, input, &value, NULL);
	const struct tree *tree = tree_read(text, size, names, arena);
	const struct tree_scope scope = {.args = args, .count = 2, .arena = arena};
	struct json result;
	if (tree != NULL && tree_eval(tree, &scope, input, &result))
		tree_fits(&result, 1 << 20);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct arena arena;
	struct map names;
	const char *inner;
	size_t inner_size;
	arena_init(&arena, 16 << 20);
	map_init(&names, &arena, NULL);
	must(map_set(&names, "IN", (void *)1, NULL) && map_set(&names, "item", (void *)2, NULL));
	char *text = arena_dupn(&arena, (const char *)data, size);
	must(text != NULL);
	if (memchr(text, '\0', size) == NULL) { /* JSON has none in its texts */
		if (expr_enclosed(text, size, &inner, &inner_size))
			must(inner >= text && inner + inner_size < text + size);
		check_wholeness(&names, text, size);
		evaluate(&arena, &names, text, size);
	}
	arena_fini(&arena);
	return 0;
}
