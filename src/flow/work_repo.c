#include "flow/work_repo.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"
#include "store/store.h"

const char *const work_status_names[] = {"open", "leased", "completed", "failed", "ended", NULL};

bool work_may_become(enum work_status from, enum work_status to)
{
	static const bool edges[WORK_STATUSES][WORK_STATUSES] = {
		[WORK_OPEN] = {[WORK_LEASED] = true, [WORK_ENDED] = true},
		[WORK_LEASED] = {[WORK_LEASED] = true, [WORK_COMPLETED] = true, [WORK_FAILED] = true, [WORK_ENDED] = true},
	};
	return edges[from][to];
}

bool work_insert(struct db *db, const struct work_task *t, int64_t created_us, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_work (task_id, run_id, account_id, queue, path, reference, attempt, deliveries, "
				  "idempotency_key, payload, lease_ms, priority, at_most_once, status, fence, lease_expires_at, "
				  "created_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 'open', 0, 0, $14)",
				  V_TEXT(t->task_id), V_TEXT(t->run_id), V_TEXT(t->account_id), V_TEXT(t->queue), V_TEXT(t->path),
				  V_TEXT(t->reference), V_INT(t->attempt), V_INT(t->deliveries), V_TEXT(t->idempotency_key),
				  V_TEXT(t->payload), V_INT(t->lease_ms), V_INT(t->priority), V_INT(t->at_most_once),
				  V_INT(created_us));
}

#define COLUMNS \
	"w.task_id, w.run_id, w.account_id, w.queue, w.path, w.reference, w.idempotency_key, w.payload, w.worker_id, " \
	"w.answer_sha256, w.status, w.attempt, w.deliveries, w.lease_ms, w.priority, w.fence, w.lease_expires_at, " \
	"w.at_most_once"

static enum work_status status_of(const char *name)
{
	for (int i = 0; work_status_names[i] != NULL; i++)
		if (strcmp(work_status_names[i], name) == 0)
			return (enum work_status)i;
	must(false); /* it is a status of the table */
	return WORK_ENDED;
}

struct reading {
	struct arena *arena;
	struct work_task *task;
};

static void take_task(const struct db_rows *row, void *self)
{
	const struct reading *to = self;
	const char *texts[10];
	for (int i = 0; i < 10; i++)
		texts[i] = db_text_dup(row, i, to->arena);
	*to->task = (struct work_task){
		.task_id = texts[0],
		.run_id = texts[1],
		.account_id = texts[2],
		.queue = texts[3],
		.path = texts[4],
		.reference = texts[5],
		.idempotency_key = texts[6],
		.payload = texts[7],
		.worker_id = texts[8],
		.answer_sha256 = texts[9],
		.status = status_of(db_text(row, 10)),
		.attempt = db_int(row, 11),
		.deliveries = db_int(row, 12),
		.lease_ms = db_int(row, 13),
		.priority = db_int(row, 14),
		.fence = db_int(row, 15),
		.lease_expires_us = db_int(row, 16),
		.at_most_once = db_int(row, 17) != 0,
	};
}

bool work_get(struct db *db, const char *account_id, const char *task_id, struct arena *arena, struct work_task *task,
			  bool *found, struct err *err)
{
	struct reading to = {arena, task};
	return db_one(db, err, found, take_task, &to,
				  "SELECT " COLUMNS " FROM flow_work w WHERE task_id = $1 AND (account_id = $2 OR $2 IS NULL)",
				  V_TEXT(task_id), V_TEXT(account_id));
}

bool work_held(struct db *db, const char *run_id, const char *path, int64_t attempt, struct arena *arena,
			   struct work_task *task, bool *found, struct err *err)
{
	struct reading to = {arena, task};
	return db_one(db, err, found, take_task, &to,
				  "SELECT " COLUMNS
				  " FROM flow_work w WHERE run_id = $1 AND path = $2 AND attempt = $3 AND status = 'leased'",
				  V_TEXT(run_id), V_TEXT(path), V_INT(attempt));
}

/* --- claiming --- */

/* What a worker may have: two searches, since the index knows one status at a time. */
#define FREE(status_and_lease) \
	" FROM flow_work w JOIN flow_runs r ON r.run_id = w.run_id AND r.status <> 'suspended' " \
	"WHERE w.account_id = $1 AND w.queue = $2 AND " status_and_lease
