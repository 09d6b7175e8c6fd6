#include "people/idempotency.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/codec.h"
#include "core/env.h"
#include "core/err.h"
#include "core/map.h"
#include "core/must.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "store/store.h"

enum { KEY_MAX = 255 };

struct idempotency {
	unsigned char key[SHA256_SIZE]; /* of fingerprints */
	struct store *store;
	const struct env *env;
	int64_t ttl_us;
	pthread_mutex_t lock;
	struct map in_flight; /* principal, a line end, key */
	_Atomic uint64_t replays;
};

struct idempotency *idempotency_new(struct store *store, const struct env *env, int64_t ttl_us)
{
	uint64_t seed[2];
	struct idempotency *idempotency = calloc(1, sizeof *idempotency);
	must(idempotency != NULL && pthread_mutex_init(&idempotency->lock, NULL) == 0);
	idempotency->store = store;
	idempotency->env = env;
	idempotency->ttl_us = ttl_us;
	env_random(env, seed, sizeof seed);
	map_init(&idempotency->in_flight, NULL, seed);
	return idempotency;
}

void idempotency_use_key(struct idempotency *idempotency, const unsigned char key[SHA256_SIZE])
{
	memcpy(idempotency->key, key, sizeof idempotency->key);
}

void idempotency_free(struct idempotency *idempotency)
{
	if (idempotency == NULL)
		return;
	map_fini(&idempotency->in_flight);
	pthread_mutex_destroy(&idempotency->lock);
	free(idempotency);
}

/* --- what is the same request --- */

static bool key_valid(const char *key)
{
	size_t size = strlen(key);
	for (size_t i = 0; i < size; i++)
		if (key[i] < 0x21 || key[i] > 0x7e)
			return false;
	return size >= 1 && size <= KEY_MAX;
}

/* By the route's name and not by the path as sent, so that an alias is the same; each part with its length before it.
 */
static void add_part(struct digest *digest, const void *bytes, size_t size)
{
	char length[24];
	digest_add(digest, length, (size_t)snprintf(length, sizeof length, "%zu:", size));
	if (size > 0)
		digest_add(digest, bytes, size);
}

/* A body may hold a password: kept is nothing that one could guess against without the key. */
static void make_fingerprint(const struct idempotency *idempotency, const struct exchange *x,
							 char fingerprint[SHA256_HEX_SIZE])
{
	unsigned char mac[SHA256_SIZE];
	const char *method = method_name(x->head.method), *operation = x->match.route->operation;
	const char *query = x->head.query != NULL ? x->head.query : "";
	struct digest digest;
	digest_init(&digest);
	add_part(&digest, method, strlen(method));
	add_part(&digest, operation, strlen(operation));
	for (size_t i = 0; i < x->match.param_count; i++)
		add_part(&digest, x->match.params[i].value, strlen(x->match.params[i].value));
	add_part(&digest, query, strlen(query));
	add_part(&digest, x->body.bytes, x->body.size);
	digest_end_hex(&digest, fingerprint);
	hmac_sha256(idempotency->key, sizeof idempotency->key, fingerprint, SHA256_HEX_SIZE - 1, mac);
	hex_encode(fingerprint, mac, sizeof mac);
	digest_fini(&digest);
}

/* Routes below /auth/ ignore the key: what they answer must not be kept [P-8.5]. */
static const char *key_of(const struct exchange *x)
{
	const struct route *route = x->match.route;
	bool covered = route->effect == EFFECT_WRITE && x->principal != NULL && strstr(route->path, "/auth/") == NULL;
	return covered ? exchange_header(x, "idempotency-key") : NULL;
}

static struct idempotent *make_request(struct idempotency *idempotency, struct exchange *x, const char *key)
{
	const struct principal *principal = principal_of(x);
	struct idempotent *request = arena_new(&x->arena, struct idempotent);
	if (request == NULL)
		return NULL;
	*request = (struct idempotent){.owner = idempotency, .key = key};
	snprintf(request->principal, sizeof request->principal, "%s",
			 principal->user_id[0] != '\0' ? principal->user_id : "local");
	make_fingerprint(idempotency, x, request->fingerprint);
	return request;
}

/* --- in flight --- */

enum { FLIGHT_NAME = ID_TEXT + KEY_MAX + 2 };

static size_t name_of(const struct idempotent *request, char name[FLIGHT_NAME])
{
	return (size_t)snprintf(name, FLIGHT_NAME, "%s\n%s", request->principal, request->key);
}

static bool register_request(struct idempotent *request)
{
	struct idempotency *all = request->owner;
	char name[FLIGHT_NAME];
	size_t size = name_of(request, name);
	pthread_mutex_lock(&all->lock);
	request->registered =
		map_get_n(&all->in_flight, name, size) == NULL && map_set_n(&all->in_flight, name, size, request, NULL);
	pthread_mutex_unlock(&all->lock);
	return request->registered;
}

void idempotency_leave(const struct exchange *x)
{
	struct idempotent *request = x->idempotency;
	char name[FLIGHT_NAME];
	if (request == NULL || !request->registered)
		return;
	size_t size = name_of(request, name);
	request->registered = false;
	pthread_mutex_lock(&request->owner->lock);
	map_remove_n(&request->owner->in_flight, name, size);
	pthread_mutex_unlock(&request->owner->lock);
}

