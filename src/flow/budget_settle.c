#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "flow/budget_internal.h"
#include "store/store.h"

/* Reservations end: settled, released, expired [flow.md 7]. */

const char *const reservation_state_names[] = {"held", "settled", "released", "expired", NULL};

enum { SCRATCH = 1 << 18, EXPIRE_AT_ONCE = 1000 };

struct taking {
	struct arena *arena;
	struct reservation_row *row;
};

static void take(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->row = (struct reservation_row){.reservation_id = db_text_dup(row, 0, to->arena),
										.account_id = db_text_dup(row, 1, to->arena),
										.run_id = db_text_dup(row, 2, to->arena),
										.agent_id = db_text_dup(row, 3, to->arena),
										.workflow = db_text_dup(row, 4, to->arena),
										.step = db_text_dup(row, 5, to->arena),
										.currency = db_text_dup(row, 6, to->arena),
										.amount = db_int(row, 7),
										.actual = db_is_null(row, 8) ? -1 : db_int(row, 8),
										.purpose = db_text_dup(row, 9, to->arena),
										.state = (enum reservation_state)db_word(row, 10, reservation_state_names),
										.entry_id = db_text_dup(row, 11, to->arena),
										.expires_us = db_int(row, 12),
										.created_us = db_int(row, 13),
										.ended_us = db_int(row, 14)};
}

bool reservation_find(struct db *db, const char *account_id, const char *reservation_id, struct arena *arena,
					  struct reservation_row *row, struct err *err)
{
	struct taking to = {arena, row};
	bool found = false;
	if (id_valid(reservation_id) &&
		!db_one(
			db, err, &found, take, &to,
			"SELECT reservation_id, account_id, run_id, agent_id, workflow, step, currency, amount, actual, purpose, "
			"state, entry_id, expires_at, created_at, ended_at FROM budget_reservations WHERE reservation_id = $1 "
			"AND account_id = $2",
			V_TEXT(reservation_id), V_TEXT(account_id)))
		return false;
	return found || err_set(err, ERR_NOT_FOUND, "There is no such reservation.");
}

/* --- ending one --- */

static void take_hold(const struct db_rows *rows, struct arena *arena, const char **budget_id, int64_t *start_us)
{
	*budget_id = db_text_dup(rows, 0, arena);
	*start_us = db_int(rows, 1);
}

static bool holds_of(struct db *db, const char *reservation_id, struct arena *arena, const char *ids[BUDGETS_COVER_MAX],
					 int64_t starts[BUDGETS_COVER_MAX], size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT budget_id, window_start FROM budget_holds WHERE reservation_id = $1 ORDER BY budget_id",
				  V_TEXT(reservation_id)))
		return false;
	for (; *count < BUDGETS_COVER_MAX && db_next(&rows); ++*count)
		take_hold(&rows, arena, &ids[*count], &starts[*count]);
	return db_end(&rows, err);
}

/*
 * Take the reservation's amount out of every budget that holds it, and add what was spent.  Where a new window has
 * begun, both went with the old one.
 */
static bool book_all(const struct budgets *budgets, struct db *db, const struct reservation_row *r, int64_t spent,
					 int64_t now_us, struct arena *arena, struct err *err)
{
	const char *ids[BUDGETS_COVER_MAX];
	int64_t starts[BUDGETS_COVER_MAX];
	size_t count;
	if (!holds_of(db, r->reservation_id, arena, ids, starts, &count, err))
		return false;
	for (size_t i = 0; i < count; i++) {
		struct budget_row row;
		bool found;
		if (!budget_find(db, r->account_id, ids[i], now_us, arena, &row, &found, err))
			return false;
		if (!found || row.window_start_us != starts[i])
			continue;
		if (!budget_book(db, &row, r->amount, spent, now_us, err) || !budget_raise(budgets, db, &row, now_us, err))
			return false;
	}
	return true;
}

static bool among(const char *id, const char *const *ids, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strcmp(ids[i], id) == 0)
			return true;
	return false;
}

/* Budgets that were made after the money was kept cover the spender too. */
static bool book_newcomers(const struct budgets *budgets, struct db *db, const struct reservation_row *r, int64_t spent,
						   int64_t now_us, struct arena *arena, struct err *err)
{
	const struct spender covered = {r->account_id, r->run_id, r->agent_id, r->workflow, r->step, NULL};
	const char *ids[BUDGETS_COVER_MAX];
	int64_t starts[BUDGETS_COVER_MAX];
	size_t count;
	struct cover *cover = arena_new(arena, struct cover);
	if (cover == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!holds_of(db, r->reservation_id, arena, ids, starts, &count, err) ||
		!cover_find(db, &covered, now_us, arena, cover, err))
		return false;
	for (size_t i = 0; i < cover->count; i++) {
		struct budget_row *row = &cover->rows[i];
		if (strcmp(row->currency, r->currency) == 0 && !among(row->budget_id, ids, count) &&
			(!budget_roll(db, row, now_us, err) || !budget_book(db, row, 0, spent, now_us, err) ||
			 !budget_raise(budgets, db, row, now_us, err)))
			return false;
	}
	return true;
}

