#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "http/exchange.h"
#include "people/access.h"
#include "people/act.h"
#include "people/attempts.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/sessions.h"
#include "people/tokens.h"
#include "people/totp.h"
#include "people/view.h"

/* /api/v1/auth: login with one or two factors, refresh, logout [platform.md 4]. */

enum { MFA_TTL_S = 300, MFA_FAILURES = 5 };
#define DEVICE_TTL_US (INT64_C(90) * 86400 * US_PER_S)

struct tokens {
	const char *access_token, *refresh_token, *token_type;
	int64_t expires_in;
	const char *session_id, *device_token;
	struct me user;
};

static const struct field tokens_fields[] = {
	F_STR(tokens, access_token, SECRET, DOC("Send it as Authorization: Bearer TOKEN")),
	F_STR(tokens, refresh_token, SECRET, DOC("Gives the next pair, once")),
	F_STR(tokens, token_type),
	F_INT(tokens, expires_in, UNIT("s"), DOC("Life of the access token")),
	F_STR(tokens, session_id),
	F_STR(tokens, device_token, SECRET, NULLABLE, LEFT_OUT,
		  DOC("Send it with the next login from this device: strangers' failures cannot lock it out")),
	F_OBJECT(tokens, user, &me_table),
};
static const struct field_table tokens_table = FIELD_TABLE("auth.tokens", tokens, tokens_fields);

struct mfa_challenge {
	bool mfa_required;
	const char *mfa_token;
	int64_t expires_in;
};

static const struct field mfa_challenge_fields[] = {
	F_BOOL(mfa_challenge, mfa_required),
	F_STR(mfa_challenge, mfa_token, SECRET),
	F_INT(mfa_challenge, expires_in, UNIT("s")),
};
static const struct field_table mfa_challenge_table =
	FIELD_TABLE("auth.mfa_challenge", mfa_challenge, mfa_challenge_fields);

/* What a login gives: a session with its first pair of tokens, and a token for the device. */
struct grant {
	char session_id[ID_TEXT];
	struct secret refresh, device;
	const char *device_name;
	int64_t expires_us;
	bool new_device;
};

static void grant_make(const struct act *act, struct grant *grant)
{
	const struct people *people = act->people;
	id_make(people->options.ids, grant->session_id);
	secret_new(people, "csr_", &grant->refresh);
	grant->expires_us = act->now_us + people->options.refresh_ttl_s * US_PER_S;
}

static bool insert_device(const struct act *act, struct db *db, const struct user *user, const struct grant *grant,
						  struct err *err)
{
	return db_run(db, err, "DELETE FROM device_tokens WHERE user_id = $1 AND expires_at <= $2", V_TEXT(user->user_id),
				  V_INT(act->now_us)) &&
		   db_run(db, err,
				  "INSERT INTO device_tokens (token_hash, user_id, created_at, expires_at) VALUES ($1, $2, $3, $4)",
				  V_TEXT(grant->device.hash), V_TEXT(user->user_id), V_INT(act->now_us),
				  V_INT(act->now_us + DEVICE_TTL_US));
}

static bool grant_insert(const struct act *act, struct db *db, const struct user *user, const struct grant *grant,
						 struct err *err)
{
	const struct session session = {
		.session_id = grant->session_id,
		.user_id = user->user_id,
		.refresh_hash = grant->refresh.hash,
		.device_name = grant->device_name,
		.user_agent = exchange_header(act->x, "user-agent"),
		.ip = act->x->peer,
		.created_us = act->now_us,
		.expires_us = grant->expires_us,
	};
	return session_insert(db, &session, act->people->options.max_sessions, err) &&
		   (!grant->new_device || insert_device(act, db, user, grant, err)) &&
		   user_logged_in(db, user->user_id, act->now_us, err);
}

static void answer_tokens(const struct act *act, const struct user *user, const char *session_id,
						  const char *refresh_token, const char *device_token)
{
	struct exchange *x = act->x;
	struct tokens tokens = {
		.access_token =
			access_make(act->people->access, &x->arena, user->user_id, user->account_id, session_id, user->roles),
		.refresh_token = refresh_token,
		.token_type = "bearer",
		.expires_in = act->people->options.access_ttl_s,
		.session_id = session_id,
		.device_token = device_token,
	};
	me_view(&x->arena, user, &tokens.user);
	reply_fact(x, 200, &tokens_table, &tokens);
}

