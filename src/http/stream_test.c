#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/env.h"
#include "core/id.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/front.h"
#include "http/loopback.h"
#include "http/service.h"
#include "http/stream.h"

enum { BLOCKS = 1000 };

struct fixture {
	struct id_maker ids;
	struct service service;
	struct front *front;
	struct stream *stream;
	_Atomic bool open;
	_Atomic int gone, blocks;
	size_t room;
	int fd;
	char got[65536];
	size_t size;
};

static void count_gone(void *self)
{
	struct fixture *f = self;
	atomic_fetch_add(&f->gone, 1);
}

static struct stream *begin(struct exchange *x)
{
	struct fixture *f = x->owner;
	const struct stream_options options = {.room = f->room, .gone = count_gone, .self = f};
	f->stream = exchange_stream(x, &options);
	must(f->stream != NULL);
	return f->stream;
}

static void handle_live(struct exchange *x)
{
	struct fixture *f = x->owner;
	begin(x);
	atomic_store(&f->open, true);
}

static void handle_form(struct exchange *x)
{
	struct stream *stream = begin(x);
	assert_true(stream_send(stream, "7", "signal.created", "{\"a\":1}"));
	assert_true(stream_send(stream, NULL, NULL, "2"));
	stream_end(stream, "bye");
	assert_false(stream_send(stream, "8", NULL, "late"));
}

static void handle_flood(struct exchange *x)
{
	struct fixture *f = x->owner;
	struct stream *stream = begin(x);
	assert_true(stream_send(stream, "1", NULL, "fits"));
	while (stream_send(stream, "2", NULL, "fits as well"))
		continue;
	atomic_store(&f->open, true);
}

static void handle_bytes(struct exchange *x)
{
	struct fixture *f = x->owner;
	const struct stream_options options = {.type = "text/plain", .gone = count_gone, .self = f};
	f->stream = exchange_stream(x, &options);
	assert_true(stream_write(f->stream, "one", 3));
	assert_true(stream_write(f->stream, "", 0)); /* not the last chunk */
	assert_true(stream_write(f->stream, "and sixteen more", 16));
	assert_int_equal(stream_waiting(f->stream), 8 + 22);
	stream_end(f->stream, exchange_query(x, "cut") != NULL ? "cut" : NULL);
	assert_false(stream_write(f->stream, "late", 4));
}

/* Told when the peer has taken what waited, more is written, until it is enough. */
static void write_more(void *self)
{
	struct fixture *f = self;
	char block[1000];
	memset(block, 'a' + atomic_load(&f->blocks) % 26, sizeof block);
	assert_true(stream_write(f->stream, block, sizeof block));
	if (atomic_fetch_add(&f->blocks, 1) == BLOCKS - 1)
		stream_end(f->stream, NULL);
}

static void handle_pulled(struct exchange *x)
{
	struct fixture *f = x->owner;
	const struct stream_options options = {.type = "text/plain", .drained = write_more, .gone = count_gone, .self = f};
	f->stream = exchange_stream(x, &options);
	write_more(f);
	atomic_store(&f->open, true);
}

static void count_post(void *carrier, struct stream *stream)
{
	(void)stream;
	++*(int *)carrier;
}

/* A carrier that takes what waits while the stream hangs in its mailbox, as a slow peer's connection does. */
static void handle_mailed(struct exchange *x)
{
	struct stream *stream = begin(x);
	int posts = 0;
	struct buf out;
	buf_init(&out, 0);
	stream_attach(stream, count_post, &posts, x);
	assert_true(stream_send(stream, "1", NULL, "posted"));
	assert_false(stream_take(stream, &out));
	assert_true(stream_send(stream, "2", NULL, "it hangs there already"));
	assert_int_equal(posts, 1);
	assert_ptr_equal(stream_arrive(stream), x);
	stream_unref(stream);
	assert_true(stream_send(stream, "3", NULL, "its carrier knows, and has not taken yet"));
	assert_int_equal(posts, 1);
	assert_false(stream_take(stream, &out));
	assert_true(stream_send(stream, "4", NULL, "posted again"));
	assert_int_equal(posts, 2);
	stream_arrive(stream);
	stream_unref(stream);
	buf_fini(&out);
	stream_attach(stream, NULL, NULL, NULL);
	stream_end(stream, NULL);
}

