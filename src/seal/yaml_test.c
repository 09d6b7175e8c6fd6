#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "seal/pack.h"

struct row {
	const char *yaml, *json;
};

static const struct row rows[] = {
	{"1", "1"},
	{"text", "\"text\""},
	{"- 1\n- 2\n", "[1,2]"},
	{"a: 1\nb: 2\n", "{\"a\":1,\"b\":2}"},
	{"{a: [1, {b: c}], d: []}", "{\"a\":[1,{\"b\":\"c\"}],\"d\":[]}"},
	{"a:\n  - b: 1\n    c: 2\n  - d\n", "{\"a\":[{\"b\":1,\"c\":2},\"d\"]}"},
	{"--- \na: 1\n...\n", "{\"a\":1}"},
	{"# only a remark\na: 1 # and one more\n", "{\"a\":1}"},
	{"{}", "{}"},
	{"[]", "[]"},
	/* nothing */
	{"a:\n", "{\"a\":null}"},
	{"[~, null, Null, NULL]", "[null,null,null,null]"},
	{"[nULL, none, nil]", "[\"nULL\",\"none\",\"nil\"]"},
	/* truth: yes, no, on, off are text in YAML 1.2 */
	{"[true, True, TRUE, false, False, FALSE]", "[true,true,true,false,false,false]"},
	{"[yes, no, on, off, y, n, tRUE]", "[\"yes\",\"no\",\"on\",\"off\",\"y\",\"n\",\"tRUE\"]"},
	/* numbers */
	{"[0, -0, 7, -7, +7, 007]", "[0,0,7,-7,7,7]"},
	{"[1.5, -1.5, .5, -.5, 1., 1e3, 1E-3, 1.5e+3]", "[1.5,-1.5,0.5,-0.5,1,1000,0.001,1500]"},
	{"[9223372036854775807, -9223372036854775808, 9223372036854775808]",
	 "[9223372036854775807,-9223372036854775808,9223372036854776000]"},
	{"[1_000, 0x1f, 0o17, 0b1, 1:30, 1e, e3, 1.2.3, '.', '-', 1e+]",
	 "[\"1_000\",\"0x1f\",\"0o17\",\"0b1\",\"1:30\",\"1e\",\"e3\",\"1.2.3\",\".\",\"-\",\"1e+\"]"},
	{"[.inf, -.inf, .nan, .NaN, 1e999]", "[\".inf\",\"-.inf\",\".nan\",\".NaN\",\"1e999\"]"},
	{"[2024-01-01, 12:30:00, 1.2.0]", "[\"2024-01-01\",\"12:30:00\",\"1.2.0\"]"},
	/* quoting makes text */
	{"['1', \"1\", 'true', \"null\", '', \"\"]", "[\"1\",\"1\",\"true\",\"null\",\"\",\"\"]"},
	{"\"\\u00e9\\n\\t\\\"\"", "\"\xc3\xa9\\n\\t\\\"\""},
	{"'it''s'", "\"it's\""},
	{"a: |\n  one\n  two\nb: >\n  one\n  two\n", "{\"a\":\"one\\ntwo\\n\",\"b\":\"one two\\n\"}"},
	{"a: one\n  two\n", "{\"a\":\"one two\"}"},
	{"a: \xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\n", "{\"a\":\"\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80\"}"},
	/* keys are text, whatever they look like */
	{"{1: a, true: b, ~: c, 1.5: d, '': e}", "{\"1\":\"a\",\"true\":\"b\",\"~\":\"c\",\"1.5\":\"d\",\"\":\"e\"}"},
	{"a: {b: 1}\nc: {b: 1}\n", "{\"a\":{\"b\":1},\"c\":{\"b\":1}}"},
};

static void must_read_as(const char *yaml, const char *want)
{
	struct arena arena;
	struct err err;
	struct buf buf;
	struct jw jw;
	const struct json *json = NULL;
	arena_init(&arena, 1 << 20);
	if (!yaml_parse(&arena, yaml, strlen(yaml), &json, &err))
		fail_msg("%s: %s", yaml, err.message);
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_json(&jw, json);
	if (!jw_ok(&jw) || strcmp(buf_text(&buf), want) != 0)
		fail_msg("%s became %s", yaml, buf_text(&buf));
	buf_fini(&buf);
	arena_fini(&arena);
}

static void each_text_becomes_its_tree(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		must_read_as(rows[i].yaml, rows[i].json);
}

struct refusal {
	const char *yaml, *why;
};

