/* The parts of the scheduler among themselves.  Private to src/flow. */
#ifndef CS_FLOW_SCHEDULER_INTERNAL_H
#define CS_FLOW_SCHEDULER_INTERNAL_H

#include "flow/scheduler.h"

struct run_record;

/* scheduler.c */
enum { SCHEDULER_PRIORITY = 5 }; /* of what it starts */
void scheduler_add(struct scheduler_runs *runs, const struct run_record *run);
void scheduler_runs_tell(struct runner *runner, struct scheduler_runs *runs, bool committed);
bool scheduler_busy(struct db *db, const struct schedule_record *record, struct arena *arena, bool *busy,
					struct err *err);

/* A pending run that belongs to the schedule: its names, text, input (and id) are set in `run`, the rest is filled in.
 */
bool scheduler_insert(struct runner *runner, struct db *db, const struct schedule_record *record,
					  struct run_record *run, struct arena *arena, struct err *err);

/* scheduler_arm.c */
int scheduler_index(const char *const *names, const char *name); /* must be one of them */
int64_t scheduler_interval(const struct schedule_record *record, struct arena *arena);

/* scheduler_listen.c: a run that listens for the schedule, after a position; -1: after the last one that fired */
bool scheduler_listen(struct runner *runner, struct db *db, struct schedule_record *record, int64_t position,
					  struct arena *arena, struct scheduler_runs *runs, struct err *err);
bool scheduler_heard(struct live *live, struct db *db, struct schedule_record *record, struct arena *arena,
					 struct scheduler_runs *runs, struct err *err);
bool scheduler_strategy(struct runner *runner, const struct schedule_record *record, struct arena *arena,
						struct faults *faults);

#endif
