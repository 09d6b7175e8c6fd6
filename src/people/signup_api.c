#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/field.h"
#include "http/exchange.h"
#include "people/act.h"
#include "people/passwords.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "people/tokens.h"
#include "people/users.h"
#include "people/view.h"

/* Registration and everything about the address: verify, resend, change [P-4.3, P-4.9]. */

/* --- register --- */

struct register_request {
	const char *email, *password, *full_name, *account_name;
};
static const struct field register_fields[] = {
	F_STR(register_request, email, REQUIRED, LENGTH(3, EMAIL_MAX), FORMAT("email")),
	F_STR(register_request, password, REQUIRED, LENGTH(1, 1024), SECRET),
	F_STR(register_request, full_name, LENGTH(1, 200)),
	F_STR(register_request, account_name, LENGTH(1, 200), DOC("Of the new account; default: the name or the address")),
};
static const struct field_table register_table = FIELD_TABLE("auth.register", register_request, register_fields);

struct registered {
	const char *user_id, *account_id, *email, *full_name;
	struct texts roles;
	int status;
	bool email_verified;
};
static const struct field registered_fields[] = {
	F_STR(registered, user_id),         F_STR(registered, account_id),
	F_STR(registered, email),           F_STR(registered, full_name, NULLABLE),
	F_STRS(registered, roles),          F_ENUM(registered, status, user_status_names),
	F_BOOL(registered, email_verified),
};
static const struct field_table registered_table = FIELD_TABLE("auth.registered", registered, registered_fields);

struct signup {
	struct act act;
	struct register_request request;
	char norm[EMAIL_MAX + 1], account_id[ID_TEXT], user_id[ID_TEXT], password_hash[PASSWORD_HASH_TEXT];
	struct secret verify;
	struct user user;
};

/* Make a token that proves the address; a mail carries it. */
static bool insert_verify(const struct act *act, struct db *db, const struct user *user, const struct secret *secret,
						  struct err *err)
{
	const struct token token = {.user_id = user->user_id, .email_norm = user->email_norm};
	return token_insert(db, TOKEN_VERIFY, secret->hash, &token, act->now_us,
						act->now_us + act->people->options.verify_ttl_s * US_PER_S, err);
}

static bool mail_verify(struct act *act, struct db *db, const struct user *user, const char *to,
						const struct secret *secret, struct err *err)
{
	const struct act_mail mail = {user->account_id, to, "Confirm your e-mail address"};
	return act_mail(act, db, &mail, err,
					"Open this link to confirm your address:\n\n%s/console/#verify=%s\n\nOr send the token to POST "
					"/api/v1/auth/email/verify.\n",
					act->people->options.issuer, secret->text);
}

static bool insert_user(struct signup *s, struct db *db, struct err *err)
{
	struct act *act = &s->act;
	const struct audit_pair roles[] = {{AUDIT_META_roles, "owner"}};
	struct audit_event account_made = act_event(act, AUDIT_ACCOUNT_CREATE, AUDIT_SUCCESS, &s->user);
	struct audit_event user_made = act_event(act, AUDIT_USER_CREATE, AUDIT_SUCCESS, &s->user);
	const char *name = s->request.account_name != NULL ? s->request.account_name
					   : s->request.full_name != NULL  ? s->request.full_name
													   : s->request.email;
	account_made.target_id = s->account_id;
	user_made.meta = roles;
	user_made.meta_count = 1;
	return account_insert(db, s->account_id, name, act->now_us, err) && user_insert(db, &s->user, err) &&
		   insert_verify(act, db, &s->user, &s->verify, err) && act_audit(act, db, &account_made, err) &&
		   act_audit(act, db, &user_made, err) && mail_verify(act, db, &s->user, s->request.email, &s->verify, err);
}

static bool attempt_signup(struct db *db, void *self, struct err *err)
{
	return insert_user(self, db, err);
}

static bool mail_taken(struct signup *s, struct db *db, struct err *err)
{
	struct user owner;
	bool found = false;
	if (!user_by_email(db, s->norm, &s->act.x->arena, &owner, &found, err))
		return false;
	const struct act_mail mail = {owner.account_id, found ? s->request.email : NULL, "You have an account already"};
	return act_mail(&s->act, db, &mail, err,
					"Somebody, perhaps you, tried to register this address. You have an account: log in, or ask for "
					"a new password.\n");
}

