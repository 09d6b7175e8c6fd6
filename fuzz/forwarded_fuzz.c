/*
 * What a client and its proxies write about who asks: the lines are values of X-Forwarded-For, the last one of
 * X-Forwarded-Proto.  Whatever they hold, a stranger's are not looked at, and what a trusted proxy's become is an
 * address in the form of inet_ntop().  The first line is a range of addresses too.
 */
#include <arpa/inet.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/forwarded.h"
#include "http/loopback.h"
#include "http/router.h"
#include "http/service.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { LINES = 4, TEXT_MAX = 4096 };

static struct net net;
static struct id_maker ids;
static struct service service;
static bool strange;

static void check_peer(const char *peer)
{
	unsigned char bytes[16];
	char text[INET6_ADDRSTRLEN];
	int family = strchr(peer, ':') != NULL ? AF_INET6 : AF_INET;
	must(inet_pton(family, peer, bytes) == 1);
	must(inet_ntop(family, bytes, text, sizeof text) != NULL && strcmp(text, peer) == 0);
}

static void handle(struct exchange *x)
{
	check_peer(x->peer);
	must(!strange || (strcmp(x->peer, "203.0.113.5") == 0 && !x->secure));
	exchange_answer(x, 204, NULL, NULL, 0);
}

static const struct route routes[] = {
	ROUTE(GET, "/", PUBLIC, EFFECT_READ, handle, .operation = "peer", .summary = "Who asks", .run = RUN_INLINE)};

static void end(void)
{
	id_maker_fini(&ids);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static struct proxies proxies = {&net, 1};
	struct router *router = router_new();
	(void)argc, (void)argv;
	must(net_parse("10.0.0.0/8", &net));
	router_add(router, routes, 1, NULL);
	service = (struct service){.env = env_real(), .ids = &ids, .version = "fuzz", .git_sha = "fuzz", .router = router};
	id_maker_init(&ids, service.env);
	http_config_init(&service.config);
	service.config.proxies = proxies;
	atexit(end);
	return 0;
}

static void ask(const char *const *headers, const char *peer)
{
	struct loopback loopback = {.method = "GET", .target = "/", .headers = headers, .peer = peer};
	strange = strcmp(peer, "203.0.113.5") == 0;
	loopback_ask(&service, &loopback);
	loopback_fini(&loopback);
}

static void check_net(const char *text)
{
	struct net range;
	if (net_parse(text, &range)) {
		must(range.bits <= 128);
		net_holds(&range, "10.0.0.1");
		net_holds(&range, text);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char text[TEXT_MAX + 1];
	const char *headers[2 * LINES + 1] = {NULL};
	size = size < TEXT_MAX ? size : TEXT_MAX;
	memcpy(text, data, size);
	text[size] = '\0';
	char *line = text;
	for (int i = 0; i < LINES && line != NULL; i++) {
		char *next = strchr(line, '\n');
		if (next != NULL)
			*next++ = '\0';
		headers[2 * i] = next == NULL || i == LINES - 1 ? "X-Forwarded-Proto" : "X-Forwarded-For";
		headers[2 * i + 1] = line;
		line = next;
	}
	check_net(text);
	ask(headers, "203.0.113.5");
	ask(headers, "10.0.0.1");
	return 0;
}
