#include "flow/children_repo.h"

#include "store/store.h"

enum { DEPTH_END = 1000 /* no chain of parents is longer: the engine starts none below 32 */ };

bool children_put(struct db *db, const char *child_run_id, const char *parent_run_id, uint32_t frame, struct err *err)
{
	return db_run(db, err,
				  "INSERT INTO flow_children (child_run_id, parent_run_id, frame, state) "
				  "VALUES ($1, $2, $3, 'awaited')",
				  V_TEXT(child_run_id), V_TEXT(parent_run_id), V_INT(frame));
}

bool children_of(struct db *db, const char *parent_run_id,
				 void (*take)(void *self, const char *child_run_id, uint32_t frame), void *self, struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT child_run_id, frame FROM flow_children WHERE parent_run_id = $1 AND state <> 'abandoned' "
				  "ORDER BY frame",
				  V_TEXT(parent_run_id)))
		return false;
	while (db_next(&rows))
		take(self, db_text(&rows, 0), (uint32_t)db_int(&rows, 1));
	return db_end(&rows, err);
}

bool children_end(struct db *db, const char *child_run_id, bool *told, struct err *err)
{
	if (!db_run(db, err, "UPDATE flow_children SET state = 'over' WHERE child_run_id = $1 AND state = 'awaited'",
				V_TEXT(child_run_id)))
		return false;
	*told = db_changed(db) > 0;
	return *told || db_run(db, err, "DELETE FROM flow_children WHERE child_run_id = $1 AND state = 'abandoned'",
						   V_TEXT(child_run_id));
}

bool children_leave(struct db *db, const char *child_run_id, bool *cancel, struct err *err)
{
	if (!db_run(db, err, "UPDATE flow_children SET state = 'abandoned' WHERE child_run_id = $1 AND state = 'awaited'",
				V_TEXT(child_run_id)))
		return false;
	*cancel = db_changed(db) > 0;
	return *cancel || db_run(db, err, "DELETE FROM flow_children WHERE child_run_id = $1 AND state = 'over'",
							 V_TEXT(child_run_id));
}

bool children_open(struct db *db, void (*take)(void *self, const char *run_id, bool cancel), void *self,
				   struct err *err)
{
	struct db_rows rows;
	if (!db_query(db, &rows, err,
				  "SELECT child_run_id, parent_run_id, state = 'abandoned' FROM flow_children "
				  "WHERE state IN ('over', 'abandoned')"))
		return false;
	while (db_next(&rows)) {
		bool cancel = db_int(&rows, 2) != 0;
		take(self, db_text(&rows, cancel ? 0 : 1), cancel);
	}
	return db_end(&rows, err);
}

static void take_int(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

bool children_depth(struct db *db, const char *run_id, int64_t *depth, struct err *err)
{
	bool found;
	return db_one(db, err, &found, take_int, depth,
				  "WITH RECURSIVE above (run_id, depth) AS (SELECT parent_run_id, 1 FROM flow_runs WHERE run_id = $1 "
				  "UNION ALL SELECT parent_run_id, depth + 1 FROM flow_runs JOIN above USING (run_id) "
				  "WHERE depth < $2) SELECT COUNT(run_id) FROM above",
				  V_TEXT(run_id), V_INT(DEPTH_END));
}
