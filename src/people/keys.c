#include "people/keys.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/must.h"
#include "people/people_internal.h"
#include "people/roles.h"
#include "store/store.h"

enum { USED_EVERY_S = 60 };

void key_make(const struct env *env, char text[KEY_TEXT], char prefix[KEY_PREFIX_TEXT])
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz234567";
	unsigned char bytes[KEY_PREFIX_TEXT - 1];
	char before[SECRET_PREFIX_MAX + 1], secret[SECRET_TEXT];
	env_random(env, bytes, sizeof bytes);
	for (size_t i = 0; i < sizeof bytes; i++)
		prefix[i] = letters[bytes[i] % 32];
	prefix[sizeof bytes] = '\0';
	snprintf(before, sizeof before, "csk_%s_", prefix);
	must(secret_make(env, before, secret) == KEY_TEXT - 1);
	memcpy(text, secret, KEY_TEXT);
	wipe(secret, sizeof secret);
}

bool key_insert(struct db *db, const struct api_key *key, const char *hash, struct err *err)
{
	char scopes[PERMISSIONS_TEXT];
	return db_run(db, err,
				  "INSERT INTO api_keys (key_id, account_id, user_id, name, prefix, key_hash, scopes, created_at, "
				  "expires_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				  V_TEXT(key->key_id), V_TEXT(key->account_id), V_TEXT(key->user_id), V_TEXT(key->name),
				  V_TEXT(key->prefix), V_TEXT(hash), V_TEXT(permissions_format(key->scopes, scopes)),
				  V_INT(key->created_us), V_INT(key->expires_us));
}

#define KEY_COLUMNS "key_id, account_id, user_id, name, prefix, scopes, created_at, expires_at, last_used_at"

struct taking {
	struct arena *arena;
	struct api_key *key;
};

static void take_key(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->key = (struct api_key){
		.key_id = db_text_dup(row, 0, to->arena),
		.account_id = db_text_dup(row, 1, to->arena),
		.user_id = db_text_dup(row, 2, to->arena),
		.name = db_text_dup(row, 3, to->arena),
		.prefix = db_text_dup(row, 4, to->arena),
		.scopes = permissions_parse(db_text(row, 5)),
		.created_us = db_int(row, 6),
		.expires_us = db_int(row, 7),
		.last_used_us = db_int(row, 8),
	};
}

bool key_list(struct db *db, const struct key_filter *filter, struct arena *arena,
			  void (*take)(void *self, const struct api_key *key), void *self, struct err *err)
{
	struct db_rows rows;
	struct api_key key;
	struct taking to = {.arena = arena, .key = &key};
	if (!db_query(db, &rows, err,
				  "SELECT " KEY_COLUMNS
				  " FROM api_keys WHERE account_id = COALESCE($1, account_id) AND user_id = COALESCE($2, user_id) AND "
				  "key_id > $3 AND revoked_at IS NULL AND expires_at > $4 ORDER BY key_id LIMIT $5",
				  V_TEXT(filter->account_id), V_TEXT(filter->user_id), V_TEXT(filter->after), V_INT(filter->now_us),
				  V_INT(filter->limit)))
		return false;
	while (db_next(&rows)) {
		take_key(&rows, &to);
		take(self, &key);
	}
	return db_end(&rows, err);
}

