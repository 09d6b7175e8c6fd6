#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/llm_call.h"
#include "flow/domain/trouble.h"

static struct datum *json(const char *text)
{
	struct datum *datum = datum_parse(text, strlen(text), NULL);
	assert_non_null(datum);
	return datum;
}

static struct datum *request(const char *with)
{
	struct trouble trouble;
	struct datum *given = json(with), *made = llm_call_request(given, &trouble);
	if (made == NULL)
		fprintf(stderr, "%s\n", trouble.detail);
	assert_non_null(made);
	datum_unref(given);
	return made;
}

static void refused(const char *with, const char *detail)
{
	struct trouble trouble;
	struct datum *given = json(with);
	assert_null(llm_call_request(given, &trouble));
	assert_int_equal(trouble.kind, TROUBLE_VALIDATION);
	assert_string_equal(trouble.detail, detail);
	datum_unref(given);
}

#define ASK "\"model\":\"m\",\"messages\":[{\"role\":\"user\",\"content\":\"hi\"}]"

static void a_request_is_whole(void **state)
{
	(void)state;
	struct datum *made = request("{" ASK ",\"temperature\":0.25,\"budget\":\"b\",\"tools\":null}");
	assert_string_equal(datum_bytes(made, NULL),
						"{" ASK ",\"max_tokens\":4096,\"temperature\":0.25,\"cache\":true,\"budget\":\"b\"}");
	struct buf body;
	buf_init(&body, 0);
	llm_call_body(made, &body);
	assert_string_equal(buf_text(&body), "{" ASK ",\"max_tokens\":4096,\"temperature\":0.25}");
	buf_fini(&body);
	datum_unref(made);
}

static void what_is_no_request_is_refused(void **state)
{
	(void)state;
	refused("[]", "with must be an object.");
	refused("{\"messages\":[{\"role\":\"user\"}]}", "model is required.");
	refused("{\"model\":\"\",\"messages\":[{\"role\":\"user\"}]}", "model must not be empty.");
	refused("{\"model\":\"m\",\"messages\":[]}", "messages must not be empty.");
	refused("{\"model\":\"m\",\"messages\":\"hi\"}", "messages is of the wrong type.");
	refused("{\"model\":\"m\",\"messages\":[\"hi\"]}", "messages must be objects that name their role.");
	refused("{" ASK ",\"max_tokens\":0}", "max_tokens is out of range.");
	refused("{" ASK ",\"max_tokens\":1.5}", "max_tokens is of the wrong type.");
	refused("{" ASK ",\"temperature\":2.01}", "temperature is out of range.");
	refused("{" ASK ",\"top_p\":-0.1}", "top_p is out of range.");
	refused("{" ASK ",\"cache\":\"no\"}", "cache must be true, false or “force”.");
	refused("{" ASK ",\"budget\":7}", "budget must be a name of 1 to 255 bytes.");
}

/* What a call costs is never above what was reserved for it: each token is a byte at least. */
static void the_bound_is_bytes_and_max_tokens(void **state)
{
	(void)state;
	struct datum *made = request("{" ASK ",\"max_tokens\":100}");
	const struct tokens bound = llm_call_bound(made);
	assert_int_equal(bound.n[PRICE_INPUT], (int)strlen("{" ASK ",\"max_tokens\":100}"));
	assert_int_equal(bound.n[PRICE_OUTPUT], 100);
	const struct price price = {.micros = {1000000, 10000000, 100000, -1}},
					   dear = {.micros = {1000000, 10000000, -1, 2000000}};
	assert_int_equal(llm_call_bound_cost(made, &price), bound.n[PRICE_INPUT] + 1000);
	assert_int_equal(llm_call_bound_cost(made, &dear), 2 * bound.n[PRICE_INPUT] + 1000);
	datum_unref(made);
}

static bool same_key(const char *a, const char *b)
{
	char x[65], y[65];
	struct datum *first = request(a), *second = request(b);
	llm_call_key(first, x);
	llm_call_key(second, y);
	datum_unref(first);
	datum_unref(second);
	return strcmp(x, y) == 0;
}

