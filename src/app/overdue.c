#include "app/overdue.h"

#include "store/store.h"

static void take(const struct db_rows *row, void *self)
{
	struct overdue *overdue = self;
	*overdue = (struct overdue){.since_us = db_int(row, 0), .count = db_int(row, 1)};
}

bool overdue_timers(struct db *db, int64_t now_us, struct overdue *overdue, struct err *err)
{
	return db_one(db, err, NULL, take, overdue,
				  "SELECT COALESCE(MIN(due), 0), COUNT(*) FROM ("
				  "SELECT due_at AS due FROM flow_runs WHERE driven IN (0, 1) AND due_at > 0 AND due_at <= $1 "
				  "AND status IN ('running', 'waiting') UNION ALL "
				  "SELECT next_at AS due FROM flow_schedules WHERE enabled = 1 AND next_at > 0 AND next_at <= $1) AS t",
				  V_INT(now_us));
}

bool overdue_outbox(struct db *db, struct overdue *overdue, struct err *err)
{
	return db_one(db, err, NULL, take, overdue,
				  "SELECT COALESCE(MIN(born), 0), COUNT(*) FROM ("
				  "SELECT created_at AS born FROM mails WHERE state = 'queued' UNION ALL "
				  "SELECT created_at AS born FROM notices WHERE state = 'waiting' UNION ALL "
				  "SELECT created_at AS born FROM tasks WHERE state IN ('PENDING', 'RETRY')) AS t");
}
