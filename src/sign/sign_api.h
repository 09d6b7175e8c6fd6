/*
 * The HTTP side of sign: documents of a sealed design.  The pure operations have their routes from their own rows.
 */
#ifndef CS_SIGN_SIGN_API_H
#define CS_SIGN_SIGN_API_H

#include <stddef.h>

#include "http/router.h"

struct packs;
struct sign_api;
struct store;

/* Documents are drawn with fonts that are kept between requests. */
struct sign_api *sign_api_open(struct store *store, const struct packs *packs);
void sign_api_close(struct sign_api *api);

/* The routes; their owner is the sign_api. */
extern const struct route sign_routes[];
extern const size_t sign_routes_count;

#endif
