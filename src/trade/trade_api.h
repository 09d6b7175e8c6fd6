/*
 * The HTTP side of trade: producers and their signals.  The pure operations have their routes from their own rows.
 */
#ifndef CS_TRADE_TRADE_API_H
#define CS_TRADE_TRADE_API_H

#include <stdbool.h>
#include <stddef.h>

struct audit;
struct env;
struct err;
struct exchange;
struct id_maker;
struct idempotency;
struct packs;
struct rates;
struct router;
struct store;
struct trade_api;

struct trade_api_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	const struct packs *packs;
	const unsigned char *master_key; /* 32 bytes: what seals secrets at rest is derived from it */
};

struct trade_api *trade_api_open(const struct trade_api_options *options);
void trade_api_close(struct trade_api *api); /* NULL is fine */

/* What exists only while it serves; each may be NULL: nothing is kept by key, nothing limited. */
struct trade_serving {
	struct idempotency *idempotency;
	struct rates *rates;
};
void trade_api_serve(struct trade_api *api, const struct trade_serving *serving);

/* Register the routes; their owner is `api`, which may be NULL when they are only described. */
void trade_add_routes(struct router *router, struct trade_api *api);

/*
 * For the front's hook, on routes whose requests are signed (route->self_verified): are the headers of a signature
 * there and well formed?  Step 1 of trade.md 2.2; who it is can only be told once the body is read.
 * ERR_UNAUTHENTICATED.
 */
bool trade_signed(const struct exchange *x, struct err *err);

#endif
