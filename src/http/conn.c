#include "http/conn.h"

#include <arpa/inet.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/bufferevent_ssl.h>
#include <event2/event.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "core/env.h"
#include "core/must.h"
#include "http/exchange.h"
#include "http/loop.h"
#include "http/metrics.h"
#include "http/service.h"
#include "http/stream.h"

enum {
	US_PER_MS = 1000,
	READ_AHEAD = 16 * 1024,       /* bytes of a next request that may wait in memory */
	COPIED_BODY = 4096,           /* bytes up to which an answer's body is copied behind its head */
	BODY_BYTES_PER_S = 64 * 1024, /* [P-8.3] one more second of body time for so many */
	SLOWEST_BYTES_PER_S = 1024,   /* [P-8.3] */
	LINGER_MS = 2000,             /* for a peer that has not finished sending to read why it was refused */
};

static int64_t now_us(const struct conn *conn)
{
	return env_mono_us(conn->loop->service->env);
}

static const struct http_config *config_of(const struct conn *conn)
{
	return &conn->loop->service->config;
}

/*
 * The timer of a connection is only set anew when a phase ends before it fires; a phase that ends later is noticed when
 * it does.  So an ordinary request costs no timer at all.
 */
static void set_timer(struct conn *conn, int64_t us)
{
	struct timeval tv = {us / 1000000, us % 1000000};
	conn->timer_us = now_us(conn) + us;
	must(event_add(conn->timer, &tv) == 0);
}

static void enter(struct conn *conn, enum conn_phase phase, int64_t ms)
{
	int64_t us = ms * US_PER_MS;
	conn->phase = phase;
	conn->deadline_us = now_us(conn) + us;
	if (conn->deadline_us < conn->timer_us)
		set_timer(conn, us);
}

static void start_waiting(struct conn *conn)
{
	conn->counted = true;
	conn->since_us = now_us(conn);
	TAILQ_INSERT_TAIL(&conn->loop->waiting, conn, wait_link);
	if (TAILQ_FIRST(&conn->loop->waiting) == conn)
		loop_oldest(conn->loop);
}

static void stop_waiting(struct conn *conn)
{
	if (!conn->counted)
		return;
	bool first = TAILQ_FIRST(&conn->loop->waiting) == conn;
	conn->counted = false;
	TAILQ_REMOVE(&conn->loop->waiting, conn, wait_link);
	if (first)
		loop_oldest(conn->loop);
}

/* Nobody waits for this answer any more.  One that a handler holds comes home by the mailbox and is dropped there. */
static void abandon(struct conn *conn, int status)
{
	struct exchange *x = conn->x;
	if (x == NULL)
		return;
	bool held = x->state == EXCHANGE_WAITING;
	status = conn->phase == CONN_STREAM ? conn->status : status;
	conn->x = NULL;
	x->connection = NULL;
	atomic_store(&x->gone, true);
	exchange_move(x, EXCHANGE_ABANDONED);
	service_finished(conn->loop->service, x, status);
	if (!held)
		loop_give(conn->loop, x);
}

void conn_free(struct conn *conn)
{
	struct loop *loop = conn->loop;
	stop_waiting(conn);
	abandon(conn, 0);
	if (!conn->local)
		peers_drop(&loop->all->peers, conn->key);
	TAILQ_REMOVE(&loop->conns, conn, link);
	if (conn->timer != NULL)
		event_free(conn->timer);
	if (conn->bev != NULL)
		bufferevent_free(conn->bev);
	gate_fini(&conn->gate);
	free(conn);
	loop_left(loop);
}

/* --- sending --- */

static void release(const void *bytes, size_t size, void *own)
{
	(void)bytes;
	(void)size;
	free(own);
}

static void add_body(struct evbuffer *out, struct buf *body)
{
	size_t size = body->size;
	if (size <= COPIED_BODY) {
		evbuffer_add(out, body->bytes, size);
		return;
	}
	char *bytes = buf_take(body, NULL);
	if (evbuffer_add_reference(out, bytes, size, release, bytes) != 0)
		free(bytes);
}

