#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "expr/expr.h"
#include "flow/domain/ops.h"
#include "flow/flow.h"
#include "seal/harness.h"

struct fixture {
	struct harness *harness;
	struct expr_pool *pool;
};

/* The result's text in the answer: user data is told by the digit, which no number of C could. */
static bool answers(struct fixture *f, const char *body, const char *result)
{
	char wanted[400];
	snprintf(wanted, sizeof wanted, "{\"result\":%s,", result);
	if (!harness_call(f->harness, &flow_eval_op, "%s", body))
		return false;
	if (strncmp(harness_answer(f->harness), wanted, strlen(wanted)) == 0)
		return true;
	print_error("%s\n", harness_answer(f->harness));
	return false;
}

#define ERROR(title, detail) \
	"{\"error\":{\"type\":\"https://serverlessworkflow.io/spec/1.0.0/errors/expression\",\"status\":400," \
	"\"title\":\"" title "\",\"detail\":\"" detail "\"}}"

static void test_evaluates(void **state)
{
	struct fixture *f = *state;
	assert_true(answers(f, "{\"expression\": \".a + 1\", \"input\": {\"a\": 1}}", "{\"value\":2}"));
	assert_true(answers(f, "{\"expression\": \" ${ .a } \", \"input\": {\"a\": [1.23456]}}", "{\"value\":[1.23456]}"));
	assert_true(answers(f, "{\"expression\": \"$input\", \"input\": null}", "{\"value\":null}"));
	assert_true(answers(f, "{\"expression\": \"empty\"}", "{\"value\":null}"));
	assert_true(answers(
		f, "{\"expression\": \"[$item, $context.b, $task]\", \"variables\": {\"item\": 1, \"context\": {\"b\": 2}}}",
		"{\"value\":[1,2,null]}"));
	assert_true(answers(f, "{\"expression\": \"1, 2\"}", "{\"value\":1}"));
}

static void test_faults(void **state)
{
	struct fixture *f = *state;
	assert_true(answers(f, "{\"expression\": \".a\", \"input\": 1}",
						ERROR("Expression failed", "Cannot index number with string \\\"a\\\"")));
	assert_true(
		answers(f, "{\"expression\": \"def f: f; f\"}", ERROR("Expression limit", "processor time: more than 200 ms")));
	assert_true(harness_call(f->harness, &flow_eval_op, "{\"expression\": \"1 +\"}"));
	assert_string_equal(harness_text(f->harness, "/result/error/code"), "expression_syntax");
	assert_true(harness_call(f->harness, &flow_eval_op, "{\"expression\": \"env\"}"));
	assert_string_equal(harness_text(f->harness, "/result/error/code"), "expression_forbidden");
	assert_false(harness_call(f->harness, &flow_eval_op, "{\"expression\": \".\", \"variables\": []}"));
	assert_true(harness_refused(f->harness, "/variables", "type"));
	assert_false(harness_call(f->harness, &flow_eval_op, "{}"));
	assert_true(harness_refused(f->harness, "/expression", "required"));
	harness_exprs(f->harness, NULL);
	assert_false(harness_call(f->harness, &flow_eval_op, "{\"expression\": \"1\"}"));
	assert_true(harness_refused(f->harness, NULL, "unavailable"));
	harness_exprs(f->harness, f->pool);
}

/* User data keeps 64 bits; where it is sealed, what RFC 8785 would round is text. */
static void test_integers(void **state)
{
	struct fixture *f = *state;
	char whole[65];
	assert_true(
		answers(f, "{\"expression\": \".a\", \"input\": {\"a\": 9007199254740993}}", "{\"value\":9007199254740993}"));
	assert_true(harness_noted(f->harness, "integer_as_text"));
	strcpy(whole, harness_content_sha256(f->harness));
	assert_true(answers(f, "{\"expression\": \".a\", \"input\": {\"a\": \"9007199254740993\"}}",
						"{\"value\":\"9007199254740993\"}"));
	assert_false(harness_noted(f->harness, "integer_as_text"));
	assert_string_equal(harness_content_sha256(f->harness), whole);
	assert_true(
		answers(f, "{\"expression\": \".a\", \"input\": {\"a\": 9007199254740992}}", "{\"value\":9007199254740992}"));
	assert_string_not_equal(harness_content_sha256(f->harness), whole);
}

static int set_up(void **state)
{
	static struct fixture f;
	f.harness = harness_new(flow_pack_kinds, flow_pack_kinds_count);
	if (!expr_open(&(struct expr_config){.wall_ms = 60000}, &f.pool, NULL))
		return -1;
	harness_exprs(f.harness, f.pool);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	harness_free(f->harness);
	expr_close(f->pool);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evaluates),
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_integers),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
