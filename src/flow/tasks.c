#include "flow/tasks.h"

#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/runner_internal.h"
#include "flow/system.h"
#include "store/store.h"

const char *const flow_task_states[] = {"PENDING", "STARTED", "RETRY", "SUCCESS", "FAILURE", "REVOKED", NULL};

/* --- rows --- */

#define COLUMNS \
	"t.task_id, t.account_id, t.name, t.subject_kind, t.subject_id, t.state, t.attempts, t.next_at, t.error, " \
	"t.result, t.started_by, t.request_id, t.quiet, t.applied, t.created_at, t.updated_at, " \
	"COALESCE(t.input, r.input), t.input IS NOT NULL"
#define FROM " FROM tasks t LEFT JOIN flow_runs r ON r.run_id = t.task_id "

struct taking {
	struct arena *arena;
	struct flow_task *task;
};

static enum flow_task_state state_named(const char *name)
{
	int state = 0;
	while (flow_task_states[state + 1] != NULL && strcmp(flow_task_states[state], name) != 0)
		state++;
	return (enum flow_task_state)state;
}

static void take(const struct db_rows *row, void *self)
{
	struct taking *to = self;
	*to->task = (struct flow_task){
		.task_id = db_text_dup(row, 0, to->arena),
		.account_id = db_text_dup(row, 1, to->arena),
		.name = db_text_dup(row, 2, to->arena),
		.subject_kind = db_text_dup(row, 3, to->arena),
		.subject_id = db_text_dup(row, 4, to->arena),
		.state = state_named(db_text(row, 5)),
		.attempts = db_int(row, 6),
		.next_us = db_int(row, 7),
		.error = db_text_dup(row, 8, to->arena),
		.result = db_text_dup(row, 9, to->arena),
		.started_by = db_text_dup(row, 10, to->arena),
		.request_id = db_text_dup(row, 11, to->arena),
		.quiet = db_int(row, 12) != 0,
		.applied = db_int(row, 13) != 0,
		.created_us = db_int(row, 14),
		.updated_us = db_int(row, 15),
		.input = db_text_dup(row, 16, to->arena),
		.unbegun = db_int(row, 17) != 0,
	};
}

static bool take_all(struct db_rows *rows, size_t limit, struct arena *arena, struct flow_task *tasks, size_t *count,
					 struct err *err)
{
	while (*count < limit && db_next(rows)) {
		struct taking to = {.arena = arena, .task = &tasks[(*count)++]};
		take(rows, &to);
	}
	return db_end(rows, err);
}

bool tasks_insert(struct db *db, const struct flow_task *t, struct err *err)
{
	return db_run(
		db, err,
		"INSERT INTO tasks (task_id, account_id, name, subject_kind, subject_id, state, attempts, next_at, "
		"quiet, applied, started_by, request_id, created_at, updated_at) VALUES ($1, $2, $3, $4, $5, 'PENDING', "
		"0, $6, $7, 0, $8, $9, $6, $6)",
		V_TEXT(t->task_id), V_TEXT(t->account_id), V_TEXT(t->name), V_TEXT(t->subject_kind), V_TEXT(t->subject_id),
		V_INT(t->created_us), V_INT(t->quiet), V_TEXT(t->started_by), V_TEXT(t->request_id));
}

static void take_bool(const struct db_rows *row, void *self)
{
	*(bool *)self = db_int(row, 0) != 0;
}

bool tasks_waiting(struct db *db, const struct flow_task *like, bool *waiting, struct err *err)
{
	return db_one(db, err, NULL, take_bool, waiting,
				  "SELECT COUNT(*) FROM tasks WHERE account_id = $1 AND subject_id = $2 AND name = $3 AND "
				  "state = 'PENDING'",
				  V_TEXT(like->account_id), V_TEXT(like->subject_id), V_TEXT(like->name));
}

bool tasks_find(struct db *db, const char *account_id, const char *task_id, struct arena *arena, struct flow_task *task,
				bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .task = task};
	return db_one(db, err, found, take, &to,
				  "SELECT " COLUMNS FROM "WHERE t.task_id = $1 AND (CAST($2 AS TEXT) IS NULL OR t.account_id = $2)",
				  V_TEXT(task_id), V_TEXT(account_id));
}

