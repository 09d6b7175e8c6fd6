#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "core/env.h"
#include "core/err.h"
#include "link/outgoing.h"
#include "link/outgoing_caller.h"
#include "link/outgoing_pool.h"

/* --- the two ways to ask: each test runs with both --- */

enum { MANY = 50 };

/* What outgoing_caller_ask() told. */
struct told {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is, asked;
	struct outgoing_answer answer; /* but for its texts */
	struct err err;
};

static void take(void *self, bool asked, struct outgoing_answer *answer, const struct err *err)
{
	struct told *told = self;
	pthread_mutex_lock(&told->lock);
	told->asked = asked;
	told->answer = *answer;
	if (!asked)
		told->err = *err;
	told->is = true;
	pthread_cond_signal(&told->changed);
	pthread_mutex_unlock(&told->lock);
}

static void wait_for(struct told *told)
{
	pthread_mutex_lock(&told->lock);
	while (!told->is)
		pthread_cond_wait(&told->changed, &told->lock);
	pthread_mutex_unlock(&told->lock);
}

struct way {
	bool aside;
	struct outgoing outgoing;
	struct outgoing_caller *caller; /* or NULL */
};

static bool ask_one(struct way *way, const struct outgoing_request *request, struct outgoing_answer *answer,
					struct err *err)
{
	struct told told = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
	if (!way->aside) {
		outgoing_answer_init(answer);
		bool asked = outgoing_ask(&way->outgoing, request, answer, err);
		outgoing_answer_fini(answer);
		return asked;
	}
	outgoing_caller_ask(way->caller, request, take, &told);
	wait_for(&told);
	*answer = told.answer;
	*err = told.err;
	return told.asked;
}

static int open_way(void **state, bool aside)
{
	struct err err;
	struct way *way = calloc(1, sizeof *way);
	*state = way;
	way->aside = aside;
	way->outgoing.pool = outgoing_pool_new();
	return aside && !outgoing_caller_open(&way->outgoing, &way->caller, &err);
}

static int open_waiting(void **state)
{
	return open_way(state, false);
}

static int open_aside(void **state)
{
	return open_way(state, true);
}

static void drop_connections(struct way *way)
{
	outgoing_caller_close(way->caller);
	outgoing_pool_free(way->outgoing.pool);
	way->caller = NULL;
	way->outgoing.pool = NULL;
}

static int close_way(void **state)
{
	drop_connections(*state);
	free(*state);
	return 0;
}

/* --- where to --- */

static bool ask(struct way *way, const char *url, bool *refused, struct err *err)
{
	const struct outgoing_request request = {.method = "GET", .url = url, .timeout_ms = 200, .limit = 1000};
	struct outgoing_answer answer;
	bool asked = ask_one(way, &request, &answer, err);
	*refused = answer.refused;
	return asked;
}

/*
 * REF: RFC 6890 (special-purpose addresses), RFC 6598 (shared), RFC 1112 (multicast)
 * REF: RFC 4291 (mapped, compatible, loopback, link-local, multicast), RFC 4193 (unique local), RFC 6052, RFC 3056
 * REF: RFC 8215 (a network's own translation to IPv4); RFC 2928 (Teredo and other tunnels); RFC 3849; RFC 6666
 */
