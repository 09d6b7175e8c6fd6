#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "expr/book.h"
#include "expr/path.h"
#include "expr/tree.h"
#include "expr/wire.h"

const struct json *expr_constant(const struct expr *expr)
{
	if (expr->root.kind == NODE_CONSTANT)
		return expr->root.value;
	return expr->root.kind == NODE_LEAF ? expr->root.leaf->constant : NULL;
}

bool expr_uses(const struct expr *expr, unsigned arg)
{
	return arg < SCAN_VARIABLES_MAX && (expr->uses[arg / 64] >> arg % 64 & 1) != 0;
}

bool expr_local(const struct expr *expr)
{
	return expr->asked == 0;
}

static const struct json *argument(const struct expr_input *input, unsigned position)
{
	const struct json *value = position < input->count ? input->args[position] : NULL;
	return value != NULL ? value : &json_null_value;
}

/* One expr on its way to a helper. */
struct asking {
	const struct expr *expr;
	const struct expr_input *input;
};

/* What the program of chunk.c takes apart; a variable that this entry does not name is not sent. */
static bool write_arguments(void *self, struct buf *out)
{
	const struct asking *asking = self;
	const struct expr *expr = asking->expr;
	const struct chunk *chunk = expr->chunk;
	wire_open(out, 'A', 3 + chunk->bound_count);
	wire_int(out, expr->entry);
	wire_double(out, (double)asking->input->now_us / 1e6);
	bool ok = wire_json(out, argument(asking->input, EXPR_IN));
	for (unsigned i = 0; ok && i < chunk->bound_count; i++) {
		unsigned position = chunk->bound[i];
		ok = wire_json(out, expr_uses(expr, position) ? argument(asking->input, position) : NULL);
	}
	return ok;
}

static const struct json *answered(const struct expr *expr, const struct json *answer, unsigned number)
{
	if (expr->asked == 1)
		return answer;
	return answer->kind == JS_ARRAY && number < answer->count ? &answer->items[number] : NULL;
}

/* The leaf's value; NULL with *err when there is none. */
static const struct json *value_of(const struct leaf *leaf, const struct expr_input *input, const struct json *answer,
								   struct err *err)
{
	const struct json *value;
	if (leaf->constant != NULL)
		return leaf->constant;
	if (leaf->path != NULL) {
		if (path_walk(leaf->path, argument(input, leaf->path->arg), &value, err))
			return value;
		return leaf->fallback;
	}
	value = answered(leaf->expr, answer, leaf->number);
	if (value == NULL)
		err_set(err, ERR_EXPRESSION, "the helper's answer has another form");
	return value;
}

/* All leaves, and the value around them.  `answer`: what jq said to the leaves that were asked. */
static const struct json *put_together(const struct expr *expr, const struct expr_input *input,
									   const struct json *answer, struct arena *arena, struct err *err)
{
	size_t count = 0, at = 0;
	for (const struct leaf *leaf = expr->leaves; leaf != NULL; leaf = leaf->next)
		count++;
	if (count == 1 && expr->root.kind == NODE_LEAF)
		return value_of(expr->leaves, input, answer, err);
	const struct json **values = arena_array(arena, count + 1, sizeof(const struct json *));
	for (const struct leaf *leaf = expr->leaves; values != NULL && leaf != NULL; leaf = leaf->next) {
		values[at] = value_of(leaf, input, answer, err);
		if (values[at++] == NULL)
			return NULL;
	}
	const struct json *value = values != NULL ? template_fill(&expr->root, values, arena) : NULL;
	if (value == NULL)
		err_set(err, ERR_LIMIT, "no memory for the value");
	return value;
}

/* Faults of paths come first: they are known before anybody is asked. */
static bool paths_hold(const struct expr *expr, const struct expr_input *input, struct err *err)
{
	const struct json *value;
	for (const struct leaf *leaf = expr->leaves; leaf != NULL; leaf = leaf->next)
		if (leaf->path != NULL && leaf->path->literal == NULL && leaf->fallback == NULL &&
			!path_walk(leaf->path, argument(input, leaf->path->arg), &value, err))
			return false;
	return true;
}

static bool finish(struct expr_job *job, const struct json *answer, struct arena *arena)
{
	job->value = put_together(job->expr, &job->input, answer, arena, job->err);
	job->ok = job->value != NULL;
	return job->ok;
}

