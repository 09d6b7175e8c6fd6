#include "trade/accounts.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"
#include "trade/exact.h"

#define COLUMNS \
	"a.trading_account_id, a.account_id, a.owner_id, a.login, a.broker, a.server, a.name, a.symbol_map, " \
	"a.primary_of, " \
	"a.currency, a.leverage, a.balance, a.equity, a.margin, a.free_margin, a.trade_allowed, a.peak_equity, a.day, " \
	"a.day_start_equity, a.taken_at, a.last_snapshot_at, a.verified_at, a.syncs, a.last_sync_us, a.created_at, " \
	"a.updated_at, a.row_version, (SELECT COUNT(*) FROM positions p WHERE p.trading_account_id = " \
	"a.trading_account_id " \
	"AND p.status <> 'closed'), a.kind"

static void take(const struct db_rows *row, struct arena *arena, struct trading_account *a)
{
	*a = (struct trading_account){
		.trading_account_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.owner_id = db_text_dup(row, 2, arena),
		.login = db_text_dup(row, 3, arena),
		.broker = db_text_dup(row, 4, arena),
		.server = db_text_dup(row, 5, arena),
		.name = db_text_dup(row, 6, arena),
		.symbol_map = db_text_dup(row, 7, arena),
		.primary = !db_is_null(row, 8),
		.currency = db_text_dup(row, 9, arena),
		.leverage = db_real(row, 10),
		.balance = db_money(row, 11),
		.equity = db_money(row, 12),
		.margin = db_money(row, 13),
		.free_margin = db_money(row, 14),
		.trade_allowed = db_int(row, 15) != 0,
		.peak_equity = db_money(row, 16),
		.day = db_int(row, 17),
		.day_start_equity = db_money(row, 18),
		.taken_us = db_int(row, 19),
		.last_snapshot_us = db_int(row, 20),
		.verified_us = db_int(row, 21),
		.syncs = db_int(row, 22),
		.last_sync_us = db_int(row, 23),
		.created_us = db_int(row, 24),
		.updated_us = db_int(row, 25),
		.row_version = db_int(row, 26),
		.open_positions = db_int(row, 27),
		.paper = strcmp(db_text(row, 28), "paper") == 0,
	};
}

struct taking {
	struct arena *arena;
	struct trading_account *account;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take(row, to->arena, to->account);
}

/* What two accounts of one owner must not share. */
static const char *identity_of(struct arena *arena, const struct trading_account *a)
{
	return arena_printf(arena, "%s\n%s\n%s\n%s", a->owner_id, a->broker, a->server, a->login);
}

bool trading_account_insert(struct db *db, const struct trading_account *a, struct err *err)
{
	struct arena arena;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool done = db_run(
		db, err,
		"INSERT INTO trading_accounts (trading_account_id, account_id, owner_id, login, broker, server, name, "
		"symbol_map, identity, primary_of, trade_allowed, day, taken_at, last_snapshot_at, syncs, last_sync_us, "
		"created_at, updated_at, row_version, kind) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1, 0, 0, "
		"0, 0, 0, $11, $11, 1, $12)",
		V_TEXT(a->trading_account_id), V_TEXT(a->account_id), V_TEXT(a->owner_id), V_TEXT(a->login), V_TEXT(a->broker),
		V_TEXT(a->server), V_TEXT(a->name), V_TEXT(a->symbol_map), V_TEXT(identity_of(&arena, a)),
		V_TEXT(a->primary ? a->owner_id : NULL), V_INT(a->created_us), V_TEXT(trading_account_kind(a)));
	arena_fini(&arena);
	if (!done && err->kind == ERR_DUPLICATE) /* in words: what the store says of it is nobody's business */
		return err_set(err, ERR_DUPLICATE, "There is a trading account of that broker, server and login.");
	return done;
}

bool trading_account_find(struct db *db, const char *account_id, const char *id, struct arena *arena,
						  struct trading_account *account, bool *found, struct err *err)
{
	struct taking to = {arena, account};
	return db_one(db, err, found, take_one, &to,
				  "SELECT " COLUMNS " FROM trading_accounts a WHERE a.account_id = $1 AND a.trading_account_id = $2 "
				  "AND a.identity IS NOT NULL",
				  V_TEXT(account_id), V_TEXT(id));
}