static const char *const plain_type[] = {"text/plain", NULL};
static const char *const events_type[] = {MEDIA_EVENTS, NULL};
#define EVENTS(name) \
	ROUTE(GET, "/" #name, PUBLIC, EFFECT_READ, handle_##name, .operation = #name, .summary = "Events", \
		  .produces = events_type, .run = RUN_INLINE, .bare = true)
#define BYTES(name) \
	ROUTE(GET, "/" #name, PUBLIC, EFFECT_READ, handle_##name, .operation = #name, .summary = "Bytes", \
		  .produces = plain_type, .run = RUN_INLINE, .bare = true)
static const struct route routes[] = {EVENTS(live),   EVENTS(form), EVENTS(flood),
									  EVENTS(mailed), BYTES(bytes), BYTES(pulled)};

static int set_up(void **state)
{
	static struct fixture f;
	struct err err;
	memset(&f, 0, sizeof f);
	f.service = (struct service){.env = env_real(), .ids = &f.ids, .version = "test", .git_sha = "test"};
	id_maker_init(&f.ids, f.service.env);
	http_config_init(&f.service.config);
	f.service.config.loops = 2;
	f.room = 4096;
	f.fd = -1;
	struct router *router = router_new();
	router_add(router, routes, sizeof routes / sizeof *routes, &f);
	f.service.router = router;
	assert_true(front_open(&f.front, &f.service, &err));
	assert_true(front_listen(f.front, "127.0.0.1:0", &err));
	*state = &f;
	return 0;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	struct router *router;
	memcpy(&router, &f->service.router, sizeof router);
	stream_unref(f->stream);
	if (f->fd >= 0)
		close(f->fd); /* or the server would linger */
	front_stop(f->front, 5000);
	front_close(f->front);
	router_free(router);
	id_maker_fini(&f->ids);
	return 0;
}

/* Connect and ask; return when the handler has begun the stream. */
static void listen_to(struct fixture *f, const char *path)
{
	struct err err;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	char request[128];
	assert_true(front_start(f->front, &err));
	f->fd = socket(AF_INET, SOCK_STREAM, 0);
	in.sin_port = htons((uint16_t)front_port(f->front, 0));
	assert_int_equal(connect(f->fd, (struct sockaddr *)&in, sizeof in), 0);
	int size = snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: a\r\n\r\n", path);
	assert_int_equal(send(f->fd, request, (size_t)size, 0), size);
	while (!atomic_load(&f->open))
		usleep(1000);
}

/* Read until this text has come; false at the end of the connection. */
static bool hear(struct fixture *f, const char *text)
{
	while (strstr(f->got, text) == NULL) {
		ssize_t size = recv(f->fd, f->got + f->size, sizeof f->got - 1 - f->size, 0);
		if (size <= 0)
			return false;
		f->size += (size_t)size;
	}
	return true;
}

static void await_ended(struct fixture *f)
{
	while (atomic_load(&f->gone) == 0)
		usleep(1000);
	assert_int_equal(atomic_load(&f->gone), 1);
	assert_true(stream_is_gone(f->stream));
}

static void await_gone(struct fixture *f)
{
	await_ended(f);
	assert_false(stream_send(f->stream, NULL, NULL, "nobody"));
}

/* [P-8.11] id, event, data on one line; no length; what comes after the end is refused */
static void test_form(void **state)
{
	struct fixture *f = *state;
	struct loopback ask = {.method = "GET", .target = "/form"};
	loopback_ask(&f->service, &ask);
	assert_int_equal(ask.status, 200);
	assert_string_equal(loopback_header(&ask, "Content-Type"), "text/event-stream");
	assert_string_equal(loopback_header(&ask, "Cache-Control"), "no-store");
	assert_null(loopback_header(&ask, "Content-Length"));
	assert_string_equal(ask.answer, "id: 7\nevent: signal.created\ndata: {\"a\":1}\n\ndata: 2\n\n"
									"event: bye\ndata: {}\n\n");
	assert_int_equal(atomic_load(&f->gone), 1);
	loopback_fini(&ask);
}

/* Events sent from another thread arrive in their order, then the end. */
static void test_live(void **state)
{
	struct fixture *f = *state;
	char data[32];
	listen_to(f, "/live");
	assert_true(hear(f, "\r\n\r\n"));
	assert_non_null(strstr(f->got, "Connection: close\r\n"));
	for (int i = 0; i < 1000; i++) {
		snprintf(data, sizeof data, "number %d.", i);
		assert_true(stream_send(f->stream, NULL, NULL, data));
		assert_true(hear(f, data));
		f->size = 0;
		memset(f->got, 0, sizeof f->got);
	}
	stream_end(f->stream, "done");
	assert_true(hear(f, "event: done\ndata: {}\n\n"));
	assert_false(hear(f, "anything more"));
	await_gone(f);
}

