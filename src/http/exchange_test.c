#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <string.h>

#include "core/env.h"
#include "core/field.h"
#include "core/id.h"
#include "core/json.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/loopback.h"
#include "http/metrics.h"
#include "http/service.h"
#include "http/workers.h"

/* Handlers, checks and answers, all through the loopback. */

struct thing {
	const char *name;
	int64_t count;
	bool flag;
	struct {
		size_t count;
		const char **items;
	} tags;
};

static const struct field thing_fields[] = {
	F_STR(thing, name, REQUIRED, LENGTH(1, 10), DOC("Name")),
	F_INT(thing, count, DEFAULT(1), RANGE(0, 9), DOC("How many")),
	F_BOOL(thing, flag, DOC("A flag")),
	F_STRS(thing, tags, DOC("Tags")),
};
static const struct field_table thing_table = FIELD_TABLE("thing", thing, thing_fields);
static const struct field option_fields[] = {F_INT(thing, count, DEFAULT(1), RANGE(0, 9), DOC("How many"))};
static const struct field_table option_table = FIELD_TABLE("options", thing, option_fields);

static void tell(struct exchange *x, const struct thing *thing)
{
	struct buf body;
	buf_init(&body, 0);
	buf_addf(&body, "%s %lld %d", thing->name != NULL ? thing->name : "-", (long long)thing->count, thing->flag);
	for (size_t i = 0; i < thing->tags.count; i++)
		buf_addf(&body, " %s", thing->tags.items[i]);
	exchange_answer_buf(x, 200, MEDIA_JSON, &body);
}

static void handle_body(struct exchange *x)
{
	struct thing thing;
	if (exchange_decode(x, &thing))
		tell(x, &thing);
}

/* Flags need a tag, and no name is like another one. */
static void check_thing(void *self, struct faults *faults)
{
	const struct thing *thing = self;
	if (thing->flag && thing->tags.count == 0)
		faults_add(faults, "/tags", "required", "a flag needs one");
	if (thing->name == NULL || strcmp(thing->name, "other") == 0)
		faults_add(faults, "/name", "taken", "is another's");
	for (size_t i = 0; i < thing->tags.count; i++)
		if (thing->tags.items[i] == NULL || thing->tags.items[i][0] == '\0')
			faults_add(faults, i == 0 ? "/tags/0" : "/tags/1", "empty", "says nothing");
}

static void handle_checked(struct exchange *x)
{
	struct thing thing;
	if (exchange_decode_checked(x, &thing, check_thing, &thing))
		tell(x, &thing);
}

static void handle_query(struct exchange *x)
{
	struct thing thing;
	if (exchange_decode_query(x, &thing))
		tell(x, &thing);
}

static void handle_checked_query(struct exchange *x)
{
	struct thing thing;
	if (exchange_decode_query_checked(x, &thing, check_thing, &thing))
		tell(x, &thing);
}

static void handle_options_body(struct exchange *x)
{
	struct thing thing = {.name = "options"};
	if (!exchange_decode(x, &thing))
		return;
	exchange_setf(x, "X-Count", "%lld\r\nX-Evil: 1", (long long)thing.count);
	exchange_answer(x, 204, NULL, NULL, 0);
}

static void handle_echo(struct exchange *x)
{
	must(x->principal != NULL);
	exchange_set(x, "Cache-Control", "private");
	exchange_answer(x, 200, "application/octet-stream", buf_text(&x->body), x->body.size);
}

static void handle_param(struct exchange *x)
{
	const char *value = exchange_param(x, "thing_id"), *query = exchange_query(x, "q");
	struct buf body;
	buf_init(&body, 0);
	buf_addf(&body, "[%s] [%s]", value, query != NULL ? query : "-");
	exchange_answer_buf(x, 200, MEDIA_JSON, &body);
}

static void handle_tagged(struct exchange *x)
{
	exchange_set(x, "ETag", "\"abc\"");
	exchange_answer(x, 200, MEDIA_JSON, "{}", 2);
}

static void handle_nothing(struct exchange *x)
{
	(void)x;
}

static void handle_broken(struct exchange *x)
{
	struct err err = {0};
	exchange_member(x, "server_time", "12");
	err_set(&err, ERR_IO, "secret path /etc/x");
	exchange_fail(x, &err);
}

static void *answer_later(void *self)
{
	exchange_failf(self, ERR_CONFLICT, "Later, from %s.", "elsewhere");
	return NULL;
}

