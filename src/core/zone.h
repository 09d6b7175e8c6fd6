/*
 * Time zones: what the clock on the wall shows in a place, from the system's IANA time zone database.
 *
 * Reads one TZif file (RFC 8536), the rule for the years past its table included.  No environment variable and no
 * setting of the process is used or changed.  Thread: a loaded zone is const.  Limits: files up to 64 KiB.
 */
#ifndef CS_CORE_ZONE_H
#define CS_CORE_ZONE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct err;
struct zone;

#define ZONE_FOLDER "/usr/share/zoneinfo" /* of package tzdata */

/*
 * The zone of that name ("Europe/Berlin", "UTC").  The memory is the arena's.  ERR_NOT_FOUND: no such zone, or a name
 * that is none; ERR_INVALID: its file is damaged; ERR_IO; ERR_LIMIT.  Cost: reads a file of some KB, about 20 us.
 */
const struct zone *zone_load(struct arena *arena, const char *name, struct err *err);

/* The same from the bytes of a file. */
const struct zone *zone_parse(struct arena *arena, const unsigned char *bytes, size_t size, struct err *err);

/* Seconds that local time is ahead of UTC at a moment.  Cost: about 20 ns. */
int64_t zone_offset_s(const struct zone *zone, int64_t utc_us);

/* The moment's local date and time, counted as if it were UTC: for core/stamp.h's day and weekday functions. */
int64_t zone_local_us(const struct zone *zone, int64_t utc_us);

/*
 * The moment at which the place's clock shows `local_us`.  A time shown twice (clock set back) is the first of both; a
 * time that is skipped (clock set forward) is as long after the change as it would be without it.
 */
int64_t zone_utc_us(const struct zone *zone, int64_t local_us);

#endif
