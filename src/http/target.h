/*
 * Request targets [P-8.1]: which are let in, where their path is, and what it decodes to.  RFC 9112 3.2, RFC 3986.
 * Thread: any.
 */
#ifndef CS_HTTP_TARGET_H
#define CS_HTTP_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "http/head.h"

struct arena;
struct route_param;

/* The path inside a target: an offset and a size; size 0 stands for "/" (an absolute form may have no path). */
struct target_path {
	size_t at, size;
};

/* Check a target for a method.  False with ERR_REQUEST_MALFORMED. */
bool target_check(const char *target, size_t size, enum method method, struct target_path *path, struct err *err);

/*
 * Decode percent signs (checked before, must) into the arena; `plus` makes + a space, as forms do.  NULL when the
 * result is not UTF-8 or the arena is full.
 */
char *target_decode(struct arena *arena, const char *text, size_t size, bool plus);

/* Cut a query into decoded names and values, in order.  False with ERR_REQUEST_MALFORMED or ERR_LIMIT. */
bool target_query(struct arena *arena, const char *query, struct route_param **params, size_t *count, struct err *err);

enum { TARGET_QUERY_MAX = 256 }; /* parameters of one query; more are malformed */

#endif
