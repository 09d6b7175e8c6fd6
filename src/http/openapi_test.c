#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "http/openapi.h"
#include "http/router.h"

struct thing {
	const char *name;
	int64_t count;
};

static const struct field thing_fields[] = {
	F_STR(thing, name, REQUIRED, LENGTH(1, 10), DOC("Name")),
	F_INT(thing, count, NULLABLE, RANGE(0, 9), DOC("How many")),
};
static const struct field_table thing_table = FIELD_TABLE("thing", thing, thing_fields);
static const struct field find_fields[] = {F_INT(thing, count, DEFAULT(1), RANGE(0, 9), DOC("How many at most"))};
static const struct field_table find_table = FIELD_TABLE("find", thing, find_fields);

static void handle(struct exchange *x)
{
	(void)x;
}

static const enum err_kind change_errors[] = {ERR_PRECONDITION_REQUIRED, ERR_PRECONDITION_FAILED, ERR_CONFLICT,
											  ERR_NONE};
static const char *const text_type[] = {"text/plain", NULL};

static const struct route routes[] = {
	ROUTE(GET, "/things", "thing.read", EFFECT_READ, handle, .operation = "things.find", .summary = "Find",
		  .query = &find_table, .aliases = ALIASES({"/old"}, {"/older", .method = METHOD_POST})),
	ROUTE(POST, "/things", "thing.write", EFFECT_WRITE, handle, .operation = "things.add", .summary = "Add",
		  .body = &thing_table, .result = &thing_table, .status = 201, .example = "{\"name\":\"a\"}",
		  .result_example = "{\"name\":\"a\",\"count\":null}"),
	ROUTE(PATCH, "/things/{thing_id}", "thing.write", EFFECT_WRITE, handle, .operation = "things.change",
		  .summary = "Change", .body = &thing_table, .errors = change_errors),
	ROUTE(POST, "/links", "thing.write", EFFECT_WRITE, handle, .operation = "links.add", .summary = "Add",
		  .result = &thing_table, .status = 201, .status_also = 200, .also_abstains = true),
	ROUTE(GET, "/files/{path*}", PUBLIC, EFFECT_READ, handle, .operation = "files.get", .summary = "A file",
		  .produces = text_type, .bare = true, .rate_class = "none"),
	ROUTE(DELETE, "/signals/{id}", "trade.ingest", EFFECT_WRITE, handle, .operation = "signals.drop", .summary = "Drop",
		  .status = 204),
};

static void write_roles(void *self, struct jw *jw, const char *permission)
{
	(void)self;
	jw_array(jw);
	jw_str(jw, strcmp(permission, "thing.read") == 0 ? "viewer" : "owner");
	jw_array_end(jw);
}

static const char *scheme(void *self, const struct route *route)
{
	(void)self;
	return strcmp(route->permission, "trade.ingest") == 0 ? "producer" : NULL;
}

struct fixture {
	struct arena arena;
	const struct json *document;
};

static int set_up(void **state)
{
	static struct fixture f;
	static const struct openapi openapi = {.title = "T", .version = "1", .roles = write_roles, .scheme = scheme};
	struct buf text;
	struct jw jw;
	struct err err;
	struct router *router = router_new();
	arena_init(&f.arena, ARENA_REQUEST_CAP);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	router_add(router, routes, sizeof routes / sizeof *routes, NULL);
	openapi_write(&jw, router, &openapi);
	bool parsed = jw_ok(&jw) && json_parse(&f.arena, text.bytes, text.size, &json_body_limits, &f.document, &err);
	buf_fini(&text);
	router_free(router);
	*state = &f;
	return parsed ? 0 : -1;
}

static int tear_down(void **state)
{
	arena_fini(&((struct fixture *)*state)->arena);
	return 0;
}

static const struct json *operation(void **state, const char *path, const char *method)
{
	const struct fixture *f = *state;
	const struct json *found = json_get(json_get(json_get(f->document, "paths"), path), method);
	assert_non_null(found);
	return found;
}

/* The value as text equals `json`. */
static void is(struct fixture *f, const struct json *value, const char *json)
{
	const struct json *wanted;
	struct err err;
	assert_true(json_parse(&f->arena, json, strlen(json), &json_body_limits, &wanted, &err));
	assert_non_null(value);
	assert_true(json_same(value, wanted));
}

static bool answers(const struct json *op, const char *status)
{
	return json_get(json_get(op, "responses"), status) != NULL;
}

