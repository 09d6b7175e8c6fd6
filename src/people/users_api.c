#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "http/exchange.h"
#include "people/attempts.h"
#include "people/listing.h"
#include "people/manage.h"
#include "people/person.h"
#include "people/reply.h"
#include "people/session_view.h"
#include "people/sessions.h"

/* /api/v1/users: what an owner or an admin does with people [platform.md 4].  Making and changing one: manage.c. */

struct users_query {
	LIST_QUERY;
};
static const struct field query_fields[] = {F_LIST_QUERY(users_query)};
static const struct field_table query_table = FIELD_TABLE("users.query", users_query, query_fields);
LIST_PAGE(user_page, "users", user_view, &user_table);

static void take_user(void *self, const struct user *user)
{
	struct listing *l = self;
	struct user_view *view = listing_room(l, user->user_id);
	if (view != NULL)
		user_view(&l->x->arena, user, view);
}

static bool read_users(struct listing *l, struct db *db, struct err *err)
{
	return user_list(db, l->account_id, l->after, l->limit, &l->x->arena, take_user, l, err);
}

static void handle_list(struct exchange *x)
{
	static const struct list_kind kind = {.name = "users",
										  .query = &query_table,
										  .page = &user_page_table,
										  .item_size = sizeof(struct user_view),
										  .read = read_users};
	const struct people *people = x->owner;
	listing_answer(x, people->options.store, people->page_key, &kind);
}

static void handle_get(struct exchange *x)
{
	struct manage *m = act_start(x, sizeof *m);
	struct err err;
	char etag[ETAG_TEXT];
	if (m == NULL)
		return;
	struct store *store = m->act.people->options.store;
	struct db *db = store_read(store);
	bool read = manage_find(m, db, &err);
	store_read_end(store, db);
	if (!read) {
		act_fail(&m->act, &err);
		return;
	}
	user_etag(&m->user, etag);
	if (!etag_none_match(x, etag)) {
		manage_answer(&m->act);
		return;
	}
	exchange_set(x, "ETag", etag);
	exchange_answer(x, 304, NULL, NULL, 0);
}

/* --- status --- */

struct status_request {
	const char *reason;
};
static const struct field reason_fields[] = {F_STR(status_request, reason, LENGTH(1, 500))};
static const struct field_table reason_table = FIELD_TABLE("users.reason", status_request, reason_fields);
static const struct field suspend_fields[] = {
	F_STR(status_request, reason, REQUIRED, LENGTH(1, 500), DOC("Stands in the audit chain")),
};
static const struct field_table suspend_table = FIELD_TABLE("users.suspend", status_request, suspend_fields);

struct status_act {
	struct manage manage;
	struct status_request request;
	int status;
	enum audit_action action;
};

/* Who may no longer come in has no sessions either; keys fall silent by the status itself, and speak again after it. */
static bool apply_status(struct act *act, struct db *db, struct err *err)
{
	struct status_act *s = (struct status_act *)act;
	struct manage *m = &s->manage;
	if (!manage_find(m, db, err) || !manage_allowed(m, err))
		return false;
	if (m->user.status == s->status)
		return err_set(err, ERR_TRANSITION_REFUSED, "The user is %s already.", user_status_names[s->status]);
	if (s->status != USER_ACTIVE && !manage_keeps_last(m, db, 0, err))
		return false;
	const struct audit_pair meta[] = {{AUDIT_META_reason, s->request.reason}};
	struct audit_event event = manage_event(m, s->action);
	event.meta = meta;
	event.meta_count = s->request.reason != NULL;
	m->user.status = s->status;
	act->changed = true;
	return user_update(db, &m->user, act->now_us, err) &&
		   (s->status == USER_ACTIVE ||
			session_revoke_all(db, m->user.user_id, NULL, user_status_names[s->status], act->now_us, err)) &&
		   act_audit(act, db, &event, err) && manage_again(m, db, err);
}

