#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "flow/flow_api.h"
#include "flow/runs_fixture.h"
#include "store/store.h"

/* Documents that a definition refers to are fetched when it is published, and are its own ever after [flow.md 2.1]. */

/* Who serves them; `said` is what the function adds. */
struct library {
	bool open;
	const char *said;
	_Atomic int asked;
};

/* For who says who he is. */
static void closed(const struct outgoing_request *request, struct outgoing_answer *answer)
{
	for (size_t i = 0; request->headers[i] != NULL; i++)
		if (strcmp(request->headers[i], "Authorization: Bearer hush") == 0) {
			buf_adds(&answer->body, "{\"type\":\"object\",\"required\":[\"n\"]}");
			return;
		}
	answer->status = 401;
}

static bool answer(void *self, const struct outgoing_request *request, struct outgoing_answer *answer, struct err *err)
{
	struct library *library = self;
	(void)err;
	library->asked++;
	answer->sent = true;
	answer->status = library->open ? 200 : 404;
	if (!library->open)
		return true;
	if (strcmp(request->url, "https://docs.example/number.json") == 0)
		buf_adds(&answer->body, "{\"type\":\"object\",\"required\":[\"n\"]}");
	else if (strcmp(request->url, "https://docs.example/cat/functions/say/1.0.0/function.yaml") == 0)
		buf_addf(&answer->body,
				 "input:\n  schema:\n    resource:\n      endpoint: https://docs.example/more.json\n"
				 "set: {said: %s}\n",
				 library->said);
	else if (strcmp(request->url, "https://docs.example/more.json") == 0)
		buf_adds(&answer->body, "{\"type\":\"object\"}");
	else if (strcmp(request->url, "https://docs.example/api.json") == 0)
		buf_addf(&answer->body,
				 "{\"openapi\":\"3.0.0\",\"servers\":[{\"url\":\"https://api.example/%s\"}],\"paths\":{\"/x\":{\"get\":"
				 "{\"operationId\":\"look\"}}}}",
				 library->said);
	else if (strcmp(request->url, "https://docs.example/say.sh") == 0) /* as a value it would be an expression */
		buf_addf(&answer->body, "${who:+printf '%%s %%s' %s \"$who\"}", library->said);
	else if (strncmp(request->url, "https://api.example/", 20) == 0)
		snprintf(answer->content_type, sizeof answer->content_type, "text/plain"),
			buf_adds(&answer->body, request->url + 20);
	else if (strcmp(request->url, "https://docs.example/closed.json") == 0)
		closed(request, answer);
	else
		answer->status = 404;
	return true;
}

static void serve(struct runs_fixture *f, struct library *library)
{
	*library = (struct library){.open = true, .said = "one"};
	f->outgoing.ask = answer;
	f->outgoing.ask_self = library;
}

static int register_version(struct runs_fixture *f, const char *version, bool publish)
{
	return fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows",
					   "{\"publish\":%s,\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\","
					   "\"name\":\"lib\",\"version\":\"%s\"},\"input\":{\"schema\":{\"resource\":{\"endpoint\":"
					   "\"https://docs.example/number.json\"}}},\"use\":{\"catalogs\":{\"mine\":{\"endpoint\":"
					   "\"https://docs.example/cat/\"}}},\"do\":[{\"a\":{\"call\":\"say:1.0.0@mine\"}}]}}",
					   publish ? "true" : "false", version);
}

static bool says(struct runs_fixture *f, const char *version, const char *input, const char *status, const char *output)
{
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
								 "{\"namespace\":\"t\",\"name\":\"lib\",\"version\":\"%s\",\"input\":%s}", version,
								 input),
					 202);
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	return runs_is(f, status) && strcmp(runs_json(f, "result.output"), output) == 0;
}

static void test_pinned(void **state)
{
	struct runs_fixture *f = *state;
	struct library library;
	serve(f, &library);
	assert_int_equal(register_version(f, "1.0.0", true), 201);
	assert_int_equal(library.asked, 3);
	assert_true(says(f, "1.0.0", "{\"n\":1}", "completed", "{\"said\":\"one\"}"));
	assert_true(says(f, "1.0.0", "{}", "faulted", "null"));
	assert_string_equal(runs_json(f, "result.error.instance"), "\"/input\"");
	library.said = "two";
	assert_true(says(f, "1.0.0", "{\"n\":1}", "completed", "{\"said\":\"one\"}"));
	library.open = false;
	runs_reopen(f);
	assert_true(says(f, "1.0.0", "{\"n\":1}", "completed", "{\"said\":\"one\"}"));
	assert_true(says(f, "1.0.0", "{}", "faulted", "null"));
	assert_int_equal(library.asked, 3);
	library.open = true;
	assert_int_equal(register_version(f, "1.0.1", true), 201);
	assert_true(says(f, "1.0.1", "{\"n\":1}", "completed", "{\"said\":\"two\"}"));
	assert_int_equal(library.asked, 6);
}

