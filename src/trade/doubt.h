/*
 * Orders whose lease ended unacknowledged: nobody knows whether the broker has them until a snapshot tells
 * [trade.md 4.3].  Private to src/trade.  Runs in an op.
 */
#ifndef CS_TRADE_DOUBT_H
#define CS_TRADE_DOUBT_H

#include <stdbool.h>
#include <stdint.h>

struct arena;
struct db;
struct delivery;
struct err;
struct leasing;
struct snapshot;
struct trading_account;

/*
 * What the snapshot of `device_id` tells of the account's deliveries in doubt.  One that it shows is placed.  One that
 * the terminal which had it does not show is ready again, has failed with its last attempt, or is withdrawn where
 * trading is halted.  The others stay in doubt.
 */
bool doubt_resolve(const struct leasing *l, const struct trading_account *account, const struct snapshot *snapshot,
				   const char *device_id, struct err *err);

/* When was the terminal that had the delivery revoked?  0: it was not, and may still tell. */
bool doubt_orphaned(struct db *db, const struct delivery *delivery, struct arena *arena, int64_t *revoked_us,
					struct err *err);

#endif
