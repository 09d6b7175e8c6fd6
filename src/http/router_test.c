#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "http/router.h"

static void handle(struct exchange *x)
{
	(void)x;
}

#define ROW(method, path, name, ...) \
	ROUTE(method, path, PUBLIC, EFFECT_READ, handle, .operation = name, .summary = name, __VA_ARGS__)

static const struct route rows[] = {
	ROW(GET, "/", "root"),
	ROW(GET, "/users", "users.list", .aliases = ALIASES({"/people", .slash = true}, {"/v0/users"})),
	ROW(POST, "/users", "users.add", .aliases = ALIASES({"/users/{id}/copy"})),
	ROW(GET, "/users/me", "users.me"),
	ROW(GET, "/users/{user_id}", "users.get"),
	ROW(PATCH, "/users/{id}", "users.change"),
	ROW(DELETE, "/users/{user_id}/keys/{key_id}", "keys.drop"),
	ROW(GET, "/console/{file*}", "console"),
	ROW(POST, "/calc", "calc", .aliases = ALIASES({"/calc/quick", .method = METHOD_GET})),
};

struct fixture {
	struct router *router;
	char path[256];
	struct route_match match;
	char allow[ROUTER_ALLOW_TEXT];
};

static enum route_found find(struct fixture *f, enum method method, const char *path)
{
	unsigned allow = 0;
	strncpy(f->path, path, sizeof f->path - 1);
	enum route_found found = router_find(f->router, method, f->path, &f->match, &allow);
	router_allow(allow, f->allow);
	return found;
}

static int set_up(void **state)
{
	static struct fixture fixture;
	static int owner;
	fixture.router = router_new();
	router_add(fixture.router, rows, sizeof rows / sizeof *rows, &owner);
	*state = &fixture;
	return 0;
}

static int tear_down(void **state)
{
	router_free(((struct fixture *)*state)->router);
	return 0;
}

static void finds(struct fixture *f, enum method method, const char *path, const char *operation)
{
	assert_int_equal(find(f, method, path), ROUTE_FOUND);
	assert_string_equal(f->match.route->operation, operation);
	assert_ptr_equal(router_at(f->router, f->match.index), f->match.route);
}

static void test_finds(void **state)
{
	struct fixture *f = *state;
	finds(f, METHOD_GET, "/", "root");
	finds(f, METHOD_GET, "/users", "users.list");
	finds(f, METHOD_HEAD, "/users", "users.list");
	finds(f, METHOD_POST, "/users", "users.add");
	finds(f, METHOD_GET, "/users/me", "users.me");
	finds(f, METHOD_GET, "/v0/users", "users.list");
	finds(f, METHOD_GET, "/people", "users.list");
	finds(f, METHOD_GET, "/people/", "users.list");
	finds(f, METHOD_GET, "/calc/quick", "calc");
	finds(f, METHOD_POST, "/calc", "calc");
}

static void test_params(void **state)
{
	struct fixture *f = *state;
	finds(f, METHOD_DELETE, "/users/a b/keys/7", "keys.drop");
	assert_int_equal(f->match.param_count, 2);
	assert_string_equal(f->match.params[0].name, "user_id");
	assert_string_equal(f->match.params[0].value, "a b");
	assert_string_equal(f->match.params[1].name, "key_id");
	assert_string_equal(f->match.params[1].value, "7");
	finds(f, METHOD_PATCH, "/users/me", "users.change"); /* the literal has no PATCH, the parameter does */
	assert_string_equal(f->match.params[0].name, "id");
	finds(f, METHOD_GET, "/console/js/app.js", "console");
	assert_string_equal(f->match.params[0].name, "file");
	assert_string_equal(f->match.params[0].value, "js/app.js");
}

static void test_unknown(void **state)
{
	struct fixture *f = *state;
	static const char *const paths[] = {"/user",      "/users/",   "/users/a/b", "//", "/users//keys/1",
										"/Users",     "/peopl",    "/console",   "*",  "/console/",
										"/v0/users/", "/users/me/"};
	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
		assert_int_equal(find(f, METHOD_GET, paths[i]), ROUTE_UNKNOWN);
	char deep[200];
	memset(deep, '/', sizeof deep - 1);
	for (size_t i = 1; i < sizeof deep; i += 2)
		deep[i] = 'a';
	deep[sizeof deep - 1] = '\0';
	assert_int_equal(find(f, METHOD_GET, deep), ROUTE_UNKNOWN);
}

/* [P-8.1] path known, method not: 405 and Allow */
static void test_other_method(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(find(f, METHOD_DELETE, "/users"), ROUTE_OTHER_METHOD);
	assert_string_equal(f->allow, "GET, HEAD, POST, OPTIONS");
	assert_int_equal(find(f, METHOD_PUT, "/users/me"), ROUTE_OTHER_METHOD);
	assert_string_equal(f->allow, "GET, HEAD, PATCH, OPTIONS");
	assert_int_equal(find(f, METHOD_HEAD, "/calc"), ROUTE_OTHER_METHOD);
	assert_string_equal(f->allow, "POST, OPTIONS");
	assert_int_equal(find(f, METHOD_OPTIONS, "/calc"), ROUTE_OTHER_METHOD);
}

static bool aborts(const struct route *extra)
{
	int status = 0;
	pid_t child = fork();
	if (child == 0) {
		struct router *router = router_new();
		if (freopen("/dev/null", "w", stderr) == NULL)
			_exit(1);
		router_add(router, rows, sizeof rows / sizeof *rows, NULL);
		router_add(router, extra, 1, NULL);
		router_free(router);
		_exit(0);
	}
	assert_true(child > 0 && waitpid(child, &status, 0) == child);
	return WIFSIGNALED(status);
}

static void test_conflicts(void **state)
{
	(void)state;
	const struct route fine = ROW(PUT, "/users/{other}", "users.put");
	const struct route faults[] = {
		ROW(GET, "/users", "again"),
		ROW(PATCH, "/users/{other}", "again"),
		ROW(GET, "/people", "again"),
		ROW(PUT, "/x", "root"),
		ROW(PUT, "x", "again"),
		ROW(PUT, "/x//y", "again"),
		ROW(PUT, "/x/", "again"),
		ROW(PUT, "/x/{a", "again"),
		ROW(PUT, "/x/{}", "again"),
		ROW(PUT, "/x/{a*}/b", "again"),
		ROUTE(PUT, "/x", NULL, EFFECT_READ, handle, .operation = "again", .summary = "again"),
		ROUTE(PUT, "/x", PUBLIC, EFFECT_READ, NULL, .operation = "again", .summary = "again"),
		ROUTE(PUT, "/x", PUBLIC, EFFECT_READ, handle, .summary = "again"),
	};
	assert_false(aborts(&fine));
	for (size_t i = 0; i < sizeof faults / sizeof *faults; i++)
		if (!aborts(&faults[i]))
			fail_msg("row %zu is taken", i);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_finds),        cmocka_unit_test(test_params),    cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_other_method), cmocka_unit_test(test_conflicts),
	};
	return cmocka_run_group_tests_name("router", tests, set_up, tear_down);
}
