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
#include "core/rng.h"
#include "expr/expr.h"

enum { BOOKS = 6, PAIRS = 60, VALUES = 40, DEPTH = 4 };

static const char *const names[] = {"a", "b", "x y", "A_9", "and", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", "\xc3\xa9", ""};

static const char *some_name(struct rng *rng)
{
	return names[rng_below(rng, sizeof names / sizeof *names)];
}

static void some_value(struct rng *rng, struct jw *jw, int depth)
{
	static const double numbers[] = {0, 1, -1, 2.5, 1e17, 9007199254740992.0, -1e300};
	switch (rng_below(rng, depth > 0 ? 9 : 6)) {
	case 0:
		jw_null(jw);
		break;
	case 1:
		jw_bool(jw, rng_below(rng, 2) == 1);
		break;
	case 2:
		jw_num(jw, numbers[rng_below(rng, sizeof numbers / sizeof *numbers)]);
		break;
	case 3:
		jw_int(jw, (int64_t)rng_next(rng));
		break;
	case 4:
	case 5:
		jw_str(jw, some_name(rng));
		break;
	case 6:
		jw_array(jw);
		for (uint64_t i = rng_below(rng, 4); i > 0; i--)
			some_value(rng, jw, depth - 1);
		jw_array_end(jw);
		break;
	default:
		jw_object(jw);
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			if (rng_below(rng, 2) == 0)
				continue;
			jw_key(jw, names[i]);
			some_value(rng, jw, depth - 1);
		}
		jw_object_end(jw);
	}
}

static void some_step(struct rng *rng, struct buf *text)
{
	static const char *const fields[] = {".a", ".b", ".A_9", ".and", ".a ", "\n.b", ".aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"};
	switch (rng_below(rng, 5)) {
	case 0:
		buf_addf(text, "[%s%d ]", rng_below(rng, 2) == 0 ? "" : " ", (int)rng_below(rng, 7) - 3);
		break;
	case 1:
		buf_addf(text, ".\"%s\"", some_name(rng));
		break;
	case 2:
		buf_addf(text, "[\"%s\"]", some_name(rng));
		break;
	default:
		buf_adds(text, fields[rng_below(rng, sizeof fields / sizeof *fields)]);
	}
	if (rng_below(rng, 6) == 0)
		buf_adds(text, rng_below(rng, 2) == 0 ? "?" : " ?");
}

static void some_path(struct rng *rng, struct buf *text)
{
	static const char *const literals[] = {"5",   "-7", " null ",         "true", "false", "\"x\"", "\"\xc3\xa9 #{}\"",
										   "007", "-0", "123456789012345"};
	static const char *const starts[] = {".", ".", "$input", "$ item", "$task", " $IN"};
	if (rng_below(rng, 12) == 0) {
		buf_adds(text, literals[rng_below(rng, sizeof literals / sizeof *literals)]);
		return;
	}
	const char *start = starts[rng_below(rng, sizeof starts / sizeof *starts)];
	struct buf steps;
	buf_init(&steps, 0);
	for (uint64_t i = rng_below(rng, 5); i > 0; i--)
		some_step(rng, &steps);
	/* a path from `.` begins with its first step */
	const char *first = buf_text(&steps);
	if (start[0] != '.' || first[0] != '.')
		buf_adds(text, start);
	buf_adds(text, first);
	buf_fini(&steps);
}

struct pair {
	const struct expr *here, *jq;
	char *text;
};

/* The same twice: as it is, and in parentheses, where it is jq's. */
static void add_pairs(struct expr_book *book, struct rng *rng, struct pair *pairs)
{
	for (int i = 0; i < PAIRS; i++) {
		struct buf text;
		buf_init(&text, 0);
		some_path(rng, &text);
		char *whole = NULL;
		assert_true(asprintf(&whole, "(%s)", buf_text(&text)) > 0);
		size_t size;
		pairs[i].text = buf_take(&text, &size);
		pairs[i].here = expr_book_add_text(book, "", pairs[i].text, size);
		pairs[i].jq = expr_book_add_text(book, "", whole, strlen(whole));
		free(whole);
	}
}

static const char *told(struct arena *arena, const struct expr_job *job)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	if (job->ok)
		jw_json(&jw, job->value);
	else
		buf_adds(&text, job->err->message);
	const char *kept = arena_dup(arena, buf_text(&text));
	buf_fini(&text);
	return kept;
}

static void compare(struct expr_pool *pool, struct rng *rng, const struct pair *pairs)
{
	struct arena arena;
	struct buf text;
	struct jw jw;
	const struct json *value, *args[EXPR_ARGS + 1] = {0};
	struct expr_job jobs[PAIRS] = {0};
	struct err errs[PAIRS];
	arena_init(&arena, 64 << 20);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	some_value(rng, &jw, DEPTH);
	assert_true(json_parse(&arena, text.bytes, text.size, &json_body_limits, &value, NULL));
	args[EXPR_IN] = args[EXPR_INPUT] = args[EXPR_ARGS] = value;
	for (int i = 0; i < PAIRS; i++) {
		jobs[i] =
			(struct expr_job){.expr = pairs[i].jq, .input = {.args = args, .count = EXPR_ARGS + 1}, .err = &errs[i]};
		assert_false(expr_local(pairs[i].jq));
		if (!expr_local(pairs[i].here))
			fail_msg("%s is no path to us", pairs[i].text);
	}
	expr_eval_many(pool, jobs, PAIRS, &arena);
	for (int i = 0; i < PAIRS; i++) {
		struct err err;
		struct expr_job here = {.expr = pairs[i].here, .err = &err};
		here.ok = expr_eval(NULL, pairs[i].here, &jobs[i].input, &arena, &here.value, &err);
		const char *ours = told(&arena, &here), *theirs = told(&arena, &jobs[i]);
		if (strcmp(ours, theirs) != 0)
			fail_msg("%s of %s: %s, but jq: %s", pairs[i].text, buf_text(&text), ours, theirs);
	}
	buf_fini(&text);
	arena_fini(&arena);
}

static void test_equals_jq(void **state)
{
	struct expr_pool *pool = *state;
	struct rng rng;
	rng_init(&rng, 20261121);
	for (int n = 0; n < BOOKS; n++) {
		struct pair pairs[PAIRS];
		struct arena arena;
		struct faults faults;
		struct err err = {0};
		struct expr_book *book = expr_book_new();
		arena_init(&arena, 1 << 20);
		faults_init(&faults, &arena);
		assert_int_equal(expr_book_variable(book, "item"), EXPR_ARGS);
		add_pairs(book, &rng, pairs);
		if (!expr_book_seal(book, pool, &faults, &err))
			fail_msg("%s %s", err.message, faults.count > 0 ? faults.first->message : "");
		for (int i = 0; i < VALUES; i++)
			compare(pool, &rng, pairs);
		for (int i = 0; i < PAIRS; i++)
			free(pairs[i].text);
		expr_book_free(book);
		arena_fini(&arena);
	}
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
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_equals_jq)};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
