/*
 * Where effects of both sides go: an HTTP server that answers every request at once with {"taken": true}, so that what
 * is measured is who sends.  Prints its port, and at SIGTERM how many requests it took.  It believes what its peers on
 * this machine send: a Content-Length, no chunks, one request at a time on a connection.
 */
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/must.h"

enum { REQUEST_MAX = 16384, WAITING = 512 };

static const char answer[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 14\r\n\r\n"
							 "{\"taken\":true}";

struct peer {
	int fd;
	size_t have;
	char request[REQUEST_MAX];
};

static void watch(int poll, int fd, void *who)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = who};
	must(epoll_ctl(poll, EPOLL_CTL_ADD, fd, &event) == 0);
}

static int listen_here(void)
{
	struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t size = sizeof at;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	must(fd >= 0 && bind(fd, (const struct sockaddr *)&at, sizeof at) == 0 && listen(fd, WAITING) == 0);
	must(getsockname(fd, (struct sockaddr *)&at, &size) == 0);
	printf("%d\n", ntohs(at.sin_port));
	fflush(stdout);
	return fd;
}

static void accept_peer(int poll, int listener)
{
	const int on = 1;
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	struct peer *peer = calloc(1, sizeof *peer);
	must(peer != NULL && setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) == 0);
	peer->fd = fd;
	watch(poll, fd, peer);
}

static bool is_whole(struct peer *peer)
{
	peer->request[peer->have] = '\0';
	const char *end = strstr(peer->request, "\r\n\r\n"), *length = strcasestr(peer->request, "\r\ncontent-length:");
	size_t body = length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0;
	return end != NULL && peer->have >= (size_t)(end + 4 - peer->request) + body;
}

/* True: a request was answered. */
static bool serve(struct peer *peer)
{
	ssize_t got = recv(peer->fd, peer->request + peer->have, REQUEST_MAX - 1 - peer->have, 0);
	if (got <= 0) {
		close(peer->fd);
		free(peer);
		return false;
	}
	peer->have += (size_t)got;
	if (!is_whole(peer))
		return false;
	peer->have = 0;
	return send(peer->fd, answer, sizeof answer - 1, MSG_NOSIGNAL) == sizeof answer - 1;
}

int main(void)
{
	sigset_t end;
	struct epoll_event events[64];
	long taken = 0;
	sigemptyset(&end);
	sigaddset(&end, SIGTERM);
	must(sigprocmask(SIG_BLOCK, &end, NULL) == 0);
	int poll = epoll_create1(EPOLL_CLOEXEC), listener = listen_here(), signals = signalfd(-1, &end, SFD_CLOEXEC);
	must(poll >= 0 && signals >= 0);
	watch(poll, listener, &listener);
	watch(poll, signals, &signals);
	for (;;) {
		int count = epoll_wait(poll, events, 64, -1);
		must(count >= 0 || errno == EINTR);
		for (int i = 0; i < count; i++) {
			if (events[i].data.ptr == &signals) {
				printf("%ld\n", taken);
				return 0;
			}
			if (events[i].data.ptr == &listener)
				accept_peer(poll, listener);
			else
				taken += serve(events[i].data.ptr);
		}
	}
}
