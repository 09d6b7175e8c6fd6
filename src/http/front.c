#include "http/front.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "core/err.h"
#include "core/must.h"
#include "http/loop.h"
#include "http/service.h"

enum { ADDRESS_TEXT = 128 };

struct place {
	char text[ADDRESS_TEXT];
	unsigned port;
	char path[sizeof((struct sockaddr_un *)0)->sun_path]; /* of a Unix socket, removed at the end; else "" */
};

struct front {
	struct loops loops;
	struct place places[LOOP_LISTENERS];
	size_t count;
	bool running;
};

bool front_open(struct front **front, const struct service *service, struct err *err)
{
	struct front *made = calloc(1, sizeof *made);
	must(made != NULL && service->config.loops > 0);
	made->loops.service = service;
	made->loops.each = calloc(service->config.loops, sizeof *made->loops.each);
	must(made->loops.each != NULL);
	peers_init(&made->loops.peers);
	while (made->loops.count < service->config.loops)
		if (!loop_init(&made->loops.each[made->loops.count++], &made->loops, err)) {
			front_close(made);
			return false;
		}
	*front = made;
	return true;
}

static bool refuse_bind(struct err *err, const char *address)
{
	if (errno == EADDRINUSE)
		return err_set(err, ERR_CONFLICT, "The address %s is in use.", address);
	return err_set(err, ERR_IO, "Listening on %s fails: %s", address, strerror(errno));
}

static int bound_socket(const struct sockaddr *address, socklen_t size, bool shared)
{
	int one = 1, fd = socket(address->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (shared)
		setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof one);
	if (address->sa_family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &one, sizeof one);
	if (bind(fd, address, size) == 0)
		return fd;
	int error = errno;
	close(fd);
	errno = error;
	return -1;
}

/* Shared ports would let a second server of the same user in silently: a socket that does not share asks first. */
static bool port_free(const struct sockaddr *address, socklen_t size)
{
	int fd = bound_socket(address, size, false);
	if (fd >= 0)
		close(fd);
	return fd >= 0;
}

static unsigned port_of(const struct sockaddr_storage *address)
{
	struct sockaddr_in in;
	memcpy(&in, address, sizeof in); /* sin6_port lies where sin_port does */
	return ntohs(in.sin_port);
}

static void remember(struct front *front, const struct sockaddr_storage *bound, const char *asked)
{
	struct place *place = &front->places[front->count++];
	const char *colon = strrchr(asked, ':');
	place->port = port_of(bound);
	snprintf(place->text, sizeof place->text, "%.*s:%u", (int)(colon - asked), asked, place->port);
}

/* A port is 1 to 5 digits up to 65535; 0 is any free one. */
static bool parse_port(const char *text, in_port_t *port)
{
	size_t digits = strspn(text, "0123456789");
	long value = digits > 0 && digits <= 5 && text[digits] == '\0' ? strtol(text, NULL, 10) : -1;
	*port = htons((uint16_t)value);
	return value >= 0 && value <= UINT16_MAX;
}

/* "127.0.0.1:8080" or "[::1]:8080".  Returns the size of the address, 0 when it is none. */
static socklen_t parse_address(const char *asked, struct sockaddr_storage *address)
{
	const char *colon = strrchr(asked, ':');
	char host[INET6_ADDRSTRLEN] = "";
	in_port_t port;
	if (colon == NULL || !parse_port(colon + 1, &port))
		return 0;
	size_t length = (size_t)(colon - asked);
	bool six = length > 2 && asked[0] == '[' && colon[-1] == ']';
	if (length >= sizeof host)
		return 0;
	memcpy(host, asked + six, length - 2 * six);
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = port};
	struct sockaddr_in6 in6 = {.sin6_family = AF_INET6, .sin6_port = port};
	if (six ? inet_pton(AF_INET6, host, &in6.sin6_addr) != 1 : inet_pton(AF_INET, host, &in.sin_addr) != 1)
		return 0;
	memcpy(address, six ? (void *)&in6 : (void *)&in, six ? sizeof in6 : sizeof in);
	return six ? sizeof in6 : sizeof in;
}

static bool listen_port(struct front *front, const char *asked, struct err *err)
{
	struct sockaddr_storage address = {0};
	socklen_t size = parse_address(asked, &address);
	if (size == 0)
		return err_set(err, ERR_INVALID, "%s is not an address and port, like 127.0.0.1:8080.", asked);
	if (port_of(&address) != 0 && !port_free((struct sockaddr *)&address, size))
		return refuse_bind(err, asked);
	for (unsigned i = 0; i < front->loops.count; i++) {
		int fd = bound_socket((struct sockaddr *)&address, size, true);
		if (fd < 0)
			return refuse_bind(err, asked);
		socklen_t length = sizeof address;
		must(getsockname(fd, (struct sockaddr *)&address, &length) == 0);
		if (!loop_listen(&front->loops.each[i], fd, err)) {
			close(fd);
			return false;
		}
	}
	remember(front, &address, asked);
	return true;
}