static void change_status(struct exchange *x, int status, enum audit_action action)
{
	struct status_act *s = act_start(x, sizeof *s);
	if (s == NULL || !exchange_decode(x, &s->request))
		return;
	s->status = status;
	s->action = action;
	act_write(&s->manage.act, apply_status, manage_answer);
}

static void handle_suspend(struct exchange *x)
{
	change_status(x, USER_SUSPENDED, AUDIT_USER_SUSPEND);
}

static void handle_activate(struct exchange *x)
{
	change_status(x, USER_ACTIVE, AUDIT_USER_ACTIVATE);
}

static void handle_deactivate(struct exchange *x)
{
	change_status(x, USER_INACTIVE, AUDIT_USER_DEACTIVATE);
}

/* --- unlock, end sessions --- */

static bool apply_unlock(struct act *act, struct db *db, struct err *err)
{
	struct manage *m = (struct manage *)act;
	char hash[SHA256_HEX_SIZE];
	if (!manage_find(m, db, err))
		return false;
	secret_hash(m->user.email_norm, hash);
	const struct audit_event event = manage_event(m, AUDIT_UNLOCK);
	return attempts_forget(db, hash, err) && act_audit(act, db, &event, err);
}

static void handle_unlock(struct exchange *x)
{
	struct status_act *s = act_start(x, sizeof *s);
	if (s != NULL && exchange_decode(x, &s->request))
		act_write(&s->manage.act, apply_unlock, manage_answer);
}

static bool apply_lock(struct act *act, struct db *db, struct err *err)
{
	struct manage *m = (struct manage *)act;
	char hash[SHA256_HEX_SIZE];
	if (!manage_find(m, db, err) || !manage_allowed(m, err))
		return false;
	secret_hash(m->user.email_norm, hash);
	const struct audit_event event = manage_event(m, AUDIT_LOCK);
	return attempts_lock(act->people->attempts, db, hash, act->now_us, err) && act_audit(act, db, &event, err);
}

static void handle_lock(struct exchange *x)
{
	struct status_act *s = act_start(x, sizeof *s);
	if (s != NULL && exchange_decode(x, &s->request))
		act_write(&s->manage.act, apply_lock, manage_answer);
}

static bool apply_end(struct act *act, struct db *db, struct err *err)
{
	struct manage *m = (struct manage *)act;
	if (!manage_find(m, db, err) || !manage_allowed(m, err))
		return false;
	const struct audit_event event = manage_event(m, AUDIT_USER_SESSIONS_END);
	act->changed = true;
	return session_revoke_all(db, m->user.user_id, NULL, "ended", act->now_us, err) && act_audit(act, db, &event, err);
}

struct sessions_act {
	struct manage manage;
	struct session_page page;
};

static void handle_sessions(struct exchange *x)
{
	struct sessions_act *s = act_start(x, sizeof *s);
	struct err err;
	if (s == NULL)
		return;
	struct store *store = s->manage.act.people->options.store;
	struct db *db = store_read(store);
	bool read = manage_find(&s->manage, db, &err) &&
				session_page_read(&s->manage.act, db, s->manage.user.user_id, &s->page, &err);
	store_read_end(store, db);
	if (read)
		reply_fact(x, 200, &session_page_table, &s->page);
	else
		act_fail(&s->manage.act, &err);
}

static void handle_end(struct exchange *x)
{
	struct manage *m = act_start(x, sizeof *m);
	if (m != NULL)
		act_write(&m->act, apply_end, NULL);
}

static const enum err_kind list_errors[] = {ERR_CURSOR_INVALID, ERR_NONE};
static const enum err_kind status_errors[] = {ERR_LAST_ADMIN, ERR_TRANSITION_REFUSED, ERR_NONE};

static const char *const ndjson[] = {"application/x-ndjson", NULL};

