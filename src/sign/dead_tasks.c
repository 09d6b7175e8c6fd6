#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "http/exchange.h"
#include "people/dead_letters.h"
#include "sign/sign_internal.h"
#include "sign/submission.h"
#include "sign/submission_repo.h"
#include "sign/task_write.h"

/* Tasks of projects that are out of tries, as a part of people's dead letters [P-10.6]. */

static struct dead_letter letter_of(const struct dispatch *task)
{
	return (struct dead_letter){.id = task->dispatch_id,
								.account_id = task->account_id,
								.name = task->name,
								.subject_kind = "project",
								.subject_id = task->project_id,
								.error = task->error,
								.attempts = task->attempts,
								.created_us = task->created_us,
								.failed_us = task->updated_us};
}

static bool list(void *self, struct db *db, const char *account_id, const char *before, size_t limit,
				 struct arena *arena, struct dead_letter *letters, size_t *count, struct err *err)
{
	(void)self;
	struct dispatch *tasks = arena_array(arena, limit, sizeof *tasks);
	if (tasks == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!dispatches_failed(db, account_id, before, limit, arena, tasks, count, err))
		return false;
	for (size_t i = 0; i < *count; i++)
		letters[i] = letter_of(&tasks[i]);
	return true;
}

static bool find(void *self, struct db *db, const char *account_id, const char *id, struct arena *arena,
				 struct dead_letter *letter, bool *found, struct err *err)
{
	(void)self;
	struct dispatch task;
	if (!dispatch_by_id(db, account_id, id, arena, &task, found, err))
		return false;
	*found = *found && task.state == DISPATCH_FAILURE;
	if (*found)
		*letter = letter_of(&task);
	return true;
}

static bool settle(void *self, struct db *db, struct exchange *x, const struct dead_letter *letter, const char *reason,
				   struct err *err)
{
	struct sign_api *api = self;
	struct task_change change = {
		.api = api,
		.reason = reason,
		.action = reason != NULL ? AUDIT_PROJECT_WORK_REVOKED : AUDIT_PROJECT_WORK_REDELIVERED,
		.what = reason != NULL ? "revoked" : "redelivered",
	};
	int64_t now_us = env_wall_us(api->options.env);
	bool found = false;
	if (!dispatch_by_id(db, letter->account_id, letter->id, &x->arena, &change.task, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "There is no such dead letter.");
	change.task.state = reason != NULL ? DISPATCH_REVOKED : DISPATCH_RETRY;
	change.task.attempts = reason != NULL ? change.task.attempts : 0;
	return dispatch_revive(db, &change.task, now_us, err) && task_record(&change, x, db, now_us, err);
}

static void settled(void *self)
{
	submission_wake(self);
}

void sign_dead_letters(struct sign_api *api, struct dead_letters *letters)
{
	dead_letters_add(
		letters, &(struct dead_letter_part){.kind = "project",
											.count_sql = "SELECT COUNT(*) FROM project_tasks WHERE state = 'FAILURE'",
											.self = api,
											.list = list,
											.find = find,
											.settle = settle,
											.settled = settled});
}
