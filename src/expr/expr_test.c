#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "expr/expr.h"

/* One pool for all tests of the file, and what the last evaluation said. */
struct bench {
	struct expr_pool *pool;
	struct arena arena;
	struct err err;
	struct buf text;
};

static const struct json *parse(struct bench *b, const char *text)
{
	static const struct json_limits limits = {.depth = 600, .values = 10000000};
	const struct json *json;
	struct err err = {0};
	if (!json_parse(&b->arena, text, strlen(text), &limits, &json, &err))
		fail_msg("%s: %s", text, err.message);
	return json;
}

static const char *print(struct bench *b, const struct json *value)
{
	struct jw jw;
	buf_reset(&b->text);
	jw_init(&jw, &b->text);
	jw_json(&jw, value);
	assert_true(jw_ok(&jw));
	return buf_text(&b->text);
}

/* The value as JSON, or "fault: …", or "limit: …", or "refused: CODE". */
static const char *evaluate(struct bench *b, enum expr_mode mode, const char *value, const char *in)
{
	struct faults faults;
	const struct json *out;
	arena_reset(&b->arena);
	faults_init(&faults, &b->arena);
	struct expr_book *book = expr_book_new();
	unsigned item = expr_book_variable(book, "item");
	const struct json *args[EXPR_ARGS + 1] = {
		[EXPR_IN] = parse(b, in), [EXPR_CONTEXT] = parse(b, "{\"a\": [1, {\"b\": 2}]}"), [EXPR_INPUT] = parse(b, in)};
	args[item] = parse(b, "\"an item\"");
	const struct expr *expr = expr_book_add(book, "/x", parse(b, value), mode);
	struct expr_input input = {.args = args, .count = EXPR_ARGS + 1, .now_us = 1700000000500000};
	buf_reset(&b->text);
	if (!expr_book_seal(book, b->pool, &faults, &b->err))
		buf_addf(&b->text, "refused: %s", faults.count > 0 ? faults.first->code : b->err.message);
	else if (expr_eval(b->pool, expr, &input, &b->arena, &out, &b->err))
		print(b, out);
	else
		buf_addf(&b->text, "%s: %s", err_title(b->err.kind), b->err.message);
	expr_book_free(book);
	return buf_text(&b->text);
}

static const char *bare(struct bench *b, const char *expression, const char *in)
{
	struct buf quoted;
	struct jw jw;
	buf_init(&quoted, 0);
	jw_init(&jw, &quoted);
	jw_str(&jw, expression);
	const char *said = evaluate(b, EXPR_BARE, buf_text(&quoted), in);
	buf_fini(&quoted);
	return said;
}

static void test_evaluates(void **state)
{
	struct bench *b = *state;
	assert_string_equal(bare(b, "1 + 1", "null"), "2");
	assert_string_equal(bare(b, ". + [\"x\"]", "null"), "[\"x\"]"); /* [flow 2.1] */
	assert_string_equal(bare(b, ".[]", "[7,8]"), "7");
	assert_string_equal(bare(b, "empty", "1"), "null");
	assert_string_equal(bare(b, "now", "1"), "1700000000.5");
	assert_string_equal(bare(b, "$item + \"!\"", "1"), "\"an item!\"");
	assert_string_equal(bare(b, "$task", "1"), "null");
	assert_string_equal(bare(b, "{a: $context.a[1].b, (\"x\" + \"y\"): .}", "[1]"), "{\"a\":2,\"xy\":[1]}");
	assert_string_equal(bare(b, "error(\"no\")", "1"), "Expression failed: no");
	assert_string_equal(bare(b, "error({a: 1})", "1"), "Expression failed: (not a string): {\"a\":1}");
	assert_string_equal(bare(b, ".a # done", "{\"a\": 5}"), "5");
	assert_string_equal(bare(b, "now | todate", "1"), "\"2023-11-14T22:13:20Z\"");
	assert_string_equal(bare(b, "0 | strflocaltime(\"%H %Z\")", "1"), "\"00 UTC\"");
}

