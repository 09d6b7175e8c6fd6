/*
 * When a schedule fires: by the clock, in a place's time, and what becomes of times that were missed [flow.md 3.4].
 *
 * It starts nothing and keeps nothing (scheduler.c does).  Thread: values; zones are const.
 */
#ifndef CS_FLOW_DOMAIN_SCHEDULE_H
#define CS_FLOW_DOMAIN_SCHEDULE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/cron.h"

struct arena;
struct faults;
struct json;

enum schedule_kind { SCHEDULE_EVERY, SCHEDULE_CRON, SCHEDULE_AFTER, SCHEDULE_ON };
extern const char *const schedule_kind_names[]; /* ends with NULL, as all of these */
enum catch_up { CATCH_UP_ONE, CATCH_UP_ALL, CATCH_UP_NONE };
extern const char *const catch_up_names[];
enum overlap { OVERLAP_ALLOW, OVERLAP_SKIP, OVERLAP_QUEUE };
extern const char *const overlap_names[];

enum { CATCH_UP_MAX = 1000 };            /* missed times that are made up for */
#define SCHEDULE_GRACE_US (10 * 1000000) /* so late a time still counts as not missed */

struct schedule_plan {
	enum schedule_kind kind;
	int64_t interval_us; /* every, after */
	struct cron cron;
	const struct zone *zone;
};

/*
 * Read what a schedule goes by: of cron an expression in the zone `tz`, of every and after a duration.  A strategy of
 * events is not looked at.  False: faults name /spec and /tz.
 */
bool schedule_read(enum schedule_kind kind, const struct json *spec, const char *tz, struct arena *arena,
				   struct schedule_plan *plan, struct faults *faults);

/* The time after one at which it fires.  False: by the clock there is none. */
bool schedule_next(const struct schedule_plan *plan, int64_t after_us, int64_t *next_us);

/* When it fires first, made or resumed at a time; 0: not by the clock. */
int64_t schedule_first(const struct schedule_plan *plan, int64_t now_us);

struct schedule_due {
	size_t count;
	int64_t times[CATCH_UP_MAX]; /* that a run is to be started for, in order */
	int64_t next_us;             /* the first one after now; 0: none */
};
/* It was to fire at next_us, which has come.  Of more missed times than CATCH_UP_MAX the last ones are made up for. */
void schedule_take_due(const struct schedule_plan *plan, int64_t next_us, int64_t now_us, enum catch_up catch_up,
					   struct schedule_due *due);

#endif
