/*
 * Paper accounts [trade.md 12]: a broker that is simulated inside, so that a signal goes its whole way and nothing
 * leaves.  Its orders are those approved for the account; no terminal is ever given one.
 *
 * Prices are quotes of a terminal's snapshot (of any account of the same owner) or a file of bars.  With each of them
 * the book is moved on: levels, close commands and the stop-out first, then the figures go the way of a snapshot
 * (quotes, deals, reconciliation, guards), then what is approved is judged again and filled by the rules of
 * domain/paper_fill.h.  A limit or a stop that the market does not reach stays approved until it expires.
 * Private to src/trade.  Runs in an op.
 */
#ifndef CS_TRADE_PAPER_H
#define CS_TRADE_PAPER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "trade/domain/paper_fill.h"
#include "trade/leases.h"
#include "trade/snapshots.h"

#define PAPER_DEVICE "paper" /* who has the lease, and acts */

/* What came in of one instrument. */
struct paper_news {
	const char *instrument; /* canonical */
	struct paper_price price;
	double open, prev_close; /* of the day; 0: not told */
	int64_t us;
};

struct paper_move {
	const struct paper_news *news;
	size_t count;
	int64_t taken_us; /* when these prices were */
	bool more;        /* others follow at once: one that changes nothing is not recorded */
};

/* What came of all moves so far: begin with zeros. */
struct paper_done {
	size_t filled;
	struct sync sync; /* closed and divergences are sums */
};

/* Move one account on; its row is brought up to date. */
bool paper_move(const struct leasing *l, struct trading_account *account, const struct paper_move *move,
				struct paper_done *done, struct err *err);

/* The prices of a snapshot whose instruments are named, for that account; or for all on paper of the owner. */
bool paper_feed(const struct leasing *l, struct trading_account *account, const struct snapshot *snapshot,
				struct paper_done *done, struct err *err);
bool paper_feed_all(const struct leasing *l, const char *owner_id, const struct snapshot *snapshot, struct err *err);

#endif
