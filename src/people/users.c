#include "people/users.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"
#include "people/roles.h"
#include "store/store.h"

const char *const user_status_names[] = {"pending", "active", "inactive", "suspended", NULL};

bool email_normalise(const char *email, char norm[EMAIL_MAX + 1])
{
	while (isspace((unsigned char)*email))
		email++;
	size_t size = strlen(email);
	while (size > 0 && isspace((unsigned char)email[size - 1]))
		size--;
	if (size == 0 || size > EMAIL_MAX)
		return false;
	for (size_t i = 0; i < size; i++)
		norm[i] = (char)(email[i] >= 'A' && email[i] <= 'Z' ? email[i] + 32 : email[i]);
	norm[size] = '\0';
	const char *at = strchr(norm, '@');
	return at != NULL && at != norm && at[1] != '\0' && strchr(at + 1, '@') == NULL && strpbrk(norm, " \t\r\n") == NULL;
}

static int status_named(const char *name)
{
	for (int i = 0; user_status_names[i] != NULL; i++)
		if (strcmp(user_status_names[i], name) == 0)
			return i;
	must(false); /* the column's CHECK allows no other */
	return 0;
}

bool account_insert(struct db *db, const char *account_id, const char *name, int64_t now_us, struct err *err)
{
	return db_run(db, err, "INSERT INTO accounts (account_id, name, created_at) VALUES ($1, $2, $3)",
				  V_TEXT(account_id), V_TEXT(name), V_INT(now_us));
}

static void take_id(const struct db_rows *row, void *self)
{
	snprintf(self, ID_TEXT, "%s", db_text(row, 0));
}

bool account_find_named(struct db *db, const char *name, char account_id[ID_TEXT], bool *found, struct err *err)
{
	return db_one(db, err, found, take_id, account_id,
				  "SELECT account_id FROM accounts WHERE name = $1 ORDER BY account_id LIMIT 1", V_TEXT(name));
}

bool user_insert(struct db *db, const struct user *user, struct err *err)
{
	char roles[ROLES_TEXT];
	if (db_run(
			db, err,
			"INSERT INTO users (user_id, account_id, email, email_norm, full_name, password_hash, roles, status, "
			"email_verified, erasure_key, version, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, "
			"$10, 1, $11, $11)",
			V_TEXT(user->user_id), V_TEXT(user->account_id), V_TEXT(user->email), V_TEXT(user->email_norm),
			V_TEXT(user->full_name), V_TEXT(user->password_hash), V_TEXT(roles_format(user->roles, roles)),
			V_TEXT(user_status_names[user->status]), V_INT(user->email_verified),
			V_BLOB(user->erasure_key, sizeof user->erasure_key), V_INT(user->created_us)))
		return true;
	if (err != NULL && err->kind == ERR_DUPLICATE)
		return err_field(err, ERR_EMAIL_TAKEN, "/email", "This e-mail address is taken.");
	return false;
}

struct taking {
	struct arena *arena;
	struct user *user;
};

#define USER_COLUMNS \
	"user_id, account_id, email, email_norm, full_name, password_hash, roles, status, email_verified, erasure_key, " \
	"last_login_at, created_at, version"

static void take_key(const struct db_rows *row, int column, unsigned char key[AUDIT_KEY])
{
	size_t size;
	const void *bytes = db_blob(row, column, &size);
	must(size == AUDIT_KEY);
	memcpy(key, bytes, AUDIT_KEY);
}

static void take_user(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->user = (struct user){
		.user_id = db_text_dup(row, 0, to->arena),
		.account_id = db_text_dup(row, 1, to->arena),
		.email = db_text_dup(row, 2, to->arena),
		.email_norm = db_text_dup(row, 3, to->arena),
		.full_name = db_text_dup(row, 4, to->arena),
		.password_hash = db_text_dup(row, 5, to->arena),
		.roles = roles_parse(db_text(row, 6)),
		.status = status_named(db_text(row, 7)),
		.email_verified = db_int(row, 8) != 0,
		.last_login_us = db_int(row, 10),
		.created_us = db_int(row, 11),
		.version = db_int(row, 12),
	};
	take_key(row, 9, to->user->erasure_key);
}

bool user_by_email(struct db *db, const char *email_norm, struct arena *arena, struct user *user, bool *found,
				   struct err *err)
{
	struct taking to = {.arena = arena, .user = user};
	return db_one(db, err, found, take_user, &to, "SELECT " USER_COLUMNS " FROM users WHERE email_norm = $1",
				  V_TEXT(email_norm));
}

