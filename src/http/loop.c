#include "http/loop.h"

#include <errno.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/err.h"
#include "core/must.h"
#include "http/conn.h"
#include "http/exchange.h"
#include "http/metrics.h"
#include "http/service.h"
#include "http/stream.h"

enum { MAIL_ROUNDS = 4 };

/* What a connection past the caps gets.  It costs no memory, which is the point of caps. */
static const char too_many[] = "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\nContent-Length: 0\r\n"
							   "Cache-Control: no-store\r\nConnection: close\r\n\r\n";

static void turn_away(struct loop *loop, int fd)
{
	if (loop->service->metrics != NULL)
		http_metrics_rejected(loop->service->metrics, ERR_OVERLOADED);
	(void)!send(fd, too_many, sizeof too_many - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

void loop_oldest(struct loop *loop)
{
	const struct conn *first = TAILQ_FIRST(&loop->waiting);
	atomic_store_explicit(&loop->oldest_us, first != NULL ? first->since_us : INT64_MAX, memory_order_relaxed);
}

void loop_left(struct loop *loop)
{
	atomic_fetch_sub(&loop->all->connections, 1);
	if (loop->service->metrics != NULL)
		http_metrics_connections(loop->service->metrics, -1);
	if (loop->draining && TAILQ_EMPTY(&loop->conns))
		event_base_loopbreak(loop->base);
}

bool loop_shed(struct loop *loop)
{
	struct loop *worst = NULL;
	int64_t oldest = INT64_MAX;
	for (unsigned i = 0; i < loop->all->count; i++) {
		int64_t since = atomic_load_explicit(&loop->all->each[i].oldest_us, memory_order_relaxed);
		if (since < oldest) {
			oldest = since;
			worst = &loop->all->each[i];
		}
	}
	if (worst == NULL)
		return false;
	if (worst == loop) {
		conn_free(TAILQ_FIRST(&loop->waiting));
		return true;
	}
	atomic_fetch_add(&worst->shed, 1);
	loop_wake(worst);
	return true;
}

bool loop_shed_peer(struct loop *loop, struct peer_key key)
{
	struct conn *conn;
	TAILQ_FOREACH(conn, &loop->waiting, wait_link)
	if (peers_same(conn->key, key)) {
		conn_free(conn);
		return true;
	}
	return false;
}

/* [P-8.3] at a cap the connection that has waited longest without a whole request goes first */
static bool make_place(struct loop *loop, const struct sockaddr *address)
{
	const struct http_config *config = &loop->service->config;
	struct peer_key key = peers_key(address);
	bool local = address->sa_family == AF_UNIX;
	if (!local && peers_add(&loop->all->peers, key) > config->max_per_ip && !loop_shed_peer(loop, key)) {
		peers_drop(&loop->all->peers, key);
		return false;
	}
	if (atomic_fetch_add(&loop->all->connections, 1) < config->max_connections || loop_shed(loop))
		return true;
	atomic_fetch_sub(&loop->all->connections, 1);
	if (!local)
		peers_drop(&loop->all->peers, key);
	return false;
}

static void admit(struct loop *loop, int fd, const struct sockaddr *address)
{
	if (!make_place(loop, address)) {
		turn_away(loop, fd);
		return;
	}
	if (loop->service->metrics != NULL)
		http_metrics_connections(loop->service->metrics, 1);
	conn_open(loop, fd, address);
}

static void on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *address, int size,
					  void *self)
{
	(void)listener;
	(void)size;
	admit(self, fd, address);
}

/* Out of descriptors, most likely: the kernel keeps the connection queued, so make room for it. */
static void on_accept_error(struct evconnlistener *listener, void *self)
{
	(void)listener;
	if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM)
		loop_shed(self);
}

bool loop_listen(struct loop *loop, int fd, struct err *err)
{
	must(loop->listener_count < LOOP_LISTENERS);
	struct evconnlistener *listener = evconnlistener_new(
		loop->base, on_accept, loop, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC, LOOP_BACKLOG, fd);
	if (listener == NULL)
		return err_set(err, ERR_IO, "Listening fails: %s", strerror(errno));
	evconnlistener_set_error_cb(listener, on_accept_error);
	loop->listeners[loop->listener_count++] = listener;
	return true;
}

