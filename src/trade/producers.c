#include "trade/producers.h"

#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "crypt/aead.h"
#include "crypt/secret.h"
#include "store/store.h"

const char *const producer_kind_names[] = {"hmac", "standard_webhook", "url_token", NULL};

#define COLUMNS \
	"producer_id, account_id, owner_id, name, kind, instruments, ip_allow, secret, old_secret, old_until, old_uses, " \
	"enabled, created_at, updated_at"

static struct store_value blob(const void *bytes, size_t size)
{
	return bytes != NULL ? V_BLOB(bytes, size) : V_NULL;
}

bool producer_insert(struct db *db, const struct producer *p, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO producers (" COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
				  V_TEXT(p->producer_id), V_TEXT(p->account_id), V_TEXT(p->owner_id), V_TEXT(p->name),
				  V_TEXT(producer_kind_names[p->kind]), V_TEXT(p->instruments), V_TEXT(p->ip_allow),
				  blob(p->secret, p->secret_size), blob(p->old_secret, p->old_secret_size), V_INT(p->old_until_us),
				  V_INT(p->old_uses), V_INT(p->enabled), V_INT(p->created_us), V_INT(p->updated_us));
}

static int kind_of(const char *name)
{
	int kind = 0;
	while (strcmp(producer_kind_names[kind], name) != 0)
		kind++;
	return kind;
}

static const void *bytes_dup(const struct db_rows *row, int column, struct arena *arena, size_t *size)
{
	const void *bytes = db_blob(row, column, size);
	return bytes != NULL ? arena_dupn(arena, bytes, *size) : NULL;
}

static void take(const struct db_rows *row, struct arena *arena, struct producer *p)
{
	*p = (struct producer){
		.producer_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.owner_id = db_text_dup(row, 2, arena),
		.name = db_text_dup(row, 3, arena),
		.kind = kind_of(db_text(row, 4)),
		.instruments = db_text_dup(row, 5, arena),
		.ip_allow = db_text_dup(row, 6, arena),
		.old_until_us = db_int(row, 9),
		.old_uses = db_int(row, 10),
		.enabled = db_int(row, 11) != 0,
		.created_us = db_int(row, 12),
		.updated_us = db_int(row, 13),
	};
	p->secret = bytes_dup(row, 7, arena, &p->secret_size);
	p->old_secret = bytes_dup(row, 8, arena, &p->old_secret_size);
}

bool producer_copy(const struct producer *from, struct arena *arena, struct producer *p)
{
	const char **const texts[] = {&p->producer_id, &p->account_id,  &p->owner_id,
								  &p->name,        &p->instruments, &p->ip_allow};
	*p = *from;
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (*texts[i] != NULL)
			*texts[i] = arena_dup(arena, *texts[i]);
	if (from->secret != NULL)
		p->secret = arena_dupn(arena, from->secret, from->secret_size);
	if (from->old_secret != NULL)
		p->old_secret = arena_dupn(arena, from->old_secret, from->old_secret_size);
	return !arena->full;
}

struct taking {
	struct arena *arena;
	struct producer *producer;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take(row, to->arena, to->producer);
}

bool producer_by_id(struct db *db, const char *producer_id, struct arena *arena, struct producer *producer, bool *found,
					struct err *err)
{
	struct taking to = {arena, producer};
	return db_one(db, err, found, take_one, &to,
				  "SELECT " COLUMNS " FROM producers WHERE producer_id = $1 AND deleted_at IS NULL",
				  V_TEXT(producer_id));
}

bool producer_by_token(struct db *db, const unsigned char sha256[SHA256_SIZE], int64_t now_us, struct arena *arena,
					   struct producer *producer, bool *found, bool *old, struct err *err)
{
	struct taking to = {arena, producer};
	if (!db_one(db, err, found, take_one, &to,
				"SELECT " COLUMNS " FROM producers WHERE kind = 'url_token' AND deleted_at IS NULL AND enabled = 1 "
				"AND (secret = $1 OR (old_secret = $1 AND old_until > $2)) LIMIT 1",
				V_BLOB(sha256, SHA256_SIZE), V_INT(now_us)))
		return false;
	*old = *found && memcmp(producer->secret, sha256, SHA256_SIZE) != 0;
	return true;
}