static void test_paths(void **state)
{
	struct fixture *f = *state;
	assert_string_equal(json_text(f->document, "openapi"), "3.1.0");
	assert_int_equal(json_get(f->document, "paths")->count, 5);
	const struct json *find = operation(state, "/things", "get");
	assert_string_equal(json_text(find, "operationId"), "things.find");
	is(f, json_get(find, "tags"), "[\"things\"]");
	is(f, json_get(find, "x-aliases"), "[\"GET /old\",\"POST /older\"]");
	is(f, json_get(find, "x-roles"), "[\"viewer\"]");
	assert_string_equal(json_text(find, "x-permission"), "thing.read");
	assert_string_equal(json_text(find, "x-effect"), "read");
	assert_non_null(operation(state, "/files/{path}", "get"));
}

static void test_security(void **state)
{
	struct fixture *f = *state;
	is(f, json_get(operation(state, "/files/{path}", "get"), "security"), "[]");
	is(f, json_get(operation(state, "/things", "get"), "security"), "[{\"bearer\":[]},{\"api_key\":[]}]");
	is(f, json_get(operation(state, "/signals/{id}", "delete"), "security"), "[{\"producer\":[]}]");
}

/* Behaviour 24: 401 and 403 unless public, 404 with a path parameter, 422 with a body */
static void test_answers(void **state)
{
	const struct json *add = operation(state, "/things", "post"),
					  *change = operation(state, "/things/{thing_id}", "patch");
	const struct json *file = operation(state, "/files/{path}", "get"),
					  *drop = operation(state, "/signals/{id}", "delete");
	assert_true(answers(add, "201") && answers(add, "401") && answers(add, "403") && answers(add, "422"));
	assert_true(answers(add, "413") && answers(add, "415") && answers(add, "429") && answers(add, "500"));
	assert_false(answers(add, "404") || answers(add, "200") || answers(add, "409"));
	assert_true(answers(change, "404") && answers(change, "409") && answers(change, "412") && answers(change, "428"));
	assert_true(answers(file, "200") && answers(file, "404"));
	assert_false(answers(file, "401") || answers(file, "403") || answers(file, "422") || answers(file, "429"));
	assert_true(answers(drop, "204"));
	assert_null(json_get(json_get(json_get(drop, "responses"), "204"), "content"));
	const struct json *problem = json_get(json_get(json_get(add, "responses"), "401"), "content");
	assert_non_null(json_get(problem, "application/problem+json"));
}

static const struct json *content(const struct json *op, const char *status)
{
	return json_get(json_get(json_get(json_get(op, "responses"), status), "content"), "application/json");
}

/* A write that may abstain says at which status: there the result is null, and at the other it is not. */
static void test_abstaining(void **state)
{
	struct fixture *f = *state;
	const struct json *add = operation(state, "/links", "post");
	is(f, json_get(content(add, "200"), "schema"),
	   "{\"allOf\":[{\"$ref\":\"#/components/schemas/envelope\"},{\"properties\":{\"result\":{\"type\":\"null\"}}}]}");
	is(f, json_get(json_get(content(add, "200"), "example"), "result"), "null");
	assert_non_null(json_get(json_get(content(add, "201"), "example"), "result"));
	assert_false(json_same(json_get(content(add, "200"), "schema"), json_get(content(add, "201"), "schema")));
}

static void test_parameters(void **state)
{
	const struct json *find = json_get(operation(state, "/things", "get"), "parameters");
	const struct json *change = json_get(operation(state, "/things/{thing_id}", "patch"), "parameters");
	assert_int_equal(find->count, 2);
	assert_string_equal(json_text(&find->items[0], "name"), "count");
	assert_string_equal(json_text(&find->items[0], "in"), "query");
	assert_string_equal(json_text(&find->items[0], "description"), "How many at most");
	assert_int_equal(change->count, 4);
	assert_string_equal(json_text(&change->items[0], "description"), "Identifier of the thing");
	assert_string_equal(json_text(&change->items[3], "$ref"), "#/components/parameters/if_match");
}

static void test_bodies(void **state)
{
	struct fixture *f = *state;
	const struct json *add = operation(state, "/things", "post");
	const struct json *body = json_get(json_get(json_get(add, "requestBody"), "content"), "application/json");
	const struct json *made = json_get(json_get(json_get(add, "responses"), "201"), "content");
	is(f, json_get(body, "example"), "{\"name\":\"a\"}");
	is(f, json_get(json_get(body, "schema"), "required"), "[\"name\"]");
	const struct json *example = json_get(json_get(made, "application/json"), "example");
	is(f, json_get(example, "result"), "{\"name\":\"a\",\"count\":null}");
	assert_int_equal(example->count, 9);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_paths),      cmocka_unit_test(test_security),   cmocka_unit_test(test_answers),
		cmocka_unit_test(test_abstaining), cmocka_unit_test(test_parameters), cmocka_unit_test(test_bodies),
	};
	return cmocka_run_group_tests_name("openapi", tests, set_up, tear_down);
}