static bool end(struct db *db, struct reservation_row *r, enum reservation_state state, int64_t now_us, struct err *err)
{
	if (!db_run(db, err,
				"UPDATE budget_reservations SET state = $2, actual = $3, entry_id = $4, ended_at = $5 WHERE "
				"reservation_id = $1",
				V_TEXT(r->reservation_id), V_TEXT(reservation_state_names[state]),
				r->actual >= 0 ? V_INT(r->actual) : V_NULL, V_TEXT(r->entry_id), V_INT(now_us)))
		return false;
	r->state = state;
	r->ended_us = now_us;
	return true;
}

static bool free_held(const struct budgets *budgets, struct db *db, struct reservation_row *r,
					  enum reservation_state state, int64_t now_us, struct arena *arena, struct err *err)
{
	return book_all(budgets, db, r, 0, now_us, arena, err) && end(db, r, state, now_us, err);
}

static bool overdue(const struct reservation_row *r, int64_t now_us)
{
	return r->state == RESERVATION_HELD && r->expires_us != 0 && r->expires_us <= now_us;
}

/* As it is now: one whose time has passed keeps nothing, whether the timer came by or not. */
static bool read_now(const struct budgets *budgets, struct db *db, const char *account_id, const char *reservation_id,
					 int64_t now_us, struct arena *arena, struct reservation_row *row, struct err *err)
{
	return reservation_find(db, account_id, reservation_id, arena, row, err) &&
		   (!overdue(row, now_us) || free_held(budgets, db, row, RESERVATION_EXPIRED, now_us, arena, err));
}

/* --- settling --- */

struct entry {
	char id[ID_TEXT];
};

/* The row of what was spent; the budgets have counted it already, or (of one that expired) count it now. */
static bool record(const struct budgets *budgets, struct db *db, struct reservation_row *r,
				   const struct cost_item *item, bool count, int64_t now_us, struct entry *entry, struct err *err)
{
	const struct spender covered = {r->account_id, r->run_id, r->agent_id, r->workflow, r->step, r->currency};
	struct cost_item own = *item;
	own.reservation_id = r->reservation_id;
	return budget_record(budgets, db, &covered, &own, count, now_us, entry->id, err);
}

bool budget_settle(const struct budgets *budgets, struct db *db, const char *account_id, const char *reservation_id,
				   const struct cost_item *item, int64_t now_us, struct arena *arena, struct reservation_row *row,
				   struct err *err)
{
	if (!read_now(budgets, db, account_id, reservation_id, now_us, arena, row, err))
		return false;
	if (row->actual >= 0)
		return true;
	if (row->state == RESERVATION_RELEASED)
		return err_set(err, ERR_TRANSITION_REFUSED, "The reservation was released.");
	struct entry *entry = arena_new(arena, struct entry);
	if (entry == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	bool expired = row->state == RESERVATION_EXPIRED;
	if (!record(budgets, db, row, item, expired, now_us, entry, err))
		return false;
	row->entry_id = entry->id;
	row->actual = item->cost;
	return (expired || (book_all(budgets, db, row, item->cost, now_us, arena, err) &&
						book_newcomers(budgets, db, row, item->cost, now_us, arena, err))) &&
		   end(db, row, RESERVATION_SETTLED, now_us, err);
}

bool budget_release(const struct budgets *budgets, struct db *db, const char *account_id, const char *reservation_id,
					int64_t now_us, struct arena *arena, struct reservation_row *row, struct err *err)
{
	if (!read_now(budgets, db, account_id, reservation_id, now_us, arena, row, err))
		return false;
	if (row->state == RESERVATION_SETTLED)
		return err_set(err, ERR_TRANSITION_REFUSED, "The reservation was settled.");
	return row->state != RESERVATION_HELD || free_held(budgets, db, row, RESERVATION_RELEASED, now_us, arena, err);
}

/* --- expiry --- */

#define DUE "FROM budget_reservations WHERE state = 'held' AND expires_at <= $1 "

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool budget_expiry_due(struct db *db, int64_t now_us, bool *due, struct err *err)
{
	return db_one(db, err, due, take_nothing, NULL, "SELECT 1 " DUE "LIMIT 1", V_INT(now_us));
}

static bool expire(const struct budgets *budgets, struct db *db, int64_t now_us, int64_t limit, struct arena *arena,
				   int64_t *count, struct err *err)
{
	const char *ids[EXPIRE_AT_ONCE], *accounts[EXPIRE_AT_ONCE];
	struct db_rows rows;
	int64_t due = 0;
	if (!db_query(db, &rows, err,
				  "SELECT reservation_id, account_id " DUE "ORDER BY expires_at, reservation_id LIMIT $2",
				  V_INT(now_us), V_INT(limit)))
		return false;
	for (; due < EXPIRE_AT_ONCE && db_next(&rows); due++) {
		ids[due] = db_text_dup(&rows, 0, arena);
		accounts[due] = db_text_dup(&rows, 1, arena);
	}
	if (!db_end(&rows, err))
		return false;
	for (*count = 0; *count < due; ++*count) {
		struct reservation_row row;
		if (!read_now(budgets, db, accounts[*count], ids[*count], now_us, arena, &row, err))
			return false;
	}
	return true;
}

bool budget_expire(const struct budgets *budgets, struct db *db, int64_t now_us, int64_t limit, int64_t *count,
				   struct err *err)
{
	struct arena arena;
	*count = 0;
	arena_init(&arena, (size_t)64 << 20);
	bool done = expire(budgets, db, now_us, limit < EXPIRE_AT_ONCE ? limit : EXPIRE_AT_ONCE, &arena, count, err);
	arena_fini(&arena);
	return done;
}
