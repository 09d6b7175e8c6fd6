#include "core/zone.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/stamp.h"

enum { FILE_MAX = 64 << 10, HEADER = 44, DAY_S = 86400, HOUR_S = 3600 };

/* A day of the year on which the clock is set, and when (RFC 8536 section 3.3.1, POSIX TZ). */
struct change {
	enum { BY_WEEKDAY, BY_DAY, BY_DAY_OF_365 } form;
	int month, week, weekday, day;
	int64_t time_s; /* of the clock before the change */
};

struct rule {
	bool given, summer; /* summer: the clock is set twice a year */
	int64_t standard_s, summer_s;
	struct change to_summer, to_standard;
};

struct zone {
	size_t count;
	const int64_t *at_s;     /* moments of change, ascending */
	const int32_t *offset_s; /* from then on */
	int32_t first_s;         /* before the first */
	struct rule rule;        /* after the last */
};

/* --- the rule in the file's last line --- */

struct reader {
	const char *at;
	bool bad;
};

static int64_t read_int(struct reader *r, int most_digits)
{
	int64_t value = 0;
	int digits = 0;
	for (; isdigit((unsigned char)*r->at) && digits < most_digits; digits++)
		value = value * 10 + (*r->at++ - '0');
	r->bad |= digits == 0;
	return value;
}

static bool skip(struct reader *r, char c)
{
	if (*r->at != c)
		return false;
	r->at++;
	return true;
}

/* [+-]h[hh][:mm[:ss]] */
static int64_t read_time(struct reader *r)
{
	int64_t sign = skip(r, '-') ? -1 : 1;
	if (sign > 0)
		skip(r, '+');
	int64_t seconds = read_int(r, 3) * HOUR_S;
	if (skip(r, ':'))
		seconds += read_int(r, 2) * 60;
	if (skip(r, ':'))
		seconds += read_int(r, 2);
	return sign * seconds;
}

static void skip_name(struct reader *r)
{
	const char *start = r->at;
	bool quoted = skip(r, '<');
	while (quoted ? *r->at != '\0' && *r->at != '>' : isalpha((unsigned char)*r->at))
		r->at++;
	r->bad |= r->at == start || (quoted && !skip(r, '>'));
}

static void read_change(struct reader *r, struct change *change)
{
	*change = (struct change){.form = BY_DAY, .time_s = 2 * HOUR_S};
	r->bad |= !skip(r, ',');
	if (skip(r, 'M')) {
		change->form = BY_WEEKDAY;
		change->month = (int)read_int(r, 2);
		r->bad |= !skip(r, '.');
		change->week = (int)read_int(r, 1);
		r->bad |= !skip(r, '.');
		change->weekday = (int)read_int(r, 1);
		r->bad |=
			change->month < 1 || change->month > 12 || change->week < 1 || change->week > 5 || change->weekday > 6;
	} else {
		change->form = skip(r, 'J') ? BY_DAY_OF_365 : BY_DAY;
		change->day = (int)read_int(r, 3);
		r->bad |= change->day > 365 || (change->form == BY_DAY_OF_365 && change->day < 1);
	}
	if (skip(r, '/'))
		change->time_s = read_time(r);
}

static bool read_rule(const char *text, struct rule *rule)
{
	struct reader r = {.at = text};
	*rule = (struct rule){.given = *text != '\0'};
	if (!rule->given)
		return true;
	skip_name(&r);
	rule->standard_s = -read_time(&r);
	rule->summer = *r.at != '\0';
	if (rule->summer) {
		skip_name(&r);
		rule->summer_s = *r.at != ',' ? -read_time(&r) : rule->standard_s + HOUR_S;
		read_change(&r, &rule->to_summer);
		read_change(&r, &rule->to_standard);
	}
	return !r.bad && *r.at == '\0';
}

