#include "people/sessions.h"

#include <stdio.h>
#include <string.h>

#include "core/must.h"
#include "people/roles.h"
#include "store/store.h"

static bool end_oldest(struct db *db, const char *user_id, int64_t most, int64_t now_us, struct err *err)
{
	return db_run(
		db, err,
		"UPDATE sessions SET revoked_at = $3, revoke_reason = 'limit' WHERE user_id = $1 AND revoked_at IS NULL "
		"AND session_id NOT IN (SELECT session_id FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND "
		"expires_at > $3 ORDER BY session_id DESC LIMIT $2)",
		V_TEXT(user_id), V_INT(most), V_INT(now_us));
}

bool session_insert(struct db *db, const struct session *session, int64_t most, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO sessions (session_id, user_id, refresh_hash, device_name, user_agent, ip, created_at, "
				  "last_seen_at, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $7, $8)",
				  V_TEXT(session->session_id), V_TEXT(session->user_id), V_TEXT(session->refresh_hash),
				  V_TEXT(session->device_name), V_TEXT(session->user_agent), V_TEXT(session->ip),
				  V_INT(session->created_us), V_INT(session->expires_us)) &&
		   end_oldest(db, session->user_id, most, session->created_us, err);
}

#define SESSION_COLUMNS "session_id, user_id, device_name, user_agent, ip, created_at, last_seen_at, expires_at"

struct taking {
	struct arena *arena;
	struct session *session;
};

static void take_session(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->session = (struct session){
		.session_id = db_text_dup(row, 0, to->arena),
		.user_id = db_text_dup(row, 1, to->arena),
		.device_name = db_text_dup(row, 2, to->arena),
		.user_agent = db_text_dup(row, 3, to->arena),
		.ip = db_text_dup(row, 4, to->arena),
		.created_us = db_int(row, 5),
		.last_seen_us = db_int(row, 6),
		.expires_us = db_int(row, 7),
	};
}

/* A live session that once had this token: someone holds a copy of it [P-4.5]. */
static bool revoke_reused(struct db *db, const char *old_hash, int64_t now_us, struct arena *arena,
						  struct session *session, enum refresh_outcome *outcome, struct err *err)
{
	struct taking to = {.arena = arena, .session = session};
	bool reused = false, ended;
	if (!db_one(db, err, &reused, take_session, &to,
				"SELECT " SESSION_COLUMNS " FROM sessions WHERE revoked_at IS NULL AND session_id = (SELECT session_id "
				"FROM used_refresh_tokens WHERE token_hash = $1)",
				V_TEXT(old_hash)))
		return false;
	*outcome = reused ? REFRESH_REUSED : REFRESH_UNKNOWN;
	return !reused || session_revoke(db, session->user_id, session->session_id, "refresh_reused", now_us, &ended, err);
}

static bool replace_token(struct db *db, const struct session *session, const char *old_hash, const char *new_hash,
						  int64_t now_us, int64_t expires_us, struct err *err)
{
	return db_run(db, err, "INSERT INTO used_refresh_tokens (token_hash, session_id, used_at) VALUES ($1, $2, $3)",
				  V_TEXT(old_hash), V_TEXT(session->session_id), V_INT(now_us)) &&
		   db_run(db, err,
				  "UPDATE sessions SET refresh_hash = $2, last_seen_at = $3, expires_at = $4 WHERE session_id = $1",
				  V_TEXT(session->session_id), V_TEXT(new_hash), V_INT(now_us), V_INT(expires_us));
}

bool session_rotate(struct db *db, const char *old_hash, const char *new_hash, int64_t now_us,
					const struct session_limits *limits, struct arena *arena, struct session *session,
					enum refresh_outcome *outcome, struct err *err)
{
	struct taking to = {.arena = arena, .session = session};
	bool found = false;
	if (!db_one(db, err, &found, take_session, &to,
				"SELECT " SESSION_COLUMNS " FROM sessions WHERE refresh_hash = $1 AND revoked_at IS NULL",
				V_TEXT(old_hash)))
		return false;
	if (!found)
		return revoke_reused(db, old_hash, now_us, arena, session, outcome, err);
	int64_t end_us = session->created_us + limits->whole_us, idle_us = now_us + limits->idle_us;
	*outcome = session->expires_us <= now_us || end_us <= now_us ? REFRESH_EXPIRED : REFRESH_DONE;
	session->expires_us = idle_us < end_us ? idle_us : end_us;
	return *outcome != REFRESH_DONE || replace_token(db, session, old_hash, new_hash, now_us, session->expires_us, err);
}

bool session_revoke(struct db *db, const char *user_id, const char *session_id, const char *reason, int64_t now_us,
					bool *ended, struct err *err)
{
	bool run = db_run(db, err,
					  "UPDATE sessions SET revoked_at = $4, revoke_reason = $3 WHERE session_id = $2 AND user_id = $1 "
					  "AND revoked_at IS NULL",
					  V_TEXT(user_id), V_TEXT(session_id), V_TEXT(reason), V_INT(now_us));
	*ended = run && db_changed(db) > 0;
	return run;
}

bool session_revoke_all(struct db *db, const char *user_id, const char *but_session_id, const char *reason,
						int64_t now_us, struct err *err)
{
	return db_run(
		db, err,
		"UPDATE sessions SET revoked_at = $4, revoke_reason = $3 WHERE user_id = $1 AND revoked_at IS NULL AND "
		"session_id <> $2",
		V_TEXT(user_id), V_TEXT(but_session_id != NULL ? but_session_id : ""), V_TEXT(reason), V_INT(now_us));
}

bool session_list(struct db *db, const char *user_id, int64_t now_us, struct arena *arena,
				  void (*take)(void *self, const struct session *session), void *self, struct err *err)
{
	struct db_rows rows;
	struct session session;
	struct taking to = {.arena = arena, .session = &session};
	if (!db_query(db, &rows, err,
				  "SELECT " SESSION_COLUMNS " FROM sessions WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > "
				  "$2 ORDER BY session_id DESC",
				  V_TEXT(user_id), V_INT(now_us)))
		return false;
	while (db_next(&rows)) {
		take_session(&rows, &to);
		take(self, &session);
	}
	return db_end(&rows, err);
}

static void take_access(const struct db_rows *row, void *self)
{
	struct access_row *access = self;
	size_t size;
	snprintf(access->user_id, sizeof access->user_id, "%s", db_text(row, 0));
	snprintf(access->account_id, sizeof access->account_id, "%s", db_text(row, 1));
	access->roles = roles_parse(db_text(row, 2));
	const void *key = db_blob(row, 3, &size);
	must(size == AUDIT_KEY);
	memcpy(access->erasure_key, key, AUDIT_KEY);
	access->expires_us = db_int(row, 4);
}

bool session_access(struct db *db, const char *session_id, int64_t now_us, struct access_row *row, bool *live,
					struct err *err)
{
	return db_one(
		db, err, live, take_access, row,
		"SELECT u.user_id, u.account_id, u.roles, u.erasure_key, s.expires_at FROM sessions s JOIN users u ON "
		"u.user_id = "
		"s.user_id WHERE s.session_id = $1 AND s.revoked_at IS NULL AND s.expires_at > $2 AND u.status = 'active'",
		V_TEXT(session_id), V_INT(now_us));
}
