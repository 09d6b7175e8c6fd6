/*
 * The OpenAPI 3.1 document, from the routes alone [P-5.5].  Thread: any, after all routes were added.  Cost: some
 * milliseconds; write it once.
 */
#ifndef CS_HTTP_OPENAPI_H
#define CS_HTTP_OPENAPI_H

#include <stdbool.h>

struct jw;
struct route;
struct router;

struct openapi {
	const char *title, *version, *server; /* server: base URL; NULL: where the document came from */
	const char *description;              /* what it is and where to read on; or NULL */
	void *self;
	/* Write the roles that have this permission as an array (x-roles); NULL: x-roles is left out. */
	void (*roles)(void *self, struct jw *jw, const char *permission);
	/* The security scheme of a route that is not public: "bearer", "producer", "device"; NULL: bearer and api_key. */
	const char *(*scheme)(void *self, const struct route *route);
	/* One sentence of a tag, or NULL. */
	const char *(*about)(void *self, const char *tag);
};

void openapi_write(struct jw *jw, const struct router *router, const struct openapi *openapi);

#endif
