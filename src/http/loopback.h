/*
 * An exchange without a socket: what a handler's test needs.
 *
 * The request is written as bytes, goes through the same gate, checks, hooks and router as on the wire, and the handler
 * runs in this thread unless the service has workers.  Of a stream it gives what was sent when its handler returned.
 * Blocks until the answer is there.  Thread: any, one call each.
 */
#ifndef CS_HTTP_LOOPBACK_H
#define CS_HTTP_LOOPBACK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct service;

struct loopback {
	/* in */
	const char *method, *target;
	const char *const *headers; /* name, value, name, value, NULL; Host and Content-Length are added; or NULL */
	const void *body;
	size_t body_size;
	bool local; /* as if by the Unix socket */
	uid_t peer_uid;
	const char *peer; /* NULL: "127.0.0.1" */
	/* out: memory until loopback_fini() */
	int status;
	char *answer_head; /* status line and headers as sent */
	char *answer;      /* body, NUL-terminated */
	size_t answer_size;
	char *found; /* what loopback_header() gave last */
};

/* Ask; set the in part, zero the rest, and ask again with the same struct as often as you like.  Always gives an
 * answer; what the gate refuses has its status too. */
void loopback_ask(const struct service *service, struct loopback *loopback);

/* Value of an answer's header regardless of case, or NULL.  Valid until the next call with this loopback. */
const char *loopback_header(struct loopback *loopback, const char *name);

void loopback_fini(struct loopback *loopback);

#endif