static int64_t change_day(const struct change *change, int year)
{
	int64_t first = stamp_days((struct stamp_date){year, 1, 1});
	if (change->form == BY_DAY)
		return first + change->day;
	if (change->form == BY_DAY_OF_365) {
		bool leap = stamp_date_valid((struct stamp_date){year, 2, 29});
		return first + change->day - 1 + (leap && change->day >= 60);
	}
	struct stamp_date date = {year, change->month, 1};
	int64_t start = stamp_days(date);
	int64_t day = start + (change->weekday - stamp_weekday(start) + 7) % 7 + 7 * (change->week - 1);
	int64_t next = change->month == 12 ? stamp_days((struct stamp_date){year + 1, 1, 1})
									   : stamp_days((struct stamp_date){year, change->month + 1, 1});
	return day < next ? day : day - 7; /* week 5 is the last */
}

static int64_t rule_offset(const struct rule *rule, int64_t utc_s)
{
	if (!rule->summer)
		return rule->standard_s;
	int year = stamp_date_of(stamp_day_of((utc_s + rule->standard_s) * STAMP_US_PER_S)).year;
	int64_t on = change_day(&rule->to_summer, year) * DAY_S + rule->to_summer.time_s - rule->standard_s;
	int64_t off = change_day(&rule->to_standard, year) * DAY_S + rule->to_standard.time_s - rule->summer_s;
	bool summer = on < off ? utc_s >= on && utc_s < off : utc_s >= on || utc_s < off;
	return summer ? rule->summer_s : rule->standard_s;
}

/* --- the file --- */

struct header {
	size_t utc_marks, wall_marks, leaps, times, types, letters;
};

