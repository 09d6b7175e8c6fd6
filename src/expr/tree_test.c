#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/map.h"
#include "core/rng.h"
#include "expr/expr.h"
#include "expr/tree.h"

enum { BOOKS = 12, EXPRESSIONS = 60, VALUES = 25, DEPTH = 3 };

static const char *some(struct rng *rng, const char *const *texts, size_t count)
{
	return texts[rng_below(rng, count)];
}
#define SOME(rng, texts) some((rng), (texts), sizeof(texts) / sizeof *(texts))

/* Few names and few values, so that paths meet members and equal values meet. */
static void some_value(struct rng *rng, struct jw *jw, int depth)
{
	static const double numbers[] = {0, 1, 2, -3, 2.5, 0.1, 1e-7, 123456.789, 1e17, 9007199254740993.0, 1e300, 0.001};
	static const char *const texts[] = {"", "a", "b", "\xc3\xa9\xe2\x82\xac", "1", "a b"};
	static const char *const names[] = {"a", "b", "c"};
	switch (rng_below(rng, depth > 0 ? 12 : 8)) {
	case 0:
		jw_null(jw);
		break;
	case 1:
		jw_bool(jw, rng_below(rng, 2) == 1);
		break;
	case 2:
	case 3:
		jw_num(jw, numbers[rng_below(rng, sizeof numbers / sizeof *numbers)]);
		break;
	case 4:
	case 5:
		jw_int(jw, (int64_t)rng_below(rng, 5) - 1);
		break;
	case 6:
	case 7:
		jw_str(jw, SOME(rng, texts));
		break;
	case 8:
	case 9:
		jw_array(jw);
		for (uint64_t i = rng_below(rng, 4); i > 0; i--)
			some_value(rng, jw, depth - 1);
		jw_array_end(jw);
		break;
	default:
		jw_object(jw);
		for (size_t i = 0; i < 3; i++) {
			if (rng_below(rng, 3) == 0)
				continue;
			jw_key(jw, names[i]);
			some_value(rng, jw, depth - 1);
		}
		jw_object_end(jw);
	}
}

static void some_expression(struct rng *rng, struct buf *text, int depth);

static void some_term(struct rng *rng, struct buf *text, int depth)
{
	static const char *const leaves[] = {".",        ".a",      ".b",       ".c.a",  ".a[0]",  ".[1]",
										 "$item",    "$item.a", "1",        "2.5",   "0",      "\"a\"",
										 "\"b\\n\"", "null",    "true",     "false", ".b[-1]", "\"\"",
										 "$IN.a",    ".\"b\"",  ".[\"c\"]", "10",    ". .a",   "100000000000000"};
	static const char *const calls[] = {"length", "not", "type", "tostring"};
	switch (rng_below(rng, depth > 0 ? 11 : 3)) {
	case 0:
	case 1:
	case 2:
		buf_adds(text, SOME(rng, leaves));
		break;
	case 3:
		buf_addc(text, '(');
		some_expression(rng, text, depth - 1);
		buf_addc(text, ')');
		break;
	case 4:
		buf_addc(text, '[');
		some_expression(rng, text, depth - 1);
		buf_addc(text, ']');
		break;
	case 5:
		buf_adds(text, "[.a, ");
		some_term(rng, text, depth - 1);
		buf_adds(text, " + 1, $item]");
		break;
	case 6:
		buf_adds(text, "{a: ");
		some_term(rng, text, depth - 1);
		buf_adds(text, " | .a, \"b\": .b, (\"c\"): -1, a, $item, \"x\\(1)\": 2}");
		break;
	case 7:
		buf_adds(text, "(if ");
		some_expression(rng, text, depth - 1);
		buf_adds(text, rng_below(rng, 2) == 0 ? " then " : " then 1 elif .a then ");
		some_expression(rng, text, depth - 1);
		buf_adds(text, " else .b end)");
		break;
	case 8:
		buf_adds(text, "\"<\\(");
		some_expression(rng, text, depth - 1);
		buf_adds(text, ")|\\(.a)>\"");
		break;
	case 9:
		buf_adds(text, "(.a | ");
		buf_adds(text, SOME(rng, calls));
		buf_addc(text, ')');
		break;
	default:
		buf_adds(text, "-(");
		some_expression(rng, text, depth - 1);
		buf_addc(text, ')');
	}
}

