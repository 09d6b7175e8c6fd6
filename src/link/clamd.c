#include "link/clamd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/env.h"
#include "core/err.h"

enum { LOOK_MS = 200, CHUNK = 65536, SAID_MAX = 1024, HOST_MAX = 256 };

/* --- what it says --- */

static void keep(struct clamd_answer *answer, enum clamd_verdict verdict, const char *text, size_t size)
{
	size_t kept = 0;
	answer->verdict = verdict;
	for (size_t i = 0; i < size && kept < CLAMD_DETAIL - 1; i++)
		if (text[i] >= 0x20 && text[i] < 0x7f) /* names of signatures are ASCII; nothing else goes into an answer */
			answer->detail[kept++] = text[i];
	answer->detail[kept] = '\0';
}

static bool ends_in(const char *text, size_t size, const char *end)
{
	size_t length = strlen(end);
	return size > length && memcmp(text + size - length, end, length) == 0;
}

bool clamd_understand(const char *said, size_t size, struct clamd_answer *answer)
{
	static const char start[] = "stream: ";
	size_t skip = sizeof start - 1;
	if (ends_in(said, size, " ERROR")) { /* "INSTREAM size limit exceeded. ERROR" */
		keep(answer, CLAMD_REFUSED, said, size - 6);
		return true;
	}
	if (size <= skip || memcmp(said, start, skip) != 0)
		return false;
	said += skip;
	size -= skip;
	if (size == 2 && memcmp(said, "OK", 2) == 0)
		keep(answer, CLAMD_CLEAN, "", 0);
	else if (ends_in(said, size, " FOUND"))
		keep(answer, CLAMD_INFECTED, said, size - 6);
	else
		return false;
	return true;
}

/* --- where it is --- */

struct place {
	bool local;
	char path[sizeof((struct sockaddr_un *)0)->sun_path];
	char host[HOST_MAX], port[8];
};

static bool take_port(const char *text, struct place *place)
{
	size_t size = strlen(text);
	if (size < 1 || size > 5 || strspn(text, "0123456789") != size)
		return false;
	snprintf(place->port, sizeof place->port, "%s", text);
	return true;
}

static bool place_of(const char *address, struct place *place)
{
	*place = (struct place){.local = strncmp(address, "unix:", 5) == 0};
	if (place->local) {
		size_t size = strlen(address + 5);
		if (size < 1 || size >= sizeof place->path)
			return false;
		memcpy(place->path, address + 5, size + 1);
		return true;
	}
	if (strncmp(address, "tcp:", 4) != 0)
		return false;
	const char *host = address + 4, *colon = strrchr(host, ':');
	size_t size = colon != NULL ? (size_t)(colon - host) : 0;
	bool bracketed = size > 0 && host[0] == '[';
	if (bracketed ? host[size - 1] != ']' : memchr(host, ':', size) != NULL)
		return false;
	if (bracketed) {
		host++;
		size -= size < 2 ? size : 2;
	}
	if (size < 1 || size >= HOST_MAX || !take_port(colon + 1, place))
		return false;
	memcpy(place->host, host, size);
	return true;
}

bool clamd_address_valid(const char *address)
{
	struct place place;
	return place_of(address, &place);
}

/* --- talking --- */

struct talk {
	int fd;
	int64_t until_us; /* monotonic */
	const _Atomic bool *give_up;
	struct err *err;
};

static int64_t now_us(void)
{
	return env_mono_us(env_real());
}

static bool failed(struct talk *t, const char *what)
{
	return err_set(t->err, ERR_UNAVAILABLE, "cannot %s the scanner: %s", what, strerror(errno));
}

static bool wait_for(struct talk *t, short events)
{
	for (;;) {
		int64_t left_ms = (t->until_us - now_us()) / 1000;
		struct pollfd poll_fd = {.fd = t->fd, .events = events};
		if (t->give_up != NULL && *t->give_up)
			return err_set(t->err, ERR_DRAINING, "the scan was given up");
		if (left_ms <= 0)
			return err_set(t->err, ERR_DEADLINE, "the scanner does not answer in time");
		int ready = poll(&poll_fd, 1, left_ms < LOOK_MS ? (int)left_ms : LOOK_MS);
		if (ready > 0)
			return true;
		if (ready < 0 && errno != EINTR)
			return failed(t, "wait for");
	}
}

