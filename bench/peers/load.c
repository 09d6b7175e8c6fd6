/*
 * Signed signals over the network, to Countersign or to its peer: COUNT distinct ones (at most SENT_MAX), signed before
 * the first is sent, over CONNECTIONS kept open, each connection waiting for its answer before it sends the next.
 * Prints one JSON object: how many were acknowledged with 201, how many not, and how long they took.  Exit 1 when any
 * was not. Usage: peer_load PORT PRODUCER_ID SECRET_FILE PREFIX COUNT CONNECTIONS; PREFIX makes external ids unlike
 * another run's.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/must.h"
#include "core/stamp.h"
#include "trade/domain/signature.h"

enum { SENT_MAX = 1000000, CONNECTIONS_MAX = 1024, ANSWER_MAX = 65536, SECRET_MAX = 256 };

#define TARGET "/api/v1/signals"

struct request {
	const char *text;
	size_t size;
	int64_t took_us;
};

struct peer {
	int fd;
	size_t request; /* in flight */
	int64_t since_us;
	size_t have;
	char answer[ANSWER_MAX];
};

struct load {
	struct arena arena;
	struct request *requests;
	size_t count, next, answered, acknowledged;
	struct peer *peers;
	size_t open;
	int poll;
};

static int64_t now_us(void)
{
	return env_mono_us(env_real());
}

/* --- what is sent --- */

struct signer {
	const char *producer, *prefix;
	char secret[SECRET_MAX];
	size_t secret_size;
	int64_t from_us; /* the first one's time */
};

static void read_secret(struct signer *signer, const char *path)
{
	FILE *file = fopen(path, "r");
	must(file != NULL && fgets(signer->secret, sizeof signer->secret, file) != NULL);
	fclose(file);
	signer->secret_size = strcspn(signer->secret, "\n");
}

static void make_request(struct load *load, const struct signer *signer, size_t i)
{
	char now[STAMP_TEXT], time[STAMP_TEXT], signature[SIGNATURE_TEXT];
	/* a time of its own each: (producer, instrument, side, time, version) is unique too */
	stamp_format(time, signer->from_us + (int64_t)i);
	stamp_format(now, env_wall_us(env_real()));
	const char *body = arena_printf(&load->arena,
									"{\"instrument\":\"XAUUSD\",\"side\":\"buy\",\"price\":%.2f,\"stop_loss\":2640,"
									"\"take_profit\":2680,\"time\":\"%s\",\"confidence\":0.85,\"reason\":\"rsi left "
									"the lower band\",\"payload\":{\"rsi\":28.4},\"external_id\":\"%s-%zu\"}",
									2650 + (double)(i % 1000) / 100, time, signer->prefix, i);
	must(body != NULL);
	const struct canonical canonical =
		signature_producer(&load->arena, "POST", TARGET, now, signer->producer, body, strlen(body));
	signature_make(signer->secret, signer->secret_size, canonical, signature);
	load->requests[i].text = arena_printf(&load->arena,
										  "POST " TARGET " HTTP/1.1\r\nHost: localhost\r\nContent-Type: "
										  "application/json\r\nX-Producer-Id: %s\r\nX-Timestamp: %s\r\n"
										  "X-Signature: %s\r\nContent-Length: %zu\r\n\r\n%s",
										  signer->producer, now, signature, strlen(body), body);
	must(load->requests[i].text != NULL);
	load->requests[i].size = strlen(load->requests[i].text);
}

/* --- the connections --- */

static void send_next(struct load *load, struct peer *peer)
{
	if (load->next == load->count) {
		close(peer->fd);
		load->open--;
		return;
	}
	peer->request = load->next++;
	peer->have = 0;
	peer->since_us = now_us();
	const struct request *request = &load->requests[peer->request];
	must(send(peer->fd, request->text, request->size, MSG_NOSIGNAL) == (ssize_t)request->size);
}