/* Plain connections write at once, as the socket nearly always has room: that spares a round through epoll. */
static void write_out(struct conn *conn)
{
	struct evbuffer *out = bufferevent_get_output(conn->bev);
	if (conn->tls == NULL) {
		evbuffer_unfreeze(out, 1);
		evbuffer_write(out, bufferevent_getfd(conn->bev));
		evbuffer_freeze(out, 1);
	}
	conn->unsent = evbuffer_get_length(out);
}

/* Put an answer on its way.  What does not fit goes by the write event. */
static void send_answer(struct conn *conn, struct answer *answer, const struct exchange *x)
{
	struct loop *loop = conn->loop;
	struct evbuffer *out = bufferevent_get_output(conn->bev);
	conn->close = conn->close || conn->loop->draining || conn->eof;
	struct answer_form form = {.trace = &x->trace,
							   .wall_us = env_wall_us(loop->service->env),
							   .close = conn->close,
							   .secure = x->secure,
							   .stream = x->stream != NULL};
	bool body = answer_has_body(answer->status) && x->head.method != METHOD_HEAD;
	buf_reset(&loop->out);
	answer_head(&loop->out, answer, &form);
	conn->status = answer->status;
	evbuffer_add(out, loop->out.bytes, loop->out.size);
	if (body)
		add_body(out, &answer->body);
	write_out(conn);
	enter(conn, CONN_SENDING, config_of(conn)->slow_reader_ms);
}

/* The answer has left: the next request, or the end. */
static void sent(struct conn *conn)
{
	struct loop *loop = conn->loop;
	struct exchange *x = conn->x;
	bufferevent_disable(conn->bev, EV_WRITE);
	if (x != NULL) {
		exchange_move(x, EXCHANGE_DONE);
		service_finished(loop->service, x, conn->status);
		conn->x = NULL;
		loop_give(loop, x);
	}
	if (conn->close) {
		if (conn->tls != NULL)
			loop->service->tls.end(conn->tls);
		shutdown(bufferevent_getfd(conn->bev), SHUT_WR);
		enter(conn, CONN_LINGER, conn->eof ? 0 : LINGER_MS);
		return;
	}
	gate_reset(&conn->gate);
	enter(conn, CONN_IDLE, config_of(conn)->keepalive_ms);
	start_waiting(conn);
}

/* --- streams --- */

/* The peer is given its time to take what is unsent; when there is nothing, a comment is due later [P-8.11]. */
static void stream_on(struct conn *conn)
{
	const struct http_config *config = config_of(conn);
	if (conn->unsent > 0)
		bufferevent_enable(conn->bev, EV_WRITE);
	enter(conn, CONN_STREAM, conn->unsent > 0 ? config->slow_reader_ms : config->stream_comment_ms);
}

static void write_stream(struct conn *conn, const char *bytes, size_t size)
{
	evbuffer_add(bufferevent_get_output(conn->bev), bytes, size);
	write_out(conn);
}

static void end_stream(struct conn *conn)
{
	enter(conn, CONN_SENDING, config_of(conn)->slow_reader_ms);
	if (conn->unsent == 0)
		sent(conn);
	else
		bufferevent_enable(conn->bev, EV_WRITE);
}

/* What waits stays with the stream, which is bounded, until the peer has taken what came before. */
void conn_stream(struct conn *conn)
{
	struct buf *out = &conn->loop->out;
	if (conn->phase != CONN_STREAM || evbuffer_get_length(bufferevent_get_output(conn->bev)) > 0)
		return;
	buf_reset(out);
	bool last = stream_take(conn->x->stream, out);
	if (out->size > 0)
		write_stream(conn, out->bytes, out->size);
	if (last)
		end_stream(conn);
	else
		stream_on(conn);
}

static void begin_stream(struct conn *conn)
{
	stream_attach(conn->x->stream, loop_post_stream, conn->loop, conn);
	stream_on(conn);
	if (conn->loop->draining)
		stream_end(conn->x->stream, "bye");
	conn_stream(conn);
}

/* Send the answer of conn->x, which has one.  Afterwards the phase is SENDING, or what follows it. */
static void answer(struct conn *conn)
{
	struct exchange *x = conn->x;
	stop_waiting(conn);
	exchange_move(x, EXCHANGE_SENDING);
	conn->close = conn->close || x->stream != NULL;
	send_answer(conn, &x->answer, x);
	if (x->stream != NULL && x->head.method != METHOD_HEAD)
		begin_stream(conn);
	else if (conn->unsent == 0)
		sent(conn);
	else
		bufferevent_enable(conn->bev, EV_WRITE);
}