static pthread_t later;

static void handle_later(struct exchange *x)
{
	exchange_hold(x);
	must(pthread_create(&later, NULL, answer_later, x) == 0);
}

static const char *const any_type[] = {"*/*", NULL};
static const char *const bytes_type[] = {"application/octet-stream", NULL};

static const struct route routes[] = {
	ROUTE(POST, "/things", PUBLIC, EFFECT_WRITE, handle_body, .operation = "things.add", .summary = "Add",
		  .body = &thing_table, .body_max = 200),
	ROUTE(POST, "/checked", PUBLIC, EFFECT_WRITE, handle_checked, .operation = "things.check", .summary = "Check",
		  .body = &thing_table, .example = "{\"name\":\"a\"}"),
	ROUTE(GET, "/things", PUBLIC, EFFECT_READ, handle_query, .operation = "things.find", .summary = "Find",
		  .query = &thing_table),
	ROUTE(GET, "/checked", PUBLIC, EFFECT_READ, handle_checked_query, .operation = "things.look", .summary = "Look",
		  .query = &thing_table),
	ROUTE(GET, "/things/{thing_id}", PUBLIC, EFFECT_READ, handle_param, .operation = "things.get", .summary = "Get"),
	ROUTE(POST, "/options", PUBLIC, EFFECT_WRITE, handle_options_body, .operation = "options", .summary = "Options",
		  .body = &option_table),
	ROUTE(POST, "/secret", "secret.write", EFFECT_WRITE, handle_echo, .operation = "secret", .summary = "Secret",
		  .accepts = any_type, .produces = bytes_type, .body_max = 10),
	ROUTE(GET, "/tagged", PUBLIC, EFFECT_READ, handle_tagged, .operation = "tagged", .summary = "Has an ETag"),
	ROUTE(GET, "/handed", PUBLIC, EFFECT_WRITE, handle_tagged, .operation = "handed", .summary = "Hands something out"),
	ROUTE(GET, "/nothing", PUBLIC, EFFECT_READ, handle_nothing, .operation = "nothing", .summary = "No answer"),
	ROUTE(GET, "/broken", PUBLIC, EFFECT_READ, handle_broken, .operation = "broken", .summary = "Fails"),
	ROUTE(GET, "/later", PUBLIC, EFFECT_READ, handle_later, .operation = "later", .summary = "Answers later"),
};

struct fixture {
	struct env_sim sim;
	struct id_maker ids;
	struct router *router;
	struct metrics *metrics;
	struct service service;
	struct loopback ask;
	int finished, failed, status;
	char reason[ERR_MESSAGE_MAX];
};

static bool authorise(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	(void)self;
	const char *token = exchange_header(x, "authorization");
	assert_string_equal(route->permission, "secret.write");
	assert_int_equal(x->body.size, 0); /* [P-5.2] before the body is read */
	if (token == NULL)
		return err_set(err, ERR_UNAUTHENTICATED, "Who are you?");
	if (strcmp(token, "Bearer good") != 0)
		return err_set(err, ERR_FORBIDDEN, "Not you.");
	x->principal = arena_dup(&x->arena, token);
	return true;
}

static bool admit(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	(void)self;
	(void)route;
	exchange_set(x, "RateLimit", "\"read\";r=1;t=1");
	return exchange_header(x, "x-greedy") == NULL || err_set(err, ERR_RATE_LIMITED, "Slower.");
}

static void finished(void *self, const struct exchange *x, int status, int64_t duration_us)
{
	struct fixture *f = self;
	assert_true(duration_us >= 0 && x->trace.request_id[0] != '\0');
	f->finished++;
	f->status = status;
}

static void failed(void *self, const struct exchange *x, const struct err *err)
{
	struct fixture *f = self;
	(void)x;
	f->failed++;
	strcpy(f->reason, err->message);
}

static int set_up(void **state)
{
	static struct fixture f;
	f = (struct fixture){.finished = 0};
	env_sim_init(&f.sim, 7, INT64_C(1760000000000000));
	id_maker_init(&f.ids, &f.sim.env);
	f.router = router_new();
	router_add(f.router, routes, sizeof routes / sizeof *routes, NULL);
	f.metrics = metrics_new();
	f.service = (struct service){.env = &f.sim.env, .ids = &f.ids, .router = f.router, .version = "1", .git_sha = "ab"};
	f.service.hooks =
		(struct http_hooks){.self = &f, .authorise = authorise, .admit = admit, .failed = failed, .finished = finished};
	f.service.metrics = http_metrics_new(f.metrics, f.router);
	http_config_init(&f.service.config);
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	loopback_fini(&f->ask);
	http_metrics_free(f->service.metrics);
	metrics_free(f->metrics);
	router_free(f->router);
	id_maker_fini(&f->ids);
	env_sim_fini(&f->sim);
	return 0;
}

