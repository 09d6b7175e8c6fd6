/*
 * Handing out deliveries: each to one terminal once [trade.md 4.3].
 *
 * A lease names the device, ends after LEASE_S, and is fenced by a number that every move raises.  One that ends
 * unacknowledged is in doubt: nobody gets it until a snapshot taken later tells whether the broker has it.
 * Private to src/trade.  Runs in an op.
 */
#ifndef CS_TRADE_LEASES_H
#define CS_TRADE_LEASES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/audit.h"
#include "trade/deliveries.h"
#include "trade/domain/signal.h"
#include "trade/signals.h"

struct trade_api;

struct leasing {
	struct trade_api *api;
	struct db *db;
	struct arena *arena;
	const struct audit_event *who;
	int64_t now_us;
};

/* A delivery that a terminal is given, with its signal. */
struct order {
	struct delivery delivery;
	struct signal_row row;
	struct signal signal;
	bool redelivered;
};

/*
 * Lease what is ready for an account to a device, at most `limit`: expiry, status and risk are looked at again, and
 * what any of them refuses stays (unknown is not delivered).  The orders are appended.
 */
bool leases_take(const struct leasing *l, const char *trading_account_id, const char *device_id, int64_t limit,
				 struct order *orders, size_t *count, struct err *err);

/* One of those on its own: the signal behind order->delivery, and the lease if nothing refuses it. */
bool order_read(const struct leasing *l, struct order *order, struct err *err);
bool order_lease(const struct leasing *l, struct order *order, const char *device_id, bool *leased, struct err *err);

/*
 * The device's own open leases again, as a terminal asks for when it starts; not those that may not be filled any more.
 * One of these that was filled is found by a snapshot once its lease has ended.
 */
bool leases_again(const struct leasing *l, const char *trading_account_id, const char *device_id, int64_t limit,
				  struct order *orders, size_t *count, struct err *err);

/* Leases that ended unacknowledged are in doubt from now on.  By the clock, and before leases are given out. */
bool leases_any_due(struct db *db, int64_t now_us, bool *due, struct err *err);
bool leases_doubt_due(const struct leasing *l, int64_t limit, struct err *err);

/* Is anything of the account's not acknowledged yet: a delivery that is not over, or a close command? */
bool leases_busy(struct db *db, const char *trading_account_id, bool *busy, struct err *err);

/* Record a delivery's move in the audit chain. */
bool delivery_record(const struct leasing *l, const struct delivery *delivery, enum audit_action action,
					 struct err *err);

/* The same in the signal's timeline and the outbox, with its terminal as detail: what time or a snapshot brought. */
bool delivery_note(const struct leasing *l, const struct delivery *delivery, const char *event, struct err *err);

/* The broker has it: delivery and signal are placed, and there is a position, still opening. */
struct placing {
	const char *ticket;
	double price, lots; /* NaN: not told */
	int64_t at_us;
	const char *position_id; /* out */
};
bool delivery_placed(const struct leasing *l, struct delivery *delivery, struct placing *placing, struct err *err);

/* The broker refused it, or it was tried too often: delivery and signal have failed. */
bool delivery_failed(const struct leasing *l, struct delivery *delivery, const char *why, struct err *err);

/* The same where nobody acknowledged it: the audit row is written here, with the reason. */
bool delivery_given_up(const struct leasing *l, struct delivery *delivery, const char *why, struct err *err);

#endif