/* A script from elsewhere: pinned like a schema, run as it came, and none of it is an expression. */
static void test_script(void **state)
{
	static const char version[] =
		"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"lib\",\"version\":\"%s\"},"
		"\"do\":[{\"a\":{\"run\":{\"script\":{\"language\":\"sh\",\"source\":{\"endpoint\":\"%s\"},\"arguments\":"
		"{\"who\":\"${ .n }\"}}}}}]}}";
	struct runs_fixture *f = *state;
	struct library library;
	serve(f, &library);
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows", version, "1.0.0", "https://docs.example/say.sh"),
		201);
	assert_int_equal(library.asked, 1);
	assert_true(says(f, "1.0.0", "{\"n\":\"you\"}", "completed", "\"one you\""));
	library.said = "two";
	library.open = false;
	runs_reopen(f);
	assert_true(says(f, "1.0.0", "{\"n\":\"me\"}", "completed", "\"one me\""));
	assert_int_equal(library.asked, 1);
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows", version, "1.0.1", "https://docs.example/say.sh"),
		422);
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "resource_unavailable");
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/definition/do/0/a/run/script/source");
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows", version, "1.0.1", "${ .where }"),
					 422);
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "resource_unavailable");
}

static bool damage(struct db *db, void *self, struct err *err)
{
	(void)self;
	return db_run(db, err, "UPDATE flow_resources SET body = '{\"type\":' WHERE body LIKE '%required%'");
}

/* A document that the store cannot give back: what needs it does not run and is not given another one; all else does.
 */
static void test_damaged(void **state)
{
	struct runs_fixture *f = *state;
	struct library library;
	struct err err;
	serve(f, &library);
	assert_int_equal(register_version(f, "1.0.0", true), 201);
	assert_int_equal(flow_api_damaged(f->flow), 0);
	assert_true(store_write(f->base->store, damage, NULL, &err));
	runs_reopen(f);
	assert_int_equal(flow_api_damaged(f->flow), 1);
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
								 "{\"namespace\":\"t\",\"name\":\"lib\",\"input\":{\"n\":1}}"),
					 422);
	assert_int_equal(library.asked, 3);
	runs_start(f, "[{\"s\":{\"set\":{\"n\":1}}}]", "{}");
	assert_true(runs_is(f, "completed"));
	assert_int_equal(register_version(f, "1.0.1", true), 201); /* another definition: fetched anew */
	assert_true(says(f, "1.0.1", "{\"n\":1}", "completed", "{\"said\":\"one\"}"));
}

static void test_unavailable(void **state)
{
	struct runs_fixture *f = *state;
	struct library library;
	serve(f, &library);
	library.open = false;
	assert_int_equal(register_version(f, "1.0.0", true), 422);
	assert_string_equal(fixture_text(f->base, "code"), "definition_refused");
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "resource_unavailable");
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/definition/input/schema/resource");
	assert_string_equal(fixture_text(f->base, "errors.1.pointer"), "/definition/do/0/a/call");
	assert_int_equal(register_version(f, "1.0.0", false), 201); /* a draft is not looked at so closely */
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows/t/lib/versions/1.0.0/publish", "{}"),
					 422);
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "resource_unavailable");
	library.open = true;
	assert_int_equal(fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows/t/lib/versions/1.0.0/publish", "{}"),
					 200);
	library.open = false;
	assert_true(says(f, "1.0.0", "{\"n\":1}", "completed", "{\"said\":\"one\"}"));
}

static void take_count(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static int64_t count_kept(struct runs_fixture *f)
{
	int64_t rows = -1;
	bool found;
	struct err err;
	struct db *db = store_read(f->base->store);
	assert_true(db_one(db, &err, &found, take_count, &rows,
					   "SELECT (SELECT COUNT(*) FROM flow_pins) + (SELECT COUNT(*) FROM flow_resources)"));
	store_read_end(f->base->store, db);
	return rows;
}

/* What a run of its own definition brought along goes with it. */
static void test_gone(void **state)
{
	struct runs_fixture *f = *state;
	struct library library;
	serve(f, &library);
	runs_start_definition(
		f,
		"{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"own\",\"version\":"
		"\"1.0.0\",\"metadata\":{\"retention_days\":0}},\"input\":{\"schema\":{\"resource\":{\"endpoint\":"
		"\"https://docs.example/number.json\"}}},\"do\":[{\"s\":{\"set\":{\"a\":1}}}]}",
		"{\"n\":1}");
	assert_true(runs_is(f, "completed"));
	assert_int_equal(count_kept(f), 2);
	f->run_id[0] = '\0';
	runs_pass(f, 60000);
	assert_int_equal(count_kept(f), 0);
}

#define DOCUMENT(version) \
	"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"lib\",\"version\":\"" version \
	"\"},"

static int put(struct runs_fixture *f, const char *text)
{
	return fixture_ask(f->base, "ops", "POST", "/api/v1/flow/workflows", "%s", text);
}

/* OpenAPI documents: had when it is published, and the same ever after, over a restart too. */
static void test_openapi(void **state)
{
	static const char *const body = DOCUMENT("1.0.0") "\"do\":[{\"a\":{\"call\":\"openapi\",\"with\":{\"document\":"
													  "{\"endpoint\":\"https://docs.example/api.json\"},"
													  "\"operationId\":\"look\"}}}]}}";
	struct runs_fixture *f = *state;
	struct library library;
	serve(f, &library);
	library.open = false;
	assert_int_equal(put(f, body), 422);
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "resource_unavailable");
	assert_string_equal(fixture_text(f->base, "errors.0.pointer"), "/definition/do/0/a/with/document");
	library.open = true;
	assert_int_equal(put(f, body), 201);
	library.said = "two";
	assert_true(says(f, "1.0.0", "{}", "completed", "\"one/x\""));
	runs_reopen(f);
	int asked = library.asked;
	assert_true(says(f, "1.0.0", "{}", "completed", "\"one/x\""));
	assert_int_equal(library.asked, asked + 1); /* the call, not the document */
	assert_int_equal(count_kept(f), 2);
	library.open = false;
	assert_int_equal(
		fixture_ask(f->base, "ops", "POST", "/api/v1/flow/runs",
					"{\"definition\":{\"document\":{\"dsl\":\"1.0.3\",\"namespace\":\"t\",\"name\":\"own\","
					"\"version\":\"1.0.0\"},\"do\":[{\"a\":{\"call\":\"openapi\",\"with\":{\"document\":{"
					"\"endpoint\":\"https://docs.example/api.json\"},\"operationId\":\"look\"}}}]}}"),
		422);
}