bool producer_find(struct db *db, const char *account_id, const char *producer_id, struct arena *arena,
				   struct producer *producer, bool *found, struct err *err)
{
	struct taking to = {arena, producer};
	return db_one(db, err, found, take_one, &to,
				  "SELECT " COLUMNS " FROM producers WHERE account_id = $1 AND producer_id = $2 AND deleted_at IS NULL",
				  V_TEXT(account_id), V_TEXT(producer_id));
}

bool producer_list(struct db *db, const char *account_id, const char *before_id, int64_t limit, struct arena *arena,
				   struct producer **producers, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*producers = arena_array(arena, (size_t)limit, sizeof **producers);
	if (*producers == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS
				  " FROM producers WHERE account_id = $1 AND deleted_at IS NULL AND (CAST($2 AS TEXT) IS NULL OR "
				  "producer_id < $2) ORDER BY producer_id DESC LIMIT $3",
				  V_TEXT(account_id), V_TEXT(before_id), V_INT(limit)))
		return false;
	while (db_next(&rows))
		take(&rows, arena, &(*producers)[(*count)++]);
	return db_end(&rows, err);
}

bool producer_update(struct db *db, const struct producer *p, struct err *err)
{
	return db_run(db, err,
				  "UPDATE producers SET name = $3, instruments = $4, ip_allow = $5, enabled = $6, secret = $7, "
				  "old_secret = $8, old_until = $9, old_uses = $10, updated_at = $11 "
				  "WHERE account_id = $1 AND producer_id = $2",
				  V_TEXT(p->account_id), V_TEXT(p->producer_id), V_TEXT(p->name), V_TEXT(p->instruments),
				  V_TEXT(p->ip_allow), V_INT(p->enabled), blob(p->secret, p->secret_size),
				  blob(p->old_secret, p->old_secret_size), V_INT(p->old_until_us), V_INT(p->old_uses),
				  V_INT(p->updated_us));
}

bool producer_delete(struct db *db, const char *account_id, const char *producer_id, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE producers SET deleted_at = $3, enabled = 0 WHERE account_id = $1 AND producer_id = $2",
				  V_TEXT(account_id), V_TEXT(producer_id), V_INT(now_us));
}

bool producer_count_old_use(struct db *db, const char *producer_id, struct err *err)
{
	return db_run(db, err, "UPDATE producers SET old_uses = old_uses + 1 WHERE producer_id = $1", V_TEXT(producer_id));
}

const void *producer_seal_secret(const struct env *env, const unsigned char *key, const char *producer_id,
								 const char *secret, struct arena *arena, size_t *size)
{
	size_t plain = strlen(secret);
	unsigned char *sealed = arena_alloc(arena, plain + AEAD_OVERHEAD);
	if (sealed == NULL)
		return NULL;
	aead_seal(env, key, producer_id, strlen(producer_id), secret, plain, sealed);
	*size = plain + AEAD_OVERHEAD;
	return sealed;
}

bool producer_open_secret(const unsigned char *key, const char *producer_id, const void *sealed, size_t size,
						  char secret[64], size_t *secret_size)
{
	if (size < AEAD_OVERHEAD || size - AEAD_OVERHEAD >= 64)
		return false;
	*secret_size = size - AEAD_OVERHEAD;
	if (!aead_open(key, producer_id, strlen(producer_id), sealed, size, (unsigned char *)secret, NULL))
		return false;
	secret[*secret_size] = '\0';
	return true;
}

static void take_id(const struct db_rows *row, void *self)
{
	snprintf(self, 40, "%s", db_text(row, 0));
}

bool producer_first_user(struct db *db, const char *account_id, char user_id[40], struct err *err)
{
	bool found = false;
	user_id[0] = '\0';
	return db_one(db, err, &found, take_id, user_id,
				  "SELECT user_id FROM users WHERE account_id = $1 ORDER BY user_id LIMIT 1", V_TEXT(account_id));
}
