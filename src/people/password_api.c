#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "http/exchange.h"
#include "people/act.h"
#include "people/attempts.h"
#include "people/passwords.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/sessions.h"
#include "people/tokens.h"
#include "people/users.h"

/* /api/v1/auth/password: change, forgot, reset. */

struct password_request {
	const char *current_password, *new_password, *token, *email;
};
static const struct field change_fields[] = {
	F_STR(password_request, current_password, REQUIRED, LENGTH(1, 1024), SECRET),
	F_STR(password_request, new_password, REQUIRED, LENGTH(1, 1024), SECRET),
};
static const struct field_table change_table = FIELD_TABLE("auth.password_change", password_request, change_fields);
static const struct field forgot_fields[] = {F_STR(password_request, email, REQUIRED, LENGTH(1, EMAIL_MAX))};
static const struct field_table forgot_table = FIELD_TABLE("auth.password_forgot", password_request, forgot_fields);
static const struct field reset_fields[] = {
	F_STR(password_request, token, REQUIRED, LENGTH(1, 200), SECRET),
	F_STR(password_request, new_password, REQUIRED, LENGTH(1, 1024), SECRET),
};
static const struct field_table reset_table = FIELD_TABLE("auth.password_reset", password_request, reset_fields);

struct password_act {
	struct act act;
	struct password_request request;
	struct user user;
	bool known;
	struct attempt attempt;
	bool right, invited;
	char norm[EMAIL_MAX + 1], token_hash[SHA256_HEX_SIZE], new_hash[PASSWORD_HASH_TEXT];
	struct secret secret;
};

/* Is the new password acceptable for this person?  Else the exchange is answered. */
static bool acceptable(const struct password_act *p)
{
	struct exchange *x = p->act.x;
	struct faults faults;
	faults_init(&faults, &x->arena);
	const struct password_owner owner = {p->user.email, p->user.full_name};
	if (password_acceptable(p->request.new_password, p->act.people->options.password_min, &owner, "/new_password",
							&faults))
		return true;
	exchange_fail_faults(x, ERR_INVALID, &faults);
	return false;
}

static bool mail_changed(struct password_act *p, struct db *db, struct err *err)
{
	const struct act_mail mail = {p->user.account_id, p->user.email, "Your password was changed"};
	return act_mail(&p->act, db, &mail, err,
					"Your password was changed and your other sessions have ended. If it was not you, ask for a new "
					"password at once.\n");
}

/* --- change --- */

static void leave(struct act *act)
{
	struct password_act *p = (struct password_act *)act;
	attempts_leave(act->people->attempts, &p->attempt, env_wall_us(act->people->options.env));
}

/* A wrong current password counts as a failed login: whoever found an open session must not guess on. */
static bool count_wrong(struct password_act *p, struct db *db, struct err *err)
{
	struct act *act = &p->act;
	bool locked = false;
	struct audit_event event = principal_event(act->x, AUDIT_PASSWORD_CHANGE, AUDIT_FAILURE);
	event.target_id = p->user.user_id;
	write_refuse(&act->write, ERR_CREDENTIALS_INVALID, "The current password is not right.");
	return attempt_failed(act->people->attempts, db, &p->attempt, act->now_us, &locked, err) &&
		   act_audit(act, db, &event, err);
}

static bool apply_change(struct act *act, struct db *db, struct err *err)
{
	struct password_act *p = (struct password_act *)act;
	if (!p->right)
		return count_wrong(p, db, err);
	const struct principal *principal = principal_of(act->x);
	struct audit_event event = principal_event(act->x, AUDIT_PASSWORD_CHANGE, AUDIT_SUCCESS);
	event.target_id = p->user.user_id;
	act->changed = true;
	return attempt_cleared(db, &p->attempt, err) &&
		   user_set_password(db, p->user.user_id, p->new_hash, act->now_us, err) &&
		   session_revoke_all(db, p->user.user_id, principal->session_id, "password_change", act->now_us, err) &&
		   token_drop_all(db, p->user.user_id, err) && act_audit(act, db, &event, err) && mail_changed(p, db, err);
}

static void check_change(struct act *act)
{
	struct password_act *p = (struct password_act *)act;
	const char *current = p->request.current_password;
	p->right = p->user.password_hash != NULL && password_verify(p->user.password_hash, current, strlen(current));
	if (p->right)
		people_hash(act->people, p->request.new_password, p->new_hash);
	act_write(act, apply_change, NULL);
}

