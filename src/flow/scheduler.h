/*
 * The scheduler: starts runs of workflows when their schedules say so [flow.md 3.4].
 *
 * By the clock: an alarm of the runner rings at the earliest time that the store has; what is due is then decided
 * (domain/schedule.h) and started in one transaction with the schedule's next time, under the fire time as a key, so
 * that a time starts one run however often it is looked at.  By events: a run of a small system workflow listens, with
 * all that listeners are worth; when it has heard what it waited for, the transaction of its end starts the workflow,
 * and the next listener from where the last one stopped. Thread: what takes a `db` in an op, the rest any.
 */
#ifndef CS_FLOW_SCHEDULER_H
#define CS_FLOW_SCHEDULER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"

struct arena;
struct db;
struct err;
struct faults;
struct ir;
struct json;
struct live;
struct runner;
struct schedule_record;

#define SCHEDULER_ALARM "schedules"

/* Schedules were changed: look when the next one is due.  After the commit. */
void scheduler_look(struct runner *runner);

/* With the runner's lock held: its alarm rings. */
void scheduler_ring(struct runner *runner, int64_t due_us);

/* Runs that an op has started, to begin after its commit in their account's line. */
struct scheduler_run {
	char run_id[ID_TEXT], account_id[ID_TEXT];
};
struct scheduler_runs {
	struct scheduler_run *items;
	size_t count, room;
	char cancel[ID_TEXT]; /* a listener that is not needed any more; "": none */
};
void scheduler_wake(struct runner *runner, struct scheduler_runs *runs, bool committed); /* and forget them */

/*
 * Let a record's times begin anew, as it was made, changed, resumed or paused (`enabled`): its next time, its listener.
 * The record is stored by the caller afterwards.
 */
bool scheduler_arm(struct runner *runner, struct db *db, struct schedule_record *record, struct arena *arena,
				   struct scheduler_runs *runs, struct err *err);

/*
 * Start a run for a schedule, now and besides its times.  The record's last run is changed; *started false: its version
 * is not there or not active, last_error says why.
 */
bool scheduler_start(struct runner *runner, struct db *db, struct schedule_record *record, int64_t fired,
					 const char *input, struct arena *arena, struct scheduler_runs *runs, bool *started,
					 struct err *err);

/* In the op that commits the end of a run that a schedule has to do with. */
bool scheduler_run_over(struct live *live, struct db *db, struct err *err);

/* Is the record sound: what it goes by, and a strategy of events?  False: faults name /spec and /tz. */
bool scheduler_check(struct runner *runner, const struct schedule_record *record, struct arena *arena,
					 struct faults *faults);

/*
 * A version was published: what its definition says of a schedule becomes the workflow's own, in place of an older
 * version's.  In an op.
 */
struct schedule_wish {
	const char *kind, *spec, *tz, *catch_up, *overlap; /* kind NULL: the definition has none */
};
bool scheduler_wish(const struct ir *ir, struct arena *arena, struct schedule_wish *wish);
struct workflow;
bool scheduler_published(struct runner *runner, struct db *db, const struct workflow *workflow,
						 const struct schedule_wish *wish, struct arena *arena, struct scheduler_runs *runs,
						 struct err *err);

/* A version was archived: the schedule that its definition made ends.  In an op. */
bool scheduler_archived(struct db *db, const struct workflow *workflow, struct arena *arena,
						struct scheduler_runs *runs, struct err *err);

#endif
