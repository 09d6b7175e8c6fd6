#include "sign/submission_repo.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"

const char *const dispatch_state_names[] = {"PENDING", "RETRY", "SUCCESS", "FAILURE", NULL};

#define DISPATCH_COLUMNS \
	"dispatch_id, account_id, project_id, name, state, attempts, next_at, seal_sha256, error, started_by, " \
	"request_id, created_at, updated_at"

bool dispatch_insert(struct db *db, const struct dispatch *d, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO project_dispatches (" DISPATCH_COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $12)",
				  V_TEXT(d->dispatch_id), V_TEXT(d->account_id), V_TEXT(d->project_id), V_TEXT(d->name),
				  V_TEXT(dispatch_state_names[d->state]), V_INT(d->attempts), V_INT(d->next_us), V_TEXT(d->seal_sha256),
				  V_TEXT(d->error), V_TEXT(d->started_by), V_TEXT(d->request_id), V_INT(d->created_us));
}

bool dispatch_update(struct db *db, const struct dispatch *d, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE project_dispatches SET state = $3, attempts = $4, next_at = $5, error = $6, updated_at = $7 "
				  "WHERE dispatch_id = $1 AND account_id = $2 AND state IN ('PENDING', 'RETRY')",
				  V_TEXT(d->dispatch_id), V_TEXT(d->account_id), V_TEXT(dispatch_state_names[d->state]),
				  V_INT(d->attempts), V_INT(d->next_us), V_TEXT(d->error), V_INT(now_us));
}

struct taking {
	struct arena *arena;
	struct dispatch *dispatch;
};

static enum dispatch_state state_named(const char *name)
{
	int state = 0;
	while (dispatch_state_names[state + 1] != NULL && strcmp(dispatch_state_names[state], name) != 0)
		state++;
	return (enum dispatch_state)state;
}

static void take(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->dispatch = (struct dispatch){
		.dispatch_id = db_text_dup(row, 0, to->arena),
		.account_id = db_text_dup(row, 1, to->arena),
		.project_id = db_text_dup(row, 2, to->arena),
		.name = db_text_dup(row, 3, to->arena),
		.state = state_named(db_text(row, 4)),
		.attempts = db_int(row, 5),
		.next_us = db_int(row, 6),
		.seal_sha256 = db_text_dup(row, 7, to->arena),
		.error = db_text_dup(row, 8, to->arena),
		.started_by = db_text_dup(row, 9, to->arena),
		.request_id = db_text_dup(row, 10, to->arena),
		.created_us = db_int(row, 11),
		.updated_us = db_int(row, 12),
	};
}

bool dispatch_find(struct db *db, const char *account_id, const char *project_id, const char *name, struct arena *arena,
				   struct dispatch *dispatch, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .dispatch = dispatch};
	return db_one(db, err, found, take, &to,
				  "SELECT " DISPATCH_COLUMNS " FROM project_dispatches WHERE account_id = $1 AND project_id = $2 "
				  "AND name = $3 ORDER BY dispatch_id DESC LIMIT 1",
				  V_TEXT(account_id), V_TEXT(project_id), V_TEXT(name));
}

bool dispatch_due(struct db *db, int64_t now_us, struct arena *arena, struct dispatch *dispatch, bool *found,
				  struct err *err)
{
	struct taking to = {.arena = arena, .dispatch = dispatch};
	return db_one(db, err, found, take, &to,
				  "SELECT " DISPATCH_COLUMNS " FROM project_dispatches WHERE state IN ('PENDING', 'RETRY') "
				  "AND next_at <= $1 ORDER BY next_at, dispatch_id LIMIT 1",
				  V_INT(now_us));
}

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool project_number_next(struct db *db, int64_t *number, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO project_numbers (name, last) VALUES ('CS', 1) ON CONFLICT (name) DO UPDATE SET last = "
				  "project_numbers.last + 1") &&
		   db_one(db, err, NULL, take_number, number, "SELECT last FROM project_numbers WHERE name = 'CS'");
}