static uint32_t big32(const unsigned char *at)
{
	return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t big64(const unsigned char *at)
{
	return (int64_t)((uint64_t)big32(at) << 32 | big32(at + 4));
}

static bool read_header(const unsigned char *bytes, size_t size, struct header *h)
{
	if (size < HEADER || memcmp(bytes, "TZif", 4) != 0)
		return false;
	*h = (struct header){big32(bytes + 20), big32(bytes + 24), big32(bytes + 28),
						 big32(bytes + 32), big32(bytes + 36), big32(bytes + 40)};
	size_t most = h->utc_marks | h->wall_marks | h->leaps | h->times | h->types | h->letters;
	return most < FILE_MAX && h->types > 0 && h->types <= 256;
}

static size_t body_size(const struct header *h, size_t time_size)
{
	return h->times * (time_size + 1) + h->types * 6 + h->letters + h->leaps * (time_size + 4) + h->wall_marks +
		   h->utc_marks;
}

static bool read_times(struct arena *arena, const unsigned char *at, const struct header *h, struct zone *zone)
{
	const unsigned char *kinds = at + h->times * 8, *types = kinds + h->times;
	int64_t *at_s = arena_array(arena, h->times, sizeof *at_s);
	int32_t *offset_s = arena_array(arena, h->times, sizeof *offset_s);
	if (at_s == NULL || offset_s == NULL)
		return false;
	for (size_t i = 0; i < h->times; i++) {
		at_s[i] = big64(at + i * 8);
		if (kinds[i] >= h->types || (i > 0 && at_s[i] <= at_s[i - 1]))
			return false;
		offset_s[i] = (int32_t)big32(types + kinds[i] * (size_t)6);
	}
	zone->count = h->times;
	zone->at_s = at_s;
	zone->offset_s = offset_s;
	zone->first_s = (int32_t)big32(types);
	return true;
}

/* No place is a day or more away from UTC (RFC 8536 recommends -25 h to +26 h). */
static bool plausible(const struct zone *zone)
{
	const int64_t most = 26 * HOUR_S;
	bool good = zone->first_s > -most && zone->first_s < most;
	for (size_t i = 0; i < zone->count; i++)
		good &= zone->offset_s[i] > -most && zone->offset_s[i] < most;
	const struct rule *rule = &zone->rule;
	return good && rule->standard_s > -most && rule->standard_s < most && rule->summer_s > -most &&
		   rule->summer_s < most;
}

static bool read_footer(const unsigned char *at, size_t size, struct zone *zone)
{
	char text[128];
	if (size < 2 || at[0] != '\n')
		return false;
	const unsigned char *end = memchr(at + 1, '\n', size - 1);
	size_t length = end != NULL ? (size_t)(end - at - 1) : sizeof text;
	if (length >= sizeof text || memchr(at + 1, '\0', length) != NULL)
		return false;
	memcpy(text, at + 1, length);
	text[length] = '\0';
	return read_rule(text, &zone->rule);
}

/* The first body has 32-bit times and is there for old readers; the second one counts. */
const struct zone *zone_parse(struct arena *arena, const unsigned char *bytes, size_t size, struct err *err)
{
	struct header h;
	struct zone *zone = arena_new(arena, struct zone);
	bool good = zone != NULL && read_header(bytes, size, &h) && bytes[4] >= '2';
	size_t at = good ? HEADER + body_size(&h, 4) : 0;
	good = good && at <= size && read_header(bytes + at, size - at, &h);
	at += HEADER;
	good = good && body_size(&h, 8) <= size - at && read_times(arena, bytes + at, &h, zone);
	good = good && read_footer(bytes + at + body_size(&h, 8), size - at - body_size(&h, 8), zone) && plausible(zone);
	if (good)
		return zone;
	err_set(err, arena->full ? ERR_LIMIT : ERR_INVALID, "the time zone's file is damaged");
	return NULL;
}

/* Letters, digits, "_+-" in parts between single slashes: nothing that could leave the folder. */
static bool is_name(const char *name)
{
	for (const char *at = name; *at != '\0'; at++) {
		bool part = isalnum((unsigned char)*at) || strchr("_+-", *at) != NULL;
		if (!part && (*at != '/' || at == name || at[-1] == '/' || at[1] == '\0'))
			return false;
	}
	return *name != '\0' && strlen(name) < 64;
}

const struct zone *zone_load(struct arena *arena, const char *name, struct err *err)
{
	char path[sizeof ZONE_FOLDER + 64];
	FILE *file = NULL;
	if (is_name(name)) {
		snprintf(path, sizeof path, "%s/%s", ZONE_FOLDER, name);
		file = fopen(path, "rbe");
	}
	if (file == NULL) {
		err_set(err, ERR_NOT_FOUND, "the time zone database has no %.64s", name);
		return NULL;
	}
	const struct zone *zone = NULL;
	unsigned char *bytes = malloc(FILE_MAX);
	size_t size = bytes != NULL ? fread(bytes, 1, FILE_MAX, file) : 0;
	bool folder = bytes != NULL && ferror(file) && errno == EISDIR;
	if (bytes != NULL && !ferror(file) && feof(file))
		zone = zone_parse(arena, bytes, size, err);
	else
		err_set(err, bytes == NULL ? ERR_LIMIT : folder ? ERR_NOT_FOUND : ERR_IO, "cannot read time zone %.64s", name);
	fclose(file);
	free(bytes);
	return zone;
}

/* --- what the clock shows --- */

static int64_t floor_s(int64_t us)
{
	return us / STAMP_US_PER_S - (us % STAMP_US_PER_S < 0);
}

int64_t zone_offset_s(const struct zone *zone, int64_t utc_us)
{
	int64_t utc_s = floor_s(utc_us);
	size_t low = 0, high = zone->count; /* the first change after the moment */
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (zone->at_s[middle] <= utc_s)
			low = middle + 1;
		else
			high = middle;
	}
	if (low == zone->count && zone->rule.given)
		return rule_offset(&zone->rule, utc_s);
	return low > 0 ? zone->offset_s[low - 1] : zone->first_s;
}

int64_t zone_local_us(const struct zone *zone, int64_t utc_us)
{
	return utc_us + zone_offset_s(zone, utc_us) * STAMP_US_PER_S;
}

int64_t zone_utc_us(const struct zone *zone, int64_t local_us)
{
	int64_t before = zone_offset_s(zone, local_us - STAMP_US_PER_DAY) * STAMP_US_PER_S;
	int64_t after = zone_offset_s(zone, local_us + STAMP_US_PER_DAY) * STAMP_US_PER_S;
	if (zone_local_us(zone, local_us - before) == local_us || before == after)
		return local_us - before;
	return zone_local_us(zone, local_us - after) == local_us ? local_us - after : local_us - before;
}