static int ask(struct fixture *f, const char *method, const char *target, const char *const *headers, const char *body)
{
	f->ask.method = method;
	f->ask.target = target;
	f->ask.headers = headers;
	f->ask.body = body;
	f->ask.body_size = body != NULL ? strlen(body) : 0;
	loopback_ask(&f->service, &f->ask);
	assert_int_equal(f->status, f->ask.status);
	return f->ask.status;
}

static int post(struct fixture *f, const char *target, const char *body)
{
	static const char *const json[] = {"Content-Type", "application/json; charset=UTF-8", NULL};
	return ask(f, "POST", target, json, body);
}

#define HEADERS(...) ((const char *const[]){__VA_ARGS__, NULL})

static void problem_is(struct fixture *f, int status, const char *code)
{
	struct arena arena;
	struct err err;
	const struct json *json;
	arena_init(&arena, ARENA_REQUEST_CAP);
	assert_int_equal(f->ask.status, status);
	assert_string_equal(loopback_header(&f->ask, "content-type"), MEDIA_PROBLEM);
	assert_true(json_parse(&arena, f->ask.answer, f->ask.answer_size, &json_body_limits, &json, &err));
	assert_string_equal(json_text(json, "code"), code);
	assert_int_equal(json_number(json_get(json, "status")), status);
	assert_string_equal(json_text(json, "request_id"), loopback_header(&f->ask, "X-Request-Id"));
	assert_int_equal(json_get(json, "result")->kind, JS_NULL);
	arena_fini(&arena);
}

static void test_decode(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(post(f, "/things", "{\"name\":\"a\",\"flag\":true,\"tags\":[\"x\",\"y\"]}"), 200);
	assert_string_equal(f->ask.answer, "a 1 1 x y");
	post(f, "/things", "{\"count\":10,\"other\":1}");
	problem_is(f, 422, "invalid");
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/name\",\"code\":\"required\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/count\",\"code\":\"range\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/other\",\"code\":\"unknown_field\""));
	post(f, "/things", "{\"name\":\"a\",\"roles\":[\"admin\"],\"rolls\":1}"); /* [P-5.3] */
	problem_is(f, 422, "invalid");
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/roles\",\"code\":\"read_only\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/rolls\",\"code\":\"unknown_field\""));
	post(f, "/things", "{\"name\":");
	problem_is(f, 400, "json_invalid");
	post(f, "/things", NULL);
	problem_is(f, 400, "json_invalid");
}

static size_t faults_of(struct fixture *f)
{
	size_t count = 0;
	for (const char *at = f->ask.answer; (at = strstr(at, "\"pointer\":")) != NULL; at++)
		count++;
	return count;
}

/* What the table and what the handler finds is told at once; of one member only what the table says. */
static void test_checked(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(post(f, "/checked", "{\"name\":\"a\",\"flag\":true,\"tags\":[\"x\"]}"), 200);
	post(f, "/checked", "{\"name\":\"other\",\"flag\":true}");
	problem_is(f, 422, "invalid");
	assert_int_equal(faults_of(f), 2);
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/tags\",\"code\":\"required\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/name\",\"code\":\"taken\""));
	post(f, "/checked", "{\"count\":10,\"tags\":[1,\"\"]}");
	problem_is(f, 422, "invalid");
	assert_int_equal(faults_of(f), 4);
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/name\",\"code\":\"required\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/count\",\"code\":\"range\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/tags/0\",\"code\":\"type\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/tags/1\",\"code\":\"empty\""));
	post(f, "/checked", "{\"name\":12}");
	problem_is(f, 422, "invalid");
	assert_int_equal(faults_of(f), 1);
	post(f, "/checked", "[");
	problem_is(f, 400, "json_invalid");
}

/* [P-8.2] a body whose members are all optional may be empty */
static void test_empty_body(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(post(f, "/options", NULL), 204);
	assert_int_equal(f->ask.answer_size, 0);
	assert_null(loopback_header(&f->ask, "Content-Length"));
	assert_null(loopback_header(&f->ask, "X-Evil"));
	assert_string_equal(loopback_header(&f->ask, "X-Count"), "1  X-Evil: 1");
}