/* --- rows --- */

struct recorded {
	struct exchange *x;
	bool same;
	const char *fingerprint;
};

static void set_if(struct exchange *x, const char *name, const char *value)
{
	if (value != NULL)
		exchange_set(x, name, value);
}

static void take_answer(const struct db_rows *row, void *self)
{
	struct recorded *recorded = self;
	struct exchange *x = recorded->x;
	size_t size;
	recorded->same = strcmp(db_text(row, 0), recorded->fingerprint) == 0;
	if (!recorded->same)
		return;
	const void *body = db_blob(row, 5, &size);
	set_if(x, "ETag", db_text(row, 3));
	set_if(x, "Location", db_text(row, 4));
	exchange_set(x, "Idempotency-Replayed", "true");
	exchange_draft(x, true);
	exchange_answer(x, (int)db_int(row, 1), db_text_dup(row, 2, &x->arena), body, size);
	exchange_draft(x, false);
}

bool idempotency_look(const struct idempotent *request, struct db *db, struct exchange *x, enum idempotent_found *found,
					  struct err *err)
{
	struct recorded recorded = {.x = x, .fingerprint = request->fingerprint};
	bool any = false;
	if (!db_one(db, err, &any, take_answer, &recorded,
				"SELECT fingerprint, status, content_type, etag, location, body FROM idempotency WHERE principal = $1 "
				"AND idempotency_key = $2 AND expires_at > $3",
				V_TEXT(request->principal), V_TEXT(request->key), V_INT(env_wall_us(request->owner->env))))
		return false;
	*found = !any ? IDEMPOTENT_NEW : recorded.same ? IDEMPOTENT_REPLAYED : IDEMPOTENT_OTHER;
	if (*found == IDEMPOTENT_REPLAYED)
		atomic_fetch_add_explicit(&request->owner->replays, 1, memory_order_relaxed);
	return true;
}

uint64_t idempotency_replays(const struct idempotency *idempotency)
{
	return atomic_load_explicit(&idempotency->replays, memory_order_relaxed);
}

/* The value of a header of the draft, in the arena. */
static const char *drafted(struct exchange *x, const char *name)
{
	size_t length;
	const char *value = answer_value(&x->answer, name, &length);
	return value != NULL ? arena_dupn(&x->arena, value, length) : NULL;
}

bool idempotency_record(const struct idempotent *request, struct db *db, struct exchange *x, struct err *err)
{
	int64_t now_us = env_wall_us(request->owner->env);
	const struct buf *body = &x->answer.body;
	/* A row in the way has expired; it is still there when the clock has been set back since. */
	return db_run(db, err, "DELETE FROM idempotency WHERE expires_at <= $1", V_INT(now_us)) &&
		   db_run(db, err,
				  "INSERT INTO idempotency (principal, idempotency_key, fingerprint, status, content_type, etag, "
				  "location, body, expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) "
				  "ON CONFLICT (principal, idempotency_key) DO UPDATE SET fingerprint = excluded.fingerprint, "
				  "status = excluded.status, content_type = excluded.content_type, etag = excluded.etag, "
				  "location = excluded.location, body = excluded.body, expires_at = excluded.expires_at",
				  V_TEXT(request->principal), V_TEXT(request->key), V_TEXT(request->fingerprint),
				  V_INT(x->answer.status), V_TEXT(x->answer.type), V_TEXT(drafted(x, "ETag")),
				  V_TEXT(drafted(x, "Location")), V_BLOB(buf_text(body), body->size),
				  V_INT(now_us + request->owner->ttl_us));
}

/* --- the hook --- */

static bool look_before(struct idempotent *request, struct exchange *x, enum idempotent_found *found)
{
	struct err err;
	struct store *store = request->owner->store;
	struct db *db = store_read(store);
	bool read = idempotency_look(request, db, x, found, &err);
	store_read_end(store, db);
	if (!read)
		exchange_fail(x, &err);
	return read;
}

bool idempotency_enter(struct idempotency *idempotency, struct exchange *x)
{
	const char *key = key_of(x);
	enum idempotent_found found;
	if (key == NULL)
		return true;
	if (!key_valid(key)) {
		exchange_failf(x, ERR_IDEMPOTENCY_KEY_INVALID, "Idempotency-Key has 1 to 255 visible ASCII characters.");
		return false;
	}
	struct idempotent *request = make_request(idempotency, x, key);
	if (request == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return false;
	}
	if (!look_before(request, x, &found))
		return false;
	if (found == IDEMPOTENT_REPLAYED) {
		exchange_send(x);
		return false;
	}
	if (found == IDEMPOTENT_OTHER) {
		exchange_failf(x, ERR_IDEMPOTENCY_MISMATCH, "This Idempotency-Key was used with another request.");
		return false;
	}
	x->idempotency = request;
	if (register_request(request))
		return true;
	exchange_set(x, "Retry-After", "1");
	exchange_failf(x, ERR_IDEMPOTENCY_IN_FLIGHT, "A request with this Idempotency-Key is still running.");
	return false;
}