/* A socket file that nobody answers on is left from a crash. */
static bool remove_dead(const struct sockaddr_un *address)
{
	struct stat stat;
	if (lstat(address->sun_path, &stat) != 0 || !S_ISSOCK(stat.st_mode))
		return false;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	bool dead = fd >= 0 && connect(fd, (const struct sockaddr *)address, sizeof *address) != 0 && errno == ECONNREFUSED;
	if (fd >= 0)
		close(fd);
	return dead && unlink(address->sun_path) == 0;
}

static bool listen_path(struct front *front, const char *path, struct err *err)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	if (*path == '\0' || strlen(path) >= sizeof address.sun_path)
		return err_set(err, ERR_INVALID, "unix:%s is empty or longer than a socket's path may be.", path);
	strcpy(address.sun_path, path);
	int fd = bound_socket((struct sockaddr *)&address, sizeof address, false);
	if (fd < 0 && errno == EADDRINUSE && remove_dead(&address))
		fd = bound_socket((struct sockaddr *)&address, sizeof address, false);
	if (fd < 0)
		return refuse_bind(err, path);
	/* nobody can connect before listen(), so the mode is right in time */
	if (chmod(path, 0600) != 0 || !loop_listen(&front->loops.each[0], fd, err)) {
		close(fd);
		unlink(path);
		return err_set(err, ERR_IO, "Listening on %s fails.", path);
	}
	struct place *place = &front->places[front->count++];
	snprintf(place->text, sizeof place->text, "unix:%s", path);
	strcpy(place->path, path);
	return true;
}

bool front_listen(struct front *front, const char *address, struct err *err)
{
	must(!front->running);
	if (front->count == LOOP_LISTENERS)
		return err_set(err, ERR_INVALID, "There are more than %d addresses to listen on.", LOOP_LISTENERS);
	if (strncmp(address, "unix:", 5) == 0)
		return listen_path(front, address + 5, err);
	return listen_port(front, address, err);
}

size_t front_count(const struct front *front)
{
	return front->count;
}

const char *front_address(const struct front *front, size_t index)
{
	must(index < front->count);
	return front->places[index].text;
}

unsigned front_port(const struct front *front, size_t index)
{
	must(index < front->count);
	return front->places[index].port;
}

bool front_start(struct front *front, struct err *err)
{
	front->running = true;
	for (unsigned i = 0; i < front->loops.count; i++)
		if (!loop_start(&front->loops.each[i], err)) {
			front_stop(front, 0);
			return false;
		}
	return true;
}

size_t front_connections(const struct front *front)
{
	return atomic_load(&front->loops.connections);
}

static struct timespec after_ms(int ms)
{
	struct timespec at;
	must(clock_gettime(CLOCK_MONOTONIC, &at) == 0);
	at.tv_sec += ms / 1000;
	at.tv_nsec += (long)(ms % 1000) * 1000000;
	at.tv_sec += at.tv_nsec / 1000000000;
	at.tv_nsec %= 1000000000;
	return at;
}

/* Ends by itself in time, or is cut. */
static bool join(struct loop *loop, const struct timespec *until)
{
	if (!loop->started)
		return true;
	loop->started = false;
	int waited;
	do
		waited = sem_clockwait(&loop->ended, CLOCK_MONOTONIC, until);
	while (waited != 0 && errno == EINTR);
	if (waited != 0) {
		atomic_store(&loop->cut, true);
		loop_wake(loop);
	}
	must(pthread_join(loop->thread, NULL) == 0);
	return waited == 0;
}

bool front_stop(struct front *front, int bound_ms)
{
	struct timespec until = after_ms(bound_ms);
	bool whole = true;
	for (unsigned i = 0; i < front->loops.count; i++) {
		atomic_store(&front->loops.each[i].drain, true);
		loop_wake(&front->loops.each[i]);
	}
	for (unsigned i = 0; i < front->loops.count; i++)
		whole = join(&front->loops.each[i], &until) && whole;
	front->running = false;
	return whole;
}

void front_close(struct front *front)
{
	if (front == NULL)
		return;
	must(!front->running);
	for (unsigned i = 0; i < front->loops.count; i++)
		loop_fini(&front->loops.each[i]);
	for (size_t i = 0; i < front->count; i++)
		if (front->places[i].path[0] != '\0')
			unlink(front->places[i].path);
	peers_fini(&front->loops.peers);
	free(front->loops.each);
	free(front);
}
