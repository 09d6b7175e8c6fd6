#include "trade/devices.h"

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/stamp.h"
#include "store/store.h"
#include "trade/exact.h"

#define COLUMNS \
	"device_id, account_id, owner_id, name, secret, trading_account_id, snapshot_seq, snapshot_taken_at, polled_at, " \
	"empty_polls, created_at, revoked_at, encrypt"

static void take(const struct db_rows *row, struct arena *arena, struct device *d)
{
	size_t size = 0;
	const void *secret = db_blob(row, 4, &size);
	*d = (struct device){
		.device_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.owner_id = db_text_dup(row, 2, arena),
		.name = db_text_dup(row, 3, arena),
		.secret = arena_dupn(arena, secret, size),
		.secret_size = size,
		.trading_account_id = db_text_dup(row, 5, arena),
		.snapshot_seq = db_is_null(row, 6) ? FIELD_NO_INT : db_int(row, 6),
		.snapshot_taken_us = db_int(row, 7),
		.polled_us = db_int(row, 8),
		.empty_polls = db_int(row, 9),
		.created_us = db_int(row, 10),
		.revoked_us = db_int(row, 11),
		.encrypt = db_int(row, 12) != 0,
	};
}

struct taking {
	struct arena *arena;
	struct device *device;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take(row, to->arena, to->device);
}

/* What two live devices of one owner must not share. */
static const char *live_name(struct arena *arena, const struct device *d)
{
	return d->revoked_us != 0 ? NULL : arena_printf(arena, "%s\n%s", d->owner_id, d->name);
}

/* In words: what the store says of it is nobody's business. */
static bool name_taken(struct err *err)
{
	return err->kind == ERR_DUPLICATE ? err_set(err, ERR_DUPLICATE, "The owner has a device of that name.") : false;
}

bool device_insert(struct db *db, const struct device *d, struct err *err)
{
	struct arena arena;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool done = db_run(db, err,
					   "INSERT INTO devices (device_id, account_id, owner_id, name, live_name, secret, "
					   "trading_account_id, snapshot_taken_at, polled_at, empty_polls, created_at, "
					   "encrypt) VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, $8, $9)",
					   V_TEXT(d->device_id), V_TEXT(d->account_id), V_TEXT(d->owner_id), V_TEXT(d->name),
					   V_TEXT(live_name(&arena, d)), V_BLOB(d->secret, d->secret_size), V_TEXT(d->trading_account_id),
					   V_INT(d->created_us), V_INT(d->encrypt));
	arena_fini(&arena);
	return done || name_taken(err);
}

bool device_by_id(struct db *db, const char *device_id, struct arena *arena, struct device *device, bool *found,
				  struct err *err)
{
	struct taking to = {arena, device};
	return db_one(db, err, found, take_one, &to, "SELECT " COLUMNS " FROM devices WHERE device_id = $1",
				  V_TEXT(device_id));
}

bool device_find(struct db *db, const char *account_id, const char *device_id, struct arena *arena,
				 struct device *device, bool *found, struct err *err)
{
	struct taking to = {arena, device};
	return db_one(db, err, found, take_one, &to,
				  "SELECT " COLUMNS " FROM devices WHERE account_id = $1 AND device_id = $2", V_TEXT(account_id),
				  V_TEXT(device_id));
}

bool device_list(struct db *db, const char *account_id, const char *before_id, int64_t limit, struct arena *arena,
				 struct device **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, (size_t)limit, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM devices WHERE account_id = $1 AND (CAST($2 AS TEXT) IS NULL OR "
				  "device_id < $2) ORDER BY device_id DESC LIMIT $3",
				  V_TEXT(account_id), V_TEXT(before_id), V_INT(limit)))
		return false;
	while (db_next(&rows))
		take(&rows, arena, &(*list)[(*count)++]);
	return db_end(&rows, err);
}

bool device_update(struct db *db, const struct device *d, struct err *err)
{
	struct arena arena;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool done =
		db_run(db, err,
			   "UPDATE devices SET name = $2, live_name = $3, secret = $4, trading_account_id = $5, snapshot_seq = $6, "
			   "snapshot_taken_at = $7, polled_at = $8, empty_polls = $9, revoked_at = $10, encrypt = $11 "
			   "WHERE device_id = $1",
			   V_TEXT(d->device_id), V_TEXT(d->name), V_TEXT(live_name(&arena, d)), V_BLOB(d->secret, d->secret_size),
			   V_TEXT(d->trading_account_id), d->snapshot_seq != FIELD_NO_INT ? V_INT(d->snapshot_seq) : V_NULL,
			   V_INT(d->snapshot_taken_us), V_INT(d->polled_us), V_INT(d->empty_polls), V_TIME(d->revoked_us),
			   V_INT(d->encrypt));
	arena_fini(&arena);
	return done || name_taken(err);
}

bool nonce_spend(struct db *db, const char *device_id, const char *nonce, int64_t now_us, bool *fresh, struct err *err)
{
	if (!db_run(db, err, "DELETE FROM nonces WHERE until <= $1", V_INT(now_us)) ||
		!db_run(db, err,
				"INSERT INTO nonces (device_id, nonce, until) VALUES ($1, $2, $3) ON CONFLICT (device_id, nonce) "
				"DO NOTHING",
				V_TEXT(device_id), V_TEXT(nonce), V_INT(now_us + NONCE_KEPT_S * STAMP_US_PER_S)))
		return false;
	*fresh = db_changed(db) == 1;
	return true;
}