static bool finish_connect(struct talk *t)
{
	int error = 0;
	socklen_t size = sizeof error;
	if (errno != EINPROGRESS)
		return failed(t, "reach");
	if (!wait_for(t, POLLOUT))
		return false;
	if (getsockopt(t->fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0 || error != 0) {
		errno = error != 0 ? error : errno;
		return failed(t, "reach");
	}
	return true;
}

static bool connect_to(struct talk *t, const struct sockaddr *address, socklen_t size)
{
	t->fd = socket(address->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (t->fd < 0)
		return failed(t, "reach");
	if (connect(t->fd, address, size) == 0 || finish_connect(t))
		return true;
	close(t->fd);
	t->fd = -1;
	return false;
}

static bool connect_by_name(struct talk *t, const struct place *place)
{
	const struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV};
	struct addrinfo *found = NULL;
	int code = getaddrinfo(place->host, place->port, &hints, &found);
	if (code != 0)
		return err_set(t->err, ERR_UNAVAILABLE, "cannot find the scanner %s: %s", place->host, gai_strerror(code));
	bool connected = false;
	for (struct addrinfo *at = found; at != NULL && !connected; at = at->ai_next)
		connected = connect_to(t, at->ai_addr, at->ai_addrlen);
	freeaddrinfo(found);
	return connected;
}

static bool connect_any(struct talk *t, const struct place *place)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (!place->local)
		return connect_by_name(t, place);
	memcpy(address.sun_path, place->path, sizeof address.sun_path);
	return connect_to(t, (const struct sockaddr *)&address, sizeof address);
}

static bool send_all(struct talk *t, const void *bytes, size_t size)
{
	const char *at = bytes;
	while (size > 0) {
		ssize_t sent = send(t->fd, at, size, MSG_NOSIGNAL);
		if (sent > 0) {
			at += sent;
			size -= (size_t)sent;
		} else if (sent < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			if (!wait_for(t, POLLOUT))
				return false;
		} else if (sent < 0 && errno != EINTR) {
			return failed(t, "send to");
		}
	}
	return true;
}

/* Pieces with their length before them, and an empty one at the end. */
static bool send_pieces(struct talk *t, const struct clamd_source *source)
{
	static _Thread_local char piece[4 + CHUNK];
	size_t got = 1;
	for (int64_t offset = 0; got > 0; offset += (int64_t)got) {
		if (!source->read(source->self, offset, piece + 4, CHUNK, &got, t->err))
			return false;
		uint32_t length = htonl((uint32_t)got);
		memcpy(piece, &length, 4);
		if (!send_all(t, piece, 4 + got))
			return false;
	}
	return true;
}

static bool hear(struct talk *t, struct clamd_answer *answer)
{
	char said[SAID_MAX];
	size_t size = 0;
	while (size < sizeof said) {
		ssize_t got = recv(t->fd, said + size, sizeof said - size, 0);
		if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR)) {
			if (!wait_for(t, POLLIN))
				return false;
			continue;
		}
		if (got < 0)
			return failed(t, "hear");
		size += (size_t)got;
		const char *end = memchr(said, '\0', size);
		if (got == 0 || end != NULL) {
			size = end != NULL ? (size_t)(end - said) : size;
			break;
		}
	}
	return clamd_understand(said, size, answer) ||
		   err_set(t->err, ERR_UNAVAILABLE, "the scanner gave no verdict that can be read");
}

/*
 * One that has had enough says so and closes while bytes are still going out: what it said is the verdict then, not
 * the broken pipe.
 */
static bool talk(struct talk *t, const struct clamd_source *source, struct clamd_answer *answer)
{
	struct err unsent = {.kind = ERR_NONE};
	struct err *err = t->err;
	if (!send_all(t, "zINSTREAM", sizeof "zINSTREAM"))
		return false;
	t->err = &unsent;
	bool sent = send_pieces(t, source);
	t->err = err;
	if (sent)
		return hear(t, answer);
	if (unsent.kind == ERR_UNAVAILABLE && hear(t, answer) && answer->verdict == CLAMD_REFUSED)
		return true;
	if (err != NULL)
		*err = unsent;
	return false;
}

bool clamd_scan(const char *address, const struct clamd_source *source, int timeout_ms, struct clamd_answer *answer,
				struct err *err)
{
	struct place place;
	struct talk t = {
		.fd = -1, .until_us = now_us() + (int64_t)timeout_ms * 1000, .give_up = source->give_up, .err = err};
	if (!place_of(address, &place))
		return err_set(err, ERR_INVALID, "%s is no address of a scanner", address);
	if (!connect_any(&t, &place))
		return false;
	bool understood = talk(&t, source, answer);
	close(t.fd);
	return understood;
}
