/*
 * Expressions: what a path and plain jq cost here, what a round trip to a helper costs alone and 32 at a time, what
 * sealing a book of 1,000 expressions costs, and what it takes to replace a helper that passed a limit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "expr/expr.h"

enum { ROUNDS = 15, PATHS = 20000, TRIPS = 500, MANY = 32, EXPRESSIONS = 1000 };

static const char input_text[] =
	"{\"order\": {\"id\": 7, \"lines\": [{\"sku\": \"A-1\", \"n\": 2, \"price\": 9.5}, {\"sku\": \"B-2\", \"n\": 1, "
	"\"price\": 120}], \"customer\": {\"name\": \"Ada\", \"city\": \"Boston\"}}}";

struct bench {
	struct expr_pool *pool;
	struct arena input_arena, arena;
	const struct json *args[EXPR_ARGS];
	struct expr_input input;
};

static int by_time(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static void tell(const char *label, double *us, double each)
{
	qsort(us, ROUNDS, sizeof *us, by_time);
	printf("%-44s %10.2f us  (%.2f to %.2f)\n", label, us[ROUNDS / 2] / each, us[0] / each, us[ROUNDS - 1] / each);
}

static struct expr_book *seal(struct bench *b, const char *text, int count, const struct expr **expr)
{
	struct faults faults;
	struct err err = {0};
	struct expr_book *book = expr_book_new();
	faults_init(&faults, &b->arena);
	for (int i = 0; i < count; i++) {
		char numbered[200];
		int size = snprintf(numbered, sizeof numbered, text, i);
		*expr = expr_book_add_text(book, "", numbered, (size_t)size);
	}
	if (!expr_book_seal(book, b->pool, &faults, &err))
		printf("%s %s\n", err.message, faults.count > 0 ? faults.first->message : "");
	return book;
}

static void measure(struct bench *b, const char *text, int times, bool many)
{
	const struct expr *expr;
	double us[ROUNDS];
	char label[64];
	struct expr_book *book = seal(b, text, 1, &expr);
	struct expr_job jobs[MANY];
	for (int round = 0; round < ROUNDS; round++) {
		int64_t start = env_mono_us(env_real());
		for (int i = 0; i < times; i += many ? MANY : 1) {
			const struct json *value;
			struct err err;
			for (int j = 0; j < MANY; j++)
				jobs[j] = (struct expr_job){.expr = expr, .input = b->input};
			must(many ? expr_eval_many(b->pool, jobs, MANY, &b->arena)
					  : expr_eval(b->pool, expr, &b->input, &b->arena, &value, &err));
			arena_reset(&b->arena);
		}
		us[round] = (double)(env_mono_us(env_real()) - start);
	}
	snprintf(label, sizeof label, "%.32s%s", text, many ? ", 32 at once" : "");
	tell(label, us, times);
	expr_book_free(book);
}

static void measure_seal(struct bench *b, const char *text, int count)
{
	const struct expr *expr;
	char label[64];
	int64_t start = env_mono_us(env_real());
	struct expr_book *book = seal(b, text, count, &expr);
	snprintf(label, sizeof label, "seal %d of %.24s", count, text);
	printf("%-44s %10.2f ms\n", label, (double)(env_mono_us(env_real()) - start) / 1e3);
	expr_book_free(book);
}

static void measure_replacement(struct bench *b)
{
	const struct expr *bomb;
	double us[ROUNDS];
	struct expr_book *book = seal(b, "def f: [f]; f", 1, &bomb);
	for (int round = 0; round < ROUNDS; round++) {
		const struct json *value;
		must(!expr_eval(b->pool, bomb, &b->input, &b->arena, &value, NULL));
		int64_t start = env_mono_us(env_real());
		must(expr_ping(b->pool, NULL));
		us[round] = (double)(env_mono_us(env_real()) - start);
	}
	tell("1+1 after a helper was lost", us, 1);
	expr_book_free(book);
}

int main(void)
{
	struct bench b = {0};
	arena_init(&b.input_arena, 1 << 20);
	arena_init(&b.arena, 64 << 20);
	must(expr_open(&(struct expr_config){.helpers = 1}, &b.pool, NULL));
	must(json_parse(&b.input_arena, input_text, strlen(input_text), &json_body_limits, &b.args[EXPR_IN], NULL));
	b.input = (struct expr_input){.args = b.args, .count = EXPR_ARGS};
	measure(&b, ".order.lines[1].sku", PATHS, false);
	measure(&b, ".order.id + 1", PATHS, false);
	measure(&b, "{id: .order.id, n: (.order.lines | length)}", PATHS, false);
	measure(&b, ".order.id | floor", TRIPS, false);
	measure(&b, ".order.id | floor", TRIPS * MANY, true);
	measure(&b, ".order.lines | map(.n * .price) | add", TRIPS, false);
	measure_seal(&b, ".order.id + %d", 1);
	measure_seal(&b, ".order.id + %d", EXPRESSIONS);
	measure_replacement(&b);
	expr_close(b.pool);
	arena_fini(&b.arena);
	arena_fini(&b.input_arena);
}
