#include "core/stamp.h"

#include "core/must.h"

static const struct stamp_fault fault_format = {"format", "must be a time like 2026-01-31T09:30:00Z (RFC 3339)"};
static const struct stamp_fault fault_date = {"format", "must be a date like 2026-01-31"};
static const struct stamp_fault fault_zone = {"time_zone_missing", "must end in Z or an offset like +01:00"};
static const struct stamp_fault fault_range = {"range", "must lie in the years 1970 to 2200"};

static bool fail(const struct stamp_fault **fault, const struct stamp_fault *with)
{
	if (fault != NULL)
		*fault = with;
	return false;
}

static bool leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int month_length(int year, int month)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	return month == 2 && leap(year) ? 29 : lengths[month - 1];
}

bool stamp_date_valid(struct stamp_date date)
{
	return date.month >= 1 && date.month <= 12 && date.day >= 1 && date.day <= month_length(date.year, date.month);
}

static int64_t divide_down(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

/*
 * A year that begins in March puts the leap day last, so that the days before a month follow from (153 m + 2) / 5; an
 * era is 400 years = 146097 days.
 * REF: H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil
 */
int64_t stamp_days(struct stamp_date date)
{
	must(stamp_date_valid(date));
	int64_t year = date.month <= 2 ? date.year - 1 : date.year;
	int64_t era = divide_down(year, 400);
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * ((date.month + 9) % 12) + 2) / 5 + date.day - 1;
	return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year - 719468;
}

/* REF: H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days */
struct stamp_date stamp_date_of(int64_t days)
{
	int64_t shifted = days + 719468;
	int64_t era = divide_down(shifted, 146097);
	int64_t day_of_era = shifted - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t march_month = (5 * day_of_year + 2) / 153;
	int month = (int)(march_month < 10 ? march_month + 3 : march_month - 9);
	return (struct stamp_date){
		.year = (int)(year_of_era + era * 400 + (month <= 2)),
		.month = month,
		.day = (int)(day_of_year - (153 * march_month + 2) / 5 + 1),
	};
}

int64_t stamp_day_of(int64_t us)
{
	return divide_down(us, STAMP_US_PER_DAY);
}

int stamp_weekday(int64_t days)
{
	/* 1970-01-01 was a Thursday. */
	int64_t shifted = days + 4;
	return (int)(shifted - divide_down(shifted, 7) * 7);
}

static char *put(char *at, int64_t number, int width)
{
	for (int i = width - 1; i >= 0; i--, number /= 10)
		at[i] = (char)('0' + number % 10);
	return at + width;
}

static char *put_date(char *at, int64_t us)
{
	struct stamp_date date = stamp_date_of(stamp_day_of(us));
	must(date.year >= 0 && date.year <= 9999);
	at = put(at, date.year, 4);
	*at++ = '-';
	at = put(at, date.month, 2);
	*at++ = '-';
	return put(at, date.day, 2);
}

void stamp_format(char text[STAMP_TEXT], int64_t us)
{
	int64_t of_day = us - stamp_day_of(us) * STAMP_US_PER_DAY;
	int64_t seconds = of_day / STAMP_US_PER_S;
	char *at = put_date(text, us);
	*at++ = 'T';
	at = put(at, seconds / 3600, 2);
	*at++ = ':';
	at = put(at, seconds / 60 % 60, 2);
	*at++ = ':';
	at = put(at, seconds % 60, 2);
	*at++ = '.';
	at = put(at, of_day % STAMP_US_PER_S, 6);
	*at++ = 'Z';
	*at = '\0';
}

void stamp_format_date(char text[STAMP_DATE_TEXT], int64_t us)
{
	*put_date(text, us) = '\0';
}

/* What is left to read. */
struct cursor {
	const char *at, *end;
};

static bool digit_next(const struct cursor *cursor)
{
	return cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9';
}