struct exchange *loop_take(struct loop *loop)
{
	struct exchange *x = loop->spare;
	if (x == NULL)
		return exchange_new(loop->service);
	loop->spare = x->next;
	loop->spare_count--;
	x->next = NULL;
	return x;
}

void loop_give(struct loop *loop, struct exchange *x)
{
	if (loop->spare_count == LOOP_SPARE) {
		exchange_free(x);
		return;
	}
	exchange_reset(x);
	x->next = loop->spare;
	loop->spare = x;
	loop->spare_count++;
}

void loop_wake(struct loop *loop)
{
	uint64_t one = 1;
	must(write(loop->wake_fd, &one, sizeof one) == sizeof one || errno == EAGAIN);
}

void loop_post(struct loop *loop, struct exchange *x)
{
	pthread_mutex_lock(&loop->lock);
	bool wakes = !loop->mail_told;
	loop->mail_told = true;
	x->next = NULL;
	*loop->mail_end = x;
	loop->mail_end = &x->next;
	pthread_mutex_unlock(&loop->lock);
	if (wakes)
		loop_wake(loop);
}

static struct exchange *take_mail(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	struct exchange *mail = loop->mail;
	loop->mail = NULL;
	loop->mail_end = &loop->mail;
	loop->mail_told = mail != NULL;
	pthread_mutex_unlock(&loop->lock);
	return mail;
}

static void deliver(struct loop *loop, struct exchange *mail)
{
	for (struct exchange *x = mail, *next; x != NULL; x = next) {
		next = x->next;
		x->next = NULL;
		if (x->connection != NULL)
			conn_answered(x->connection);
		else
			loop_give(loop, x);
	}
}

/* The answers of a batch come one by one: while the first are being sent, nobody need wake the loop for the others. */
static void read_mail(struct loop *loop)
{
	for (int i = 0; i < MAIL_ROUNDS; i++) {
		struct exchange *mail = take_mail(loop);
		if (mail == NULL)
			return;
		deliver(loop, mail);
	}
	loop_wake(loop); /* the connections have their turn before the rest */
}

void loop_post_stream(void *self, struct stream *stream)
{
	struct loop *loop = self;
	pthread_mutex_lock(&loop->lock);
	bool first = loop->streams == NULL;
	*stream_next(stream) = loop->streams;
	loop->streams = stream;
	pthread_mutex_unlock(&loop->lock);
	if (first)
		loop_wake(loop);
}

static void read_streams(struct loop *loop)
{
	pthread_mutex_lock(&loop->lock);
	struct stream *stream = loop->streams;
	loop->streams = NULL;
	pthread_mutex_unlock(&loop->lock);
	for (struct stream *next; stream != NULL; stream = next) {
		next = *stream_next(stream);
		struct conn *conn = stream_arrive(stream);
		if (conn != NULL)
			conn_stream(conn);
		stream_unref(stream);
	}
}