static const struct refusal refusals[] = {
	{"", "empty"},
	{"# nothing but a remark\n", "empty"},
	{"a: &x 1\n", "line 1, column 4: anchors"},
	{"a: &x [1]\nb: *x\n", "line 1, column 4: anchors"},
	{"a: &x {b: 1}\n", "anchors"},
	{"b: *x\n", "anchors, aliases and tags"},
	{"a: &a [*a, *a]\n", "anchors"},
	{"a: !!int 1\n", "tags"},
	{"a: !local 1\n", "tags"},
	{"!!map {a: 1}\n", "tags"},
	{"!!seq [1]\n", "tags"},
	{"&x a: 1\n", "anchors"},
	{"a: 1\nb: 2\na: 3\n", "line 3, column 1: the key stands twice"},
	{"{a: 1, 'a': 2}", "twice"},
	{"- {b: {c: 1, c: 2}}\n", "twice"},
	{"? [1]\n: a\n", "a key must be text"},
	{"? {a: 1}\n: b\n", "a key must be text"},
	{"a: 1\n---\nb: 2\n", "only one document"},
	{"--- a\n--- b\n", "only one document"},
	{"a: \"\\0\"\n", "U+0000"},
	{"\"\\x00\": 1\n", "U+0000"},
	{"a: [1, 2\n", "line "},
	{"{a: 1", "line "},
	{"a: 'open\n", "line "},
	{"a: \"\\q\"\n", "line "},
	{"a: 1\n  b: 2\n", "line 2"},
	{"\ta: 1\n", "line 1"},
	{"a: b: c\n", "line 1"},
	{"- 1\na: 2\n", "line 2"},
	{"%YAML 3.0\n---\na: 1\n", "line 1"},
	{"a: @b\n", "line 1"},
	{"a: `b`\n", "line 1"},
	{"a: \xff\n", "line "},
	{"a: \xc3(\n", "line "},
	{"a: \xed\xa0\x80\n", "line "},
	{"a: \x01\n", "line "},
};

static void each_refusal_says_where_and_why(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refusals / sizeof *refusals; i++) {
		struct arena arena;
		struct err err = {.kind = ERR_NONE};
		const struct json *json = NULL;
		arena_init(&arena, 1 << 20);
		if (yaml_parse(&arena, refusals[i].yaml, strlen(refusals[i].yaml), &json, &err))
			fail_msg("%s was accepted", refusals[i].yaml);
		assert_int_equal(err.kind, ERR_INVALID);
		assert_null(json);
		if (strstr(err.message, refusals[i].why) == NULL)
			fail_msg("%s: %s", refusals[i].yaml, err.message);
		arena_fini(&arena);
	}
}

/* flow.md 2.2: the codes a definition's author is told. */
static void each_refusal_has_its_code_and_place(void **state)
{
	(void)state;
	static const struct {
		const char *yaml, *code;
		size_t line, column;
	} places[] = {
		{"a: &x 1\n", "yaml_alias", 1, 4},
		{"a:\n  b: *x\n", "yaml_alias", 2, 6},
		{"a: &x !!int 1\n", "yaml_alias", 1, 4},
		{"- &x [1]\n", "yaml_alias", 1, 3},
		{"a: 1\nb: !t {}\n", "yaml_tag", 2, 4},
		{"- !!seq []\n", "yaml_tag", 1, 3},
		{"{a: 1, a: 2}", "duplicate_key", 1, 8},
		{"? []\n: 1\n", "yaml_syntax", 1, 4},
		{"", "yaml_syntax", 0, 0},
		{"a: 1\n b: 2\n", "yaml_syntax", 2, 3},
		{"--- 1\n--- 2\n", "yaml_syntax", 2, 1},
	};
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		struct arena arena;
		struct yaml_fault fault = {0};
		const struct json *json = NULL;
		arena_init(&arena, 1 << 20);
		assert_false(yaml_read(&arena, places[i].yaml, strlen(places[i].yaml), &json, &fault));
		if (strcmp(fault.code, places[i].code) != 0 || fault.line != places[i].line || fault.column != places[i].column)
			fail_msg("%s: %s at %zu, %zu", places[i].yaml, fault.code, fault.line, fault.column);
		arena_fini(&arena);
	}
}

static bool nested(int levels, const char *open, const char *close, struct err *err)
{
	struct arena arena;
	struct buf text;
	const struct json *json = NULL;
	buf_init(&text, 0);
	for (int i = 0; i < levels; i++)
		buf_adds(&text, open);
	buf_adds(&text, "1");
	for (int i = 0; i < levels; i++)
		buf_adds(&text, close);
	arena_init(&arena, 1 << 22);
	bool done = yaml_parse(&arena, buf_text(&text), text.size, &json, err);
	arena_fini(&arena);
	buf_fini(&text);
	return done;
}

