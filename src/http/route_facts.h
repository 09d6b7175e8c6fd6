/*
 * What follows from a route's row: the failures that it may answer, and the group that it belongs to.  For the
 * documents that are made of the rows, OpenAPI and the reference pages.  Thread: any.
 */
#ifndef CS_HTTP_ROUTE_FACTS_H
#define CS_HTTP_ROUTE_FACTS_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"

struct route;

enum { ROUTE_KINDS_MAX = 64, ROUTE_TAG_TEXT = 128 };

struct route_kinds {
	enum err_kind all[ROUTE_KINDS_MAX];
	size_t count;
};

/* The usual ones, by what the row is, then its own. */
struct route_kinds route_kinds(const struct route *route);

/* Its tag, or what stands before the first dot of its operation. */
void route_tag(const struct route *route, char tag[ROUTE_TAG_TEXT]);

/* Does it read a body? */
bool route_takes_body(const struct route *route);

/* "read", "compute" or "write". */
const char *route_effect_name(const struct route *route);

#endif
