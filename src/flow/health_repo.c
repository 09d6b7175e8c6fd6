#include "flow/health_repo.h"

#include <math.h>

#include "core/arena.h"
#include "core/err.h"
#include "store/store.h"

const char *const incident_severity_names[] = {"low", "medium", "high", "critical", NULL};

/* --- agents --- */

#define AGENT_COLUMNS \
	"account_id, agent_id, run_id, status, score, low, last_heartbeat, seen_at, healthy_since, recovery_attempts, " \
	"error_message, memory_usage_mb, cpu_usage_percent, working_memory_count, episodic_memory_count, cost_consumed, " \
	"budget_remaining, active_tasks, completed_tasks, failed_tasks, samples"

static void take_agent(const struct db_rows *row, struct arena *arena, struct agent_row *to)
{
	*to = (struct agent_row){
		.account_id = db_text_dup(row, 0, arena),
		.agent_id = db_text_dup(row, 1, arena),
		.run_id = db_text_dup(row, 2, arena),
		.health = {.status = (enum agent_status)db_word(row, 3, agent_status_names),
				   .score = db_real(row, 4),
				   .low = db_int(row, 5) != 0,
				   .last_heartbeat_us = db_int(row, 6),
				   .seen_us = db_int(row, 7),
				   .healthy_since_us = db_int(row, 8),
				   .recovery_attempts = db_int(row, 9)},
		.error_message = db_text_dup(row, 10, arena),
		.memory_usage_mb = db_real(row, 11),
		.cpu_usage_percent = db_real(row, 12),
		.working_memory_count = db_int(row, 13),
		.episodic_memory_count = db_int(row, 14),
		.cost_consumed = db_int(row, 15),
		.budget_remaining = db_int(row, 16),
		.active_tasks = db_int(row, 17),
		.completed_tasks = db_int(row, 18),
		.failed_tasks = db_int(row, 19),
		.samples = db_int(row, 20),
	};
}

struct taking {
	struct arena *arena;
	void *row;
};

static void take_one_agent(const struct db_rows *row, void *self)
{
	const struct taking *to = self;
	take_agent(row, to->arena, to->row);
}