static void depth_is_limited(void **state)
{
	(void)state;
	struct err err;
	assert_true(nested(64, "[", "]", NULL));
	assert_false(nested(65, "[", "]", &err));
	assert_non_null(strstr(err.message, "too deep"));
	assert_true(nested(64, "{a: ", "}", NULL));
	assert_false(nested(65, "{a: ", "}", &err));
	assert_false(nested(2000, "[", "]", NULL));
}

static void long_lists_keep_their_order(void **state)
{
	(void)state;
	struct arena arena;
	struct buf text;
	const struct json *json = NULL;
	buf_init(&text, 0);
	for (int i = 0; i < 3000; i++)
		buf_addf(&text, "- {n: %d, name: k%d}\n", i, i);
	arena_init(&arena, 1 << 24);
	assert_true(yaml_parse(&arena, buf_text(&text), text.size, &json, NULL));
	assert_int_equal(json->count, 3000);
	for (uint32_t i = 0; i < 3000; i++)
		assert_true(json_get(&json->items[i], "n")->integer == i);
	arena_fini(&arena);
	buf_fini(&text);
}

/* As many as a body can hold are compared in a moment: each with each they took a minute of a worker's time. */
static void many_keys_are_compared(void **state)
{
	(void)state;
	static const struct {
		int second, line; /* key 0 to 59999 that is said again there, 0: none; where the first of them stands */
	} cases[] = {{-1, 0}, {0, 60001}, {59999, 60001}, {31, 60001}, {3, 60001}};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct arena arena;
		struct buf text;
		struct yaml_fault fault = {0};
		const struct json *json = NULL;
		buf_init(&text, 0);
		for (int k = 0; k < 60000; k++)
			buf_addf(&text, "k%d: %d\n", k, k);
		if (cases[i].second >= 0)
			buf_addf(&text, "k%d: x\nk%d: x\n", cases[i].second, cases[i].second);
		arena_init(&arena, 1 << 26);
		bool read = yaml_read(&arena, buf_text(&text), text.size, &json, &fault);
		assert_int_equal(read, cases[i].second < 0);
		if (read)
			assert_int_equal(json_get(json, "k59999")->integer, 59999);
		else
			assert_string_equal(fault.code, "duplicate_key");
		assert_int_equal(fault.line, cases[i].line);
		assert_int_equal(fault.column, read ? 0 : 1);
		arena_fini(&arena);
		buf_fini(&text);
	}
}

static void a_full_arena_is_an_error_of_its_own(void **state)
{
	(void)state;
	static const char text[] = "a: [1, 2, 3]\nb: {c: text, d: [x, y]}\ne: 1.5\n";
	unsigned refused = 0;
	for (size_t cap = 0; cap < 2400; cap += 16) {
		struct arena arena;
		struct err err = {.kind = ERR_NONE};
		const struct json *json = NULL;
		arena_init(&arena, cap);
		if (!yaml_parse(&arena, text, strlen(text), &json, &err)) {
			assert_int_equal(err.kind, ERR_LIMIT);
			assert_null(json);
			refused++;
		}
		arena_fini(&arena);
	}
	assert_in_range(refused, 10, 149);
}

static void test_lines(void **state)
{
	static const char text[] =
		"a:\n  - {x: 1, \"y/z\": 2}\n  - x: 3\n    t~: |\n      one\n      two\n\n  - [4,\n     5]\nb: {}\n";
	struct yaml_place places[] = {{""},   {"/a"},           {"/a/0/y~1z"}, {"/a/1"},   {"/a/1/t~0"}, {"/a/2/1"},
								  {"/b"}, {"/b/none/such"}, {"/none"},     {"/a/1/x"}, {"/a/7"}};
	static const size_t want[] = {1, 1, 2, 3, 4, 9, 10, 10, 1, 3, 1};
	(void)state;
	yaml_lines(text, sizeof text - 1, places, sizeof places / sizeof *places);
	for (size_t i = 0; i < sizeof places / sizeof *places; i++)
		if (places[i].line != want[i])
			fail_msg("%s: line %zu instead of %zu", places[i].pointer, places[i].line, want[i]);
	struct yaml_place broken[] = {{"/a"}, {"/b"}};
	yaml_lines("a: 1\n b: [", 10, broken, 2);
	assert_int_equal(broken[0].line, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),
		cmocka_unit_test(each_text_becomes_its_tree),
		cmocka_unit_test(each_refusal_says_where_and_why),
		cmocka_unit_test(each_refusal_has_its_code_and_place),
		cmocka_unit_test(depth_is_limited),
		cmocka_unit_test(long_lists_keep_their_order),
		cmocka_unit_test(many_keys_are_compared),
		cmocka_unit_test(a_full_arena_is_an_error_of_its_own),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
