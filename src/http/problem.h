/*
 * Problem documents: RFC 9457, and at the same time envelopes with result null [platform 16, design 6].
 *
 * Members in this order: type, title, status, detail, instance, code, errors[{pointer, code, message}], request_id,
 * whatever exchange_member() added, then result, assumptions, warnings, confidence, trace, content_sha256,
 * inputs_sha256, envelope_version, timestamp.  Thread: any.  Cost: about 3 us.
 */
#ifndef CS_HTTP_PROBLEM_H
#define CS_HTTP_PROBLEM_H

#include <stddef.h>
#include <stdint.h>

#include "core/err.h"

struct jw;

struct problem {
	enum err_kind kind;
	const char *detail;          /* one sentence; replaced by a general one for 5xx that are not retryable */
	const char *field;           /* JSON Pointer of the only fault, or NULL */
	const struct faults *faults; /* or NULL */
	const char *instance;        /* the path asked for, percent-encoded */
	const char *request_id, *route, *version, *git_sha;
	int64_t at_us;       /* wall time */
	const char *members; /* more members as JSON text, each with a comma before it: `,"server_time":1`; or NULL */
	size_t members_size;
};

void problem_write(struct jw *jw, const struct problem *problem);

#endif
