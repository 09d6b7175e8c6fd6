#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "http/answer.h"
#include "http/fitting.h"
#include "http/router.h"

static const char *const colours[] = {"red", "blue", NULL};
static const struct field part_rows[] = {T_STR(name), T_NUM(weight, NULLABLE)};
static const struct field_table part_table = TOLD_TABLE("part", part_rows);
static const struct field base_rows[] = {T_STR(id), T_TIME(made_at, NULLABLE)};
static const struct field_table base_table = TOLD_TABLE("base", base_rows);
static const struct field thing_rows[] = {
	T_ALL(&base_table),
	T_ENUM(colour, colours),
	T_OBJECTS(parts, &part_table),
	T_OBJECT(main, &part_table, NULLABLE),
	T_MAP(sizes, FIELD_INT),
	T_MAP(named, FIELD_OBJECT, .table = &part_table),
	T_STRS(tags, TOLD_APART),
	T_JSON(data),
	T_BOOL(old, LEFT_OUT),
};
static const struct field_table thing_table = TOLD_TABLE("thing", thing_rows);

#define THING \
	"{\"id\":\"a\",\"made_at\":null,\"colour\":\"red\",\"parts\":[{\"name\":\"p\",\"weight\":1.5}],\"main\":null," \
	"\"sizes\":{\"x\":1},\"named\":{\"y\":{\"name\":\"p\",\"weight\":null}},\"tags\":null,\"data\":[{}]}"

static void handle(struct exchange *x)
{
	(void)x;
}

static struct route thing_route(void)
{
	static const struct route route = ROUTE(GET, "/things/{id}", "thing.read", EFFECT_READ, handle,
											.operation = "things.get", .summary = "One thing", .result = &thing_table);
	return route;
}

/* What is wrong with this answer, or "". */
static const char *fault(const struct route *route, int status, const char *type, const char *body)
{
	static struct err err;
	struct answer answer;
	answer_init(&answer);
	answer.status = status;
	answer.type = type;
	buf_adds(&answer.body, body);
	err.message[0] = '\0';
	bool good = fitting_answer(route, &answer, &err);
	assert_true(good || err.kind == ERR_INTERNAL);
	answer_fini(&answer);
	return good ? "" : err.message;
}

#define ENVELOPED(result) "{\"result\":" result ",\"envelope_version\":\"1.0\"}"

static void wrong(const char *body, const char *what)
{
	struct route route = thing_route();
	char text[300];
	strcpy(text, "The answer of things.get ");
	strcat(text, what);
	route.bare = true;
	assert_string_equal(fault(&route, 200, "application/json", body), text);
}

static void test_members(void **state)
{
	struct route route = thing_route();
	(void)state;
	assert_string_equal(fault(&route, 200, "application/json; charset=utf-8", ENVELOPED(THING)), "");
	wrong("[]", "(all) is of another type: array");
	wrong("{\"id\":\"a\"}", "(all) has no made_at");
}

/* Each member of a thing that fits, changed: whoever is passed over here is not looked at anywhere. */
static void test_each_member(void **state)
{
	static const struct {
		const char *was, *is, *what;
	} cases[] = {
		{"\"id\":\"a\"", "\"id\":7", "/id is of another type: number"},
		{"\"id\":\"a\"", "\"id\":null", "/id is of another type: null"},
		{"\"made_at\":null", "\"made_at\":\"soon\"", "/made_at is no time"},
		{"\"made_at\":null", "\"made_at\":\"2026-01-01T00:00:00.000000Z\"", ""},
		{"\"made_at\":null,", "", "(all) has no made_at"},
		{"\"red\"", "\"green\"", "/colour is none of the options"},
		{"1.5}", "\"1.5\"}", "/parts/0/weight is of another type: string"},
		{"1.5}", "1.5,\"more\":1}", "/parts/0/more is not declared"},
		{"\"main\":null", "\"main\":{}", "/main has no name"},
		{"\"x\":1", "\"x\":1.5", "/sizes/x is of another type: number"},
		{"\"x\":1", "\"x\":18446744073709551615", ""},
		{"{\"x\":1}", "[]", "/sizes is of another type: array"},
		{"\"y\":{\"name\":\"p\",", "\"y~/\":{", "/named/y~0~1 has no name"},
		{"\"tags\":null", "\"tags\":[\"a\",1]", "/tags/1 is of another type: number"},
		{"\"data\":[{}]", "\"data\":false", ""},
		{"\"data\":[{}]", "\"data\":0,\"old\":true", ""},
		{"\"data\":[{}]", "\"data\":0,\"old\":0", "/old is of another type: number"},
		{"\"data\":[{}]", "\"data\":0,\"new\":0", "/new is not declared"},
	};
	struct route route = thing_route();
	(void)state;
	route.bare = true;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct buf body;
		const char *at = strstr(THING, cases[i].was);
		assert_non_null(at);
		buf_init(&body, 0);
		buf_add(&body, THING, (size_t)(at - THING));
		buf_adds(&body, cases[i].is);
		buf_adds(&body, at + strlen(cases[i].was));
		if (cases[i].what[0] == '\0')
			assert_string_equal(fault(&route, 200, "application/json", buf_text(&body)), "");
		else
			wrong(buf_text(&body), cases[i].what);
		buf_fini(&body);
	}
}