/* Connections that wait in the kernel's queue would be reset when their listener closes: take them in first. */
static void stop_listening(struct loop *loop)
{
	for (size_t i = 0; i < loop->listener_count; i++) {
		struct sockaddr_storage address;
		socklen_t size = sizeof address;
		int fd;
		evconnlistener_disable(loop->listeners[i]);
		while ((fd = accept4(evconnlistener_get_fd(loop->listeners[i]), (struct sockaddr *)&address, &size,
							 SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
			admit(loop, fd, (struct sockaddr *)&address);
			size = sizeof address;
		}
		evconnlistener_free(loop->listeners[i]);
	}
	loop->listener_count = 0;
}

static void begin_drain(struct loop *loop)
{
	stop_listening(loop);
	loop->draining = true;
	struct conn *conn, *next;
	for (conn = TAILQ_FIRST(&loop->conns); conn != NULL; conn = next) {
		next = TAILQ_NEXT(conn, link);
		conn_drain(conn);
	}
	if (TAILQ_EMPTY(&loop->conns))
		event_base_loopbreak(loop->base);
}

/* Several may have asked for the same oldest connection: what this loop no longer has, another one gives up. */
static void shed_as_asked(struct loop *loop)
{
	for (unsigned n = atomic_exchange(&loop->shed, 0); n > 0; n--) {
		if (atomic_load(&loop->all->connections) <= loop->service->config.max_connections)
			return;
		if (!TAILQ_EMPTY(&loop->waiting))
			conn_free(TAILQ_FIRST(&loop->waiting));
		else if (!loop_shed(loop))
			return;
	}
}

static void on_wake(evutil_socket_t fd, short what, void *self)
{
	struct loop *loop = self;
	uint64_t count;
	(void)what;
	must(read(fd, &count, sizeof count) == sizeof count || errno == EAGAIN);
	read_mail(loop);
	read_streams(loop);
	shed_as_asked(loop);
	if (atomic_load(&loop->drain) && !loop->draining)
		begin_drain(loop);
	if (atomic_load(&loop->cut))
		event_base_loopbreak(loop->base);
}

static void *run(void *self)
{
	struct loop *loop = self;
	loop->self = pthread_self();
	pthread_setname_np(loop->self, "loop");
	must(event_base_loop(loop->base, EVLOOP_NO_EXIT_ON_EMPTY) >= 0);
	must(sem_post(&loop->ended) == 0);
	return NULL;
}

static struct event_base *make_base(void)
{
	struct event_config *config = event_config_new();
	if (config == NULL)
		return NULL;
	/*
	 * One thread per base: no locks.  And no change list for epoll: it would remove a descriptor after its close, when
	 * another loop may have been given the same number.
	 */
	event_config_set_flag(config, EVENT_BASE_FLAG_NOLOCK);
	struct event_base *base = event_base_new_with_config(config);
	event_config_free(config);
	return base;
}

bool loop_init(struct loop *loop, struct loops *all, struct err *err)
{
	*loop = (struct loop){.all = all, .service = all->service, .oldest_us = INT64_MAX};
	TAILQ_INIT(&loop->conns);
	TAILQ_INIT(&loop->waiting);
	buf_init(&loop->out, 0);
	loop->mail_end = &loop->mail;
	must(pthread_mutex_init(&loop->lock, NULL) == 0 && sem_init(&loop->ended, 0, 0) == 0);
	loop->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	loop->base = make_base();
	if (loop->wake_fd < 0 || loop->base == NULL)
		return err_set(err, ERR_IO, "A loop cannot be made: %s", strerror(errno));
	loop->wake = event_new(loop->base, loop->wake_fd, EV_READ | EV_PERSIST, on_wake, loop);
	if (loop->wake == NULL || event_add(loop->wake, NULL) != 0)
		return err_set(err, ERR_IO, "A loop cannot be made.");
	return true;
}

/* Signals are the main thread's affair; SIGPIPE, which a write raises in its own thread, is nobody's. */
bool loop_start(struct loop *loop, struct err *err)
{
	sigset_t all, before;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int error = pthread_create(&loop->thread, NULL, run, loop);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (error != 0)
		return err_set(err, ERR_IO, "A loop thread does not start: %s", strerror(error));
	loop->started = true;
	return true;
}

void loop_fini(struct loop *loop)
{
	for (size_t i = 0; i < loop->listener_count; i++)
		evconnlistener_free(loop->listeners[i]);
	while (!TAILQ_EMPTY(&loop->conns))
		conn_free(TAILQ_FIRST(&loop->conns));
	for (struct exchange *x = take_mail(loop), *next; x != NULL; x = next) {
		next = x->next;
		exchange_free(x);
	}
	for (struct exchange *x = loop->spare, *next; x != NULL; x = next) {
		next = x->next;
		exchange_free(x);
	}
	read_streams(loop);
	if (loop->wake != NULL)
		event_free(loop->wake);
	if (loop->base != NULL)
		event_base_free(loop->base);
	if (loop->wake_fd >= 0)
		close(loop->wake_fd);
	buf_fini(&loop->out);
	pthread_mutex_destroy(&loop->lock);
	sem_destroy(&loop->ended);
}
