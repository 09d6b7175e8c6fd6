/*
 * Users and sessions in the store.  Every function that reads or writes a tenant's row runs on a connection of the
 * caller: a reader, or the writer's inside an op.
 */
#ifndef CS_PEOPLE_USERS_H
#define CS_PEOPLE_USERS_H

#include <stdbool.h>
#include <stdint.h>

#include "core/id.h"
#include "seal/audit.h"

struct arena;
struct db;
struct err;

enum { EMAIL_MAX = 254 }; /* bytes */

enum user_status { USER_PENDING, USER_ACTIVE, USER_INACTIVE, USER_SUSPENDED };
extern const char *const user_status_names[];

/* A row; texts are the arena's. */
struct user {
	const char *user_id, *account_id, *email, *email_norm, *full_name, *password_hash;
	const char *licence; /* JSON {state, number, expires}, or NULL */
	unsigned roles;
	int status;
	bool email_verified, must_change_password;
	bool totp_enabled;
	const unsigned char *totp_secret; /* sealed; NULL: none */
	size_t totp_secret_size;
	int64_t totp_last_step;
	unsigned char erasure_key[AUDIT_KEY];
	int64_t last_login_us, created_us, updated_us; /* last_login_us 0: never */
	int64_t version;
};

/* Trimmed and lower-cased (ASCII).  False: empty, too long, or without an @ inside. */
bool email_normalise(const char *email, char norm[EMAIL_MAX + 1]);

/* As it is kept and written to: as typed, without the blanks around it; in the arena.  NULL: NULL, or no memory. */
const char *email_trim(struct arena *arena, const char *email);

bool account_insert(struct db *db, const char *account_id, const char *name, int64_t now_us, struct err *err);
bool account_find_named(struct db *db, const char *name, char account_id[ID_TEXT], bool *found, struct err *err);

bool user_insert(struct db *db, const struct user *user, struct err *err); /* ERR_EMAIL_TAKEN */
bool user_by_email(struct db *db, const char *email_norm, struct arena *arena, struct user *user, bool *found,
				   struct err *err);
bool user_by_id(struct db *db, const char *user_id, struct arena *arena, struct user *user, bool *found,
				struct err *err);
bool user_logged_in(struct db *db, const char *user_id, int64_t now_us, struct err *err);

/*
 * Write back what may change of a row: address, name, licence, roles, status, verified, must_change_password.  The
 * version rises by one.  ERR_EMAIL_TAKEN.
 */
bool user_update(struct db *db, const struct user *user, int64_t now_us, struct err *err);
bool user_set_password(struct db *db, const char *user_id, const char *password_hash, int64_t now_us, struct err *err);

/* How many active users have one of these roles: in the account, or in all of them (account_id NULL). */
bool user_count_role(struct db *db, const char *account_id, unsigned role, int64_t *count, struct err *err);

/* Users of an account (NULL: of all) after a user_id ("" from the start), at most `limit`; take() for each. */
bool user_list(struct db *db, const char *account_id, const char *after, int64_t limit, struct arena *arena,
			   void (*take)(void *self, const struct user *user), void *self, struct err *err);

#endif
