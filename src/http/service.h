/*
 * What every exchange passes through, whether it came by a socket (http/front.h) or from a test (http/loopback.h):
 * routes, limits, hooks, workers, metrics.  No sockets here.
 *
 * The order of refusal [P-5.2]: gate, 404, 405, 401 and 403 (authorise), 429 (admit), 413, 415, 406, body, handler.
 * CORS answers belong before authorise, rate limits into admit, compression between the answer and the wire.
 *
 * Thread: filled in before serving, read-only afterwards, but for the list of origins, which may be replaced.
 */
#ifndef CS_HTTP_SERVICE_H
#define CS_HTTP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "http/cors.h"
#include "http/forwarded.h"
#include "http/gate.h"

struct env;
struct exchange;
struct http_metrics;
struct id_maker;
struct route;
struct router;
struct workers;
struct ssl_st;

/* TLS by whoever knows it.  session NULL: plain.  Unix sockets are always plain.  Thread: any. */
struct http_tls {
	struct ssl_st *(*session)(void *self); /* of the server's side, the connection's; NULL: no memory */
	void (*end)(struct ssl_st *session);   /* nothing more comes */
	void *self;
};

/* Section 3 of the platform: http.*; the configuration fills it in. */
struct http_config {
	unsigned loops;         /* threads that read and send */
	size_t max_connections; /* of all loops */
	size_t max_per_ip;
	struct gate_limits gate;
	size_t max_body_bytes;           /* of a route that sets none */
	int header_timeout_ms;           /* from the first byte of a head to its end */
	int body_timeout_ms;             /* of a body, besides one second per 64 KiB */
	int keepalive_ms;                /* between two requests */
	int deadline_ms;                 /* from the whole request to the answer */
	int drain_ms;                    /* how long front_stop() waits */
	int slow_reader_ms;              /* a peer that takes less than 1 KiB/s over such a time is cut */
	int stream_comment_ms;           /* a stream without events says that it is there */
	bool check_answers;              /* one that does not fit its operation's schema becomes 500 (http/fitting.h) */
	const struct cors *_Atomic cors; /* NULL: none */
	struct proxies proxies;          /* whose X-Forwarded-For counts */
};

/* The defaults of the platform's section 3. */
void http_config_init(struct http_config *config);

/* What the composition root may hang in.  Each may be NULL.  All run on the thread that has the exchange. */
struct http_hooks {
	void *self;
	/*
	 * Who is this, and may they?  Called before the body is read, for every route but public ones.  Sets x->principal
	 * or refuses with *err (401, 403).  NULL: every route that is not public answers 401.
	 */
	bool (*authorise)(void *self, struct exchange *x, const struct route *route, struct err *err);
	/* May they now?  Rate limits, draining; public routes too.  May set headers. */
	bool (*admit)(void *self, struct exchange *x, const struct route *route, struct err *err);
	/* Nothing is at its path, or nothing that answers to its method: 404 or 405 follows, whose members may be added. */
	void (*astray)(void *self, struct exchange *x);
	/* The request is whole and its handler is next, on this thread.  False: it was answered.  Idempotency keys. */
	bool (*enter)(void *self, struct exchange *x);
	/* Something answered 500: the log gets what the client does not. */
	void (*failed)(void *self, const struct exchange *x, const struct err *err);
	/* The exchange has ended: access log, audit of refusals.  status 0: nothing was sent. */
	void (*finished)(void *self, const struct exchange *x, int status, int64_t duration_us);
};

struct service {
	struct http_config config;
	const struct env *env;
	struct id_maker *ids;
	const struct router *router;
	struct workers *workers;      /* NULL: handlers run where they are called */
	struct http_metrics *metrics; /* NULL: nothing is counted */
	struct http_tls tls;
	struct http_hooks hooks;
	const char *version, *git_sha; /* for trace.code_version */
	void *app;                     /* for handlers that know the composition root */
};

/*
 * After exchange_begin(): find the route, ask the hooks, check what the head promises.  True: read the body, at most
 * *body_max bytes, then service_run().  False: the exchange has its answer.
 */
bool service_check(const struct service *service, struct exchange *x, uint64_t *body_max);

/*
 * How long the answer may take from the whole request on: deadline_ms, and an hour for the server's own commands, which
 * come by a Unix socket and may copy a whole store.
 */
enum { SERVICE_LOCAL_DEADLINE_MS = 3600 * 1000 };
int service_deadline_ms(const struct service *service, const struct exchange *x);

/*
 * The request is whole: run its handler, here or on a worker.  Afterwards the exchange is answered, or WAITING.  A
 * handler that neither answers nor holds gets 500.
 */
void service_run(const struct service *service, struct exchange *x);

/* The same with the handler in this very thread (workers call it). */
void service_handle(struct exchange *x);

/* Answer a refusal that comes before any handler, and count it by its kind.  Returns false. */
bool service_refuse(struct exchange *x, const struct err *err);

/* Count and report an exchange that has ended, with the status that was sent. */
void service_finished(const struct service *service, const struct exchange *x, int status);

#endif