bool user_by_id(struct db *db, const char *user_id, struct arena *arena, struct user *user, bool *found,
				struct err *err)
{
	struct taking to = {.arena = arena, .user = user};
	return db_one(db, err, found, take_user, &to, "SELECT " USER_COLUMNS " FROM users WHERE user_id = $1",
				  V_TEXT(user_id));
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool user_count(struct db *db, int64_t *count, struct err *err)
{
	return db_one(db, err, NULL, take_int, count, "SELECT COUNT(*) FROM users");
}

bool user_logged_in(struct db *db, const char *user_id, int64_t now_us, struct err *err)
{
	return db_run(db, err, "UPDATE users SET last_login_at = $2 WHERE user_id = $1", V_TEXT(user_id), V_INT(now_us));
}

/* --- sessions --- */

bool session_insert(struct db *db, const struct session *session, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO sessions (session_id, user_id, refresh_hash, device_name, user_agent, ip, created_at, "
				  "last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
				  V_TEXT(session->session_id), V_TEXT(session->user_id), V_TEXT(session->refresh_hash),
				  V_TEXT(session->device_name), V_TEXT(session->user_agent), V_TEXT(session->ip),
				  V_INT(session->created_us), V_INT(session->expires_us));
}

struct taking_session {
	struct arena *arena;
	struct session *session;
};

static void take_session(const struct db_rows *row, void *self)
{
	struct taking_session *to = self;
	*to->session = (struct session){
		.session_id = db_text_dup(row, 0, to->arena),
		.user_id = db_text_dup(row, 1, to->arena),
		.created_us = db_int(row, 2),
		.expires_us = db_int(row, 3),
	};
}

/* A live session that once had this token: someone holds a copy of it [P-4.5]. */
static bool revoke_reused(struct db *db, const char *old_hash, int64_t now_us, struct arena *arena,
						  struct session *session, bool *reused, struct err *err)
{
	char pattern[80];
	struct taking_session to = {.arena = arena, .session = session};
	snprintf(pattern, sizeof pattern, "%%\"%.64s\"%%", old_hash);
	if (!db_one(db, err, reused, take_session, &to,
				"SELECT session_id, user_id, created_at, expires_at FROM sessions WHERE revoked_at IS NULL AND "
				"previous_hashes LIKE $1",
				V_TEXT(pattern)))
		return false;
	return !*reused || session_revoke(db, session->session_id, "refresh_reused", now_us, err);
}

bool session_rotate(struct db *db, const char *old_hash, const char *new_hash, int64_t now_us, int64_t expires_us,
					struct arena *arena, struct session *session, bool *found, bool *reused, struct err *err)
{
	struct taking_session to = {.arena = arena, .session = session};
	*reused = false;
	if (!db_one(
			db, err, found, take_session, &to,
			"SELECT session_id, user_id, created_at, expires_at FROM sessions WHERE refresh_hash = $1 AND revoked_at "
			"IS NULL AND expires_at > $2",
			V_TEXT(old_hash), V_INT(now_us)))
		return false;
	if (!*found)
		return revoke_reused(db, old_hash, now_us, arena, session, reused, err);
	return db_run(db, err,
				  "UPDATE sessions SET previous_hashes = CASE previous_hashes WHEN '[]' THEN '[\"' || refresh_hash || "
				  "'\"]' ELSE '[\"' || refresh_hash || '\",' || SUBSTR(previous_hashes, 2) END, refresh_hash = $2, "
				  "last_seen_at = $3, expires_at = $4 WHERE session_id = $1",
				  V_TEXT(session->session_id), V_TEXT(new_hash), V_INT(now_us), V_INT(expires_us));
}

bool session_revoke(struct db *db, const char *session_id, const char *reason, int64_t now_us, struct err *err)
{
	return db_run(
		db, err, "UPDATE sessions SET revoked_at = $3, revoke_reason = $2 WHERE session_id = $1 AND revoked_at IS NULL",
		V_TEXT(session_id), V_TEXT(reason), V_INT(now_us));
}

bool session_revoke_all(struct db *db, const char *user_id, const char *reason, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE sessions SET revoked_at = $3, revoke_reason = $2 WHERE user_id = $1 AND revoked_at IS NULL",
				  V_TEXT(user_id), V_TEXT(reason), V_INT(now_us));
}

static void take_access(const struct db_rows *row, void *self)
{
	struct access_row *access = self;
	snprintf(access->user_id, sizeof access->user_id, "%s", db_text(row, 0));
	snprintf(access->account_id, sizeof access->account_id, "%s", db_text(row, 1));
	access->roles = roles_parse(db_text(row, 2));
	take_key(row, 3, access->erasure_key);
}

bool session_access(struct db *db, const char *session_id, int64_t now_us, struct access_row *row, bool *live,
					struct err *err)
{
	return db_one(
		db, err, live, take_access, row,
		"SELECT u.user_id, u.account_id, u.roles, u.erasure_key FROM sessions s JOIN users u ON u.user_id = "
		"s.user_id WHERE s.session_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.status = 'active'",
		V_TEXT(session_id), V_INT(now_us));
}
