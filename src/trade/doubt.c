#include "trade/doubt.h"

#include <math.h>
#include <string.h>

#include "core/err.h"
#include "store/store.h"
#include "trade/devices.h"
#include "trade/figures.h"
#include "trade/leases.h"
#include "trade/limits.h"
#include "trade/signal_life.h"
#include "trade/snapshots.h"
#include "trade/trade_internal.h"

enum { DOUBTS_MAX = 2000 };

/* Does the snapshot show the delivery's magic, as a position, as a deal that began one, or as an order that waits? */
static bool shows(const struct snapshot *s, const struct delivery *d, struct placing *placing)
{
	for (size_t i = 0; i < s->positions.count; i++) {
		const struct snapshot_position *p = &s->positions.items[i];
		if (p->magic != d->magic && (p->comment == NULL || strcmp(p->comment, d->comment) != 0))
			continue;
		*placing = (struct placing){p->ticket, p->open_price, p->volume, s->taken_us, NULL};
		return true;
	}
	for (size_t i = 0; i < s->orders.count; i++) {
		const struct snapshot_order *o = &s->orders.items[i];
		if (o->magic != d->magic && (o->comment == NULL || strcmp(o->comment, d->comment) != 0))
			continue;
		*placing = (struct placing){o->ticket, NAN, NAN, s->taken_us, NULL};
		return true;
	}
	for (size_t i = 0; i < s->deals.count; i++) {
		const struct snapshot_deal *deal = &s->deals.items[i];
		if (deal->magic != d->magic || deal->entry != 0)
			continue;
		*placing = (struct placing){deal->position_ticket, deal->price, deal->volume, deal->time_us, NULL};
		return true;
	}
	return false;
}

/* [trade.md 6] A halt withdraws what is open, also what a terminal had in its hands and has not sent. */
static bool withdraw_halted(const struct leasing *l, const struct delivery *d, struct err *err)
{
	struct order o = {.delivery = *d};
	struct audit_event event = *l->who;
	const struct audit_pair meta[] = {{AUDIT_META_reason, "kill_switch"}};
	int state;
	if (!order_read(l, &o, err) ||
		!trading_state_of(l->db, d->account_id, o.row.owner_id, d->trading_account_id, &state, err))
		return false;
	if (state != STATE_HALTED)
		return true;
	event.action = AUDIT_SIGNAL_CANCEL;
	event.status = AUDIT_SUCCESS;
	event.account_id = d->account_id;
	event.target_id = d->signal_id;
	event.meta = meta;
	event.meta_count = 1;
	return signal_cancel(l->api, l->db, l->arena, &o.row, l->who, "kill_switch", l->now_us, err) &&
		   audit_append(l->api->options.audit, l->db, &event, err);
}

bool doubt_orphaned(struct db *db, const struct delivery *d, struct arena *arena, int64_t *revoked_us, struct err *err)
{
	struct device holder;
	bool found = false;
	*revoked_us = 0;
	if (d->device_id != NULL && !device_by_id(db, d->device_id, arena, &holder, &found, err))
		return false;
	if (found)
		*revoked_us = holder.revoked_us;
	return true;
}

/*
 * Whoever had it was revoked and will not tell.  Another terminal of the account sees all that the broker holds: what
 * is not there after the revocation was not placed.  It is not offered again: a terminal that nobody can hear any more
 * might still send it.
 */
static bool resolve_orphan(const struct leasing *l, const struct snapshot *s, struct delivery *d, struct err *err)
{
	int64_t revoked_us;
	if (!doubt_orphaned(l->db, d, l->arena, &revoked_us, err))
		return false;
	if (revoked_us == 0 || s->taken_us <= revoked_us)
		return true;
	return delivery_given_up(l, d, "its terminal was revoked, and the broker does not have it", err);
}

/* [trade.md 4.3] A snapshot taken after the lease's end tells whether the broker has it. */
static bool resolve_one(const struct leasing *l, const struct snapshot *s, const char *device_id, struct delivery *d,
						struct err *err)
{
	struct placing placing;
	bool moved = false;
	if (s->taken_us <= d->lease_until_us)
		return true;
	if (shows(s, d, &placing))
		return delivery_placed(l, d, &placing, err);
	if (d->device_id == NULL || strcmp(d->device_id, device_id) != 0)
		return resolve_orphan(l, s, d, err); /* only the terminal that had it knows that it did not send it */
	if (d->attempts >= DELIVERY_ATTEMPTS)
		return delivery_given_up(l, d, "not acknowledged and not at the broker", err);
	figures_count(l->api->figures, COUNT_deliveries_total, delivery_state_names[DELIVERY_READY], NULL);
	return delivery_move(l->db, d, DELIVERY_READY, l->now_us, &moved, err) &&
		   delivery_record(l, d, AUDIT_DELIVERY_READY, err) && delivery_note(l, d, "delivery.ready", err) &&
		   withdraw_halted(l, d, err);
}

bool doubt_resolve(const struct leasing *l, const struct trading_account *account, const struct snapshot *s,
				   const char *device_id, struct err *err)
{
	struct delivery *list;
	size_t count;
	if (!leases_doubt_due(l, DOUBTS_MAX, err) ||
		!delivery_list(l->db, account->trading_account_id, DELIVERY_DOUBT, DOUBTS_MAX, l->arena, &list, &count, err))
		return false;
	for (size_t i = 0; i < count; i++)
		if (!resolve_one(l, s, device_id, &list[i], err))
			return false;
	return true;
}