bool flow_task_newest(struct db *db, const char *account_id, const char *subject_id, const char *name,
					  struct arena *arena, struct flow_task *task, bool *found, struct err *err)
{
	struct taking to = {.arena = arena, .task = task};
	return db_one(db, err, found, take, &to,
				  "SELECT " COLUMNS FROM "WHERE t.account_id = $1 AND t.subject_id = $2 AND t.name = $3 "
				  "ORDER BY t.task_id DESC LIMIT 1",
				  V_TEXT(account_id), V_TEXT(subject_id), V_TEXT(name));
}

/* Ids are hexadecimal: all are before "g". */
bool tasks_list(struct db *db, const struct tasks_filter *filter, struct arena *arena, struct flow_task *tasks,
				size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	return db_query(db, &rows, err,
					"SELECT " COLUMNS FROM
					"WHERE (CAST($1 AS TEXT) IS NULL OR t.account_id = $1) AND (CAST($2 AS TEXT) IS NULL OR "
					"t.state = $2) AND t.task_id < $3 ORDER BY t.task_id DESC LIMIT $4",
					V_TEXT(filter->account_id), V_TEXT(filter->state),
					V_TEXT(filter->before != NULL ? filter->before : "g"), V_INT((int64_t)filter->limit)) &&
		   take_all(&rows, filter->limit, arena, tasks, count, err);
}

bool tasks_unbegun(struct db *db, size_t limit, struct arena *arena, struct flow_task *tasks, size_t *count,
				   struct err *err)
{
	struct db_rows rows;
	*count = 0;
	return db_query(db, &rows, err,
					"SELECT " COLUMNS FROM "WHERE t.input IS NOT NULL AND t.state IN ('PENDING', 'STARTED', 'RETRY') "
					"ORDER BY t.task_id LIMIT $1",
					V_INT((int64_t)limit)) &&
		   take_all(&rows, limit, arena, tasks, count, err);
}

bool tasks_begun(struct db *db, const char *task_id, struct err *err)
{
	return db_run(db, err, "UPDATE tasks SET input = NULL WHERE task_id = $1", V_TEXT(task_id));
}

bool tasks_move(struct db *db, const char *task_id, enum flow_task_state state, int64_t now_us, struct err *err)
{
	return db_run(db, err,
				  "UPDATE tasks SET state = $2, next_at = $3, updated_at = $3, applied = 0, "
				  "attempts = CASE WHEN $2 = 'RETRY' THEN 0 ELSE attempts END WHERE task_id = $1",
				  V_TEXT(task_id), V_TEXT(flow_task_states[state]), V_INT(now_us));
}

bool tasks_tell(const struct flow_parts *parts, struct db *db, const struct flow_task *task, enum flow_news news,
				const struct audit_event *who, const char *reason, struct err *err)
{
	for (size_t i = 0; parts != NULL && i < parts->count; i++)
		if (parts->items[i].told != NULL &&
			!parts->items[i].told(parts->items[i].self, db, task, news, who, reason, err))
			return false;
	return true;
}

/* --- of runs --- */

static void take_standing(const struct db_rows *row, void *self)
{
	struct live_task *task = self;
	task->is = true;
	task->state = (int)state_named(db_text(row, 0));
	task->attempts = db_int(row, 1);
	task->revoked = task->state == (int)FLOW_TASK_REVOKED;
}

bool tasks_read(struct live *live, struct db *db, struct err *err)
{
	tasks_end(live);
	live->task = (struct live_task){.is = false};
	return strcmp(definition_ir(live->definition)->namespace, SYSTEM_NAMESPACE) != 0 ||
		   db_one(db, err, NULL, take_standing, &live->task, "SELECT state, attempts FROM tasks WHERE task_id = $1",
				  V_TEXT(live->run_id));
}

void tasks_look(struct live *live)
{
	struct live_task now = {.is = false};
	struct err err;
	if (!live->task.is)
		return;
	struct db *db = store_read(live->runner->options.store);
	if (db_one(db, &err, NULL, take_standing, &now, "SELECT state, attempts FROM tasks WHERE task_id = $1",
			   V_TEXT(live->run_id)) &&
		now.is) {
		live->task.revoked = now.revoked;
		live->task.state = now.state;
		live->task.attempts = now.attempts;
	}
	store_read_end(live->runner->options.store, db);
}

void tasks_row(struct live *live, const struct row *row)
{
	const struct frame *frame = row->kind == ROW_RESULT ? run_frame(&live->run, row->frame) : NULL;
	if (!live->task.is)
		return;
	if (frame != NULL && frame->sent)
		live->task.tried++;
	const char *why = row->error == NULL ? NULL : json_text(datum_tree(row->error), "detail");
	if (why == NULL)
		return;
	free(live->task.error);
	live->task.error = strdup(why);
	must(live->task.error != NULL);
}