/* Where addresses are verified, nobody learns here whether one is taken: it is told by mail [P-4.3]. */
static bool apply_signup(struct act *act, struct db *db, struct err *err)
{
	struct signup *s = (struct signup *)act;
	if (db_attempt(db, attempt_signup, s, err))
		return true;
	return err->kind == ERR_EMAIL_TAKEN && act->people->options.require_verified_email && mail_taken(s, db, err);
}

static void answer_signup(struct act *act)
{
	struct signup *s = (struct signup *)act;
	struct me me;
	if (act->people->options.require_verified_email) {
		exchange_answer(act->x, 202, NULL, NULL, 0);
		return;
	}
	me_view(&act->x->arena, &s->user, &me);
	const struct registered registered = {me.user_id, me.account_id, me.email,         me.full_name,
										  me.roles,   me.status,     me.email_verified};
	reply_fact(act->x, 201, &registered_table, &registered);
}

static void hash_signup(struct act *act)
{
	struct signup *s = (struct signup *)act;
	const struct people *people = act->people;
	people_hash(people, s->request.password, s->password_hash);
	id_make(people->options.ids, s->account_id);
	id_make(people->options.ids, s->user_id);
	secret_new(people, "csv_", &s->verify);
	s->user = (struct user){
		.user_id = s->user_id,
		.account_id = s->account_id,
		.email = s->request.email,
		.email_norm = s->norm,
		.full_name = s->request.full_name,
		.password_hash = s->password_hash,
		.roles = ROLE_OWNER,
		.status = people->options.require_verified_email ? USER_PENDING : USER_ACTIVE,
		.created_us = act->now_us,
		.version = 1,
	};
	env_random(people->options.env, s->user.erasure_key, sizeof s->user.erasure_key);
	act_write(act, apply_signup, answer_signup);
}

static void check_register(void *self, struct faults *faults)
{
	struct signup *s = self;
	if (s->request.email != NULL)
		s->request.email = email_trim(&s->act.x->arena, s->request.email);
	const struct password_owner owner = {s->request.email, s->request.full_name};
	if (s->request.email != NULL && !email_normalise(s->request.email, s->norm))
		faults_add(faults, "/email", "format", "must be an e-mail address");
	if (s->request.password != NULL)
		password_acceptable(s->request.password, s->act.people->options.password_min, &owner, "/password", faults);
}

static void handle_register(struct exchange *x)
{
	struct signup *s = act_start(x, sizeof *s);
	if (s == NULL)
		return;
	if (s->act.people->options.registration != REGISTRATION_OPEN) {
		exchange_failf(x, ERR_REGISTRATION_CLOSED, "Ask an owner for an invitation.");
		return;
	}
	if (exchange_decode_checked(x, &s->request, check_register, s))
		act_hash(&s->act, hash_signup);
}

/* --- verify --- */

struct token_request {
	const char *token;
};
static const struct field token_fields[] = {F_STR(token_request, token, REQUIRED, LENGTH(1, 200), SECRET)};
static const struct field_table token_table = FIELD_TABLE("auth.token", token_request, token_fields);

struct verified {
	bool email_verified;
};
static const struct field verified_fields[] = {F_BOOL(verified, email_verified)};
static const struct field_table verified_table = FIELD_TABLE("auth.verified", verified, verified_fields);

struct verify_act {
	struct act act;
	struct token_request request;
	char hash[SHA256_HEX_SIZE];
	struct user user;
};

/* The address is the one that the token was made for, and still the person's; or a new one that they asked for. */
static bool confirm(struct verify_act *v, struct db *db, const struct token *token, struct err *err)
{
	struct act *act = &v->act;
	char norm[EMAIL_MAX + 1];
	if (token->detail != NULL && email_normalise(token->detail, norm)) {
		v->user.email = token->detail;
		v->user.email_norm = norm;
	}
	v->user.email_verified = true;
	if (v->user.status == USER_PENDING)
		v->user.status = USER_ACTIVE;
	struct audit_event event = act_event(act, AUDIT_EMAIL_VERIFY, AUDIT_SUCCESS, &v->user);
	return user_update(db, &v->user, act->now_us, err) && token_drop(db, v->hash, err) &&
		   act_audit(act, db, &event, err);
}

