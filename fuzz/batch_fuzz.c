/*
 * Lines of a batch: whatever a line holds, its answer is one line of JSON with a status and either an envelope or a
 * problem, and it says nothing to the line after it.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "app/ops.h"
#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "seal/pack.h"
#include "sign/batch.h"
#include "sign/sign.h"

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

static void check(const struct buf *out)
{
	static const struct json_limits deep = {.depth = 120, .values = 10000000};
	struct arena arena;
	const struct json *json = NULL;
	const char *text = buf_text(out);
	must(buf_ok(out) && out->size > 1 && memchr(text, '\n', out->size) == text + out->size - 1);
	arena_init(&arena, 64 << 20);
	must(json_parse(&arena, text, out->size - 1, &deep, &json, NULL) && json->kind == JS_OBJECT);
	const struct json *status = json_get(json, "status");
	must(status != NULL && json_numeric(status) && json_number(status) >= 200 && json_number(status) < 500);
	must(json_get(json, "envelope") != NULL);
	arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char probe[] = "{\"id\":\"p\",\"op\":\"no.such\",\"body\":{}}";
	const struct op_context context = {.packs = packs, .envelope = {.version = "fuzz", .git_sha = "fuzz"}};
	struct batch batch;
	struct buf out, before, after;
	buf_init(&out, 0);
	buf_init(&before, 0);
	buf_init(&after, 0);
	batch_init(&batch, sign_ops, sign_ops_count, &context);
	batch_line(&batch, probe, sizeof probe - 1, &before);
	batch_line(&batch, (const char *)data, size, &out);
	check(&out);
	batch_line(&batch, probe, sizeof probe - 1, &after);
	must(before.size == after.size && memcmp(buf_text(&before), buf_text(&after), after.size) == 0);
	batch_fini(&batch);
	buf_fini(&out);
	buf_fini(&before);
	buf_fini(&after);
	return 0;
}