/* Exactly `width` digits, no sign, no blank. */
static bool take_number(struct cursor *cursor, int width, int *number)
{
	int value = 0;
	for (int i = 0; i < width; i++) {
		if (!digit_next(cursor))
			return false;
		value = value * 10 + (*cursor->at++ - '0');
	}
	*number = value;
	return true;
}

static bool take(struct cursor *cursor, char upper, char lower)
{
	if (cursor->at == cursor->end || (*cursor->at != upper && *cursor->at != lower))
		return false;
	cursor->at++;
	return true;
}

static bool take_date(struct cursor *cursor, int64_t *days)
{
	struct stamp_date date;
	if (!take_number(cursor, 4, &date.year) || !take(cursor, '-', '-') || !take_number(cursor, 2, &date.month) ||
		!take(cursor, '-', '-') || !take_number(cursor, 2, &date.day) || !stamp_date_valid(date))
		return false;
	*days = stamp_days(date);
	return true;
}

/* hh:mm as seconds. */
static bool take_clock(struct cursor *cursor, int64_t *seconds)
{
	int hours, minutes;
	if (!take_number(cursor, 2, &hours) || !take(cursor, ':', ':') || !take_number(cursor, 2, &minutes) || hours > 23 ||
		minutes > 59)
		return false;
	*seconds = hours * 3600 + minutes * 60;
	return true;
}

static bool take_fraction(struct cursor *cursor, int64_t *us)
{
	*us = 0;
	if (!take(cursor, '.', '.'))
		return true;
	int count = 0;
	for (int64_t unit = STAMP_US_PER_S / 10; digit_next(cursor); unit /= 10, count++)
		*us += (*cursor->at++ - '0') * unit;
	return count >= 1 && count <= 9;
}

static bool take_time(struct cursor *cursor, int64_t *us)
{
	int64_t minutes_s, fraction_us;
	int seconds;
	if (!take(cursor, 'T', 't') || !take_clock(cursor, &minutes_s) || !take(cursor, ':', ':') ||
		!take_number(cursor, 2, &seconds) || seconds > 59 || !take_fraction(cursor, &fraction_us))
		return false;
	*us = (minutes_s + seconds) * STAMP_US_PER_S + fraction_us;
	return true;
}

static bool take_offset(struct cursor *cursor, int64_t *us)
{
	*us = 0;
	if (take(cursor, 'Z', 'z'))
		return true;
	bool west = take(cursor, '-', '-');
	int64_t seconds;
	if ((!west && !take(cursor, '+', '+')) || !take_clock(cursor, &seconds))
		return false;
	*us = (west ? -seconds : seconds) * STAMP_US_PER_S;
	return true;
}

static bool in_range(int64_t us)
{
	int64_t end = stamp_days((struct stamp_date){STAMP_YEAR_LAST + 1, 1, 1}) * STAMP_US_PER_DAY;
	return us >= 0 && us < end;
}

bool stamp_parse(const char *text, size_t size, int64_t *us, const struct stamp_fault **fault)
{
	struct cursor cursor = {text, text + size};
	int64_t days, time_us, offset_us;
	if (!take_date(&cursor, &days) || !take_time(&cursor, &time_us))
		return fail(fault, &fault_format);
	if (cursor.at == cursor.end)
		return fail(fault, &fault_zone);
	if (!take_offset(&cursor, &offset_us) || cursor.at != cursor.end)
		return fail(fault, &fault_format);
	int64_t moment = days * STAMP_US_PER_DAY + time_us - offset_us;
	if (!in_range(moment))
		return fail(fault, &fault_range);
	*us = moment;
	return true;
}

bool stamp_parse_date(const char *text, size_t size, int64_t *us, const struct stamp_fault **fault)
{
	struct cursor cursor = {text, text + size};
	int64_t days;
	if (!take_date(&cursor, &days) || cursor.at != cursor.end)
		return fail(fault, &fault_date);
	if (!in_range(days * STAMP_US_PER_DAY))
		return fail(fault, &fault_range);
	*us = days * STAMP_US_PER_DAY;
	return true;
}
