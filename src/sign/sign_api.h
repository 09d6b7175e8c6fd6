/*
 * The HTTP side of sign: projects, sites, and documents of a sealed design.  The pure operations have their routes from
 * their own rows.
 */
#ifndef CS_SIGN_SIGN_API_H
#define CS_SIGN_SIGN_API_H

struct audit;
struct env;
struct id_maker;
struct packs;
struct router;
struct sign_api;
struct store;

/* What a sign_api works with; all outlives it. */
struct sign_api_options {
	struct store *store;
	const struct packs *packs;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	const char *version, *git_sha; /* of the code, for seals */
};

/* Documents are drawn with fonts that are kept between requests. */
struct sign_api *sign_api_open(const struct sign_api_options *options);
void sign_api_close(struct sign_api *api);

/* Register every route of sign; their owner is the sign_api. */
void sign_api_add(struct router *router, struct sign_api *api);

#endif