static void special_addresses_are_refused(void **state) /* [P-10.5] */
{
	struct way *way = *state;
	static const char *const urls[] = {
		"http://127.0.0.1:9/",
		"http://127.8.9.10:9/",
		"http://0.0.0.0:9/",
		"http://10.0.0.1:9/",
		"http://100.64.0.1:9/",
		"http://100.127.255.1/",
		"http://169.254.169.254/",
		"http://172.16.0.1/",
		"http://172.31.255.255/",
		"http://192.168.1.1/",
		"http://192.0.2.7/",
		"http://198.18.0.1/",
		"http://224.0.0.1/",
		"http://255.255.255.255",
		"http://[::1]:9/",
		"http://[::]:9/",
		"http://[fe80::1]/",
		"http://[fc00::1]/",
		"http://[fdff::1]/",
		"http://[ff02::1]/",
		"http://2130706433:9/",
		"http://0x7f.1:9/",
		"http://[::ffff:10.0.0.1]",
		"http://[64:ff9b::7f00:1]/",
		"http://[64:ff9b:1::a00:1]/",
		"http://[2001::1]/",
		"http://[2001:1ff::1]/",
		"http://[2001:db8::1]/",
		"http://[100::1]/",
		"http://192.88.99.1/",
		"http://[2002:a00:1::]/",
		"http://localhost:9/",
		"https://127.0.0.1:9/",
		"http://[::ffff:127.0.0.1]:9/",
	};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct err err = {.kind = ERR_NONE};
		bool refused;
		assert_false(ask(way, urls[i], &refused, &err));
		if (!refused || err.kind != ERR_FORBIDDEN)
			fail_msg("%s was not refused: %s", urls[i], err.message);
	}
}

static void what_is_allowed_or_mapped_is_tried(void **state)
{
	struct way *way = *state;
	char map[] = "example.test=127.0.0.1:9";
	struct err err;
	bool refused;
	way->outgoing.allowed[way->outgoing.allowed_count++] = "127.0.0.1";
	assert_true(outgoing_map(&way->outgoing, map, &err));
	assert_false(ask(way, "http://127.0.0.1:9/", &refused, &err)); /* nobody listens there */
	assert_false(refused);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(ask(way, "https://EXAMPLE.test/a?b=c", &refused, &err));
	assert_false(refused);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(ask(way, "http://127.0.0.2:9/", &refused, &err));
	assert_true(refused);
}

static void other_schemes_are_none(void **state)
{
	struct way *way = *state;
	static const char *const urls[] = {"file:///etc/passwd", "gopher://127.0.0.1/", "nonsense://", "http://"};
	way->outgoing.allowed[way->outgoing.allowed_count++] = "*";
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct err err = {.kind = ERR_NONE};
		bool refused;
		assert_false(ask(way, urls[i], &refused, &err));
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void maps_have_a_form(void **state)
{
	(void)state;
	struct outgoing outgoing = {.maps_count = 0};
	static const char *const wrong[] = {"", "host", "=1.2.3.4:5", "host=1.2.3.4"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[32];
		struct err err;
		strcpy(text, wrong[i]);
		assert_false(outgoing_map(&outgoing, text, &err));
		assert_int_equal(err.kind, ERR_INVALID);
	}
	assert_int_equal(outgoing.maps_count, 0);
}

/* --- connections that outlive a request --- */

/* A server of one connection at a time, which answers `patience` requests on each and then closes it without a word. */
struct server {
	int listener;
	char map[64];
	_Atomic int patience, connections, requests;
	pthread_t thread;
};

/* A request without a body; false: the other side has closed. */
static bool read_request(int fd)
{
	char text[4096];
	size_t have = 0;
	do {
		ssize_t got = recv(fd, text + have, sizeof text - 1 - have, 0);
		if (got <= 0)
			return false;
		have += (size_t)got;
		text[have] = '\0';
	} while (strstr(text, "\r\n\r\n") == NULL);
	return true;
}

static void serve_one(struct server *s, int fd)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	s->connections++;
	for (int i = 0; read_request(fd); i++) {
		s->requests++;
		if (i == s->patience)
			break;
		(void)!send(fd, answer, sizeof answer - 1, MSG_NOSIGNAL);
	}
	close(fd);
}

static void *serve(void *self)
{
	struct server *s = self;
	for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0;)
		serve_one(s, fd);
	return NULL;
}

static void start(struct server *s, int patience)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	*s = (struct server){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), .patience = patience};
	assert_true(s->listener >= 0 && bind(s->listener, (const struct sockaddr *)&at, sizeof at) == 0);
	assert_true(listen(s->listener, 8) == 0 && getsockname(s->listener, (struct sockaddr *)&at, &size) == 0);
	snprintf(s->map, sizeof s->map, "peer.test=127.0.0.1:%d", ntohs(at.sin_port));
	assert_int_equal(pthread_create(&s->thread, NULL, serve, s), 0);
}