static void test_query(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ask(f, "GET", "/things?name=a%20b&count=3&flag=true&tags=x,y&tags=z", NULL, NULL), 200);
	assert_string_equal(f->ask.answer, "a b 3 1 x y z");
	assert_int_equal(ask(f, "GET", "/things?name=12", NULL, NULL), 200);
	assert_string_equal(f->ask.answer, "12 1 0");
	assert_int_equal(ask(f, "GET", "/things?name=a&flag=1", NULL, NULL), 200);
	assert_non_null(strstr(f->ask.answer, "a 1 1"));
	assert_int_equal(ask(f, "GET", "/things?name=a&flag=0", NULL, NULL), 200);
	assert_non_null(strstr(f->ask.answer, "a 1 0"));
	ask(f, "GET", "/things?name=a&name=b&count=x&flag=2", NULL, NULL);
	problem_is(f, 422, "invalid");
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/name\",\"code\":\"conflict\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/count\",\"code\":\"type\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/flag\",\"code\":\"type\""));
	ask(f, "GET", "/things?name=%ff", NULL, NULL);
	problem_is(f, 400, "request_malformed");
}

static void test_checked_query(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ask(f, "GET", "/checked?name=a&flag=true&tags=x", NULL, NULL), 200);
	ask(f, "GET", "/checked?name=a&name=other&count=x&flag=true", NULL, NULL);
	problem_is(f, 422, "invalid");
	assert_int_equal(faults_of(f), 3);
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/name\",\"code\":\"conflict\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/count\",\"code\":\"type\""));
	assert_non_null(strstr(f->ask.answer, "{\"pointer\":\"/tags\",\"code\":\"required\""));
}

static void test_params(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ask(f, "GET", "/things/a%20b?q=1+2&q=3", NULL, NULL), 200);
	assert_string_equal(f->ask.answer, "[a b] [1 2]");
	ask(f, "GET", "/things/%ff", NULL, NULL);
	problem_is(f, 400, "request_malformed");
}

static void test_head_and_options(void **state)
{
	struct fixture *f = *state;
	assert_int_equal(ask(f, "HEAD", "/things/a", NULL, NULL), 200);
	assert_int_equal(f->ask.answer_size, 0);
	assert_string_equal(loopback_header(&f->ask, "Content-Length"), "7");
	assert_int_equal(ask(f, "OPTIONS", "/things", NULL, NULL), 204);
	assert_string_equal(loopback_header(&f->ask, "Allow"), "GET, HEAD, POST, OPTIONS");
	assert_int_equal(ask(f, "OPTIONS", "*", NULL, NULL), 204);
	ask(f, "DELETE", "/things", NULL, NULL);
	problem_is(f, 405, "method_not_allowed");
	assert_string_equal(loopback_header(&f->ask, "Allow"), "GET, HEAD, POST, OPTIONS");
}

/* [P-5.2] each refusal before the next: 404, 405, 401, 403, 429, 413, 415, 406 */
static void test_order(void **state)
{
	struct fixture *f = *state;
	static const char long_body[] = "12345678901";
	ask(f, "TRACE", "/secret", NULL, NULL);
	problem_is(f, 400, "request_malformed");
	ask(f, "POST", "/secrets", HEADERS("X-Greedy", "1"), long_body);
	problem_is(f, 404, "not_found");
	ask(f, "GET", "/secret", HEADERS("X-Greedy", "1"), long_body);
	problem_is(f, 405, "method_not_allowed");
	ask(f, "POST", "/secret", HEADERS("X-Greedy", "1"), long_body);
	problem_is(f, 401, "unauthenticated");
	assert_string_equal(loopback_header(&f->ask, "WWW-Authenticate"), "Bearer");
	ask(f, "POST", "/secret", HEADERS("Authorization", "Bearer bad", "X-Greedy", "1"), long_body);
	problem_is(f, 403, "forbidden");
	ask(f, "POST", "/secret", HEADERS("Authorization", "Bearer good", "X-Greedy", "1"), long_body);
	problem_is(f, 429, "rate_limited");
	assert_non_null(loopback_header(&f->ask, "RateLimit"));
	ask(f, "POST", "/secret", HEADERS("Authorization", "Bearer good", "Content-Encoding", "gzip"), long_body);
	problem_is(f, 413, "body_too_large");
	ask(f, "POST", "/secret", HEADERS("Authorization", "Bearer good", "Content-Encoding", "gzip", "Accept", "a/b"),
		"1");
	problem_is(f, 415, "media_type");
	ask(f, "POST", "/secret", HEADERS("Authorization", "Bearer good", "Content-Type", "a/b", "Accept", "a/b"), "1");
	problem_is(f, 406, "not_acceptable");
	assert_int_equal(ask(f, "POST", "/secret", HEADERS("Authorization", "Bearer good", "Content-Type", "a/b"), "123"),
					 200);
	assert_string_equal(f->ask.answer, "123");
	assert_string_equal(loopback_header(&f->ask, "Cache-Control"), "private");
}

