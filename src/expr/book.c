#include "expr/book.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "expr/path.h"
#include "expr/tree.h"

enum { BOOK_CAP = 256 << 20 }; /* bytes: a definition of 4 MiB, its leaves and their programs */

static const char *const base_names[EXPR_ARGS] = {
	[EXPR_IN] = "IN",         [EXPR_CONTEXT] = "context",   [EXPR_INPUT] = "input",
	[EXPR_OUTPUT] = "output", [EXPR_SECRETS] = "secrets",   [EXPR_AUTHORIZATION] = "authorization",
	[EXPR_TASK] = "task",     [EXPR_WORKFLOW] = "workflow", [EXPR_RUNTIME] = "runtime",
};

/* What jq 1.6 reads as a word of its own also after a dollar sign. */
static const char *const keywords[] = {
	"and",     "as",  "def",   "if",    "then",   "else",    "elif",   "end",     "or",          "not", "reduce",
	"foreach", "try", "catch", "label", "import", "include", "module", "__loc__", "__prog_args", "ENV",
};

struct expr_book *expr_book_new(void)
{
	struct expr_book *book = calloc(1, sizeof *book);
	if (book == NULL)
		return NULL;
	arena_init(&book->arena, BOOK_CAP);
	map_init(&book->variables, &book->arena, NULL);
	book->exprs_end = &book->exprs;
	for (unsigned i = 0; i < EXPR_ARGS; i++)
		expr_book_variable(book, base_names[i]);
	if (book->variable_count == EXPR_ARGS)
		return book;
	expr_book_free(book);
	return NULL;
}

void expr_book_free(struct expr_book *book)
{
	if (book == NULL)
		return;
	arena_fini(&book->arena);
	free(book);
}

/* Can jq bind it?  One that it cannot has a position and no name. */
static bool bindable(const char *name)
{
	size_t size = strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_0123456789");
	if (name[0] == '\0' || name[size] != '\0' || (name[0] >= '0' && name[0] <= '9') || strncmp(name, "__cs_", 5) == 0)
		return false;
	for (size_t i = 0; i < sizeof keywords / sizeof *keywords; i++)
		if (strcmp(name, keywords[i]) == 0)
			return false;
	return true;
}

unsigned expr_book_variable(struct expr_book *book, const char *name)
{
	uintptr_t known = (uintptr_t)map_get(&book->variables, name);
	must(!book->sealed);
	if (known > 0)
		return (unsigned)(known - 1);
	unsigned position = book->variable_count;
	const char *copy = arena_dup(&book->arena, name);
	if (position == EXPR_ARGS_MAX || copy == NULL)
		return EXPR_ARGS_MAX;
	if (bindable(name) && !map_set(&book->variables, copy, (void *)(uintptr_t)(position + 1), NULL))
		return EXPR_ARGS_MAX;
	book->names[position] = copy;
	book->variable_count++;
	return position;
}

const struct expr *expr_book_add(struct expr_book *book, const char *pointer, const struct json *value,
								 enum expr_mode mode)
{
	must(!book->sealed);
	struct expr *expr = arena_new(&book->arena, struct expr);
	if (expr == NULL)
		return NULL;
	expr->book = book;
	if (!template_read(expr, pointer, value, mode))
		return NULL;
	*book->exprs_end = expr;
	book->exprs_end = &expr->next;
	return expr;
}

const struct expr *expr_book_add_text(struct expr_book *book, const char *pointer, const char *text, size_t size)
{
	struct json *value = arena_new(&book->arena, struct json);
	char *enclosed = arena_array(&book->arena, size + 4, 1);
	if (value == NULL || enclosed == NULL)
		return NULL;
	memcpy(enclosed, text, size);
	*value = (struct json){.kind = JS_STRING, .text = enclosed, .size = size};
	return expr_book_add(book, pointer, value, EXPR_BARE);
}

/* ---- sealing: look at each leaf, compile what jq must have, gather what compiles */

struct sealing {
	struct expr_book *book;
	struct expr_pool *pool;
	struct faults *faults;
	struct err *err;
	size_t before; /* faults there were */
};