/* --- reading --- */

static struct exchange *begin_exchange(struct conn *conn)
{
	struct loop *loop = conn->loop;
	struct exchange *x = loop_take(loop);
	if (x == NULL)
		return NULL;
	x->carrier = loop;
	x->connection = conn;
	memcpy(x->peer, conn->peer, sizeof x->peer);
	x->local = conn->local;
	x->secure = conn->tls != NULL;
	x->peer_uid = conn->peer_uid;
	conn->x = x;
	if (loop->service->metrics != NULL)
		http_metrics_began(loop->service->metrics);
	return x;
}

/*
 * An answer given on this loop while it looks on (by a check, or by a handler in the line of service_run()) is fetched
 * from there.  All others come by the mailbox.
 */
static void deliver(struct exchange *x)
{
	struct loop *loop = x->carrier;
	if (!pthread_equal(pthread_self(), loop->self) || x->held || x->state == EXCHANGE_WAITING)
		loop_post(loop, x);
}

static void refuse(struct conn *conn, const struct err *err)
{
	struct exchange *x = conn->x;
	conn->close = true;
	if (x != NULL) {
		service_refuse(x, err);
	} else {
		x = begin_exchange(conn);
		if (x == NULL) {
			enter(conn, CONN_LINGER, 0);
			return;
		}
		x->deliver = deliver;
		exchange_refuse(x, err);
	}
	answer(conn);
}

/* The request is whole. */
static void run(struct conn *conn)
{
	struct exchange *x = conn->x;
	stop_waiting(conn);
	service_run(conn->loop->service, x);
	if (x->state == EXCHANGE_ROUTED && x->held)
		exchange_move(x, EXCHANGE_WAITING);
	if (x->state == EXCHANGE_WAITING)
		enter(conn, CONN_WAITING, service_deadline_ms(conn->loop->service, x));
	else
		answer(conn);
}

static int64_t body_ms(const struct conn *conn, uint64_t bytes)
{
	return config_of(conn)->body_timeout_ms + (int64_t)(bytes / BODY_BYTES_PER_S) * 1000;
}

static void read_body(struct conn *conn, uint64_t body_max)
{
	const struct head *head = &conn->gate.head;
	switch (gate_body(&conn->gate, &conn->x->body, body_max)) {
	case GATE_DONE:
		run(conn);
		return;
	case GATE_REFUSED:
		refuse(conn, &conn->gate.err);
		return;
	default:
		break;
	}
	enter(conn, CONN_BODY, body_ms(conn, head->content_length > 0 ? (uint64_t)head->content_length : 0));
	if (head->expects_continue && evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0) {
		bufferevent_enable(conn->bev, EV_WRITE);
		bufferevent_write(conn->bev, "HTTP/1.1 100 Continue\r\n\r\n", 25);
	}
}

static enum gate_event feed_piece(struct conn *conn, struct evbuffer *in)
{
	struct evbuffer_iovec piece;
	size_t used;
	must(evbuffer_peek(in, -1, NULL, &piece, 1) > 0);
	enum gate_event event = gate_feed(&conn->gate, piece.iov_base, piece.iov_len, &used);
	evbuffer_drain(in, used);
	return event;
}

/* Refused by its head: the connection goes on only if the body is already here in full [P-5.2]. */
static bool skip_body(struct conn *conn)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);
	enum gate_event event = gate_body(&conn->gate, NULL, UINT64_MAX);
	while (event == GATE_MORE && evbuffer_get_length(in) > 0)
		event = feed_piece(conn, in);
	return event == GATE_DONE;
}

static void on_head(struct conn *conn)
{
	struct exchange *x = begin_exchange(conn);
	uint64_t body_max;
	if (x == NULL) {
		enter(conn, CONN_LINGER, 0);
		return;
	}
	struct err err = {0};
	x->deliver = deliver;
	conn->close = conn->gate.head.close;
	if (!exchange_begin(x, &conn->gate.head, &err)) {
		refuse(conn, &err);
	} else if (service_check(conn->loop->service, x, &body_max)) {
		read_body(conn, body_max);
	} else {
		conn->close = !skip_body(conn) || conn->close;
		answer(conn);
	}
}

