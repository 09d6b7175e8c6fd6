#include "flow/domain/cron.h"

#include <string.h>
#include <strings.h>

#include "core/err.h"
#include "core/stamp.h"
#include "core/zone.h"

#define MINUTE_US (60 * STAMP_US_PER_S)

enum { FIELDS = 5, FIELD_TEXT = 256, MINUTES_PER_DAY = 1440, STEP_MAX = 999 };

static const char *const month_names[] = {"jan", "feb", "mar", "apr", "may", "jun",
										  "jul", "aug", "sep", "oct", "nov", "dec"};
static const char *const weekday_names[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat"};

struct cron_field {
	const char *name;
	int first, last;
	const char *const *names; /* of the values from `first` on */
	int names_count;
};

static const struct cron_field cron_fields[FIELDS] = {
	{"minute", 0, 59, NULL, 0},
	{"hour", 0, 23, NULL, 0},
	{"day of month", 1, 31, NULL, 0},
	{"month", 1, 12, month_names, 12},
	{"day of week", 0, 7, weekday_names, 7},
};

static const struct {
	const char *name, *fields;
} cron_words[] = {
	{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"}, {"@weekly", "0 0 * * 0"},
	{"@daily", "0 0 * * *"},  {"@midnight", "0 0 * * *"}, {"@hourly", "0 * * * *"},
};

/* --- reading --- */

/* A number or a name at *at; moves past it. */
static bool read_value(const struct cron_field *field, const char **at, int *value)
{
	size_t digits = strspn(*at, "0123456789");
	if (digits > 0 && digits <= 3) {
		*value = 0;
		for (size_t i = 0; i < digits; i++)
			*value = 10 * *value + ((*at)[i] - '0');
		*at += digits;
		return true;
	}
	for (int i = 0; i < field->names_count; i++)
		if (strncasecmp(*at, field->names[i], 3) == 0) {
			*value = field->first + i;
			*at += 3;
			return true;
		}
	return false;
}

/* `*`, `N` or `N-M`. */
static bool read_range(const struct cron_field *field, const char **at, int *from, int *to, bool *single)
{
	*single = false;
	if (**at == '*') {
		*at += 1;
		*from = field->first;
		*to = field->last;
		return true;
	}
	if (!read_value(field, at, from))
		return false;
	*to = *from;
	*single = **at != '-';
	if (*single)
		return true;
	*at += 1;
	bool by_name = **at > '9';
	if (!read_value(field, at, to))
		return false;
	if (by_name && field->last == 7 && *to == 0)
		*to = 7; /* FRI-SUN ends with the Sunday after */
	return true;
}

static bool read_item(const struct cron_field *field, const char **at, uint64_t *set)
{
	const struct cron_field steps = {"step", 1, STEP_MAX, NULL, 0};
	int from, to, step = 1;
	bool single;
	if (!read_range(field, at, &from, &to, &single))
		return false;
	if (**at == '/') {
		*at += 1;
		if (!read_value(&steps, at, &step) || step < 1)
			return false;
		to = single ? field->last : to;
	}
	if (from < field->first || to > field->last || from > to)
		return false;
	for (int value = from; value <= to; value += step)
		*set |= UINT64_C(1) << value;
	return **at == ',' || **at == '\0';
}

static bool read_field(const struct cron_field *field, const char *text, uint64_t *set)
{
	*set = 0;
	for (;;) {
		if (!read_item(field, &text, set))
			return false;
		if (*text++ == '\0')
			return true;
	}
}

/* Cut off the next word; an empty one when there is none, false when it is too long to be a field. */
static bool next_word(const char **text, char word[FIELD_TEXT])
{
	*text += strspn(*text, " \t");
	size_t size = strcspn(*text, " \t");
	if (size >= FIELD_TEXT)
		return false;
	memcpy(word, *text, size);
	word[size] = '\0';
	*text += size;
	return true;
}

static const char *expand(const char *text)
{
	for (size_t i = 0; i < sizeof cron_words / sizeof *cron_words; i++)
		if (strcasecmp(text, cron_words[i].name) == 0)
			return cron_words[i].fields;
	return text;
}

bool cron_parse(const char *text, struct cron *cron, struct err *err)
{
	uint64_t sets[FIELDS];
	bool any[FIELDS];
	char word[FIELD_TEXT];
	text = expand(text);
	for (int i = 0; i < FIELDS; i++) {
		const struct cron_field *field = &cron_fields[i];
		if (!next_word(&text, word) || !read_field(field, word, &sets[i]))
			return err_set(err, ERR_INVALID,
						   "the %s must be a list of *, N or N-M with an optional /STEP, from %d to %d", field->name,
						   field->first, field->last);
		any[i] = strcmp(word, "*") == 0;
	}
	if (!next_word(&text, word) || *word != '\0')
		return err_set(err, ERR_INVALID, "a cron expression has five fields, or is one word such as @daily");
	*cron = (struct cron){.minutes = sets[0],
						  .hours = (uint32_t)sets[1],
						  .days = (uint32_t)sets[2],
						  .months = (uint32_t)sets[3],
						  .weekdays = (uint32_t)((sets[4] | sets[4] >> 7) & 0x7f),
						  .any_day = any[2],
						  .any_weekday = any[4]};
	return true;
}

bool cron_comes(const struct cron *cron)
{
	static const int lengths[] = {0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	if (cron->any_day || !cron->any_weekday) /* weekdays come in every month */
		return true;
	for (int month = 1; month <= 12; month++)
		for (int day = 1; day <= lengths[month]; day++)
			if ((cron->months >> month & 1) != 0 && (cron->days >> day & 1) != 0)
				return true;
	return false;
}

/* --- the next one --- */

static bool day_fires(const struct cron *cron, int64_t day)
{
	const struct stamp_date date = stamp_date_of(day);
	bool by_day = cron->days >> date.day & 1, by_weekday = cron->weekdays >> stamp_weekday(day) & 1;
	if (!(cron->months >> date.month & 1))
		return false;
	return cron->any_day || cron->any_weekday ? by_day && by_weekday : by_day || by_weekday;
}

/* Clocks skip an hour, or where the date line moved a whole day: go on until the clock shows what was asked for. */
static int64_t first_existing(const struct zone *zone, int64_t local_us)
{
	for (int i = 0; i <= 2 * MINUTES_PER_DAY; i++, local_us += MINUTE_US) {
		int64_t utc_us = zone_utc_us(zone, local_us);
		if (zone_local_us(zone, utc_us) == local_us)
			return utc_us;
	}
	return zone_utc_us(zone, local_us);
}

/* The first minute of a local day, from `minute` on, that comes after a moment. */
static bool next_of_day(const struct cron *cron, const struct zone *zone, int64_t day, int minute, int64_t after_us,
						int64_t *next_us)
{
	for (; minute < MINUTES_PER_DAY; minute++) {
		if (!(cron->hours >> minute / 60 & 1) || !(cron->minutes >> minute % 60 & 1))
			continue;
		*next_us = first_existing(zone, day * STAMP_US_PER_DAY + minute * MINUTE_US);
		if (*next_us > after_us)
			return true;
	}
	return false;
}

bool cron_next(const struct cron *cron, const struct zone *zone, int64_t after_us, int64_t *next_us)
{
	/* What the clock shows never falls behind by more than it is set back, so earlier minutes have all been. */
	int64_t local_us = zone_local_us(zone, after_us), first = stamp_day_of(local_us), next = 0;
	int minute = (int)((local_us - first * STAMP_US_PER_DAY) / MINUTE_US);
	for (int64_t day = first; day < first + CRON_DAYS_MAX; day++, minute = 0)
		if (day_fires(cron, day) && next_of_day(cron, zone, day, minute, after_us, &next)) {
			*next_us = next;
			return true;
		}
	return false;
}
