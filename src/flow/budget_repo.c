#include "flow/budget_repo.h"

#include "core/arena.h"
#include "core/err.h"
#include "core/zone.h"
#include "store/store.h"

bool budget_insert(struct db *db, const struct budget_row *row, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO budgets (budget_id, account_id, scope, scope_id, currency, window_kind, tz, allocated, "
		"consumed, reserved, warning, critical, on_exhausted, window_start, window_end, raised, told, "
		"suspended, version, created_by, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, 0, "
		"$9, $10, $11, $12, $13, 0, 0, 0, 1, $14, $15, $15)",
		V_TEXT(row->budget_id), V_TEXT(row->account_id), V_TEXT(budget_scope_names[row->scope]), V_TEXT(row->scope_id),
		V_TEXT(row->currency), V_TEXT(budget_window_names[row->window]), V_TEXT(row->tz), V_INT(row->allocated),
		V_REAL(row->warning), V_REAL(row->critical), V_TEXT(budget_exhausted_names[row->on_exhausted]),
		V_INT(row->window_start_us), V_INT(row->window_end_us), V_TEXT(row->created_by), V_INT(row->created_us));
}

#define SELECT \
	"SELECT budget_id, account_id, scope, scope_id, currency, window_kind, tz, allocated, consumed, reserved, " \
	"warning, " \
	"critical, on_exhausted, window_start, window_end, raised, told, suspended, version, created_by, created_at, " \
	"updated_at FROM budgets WHERE account_id = $1 "

static void take(const struct db_rows *row, struct arena *arena, struct budget_row *to)
{
	*to = (struct budget_row){
		.budget_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.scope = (enum budget_scope)db_word(row, 2, budget_scope_names),
		.scope_id = db_text_dup(row, 3, arena),
		.currency = db_text_dup(row, 4, arena),
		.window = (enum budget_window)db_word(row, 5, budget_window_names),
		.tz = db_text_dup(row, 6, arena),
		.allocated = db_int(row, 7),
		.consumed = db_int(row, 8),
		.reserved = db_int(row, 9),
		.warning = db_real(row, 10),
		.critical = db_real(row, 11),
		.on_exhausted = (enum budget_exhausted)db_word(row, 12, budget_exhausted_names),
		.window_start_us = db_int(row, 13),
		.window_end_us = db_int(row, 14),
		.raised = (unsigned)db_int(row, 15),
		.told = (unsigned)db_int(row, 16),
		.suspended = db_int(row, 17) != 0,
		.version = db_int(row, 18),
		.created_by = db_text_dup(row, 19, arena),
		.created_us = db_int(row, 20),
		.updated_us = db_int(row, 21),
	};
}

/* A new window starts empty, and so do its thresholds. */
static bool turn_window(struct budget_row *row, int64_t now_us, struct arena *arena, struct err *err)
{
	if (now_us < row->window_end_us)
		return true;
	const struct zone *zone = zone_load(arena, row->tz, err);
	if (zone == NULL)
		return false;
	row->window_start_us = budget_window_start(row->window, zone, now_us);
	row->window_end_us = budget_window_end(row->window, zone, now_us);
	row->consumed = row->reserved = 0;
	row->raised = row->told = 0;
	row->suspended = false;
	return true;
}

