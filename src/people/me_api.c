#include <string.h>

#include "core/arena.h"
#include "core/field.h"
#include "http/exchange.h"
#include "people/act.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/session_view.h"
#include "people/sessions.h"
#include "people/users.h"
#include "people/view.h"

/* /api/v1/auth/me and /api/v1/auth/sessions: what a person sees and does of themselves. */

/* --- me --- */

struct me_act {
	struct act act;
	struct {
		const char *full_name;
	} request;
	struct user user;
};

static bool read_me(struct act *act, struct db *db, struct user *user, struct err *err)
{
	bool found = false;
	if (!user_by_id(db, principal_of(act->x)->user_id, &act->x->arena, user, &found, err))
		return false;
	return found || err_set(err, ERR_PERSON_REQUIRED, "The control socket's user is no person.");
}

static void answer_me(struct act *act)
{
	struct me_act *m = (struct me_act *)act;
	struct me me;
	char etag[ETAG_TEXT];
	user_etag(&m->user, etag);
	if (m->act.x->head.method == METHOD_GET && etag_none_match(act->x, etag)) {
		exchange_set(act->x, "ETag", etag);
		exchange_answer(act->x, 304, NULL, NULL, 0);
		return;
	}
	me_view(&act->x->arena, &m->user, &me);
	exchange_set(act->x, "ETag", etag);
	reply_fact(act->x, 200, &me_table, &me);
}

static void handle_me(struct exchange *x)
{
	struct me_act *m = act_start(x, sizeof *m);
	struct err err;
	if (m == NULL)
		return;
	struct store *store = m->act.people->options.store;
	struct db *db = store_read(store);
	bool read = read_me(&m->act, db, &m->user, &err);
	store_read_end(store, db);
	if (read)
		answer_me(&m->act);
	else
		act_fail(&m->act, &err);
}

struct me_request {
	const char *full_name;
};
static const struct field me_request_fields[] = {
	F_STR(me_request, full_name, REQUIRED, LENGTH(1, 200)),
};
static const struct field_table me_request_table = FIELD_TABLE("auth.me_change", me_request, me_request_fields);

static bool apply_me(struct act *act, struct db *db, struct err *err)
{
	struct me_act *m = (struct me_act *)act;
	char etag[ETAG_TEXT];
	if (!read_me(act, db, &m->user, err))
		return false;
	user_etag(&m->user, etag);
	if (!etag_if_match(act->x, etag, err))
		return false;
	m->user.full_name = m->request.full_name;
	struct audit_event event = principal_event(act->x, AUDIT_USER_UPDATE, AUDIT_SUCCESS);
	event.target_id = m->user.user_id;
	bool done = user_update(db, &m->user, act->now_us, err) && act_audit(act, db, &event, err);
	m->user.version++;
	return done;
}

static void handle_change_me(struct exchange *x)
{
	struct me_act *m = act_start(x, sizeof *m);
	if (m != NULL && principal_needs_session(x) && exchange_decode(x, &m->request))
		act_write(&m->act, apply_me, answer_me);
}

static const enum err_kind me_errors[] = {ERR_PRECONDITION_REQUIRED, ERR_PRECONDITION_FAILED, ERR_PERSON_REQUIRED,
										  ERR_NONE};

const struct route me_routes[] = {
	ROUTE(GET, "/api/v1/auth/me", "self.manage", EFFECT_READ, handle_me, .operation = "auth.me",
		  .summary = "Who am I, and what may I do", .aliases = ALIASES({"/api/v3/auth/me"}), .result = &me_table,
		  .errors = me_errors),
	ROUTE(PATCH, "/api/v1/auth/me", "self.manage", EFFECT_WRITE, handle_change_me, .operation = "auth.me_change",
		  .summary = "Change my name", .aliases = ALIASES({"/api/v3/auth/me"}), .body = &me_request_table,
		  .result = &me_table, .errors = me_errors, .example = "{\"full_name\":\"Ada Byron\"}"),
};
const size_t me_routes_count = sizeof me_routes / sizeof *me_routes;

/* --- sessions --- */

struct session_act {
	struct act act;
	struct session_page page;
};

static void handle_sessions(struct exchange *x)
{
	struct session_act *s = act_start(x, sizeof *s);
	struct err err;
	if (s == NULL || !principal_needs_session(x))
		return;
	struct store *store = s->act.people->options.store;
	struct db *db = store_read(store);
	bool read = session_page_read(&s->act, db, principal_of(x)->user_id, &s->page, &err);
	store_read_end(store, db);
	if (read)
		reply_fact(x, 200, &session_page_table, &s->page);
	else
		act_fail(&s->act, &err);
}

struct session_query {
	bool include_current;
};
static const struct field session_query_fields[] = {
	F_BOOL(session_query, include_current, DEFAULT(0), DOC("End the asking session too")),
};
static const struct field_table session_query_table =
	FIELD_TABLE("auth.sessions_query", session_query, session_query_fields);

struct end_act {
	struct act act;
	struct session_query query;
	const char *session_id; /* NULL: all */
};

static bool apply_end(struct act *act, struct db *db, struct err *err)
{
	const struct end_act *e = (const struct end_act *)act;
	const struct principal *principal = principal_of(act->x);
	struct audit_event event = principal_event(act->x, AUDIT_SESSION_REVOKE, AUDIT_SUCCESS);
	bool ended = true;
	event.target_id = e->session_id != NULL ? e->session_id : principal->user_id;
	act->changed = true;
	bool done =
		e->session_id != NULL
			? session_revoke(db, principal->user_id, e->session_id, "revoked", act->now_us, &ended, err)
			: session_revoke_all(db, principal->user_id, e->query.include_current ? NULL : principal->session_id,
								 "revoked", act->now_us, err);
	if (done && !ended)
		return err_set(err, ERR_NOT_FOUND, "You have no such session.");
	return done && act_audit(act, db, &event, err);
}

static void handle_end_all(struct exchange *x)
{
	struct end_act *e = act_start(x, sizeof *e);
	if (e != NULL && principal_needs_session(x) && exchange_decode_query(x, &e->query))
		act_write(&e->act, apply_end, NULL);
}

static void handle_end_one(struct exchange *x)
{
	struct end_act *e = act_start(x, sizeof *e);
	if (e == NULL || !principal_needs_session(x))
		return;
	e->session_id = exchange_param(x, "id");
	act_write(&e->act, apply_end, NULL);
}

static const enum err_kind session_errors[] = {ERR_PERSON_REQUIRED, ERR_NONE};

const struct route session_routes[] = {
	ROUTE(GET, "/api/v1/auth/sessions", "self.manage", EFFECT_READ, handle_sessions, .operation = "auth.sessions",
		  .summary = "My sessions", .result = &session_page_table, .errors = session_errors),
	ROUTE(DELETE, "/api/v1/auth/sessions", "self.manage", EFFECT_WRITE, handle_end_all,
		  .operation = "auth.sessions_end", .summary = "End my other sessions", .query = &session_query_table,
		  .status = 204, .errors = session_errors, .rate_class = "auth"),
	ROUTE(DELETE, "/api/v1/auth/sessions/{id}", "self.manage", EFFECT_WRITE, handle_end_one,
		  .operation = "auth.session_end", .summary = "End one session of mine", .status = 204,
		  .errors = session_errors, .rate_class = "auth"),
};
const size_t session_routes_count = sizeof session_routes / sizeof *session_routes;