bool trading_account_primary(struct db *db, const char *owner_id, struct arena *arena, struct trading_account *account,
							 bool *found, struct err *err)
{
	struct taking to = {arena, account};
	return db_one(db, err, found, take_one, &to, "SELECT " COLUMNS " FROM trading_accounts a WHERE a.primary_of = $1",
				  V_TEXT(owner_id));
}

/* A query of whole rows has been begun. */
static bool take_all(struct db_rows *rows, int64_t limit, struct arena *arena, struct trading_account **list,
					 size_t *count, struct err *err)
{
	*count = 0;
	*list = arena_array(arena, (size_t)limit, sizeof **list);
	while (*list != NULL && *count < (size_t)limit && db_next(rows))
		take(rows, arena, &(*list)[(*count)++]);
	return db_end(rows, err) && (*list != NULL || err_set(err, ERR_LIMIT, "no memory"));
}

bool trading_account_list(struct db *db, const char *account_id, const char *owner_id, int64_t limit,
						  struct arena *arena, struct trading_account **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT " COLUMNS " FROM trading_accounts a WHERE a.account_id = $1 AND a.identity IS NOT NULL "
					"AND (CAST($2 AS TEXT) IS NULL OR a.owner_id = $2) "
					"ORDER BY CASE WHEN a.primary_of IS NULL THEN 1 ELSE 0 END, a.trading_account_id LIMIT $3",
					V_TEXT(account_id), V_TEXT(owner_id), V_INT(limit)) &&
		   take_all(&rows, limit, arena, list, count, err);
}

bool trading_account_papers(struct db *db, const char *owner_id, int64_t limit, struct arena *arena,
							struct trading_account **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT " COLUMNS " FROM trading_accounts a WHERE a.owner_id = $1 AND a.kind = 'paper' "
					"AND a.identity IS NOT NULL ORDER BY a.trading_account_id LIMIT $2",
					V_TEXT(owner_id), V_INT(limit)) &&
		   take_all(&rows, limit, arena, list, count, err);
}

#define KEY "(CASE WHEN a.primary_of IS NULL THEN '1' ELSE '0' END || a.trading_account_id)"

bool trading_account_page(struct db *db, const char *account_id, const char *after, int64_t limit, struct arena *arena,
						  struct trading_account **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err,
					"SELECT " COLUMNS " FROM trading_accounts a WHERE a.account_id = $1 AND a.identity IS NOT NULL "
					"AND (CAST($2 AS TEXT) IS NULL OR " KEY " > $2) ORDER BY " KEY " LIMIT $3",
					V_TEXT(account_id), V_TEXT(after), V_INT(limit)) &&
		   take_all(&rows, limit, arena, list, count, err);
}

const char *trading_account_key(struct arena *arena, const struct trading_account *account)
{
	return arena_printf(arena, "%c%s", account->primary ? '0' : '1', account->trading_account_id);
}

int64_t trading_account_seen_us(const struct trading_account *a)
{
	return a->taken_us < a->last_snapshot_us ? a->taken_us : a->last_snapshot_us;
}

const char *trading_account_kind(const struct trading_account *account)
{
	return account->paper ? "paper" : "live";
}

bool trading_account_update(struct db *db, const struct trading_account *a, struct err *err)
{
	struct arena arena;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool done = db_run(
		db, err,
		"UPDATE trading_accounts SET broker = $2, server = $3, identity = $4, currency = $5, leverage = $6, "
		"balance = $7, equity = $8, margin = $9, free_margin = $10, trade_allowed = $11, peak_equity = $12, day = $13, "
		"day_start_equity = $14, taken_at = $15, last_snapshot_at = $16, verified_at = $17, syncs = $18, "
		"last_sync_us = $19, updated_at = $20 WHERE trading_account_id = $1",
		V_TEXT(a->trading_account_id), V_TEXT(a->broker), V_TEXT(a->server), V_TEXT(identity_of(&arena, a)),
		V_TEXT(a->currency), V_REAL(a->leverage), V_MONEY(a->balance), V_MONEY(a->equity), V_MONEY(a->margin),
		V_MONEY(a->free_margin), V_INT(a->trade_allowed), V_MONEY(a->peak_equity), V_INT(a->day),
		V_MONEY(a->day_start_equity), V_INT(a->taken_us), V_INT(a->last_snapshot_us),
		a->verified_us != 0 ? V_INT(a->verified_us) : V_NULL, V_INT(a->syncs), V_INT(a->last_sync_us),
		V_INT(a->updated_us));
	arena_fini(&arena);
	return done;
}

