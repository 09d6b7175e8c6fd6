/*
 * One request and its answer.
 *
 * A handler gets an exchange whose request was let through the gate, routed, authorised, measured and read whole.  It
 * answers exactly once, with one of the exchange_answer…() or exchange_fail…() calls, during its call or, after
 * exchange_hold(), at any later time from any thread.  From the moment of the answer the exchange is no longer the
 * handler's.  Only the loop that owns the connection sends; an answer given elsewhere travels there by itself.
 *
 * When the peer has gone or the deadline has passed, the exchange stays whole until it is answered, and the answer is
 * dropped.  Long work looks at exchange_late() now and then.
 *
 *     READING -> ROUTED -> WAITING -> SENDING -> DONE       READING, ROUTED -> SENDING: refused or answered at once
 *     any of the first four -> ABANDONED: the peer or the deadline went first
 *
 * Threads: whoever holds the exchange, one at a time.  Memory: an arena of at most ARENA_REQUEST_CAP, and the bodies.
 */
#ifndef CS_HTTP_EXCHANGE_H
#define CS_HTTP_EXCHANGE_H

#include <netinet/in.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "http/answer.h"
#include "http/head.h"
#include "http/router.h"
#include "http/trace.h"

struct service;
struct stream;
struct json;
struct fault;

enum exchange_state {
	EXCHANGE_READING, /* the head is being read or checked */
	EXCHANGE_ROUTED,  /* a route was found; the body is being read, or the handler runs on the loop */
	EXCHANGE_WAITING, /* a worker, the writer or another thread has it */
	EXCHANGE_SENDING,
	EXCHANGE_DONE,
	EXCHANGE_ABANDONED,
	EXCHANGE_STATES
};

struct exchange {
	/* read by anyone who holds the exchange */
	struct arena arena;
	struct head head;
	struct trace trace;        /* request id and trace context */
	struct route_match match;  /* match.route is NULL until ROUTED */
	const char *path;          /* decoded, UTF-8 */
	struct route_param *query; /* decoded names and values in their order, UTF-8 */
	size_t query_count;
	struct buf body;             /* the request's body, raw */
	int64_t started_us;          /* monotonic: the head was whole */
	int64_t deadline_us;         /* monotonic: past it 504 is answered; set anew when the body is whole */
	int64_t received_us;         /* wall time of started_us */
	char peer[INET6_ADDRSTRLEN]; /* address of the client, "" on a Unix socket */
	bool local;                  /* came by a Unix socket */
	uid_t peer_uid;              /* of the client when local */
	bool secure;                 /* came by TLS */
	int worker;                  /* number of the worker thread that runs the handler, 0 on the loop */
	const struct service *service;
	void *owner;            /* what router_add() got with the route */
	void *principal;        /* what the authorise hook put there (memory: the arena's) */
	const char *account_id; /* of the principal, from the same hook; NULL: nobody, or of no account */
	void *idempotency;      /* what the enter hook put there, or NULL */

	/* of claims.h */
	const struct fault *claims; /* members of the body that the server sets; NULL: none */
	const struct json *claimed; /* the body they stand in */
	size_t draft_headers;       /* the same when the last drafting began */
	size_t claims_headers;      /* bytes of headers that an answer had when they were read */
	bool misclaimed;            /* the answer was refused for one of them */

	/* for the front and the loopback only */
	enum exchange_state state;
	struct answer answer;
	struct buf members; /* extra members of a problem document */
	bool held, answered, drafting;
	bool *taken; /* while the handler runs: set when it answers or holds */
	_Atomic bool gone;
	void (*deliver)(struct exchange *x); /* called once, by the thread that answered */
	void *carrier;                       /* the loop, or the loopback */
	void *connection;                    /* NULL once nobody waits for the answer */
	struct stream *stream;               /* the answer goes on (http/stream.h); NULL: it ends with its body */
	struct exchange *next;
};

/* --- the request --- */

/* Value of a header by lower-case name, or NULL. */
const char *exchange_header(const struct exchange *x, const char *name);

/* Value of a path parameter of the route; an unknown name is a bug (must). */
const char *exchange_param(const struct exchange *x, const char *name);

/* The first query parameter of that name, or NULL. */
const char *exchange_query(const struct exchange *x, const char *name);