#define IS_OPEN "w.status = 'open' AND $3 >= 0"
#define IS_LOST "w.status = 'leased' AND w.lease_expires_at <= $3 AND w.at_most_once = 0"

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool work_claimable(struct db *db, const struct work_claim *c, bool *there, struct err *err)
{
	return db_one(db, err, there, take_nothing, NULL, "SELECT 1" FREE(IS_OPEN) " LIMIT 1", V_TEXT(c->account_id),
				  V_TEXT(c->queue), V_INT(c->now_us)) &&
		   (*there || db_one(db, err, there, take_nothing, NULL, "SELECT 1" FREE(IS_LOST) " LIMIT 1",
							 V_TEXT(c->account_id), V_TEXT(c->queue), V_INT(c->now_us)));
}

static bool take_all(struct db_rows *rows, struct arena *arena, struct work_task *tasks, size_t *count, struct err *err)
{
	while (db_next(rows)) {
		struct reading to = {arena, &tasks[(*count)++]};
		take_task(rows, &to);
	}
	return db_end(rows, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory for so many tasks"));
}

static bool find_lost(struct db *db, const struct work_claim *c, struct arena *arena, struct work_task *tasks,
					  size_t *count, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err, "SELECT " COLUMNS FREE(IS_LOST) " ORDER BY w.priority DESC, w.task_id LIMIT $4",
					V_TEXT(c->account_id), V_TEXT(c->queue), V_INT(c->now_us), V_INT(c->max)) &&
		   take_all(&rows, arena, tasks, count, err);
}

static bool find_open(struct db *db, const struct work_claim *c, struct arena *arena, struct work_task *tasks,
					  size_t *count, struct err *err)
{
	struct db_rows rows;
	return db_query(db, &rows, err, "SELECT " COLUMNS FREE(IS_OPEN) " ORDER BY w.priority DESC, w.task_id LIMIT $4",
					V_TEXT(c->account_id), V_TEXT(c->queue), V_INT(c->now_us), V_INT(c->max - (int64_t)*count)) &&
		   take_all(&rows, arena, tasks, count, err);
}

static bool lease(struct db *db, const struct work_claim *c, struct work_task *t, struct err *err)
{
	must(work_may_become(t->status, WORK_LEASED));
	t->deliveries += t->status == WORK_LEASED;
	t->fence++;
	t->status = WORK_LEASED;
	if (c->lease_ms > 0)
		t->lease_ms = c->lease_ms;
	t->lease_expires_us = c->now_us + t->lease_ms * 1000;
	return db_run(db, err,
				  "UPDATE flow_work SET status = 'leased', fence = $1, deliveries = $2, lease_ms = $3, "
				  "lease_expires_at = $4, worker_id = $5, progress = NULL WHERE task_id = $6 AND fence = $7",
				  V_INT(t->fence), V_INT(t->deliveries), V_INT(t->lease_ms), V_INT(t->lease_expires_us),
				  V_TEXT(c->worker_id), V_TEXT(t->task_id), V_INT(t->fence - 1)) &&
		   (db_changed(db) == 1 || err_set(err, ERR_STALE_FENCE, "Somebody else has claimed %s.", t->task_id));
}

bool work_take(struct db *db, const struct work_claim *c, struct arena *arena, struct work_task *tasks, size_t *count,
			   struct err *err)
{
	*count = 0;
	must(c->max <= WORK_CLAIM_MAX);
	if (!find_lost(db, c, arena, tasks, count, err) ||
		(*count < (size_t)c->max && !find_open(db, c, arena, tasks, count, err)))
		return false;
	for (size_t i = 0; i < *count; i++)
		if (!lease(db, c, &tasks[i], err))
			return false;
	return true;
}

bool work_lost(struct db *db, int64_t now_us, struct arena *arena, struct work_task *tasks, size_t max, size_t *count,
			   struct err *err)
{
	struct db_rows rows;
	*count = 0;
	return db_query(db, &rows, err,
					"SELECT " COLUMNS " FROM flow_work w WHERE w.status = 'leased' AND w.lease_expires_at <= $1 AND "
					"w.at_most_once = 1 ORDER BY w.task_id LIMIT $2",
					V_INT(now_us), V_INT((int64_t)max)) &&
		   take_all(&rows, arena, tasks, count, err);
}

