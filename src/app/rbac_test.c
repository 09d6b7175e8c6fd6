#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "app/app.h"
#include "app/cli.h"
#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/scratch.h"
#include "http/loopback.h"
#include "http/router.h"
#include "people/access.h"
#include "people/keys.h"
#include "people/people_internal.h"
#include "people/roles.h"
#include "people/sessions.h"
#include "people/users.h"
#include "store/store.h"

/*
 * Every route x every role x {none, expired, another account's, a viewer's key} [P-5.4], generated from the router.
 * What is expected comes from the table below, which says again, by hand, what platform.md 5.1 says: a permission that
 * is not there fails, and so does a public route that the closed list of P-5.5 has not.
 */

static const struct {
	const char *permission, *roles; /* letters of platform.md 5.1 */
} matrix[] = {
	{"self.manage", "AOEPVTRSUW"},
	{"seal.read", "AOEPVTRSUW"},
	{"seal.replay", "AOEPVTRSUW"},
	{"countersign.read", "AOEPVTRSUW"},
	{"pack.read", "AOEPVTRSUW"},
	{"task.read", "AOEPVTRSUW"},
	{"file.read", "AOEPVTRSUW"},
	{"calculation.run", "AOEPVTRSUW"},
	{"key.create", "AOEPVTRS"},
	{"user.read", "AO"},
	{"user.manage", "AO"},
	{"key.manage", "AO"},
	{"user.erase", "AO"},
	{"policy.manage", "AO"},
	{"audit.read", "AOU"},
	{"audit.export", "AOU"},
	{"account.manage", "A"},
	{"pack.manage", "A"},
	{"ops.read", "AS"},
	{"ops.manage", "AS"},
	{"deadletter.manage", "AS"},
	{"project.read", "AOEPVUW"},
	{"project.write", "AOEP"},
	{"seal.create", "AOEPTS"},
	{"countersign.request", "AOEPTS"},
	{"file.write", "AOEPTS"},
	{"project.submit", "AOEV"},
	{"project.delete", "AO"},
	{"calculation.approve", "AOPV"},
	{"calculation.stamp", "P"},
	{"trade.read", "AOVTRSUW"},
	{"trade.approve", "AOVTR"},
	{"trade.manage", "AOTS"},
	{"trade.risk", "AOR"},
	{"trade.pause", "AOVTRS"},
	{"flow.read", "AOEPVTRSUW"},
	{"flow.run", "AOETS"},
	{"flow.define", "AOS"},
	{"flow.operate", "AOS"},
	{"flow.work", "AOS"},
	{"memory.write", "AOS"},
	{"cost.write", "AOS"},
	{"task.cancel", "AOS"},
	{"flow.decide", "AOEPVTRS"},
	{"trade.ingest", ""},
	{"trade.device", ""},
};

static const char letters[] = "AOEPVTRSUW"; /* in the order of the roles' bits */

/* P-5.5, what begins with a path that ends in an asterisk included. */
static const char *const open_paths[] = {
	"/",
	"/health",
	"/live",
	"/ready",
	"/version",
	"/metrics",
	"/openapi.json",
	"/docs",
	"/docs/*",
	"/schemas/*",
	"/console",
	"/console/*",
	"/.well-known/jwks.json",
	"/api/v1/auth/register",
	"/api/v1/auth/login",
	"/api/v1/auth/login/mfa",
	"/api/v1/auth/refresh",
	"/api/v1/auth/password/forgot",
	"/api/v1/auth/password/reset",
	"/api/v1/auth/email/verify",
	"/api/v1/auth/email/resend",
	"/api/v1/receipts/verify",
	"/api/v1/time",
	"/blobs/*",
	"/api/v1/hooks/*",
	"/hooks/*",
	"/api/v1/shares/*",
	"/api/v1/exports/share/*",
	"/s/*",
	"/performance/*",
	"/api/v1/performance/*",
	"/api/v1/public/*",
	"/quote",
	"/api/v1/quote",
};

struct world {
	struct app app;
	char folder[SCRATCH_PATH];
	struct arena arena;
	struct {
		char user_id[ID_TEXT], account_id[ID_TEXT];
	} person[10], stranger; /* one a role; an owner of another account */
	char viewer_key[KEY_TEXT];
};

static struct world world;

/* --- a server without sockets --- */

