/*
 * Sessions: a login on one device, kept alive by single-use refresh tokens [P-4.5, P-4.6].  Runs on a connection of the
 * caller: a reader, or the writer's inside an op.
 */
#ifndef CS_PEOPLE_SESSIONS_H
#define CS_PEOPLE_SESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"
#include "seal/audit.h"

struct arena;
struct db;
struct err;

/* A row; texts are the arena's. */
struct session {
	const char *session_id, *user_id, *refresh_hash, *device_name, *user_agent, *ip;
	int64_t created_us, last_seen_us, expires_us;
};

/* Insert; of more than `most` live sessions of the person the oldest end ("limit"). */
bool session_insert(struct db *db, const struct session *session, int64_t most, struct err *err);

/* How long a refresh token lives: idle, and the session as a whole. */
struct session_limits {
	int64_t idle_us, whole_us;
};

enum refresh_outcome {
	REFRESH_DONE,
	REFRESH_UNKNOWN,
	REFRESH_EXPIRED, /* idle or in all too long */
	REFRESH_REUSED,  /* a live session had this token once; it was revoked now */
};

/* Replace the refresh token's hash: single use.  *session is filled but for REFRESH_UNKNOWN. */
bool session_rotate(struct db *db, const char *old_hash, const char *new_hash, int64_t now_us,
					const struct session_limits *limits, struct arena *arena, struct session *session,
					enum refresh_outcome *outcome, struct err *err);

/* End one session of a person (*ended: it was live), all of them, or all but one. */
bool session_revoke(struct db *db, const char *user_id, const char *session_id, const char *reason, int64_t now_us,
					bool *ended, struct err *err);
bool session_revoke_all(struct db *db, const char *user_id, const char *but_session_id, const char *reason,
						int64_t now_us, struct err *err);

/* Live sessions, newest first. */
bool session_list(struct db *db, const char *user_id, int64_t now_us, struct arena *arena,
				  void (*take)(void *self, const struct session *session), void *self, struct err *err);

/* The live session and its user at this moment: what an access token stands for. */
struct access_row {
	char user_id[ID_TEXT], account_id[ID_TEXT];
	unsigned roles;
	unsigned char erasure_key[AUDIT_KEY];
	int64_t expires_us; /* of the session */
};
bool session_access(struct db *db, const char *session_id, int64_t now_us, struct access_row *row, bool *live,
					struct err *err);

#endif