bool key_find(struct db *db, const char *key_id, int64_t now_us, struct arena *arena, struct api_key *key, bool *found,
			  struct err *err)
{
	struct taking to = {.arena = arena, .key = key};
	return db_one(db, err, found, take_key, &to,
				  "SELECT " KEY_COLUMNS " FROM api_keys WHERE key_id = $1 AND revoked_at IS NULL AND expires_at > $2",
				  V_TEXT(key_id), V_INT(now_us));
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool key_count(struct db *db, const char *user_id, int64_t now_us, int64_t *count, struct err *err)
{
	return db_one(db, err, NULL, take_int, count,
				  "SELECT COUNT(*) FROM api_keys WHERE user_id = $1 AND revoked_at IS NULL AND expires_at > $2",
				  V_TEXT(user_id), V_INT(now_us));
}

bool key_revoke(struct db *db, const char *key_id, int64_t now_us, struct err *err)
{
	return db_run(db, err, "UPDATE api_keys SET revoked_at = $2 WHERE key_id = $1 AND revoked_at IS NULL",
				  V_TEXT(key_id), V_INT(now_us));
}

/* --- check --- */

struct holder {
	struct principal *principal;
	char key_id[ID_TEXT];
	int64_t expires_us, last_used_us;
};

static void take_holder(const struct db_rows *row, void *self)
{
	struct holder *holder = self;
	struct principal *principal = holder->principal;
	size_t size;
	snprintf(holder->key_id, sizeof holder->key_id, "%s", db_text(row, 0));
	holder->expires_us = db_int(row, 1);
	holder->last_used_us = db_int(row, 2);
	*principal = (struct principal){
		.kind = PRINCIPAL_KEY, .roles = roles_parse(db_text(row, 5)), .scopes = permissions_parse(db_text(row, 6))};
	snprintf(principal->user_id, sizeof principal->user_id, "%s", db_text(row, 3));
	snprintf(principal->account_id, sizeof principal->account_id, "%s", db_text(row, 4));
	memcpy(principal->session_id, holder->key_id, ID_TEXT);
	const void *key = db_blob(row, 7, &size);
	must(size == AUDIT_KEY);
	memcpy(principal->key, key, AUDIT_KEY);
}

/* A use, written when it happens to be written: nobody waits for it. */
struct use {
	struct store_op op;
	char key_id[ID_TEXT];
	int64_t now_us;
};

static bool apply_use(struct db *db, void *self, struct err *err)
{
	const struct use *use = self;
	return db_run(db, err, "UPDATE api_keys SET last_used_at = $2 WHERE key_id = $1", V_TEXT(use->key_id),
				  V_INT(use->now_us / (USED_EVERY_S * US_PER_S) * (USED_EVERY_S * US_PER_S)));
}

static void end_use(void *self, bool applied, const struct err *err)
{
	(void)applied; /* the next minute notes another */
	(void)err;
	free(self);
}

static void note_use(struct people *people, const char *key_id, int64_t now_us)
{
	struct use *use = calloc(1, sizeof *use);
	if (use == NULL)
		return;
	*use = (struct use){.op = {.apply = apply_use, .done = end_use, .self = use}, .now_us = now_us};
	memcpy(use->key_id, key_id, ID_TEXT);
	if (!store_submit(people->options.store, &use->op, NULL))
		free(use);
}

#define HOLDER \
	"SELECT k.key_id, k.expires_at, k.last_used_at, u.user_id, u.account_id, u.roles, k.scopes, u.erasure_key " \
	"FROM api_keys k JOIN users u ON u.user_id = k.user_id WHERE k.revoked_at IS NULL AND u.status = 'active' AND "

/* By a statement that begins with HOLDER and says what is known of the key. */
static bool find_holder(struct people *people, const char *sql, const char *known, struct holder *holder,
						int64_t now_us, struct err *err)
{
	bool found = false;
	struct db *db = store_read(people->options.store);
	bool read = db_one(db, err, &found, take_holder, holder, sql, V_TEXT(known));
	store_read_end(people->options.store, db);
	if (!read)
		return false;
	if (!found)
		return err_set(err, ERR_TOKEN_INVALID, "The API key is not valid.");
	return holder->expires_us > now_us || err_set(err, ERR_TOKEN_EXPIRED, "The API key has expired.");
}

bool key_check(struct people *people, const char *text, struct principal *principal, struct err *err)
{
	char hash[SHA256_HEX_SIZE];
	struct holder holder = {.principal = principal};
	int64_t now_us = env_wall_us(people->options.env);
	secret_hash(text, hash);
	if (!find_holder(people, HOLDER "k.key_hash = $1", hash, &holder, now_us, err))
		return false;
	if (now_us / (USED_EVERY_S * US_PER_S) > holder.last_used_us / (USED_EVERY_S * US_PER_S))
		note_use(people, holder.key_id, now_us);
	return true;
}

bool key_again(struct people *people, const char *key_id, struct principal *principal, struct err *err)
{
	struct holder holder = {.principal = principal};
	return find_holder(people, HOLDER "k.key_id = $1", key_id, &holder, env_wall_us(people->options.env), err);
}