static void some_expression(struct rng *rng, struct buf *text, int depth)
{
	static const char *const ops[] = {" + ", "+", " - ", " * ", " / ", " % ", " // ", " and ", " or ", " | "};
	static const char *const relations[] = {" == ", " != ", " < ", "<=", " > ", " >= "};
	some_term(rng, text, depth);
	for (uint64_t i = rng_below(rng, 3); i > 0; i--) {
		buf_adds(text, SOME(rng, ops));
		some_term(rng, text, depth);
	}
	if (rng_below(rng, 4) == 0) {
		buf_adds(text, " | . ");
		buf_adds(text, SOME(rng, relations));
		some_term(rng, text, depth);
		buf_adds(text, rng_below(rng, 2) == 0 ? " # and so on\n" : "");
		buf_adds(text, rng_below(rng, 2) == 0 ? "\n| not" : "");
	}
}

struct row {
	char *text;
	size_t size;
	const struct expr *jq; /* what jq answers: the same text behind a definition, which no tree has */
	const struct tree *tree;
};

struct round {
	struct expr_pool *pool;
	struct rng rng;
	struct map names;
	struct arena arena; /* of the names and the trees */
	unsigned read, known, asked;
};

static void add_rows(struct round *round, struct expr_book *book, struct row *rows)
{
	for (int i = 0; i < EXPRESSIONS; i++) {
		struct buf text;
		char *behind = NULL;
		buf_init(&text, 0);
		some_expression(&round->rng, &text, (int)rng_below(&round->rng, DEPTH));
		rows[i].text = buf_take(&text, &rows[i].size);
		assert_true(asprintf(&behind, "def f: 1; %s", rows[i].text) > 0);
		rows[i].jq = expr_book_add_text(book, rows[i].text, behind, strlen(behind));
		rows[i].tree = tree_read(rows[i].text, rows[i].size, &round->names, &round->arena);
		free(behind);
		round->read += rows[i].tree != NULL;
	}
}

static const char *told(struct arena *arena, const struct json *value)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_json(&jw, value);
	const char *kept = arena_dup(arena, buf_text(&text));
	buf_fini(&text);
	return kept;
}

static void compare(struct round *round, const struct row *rows)
{
	struct arena arena;
	struct buf text;
	struct jw jw;
	const struct json *args[EXPR_ARGS + 1] = {0};
	struct expr_job jobs[EXPRESSIONS];
	struct err errs[EXPRESSIONS];
	arena_init(&arena, 64 << 20);
	buf_init(&text, 0);
	for (int n = 0; n < 2; n++) {
		buf_reset(&text);
		jw_init(&jw, &text);
		some_value(&round->rng, &jw, DEPTH);
		assert_true(
			json_parse(&arena, text.bytes, text.size, &json_body_limits, &args[n == 0 ? EXPR_ARGS : EXPR_IN], NULL));
	}
	for (int i = 0; i < EXPRESSIONS; i++)
		jobs[i] =
			(struct expr_job){.expr = rows[i].jq, .input = {.args = args, .count = EXPR_ARGS + 1}, .err = &errs[i]};
	expr_eval_many(round->pool, jobs, EXPRESSIONS, &arena);
	for (int i = 0; i < EXPRESSIONS; i++) {
		const struct tree_scope scope = {.args = args, .count = EXPR_ARGS + 1, .arena = &arena};
		struct json here;
		round->asked++;
		if (rows[i].tree == NULL || !tree_eval(rows[i].tree, &scope, args[EXPR_IN], &here))
			continue;
		round->known++;
		if (!jobs[i].ok)
			fail_msg("%s of %s: %s, but jq: %s", rows[i].text, buf_text(&text), told(&arena, &here), errs[i].message);
		if (strcmp(told(&arena, &here), told(&arena, jobs[i].value)) != 0)
			fail_msg("%s of %s: %s, but jq: %s", rows[i].text, buf_text(&text), told(&arena, &here),
					 told(&arena, jobs[i].value));
	}
	buf_fini(&text);
	arena_fini(&arena);
}