bool agent_find(struct db *db, const char *account_id, const char *agent_id, struct arena *arena, struct agent_row *row,
				bool *found, struct err *err)
{
	struct taking to = {arena, row};
	return db_one(db, err, found, take_one_agent, &to,
				  "SELECT " AGENT_COLUMNS " FROM agents WHERE account_id = $1 AND agent_id = $2", V_TEXT(account_id),
				  V_TEXT(agent_id)) &&
		   (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

bool agent_put(struct db *db, const struct agent_row *row, struct err *err)
{
	const struct agent_health *h = &row->health;
	return db_run(
		db, err,
		"INSERT INTO agents (" AGENT_COLUMNS ", watched) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, "
		"$13, $14, $15, $16, $17, $18, $19, $20, $21, $22) ON CONFLICT (account_id, agent_id) DO UPDATE SET "
		"run_id = $3, status = $4, score = $5, low = $6, last_heartbeat = $7, seen_at = $8, healthy_since = $9, "
		"recovery_attempts = $10, error_message = $11, memory_usage_mb = $12, cpu_usage_percent = $13, "
		"working_memory_count = $14, episodic_memory_count = $15, cost_consumed = $16, budget_remaining = $17, "
		"active_tasks = $18, completed_tasks = $19, failed_tasks = $20, samples = $21, watched = $22",
		V_TEXT(row->account_id), V_TEXT(row->agent_id), V_TEXT(row->run_id), V_TEXT(agent_status_names[h->status]),
		V_REAL(h->score), V_INT(h->low), V_INT(h->last_heartbeat_us), V_INT(h->seen_us), V_INT(h->healthy_since_us),
		V_INT(h->recovery_attempts), V_TEXT(row->error_message), V_REAL(row->memory_usage_mb),
		V_REAL(row->cpu_usage_percent), V_INT(row->working_memory_count), V_INT(row->episodic_memory_count),
		V_INT(row->cost_consumed), V_INT(row->budget_remaining), V_INT(row->active_tasks), V_INT(row->completed_tasks),
		V_INT(row->failed_tasks), V_INT(row->samples), V_INT(h->status != AGENT_FAILED));
}

bool agent_put_sample(struct db *db, const struct agent_row *row, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO agent_samples (account_id, agent_id, slot, at, score, memory_usage_mb, "
				  "cpu_usage_percent) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (account_id, agent_id, slot) DO "
				  "UPDATE SET at = $4, score = $5, memory_usage_mb = $6, cpu_usage_percent = $7",
				  V_TEXT(row->account_id), V_TEXT(row->agent_id), V_INT(row->samples % AGENT_SAMPLES),
				  V_INT(row->health.last_heartbeat_us), V_REAL(row->health.score), V_REAL(row->memory_usage_mb),
				  V_REAL(row->cpu_usage_percent));
}

bool agent_read_series(struct db *db, const struct agent_row *row, int64_t since_us, struct agent_series *series,
					   struct err *err)
{
	struct db_rows rows;
	series->count = 0;
	if (!db_query(db, &rows, err,
				  "SELECT score, memory_usage_mb, cpu_usage_percent FROM agent_samples WHERE account_id = $1 AND "
				  "agent_id = $2 AND at >= $3 AND slot <> $4",
				  V_TEXT(row->account_id), V_TEXT(row->agent_id), V_INT(since_us), V_INT(row->samples % AGENT_SAMPLES)))
		return false;
	for (; series->count < AGENT_SAMPLES && db_next(&rows); series->count++) {
		series->score[series->count] = db_real(&rows, 0);
		series->memory[series->count] = db_real(&rows, 1);
		series->cpu[series->count] = db_real(&rows, 2);
	}
	return db_end(&rows, err);
}

bool agents_seen_before(struct db *db, const char *account_id, int64_t before_us, size_t room, struct arena *arena,
						struct agent_row *rows, size_t *count, struct err *err)
{
	struct db_rows found;
	*count = 0;
	if (!db_query(db, &found, err,
				  "SELECT " AGENT_COLUMNS " FROM agents WHERE watched = 1 AND seen_at < $1 AND "
				  "(account_id = $2 OR $2 IS NULL) ORDER BY seen_at LIMIT $3",
				  V_INT(before_us), V_TEXT(account_id), V_INT((int64_t)room)))
		return false;
	for (; *count < room && db_next(&found); ++*count)
		take_agent(&found, arena, &rows[*count]);
	return db_end(&found, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool agents_sum(struct db *db, const char *account_id, const char *run_id, struct agents_summary *summary,
				struct err *err)
{
	struct db_rows rows;
	double scores = 0;
	*summary = (struct agents_summary){.total = 0};
	if (!db_query(db, &rows, err,
				  "SELECT status, COUNT(*), SUM(score) FROM agents WHERE account_id = $1 AND run_id = $2 GROUP BY "
				  "status",
				  V_TEXT(account_id), V_TEXT(run_id)))
		return false;
	while (db_next(&rows)) {
		summary->by_status[db_word(&rows, 0, agent_status_names)] = db_int(&rows, 1);
		summary->total += db_int(&rows, 1);
		scores += db_real(&rows, 2);
	}
	summary->average_score = summary->total > 0 ? scores / (double)summary->total : NAN;
	return db_end(&rows, err) &&
		   db_one(db, err, NULL, take_int, &summary->open_incidents,
				  "SELECT COUNT(*) FROM incidents WHERE account_id = $1 AND run_id = $2 AND status IN ('open', "
				  "'investigating')",
				  V_TEXT(account_id), V_TEXT(run_id));
}

/* --- incidents --- */

#define INCIDENT_COLUMNS \
	"incident_id, account_id, agent_id, run_id, kind, cause, severity, status, title, description, error_message, " \
	"health_score, failure_rate, resolution, resolved_by, resolved_at, created_by, created_at, updated_at"

bool incident_insert(struct db *db, const struct incident_row *row, bool *fresh, struct err *err)
{
	if (!db_run(db, err,
				"INSERT INTO incidents (" INCIDENT_COLUMNS ") VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, "
				"$12, $13, NULL, NULL, NULL, $14, $15, $15) ON CONFLICT (account_id, cause) DO NOTHING",
				V_TEXT(row->incident_id), V_TEXT(row->account_id), V_TEXT(row->agent_id), V_TEXT(row->run_id),
				V_TEXT(row->kind), V_TEXT(row->cause), V_TEXT(incident_severity_names[row->severity]),
				V_TEXT(incident_status_names[row->status]), V_TEXT(row->title), V_TEXT(row->description),
				V_TEXT(row->error_message), V_REAL(row->health_score), V_REAL(row->failure_rate),
				V_TEXT(row->created_by), V_INT(row->created_us)))
		return false;
	*fresh = db_changed(db) == 1;
	return true;
}

static void take_incident(const struct db_rows *row, struct arena *arena, struct incident_row *to)
{
	*to = (struct incident_row){
		.incident_id = db_text_dup(row, 0, arena),
		.account_id = db_text_dup(row, 1, arena),
		.agent_id = db_text_dup(row, 2, arena),
		.run_id = db_text_dup(row, 3, arena),
		.kind = db_text_dup(row, 4, arena),
		.cause = db_text_dup(row, 5, arena),
		.severity = (enum incident_severity)db_word(row, 6, incident_severity_names),
		.status = (enum incident_status)db_word(row, 7, incident_status_names),
		.title = db_text_dup(row, 8, arena),
		.description = db_text_dup(row, 9, arena),
		.error_message = db_text_dup(row, 10, arena),
		.health_score = db_real(row, 11),
		.failure_rate = db_real(row, 12),
		.resolution = db_text_dup(row, 13, arena),
		.resolved_by = db_text_dup(row, 14, arena),
		.resolved_us = db_int(row, 15),
		.created_by = db_text_dup(row, 16, arena),
		.created_us = db_int(row, 17),
		.updated_us = db_int(row, 18),
	};
}

static void take_one_incident(const struct db_rows *row, void *self)
{
	const struct taking *to = self;
	take_incident(row, to->arena, to->row);
}

bool incident_find(struct db *db, const char *account_id, const char *incident_id, struct arena *arena,
				   struct incident_row *row, struct err *err)
{
	struct taking to = {arena, row};
	bool found = false;
	if (!db_one(db, err, &found, take_one_incident, &to,
				"SELECT " INCIDENT_COLUMNS " FROM incidents WHERE account_id = $1 AND incident_id = $2",
				V_TEXT(account_id), V_TEXT(incident_id)))
		return false;
	if (arena->full)
		return err_set(err, ERR_LIMIT, "no memory");
	return found || err_set(err, ERR_NOT_FOUND, "There is no such incident.");
}

bool incident_update(struct db *db, const struct incident_row *row, struct err *err)
{
	return db_run(db, err,
				  "UPDATE incidents SET status = $3, resolution = $4, resolved_by = $5, resolved_at = $6, updated_at "
				  "= $7 WHERE account_id = $1 AND incident_id = $2",
				  V_TEXT(row->account_id), V_TEXT(row->incident_id), V_TEXT(incident_status_names[row->status]),
				  V_TEXT(row->resolution), V_TEXT(row->resolved_by),
				  row->resolved_us != 0 ? V_INT(row->resolved_us) : V_NULL, V_INT(row->updated_us));
}

static void take_nothing(const struct db_rows *row, void *self)
{
	(void)row;
	(void)self;
}

bool incident_is_open(struct db *db, const char *account_id, const char *agent_id, const char *kind, bool *open,
					  struct err *err)
{
	return db_one(db, err, open, take_nothing, NULL,
				  "SELECT 1 FROM incidents WHERE account_id = $1 AND agent_id = $2 AND status IN ('open', "
				  "'investigating') AND kind = $3 LIMIT 1",
				  V_TEXT(account_id), V_TEXT(agent_id), V_TEXT(kind));
}

bool incidents_list(struct db *db, const struct incidents_filter *f, struct arena *arena, struct incident_row *rows,
					size_t *count, struct err *err)
{
	struct db_rows found;
	*count = 0;
	if (!db_query(db, &found, err,
				  "SELECT " INCIDENT_COLUMNS " FROM incidents WHERE account_id = $1 AND (agent_id = $2 OR $2 IS NULL) "
				  "AND (run_id = $3 OR $3 IS NULL) AND (status = $4 OR $4 IS NULL) AND (severity = $5 OR $5 IS NULL) "
				  "AND ($6 = '' OR incident_id < $6) ORDER BY incident_id DESC LIMIT $7",
				  V_TEXT(f->account_id), V_TEXT(f->agent_id), V_TEXT(f->run_id),
				  V_TEXT(f->status >= 0 ? incident_status_names[f->status] : NULL),
				  V_TEXT(f->severity >= 0 ? incident_severity_names[f->severity] : NULL), V_TEXT(f->before),
				  V_INT((int64_t)f->limit)))
		return false;
	for (; *count < f->limit && db_next(&found); ++*count)
		take_incident(&found, arena, &rows[*count]);
	return db_end(&found, err) && (!arena->full || err_set(err, ERR_LIMIT, "no memory"));
}
