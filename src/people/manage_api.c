#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "http/exchange.h"
#include "people/attempts.h"
#include "people/manage.h"
#include "people/passwords.h"
#include "people/reply.h"
#include "people/roles.h"
#include "people/sessions.h"
#include "people/tokens.h"

/* Making and changing a person: POST /api/v1/users and PATCH /api/v1/users/{id}. */

struct licence {
	const char *state, *number, *expires;
};
static const struct field licence_fields[] = {
	F_STR(licence, state, REQUIRED, LENGTH(2, 40)),
	F_STR(licence, number, REQUIRED, LENGTH(1, 40)),
	F_STR(licence, expires, REQUIRED, LENGTH(10, 10), FORMAT("date")),
};
static const struct field_table licence_table = FIELD_TABLE("licence", licence, licence_fields);

struct role_list {
	size_t count;
	int *items; /* indexes of role_person_names, which are the bits */
};

struct user_request {
	const char *email, *full_name, *password, *account_id, *status;
	struct role_list roles;
	struct licence *licence;
	const struct json *must_change_password;
	bool invite;
	int64_t version;
};

#define ROLES_FIELD(...) F_ENUMS(user_request, roles, role_person_names, COUNT(1, 10), __VA_ARGS__)
#define COMMON_FIELDS \
	F_STR(user_request, full_name, LENGTH(1, 200)), F_OBJECT_PTR(user_request, licence, &licence_table), \
		F_STR(user_request, password, LENGTH(1, 1024), SECRET), \
		F_JSON(user_request, must_change_password, DOC("true or false: another password is due at the next login"))

static const struct field create_fields[] = {
	F_STR(user_request, email, REQUIRED, LENGTH(3, EMAIL_MAX), FORMAT("email")),
	ROLES_FIELD(REQUIRED),
	COMMON_FIELDS,
	F_BOOL(user_request, invite, DEFAULT(0), DOC("Send a mail with which the person sets their own password")),
	F_STR(user_request, account_id, LENGTH(1, 64), DOC("Another account, for an admin")),
};
const struct field_table manage_create_table = FIELD_TABLE("users.create", user_request, create_fields);

static const struct field change_fields[] = {
	F_STR(user_request, email, LENGTH(3, EMAIL_MAX), FORMAT("email")),
	ROLES_FIELD(TOLD_APART),
	COMMON_FIELDS,
	F_STR(user_request, account_id, DOC("Not to be changed: refused unless it is the one there is")),
	F_STR(user_request, status, DOC("Not to be changed here: refused unless it is the one there is")),
	F_INT(user_request, version, DOC("Not to be changed: refused unless it is the one there is")),
};
const struct field_table manage_change_table = FIELD_TABLE("users.change", user_request, change_fields);

struct edit {
	struct manage manage;
	struct user_request request;
	struct faults *faults; /* while it is checked */
	const struct err *why; /* a change: nobody was found; NULL: somebody was */
	unsigned roles;        /* asked for; 0: none were */
	char norm[EMAIL_MAX + 1], user_id[ID_TEXT], password_hash[PASSWORD_HASH_TEXT];
	const char *old_email; /* the address that was replaced, or NULL */
	struct secret token;   /* of an invitation */
	bool roles_changed;
};

static unsigned roles_of(const struct role_list *list)
{
	unsigned roles = 0;
	for (size_t i = 0; i < list->count; i++)
		roles |= 1U << list->items[i];
	return roles;
}

static bool must_change(const struct edit *w, bool otherwise)
{
	const struct json *given = w->request.must_change_password;
	return given != NULL ? given->boolean : otherwise;
}

static const char *licence_text(struct arena *arena, const struct licence *licence)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	field_write(&jw, &licence_table, licence, FIELD_INPUTS);
	const char *text = jw_ok(&jw) ? arena_dup(arena, buf_text(&buf)) : NULL;
	buf_fini(&buf);
	return text;
}

/* --- what both check --- */

