#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <zlib.h>
#include <zstd.h>

#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "http/exchange.h"
#include "http/loopback.h"
#include "http/service.h"
#include "http/squeeze.h"
#include "http/workers.h"

enum { LONG_TEXT = 100000 };

static void test_codings(void **state)
{
	(void)state;
	static const struct {
		const char *value;
		enum coding coding;
	} rows[] = {
		{NULL, CODING_NONE},
		{"", CODING_NONE},
		{"identity", CODING_NONE},
		{"br", CODING_NONE},
		{"gzip", CODING_GZIP},
		{"GZip", CODING_GZIP},
		{"x-gzip", CODING_GZIP},
		{"gzipped", CODING_NONE},
		{"zstd", CODING_ZSTD},
		{"gzip, deflate, br, zstd", CODING_ZSTD},
		{"gzip;q=0", CODING_NONE},
		{"gzip, zstd;q=0", CODING_GZIP},
		{"zstd;q=0.5, gzip;q=0.8", CODING_GZIP},
		{"gzip; q=0.001", CODING_GZIP},
		{"gzip;q=x", CODING_NONE},
		{"gzip;q=5.8", CODING_NONE},
		{"gzip;q=1.001", CODING_NONE},
		{"gzip;q=0.1234", CODING_NONE},
		{"gzip;q=inf", CODING_NONE},
		{"gzip;q=1.000 , br", CODING_GZIP},
		{"gzip;q=0., zstd;q=1", CODING_ZSTD},
		{"zstd;q=0.001, gzip;q=0.01", CODING_GZIP},
		{",,gzip,", CODING_GZIP},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(coding_of(rows[i].value), rows[i].coding);
}

static void answer_text(struct exchange *x, size_t size)
{
	struct buf body;
	buf_init(&body, 0);
	for (unsigned i = 0; body.size < size; i++)
		buf_addf(&body, "%u ", i * 2654435761u);
	body.size = size;
	exchange_answer_buf(x, 200, strcmp(x->path, "/png") == 0 ? "image/png" : MEDIA_JSON, &body);
}

static void handle_long(struct exchange *x)
{
	answer_text(x, LONG_TEXT);
}

static void handle_short(struct exchange *x)
{
	answer_text(x, 1023);
}

static const char *const any[] = {"*/*", NULL};
#define TEXT(path, name, handler, where) \
	ROUTE(GET, path, PUBLIC, EFFECT_READ, handler, .operation = name, .summary = "Text", .run = where, .produces = any)
static const struct route routes[] = {
	TEXT("/worker", "worker", handle_long, RUN_WORKER), TEXT("/inline", "inline", handle_long, RUN_INLINE),
	TEXT("/short", "short", handle_short, RUN_WORKER), TEXT("/png", "png", handle_long, RUN_WORKER),
	TEXT("/api/v1/auth/me", "me", handle_long, RUN_WORKER)};

static struct service service;

static void ask(struct loopback *ask, const char *target, const char *coding)
{
	static const char *headers[] = {"Accept-Encoding", NULL, NULL};
	headers[1] = coding;
	*ask = (struct loopback){.method = "GET", .target = target, .headers = headers};
	loopback_ask(&service, ask);
	assert_int_equal(ask->status, 200);
}

static void assert_coding(const char *target, const char *wanted, const char *coding, const char *vary)
{
	struct loopback answer;
	ask(&answer, target, wanted);
	const char *said = loopback_header(&answer, "Content-Encoding");
	assert_string_equal(said != NULL ? said : "none", coding);
	said = loopback_header(&answer, "Vary");
	assert_string_equal(said != NULL ? said : "none", vary);
	loopback_fini(&answer);
}

/* The bytes that come out are the ones of the plain answer, whoever compressed them. */
static void assert_same(const char *target, const char *coding)
{
	static char text[LONG_TEXT + 1];
	struct loopback plain, squeezed;
	ask(&plain, target, "identity");
	assert_int_equal(plain.answer_size, LONG_TEXT);
	ask(&squeezed, target, coding);
	assert_true(squeezed.answer_size < LONG_TEXT);
	if (strcmp(coding, "zstd") == 0) {
		assert_int_equal(ZSTD_decompress(text, sizeof text, squeezed.answer, squeezed.answer_size), LONG_TEXT);
	} else {
		z_stream z = {.next_in = (unsigned char *)squeezed.answer,
					  .avail_in = (uInt)squeezed.answer_size,
					  .next_out = (unsigned char *)text,
					  .avail_out = sizeof text};
		assert_int_equal(inflateInit2(&z, 15 + 16), Z_OK);
		assert_int_equal(inflate(&z, Z_FINISH), Z_STREAM_END);
		assert_int_equal(z.total_out, LONG_TEXT);
		inflateEnd(&z);
	}
	assert_memory_equal(text, plain.answer, LONG_TEXT);
	loopback_fini(&plain);
	loopback_fini(&squeezed);
}

static void test_bytes(void **state)
{
	(void)state;
	assert_same("/worker", "gzip");
	assert_same("/worker", "zstd");
	assert_same("/inline", "gzip");
	assert_same("/inline", "zstd");
}

/* [P-8.10] text of at least 1 KiB; never for auth routes and images */
static void test_which(void **state)
{
	(void)state;
	assert_coding("/worker", "gzip", "gzip", "Accept-Encoding");
	assert_coding("/worker", "br", "none", "Accept-Encoding");
	assert_coding("/short", "gzip", "none", "none");
	assert_coding("/png", "gzip", "none", "none");
	assert_coding("/api/v1/auth/me", "gzip", "none", "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_codings), cmocka_unit_test(test_bytes),
									   cmocka_unit_test(test_which)};
	struct id_maker ids;
	struct err err;
	struct router *router = router_new();
	service = (struct service){.env = env_real(), .ids = &ids, .version = "test", .git_sha = "test", .router = router};
	id_maker_init(&ids, service.env);
	http_config_init(&service.config);
	router_add(router, routes, sizeof routes / sizeof *routes, NULL);
	if (!workers_open(&service.workers, 1, 16, &err))
		return 1;
	int failed = cmocka_run_group_tests_name("squeeze", tests, NULL, NULL);
	workers_close(service.workers);
	router_free(router);
	id_maker_fini(&ids);
	return failed;
}
