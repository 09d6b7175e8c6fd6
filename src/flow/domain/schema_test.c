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
#include "flow/domain/regex.h"
#include "flow/domain/schema.h"

static struct arena arena;
static struct schema_problems problems;

static int set_up(void **state)
{
	(void)state;
	arena_init(&arena, 64 << 20);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static const struct json *parse(const char *text)
{
	const struct json_limits limits = {.depth = 2000, .values = 1000000};
	const struct json *json;
	struct err err;
	if (!json_parse(&arena, text, strlen(text), &limits, &json, &err))
		fail_msg("%s in %s", err.message, text);
	return json;
}

static const char *told(void)
{
	struct buf text;
	buf_init(&text, 0);
	for (size_t i = 0; i < problems.count && i < SCHEMA_PROBLEMS_MAX; i++)
		buf_addf(&text, "%s%s %s", i == 0 ? "" : "; ", problems.items[i].pointer, problems.items[i].keyword);
	const char *copy = arena_dup(&arena, buf_text(&text));
	buf_fini(&text);
	return copy;
}

/* A schema with values that hold and values that do not, each apart by a bar. */
struct row {
	const char *schema, *holds, *fails;
};

static void check_values(const char *schema_text, const char *values, bool want)
{
	const struct json *schema = parse(schema_text);
	problems = (struct schema_problems){.arena = &arena};
	if (!schema_check(schema, &problems))
		fail_msg("%s is refused: %s", schema_text, told());
	while (*values != '\0') {
		size_t size = strcspn(values, "|");
		const char *text = arena_dupn(&arena, values, size);
		problems = (struct schema_problems){.arena = &arena};
		bool holds = schema_validate(schema, parse(text), &problems);
		if (holds != want)
			fail_msg("%s %s by %s (%s)", text, holds ? "holds" : "does not hold", schema_text, told());
		assert_int_equal(problems.count > 0, !holds);
		values += size + (values[size] == '|');
	}
}

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		check_values(rows[i].schema, rows[i].holds, true);
		check_values(rows[i].schema, rows[i].fails, false);
	}
}

#define CHECK(rows) check_rows(rows, sizeof rows / sizeof *rows)

/* REF: JSON Schema 2020-12 validation, 6 */
static void assertions_look_at_the_value(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"true", "1|null|{}", ""},
		{"false", "", "1|null"},
		{"{}", "1|null", ""},
		{"{\"type\":\"integer\"}", "1|1.0|-5|1e3|12345678901234567890", "1.5|\"1\"|null"},
		{"{\"type\":[\"number\",\"null\"]}", "1.5|null|2", "\"x\"|true|[]"},
		{"{\"enum\":[1,\"a\",{\"b\":[2]}]}", "1|1.0|\"a\"|{\"b\":[2]}", "2|\"A\"|{\"b\":[2,2]}"},
		{"{\"const\":{\"a\":1,\"b\":2}}", "{\"b\":2,\"a\":1}", "{\"a\":1}|null"},
		{"{\"multipleOf\":0.01}", "4.02|0|\"x\"|19.99", "4.005"},
		{"{\"multipleOf\":0.0001}", "0.0075", "0.00751"},
		{"{\"multipleOf\":3}", "9|-3|9007199254740993", "10|9007199254740992"},
		{"{\"maximum\":3,\"exclusiveMinimum\":1}", "3|1.5|\"9\"", "3.1|1|0"},
		{"{\"minimum\":9007199254740993}", "9007199254740993", "9007199254740992"},
		{"{\"exclusiveMaximum\":3}", "2.9", "3"},
		{"{\"minLength\":2,\"maxLength\":3}", "\"ab\"|\"äöü\"|5", "\"a\"|\"abcd\"|\"ä\""},
		{"{\"pattern\":\"^a.c$\"}", "\"abc\"|1", "\"abcd\"|\"xabc\"|\"abc\\n\""},
		{"{\"pattern\":\"\\\\d+\\\\u0041\"}", "\"x12Ay\"", "\"12B\""},
		{"{\"minItems\":1,\"maxItems\":2}", "[1]|[1,2]|{}", "[]|[1,2,3]"},
		{"{\"uniqueItems\":true}", "[1,2]|[[1],[2]]|[1,true]|[{\"a\":1},{\"a\":2}]",
		 "[1,1.0]|[[1],[1]]|[{\"a\":1,\"b\":2},{\"b\":2,\"a\":1}]"},
		{"{\"minProperties\":1,\"maxProperties\":2}", "{\"a\":1}|[]", "{}|{\"a\":1,\"b\":2,\"c\":3}"},
		{"{\"required\":[\"a\",\"b\"]}", "{\"a\":null,\"b\":1}|5", "{\"a\":1}|{}"},
		{"{\"dependentRequired\":{\"a\":[\"b\"]}}", "{}|{\"b\":1}|{\"a\":1,\"b\":1}", "{\"a\":1}"},
		{"{\"format\":\"email\"}", "\"nonsense\"", ""},
	};
	CHECK(rows);
}