/* --- login --- */

struct login_request {
	const char *email, *password, *device_name, *device_token;
};

static const struct field login_fields[] = {
	F_STR(login_request, email, REQUIRED, LENGTH(1, EMAIL_MAX)),
	F_STR(login_request, password, REQUIRED, LENGTH(1, 1024), SECRET),
	F_STR(login_request, device_name, LENGTH(1, 100), DOC("How the session is called in lists")),
	F_STR(login_request, device_token, LENGTH(1, 200), SECRET, DOC("From an earlier login on this device")),
};
static const struct field_table login_table = FIELD_TABLE("auth.login", login_request, login_fields);

struct login {
	struct act act;
	struct login_request request;
	char norm[EMAIL_MAX + 1];
	struct attempt attempt;
	struct user user;
	bool right;    /* the password of a known person */
	bool mfa;      /* and a second factor is asked for */
	bool entitled; /* and nothing else is in the way */
	struct grant grant;
	struct secret challenge;
	char rehashed[PASSWORD_HASH_TEXT]; /* "" when the stored one is good */
};

static void leave(struct act *act)
{
	struct login *login = (struct login *)act;
	attempts_leave(act->people->attempts, &login->attempt, env_wall_us(act->people->options.env));
}

/* [P-4.3] One answer whether the address, the password or both are wrong. */
static bool refuse_credentials(struct act *act)
{
	return write_refuse(&act->write, ERR_CREDENTIALS_INVALID, "The e-mail address or the password is not right.");
}

static bool audit_login(const struct login *login, struct db *db, enum audit_status status, const char *reason,
						struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_email_sha256, login->attempt.email_hash},
									  {AUDIT_META_reason, reason}};
	struct audit_event event = act_event(&login->act, AUDIT_LOGIN, status, &login->user);
	event.meta = meta;
	event.meta_count = 2;
	return act_audit(&login->act, db, &event, err);
}

static bool audit_lock(const struct act *act, struct db *db, const struct user *user, const char *email_hash,
					   struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_email_sha256, email_hash}};
	struct audit_event event = act_event(act, AUDIT_LOCK, AUDIT_SUCCESS, user);
	event.meta = meta;
	event.meta_count = 1;
	return act_audit(act, db, &event, err);
}

static bool apply_wrong(struct login *login, struct db *db, struct err *err)
{
	struct act *act = &login->act;
	bool locked = false;
	return attempt_failed(act->people->attempts, db, &login->attempt, act->now_us, &locked, err) &&
		   (!locked || audit_lock(act, db, &login->user, login->attempt.email_hash, err)) &&
		   audit_login(login, db, AUDIT_FAILURE, "credentials_invalid", err) && refuse_credentials(act);
}

/* [P-4.3] Only who has the right password learns what is in the way; true: nothing is. */
static bool may_enter(struct login *login)
{
	struct act *act = &login->act;
	const struct user *user = &login->user;
	if (user->status == USER_PENDING)
		write_refuse(&act->write, ERR_EMAIL_UNVERIFIED,
					 "Follow the link in the mail first; a new one can be asked for.");
	else if (user->status != USER_ACTIVE)
		write_refuse(&act->write, ERR_ACCOUNT_INACTIVE, "The account is not active.");
	else if (!user->email_verified && act->people->options.require_verified_email)
		write_refuse(&act->write, ERR_EMAIL_UNVERIFIED,
					 "Follow the link in the mail first; a new one can be asked for.");
	else if (user->must_change_password)
		write_refuse(&act->write, ERR_PASSWORD_CHANGE_REQUIRED,
					 "A new password is due: send reset_token and new_password to /api/v1/auth/password/reset.");
	return act_refusal(act)->kind == ERR_NONE;
}

/* Who knows the password that has to be changed may change it, without waiting for a mail. */
static bool offer_reset(struct login *login, struct db *db, struct err *err)
{
	const struct act *act = &login->act;
	const struct token token = {.user_id = login->user.user_id, .email_norm = login->user.email_norm};
	char member[SECRET_TEXT + 2];
	secret_new(act->people, "cst_", &login->challenge);
	if (!token_insert(db, TOKEN_RESET, login->challenge.hash, &token, act->now_us,
					  act->now_us + act->people->options.reset_ttl_s * US_PER_S, err))
		return false;
	snprintf(member, sizeof member, "\"%s\"", login->challenge.text);
	exchange_member(act->x, "reset_token", arena_dup(&act->x->arena, member));
	return true;
}