const struct route user_routes[] = {
	ROUTE(GET, "/api/v1/users", "user.read", EFFECT_READ, handle_list, .operation = "users.list",
		  .summary = "People of the account", .query = &query_table, .result = &user_page_table, .errors = list_errors),
	ROUTE(POST, "/api/v1/users", "user.manage", EFFECT_WRITE, manage_handle_create, .operation = "users.create",
		  .summary = "Add a person, with a password or by invitation",
		  .doc = "Give password or invite: true.  An invited person gets a mail with a token for "
				 "/api/v1/auth/password/reset.  With a password the person has to choose another at the first login, "
				 "unless must_change_password is false.",
		  .body = &manage_create_table, .result = &user_table, .status = 201, .errors = manage_errors,
		  .rate_class = "auth", .body_max = 16384,
		  .example = "{\"email\":\"lin@sign.example\",\"full_name\":\"Lin Ho\",\"roles\":[\"engineer\"],\"invite\":"
					 "true}"),
	ROUTE(GET, "/api/v1/users/{id}", "user.read", EFFECT_READ, handle_get, .operation = "users.get",
		  .summary = "One person", .result = &user_table),
	ROUTE(PATCH, "/api/v1/users/{id}", "user.manage", EFFECT_WRITE, manage_handle_change, .operation = "users.change",
		  .summary = "Change a person's address, name, roles, licence or password",
		  .doc = "Needs If-Match.  Roles act on the next request; a new password ends all sessions.",
		  .body = &manage_change_table, .result = &user_table, .errors = manage_errors, .body_max = 16384,
		  .example = "{\"roles\":[\"engineer\",\"approver\"]}"),
	ROUTE(POST, "/api/v1/users/{id}/unlock", "user.manage", EFFECT_WRITE, handle_unlock, .operation = "users.unlock",
		  .summary = "Forget failed logins of a person", .body = &reason_table, .result = &user_table),
	ROUTE(POST, "/api/v1/users/{id}/lock", "user.manage", EFFECT_WRITE, handle_lock, .operation = "users.lock",
		  .summary = "Refuse logins of a person for a while, as wrong passwords would", .body = &reason_table,
		  .result = &user_table),
	ROUTE(POST, "/api/v1/users/{id}/suspend", "user.manage", EFFECT_WRITE, handle_suspend, .operation = "users.suspend",
		  .summary = "Shut a person out; all sessions end", .body = &suspend_table, .result = &user_table,
		  .errors = status_errors, .example = "{\"reason\":\"left the company\"}"),
	ROUTE(POST, "/api/v1/users/{id}/activate", "user.manage", EFFECT_WRITE, handle_activate,
		  .operation = "users.activate", .summary = "Let a person in again", .body = &reason_table,
		  .result = &user_table, .errors = status_errors),
	ROUTE(POST, "/api/v1/users/{id}/deactivate", "user.manage", EFFECT_WRITE, handle_deactivate,
		  .operation = "users.deactivate", .summary = "Close a person's access; all sessions end",
		  .body = &reason_table, .result = &user_table, .errors = status_errors),
	ROUTE(GET, "/api/v1/users/{id}/export", "user.manage", EFFECT_READ, person_handle_export,
		  .operation = "users.export", .summary = "Everything that is kept of a person, as NDJSON", .bare = true,
		  .produces = ndjson),
	ROUTE(POST, "/api/v1/users/{id}/erase", "user.erase", EFFECT_WRITE, person_handle_erase, .operation = "users.erase",
		  .summary = "Take away what tells who a person was",
		  .doc = "The id stays as a pseudonym, and with it seals, countersignatures and the audit chain.",
		  .body = &person_erase_table, .result = &person_erased_table, .status = 202, .errors = person_erase_errors,
		  .example = "{\"confirm_email\":\"ada@sign.example\"}"),
	ROUTE(GET, "/api/v1/users/{id}/sessions", "user.manage", EFFECT_READ, handle_sessions,
		  .operation = "users.sessions", .summary = "A person's sessions", .result = &session_page_table),
	ROUTE(DELETE, "/api/v1/users/{id}/sessions", "user.manage", EFFECT_WRITE, handle_end,
		  .operation = "users.sessions_end", .summary = "End all sessions of a person", .status = 204),
};
const size_t user_routes_count = sizeof user_routes / sizeof *user_routes;
