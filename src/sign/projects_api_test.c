#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "sign/project_fixture.h"

static const char *project_new(struct project_fixture *f, const char *body)
{
	assert_int_equal(fixture_ask(f, "ann", "POST", "/api/v1/projects", body, NULL), 201);
	return fixture_text(f, "result.project_id");
}

static const char *path_of(struct project_fixture *f, const char *id, const char *rest)
{
	return arena_printf(&f->arena, "/api/v1/projects/%s%s", id, rest);
}

static const char *etag_of_answer(struct project_fixture *f)
{
	const char *etag = loopback_header(&f->answer, "ETag");
	assert_non_null(etag);
	return arena_dup(&f->arena, etag);
}

static int change(struct project_fixture *f, const char *who, const char *id, const char *etag, const char *body)
{
	const char *const headers[] = {"If-Match", etag, NULL};
	return fixture_ask(f, who, "PUT", path_of(f, id, ""), body, etag != NULL ? headers : NULL);
}

static void test_create(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "{\"name\":\"Diner\",\"customer\":\"Joe\",\"street\":\"12 Main St\"}");
	assert_memory_equal(id, "proj_", 5);
	assert_string_equal(fixture_text(f, "result.status"), "draft");
	assert_string_equal(fixture_text(f, "result.stamp"), "none");
	assert_string_equal(loopback_header(&f->answer, "Location"), path_of(f, id, ""));
	const char *etag = etag_of_answer(f);
	assert_string_equal(fixture_text(f, "result.etag"), etag);
	assert_int_equal(fixture_ask(f, "vic", "GET", path_of(f, id, ""), NULL, NULL), 200);
	assert_string_equal(etag_of_answer(f), etag);
	assert_string_equal(fixture_text(f, "result.customer"), "Joe");
	assert_int_equal(fixture_at(f, "result.payload")->kind, JS_NULL);
	assert_int_equal(fixture_at(f, "result.description")->kind, JS_NULL);
	const char *const headers[] = {"If-None-Match", etag, NULL};
	assert_int_equal(fixture_ask(f, "vic", "GET", path_of(f, id, ""), NULL, headers), 304);
	assert_true(fixture_chain_sound(f));
}

/* Each mistake of a body, with its pointer and code. */
static void test_create_refused(void **state)
{
	static const struct {
		const char *body;
		int status;
		const char *pointer, *code;
	} rows[] = {
		{"{}", 422, "/name", "required"},
		{"{\"name\":\"\"}", 422, "/name", "length"},
		{"{\"name\":1}", 422, "/name", "type"},
		{"{\"name\":\"a\",\"colour\":1}", 422, "/colour", "unknown_field"},
		{"{\"name\":\"a\",\"status\":\"open\"}", 422, "/status", "enum"},
		{"{\"name\":\"a\",\"status\":\"accepted\"}", 422, "/status", "read_only"},
		{"{\"name\":\"a\",\"account_id\":\"x\"}", 422, "/account_id", "read_only"},
		{"{\"name\":\"a\",\"created_by\":\"x\"}", 422, "/created_by", "read_only"},
		{"{\"name\":\"a\",\"version\":7}", 422, "/version", "read_only"},
	};
	struct project_fixture *f = *state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(fixture_ask(f, "ann", "POST", "/projects", rows[i].body, NULL), rows[i].status);
		assert_string_equal(fixture_text(f, "errors.0.pointer"), rows[i].pointer);
		assert_string_equal(fixture_text(f, "errors.0.code"), rows[i].code);
	}
	assert_int_equal(fixture_ask(f, "ann", "POST", "/projects", "{\"name\":\"a\",\"name\":\"b\"}", NULL), 400);
	assert_string_equal(fixture_text(f, "code"), "json_invalid");
	assert_int_equal(fixture_ask(f, "vic", "POST", "/projects", "{\"name\":\"a\"}", NULL), 403);
	assert_int_equal(fixture_ask(f, "nobody", "POST", "/projects", "{\"name\":\"a\"}", NULL), 401);
	assert_int_equal(fixture_ask(f, "ann", "GET", "/projects", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
}

static void test_if_match(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "{\"name\":\"Diner\"}"), *first = etag_of_answer(f);
	assert_int_equal(change(f, "ann", id, NULL, "{\"customer\":\"Joe\"}"), 428);
	assert_string_equal(fixture_text(f, "code"), "precondition_required");
	assert_int_equal(change(f, "ann", id, "\"00000000000000000000000000000000\"", "{\"customer\":\"Joe\"}"), 412);
	assert_string_equal(fixture_text(f, "code"), "precondition_failed");
	assert_string_equal(etag_of_answer(f), first);
	assert_int_equal(change(f, "ann", id, first, "{\"customer\":\"Joe\"}"), 200);
	assert_string_equal(fixture_text(f, "result.customer"), "Joe");
	assert_string_equal(fixture_text(f, "result.name"), "Diner");
	assert_true(fixture_number_at(f, "result.version") == 2);
	const char *second = etag_of_answer(f);
	assert_string_not_equal(second, first);
	assert_int_equal(change(f, "ann", id, first, "{\"customer\":\"Moe\"}"), 412);
	assert_int_equal(change(f, "ann", id, second, "{\"customer\":\"Joe\"}"), 200); /* the same: nothing is written */
	assert_string_equal(etag_of_answer(f), second);
	assert_int_equal(change(f, "ann", id, second, "{\"customer\":\"\"}"), 200);
	assert_int_equal(fixture_at(f, "result.customer")->kind, JS_NULL);
	assert_int_equal(change(f, "ann", id, etag_of_answer(f), "{\"version\":1}"), 422);
}

