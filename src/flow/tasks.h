/*
 * Background tasks as people see them [platform.md P-10.2]: a row for each run that flow_start() began, which every
 * commit of the run brings up to date, and which outlives it.  What is to be done next, when, and how often is the
 * run's own business; here is what came of it. Threads: reading on any connection, writing in an op.  Texts of what was
 * read are the arena's.
 */
#ifndef CS_FLOW_TASKS_H
#define CS_FLOW_TASKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/flow.h"

bool tasks_insert(struct db *db, const struct flow_task *task, struct err *err);

/* Does one of that name about its subject wait for its begin? */
bool tasks_waiting(struct db *db, const struct flow_task *like, bool *waiting, struct err *err);

/* account_id NULL: of any account. */
bool tasks_find(struct db *db, const char *account_id, const char *task_id, struct arena *arena, struct flow_task *task,
				bool *found, struct err *err);

struct tasks_filter {
	const char *account_id; /* NULL: any, as each of these */
	const char *state;
	const char *before; /* older than the one of this id */
	size_t limit;
};
bool tasks_list(struct db *db, const struct tasks_filter *filter, struct arena *arena, struct flow_task *tasks,
				size_t *count, struct err *err);

/* Those that an earlier version has left unfinished and that have no run yet; at most `limit`. */
bool tasks_unbegun(struct db *db, size_t limit, struct arena *arena, struct flow_task *tasks, size_t *count,
				   struct err *err);

/* It has a run now. */
bool tasks_begun(struct db *db, const char *task_id, struct err *err);

/* By a person: another state; a task that is to be tried anew begins to count anew. */
bool tasks_move(struct db *db, const char *task_id, enum flow_task_state state, int64_t now_us, struct err *err);

/* Tell whoever listens. */
bool tasks_tell(const struct flow_parts *parts, struct db *db, const struct flow_task *task, enum flow_news news,
				const struct audit_event *who, const char *reason, struct err *err);

#endif
