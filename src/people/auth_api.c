#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "crypt/password.h"
#include "crypt/secret.h"
#include "http/exchange.h"
#include "people/access.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/reply.h"
#include "people/roles.h"
#include "people/users.h"
#include "store/store.h"

/* /api/v1/auth: login, refresh, logout, me [platform.md 4]. */

enum { US_PER_S = 1000000 };

struct me {
	const char *user_id, *account_id, *email, *full_name;
	struct {
		size_t count;
		const char **items;
	} roles, permissions;
	int status;
	bool email_verified, totp_enabled;
	const char *created_at, *last_login_at;
};

static const struct field me_fields[] = {
	F_STR(me, user_id),
	F_STR(me, account_id),
	F_STR(me, email, NULLABLE),
	F_STR(me, full_name, NULLABLE),
	F_STRS(me, roles),
	F_STRS(me, permissions),
	F_ENUM(me, status, user_status_names),
	F_BOOL(me, email_verified),
	F_BOOL(me, totp_enabled),
	F_STR(me, created_at, FORMAT("date-time")),
	F_STR(me, last_login_at, NULLABLE, FORMAT("date-time")),
};
static const struct field_table me_table = FIELD_TABLE("auth.me", me, me_fields);

struct tokens {
	const char *access_token, *refresh_token, *token_type;
	int64_t expires_in;
	const char *session_id;
	struct me user;
};

static const struct field tokens_fields[] = {
	F_STR(tokens, access_token, SECRET, DOC("Send it as Authorization: Bearer TOKEN")),
	F_STR(tokens, refresh_token, SECRET, DOC("Gives the next pair, once")),
	F_STR(tokens, token_type),
	F_INT(tokens, expires_in, UNIT("s"), DOC("Life of the access token")),
	F_STR(tokens, session_id),
	F_OBJECT(tokens, user, &me_table),
};
static const struct field_table tokens_table = FIELD_TABLE("auth.tokens", tokens, tokens_fields);

/* Names written by `write` as a JSON array, read back as texts of the arena. */
static void take_names(struct exchange *x, unsigned roles, void (*write)(struct jw *jw, unsigned roles), size_t *count,
					   const char ***items)
{
	struct buf buf;
	struct jw jw;
	const struct json *list;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	write(&jw, roles);
	if (json_parse(&x->arena, buf_text(&buf), buf.size, &json_body_limits, &list, NULL)) {
		*items = arena_array(&x->arena, list->count, sizeof **items);
		for (uint32_t i = 0; *items != NULL && i < list->count; i++)
			(*items)[(*count)++] = list->items[i].text;
	}
	buf_fini(&buf);
}

static const char *time_text(struct exchange *x, int64_t us)
{
	char text[STAMP_TEXT];
	if (us == 0)
		return NULL;
	stamp_format(text, us);
	return arena_dup(&x->arena, text);
}

static void fill_me(struct exchange *x, const struct user *user, struct me *me)
{
	*me = (struct me){
		.user_id = user->user_id,
		.account_id = user->account_id,
		.email = user->email,
		.full_name = user->full_name,
		.status = user->status,
		.email_verified = user->email_verified,
		.created_at = time_text(x, user->created_us),
		.last_login_at = time_text(x, user->last_login_us),
	};
	take_names(x, user->roles, roles_write, &me->roles.count, &me->roles.items);
	take_names(x, user->roles, role_permissions, &me->permissions.count, &me->permissions.items);
}

/* A new pair for a session: the refresh token in clear, and its digest for the store. */
struct pair {
	char refresh[SECRET_TEXT], refresh_hash[SHA256_HEX_SIZE];
	int64_t now_us, expires_us;
};

static void make_pair(const struct people *people, struct pair *pair)
{
	size_t size = secret_make(people->options.env, "csr_", pair->refresh);
	sha256_hex(pair->refresh, size, pair->refresh_hash);
	pair->now_us = env_wall_us(people->options.env);
	pair->expires_us = pair->now_us + people->options.refresh_ttl_s * US_PER_S;
}