static void test_states(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "{\"name\":\"Diner\"}"), *etag = etag_of_answer(f);
	assert_int_equal(change(f, "ann", id, etag, "{\"status\":\"draft\"}"), 200); /* a no-op */
	assert_string_equal(etag_of_answer(f), etag);
	assert_int_equal(change(f, "ann", id, etag, "{\"status\":\"accepted\"}"), 412);
	assert_string_equal(fixture_text(f, "code"), "transition_refused");
	assert_string_equal(fixture_text(f, "current_status"), "draft");
	const char *const headers[] = {"If-Match", etag, NULL};
	assert_int_equal(fixture_ask(f, "ann", "PATCH", arena_printf(&f->arena, "/projects/%s/?new_status=estimating", id),
								 "{}", headers),
					 200);
	assert_string_equal(fixture_text(f, "result.status"), "estimating");
	const char *next = etag_of_answer(f);
	assert_int_equal(change(f, "ann", id, next, "{\"status\":\"draft\"}"), 412);
	assert_int_equal(change(f, "ann", id, next, "{\"status\":\"submitted\"}"), 412);
	assert_int_equal(fixture_ask(f, "ann", "GET", path_of(f, id, "/events"), NULL, NULL), 200);
	static const char *const types[] = {"project.transition_refused", "project.transition_refused", "project.updated",
										"project.status_changed",     "project.transition_refused", "project.created"};
	assert_int_equal(fixture_at(f, "result.items")->count, sizeof types / sizeof *types);
	for (int i = 0; i < (int)(sizeof types / sizeof *types); i++)
		assert_string_equal(fixture_text(f, arena_printf(&f->arena, "result.items.%d.type", i)), types[i]);
	assert_string_equal(fixture_text(f, "result.items.0.before.status"), "estimating");
	assert_string_equal(fixture_text(f, "result.items.0.after.status"), "submitted");
	assert_true(fixture_chain_sound(f));
}

/* A verdict is of a submission only, and of those who may submit. */
static void test_transition(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "{\"name\":\"Diner\"}"), *etag = etag_of_answer(f);
	const char *const headers[] = {"If-Match", etag, NULL};
	const char *path = path_of(f, id, "/transition");
	assert_int_equal(fixture_ask(f, "bob", "POST", path, "{\"to\":\"accepted\"}", NULL), 428);
	assert_int_equal(fixture_ask(f, "bob", "POST", path, "{\"to\":\"accepted\"}", headers), 412);
	assert_string_equal(fixture_text(f, "code"), "transition_refused");
	assert_int_equal(fixture_ask(f, "bob", "POST", path, "{\"to\":\"draft\"}", headers), 422);
	assert_int_equal(fixture_ask(f, "pat", "POST", path, "{\"to\":\"accepted\"}", headers), 403);
}