/* What jq would say to the leaves it is asked, where all of it is known here.  NULL: ask. */
static const struct json *foresee(const struct expr_pool *pool, const struct expr *expr, const struct expr_input *input,
								  struct arena *arena)
{
	const struct tree_scope scope = {.args = input->args, .count = input->count, .arena = arena};
	struct json *answers = expr->known ? arena_array(arena, expr->asked, sizeof *answers) : NULL;
	for (const struct leaf *leaf = expr->leaves; answers != NULL && leaf != NULL; leaf = leaf->next)
		if (leaf->tree != NULL && leaf->constant == NULL &&
			!tree_eval(leaf->tree, &scope, argument(input, EXPR_IN), &answers[leaf->number]))
			return NULL;
	if (answers == NULL)
		return NULL;
	if (expr->asked == 1)
		return tree_fits(answers, pool_output_bytes(pool)) ? answers : NULL;
	struct json *all = arena_new(arena, struct json);
	if (all == NULL)
		return NULL;
	*all = (struct json){.kind = JS_ARRAY, .count = expr->asked, .items = answers};
	return tree_fits(all, pool_output_bytes(pool)) ? all : NULL;
}

enum { AT_ONCE = 64 };

/* Those from `jobs` on that one program answers: ask them together.  Returns how many jobs are done. */
static size_t ask_run(struct expr_pool *pool, struct expr_job *jobs, size_t count, struct arena *arena, bool *all)
{
	struct question questions[AT_ONCE];
	struct asking askings[AT_ONCE];
	struct expr_job *asked[AT_ONCE];
	size_t seen = 0, n = 0;
	const struct chunk *chunk = NULL;
	for (; seen < count && n < AT_ONCE; seen++) {
		struct expr_job *job = &jobs[seen];
		const struct json *known = expr_local(job->expr) ? NULL : foresee(pool, job->expr, &job->input, arena);
		if (known != NULL || expr_local(job->expr)) {
			*all = finish(job, known, arena) && *all;
			continue;
		}
		if (chunk != NULL && job->expr->chunk != chunk)
			break;
		job->ok = paths_hold(job->expr, &job->input, job->err);
		*all = *all && job->ok;
		if (!job->ok)
			continue;
		chunk = job->expr->chunk;
		askings[n] = (struct asking){.expr = job->expr, .input = &job->input};
		questions[n] =
			(struct question){.self = &askings[n], .write = write_arguments, .arena = arena, .err = job->err};
		asked[n++] = job;
	}
	if (n > 0)
		pool_ask(pool, &chunk->program, questions, n);
	for (size_t i = 0; i < n; i++) {
		asked[i]->ok = questions[i].ok && finish(asked[i], questions[i].value, arena);
		*all = *all && asked[i]->ok;
	}
	return seen;
}

bool expr_eval_many(struct expr_pool *pool, struct expr_job *jobs, size_t count, struct arena *arena)
{
	bool all = true;
	for (size_t done = 0; done < count;)
		done += ask_run(pool, jobs + done, count - done, arena, &all);
	return all;
}

bool expr_eval(struct expr_pool *pool, const struct expr *expr, const struct expr_input *input, struct arena *arena,
			   const struct json **value, struct err *err)
{
	struct expr_job job = {.expr = expr, .input = *input, .err = err};
	must(expr->book->sealed);
	if (expr_local(expr))
		finish(&job, NULL, arena);
	else
		expr_eval_many(pool, &job, 1, arena);
	if (job.ok)
		*value = job.value;
	return job.ok;
}

bool expr_ping(struct expr_pool *pool, struct err *err)
{
	struct arena arena;
	struct faults faults;
	const struct json *value = NULL;
	struct expr_book *book = expr_book_new();
	arena_init(&arena, ARENA_FIRST_BLOCK * 16);
	faults_init(&faults, &arena);
	const struct expr *expr = book != NULL ? expr_book_add_text(book, "", "1+1", 3) : NULL;
	bool ok = expr != NULL && expr_book_seal(book, pool, &faults, err) &&
			  expr_eval(pool, expr, &(struct expr_input){0}, &arena, &value, err);
	bool two = ok && value->kind == JS_INT && value->integer == 2;
	arena_fini(&arena);
	expr_book_free(book);
	return two || (ok && err_set(err, ERR_UNAVAILABLE, "a helper does not know 1+1"));
}
