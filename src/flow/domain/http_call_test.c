#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/http_call.h"
#include "flow/domain/openapi_call.h"
#include "flow/domain/trouble.h"

static struct datum *json(const char *text)
{
	struct datum *datum = datum_parse(text, strlen(text), NULL);
	assert_non_null(datum);
	return datum;
}

static struct datum *request(const char *with, const char *input, struct trouble *trouble)
{
	struct datum *w = json(with), *i = json(input);
	struct datum *made = http_call_request(w, i, trouble);
	datum_unref(w);
	datum_unref(i);
	return made;
}

static void must_ask(const char *with, const char *input, const char *member, const char *wanted)
{
	struct trouble trouble;
	struct datum *made = request(with, input, &trouble);
	assert_non_null(made);
	assert_string_equal(json_text(datum_tree(made), member), wanted);
	datum_unref(made);
}

/* REF: RFC 6570 section 3.2.2, of single names */
static void names_in_a_uri_are_expanded(void **state)
{
	(void)state;
	must_ask("{\"method\":\"get\",\"endpoint\":\"http://h/{a}/{b}/{c}/{d}/{e}\"}",
			 "{\"a\":\"x y/é\",\"b\":7,\"c\":true,\"d\":null}", "url", "http://h/x%20y%2F%C3%A9/7/true//");
	must_ask("{\"method\":\"Post\",\"endpoint\":{\"uri\":\"http://h/?a={a}\"}}", "{\"a\":12345678901234567}", "url",
			 "http://h/?a=12345678901234567");
	must_ask("{\"method\":\"Post\",\"endpoint\":\"http://h/\"}", "[]", "method", "POST");
	struct trouble trouble;
	assert_null(request("{\"endpoint\":\"http://h/{a}\"}", "{\"a\":[1]}", &trouble));
	assert_int_equal(trouble.kind, TROUBLE_EXPRESSION);
}

static void queries_repeat_the_names_of_arrays(void **state)
{
	(void)state;
	must_ask("{\"endpoint\":\"http://h/p?z=1\",\"query\":{\"a\":[1,\"b c\"],\"n\":null}}", "null", "url",
			 "http://h/p?z=1&a=1&a=b%20c&n=");
	must_ask("{\"endpoint\":\"http://h/p\",\"query\":{\"a\":\"&\"}}", "null", "url", "http://h/p?a=%26");
}

static void bodies_go_as_they_are(void **state)
{
	(void)state;
	must_ask("{\"endpoint\":\"http://h/\",\"body\":\"as it is\"}", "null", "body", "as it is");
	must_ask("{\"endpoint\":\"http://h/\",\"body\":{\"a\":[1,2]}}", "null", "body", "{\"a\":[1,2]}");
	must_ask("{\"endpoint\":\"http://h/\",\"headers\":{\"content-type\":\"application/x-www-form-urlencoded\"},"
			 "\"body\":{\"a\":[1,2],\"b\":\"c d\"}}",
			 "null", "body", "a=1&a=2&b=c%20d");
}

static void a_header_cannot_break_its_line(void **state)
{
	(void)state;
	struct trouble trouble;
	assert_null(request("{\"endpoint\":\"http://h/\",\"headers\":{\"X\":\"a\\r\\nY: b\"}}", "null", &trouble));
	assert_int_equal(trouble.kind, TROUBLE_EXPRESSION);
}

/* REF: RFC 9110 section 9.1 */
static void a_method_is_one_word(void **state)
{
	(void)state;
	static const char *const bad[] = {"\"GE T\"", "\"GET /\\r\\nA:b\\r\\nC:\"", "\"\"", "7",
									  "\"abcdefghijabcdefghijabcdefghijab\""};
	struct trouble trouble;
	char with[128];
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		snprintf(with, sizeof with, "{\"method\":%s,\"endpoint\":\"http://h/\"}", bad[i]);
		assert_null(request(with, "null", &trouble));
		assert_int_equal(trouble.kind, TROUBLE_EXPRESSION);
	}
	must_ask("{\"method\":\"baseline-control\",\"endpoint\":\"http://h/\"}", "null", "method", "BASELINE-CONTROL");
}

static void must_give(const char *with, const struct http_call_answer *answer, const char *wanted)
{
	struct trouble trouble;
	struct datum *asked = request(with, "null", &trouble);
	struct datum *output = http_call_output(asked, answer, &trouble), *expected = json(wanted);
	assert_non_null(output);
	if (!json_same(datum_tree(output), datum_tree(expected)))
		fail_msg("%s, not %s", datum_bytes(output, NULL), wanted);
	datum_unref(asked);
	datum_unref(output);
	datum_unref(expected);
}

