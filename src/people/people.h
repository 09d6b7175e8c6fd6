/*
 * People: who is calling, and what they may do.
 *
 * Login gives an access token (a signed JWT, minutes) and a refresh token (random, single use).  A request's token is
 * verified once and then remembered until something about people changes, so that a check costs a hash.
 * Thread: any, after people_open.
 */
#ifndef CS_PEOPLE_PEOPLE_H
#define CS_PEOPLE_PEOPLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"
#include "http/etag.h"
#include "http/router.h"

struct audit;
struct db;
struct env;
struct err;
struct exchange;
struct key_ring;
struct people;
struct people_letter;

struct store;

enum registration { REGISTRATION_OPEN, REGISTRATION_INVITE, REGISTRATION_CLOSED };

struct people_options {
	struct store *store;
	const struct env *env;
	struct id_maker *ids;
	const struct audit *audit;
	const struct key_ring *access_keys; /* ES256, private */
	const unsigned char *master_key;    /* 32 bytes: what seals secrets at rest is derived from it */
	const char *issuer;                 /* public_url */
	enum registration registration;
	bool require_verified_email;
	int bcrypt_cost, bcrypt_threads;
	int64_t bcrypt_queue; /* passwords that may wait to be hashed */
	int64_t access_ttl_s, refresh_ttl_s, session_max_s, reset_ttl_s, verify_ttl_s;
	int64_t lock_failures, lock_s, max_sessions;
	size_t password_min;
	/*
	 * A mail, in two steps: `mail` in the op of what it tells stores it, so that it goes out if that commits and only
	 * then; `mailed` after the commit, before the answer, says that it can go now, and must not wait.  NULL: none is
	 * sent.
	 */
	bool (*mail)(void *self, struct db *db, const struct people_letter *letter, struct err *err);
	void (*mailed)(void *self, const struct people_letter *letter);
	void *mail_self;
};

/* A mail to a person. */
struct people_letter {
	char mail_id[ID_TEXT];
	const char *account_id, *to, *subject, *text;
	struct people_letter *next;
};

struct people *people_open(const struct people_options *options);
/*
 * End the hashing threads: before the store is closed, since what they finish is written there, and before the front,
 * since that is answered.  NULL and a second time are fine.
 */
void people_stop(struct people *people);
void people_close(struct people *people);

/* Register the routes of people; their owner is `people`, which may be NULL when they are only described. */
void people_add_routes(struct router *router, struct people *people);

/* The front's hook: sets x->principal, or refuses with 401 or 403 [P-5.2].  `self` is the people. */
bool people_authorise(void *self, struct exchange *x, const struct route *route, struct err *err);

/*
 * The same principal at this moment, with the roles that they have now: for what outlives its request.  ERR_SESSION_
 * REVOKED, ERR_TOKEN_INVALID, ERR_TOKEN_EXPIRED: it may do nothing any more.  Cost: one read.
 */
struct principal;
bool people_again(struct people *people, const struct principal *then, struct principal *now, struct err *err);

/* Something about users or sessions changed: what is remembered is looked up again. */
void people_changed(struct people *people);

/*
 * Make the first admin (roles admin and owner, account main) when there is no active admin yet [P-2.1]: whoever has
 * registered before is none.  *made says whether.  ERR_INVALID: not an e-mail address, or a password that is too short;
 * ERR_EMAIL_TAKEN: the address is that of somebody who registered.
 */
bool people_first_admin(struct people *people, const char *email, const char *password, bool *made, struct err *err);

/* Is there an admin who may log in? */
bool people_any_admin(struct people *people, bool *any, struct err *err);

/* The account whose rows the control socket and the command line see: the first one.  "" when there is none. */
bool people_main_account(struct people *people, char account_id[ID_TEXT], struct err *err);

/* The ETag of a person's row at a version, for those who change one without having read the header [P-8.4]. */
void people_user_etag(const char *user_id, int64_t version, char etag[ETAG_TEXT]);

#endif