static bool apply_refused(struct login *login, struct db *db, struct err *err)
{
	bool offered =
		act_refusal(&login->act)->kind != ERR_PASSWORD_CHANGE_REQUIRED || (login->right && offer_reset(login, db, err));
	return offered && audit_login(login, db, AUDIT_FAILURE, err_code(act_refusal(&login->act)->kind), err);
}

static bool apply_challenge(struct login *login, struct db *db, struct err *err)
{
	const struct act *act = &login->act;
	const struct token token = {
		.user_id = login->user.user_id, .email_norm = login->user.email_norm, .detail = login->request.device_name};
	return token_insert(db, TOKEN_MFA, login->challenge.hash, &token, act->now_us, act->now_us + MFA_TTL_S * US_PER_S,
						err);
}

static bool apply_login(struct act *act, struct db *db, struct err *err)
{
	struct login *login = (struct login *)act;
	if (!login->right)
		return apply_wrong(login, db, err);
	if (login->rehashed[0] != '\0' && !db_run(db, err, "UPDATE users SET password_hash = $2 WHERE user_id = $1",
											  V_TEXT(login->user.user_id), V_TEXT(login->rehashed)))
		return false;
	if (!may_enter(login))
		return apply_refused(login, db, err);
	if (login->user.totp_enabled)
		return apply_challenge(login, db, err);
	return attempt_cleared(db, &login->attempt, err) && grant_insert(act, db, &login->user, &login->grant, err) &&
		   audit_login(login, db, AUDIT_SUCCESS, NULL, err);
}

static void answer_login(struct act *act)
{
	struct login *login = (struct login *)act;
	if (login->user.totp_enabled) {
		const struct mfa_challenge challenge = {
			.mfa_required = true, .mfa_token = login->challenge.text, .expires_in = MFA_TTL_S};
		reply_fact(act->x, 200, &mfa_challenge_table, &challenge);
		return;
	}
	login->user.last_login_us = act->now_us;
	answer_tokens(act, &login->user, login->grant.session_id, login->grant.refresh.text,
				  login->grant.new_device ? login->grant.device.text : login->request.device_token);
}

/* On a hashing thread: the work of a password, whether there is such a person or not. */
static void check_password(struct act *act)
{
	struct login *login = (struct login *)act;
	const struct people *people = act->people;
	const char *password = login->request.password;
	const char *stored = login->user.password_hash;
	size_t size = strlen(password);
	if (stored != NULL)
		login->right = password_verify(stored, password, size);
	else
		password_verify_nobody(people->options.bcrypt_cost, password, size);
	if (login->right && password_needs_rehash(stored, people->options.bcrypt_cost))
		people_hash(people, password, login->rehashed);
	grant_make(act, &login->grant);
	secret_new(people, "csm_", &login->challenge);
	if (login->grant.new_device)
		secret_new(people, "csd_", &login->grant.device);
	act_write(act, apply_login, answer_login);
}

static void take_turn(struct attempt *attempt, enum attempt_turn turn)
{
	struct login *login = attempt->self;
	struct act *act = &login->act;
	struct err err;
	if (turn == ATTEMPT_TURN) {
		act->ended = leave;
		act_hash(act, check_password);
		return;
	}
	if (turn == ATTEMPT_LOCKED) {
		act->retry_after_s = (attempt->locked_until_us - act->now_us + US_PER_S - 1) / US_PER_S;
		err_set(&err, ERR_ACCOUNT_LOCKED, "Too many failed logins; try again after %lld seconds.",
				(long long)act->retry_after_s);
	} else {
		act->retry_after_s = 2;
		err_set(&err, ERR_OVERLOADED, "Too many logins wait; try again.");
	}
	act_fail(act, &err);
}

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

/* Is this a token that we gave to a device of this person? */
static bool known_device(struct db *db, const struct login *login, const char *hash, bool *known, struct err *err)
{
	return db_one(db, err, known, take_nothing, NULL,
				  "SELECT user_id FROM device_tokens WHERE token_hash = $1 AND user_id = $2 AND expires_at > $3",
				  V_TEXT(hash), V_TEXT(login->user.user_id), V_INT(login->act.now_us));
}

