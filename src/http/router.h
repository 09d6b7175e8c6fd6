/*
 * Routes as data, and the way from a method and a path to one of them.
 *
 * Each product hands in const tables of struct route at the start; the same rows give dispatch, permissions, limits,
 * the OpenAPI document and the labels of the metrics.  A path is made of segments: a literal, `{name}` for one
 * non-empty segment, or at the end `{name*}` for all that follows (at least one segment).  Literals win over
 * parameters. Aliases match like the path itself and count as the same route everywhere.
 *
 * Thread: add before serving, one thread; find afterwards, any.  Cost of a find: about 100 ns.
 */
#ifndef CS_HTTP_ROUTER_H
#define CS_HTTP_ROUTER_H

#include <stdbool.h>
#include <stddef.h>

#include "core/err.h"
#include "http/head.h"

struct exchange;
struct field_table;
struct json_limits;

/* What a request does; a write may carry an Idempotency-Key, a compute is charged to the compute rate. */
enum route_effect { EFFECT_READ, EFFECT_COMPUTE, EFFECT_WRITE };

/* Where the handler runs. */
enum route_run {
	RUN_WORKER, /* on the worker pool: whatever reads the store, computes or draws */
	RUN_INLINE, /* on the loop: under 100 us, never waits */
};

struct route_alias {
	const char *path;   /* NULL ends the list */
	bool slash;         /* one slash at the end is the same path */
	enum method method; /* METHOD_NONE: the route's */
};

/* The permission of routes that need none; the list of them is closed [P-5.5]. */
#define PUBLIC "public"

enum { ROUTE_PARAMS_MAX = 8, ROUTE_SEGMENTS_MAX = 32 };

struct route {
	/* set by ROUTE(), which does not compile without any of them [P-5.1] */
	enum method method;
	const char *path;
	const char *permission; /* a name of the permission table, or PUBLIC */
	enum route_effect effect;
	void (*handler)(struct exchange *x);

	const char *operation; /* operationId, unique: "projects.create" (must) */
	const char *summary;   /* one line of at most 120 characters (must) */
	const char *doc;       /* paragraphs, or NULL */
	const char *tag;       /* NULL: what stands before the first dot of operation */
	const struct route_alias *aliases;

	const struct field_table *body;   /* of a JSON body; NULL: none is read, or the handler reads bytes */
	const struct field_table *query;  /* of the query string */
	const struct field_table *result; /* of the envelope's result, for the document and http/fitting.h */
	const char *const *accepts; /* media types of a body, NULL-terminated; NULL: application/json.  A row of any type is
								   an asterisk, a slash and an asterisk. */
	const char *const *produces;           /* media types of the answer; NULL: application/json */
	size_t body_max;                       /* bytes; 0: the configuration's http.max_body_bytes */
	const struct json_limits *json_limits; /* NULL: json_body_limits */
	bool slash;                            /* one slash at the end of `path` is the same path */
	enum route_run run;
	bool self_verified; /* the handler verifies a signature over the raw bytes: the media type is its affair too */
	bool bare;          /* the answer is no envelope (documents, files, metrics) */
	int status;         /* of success, for the document; 0: 200 */
	int status_also;    /* of success, besides; 0: none */
	bool also_empty;    /* that one has no content */
	bool also_abstains; /* that one's result is null and the envelope says why; computations may do so as they are */
	bool flat;          /* where the request asks for it, a success comes without its envelope */
	const struct field_table *result_else;  /* what the envelope's result may be instead; NULL: nothing */
	const struct field_table *result_other; /* what a success may be instead, without an envelope; NULL: nothing */
	const enum err_kind *errors; /* kinds it may answer besides the usual ones, ends with ERR_NONE; or NULL */
	const char *rate_class;      /* NULL: read, compute or write by effect; "none": exempt */
	const char *example;         /* JSON body that answers with success, for the document */
	const char *result_example;  /* JSON of the result to it */
	const char *result_schema;   /* JSON Schema text when no field table describes the result */
	const void *data;            /* whatever the handler needs to know of its row */
};

#define ROUTE(method_, path_, permission_, effect_, handler_, ...) \
	{ \
		.method = METHOD_##method_, .path = (path_), .permission = (permission_), .effect = (effect_), \
		.handler = (handler_), __VA_ARGS__ \
	}

/* What a success produces that has no content, though its status could have one (202). */
extern const char *const route_no_content[];

/* .aliases = ALIASES({"/projects", .slash = true}, {"/v0/projects"}) */
#define ALIASES(...) ((const struct route_alias[]){__VA_ARGS__, {NULL}})

struct router;

struct router *router_new(void);
void router_free(struct router *router);

/*
 * Register `count` rows, which must outlive the router.  `owner` is handed to their handlers as exchange->owner.
 * Two rows for one method and path (aliases included, parameter names aside), two of one operation, a path that is not
 * well formed, and a row without permission, operation, summary or handler are bugs (must).
 */
void router_add(struct router *router, const struct route *routes, size_t count, void *owner);

struct route_param {
	const char *name;
	const char *value;
};

struct route_match {
	const struct route *route;
	void *owner;
	size_t index; /* of the row among all, 0 .. router_count()-1 */
	struct route_param params[ROUTE_PARAMS_MAX];
	size_t param_count;
};

enum route_found { ROUTE_FOUND, ROUTE_UNKNOWN, ROUTE_OTHER_METHOD };

/*
 * Look up a decoded path, which is cut into segments in place and must live as long as the parameters are used.
 * HEAD finds GET.  ROUTE_FOUND fills *match.  ROUTE_OTHER_METHOD: the path is known, not with this method.  In both
 * cases *allow (may be NULL) is a set of 1 << method, with HEAD beside GET, and always OPTIONS.
 */
enum route_found router_find(const struct router *router, enum method method, char *path, struct route_match *match,
							 unsigned *allow);

/* Write "GET, HEAD, OPTIONS" for a set of 1 << method. */
enum { ROUTER_ALLOW_TEXT = 64 };
void router_allow(unsigned allow, char text[ROUTER_ALLOW_TEXT]);

size_t router_count(const struct router *router);
const struct route *router_at(const struct router *router, size_t index);
bool route_public(const struct route *route);

#endif
