#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "http/exchange.h"
#include "people/dead_letters.h"
#include "people/principal.h"
#include "seal/audit.h"
#include "store/store.h"
#include "trade/trade_internal.h"

/*
 * Notifications that no channel took, as a part of people's dead letters [P-10.6].  A redelivered one keeps its id, by
 * which its receiver knows a repetition; whom it is for is not told.
 */

#define COLUMNS "notice_id, account_id, channel, subject, error, tries, created_at, due_at"

static struct dead_letter letter_of(const struct db_rows *row, struct arena *arena)
{
	return (struct dead_letter){.id = db_text_dup(row, 0, arena),
								.account_id = db_text_dup(row, 1, arena),
								.name = arena_printf(arena, "trade.notify.%s", db_text(row, 2)),
								.subject_kind = db_text(row, 3) != NULL ? "signal" : NULL,
								.subject_id = db_text_dup(row, 3, arena),
								.error = db_text_dup(row, 4, arena),
								.attempts = db_int(row, 5),
								.created_us = db_int(row, 6),
								.failed_us = db_int(row, 7)};
}

static bool list(void *self, struct db *db, const char *account_id, const char *before, size_t limit,
				 struct arena *arena, struct dead_letter *letters, size_t *count, struct err *err)
{
	struct db_rows rows;
	(void)self;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM notices WHERE (account_id = $1 OR $1 IS NULL) AND state = 'dead' "
				  "AND (notice_id < $2 OR $2 IS NULL) ORDER BY notice_id DESC LIMIT $3",
				  V_TEXT(account_id), V_TEXT(before), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows))
		letters[(*count)++] = letter_of(&rows, arena);
	return db_end(&rows, err);
}

struct taking {
	struct arena *arena;
	struct dead_letter *letter;
};

static void take(const struct db_rows *row, void *self)
{
	const struct taking *to = self;
	*to->letter = letter_of(row, to->arena);
}

static bool find(void *self, struct db *db, const char *account_id, const char *id, struct arena *arena,
				 struct dead_letter *letter, bool *found, struct err *err)
{
	struct taking to = {arena, letter};
	(void)self;
	return db_one(db, err, found, take, &to,
				  "SELECT " COLUMNS " FROM notices WHERE notice_id = $1 AND state = 'dead' "
				  "AND (account_id = $2 OR $2 IS NULL)",
				  V_TEXT(id), V_TEXT(account_id));
}

/* The thread that sends looks once a second, so nothing has to be woken afterwards. */
static bool settle(void *self, struct db *db, struct exchange *x, const struct dead_letter *letter, const char *reason,
				   struct err *err)
{
	const struct trade_api *api = self;
	const struct audit_pair meta[] = {{AUDIT_META_reason, reason}};
	struct audit_event event =
		principal_event(x, reason != NULL ? AUDIT_NOTICE_DROP : AUDIT_NOTICE_REDELIVER, AUDIT_SUCCESS);
	event.target_id = letter->id;
	event.meta = meta;
	event.meta_count = reason != NULL;
	bool settled = reason != NULL ? db_run(db, err, "DELETE FROM notices WHERE notice_id = $1", V_TEXT(letter->id))
								  : db_run(db, err,
										   "UPDATE notices SET state = 'waiting', tries = 0, error = NULL, due_at = $1 "
										   "WHERE notice_id = $2",
										   V_INT(env_wall_us(api->options.env)), V_TEXT(letter->id));
	return settled && audit_append(api->options.audit, db, &event, err);
}

void trade_dead_letters(struct trade_api *api, struct dead_letters *letters)
{
	dead_letters_add(letters,
					 &(struct dead_letter_part){.kind = "notification",
												.count_sql = "SELECT COUNT(*) FROM notices WHERE state = 'dead'",
												.self = api,
												.list = list,
												.find = find,
												.settle = settle});
}