static bool read_person(struct login *login, struct err *err)
{
	const struct people_options *o = &login->act.people->options;
	bool found = false, known = false, read = true;
	char hash[SHA256_HEX_SIZE] = "";
	struct db *db = store_read(o->store);
	if (login->norm[0] != '\0')
		read = user_by_email(db, login->norm, &login->act.x->arena, &login->user, &found, err);
	if (read && found && login->request.device_token != NULL) {
		secret_hash(login->request.device_token, hash);
		read = known_device(db, login, hash, &known, err);
	}
	store_read_end(o->store, db);
	login->grant.new_device = !known;
	if (known)
		memcpy(login->attempt.device, hash, sizeof hash);
	return read;
}

static void handle_login(struct exchange *x)
{
	struct login *login = act_start(x, sizeof *login);
	struct err err;
	if (login == NULL || !exchange_decode(x, &login->request))
		return;
	if (!email_normalise(login->request.email, login->norm))
		login->norm[0] = '\0';
	secret_hash(login->norm[0] != '\0' ? login->norm : login->request.email, login->attempt.email_hash);
	login->grant.device_name = login->request.device_name;
	login->attempt.go = take_turn;
	login->attempt.self = login;
	if (!read_person(login, &err)) {
		act_fail(&login->act, &err);
		return;
	}
	exchange_hold(x);
	attempts_enter(login->act.people->attempts, &login->attempt, login->act.now_us);
}

/* --- the second factor --- */

struct mfa_request {
	const char *mfa_token, *code;
};

static const struct field mfa_fields[] = {
	F_STR(mfa_request, mfa_token, REQUIRED, LENGTH(1, 200), SECRET),
	F_STR(mfa_request, code, REQUIRED, LENGTH(1, 64), SECRET, DOC("Six digits, or a recovery code")),
};
static const struct field_table mfa_table = FIELD_TABLE("auth.mfa", mfa_request, mfa_fields);

struct mfa {
	struct act act;
	struct mfa_request request;
	char hash[SHA256_HEX_SIZE], email_hash[SHA256_HEX_SIZE];
	struct user user;
	struct grant grant;
};

/* Five wrong codes void the token and count as one failed login [P-4.7]. */
static bool apply_wrong_code(struct mfa *mfa, struct db *db, const struct token *token, struct err *err)
{
	struct act *act = &mfa->act;
	struct attempt attempt = {.device = ""};
	bool locked = false, last = token->failures + 1 >= MFA_FAILURES;
	memcpy(attempt.email_hash, mfa->email_hash, sizeof attempt.email_hash);
	struct audit_event event = act_event(act, AUDIT_LOGIN, AUDIT_FAILURE, &mfa->user);
	const struct audit_pair meta[] = {{AUDIT_META_reason, "mfa_invalid"}};
	event.meta = meta;
	event.meta_count = 1;
	write_refuse(&act->write, ERR_MFA_INVALID, "The code is not right, or was used before.");
	return (last ? token_drop(db, mfa->hash, err) : token_count_failure(db, mfa->hash, err)) &&
		   (!last || attempt_failed(act->people->attempts, db, &attempt, act->now_us, &locked, err)) &&
		   (!locked || audit_lock(act, db, &mfa->user, mfa->email_hash, err)) && act_audit(act, db, &event, err);
}

static bool apply_mfa(struct act *act, struct db *db, struct err *err)
{
	struct mfa *mfa = (struct mfa *)act;
	struct token token;
	bool found = false, known = false, right = false;
	if (!token_find(db, TOKEN_MFA, mfa->hash, act->now_us, &act->x->arena, &token, &found, err) ||
		(found && !user_by_id(db, token.user_id, &act->x->arena, &mfa->user, &known, err)))
		return false;
	if (!known || mfa->user.status != USER_ACTIVE)
		return write_refuse(&act->write, ERR_MFA_INVALID, "The login has expired; begin again with the password.");
	secret_hash(mfa->user.email_norm, mfa->email_hash);
	if (!totp_accept(act->people, db, &mfa->user, mfa->request.code, act->now_us, &right, err))
		return false;
	if (!right)
		return apply_wrong_code(mfa, db, &token, err);
	mfa->grant.device_name = token.detail;
	struct attempt attempt = {.device = ""};
	memcpy(attempt.email_hash, mfa->email_hash, sizeof attempt.email_hash);
	struct audit_event event = act_event(act, AUDIT_LOGIN, AUDIT_SUCCESS, &mfa->user);
	return token_drop(db, mfa->hash, err) && attempt_cleared(db, &attempt, err) &&
		   grant_insert(act, db, &mfa->user, &mfa->grant, err) && act_audit(act, db, &event, err);
}

