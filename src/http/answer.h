/*
 * Answers as bytes: status line, the headers that every answer has [P-8.8], the exchange's own, and the length.
 *
 * Compression belongs here (it changes body and length), CORS headers are the exchange's own.  Thread: any.
 */
#ifndef CS_HTTP_ANSWER_H
#define CS_HTTP_ANSWER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"

struct trace;

/* What goes out. */
struct answer {
	int status;         /* 0: none yet */
	const char *type;   /* media type; NULL: no Content-Type */
	struct buf headers; /* lines with their line ends, besides those that every answer has */
	struct buf body;
};

void answer_init(struct answer *answer);
void answer_fini(struct answer *answer);

/* Forget the answer and keep small memory. */
void answer_reset(struct answer *answer);

/* Append a header line; control bytes in the value become spaces.  The name is a token (must). */
void answer_header(struct answer *answer, const char *name, const char *value);

/* Was a header of that name appended?  Regardless of case. */
bool answer_has(const struct answer *answer, const char *name);

/* The value of the first of that name and its length in bytes; NULL: there is none.  It is not ended by a NUL. */
const char *answer_value(const struct answer *answer, const char *name, size_t *length);

/* How an answer goes on the wire. */
struct answer_form {
	const struct trace *trace; /* NULL: refused before anything was known */
	int64_t wall_us;
	bool close;  /* the connection ends with it */
	bool secure; /* TLS: HSTS */
	bool stream; /* the body's end is the connection's: no Content-Length */
};

/*
 * Append the status line and all headers, without the body.  1xx, 204 and 304 have no Content-Length (RFC 9110 8.6);
 * the answer to HEAD has the one that GET would have.
 */
void answer_head(struct buf *out, const struct answer *answer, const struct answer_form *form);

/* Does the body go out with this status? */
bool answer_has_body(int status);

#endif
