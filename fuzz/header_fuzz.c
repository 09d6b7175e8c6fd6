/*
 * Headers whose values have a grammar, as strangers write them: the first byte says which, the rest is the value.
 * Whatever it holds, If-Match passes only by the tag in force (or an asterisk that deletes), If-None-Match likewise;
 * the request's id comes back as it was or is another; traceparent goes on in its own form; an origin that is not on
 * the list gets no CORS header [P-8.4, P-8.8, P-8.9].
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/id.h"
#include "core/must.h"
#include "http/cors.h"
#include "http/etag.h"
#include "http/exchange.h"
#include "http/loopback.h"
#include "http/router.h"
#include "http/service.h"
#include "http/trace.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { VALUE_MAX = 4096, HEX_PARENT = 55 };

static const char current[] = "\"0123456789abcdef0123456789abcdef\"";
static const char listed[] = "https://desk.example";
static const char *const names[] = {"If-Match", "If-None-Match", "X-Request-Id",   "traceparent",
									"Origin",   "Content-Type",  "Accept",         "Accept-Encoding",
									"Expect",   "Connection",    "X-Forwarded-For"};
enum { NAMES = sizeof names / sizeof *names };

static struct id_maker ids;
static struct service service;

static void handle_write(struct exchange *x)
{
	struct err err;
	if (!etag_if_match(x, current, &err)) {
		exchange_fail(x, &err);
		return;
	}
	const char *tags = exchange_header(x, "if-match");
	must(strstr(tags, current) != NULL || (x->head.method == METHOD_DELETE && strchr(tags, '*') != NULL));
	exchange_answer(x, 204, NULL, NULL, 0);
}

static void handle_read(struct exchange *x)
{
	bool same = etag_none_match(x, current);
	const char *tags = exchange_header(x, "if-none-match");
	must(!same || strstr(tags, current) != NULL || strchr(tags, '*') != NULL);
	exchange_answer(x, same ? 304 : 200, same ? NULL : MEDIA_JSON, "{}", same ? 0 : 2);
}

static const struct route routes[] = {
	ROUTE(GET, "/", PUBLIC, EFFECT_READ, handle_read, .operation = "read", .summary = "Read", .run = RUN_INLINE),
	ROUTE(PUT, "/", PUBLIC, EFFECT_WRITE, handle_write, .operation = "put", .summary = "Put", .run = RUN_INLINE),
	ROUTE(DELETE, "/", PUBLIC, EFFECT_WRITE, handle_write, .operation = "end", .summary = "End", .run = RUN_INLINE),
};

static void end(void)
{
	id_maker_fini(&ids);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static const char *const origins[] = {listed};
	static const struct cors cors = {origins, 1};
	struct router *router = router_new();
	(void)argc, (void)argv;
	router_add(router, routes, sizeof routes / sizeof *routes, NULL);
	service = (struct service){.env = env_real(), .ids = &ids, .version = "fuzz", .git_sha = "fuzz", .router = router};
	id_maker_init(&ids, service.env);
	http_config_init(&service.config);
	service.config.cors = &cors;
	atexit(end);
	return 0;
}

static void check_answer(struct loopback *ask, const char *name, const char *value)
{
	const char *id = loopback_header(ask, "X-Request-Id");
	must(id != NULL && trace_id_valid(id));
	if (ask->status < 300 && strcmp(name, "X-Request-Id") == 0 && trace_id_valid(value))
		must(strcmp(id, value) == 0);
	const char *parent = loopback_header(ask, "traceparent");
	must(parent == NULL || (strlen(parent) == HEX_PARENT && strspn(parent, "0123456789abcdef-") == HEX_PARENT));
	const char *origin = loopback_header(ask, "Access-Control-Allow-Origin");
	must(origin == NULL || (strcmp(origin, listed) == 0 && strcmp(value, listed) == 0));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const methods[] = {"GET", "PUT", "DELETE", "OPTIONS"};
	char value[VALUE_MAX + 1] = "";
	if (size < 1 || size > VALUE_MAX || memchr(data + 1, '\0', size - 1) != NULL)
		return -1;
	memcpy(value, data + 1, size - 1);
	const char *name = names[data[0] % NAMES];
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		struct loopback ask = {.method = methods[i], .target = "/", .headers = (const char *[]){name, value, NULL}};
		loopback_ask(&service, &ask);
		must(ask.status >= 200 && ask.status != 500);
		check_answer(&ask, name, value);
		loopback_fini(&ask);
	}
	return 0;
}