/* [flow.md 6]: RFC 8785 of messages, model, max_tokens, temperature and top_p at 2 decimals, tools, response_format */
static void the_key_is_what_decides_the_answer(void **state)
{
	char hex[65];
	(void)state;
	struct datum *made = request("{" ASK ",\"max_tokens\":10,\"temperature\":0.204}");
	llm_call_key(made, hex);
	/* printf '{"max_tokens":10,"messages":[{"content":"hi","role":"user"}],"model":"m","temperature":0.2}' | sha256sum
	 */
	assert_string_equal(hex, "dfb4e6aabd10d6cbbdd7c5d8a814218bd93bf499e82f335139f52076440ecea7");
	datum_unref(made);
	assert_true(same_key("{" ASK ",\"temperature\":0.2}", "{\"temperature\":0.2049,\"cache\":\"force\"," ASK "}"));
	assert_false(same_key("{" ASK ",\"temperature\":0.2}", "{" ASK ",\"temperature\":0.21}"));
	assert_true(same_key("{" ASK "}", "{" ASK ",\"budget\":\"b\",\"max_tokens\":4096}"));
	assert_false(same_key("{" ASK "}", "{" ASK ",\"tools\":[]}"));
	assert_false(same_key("{" ASK "}", "{" ASK ",\"response_format\":{\"type\":\"json_object\"}}"));
}

static void kept(const char *with, bool wanted)
{
	struct datum *made = request(with);
	assert_int_equal(llm_call_cacheable(made), wanted);
	datum_unref(made);
}

static void answers_that_are_meant_to_differ_are_not_kept(void **state)
{
	(void)state;
	kept("{" ASK "}", true);
	kept("{" ASK ",\"temperature\":0.3}", true);
	kept("{" ASK ",\"temperature\":0.31}", false);
	kept("{" ASK ",\"temperature\":0.31,\"cache\":\"force\"}", true);
	kept("{" ASK ",\"cache\":false}", false);
}

static void prompts_are_their_end(void **state)
{
	struct arena arena;
	(void)state;
	arena_init(&arena, 1 << 20);
	struct datum *made = request("{\"model\":\"m\",\"messages\":[{\"role\":\"system\",\"content\":\"be brief\"},"
								 "{\"role\":\"user\",\"content\":[{\"type\":\"text\",\"text\":\"x\"}]}]}");
	assert_string_equal(llm_call_prompt(made, &arena), "system: be brief\nuser: [{\"type\":\"text\",\"text\":\"x\"}]");
	datum_unref(made);
	arena_fini(&arena);
}

static bool read(const char *type, const char *body, struct llm_answer *answer)
{
	struct trouble trouble;
	bool good = llm_answer_read(type, body, strlen(body), answer, &trouble);
	if (!good)
		assert_int_equal(trouble.kind, TROUBLE_COMMUNICATION);
	return good;
}

/* "cached tokens priced apart" [flow.md 14] */
static void an_answer_is_a_message_and_its_tokens(void **state)
{
	struct llm_answer answer;
	(void)state;
	assert_true(read("application/json; charset=utf-8",
					 "{\"model\":\"m-1\",\"choices\":[{\"message\":{\"role\":\"assistant\",\"content\":\"yes\"}}],"
					 "\"usage\":{\"prompt_tokens\":100,\"completion_tokens\":7,\"prompt_tokens_details\":{"
					 "\"cached_tokens\":40,\"cache_write_tokens\":10}}}",
					 &answer));
	assert_int_equal(answer.tokens.n[PRICE_INPUT], 50);
	assert_int_equal(answer.tokens.n[PRICE_CACHED_INPUT], 40);
	assert_int_equal(answer.tokens.n[PRICE_CACHE_WRITE], 10);
	assert_int_equal(answer.tokens.n[PRICE_OUTPUT], 7);
	struct datum *output = llm_answer_output(&answer, 1234567, false);
	assert_string_equal(datum_bytes(output, NULL),
						"{\"text\":\"yes\",\"message\":{\"role\":\"assistant\",\"content\":\"yes\"},\"usage\":{"
						"\"prompt_tokens\":100,\"completion_tokens\":7,\"prompt_tokens_details\":{\"cached_tokens\":40,"
						"\"cache_write_tokens\":10}},\"cost\":\"1.234567\",\"cost_micros\":1234567,\"cached\":false,"
						"\"model\":\"m-1\"}");
	datum_unref(output);
	llm_answer_fini(&answer);
}

