#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/env.h"
#include "core/id.h"
#include "http/exchange.h"
#include "http/loopback.h"
#include "http/service.h"

static void handle(struct exchange *x)
{
	exchange_answer(x, 200, MEDIA_JSON, "{}", 2);
}

static const struct route routes[] = {
	ROUTE(GET, "/thing", PUBLIC, EFFECT_READ, handle, .operation = "thing.get", .summary = "Read"),
	ROUTE(PUT, "/thing", PUBLIC, EFFECT_WRITE, handle, .operation = "thing.put", .summary = "Write"),
	ROUTE(GET, "/secret", "some.permission", EFFECT_READ, handle, .operation = "secret.get", .summary = "Read"),
};

static const char *const origins[] = {"https://console.example", "http://localhost:5173"};

struct site {
	struct service service;
	struct cors cors;
	struct id_maker ids;
	struct router *router;
	struct loopback ask;
};

static void open_site(struct site *site, size_t count)
{
	*site = (struct site){.router = router_new()};
	router_add(site->router, routes, sizeof routes / sizeof *routes, NULL);
	id_maker_init(&site->ids, env_real());
	http_config_init(&site->service.config);
	site->cors = (struct cors){origins, count};
	site->service.config.cors = &site->cors;
	site->service.env = env_real();
	site->service.ids = &site->ids;
	site->service.router = site->router;
}

static void close_site(struct site *site)
{
	loopback_fini(&site->ask);
	router_free(site->router);
	id_maker_fini(&site->ids);
}

static void ask(struct site *site, const char *method, const char *target, const char *origin, const char *wanted)
{
	const char *headers[8] = {NULL};
	size_t at = 0;
	if (origin != NULL) {
		headers[at++] = "Origin";
		headers[at++] = origin;
	}
	if (wanted != NULL) {
		headers[at++] = "Access-Control-Request-Method";
		headers[at++] = wanted;
	}
	site->ask.method = method;
	site->ask.target = target;
	site->ask.headers = headers;
	loopback_ask(&site->service, &site->ask);
}

#define HEADER(site, name) loopback_header(&(site)->ask, "Access-Control-" name)

/* [P-8.9] */
static void a_listed_origin_may_read(void **state)
{
	(void)state;
	struct site site;
	open_site(&site, 2);
	for (size_t i = 0; i < 2; i++) {
		ask(&site, "GET", "/thing", origins[i], NULL);
		assert_int_equal(site.ask.status, 200);
		assert_string_equal(HEADER(&site, "Allow-Origin"), origins[i]);
		assert_string_equal(HEADER(&site, "Allow-Credentials"), "true");
		assert_non_null(strstr(HEADER(&site, "Expose-Headers"), "Idempotency-Replayed"));
		assert_string_equal(loopback_header(&site.ask, "Vary"), "Origin");
		assert_null(HEADER(&site, "Allow-Methods"));
	}
	ask(&site, "GET", "/secret", origins[0], NULL); /* refusals can be read too */
	assert_int_equal(site.ask.status, 401);
	assert_string_equal(HEADER(&site, "Allow-Origin"), origins[0]);
	ask(&site, "GET", "/nothing", origins[0], NULL);
	assert_int_equal(site.ask.status, 404);
	assert_string_equal(HEADER(&site, "Allow-Origin"), origins[0]);
	close_site(&site);
}

static void any_other_origin_gets_nothing(void **state)
{
	(void)state;
	static const char *const others[] = {"https://console.example.evil",
										 "https://console.example:8443",
										 "http://console.example",
										 "HTTPS://CONSOLE.EXAMPLE",
										 "https://console.exampl",
										 "null",
										 "*"};
	struct site site;
	open_site(&site, 2);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
		ask(&site, "GET", "/thing", others[i], NULL);
		assert_int_equal(site.ask.status, 200);
		assert_null(HEADER(&site, "Allow-Origin"));
		assert_null(HEADER(&site, "Allow-Credentials"));
		assert_string_equal(loopback_header(&site.ask, "Vary"), "Origin");
		ask(&site, "OPTIONS", "/thing", others[i], "PUT");
		assert_int_equal(site.ask.status, 204);
		assert_null(HEADER(&site, "Allow-Methods"));
	}
	close_site(&site);
}

static void a_preflight_tells_the_real_methods(void **state)
{
	(void)state;
	struct site site;
	open_site(&site, 2);
	ask(&site, "OPTIONS", "/thing", origins[0], "PUT");
	assert_int_equal(site.ask.status, 204);
	assert_string_equal(HEADER(&site, "Allow-Methods"), "GET, HEAD, PUT, OPTIONS");
	assert_string_equal(HEADER(&site, "Max-Age"), "600");
	assert_non_null(strstr(HEADER(&site, "Allow-Headers"), "Authorization"));
	ask(&site, "OPTIONS", "/secret", origins[0], "GET"); /* before any credential is asked for */
	assert_int_equal(site.ask.status, 204);
	assert_string_equal(HEADER(&site, "Allow-Methods"), "GET, HEAD, OPTIONS");
	close_site(&site);
}

static void without_a_list_there_is_no_cors(void **state)
{
	(void)state;
	struct site site;
	open_site(&site, 0);
	ask(&site, "GET", "/thing", origins[0], NULL);
	assert_null(HEADER(&site, "Allow-Origin"));
	assert_null(loopback_header(&site.ask, "Vary"));
	close_site(&site);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_listed_origin_may_read),
		cmocka_unit_test(any_other_origin_gets_nothing),
		cmocka_unit_test(a_preflight_tells_the_real_methods),
		cmocka_unit_test(without_a_list_there_is_no_cors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
