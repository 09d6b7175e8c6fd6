#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <pthread.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/json.h"
#include "core/log.h"

#define WHEN INT64_C(1735689600000001)

static const char *compose(enum log_format format, struct log_pair pair)
{
	static char line[LOG_LINE_MAX + 1];
	size_t size = log_compose(line, format, WHEN, LOG_LEVEL_INFO, &pair, 1);
	line[size] = '\0';
	return line;
}

static const char *logfmt_value(struct log_pair pair)
{
	const char *line = compose(LOG_FORMAT_LOGFMT, pair);
	static const char head[] = "ts=2025-01-01T00:00:00.000001Z level=info k=";
	assert_memory_equal(line, head, strlen(head));
	return line + strlen(head);
}

static bool is_json(const char *line)
{
	struct arena arena;
	arena_init(&arena, 1 << 16);
	const struct json *json = NULL;
	bool parsed = json_parse(&arena, line, strlen(line), &json_body_limits, &json, NULL);
	arena_fini(&arena);
	return parsed;
}

static void values_of_logfmt(void **state)
{
	(void)state;
	static const struct {
		const char *text, *expected;
	} rows[] = {
		{"plain", "plain\n"},
		{"/api/v1/designs", "/api/v1/designs\n"},
		{"", "\"\"\n"},
		{"two words", "\"two words\"\n"},
		{"a=b", "\"a=b\"\n"},
		{"say \"no\"", "\"say \\\"no\\\"\"\n"},
		{"back\\slash", "\"back\\\\slash\"\n"},
		{"x\nlevel=error msg=forged", "\"x\\nlevel=error msg=forged\"\n"},
		{"\r\t\x1b[31m\x7f", "\"\\r\\t\\u001b[31m\\u007f\"\n"},
		{"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\"\n"},
		{"\xc2\x85\xe2\x80\xa8\xe2\x80\xae", "\"\\u0085\\u2028\\u202e\"\n"},
		{"\xff\xc3(", "\"\\ufffd\\ufffd(\"\n"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(logfmt_value(log_str("k", rows[i].text)), rows[i].expected);
	assert_string_equal(logfmt_value(log_strn("k", "a\0b", 3)), "\"a\\u0000b\"\n");
	assert_string_equal(logfmt_value(log_int("k", INT64_MIN)), "-9223372036854775808\n");
	assert_string_equal(logfmt_value(log_num("k", 1.25)), "1.250\n");
	assert_string_equal(logfmt_value(log_num("k", (double)NAN)), "null\n");
	assert_string_equal(logfmt_value(log_bool("k", false)), "false\n");
}

static void json_lines_parse_and_give_the_text_back(void **state)
{
	(void)state;
	const char *text = "a \"b\"\\\n\x01 \xc3\xbc \xe2\x80\xa8";
	const char *line = compose(LOG_FORMAT_JSON, log_str("k", text));
	struct arena arena;
	arena_init(&arena, 1 << 16);
	const struct json *json = NULL;
	assert_true(json_parse(&arena, line, strlen(line), &json_body_limits, &json, NULL));
	assert_string_equal(json_text(json, "ts"), "2025-01-01T00:00:00.000001Z");
	assert_string_equal(json_text(json, "level"), "info");
	assert_string_equal(json_text(json, "k"), text);
	arena_fini(&arena);
}

static void absent_text_leaves_the_pair_out(void **state)
{
	(void)state;
	assert_string_equal(compose(LOG_FORMAT_LOGFMT, log_str("request_id", NULL)),
						"ts=2025-01-01T00:00:00.000001Z level=info\n");
	assert_string_equal(compose(LOG_FORMAT_JSON, log_str("request_id", NULL)),
						"{\"ts\":\"2025-01-01T00:00:00.000001Z\",\"level\":\"info\"}\n");
}

/* [P-11.3] user text cut at 200 bytes */
static void long_text_is_cut_between_characters(void **state)
{
	(void)state;
	char text[400];
	memset(text, 'x', sizeof text);
	text[200] = '\0';
	assert_int_equal(strlen(logfmt_value(log_str("k", text))), 201);
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	const char *value = logfmt_value(log_str("k", text));
	assert_int_equal(strlen(value), LOG_VALUE_MAX + 3);
	assert_string_equal(value + 1 + 197, "\xe2\x80\xa6\"\n");
	memcpy(text + 195, "\xe2\x82\xac", 3); /* would end at 198 */
	value = logfmt_value(log_str("k", text));
	assert_string_equal(value + 1 + 195, "\xe2\x80\xa6\"\n");
}

static void a_line_too_long_drops_whole_pairs_and_says_so(void **state)
{
	(void)state;
	char text[LOG_VALUE_MAX + 1], line[LOG_LINE_MAX + 1];
	memset(text, 1, LOG_VALUE_MAX); /* six bytes each when escaped */
	text[LOG_VALUE_MAX] = '\0';
	struct log_pair pairs[8];
	static const char *const keys[8] = {"a", "b", "c", "d", "e", "f", "g", "h"};
	for (size_t i = 0; i < 8; i++)
		pairs[i] = log_str(keys[i], text);
	for (int json = 0; json < 2; json++) {
		size_t size = log_compose(line, json ? LOG_FORMAT_JSON : LOG_FORMAT_LOGFMT, WHEN, LOG_LEVEL_WARN, pairs, 8);
		line[size] = '\0';
		assert_true(size <= LOG_LINE_MAX);
		assert_non_null(strstr(line, json ? "\"cut\":true}\n" : " cut=true\n"));
		assert_true(is_json(line) == (json == 1));
	}
}

static void gather(void *self, const char *line, size_t size)
{
	buf_add(self, line, size);
}

static int evaluated(void)
{
	fail();
	return 0;
}

static void sink_obeys_level_and_clock(void **state)
{
	(void)state;
	struct env_sim sim;
	struct buf buf;
	env_sim_init(&sim, 1, WHEN);
	buf_init(&buf, 0);
	log_setup(&(struct log_options){.env = &sim.env, .level = LOG_LEVEL_WARN, .put = gather, .self = &buf});
	log_info("not wanted", log_int("never", evaluated()));
	log_warn("queue full", log_str("request_id", "r-1"), log_int("status", 503));
	log_error("plain");
	log_setup(&(struct log_options){.level = LOG_LEVEL_INFO});
	assert_string_equal(buf_text(&buf), "ts=2025-01-01T00:00:00.000001Z level=warn msg=\"queue full\" request_id=r-1 "
										"status=503\n"
										"ts=2025-01-01T00:00:00.000001Z level=error msg=plain\n");
	buf_fini(&buf);
	env_sim_fini(&sim);
}

enum { THREADS = 4, EACH = 500 };

static void *write_lines(void *argument)
{
	(void)argument;
	for (int i = 0; i < EACH; i++)
		log_info("line", log_int("i", i));
	return NULL;
}

static void lines_of_threads_do_not_mix(void **state)
{
	(void)state;
	struct buf buf;
	buf_init(&buf, 0);
	log_setup(&(struct log_options){.level = LOG_LEVEL_INFO, .format = LOG_FORMAT_JSON, .put = gather, .self = &buf});
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, write_lines, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	log_setup(&(struct log_options){.level = LOG_LEVEL_INFO});
	int lines = 0;
	char *rest = NULL;
	for (char *line = strtok_r(buf.bytes, "\n", &rest); line != NULL; line = strtok_r(NULL, "\n", &rest), lines++) {
		assert_true(is_json(line));
	}
	assert_int_equal(lines, THREADS * EACH);
	buf_fini(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_of_logfmt),
		cmocka_unit_test(json_lines_parse_and_give_the_text_back),
		cmocka_unit_test(absent_text_leaves_the_pair_out),
		cmocka_unit_test(long_text_is_cut_between_characters),
		cmocka_unit_test(a_line_too_long_drops_whole_pairs_and_says_so),
		cmocka_unit_test(sink_obeys_level_and_clock),
		cmocka_unit_test(lines_of_threads_do_not_mix),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