/* --- holding and ending --- */

bool work_renew(struct db *db, const struct work_task *t, int64_t expires_us, const char *progress, struct err *err)
{
	return db_run(db, err,
				  "UPDATE flow_work SET lease_expires_at = $1, progress = COALESCE($2, progress) WHERE task_id = $3 "
				  "AND fence = $4",
				  V_INT(expires_us), V_TEXT(progress), V_TEXT(t->task_id), V_INT(t->fence)) &&
		   (db_changed(db) == 1 || err_set(err, ERR_STALE_FENCE, "Somebody else has claimed %s.", t->task_id));
}

/* The fence rises here too, not only at the next claim: until then the dead one could still have the last word. */
bool work_end_leases(struct db *db, const char *account_id, const char *worker_id, int64_t *ended, struct err *err)
{
	if (!db_run(db, err,
				"UPDATE flow_work SET fence = fence + 1, lease_expires_at = 0, progress = NULL WHERE account_id = $1 "
				"AND worker_id = $2 AND status = 'leased' AND lease_expires_at > 0",
				V_TEXT(account_id), V_TEXT(worker_id)))
		return false;
	*ended = db_changed(db);
	return true;
}

/* The payload is in the journal; here nobody needs it any more. */
bool work_end(struct db *db, const char *task_id, enum work_status status, const char *sha256, struct err *err)
{
	must(work_may_become(WORK_LEASED, status));
	return db_run(db, err,
				  "UPDATE flow_work SET status = $1, answer_sha256 = $2, lease_expires_at = 0, payload = 'null', "
				  "progress = NULL WHERE task_id = $3 AND status = 'leased'",
				  V_TEXT(work_status_names[status]), V_TEXT(sha256), V_TEXT(task_id)) &&
		   (db_changed(db) == 1 || err_set(err, ERR_STALE_FENCE, "Nobody holds %s.", task_id));
}

bool work_give_up(struct db *db, const char *run_id, const char *path, int64_t attempt, struct err *err)
{
	return db_run(db, err,
				  "UPDATE flow_work SET status = 'ended', lease_expires_at = 0, payload = 'null', progress = NULL "
				  "WHERE run_id = $1 AND path = $2 AND attempt = $3 AND status IN ('open', 'leased')",
				  V_TEXT(run_id), V_TEXT(path), V_INT(attempt));
}

bool work_redelivered(struct db *db, const char *run_id,
					  void (*take)(void *self, const char *path, int64_t attempt, int64_t deliveries), void *self,
					  struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT path, attempt, deliveries FROM flow_work WHERE run_id = $1 AND deliveries > 1 AND status IN "
				  "('leased', 'completed', 'failed') ORDER BY task_id",
				  V_TEXT(run_id)))
		return false;
	while (db_next(&rows))
		take(self, db_text(&rows, 0), db_int(&rows, 1), db_int(&rows, 2));
	return db_end(&rows, err);
}

/* --- answers --- */

bool answers_put(struct db *db, const char *run_id, const struct work_answer *a, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_answers (run_id, path, attempt, output, error, definite) VALUES ($1, $2, $3, $4, "
				  "$5, $6)",
				  V_TEXT(run_id), V_TEXT(a->path), V_INT(a->attempt), V_TEXT(a->output), V_TEXT(a->error),
				  V_INT(a->definite));
}

bool answers_read(struct db *db, const char *run_id, void (*take)(void *self, const struct work_answer *answer),
				  void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT path, attempt, output, error, definite FROM flow_answers WHERE run_id = $1 ORDER BY path",
				  V_TEXT(run_id)))
		return false;
	while (db_next(&rows)) {
		const struct work_answer answer = {.path = db_text(&rows, 0),
										   .attempt = db_int(&rows, 1),
										   .output = db_text(&rows, 2),
										   .error = db_text(&rows, 3),
										   .definite = db_int(&rows, 4) != 0};
		take(self, &answer);
	}
	return db_end(&rows, err);
}

bool answers_drop(struct db *db, const char *run_id, const char *path, int64_t attempt, struct err *err)
{
	return db_run(db, err, "DELETE FROM flow_answers WHERE run_id = $1 AND path = $2 AND attempt = $3", V_TEXT(run_id),
				  V_TEXT(path), V_INT(attempt));
}
