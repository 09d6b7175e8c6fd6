/*
 * Access tokens: made at login, verified at each request [P-4.4].  Private to src/people.
 *
 * A token that verified once is remembered by its digest with what it stands for; a change of users or sessions makes
 * everything remembered stale at once, so that revocation is immediate.
 */
#ifndef CS_PEOPLE_ACCESS_H
#define CS_PEOPLE_ACCESS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "people/principal.h"

struct arena;
struct env;
struct err;
struct key;
struct store;

struct access;

struct access_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct key *key;
	const char *issuer;
	int64_t ttl_s;
};

struct access *access_new(const struct access_options *options);
void access_free(struct access *access);

/* A token for a session, in the arena; NULL when it is full. */
const char *access_make(struct access *access, struct arena *arena, const char *user_id, const char *account_id,
						const char *session_id, unsigned roles);

/* Who the token stands for now.  ERR_TOKEN_INVALID, ERR_TOKEN_EXPIRED, ERR_SESSION_REVOKED. */
bool access_check(struct access *access, struct arena *arena, const char *token, struct principal *principal,
				  struct err *err);

/* Who a session that was checked before stands for now.  ERR_SESSION_REVOKED. */
bool access_again(struct access *access, const char *session_id, struct principal *principal, struct err *err);

/* Forget what is remembered. */
void access_changed(struct access *access);

#endif
