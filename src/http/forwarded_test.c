#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/env.h"
#include "core/id.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/forwarded.h"
#include "http/loopback.h"
#include "http/service.h"

static void test_ranges(void **state)
{
	(void)state;
	static const struct {
		const char *cidr, *address;
		bool within;
	} rows[] = {
		{"10.0.0.0/8", "10.255.0.1", true},
		{"10.0.0.0/8", "11.0.0.1", false},
		{"10.0.0.0/8", "::ffff:10.1.2.3", true},
		{"192.168.4.0/22", "192.168.7.255", true},
		{"192.168.4.0/22", "192.168.8.0", false},
		{"127.0.0.1", "127.0.0.1", true},
		{"127.0.0.1", "127.0.0.2", false},
		{"fd00::/8", "fdab::1", true},
		{"fd00::/8", "fe00::1", false},
		{"2001:db8::/33", "2001:db8:7fff::1", true},
		{"2001:db8::/33", "2001:db8:8000::1", false},
		{"0.0.0.0/0", "203.0.113.9", true},
		{"0.0.0.0/0", "2001:db8::1", false},
		{"::/0", "203.0.113.9", true},
		{"10.0.0.0/8", "nobody", false},
		{"10.0.0.0/8", "", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct net net;
		assert_true(net_parse(rows[i].cidr, &net));
		assert_int_equal(net_holds(&net, rows[i].address), rows[i].within);
	}
}

static void test_no_ranges(void **state)
{
	(void)state;
	static const char *const bad[] = {"",
									  "/8",
									  "10.0.0.0/",
									  "10.0.0.0/33",
									  "::/129",
									  "10.0.0/8",
									  "10.0.0.0/8 ",
									  "10.0.0.0/-1",
									  "10.0.0.0/0x8",
									  "host/8",
									  "10.0.0.0/8/8"};
	struct net net;
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(net_parse(bad[i], &net));
}

static void handle(struct exchange *x)
{
	exchange_setf(x, "X-Peer", "%s%s", x->peer, x->secure ? " secure" : "");
	exchange_answer(x, 204, NULL, NULL, 0);
}

static const struct route routes[] = {
	ROUTE(GET, "/", PUBLIC, EFFECT_READ, handle, .operation = "peer", .summary = "Who asks", .run = RUN_INLINE)};

/* [P-8.13] only from trusted proxies, and the rightmost hop that is none */
static void test_hops(void **state)
{
	(void)state;
	static const struct {
		const char *socket, *hops, *more, *proto, *peer;
	} rows[] = {
		{"203.0.113.5", "198.51.100.1", NULL, "https", "203.0.113.5"},
		{"10.0.0.1", NULL, NULL, NULL, "10.0.0.1"},
		{"10.0.0.1", "198.51.100.1", NULL, NULL, "198.51.100.1"},
		{"10.0.0.1", "1.1.1.1, 198.51.100.1", NULL, NULL, "198.51.100.1"},
		{"10.0.0.1", "1.1.1.1, 198.51.100.1,10.9.9.9", NULL, NULL, "198.51.100.1"},
		{"10.0.0.1", "1.1.1.1", "198.51.100.1, 10.9.9.9", NULL, "198.51.100.1"},
		{"10.0.0.1", "198.51.100.1", "10.9.9.9", NULL, "198.51.100.1"},
		{"10.0.0.1", "10.0.0.3, 10.0.0.2", NULL, NULL, "10.0.0.3"},
		{"10.0.0.1", "1.1.1.1, junk, 10.0.0.2", NULL, NULL, "10.0.0.2"},
		{"10.0.0.1", "1.1.1.1,", NULL, NULL, "10.0.0.1"},
		{"10.0.0.1", "", NULL, NULL, "10.0.0.1"},
		{"10.0.0.1", "198.51.100.1:4711", NULL, NULL, "198.51.100.1"},
		{"10.0.0.1", "[2001:DB8::1]:4711", NULL, NULL, "2001:db8::1"},
		{"10.0.0.1", "2001:db8:0:0::1", NULL, NULL, "2001:db8::1"},
		{"10.0.0.1", "::ffff:198.51.100.1", NULL, NULL, "198.51.100.1"},
		{"10.0.0.1", "198.51.100.1", NULL, "https", "198.51.100.1 secure"},
		{"10.0.0.1", "198.51.100.1", NULL, "https, http", "198.51.100.1"},
		{"10.0.0.1", "198.51.100.1", NULL, "http, HTTPS", "198.51.100.1 secure"},
		{"fd00::1", "198.51.100.1", NULL, NULL, "198.51.100.1"},
	};
	struct net nets[2];
	struct id_maker ids;
	struct router *router = router_new();
	struct service service = {.env = env_real(), .ids = &ids, .version = "test", .git_sha = "test", .router = router};
	id_maker_init(&ids, service.env);
	http_config_init(&service.config);
	must(net_parse("10.0.0.0/8", &nets[0]) && net_parse("fd00::/8", &nets[1]));
	service.config.proxies = (struct proxies){nets, 2};
	router_add(router, routes, 1, NULL);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const char *headers[7] = {NULL};
		size_t count = 0;
		const char *const given[][2] = {
			{"X-Forwarded-For", rows[i].hops}, {"X-Forwarded-For", rows[i].more}, {"X-Forwarded-Proto", rows[i].proto}};
		for (size_t j = 0; j < 3; j++)
			if (given[j][1] != NULL) {
				headers[count++] = given[j][0];
				headers[count++] = given[j][1];
			}
		struct loopback ask = {.method = "GET", .target = "/", .headers = headers, .peer = rows[i].socket};
		loopback_ask(&service, &ask);
		assert_string_equal(loopback_header(&ask, "X-Peer"), rows[i].peer);
		loopback_fini(&ask);
	}
	router_free(router);
	id_maker_fini(&ids);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_ranges), cmocka_unit_test(test_no_ranges),
									   cmocka_unit_test(test_hops)};
	return cmocka_run_group_tests_name("forwarded", tests, NULL, NULL);
}