static void open_peer(struct load *load, struct peer *peer, int port)
{
	const struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = peer};
	const int on = 1;
	peer->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(peer->fd >= 0 && connect(peer->fd, (const struct sockaddr *)&at, sizeof at) == 0);
	must(setsockopt(peer->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
	must(epoll_ctl(load->poll, EPOLL_CTL_ADD, peer->fd, &event) == 0);
}

/* Is the answer whole?  Both servers say Content-Length. */
static bool is_whole(struct peer *peer)
{
	peer->answer[peer->have] = '\0';
	const char *end = strstr(peer->answer, "\r\n\r\n"), *length = strcasestr(peer->answer, "\r\ncontent-length:");
	return end != NULL && length != NULL && length < end &&
		   peer->have >= (size_t)(end + 4 - peer->answer) + strtoul(length + 17, NULL, 10);
}

static void take_answer(struct load *load, struct peer *peer)
{
	load->requests[peer->request].took_us = now_us() - peer->since_us;
	load->answered++;
	if (strncmp(peer->answer, "HTTP/1.1 201 ", 13) == 0)
		load->acknowledged++;
	else if (load->answered - load->acknowledged == 1) /* the first tells what is wrong with the others too */
		fprintf(stderr, "%.600s\n", peer->answer);
	send_next(load, peer);
}

static void take_bytes(struct load *load, struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->answer + peer->have, ANSWER_MAX - 1 - peer->have, MSG_DONTWAIT);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	must(got > 0);
	peer->have += (size_t)got;
	if (is_whole(peer))
		take_answer(load, peer);
}

static void run(struct load *load)
{
	struct epoll_event events[64];
	for (size_t i = load->open; i-- > 0;)
		send_next(load, &load->peers[i]);
	while (load->open > 0) {
		int count = epoll_wait(load->poll, events, 64, -1);
		must(count >= 0 || errno == EINTR);
		for (int i = 0; i < count; i++)
			take_bytes(load, events[i].data.ptr);
	}
}

/* --- figures --- */

static int by_time(const void *a, const void *b)
{
	const struct request *x = a, *y = b;
	return (x->took_us > y->took_us) - (x->took_us < y->took_us);
}

static void print(struct load *load, double seconds)
{
	qsort(load->requests, load->count, sizeof *load->requests, by_time);
	const struct request *all = load->requests;
	printf("{\"acknowledged\":%zu,\"refused\":%zu,\"seconds\":%.3f,\"per_second\":%.1f,\"p50_ms\":%.3f,"
		   "\"p99_ms\":%.3f,\"max_ms\":%.3f}\n",
		   load->acknowledged, load->answered - load->acknowledged, seconds, (double)load->acknowledged / seconds,
		   (double)all[load->count / 2].took_us / 1e3, (double)all[load->count * 99 / 100].took_us / 1e3,
		   (double)all[load->count - 1].took_us / 1e3);
}

int main(int argc, char **argv)
{
	static struct load load;
	struct signer signer;
	must(argc == 7);
	signer.producer = argv[2];
	signer.prefix = argv[4];
	signer.from_us = env_wall_us(env_real());
	read_secret(&signer, argv[3]);
	load.count = strtoul(argv[5], NULL, 10);
	load.open = strtoul(argv[6], NULL, 10);
	must(load.count > 0 && load.count <= SENT_MAX && load.open > 0 && load.open <= CONNECTIONS_MAX);
	arena_init(&load.arena, (size_t)4 << 30);
	load.requests = calloc(load.count, sizeof *load.requests);
	load.peers = calloc(load.open, sizeof *load.peers);
	load.poll = epoll_create1(EPOLL_CLOEXEC);
	must(load.requests != NULL && load.peers != NULL && load.poll >= 0);
	for (size_t i = 0; i < load.count; i++)
		make_request(&load, &signer, i);
	for (size_t i = 0; i < load.open; i++)
		open_peer(&load, &load.peers[i], atoi(argv[1]));
	int64_t from_us = now_us();
	run(&load);
	print(&load, (double)(now_us() - from_us) / 1e6);
	bool whole = load.acknowledged == load.count;
	free(load.requests);
	free(load.peers);
	close(load.poll);
	arena_fini(&load.arena);
	return whole ? 0 : 1;
}