void tasks_end(struct live *live)
{
	free(live->task.error);
	live->task.error = NULL;
	live->task.tried = 0;
	live->task.applied = false;
}

/* What a person would say of it; *next_us: when it goes on. */
static enum flow_task_state state_of(const struct live *live, int64_t *next_us)
{
	const struct run *run = &live->run;
	*next_us = run->now_us;
	if (run->status == RUN_COMPLETED)
		return FLOW_TASK_SUCCESS;
	if (run->status == RUN_FAULTED)
		return FLOW_TASK_FAILURE;
	if (run->status == RUN_CANCELLED)
		return FLOW_TASK_REVOKED;
	for (size_t i = 0; i < run->frames_count; i++) {
		const struct frame *frame = run->frames[i];
		bool retries = !frame->is_block && frame->task->type == IR_TRY && frame->state == FRAME_WAITING;
		if (frame->due_us == 0 || (!retries && frame->held == NULL))
			continue;
		*next_us = frame->due_us;
		/* held before it ever began it has not begun */
		return retries || live->task.state != (int)FLOW_TASK_PENDING ? FLOW_TASK_RETRY : FLOW_TASK_PENDING;
	}
	return FLOW_TASK_STARTED;
}

static bool tell_news(struct live *live, struct db *db, enum flow_task_state state, struct err *err)
{
	const struct flow_parts *parts = live->runner->options.parts;
	enum flow_task_state was = (enum flow_task_state)live->task.state;
	struct flow_task task;
	struct arena arena;
	bool found = false, good = true;
	if (state == was)
		return true;
	arena_init(&arena, ARENA_REQUEST_CAP);
	good = tasks_find(db, NULL, live->run_id, &arena, &task, &found, err);
	if (good && found && !task.quiet && was == FLOW_TASK_PENDING && state != FLOW_TASK_REVOKED)
		good = tasks_tell(parts, db, &task, FLOW_STARTED, NULL, NULL, err);
	if (good && found && !task.quiet && state == FLOW_TASK_SUCCESS)
		good = tasks_tell(parts, db, &task, FLOW_FINISHED, NULL, NULL, err);
	if (good && found && state == FLOW_TASK_FAILURE)
		good = tasks_tell(parts, db, &task, FLOW_FAILED, NULL, task.error, err);
	if (good && found && state == FLOW_TASK_REVOKED)
		good = tasks_tell(parts, db, &task, FLOW_REVOKED, NULL, NULL, err);
	arena_fini(&arena);
	return good;
}

static bool update(struct live *live, struct db *db, enum flow_task_state state, int64_t next_us, struct err *err)
{
	const struct live_task *t = &live->task;
	const struct datum *output = live->run.output;
	bool gives = state == FLOW_TASK_SUCCESS && output != NULL && !datum_is_null(output);
	return db_run(
		db, err,
		"UPDATE tasks SET state = $2, attempts = attempts + $3, next_at = $4, applied = CASE WHEN $5 = 1 THEN 1 "
		"ELSE applied END, error = CASE WHEN $2 = 'SUCCESS' THEN NULL ELSE COALESCE($6, error) END, "
		"result = $7, updated_at = $8 WHERE task_id = $1 AND state <> 'REVOKED'",
		V_TEXT(live->run_id), V_TEXT(flow_task_states[state]), V_INT(t->tried), V_INT(next_us), V_INT(t->applied),
		V_TEXT(t->error), V_TEXT(gives ? datum_bytes(output, NULL) : NULL), V_INT(live->run.now_us));
}

/* What a person has cancelled has no effect any more: the run hears of it and ends. */
bool tasks_apply(struct live *live, struct db *db, struct err *err)
{
	int64_t next_us;
	if (!live->task.is)
		return true;
	enum flow_task_state state = state_of(live, &next_us);
	if (!update(live, db, state, next_us, err))
		return false;
	if (db_changed(db) == 0)
		return state == FLOW_TASK_REVOKED || err_set(err, ERR_CONFLICT, "The task was cancelled.");
	if (!tell_news(live, db, state, err) ||
		(state == FLOW_TASK_SUCCESS &&
		 !db_run(db, err, "DELETE FROM tasks WHERE task_id = $1 AND quiet = 1", V_TEXT(live->run_id))))
		return false;
	live->task.state = (int)state;
	live->task.attempts += live->task.tried;
	return true;
}
