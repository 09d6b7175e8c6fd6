#include "sign/submission_repo.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"

const char *const dispatch_state_names[] = {"PENDING", "STARTED", "RETRY", "SUCCESS", "FAILURE", "REVOKED", NULL};

#define DISPATCH_COLUMNS \
	"dispatch_id, account_id, project_id, name, state, attempts, next_at, seal_sha256, effect_key, error, result, " \
	"started_by, request_id, created_at, updated_at"

bool dispatch_insert(struct db *db, const struct dispatch *d, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO project_tasks (" DISPATCH_COLUMNS
				  ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, NULL, $11, $12, $13, $13)",
				  V_TEXT(d->dispatch_id), V_TEXT(d->account_id), V_TEXT(d->project_id), V_TEXT(d->name),
				  V_TEXT(dispatch_state_names[d->state]), V_INT(d->attempts), V_INT(d->next_us), V_TEXT(d->seal_sha256),
				  V_TEXT(d->effect_key), V_TEXT(d->error), V_TEXT(d->started_by), V_TEXT(d->request_id),
				  V_INT(d->created_us));
}

bool dispatch_insert_once(struct db *db, const struct dispatch *d, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO project_tasks (dispatch_id, account_id, project_id, name, state, attempts, next_at, "
				  "request_id, created_at, updated_at) SELECT $1, $2, $3, $4, 'PENDING', 0, $5, $6, $5, $5 WHERE NOT "
				  "EXISTS (SELECT 1 FROM project_tasks WHERE account_id = $2 AND project_id = $3 AND name = $4 "
				  "AND state = 'PENDING')",
				  V_TEXT(d->dispatch_id), V_TEXT(d->account_id), V_TEXT(d->project_id), V_TEXT(d->name),
				  V_INT(d->next_us), V_TEXT(d->request_id));
}

bool dispatch_delete(struct db *db, const struct dispatch *d, struct err *err)
{
	return db_run(db, err, "DELETE FROM project_tasks WHERE dispatch_id = $1 AND account_id = $2",
				  V_TEXT(d->dispatch_id), V_TEXT(d->account_id));
}

bool dispatch_update(struct db *db, const struct dispatch *d, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE project_tasks SET state = $3, attempts = $4, next_at = $5, error = $6, updated_at = $7 "
				  "WHERE dispatch_id = $1 AND account_id = $2 "
				  "AND state IN ('PENDING', 'STARTED', 'RETRY')",
				  V_TEXT(d->dispatch_id), V_TEXT(d->account_id), V_TEXT(dispatch_state_names[d->state]),
				  V_INT(d->attempts), V_INT(d->next_us), V_TEXT(d->error), V_INT(now_us));
}

bool dispatch_result(struct db *db, const struct dispatch *d, struct err *err)
{
	return d->result == NULL ||
		   db_run(db, err, "UPDATE project_tasks SET result = $3 WHERE dispatch_id = $1 AND account_id = $2",
				  V_TEXT(d->dispatch_id), V_TEXT(d->account_id), V_TEXT(d->result));
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
		.effect_key = db_text_dup(row, 8, to->arena),
		.error = db_text_dup(row, 9, to->arena),
		.result = db_text_dup(row, 10, to->arena),
		.started_by = db_text_dup(row, 11, to->arena),
		.request_id = db_text_dup(row, 12, to->arena),
		.created_us = db_int(row, 13),
		.updated_us = db_int(row, 14),
	};
}

bool dispatch_find(struct db *db, const char *account_id, const char *project_id, const char *name, struct arena *arena,
				   struct dispatch *dispatch, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .dispatch = dispatch};
	return db_one(db, err, found, take, &to,
				  "SELECT " DISPATCH_COLUMNS " FROM project_tasks WHERE account_id = $1 AND project_id = $2 "
				  "AND name = $3 ORDER BY dispatch_id DESC LIMIT 1",
				  V_TEXT(account_id), V_TEXT(project_id), V_TEXT(name));
}

bool dispatch_due(struct db *db, int64_t now_us, struct arena *arena, struct dispatch *dispatch, bool *found,
				  struct err *err)
{
	struct taking to = {.arena = arena, .dispatch = dispatch};
	return db_one(db, err, found, take, &to,
				  "SELECT " DISPATCH_COLUMNS " FROM project_tasks WHERE state IN ('PENDING', 'STARTED', 'RETRY') "
				  "AND next_at <= $1 ORDER BY next_at, dispatch_id LIMIT 1",
				  V_INT(now_us));
}

bool dispatch_by_id(struct db *db, const char *account_id, const char *dispatch_id, struct arena *arena,
					struct dispatch *dispatch, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .dispatch = dispatch};
	return db_one(db, err, found, take, &to,
				  "SELECT " DISPATCH_COLUMNS " FROM account_tasks WHERE dispatch_id = $1 "
				  "AND (CAST($2 AS TEXT) IS NULL OR account_id = $2)",
				  V_TEXT(dispatch_id), V_TEXT(account_id));
}

bool dispatches_list(struct db *db, const char *account_id, const char *state, const char *before, size_t limit,
					 struct arena *arena, struct dispatch *dispatches, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT " DISPATCH_COLUMNS " FROM account_tasks WHERE account_id = $1 "
				  "AND (CAST($2 AS TEXT) IS NULL OR state = $2) "
				  "AND dispatch_id < $3 ORDER BY dispatch_id DESC LIMIT $4",
				  V_TEXT(account_id), V_TEXT(state), V_TEXT(before != NULL ? before : "g"), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows)) {
		struct taking to = {.arena = arena, .dispatch = &dispatches[(*count)++]};
		take(&rows, &to);
	}
	return db_end(&rows, err);
}

bool dispatches_failed(struct db *db, const char *account_id, const char *before, size_t limit, struct arena *arena,
					   struct dispatch *dispatches, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT " DISPATCH_COLUMNS " FROM project_tasks WHERE (account_id = $1 OR $1 IS NULL) AND "
				  "state = 'FAILURE' AND dispatch_id < $2 ORDER BY dispatch_id DESC LIMIT $3",
				  V_TEXT(account_id), V_TEXT(before != NULL ? before : "g"), V_INT((int64_t)limit)))
		return false;
	while (*count < limit && db_next(&rows)) {
		struct taking to = {.arena = arena, .dispatch = &dispatches[(*count)++]};
		take(&rows, &to);
	}
	return db_end(&rows, err);
}

bool dispatch_revive(struct db *db, const struct dispatch *d, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE project_tasks SET state = $3, attempts = $4, next_at = $5, updated_at = $5 "
				  "WHERE dispatch_id = $1 AND account_id = $2 AND state = 'FAILURE'",
				  V_TEXT(d->dispatch_id), V_TEXT(d->account_id), V_TEXT(dispatch_state_names[d->state]),
				  V_INT(d->attempts), V_INT(now_us));
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