static void answer_mfa(struct act *act)
{
	struct mfa *mfa = (struct mfa *)act;
	mfa->user.last_login_us = act->now_us;
	answer_tokens(act, &mfa->user, mfa->grant.session_id, mfa->grant.refresh.text, mfa->grant.device.text);
}

static void handle_mfa(struct exchange *x)
{
	struct mfa *mfa = act_start(x, sizeof *mfa);
	if (mfa == NULL || !exchange_decode(x, &mfa->request))
		return;
	secret_hash(mfa->request.mfa_token, mfa->hash);
	grant_make(&mfa->act, &mfa->grant);
	secret_new(mfa->act.people, "csd_", &mfa->grant.device);
	mfa->grant.new_device = true;
	act_write(&mfa->act, apply_mfa, answer_mfa);
}

/* --- refresh --- */

struct refresh_request {
	const char *refresh_token;
};

static const struct field refresh_fields[] = {
	F_STR(refresh_request, refresh_token, REQUIRED, LENGTH(1, 8192), SECRET),
};
static const struct field_table refresh_table = FIELD_TABLE("auth.refresh", refresh_request, refresh_fields);

struct refresh {
	struct act act;
	struct refresh_request request;
	char old_hash[SHA256_HEX_SIZE];
	struct secret next;
	struct session session;
	struct user user;
};

static bool audit_reuse(struct refresh *refresh, struct db *db, struct err *err)
{
	struct audit_event event = act_event(&refresh->act, AUDIT_REFRESH_REUSE, AUDIT_REFUSED, &refresh->user);
	event.target_id = refresh->session.session_id;
	return act_audit(&refresh->act, db, &event, err);
}

static bool warn_of_reuse(struct refresh *refresh, struct db *db, struct err *err)
{
	const struct act_mail mail = {refresh->user.account_id, refresh->user.email, "A session of yours was ended"};
	return act_mail(&refresh->act, db, &mail, err,
					"A refresh token of one of your sessions was used twice, so somebody may hold a copy of it.\n"
					"The session has ended. If it was not you, change your password.\n");
}

static bool apply_refresh(struct act *act, struct db *db, struct err *err)
{
	struct refresh *refresh = (struct refresh *)act;
	const struct people_options *o = &act->people->options;
	const struct session_limits limits = {o->refresh_ttl_s * US_PER_S, o->session_max_s * US_PER_S};
	enum refresh_outcome outcome;
	bool known = false;
	if (!session_rotate(db, refresh->old_hash, refresh->next.hash, act->now_us, &limits, &act->x->arena,
						&refresh->session, &outcome, err))
		return false;
	if (outcome == REFRESH_UNKNOWN)
		return write_refuse(&act->write, ERR_TOKEN_INVALID, "The refresh token is not valid; log in again.");
	if (!user_by_id(db, refresh->session.user_id, &act->x->arena, &refresh->user, &known, err))
		return false;
	if (outcome == REFRESH_EXPIRED)
		return write_refuse(&act->write, ERR_TOKEN_EXPIRED, "The session has expired; log in again.");
	if (outcome == REFRESH_REUSED) {
		act->changed = true;
		write_refuse(&act->write, ERR_REFRESH_REUSED, "This refresh token was used before; its session has ended.");
		return audit_reuse(refresh, db, err) && warn_of_reuse(refresh, db, err);
	}
	if (!known || refresh->user.status != USER_ACTIVE)
		return write_refuse(&act->write, ERR_ACCOUNT_INACTIVE, "The account is not active.");
	return true;
}

static void answer_refresh(struct act *act)
{
	struct refresh *refresh = (struct refresh *)act;
	answer_tokens(act, &refresh->user, refresh->session.session_id, refresh->next.text, NULL);
}

static void handle_refresh(struct exchange *x)
{
	struct refresh *refresh = act_start(x, sizeof *refresh);
	if (refresh == NULL || !exchange_decode(x, &refresh->request))
		return;
	secret_hash(refresh->request.refresh_token, refresh->old_hash);
	secret_new(refresh->act.people, "csr_", &refresh->next);
	act_write(&refresh->act, apply_refresh, answer_refresh);
}

