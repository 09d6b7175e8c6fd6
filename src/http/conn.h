/*
 * One connection: bytes to the gate, exchanges to the service, answers to the peer, and a clock on each phase.
 * Internal to the front.  Thread: its loop's.
 */
#ifndef CS_HTTP_CONN_H
#define CS_HTTP_CONN_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/types.h>

#include "http/gate.h"
#include "http/peers.h"

struct bufferevent;
struct event;
struct exchange;
struct loop;
struct sockaddr;

enum conn_phase {
	CONN_IDLE, /* nothing of a request was read */
	CONN_HEAD,
	CONN_BODY,
	CONN_WAITING, /* a handler has the exchange */
	CONN_SENDING,
	CONN_STREAM, /* the head has left, events follow */
	CONN_LINGER, /* answered and shut; reads and drops until the peer has read the answer and closes */
};

struct conn {
	struct loop *loop;
	struct bufferevent *bev;
	struct ssl_st *tls; /* the bufferevent's; NULL: plain */
	struct event *timer;
	struct gate gate;
	struct exchange *x; /* NULL between requests */
	enum conn_phase phase;
	int status;                    /* of the answer that is being sent */
	bool eof;                      /* the peer sends no more; it may still read */
	bool close;                    /* the connection ends with the answer that is being sent */
	bool counted;                  /* in the list of waiting ones */
	int64_t since_us;              /* waits since */
	int64_t deadline_us, timer_us; /* end of the phase; when the timer fires, at the latest then */
	size_t unsent;                 /* bytes at the start of the current stretch of sending */
	struct peer_key key;
	char peer[INET6_ADDRSTRLEN];
	bool local;
	uid_t peer_uid;
	TAILQ_ENTRY(conn) link, wait_link;
};

/* Take over an accepted socket.  It is closed again when there is no memory. */
void conn_open(struct loop *loop, int fd, const struct sockaddr *address);

/* End it now.  An exchange in the hands of a handler goes on without it. */
void conn_free(struct conn *conn);

/* The answer to its exchange has come. */
void conn_answered(struct conn *conn);

/* Its stream has events to send, or has ended. */
void conn_stream(struct conn *conn);

/* The front is stopping: end it if it is between requests. */
void conn_drain(struct conn *conn);

#endif