static void reply_tokens(struct exchange *x, struct people *people, const struct user *user, const char *session_id,
						 const struct pair *pair)
{
	struct tokens tokens = {
		.access_token =
			access_make(people->access, &x->arena, user->user_id, user->account_id, session_id, user->roles),
		.refresh_token = pair->refresh,
		.token_type = "bearer",
		.expires_in = people->options.access_ttl_s,
		.session_id = session_id,
	};
	fill_me(x, user, &tokens.user);
	reply_fact(x, 200, &tokens_table, &tokens);
}

/* --- login --- */

struct login_request {
	const char *email, *password, *device_name;
};

static const struct field login_fields[] = {
	F_STR(login_request, email, REQUIRED, LENGTH(1, EMAIL_MAX)),
	F_STR(login_request, password, REQUIRED, LENGTH(1, 128), SECRET),
	F_STR(login_request, device_name, LENGTH(1, 100), DOC("How the session is called in lists")),
};
static const struct field_table login_table = FIELD_TABLE("auth.login", login_request, login_fields);

struct login {
	struct exchange *x;
	struct people *people;
	struct login_request request;
	struct user user;
	bool right;         /* known, and the right password */
	enum err_kind kind; /* why not, when not */
	char session_id[ID_TEXT], email_sha256[SHA256_HEX_SIZE];
	struct pair pair;
	struct store_op op;
};

static bool record_login(struct login *login, struct db *db, enum audit_status status, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_email_sha256, login->email_sha256},
									  {AUDIT_META_reason, status == AUDIT_SUCCESS ? NULL : err_code(login->kind)}};
	bool known = login->user.user_id != NULL;
	const struct audit_event event = {
		.action = AUDIT_LOGIN,
		.status = status,
		.account_id = known ? login->user.account_id : NULL,
		.actor = known ? login->user.user_id : NULL,
		.target_id = known ? login->user.user_id : NULL,
		.ip = login->x->peer[0] != '\0' ? login->x->peer : NULL,
		.user_agent = exchange_header(login->x, "user-agent"),
		.request_id = login->x->trace.request_id,
		.person_key = known ? login->user.erasure_key : NULL,
		.meta = meta,
		.meta_count = 2,
	};
	return audit_append(login->people->options.audit, db, &event, err);
}

static bool apply_login(struct db *db, void *self, struct err *err)
{
	struct login *login = self;
	if (!login->right)
		return record_login(login, db, AUDIT_FAILURE, err);
	const struct session session = {
		.session_id = login->session_id,
		.user_id = login->user.user_id,
		.refresh_hash = login->pair.refresh_hash,
		.device_name = login->request.device_name,
		.user_agent = exchange_header(login->x, "user-agent"),
		.ip = login->x->peer,
		.created_us = login->pair.now_us,
		.expires_us = login->pair.expires_us,
	};
	return session_insert(db, &session, err) && user_logged_in(db, login->user.user_id, login->pair.now_us, err) &&
		   record_login(login, db, AUDIT_SUCCESS, err);
}

/* [P-4.3] One answer whether the address, the password or both are wrong. */
static void refuse_login(struct exchange *x, enum err_kind kind)
{
	if (kind == ERR_CREDENTIALS_INVALID) {
		exchange_set(x, "WWW-Authenticate", "Bearer");
		exchange_failf(x, kind, "The e-mail address or the password is not right.");
	} else {
		exchange_failf(x, kind, "The account is not active.");
	}
}

static void end_login(void *self, bool applied, const struct err *err)
{
	struct login *login = self;
	if (!applied)
		exchange_fail(login->x, err);
	else if (!login->right)
		refuse_login(login->x, login->kind);
	else
		reply_tokens(login->x, login->people, &login->user, login->session_id, &login->pair);
}

/* Reads the user and does the work of a password whether there is one or not. */
static bool check_password(struct login *login, struct err *err)
{
	const struct people_options *o = &login->people->options;
	char norm[EMAIL_MAX + 1];
	bool found = false, read = true;
	if (email_normalise(login->request.email, norm)) {
		struct db *db = store_read(o->store);
		read = user_by_email(db, norm, &login->x->arena, &login->user, &found, err);
		store_read_end(o->store, db);
	}
	if (!read)
		return false;
	sha256_hex(login->request.email, strlen(login->request.email), login->email_sha256);
	const char *password = login->request.password;
	size_t size = strlen(password);
	if (found && login->user.password_hash != NULL)
		login->right = password_verify(login->user.password_hash, password, size);
	else
		password_verify_nobody(o->bcrypt_cost, password, size);
	login->kind = ERR_CREDENTIALS_INVALID;
	if (login->right && login->user.status != USER_ACTIVE) {
		login->right = false;
		login->kind = ERR_ACCOUNT_INACTIVE;
	}
	return true;
}

