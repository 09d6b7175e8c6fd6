/*
 * Whatever the body: an operation answers, abstains or refuses; a refusal names a fault; an answer is JSON, and its
 * inputs as sealed give the same answer again.  The first line names the operation.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/ops.h"
#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "seal/op.h"
#include "seal/pack.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct app_ops all;
static struct packs *packs;

static void end(void)
{
	packs_free(packs);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	app_ops_init(&all);
	must(app_packs_open(&all, NULL, &packs, NULL));
	atexit(end);
	return 0;
}

/* "NAME\nBODY"; without such a name the first byte picks. */
static const struct op *pick(const char *text, size_t size, const char **body)
{
	const char *line_end = memchr(text, '\n', size);
	*body = line_end != NULL ? line_end + 1 : text + size;
	for (size_t i = 0; line_end != NULL && i < all.count; i++)
		if (strncmp(text, all.ops[i]->name, (size_t)(line_end - text)) == 0)
			return all.ops[i];
	return all.ops[(uint8_t)*text % all.count];
}

static bool run(const struct op *op, const char *body, size_t size, struct arena *arena, struct op_answer *answer)
{
	static const struct json_limits deep = {.depth = 80, .values = 100000};
	const struct op_context context = {.packs = packs,
									   .envelope = {.version = "fuzz", .git_sha = "fuzz", .route = op->path}};
	struct faults faults = {0};
	struct err err = {.kind = ERR_NONE};
	const struct json *json = NULL;
	if (!json_parse(arena, body, size, op->limits != NULL ? op->limits : &deep, &json, &err))
		return false;
	if (op_run(op, &context, json, arena, answer, &faults, &err))
		return true;
	must(faults.count > 0 ? faults.first != NULL : err.kind != ERR_NONE && err.kind != ERR_INTERNAL);
	return false;
}

static void check_answer(const struct op *op, const struct op_answer *answer, struct arena *arena)
{
	static const struct json_limits deep = {.depth = 100, .values = 10000000};
	const struct json *envelope = NULL;
	must(json_parse(arena, answer->envelope, answer->envelope_size, &deep, &envelope, NULL));
	must(json_get(envelope, "result") != NULL);
	must(answer->confidence >= 0 && answer->confidence <= 1);
	if (op->unsealed) /* its secrets are not among the inputs */
		return;
	struct op_answer again;
	must(run(op, answer->inputs, strlen(answer->inputs), arena, &again));
	must(strcmp(again.content_sha256, answer->content_sha256) == 0);
	must(strcmp(again.inputs_sha256, answer->inputs_sha256) == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct arena arena;
	struct op_answer answer;
	const char *text = (const char *)data, *body;
	const struct op *op = pick(text, size, &body);
	arena_init(&arena, 256 << 20);
	if (run(op, body, size - (size_t)(body - text), &arena, &answer))
		check_answer(op, &answer, &arena);
	arena_fini(&arena);
	return 0;
}