/* An address that is an expression: at first use, and kept with the definition from then on. */
static void test_at_first_use(void **state)
{
	static const char *const body =
		DOCUMENT("1.0.0") "\"do\":[{\"a\":{\"input\":{\"schema\":{\"resource\":{\"endpoint\":\"${ .at }\"}}},\"set\":"
						  "{\"well\":true}}}]}}";
	static const char *const number = "{\"n\":1,\"at\":\"https://docs.example/number.json\"}";
	struct runs_fixture *f = *state;
	struct library library;
	serve(f, &library);
	assert_int_equal(put(f, body), 201);
	assert_int_equal(library.asked, 0);
	assert_true(says(f, "1.0.0", number, "completed", "{\"well\":true}"));
	assert_true(says(f, "1.0.0", "{\"at\":\"https://docs.example/number.json\"}", "faulted", "null"));
	assert_string_equal(runs_json(f, "result.error.type"),
						"\"https://serverlessworkflow.io/spec/1.0.0/errors/validation\"");
	assert_int_equal(library.asked, 1);
	assert_true(says(f, "1.0.0", "{\"at\":\"https://docs.example/none.json\"}", "faulted", "null"));
	assert_string_equal(runs_json(f, "result.error.type"),
						"\"https://serverlessworkflow.io/spec/1.0.0/errors/communication\"");
	assert_string_equal(runs_json(f, "result.error.instance"), "\"/do/0/a\"");
	assert_true(says(f, "1.0.0", "{\"at\":7}", "faulted", "null"));
	assert_string_equal(runs_json(f, "result.error.title"), "\"No address\"");
	library.open = false;
	runs_reopen(f);
	assert_true(says(f, "1.0.0", number, "completed", "{\"well\":true}"));
	assert_int_equal(library.asked, 2);
}

/* Who lets us in: the policy of the endpoint, its secret from the server's store. */
static void test_closed(void **state)
{
	static const char *const schema =
		"\"use\":{\"secrets\":[\"key\"]},\"input\":{\"schema\":{\"resource\":{\"endpoint\":{\"uri\":"
		"\"https://docs.example/closed.json\"%s}}}},\"do\":[{\"s\":{\"set\":{\"a\":1}}}]}}";
	struct runs_fixture *f = *state;
	struct library library;
	char text[1024], more[512];
	serve(f, &library);
	snprintf(more, sizeof more, schema, "");
	snprintf(text, sizeof text, "%s%s", DOCUMENT("1.0.0"), more);
	assert_int_equal(put(f, text), 422);
	assert_string_equal(fixture_text(f->base, "errors.0.code"), "resource_unavailable");
	snprintf(more, sizeof more, schema, ",\"authentication\":{\"bearer\":{\"token\":\"${ $secrets.key }\"}}");
	snprintf(text, sizeof text, "%s%s", DOCUMENT("1.0.0"), more);
	assert_int_equal(put(f, text), 201);
	assert_true(says(f, "1.0.0", "{\"n\":1}", "completed", "{\"a\":1}"));
	assert_true(says(f, "1.0.0", "{}", "faulted", "null"));
	snprintf(more, sizeof more, schema, ",\"authentication\":{\"bearer\":{\"token\":\"wrong\"}}");
	snprintf(text, sizeof text, "%s%s", DOCUMENT("1.0.1"), more);
	assert_int_equal(put(f, text), 422);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(test_pinned),       TEST(test_damaged), TEST(test_script),
									   TEST(test_unavailable),  TEST(test_gone),    TEST(test_openapi),
									   TEST(test_at_first_use), TEST(test_closed)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