/* Feed what is there until a request is being worked on or everything is read. */
static void pump(struct conn *conn)
{
	struct evbuffer *in = bufferevent_get_input(conn->bev);
	while (conn->phase <= CONN_BODY && evbuffer_get_length(in) > 0) {
		switch (feed_piece(conn, in)) {
		case GATE_MORE:
			if (conn->phase == CONN_IDLE && !gate_idle(&conn->gate))
				enter(conn, CONN_HEAD, config_of(conn)->header_timeout_ms);
			break;
		case GATE_HEAD:
			on_head(conn);
			break;
		case GATE_DONE:
			run(conn);
			break;
		case GATE_REFUSED:
			refuse(conn, &conn->gate.err);
			break;
		}
	}
	if (conn->phase == CONN_LINGER || conn->phase == CONN_STREAM)
		evbuffer_drain(in, evbuffer_get_length(in));
	if (conn->eof && (conn->phase <= CONN_BODY || conn->phase >= CONN_STREAM))
		conn_free(conn);
}

void conn_answered(struct conn *conn)
{
	must(conn->phase == CONN_WAITING);
	answer(conn);
	pump(conn);
}

static void on_read(struct bufferevent *bev, void *self)
{
	(void)bev;
	pump(self);
}

static void on_written(struct bufferevent *bev, void *self)
{
	struct conn *conn = self;
	if (conn->phase == CONN_SENDING) {
		sent(conn);
		pump(conn);
	} else {
		bufferevent_disable(bev, EV_WRITE); /* the 100 has left, or events */
		conn_stream(conn);
	}
}

/*
 * A peer that has shut its sending side may still read: what was asked is answered first.  Whether it really has gone
 * shows when that is written.
 */
static void on_event(struct bufferevent *bev, short what, void *self)
{
	struct conn *conn = self;
	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		return; /* TLS has shaken hands */
	if (what & BEV_EVENT_EOF && !(what & BEV_EVENT_ERROR)) {
		conn->eof = true;
		pump(conn);
	} else {
		conn_free(conn);
	}
}

/* --- time --- */

static void time_out(struct conn *conn, const char *message)
{
	struct err err = {0};
	err_set(&err, ERR_REQUEST_TIMEOUT, "%s", message);
	refuse(conn, &err);
	pump(conn);
}

/* A body by chunks tells its size only as it comes, so its time grows with it. */
static void body_late(struct conn *conn)
{
	int64_t left_us = conn->x->started_us + body_ms(conn, conn->gate.body_size) * US_PER_MS - now_us(conn);
	if (conn->gate.head.chunked && left_us > 0)
		enter(conn, CONN_BODY, left_us / US_PER_MS + 1);
	else
		time_out(conn, "The body did not arrive in time.");
}

/* The handler goes on and its answer will be dropped: this one is made beside it, from what it does not change. */
static void handler_late(struct conn *conn)
{
	struct exchange *x = conn->x;
	struct answer late;
	struct err err = {0};
	err_set(&err, ERR_DEADLINE, "The answer was not there in time.");
	answer_init(&late);
	exchange_problem(x, &late, &err);
	conn->close = true;
	send_answer(conn, &late, x);
	answer_fini(&late);
	abandon(conn, err_status(err.kind));
	if (conn->unsent > 0) {
		bufferevent_enable(conn->bev, EV_WRITE);
		return;
	}
	sent(conn);
	pump(conn);
}

/* [P-8.11] it also shows whether the peer is still there */
static void stream_silent(struct conn *conn)
{
	if (stream_of_events(conn->x->stream))
		write_stream(conn, ":\n\n", 3);
	stream_on(conn);
}

/* [P-8.3] a reader slower than 1 KiB/s over the whole stretch is cut */
static void reader_slow(struct conn *conn)
{
	int stretch_ms = config_of(conn)->slow_reader_ms;
	size_t unsent = evbuffer_get_length(bufferevent_get_output(conn->bev));
	size_t least = (size_t)stretch_ms * SLOWEST_BYTES_PER_S / 1000;
	if (conn->unsent - unsent < least) {
		conn_free(conn);
		return;
	}
	conn->unsent = unsent;
	enter(conn, conn->phase, stretch_ms);
}