static void take_turn(struct attempt *attempt, enum attempt_turn turn)
{
	struct password_act *p = attempt->self;
	struct err err;
	if (turn == ATTEMPT_TURN) {
		p->act.ended = leave;
		act_hash(&p->act, check_change);
		return;
	}
	p->act.retry_after_s =
		turn == ATTEMPT_LOCKED ? (attempt->locked_until_us - p->act.now_us + US_PER_S - 1) / US_PER_S : 2;
	err_set(&err, turn == ATTEMPT_LOCKED ? ERR_ACCOUNT_LOCKED : ERR_OVERLOADED, "Too many wrong passwords; try later.");
	act_fail(&p->act, &err);
}

static bool read_user(struct password_act *p, const char *user_id, struct err *err)
{
	struct store *store = p->act.people->options.store;
	struct db *db = store_read(store);
	bool read = user_by_id(db, user_id, &p->act.x->arena, &p->user, &p->known, err);
	store_read_end(store, db);
	return read;
}

static void handle_change(struct exchange *x)
{
	struct password_act *p = act_start(x, sizeof *p);
	struct err err = {.kind = ERR_PERSON_REQUIRED};
	if (p == NULL || !principal_needs_session(x) || !exchange_decode(x, &p->request))
		return;
	if (!read_user(p, principal_of(x)->user_id, &err) || !p->known) {
		act_fail(&p->act, &err);
		return;
	}
	if (!acceptable(p))
		return;
	/* its own counter: a person at a session is known, as a device is */
	secret_hash(p->user.email_norm, p->attempt.email_hash);
	secret_hash(p->user.user_id, p->attempt.device);
	p->attempt.go = take_turn;
	p->attempt.self = p;
	exchange_hold(x);
	attempts_enter(p->act.people->attempts, &p->attempt, p->act.now_us);
}

/* --- forgot --- */

static bool apply_forgot(struct act *act, struct db *db, struct err *err)
{
	struct password_act *p = (struct password_act *)act;
	if (!user_by_email(db, p->norm, &act->x->arena, &p->user, &p->known, err))
		return false;
	p->known = p->known && (p->user.status == USER_ACTIVE || p->user.status == USER_PENDING);
	const struct token token = {.user_id = p->user.user_id, .email_norm = p->norm};
	struct audit_event event = act_event(act, AUDIT_PASSWORD_FORGOT, AUDIT_SUCCESS, &p->user);
	const struct act_mail mail = {p->user.account_id, p->user.email, "A new password"};
	return !p->known ||
		   (token_insert(db, TOKEN_RESET, p->secret.hash, &token, act->now_us,
						 act->now_us + act->people->options.reset_ttl_s * US_PER_S, err) &&
			act_audit(act, db, &event, err) &&
			act_mail(act, db, &mail, err,
					 "Open this link to set a new password:\n\n%s/console/#reset=%s\n\nOr send the token with "
					 "new_password to POST /api/v1/auth/password/reset. If you did not ask, do nothing.\n",
					 act->people->options.issuer, p->secret.text));
}

static void answer_accepted(struct act *act)
{
	exchange_answer(act->x, 202, NULL, NULL, 0);
}

static void handle_forgot(struct exchange *x)
{
	struct password_act *p = act_start(x, sizeof *p);
	if (p == NULL || !exchange_decode(x, &p->request))
		return;
	if (!email_normalise(p->request.email, p->norm))
		p->norm[0] = '\0'; /* nobody's */
	secret_new(p->act.people, "cst_", &p->secret);
	act_write(&p->act, apply_forgot, answer_accepted);
}

/* --- reset --- */

static bool find_reset(struct password_act *p, struct db *db, struct token *token, bool *found, struct err *err)
{
	struct arena *arena = &p->act.x->arena;
	if (!token_find(db, TOKEN_RESET, p->token_hash, p->act.now_us, arena, token, found, err))
		return false;
	p->invited = !*found;
	return *found || token_find(db, TOKEN_INVITE, p->token_hash, p->act.now_us, arena, token, found, err);
}

static bool refuse_token(struct act *act)
{
	return write_refuse(&act->write, ERR_SINGLE_USE_TOKEN, "The token is unknown, used or expired; ask for a new one.");
}

