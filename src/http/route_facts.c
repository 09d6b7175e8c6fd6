#include "http/route_facts.h"

#include <stdio.h>
#include <string.h>

#include "core/must.h"
#include "http/router.h"

static void add_kind(struct route_kinds *kinds, bool when, enum err_kind kind)
{
	if (!when)
		return;
	must(kinds->count < ROUTE_KINDS_MAX);
	kinds->all[kinds->count++] = kind;
}

struct route_kinds route_kinds(const struct route *route)
{
	struct route_kinds kinds = {.count = 0};
	bool open = route_public(route), body = route_takes_body(route);
	bool exempt = route->rate_class != NULL && strcmp(route->rate_class, "none") == 0;
	add_kind(&kinds, true, ERR_REQUEST_MALFORMED);
	add_kind(&kinds, route->body != NULL, ERR_JSON_INVALID);
	add_kind(&kinds, !open, ERR_UNAUTHENTICATED);
	add_kind(&kinds, !open, ERR_TOKEN_INVALID);
	add_kind(&kinds, !open, ERR_FORBIDDEN);
	add_kind(&kinds, strchr(route->path, '{') != NULL, ERR_NOT_FOUND);
	add_kind(&kinds, true, ERR_NOT_ACCEPTABLE);
	add_kind(&kinds, body, ERR_BODY_TOO_LARGE);
	add_kind(&kinds, body, ERR_MEDIA_TYPE);
	add_kind(&kinds, body || route->query != NULL, ERR_INVALID);
	add_kind(&kinds, !exempt, ERR_RATE_LIMITED);
	add_kind(&kinds, true, ERR_INTERNAL);
	add_kind(&kinds, true, ERR_OVERLOADED);
	for (const enum err_kind *at = route->errors; at != NULL && *at != ERR_NONE; at++)
		add_kind(&kinds, true, *at);
	return kinds;
}

void route_tag(const struct route *route, char tag[ROUTE_TAG_TEXT])
{
	const char *from = route->tag != NULL ? route->tag : route->operation;
	size_t size = route->tag != NULL ? strlen(from) : strcspn(from, ".");
	snprintf(tag, ROUTE_TAG_TEXT, "%.*s", (int)size, from);
}

bool route_takes_body(const struct route *route)
{
	return route->body != NULL || route->accepts != NULL;
}

const char *route_effect_name(const struct route *route)
{
	static const char *const effects[] = {
		[EFFECT_READ] = "read", [EFFECT_COMPUTE] = "compute", [EFFECT_WRITE] = "write"};
	return effects[route->effect];
}