static void check_common(struct edit *w, const struct password_owner *owner)
{
	const struct user_request *r = &w->request;
	const struct json *flag = r->must_change_password;
	if (r->email != NULL && !email_normalise(r->email, w->norm))
		faults_add(w->faults, "/email", "format", "must be an e-mail address");
	if (r->password != NULL)
		password_acceptable(r->password, w->manage.act.people->options.password_min, owner, "/password", w->faults);
	if (flag != NULL && flag->kind != JS_BOOL)
		faults_add(w->faults, "/must_change_password", "type", "must be true or false");
}

/* An owner grants every role but admin [P-4.9]. */
static bool may_grant(struct edit *w)
{
	struct err err;
	if ((w->roles & ROLE_ADMIN) == 0 || (principal_of(w->manage.act.x)->roles & ROLE_ADMIN) != 0)
		return true;
	err_field(&err, ERR_FORBIDDEN, "/roles", "Only an admin makes an admin.");
	act_fail(&w->manage.act, &err);
	return false;
}

/* The password is hashed, when there is one; or it is written at once. */
static void proceed(struct edit *w, void (*hash)(struct act *act),
					bool (*apply)(struct act *act, struct db *db, struct err *err), void (*answer)(struct act *act))
{
	struct act *act = &w->manage.act;
	if (!may_grant(w))
		return;
	if (w->request.password != NULL)
		act_hash(act, hash);
	else
		act_write(act, apply, answer);
}

/* --- make --- */

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

static bool account_known(struct db *db, const char *account_id, struct err *err)
{
	bool found = false;
	if (!db_one(db, err, &found, take_nothing, NULL, "SELECT account_id FROM accounts WHERE account_id = $1",
				V_TEXT(account_id)))
		return false;
	return found || err_field(err, ERR_NOT_FOUND, "/account_id", "There is no such account.");
}

static bool insert_invitation(struct edit *w, struct db *db, struct err *err)
{
	struct act *act = &w->manage.act;
	const struct act_mail mail = {w->manage.user.account_id, w->request.email, "You are invited"};
	const struct token token = {.user_id = w->user_id, .email_norm = w->norm};
	return token_insert(db, TOKEN_INVITE, w->token.hash, &token, act->now_us,
						act->now_us + act->people->options.verify_ttl_s * US_PER_S, err) &&
		   act_mail(act, db, &mail, err,
					"An account was made for you. Open this link to set your password:\n\n%s/console/#reset=%s\n\nOr "
					"send the token with new_password to POST /api/v1/auth/password/reset.\n",
					act->people->options.issuer, w->token.text);
}

static bool apply_create(struct act *act, struct db *db, struct err *err)
{
	struct edit *w = (struct edit *)act;
	struct manage *m = &w->manage;
	char names[ROLES_TEXT];
	const struct audit_pair meta[] = {{AUDIT_META_roles, roles_format(w->roles, names)}};
	struct audit_event event = manage_event(m, AUDIT_USER_CREATE);
	event.meta = meta;
	event.meta_count = 1;
	return account_known(db, m->user.account_id, err) && user_insert(db, &m->user, err) &&
		   (!w->request.invite || insert_invitation(w, db, err)) && act_audit(act, db, &event, err) &&
		   manage_again(m, db, err);
}

static void answer_create(struct act *act)
{
	struct edit *w = (struct edit *)act;
	struct user_view view;
	char etag[ETAG_TEXT];
	user_etag(&w->manage.user, etag);
	user_view(&act->x->arena, &w->manage.user, &view);
	exchange_set(act->x, "ETag", etag);
	exchange_setf(act->x, "Location", "/api/v1/users/%s", view.user_id);
	reply_fact(act->x, 201, &user_table, &view);
}

static void hash_create(struct act *act)
{
	struct edit *w = (struct edit *)act;
	people_hash(act->people, w->request.password, w->password_hash);
	w->manage.user.password_hash = w->password_hash;
	act_write(act, apply_create, answer_create);
}