/* An invitation came by mail, so the address is proven too; locks and sessions of before are over. */
static bool apply_reset(struct act *act, struct db *db, struct err *err)
{
	struct password_act *p = (struct password_act *)act;
	struct token token;
	bool found = false;
	if (!find_reset(p, db, &token, &found, err) ||
		(found && !user_by_id(db, token.user_id, &act->x->arena, &p->user, &p->known, err)))
		return false;
	if (!found || !p->known || strcmp(token.email_norm, p->user.email_norm) != 0)
		return refuse_token(act);
	char email_hash[SHA256_HEX_SIZE];
	secret_hash(p->user.email_norm, email_hash);
	if (p->user.status == USER_PENDING)
		p->user.status = USER_ACTIVE;
	p->user.must_change_password = false;
	p->user.email_verified = p->user.email_verified || p->invited;
	act->changed = true;
	struct audit_event event = act_event(act, AUDIT_PASSWORD_RESET, AUDIT_SUCCESS, &p->user);
	return user_update(db, &p->user, act->now_us, err) &&
		   user_set_password(db, p->user.user_id, p->new_hash, act->now_us, err) &&
		   session_revoke_all(db, p->user.user_id, NULL, "password_reset", act->now_us, err) &&
		   token_drop_all(db, p->user.user_id, err) && attempts_forget(db, email_hash, err) &&
		   act_audit(act, db, &event, err) && mail_changed(p, db, err);
}

static void hash_reset(struct act *act)
{
	struct password_act *p = (struct password_act *)act;
	people_hash(act->people, p->request.new_password, p->new_hash);
	act_write(act, apply_reset, NULL);
}

static void handle_reset(struct exchange *x)
{
	struct password_act *p = act_start(x, sizeof *p);
	struct err err;
	struct token token;
	bool found = false;
	if (p == NULL || !exchange_decode(x, &p->request))
		return;
	secret_hash(p->request.token, p->token_hash);
	struct store *store = p->act.people->options.store;
	struct db *db = store_read(store);
	bool read = find_reset(p, db, &token, &found, &err) &&
				(!found || user_by_id(db, token.user_id, &x->arena, &p->user, &p->known, &err));
	store_read_end(store, db);
	if (read && !found) {
		refuse_token(&p->act);
		err = *act_refusal(&p->act);
	}
	if (!read || !found)
		act_fail(&p->act, &err);
	else if (acceptable(p))
		act_hash(&p->act, hash_reset);
}

static const enum err_kind change_errors[] = {ERR_CREDENTIALS_INVALID, ERR_ACCOUNT_LOCKED, ERR_OVERLOADED,
											  ERR_PERSON_REQUIRED, ERR_NONE};
static const enum err_kind reset_errors[] = {ERR_SINGLE_USE_TOKEN, ERR_OVERLOADED, ERR_NONE};

const struct route password_routes[] = {
	ROUTE(POST, "/api/v1/auth/password/change", "self.manage", EFFECT_WRITE, handle_change,
		  .operation = "auth.password_change", .summary = "Change my password; my other sessions end",
		  .body = &change_table, .status = 204, .errors = change_errors, .rate_class = "auth", .body_max = 16384,
		  .example = "{\"current_password\":\"correct horse battery staple\",\"new_password\":\"four other random "
					 "words\"}"),
	ROUTE(POST, "/api/v1/auth/password/forgot", PUBLIC, EFFECT_WRITE, handle_forgot,
		  .operation = "auth.password_forgot", .summary = "Ask for a mail with a link to a new password",
		  .body = &forgot_table, .status = 202, .produces = route_no_content, .rate_class = "auth", .body_max = 16384,
		  .example = "{\"email\":\"ada@sign.example\"}"),
	ROUTE(POST, "/api/v1/auth/password/reset", PUBLIC, EFFECT_WRITE, handle_reset, .operation = "auth.password_reset",
		  .summary = "Set a new password with the token of the mail; all sessions end", .body = &reset_table,
		  .status = 204, .errors = reset_errors, .rate_class = "auth", .body_max = 16384,
		  .example = "{\"token\":\"cst_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"new_password\":\"four other "
					 "random words\"}"),
};
const size_t password_routes_count = sizeof password_routes / sizeof *password_routes;