static void handle_login(struct exchange *x)
{
	struct login *login = arena_new(&x->arena, struct login);
	struct err err;
	if (login == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*login = (struct login){.x = x, .people = x->owner};
	if (!exchange_decode(x, &login->request))
		return;
	if (!check_password(login, &err)) {
		exchange_fail(x, &err);
		return;
	}
	id_make(login->people->options.ids, login->session_id);
	make_pair(login->people, &login->pair);
	login->op = (struct store_op){.apply = apply_login, .done = end_login, .self = login};
	exchange_hold(x);
	if (!store_submit(login->people->options.store, &login->op, &err))
		exchange_fail(x, &err);
}

/* --- refresh --- */

struct refresh_request {
	const char *refresh_token;
};

static const struct field refresh_fields[] = {
	F_STR(refresh_request, refresh_token, REQUIRED, LENGTH(1, 200), SECRET),
};
static const struct field_table refresh_table = FIELD_TABLE("auth.refresh", refresh_request, refresh_fields);

struct refresh {
	struct exchange *x;
	struct people *people;
	struct refresh_request request;
	char old_hash[SHA256_HEX_SIZE];
	struct pair pair;
	struct session session;
	struct user user;
	bool found, reused;
	struct store_op op;
};

static bool apply_refresh(struct db *db, void *self, struct err *err)
{
	struct refresh *refresh = self;
	struct arena *arena = &refresh->x->arena;
	bool known = false;
	if (!session_rotate(db, refresh->old_hash, refresh->pair.refresh_hash, refresh->pair.now_us,
						refresh->pair.expires_us, arena, &refresh->session, &refresh->found, &refresh->reused, err))
		return false;
	if (!refresh->found && !refresh->reused)
		return true;
	if (!user_by_id(db, refresh->session.user_id, arena, &refresh->user, &known, err))
		return false;
	refresh->found = refresh->found && known && refresh->user.status == USER_ACTIVE;
	if (!refresh->reused)
		return true;
	const struct audit_event event = {.action = AUDIT_REFRESH_REUSE,
									  .status = AUDIT_REFUSED,
									  .account_id = refresh->user.account_id,
									  .actor = refresh->user.user_id,
									  .target_id = refresh->session.session_id,
									  .request_id = refresh->x->trace.request_id};
	return audit_append(refresh->people->options.audit, db, &event, err);
}

static void end_refresh(void *self, bool applied, const struct err *err)
{
	struct refresh *refresh = self;
	struct exchange *x = refresh->x;
	people_changed(refresh->people);
	if (!applied)
		exchange_fail(x, err);
	else if (refresh->reused)
		exchange_failf(x, ERR_REFRESH_REUSED, "This refresh token was used before; its session has ended.");
	else if (!refresh->found)
		exchange_failf(x, ERR_TOKEN_INVALID, "The refresh token is not valid; log in again.");
	else
		reply_tokens(x, refresh->people, &refresh->user, refresh->session.session_id, &refresh->pair);
}

static void handle_refresh(struct exchange *x)
{
	struct refresh *refresh = arena_new(&x->arena, struct refresh);
	struct err err;
	if (refresh == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*refresh = (struct refresh){.x = x, .people = x->owner};
	if (!exchange_decode(x, &refresh->request))
		return;
	sha256_hex(refresh->request.refresh_token, strlen(refresh->request.refresh_token), refresh->old_hash);
	make_pair(refresh->people, &refresh->pair);
	refresh->op = (struct store_op){.apply = apply_refresh, .done = end_refresh, .self = refresh};
	exchange_hold(x);
	if (!store_submit(refresh->people->options.store, &refresh->op, &err))
		exchange_fail(x, &err);
}

/* --- logout and me --- */

struct logout_request {
	bool everywhere;
};

static const struct field logout_fields[] = {
	F_BOOL(logout_request, everywhere, DEFAULT(0), DOC("End every session of the person")),
};
static const struct field_table logout_table = FIELD_TABLE("auth.logout", logout_request, logout_fields);

struct logout {
	struct exchange *x;
	struct people *people;
	struct logout_request request;
	struct store_op op;
};

static bool apply_logout(struct db *db, void *self, struct err *err)
{
	struct logout *logout = self;
	const struct principal *principal = principal_of(logout->x);
	int64_t now_us = env_wall_us(logout->people->options.env);
	struct audit_event event = principal_event(logout->x, AUDIT_LOGOUT, AUDIT_SUCCESS);
	event.target_id = principal->session_id;
	return (logout->request.everywhere ? session_revoke_all(db, principal->user_id, "logout", now_us, err)
									   : session_revoke(db, principal->session_id, "logout", now_us, err)) &&
		   audit_append(logout->people->options.audit, db, &event, err);
}

static void end_logout(void *self, bool applied, const struct err *err)
{
	struct logout *logout = self;
	people_changed(logout->people);
	if (applied)
		exchange_answer(logout->x, 204, NULL, NULL, 0);
	else
		exchange_fail(logout->x, err);
}

static void handle_logout(struct exchange *x)
{
	struct logout *logout = arena_new(&x->arena, struct logout);
	struct err err;
	if (logout == NULL || principal_of(x)->kind != PRINCIPAL_PERSON) {
		exchange_failf(x, ERR_PERSON_REQUIRED, "Only a person at a session can log out.");
		return;
	}
	*logout = (struct logout){.x = x, .people = x->owner};
	if (!exchange_decode(x, &logout->request))
		return;
	logout->op = (struct store_op){.apply = apply_logout, .done = end_logout, .self = logout};
	exchange_hold(x);
	if (!store_submit(logout->people->options.store, &logout->op, &err))
		exchange_fail(x, &err);
}

static void handle_me(struct exchange *x)
{
	struct people *people = x->owner;
	struct user user;
	struct err err;
	bool found = false;
	struct db *db = store_read(people->options.store);
	bool read = user_by_id(db, principal_of(x)->user_id, &x->arena, &user, &found, &err);
	store_read_end(people->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
	} else if (!found) {
		exchange_failf(x, ERR_PERSON_REQUIRED, "The control socket's user is no person.");
	} else {
		struct me me;
		fill_me(x, &user, &me);
		reply_fact(x, 200, &me_table, &me);
	}
}

static const enum err_kind login_errors[] = {ERR_CREDENTIALS_INVALID, ERR_ACCOUNT_INACTIVE, ERR_OVERLOADED, ERR_NONE};
static const enum err_kind refresh_errors[] = {ERR_TOKEN_INVALID, ERR_REFRESH_REUSED, ERR_OVERLOADED, ERR_NONE};

const struct route people_routes[] = {
	ROUTE(POST, "/api/v1/auth/login", PUBLIC, EFFECT_WRITE, handle_login, .operation = "auth.login",
		  .summary = "Log in with e-mail and password", .aliases = ALIASES({"/api/v3/auth/login"}),
		  .body = &login_table, .result = &tokens_table, .errors = login_errors, .rate_class = "auth",
		  .body_max = 16384,
		  .example = "{\"email\":\"admin@localhost\",\"password\":\"correct horse battery staple\"}"),
	ROUTE(POST, "/api/v1/auth/refresh", PUBLIC, EFFECT_WRITE, handle_refresh, .operation = "auth.refresh",
		  .summary = "Trade a refresh token for a new pair", .aliases = ALIASES({"/api/v3/auth/refresh"}),
		  .body = &refresh_table, .result = &tokens_table, .errors = refresh_errors, .rate_class = "auth",
		  .body_max = 16384, .example = "{\"refresh_token\":\"csr_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA\"}"),
	ROUTE(POST, "/api/v1/auth/logout", "self.manage", EFFECT_WRITE, handle_logout, .operation = "auth.logout",
		  .summary = "End this session, or all of them", .body = &logout_table, .status = 204, .rate_class = "auth",
		  .example = "{\"everywhere\":false}"),
	ROUTE(GET, "/api/v1/auth/me", "self.manage", EFFECT_READ, handle_me, .operation = "auth.me",
		  .summary = "Who am I, and what may I do", .aliases = ALIASES({"/api/v3/auth/me"}), .result = &me_table),
};
const size_t people_routes_count = sizeof people_routes / sizeof *people_routes;