static void refuse(struct sealing *s, struct leaf *leaf, const char *code, const char *message)
{
	leaf->constant = leaf->fallback != NULL ? leaf->fallback : &json_null_value;
	if (leaf->fallback == NULL)
		faults_add(s->faults, leaf->pointer, code, "%s", message);
}

/* Is it one of ours, or jq's, or refused?  False when memory ran out. */
static bool look(struct sealing *s, struct leaf *leaf)
{
	struct arena *arena = &s->book->arena;
	struct buf text;
	struct scan_problem problem;
	buf_init(&text, 0);
	struct scan scan = {.variables = &s->book->variables, .text = &text};
	bool ok = true;
	if (!expr_scan(&scan, leaf->text, leaf->size, &problem)) {
		refuse(s, leaf, problem.code, problem.message);
	} else {
		leaf->path = path_read(leaf->text, leaf->size, &s->book->variables, arena);
		leaf->constant = leaf->path != NULL ? leaf->path->literal : NULL;
		leaf->program = arena_dupn(arena, buf_text(&text), text.size);
		leaf->program_size = text.size;
		leaf->tree = leaf->path == NULL ? tree_read(leaf->text, leaf->size, &s->book->variables, arena) : NULL;
		leaf->prelude = scan.prelude;
		memcpy(leaf->uses, scan.uses, sizeof leaf->uses);
		leaf->uses[0] |= 1u << EXPR_IN;
		ok = buf_ok(&text) && leaf->program != NULL;
	}
	buf_fini(&text);
	return ok;
}

static bool for_jq(const struct leaf *leaf)
{
	return leaf->path == NULL && leaf->constant == NULL;
}

static bool write_program(struct sealing *s, struct leaf *const *leaves, size_t count, struct buf *text, uint64_t *uses)
{
	memset(uses, 0, sizeof leaves[0]->uses);
	for (size_t i = 0; i < count; i++)
		for (size_t word = 0; word < SCAN_VARIABLES_MAX / 64; word++)
			uses[word] |= leaves[i]->uses[word];
	chunk_write(text, s->book, leaves, count, uses);
	return buf_ok(text);
}

static bool compiles(struct sealing *s, struct leaf *const *leaves, size_t count, bool *compiled, char *problem,
					 size_t room)
{
	struct buf text;
	uint64_t uses[SCAN_VARIABLES_MAX / 64];
	buf_init(&text, 0);
	bool ok = write_program(s, leaves, count, &text, uses);
	if (ok) {
		struct program program = {.text = text.bytes, .size = text.size, .hash = pool_hash(text.bytes, text.size)};
		ok = pool_compile(s->pool, &program, compiled, problem, room, s->err);
	} else {
		err_set(s->err, ERR_LIMIT, "no memory for the program of %zu expressions", count);
	}
	buf_fini(&text);
	return ok;
}

/* The parenthesis behind it is ours: without any of its own, it is the end that came too soon. */
static const char *in_its_own_terms(const struct leaf *leaf, const char *problem)
{
	bool ours = memchr(leaf->text, ')', leaf->size) == NULL && strstr(problem, "unexpected ')'") != NULL;
	return ours ? "syntax error, unexpected end" : problem;
}

/* Halve until it is known which of them do not compile.  False with *err: nobody could say. */
static bool sift(struct sealing *s, struct leaf *const *leaves, size_t count)
{
	bool compiled = false;
	char problem[160] = "";
	if (!compiles(s, leaves, count, &compiled, problem, sizeof problem))
		return false;
	if (compiled)
		return true;
	if (count > 1)
		return sift(s, leaves, count / 2) && sift(s, leaves + count / 2, count - count / 2);
	refuse(s, leaves[0], "expression_syntax", in_its_own_terms(leaves[0], problem));
	return true;
}

static bool keep_bound(struct sealing *s, struct chunk *chunk, const uint64_t *uses)
{
	chunk->bound = arena_array(&s->book->arena, SCAN_VARIABLES_MAX, sizeof *chunk->bound);
	if (chunk->bound == NULL)
		return false;
	for (unsigned i = EXPR_IN + 1; i < s->book->variable_count; i++)
		if ((uses[i / 64] >> i % 64 & 1) != 0)
			chunk->bound[chunk->bound_count++] = i;
	return true;
}