/* REF: JSON Schema 2020-12 core, 10 and 11 */
static void applicators_hand_on(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"{\"properties\":{\"a\":{\"type\":\"integer\"}},\"additionalProperties\":false}", "{}|{\"a\":1}|[]",
		 "{\"a\":\"x\"}|{\"b\":1}"},
		{"{\"patternProperties\":{\"^n_\":{\"type\":\"number\"}},\"additionalProperties\":{\"type\":\"string\"}}",
		 "{\"n_a\":1,\"b\":\"x\"}", "{\"n_a\":\"x\"}|{\"b\":1}"},
		{"{\"propertyNames\":{\"maxLength\":2}}", "{\"ab\":1}", "{\"abc\":1}"},
		{"{\"items\":{\"type\":\"integer\"}}", "[1,2]|[]|{}", "[1,\"x\"]"},
		{"{\"prefixItems\":[{\"type\":\"integer\"},{\"type\":\"string\"}],\"items\":false}", "[1,\"x\"]|[1]|[]",
		 "[\"x\"]|[1,\"x\",2]"},
		{"{\"contains\":{\"const\":1}}", "[2,1]", "[]|[2]"},
		{"{\"contains\":{\"const\":1},\"minContains\":2,\"maxContains\":3}", "[1,1]|[1,2,1,1]", "[1]|[1,1,1,1]"},
		{"{\"contains\":{\"const\":1},\"minContains\":0}", "[]", ""},
		{"{\"allOf\":[{\"minimum\":1},{\"maximum\":3}]}", "2", "0|4"},
		{"{\"anyOf\":[{\"type\":\"string\"},{\"minimum\":5}]}", "\"x\"|6", "4"},
		{"{\"oneOf\":[{\"multipleOf\":2},{\"multipleOf\":3}]}", "4|9", "6|5"},
		{"{\"not\":{\"type\":\"string\"}}", "1", "\"x\""},
		{"{\"if\":{\"properties\":{\"k\":{\"const\":1}},\"required\":[\"k\"]},\"then\":{\"required\":[\"a\"]},\"else\":"
		 "{\"required\":[\"b\"]}}",
		 "{\"k\":1,\"a\":0}|{\"b\":0}", "{\"k\":1}|{\"k\":2,\"a\":1}"},
		{"{\"dependentSchemas\":{\"a\":{\"required\":[\"b\"]}}}", "{}|{\"a\":1,\"b\":1}", "{\"a\":1}"},
	};
	CHECK(rows);
}

