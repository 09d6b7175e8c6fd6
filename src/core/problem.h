/*
 * Problem documents (RFC 9457) that are envelopes at the same time: what every refusal looks like, over HTTP, from the
 * command line and in a line of a batch [design.md 5, P-6.1].
 */
#ifndef CS_CORE_PROBLEM_H
#define CS_CORE_PROBLEM_H

#include "core/err.h"

struct jw;

/* What a refusal says.  Texts may be NULL. */
struct problem {
	enum err_kind kind;
	const char *detail;          /* one sentence for a person; NULL: the kind's title */
	const struct faults *faults; /* what is wrong with the body, for ERR_INVALID */
	const char *pointer;         /* the one field at fault when there are no faults; "" or NULL: none */
	const char *available;       /* what can be asked for instead, as in struct err: written as an array; NULL: none */
	const char *instance, *route, *request_id, *timestamp, *version, *git_sha;
	/* Further members of the top level (server_time, signal_id …), written by the caller; may be NULL. */
	void (*extend)(struct jw *jw, const void *self);
	const void *self;
};

/*
 * Write the document as an object: type, title, status, detail, instance, code, errors, request_id, then the envelope's
 * members with result null.  The detail of ERR_INTERNAL, ERR_IO and ERR_LIMIT is never written: the log has it.
 */
void problem_write(struct jw *jw, const struct problem *problem);

/* The problem of an error: kind, message and field. */
struct problem problem_of(const struct err *err, const struct faults *faults);

#endif