static void stop(struct server *s)
{
	shutdown(s->listener, SHUT_RDWR);
	pthread_join(s->thread, NULL);
	close(s->listener);
}

static bool ask_peer(struct way *way, struct outgoing_answer *answer, struct err *err)
{
	const struct outgoing_request request = {
		.method = "POST", .url = "https://peer.test/x", .timeout_ms = 5000, .limit = 1000};
	return ask_one(way, &request, answer, err);
}

static void a_connection_is_used_again(void **state)
{
	struct way *way = *state;
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	start(&s, 1000);
	assert_true(outgoing_map(&way->outgoing, s.map, &err));
	for (int i = 0; i < 5; i++)
		assert_true(ask_peer(way, &answer, &err) && answer.status == 200);
	assert_int_equal(s.connections, 1);
	drop_connections(way); /* the server waits for them */
	stop(&s);
}

static void an_old_connection_is_closed(void **state)
{
	struct way *way = *state;
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	start(&s, 1000);
	assert_true(outgoing_map(&way->outgoing, s.map, &err));
	assert_true(ask_peer(way, &answer, &err));
	outgoing_pool_tidy(way->outgoing.pool); /* it was in use since the last time */
	assert_true(ask_peer(way, &answer, &err));
	assert_int_equal(s.connections, 1);
	outgoing_pool_tidy(way->outgoing.pool);
	outgoing_pool_tidy(way->outgoing.pool);
	assert_true(ask_peer(way, &answer, &err));
	assert_int_equal(s.connections, 2);
	assert_int_equal(s.requests, 3);
	drop_connections(way);
	stop(&s);
}

/* What was sent on a connection that is closed then may have been carried out: it is not sent on another one. */
static void nothing_is_sent_twice(void **state) /* [flow.md 3.1] */
{
	struct way *way = *state;
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	start(&s, 1);
	assert_true(outgoing_map(&way->outgoing, s.map, &err));
	for (int i = 0; i < 3; i++) {
		assert_true(ask_peer(way, &answer, &err));
		assert_false(ask_peer(way, &answer, &err));
		assert_int_equal(err.kind, ERR_UNAVAILABLE);
		assert_true(answer.sent);
	}
	assert_int_equal(s.requests, 6);
	stop(&s);
}

/* A connection of somebody who may go anywhere is none for somebody who may not [P-10.5]. */
static void a_connection_is_no_way_in(void **state)
{
	struct way *way = *state;
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	char url[64];
	bool refused;
	start(&s, 1000);
	snprintf(url, sizeof url, "http://%s/", strchr(s.map, '=') + 1);
	assert_true(outgoing_map(&way->outgoing, s.map, &err));
	assert_true(ask_peer(way, &answer, &err));
	assert_false(ask(way, url, &refused, &err));
	assert_true(refused);
	assert_int_equal(s.requests, 1);
	drop_connections(way);
	stop(&s);
}

/* --- the end of waiting --- */

/* Listens and never says a word. */
static void listen_only(struct server *s)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	*s = (struct server){.listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	assert_true(s->listener >= 0 && bind(s->listener, (const struct sockaddr *)&at, sizeof at) == 0);
	assert_true(listen(s->listener, MANY) == 0 && getsockname(s->listener, (struct sockaddr *)&at, &size) == 0);
	snprintf(s->map, sizeof s->map, "peer.test=127.0.0.1:%d", ntohs(at.sin_port));
}

static void no_answer_in_time(void **state)
{
	struct way *way = *state;
	const struct outgoing_request request = {
		.method = "GET", .url = "http://peer.test/", .timeout_ms = 300, .limit = 1000};
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	listen_only(&s);
	assert_true(outgoing_map(&way->outgoing, s.map, &err));
	assert_false(ask_one(way, &request, &answer, &err));
	assert_int_equal(err.kind, ERR_DEADLINE);
	assert_true(answer.sent);
	close(s.listener);
}

static bool is_set(void *self)
{
	_Atomic bool *given_up = self;
	return *given_up;
}