static bool allowed(const char *permission, int role)
{
	for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++)
		if (strcmp(matrix[i].permission, permission) == 0)
			return strchr(matrix[i].roles, letters[role]) != NULL;
	fail_msg("platform.md 5.1 has no permission %s", permission);
	return false;
}

struct person {
	const char *user_id, *account_id;
	unsigned roles;
	bool new_account;
};

static bool insert_person(struct db *db, void *self, struct err *err)
{
	const struct person *person = self;
	char email[80];
	snprintf(email, sizeof email, "%s@test.example", person->user_id);
	struct user user = {.user_id = person->user_id,
						.account_id = person->account_id,
						.email = email,
						.email_norm = email,
						.roles = person->roles,
						.status = USER_ACTIVE,
						.email_verified = true,
						.created_us = 1};
	return (!person->new_account || account_insert(db, person->account_id, "test", 1, err)) &&
		   user_insert(db, &user, err);
}

static void add_person(char user_id[ID_TEXT], char account_id[ID_TEXT], unsigned roles, const char *account)
{
	struct err err;
	id_make(&world.app.ids, user_id);
	if (account == NULL)
		id_make(&world.app.ids, account_id);
	else
		memcpy(account_id, account, ID_TEXT);
	struct person person = {user_id, account_id, roles, account == NULL};
	assert_true(store_write(world.app.store, insert_person, &person, &err));
}

static bool insert_session(struct db *db, void *self, struct err *err)
{
	const struct session *session = self;
	return session_insert(db, session, 1000, err);
}

/* A session of its own for each request, for some of them end one. */
static const char *token_of(const char *user_id, const char *account_id, unsigned roles)
{
	char session_id[ID_TEXT];
	struct err err;
	id_make(&world.app.ids, session_id);
	struct session session = {.session_id = session_id,
							  .user_id = user_id,
							  .refresh_hash = session_id,
							  .created_us = env_wall_us(env_real()),
							  .expires_us = env_wall_us(env_real()) + INT64_C(3600000000)};
	assert_true(store_write(world.app.store, insert_session, &session, &err));
	return access_make(world.app.people->access, &world.arena, user_id, account_id, session_id, roles);
}

static bool insert_key(struct db *db, void *self, struct err *err)
{
	char hash[SHA256_HEX_SIZE];
	secret_hash(world.viewer_key, hash);
	return key_insert(db, self, hash, err);
}

static void add_viewer_key(void)
{
	char prefix[KEY_PREFIX_TEXT], key_id[ID_TEXT];
	struct err err;
	key_make(env_real(), world.viewer_key, prefix);
	id_make(&world.app.ids, key_id);
	struct api_key key = {.key_id = key_id,
						  .account_id = world.person[9].account_id,
						  .user_id = world.person[9].user_id,
						  .name = "viewer",
						  .prefix = prefix,
						  .scopes = permissions_of(ROLES_PERSON),
						  .created_us = 1,
						  .expires_us = env_wall_us(env_real()) + INT64_C(3600000000)};
	assert_true(store_write(world.app.store, insert_key, &key, &err));
}

static int open_world(void **state)
{
	(void)state;
	struct err err;
	assert_true(scratch_make(world.folder, "rbac", NULL));
	const struct cli cli = {.data = world.folder, .quiet = true};
	assert_true(app_open(&world.app, &cli, &err));
	assert_true(app_assemble(&world.app, &err));
	arena_init(&world.arena, 1 << 28);
	for (int role = 0; role < 10; role++)
		add_person(world.person[role].user_id, world.person[role].account_id, 1U << role,
				   role == 0 ? NULL : world.person[0].account_id);
	add_person(world.stranger.user_id, world.stranger.account_id, ROLE_OWNER, NULL);
	add_viewer_key();
	return 0;
}

static int close_world(void **state)
{
	(void)state;
	app_stop(&world.app);
	app_close(&world.app);
	arena_fini(&world.arena);
	scratch_remove(world.folder);
	return 0;
}

/* --- asking --- */

/* The route's path with a random id for each parameter. */
static void target_of(const struct route *route, char target[512])
{
	size_t size = 0;
	for (const char *at = route->path; *at != '\0' && size < 400; at++) {
		if (*at != '{') {
			target[size++] = *at;
			continue;
		}
		size += (size_t)snprintf(target + size, 64, "0192f000-0000-7000-8000-000000000000");
		at = strchr(at, '}');
	}
	target[size] = '\0';
}

