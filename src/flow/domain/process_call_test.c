#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/process_call.h"
#include "flow/domain/trouble.h"

static struct datum *json(const char *text)
{
	struct datum *datum = datum_parse(text, strlen(text), NULL);
	assert_non_null(datum);
	return datum;
}

static struct datum *request(const char *body, const char *names, bool script, struct trouble *trouble)
{
	struct datum *b = json(body), *n = names == NULL ? NULL : json(names);
	struct datum *made = process_call_request(b, n, script, trouble);
	datum_unref(b);
	datum_unref(n);
	return made;
}

static void must_be(const char *body, const char *names, bool script, const char *wanted)
{
	struct trouble trouble;
	struct datum *made = request(body, names, script, &trouble);
	assert_non_null(made);
	assert_string_equal(datum_bytes(made, NULL), wanted);
	datum_unref(made);
}

static void a_list_goes_as_it_is(void **state)
{
	(void)state;
	must_be("{\"command\":\"ls\",\"arguments\":[1,\"b\"]}", NULL, false,
			"{\"command\":\"ls\",\"arguments\":[1,\"b\"]}");
	must_be("{\"command\":\"ls\"}", NULL, true, "{\"command\":\"ls\"}");
}

/* REF: the language's Java SDK, RunShellExecutorTest: `--user=john --password=doe`, and names alone */
static void a_map_for_the_shell_is_name_equals_value(void **state)
{
	(void)state;
	must_be("{\"command\":\"echo\",\"arguments\":{\"--user\":\"john\",\"--password\":\"doe\"}}", NULL, false,
			"{\"command\":\"echo\",\"arguments\":[\"--user=john\",\"--password=doe\"],\"environment\":{}}");
	must_be("{\"command\":\"echo\",\"arguments\":{\"Hello\":null,\"${.a}\":null,\"n\":7,\"o\":{\"p\":[true]}},"
			"\"environment\":{\"E\":\"1\"}}",
			"{\"${.a}\":\"John\"}", false,
			"{\"command\":\"echo\",\"arguments\":[\"Hello\",\"John\",\"n=7\",\"o={\\\"p\\\":[true]}\"],"
			"\"environment\":{\"E\":\"1\"}}");
}

static void a_map_for_a_script_is_its_variables(void **state)
{
	(void)state;
	must_be(
		"{\"code\":\"x\",\"environment\":{\"E\":\"1\",\"a\":\"0\"},\"arguments\":{\"a\":\"A b\",\"--c\":2,\"${.n}\":"
		"null},\"stdin\":\"s\"}",
		"{\"${.n}\":\"_n1\"}", true,
		"{\"code\":\"x\",\"stdin\":\"s\",\"arguments\":[\"A b\",\"2\",\"\"],\"environment\":{\"E\":\"1\",\"a\":\"A "
		"b\",\"_n1\":\"\"}}");
}

/* The language's own example of 1.0.0: `console.log(greetings)` with arguments {greetings}. */
static void a_map_for_another_language_stands_before_its_code(void **state)
{
	(void)state;
	must_be("{\"language\":\"js\",\"code\":\"x\",\"arguments\":{\"greetings\":\"Hi \\\"you\\\"\",\"--c\":2}}", NULL,
			true,
			"{\"language\":\"js\",\"code\":\"const greetings = \\\"Hi \\\\\\\"you\\\\\\\"\\\"; "
			"\\nx\",\"arguments\":[\"Hi \\\"you\\\"\",\"2\"],\"environment\":{}}");
	must_be(
		"{\"language\":\"python\",\"code\":\"x\",\"arguments\":{\"a\":{\"b\":[null,true]}}}", NULL, true,
		"{\"language\":\"python\",\"code\":\"a = __import__('json').loads(\\\"{\\\\\\\"b\\\\\\\":[null,true]}\\\"); "
		"\\nx\",\"arguments\":[\"{\\\"b\\\":[null,true]}\"],\"environment\":{}}");
	assert_int_equal(process_language("javascript"), PROCESS_JS);
	assert_int_equal(process_language("ruby"), PROCESS_LANGUAGES);
}

static void a_name_must_be_a_text(void **state)
{
	(void)state;
	struct trouble trouble;
	must_be("{\"arguments\":{\"${.n}\":1}}", "{\"${.n}\":5}", false, "{\"arguments\":[\"5=1\"],\"environment\":{}}");
	assert_null(request("{\"arguments\":{\"${.n}\":1}}", "{\"${.n}\":null}", false, &trouble));
	assert_int_equal(trouble.kind, TROUBLE_EXPRESSION);
	assert_null(request("{\"arguments\":{\"${.n}\":1}}", "{\"${.n}\":[\"a\"]}", true, &trouble));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_list_goes_as_it_is),
		cmocka_unit_test(a_map_for_the_shell_is_name_equals_value),
		cmocka_unit_test(a_map_for_a_script_is_its_variables),
		cmocka_unit_test(a_map_for_another_language_stands_before_its_code),
		cmocka_unit_test(a_name_must_be_a_text),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