/*
 * Decode the JSON body by the route's `body` table into *into (its C struct), with the route's limits.  An empty body
 * is {} when no field is required.  The query likewise by the `query` table: numbers and booleans as JSON writes them,
 * lists by commas or repetition.  False: the exchange was answered (400 json_invalid or 422 invalid with all faults)
 * and is no longer yours.
 */
bool exchange_decode(struct exchange *x, void *into);
bool exchange_decode_query(struct exchange *x, void *into);

/*
 * The same, with what no table can say of it: `check` adds that to `faults`, and all is told at once.  It is called
 * also when the table found faults: what could not be read is absent then, also inside lists.  What `check` says of a
 * member that the table spoke of already is dropped.
 */
bool exchange_decode_checked(struct exchange *x, void *into, void (*check)(void *self, struct faults *faults),
							 void *self);
bool exchange_decode_query_checked(struct exchange *x, void *into, void (*check)(void *self, struct faults *faults),
								   void *self);

/* The body as a JSON tree in the arena.  False as above. */
bool exchange_json(struct exchange *x, const struct json **json);

/* How much the client wants this media type, 0 (not at all) to 1000, by its Accept header. */
int exchange_accepts(const struct exchange *x, const char *media_type);

/* --- the answer --- */

/*
 * Add a header to whatever will be answered.  The name is a token (must); control bytes in the value become spaces.
 * Date, Content-Length, Connection, Content-Type and the security headers are the front's; Cache-Control and
 * Content-Security-Policy given here replace the usual ones.
 */
void exchange_set(struct exchange *x, const char *name, const char *value);
void exchange_setf(struct exchange *x, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Answer with a copy of these bytes.  `type` is a constant; NULL and no bytes for an answer without content. */
void exchange_answer(struct exchange *x, int status, const char *type, const void *bytes, size_t size);

/* Answer with the bytes of `body`, which is empty afterwards.  A failed buffer answers 500. */
void exchange_answer_buf(struct exchange *x, int status, const char *type, struct buf *body);

/* Answer a problem document [platform 16].  The kind gives status, code and title; a 500 says nothing of the reason. */
void exchange_fail(struct exchange *x, const struct err *err);
void exchange_failf(struct exchange *x, enum err_kind kind, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

/* Answer a problem of that kind with its list of faults. */
void exchange_fail_faults(struct exchange *x, enum err_kind kind, const struct faults *faults);

/* One more member for a problem that follows: a name and its JSON text (`server_time`). */
void exchange_member(struct exchange *x, const char *name, const char *json);

/*
 * While drafting, answers are kept and not sent, so that an op can store what will be answered in its own transaction;
 * exchange_send() sends the draft after the commit.  An answer given after the drafting takes the draft's place.
 */
void exchange_draft(struct exchange *x, bool drafting);

/* Forget what was drafted, with its headers: something else will be answered. */
void exchange_undraft(struct exchange *x);
void exchange_send(struct exchange *x);

/* The draft was a success, and is the refusal of what the body claims instead [P-5.3]: what it tells of is not to be.
 */
bool exchange_misclaimed(const struct exchange *x);

/* The answer comes after the handler's return, from whoever holds the exchange then. */
void exchange_hold(struct exchange *x);

/* The peer has gone or the deadline has passed: nobody waits for the answer.  Thread: any that holds it. */
bool exchange_late(const struct exchange *x);

#define MEDIA_JSON "application/json; charset=utf-8"
#define MEDIA_PROBLEM "application/problem+json"

/* --- for the front and the loopback --- */

/* NULL when there is no memory.  The carrier sets deliver, carrier, peer, local and secure. */
struct exchange *exchange_new(const struct service *service);
void exchange_free(struct exchange *x);

/* Empty it for the next request, keeping modest memory. */
void exchange_reset(struct exchange *x);

/*
 * Write the problem document for an error as an answer of its own.  Only reads what never changes after
 * exchange_begin(), so that the loop may answer 504 while a worker still holds the exchange.
 */
void exchange_problem(const struct exchange *x, struct answer *answer, const struct err *err);

/* Refused by the gate: there is no head, but there is an id.  Answers the error. */
void exchange_refuse(struct exchange *x, const struct err *err);

/* Take over a head: copies it, decodes path and query, makes the ids.  False with ERR_REQUEST_MALFORMED or ERR_LIMIT.
 */
bool exchange_begin(struct exchange *x, const struct head *head, struct err *err);

/* Change the state along one of the edges above (must). */
void exchange_move(struct exchange *x, enum exchange_state state);

#endif