static struct http_call_answer answer(int status, const char *type, const char *body)
{
	return (struct http_call_answer){
		.status = status, .content_type = type, .headers = "X-A: 1\n", .body = body, .body_size = strlen(body)};
}

static void content_follows_its_type(void **state)
{
	(void)state;
	static const char plain[] = "{\"endpoint\":\"http://h/\"}";
	struct http_call_answer got = answer(200, "application/json; charset=utf-8", "{\"n\":12345678901234567}");
	must_give(plain, &got, "{\"n\":12345678901234567}");
	got = answer(200, "application/problem+json", "[1]");
	must_give(plain, &got, "[1]");
	got = answer(200, "text/plain", "[1]");
	must_give(plain, &got, "\"[1]\"");
	got = answer(200, "application/xml", "<a/>");
	must_give(plain, &got, "\"<a/>\"");
	got = answer(200, "application/octet-stream", "abc");
	must_give(plain, &got, "\"YWJj\"");
	got = answer(204, "", "");
	must_give(plain, &got, "null");
	got = answer(200, "application/json", "[1]");
	must_give("{\"endpoint\":\"http://h/\",\"output\":\"raw\"}", &got, "\"WzFd\"");
	must_give("{\"method\":\"get\",\"endpoint\":\"http://h/\",\"output\":\"response\"}", &got,
			  "{\"request\":{\"method\":\"GET\",\"uri\":\"http://h/"
			  "\",\"headers\":{}},\"statusCode\":200,\"headers\":{\"x-a\":"
			  "\"1\"},\"content\":[1]}");
	got = answer(302, "", "");
	must_give("{\"endpoint\":\"http://h/\",\"redirect\":true}", &got, "null");
}

/* Whatever comes from outside, what is made of it is JSON that we read again. */
static void foreign_bytes_become_text(void **state)
{
	(void)state;
	struct http_call_answer got = answer(200, "text/plain", "");
	got.body = "a\0b";
	got.body_size = 3;
	must_give("{\"endpoint\":\"http://h/\"}", &got, "\"YQBi\""); /* no text: base64 */
	got = answer(200, "text/plain", "\xff");
	must_give("{\"endpoint\":\"http://h/\"}", &got, "\"/w==\"");
	got = answer(200, "", "");
	got.headers = "X-\xff: a\xe9\n";
	must_give("{\"method\":\"get\",\"endpoint\":\"http://h/\",\"output\":\"response\"}", &got,
			  "{\"request\":{\"method\":\"GET\",\"uri\":\"http://h/"
			  "\",\"headers\":{}},\"statusCode\":200,\"headers\":{\"x-?\":"
			  "\"a\xc3\xa9\"},\"content\":null}");
	struct trouble trouble;
	char long_text[600];
	memset(long_text, 'x', sizeof long_text);
	memcpy(long_text + 478, "\xe2\x82\xac", 3); /* the cut falls inside of it */
	long_text[599] = '\0';
	trouble_set(&trouble, TROUBLE_RUNTIME, "T", "%s", long_text);
	struct datum *error = trouble_datum(&trouble, NULL, "/do/0/a");
	assert_int_equal(datum_tree(error)->kind, JS_OBJECT);
	datum_unref(error);
}

static void other_statuses_are_errors(void **state)
{
	(void)state;
	static const int statuses[] = {100, 199, 300, 302, 400, 401, 404, 500, 503};
	struct trouble trouble;
	struct datum *asked = request("{\"endpoint\":\"http://h/\"}", "null", &trouble);
	for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
		const struct http_call_answer got = answer(statuses[i], "application/json", "{}");
		assert_null(http_call_output(asked, &got, &trouble));
		assert_int_equal(trouble.kind, TROUBLE_COMMUNICATION);
		assert_int_equal(trouble.status, statuses[i]);
	}
	datum_unref(asked);
}

/* --- documents --- */

static void must_become(const char *document, const char *with, const char *wanted)
{
	struct trouble trouble;
	struct datum *d = json(document), *w = json(with), *expected = json(wanted);
	struct datum *made = openapi_call_with(datum_tree(w), datum_tree(d), "https://docs.test/v1/api.json", &trouble);
	if (made == NULL)
		fail_msg("%s: %s", trouble.title, trouble.detail);
	if (!json_same(datum_tree(made), datum_tree(expected)))
		fail_msg("%s, not %s", datum_bytes(made, NULL), wanted);
	datum_unref(made);
	datum_unref(d);
	datum_unref(w);
	datum_unref(expected);
}