/* --- logout --- */

struct logout_request {
	bool everywhere;
};

static const struct field logout_fields[] = {
	F_BOOL(logout_request, everywhere, DEFAULT(0), DOC("End every session of the person")),
};
static const struct field_table logout_table = FIELD_TABLE("auth.logout", logout_request, logout_fields);

struct logout {
	struct act act;
	struct logout_request request;
};

static bool apply_logout(struct act *act, struct db *db, struct err *err)
{
	const struct logout *logout = (const struct logout *)act;
	const struct principal *principal = principal_of(act->x);
	struct audit_event event = principal_event(act->x, AUDIT_LOGOUT, AUDIT_SUCCESS);
	bool ended;
	event.target_id = principal->session_id;
	act->changed = true;
	return (logout->request.everywhere
				? session_revoke_all(db, principal->user_id, NULL, "logout", act->now_us, err)
				: session_revoke(db, principal->user_id, principal->session_id, "logout", act->now_us, &ended, err)) &&
		   act_audit(act, db, &event, err);
}

static void handle_logout(struct exchange *x)
{
	struct logout *logout = act_start(x, sizeof *logout);
	if (logout == NULL || !principal_needs_session(x) || !exchange_decode(x, &logout->request))
		return;
	act_write(&logout->act, apply_logout, NULL);
}

static const enum err_kind login_errors[] = {ERR_CREDENTIALS_INVALID,
											 ERR_ACCOUNT_LOCKED,
											 ERR_ACCOUNT_INACTIVE,
											 ERR_EMAIL_UNVERIFIED,
											 ERR_OVERLOADED,
											 ERR_PASSWORD_CHANGE_REQUIRED,
											 ERR_NONE};
static const enum err_kind mfa_errors[] = {ERR_MFA_INVALID, ERR_OVERLOADED, ERR_NONE};
static const enum err_kind refresh_errors[] = {ERR_TOKEN_INVALID,    ERR_TOKEN_EXPIRED, ERR_REFRESH_REUSED,
											   ERR_ACCOUNT_INACTIVE, ERR_OVERLOADED,    ERR_NONE};

const struct route login_routes[] = {
	ROUTE(POST, "/api/v1/auth/login", PUBLIC, EFFECT_WRITE, handle_login, .operation = "auth.login",
		  .summary = "Log in with e-mail and password", .aliases = ALIASES({"/api/v3/auth/login"}),
		  .doc = "With a second factor the answer is {mfa_required, mfa_token, expires_in} instead; send the code to "
				 "/api/v1/auth/login/mfa.",
		  .body = &login_table, .result = &tokens_table, .result_else = &mfa_challenge_table, .errors = login_errors,
		  .rate_class = "auth", .body_max = 16384,
		  .example = "{\"email\":\"admin@localhost\",\"password\":\"correct horse battery staple\"}"),
	ROUTE(POST, "/api/v1/auth/login/mfa", PUBLIC, EFFECT_WRITE, handle_mfa, .operation = "auth.login_mfa",
		  .summary = "Complete a login with the second factor", .body = &mfa_table, .result = &tokens_table,
		  .errors = mfa_errors, .rate_class = "auth", .body_max = 16384,
		  .example = "{\"mfa_token\":\"csm_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\",\"code\":\"123456\"}"),
	ROUTE(POST, "/api/v1/auth/refresh", PUBLIC, EFFECT_WRITE, handle_refresh, .operation = "auth.refresh",
		  .summary = "Trade a refresh token for a new pair", .aliases = ALIASES({"/api/v3/auth/refresh"}),
		  .body = &refresh_table, .result = &tokens_table, .errors = refresh_errors, .rate_class = "auth",
		  .body_max = 16384, .example = "{\"refresh_token\":\"csr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
	ROUTE(POST, "/api/v1/auth/logout", "self.manage", EFFECT_WRITE, handle_logout, .operation = "auth.logout",
		  .summary = "End this session, or all of them", .body = &logout_table, .status = 204, .rate_class = "auth",
		  .example = "{\"everywhere\":false}"),
};
const size_t login_routes_count = sizeof login_routes / sizeof *login_routes;
