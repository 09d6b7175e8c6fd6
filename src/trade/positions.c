#include "trade/positions.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"
#include "trade/exact.h"

const char *const position_status_names[] = {"opening", "open", "close_requested", "close_failed", "closed", NULL};
#define COLUMNS \
	"p.position_id, p.account_id, p.owner_id, p.trading_account_id, p.signal_id, p.approval_id, p.delivery_id, " \
	"p.broker_ticket, p.instrument, p.side, p.asked, p.lots, p.requested_price, p.entry_price, p.current_price, " \
	"p.stop_loss, p.take_profit, p.profit, p.swap, p.commission, p.status, p.matched, p.close_reason, p.close_price, " \
	"p.lapse_at, p.close_tries, p.close_due, p.opened_at, p.closed_at, p.updated_at"
#define SELECT \
	"SELECT " COLUMNS ", a.equity, a.kind FROM positions p JOIN trading_accounts a " \
	"ON a.trading_account_id = p.trading_account_id "

static int status_of(const char *name)
{
	int status = 0;
	while (strcmp(position_status_names[status], name) != 0)
		status++;
	return status;
}

static void take(const struct db_rows *row, struct arena *arena, struct position *p)
{
	*p = (struct position){
		.position_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.owner_id = db_text_dup(row, 2, arena),
		.trading_account_id = db_text_dup(row, 3, arena),
		.signal_id = db_text_dup(row, 4, arena),
		.approval_id = db_text_dup(row, 5, arena),
		.delivery_id = db_text_dup(row, 6, arena),
		.broker_ticket = db_text_dup(row, 7, arena),
		.instrument = db_text_dup(row, 8, arena),
		.side = db_text_dup(row, 9, arena),
		.asked = db_exact(row, 10),
		.lots = db_exact(row, 11),
		.requested_price = db_exact(row, 12),
		.entry_price = db_exact(row, 13),
		.current_price = db_exact(row, 14),
		.stop_loss = db_exact(row, 15),
		.take_profit = db_exact(row, 16),
		.profit = db_money(row, 17),
		.swap = db_money(row, 18),
		.commission = db_money(row, 19),
		.status = status_of(db_text(row, 20)),
		.matched = db_text_dup(row, 21, arena),
		.close_reason = db_text_dup(row, 22, arena),
		.close_price = db_exact(row, 23),
		.lapse_us = db_int(row, 24),
		.close_tries = db_int(row, 25),
		.close_due_us = db_int(row, 26),
		.opened_us = db_int(row, 27),
		.closed_us = db_int(row, 28),
		.updated_us = db_int(row, 29),
		.account_equity = db_money(row, 30),
		.paper = strcmp(db_text(row, 31), "paper") == 0,
	};
}

struct taking {
	struct arena *arena;
	void *row;
};

static void take_one(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take(row, to->arena, to->row);
}

bool position_insert(struct db *db, const struct position *p, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO positions (position_id, account_id, owner_id, trading_account_id, signal_id, approval_id, "
		"delivery_id, broker_ticket, instrument, side, asked, lots, requested_price, entry_price, current_price, "
		"stop_loss, take_profit, profit, swap, commission, status, matched, lapse_at, close_tries, opened_at, "
		"updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, "
		"$20, $21, $22, $23, 0, $24, $25)",
		V_TEXT(p->position_id), V_TEXT(p->account_id), V_TEXT(p->owner_id), V_TEXT(p->trading_account_id),
		V_TEXT(p->signal_id), V_TEXT(p->approval_id), V_TEXT(p->delivery_id), V_TEXT(p->broker_ticket),
		V_TEXT(p->instrument), V_TEXT(p->side), V_EXACT(p->asked), V_EXACT(p->lots), V_EXACT(p->requested_price),
		V_EXACT(p->entry_price), V_EXACT(p->current_price), V_EXACT(p->stop_loss), V_EXACT(p->take_profit),
		V_MONEY(p->profit), V_MONEY(p->swap), V_MONEY(p->commission), V_TEXT(position_status_names[p->status]),
		V_TEXT(p->matched), V_TIME(p->lapse_us), V_INT(p->opened_us), V_INT(p->updated_us));
}

bool position_update(struct db *db, const struct position *p, struct err *err)
{
	return db_run(
		db, err,
		"UPDATE positions SET broker_ticket = $2, lots = $3, entry_price = $4, current_price = $5, stop_loss = $6, "
		"take_profit = $7, profit = $8, swap = $9, commission = $10, status = $11, matched = $12, close_reason = $13, "
		"close_price = $14, lapse_at = $15, close_tries = $16, close_due = $17, closed_at = $18, updated_at = $19, "
		"opened_at = $20 WHERE position_id = $1",
		V_TEXT(p->position_id), V_TEXT(p->broker_ticket), V_EXACT(p->lots), V_EXACT(p->entry_price),
		V_EXACT(p->current_price), V_EXACT(p->stop_loss), V_EXACT(p->take_profit), V_MONEY(p->profit), V_MONEY(p->swap),
		V_MONEY(p->commission), V_TEXT(position_status_names[p->status]), V_TEXT(p->matched), V_TEXT(p->close_reason),
		V_EXACT(p->close_price), V_TIME(p->lapse_us), V_INT(p->close_tries), V_TIME(p->close_due_us),
		V_TIME(p->closed_us), V_INT(p->updated_us), V_INT(p->opened_us));
}