static bool keep_chunk(struct sealing *s, struct leaf *const *leaves, size_t count)
{
	struct buf text;
	uint64_t uses[SCAN_VARIABLES_MAX / 64];
	struct chunk *chunk = arena_new(&s->book->arena, struct chunk);
	buf_init(&text, 0);
	bool ok = chunk != NULL && write_program(s, leaves, count, &text, uses) && keep_bound(s, chunk, uses);
	if (ok) {
		chunk->program.text = arena_dupn(&s->book->arena, text.bytes, text.size);
		chunk->program.size = text.size;
		chunk->program.hash = pool_hash(text.bytes, text.size);
		ok = chunk->program.text != NULL;
	}
	buf_fini(&text);
	unsigned entry = 0;
	for (size_t i = 0; ok && i < count; i++) {
		struct expr *expr = leaves[i]->expr;
		if (i > 0 && expr != leaves[i - 1]->expr)
			entry++;
		expr->known = (expr->asked == 0 || expr->known) && leaves[i]->tree != NULL;
		leaves[i]->number = expr->asked++;
		expr->chunk = chunk;
		expr->entry = entry;
	}
	return ok || err_set(s->err, ERR_LIMIT, "no memory for the program of %zu expressions", count);
}

/* From leaf *at of expr *expr on: the leaves for jq of whole exprs, until there are CHUNK_LEAVES. */
static size_t gather(struct expr **expr, struct leaf **leaves)
{
	size_t count = 0;
	for (; *expr != NULL && count < CHUNK_LEAVES; *expr = (*expr)->next)
		for (struct leaf *leaf = (*expr)->leaves; leaf != NULL; leaf = leaf->next)
			if (for_jq(leaf))
				leaves[count++] = leaf;
	return count;
}

static size_t leave_out_refused(struct leaf **leaves, size_t count)
{
	size_t kept = 0;
	for (size_t i = 0; i < count; i++)
		if (for_jq(leaves[i]))
			leaves[kept++] = leaves[i];
	return kept;
}

static bool compile_all(struct sealing *s, struct leaf **leaves)
{
	for (struct expr *expr = s->book->exprs; expr != NULL;) {
		size_t count = gather(&expr, leaves);
		if (count == 0)
			continue;
		if (!sift(s, leaves, count))
			return false;
		count = leave_out_refused(leaves, count);
		if (count > 0 && s->faults->count == s->before && !keep_chunk(s, leaves, count))
			return false;
	}
	return true;
}

static void sum_up(struct expr *expr)
{
	for (const struct leaf *leaf = expr->leaves; leaf != NULL; leaf = leaf->next) {
		if (leaf->constant != NULL)
			continue;
		if (leaf->path != NULL)
			expr->uses[leaf->path->arg / 64] |= UINT64_C(1) << leaf->path->arg % 64;
		for (size_t word = 0; leaf->path == NULL && word < SCAN_VARIABLES_MAX / 64; word++)
			expr->uses[word] |= leaf->uses[word];
	}
}

bool expr_book_seal(struct expr_book *book, struct expr_pool *pool, struct faults *faults, struct err *err)
{
	struct sealing s = {.book = book, .pool = pool, .faults = faults, .err = err, .before = faults->count};
	size_t count = 0;
	must(!book->sealed);
	for (struct expr *expr = book->exprs; expr != NULL; expr = expr->next)
		for (struct leaf *leaf = expr->leaves; leaf != NULL; leaf = leaf->next, count++)
			if (!look(&s, leaf))
				return err_set(err, ERR_LIMIT, "no memory for the expressions");
	if (book->arena.full)
		return err_set(err, ERR_LIMIT, "no memory for the expressions");
	struct leaf **leaves = calloc(count + 1, sizeof *leaves);
	bool ok = leaves != NULL ? compile_all(&s, leaves) : err_set(err, ERR_LIMIT, "no memory for the expressions");
	free(leaves);
	if (!ok || faults->count > s.before)
		return false;
	for (struct expr *expr = book->exprs; expr != NULL; expr = expr->next)
		sum_up(expr);
	book->sealed = true;
	return true;
}
