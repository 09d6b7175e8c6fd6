/*
 * One thread of the front: its event base, its connections, and the mailbox by which other threads give answers back.
 * Internal to the front.  Thread: the loop's own, but loop_post(), loop_shed_later() and the fields marked atomic.
 */
#ifndef CS_HTTP_LOOP_H
#define CS_HTTP_LOOP_H

#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "core/buf.h"
#include "http/peers.h"

struct conn;
struct err;
struct event;
struct event_base;
struct evconnlistener;
struct exchange;
struct front;
struct service;
struct stream;

TAILQ_HEAD(conn_list, conn);

enum {
	LOOP_LISTENERS = 16, /* of one loop: addresses to listen on */
	LOOP_SPARE = 64,     /* exchanges kept for the next requests */
	LOOP_BACKLOG = 1024,
};

/* What the loops share. */
struct loops {
	const struct service *service;
	struct loop *each;
	unsigned count;
	_Atomic size_t connections;
	struct peers peers;
};

struct loop {
	struct loops *all;
	const struct service *service;
	struct event_base *base;
	pthread_t thread; /* for the front, which joins it */
	pthread_t self;   /* the same, set by the thread before it serves */
	sem_t ended;      /* posted as the last thing it does: a join that can be waited for in bounded time */
	bool started;
	struct event *wake;
	int wake_fd;
	struct evconnlistener *listeners[LOOP_LISTENERS];
	size_t listener_count;
	struct conn_list conns;    /* all */
	struct conn_list waiting;  /* those without a whole request, longest first */
	_Atomic int64_t oldest_us; /* since when the first of them waits; INT64_MAX: none does */
	struct exchange *spare;
	size_t spare_count;
	struct buf out; /* where heads are put together */
	bool draining;
	_Atomic bool drain, cut; /* asked for by the front: end gracefully, end now */
	_Atomic unsigned shed;   /* connections that another loop wants ended */
	pthread_mutex_t lock;    /* of the mailbox */
	struct exchange *mail, **mail_end;
	bool mail_told;         /* the loop was woken for it, and has not yet found it empty */
	struct stream *streams; /* those that have something to send */
};

bool loop_init(struct loop *loop, struct loops *all, struct err *err);
bool loop_start(struct loop *loop, struct err *err);
void loop_fini(struct loop *loop); /* the thread has been joined or never ran */

/* Accept on this bound socket, which the loop closes when it drains. */
bool loop_listen(struct loop *loop, int fd, struct err *err);

/* Make the thread look at drain, cut, shed and the mailbox. */
void loop_wake(struct loop *loop);

/* An answered exchange comes home.  Thread: any. */
void loop_post(struct loop *loop, struct exchange *x);

/* A stream of this loop has something to send; takes over a reference.  Thread: any. */
void loop_post_stream(void *loop, struct stream *stream);

/* End the connection that waits longest without a whole request, on whichever loop.  False: none waits. */
bool loop_shed(struct loop *loop);

/* The same among this loop's connections of one address. */
bool loop_shed_peer(struct loop *loop, struct peer_key key);

/* Exchanges from and for the next requests.  NULL: no memory. */
struct exchange *loop_take(struct loop *loop);
void loop_give(struct loop *loop, struct exchange *x);

/* A connection joined or left the list of waiting ones. */
void loop_oldest(struct loop *loop);

/* A connection ended. */
void loop_left(struct loop *loop);

#endif