/* REF: JSON Schema 2020-12 core, 11.3 */
static void what_is_unevaluated_is_found(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"{\"properties\":{\"a\":true},\"allOf\":[{\"properties\":{\"b\":true}}],\"unevaluatedProperties\":false}",
		 "{\"a\":1,\"b\":2}", "{\"c\":1}"},
		{"{\"anyOf\":[{\"properties\":{\"a\":{\"const\":1}},\"required\":[\"a\"]},{\"properties\":{\"b\":true},"
		 "\"required\":[\"b\"]}],\"unevaluatedProperties\":false}",
		 "{\"a\":1}|{\"b\":1}|{\"a\":1,\"b\":1}", "{\"a\":2,\"b\":1}|{\"a\":1,\"c\":1}"},
		{"{\"if\":{\"properties\":{\"a\":{\"const\":1}},\"required\":[\"a\"]},\"then\":{\"properties\":{\"b\":true}},"
		 "\"unevaluatedProperties\":false}",
		 "{\"a\":1,\"b\":2}|{}", "{\"b\":2}"},
		{"{\"$ref\":\"#/$defs/x\",\"unevaluatedProperties\":false,\"$defs\":{\"x\":{\"properties\":{\"a\":true}}}}",
		 "{\"a\":1}", "{\"b\":1}"},
		{"{\"allOf\":[{\"properties\":{\"a\":true}},{\"unevaluatedProperties\":false}]}", "{}", "{\"a\":1}"},
		{"{\"prefixItems\":[true],\"unevaluatedItems\":{\"type\":\"integer\"}}", "[\"x\",1,2]", "[1,\"x\"]"},
		{"{\"contains\":{\"type\":\"string\"},\"unevaluatedItems\":false}", "[\"a\",\"b\"]", "[\"a\",1]"},
		{"{\"not\":{\"properties\":{\"a\":true},\"required\":[\"z\"]},\"unevaluatedProperties\":false}", "{}",
		 "{\"a\":1}"},
	};
	CHECK(rows);
}

/* REF: JSON Schema 2020-12 core, 8.2.3 */
static void references_lead_inside_the_document(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"{\"$ref\":\"#/$defs/a\",\"maximum\":5,\"$defs\":{\"a\":{\"type\":\"integer\"}}}", "3", "6|\"x\""},
		{"{\"properties\":{\"n\":{\"$ref\":\"#\"}},\"additionalProperties\":false}", "{\"n\":{\"n\":{}}}",
		 "{\"n\":{\"m\":1}}"},
		{"{\"$ref\":\"#/$defs/a~1b~0c%25d\",\"$defs\":{\"a/b~c%d\":{\"const\":1}}}", "1", "2"},
		{"{\"$ref\":\"#foo\",\"$defs\":{\"x\":{\"$anchor\":\"foo\",\"const\":1}}}", "1", "2"},
		{"{\"$id\":\"https://x.io/"
		 "root.json\",\"$ref\":\"item.json\",\"$defs\":{\"i\":{\"$id\":\"item.json\",\"$ref\":\"#/$defs/"
		 "n\",\"$defs\":{\"n\":{\"const\":1}}}}}",
		 "1", "2"},
		{"{\"$ref\":\"#/allOf/1\",\"allOf\":[true,{\"const\":1}]}", "1", "2"},
		{"{\"$dynamicRef\":\"#d\",\"$defs\":{\"x\":{\"$dynamicAnchor\":\"d\",\"const\":1}}}", "1", "2"},
		{"{\"const\":{\"$ref\":\"nowhere\"}}", "{\"$ref\":\"nowhere\"}", "1"},
	};
	CHECK(rows);
}

/* REF: JSON Schema draft 7, 8.3; JSON Schema draft 7, 6.4.1; JSON Schema draft 7, 6.5.7 */
static void draft_seven_differs(void **state)
{
	(void)state;
#define SEVEN "\"$schema\":\"http://json-schema.org/draft-07/schema#\","
	static const struct row rows[] = {
		{"{" SEVEN "\"$ref\":\"#/definitions/a\",\"maximum\":5,\"definitions\":{\"a\":{\"type\":\"integer\"}}}", "6",
		 "\"x\""},
		{"{" SEVEN "\"items\":[{\"type\":\"integer\"}],\"additionalItems\":{\"type\":\"string\"}}", "[1,\"x\"]",
		 "[\"x\"]|[1,2]"},
		{"{" SEVEN "\"dependencies\":{\"a\":[\"b\"],\"c\":{\"required\":[\"d\"]}}}",
		 "{\"a\":1,\"b\":1}|{\"c\":1,\"d\":1}", "{\"a\":1}|{\"c\":1}"},
		{"{" SEVEN "\"$ref\":\"#x\",\"definitions\":{\"a\":{\"$id\":\"#x\",\"const\":1}}}", "1", "2"},
	};
	CHECK(rows);
}

