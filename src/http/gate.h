/*
 * The gate: what is not strictly HTTP/1.1 does not get in [P-8.1].
 *
 * A state machine over raw bytes, and the only parser of requests there is, so that nothing behind it can read the same
 * bytes in another way.  It knows no socket, clock or route: its owner feeds it and is told of three moments, the head
 * is whole, the request is whole, or it is refused.  However the bytes are cut into pieces, the outcome is the same.
 * After a refusal the gate takes no more bytes.
 *
 * Thread: one at a time.  Memory: the head's bytes (limited), kept small between requests.  Cost: under 1 us for an
 * ordinary head, then memchr or memcpy speed.
 */
#ifndef CS_HTTP_GATE_H
#define CS_HTTP_GATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/buf.h"
#include "core/err.h"
#include "http/head.h"

enum {
	GATE_HEADERS_MOST = 1000,   /* lines that a configuration may allow at most */
	GATE_LENGTH_DIGITS = 18,    /* digits of a Content-Length: fits int64_t without a look */
	GATE_CHUNK_DIGITS = 15,     /* hex digits of a chunk's size */
	GATE_EXTENSION_BYTES = 256, /* of one chunk, read and ignored */
};

struct gate_limits {
	size_t target_bytes; /* past it 400 target_too_long */
	size_t header_bytes; /* of all header lines with their line ends; past it 431 */
	size_t header_lines; /* past it 431; at most GATE_HEADERS_MOST */
};

enum gate_event {
	GATE_MORE,    /* everything was taken; feed more */
	GATE_HEAD,    /* gate->head is whole; call gate_body() next */
	GATE_DONE,    /* the request is whole; gate_reset() before the next */
	GATE_REFUSED, /* gate->err says why; answer, close, read nothing more */
};

enum gate_state {
	GATE_AT_REQUEST_LINE,
	GATE_AT_HEADER,
	GATE_AT_BODY, /* the head is whole, gate_body() was not called yet */
	GATE_AT_LENGTH,
	GATE_AT_CHUNK_SIZE,
	GATE_AT_CHUNK_DATA,
	GATE_AT_CHUNK_CR,
	GATE_AT_CHUNK_LF,
	GATE_AT_TRAILER,
	GATE_AT_END,
	GATE_AT_REFUSAL,
};

struct gate_span {
	size_t name, name_size, value, value_size; /* offsets into the text */
};

/* Members but `head` and `err` are the gate's own. */
struct gate {
	struct head head; /* valid from GATE_HEAD until gate_reset() */
	struct err err;   /* after GATE_REFUSED */
	struct gate_limits limits;
	enum gate_state state;
	struct buf text;    /* the head */
	struct buf scratch; /* the current chunk-size or trailer line */
	size_t line;        /* where the current line begins in text */
	bool blank_seen;
	size_t header_bytes, header_lines;
	size_t target, target_size, path, path_size; /* offsets into the text */
	struct gate_span *spans;
	struct header *headers;
	size_t span_count, span_room;
	struct buf *body;                     /* NULL: discard */
	uint64_t body_limit, body_size, left; /* left: of the body or the chunk */
};

void gate_init(struct gate *gate, const struct gate_limits *limits);
void gate_fini(struct gate *gate);

/* Ready for the next request.  Large memory of the last one is given back. */
void gate_reset(struct gate *gate);

/*
 * Take bytes up to the next event; *used tells how many.  After GATE_HEAD, GATE_DONE and GATE_REFUSED the rest of the
 * bytes belongs to whatever comes next.  Kinds of refusal: ERR_REQUEST_MALFORMED, ERR_HEADER_INVALID,
 * ERR_TARGET_TOO_LONG, ERR_HEADERS_TOO_LARGE, ERR_HTTP_VERSION, ERR_EXPECTATION_FAILED, ERR_BODY_TOO_LARGE.
 */
enum gate_event gate_feed(struct gate *gate, const char *bytes, size_t size, size_t *used);

/*
 * After GATE_HEAD: append the body to `body` (NULL discards it), at most `limit` bytes.  A Content-Length past the
 * limit is refused at once (GATE_REFUSED), a chunk as soon as its size is read.  GATE_DONE when there is no body.
 */
enum gate_event gate_body(struct gate *gate, struct buf *body, uint64_t limit);

/* Nothing of a next request was read yet (an empty line before it counts as nothing). */
bool gate_idle(const struct gate *gate);

#endif
