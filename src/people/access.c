#include "people/access.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "crypt/digest.h"
#include "crypt/jwt.h"
#include "crypt/ring.h"
#include "people/roles.h"
#include "people/sessions.h"
#include "store/store.h"

enum { REMEMBERED = 4096 }; /* tokens; one that falls out costs a verification again */

static const char *const TYPE = "at+jwt", *const AUDIENCE = "countersign";

struct remembered {
	unsigned char digest[SHA256_SIZE];
	int64_t expires_us;
	int64_t generation;
	struct principal principal;
};

struct access {
	struct access_options options;
	_Atomic int64_t generation;
	pthread_mutex_t lock;
	struct remembered slots[REMEMBERED];
};

struct access *access_new(const struct access_options *options)
{
	struct access *access = calloc(1, sizeof *access);
	must(access != NULL && pthread_mutex_init(&access->lock, NULL) == 0);
	access->options = *options;
	atomic_store(&access->generation, 1);
	return access;
}

void access_free(struct access *access)
{
	if (access == NULL)
		return;
	pthread_mutex_destroy(&access->lock);
	free(access);
}

void access_changed(struct access *access)
{
	atomic_fetch_add(&access->generation, 1);
}

const char *access_make(struct access *access, struct arena *arena, const char *user_id, const char *account_id,
						const char *session_id, unsigned roles)
{
	const struct access_options *o = &access->options;
	int64_t now_s = env_wall_us(o->env) / 1000000;
	char jti[ID_TEXT];
	id_make(o->ids, jti);
	struct buf claims, token;
	struct jw jw;
	buf_init(&claims, 0);
	buf_init(&token, 0);
	jw_init(&jw, &claims);
	jw_object(&jw);
	jw_member_str(&jw, "iss", o->issuer);
	jw_member_str(&jw, "aud", AUDIENCE);
	jw_member_str(&jw, "sub", user_id);
	jw_member_str(&jw, "sid", session_id);
	jw_member_str(&jw, "acc", account_id);
	jw_key(&jw, "roles");
	roles_write(&jw, roles);
	jw_member_int(&jw, "iat", now_s);
	jw_member_int(&jw, "nbf", now_s);
	jw_member_int(&jw, "exp", now_s + o->ttl_s);
	jw_member_str(&jw, "jti", jti);
	jw_object_end(&jw);
	jwt_sign(ring_current(o->keys), TYPE, buf_text(&claims), claims.size, &token);
	const char *text = buf_ok(&token) ? arena_dupn(arena, buf_text(&token), token.size) : NULL;
	buf_fini(&claims);
	buf_fini(&token);
	return text;
}

static size_t slot_of(const unsigned char digest[SHA256_SIZE])
{
	return (size_t)(digest[0] | digest[1] << 8) % REMEMBERED;
}

static bool recall(struct access *access, const unsigned char digest[SHA256_SIZE], int64_t now_us,
				   struct principal *principal)
{
	int64_t generation = atomic_load(&access->generation);
	pthread_mutex_lock(&access->lock);
	const struct remembered *slot = &access->slots[slot_of(digest)];
	bool known =
		slot->generation == generation && slot->expires_us > now_us && same_bytes(slot->digest, digest, SHA256_SIZE);
	if (known)
		*principal = slot->principal;
	pthread_mutex_unlock(&access->lock);
	return known;
}

static void remember(struct access *access, const unsigned char digest[SHA256_SIZE], int64_t generation,
					 int64_t expires_us, const struct principal *principal)
{
	pthread_mutex_lock(&access->lock);
	struct remembered *slot = &access->slots[slot_of(digest)];
	*slot = (struct remembered){.expires_us = expires_us, .generation = generation, .principal = *principal};
	memcpy(slot->digest, digest, SHA256_SIZE);
	pthread_mutex_unlock(&access->lock);
}

static const struct key *find_key(void *self, const char *kid)
{
	const struct access *access = self;
	return ring_find(access->options.keys, kid, env_wall_us(access->options.env));
}

/* Roles are the user's of this moment, not the claim's [P-4.4].  *ends_us, if wanted: when the session does. */
static bool look_up(struct access *access, const char *session_id, int64_t now_us, struct principal *principal,
					int64_t *ends_us, struct err *err)
{
	struct access_row row;
	bool live = false;
	struct db *db = store_read(access->options.store);
	bool read = session_access(db, session_id, now_us, &row, &live, err);
	store_read_end(access->options.store, db);
	if (!read)
		return false;
	if (!live)
		return err_set(err, ERR_SESSION_REVOKED, "The session has ended; log in again.");
	*principal = (struct principal){.kind = PRINCIPAL_PERSON, .roles = row.roles};
	memcpy(principal->user_id, row.user_id, sizeof row.user_id);
	memcpy(principal->account_id, row.account_id, sizeof row.account_id);
	memcpy(principal->session_id, session_id, ID_TEXT);
	memcpy(principal->key, row.erasure_key, AUDIT_KEY);
	if (ends_us != NULL)
		*ends_us = row.expires_us;
	return true;
}

bool access_again(struct access *access, const char *session_id, struct principal *principal, struct err *err)
{
	return look_up(access, session_id, env_wall_us(access->options.env), principal, NULL, err);
}

bool access_check(struct access *access, struct arena *arena, const char *token, struct principal *principal,
				  struct err *err)
{
	unsigned char digest[SHA256_SIZE];
	size_t size = strlen(token);
	int64_t now_us = env_wall_us(access->options.env);
	sha256(token, size, digest);
	if (recall(access, digest, now_us, principal))
		return true;
	int64_t generation = atomic_load(&access->generation);
	const struct jwt_rules rules = {.typ = TYPE,
									.iss = access->options.issuer,
									.aud = AUDIENCE,
									.now_us = now_us,
									.find = find_key,
									.self = access};
	const struct json *claims;
	if (!jwt_verify(arena, token, size, &rules, &claims, err))
		return false;
	const char *session_id = json_text(claims, "sid");
	const struct json *exp = json_get(claims, "exp");
	if (!id_valid(session_id) || exp == NULL || !json_numeric(exp))
		return err_set(err, ERR_TOKEN_INVALID, "The token is not valid.");
	int64_t ends_us, expires_us = (int64_t)(json_number(exp) * 1e6);
	if (!look_up(access, session_id, now_us, principal, &ends_us, err))
		return false;
	remember(access, digest, generation, ends_us < expires_us ? ends_us : expires_us, principal);
	return true;
}
