#include "app/mailer.h"
#include "core/arena.h"
#include "core/env.h"
#include "people/dead_letters.h"
#include "people/principal.h"
#include "seal/audit.h"
#include "store/store.h"

/* Mails that nobody took, as a part of the dead letters [P-10.6].  To whom they go and what they say is not told. */

#define COLUMNS "mail_id, account_id, error, tries, created_at, updated_at"

struct taking {
	struct arena *arena;
	struct dead_letter *letter;
};

static void take(const struct db_rows *row, void *self)
{
	const struct taking *to = self;
	*to->letter = (struct dead_letter){.id = db_text_dup(row, 0, to->arena),
									   .account_id = db_text_dup(row, 1, to->arena),
									   .name = "mail.send",
									   .error = db_text_dup(row, 2, to->arena),
									   .attempts = db_int(row, 3),
									   .created_us = db_int(row, 4),
									   .failed_us = db_int(row, 5)};
}

static bool list(void *self, struct db *db, const char *account_id, const char *before, size_t limit,
				 struct arena *arena, struct dead_letter *letters, size_t *count, struct err *err)
{
	struct db_rows rows;
	(void)self;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT " COLUMNS " FROM mails WHERE (account_id = $1 OR $1 IS NULL) AND state = 'dead' "
				  "AND (mail_id < $2 OR $2 IS NULL) ORDER BY mail_id DESC LIMIT $3",
				  V_TEXT(account_id), V_TEXT(before), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows)) {
		struct taking to = {arena, &letters[(*count)++]};
		take(&rows, &to);
	}
	return db_end(&rows, err);
}

static bool find(void *self, struct db *db, const char *account_id, const char *id, struct arena *arena,
				 struct dead_letter *letter, bool *found, struct err *err)
{
	struct taking to = {arena, letter};
	(void)self;
	return db_one(db, err, found, take, &to,
				  "SELECT " COLUMNS " FROM mails WHERE mail_id = $1 AND state = 'dead' "
				  "AND (account_id = $2 OR $2 IS NULL)",
				  V_TEXT(id), V_TEXT(account_id));
}

static bool settle(void *self, struct db *db, struct exchange *x, const struct dead_letter *letter, const char *reason,
				   struct err *err)
{
	const struct mailer_options *o = mailer_options_of(self);
	const struct audit_pair meta[] = {{AUDIT_META_reason, reason}};
	struct audit_event event =
		principal_event(x, reason != NULL ? AUDIT_MAIL_DROP : AUDIT_MAIL_REDELIVER, AUDIT_SUCCESS);
	event.target_id = letter->id;
	event.meta = meta;
	event.meta_count = reason != NULL;
	bool settled = reason != NULL ? db_run(db, err, "DELETE FROM mails WHERE mail_id = $1", V_TEXT(letter->id))
								  : db_run(db, err,
										   "UPDATE mails SET state = 'queued', tries = 0, error = NULL, due_at = $1, "
										   "updated_at = $1 WHERE mail_id = $2",
										   V_INT(env_wall_us(o->env)), V_TEXT(letter->id));
	return settled && audit_append(o->audit, db, &event, err);
}

static void settled(void *self)
{
	mailer_wake(self);
}

void mailer_dead_letters(struct mailer *mailer, struct dead_letters *letters)
{
	dead_letters_add(letters, &(struct dead_letter_part){.kind = "mail",
														 .count_sql = "SELECT COUNT(*) FROM mails WHERE state = 'dead'",
														 .self = mailer,
														 .list = list,
														 .find = find,
														 .settle = settle,
														 .settled = settled});
}