static void on_timer(evutil_socket_t fd, short what, void *self)
{
	struct conn *conn = self;
	(void)fd;
	(void)what;
	int64_t left_us = conn->deadline_us - now_us(conn);
	conn->timer_us = INT64_MAX;
	if (left_us > 0) {
		set_timer(conn, left_us);
		return;
	}
	switch (conn->phase) {
	case CONN_IDLE:
	case CONN_LINGER:
		conn_free(conn);
		break;
	case CONN_HEAD:
		time_out(conn, "The header section did not arrive in time.");
		break;
	case CONN_BODY:
		body_late(conn);
		break;
	case CONN_WAITING:
		handler_late(conn);
		break;
	case CONN_SENDING:
		reader_slow(conn);
		break;
	case CONN_STREAM:
		if (evbuffer_get_length(bufferevent_get_output(conn->bev)) > 0)
			reader_slow(conn);
		else
			stream_silent(conn);
		break;
	}
}

/* --- beginning and end --- */

static void name_peer(struct conn *conn, int fd, const struct sockaddr *address)
{
	if (address->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, address, sizeof in);
		inet_ntop(AF_INET, &in.sin_addr, conn->peer, sizeof conn->peer);
	} else if (address->sa_family == AF_INET6) {
		struct sockaddr_in6 in;
		memcpy(&in, address, sizeof in);
		inet_ntop(AF_INET6, &in.sin6_addr, conn->peer, sizeof conn->peer);
	} else {
		struct ucred peer = {.uid = (uid_t)-1};
		socklen_t size = sizeof peer;
		getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size);
		conn->peer_uid = peer.uid;
		conn->local = true;
	}
}

/* There is no memory for it.  What admitted it has counted it already. */
static void give_up(struct loop *loop, int fd, const struct sockaddr *address)
{
	close(fd);
	if (address->sa_family != AF_UNIX)
		peers_drop(&loop->all->peers, peers_key(address));
	loop_left(loop);
}

/* A peer that ends without close_notify loses nothing: requests and answers have lengths of their own. */
static struct bufferevent *make_bufferevent(struct conn *conn, int fd)
{
	const struct http_tls *tls = &conn->loop->service->tls;
	struct event_base *base = conn->loop->base;
	if (conn->local || tls->session == NULL)
		return bufferevent_socket_new(base, fd, BEV_OPT_CLOSE_ON_FREE);
	conn->tls = tls->session(tls->self);
	must(conn->tls != NULL);
	struct bufferevent *bev =
		bufferevent_openssl_socket_new(base, fd, conn->tls, BUFFEREVENT_SSL_ACCEPTING, BEV_OPT_CLOSE_ON_FREE);
	if (bev != NULL)
		bufferevent_openssl_set_allow_dirty_shutdown(bev, 1);
	return bev;
}

void conn_open(struct loop *loop, int fd, const struct sockaddr *address)
{
	int one = 1;
	struct conn *conn = calloc(1, sizeof *conn);
	if (conn == NULL) {
		give_up(loop, fd, address);
		return;
	}
	conn->loop = loop;
	conn->key = peers_key(address);
	conn->timer_us = INT64_MAX;
	gate_init(&conn->gate, &loop->service->config.gate);
	name_peer(conn, fd, address);
	TAILQ_INSERT_TAIL(&loop->conns, conn, link);
	if (!conn->local)
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
	conn->bev = make_bufferevent(conn, fd);
	conn->timer = event_new(loop->base, -1, 0, on_timer, conn);
	must(conn->bev != NULL && conn->timer != NULL);
	bufferevent_setcb(conn->bev, on_read, on_written, on_event, conn);
	bufferevent_setwatermark(conn->bev, EV_READ, 0, READ_AHEAD);
	bufferevent_disable(conn->bev, EV_WRITE);
	enter(conn, CONN_IDLE, config_of(conn)->keepalive_ms);
	start_waiting(conn);
	bufferevent_enable(conn->bev, EV_READ);
}

void conn_drain(struct conn *conn)
{
	if (conn->phase == CONN_STREAM) {
		stream_end(conn->x->stream, "bye");
		conn_stream(conn); /* at once: the loop may be cut before it reads its mail */
	}
	bool between = conn->phase == CONN_IDLE && gate_idle(&conn->gate);
	if (between && evbuffer_get_length(bufferevent_get_input(conn->bev)) == 0)
		conn_free(conn);
}
