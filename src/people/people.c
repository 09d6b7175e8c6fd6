#include "people/people.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "crypt/password.h"
#include "http/exchange.h"
#include "http/workers.h"
#include "people/access.h"
#include "people/attempts.h"
#include "people/credential.h"
#include "people/denials.h"
#include "people/keys.h"
#include "people/people_internal.h"
#include "people/principal.h"
#include "people/roles.h"
#include "people/users.h"
#include "store/store.h"

struct people *people_open(const struct people_options *options)
{
	static const char totp[] = "countersign/totp/v1", page[] = "countersign/page/v1";
	struct err err;
	struct people *people = calloc(1, sizeof *people);
	must(people != NULL);
	people->options = *options;
	const struct access_options access = {
		.store = options->store,
		.env = options->env,
		.ids = options->ids,
		.keys = options->access_keys,
		.issuer = options->issuer,
		.ttl_s = options->access_ttl_s,
	};
	const struct attempt_limits limits = {
		.failures = options->lock_failures, .lock_us = options->lock_s * US_PER_S, .waiting = options->bcrypt_queue};
	hkdf_sha256(options->master_key, AEAD_KEY_SIZE, NULL, 0, totp, sizeof totp - 1, people->seed_key, AEAD_KEY_SIZE);
	hkdf_sha256(options->master_key, AEAD_KEY_SIZE, NULL, 0, page, sizeof page - 1, people->page_key, PAGE_KEY);
	people->access = access_new(&access);
	people->attempts = attempts_new(options->store, &limits);
	must(workers_open(&people->hashers, (unsigned)options->bcrypt_threads, (size_t)options->bcrypt_queue, &err));
	return people;
}

void people_stop(struct people *people)
{
	if (people != NULL)
		workers_stop(people->hashers);
}

void people_close(struct people *people)
{
	if (people == NULL)
		return;
	workers_close(people->hashers);
	attempts_free(people->attempts);
	access_free(people->access);
	wipe(people->page_key, sizeof people->page_key);
	wipe(people->seed_key, sizeof people->seed_key);
	free(people);
}

void people_add_routes(struct router *router, struct people *people)
{
	router_add(router, login_routes, login_routes_count, people);
	router_add(router, me_routes, me_routes_count, people);
	router_add(router, session_routes, session_routes_count, people);
	router_add(router, signup_routes, signup_routes_count, people);
	router_add(router, password_routes, password_routes_count, people);
	router_add(router, totp_routes, totp_routes_count, people);
	router_add(router, user_routes, user_routes_count, people);
	router_add(router, key_routes, key_routes_count, people);
}

/* --- small things that the handlers share --- */

void secret_hash(const char *text, char hash[SHA256_HEX_SIZE])
{
	sha256_hex(text, strlen(text), hash);
}

void secret_new(const struct people *people, const char *prefix, struct secret *secret)
{
	secret_make(people->options.env, prefix, secret->text);
	secret_hash(secret->text, secret->hash);
}

void people_hash(const struct people *people, const char *password, char text[PASSWORD_HASH_TEXT])
{
	password_hash(people->options.env, people->options.bcrypt_cost, password, strlen(password), text);
}

void people_changed(struct people *people)
{
	access_changed(people->access);
}

/* --- authorisation --- */

/* The peer at the control socket is the operating system's user; only ours and root get this far [platform.md 2]. */
static bool local_principal(struct people *people, struct principal *principal, struct err *err)
{
	*principal = (struct principal){.kind = PRINCIPAL_LOCAL, .roles = ROLE_ADMIN | ROLE_OWNER};
	memcpy(principal->key, people->options.audit->key, AUDIT_KEY);
	return people_main_account(people, principal->account_id, err);
}

/* One Authorization or one X-API-Key; a second of either would leave open which of them counts. */
static bool authenticate(struct people *people, struct exchange *x, struct principal *principal, struct err *err)
{
	struct credential credential;
	if (head_count(&x->head, "authorization") > 1 || head_count(&x->head, "x-api-key") > 1)
		return err_set(err, ERR_HEADER_INVALID, "Send one credential.");
	if (!credential_read(exchange_header(x, "authorization"), exchange_header(x, "x-api-key"), &credential, err))
		return false;
	return credential.kind == CREDENTIAL_KEY ? key_check(people, credential.text, principal, err)
											 : access_check(people->access, &x->arena, credential.text, principal, err);
}

