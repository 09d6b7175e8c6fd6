/*
 * Moments as text: RFC 3339, always UTC with six decimals on the way out, strict on the way in (P-8.12).
 *
 * Inside the house a moment is an int64_t of microseconds since 1970-01-01T00:00:00Z without leap seconds.
 * Thread: any.  Cost: about 20 ns each way.
 */
#ifndef CS_CORE_STAMP_H
#define CS_CORE_STAMP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	STAMP_LENGTH = 27,             /* 2026-11-21T04:32:44.123456Z */
	STAMP_TEXT = STAMP_LENGTH + 1, /* bytes with the NUL */
	STAMP_DATE_TEXT = 11,          /* 2026-11-21 and the NUL */
	STAMP_YEAR_FIRST = 1970,       /* what input may name, in UTC */
	STAMP_YEAR_LAST = 2200,
};

#define STAMP_US_PER_S INT64_C(1000000)
#define STAMP_US_PER_DAY (INT64_C(86400) * STAMP_US_PER_S)

/* What is wrong with a text, in the form that core/err.h's faults_add() takes. */
struct stamp_fault {
	const char *code;    /* format, range or time_zone_missing */
	const char *message; /* what is expected, one sentence */
};

/* A day of the proleptic Gregorian calendar. */
struct stamp_date {
	int year;
	int month; /* 1 to 12 */
	int day;   /* 1 to 31 */
};

/* Write a moment of the years 0 to 9999 (must).  The text always has STAMP_LENGTH characters. */
void stamp_format(char text[STAMP_TEXT], int64_t us);

/*
 * Read `size` characters `YYYY-MM-DDThh:mm:ss[.f…](Z|±hh:mm)` into *us.  T and Z may be lower case, as RFC 3339 has it;
 * a fraction has one to nine digits, those after the sixth are dropped.  False sets *fault (may be NULL): `format` for
 * any other form, a day or time that does not exist and for second 60; `time_zone_missing` when only the offset is
 * absent; `range` when the moment lies, in UTC, outside STAMP_YEAR_FIRST to STAMP_YEAR_LAST.
 */
bool stamp_parse(const char *text, size_t size, int64_t *us, const struct stamp_fault **fault);

/* Read `YYYY-MM-DD` as midnight UTC.  Faults as above, without time_zone_missing. */
bool stamp_parse_date(const char *text, size_t size, int64_t *us, const struct stamp_fault **fault);

/* Write the UTC day of a moment as YYYY-MM-DD; years 0 to 9999 (must). */
void stamp_format_date(char text[STAMP_DATE_TEXT], int64_t us);

/* Days from 1970-01-01 to a date that exists (must); any year within ±1,000,000. */
int64_t stamp_days(struct stamp_date date);

/* The date that lies `days` after 1970-01-01; within ±365,000,000. */
struct stamp_date stamp_date_of(int64_t days);

/* The UTC day number of a moment, rounded down also before 1970. */
int64_t stamp_day_of(int64_t us);

/* Does the day exist? */
bool stamp_date_valid(struct stamp_date date);

/* Day of the week: 0 Sunday to 6 Saturday. */
int stamp_weekday(int64_t days);

#endif
