/*
 * The names of one exchange in logs and across services: X-Request-Id and W3C traceparent [P-8.8].
 *
 * A request id is taken from the client when it is 1 to 128 of [A-Za-z0-9._-], else a new UUIDv7 is made.  A valid
 * traceparent (https://www.w3.org/TR/trace-context/ section 3.2) gives the trace id and flags; the span is always our
 * own, a child of the caller's.  A bad one is ignored and a new trace begins.  Thread: values.
 */
#ifndef CS_HTTP_TRACE_H
#define CS_HTTP_TRACE_H

#include <stdbool.h>

struct id_maker;

enum {
	TRACE_ID_MAX = 128,     /* bytes of a request id */
	TRACE_PARENT_TEXT = 56, /* 00-32hex-16hex-2hex and the NUL */
};

struct trace {
	char request_id[TRACE_ID_MAX + 1];
	char parent[TRACE_PARENT_TEXT]; /* the traceparent that we send: trace id, our span id, flags */
	char caller[17];                /* span id of the caller, "" when there is none */
};

/* Either header may be NULL. */
void trace_begin(struct trace *trace, const char *request_id, const char *traceparent, struct id_maker *ids);

bool trace_id_valid(const char *request_id);

#endif
