#include "trade/leases.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "seal/countersign.h"
#include "store/store.h"
#include "trade/closing.h"
#include "trade/exact.h"
#include "trade/figures.h"
#include "trade/judge.h"
#include "trade/limits.h"
#include "trade/signal_life.h"
#include "trade/trade_internal.h"

static bool record(const struct leasing *l, const struct delivery *d, enum audit_action action, const char *reason,
				   struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_signal_id, d->signal_id}, {AUDIT_META_reason, reason}};
	struct audit_event event = *l->who;
	event.action = action;
	event.status = AUDIT_SUCCESS;
	event.account_id = d->account_id;
	event.target_id = d->delivery_id;
	event.meta = meta;
	event.meta_count = reason != NULL ? 2 : 1;
	return audit_append(l->api->options.audit, l->db, &event, err);
}

bool delivery_record(const struct leasing *l, const struct delivery *d, enum audit_action action, struct err *err)
{
	return record(l, d, action, NULL, err);
}

static bool move(const struct leasing *l, struct delivery *d, enum delivery_state to, struct err *err)
{
	bool moved = false;
	figures_count(l->api->figures, COUNT_deliveries_total, delivery_state_names[to], NULL);
	return delivery_move(l->db, d, to, l->now_us, &moved, err) &&
		   (moved || err_set(err, ERR_CONFLICT, "the delivery has moved meanwhile"));
}

bool delivery_note(const struct leasing *l, const struct delivery *d, const char *event, struct err *err)
{
	struct order o = {.delivery = *d};
	return order_read(l, &o, err) && signal_note(l->api, l->db, &o.row, event, "system", d->device_id, l->now_us, err);
}

/* --- giving out --- */

bool order_read(const struct leasing *l, struct order *o, struct err *err)
{
	bool found = false;
	return signal_find(l->db, o->delivery.account_id, o->delivery.signal_id, l->arena, &o->row, &found, err) &&
		   (found || err_set(err, ERR_INTERNAL, "the delivery's signal is not there")) &&
		   signal_of_row(&o->row, l->arena, &o->signal, err);
}

/* What held at the approval has to hold when it leaves. */
static bool may_leave(const struct leasing *l, const struct order *o, bool *may, struct err *err)
{
	struct judgement j;
	*may = o->row.status == SIGNAL_APPROVED && l->now_us < o->row.expires_us && l->now_us < o->row.approved_until_us;
	if (!*may)
		return true;
	const struct judging judging = {l->api->options.packs, l->db, l->arena, l->now_us, &o->row, &o->signal,
									o->delivery.lots};
	if (!judge(&judging, &j, err))
		return false;
	*may =
		j.accept && j.trading_account_id != NULL && strcmp(j.trading_account_id, o->delivery.trading_account_id) == 0;
	return true;
}

struct claiming {
	const struct leasing *l;
	const char *effect_key;
};

static bool claim(struct db *db, void *self, struct err *err)
{
	const struct claiming *c = self;
	return countersign_claim(c->l->api->options.countersign, db, c->effect_key, err);
}

/* [P-6.8] The first lease is the effect: from here on nobody takes the approval back. */
static bool claim_once(const struct leasing *l, const struct order *o, bool *may, struct err *err)
{
	struct claiming c = {l, o->delivery.effect_key};
	struct err why;
	*may = o->delivery.attempts > 0 || db_attempt(l->db, claim, &c, &why);
	if (*may || err_status(why.kind) < 500)
		return true;
	*err = why;
	return false;
}

bool order_lease(const struct leasing *l, struct order *o, const char *device_id, bool *leased, struct err *err)
{
	struct delivery *d = &o->delivery;
	if (!may_leave(l, o, leased, err) || (*leased && !claim_once(l, o, leased, err)))
		return false;
	if (!*leased)
		return true;
	d->device_id = device_id;
	d->attempts++;
	d->lease_until_us = l->now_us + LEASE_S * STAMP_US_PER_S;
	return move(l, d, DELIVERY_LEASED, err) && delivery_record(l, d, AUDIT_DELIVERY_LEASE, err) &&
		   signal_note(l->api, l->db, &o->row, "delivery.leased", device_id, NULL, l->now_us, err);
}

bool leases_take(const struct leasing *l, const char *trading_account_id, const char *device_id, int64_t limit,
				 struct order *orders, size_t *count, struct err *err)
{
	struct delivery *ready;
	size_t found;
	if (!delivery_list(l->db, trading_account_id, DELIVERY_READY, limit, l->arena, &ready, &found, err))
		return false;
	for (size_t i = 0; i < found && *count < (size_t)limit; i++) {
		struct order *o = &orders[*count];
		bool leased;
		*o = (struct order){.delivery = ready[i]};
		/* one that is tried again stays with the terminal whose snapshot cleared it */
		if (o->delivery.device_id != NULL && strcmp(o->delivery.device_id, device_id) != 0)
			continue;
		if (!order_read(l, o, err) || !order_lease(l, o, device_id, &leased, err))
			return false;
		*count += leased;
	}
	return true;
}

/* A terminal that starts does at once what it is told: not what expired or was stopped since it had it. */
static bool still_wanted(const struct leasing *l, const struct order *o, bool *wanted, struct err *err)
{
	const struct signal_row *row = &o->row;
	int state;
	if (!trading_state_of(l->db, row->account_id, row->owner_id, o->delivery.trading_account_id, &state, err))
		return false;
	*wanted = state == STATE_ACTIVE && row->status == SIGNAL_APPROVED && l->now_us < row->expires_us &&
			  l->now_us < row->approved_until_us;
	return true;
}