/* Another account's project answers as one that never was [P-5.3]. */
static void test_accounts(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "{\"name\":\"Diner\"}"), *etag = etag_of_answer(f);
	static const char *const paths[] = {"", "/final", "/events", "/payloads", "/bom"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		assert_int_equal(fixture_ask(f, "eve", "GET", path_of(f, id, paths[i]), NULL, NULL), 404);
		assert_string_equal(fixture_text(f, "detail"), "There is no such project.");
		assert_int_equal(fixture_ask(f, "eve", "GET", path_of(f, "proj_1", paths[i]), NULL, NULL), 404);
		assert_string_equal(fixture_text(f, "detail"), "There is no such project.");
	}
	assert_int_equal(change(f, "eve", id, etag, "{\"name\":\"mine\"}"), 404);
	assert_int_equal(fixture_ask(f, "eve", "GET", "/projects", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
	assert_int_equal(fixture_ask(f, "eve", "POST", "/projects", "{\"name\":\"hers\"}", NULL), 201);
	const char *hers = fixture_text(f, "result.project_id"), *other = fixture_text(f, "result.account_id");
	const char *list = arena_printf(&f->arena, "/projects?account_id=%s", other);
	assert_int_equal(fixture_ask(f, "ann", "GET", list, NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
	assert_int_equal(fixture_ask(f, "adam", "GET", list, NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 1);
	assert_int_equal(fixture_ask(f, "adam", "GET", path_of(f, hers, ""), NULL, NULL), 200);
}

static void test_pages(void **state)
{
	struct project_fixture *f = *state;
	for (int i = 0; i < 7; i++) {
		project_new(f, arena_printf(&f->arena, "{\"name\":\"P%d\"}", i));
		env_sim_advance(&f->env, 1000000);
	}
	const char *target = "/projects?limit=3";
	int seen = 0;
	for (;;) {
		assert_int_equal(fixture_ask(f, "ann", "GET", target, NULL, NULL), 200);
		for (uint32_t i = 0; i < fixture_at(f, "result.items")->count; i++, seen++)
			assert_string_equal(fixture_text(f, arena_printf(&f->arena, "result.items.%u.name", i)),
								arena_printf(&f->arena, "P%d", 6 - seen));
		const char *cursor = fixture_text(f, "result.next_cursor");
		if (cursor[0] == '\0')
			break;
		assert_non_null(strstr(loopback_header(&f->answer, "Link"), "rel=\"next\""));
		project_new(f, "{\"name\":\"later\"}"); /* does not disturb the pages that follow */
		target = arena_printf(&f->arena, "/projects?limit=3&cursor=%s", cursor);
	}
	assert_int_equal(seen, 7);
	assert_int_equal(fixture_ask(f, "ann", "GET", "/projects?cursor=abc", NULL, NULL), 400);
	assert_string_equal(fixture_text(f, "code"), "cursor_invalid");
	/* of another filter */
	assert_int_equal(fixture_ask(f, "ann", "GET", arena_printf(&f->arena, "%s&status=draft", target), NULL, NULL), 400);
	assert_int_equal(fixture_ask(f, "eve", "GET", target, NULL, NULL), 400);
}

static void test_search(void **state)
{
	struct project_fixture *f = *state;
	project_new(f, "{\"name\":\"Corner Diner\",\"customer\":\"Joe's 100%\",\"street\":\"12 Main St\"}");
	const char *id = project_new(f, "{\"name\":\"Bank\",\"description\":\"a DINING hall\"}"), *etag = etag_of_answer(f);
	static const struct {
		const char *q;
		uint32_t count;
	} rows[] = {
		{"din", 2}, {"DINER", 1}, {"main+diner", 1},       {"diner+bank", 0},         {"%25", 0}, {"_", 0}, {"100", 1},
		{"oe", 0},  {"joe", 1},   {"din&status=draft", 2}, {"din&status=accepted", 0}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(fixture_ask(f, "ann", "GET", arena_printf(&f->arena, "/projects?q=%s", rows[i].q), NULL, NULL),
						 200);
		assert_int_equal(fixture_at(f, "result.items")->count, rows[i].count);
	}
	assert_true(fixture_at(f, "trace.search.fallback")->boolean); /* [sign.md 10.16] */
	assert_string_equal(fixture_text(f, "warnings.0.code"), "search_fallback");
	assert_true(fixture_number_at(f, "confidence") == 1);
	assert_int_equal(fixture_ask(f, "ann", "GET", "/projects", NULL, NULL), 200);
	assert_null(fixture_at(f, "trace.search"));
	assert_int_equal(fixture_at(f, "warnings")->count, 0);
	assert_int_equal(fixture_ask(f, "eve", "GET", "/projects?q=diner", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
	assert_int_equal(change(f, "ann", id, etag, "{\"description\":\"vault\"}"), 200); /* words follow the text */
	assert_int_equal(fixture_ask(f, "ann", "GET", "/projects?q=dining", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
	assert_int_equal(fixture_ask(f, "ann", "GET", "/projects?q=vault", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 1);
}

static void test_delete(void **state)
{
	struct project_fixture *f = *state;
	const char *id = project_new(f, "{\"name\":\"Diner\"}");
	const char *const headers[] = {"If-Match", etag_of_answer(f), NULL};
	assert_int_equal(fixture_ask(f, "ann", "DELETE", path_of(f, id, ""), NULL, headers), 403);
	assert_int_equal(fixture_ask(f, "adam", "DELETE", path_of(f, id, ""), NULL, NULL), 428);
	assert_int_equal(fixture_ask(f, "adam", "DELETE", path_of(f, id, ""), NULL, headers), 204);
	assert_int_equal(fixture_ask(f, "adam", "GET", path_of(f, id, ""), NULL, NULL), 404);
	assert_int_equal(fixture_ask(f, "ann", "GET", "/projects?q=diner", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 0);
	assert_true(fixture_chain_sound(f));
}

struct maker {
	pthread_t thread;
	const struct service *service;
	char id[64];
};

static void *make(void *self)
{
	struct maker *maker = self;
	static const char *const headers[] = {"X-Test-User", "ann", "Content-Type", "application/json", NULL};
	struct loopback ask = {
		.method = "POST", .target = "/projects", .headers = headers, .body = "{\"name\":\"a\"}", .body_size = 12};
	loopback_ask(maker->service, &ask);
	const char *at = ask.status == 201 ? strstr(ask.answer, "proj_") : NULL;
	snprintf(maker->id, sizeof maker->id, "%.41s", at != NULL ? at : "");
	loopback_fini(&ask);
	return NULL;
}

static void test_ten_at_once(void **state)
{
	struct project_fixture *f = *state;
	struct maker makers[10];
	for (int i = 0; i < 10; i++) {
		makers[i].service = &f->service;
		assert_int_equal(pthread_create(&makers[i].thread, NULL, make, &makers[i]), 0);
	}
	for (int i = 0; i < 10; i++)
		assert_int_equal(pthread_join(makers[i].thread, NULL), 0);
	for (int i = 0; i < 10; i++) {
		assert_int_equal(strlen(makers[i].id), 41);
		for (int j = 0; j < i; j++)
			assert_string_not_equal(makers[i].id, makers[j].id);
	}
	assert_int_equal(fixture_ask(f, "ann", "GET", "/projects/", NULL, NULL), 200);
	assert_int_equal(fixture_at(f, "result.items")->count, 10);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, project_fixture_new, project_fixture_free)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_create),   TEST(test_create_refused), TEST(test_if_match), TEST(test_states), TEST(test_transition),
		TEST(test_accounts), TEST(test_pages),          TEST(test_search),   TEST(test_delete), TEST(test_ten_at_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
