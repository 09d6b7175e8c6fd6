#include "flow/retention_repo.h"

#include <string.h>

#include "core/must.h"
#include "flow/runs_repo.h"
#include "flow/values.h"
#include "flow/workflows.h"
#include "store/store.h"

/* A dead letter keeps its run until a person has settled it. */
#define MAY_GO \
	"keep_until > 0 AND keep_until <= $1 " \
	"AND NOT EXISTS (SELECT 1 FROM tasks t WHERE t.task_id = flow_runs.run_id AND t.state IN ('FAILURE', 'RETRY')) " \
	"AND NOT EXISTS (SELECT 1 FROM flow_children c WHERE c.child_run_id = flow_runs.run_id) " \
	"AND NOT EXISTS (SELECT 1 FROM flow_children c WHERE c.parent_run_id = flow_runs.run_id) "

bool retention_due(struct db *db, int64_t now_us, char (*run_ids)[ID_TEXT], size_t room, size_t *count, struct err *err)
{
	struct db_rows rows;
	*count = 0;
	if (!db_query(db, &rows, err, "SELECT run_id FROM flow_runs WHERE " MAY_GO "ORDER BY keep_until, run_id LIMIT $2",
				  V_INT(now_us), V_INT((int64_t)room)))
		return false;
	while (db_next(&rows)) {
		const char *run_id = db_text(&rows, 0);
		must(*count < room && strlen(run_id) < ID_TEXT);
		strcpy(run_ids[(*count)++], run_id);
	}
	return db_end(&rows, err);
}

/* Rows that belong to the run alone. */
static const char *const belongings[] = {
	"DELETE FROM flow_work WHERE run_id = $1",
	"DELETE FROM flow_requests WHERE run_id = $1",
	"DELETE FROM flow_answers WHERE run_id = $1",
	"DELETE FROM flow_orders WHERE run_id = $1",
	"DELETE FROM flow_checkpoints WHERE run_id = $1",
	"DELETE FROM flow_replays WHERE run_id = $1",
	"DELETE FROM flow_listeners WHERE run_id = $1",
	/* the last one of a schedule says how far that has come */
	("DELETE FROM flow_firings WHERE run_id = $1 AND EXISTS (SELECT 1 FROM flow_firings f "
	 "WHERE f.schedule_id = flow_firings.schedule_id AND f.fired > flow_firings.fired)"),
};

static bool drop_belongings(struct db *db, const char *run_id, struct err *err)
{
	for (size_t i = 0; i < sizeof belongings / sizeof *belongings; i++)
		if (!db_run(db, err, belongings[i], V_TEXT(run_id)))
			return false;
	return true;
}

/* The journal up to `needed`; what went back from behind it is of no account to the forks. */
static bool keep_prefix(struct db *db, const char *run_id, int64_t needed, struct err *err)
{
	return db_run(db, err, "DELETE FROM flow_journal WHERE run_id = $1 AND first_seq > $2", V_TEXT(run_id),
				  V_INT(needed)) &&
		   db_run(db, err, "DELETE FROM flow_rewinds WHERE run_id = $1 AND at_seq > $2", V_TEXT(run_id),
				  V_INT(needed)) &&
		   db_run(db, err,
				  "UPDATE flow_runs SET account_id = '', input = 'null', output = NULL, error = NULL, labels = '{}', "
				  "created_by = NULL, due_at = 0, driven = 1, keep_until = 0 WHERE run_id = $1",
				  V_TEXT(run_id));
}

/* With its last fork a run that is nobody's may go. */
static bool release_origin(struct db *db, const char *run_id, struct err *err)
{
	return db_run(db, err,
				  "UPDATE flow_runs SET keep_until = 1 WHERE account_id = '' AND run_id = "
				  "(SELECT f.from_run_id FROM flow_forks f WHERE f.run_id = $1)",
				  V_TEXT(run_id)) &&
		   db_run(db, err, "DELETE FROM flow_forks WHERE run_id = $1", V_TEXT(run_id));
}

static bool drop_all(struct db *db, const char *run_id, const char *sha256, struct err *err)
{
	return release_origin(db, run_id, err) && values_drop(db, run_id, err) &&
		   db_run(db, err, "DELETE FROM flow_rewinds WHERE run_id = $1", V_TEXT(run_id)) &&
		   db_run(db, err, "DELETE FROM flow_journal WHERE run_id = $1", V_TEXT(run_id)) &&
		   db_run(db, err, "DELETE FROM flow_runs WHERE run_id = $1", V_TEXT(run_id)) &&
		   workflows_drop_text(db, sha256, err);
}

struct leaving {
	char sha256[65];
	int64_t needed; /* by forks; 0: by none */
};

static void take_leaving(const struct db_rows *row, void *self)
{
	struct leaving *leaving = self;
	strncpy(leaving->sha256, db_text(row, 0), sizeof leaving->sha256 - 1);
	leaving->needed = db_int(row, 1);
}

bool retention_drop(struct db *db, const char *run_id, int64_t now_us, struct err *err)
{
	struct leaving leaving = {.needed = 0};
	bool found;
	if (!db_one(
			db, err, &found, take_leaving, &leaving,
			"SELECT definition_sha256, (SELECT MAX(f.seq) FROM flow_forks f WHERE f.from_run_id = flow_runs.run_id) "
			"FROM flow_runs WHERE " MAY_GO "AND run_id = $2",
			V_INT(now_us), V_TEXT(run_id)))
		return false;
	if (!found)
		return true;
	return runs_uncount(db, run_id, err) && drop_belongings(db, run_id, err) &&
		   (leaving.needed > 0 ? keep_prefix(db, run_id, leaving.needed, err)
							   : drop_all(db, run_id, leaving.sha256, err));
}