bool people_authorise(void *self, struct exchange *x, const struct route *route, struct err *err)
{
	struct people *people = self;
	struct principal *principal = arena_new(&x->arena, struct principal);
	if (principal == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	x->principal = principal;
	if (x->local ? !local_principal(people, principal, err) : !authenticate(people, x, principal, err))
		return false;
	x->account_id = principal->account_id[0] != '\0' ? principal->account_id : NULL;
	if (x->local)
		return true;
	if (principal_may(principal, route->permission))
		return true;
	denial_note(people, x, route);
	return err_set(err, ERR_FORBIDDEN, "This needs the permission %s.", route->permission);
}

bool people_again(struct people *people, const struct principal *then, struct principal *now, struct err *err)
{
	switch (then->kind) {
	case PRINCIPAL_PERSON:
		return access_again(people->access, then->session_id, now, err);
	case PRINCIPAL_KEY:
		return key_again(people, then->session_id, now, err);
	case PRINCIPAL_LOCAL:
		*now = *then;
		return true;
	case PRINCIPAL_PRODUCER:
	case PRINCIPAL_DEVICE:
		break;
	}
	return err_set(err, ERR_TOKEN_INVALID, "A signature is good for one request."); /* they sign each one */
}

bool principal_may(const struct principal *principal, const char *permission)
{
	bool scoped = principal->kind != PRINCIPAL_KEY || (principal->scopes & permission_bit(permission)) != 0;
	return scoped && role_permits(principal->roles, permission);
}

const struct principal *principal_of(const struct exchange *x)
{
	must(x->principal != NULL);
	return x->principal;
}

bool principal_needs_session(struct exchange *x)
{
	if (principal_of(x)->kind == PRINCIPAL_PERSON)
		return true;
	exchange_failf(x, ERR_PERSON_REQUIRED, "Only a person at a session may do this.");
	return false;
}

const unsigned char *principal_erasure_key(const struct principal *principal)
{
	bool is_person = principal->kind == PRINCIPAL_PERSON || principal->kind == PRINCIPAL_KEY;
	return is_person ? principal->key : NULL;
}

struct audit_event principal_event(const struct exchange *x, enum audit_action action, enum audit_status status)
{
	const struct principal *principal = principal_of(x);
	return (struct audit_event){
		.action = action,
		.status = status,
		.account_id = principal->account_id[0] != '\0' ? principal->account_id : NULL,
		.actor = principal->kind == PRINCIPAL_LOCAL ? "local" : principal->user_id,
		.role = role_strongest(principal->roles),
		.ip = x->peer[0] != '\0' ? x->peer : NULL,
		.user_agent = exchange_header(x, "user-agent"),
		.request_id = x->trace.request_id,
		.person_key = principal_erasure_key(principal),
	};
}

/* --- the first admin --- */

struct first_admin {
	struct people *people;
	const char *email;
	char email_norm[EMAIL_MAX + 1];
	char password_hash[PASSWORD_HASH_TEXT];
	bool made;
};

static bool insert_first(struct db *db, void *self, struct err *err)
{
	struct first_admin *admin = self;
	const struct people_options *o = &admin->people->options;
	int64_t now_us = env_wall_us(o->env), count;
	if (!user_count_role(db, NULL, ROLE_ADMIN, &count, err))
		return false;
	if (count > 0)
		return true;
	char account_id[ID_TEXT], user_id[ID_TEXT];
	id_make(o->ids, account_id);
	id_make(o->ids, user_id);
	struct user user = {
		.user_id = user_id,
		.account_id = account_id,
		.email = admin->email,
		.email_norm = admin->email_norm,
		.password_hash = admin->password_hash,
		.roles = ROLE_ADMIN | ROLE_OWNER,
		.status = USER_ACTIVE,
		.email_verified = true,
		.created_us = now_us,
	};
	env_random(o->env, user.erasure_key, sizeof user.erasure_key);
	const struct audit_pair roles[] = {{AUDIT_META_roles, "admin,owner"}};
	const struct audit_event account_made = {
		.action = AUDIT_ACCOUNT_CREATE, .account_id = account_id, .actor = "local", .target_id = account_id};
	const struct audit_event user_made = {.action = AUDIT_USER_CREATE,
										  .account_id = account_id,
										  .actor = "local",
										  .target_id = user_id,
										  .meta = roles,
										  .meta_count = 1};
	admin->made = account_insert(db, account_id, "main", now_us, err) && user_insert(db, &user, err) &&
				  audit_append(o->audit, db, &account_made, err) && audit_append(o->audit, db, &user_made, err);
	return admin->made;
}

bool people_first_admin(struct people *people, const char *email, const char *password, bool *made, struct err *err)
{
	struct first_admin admin = {.people = people, .email = email};
	size_t size = strlen(password);
	if (!email_normalise(email, admin.email_norm))
		return err_field(err, ERR_INVALID, "/email", "%s is not an e-mail address", email);
	if (size < people->options.password_min)
		return err_field(err, ERR_INVALID, "/password", "the password needs at least %zu characters",
						 people->options.password_min);
	password_hash(people->options.env, people->options.bcrypt_cost, password, size, admin.password_hash);
	if (!store_write(people->options.store, insert_first, &admin, err))
		return false;
	*made = admin.made;
	return true;
}

bool people_any_admin(struct people *people, bool *any, struct err *err)
{
	int64_t count = 0;
	struct db *db = store_read(people->options.store);
	bool read = user_count_role(db, NULL, ROLE_ADMIN, &count, err);
	store_read_end(people->options.store, db);
	*any = count > 0;
	return read;
}

bool people_main_account(struct people *people, char account_id[ID_TEXT], struct err *err)
{
	bool found = false;
	account_id[0] = '\0';
	struct db *db = store_read(people->options.store);
	bool read = account_find_named(db, "main", account_id, &found, err);
	store_read_end(people->options.store, db);
	return read;
}