bool position_find(struct db *db, const char *account_id, const char *position_id, struct arena *arena,
				   struct position *position, bool *found, struct err *err)
{
	struct taking to = {arena, position};
	return db_one(db, err, found, take_one, &to, SELECT "WHERE p.account_id = $1 AND p.position_id = $2",
				  V_TEXT(account_id), V_TEXT(position_id));
}

bool position_of_signal(struct db *db, const char *account_id, const char *signal_id, struct arena *arena,
						struct position *position, bool *found, struct err *err)
{
	struct taking to = {arena, position};
	return db_one(db, err, found, take_one, &to,
				  SELECT "WHERE p.account_id = $1 AND p.signal_id = $2 ORDER BY p.position_id LIMIT 1",
				  V_TEXT(account_id), V_TEXT(signal_id));
}

bool position_list(struct db *db, const struct position_filter *f, struct arena *arena, struct position **list,
				   size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, (size_t)f->limit, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  SELECT "WHERE (CAST($1 AS TEXT) IS NULL OR p.account_id = $1) "
						 "AND (CAST($2 AS TEXT) IS NULL OR p.trading_account_id = $2) "
						 "AND (CAST($3 AS TEXT) IS NULL OR p.owner_id = $3) "
						 "AND (CAST($4 AS TEXT) IS NULL OR p.instrument = $4) "
						 "AND (CAST($5 AS TEXT) IS NULL OR p.position_id < $5) "
						 "AND (($6 <> 0 AND p.status <> 'closed') OR ($7 <> 0 AND p.status = 'closed')) "
						 "ORDER BY p.position_id DESC LIMIT $8",
				  V_TEXT(f->account_id), V_TEXT(f->trading_account_id), V_TEXT(f->owner_id), V_TEXT(f->instrument),
				  V_TEXT(f->before_id), V_INT(f->open), V_INT(f->closed), V_INT(f->limit)))
		return false;
	while (db_next(&rows))
		take(&rows, arena, &(*list)[(*count)++]);
	return db_end(&rows, err);
}

/* --- close commands --- */

#define COMMAND_COLUMNS \
	"command_id, account_id, position_id, trading_account_id, reason, lots, expected_price, attempt, state, content, " \
	"answer, created_at, ended_at"

static void take_command(const struct db_rows *row, struct arena *arena, struct close_command *c)
{
	*c = (struct close_command){
		.command_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.position_id = db_text_dup(row, 2, arena),
		.trading_account_id = db_text_dup(row, 3, arena),
		.reason = db_text_dup(row, 4, arena),
		.lots = db_exact(row, 5),
		.expected_price = db_exact(row, 6),
		.attempt = db_int(row, 7),
		.state = db_text_dup(row, 8, arena),
		.content = db_text_dup(row, 9, arena),
		.answer = db_text_dup(row, 10, arena),
		.created_us = db_int(row, 11),
		.ended_us = db_int(row, 12),
	};
}

static void take_one_command(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	take_command(row, to->arena, to->row);
}

bool close_command_insert(struct db *db, const struct close_command *c, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO close_commands (command_id, account_id, position_id, trading_account_id, reason, lots, "
				  "expected_price, attempt, state, created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 'open', $9)",
				  V_TEXT(c->command_id), V_TEXT(c->account_id), V_TEXT(c->position_id), V_TEXT(c->trading_account_id),
				  V_TEXT(c->reason), V_EXACT(c->lots), V_EXACT(c->expected_price), V_INT(c->attempt),
				  V_INT(c->created_us));
}

bool close_command_find(struct db *db, const char *account_id, const char *command_id, struct arena *arena,
						struct close_command *command, bool *found, struct err *err)
{
	struct taking to = {arena, command};
	return db_one(db, err, found, take_one_command, &to,
				  "SELECT " COMMAND_COLUMNS " FROM close_commands WHERE account_id = $1 AND command_id = $2",
				  V_TEXT(account_id), V_TEXT(command_id));
}

bool close_command_end(struct db *db, const struct close_command *c, struct err *err)
{
	return db_run(db, err,
				  "UPDATE close_commands SET state = $2, content = $3, answer = $4, ended_at = $5 "
				  "WHERE command_id = $1",
				  V_TEXT(c->command_id), V_TEXT(c->state), V_TEXT(c->content), V_TEXT(c->answer), V_INT(c->ended_us));
}

bool close_command_open(struct db *db, const char *trading_account_id, int64_t limit, struct arena *arena,
						struct close_command **list, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	*list = arena_array(arena, (size_t)limit, sizeof **list);
	if (*list == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!db_query(db, &rows, err,
				  "SELECT " COMMAND_COLUMNS " FROM close_commands WHERE trading_account_id = $1 AND state = 'open' "
				  "ORDER BY command_id LIMIT $2",
				  V_TEXT(trading_account_id), V_INT(limit)))
		return false;
	while (db_next(&rows))
		take_command(&rows, arena, &(*list)[(*count)++]);
	return db_end(&rows, err);
}

bool close_command_void(struct db *db, const char *position_id, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE close_commands SET state = 'void', ended_at = $2 WHERE position_id = $1 AND state = 'open'",
				  V_TEXT(position_id), V_INT(now_us));
}