static bool take_all(struct db_rows *found, int64_t now_us, struct arena *arena, struct budget_row *rows, size_t room,
					 size_t *count, struct err *err)
{
	struct err own;
	bool turned = true;
	*count = 0;
	while (*count < room && db_next(found)) {
		take(found, arena, &rows[*count]);
		turned = turned && turn_window(&rows[*count], now_us, arena, &own);
		++*count;
	}
	if (!db_end(found, err))
		return false;
	if (!turned && err != NULL)
		*err = own;
	return turned && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

bool budget_find(struct db *db, const char *account_id, const char *budget_id, int64_t now_us, struct arena *arena,
				 struct budget_row *row, bool *found, struct err *err)
{
	struct db_rows rows;
	size_t count;
	if (!db_query(db, &rows, err, SELECT "AND budget_id = $2", V_TEXT(account_id), V_TEXT(budget_id)) ||
		!take_all(&rows, now_us, arena, row, 1, &count, err))
		return false;
	*found = count == 1;
	return true;
}

bool budgets_of_scope(struct db *db, const char *account_id, enum budget_scope scope, const char *scope_id,
					  int64_t now_us, struct arena *arena, struct budget_row *rows, size_t *count, struct err *err)
{
	enum { WINDOWS = 4 };
	struct db_rows found;
	return db_query(db, &found, err, SELECT "AND scope = $2 AND scope_id = $3 ORDER BY budget_id", V_TEXT(account_id),
					V_TEXT(budget_scope_names[scope]), V_TEXT(scope_id)) &&
		   take_all(&found, now_us, arena, rows, WINDOWS, count, err);
}

bool budgets_list(struct db *db, const char *account_id, int scope, const char *scope_id, const char *before,
				  size_t limit, int64_t now_us, struct arena *arena, struct budget_row *rows, size_t *count,
				  struct err *err)
{
	struct db_rows found;
	const char *scope_name = scope >= 0 ? budget_scope_names[scope] : "";
	return db_query(db, &found, err,
					SELECT "AND ($2 = '' OR budget_id < $2) AND ($3 = '' OR scope = $3) AND ($4 = '' OR scope_id = $4) "
						   "ORDER BY budget_id DESC LIMIT $5",
					V_TEXT(account_id), V_TEXT(before), V_TEXT(scope_name), V_TEXT(scope_id != NULL ? scope_id : ""),
					V_INT((int64_t)limit)) &&
		   take_all(&found, now_us, arena, rows, limit, count, err);
}

bool budget_roll(struct db *db, const struct budget_row *row, int64_t now_us, struct err *err)
{
	return row->window == BUDGET_TOTAL ||
		   db_run(db, err,
				  "UPDATE budgets SET consumed = 0, reserved = 0, raised = 0, told = 0, suspended = 0, window_start = "
				  "$2, window_end = $3 WHERE budget_id = $1 AND window_end <= $4",
				  V_TEXT(row->budget_id), V_INT(row->window_start_us), V_INT(row->window_end_us), V_INT(now_us));
}

/* The sum is never written out: it could pass 64 bits, the difference cannot. */
bool budget_hold(struct db *db, struct budget_row *row, int64_t amount, int64_t now_us, bool *held, struct err *err)
{
	if (!db_run(
			db, err,
			"UPDATE budgets SET reserved = reserved + $2, updated_at = $3 WHERE budget_id = $1 AND window_start = $4 "
			"AND consumed <= allocated AND reserved <= allocated - consumed AND $2 <= allocated - consumed - reserved",
			V_TEXT(row->budget_id), V_INT(amount), V_INT(now_us), V_INT(row->window_start_us)))
		return false;
	*held = db_changed(db) == 1;
	if (*held)
		row->reserved += amount;
	return true;
}

bool budget_book(struct db *db, struct budget_row *row, int64_t freed, int64_t spent, int64_t now_us, struct err *err)
{
	if (row->consumed > INT64_MAX / 2 - spent)
		return err_field(err, ERR_INVALID, "/cost", "The budget %s cannot count so much.", row->budget_id);
	if (!db_run(
			db, err,
			"UPDATE budgets SET reserved = reserved - $2, consumed = consumed + $3, updated_at = $4 WHERE budget_id = "
			"$1 AND window_start = $5",
			V_TEXT(row->budget_id), V_INT(freed), V_INT(spent), V_INT(now_us), V_INT(row->window_start_us)))
		return false;
	row->reserved -= freed;
	row->consumed += spent;
	return true;
}

bool budget_mark(struct db *db, const struct budget_row *row, struct err *err)
{
	return db_run(db, err, "UPDATE budgets SET raised = $2, told = $3, suspended = $4 WHERE budget_id = $1",
				  V_TEXT(row->budget_id), V_INT(row->raised), V_INT(row->told), V_INT(row->suspended));
}

bool budget_update(struct db *db, struct budget_row *row, int64_t now_us, struct err *err)
{
	if (!db_run(
			db, err,
			"UPDATE budgets SET allocated = $2, warning = $3, critical = $4, on_exhausted = $5, raised = $6, told = "
			"$7, suspended = $8, version = version + 1, updated_at = $9 WHERE budget_id = $1",
			V_TEXT(row->budget_id), V_INT(row->allocated), V_REAL(row->warning), V_REAL(row->critical),
			V_TEXT(budget_exhausted_names[row->on_exhausted]), V_INT(row->raised), V_INT(row->told),
			V_INT(row->suspended), V_INT(now_us)))
		return false;
	row->version++;
	row->updated_us = now_us;
	return true;
}

bool budget_event_insert(struct db *db, const struct budget_event *event, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO budget_events (event_id, budget_id, kind, at, usage_percentage, reason) VALUES ($1, $2, "
				  "$3, $4, $5, $6)",
				  V_TEXT(event->event_id), V_TEXT(event->budget_id), V_TEXT(event->kind), V_INT(event->at_us),
				  V_REAL(event->usage_percentage), V_TEXT(event->reason));
}

bool budget_events_of(struct db *db, const char *budget_id, size_t limit, struct arena *arena,
					  struct budget_event *events, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(
			db, &rows, err,
			"SELECT event_id, kind, at, usage_percentage, reason FROM budget_events WHERE budget_id = $1 ORDER BY "
			"event_id DESC LIMIT $2",
			V_TEXT(budget_id), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows))
		events[(*count)++] = (struct budget_event){.event_id = db_text_dup(&rows, 0, arena),
												   .budget_id = budget_id,
												   .kind = db_text_dup(&rows, 1, arena),
												   .at_us = db_int(&rows, 2),
												   .usage_percentage = db_real(&rows, 3),
												   .reason = db_text_dup(&rows, 4, arena)};
	for (size_t i = 0; i < *count / 2; i++) {
		struct budget_event first = events[i];
		events[i] = events[*count - 1 - i];
		events[*count - 1 - i] = first;
	}
	return db_end(&rows, err);
}
