/*
 * Guards in service [trade.md 6]: drawdown and minimum equity of an account, gaps and spreads of its symbols, judged on
 * each snapshot and by the clock.
 *
 * A guard that asks to close an account warns first: entries stop at once, and after GUARD_WAIT_S everything is closed
 * unless a risk owner has cancelled it.  It acts once an episode, which ends a point short of the threshold.
 * Private to src/trade.  Runs in an op; reading (guards_read) on any connection.
 */
#ifndef CS_TRADE_GUARDING_H
#define CS_TRADE_GUARDING_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/accounts.h"
#include "trade/closing.h"
#include "trade/domain/guards.h"

struct jw;

enum { GUARD_WAIT_S = 10 };

/* What the guards of an account find now. */
struct guarding {
	struct guard_account_finding account;
	struct guard_quote_finding *quotes; /* one each of `list` */
	struct quote *list;
	size_t count;
	bool armed; /* closes everything at closes_us unless it is cancelled */
	int64_t closes_us;
};
bool guards_read(struct db *db, struct arena *arena, const struct trading_account *account, int64_t now_us,
				 struct guarding *found, struct err *err);

extern const struct field_table guards_view_table; /* what is written, for the document */

/* Write it as the result of trade.guards has it, members only. */
void guards_write(struct jw *jw, const struct guarding *found);

/* Begin and end episodes by what is found; close what a gap asks to close at once. */
bool guards_act(const struct closing *c, const struct trading_account *account, const struct guarding *found,
				struct err *err);

/* Cancel the closing that an armed guard waits for.  *cancelled false: none waits. */
bool guards_cancel(const struct closing *c, const struct trading_account *account, bool *cancelled, struct err *err);

/* By the clock: close the accounts whose time is up. */
bool guards_any_due(struct db *db, int64_t now_us, bool *due, struct err *err);
bool guards_fire_due(const struct closing *c, struct err *err);

#endif