static void operations_are_placed_where_their_document_says(void **state)
{
	(void)state;
	must_become("{\"swagger\":\"2.0\",\"host\":\"h.test\",\"basePath\":\"/"
				"v2\",\"schemes\":[\"http\",\"https\"],\"paths\":{\"/p/"
				"{id}\":{\"post\":{\"operationId\":\"o\",\"parameters\":[{\"name\":\"id\",\"in\":\"path\"},{\"name\":"
				"\"q\",\"in\":"
				"\"query\"},{\"name\":\"pet\",\"in\":\"body\"}]}}}}",
				"{\"operationId\":\"o\",\"parameters\":{\"id\":\"a/"
				"b\",\"q\":[1,2],\"pet\":{\"n\":1},\"other\":1},\"output\":\"raw\"}",
				"{\"method\":\"post\",\"endpoint\":\"https://h.test/v2/p/"
				"a%2Fb\",\"query\":{\"q\":[1,2]},\"headers\":{},\"body\":{\"n\":1},\"output\":\"raw\"}");
	must_become("{\"openapi\":\"3.0.0\",\"servers\":[{\"url\":\"/base/{v}/"
				"\",\"variables\":{\"v\":{\"default\":\"7\"}}}],\"paths\":"
				"{\"/x\":{\"parameters\":[{\"$ref\":\"#/components/parameters/"
				"h\"}],\"put\":{\"operationId\":\"o\",\"requestBody\":{}}}},\"components\":{\"parameters\":{\"h\":{"
				"\"name\":\"X-H\","
				"\"in\":\"header\"}}}}",
				"{\"operationId\":\"o\",\"parameters\":{\"X-H\":\"v\",\"body\":[1]}}",
				"{\"method\":\"put\",\"endpoint\":\"https://docs.test/base/7/"
				"x\",\"query\":{},\"headers\":{\"X-H\":\"v\"},\"body\":[1]}");
	must_become(
		"{\"openapi\":\"3.0.0\",\"paths\":{\"/x\":{\"get\":{\"operationId\":\"o\",\"parameters\":[{\"name\":\"a\","
		"\"in\":\"cookie\"},{\"name\":\"b\",\"in\":\"cookie\"},{\"name\":\"c\",\"in\":\"cookie\"}]}}}}",
		"{\"operationId\":\"o\",\"parameters\":{\"a\":\"x; y\",\"c\":7}}",
		"{\"method\":\"get\",\"endpoint\":\"https://docs.test/x\",\"query\":{},\"headers\":{\"Cookie\":\"a=x%3B%20y; "
		"c=7\"}}");
}

static void what_a_document_lacks_is_said(void **state)
{
	(void)state;
	struct trouble trouble;
	struct datum *d =
		json("{\"openapi\":\"3.1.0\",\"paths\":{\"/x/{id}\":{\"get\":{\"operationId\":\"o\",\"parameters\":[{\"name\":"
			 "\"q\",\"in\":\"query\",\"required\":true}]}}}}");
	struct datum *other = json("{\"operationId\":\"p\"}"),
				 *bare = json("{\"operationId\":\"o\",\"parameters\":{\"id\":1}}");
	assert_null(openapi_call_with(datum_tree(other), datum_tree(d), "https://docs.test/", &trouble));
	assert_int_equal(trouble.kind, TROUBLE_CONFIGURATION);
	assert_null(openapi_call_with(datum_tree(bare), datum_tree(d), "https://docs.test/", &trouble));
	assert_int_equal(trouble.kind, TROUBLE_VALIDATION);
	datum_unref(d);
	datum_unref(other);
	datum_unref(bare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_in_a_uri_are_expanded),
		cmocka_unit_test(queries_repeat_the_names_of_arrays),
		cmocka_unit_test(bodies_go_as_they_are),
		cmocka_unit_test(a_header_cannot_break_its_line),
		cmocka_unit_test(a_method_is_one_word),
		cmocka_unit_test(content_follows_its_type),
		cmocka_unit_test(foreign_bytes_become_text),
		cmocka_unit_test(other_statuses_are_errors),
		cmocka_unit_test(operations_are_placed_where_their_document_says),
		cmocka_unit_test(what_a_document_lacks_is_said),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
