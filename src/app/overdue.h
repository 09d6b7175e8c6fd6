/*
 * What should have been done by now: timers of workflows that are due, and outgoing work that nobody took yet.  Asked
 * of the store, once a second, by the health checks [flow.md 11].  Each answer is one statement over indexes, some 20
 * us. Thread: any, on its own connection.
 */
#ifndef CS_APP_OVERDUE_H
#define CS_APP_OVERDUE_H

#include <stdbool.h>
#include <stdint.h>

struct db;
struct err;

/* The oldest of some kind: since when, wall time in microseconds (0: there is none), and how many there are. */
struct overdue {
	int64_t since_us, count;
};

/*
 * Timers that are due: of runs that go on, since the time they were set to; of schedules that are switched on.  Those
 * of a run that was told to stand still wait with it.
 */
bool overdue_timers(struct db *db, int64_t now_us, struct overdue *overdue, struct err *err);

/* Mails, messages to people and tasks that wait for their first or next try, since they were written. */
bool overdue_outbox(struct db *db, struct overdue *overdue, struct err *err);

#endif