static void test_chunked_limit(void **state)
{
	struct fixture *f = *state;
	const char *const *headers =
		HEADERS("Authorization", "Bearer good", "Transfer-Encoding", "chunked", "Content-Type", "a/b");
	assert_int_equal(ask(f, "POST", "/secret", headers, "a\r\n0123456789\r\n0\r\n\r\n"), 200);
	ask(f, "POST", "/secret", headers, "a\r\n0123456789\r\n1\r\nx\r\n0\r\n\r\n");
	problem_is(f, 413, "body_too_large");
}

static void test_media(void **state)
{
	struct fixture *f = *state;
	ask(f, "POST", "/things", NULL, "{\"name\":\"a\"}");
	problem_is(f, 415, "media_type");
	ask(f, "POST", "/things", HEADERS("Content-Type", "text/json"), "{\"name\":\"a\"}");
	problem_is(f, 415, "media_type");
	ask(f, "POST", "/things", HEADERS("Content-Type", "application/json; charset=latin1"), "{\"name\":\"a\"}");
	problem_is(f, 415, "media_type");
	ask(f, "GET", "/things/a", HEADERS("Accept", "application/json;q=0, text/html"), NULL);
	problem_is(f, 406, "not_acceptable");
	assert_int_equal(ask(f, "GET", "/things/a", HEADERS("Accept", "text/html, */*;q=0.1"), NULL), 200);
}

static void test_answers(void **state)
{
	struct fixture *f = *state;
	ask(f, "GET", "/nothing", NULL, NULL);
	problem_is(f, 500, "internal");
	assert_int_equal(f->failed, 1);
	ask(f, "GET", "/broken", NULL, NULL);
	problem_is(f, 500, "internal");
	assert_string_equal(f->reason, "secret path /etc/x");
	assert_null(strstr(f->ask.answer, "secret"));
	assert_non_null(strstr(f->ask.answer, ",\"server_time\":12,\"request_id\":"));
	ask(f, "GET", "/later", NULL, NULL);
	problem_is(f, 409, "conflict");
	assert_non_null(strstr(f->ask.answer, "Later, from elsewhere."));
	pthread_join(later, NULL);
	assert_int_equal(f->finished, 3);
}

/* [P-8.4] What is known is not sent again, whatever route it is of; what is handed out always is. */
static void test_not_modified(void **state)
{
	struct fixture *f = *state;
	static const char *const methods[] = {"GET", "HEAD"};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(ask(f, methods[i], "/tagged", HEADERS("If-None-Match", "\"x\", W/\"abc\""), NULL), 304);
		assert_int_equal(f->ask.answer_size, 0);
		assert_string_equal(loopback_header(&f->ask, "ETag"), "\"abc\"");
		assert_null(loopback_header(&f->ask, "Content-Type"));
	}
	assert_int_equal(ask(f, "GET", "/tagged", HEADERS("If-None-Match", "\"abcd\""), NULL), 200);
	assert_int_equal(ask(f, "GET", "/tagged", NULL, NULL), 200);
	assert_int_equal(ask(f, "GET", "/things/a", HEADERS("If-None-Match", "*"), NULL), 200); /* has none */
	assert_int_equal(ask(f, "GET", "/handed", HEADERS("If-None-Match", "\"abc\""), NULL), 200);
}

