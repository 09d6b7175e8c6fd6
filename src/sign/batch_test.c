#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/embedded.h"
#include "core/err.h"
#include "core/json.h"
#include "seal/harness.h"
#include "seal/pack.h"
#include "sign/batch.h"
#include "sign/sign.h"

static struct packs *packs;
static struct harness *harness;
static struct batch batch;
static struct arena arena;
static struct buf out;

static const struct json *answer(const char *line, size_t size)
{
	const struct json *json;
	struct err err;
	batch_line(&batch, line, size, &out);
	assert_true(out.size > 0 && buf_text(&out)[out.size - 1] == '\n');
	assert_null(memchr(buf_text(&out), '\n', out.size - 1)); /* one line */
	arena_reset(&arena);
	assert_true(json_parse(&arena, buf_text(&out), out.size, &(struct json_limits){100, 1000000}, &json, &err));
	return json;
}

static int status(const struct json *json)
{
	return (int)json_number(json_get(json, "status"));
}

static const char *const example[] = {"sign.wind", "sign.design", "sign.monument", "sign.poles", "sign.footing.direct"};

/* Every operation alone and in a batch: the same content. */
static void it_is_what_the_operation_alone_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof example / sizeof *example; i++) {
		const struct op *op = op_find(sign_ops, sign_ops_count, example[i]);
		char line[2000];
		int size = snprintf(line, sizeof line, "{\"id\":%zu,\"op\":\"%s\",\"body\":%s}", i, op->name, op->example);
		const struct json *json = answer(line, (size_t)size);
		assert_int_equal(status(json), 200);
		assert_int_equal(json_number(json_get(json, "id")), i);
		assert_true(harness_call(harness, op, "%s", op->example));
		assert_string_equal(json_text(json_get(json, "envelope"), "content_sha256"), harness_content_sha256(harness));
	}
}

static void bad_lines_answer_their_own_problem(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		int status;
		const char *code;
	} rows[] = {
		{"{", 400, "json_invalid"},
		{"", 400, "json_invalid"},
		{"[1]", 422, "invalid"},
		{"{\"id\":1}", 422, "invalid"},
		{"{\"id\":1,\"op\":\"sign.nothing\",\"body\":{}}", 422, "invalid"},
		{"{\"id\":{},\"op\":\"sign.price\",\"body\":{\"height_ft\":20}}", 422, "invalid"},
		{"{\"id\":1,\"op\":\"sign.price\",\"body\":{\"height_ft\":20},\"more\":1}", 422, "invalid"},
		{"{\"id\":1,\"op\":\"sign.wind\",\"body\":{}}", 422, "invalid"},
		{"{\"id\":1,\"op\":\"sign.price\",\"body\":{\"height_ft\":20,\"version\":\"v9\"}}", 409, "pack_version"},
		{"{\"id\":\"a\",\"op\":\"sign.price\",\"body\":{\"height_ft\":20}}", 200, NULL},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct json *json = answer(rows[i].line, strlen(rows[i].line));
		assert_int_equal(status(json), rows[i].status);
		const struct json *envelope = json_get(json, "envelope");
		if (rows[i].code != NULL) {
			assert_string_equal(json_text(envelope, "code"), rows[i].code);
			assert_int_equal(json_get(envelope, "result")->kind, JS_NULL);
		}
	}
}

static void a_line_too_long_is_refused(void **state)
{
	(void)state;
	char *line = malloc(BATCH_LINE_MAX + 1);
	assert_non_null(line);
	memset(line, ' ', BATCH_LINE_MAX + 1);
	const struct json *json = answer(line, BATCH_LINE_MAX + 1);
	free(line);
	assert_int_equal(status(json), 413);
	assert_int_equal(json_get(json, "id")->kind, JS_NULL);
}

/* Ten runs are byte-equal, and no line changes the next. */
static void lines_do_not_know_each_other(void **state)
{
	(void)state;
	static const char line[] =
		"{\"id\":\"x\",\"op\":\"sign.design\",\"body\":{\"site\":{\"wind_speed_mph\":115},\"sign\":{"
		"\"height_ft\":20,\"sign_height_ft\":8,\"sign_width_ft\":12}}}";
	static const char bad[] = "{\"id\":1,\"op\":\"sign.wind\",\"body\":{\"wind_speed_mph\":600}}";
	answer(line, strlen(line));
	char *first = strdup(buf_text(&out));
	for (int i = 0; i < 10; i++) {
		answer(bad, strlen(bad));
		answer(line, strlen(line));
		assert_string_equal(buf_text(&out), first);
	}
	free(first);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(it_is_what_the_operation_alone_says),
		cmocka_unit_test(bad_lines_answer_their_own_problem),
		cmocka_unit_test(a_line_too_long_is_refused),
		cmocka_unit_test(lines_do_not_know_each_other),
	};
	harness = harness_new(sign_pack_kinds, sign_pack_kinds_count);
	packs = packs_new(sign_pack_kinds, sign_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++) {
		struct err err;
		if (!packs_add(packs, file->bytes, file->size, false, &err))
			abort();
	}
	const struct op_context context = {
		.packs = packs,
		.envelope = {.version = "0", .git_sha = "0", .timestamp = "2024-01-01T00:00:00Z"},
	};
	batch_init(&batch, sign_ops, sign_ops_count, &context);
	arena_init(&arena, ARENA_REQUEST_CAP);
	buf_init(&out, 0);
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	buf_fini(&out);
	arena_fini(&arena);
	batch_fini(&batch);
	packs_free(packs);
	harness_free(harness);
	return failed;
}