static void test_peer_leaves(void **state)
{
	struct fixture *f = *state;
	listen_to(f, "/live");
	assert_true(hear(f, "\r\n\r\n"));
	close(f->fd);
	f->fd = -1;
	await_gone(f);
}

/* [P-8.11] a peer with a full buffer is cut after event: overflow; what had fitted comes whole */
static void test_overflow(void **state)
{
	struct fixture *f = *state;
	f->room = 100;
	listen_to(f, "/flood");
	assert_true(hear(f, "event: overflow\ndata: {}\n\n"));
	assert_non_null(strstr(f->got, "id: 1\ndata: fits\n\nid: 2\ndata: fits as well\n\n"));
	assert_false(hear(f, "anything more"));
	await_gone(f);
}

static void test_comment(void **state)
{
	struct fixture *f = *state;
	f->service.config.stream_comment_ms = 5;
	listen_to(f, "/live");
	assert_true(hear(f, "\r\n\r\n:\n\n:\n\n"));
}

/* [P-12.5] SSE gets event: bye */
static void test_bye(void **state)
{
	struct fixture *f = *state;
	listen_to(f, "/live");
	assert_true(hear(f, "\r\n\r\n"));
	front_stop(f->front, 1);
	assert_true(hear(f, "event: bye\ndata: {}\n\n"));
	assert_false(hear(f, "anything more"));
	assert_int_equal(atomic_load(&f->gone), 1);
}

/* RFC 9112 7.1: chunks, and the last one only where nothing is missing */
static void test_bytes(void **state)
{
	struct fixture *f = *state;
	struct loopback ask = {.method = "GET", .target = "/bytes"};
	loopback_ask(&f->service, &ask);
	assert_string_equal(loopback_header(&ask, "Content-Type"), "text/plain");
	assert_string_equal(loopback_header(&ask, "Transfer-Encoding"), "chunked");
	assert_null(loopback_header(&ask, "Content-Length"));
	assert_string_equal(ask.answer, "3\r\none\r\n10\r\nand sixteen more\r\n0\r\n\r\n");
	stream_unref(f->stream);
	struct loopback cut = {.method = "GET", .target = "/bytes?cut=1"};
	loopback_ask(&f->service, &cut);
	assert_string_equal(cut.answer, "3\r\none\r\n10\r\nand sixteen more\r\n");
	assert_int_equal(atomic_load(&f->gone), 2);
	loopback_fini(&ask);
	loopback_fini(&cut);
}

/* Posted twice, it would be its own successor in the mailbox, and freed while it is used. */
static void test_mailed(void **state)
{
	struct fixture *f = *state;
	f->room = 1000;
	struct loopback ask = {.method = "GET", .target = "/mailed"};
	loopback_ask(&f->service, &ask);
	assert_string_equal(ask.answer, "id: 4\ndata: posted again\n\n");
	loopback_fini(&ask);
}

static void test_pulled(void **state)
{
	struct fixture *f = *state;
	size_t heard = 0;
	listen_to(f, "/pulled");
	while (strstr(f->got, "\r\n0\r\n\r\n") == NULL) { /* keep the end only */
		ssize_t size = recv(f->fd, f->got + f->size, sizeof f->got - 1 - f->size, 0);
		assert_true(size > 0);
		heard += (size_t)size;
		f->size += (size_t)size;
		f->got[f->size] = '\0';
		size_t drop = f->size > 100 ? f->size - 100 : 0;
		memmove(f->got, f->got + drop, f->size - drop + 1);
		f->size -= drop;
	}
	assert_true(heard > BLOCKS * 1007 && heard < BLOCKS * 1007 + 2000);
	assert_int_equal(atomic_load(&f->blocks), BLOCKS);
	await_ended(f);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(form), TEST(live),  TEST(peer_leaves), TEST(overflow), TEST(comment),
									   TEST(bye),  TEST(bytes), TEST(mailed),      TEST(pulled)};
	return cmocka_run_group_tests_name("stream", tests, NULL, NULL);
}
