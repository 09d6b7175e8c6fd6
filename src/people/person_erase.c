#include <string.h>

#include "core/arena.h"
#include "core/id.h"
#include "http/exchange.h"
#include "people/attempts.h"
#include "people/manage.h"
#include "people/person.h"
#include "people/reply.h"

/*
 * POST /api/v1/users/{id}/erase: what tells who a person was goes, what they did stays under the id [P-7.8].
 *
 * The chain holds their addresses only as commitments under the erasure key; with the key and audit_personal gone these
 * say nothing any more, and every hash stays as it is.  It is one op: when it is answered it is done.
 */

#define RETENTION_US (INT64_C(2557) * 86400 * 1000000) /* of a licence stamp: audit.retention_days */

struct erase_request {
	const char *confirm_email;
};
static const struct field erase_fields[] = {
	F_STR(erase_request, confirm_email, REQUIRED, LENGTH(1, EMAIL_MAX), DOC("The person's address, typed again")),
};
const struct field_table person_erase_table = FIELD_TABLE("users.erase", erase_request, erase_fields);

struct erased {
	const char *task_id, *name, *state, *user_id;
	double progress;
};
static const struct field erased_fields[] = {
	F_STR(erased, task_id, DOC("To be asked for at /api/v1/tasks/{id}; it is done already")),
	F_STR(erased, name),
	F_STR(erased, state),
	F_NUM(erased, progress),
	F_STR(erased, user_id, DOC("Stays, as a pseudonym")),
};
const struct field_table person_erased_table = FIELD_TABLE("users.erased", erased, erased_fields);

struct erase_act {
	struct manage manage;
	struct erase_request request;
	char task_id[ID_TEXT];
};

static const char task_name[] = "user.erase";

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

/* Requests that wait for a decision, and stamps that somebody may have to answer for. */
static bool is_held(const struct manage *m, struct db *db, bool *held, struct err *err)
{
	return db_one(db, err, held, take_nothing, NULL,
				  "SELECT 1 FROM countersign_requests WHERE author_id = $1 AND status = 'open' UNION ALL SELECT 1 FROM "
				  "countersignatures s JOIN countersign_requests r ON r.request_id = s.request_id WHERE s.user_id = $1 "
				  "AND r.kind = 'stamp' AND s.created_at > $2 LIMIT 1",
				  V_TEXT(m->user.user_id), V_INT(m->act.now_us - RETENTION_US));
}

static bool run_each(struct db *db, const char *const *statements, const char *user_id, struct err *err)
{
	for (; *statements != NULL; statements++)
		if (!db_run(db, err, *statements, V_TEXT(user_id)))
			return false;
	return true;
}

/* Everything that opens a door, and everything that says where the person was. */
static bool erase_rows(const struct manage *m, struct db *db, struct err *err)
{
	static const char *const statements[] = {
		"DELETE FROM sessions WHERE user_id = $1",
		"DELETE FROM device_tokens WHERE user_id = $1",
		"DELETE FROM single_use_tokens WHERE user_id = $1",
		"DELETE FROM recovery_codes WHERE user_id = $1",
		"DELETE FROM api_keys WHERE user_id = $1",
		"DELETE FROM audit_personal WHERE user_id = $1",
		"DELETE FROM notice_settings WHERE user_id = $1",
		"DELETE FROM notices WHERE user_id = $1",
		"UPDATE countersignatures SET ip = NULL, user_agent = NULL WHERE user_id = $1",
		NULL};
	char hash[SHA256_HEX_SIZE];
	secret_hash(m->user.email_norm, hash);
	return run_each(db, statements, m->user.user_id, err) && attempts_forget(db, hash, err);
}

/* No key is 32 zeros: nothing that was committed under the old one can be tried against it. */
static bool erase_profile(const struct manage *m, struct db *db, struct err *err)
{
	static const unsigned char no_key[AUDIT_KEY];
	return db_run(db, err,
				  "UPDATE users SET email = NULL, email_norm = 'erased:' || user_id, full_name = NULL, password_hash = "
				  "NULL, status = 'inactive', email_verified = 0, licence = NULL, totp_secret = NULL, totp_last_step = "
				  "NULL, totp_enabled_at = NULL, last_login_at = NULL, erasure_key = $2, version = version + 1, "
				  "updated_at = $3 WHERE user_id = $1",
				  V_TEXT(m->user.user_id), V_BLOB(no_key, sizeof no_key), V_INT(m->act.now_us));
}

