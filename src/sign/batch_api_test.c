#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "seal/op.h"
#include "sign/project_fixture.h"
#include "sign/sign.h"

/* Ask, and take the chunks apart (RFC 9112 7.1). */
static int ask(struct project_fixture *f, const char *who, const char *type, const char *lines, size_t size,
			   struct buf *out)
{
	const char *const headers[] = {"X-Test-User", who, "Content-Type", type, NULL};
	loopback_fini(&f->answer);
	f->answer = (struct loopback){
		.method = "POST", .target = "/api/v1/sign/batch", .headers = headers, .body = lines, .body_size = size};
	loopback_ask(&f->service, &f->answer);
	buf_init(out, 0);
	if (f->answer.status != 200)
		return f->answer.status;
	const char *at = f->answer.answer;
	for (size_t left = strtoul(at, NULL, 16); left > 0; left = strtoul(at, NULL, 16)) {
		at = strchr(at, '\n') + 1;
		buf_add(out, at, left);
		at += left + 2;
	}
	assert_string_equal(at, "0\r\n\r\n");
	return 200;
}

static const struct json *parse(struct project_fixture *f, const char *line, size_t size)
{
	const struct json *json;
	struct err err;
	arena_reset(&f->arena);
	assert_true(json_parse(&f->arena, line, size, &json_body_limits, &json, &err));
	return json;
}

/* Lines by the hundred, one bad among them: as many answers, in their order, each what the operation alone says. */
static void test_order(void **state)
{
	struct project_fixture *f = *state;
	enum { LINES = 500, BAD = 77 };
	struct buf lines, out;
	int i = 0;
	buf_init(&lines, 0);
	for (i = 0; i < LINES; i++)
		if (i == BAD)
			buf_adds(&lines, "{not json}\n");
		else
			buf_addf(&lines, "{\"id\":%d,\"op\":\"sign.concrete\",\"body\":{\"diameter_ft\":2,\"depth_ft\":%d}}%s", i,
					 i % 9 + 1, i < LINES - 1 ? "\n" : "");
	assert_int_equal(ask(f, "vic", "application/x-ndjson", buf_text(&lines), lines.size, &out), 200);
	assert_string_equal(loopback_header(&f->answer, "Content-Type"), "application/x-ndjson");
	i = 0;
	for (const char *line = buf_text(&out), *end; *line != '\0'; line = end + 1, i++) {
		end = strchr(line, '\n');
		assert_non_null(end);
		const struct json *json = parse(f, line, (size_t)(end - line));
		const struct json *envelope = json_get(json, "envelope");
		if (i == BAD) {
			assert_int_equal(json_number(json_get(json, "status")), 400);
			assert_string_equal(json_text(envelope, "code"), "json_invalid");
			continue;
		}
		assert_int_equal(json_number(json_get(json, "id")), i);
		assert_int_equal(json_number(json_get(json, "status")), 200);
		double volume_cf = json_number(json_get(json_get(envelope, "result"), "volume_cf"));
		assert_true(fabs(volume_cf - 3.14159 * (i % 9 + 1)) < .001);
		assert_true(strlen(json_text(json_get(envelope, "trace"), "request_id")) > 0);
	}
	assert_int_equal(i, LINES);
	buf_fini(&lines);
	buf_fini(&out);
}

/* The same hashes as by the operation's own path, acceptance 2. */
static void test_same_content(void **state)
{
	struct project_fixture *f = *state;
	struct op_context context = {.packs = f->packs, .envelope = {.version = "1.2.3", .git_sha = "abc"}};
	for (size_t i = 0; i < sign_ops_count; i++) {
		const struct op *op = sign_ops[i];
		struct op_answer answer;
		struct faults faults;
		struct err err;
		struct arena arena;
		struct buf out;
		char line[8000];
		const struct json *body;
		arena_init(&arena, 64 << 20);
		assert_true(json_parse(&arena, op->example, strlen(op->example), &json_body_limits, &body, &err));
		assert_true(op_run(op, &context, body, &arena, &answer, &faults, &err));
		int size = snprintf(line, sizeof line, "{\"op\":\"%s\",\"body\":%s}\n", op->name, op->example);
		assert_int_equal(ask(f, "ann", "application/x-ndjson", line, (size_t)size, &out), 200);
		const struct json *envelope = json_get(parse(f, buf_text(&out), out.size), "envelope");
		assert_string_equal(json_text(envelope, "content_sha256"), answer.content_sha256);
		assert_string_equal(json_text(envelope, "inputs_sha256"), answer.inputs_sha256);
		buf_fini(&out);
		arena_fini(&arena);
	}
}

static void test_limits(void **state)
{
	struct project_fixture *f = *state;
	struct buf out, lines;
	buf_init(&lines, 0);
	assert_int_equal(ask(f, "ann", "application/x-ndjson", "", 0, &out), 200);
	assert_int_equal(out.size, 0);
	assert_int_equal(ask(f, "ann", "application/json", "{}", 2, &out), 415);
	assert_int_equal(ask(f, "nobody", "application/x-ndjson", "{}", 2, &out), 401);
	for (int i = 0; i <= 100000; i++)
		buf_adds(&lines, "1\n");
	assert_int_equal(ask(f, "ann", "application/x-ndjson", buf_text(&lines), lines.size, &out), 413);
	buf_fini(&lines);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_order), TEST(test_same_content), TEST(test_limits)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
