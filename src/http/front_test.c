#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "core/env.h"
#include "core/id.h"
#include "core/scratch.h"
#include "http/exchange.h"
#include "http/front.h"
#include "http/peers.h"
#include "http/service.h"

/* Sockets as the process sees them: addresses, ports, Unix sockets.  The rest of the front is tested on the wire. */

static void handle_who(struct exchange *x)
{
	struct buf body;
	buf_init(&body, 0);
	buf_addf(&body, "local=%d uid=%u peer=%s", x->local, x->local ? x->peer_uid : 0, x->peer);
	exchange_answer_buf(x, 200, MEDIA_JSON, &body);
}

static const struct route routes[] = {
	ROUTE(GET, "/", PUBLIC, EFFECT_READ, handle_who, .operation = "who", .summary = "Who asks", .run = RUN_INLINE)};

struct fixture {
	struct id_maker ids;
	struct service service;
	struct router *router;
	struct front *front;
	char folder[SCRATCH_PATH], socket[300];
};

static int set_up(void **state)
{
	static struct fixture f;
	struct err err;
	if (!scratch_make(f.folder, "front", &err))
		return -1;
	snprintf(f.socket, sizeof f.socket, "unix:%s/s", f.folder);
	id_maker_init(&f.ids, env_real());
	f.router = router_new();
	router_add(f.router, routes, 1, NULL);
	f.service = (struct service){.env = env_real(), .ids = &f.ids, .router = f.router};
	http_config_init(&f.service.config);
	f.service.config.loops = 2;
	*state = &f;
	return front_open(&f.front, &f.service, &err) ? 0 : -1;
}

static int tear_down(void **state)
{
	struct fixture *f = *state;
	front_close(f->front);
	router_free(f->router);
	id_maker_fini(&f->ids);
	return rmdir(f->folder);
}

/* Ask over a connected socket; the whole answer. */
static void ask(int fd, char *answer, size_t room)
{
	static const char request[] = "GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n";
	size_t size = 0;
	ssize_t more;
	assert_int_equal(write(fd, request, sizeof request - 1), (int)sizeof request - 1);
	while ((more = read(fd, answer + size, room - 1 - size)) > 0)
		size += (size_t)more;
	answer[size] = '\0';
	close(fd);
}

static int dial_port(unsigned port)
{
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	assert_int_equal(connect(fd, (struct sockaddr *)&in, sizeof in), 0);
	return fd;
}

static int dial_path(const char *path)
{
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(un.sun_path, path);
	assert_int_equal(connect(fd, (struct sockaddr *)&un, sizeof un), 0);
	return fd;
}

static void test_serves(void **state)
{
	struct fixture *f = *state;
	struct err err;
	struct stat stat;
	char answer[4096], wanted[64];
	assert_true(front_listen(f->front, "127.0.0.1:0", &err));
	assert_true(front_listen(f->front, f->socket, &err));
	assert_int_equal(front_count(f->front), 2);
	snprintf(wanted, sizeof wanted, "127.0.0.1:%u", front_port(f->front, 0));
	assert_string_equal(front_address(f->front, 0), wanted);
	assert_string_equal(front_address(f->front, 1), f->socket);
	assert_int_equal(lstat(f->socket + 5, &stat), 0);
	assert_int_equal(stat.st_mode & 0777, 0600);
	assert_true(front_start(f->front, &err));
	ask(dial_port(front_port(f->front, 0)), answer, sizeof answer);
	assert_non_null(strstr(answer, "\r\n\r\nlocal=0 uid=0 peer=127.0.0.1"));
	ask(dial_path(f->socket + 5), answer, sizeof answer);
	snprintf(wanted, sizeof wanted, "\r\n\r\nlocal=1 uid=%u peer=", getuid());
	assert_non_null(strstr(answer, wanted));
	assert_true(front_stop(f->front, 5000));
	assert_int_equal(front_connections(f->front), 0);
}

static void test_addresses(void **state)
{
	struct fixture *f = *state;
	static const char *const bad[] = {"127.0.0.1",   "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:x",
									  "localhost:1", ":8080",      "[::1:80",         "::1:80",
									  "[::1]80",     "unix:",      "1.2.3:8080",      "127.0.0.1:000080"};
	struct err err;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		assert_false(front_listen(f->front, bad[i], &err));
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

/* [P-1.1] a port in use is noticed, although our own loops share theirs */
static void test_in_use(void **state)
{
	struct fixture *f = *state;
	struct front *other;
	struct err err;
	assert_true(front_listen(f->front, "127.0.0.1:0", &err));
	assert_true(front_listen(f->front, f->socket, &err));
	assert_true(front_open(&other, &f->service, &err));
	assert_false(front_listen(other, front_address(f->front, 0), &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	assert_false(front_listen(other, f->socket, &err));
	assert_int_equal(err.kind, ERR_CONFLICT);
	front_close(other);
}

/* What a crash leaves behind is no hindrance; what is not a socket is never removed. */
static void test_dead_socket(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un un = {.sun_family = AF_UNIX};
	struct err err;
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(un.sun_path, f->socket + 5);
	assert_int_equal(bind(fd, (struct sockaddr *)&un, sizeof un), 0);
	close(fd);
	assert_true(front_listen(f->front, f->socket, &err));
	char file[300];
	snprintf(file, sizeof file, "unix:%s/file", f->folder);
	FILE *made = fopen(file + 5, "w");
	assert_non_null(made);
	fclose(made);
	assert_false(front_listen(f->front, file, &err));
	assert_int_equal(unlink(file + 5), 0);
}

static void test_peers(void **state)
{
	(void)state;
	struct peers peers;
	struct sockaddr_in6 a = {.sin6_family = AF_INET6, .sin6_addr.s6_addr = {0x20, 1, [15] = 1}}, b = a;
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_addr.s_addr = 7};
	b.sin6_addr.s6_addr[15] = 2; /* of the same /64 */
	struct peer_key one = peers_key((struct sockaddr *)&a), two = peers_key((struct sockaddr *)&b);
	struct peer_key four = peers_key((struct sockaddr *)&v4);
	peers_init(&peers);
	assert_true(peers_same(one, two));
	assert_false(peers_same(one, four));
	assert_int_equal(peers_add(&peers, one), 1);
	assert_int_equal(peers_add(&peers, two), 2);
	assert_int_equal(peers_add(&peers, four), 1);
	assert_int_equal(peers_drop(&peers, one), 1);
	assert_int_equal(peers_drop(&peers, two), 0);
	assert_int_equal(peers_add(&peers, one), 1);
	peers_fini(&peers);
}

#define TEST(name) cmocka_unit_test_setup_teardown(test_##name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {TEST(serves), TEST(addresses), TEST(in_use), TEST(dead_socket),
									   cmocka_unit_test(test_peers)};
	return cmocka_run_group_tests_name("front", tests, NULL, NULL);
}