/* The task of whoever asked, and of their account: what a row of theirs still says is the pseudonym. */
static bool keep_task(struct erase_act *e, struct db *db, struct err *err)
{
	const struct act *act = &e->manage.act;
	const struct principal *principal = principal_of(act->x);
	const char *result = arena_printf(&act->x->arena, "{\"user_id\":\"%s\"}", e->manage.user.user_id);
	const bool person = principal->kind == PRINCIPAL_PERSON || principal->kind == PRINCIPAL_KEY;
	id_make(act->people->options.ids, e->task_id);
	return db_run(
		db, err,
		"INSERT INTO tasks (task_id, account_id, name, state, attempts, next_at, quiet, applied, result, "
		"started_by, request_id, created_at, updated_at) VALUES ($1, $2, $3, 'SUCCESS', 1, $7, 0, 1, $4, $5, $6, "
		"$7, $7)",
		V_TEXT(e->task_id), V_TEXT(principal->account_id), V_TEXT(task_name), V_TEXT(result),
		V_TEXT(person ? principal->user_id : NULL), V_TEXT(act->x->trace.request_id), V_INT(act->now_us));
}

static bool note_erase(const struct manage *m, struct db *db, const char *code, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_code, code}};
	struct audit_event event = manage_event(m, AUDIT_USER_ERASE);
	if (event.actor != NULL && strcmp(event.actor, m->user.user_id) == 0)
		event.ip = event.user_agent = NULL; /* of their own erasure nothing is kept either */
	event.status = code != NULL ? AUDIT_REFUSED : AUDIT_SUCCESS;
	event.meta = meta;
	event.meta_count = code != NULL;
	return act_audit(&m->act, db, &event, err);
}

/* Under a legal hold only what nobody needs goes: the name. */
static bool reduce(struct manage *m, struct db *db, struct err *err)
{
	m->user.full_name = NULL;
	return user_update(db, &m->user, m->act.now_us, err) && note_erase(m, db, "legal_hold", err) &&
		   write_refuse(
			   &m->act.write, ERR_LEGAL_HOLD,
			   "There are open requests or a licence stamp inside its retention; only the name was taken away.");
}

static bool apply_erase(struct act *act, struct db *db, struct err *err)
{
	struct erase_act *e = (struct erase_act *)act;
	struct manage *m = &e->manage;
	char norm[EMAIL_MAX + 1];
	bool held = false;
	if (!manage_find(m, db, err) || !manage_allowed(m, err))
		return false;
	if (m->user.email == NULL)
		return err_set(err, ERR_TRANSITION_REFUSED, "The user is erased already.");
	if (!email_normalise(e->request.confirm_email, norm) || strcmp(norm, m->user.email_norm) != 0)
		return err_field(err, ERR_INVALID, "/confirm_email", "This is not the person's address.");
	if (!manage_keeps_last(m, db, 0, err) || !is_held(m, db, &held, err))
		return false;
	if (held)
		return reduce(m, db, err);
	act->changed = true;
	return erase_rows(m, db, err) && erase_profile(m, db, err) && keep_task(e, db, err) && note_erase(m, db, NULL, err);
}

static void answer_erase(struct act *act)
{
	const struct erase_act *e = (const struct erase_act *)act;
	const struct erased erased = {
		.task_id = e->task_id, .name = task_name, .state = "SUCCESS", .user_id = e->manage.user.user_id, .progress = 1};
	exchange_setf(act->x, "Location", "/api/v1/tasks/%s", e->task_id);
	reply_fact(act->x, 202, &person_erased_table, &erased);
}

void person_handle_erase(struct exchange *x)
{
	struct erase_act *e = act_start(x, sizeof *e);
	if (e != NULL && exchange_decode(x, &e->request))
		act_write(&e->manage.act, apply_erase, answer_erase);
}

const enum err_kind person_erase_errors[] = {ERR_LEGAL_HOLD, ERR_LAST_ADMIN, ERR_TRANSITION_REFUSED, ERR_NONE};
