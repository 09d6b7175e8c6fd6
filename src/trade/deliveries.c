#include "trade/deliveries.h"

#include <ctype.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/must.h"
#include "store/store.h"
#include "trade/exact.h"

const char *const delivery_state_names[] = {"ready", "leased", "doubt", "placed", "failed", "withdrawn", NULL};

#define COLUMNS \
	"delivery_id, account_id, signal_id, trading_account_id, approval_id, effect_key, state, lots, magic, comment, " \
	"device_id, fence, attempts, lease_until, placed_at, created_at, updated_at"

static int state_of(const char *name)
{
	int state = 0;
	while (strcmp(delivery_state_names[state], name) != 0)
		state++;
	return state;
}

static void take(const struct db_rows *row, struct arena *arena, struct delivery *d)
{
	*d = (struct delivery){
		.delivery_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.signal_id = db_text_dup(row, 2, arena),
		.trading_account_id = db_text_dup(row, 3, arena),
		.approval_id = db_text_dup(row, 4, arena),
		.effect_key = db_text_dup(row, 5, arena),
		.state = state_of(db_text(row, 6)),
		.lots = db_exact(row, 7),
		.magic = db_int(row, 8),
		.comment = db_text_dup(row, 9, arena),
		.device_id = db_text_dup(row, 10, arena),
		.fence = db_int(row, 11),
		.attempts = db_int(row, 12),
		.lease_until_us = db_int(row, 13),
		.placed_us = db_int(row, 14),
		.created_us = db_int(row, 15),
		.updated_us = db_int(row, 16),
	};
}

struct taking {
	struct arena *arena;
	struct delivery *delivery;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take(row, to->arena, to->delivery);
}

bool delivery_name(struct delivery *d, const struct env *env, struct id_maker *ids, struct arena *arena)
{
	const uint64_t below_2_53 = (UINT64_C(1) << 53) - 1; /* a terminal's language may know doubles only */
	uint64_t random = 0;
	char *id = arena_alloc(arena, ID_TEXT), *comment = arena_alloc(arena, COMMENT_TEXT);
	if (id == NULL || comment == NULL)
		return false;
	id_make(ids, id);
	size_t size = 0;
	comment[size++] = 'C';
	comment[size++] = 'S';
	for (const char *at = id; size < COMMENT_TEXT - 1; at++)
		if (isxdigit((unsigned char)*at))
			comment[size++] = *at;
	comment[size] = '\0';
	while (random == 0) {
		env_random(env, &random, sizeof random);
		random &= below_2_53;
	}
	d->delivery_id = id;
	d->comment = comment;
	d->magic = (int64_t)random;
	return true;
}

bool delivery_insert(struct db *db, const struct delivery *d, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO deliveries (" COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, 0, 0, "
				  "0, NULL, $11, $11)",
				  V_TEXT(d->delivery_id), V_TEXT(d->account_id), V_TEXT(d->signal_id), V_TEXT(d->trading_account_id),
				  V_TEXT(d->approval_id), V_TEXT(d->effect_key), V_TEXT(delivery_state_names[d->state]),
				  V_EXACT(d->lots), V_INT(d->magic), V_TEXT(d->comment), V_INT(d->created_us));
}

bool delivery_find(struct db *db, const char *account_id, const char *delivery_id, struct arena *arena,
				   struct delivery *delivery, bool *found, struct err *err)
{
	struct taking to = {arena, delivery};
	return db_one(db, err, found, take_one, &to,
				  "SELECT " COLUMNS " FROM deliveries WHERE account_id = $1 AND delivery_id = $2", V_TEXT(account_id),
				  V_TEXT(delivery_id));
}

bool delivery_of_signal(struct db *db, const char *signal_id, struct arena *arena, struct delivery *delivery,
						bool *found, struct err *err)
{
	struct taking to = {arena, delivery};
	return db_one(db, err, found, take_one, &to,
				  "SELECT " COLUMNS " FROM deliveries WHERE signal_id = $1 ORDER BY delivery_id LIMIT 1",
				  V_TEXT(signal_id));
}

bool delivery_of_approval(struct db *db, const char *account_id, const char *approval_id, struct arena *arena,
						  struct delivery *delivery, bool *found, struct err *err)
{
	struct taking to = {arena, delivery};
	return db_one(db, err, found, take_one, &to,
				  "SELECT " COLUMNS " FROM deliveries WHERE account_id = $1 AND approval_id = $2 LIMIT 1",
				  V_TEXT(account_id), V_TEXT(approval_id));
}

bool delivery_list(struct db *db, const char *trading_account_id, enum delivery_state state, int64_t limit,
				   struct arena *arena, struct delivery **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, (size_t)limit, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM deliveries WHERE trading_account_id = $1 AND state = $2 "
				  "ORDER BY delivery_id LIMIT $3",
				  V_TEXT(trading_account_id), V_TEXT(delivery_state_names[state]), V_INT(limit)))
		return false;
	while (db_next(&rows))
		take(&rows, arena, &(*list)[(*count)++]);
	return db_end(&rows, err);
}

static bool may_move(int from, enum delivery_state to)
{
#define TO(state) (1U << DELIVERY_##state)
	static const unsigned moves[] = {
		[DELIVERY_READY] = TO(LEASED) | TO(WITHDRAWN),
		[DELIVERY_LEASED] = TO(PLACED) | TO(FAILED) | TO(DOUBT),
		[DELIVERY_DOUBT] = TO(PLACED) | TO(READY) | TO(FAILED),
		[DELIVERY_PLACED] = 0,
		[DELIVERY_FAILED] = 0,
		[DELIVERY_WITHDRAWN] = 0,
	};
#undef TO
	return (moves[from] >> to & 1) != 0;
}

bool delivery_move(struct db *db, struct delivery *d, enum delivery_state to, int64_t now_us, bool *moved,
				   struct err *err)
{
	must(may_move(d->state, to));
	if (to == DELIVERY_PLACED)
		d->placed_us = now_us;
	if (!db_run(db, err,
				"UPDATE deliveries SET state = $4, device_id = $5, attempts = $6, lease_until = $7, placed_at = $8, "
				"updated_at = $9, fence = fence + 1 WHERE delivery_id = $1 AND state = $2 AND fence = $3",
				V_TEXT(d->delivery_id), V_TEXT(delivery_state_names[d->state]), V_INT(d->fence),
				V_TEXT(delivery_state_names[to]), V_TEXT(d->device_id), V_INT(d->attempts), V_INT(d->lease_until_us),
				V_TIME(d->placed_us), V_INT(now_us)))
		return false;
	*moved = db_changed(db) == 1;
	if (*moved) {
		d->state = (int)to;
		d->fence++;
		d->updated_us = now_us;
	}
	return true;
}
