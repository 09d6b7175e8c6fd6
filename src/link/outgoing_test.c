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
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/err.h"
#include "link/outgoing.h"
#include "link/outgoing_pool.h"

static bool ask(struct outgoing *outgoing, const char *url, bool *refused, struct err *err)
{
	const struct outgoing_request request = {.method = "GET", .url = url, .timeout_ms = 200, .limit = 1000};
	struct outgoing_answer answer;
	outgoing_answer_init(&answer);
	bool asked = outgoing_ask(outgoing, &request, &answer, err);
	*refused = answer.refused;
	outgoing_answer_fini(&answer);
	return asked;
}

/*
 * REF: RFC 6890 (special-purpose addresses), RFC 6598 (shared), RFC 1112 (multicast)
 * REF: RFC 4291 (mapped, compatible, loopback, link-local, multicast), RFC 4193 (unique local), RFC 6052, RFC 3056
 * REF: RFC 8215 (a network's own translation to IPv4); RFC 2928 (Teredo and other tunnels); RFC 3849; RFC 6666
 */
static void special_addresses_are_refused(void **state) /* [P-10.5] */
{
	(void)state;
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
	struct outgoing outgoing = {.maps_count = 0};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct err err = {.kind = ERR_NONE};
		bool refused;
		assert_false(ask(&outgoing, urls[i], &refused, &err));
		if (!refused || err.kind != ERR_FORBIDDEN)
			fail_msg("%s was not refused: %s", urls[i], err.message);
	}
}

static void what_is_allowed_or_mapped_is_tried(void **state)
{
	(void)state;
	struct outgoing outgoing = {.allowed = {"127.0.0.1"}, .allowed_count = 1};
	char map[] = "example.test=127.0.0.1:9";
	struct err err;
	bool refused;
	assert_true(outgoing_map(&outgoing, map, &err));
	assert_false(ask(&outgoing, "http://127.0.0.1:9/", &refused, &err)); /* nobody listens there */
	assert_false(refused);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(ask(&outgoing, "https://EXAMPLE.test/a?b=c", &refused, &err));
	assert_false(refused);
	assert_int_equal(err.kind, ERR_UNAVAILABLE);
	assert_false(ask(&outgoing, "http://127.0.0.2:9/", &refused, &err));
	assert_true(refused);
}

static void other_schemes_are_none(void **state)
{
	(void)state;
	static const char *const urls[] = {"file:///etc/passwd", "gopher://127.0.0.1/", "nonsense://", "http://"};
	struct outgoing outgoing = {.allowed = {"*"}, .allowed_count = 1};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct err err = {.kind = ERR_NONE};
		bool refused;
		assert_false(ask(&outgoing, urls[i], &refused, &err));
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

static bool ask_peer(struct outgoing *outgoing, struct outgoing_answer *answer, struct err *err)
{
	const struct outgoing_request request = {
		.method = "POST", .url = "https://peer.test/x", .timeout_ms = 5000, .limit = 1000};
	outgoing_answer_init(answer);
	bool asked = outgoing_ask(outgoing, &request, answer, err);
	outgoing_answer_fini(answer);
	return asked;
}

static void a_connection_is_used_again(void **state)
{
	(void)state;
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	start(&s, 1000);
	struct outgoing outgoing = {.pool = outgoing_pool_new()};
	assert_true(outgoing_map(&outgoing, s.map, &err));
	for (int i = 0; i < 5; i++)
		assert_true(ask_peer(&outgoing, &answer, &err) && answer.status == 200);
	assert_int_equal(s.connections, 1);
	outgoing_pool_tidy(outgoing.pool); /* it was in use since the last time */
	assert_true(ask_peer(&outgoing, &answer, &err));
	assert_int_equal(s.connections, 1);
	outgoing_pool_tidy(outgoing.pool);
	outgoing_pool_tidy(outgoing.pool);
	assert_true(ask_peer(&outgoing, &answer, &err));
	assert_int_equal(s.connections, 2);
	assert_int_equal(s.requests, 7);
	outgoing_pool_free(outgoing.pool);
	stop(&s);
}

/* What was sent on a connection that is closed then may have been carried out: it is not sent on another one. */
static void nothing_is_sent_twice(void **state) /* [flow.md 3.1] */
{
	(void)state;
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	start(&s, 1);
	struct outgoing outgoing = {.pool = outgoing_pool_new()};
	assert_true(outgoing_map(&outgoing, s.map, &err));
	for (int i = 0; i < 3; i++) {
		assert_true(ask_peer(&outgoing, &answer, &err));
		assert_false(ask_peer(&outgoing, &answer, &err));
		assert_int_equal(err.kind, ERR_UNAVAILABLE);
		assert_true(answer.sent);
	}
	assert_int_equal(s.requests, 6);
	outgoing_pool_free(outgoing.pool);
	stop(&s);
}

/* A connection of somebody who may go anywhere is none for somebody who may not [P-10.5]. */
static void a_connection_is_no_way_in(void **state)
{
	(void)state;
	struct server s;
	struct outgoing_answer answer;
	struct err err;
	char url[64];
	bool refused;
	start(&s, 1000);
	snprintf(url, sizeof url, "http://%s/", strchr(s.map, '=') + 1);
	struct outgoing outgoing = {.pool = outgoing_pool_new()};
	assert_true(outgoing_map(&outgoing, s.map, &err));
	assert_true(ask_peer(&outgoing, &answer, &err));
	assert_false(ask(&outgoing, url, &refused, &err));
	assert_true(refused);
	assert_int_equal(s.requests, 1);
	outgoing_pool_free(outgoing.pool);
	stop(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(special_addresses_are_refused), cmocka_unit_test(what_is_allowed_or_mapped_is_tried),
		cmocka_unit_test(other_schemes_are_none),        cmocka_unit_test(maps_have_a_form),
		cmocka_unit_test(a_connection_is_used_again),    cmocka_unit_test(nothing_is_sent_twice),
		cmocka_unit_test(a_connection_is_no_way_in),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
