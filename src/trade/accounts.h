/*
 * Trading accounts in the store: an account at a broker, its newest figures, and the broker's side as the newest
 * snapshot told it.  Runs on a connection of the caller.  Private to src/trade.
 *
 * An owner has one primary account as soon as they have any; signals are judged against it and delivered to it.
 */
#ifndef CS_TRADE_ACCOUNTS_H
#define CS_TRADE_ACCOUNTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

enum { ACCOUNT_STALE_S = 60, ACCOUNT_ALERT_S = 300 };

/* A row; texts are the arena's.  Money: NaN, times: 0, while unknown. */
struct trading_account {
	const char *trading_account_id, *account_id, *owner_id;
	const char *login, *broker, *server, *name;
	const char *symbol_map; /* JSON {instrument: broker's symbol} */
	bool primary;
	bool paper;           /* no broker's: a book of our own (paper.h); for good */
	const char *currency; /* NULL: unknown */
	double leverage, balance, equity, margin, free_margin;
	bool trade_allowed;
	double peak_equity;
	int64_t day; /* UTC, as core/stamp.h counts, of day_start_equity */
	double day_start_equity;
	int64_t taken_us, last_snapshot_us, verified_us, syncs, last_sync_us; /* last_sync_us: how long it took */
	int64_t created_us, updated_us, row_version;
	int64_t open_positions; /* counted */
};

/* ERR_DUPLICATE: the owner has one with this login, broker and server. */
bool trading_account_insert(struct db *db, const struct trading_account *account, struct err *err);

/* Deleted ones are not found. */
bool trading_account_find(struct db *db, const char *account_id, const char *trading_account_id, struct arena *arena,
						  struct trading_account *account, bool *found, struct err *err);
bool trading_account_primary(struct db *db, const char *owner_id, struct arena *arena, struct trading_account *account,
							 bool *found, struct err *err);

/* The owner's that are on paper, the oldest first. */
bool trading_account_papers(struct db *db, const char *owner_id, int64_t limit, struct arena *arena,
							struct trading_account **accounts, size_t *count, struct err *err);

/* When its figures were seen, by this server's clock: a terminal whose clock is ahead makes nothing fresher.  0: never.
 */
int64_t trading_account_seen_us(const struct trading_account *account);

/* "live" or "paper". */
const char *trading_account_kind(const struct trading_account *account);

/* The tenant's, the owner's primary first, then by age.  owner_id NULL: of everybody. */
bool trading_account_list(struct db *db, const char *account_id, const char *owner_id, int64_t limit,
						  struct arena *arena, struct trading_account **accounts, size_t *count, struct err *err);

/* A page of the tenant's in that order, after the row of this key (NULL: from the start); and a row's key. */
bool trading_account_page(struct db *db, const char *account_id, const char *after, int64_t limit, struct arena *arena,
						  struct trading_account **accounts, size_t *count, struct err *err);
const char *trading_account_key(struct arena *arena, const struct trading_account *account);

/* Write what a snapshot brings: identity, figures, peak, day, times. */
bool trading_account_update(struct db *db, const struct trading_account *account, struct err *err);

/* Write name and symbol_map. */
bool trading_account_rename(struct db *db, const struct trading_account *account, struct err *err);

/* Make it the owner's only primary. */
bool trading_account_promote(struct db *db, const struct trading_account *account, int64_t now_us, struct err *err);

/* Take it out; a primary's place goes to the owner's oldest. */
bool trading_account_delete(struct db *db, const struct trading_account *account, int64_t now_us, struct err *err);

/* --- the broker's side --- */

struct quote {
	const char *instrument; /* canonical */
	double bid, ask, open, prev_close;
	int64_t quoted_us; /* at most now; 0: nobody knows, since its time is none that can be */
};

bool quote_put(struct db *db, const char *trading_account_id, const struct quote *quote, struct err *err);
bool quote_list(struct db *db, const char *trading_account_id, struct arena *arena, struct quote **quotes,
				size_t *count, struct err *err);

#endif