/* [flow 2.3] `${ }` as a whole, at any depth; the JSON type is kept; names of members are never expressions */
static void test_templates(void **state)
{
	struct bench *b = *state;
	static const struct {
		enum expr_mode mode;
		const char *value, *in, *expected;
	} rows[] = {
		{EXPR_STRICT, "\"${ .a }\"", "{\"a\": [1]}", "[1]"},
		{EXPR_STRICT, "\" \\n${.a}\\t \"", "{\"a\": 1.5}", "1.5"},
		{EXPR_STRICT, "\".a\"", "{\"a\": 1}", "\".a\""},
		{EXPR_STRICT, "\"${HOME}/x\"", "{}", "\"${HOME}/x\""},
		{EXPR_STRICT, "\"a ${ .a }\"", "{}", "\"a ${ .a }\""},
		{EXPR_STRICT, "\"${ .a } ${ .b }\"", "{}", "\"${ .a } ${ .b }\""},
		{EXPR_STRICT, "\"${ {a: {b: .}} }\"", "1", "{\"a\":{\"b\":1}}"},
		{EXPR_STRICT, "\"${ \\\"}\\\" + \\\"${\\\" }\"", "1", "\"}${\""},
		{EXPR_STRICT, "\"${ \\\"<\\\\(.a + \\\"}\\\")>\\\" }\"", "{\"a\": \"{\"}", "\"<{}>\""},
		{EXPR_STRICT, "{\"${ .a }\": \"${ .a }\", \"b\": [\"${ .a + 1 }\", {\"c\": \"${ .a * 2 }\"}, \"x\"]}",
		 "{\"a\": 3}", "{\"${ .a }\":3,\"b\":[4,{\"c\":6},\"x\"]}"},
		{EXPR_STRICT, "[\"${ empty }\", \"${ 1, 2 }\", \"${ .[] }\"]", "[]", "[null,1,null]"},
		{EXPR_STRICT, "{\"a\": \"${ 1 + }\", \"b\": \"${ ) }\"}", "1", "refused: expression_syntax"},
		{EXPR_STRICT, "\"${ }\"", "1", "refused: expression_syntax"},
		{EXPR_STRICT, "\"${}\"", "1", "refused: expression_syntax"},
		{EXPR_STRICT, "[true, 1e3, null, \"\", {}]", "1", "[true,1000,null,\"\",{}]"},
		{EXPR_BARE, "\".a\"", "{\"a\": 1}", "1"},
		{EXPR_BARE, "\"${ .a + 0 }\"", "{\"a\": 1}", "1"},
		{EXPR_BARE, "[\"${ .a }\"]", "{\"a\": 1}", "[\"${ .a }\"]"},
		{EXPR_LOOSE,
		 "{\"a\": \".a\", \"b\": \"not jq at all\", \"c\": \"${ .a }\", \"d\": \"input\", \"e\": \".a + 1\"}",
		 "{\"a\": 1}", "{\"a\":1,\"b\":\"not jq at all\",\"c\":1,\"d\":\"input\",\"e\":2}"},
		{EXPR_LOOSE, "[\".a\", \".a + 1\", \"tojson | .x\"]", "1", "[\".a\",\".a + 1\",\"tojson | .x\"]"},
		{EXPR_LOOSE, "\"${ .a }\"", "1", "Expression failed: Cannot index number with string \"a\""},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(evaluate(b, rows[i].mode, rows[i].value, rows[i].in), rows[i].expected);
}

/* [flow 2.2, 2.3] called they are refused, as names of members and variables they are free */
static void test_forbids(void **state)
{
	struct bench *b = *state;
	static const char *const refused[] = {
		"env",
		"$ENV",
		"$ ENV.x",
		"$__prog_args",
		"input",
		"[inputs]",
		"input_filename",
		"input_line_number",
		"debug",
		"stderr",
		"halt",
		"halt_error",
		"\"a\" | halt_error(1)",
		"modulemeta",
		"get_search_list",
		"{a: env}",
		"{(input): 1}",
		"\"\\(env)\"",
		"\"\\(\"\\(env)\")\"",
		".a | .[env]",
		"def f: env; f",
		"import \"a\" as a; 1",
		"include \"a\"; 1",
		".env, env",
		"{env: 1} | env",
		"1 # }\n| env",
		"@base64 \"\\(input)\"",
	};
	static const char *const free_of[] = {
		".env",        "{env: 1}.env", "{env}",         "{a: 1, input}",    ".a.debug",
		"\"env\"",     "# env\n1",     "\"\\\\(env)\"", "1 as $env | $env", ". as {env: $x} | $x",
		"\"input #\"", ".[\"halt\"]",
	};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_string_equal(bare(b, refused[i], "{}"), "refused: expression_forbidden");
	for (size_t i = 0; i < sizeof free_of / sizeof *free_of; i++)
		assert_null(strstr(bare(b, free_of[i], "{}"), "refused"));
}

/* An expression that would be whole only together with the text around it is not one. */
static void test_stays_inside(void **state)
{
	struct bench *b = *state;
	static const char *const refused[] = {
		"1) | (2",   "1); def f: (2",
		"\"",        "\"\\(",
		"(",         "]",
		"{",         "$nobody",
		"nobody",    "1 |",
		"| 1",       "",
		" ",         "# x",
		"__cs_0",    "$__cs_n",
		".[",        "if . then 1",
		"1 as $x",   "reduce . as $x",
		"def f: 1;", "\"a\\",
		"}",         "1; 2",
		"label $x",  "break $x",
		"foreach",
	};
	for (size_t i = 0; i < sizeof refused / sizeof *refused; i++)
		assert_string_equal(bare(b, refused[i], "{}"), "refused: expression_syntax");
	char deep[4001];
	memset(deep, '(', 2000);
	memset(deep + 2000, ')', 2000);
	deep[4000] = '\0';
	assert_string_equal(bare(b, deep, "{}"), "refused: expression_syntax");
}

/* [flow 2.3] the prelude, against what jq 1.7.1 and 1.8 answer */
static void test_prelude(void **state)
{
	struct bench *b = *state;
	static const struct {
		const char *expression, *in, *expected;
	} rows[] = {
		{"pick(.a, .b[1])", "{\"a\": 1, \"b\": [2, 3], \"c\": 4}", "{\"a\":1,\"b\":[null,3]}"},
		{"pick(first)", "[5, 6]", "[5]"},
		{"map(abs)", "[-1.5, 0, 7]", "[1.5,0,7]"},
		{"abs", "\"a\"", "Expression failed: string (\"a\") has no absolute value"},
		{"[toarray, ([1] | toarray)]", "1", "[[1],[1]]"},
		{"[trim, ltrim, rtrim]", "\" \\t\\u00a0a b\\u3000\\n\"", "[\"a b\",\"a b\u3000\\n\",\" \\t\u00a0a b\"]"},
		{"[trim, ltrim, rtrim]", "\"  \"", "[\"\",\"\",\"\"]"},
		{"[trim, ltrim, rtrim]", "\"\"", "[\"\",\"\",\"\"]"},
		{"trim", "1", "Expression failed: trim input must be a string"},
		{"trimstr(\"a\")", "\"aba\"", "\"b\""},
		{"def abs: 9; abs", "1", "9"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(bare(b, rows[i].expression, rows[i].in), rows[i].expected);
}

#define BIG "9007199254740993"
#define NEXT "9007199254740994"

/* [flow 2.3] integers beyond 2^53 are moved whole, compared exactly, and never rounded silently */
static void test_integers(void **state)
{
	struct bench *b = *state;
	static const char faults[] = "Expression failed: arithmetic on an integer beyond 2^53 would not be exact";
	static const struct {
		const char *expression, *in, *expected;
	} rows[] = {
		{".", BIG, BIG},
		{"., 1", BIG, BIG},
		{"[.[] | select(. != null)]", "[" BIG ",null,-9223372036854775808]", "[" BIG ",-9223372036854775808]"},
		{"{a: .a, b: [.a]} | to_entries", "{\"a\": 9223372036854775807}",
		 "[{\"key\":\"a\",\"value\":9223372036854775807},{\"key\":\"b\",\"value\":[9223372036854775807]}]"},
		{"\"id \\(.a)!\"", "{\"a\": " BIG "}", "\"id " BIG "!\""},
		{"[tostring, tojson, type, @text, @json]", BIG, "[\"" BIG "\",\"" BIG "\",\"number\",\"" BIG "\",\"" BIG "\"]"},
		{"{a: [., \"x\"]} | tojson", BIG, "\"{\\\"a\\\":[" BIG ",\\\"x\\\"]}\""},
		{".[0] == .[1], .[0] < .[1] | not", "[" BIG "," NEXT "]", "true"},
		{"[.[0] == .[1], .[0] < .[1], .[0] == .[0], .[1] > 1e300, .[0] > 5.5, .[0] < -1e18]", "[" BIG "," NEXT "]",
		 "[false,true,true,false,true,false]"},
		{"[(.[0] == 9007199254740992), ([.[0]] == [.[1]]), ({a: .[0]} == {a: .[0]}), ([.[0]] | "
		 "contains([9007199254740992]))]",
		 "[" BIG "," NEXT "]", "[false,false,true,false]"},
		{"sort", "[" NEXT "," BIG ",3]", "[3," BIG "," NEXT "]"},
		{"unique", "[" NEXT "," BIG "," NEXT "]", "[" BIG "," NEXT "]"},
		{"[group_by(.id)[] | length]", "[{\"id\":" NEXT "},{\"id\":" BIG "},{\"id\":" NEXT "}]", "[1,2]"},
		{"sort_by(.name) | map(.id)", "[{\"id\":" NEXT ",\"name\":\"b\"},{\"id\":" BIG ",\"name\":\"a\"}]",
		 "[" BIG "," NEXT "]"},
		{"[max, min]", "[" BIG "," NEXT "]", "[" NEXT "," BIG "]"},
		{"[index(" NEXT ")]", "[" BIG "," NEXT "]", "[1]"},
		{"first(.[] | select(.id == " NEXT ")).n", "[{\"id\":" BIG ",\"n\":1},{\"id\":" NEXT ",\"n\":2}]", "2"},
		{"[" BIG ", -" BIG ", {a: " BIG "}]", "1", "[" BIG ",-" BIG ",{\"a\":" BIG "}]"},
		{BIG, "1", BIG},
		{"-9223372036854775808", "1", "-9223372036854775808"},
		{"\"" BIG "\" | tonumber", "1", BIG},
		{"\"{\\\"a\\\":" BIG "}\" | fromjson", "1", "{\"a\":" BIG "}"},
		{"null + .", BIG, BIG},
		{"add", "[" BIG "]", BIG},
		{"abs", BIG, BIG},
		{". // 1", BIG, BIG},
		{"[limit(1; .)] | .[0] as $x | [$x, $x] | reverse | last", BIG, BIG},
		{"walk(.)", "{\"a\":[" BIG "]}", "{\"a\":[" BIG "]}"},
		{"del(.b) | .c = .a", "{\"a\":" BIG ",\"b\":1}", "{\"a\":" BIG ",\"c\":" BIG "}"},
		{"[paths(type == \"number\")]", "{\"a\":" BIG "}", "[[\"a\"]]"},
		{"if . > 1 then \"more\" else \"less\" end", BIG, "\"more\""},
		{"tojson | fromjson | . == " BIG, BIG, "true"},
		{". + 1", BIG, faults},
		{"1 - .", BIG, faults},
		{". * 0", BIG, faults},
		{"-.", BIG, faults},
		{"floor", BIG, faults},
		{". % 10", BIG, faults},
		{"if . + 1 > 5 then \"yes\" else \"no\" end", BIG, faults},
		{"" BIG " + 1", "1", faults},
		{"try (. + 1) catch 5", BIG, faults},
		{"abs", "-" BIG, faults},
		{"1e17", "1", "100000000000000000"},
		{". == 1e17", "100000000000000000", "true"},
		{"123456789012345678901234567890", "1", "1.2345678901234568e+29"},
		{"[nan, infinite, -infinite]", "1", "[null,1.7976931348623157e+308,-1.7976931348623157e+308]"},
		{"-0", "1", "0"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_string_equal(bare(b, rows[i].expression, rows[i].in), rows[i].expected);
}

/* [flow 14] a broken expression never takes the server with it, and is named by its limit */
static void test_limits(void **state)
{
	struct bench *b = *state;
	static const char *const bombs[] = {
		"def f: f; f",
		"def f: 1 + f; f",
		"def f: [f]; f",
		"[range(1000000000)]",
		"last(range(1000000000))",
		"reduce range(40) as $i (\"x\"; . + .)",
		"reduce range(30) as $i ([1]; . + .)",
		"reduce range(100000) as $i (null; [.])",
		"reduce range(1000000) as $i (null; {a: .})",
		"[recurse([., .])]",
		"\"\\(\"a\" * 5000000)\"",
		"\"a\" * 5000000",
		"until(false; . + 1)",
		"label $x | repeat(1) | select(. > 1)",
		"[[range(3000)] | combinations(2)]",
		"pow(10; 8) as $n | [limit($n; repeat(1))] | length",
	};
	for (size_t i = 0; i < sizeof bombs / sizeof *bombs; i++) {
		const char *said = bare(b, bombs[i], "1");
		if (strncmp(said, "Expression limit: ", 18) != 0)
			fail_msg("%s: %.200s", bombs[i], said);
		assert_string_equal(bare(b, "1 + 1", "1"), "2");
	}
	assert_string_equal(bare(b, "def f: f; f", "1"), "Expression limit: processor time: more than 200 ms");
	assert_string_equal(bare(b, "[[]] | implode", "1"),
						"Expression failed: array ([]) can't be imploded, unicode codepoint needs to be numeric");
	struct expr_health health;
	expr_health(b->pool, &health);
	assert_true(health.replaced > sizeof bombs / sizeof *bombs - 5 && health.replaced < health.started + 1);
	assert_true(health.helpers <= 2 && health.replaced_at_us > 0);
	assert_true(expr_ping(b->pool, &b->err));
}

/* Alone: a helper that waits for a processor may take so long for anything. */
static void test_wall_time_is_set(void **state)
{
	struct bench *b = *state, own = *b;
	const struct expr_config config = {.helpers = 1, .cpu_ms = 20000, .wall_ms = 50};
	assert_true(expr_open(&config, &own.pool, &own.err));
	assert_string_equal(bare(&own, "def f: f; f", "1"), "Expression limit: wall time: more than 50 ms");
	struct expr_health health;
	expr_health(own.pool, &health);
	assert_int_equal(health.replaced, 1);
	expr_close(own.pool);
	b->arena = own.arena;
	b->text = own.text;
}

static void test_limits_are_set(void **state)
{
	struct bench *b = *state, own = *b;
	const struct expr_config config = {.helpers = 1, .cpu_ms = 20000, .wall_ms = 60000, .output_bytes = 100};
	assert_true(expr_open(&config, &own.pool, &own.err));
	assert_string_equal(bare(&own, "[range(45)]", "1"), "Expression limit: output: more than 100 bytes");
	assert_string_equal(bare(&own, "\"a\" * 99", "1"), "Expression limit: output: more than 100 bytes");
	assert_string_equal(bare(&own, "\"a\" * 98 | length", "1"), "98");
	expr_restart(own.pool);
	assert_true(expr_ping(own.pool, &own.err));
	struct expr_health health;
	expr_health(own.pool, &health);
	assert_int_equal(health.replaced, 0);
	assert_int_equal(health.started, 2);
	expr_close(own.pool);
	b->arena = own.arena;
	b->text = own.text;
}

static void test_no_helper(void **state)
{
	struct bench *b = *state, own = *b;
	assert_true(expr_open(&(struct expr_config){.program = "/bin/false"}, &own.pool, &own.err));
	assert_string_equal(bare(&own, "1 + 1", "1"), "2"); /* nor does plain jq */
	assert_string_equal(bare(&own, "1.5 | floor", "1"), "refused: no helper for expressions can be had on this system");
	assert_int_equal(own.err.kind, ERR_UNAVAILABLE);
	assert_string_equal(bare(&own, ".a", "{\"a\": 1}"), "1"); /* a path needs none */
	assert_false(expr_ping(own.pool, &own.err));
	expr_close(own.pool);
	b->arena = own.arena;
	b->text = own.text;
}

/* Deep values: refused in both directions where the depth is beyond what may be stored. */
static void test_depth(void **state)
{
	struct bench *b = *state;
	char deep[1100];
	memset(deep, '[', 500);
	memset(deep + 500, ']', 500);
	deep[1000] = '\0';
	assert_string_equal(bare(b, "., 1", deep), deep);
	memset(deep, '[', 520);
	memset(deep + 520, ']', 520);
	deep[1040] = '\0';
	assert_string_equal(bare(b, "., 1", deep), "Expression limit: the arguments are too large or nested too deep");
	assert_string_equal(bare(b, "reduce range(600) as $i (null; [.])", "1"),
						"Expression limit: depth: nested deeper than 512");
	assert_string_equal(bare(b, "[0] | implode", "1"),
						"Expression failed: the value cannot be JSON: it has U+0000, or is nested deeper than 512");
}

enum { THREADS = 4, TURNS = 60 };

/* A thread's own expressions of one shared book. */
struct worker {
	struct expr_pool *pool;
	const struct expr *sum, *bomb, *fault;
	int number, wrong;
};

static void *work(void *self)
{
	struct worker *w = self;
	struct arena arena;
	arena_init(&arena, 1 << 20);
	for (int i = 0; i < TURNS; i++, arena_reset(&arena)) {
		const struct json in = {.kind = JS_INT, .integer = w->number * 1000 + i}, *args[1] = {&in}, *value;
		const struct expr_input input = {.args = args, .count = 1};
		struct err err;
		if (!expr_eval(w->pool, w->sum, &input, &arena, &value, &err) || value->kind != JS_INT ||
			value->integer != in.integer + 1)
			w->wrong++;
		if (expr_eval(w->pool, w->fault, &input, &arena, &value, &err) || err.kind != ERR_EXPRESSION)
			w->wrong++;
		if (i % 20 == w->number &&
			(expr_eval(w->pool, w->bomb, &input, &arena, &value, &err) || err.kind != ERR_EXPRESSION_LIMIT))
			w->wrong++;
	}
	arena_fini(&arena);
	return NULL;
}

/* More threads than helpers, and helpers that die under them: nobody gets another's answer, and none is lost. */
static void test_threads(void **state)
{
	struct bench *b = *state;
	struct faults faults;
	struct worker workers[THREADS];
	pthread_t threads[THREADS];
	struct expr_book *book = expr_book_new();
	faults_init(&faults, &b->arena);
	const struct worker plan = {.pool = b->pool,
								.sum = expr_book_add_text(book, "", "[.] | map(. + 1) | first", 24),
								.bomb = expr_book_add_text(book, "", "def f: 1 + f; f", 15),
								.fault = expr_book_add_text(book, "", "error(\"no\")", 11)};
	assert_true(expr_book_seal(book, b->pool, &faults, &b->err));
	for (int i = 0; i < THREADS; i++) {
		workers[i] = plan;
		workers[i].number = i;
		assert_int_equal(pthread_create(&threads[i], NULL, work, &workers[i]), 0);
	}
	for (int i = 0; i < THREADS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(workers[i].wrong, 0);
	}
	expr_book_free(book);
}

/* Several of one book in one round trip; one that kills the helper takes no other with it. */
static void test_many(void **state)
{
	struct bench *b = *state;
	static const char *const texts[] = {"[.] | add",    "def f: f; f",         ".", "[.] | map(. * 2) | add",
										"error(\"x\")", "[.] | length | floor"};
	static const char *const said[] = {"5", "processor time: more than 200 ms", "5", "10", "x", "1"};
	enum { COUNT = sizeof texts / sizeof *texts };
	struct expr_job jobs[COUNT];
	struct err errs[COUNT];
	struct faults faults;
	const struct json *args[1] = {parse(b, "5")};
	struct expr_book *book = expr_book_new();
	faults_init(&faults, &b->arena);
	for (int i = 0; i < COUNT; i++)
		jobs[i] = (struct expr_job){.expr = expr_book_add_text(book, "", texts[i], strlen(texts[i])),
									.input = {.args = args, .count = 1},
									.err = &errs[i]};
	assert_true(expr_book_seal(book, b->pool, &faults, &b->err));
	assert_false(expr_eval_many(b->pool, jobs, COUNT, &b->arena));
	for (int i = 0; i < COUNT; i++)
		assert_string_equal(jobs[i].ok ? print(b, jobs[i].value) : errs[i].message, said[i]);
	expr_book_free(book);
}

/* --- tenants --- */

enum { NOISY = 8, CALM = 5 };

struct noise {
	struct expr_pool *pool;
	const struct expr *bomb;
	_Atomic int ended; /* evaluations of them all */
	_Atomic bool quiet;
};

static void *make_noise(void *self)
{
	struct noise *noise = self;
	const struct json *args[1] = {&(const struct json){.kind = JS_NULL}}, *value;
	const struct expr_input input = {.args = args, .count = 1};
	struct arena arena;
	struct err err;
	arena_init(&arena, 1 << 20);
	while (!atomic_load(&noise->quiet)) {
		arena_reset(&arena);
		assert_false(expr_eval(noise->pool, noise->bomb, &input, &arena, &value, &err));
		atomic_fetch_add(&noise->ended, 1);
	}
	arena_fini(&arena);
	return NULL;
}

/*
 * One tenant's expressions run into their limits, more of them than there are helpers; another's is answered after what
 * the helpers are about, and not after all who waited before it.  Counted, not timed: what of the first has ended
 * meanwhile.
 */
static void test_noisy_tenant(void **state)
{
	struct bench *b = *state, own = *b;
	const struct expr_config config = {.helpers = 1, .cpu_ms = 40};
	struct faults faults;
	pthread_t threads[NOISY];
	const struct json *args[1] = {parse(b, "[1]")}, *value;
	const struct expr_input input = {.args = args, .count = 1};
	assert_true(expr_open(&config, &own.pool, &own.err));
	struct expr_book *book = expr_book_new();
	faults_init(&faults, &b->arena);
	struct noise noise = {.pool = expr_share(own.pool, "noisy"),
						  .bomb = expr_book_add_text(book, "", "def f: f; f", 11)};
	const struct expr *calm = expr_book_add_text(book, "", "map(. + 1) | first", 18);
	assert_true(expr_book_seal(book, own.pool, &faults, &own.err));
	assert_ptr_equal(expr_share(noise.pool, "noisy"), noise.pool);
	for (int i = 0; i < NOISY; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, make_noise, &noise), 0);
	while (atomic_load(&noise.ended) < NOISY)
		usleep(1000);
	int before = atomic_load(&noise.ended);
	for (int i = 0; i < CALM; i++)
		assert_true(expr_eval(expr_share(own.pool, "calm"), calm, &input, &b->arena, &value, &own.err));
	int meanwhile = atomic_load(&noise.ended) - before;
	atomic_store(&noise.quiet, true);
	for (int i = 0; i < NOISY; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	if (meanwhile > 3 * CALM)
		fail_msg("%d evaluations of the noisy one ended while %d of the calm one were waited for", meanwhile, CALM);
	expr_book_free(book);
	expr_close(own.pool);
}

struct crowd {
	struct expr_pool *pool;
	const struct expr *slow;
	_Atomic bool begun, over;
};

static void *ask_crowd(void *self)
{
	enum { COUNT = 60 };
	struct crowd *crowd = self;
	static struct expr_job jobs[COUNT];
	const struct json *args[1] = {&(const struct json){.kind = JS_NULL}};
	struct arena arena;
	arena_init(&arena, 1 << 20);
	for (int i = 0; i < COUNT; i++)
		jobs[i] = (struct expr_job){.expr = crowd->slow, .input = {.args = args, .count = 1}};
	atomic_store(&crowd->begun, true);
	assert_true(expr_eval_many(crowd->pool, jobs, COUNT, &arena));
	atomic_store(&crowd->over, true);
	arena_fini(&arena);
	return NULL;
}

/* Many at once are no one thing: a helper that is wanted by another tenant goes there on the way. */
static void test_crowd(void **state)
{
	struct bench *b = *state, own = *b;
	const struct expr_config config = {.helpers = 1, .cpu_ms = 5000, .wall_ms = 30000};
	struct faults faults;
	pthread_t thread;
	const struct json *args[1] = {parse(b, "[1]")}, *value;
	const struct expr_input input = {.args = args, .count = 1};
	assert_true(expr_open(&config, &own.pool, &own.err));
	struct expr_book *book = expr_book_new();
	faults_init(&faults, &b->arena);
	struct crowd crowd = {.pool = expr_share(own.pool, "crowd"),
						  .slow = expr_book_add_text(book, "", "reduce range(60000) as $i (0; . + $i)", 37)};
	const struct expr *calm = expr_book_add_text(book, "", "map(. + 1) | first", 18);
	assert_true(expr_book_seal(book, own.pool, &faults, &own.err));
	assert_int_equal(pthread_create(&thread, NULL, ask_crowd, &crowd), 0);
	while (!atomic_load(&crowd.begun))
		usleep(100);
	usleep(20000);
	assert_true(expr_eval(expr_share(own.pool, "calm"), calm, &input, &b->arena, &value, &own.err));
	assert_false(atomic_load(&crowd.over));
	assert_int_equal(pthread_join(thread, NULL), 0);
	expr_book_free(book);
	expr_close(own.pool);
}

/* All problems of a book at once, each at its own pointer [flow 2.2]; what depends on what. */
static void test_book(void **state)
{
	struct bench *b = *state;
	struct faults faults;
	struct expr_book *book = expr_book_new();
	arena_reset(&b->arena);
	faults_init(&faults, &b->arena);
	for (int i = 0; i < 150; i++)
		expr_book_add_text(book, "/fine", ".a | floor", 10);
	expr_book_add(book, "/do/0/set", parse(b, "{\"a\": \"${ 1 + }\", \"b/c\": [1, \"${ env }\"], \"d\": \"${ .x }\"}"),
				  EXPR_STRICT);
	expr_book_add_text(book, "/do/1/if", "nobody(1)", 9);
	assert_false(expr_book_seal(book, b->pool, &faults, &b->err));
	assert_int_equal(faults.count, 3);
	const struct fault *fault = faults.first; /* what the lexer sees comes first */
	assert_string_equal(fault->pointer, "/do/0/set/b~1c/1");
	assert_string_equal(fault->code, "expression_forbidden");
	fault = fault->next;
	assert_string_equal(fault->pointer, "/do/0/set/a");
	assert_string_equal(fault->code, "expression_syntax");
	fault = fault->next;
	assert_string_equal(fault->pointer, "/do/1/if");
	assert_string_equal(fault->message, "nobody/1 is not defined");
	expr_book_free(book);

	book = expr_book_new();
	faults_init(&faults, &b->arena);
	assert_int_equal(expr_book_variable(book, "secrets"), EXPR_SECRETS);
	unsigned item = expr_book_variable(book, "item");
	assert_int_equal(expr_book_variable(book, "item"), item);
	assert_true(expr_book_variable(book, "my-item") > item); /* no name that jq has: never seen */
	const struct expr *path = expr_book_add_text(book, "", "$item.a", 7);
	const struct expr *asks = expr_book_add_text(book, "", "[$secrets[]]", 12);
	const struct expr *plain = expr_book_add(book, "", parse(b, "{\"a\": [1]}"), EXPR_STRICT);
	const struct expr *literal = expr_book_add(book, "", parse(b, "\"${ 5 }\""), EXPR_STRICT);
	assert_true(expr_book_seal(book, b->pool, &faults, &b->err));
	assert_true(expr_uses(path, item) && !expr_uses(path, EXPR_SECRETS) && expr_local(path));
	assert_true(expr_uses(asks, EXPR_SECRETS) && !expr_uses(asks, item) && !expr_local(asks));
	assert_string_equal(print(b, expr_constant(plain)), "{\"a\":[1]}");
	assert_string_equal(print(b, expr_constant(literal)), "5");
	assert_null(expr_constant(asks));
	expr_book_free(book);
}

static int set_up(void **state)
{
	static struct bench bench;
	arena_init(&bench.arena, 256 << 20);
	buf_init(&bench.text, 0);
	*state = &bench;
	return expr_open(&(struct expr_config){.wall_ms = 60000}, &bench.pool, NULL) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct bench *b = *state;
	expr_close(b->pool);
	arena_fini(&b->arena);
	buf_fini(&b->text);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_evaluates),
		cmocka_unit_test(test_templates),
		cmocka_unit_test(test_forbids),
		cmocka_unit_test(test_stays_inside),
		cmocka_unit_test(test_prelude),
		cmocka_unit_test(test_integers),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_limits_are_set),
		cmocka_unit_test(test_wall_time_is_set),
		cmocka_unit_test(test_no_helper),
		cmocka_unit_test(test_depth),
		cmocka_unit_test(test_threads),
		cmocka_unit_test(test_many),
		cmocka_unit_test(test_noisy_tenant),
		cmocka_unit_test(test_crowd),
		cmocka_unit_test(test_book),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