struct answer_seen {
	int status;
	char code[40];
};

/* A body that is no JSON: who is let through is refused by the decoder, or finds nothing under a random id. */
static struct answer_seen ask(const struct route *route, const char *header, const char *value)
{
	static const char *const methods[METHODS] = {
		[METHOD_GET] = "GET", [METHOD_HEAD] = "HEAD",   [METHOD_POST] = "POST",
		[METHOD_PUT] = "PUT", [METHOD_PATCH] = "PATCH", [METHOD_DELETE] = "DELETE"};
	char target[512];
	const char *const headers[] = {"Content-Type", "application/json", header, value, NULL};
	bool body = route->method == METHOD_POST || route->method == METHOD_PUT || route->method == METHOD_PATCH;
	target_of(route, target);
	struct loopback loopback = {.method = methods[route->method],
								.target = target,
								.headers = headers,
								.body = body ? "[" : NULL,
								.body_size = body ? 1 : 0,
								.peer = "192.0.2.1"};
	loopback_ask(&world.app.service, &loopback);
	struct answer_seen seen = {.status = loopback.status};
	const char *code = loopback.answer != NULL ? strstr(loopback.answer, "\"code\":\"") : NULL;
	if (code != NULL)
		snprintf(seen.code, sizeof seen.code, "%.*s", (int)strcspn(code + 8, "\""), code + 8);
	loopback_fini(&loopback);
	return seen;
}

static struct answer_seen ask_as(const struct route *route, const char *token)
{
	char bearer[4096];
	snprintf(bearer, sizeof bearer, "Bearer %s", token);
	return ask(route, "Authorization", bearer);
}

/*
 * Let through: whatever comes then, it is neither 401 nor forbidden, and no fault of the server.  A row of the audit
 * list may name the code forbidden in an answer of 200.
 */
static void check(const struct route *route, const char *who, struct answer_seen seen, bool may)
{
	bool through = seen.status < 400 || (seen.status != 401 && strcmp(seen.code, "forbidden") != 0);
	if (through != may || (through && seen.status == 500))
		fail_msg("%s as %s: %d %s, and %s", route->operation, who, seen.status, seen.code,
				 may ? "they may" : "they may not");
	if (!may && seen.status != 403)
		fail_msg("%s as %s: %d instead of 403", route->operation, who, seen.status);
}

static bool is_open(const char *path)
{
	for (size_t i = 0; i < sizeof open_paths / sizeof *open_paths; i++) {
		size_t size = strcspn(open_paths[i], "*");
		bool star = open_paths[i][size] == '*';
		if (star ? strncmp(path, open_paths[i], size) == 0 : strcmp(path, open_paths[i]) == 0)
			return true;
	}
	return false;
}

/* [P-5.5] */
static void public_routes_are_on_the_closed_list(void **state)
{
	(void)state;
	for (size_t i = 0; i < router_count(world.app.router); i++) {
		const struct route *route = router_at(world.app.router, i);
		if (route_public(route) && !is_open(route->path))
			fail_msg("%s %s is public and not on the list", route->operation, route->path);
	}
}

/* [P-5.1] The one table of permissions says what the matrix above says, role by role. */
static void permissions_are_those_of_the_matrix(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof matrix / sizeof *matrix; i++)
		for (int role = 0; role < 10; role++)
			if (role_permits(1U << role, matrix[i].permission) != (strchr(matrix[i].roles, letters[role]) != NULL))
				fail_msg("%s and role %c", matrix[i].permission, letters[role]);
	assert_true(role_permits(ROLE_PRODUCER, "trade.ingest"));
	assert_true(role_permits(ROLE_DEVICE, "trade.device"));
	assert_int_equal(permissions_of(ROLE_PRODUCER), permission_bit("trade.ingest"));
	assert_int_equal(permissions_of(ROLE_DEVICE), permission_bit("trade.device"));
}