bool leases_again(const struct leasing *l, const char *trading_account_id, const char *device_id, int64_t limit,
				  struct order *orders, size_t *count, struct err *err)
{
	struct delivery *leased;
	size_t found;
	if (!delivery_list(l->db, trading_account_id, DELIVERY_LEASED, limit, l->arena, &leased, &found, err))
		return false;
	for (size_t i = 0; i < found && *count < (size_t)limit; i++) {
		struct order *o = &orders[*count];
		if (leased[i].lease_until_us <= l->now_us || strcmp(leased[i].device_id, device_id) != 0)
			continue;
		*o = (struct order){.delivery = leased[i], .redelivered = true};
		bool wanted;
		if (!order_read(l, o, err) || !still_wanted(l, o, &wanted, err))
			return false;
		*count += wanted;
	}
	return true;
}

/* --- doubt --- */

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool leases_any_due(struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, take_nothing, NULL,
				  "SELECT 1 FROM deliveries WHERE state = 'leased' AND lease_until <= $1 LIMIT 1", V_INT(now_us));
}

struct due {
	const char *account_id, *delivery_id;
};

bool leases_doubt_due(const struct leasing *l, int64_t limit, struct err *err)
{
	struct db_rows rows;
	size_t count = 0;
	struct due *due = arena_array(l->arena, (size_t)limit, sizeof *due);
	if (due == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(l->db, &rows, err,
				  "SELECT account_id, delivery_id FROM deliveries WHERE state = 'leased' AND lease_until <= $1 "
				  "ORDER BY lease_until, delivery_id LIMIT $2",
				  V_INT(l->now_us), V_INT(limit)))
		return false;
	while (db_next(&rows))
		due[count++] = (struct due){db_text_dup(&rows, 0, l->arena), db_text_dup(&rows, 1, l->arena)};
	if (!db_end(&rows, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct delivery d;
		bool found = false;
		if (!delivery_find(l->db, due[i].account_id, due[i].delivery_id, l->arena, &d, &found, err) || !found ||
			!move(l, &d, DELIVERY_DOUBT, err) || !delivery_record(l, &d, AUDIT_DELIVERY_DOUBT, err) ||
			!delivery_note(l, &d, "delivery.doubt", err))
			return false;
	}
	return true;
}

bool leases_busy(struct db *db, const char *trading_account_id, bool *busy, struct err *err)
{
	if (!db_one(db, err, busy, take_nothing, NULL,
				"SELECT 1 FROM deliveries WHERE trading_account_id = $1 AND state IN ('ready', 'leased', 'doubt') "
				"LIMIT 1",
				V_TEXT(trading_account_id)))
		return false;
	return *busy || db_one(db, err, busy, take_nothing, NULL,
						   "SELECT 1 FROM close_commands WHERE trading_account_id = $1 AND state = 'open' LIMIT 1",
						   V_TEXT(trading_account_id));
}

/* --- what became of it --- */

static bool insert_position(const struct leasing *l, const struct delivery *d, const struct order *o, struct placing *p,
							struct err *err)
{
	char *id = arena_alloc(l->arena, ID_TEXT);
	if (id == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	id_make(l->api->options.ids, id);
	p->position_id = id;
	const struct position position = {
		.position_id = id,
		.account_id = d->account_id,
		.owner_id = o->row.owner_id,
		.trading_account_id = d->trading_account_id,
		.signal_id = d->signal_id,
		.approval_id = d->approval_id,
		.delivery_id = d->delivery_id,
		.broker_ticket = p->ticket,
		.instrument = o->row.instrument,
		.side = o->row.side,
		.asked = d->lots,
		.lots = given(p->lots) ? p->lots : d->lots,
		.requested_price = o->row.price,
		.entry_price = p->price,
		.current_price = p->price,
		.stop_loss = o->signal.stop_loss,
		.take_profit = o->signal.take_profit,
		.profit = NAN,
		.swap = 0,
		.commission = 0,
		.status = POSITION_OPENING,
		.paper = o->row.paper,
		.lapse_us = o->row.approved_until_us,
		.opened_us = p->at_us,
		.updated_us = l->now_us,
	};
	const struct audit_pair meta[] = {{AUDIT_META_ticket, p->ticket}};
	struct audit_event event = *l->who;
	event.action = AUDIT_POSITION_OPEN;
	event.status = AUDIT_SUCCESS;
	event.account_id = d->account_id;
	event.target_id = id;
	event.meta = meta;
	event.meta_count = 1;
	const struct closing closing = {l->api, l->db, l->arena, l->who, l->now_us, NULL};
	return position_insert(l->db, &position, err) && audit_append(l->api->options.audit, l->db, &event, err) &&
		   position_tell(&closing, &position, "position.opened", err);
}

bool delivery_placed(const struct leasing *l, struct delivery *d, struct placing *p, struct err *err)
{
	struct order o = {.delivery = *d};
	return move(l, d, DELIVERY_PLACED, err) && order_read(l, &o, err) &&
		   signal_go(l->api, l->db, &o.row, SIGNAL_PLACED, l->who->actor, p->ticket, l->now_us, err) &&
		   insert_position(l, d, &o, p, err);
}

bool delivery_given_up(const struct leasing *l, struct delivery *d, const char *why, struct err *err)
{
	return delivery_failed(l, d, why, err) && record(l, d, AUDIT_DELIVERY_EXPIRE, why, err);
}

bool delivery_failed(const struct leasing *l, struct delivery *d, const char *why, struct err *err)
{
	struct order o = {.delivery = *d};
	return move(l, d, DELIVERY_FAILED, err) && order_read(l, &o, err) &&
		   signal_go(l->api, l->db, &o.row, SIGNAL_FAILED, l->who->actor, why, l->now_us, err);
}
