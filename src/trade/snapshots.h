/*
 * A terminal's snapshot as it comes in, and what it brings about: figures, quotes, deals, doubt resolved, positions
 * reconciled, guards [trade.md 4.3, 5].  Private to src/trade.
 */
#ifndef CS_TRADE_SNAPSHOTS_H
#define CS_TRADE_SNAPSHOTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/accounts.h"
#include "trade/guarding.h"
#include "trade/leases.h"

struct faults;
struct field_table;
struct instruments;

enum { SNAPSHOT_MAX = 512 * 1024, SNAPSHOT_EVERY_S = 10 };

struct snapshot_account {
	const char *login, *broker, *server, *currency;
	double leverage, balance, equity, margin, free_margin;
	bool trade_allowed;
};
struct snapshot_position {
	const char *ticket, *symbol, *comment, *open_time;
	int side;
	int64_t magic;
	double volume, open_price, current_price, stop_loss, take_profit, profit, swap, commission;
	const char *instrument; /* canonical; symbol when it is in no pack */
};
struct snapshot_order {
	const char *ticket, *comment;
	int64_t magic;
};
struct snapshot_deal {
	const char *ticket, *position_ticket, *symbol, *time;
	int side, entry, reason;
	int64_t magic, time_us;
	double volume, price, profit, swap, commission;
	const char *instrument;
};
struct snapshot_quote {
	const char *symbol, *time;
	double bid, ask, open, prev_close;
	int64_t time_us;
	const char *instrument; /* NULL: in no pack */
};

struct snapshot {
	int64_t seq; /* FIELD_NO_INT: not told */
	const char *taken_at;
	struct snapshot_account account;
	struct {
		size_t count;
		struct snapshot_position *items;
	} positions;
	struct {
		size_t count;
		struct snapshot_order *items;
	} orders;
	struct {
		size_t count;
		struct snapshot_deal *items;
	} deals;
	struct {
		size_t count;
		struct snapshot_quote *items;
	} quotes;
	int64_t taken_us;
};
extern const struct field_table snapshot_table;

/* Check beyond the table: tickets, times.  Adds every fault. */
void snapshot_check(struct snapshot *snapshot, int64_t now_us, struct faults *faults);

/* Name the instruments of its symbols, by the account's map. */
bool snapshot_name(const struct leasing *l, const struct trading_account *account, struct snapshot *snapshot,
				   struct err *err);

/* What came of it. */
struct sync {
	size_t matched, unmatched, divergences, closed;
	struct guarding guards;
};

/*
 * Take it in for an account, whose row is brought up to date.  `device_id` is who sent it: a delivery in doubt goes
 * back to the terminal that had it.
 */
bool snapshot_take(const struct leasing *l, struct trading_account *account, struct snapshot *snapshot,
				   const char *device_id, struct sync *sync, struct err *err);

#endif