static void problems_name_their_place(void **state)
{
	(void)state;
	const struct json *schema =
		parse("{\"type\":\"object\",\"required\":[\"z\"],\"properties\":{\"a/b\":{\"items\":{\"type\":"
			  "\"integer\"}},\"o\":{\"oneOf\":[{\"type\":\"string\"},{\"type\":\"null\"}]}},"
			  "\"additionalProperties\":false}");
	problems = (struct schema_problems){.arena = &arena};
	assert_false(schema_validate(schema, parse("{\"a/b\":[1,\"x\",2.5],\"o\":3,\"extra\":1}"), &problems));
	assert_string_equal(told(), "/z required; /a~1b/1 type; /a~1b/2 type; /o oneOf; /extra false");
	assert_string_equal(problems.items[1].message, "must be of type integer, not string");
}

static void what_is_no_schema_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *schema, *told;
	} cases[] = {
		{"3", " type"},
		{"{\"type\":\"text\"}", "/type enum"},
		{"{\"type\":[\"string\",3]}", "/type/1 type"},
		{"{\"properties\":{\"a\":3},\"required\":\"a\",\"minLength\":-1,\"multipleOf\":0}",
		 "/properties/a type; /required type; /minLength range; /multipleOf range"},
		{"{\"pattern\":\"(\",\"patternProperties\":{\"[\":true}}", "/pattern format; /patternProperties/[ format"},
		{"{\"allOf\":[],\"anyOf\":{},\"items\":3,\"uniqueItems\":1}",
		 "/allOf range; /anyOf type; /items type; /uniqueItems type"},
		{"{\"$ref\":\"https://example.com/other.json\"}", "/$ref unknown_reference"},
		{"{\"items\":{\"$ref\":\"#/$defs/none\"}}", "/items/$ref unknown_reference"},
		{"{\"$ref\":\"#/required\",\"required\":[]}", "/$ref unknown_reference"},
		{"{\"maxLength\":1e300,\"minItems\":1.5,\"maxItems\":2.0}", "/maxLength range; /minItems range"},
		{"{\"unknown\":{\"type\":3},\"enum\":[{\"$ref\":3}]}", ""},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		problems = (struct schema_problems){.arena = &arena};
		assert_int_equal(schema_check(parse(cases[i].schema), &problems), *cases[i].told == '\0');
		assert_string_equal(told(), cases[i].told);
	}
}

static void endless_schemas_end(void **state)
{
	(void)state;
	static const char *const schemas[] = {
		"{\"$ref\":\"#\"}",
		"{\"anyOf\":[{\"$ref\":\"#\"},{\"$ref\":\"#\"}]}",
		"{\"not\":{\"$ref\":\"#\"}}",
		"{\"pattern\":\"^(a+)+$\"}",
	};
	for (size_t i = 0; i < sizeof schemas / sizeof *schemas; i++) {
		problems = (struct schema_problems){.arena = &arena};
		assert_false(
			schema_validate(parse(schemas[i]), parse("\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\""), &problems));
		assert_string_equal(problems.items[problems.count - 1].keyword, "limit");
	}
}

static void patterns_are_bounded(void **state)
{
	(void)state;
	char message[REGEX_MESSAGE_MAX] = "";
	bool bound = true;
	assert_null(regex_new("a(", 2, message));
	assert_true(message[0] != '\0');
	struct regex *regex = regex_new("\\p{Lu}[^\\s]$", 12, message);
	assert_non_null(regex);
	assert_true(regex_found(regex, "xÄb", strlen("xÄb"), &bound));
	assert_false(bound);
	assert_false(regex_found(regex, "xÄb\n", strlen("xÄb\n"), NULL));
	regex_free(regex);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(assertions_look_at_the_value),        TEST(applicators_hand_on), TEST(what_is_unevaluated_is_found),
		TEST(references_lead_inside_the_document), TEST(draft_seven_differs), TEST(problems_name_their_place),
		TEST(what_is_no_schema_is_told),           TEST(endless_schemas_end), TEST(patterns_are_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
