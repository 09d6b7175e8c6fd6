#include <string.h>

#include "core/buf.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/manage.h"
#include "people/person.h"

/* GET /api/v1/users/{id}/export: everything with a person's id, a JSON object a line [P-7.8]. */

/*
 * One kind of row.  Names of columns as the query gives them: a text, or with a mark before it `@` a moment, `#` a
 * number.  $1 is the person's id.
 */
struct part {
	const char *kind, *sql;
	const char *columns[14]; /* ends with NULL */
};

static const struct part parts[] = {
	{"profile",
	 "SELECT user_id, account_id, email, full_name, roles, status, email_verified, licence, created_at, updated_at, "
	 "last_login_at FROM users WHERE user_id = $1",
	 {"user_id", "account_id", "email", "full_name", "roles", "status", "#email_verified", "licence", "@created_at",
	  "@updated_at", "@last_login_at"}},
	{"session",
	 "SELECT session_id, device_name, user_agent, ip, created_at, last_seen_at, expires_at, revoked_at FROM sessions "
	 "WHERE user_id = $1 ORDER BY session_id",
	 {"session_id", "device_name", "user_agent", "ip", "@created_at", "@last_seen_at", "@expires_at", "@revoked_at"}},
	{"key",
	 "SELECT key_id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at FROM api_keys WHERE "
	 "user_id = $1 ORDER BY key_id",
	 {"key_id", "name", "prefix", "scopes", "@created_at", "@expires_at", "@last_used_at", "@revoked_at"}},
	{"request",
	 "SELECT request_id, kind, seal_sha256, subject_kind, subject_id, status, created_at, expires_at, decided_at FROM "
	 "countersign_requests WHERE author_id = $1 ORDER BY request_id",
	 {"request_id", "request_kind", "seal_sha256", "subject_kind", "subject_id", "status", "@created_at", "@expires_at",
	  "@decided_at"}},
	{"decision",
	 "SELECT countersignature_id, request_id, seal_sha256, role, decision, reason, ip, user_agent, created_at, "
	 "revoked_at, revoke_reason FROM countersignatures WHERE user_id = $1 ORDER BY countersignature_id",
	 {"countersignature_id", "request_id", "seal_sha256", "role", "decision", "reason", "ip", "user_agent",
	  "@created_at", "@revoked_at", "revoke_reason"}},
	{"seal",
	 "SELECT seal_sha256, operation, subject_kind, subject_id, created_at FROM seals WHERE created_by = $1 ORDER BY "
	 "created_at, seal_sha256",
	 {"seal_sha256", "operation", "subject_kind", "subject_id", "@created_at"}},
	{"project",
	 "SELECT project_id, name, status, created_at FROM projects WHERE created_by = $1 ORDER BY project_id",
	 {"project_id", "name", "status", "@created_at"}},
	{"file",
	 "SELECT file_id, filename, content_type, size, created_at FROM files WHERE created_by = $1 ORDER BY file_id",
	 {"file_id", "filename", "content_type", "#size", "@created_at"}},
	{"audit",
	 "SELECT a.stream, a.seq, a.at, a.actor, a.role, a.action, a.target_kind, a.target_id, a.status, p.ip, "
	 "p.user_agent, a.meta FROM audit a LEFT JOIN audit_personal p ON p.stream = a.stream AND p.seq = a.seq AND "
	 "p.user_id = $1 WHERE a.actor = $1 OR (a.target_kind = 'user' AND a.target_id = $1) ORDER BY a.stream, a.seq",
	 {"stream", "#seq", "@at", "actor", "role", "action", "target_kind", "target_id", "status", "ip", "user_agent",
	  "meta"}},
};

static void write_column(struct jw *jw, const struct db_rows *rows, int column, const char *name)
{
	char at[STAMP_TEXT];
	bool marked = name[0] == '@' || name[0] == '#';
	jw_key(jw, name + marked);
	if (db_is_null(rows, column)) {
		jw_null(jw);
	} else if (name[0] == '@') {
		stamp_format(at, db_int(rows, column));
		jw_str(jw, at);
	} else if (name[0] == '#') {
		jw_int(jw, db_int(rows, column));
	} else {
		jw_str(jw, db_text(rows, column));
	}
}

static bool write_part(struct db *db, const struct part *part, const char *user_id, struct buf *out, struct err *err)
{
	struct db_rows rows;
	struct jw jw;
	if (!db_query(db, &rows, err, part->sql, V_TEXT(user_id)))
		return false;
	while (db_next(&rows)) {
		jw_init(&jw, out);
		jw_object(&jw);
		jw_member_str(&jw, "kind", part->kind);
		for (int i = 0; part->columns[i] != NULL; i++)
			write_column(&jw, &rows, i, part->columns[i]);
		jw_object_end(&jw);
		buf_addc(out, '\n');
	}
	return db_end(&rows, err);
}

struct export_act {
	struct manage manage;
	const char *text; /* the arena's */
	size_t size;
};

static bool write_all(struct export_act *e, struct err *err)
{
	struct exchange *x = e->manage.act.x;
	struct store *store = e->manage.act.people->options.store;
	struct buf out;
	buf_init(&out, 0);
	struct db *db = store_read(store);
	bool read = manage_find(&e->manage, db, err);
	for (size_t i = 0; read && i < sizeof parts / sizeof *parts; i++)
		read = write_part(db, &parts[i], e->manage.user.user_id, &out, err);
	store_read_end(store, db);
	e->size = out.size;
	e->text = read && buf_ok(&out) ? arena_dupn(&x->arena, buf_text(&out), out.size) : NULL;
	buf_fini(&out);
	return read && (e->text != NULL || err_set(err, ERR_LIMIT, "The export is too large."));
}

/* Reading all of a person is itself recorded. */
static bool apply_export(struct act *act, struct db *db, struct err *err)
{
	const struct export_act *e = (const struct export_act *)act;
	const struct audit_event event = manage_event(&e->manage, AUDIT_USER_EXPORT);
	return act_audit(act, db, &event, err);
}

static void answer_export(struct act *act)
{
	const struct export_act *e = (const struct export_act *)act;
	exchange_answer(act->x, 200, "application/x-ndjson", e->text, e->size);
}

void person_handle_export(struct exchange *x)
{
	struct export_act *e = act_start(x, sizeof *e);
	struct err err;
	if (e == NULL)
		return;
	if (write_all(e, &err))
		act_write(&e->manage.act, apply_export, answer_export);
	else
		act_fail(&e->manage.act, &err);
}
