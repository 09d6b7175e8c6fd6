#include "trade/closing.h"

#include <math.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/jw.h"
#include "seal/outbox.h"
#include "store/store.h"
#include "trade/exact.h"
#include "trade/figures.h"
#include "trade/limits.h"
#include "trade/signal_life.h"
#include "trade/tell.h"
#include "trade/trade_internal.h"

enum { ALL_MAX = 10000 };

static const int64_t pauses_us[CLOSE_TRIES] = {500000, 2000000, 8000000};

static bool record(const struct closing *c, const struct position *p, enum audit_action action, const char *reason,
				   struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_reason, reason}, {AUDIT_META_ticket, p->broker_ticket}};
	struct audit_event event = *c->who;
	event.action = action;
	event.status = AUDIT_SUCCESS;
	event.account_id = p->account_id;
	event.target_id = p->position_id;
	event.meta = meta;
	event.meta_count = 2;
	return audit_append(c->api->options.audit, c->db, &event, err);
}

bool position_tell(const struct closing *c, const struct position *p, const char *name, struct err *err)
{
	struct buf data;
	struct jw jw;
	buf_init(&data, 0);
	jw_init(&jw, &data);
	jw_object(&jw);
	jw_member_str(&jw, "position_id", p->position_id);
	jw_member_str(&jw, "signal_id", p->signal_id);
	jw_member_str(&jw, "owner_id", p->owner_id);
	jw_member_str(&jw, "instrument", p->instrument);
	jw_member_str(&jw, "side", p->side);
	tell_exact(&jw, "volume", p->lots);
	jw_member_str(&jw, "status", position_status_names[p->status]);
	jw_member_str(&jw, "close_reason", p->close_reason);
	jw_member_bool(&jw, "paper", p->paper);
	jw_object_end(&jw);
	struct outbox_event event = {.account_id = p->account_id,
								 .topic = "signals",
								 .event = name,
								 .subject = p->position_id,
								 .data = buf_text(&data)};
	bool added = outbox_add(c->api->options.outbox, c->db, &event, err);
	buf_fini(&data);
	return added;
}

/* --- asking --- */

static bool issue(const struct closing *c, struct position *p, struct err *err)
{
	char id[ID_TEXT];
	id_make(c->api->options.ids, id);
	const struct close_command command = {
		.command_id = id,
		.account_id = p->account_id,
		.position_id = p->position_id,
		.trading_account_id = p->trading_account_id,
		.reason = p->close_reason,
		.lots = p->lots,
		.expected_price = p->current_price,
		.attempt = ++p->close_tries,
		.created_us = c->now_us,
	};
	p->status = POSITION_CLOSE_REQUESTED;
	p->close_due_us = 0;
	p->updated_us = c->now_us;
	return close_command_insert(c->db, &command, err) && position_update(c->db, p, err);
}

bool position_request_close(const struct closing *c, struct position *p, const char *reason, struct err *err)
{
	if (p->status == POSITION_CLOSED || p->status == POSITION_CLOSE_REQUESTED)
		return true;
	p->close_reason = reason;
	p->close_tries = 0;
	return issue(c, p, err) && record(c, p, AUDIT_POSITION_CLOSE_REQUEST, c->words != NULL ? c->words : reason, err);
}

bool position_close_all(const struct closing *c, const struct position_filter *filter, const char *reason,
						int64_t *count, struct err *err)
{
	struct position_filter all = *filter;
	struct position *positions;
	size_t found;
	all.open = true;
	all.limit = ALL_MAX;
	*count = 0;
	if (!position_list(c->db, &all, c->arena, &positions, &found, err))
		return false;
	for (size_t i = 0; i < found; i++) {
		*count += positions[i].status != POSITION_CLOSE_REQUESTED;
		if (!position_request_close(c, &positions[i], reason, err))
			return false;
	}
	return true;
}

bool position_close_failed(const struct closing *c, struct position *p, struct err *err)
{
	p->status = POSITION_CLOSE_FAILED;
	p->close_due_us = p->close_tries <= CLOSE_TRIES ? c->now_us + pauses_us[p->close_tries - 1] : 0;
	p->updated_us = c->now_us;
	return position_update(c->db, p, err) &&
		   (p->close_due_us != 0 || position_tell(c, p, "position.close_failed", err));
}

/* --- the end --- */

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

