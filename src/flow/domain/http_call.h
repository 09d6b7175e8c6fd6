/*
 * `call: http` as values: from the evaluated arguments to the request, and from the answer to the output [flow.md 2.1].
 * No socket here.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_HTTP_CALL_H
#define CS_FLOW_DOMAIN_HTTP_CALL_H

#include <stdbool.h>
#include <stddef.h>

struct datum;
struct trouble;

/*
 * The request that goes into the journal: {method, url, headers{}, body?, output, redirect}.  `with` is evaluated;
 * members of `input` fill the {names} of the URI; credentials are left out.  NULL sets *trouble.
 */
struct datum *http_call_request(struct datum *with, struct datum *input, struct trouble *trouble);

/* REF: RFC 9110 section 9.1: a token; nothing in it can break the request's first line. */
bool http_call_is_method(const char *text);

/* What came back. */
struct http_call_answer {
	int status;
	const char *content_type; /* "" when none was said */
	const char *headers;      /* "Name: value\n" lines */
	const void *body;
	size_t body_size;
};

/* The output of the task; NULL sets *trouble: not 2xx, or content that its type does not fit. */
struct datum *http_call_output(struct datum *request, const struct http_call_answer *answer, struct trouble *trouble);

#endif