static void test_equals_jq(void **state)
{
	struct round round = {.pool = *state};
	static const char *const names[] = {"IN",   "context",  "input",   "output", "secrets", "authorization",
										"task", "workflow", "runtime", "item"};
	rng_init(&round.rng, 20261121);
	arena_init(&round.arena, 64 << 20);
	map_init(&round.names, &round.arena, NULL);
	for (uintptr_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_true(map_set(&round.names, names[i], (void *)(i + 1), NULL));
	for (int n = 0; n < BOOKS; n++) {
		struct row rows[EXPRESSIONS];
		struct faults faults;
		struct err err = {0};
		struct expr_book *book = expr_book_new();
		faults_init(&faults, &round.arena);
		assert_int_equal(expr_book_variable(book, "item"), EXPR_ARGS);
		add_rows(&round, book, rows);
		if (!expr_book_seal(book, round.pool, &faults, &err))
			fail_msg("%s %s: %s", err.message, faults.count > 0 ? faults.first->pointer : "",
					 faults.count > 0 ? faults.first->message : "");
		for (int i = 0; i < VALUES; i++)
			compare(&round, rows);
		for (int i = 0; i < EXPRESSIONS; i++)
			free(rows[i].text);
		expr_book_free(book);
	}
	print_message("%u of %d read, %u of %u known\n", round.read, BOOKS * EXPRESSIONS, round.known, round.asked);
	assert_int_equal(round.read, BOOKS * EXPRESSIONS);
	assert_true(round.known > round.asked / 8);
	arena_fini(&round.arena);
}

/* What it must leave to jq. */
static void test_leaves_to_jq(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"",
		".[]",
		"..",
		".a?",
		"1, 2",
		"[1, 2 | 3]",
		"[1 | 2, 3]",
		". as $x | $x",
		"def f: 1; f",
		"map(.)",
		"empty",
		".[1:2]",
		"@text",
		"@text \"a\"",
		"$__loc__",
		"$nobody",
		"reduce .[] as $x (0; 1)",
		".a = 1",
		".a |= 1",
		".a += 1",
		".a //= 1",
		"try 1",
		"1 as [$a] | 2",
		"now",
		"env",
		"9007199254740993",
		"1234567890123456",
		"1e3",
		"\"\\u0041\"",
		"{a: 1, b: 2 + 3}",
		"if . then 1 end",
		"(1",
		"1)",
		"{a",
		"\"a",
		"\"\\(1",
		". .",
		"-",
	};
	struct arena arena;
	struct map names;
	arena_init(&arena, 16 << 20);
	map_init(&names, &arena, NULL);
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (tree_read(texts[i], strlen(texts[i]), &names, &arena) != NULL)
			fail_msg("%s was read", texts[i]);
	char deep[20001];
	static const char *const nests[] = {"[", "(", "-", "if ", "{a:", ".[", "\"\\(", "1//", "[1|", "if 1 then 1 elif "};
	for (size_t i = 0; i < sizeof nests / sizeof *nests; i++) {
		size_t size = strlen(nests[i]);
		for (size_t at = 0; at + size < sizeof deep; at += size)
			memcpy(deep + at, nests[i], size);
		assert_null(tree_read(deep, (sizeof deep - 1) / size * size, &names, &arena));
	}
	arena_fini(&arena);
}

static int set_up(void **state)
{
	struct expr_pool *pool;
	if (!expr_open(&(struct expr_config){.helpers = 1}, &pool, NULL))
		return -1;
	*state = pool;
	return 0;
}

static int tear_down(void **state)
{
	expr_close(*state);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_equals_jq), cmocka_unit_test(test_leaves_to_jq)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
