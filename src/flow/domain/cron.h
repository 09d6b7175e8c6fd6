/*
 * Cron expressions: at which minutes of a place's wall clock a schedule fires [flow.md 3.4].
 *
 * Five fields (minute, hour, day of month, month, day of week), each a list of `*`, `N`, `N-M` with an optional `/STEP`
 * (`N/STEP` goes on to the field's end); names of months and days in English, three letters, in either case; Sunday is
 * 0 or 7; or one of @yearly @annually @monthly @weekly @daily @midnight @hourly.  Where day of month and day of week
 * are both restricted (neither is `*`), either is enough.
 *
 * It is no timer and no schedule: it only says which moment is next.  Thread: values; a zone is const.
 */
#ifndef CS_FLOW_DOMAIN_CRON_H
#define CS_FLOW_DOMAIN_CRON_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct zone;

/* Bit N of a set stands for the value N. */
struct cron {
	uint64_t minutes;  /* 0 to 59 */
	uint32_t hours;    /* 0 to 23 */
	uint32_t days;     /* 1 to 31 */
	uint32_t months;   /* 1 to 12 */
	uint32_t weekdays; /* 0 Sunday to 6 */
	bool any_day;      /* day of month is `*` */
	bool any_weekday;
};

enum { CRON_DAYS_MAX = 366 * 9 }; /* days looked ahead: a 29 February is at most 8 years away */

/* Read an expression.  ERR_INVALID says which field is wrong and what it may hold. */
bool cron_parse(const char *text, struct cron *cron, struct err *err);

/* Is there a day in any year that it names?  Not of 30 February, nor of 31 in months of 30 days. */
bool cron_comes(const struct cron *cron);

/* What is said of one that does not. */
#define CRON_NEVER "never comes: no year has such a day"

/*
 * The first moment after `after_us` (UTC, years 1970 to 2200) at which it fires in that zone.  A local time that does
 * not exist fires at the next minute that does; one that occurs twice fires the first time only.  False: none within
 * CRON_DAYS_MAX, so there is no such day (30 February).  Cost: about a microsecond a day looked at.
 */
bool cron_next(const struct cron *cron, const struct zone *zone, int64_t after_us, int64_t *next_us);

#endif