static bool apply_verify(struct act *act, struct db *db, struct err *err)
{
	struct verify_act *v = (struct verify_act *)act;
	struct token token;
	bool found = false, known = false;
	if (!token_find(db, TOKEN_VERIFY, v->hash, act->now_us, &act->x->arena, &token, &found, err) ||
		(!found && !token_find(db, TOKEN_CHANGE, v->hash, act->now_us, &act->x->arena, &token, &found, err)) ||
		(found && !user_by_id(db, token.user_id, &act->x->arena, &v->user, &known, err)))
		return false;
	if (!known || strcmp(v->user.email_norm, token.email_norm) != 0)
		return write_refuse(&act->write, ERR_SINGLE_USE_TOKEN,
							"The token is unknown, used or expired; ask for a new one.");
	return confirm(v, db, &token, err);
}

static void answer_verify(struct act *act)
{
	const struct verified verified = {.email_verified = true};
	reply_fact(act->x, 200, &verified_table, &verified);
}

static void handle_verify(struct exchange *x)
{
	struct verify_act *v = act_start(x, sizeof *v);
	if (v == NULL || !exchange_decode(x, &v->request))
		return;
	secret_hash(v->request.token, v->hash);
	act_write(&v->act, apply_verify, answer_verify);
}

/* --- resend --- */

struct email_request {
	const char *email;
};
static const struct field email_fields[] = {F_STR(email_request, email, REQUIRED, LENGTH(1, EMAIL_MAX))};
static const struct field_table email_table = FIELD_TABLE("auth.email", email_request, email_fields);

struct resend_act {
	struct act act;
	struct email_request request;
	char norm[EMAIL_MAX + 1];
	struct secret verify;
	struct user user;
	bool due;
};

static bool apply_resend(struct act *act, struct db *db, struct err *err)
{
	struct resend_act *r = (struct resend_act *)act;
	bool found = false;
	if (!user_by_email(db, r->norm, &act->x->arena, &r->user, &found, err))
		return false;
	r->due = found && !r->user.email_verified && r->user.status != USER_SUSPENDED;
	return !r->due || (insert_verify(act, db, &r->user, &r->verify, err) &&
					   mail_verify(act, db, &r->user, r->user.email, &r->verify, err));
}

static void answer_accepted(struct act *act)
{
	exchange_answer(act->x, 202, NULL, NULL, 0);
}

static void handle_resend(struct exchange *x)
{
	struct resend_act *r = act_start(x, sizeof *r);
	if (r == NULL || !exchange_decode(x, &r->request))
		return;
	if (!email_normalise(r->request.email, r->norm))
		r->norm[0] = '\0'; /* nobody's */
	secret_new(r->act.people, "csv_", &r->verify);
	act_write(&r->act, apply_resend, answer_accepted);
}

/* --- change of address --- */

struct change_request {
	const char *new_email, *password;
};
static const struct field change_fields[] = {
	F_STR(change_request, new_email, REQUIRED, LENGTH(3, EMAIL_MAX), FORMAT("email")),
	F_STR(change_request, password, REQUIRED, LENGTH(1, 1024), SECRET),
};
static const struct field_table change_table = FIELD_TABLE("auth.email_change", change_request, change_fields);

struct change_act {
	struct act act;
	struct change_request request;
	char norm[EMAIL_MAX + 1];
	struct secret secret;
	struct user user;
};

static bool apply_change(struct act *act, struct db *db, struct err *err)
{
	struct change_act *c = (struct change_act *)act;
	const struct act_mail warning = {c->user.account_id, c->user.email, "Your e-mail address is about to change"};
	const struct token token = {
		.user_id = c->user.user_id, .email_norm = c->user.email_norm, .detail = c->request.new_email};
	struct audit_event event = principal_event(act->x, AUDIT_EMAIL_CHANGE, AUDIT_SUCCESS);
	event.target_id = c->user.user_id;
	return token_insert(db, TOKEN_CHANGE, c->secret.hash, &token, act->now_us,
						act->now_us + act->people->options.verify_ttl_s * US_PER_S, err) &&
		   act_audit(act, db, &event, err) && mail_verify(act, db, &c->user, c->request.new_email, &c->secret, err) &&
		   act_mail(act, db, &warning, err,
					"A change of your address was asked for. If it was not you, change your password.\n");
}

