#include "sign/reports_repo.h"

#include <stdio.h>

#include "core/err.h"
#include "store/store.h"

static void take(const struct db_rows *row, void *self)
{
	struct report_row *to = self;
	snprintf(to->sha256, sizeof to->sha256, "%s", db_text(row, 0));
	to->size = db_int(row, 1);
	to->created_us = db_int(row, 2);
}

bool report_row_find(struct db *db, struct report_row *row, bool *found, struct err *err)
{
	return db_one(db, err, found, take, row,
				  "SELECT sha256, size, created_at FROM project_reports WHERE account_id = $1 AND project_id = $2 "
				  "AND snapshot_sha256 = $3",
				  V_TEXT(row->account_id), V_TEXT(row->project_id), V_TEXT(row->snapshot_sha256));
}

bool report_row_insert(struct db *db, const struct report_row *row, bool *made, struct err *err)
{
	if (!db_run(db, err,
				"INSERT INTO project_reports (account_id, project_id, snapshot_sha256, sha256, size, created_at) "
				"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (account_id, project_id, snapshot_sha256) DO NOTHING",
				V_TEXT(row->account_id), V_TEXT(row->project_id), V_TEXT(row->snapshot_sha256), V_TEXT(row->sha256),
				V_INT(row->size), V_INT(row->created_us)))
		return false;
	*made = db_changed(db) == 1;
	return true;
}
