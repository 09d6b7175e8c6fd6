#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/buf.h"
#include "core/jw.h"
#include "http/openapi_example.h"

static void gives(const char *schema, bool all, const char *want)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	openapi_example(&jw, schema, strlen(schema), all);
	assert_true(jw_ok(&jw));
	assert_string_equal(buf_text(&text), want);
	buf_fini(&text);
}

static void test_members(void **state)
{
	(void)state;
	static const char schema[] = "{\"type\":\"object\",\"properties\":{\"a\":{\"type\":\"string\"},"
								 "\"b\":{\"type\":[\"integer\",\"null\"]}},\"required\":[\"a\"]}";
	gives(schema, false, "{\"a\":\"text\"}");
	gives(schema, true, "{\"a\":\"text\",\"b\":0}");
	gives("{\"properties\":{\"b\":{\"type\":\"boolean\"}},\"required\":[]}", false, "{\"b\":true}");
}

static void test_least(void **state)
{
	(void)state;
	gives("{\"type\":\"string\",\"minLength\":6}", false, "\"textxx\"");
	gives("{\"type\":\"string\",\"maxLength\":2}", false, "\"te\"");
	gives("{\"type\":\"string\",\"format\":\"date-time\"}", false, "\"2026-01-01T00:00:00.000000Z\"");
	gives("{\"type\":\"integer\",\"minimum\":7,\"maximum\":9}", false, "7");
	gives("{\"type\":\"number\",\"exclusiveMinimum\":0,\"maximum\":0.5}", false, "0.5");
	gives("{\"type\":\"number\",\"maximum\":-3}", false, "-3");
	gives("{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"minItems\":2}", false, "[null,null]");
	gives("{\"type\":\"array\",\"items\":{\"type\":\"null\"},\"maxItems\":0}", false, "[]");
}

static void test_named(void **state)
{
	(void)state;
	gives("{\"type\":\"string\",\"enum\":[\"b\",\"c\"]}", false, "\"b\"");
	gives("{\"type\":\"integer\",\"default\":5,\"minimum\":1}", false, "5");
	gives("{\"type\":[\"string\",\"null\"],\"default\":null}", false, "\"text\"");
	gives("{\"anyOf\":[{\"type\":\"boolean\"},{\"type\":\"null\"}]}", false, "true");
	gives("{}", false, "{}");
	gives("no schema", false, "{}");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members),
		cmocka_unit_test(test_least),
		cmocka_unit_test(test_named),
	};
	return cmocka_run_group_tests_name("openapi_example", tests, NULL, NULL);
}