static bool said(const char *text, const char *part)
{
	return strstr(text, part) != NULL;
}

static void test_statuses(void **state)
{
	struct route route = thing_route();
	(void)state;
	assert_true(said(fault(&route, 201, "application/json", ENVELOPED(THING)), "has the status 201, and 200 is"));
	route.status = 201;
	route.status_also = 202;
	assert_string_equal(fault(&route, 201, "application/json", ENVELOPED(THING)), "");
	assert_string_equal(fault(&route, 202, "application/json", ENVELOPED(THING)), "");
	assert_true(said(fault(&route, 202, NULL, ""), "is nothing, which"));
	route.also_abstains = true;
	assert_string_equal(fault(&route, 202, "application/json", ENVELOPED("null")), "");
	assert_true(said(fault(&route, 202, "application/json", ENVELOPED(THING)), "has a result, and abstaining is"));
	assert_true(said(fault(&route, 201, "application/json", ENVELOPED("null")), "is of another type: null"));
	assert_true(said(fault(&route, 202, "application/json", THING), "is no envelope"));
	route.also_abstains = false;
	route.also_empty = true;
	assert_string_equal(fault(&route, 202, NULL, ""), "");
	assert_true(said(fault(&route, 202, "application/json", ENVELOPED(THING)), "has content"));
	route.produces = route_no_content;
	assert_string_equal(fault(&route, 201, NULL, ""), "");
	assert_true(said(fault(&route, 201, "application/json", ENVELOPED(THING)), "has content"));
	route.status = 204;
	assert_string_equal(fault(&route, 204, NULL, ""), "");
}

static void test_forms(void **state)
{
	static const char *const types[] = {"application/json", "application/health+json", "image/png", NULL};
	struct route route = thing_route();
	(void)state;
	assert_true(said(fault(&route, 200, "image/png", "PNG"), "is image/png, which is not declared"));
	assert_true(said(fault(&route, 200, "application/json", "{"), "is no JSON"));
	assert_true(said(fault(&route, 200, "application/json", THING), "is no envelope"));
	assert_true(said(fault(&route, 200, "application/json", "{\"envelope_version\":\"1.0\"}"), "has no result"));
	assert_true(said(fault(&route, 200, "application/json", ENVELOPED("null")), "is of another type: null"));
	route.produces = types;
	assert_string_equal(fault(&route, 200, "image/png", "PNG"), "");
	assert_string_equal(fault(&route, 200, "application/health+json", THING), ""); /* a form of its own */
	assert_true(said(fault(&route, 200, "application/health+json", "{}"), "has no id"));
	route.flat = true;
	assert_string_equal(fault(&route, 200, "application/json", THING), "");
	route.result_other = &part_table;
	assert_string_equal(fault(&route, 200, "application/json", "{\"name\":\"p\",\"weight\":1}"), "");
	assert_true(said(fault(&route, 200, "application/json", "{\"name\":\"p\"}"), "has no id"));
	route.flat = false;
	assert_true(said(fault(&route, 200, "application/json", "{\"name\":\"p\"}"), "is no envelope"));
	route.effect = EFFECT_COMPUTE; /* it abstains */
	assert_string_equal(fault(&route, 200, "application/json", ENVELOPED("null")), "");
	route.bare = true;
	assert_string_equal(fault(&route, 200, "application/json", ENVELOPED("null")), "");
}

/* A route without a schema is one whose answers nobody has looked at. */
static void test_no_schema(void **state)
{
	struct route route = thing_route();
	(void)state;
	route.result = NULL;
	assert_true(said(fault(&route, 200, "application/json", ENVELOPED("{}")), "has no schema of its result"));
	route.result_schema = "{\"type\":\"object\",\"maxProperties\":3}";
	assert_true(said(fault(&route, 200, "application/json", ENVELOPED("{}")), "unknown word in its schema: maxProp"));
	route.result_schema = "{\"anyOf\":[{\"const\":1},{\"type\":\"number\",\"minimum\":5,\"maximum\":6}]}";
	assert_string_equal(fault(&route, 200, "application/json", ENVELOPED("1")), "");
	assert_string_equal(fault(&route, 200, "application/json", ENVELOPED("5.5")), "");
	assert_true(said(fault(&route, 200, "application/json", ENVELOPED("4")), "is too small"));
	assert_true(said(fault(&route, 200, "application/json", ENVELOPED("7")), "is too large"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_members), cmocka_unit_test(test_each_member), cmocka_unit_test(test_statuses),
		cmocka_unit_test(test_forms),   cmocka_unit_test(test_no_schema),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