/* [P-8.8] on every answer, refusals at the gate too */
static void test_headers(void **state)
{
	struct fixture *f = *state;
	static const char *const targets[] = {"/things/a", "/unknown", "/%"};
	static const char *const wanted[] = {"X-Content-Type-Options",
										 "nosniff",
										 "Referrer-Policy",
										 "no-referrer",
										 "X-Frame-Options",
										 "DENY",
										 "Content-Security-Policy",
										 "default-src 'none'; frame-ancestors 'none'",
										 "Cross-Origin-Resource-Policy",
										 "same-origin",
										 "Cache-Control",
										 "no-store",
										 "Date",
										 "Thu, 09 Oct 2025 08:53:20 GMT"};
	for (size_t t = 0; t < 3; t++) {
		ask(f, "GET", targets[t], NULL, NULL);
		for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i += 2)
			assert_string_equal(loopback_header(&f->ask, wanted[i]), wanted[i + 1]);
		assert_true(id_valid(loopback_header(&f->ask, "X-Request-Id")));
		assert_int_equal(strlen(loopback_header(&f->ask, "traceparent")), 55);
		assert_null(loopback_header(&f->ask, "Server"));
		assert_null(loopback_header(&f->ask, "Strict-Transport-Security"));
	}
}

static void test_trace(void **state)
{
	struct fixture *f = *state;
	static const char parent[] = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";
	ask(f, "GET", "/things/a", HEADERS("X-Request-Id", "My.id_1-2", "Traceparent", parent), NULL);
	assert_string_equal(loopback_header(&f->ask, "X-Request-Id"), "My.id_1-2");
	const char *child = loopback_header(&f->ask, "traceparent");
	assert_memory_equal(child, parent, 36);
	assert_memory_not_equal(child + 36, parent + 36, 16);
	assert_string_equal(child + 52, "-00");
	static const char *const bad[] = {"00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
									  "00-00000000000000000000000000000000-b7ad6b7169203331-01",
									  "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
									  "00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01",
									  "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
									  "00-0af7651916cd43dd8448eb211c80319c"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		ask(f, "GET", "/things/a", HEADERS("X-Request-Id", "a b", "traceparent", bad[i]), NULL);
		assert_true(id_valid(loopback_header(&f->ask, "X-Request-Id")));
		assert_memory_not_equal(loopback_header(&f->ask, "traceparent") + 3, bad[i] + 3, 32);
	}
}

static void test_workers(void **state)
{
	struct fixture *f = *state;
	struct err err;
	assert_true(workers_open(&f->service.workers, 2, 4, &err));
	assert_int_equal(post(f, "/things", "{\"name\":\"a\"}"), 200);
	ask(f, "GET", "/nothing", NULL, NULL);
	problem_is(f, 500, "internal");
	ask(f, "GET", "/later", NULL, NULL);
	problem_is(f, 409, "conflict");
	pthread_join(later, NULL);
	workers_close(f->service.workers);
}

/* [P-11.2] by template and status, never by path */
static void test_metrics(void **state)
{
	struct fixture *f = *state;
	struct buf text;
	buf_init(&text, 0);
	ask(f, "GET", "/things/a", NULL, NULL);
	ask(f, "GET", "/things/b", NULL, NULL);
	ask(f, "GET", "/secrets", NULL, NULL);
	ask(f, "GET", "/%", NULL, NULL);
	metrics_render(f->metrics, &text);
	const char *all = buf_text(&text);
	assert_non_null(
		strstr(all, "countersign_http_requests_total{route=\"/things/{thing_id}\",method=\"GET\",status=\"200\"} 2\n"));
	assert_non_null(strstr(all, "countersign_http_requests_total{route=\"none\",method=\"none\",status=\"404\"} 1\n"));
	assert_non_null(strstr(all, "countersign_http_requests_total{route=\"none\",method=\"none\",status=\"400\"} 1\n"));
	assert_non_null(strstr(all, "countersign_http_rejected_total{reason=\"not_found\"} 1\n"));
	assert_non_null(strstr(all, "countersign_http_rejected_total{reason=\"request_malformed\"} 1\n"));
	assert_non_null(strstr(all, "countersign_http_in_flight 0\n"));
	assert_non_null(strstr(all, "# TYPE countersign_http_request_duration_seconds histogram\n"));
	buf_fini(&text);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(decode),        TEST(checked), TEST(empty_body),       TEST(query),
		TEST(checked_query), TEST(params),  TEST(head_and_options), TEST(order),
		TEST(chunked_limit), TEST(media),   TEST(answers),          TEST(not_modified),
		TEST(headers),       TEST(trace),   TEST(workers),          TEST(metrics),
	};
	return cmocka_run_group_tests_name("exchange", tests, NULL, NULL);
}
