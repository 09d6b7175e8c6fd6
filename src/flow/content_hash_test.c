#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#include "flow/content_hash.h"
#include "flow/runs_fixture.h"

/* One meaning of definition_sha256 [flow.md 2.8, 14: the hash ignores the order of members]. */

static const char *of(const char *text)
{
	static char sha256[2][SHA256_HEX_SIZE];
	static int at;
	at = !at;
	content_hash(text, strlen(text), sha256[at]);
	return sha256[at];
}

static void test_of_text(void **state)
{
	char bytes[SHA256_HEX_SIZE];
	(void)state;
	assert_string_equal(of("{\"a\":1,\"b\":[{\"c\":2,\"d\":3}]}"), of(" {\"b\" : [{\"d\":3, \"c\":2}], \"a\":1}\n"));
	assert_string_not_equal(of("{\"a\":[1,2]}"), of("{\"a\":[2,1]}"));
	assert_string_not_equal(of("{\"a\":9007199254740993}"), of("{\"a\":9007199254740992}"));
	assert_string_not_equal(of("a: 1\nb: 2\n"), of("b: 2\na: 1\n")); /* YAML: its bytes */
	static const char *const texts[] = {"a: 1\n", "{a: 1}", "{\"a\": 1", "", " \n"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		sha256_hex(texts[i], strlen(texts[i]), bytes);
		assert_string_equal(of(texts[i]), bytes);
	}
}

#define DOCUMENT "\"document\":{\"dsl\":\"1.0.0\",\"namespace\":\"t\",\"name\":\"%s\",\"version\":\"1.0.0\"}"
#define TASKS "\"do\":[{\"a\":{\"set\":{\"m\":1}}}]"

static const char *run_hash(struct runs_fixture *f, const char *body)
{
	static char sha256[65];
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs", "%s", body), 202);
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	char said[65];
	snprintf(said, sizeof said, "%s", fixture_text(f->base, "result.definition_sha256"));
	assert_true(runs_is(f, "completed"));
	assert_string_equal(fixture_text(f->base, "result.definition_sha256"), said);
	snprintf(sha256, sizeof sha256, "%s", fixture_text(f->base, "result.definition_sha256"));
	return sha256;
}

static void test_of_workflows_and_runs(void **state)
{
	struct runs_fixture *f = *state;
	static const char yaml[] = "document: {dsl: 1.0.0, namespace: t, name: text, version: 1.0.0}\n"
							   "do:\n- a: {set: {m: 1}}\n";
	char sha256[65];
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
								 "{\"definition\":{" TASKS "," DOCUMENT "}}", "object"),
					 201);
	snprintf(sha256, sizeof sha256, "%s", fixture_text(f->base, "result.definition_sha256"));
	assert_string_equal(run_hash(f, "{\"namespace\":\"t\",\"name\":\"object\"}"), sha256);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
								 "{\"definition\":{" DOCUMENT "," TASKS "}}", "object"),
					 200);
	assert_string_equal(fixture_text(f->base, "result.definition_sha256"), sha256);
	char own[512];
	snprintf(own, sizeof own, "{\"definition\":{" DOCUMENT "," TASKS "}}", "object");
	assert_string_equal(run_hash(f, own), sha256);
	snprintf(own, sizeof own, "{\"definition\":{" DOCUMENT "," TASKS "}}", "other");
	assert_string_not_equal(run_hash(f, own), sha256);
	sha256_hex(yaml, strlen(yaml), sha256);
	snprintf(own, sizeof own,
			 "{\"definition\":\"document: {dsl: 1.0.0, namespace: t, name: text, version: 1.0.0}\\n"
			 "do:\\n- a: {set: {m: 1}}\\n\"}");
	assert_string_equal(run_hash(f, own), sha256);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows", "%s", own), 201);
	assert_string_equal(fixture_text(f->base, "result.definition_sha256"), sha256);
	assert_string_equal(run_hash(f, "{\"namespace\":\"t\",\"name\":\"text\"}"), sha256);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_text),
		cmocka_unit_test_setup_teardown(test_of_workflows_and_runs, runs_fixture_new, runs_fixture_free)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
