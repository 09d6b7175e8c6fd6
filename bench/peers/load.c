/*
 * Requests over the network, to Countersign or to its peer: COUNT of them, written before the first is sent, over
 * CONNECTIONS kept open, each waiting for its answer before it sends the next.  Prints one JSON object: how many were
 * acknowledged, how many not, and how long they took.  Exit 1 when any was not.
 *
 *     peer_load PORT COUNT CONNECTIONS signals PRODUCER_ID SECRET_FILE PREFIX    distinct signed signals, 201
 *     peer_load PORT COUNT CONNECTIONS post TARGET TOKEN_FILE BODY_FILE          the same text each time, 200
 *
 * PREFIX makes external ids unlike another run's.
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

enum {
	SENT_MAX = 1000000,
	CONNECTIONS_MAX = 1024,
	ANSWER_MAX = 65536,
	SECRET_MAX = 256,
	TOKEN_MAX = 4096,
	BODY_MAX = 16384
};

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
	const char *wanted; /* how an answer begins that acknowledges */
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

/* The first line of a file. */
static size_t read_line(const char *path, char *line, int room)
{
	FILE *file = fopen(path, "r");
	must(file != NULL && fgets(line, room, file) != NULL);
	fclose(file);
	size_t size = strcspn(line, "\n");
	line[size] = '\0';
	return size;
}

static void sign(struct load *load, const struct signer *signer, size_t i)
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
	if (strncmp(peer->answer, load->wanted, strlen(load->wanted)) == 0)
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

static void make_signals(struct load *load, char **argv)
{
	struct signer signer = {.producer = argv[0], .prefix = argv[2], .from_us = env_wall_us(env_real())};
	signer.secret_size = read_line(argv[1], signer.secret, sizeof signer.secret);
	load->wanted = "HTTP/1.1 201 ";
	for (size_t i = 0; i < load->count; i++)
		sign(load, &signer, i);
}

static void make_posts(struct load *load, char **argv)
{
	char token[TOKEN_MAX], body[BODY_MAX];
	read_line(argv[1], token, sizeof token);
	size_t size = read_line(argv[2], body, sizeof body);
	const char *text = arena_printf(&load->arena,
									"POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
									"Authorization: Bearer %s\r\nContent-Length: %zu\r\n\r\n%s",
									argv[0], token, size, body);
	must(text != NULL);
	load->wanted = "HTTP/1.1 200 ";
	for (size_t i = 0; i < load->count; i++)
		load->requests[i] = (struct request){.text = text, .size = strlen(text)};
}

int main(int argc, char **argv)
{
	static struct load load;
	must(argc == 8 && (strcmp(argv[4], "signals") == 0 || strcmp(argv[4], "post") == 0));
	load.count = strtoul(argv[2], NULL, 10);
	load.open = strtoul(argv[3], NULL, 10);
	must(load.count > 0 && load.count <= SENT_MAX && load.open > 0 && load.open <= CONNECTIONS_MAX);
	arena_init(&load.arena, (size_t)4 << 30);
	load.requests = calloc(load.count, sizeof *load.requests);
	load.peers = calloc(load.open, sizeof *load.peers);
	load.poll = epoll_create1(EPOLL_CLOEXEC);
	must(load.requests != NULL && load.peers != NULL && load.poll >= 0);
	if (strcmp(argv[4], "signals") == 0)
		make_signals(&load, argv + 5);
	else
		make_posts(&load, argv + 5);
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
