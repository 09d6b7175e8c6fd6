/*
 * Closing positions [trade.md 5, 6]: by a person, a lapsed approval, a guard or the kill switch, and what the broker
 * tells.  Exits are always allowed: nothing here asks for a state, a limit or a rate.
 *
 * Private to src/trade.  Runs in an op.
 */
#ifndef CS_TRADE_CLOSING_H
#define CS_TRADE_CLOSING_H

#include <stdbool.h>
#include <stdint.h>

#include "seal/audit.h"
#include "trade/positions.h"

struct trade_api;

enum { CLOSE_TRIES = 3 };

/* One piece of work on positions. */
struct closing {
	struct trade_api *api;
	struct db *db;
	struct arena *arena;
	const struct audit_event *who; /* the actor's part */
	int64_t now_us;
	const char *words; /* why, as a person said it, for the audit chain; NULL: the reason says it all */
};

/* Ask a terminal to close it; idempotent: one that is asked or closed already stays as it is. */
bool position_request_close(const struct closing *c, struct position *position, const char *reason, struct err *err);

/* The same for all open positions that match (limit is not looked at); *count: asked now. */
bool position_close_all(const struct closing *c, const struct position_filter *filter, const char *reason,
						int64_t *count, struct err *err);

/* A try failed: another one is due after 0.5 s, 2 s and 8 s; after the last it stays close_failed. */
bool position_close_failed(const struct closing *c, struct position *position, struct err *err);

/* The broker closed it: price and profit NaN where unknown.  Ends its commands, and its signal with the last volume. */
bool position_closed(const struct closing *c, struct position *position, const char *reason, double price,
					 double profit, int64_t at_us, struct err *err);

/* Timeline and outbox: position.opened, position.closed. */
bool position_tell(const struct closing *c, const struct position *position, const char *event, struct err *err);

/* By the clock: tries that are due, and approvals that lapsed over an open position. */
bool closing_any_due(struct db *db, int64_t now_us, bool *due, struct err *err);
bool closing_work(struct trade_api *api, struct db *db, int64_t limit, struct err *err);

#endif