static void check_change(struct act *act)
{
	const struct change_act *c = (const struct change_act *)act;
	struct err err;
	if (c->user.password_hash != NULL &&
		password_verify(c->user.password_hash, c->request.password, strlen(c->request.password))) {
		act_write(act, apply_change, answer_accepted);
		return;
	}
	err_set(&err, ERR_CREDENTIALS_INVALID, "The password is not right.");
	act_fail(act, &err);
}

static void handle_change(struct exchange *x)
{
	struct change_act *c = act_start(x, sizeof *c);
	struct err err;
	bool found = false;
	if (c == NULL || !principal_needs_session(x) || !exchange_decode(x, &c->request))
		return;
	c->request.new_email = email_trim(&x->arena, c->request.new_email);
	if (!email_normalise(c->request.new_email, c->norm)) {
		err_field(&err, ERR_INVALID, "/new_email", "must be an e-mail address");
		act_fail(&c->act, &err);
		return;
	}
	struct store *store = c->act.people->options.store;
	struct db *db = store_read(store);
	bool read = user_by_id(db, principal_of(x)->user_id, &x->arena, &c->user, &found, &err);
	store_read_end(store, db);
	secret_new(c->act.people, "csv_", &c->secret);
	if (read && found)
		act_hash(&c->act, check_change);
	else
		act_fail(&c->act, &err);
}

static const enum err_kind register_errors[] = {ERR_EMAIL_TAKEN, ERR_REGISTRATION_CLOSED, ERR_OVERLOADED, ERR_NONE};
static const enum err_kind verify_errors[] = {ERR_SINGLE_USE_TOKEN, ERR_EMAIL_TAKEN, ERR_NONE};
static const enum err_kind change_errors[] = {ERR_CREDENTIALS_INVALID, ERR_OVERLOADED, ERR_PERSON_REQUIRED, ERR_NONE};

const struct route signup_routes[] = {
	ROUTE(POST, "/api/v1/auth/register", PUBLIC, EFFECT_WRITE, handle_register, .operation = "auth.register",
		  .summary = "Register with a new account of one's own", .aliases = ALIASES({"/api/v3/auth/register"}),
		  .doc =
			  "Where addresses are verified, the answer is 202 without content, whether the address is taken or not.",
		  .body = &register_table, .result = &registered_table, .status = 201, .status_also = 202, .also_empty = true,
		  .errors = register_errors, .rate_class = "auth", .body_max = 16384,
		  .example = "{\"email\":\"ada@sign.example\",\"password\":\"correct horse battery staple\",\"full_name\":"
					 "\"Ada Byron\"}"),
	ROUTE(POST, "/api/v1/auth/email/verify", PUBLIC, EFFECT_WRITE, handle_verify, .operation = "auth.email_verify",
		  .summary = "Confirm an address with the token of the mail", .body = &token_table, .result = &verified_table,
		  .errors = verify_errors, .rate_class = "auth", .body_max = 16384,
		  .example = "{\"token\":\"csv_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
	ROUTE(POST, "/api/v1/auth/email/resend", PUBLIC, EFFECT_WRITE, handle_resend, .operation = "auth.email_resend",
		  .summary = "Ask for another mail that confirms the address", .body = &email_table, .status = 202,
		  .produces = route_no_content, .rate_class = "auth", .body_max = 16384,
		  .example = "{\"email\":\"ada@sign.example\"}"),
	ROUTE(POST, "/api/v1/auth/email/change", "self.manage", EFFECT_WRITE, handle_change,
		  .operation = "auth.email_change", .summary = "Move to another address", .body = &change_table, .status = 202,
		  .produces = route_no_content, .errors = change_errors, .rate_class = "auth", .body_max = 16384,
		  .example = "{\"new_email\":\"ada@new.example\",\"password\":\"correct horse battery staple\"}"),
};
const size_t signup_routes_count = sizeof signup_routes / sizeof *signup_routes;