bool trading_account_rename(struct db *db, const struct trading_account *a, struct err *err)
{
	return db_run(db, err,
				  "UPDATE trading_accounts SET name = $2, symbol_map = $3, updated_at = $4, "
				  "row_version = row_version + 1 WHERE trading_account_id = $1",
				  V_TEXT(a->trading_account_id), V_TEXT(a->name), V_TEXT(a->symbol_map), V_INT(a->updated_us));
}

bool trading_account_promote(struct db *db, const struct trading_account *a, int64_t now_us, struct err *err)
{
	return db_run(db, err, "UPDATE trading_accounts SET primary_of = NULL, updated_at = $2 WHERE primary_of = $1",
				  V_TEXT(a->owner_id), V_INT(now_us)) &&
		   db_run(db, err,
				  "UPDATE trading_accounts SET primary_of = owner_id, updated_at = $2, row_version = row_version + 1 "
				  "WHERE trading_account_id = $1",
				  V_TEXT(a->trading_account_id), V_INT(now_us));
}

bool trading_account_delete(struct db *db, const struct trading_account *a, int64_t now_us, struct err *err)
{
	if (!db_run(db, err,
				"UPDATE trading_accounts SET identity = NULL, primary_of = NULL, updated_at = $2, "
				"row_version = row_version + 1 WHERE trading_account_id = $1",
				V_TEXT(a->trading_account_id), V_INT(now_us)))
		return false;
	return !a->primary ||
		   db_run(db, err,
				  "UPDATE trading_accounts SET primary_of = owner_id, updated_at = $2, row_version = row_version + 1 "
				  "WHERE trading_account_id = (SELECT MIN(trading_account_id) FROM trading_accounts "
				  "WHERE owner_id = $1 AND identity IS NOT NULL)",
				  V_TEXT(a->owner_id), V_INT(now_us));
}

/* --- the broker's side --- */

bool quote_put(struct db *db, const char *trading_account_id, const struct quote *q, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO quotes (trading_account_id, instrument, bid, ask, open, prev_close, quoted_at) "
				  "VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (trading_account_id, instrument) DO UPDATE SET "
				  "bid = excluded.bid, ask = excluded.ask, open = excluded.open, prev_close = excluded.prev_close, "
				  "quoted_at = excluded.quoted_at",
				  V_TEXT(trading_account_id), V_TEXT(q->instrument), V_EXACT(q->bid), V_EXACT(q->ask), V_EXACT(q->open),
				  V_EXACT(q->prev_close), V_INT(q->quoted_us));
}

static void take_quote(const struct db_rows *row, void *self)
{
	struct quote *q = self;
	q->bid = db_exact(row, 0);
	q->ask = db_exact(row, 1);
	q->open = db_exact(row, 2);
	q->prev_close = db_exact(row, 3);
	q->quoted_us = db_int(row, 4);
}

bool quote_list(struct db *db, const char *trading_account_id, struct arena *arena, struct quote **quotes,
				size_t *count, struct err *err)
{
	enum { QUOTES_MAX = 1000 };
	struct db_rows rows;
	*count = 0;
	*quotes = arena_array(arena, QUOTES_MAX, sizeof **quotes);
	if (*quotes == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT bid, ask, open, prev_close, quoted_at, instrument FROM quotes WHERE trading_account_id = $1 "
				  "ORDER BY instrument LIMIT 1000",
				  V_TEXT(trading_account_id)))
		return false;
	while (db_next(&rows)) {
		struct quote *q = &(*quotes)[(*count)++];
		take_quote(&rows, q);
		q->instrument = db_text_dup(&rows, 5, arena);
	}
	return db_end(&rows, err);
}