/* placed -> closed with the last volume of the signal. */
static bool end_signal(const struct closing *c, const struct position *p, struct err *err)
{
	struct signal_row row;
	int64_t open = 0;
	bool found = false;
	if (p->signal_id == NULL)
		return true;
	if (!db_one(c->db, err, &found, take_int, &open,
				"SELECT COUNT(*) FROM positions WHERE signal_id = $1 AND status <> 'closed'", V_TEXT(p->signal_id)) ||
		!signal_find(c->db, p->account_id, p->signal_id, c->arena, &row, &found, err))
		return false;
	return open > 0 || !found || row.status != SIGNAL_PLACED ||
		   signal_go(c->api, c->db, &row, SIGNAL_CLOSED, c->who->actor, p->close_reason, c->now_us, err);
}

bool position_closed(const struct closing *c, struct position *p, const char *reason, double price, double profit,
					 int64_t at_us, struct err *err)
{
	p->status = POSITION_CLOSED;
	p->close_reason = reason;
	p->close_price = price;
	p->profit = profit;
	p->closed_us = at_us;
	p->close_due_us = 0;
	p->updated_us = c->now_us;
	figures_count(c->api->figures, COUNT_positions_closed_total, reason, NULL);
	return position_update(c->db, p, err) && close_command_void(c->db, p->position_id, c->now_us, err) &&
		   record(c, p, AUDIT_POSITION_CLOSE, reason, err) && position_tell(c, p, "position.closed", err) &&
		   end_signal(c, p, err);
}

/* --- the clock --- */

#define RETRIES "(status = 'close_failed' AND close_due <= $1)"
#define LAPSED "(status IN ('opening', 'open', 'close_failed') AND lapse_at <= $1)"

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool closing_any_due(struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, take_nothing, NULL, "SELECT 1 FROM positions WHERE " RETRIES " OR " LAPSED " LIMIT 1",
				  V_INT(now_us));
}

/* [trade.md 3] The approval's time is over and the position is not: close it, keep it, or tell. */
static bool lapse(const struct closing *c, struct position *p, struct err *err)
{
	static const char *const actions[] = {[LAPSE_CLOSE] = "close", [LAPSE_KEEP] = "keep", [LAPSE_ALERT] = "alert"};
	struct profile_row profile;
	if (!profile_current(c->db, p->account_id, c->arena, &profile, err))
		return false;
	int on_lapse = profile.profile.on_lapse;
	const struct audit_pair meta[] = {{AUDIT_META_decision, actions[on_lapse]}, {AUDIT_META_signal_id, p->signal_id}};
	struct audit_event event = *c->who;
	event.action = AUDIT_APPROVAL_LAPSE;
	event.status = AUDIT_SUCCESS;
	event.account_id = p->account_id;
	event.target_id = p->approval_id;
	event.meta = meta;
	event.meta_count = 2;
	figures_count(c->api->figures, COUNT_approvals_lapsed_total, actions[on_lapse], NULL);
	p->lapse_us = 0; /* once */
	p->updated_us = c->now_us;
	if (!position_update(c->db, p, err) || !audit_append(c->api->options.audit, c->db, &event, err))
		return false;
	if (on_lapse == LAPSE_ALERT)
		return position_tell(c, p, "approval.lapsed", err);
	return on_lapse == LAPSE_KEEP || position_request_close(c, p, "approval_expired", err);
}

static bool work_one(const struct closing *c, struct position *p, struct err *err)
{
	if (p->lapse_us != 0 && p->lapse_us <= c->now_us && p->status != POSITION_CLOSE_REQUESTED)
		return lapse(c, p, err);
	return p->status != POSITION_CLOSE_FAILED || issue(c, p, err);
}

struct due {
	const char *account_id, *position_id;
};

bool closing_work(struct trade_api *api, struct db *db, int64_t limit, struct err *err)
{
	struct arena arena;
	struct db_rows rows;
	size_t count = 0;
	arena_init(&arena, ARENA_REQUEST_CAP);
	const struct closing c = {api, db, &arena, &the_system, env_wall_us(api->options.env), NULL};
	struct due *due = arena_array(&arena, (size_t)limit, sizeof *due);
	bool done = due != NULL || err_set(err, ERR_LIMIT, "no memory");
	done = done && db_query(db, &rows, err,
							"SELECT account_id, position_id FROM positions WHERE " RETRIES " OR " LAPSED
							" ORDER BY position_id LIMIT $2",
							V_INT(c.now_us), V_INT(limit));
	if (done) {
		while (db_next(&rows))
			due[count++] = (struct due){db_text_dup(&rows, 0, &arena), db_text_dup(&rows, 1, &arena)};
		done = db_end(&rows, err);
	}
	for (size_t i = 0; done && i < count; i++) {
		struct position position;
		bool found = false;
		done = position_find(db, due[i].account_id, due[i].position_id, &arena, &position, &found, err) &&
			   (!found || work_one(&c, &position, err));
	}
	arena_fini(&arena);
	return done;
}