/* REF: WHATWG HTML, server-sent events */
static void a_stream_is_put_together(void **state)
{
	struct llm_answer answer;
	(void)state;
	assert_true(
		read("text/event-stream",
			 ": comment\n"
			 "data: {\"model\":\"s\",\"choices\":[{\"delta\":{\"role\":\"assistant\",\"content\":\"a\"}}]}\r\n\r\n"
			 "data:{\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n"
			 "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"id\":\"i\",\"function\":{\"name\":"
			 "\"f\",\"arguments\":\"{\\\"x\\\"\"}}]}}]}\n"
			 "data: {\"choices\":[{\"delta\":{\"tool_calls\":[{\"index\":0,\"function\":{\"arguments\":\":1}\"}}]}}]}\n"
			 "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}\n"
			 "data: [DONE]\n",
			 &answer));
	assert_string_equal(
		datum_bytes(answer.message, NULL),
		"{\"role\":\"assistant\",\"content\":\"ab\",\"tool_calls\":[{\"id\":\"i\",\"type\":\"function\","
		"\"function\":{\"name\":\"f\",\"arguments\":\"{\\\"x\\\":1}\"}}]}");
	assert_int_equal(answer.tokens.n[PRICE_INPUT], 3);
	assert_true(answer.sound_tools);
	llm_answer_fini(&answer);
	assert_false(read("text/event-stream", "data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n", &answer));
	assert_false(read("text/event-stream", "data: {\ndata: [DONE]\n", &answer));
	assert_false(read("text/event-stream", "data: [DONE]\n", &answer));
}

static void what_is_no_completion_is_said_so(void **state)
{
	struct llm_answer answer;
	(void)state;
	assert_false(read("application/json", "<html>", &answer));
	assert_false(read("application/json", "{\"choices\":[]}", &answer));
	assert_false(read("application/json", "{\"choices\":[{\"message\":\"x\"}]}", &answer));
	assert_true(
		read("application/json",
			 "{\"choices\":[{\"message\":{\"content\":null,\"tool_calls\":[{\"function\":{\"arguments\":\"{\"}}]}}]}",
			 &answer));
	assert_false(answer.sound_tools);
	assert_null(answer.usage);
	llm_answer_fini(&answer);
	char text[20];
	const char *body = "{\"error\":{\"message\":\"slow\\ndown, please, all of you\"}}";
	llm_error_text(body, strlen(body), text, sizeof text);
	assert_string_equal(text, "slow down, please, ");
	llm_error_text("no json", 7, text, sizeof text);
	assert_string_equal(text, "no json");
}

static void models_are_routed_by_the_longest_prefix(void **state)
{
	const struct llm_route routes[] = {{"a", "A"}, {"a-b", "AB"}, {"c", "C"}};
	(void)state;
	assert_string_equal(llm_route(routes, 3, "base", "a-x"), "A");
	assert_string_equal(llm_route(routes, 3, "base", "a-b-1"), "AB");
	assert_string_equal(llm_route(routes, 3, "base", "x"), "base");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_request_is_whole),
		cmocka_unit_test(what_is_no_request_is_refused),
		cmocka_unit_test(the_bound_is_bytes_and_max_tokens),
		cmocka_unit_test(the_key_is_what_decides_the_answer),
		cmocka_unit_test(answers_that_are_meant_to_differ_are_not_kept),
		cmocka_unit_test(prompts_are_their_end),
		cmocka_unit_test(an_answer_is_a_message_and_its_tokens),
		cmocka_unit_test(a_stream_is_put_together),
		cmocka_unit_test(what_is_no_completion_is_said_so),
		cmocka_unit_test(models_are_routed_by_the_longest_prefix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