/* [P-5.2, P-5.4] Neither without a token nor with one that is over or another's signature. */
static void without_a_live_token_every_route_answers_401(void **state)
{
	(void)state;
	struct access_options options = {.store = world.app.store,
									 .env = env_real(),
									 .ids = &world.app.ids,
									 .keys = world.app.keys.rings[KEY_OF_ACCESS],
									 .issuer = world.app.config.public_url,
									 .ttl_s = -10};
	struct access *stale = access_new(&options);
	const char *expired = access_make(stale, &world.arena, world.person[0].user_id, world.person[0].account_id,
									  world.person[0].user_id, ROLE_ADMIN);
	access_free(stale);
	for (size_t i = 0; i < router_count(world.app.router); i++) {
		const struct route *route = router_at(world.app.router, i);
		if (route_public(route) || route->self_verified)
			continue;
		struct answer_seen none = ask(route, "X-Nothing", "-"), old = ask_as(route, expired),
						   bad = ask_as(route, "a.b.c");
		if (none.status != 401 || strcmp(none.code, "unauthenticated") != 0)
			fail_msg("%s without a token: %d %s", route->operation, none.status, none.code);
		if (old.status != 401 || strcmp(old.code, "token_expired") != 0)
			fail_msg("%s with an expired token: %d %s", route->operation, old.status, old.code);
		if (bad.status != 401 || strcmp(bad.code, "token_invalid") != 0)
			fail_msg("%s with no token of ours: %d %s", route->operation, bad.status, bad.code);
	}
}

/* [P-5.1, P-5.4] */
static void each_role_may_what_the_matrix_says(void **state)
{
	(void)state;
	for (size_t i = 0; i < router_count(world.app.router); i++) {
		const struct route *route = router_at(world.app.router, i);
		for (int role = 0; role < 10 && !route_public(route) && !route->self_verified; role++) {
			const char letter[] = {letters[role], '\0'};
			const char *token = token_of(world.person[role].user_id, world.person[role].account_id, 1U << role);
			check(route, letter, ask_as(route, token), allowed(route->permission, role));
			arena_reset(&world.arena);
		}
	}
}

/* A claim of more roles than the person has changes nothing: roles are the user's, not the token's [P-4.4]. */
static void a_viewer_with_a_claim_of_admin_stays_a_viewer(void **state)
{
	(void)state;
	for (size_t i = 0; i < router_count(world.app.router); i++) {
		const struct route *route = router_at(world.app.router, i);
		if (route_public(route) || route->self_verified || allowed(route->permission, 9))
			continue;
		check(route, "W claiming A",
			  ask_as(route, token_of(world.person[9].user_id, world.person[9].account_id, ROLE_ADMIN | ROLE_OWNER)),
			  false);
	}
}

/* [P-4.8] A viewer's key with every scope there is may what a viewer may. */
static void a_viewers_key_may_what_a_viewer_may(void **state)
{
	(void)state;
	for (size_t i = 0; i < router_count(world.app.router); i++) {
		const struct route *route = router_at(world.app.router, i);
		if (!route_public(route) && !route->self_verified)
			check(route, "key", ask(route, "X-API-Key", world.viewer_key), allowed(route->permission, 9));
	}
}

/* [P-5.3] The owner of another account finds nobody of this one; those of the account do. */
static void another_accounts_owner_finds_nothing(void **state)
{
	(void)state;
	const char *token = token_of(world.stranger.user_id, world.stranger.account_id, ROLE_OWNER);
	for (int i = 0; i < 2; i++) {
		char bearer[4096], target[128];
		const char *const headers[] = {"Authorization", bearer, NULL};
		snprintf(target, sizeof target, "/api/v1/users/%s", i == 0 ? world.person[9].user_id : world.stranger.user_id);
		snprintf(bearer, sizeof bearer, "Bearer %s", token);
		struct loopback loopback = {.method = "GET", .target = target, .headers = headers};
		loopback_ask(&world.app.service, &loopback);
		assert_int_equal(loopback.status, i == 0 ? 404 : 200);
		loopback_fini(&loopback);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(public_routes_are_on_the_closed_list),
		cmocka_unit_test(permissions_are_those_of_the_matrix),
		cmocka_unit_test(without_a_live_token_every_route_answers_401),
		cmocka_unit_test(each_role_may_what_the_matrix_says),
		cmocka_unit_test(a_viewer_with_a_claim_of_admin_stays_a_viewer),
		cmocka_unit_test(a_viewers_key_may_what_a_viewer_may),
		cmocka_unit_test(another_accounts_owner_finds_nothing),
	};
	setenv("COUNTERSIGN_RATE_ENABLED", "false", 1);
	setenv("COUNTERSIGN_LOG_LEVEL", "error", 1);
	return cmocka_run_group_tests(tests, open_world, close_world);
}
