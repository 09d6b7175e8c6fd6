/*
 * Steps for external workers in the store [flow.md 3.5, 4].
 *
 * A task is open until a worker claims it.  A claim is a lease with a fence: a number that rises with each claim, so
 * that whoever held it before can no longer end the task once somebody else has claimed it.  A lease that ran out does
 * not end by itself: its holder may still complete while nobody else claimed.
 * Reading: on any connection.  Changing: in an op.  Texts of what was read are the arena's.
 */
#ifndef CS_FLOW_WORK_REPO_H
#define CS_FLOW_WORK_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

enum { WORK_CLAIM_MAX = 100 };

enum work_status { WORK_OPEN, WORK_LEASED, WORK_COMPLETED, WORK_FAILED, WORK_ENDED /* from elsewhere */ };
enum { WORK_STATUSES = WORK_ENDED + 1 };
extern const char *const work_status_names[]; /* ends with NULL */

/* May a task go from one to the other?  Leased again is an edge: by somebody else, where a lease ran out. */
bool work_may_become(enum work_status from, enum work_status to);

struct work_task {
	const char *task_id, *run_id, *account_id, *queue, *path, *reference, *idempotency_key, *payload, *worker_id;
	const char *answer_sha256; /* of what ended it; NULL: nothing did */
	int64_t attempt, deliveries, lease_ms, priority, fence, lease_expires_us;
	bool at_most_once;
	enum work_status status;
};

/* A new one, open.  `created_us` is the time. */
bool work_insert(struct db *db, const struct work_task *task, int64_t created_us, struct err *err);

/* *found false: there is none, or (account_id given) it is another's. */
bool work_get(struct db *db, const char *account_id, const char *task_id, struct arena *arena, struct work_task *task,
			  bool *found, struct err *err);

/* The task of a step, if somebody holds it. */
bool work_held(struct db *db, const char *run_id, const char *path, int64_t attempt, struct arena *arena,
			   struct work_task *task, bool *found, struct err *err);

struct work_claim {
	const char *account_id, *queue, *worker_id;
	int64_t max, lease_ms; /* lease_ms 0: each task's own */
	int64_t now_us;
};

/* Is there anything to claim? */
bool work_claimable(struct db *db, const struct work_claim *claim, bool *there, struct err *err);

/*
 * Claim up to claim->max (at most WORK_CLAIM_MAX) tasks: higher priority first, then the older.  Those whose lease ran
 * out are claimed again, with another fence and one delivery more; those that may be sent at most once are not, and
 * those of a run that stands still neither.
 */
bool work_take(struct db *db, const struct work_claim *claim, struct arena *arena, struct work_task *tasks,
			   size_t *count, struct err *err);

/* Leases that ran out of tasks that are sent at most once: the first `max`, to be failed. */
bool work_lost(struct db *db, int64_t now_us, struct arena *arena, struct work_task *tasks, size_t max, size_t *count,
			   struct err *err);

bool work_renew(struct db *db, const struct work_task *task, int64_t expires_us, const char *progress, struct err *err);

/*
 * A worker is gone: its leases end at once, those that ran out too, and its old fences are of no use any more.  Who
 * claims next has another delivery of the same attempt; what is sent at most once is lost (work_lost).
 */
bool work_end_leases(struct db *db, const char *account_id, const char *worker_id, int64_t *ended, struct err *err);

/* The task, which is leased, has ended so; `sha256` of the answer.  ERR_STALE_FENCE: it is not (any more). */
bool work_end(struct db *db, const char *task_id, enum work_status status, const char *sha256, struct err *err);

/* The step has ended from elsewhere: whoever holds its task can no longer complete it. */
bool work_give_up(struct db *db, const char *run_id, const char *path, int64_t attempt, struct err *err);

/* {path, attempt, deliveries} of the run's tasks that were claimed more than once. */
bool work_redelivered(struct db *db, const char *run_id,
					  void (*take)(void *self, const char *path, int64_t attempt, int64_t deliveries), void *self,
					  struct err *err);

/* --- what came back, for the run to take in --- */

struct work_answer {
	const char *path, *output, *error; /* output or error: JSON text */
	int64_t attempt;
	bool definite;
};
bool answers_put(struct db *db, const char *run_id, const struct work_answer *answer, struct err *err);
bool answers_read(struct db *db, const char *run_id, void (*take)(void *self, const struct work_answer *answer),
				  void *self, struct err *err);
bool answers_drop(struct db *db, const char *run_id, const char *path, int64_t attempt, struct err *err);

#endif
