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
	unsigned roles;
	int status;
	bool email_verified;
	unsigned char erasure_key[AUDIT_KEY];
	int64_t last_login_us, created_us; /* last_login_us 0: never */
	int64_t version;
};

/* Trimmed and lower-cased (ASCII).  False: empty, too long, or without an @ inside. */
bool email_normalise(const char *email, char norm[EMAIL_MAX + 1]);

bool account_insert(struct db *db, const char *account_id, const char *name, int64_t now_us, struct err *err);
bool account_find_named(struct db *db, const char *name, char account_id[ID_TEXT], bool *found, struct err *err);

bool user_insert(struct db *db, const struct user *user, struct err *err); /* ERR_EMAIL_TAKEN */
bool user_by_email(struct db *db, const char *email_norm, struct arena *arena, struct user *user, bool *found,
				   struct err *err);
bool user_by_id(struct db *db, const char *user_id, struct arena *arena, struct user *user, bool *found,
				struct err *err);
bool user_count(struct db *db, int64_t *count, struct err *err);
bool user_logged_in(struct db *db, const char *user_id, int64_t now_us, struct err *err);

/* --- sessions --- */

struct session {
	const char *session_id, *user_id, *refresh_hash, *device_name, *user_agent, *ip;
	int64_t created_us, expires_us;
};

bool session_insert(struct db *db, const struct session *session, struct err *err);

/*
 * Replace the refresh token's hash: single use.  *found false: no live session has that one now.  *reused true: a live
 * session had it once; that session is then revoked.
 */
bool session_rotate(struct db *db, const char *old_hash, const char *new_hash, int64_t now_us, int64_t expires_us,
					struct arena *arena, struct session *session, bool *found, bool *reused, struct err *err);

bool session_revoke(struct db *db, const char *session_id, const char *reason, int64_t now_us, struct err *err);
bool session_revoke_all(struct db *db, const char *user_id, const char *reason, int64_t now_us, struct err *err);

/* The live session and its user at this moment: what an access token stands for. */
struct access_row {
	char user_id[ID_TEXT], account_id[ID_TEXT];
	unsigned roles;
	unsigned char erasure_key[AUDIT_KEY];
};
bool session_access(struct db *db, const char *session_id, int64_t now_us, struct access_row *row, bool *live,
					struct err *err);

#endif