/* The account of the caller; an admin may name another, anybody else only the one it is anyway [P-5.3]. */
static const char *choose_account(struct edit *w)
{
	const struct principal *principal = principal_of(w->manage.act.x);
	const char *asked = w->request.account_id;
	if (asked == NULL || strcmp(asked, principal->account_id) == 0)
		return principal->account_id;
	return asked;
}

static void check_new(void *self, struct faults *faults)
{
	struct edit *w = self;
	const struct principal *principal = principal_of(w->manage.act.x);
	struct user_request *r = &w->request;
	r->email = email_trim(&w->manage.act.x->arena, r->email);
	const struct password_owner owner = {r->email != NULL ? r->email : "", r->full_name};
	w->faults = faults;
	check_common(w, &owner);
	if (r->invite == (r->password != NULL))
		faults_add(faults, "/password", "conflict", "give a password, or invite: true, and not both");
	if ((principal->roles & ROLE_ADMIN) == 0 && r->account_id != NULL &&
		strcmp(r->account_id, principal->account_id) != 0)
		faults_add(faults, "/account_id", "read_only", "is the account of who asks");
}

static void fill_new(struct edit *w)
{
	const struct people *people = w->manage.act.people;
	const struct user_request *r = &w->request;
	struct user *user = &w->manage.user;
	id_make(people->options.ids, w->user_id);
	secret_new(people, "csi_", &w->token);
	*user = (struct user){
		.user_id = w->user_id,
		.account_id = choose_account(w),
		.email = r->email,
		.email_norm = w->norm,
		.full_name = r->full_name,
		.licence = r->licence != NULL ? licence_text(&w->manage.act.x->arena, r->licence) : NULL,
		.roles = w->roles,
		.status = r->invite ? USER_PENDING : USER_ACTIVE,
		.must_change_password = !r->invite && must_change(w, true),
		.created_us = w->manage.act.now_us,
	};
	env_random(people->options.env, user->erasure_key, sizeof user->erasure_key);
}

void manage_handle_create(struct exchange *x)
{
	struct edit *w = act_start(x, sizeof *w);
	if (w == NULL || !exchange_decode_checked(x, &w->request, check_new, w))
		return;
	w->roles = roles_of(&w->request.roles);
	fill_new(w);
	proceed(w, hash_create, apply_create, answer_create);
}

/* --- change --- */

static void check_read_only(struct edit *w)
{
	const struct user_request *r = &w->request;
	const struct user *user = &w->manage.user;
	if (r->account_id != NULL && strcmp(r->account_id, user->account_id) != 0)
		faults_add(w->faults, "/account_id", "read_only", "a person stays in their account");
	if (r->status != NULL && strcmp(r->status, user_status_names[user->status]) != 0)
		faults_add(w->faults, "/status", "read_only", "use suspend, activate and deactivate");
	if (r->version != FIELD_NO_INT && r->version != user->version)
		faults_add(w->faults, "/version", "read_only", "is counted by the server");
}

static void take_changes(struct edit *w)
{
	const struct user_request *r = &w->request;
	struct user *user = &w->manage.user;
	w->roles_changed = w->roles != 0 && w->roles != user->roles;
	if (r->email != NULL) {
		bool other = strcmp(w->norm, user->email_norm) != 0;
		w->old_email = other ? user->email : NULL;
		user->email_verified = user->email_verified && !other;
		user->email = r->email;
		user->email_norm = w->norm;
	}
	if (r->full_name != NULL)
		user->full_name = r->full_name;
	if (r->licence != NULL)
		user->licence = licence_text(&w->manage.act.x->arena, r->licence);
	if (w->roles != 0)
		user->roles = w->roles;
	user->must_change_password = must_change(w, r->password != NULL || user->must_change_password);
}