static void *set_soon(void *self)
{
	const struct timespec pause = {.tv_nsec = 100000000};
	_Atomic bool *given_up = self;
	nanosleep(&pause, NULL);
	*given_up = true;
	return NULL;
}

static void it_is_given_up(void **state)
{
	struct way *way = *state;
	_Atomic bool given_up = false;
	const struct outgoing_request request = {.method = "GET",
											 .url = "http://peer.test/",
											 .timeout_ms = 60000,
											 .limit = 1000,
											 .given_up = is_set,
											 .self = &given_up};
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	pthread_t thread;
	listen_only(&s);
	assert_true(outgoing_map(&way->outgoing, s.map, &err));
	int64_t began_us = env_mono_us(env_real());
	assert_int_equal(pthread_create(&thread, NULL, set_soon, &given_up), 0);
	assert_false(ask_one(way, &request, &answer, &err));
	assert_int_equal(err.kind, ERR_DEADLINE);
	assert_true(env_mono_us(env_real()) - began_us < 10000000);
	pthread_join(thread, NULL);
	close(s.listener);
}

/* --- nobody waits --- */

struct many {
	struct server server;
	struct told told[MANY];
};

static void ask_many(struct way *way, struct many *many, _Atomic bool *given_up)
{
	const struct outgoing_request request = {.method = "POST",
											 .url = "http://peer.test/",
											 .body = "{}",
											 .body_size = 2,
											 .timeout_ms = 60000,
											 .limit = 1000,
											 .given_up = given_up == NULL ? NULL : is_set,
											 .self = given_up};
	struct err err;
	listen_only(&many->server);
	assert_true(outgoing_map(&way->outgoing, many->server.map, &err));
	for (int i = 0; i < MANY; i++) {
		many->told[i] = (struct told){.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};
		outgoing_caller_ask(way->caller, &request, take, &many->told[i]);
	}
}

/* The server answers none before it has them all. */
static void many_are_under_way_at_once(void **state)
{
	static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}";
	struct way *way = *state;
	struct many many;
	int peers[MANY];
	ask_many(way, &many, NULL);
	for (int i = 0; i < MANY; i++) {
		peers[i] = accept(many.server.listener, NULL, NULL);
		assert_true(read_request(peers[i]));
	}
	for (int i = MANY - 1; i >= 0; i--)
		assert_int_equal(send(peers[i], answer, sizeof answer - 1, MSG_NOSIGNAL), sizeof answer - 1);
	for (int i = 0; i < MANY; i++) {
		wait_for(&many.told[i]);
		assert_true(many.told[i].asked);
		assert_int_equal(many.told[i].answer.status, 200);
		close(peers[i]);
	}
	close(many.server.listener);
}

static void all_are_told_before_it_closes(void **state)
{
	struct way *way = *state;
	struct many many;
	_Atomic bool given_up = false;
	ask_many(way, &many, &given_up);
	given_up = true;
	drop_connections(way);
	for (int i = 0; i < MANY; i++) {
		assert_true(many.told[i].is && !many.told[i].asked);
		assert_int_equal(many.told[i].err.kind, ERR_DEADLINE);
	}
	close(many.server.listener);
}

#define BOTH(test) \
	cmocka_unit_test_setup_teardown(test, open_waiting, close_way), \
		cmocka_unit_test_setup_teardown(test, open_aside, close_way)
#define ASIDE(test) cmocka_unit_test_setup_teardown(test, open_aside, close_way)
#define WAITING(test) cmocka_unit_test_setup_teardown(test, open_waiting, close_way)

int main(void)
{
	const struct CMUnitTest tests[] = {
		BOTH(special_addresses_are_refused),
		BOTH(what_is_allowed_or_mapped_is_tried),
		BOTH(other_schemes_are_none),
		cmocka_unit_test(maps_have_a_form),
		BOTH(a_connection_is_used_again),
		WAITING(an_old_connection_is_closed),
		BOTH(nothing_is_sent_twice),
		BOTH(a_connection_is_no_way_in),
		BOTH(no_answer_in_time),
		BOTH(it_is_given_up),
		ASIDE(many_are_under_way_at_once),
		ASIDE(all_are_told_before_it_closes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
