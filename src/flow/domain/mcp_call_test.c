#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/http_call.h"
#include "flow/domain/mcp_call.h"
#include "flow/domain/trouble.h"

static struct datum *json(const char *text)
{
	struct datum *datum = datum_parse(text, strlen(text), NULL);
	assert_non_null(datum);
	return datum;
}

static struct datum *request(const char *with, struct trouble *trouble)
{
	struct datum *w = json(with), *i = json("{\"room\":\"a b\"}");
	struct datum *made = mcp_call_request(w, i, trouble);
	datum_unref(w);
	datum_unref(i);
	return made;
}

/* REF: Model Context Protocol 2025-06-18, Lifecycle: initialize */
static void what_is_asked_stands_in_the_journal(void **state)
{
	(void)state;
	struct trouble trouble;
	struct datum *made =
		request("{\"method\":\"tools/call\",\"parameters\":{\"name\":\"add\",\"arguments\":{\"a\":1}},"
				"\"timeout\":{\"seconds\":3},\"transport\":{\"http\":{\"endpoint\":\"http://h/{room}\","
				"\"headers\":{\"X-A\":\"b\"}}},\"client\":{\"name\":\"c\",\"version\":\"2\"}}",
				&trouble);
	assert_non_null(made);
	const struct json *tree = datum_tree(made);
	assert_string_equal(json_text(tree, "method"), "POST");
	assert_string_equal(json_text(tree, "url"), "http://h/a%20b");
	assert_string_equal(json_text(json_get(tree, "headers"), "X-A"), "b");
	assert_string_equal(json_text(json_get(tree, "headers"), "Accept"), "application/json, text/event-stream");
	assert_string_equal(json_text(json_get(tree, "headers"), "Content-Type"), "application/json");
	assert_string_equal(json_text(tree, "body"), "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/call\",\"params\":"
												 "{\"name\":\"add\",\"arguments\":{\"a\":1}}}");
	assert_string_equal(json_text(tree, "hello"),
						"{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"protocolVersion\":"
						"\"2025-06-18\",\"capabilities\":{},\"clientInfo\":{\"name\":\"c\",\"version\":\"2\"}}}");
	assert_int_equal(json_get(tree, "timeout_ms")->integer, 3000);
	datum_unref(made);
}

static void what_the_author_says_goes_first(void **state)
{
	(void)state;
	struct trouble trouble;
	struct datum *made =
		request("{\"method\":\"tools/list\",\"protocolVersion\":\"2025-03-26\",\"transport\":{\"http\":{\"endpoint\":"
				"{\"uri\":\"http://h/\"},\"headers\":{\"accept\":\"application/json\"}}}}",
				&trouble);
	assert_non_null(made);
	const struct json *tree = datum_tree(made);
	assert_null(json_get(json_get(tree, "headers"), "Accept"));
	assert_string_equal(json_text(tree, "body"), "{\"jsonrpc\":\"2.0\",\"id\":2,\"method\":\"tools/list\"}");
	assert_non_null(strstr(json_text(tree, "hello"), "\"protocolVersion\":\"2025-03-26\""));
	assert_null(json_get(tree, "timeout_ms"));
	datum_unref(made);
	assert_null(request("{\"method\":\"tools/list\",\"timeout\":\"soon\",\"transport\":{\"http\":{\"endpoint\":"
						"\"http://h/\"}}}",
						&trouble));
	assert_int_equal(trouble.kind, TROUBLE_EXPRESSION);
}

static struct datum *output(int status, const char *type, const char *body, struct trouble *trouble)
{
	const struct http_call_answer answer = {
		.status = status, .content_type = type, .headers = "", .body = body, .body_size = strlen(body)};
	struct datum *asked = json("{\"url\":\"http://h/\"}");
	struct datum *found = mcp_call_output(datum_tree(asked), &answer, trouble);
	datum_unref(asked);
	return found;
}

static void must_give(const char *type, const char *body, const char *wanted)
{
	struct trouble trouble;
	struct datum *found = output(200, type, body, &trouble);
	assert_non_null(found);
	assert_string_equal(datum_bytes(found, NULL), wanted);
	datum_unref(found);
}

/* REF: Model Context Protocol 2025-06-18, Streamable HTTP: the answer may be a stream, others before it */
static void the_result_is_the_output(void **state)
{
	(void)state;
	must_give("application/json", "{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{\"a\":12345678901234567}}",
			  "{\"a\":12345678901234567}");
	must_give("application/json",
			  "[{\"jsonrpc\":\"2.0\",\"method\":\"x\"},{\"jsonrpc\":\"2.0\",\"id\":2,\"result\":{}}]", "{}");
	must_give("text/event-stream; charset=utf-8",
			  ": hi\n\nevent: message\ndata: {\"jsonrpc\":\"2.0\",\"method\":\"notifications/progress\"}\n\n"
			  "id: 1\r\ndata:{\"jsonrpc\":\"2.0\",\r\ndata: \"id\":2,\"result\":{\"a\":[1]}}\r\n\r\n",
			  "{\"a\":[1]}");
	must_give("text/event-stream", "data: {\"id\":2,\"result\":{}}", "{}");
	must_give("application/json", "{\"id\":2,\"result\":{\"isError\":true,\"content\":[]}}",
			  "{\"isError\":true,\"content\":[]}"); /* a tool's own failure is what it says */
}

static void must_fault(int status, const char *type, const char *body, const char *title, int as) /* 0: its kind says */
{
	struct trouble trouble;
	assert_null(output(status, type, body, &trouble));
	assert_int_equal(trouble.kind, TROUBLE_COMMUNICATION);
	assert_string_equal(trouble.title, title);
	assert_int_equal(trouble.status, as);
}

static void what_is_no_result_faults(void **state)
{
	(void)state;
	must_fault(200, "application/json", "{\"id\":2,\"error\":{\"code\":-32602,\"message\":\"no such tool\"}}",
			   "MCP error", 0);
	must_fault(200, "application/json", "{\"id\":1,\"result\":{}}", "Unreadable answer", 0);
	must_fault(200, "text/html", "<p>", "Unreadable answer", 0);
	must_fault(200, "text/event-stream", "data: {}\n\ndata\n\n\r\n", "Unreadable answer", 0);
	must_fault(401, "application/json", "{\"id\":2,\"result\":{}}", "HTTP error", 401);
}

static void the_version_is_the_servers(void **state)
{
	(void)state;
	struct trouble trouble;
	struct arena arena;
	struct datum *asked = json("{\"url\":\"http://h/\"}");
	struct http_call_answer answer = {.status = 200, .content_type = "application/json", .headers = ""};
	arena_init(&arena, 1 << 16);
	answer.body = "{\"id\":1,\"result\":{\"protocolVersion\":\"2024-11-05\"}}";
	answer.body_size = strlen(answer.body);
	assert_string_equal(mcp_call_version(datum_tree(asked), &answer, &arena, &trouble), "2024-11-05");
	answer.body = "{\"id\":1,\"result\":{\"protocolVersion\":\"1\\r\\nX: y\"}}";
	answer.body_size = strlen(answer.body);
	assert_null(mcp_call_version(datum_tree(asked), &answer, &arena, &trouble));
	arena_fini(&arena);
	datum_unref(asked);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_asked_stands_in_the_journal),
		cmocka_unit_test(what_the_author_says_goes_first),
		cmocka_unit_test(the_result_is_the_output),
		cmocka_unit_test(what_is_no_result_faults),
		cmocka_unit_test(the_version_is_the_servers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