/* Another address or password voids what was sent to the old one, and a password ends what was opened with the old. */
static bool store_changes(struct edit *w, struct db *db, struct err *err)
{
	const struct act *act = &w->manage.act;
	const struct user *user = &w->manage.user;
	char hash[SHA256_HEX_SIZE];
	bool password = w->request.password != NULL;
	secret_hash(user->email_norm, hash);
	if (password && (!user_set_password(db, user->user_id, w->password_hash, act->now_us, err) ||
					 !session_revoke_all(db, user->user_id, NULL, "password_set", act->now_us, err) ||
					 !attempts_forget(db, hash, err)))
		return false;
	return user_update(db, user, act->now_us, err) &&
		   ((!password && w->old_email == NULL) || token_drop_all(db, user->user_id, err));
}

static bool mail_changes(struct edit *w, struct db *db, struct err *err)
{
	struct act *act = &w->manage.act;
	const struct user *user = &w->manage.user;
	char names[ROLES_TEXT];
	const struct act_mail address = {user->account_id, w->old_email, "Your e-mail address was changed"};
	const struct act_mail roles = {user->account_id, w->roles_changed ? user->email : NULL, "Your roles were changed"};
	const struct act_mail password = {user->account_id, w->request.password != NULL ? user->email : NULL,
									  "Your password was changed"};
	return act_mail(act, db, &address, err, "Your address was changed by who manages your account.\n") &&
		   act_mail(act, db, &roles, err, "Your roles are now: %s.\n", roles_format(user->roles, names)) &&
		   act_mail(act, db, &password, err,
					"Your password was set by who manages your account; your sessions have ended.\n");
}

static bool apply_change(struct act *act, struct db *db, struct err *err)
{
	struct edit *w = (struct edit *)act;
	struct manage *m = &w->manage;
	char etag[ETAG_TEXT], names[ROLES_TEXT];
	if (!manage_find(m, db, err))
		return false;
	user_etag(&m->user, etag);
	if (!manage_allowed(m, err) || !etag_if_match(act->x, etag, err) ||
		(w->roles != 0 && !manage_keeps_last(m, db, w->roles, err)))
		return false;
	take_changes(w);
	const struct audit_pair meta[] = {{AUDIT_META_roles, roles_format(m->user.roles, names)}};
	struct audit_event event = manage_event(m, AUDIT_USER_UPDATE);
	event.meta = meta;
	event.meta_count = w->roles_changed;
	act->changed = true;
	return store_changes(w, db, err) && act_audit(act, db, &event, err) && mail_changes(w, db, err) &&
		   manage_again(m, db, err);
}

static void hash_change(struct act *act)
{
	struct edit *w = (struct edit *)act;
	people_hash(act->people, w->request.password, w->password_hash);
	act_write(act, apply_change, manage_answer);
}

static void check_change(void *self, struct faults *faults)
{
	struct edit *w = self;
	struct user_request *r = &w->request;
	const struct user *user = &w->manage.user;
	r->email = email_trim(&w->manage.act.x->arena, r->email);
	const struct password_owner owner = {r->email != NULL ? r->email : user->email,
										 r->full_name != NULL ? r->full_name : user->full_name};
	w->faults = faults;
	if (w->why != NULL)
		return;
	check_common(w, &owner);
	check_read_only(w);
}

void manage_handle_change(struct exchange *x)
{
	struct edit *w = act_start(x, sizeof *w);
	struct err err;
	if (w == NULL)
		return;
	struct store *store = w->manage.act.people->options.store;
	struct db *db = store_read(store);
	w->why = manage_find(&w->manage, db, &err) ? NULL : &err;
	store_read_end(store, db);
	if (!exchange_decode_checked(x, &w->request, check_change, w))
		return;
	if (w->why != NULL) {
		act_fail(&w->manage.act, &err);
		return;
	}
	w->roles = roles_of(&w->request.roles);
	proceed(w, hash_change, apply_change, manage_answer);
}

const enum err_kind manage_errors[] = {ERR_EMAIL_TAKEN,         ERR_LAST_ADMIN, ERR_PRECONDITION_REQUIRED,
									   ERR_PRECONDITION_FAILED, ERR_OVERLOADED, ERR_NONE};
