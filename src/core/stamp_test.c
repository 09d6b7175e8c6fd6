#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <time.h>

#include "core/stamp.h"

struct reading {
	const char *text;
	int64_t us;
};

static void text_and_moment_agree(void **state)
{
	(void)state;
	static const struct reading rows[] = {
		{"1970-01-01T00:00:00.000000Z", 0},
		{"2000-02-29T23:59:59.999999Z", INT64_C(951868799999999)},
		{"2025-01-01T00:00:00.000000Z", INT64_C(1735689600000000)},
		{"2038-01-19T03:14:08.000001Z", INT64_C(2147483648000001)},
		{"2200-12-31T23:59:59.999999Z", INT64_C(7289654399999999)},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[STAMP_TEXT];
		stamp_format(text, rows[i].us);
		assert_string_equal(text, rows[i].text);
		int64_t us = -1;
		assert_true(stamp_parse(text, strlen(text), &us, NULL));
		assert_int_equal(us, rows[i].us);
	}
}

/* REF: RFC 3339 section 5.6 and the examples of 5.8 */
static void accepted_forms(void **state)
{
	(void)state;
	static const struct reading rows[] = {
		{"1985-04-12T23:20:50.52Z", INT64_C(482196050520000)},
		{"1996-12-19T16:39:57-08:00", INT64_C(851042397000000)},
		{"1970-01-01t00:00:00z", 0},
		{"1970-01-01T00:00:00.123456789Z", 123456},
		{"1970-01-01T00:00:00-00:00", 0},
		{"1970-01-01T05:45:00+05:45", 0},
		{"1969-12-31T23:00:00-01:00", 0},
		{"2201-01-01T00:59:59+01:00", INT64_C(7289654399000000)},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t us = -1;
		assert_true(stamp_parse(rows[i].text, strlen(rows[i].text), &us, NULL));
		assert_int_equal(us, rows[i].us);
	}
}

struct refusal {
	const char *text, *code;
};

/* [P-8.12] */
static void refused_forms(void **state)
{
	(void)state;
	static const struct refusal rows[] = {
		{"2025-01-01T00:00:00", "time_zone_missing"},
		{"2025-01-01T00:00:00.5", "time_zone_missing"},
		{"", "format"},
		{"2025-01-01", "format"},
		{"2025-01-01 00:00:00Z", "format"},
		{"2025-01-01T00:00Z", "format"},
		{"2016-12-31T23:59:60Z", "format"},
		{"2025-01-01T24:00:00Z", "format"},
		{"2025-01-01T00:60:00Z", "format"},
		{"2025-02-29T00:00:00Z", "format"},
		{"2100-02-29T00:00:00Z", "format"},
		{"2025-13-01T00:00:00Z", "format"},
		{"2025-00-01T00:00:00Z", "format"},
		{"2025-01-00T00:00:00Z", "format"},
		{"2025-01-01T00:00:00.Z", "format"},
		{"2025-01-01T00:00:00,5Z", "format"},
		{"2025-01-01T00:00:00.1234567890Z", "format"},
		{"2025-01-01T00:00:00+0100", "format"},
		{"2025-01-01T00:00:00+24:00", "format"},
		{"2025-01-01T00:00:00+01:60", "format"},
		{"2025-01-01T00:00:00Z ", "format"},
		{" 2025-01-01T00:00:00Z", "format"},
		{"2025-1-01T00:00:00Z", "format"},
		{"+025-01-01T00:00:00Z", "format"},
		{"20250101T000000Z", "format"},
		{"1969-12-31T23:59:59.999999Z", "range"},
		{"1970-01-01T00:00:00+00:01", "range"},
		{"2201-01-01T00:00:00Z", "range"},
		{"2200-12-31T23:59:59-00:01", "range"},
		{"9999-12-31T23:59:59Z", "range"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t us = -1;
		const struct stamp_fault *fault = NULL;
		assert_false(stamp_parse(rows[i].text, strlen(rows[i].text), &us, &fault));
		assert_string_equal(fault->code, rows[i].code);
		assert_int_equal(us, -1);
	}
}

static void dates(void **state)
{
	(void)state;
	int64_t us = -1;
	char text[STAMP_DATE_TEXT];
	assert_true(stamp_parse_date("2024-02-29", 10, &us, NULL));
	assert_int_equal(us, INT64_C(1709164800000000));
	stamp_format_date(text, us + STAMP_US_PER_DAY - 1);
	assert_string_equal(text, "2024-02-29");
	const struct stamp_fault *fault = NULL;
	assert_false(stamp_parse_date("2023-02-29", 10, &us, &fault));
	assert_string_equal(fault->code, "format");
	assert_false(stamp_parse_date("1969-12-31", 10, &us, &fault));
	assert_string_equal(fault->code, "range");
	assert_false(stamp_parse_date("2024-02-29T", 11, &us, &fault));
}

/*
 * Every day of 1600 to 2400 against the C library's calendar.
 *
 * REF: H. Hinnant, "chrono-compatible low-level date algorithms", days_from_civil;
 * H. Hinnant, "chrono-compatible low-level date algorithms", civil_from_days
 */
static void calendar_agrees_with_the_c_library(void **state)
{
	(void)state;
	int64_t last = stamp_days((struct stamp_date){2400, 12, 31});
	for (int64_t days = stamp_days((struct stamp_date){1600, 1, 1}); days <= last; days++) {
		time_t seconds = (time_t)(days * 86400);
		struct tm tm;
		assert_non_null(gmtime_r(&seconds, &tm));
		struct stamp_date date = stamp_date_of(days);
		assert_int_equal(date.year, tm.tm_year + 1900);
		assert_int_equal(date.month, tm.tm_mon + 1);
		assert_int_equal(date.day, tm.tm_mday);
		assert_int_equal(stamp_weekday(days), tm.tm_wday);
		assert_int_equal(stamp_days(date), days);
	}
}

static void days_before_1970_round_down(void **state)
{
	(void)state;
	assert_int_equal(stamp_day_of(-1), -1);
	assert_int_equal(stamp_day_of(-STAMP_US_PER_DAY), -1);
	assert_int_equal(stamp_day_of(0), 0);
	char text[STAMP_TEXT];
	stamp_format(text, -1);
	assert_string_equal(text, "1969-12-31T23:59:59.999999Z");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_and_moment_agree),
		cmocka_unit_test(accepted_forms),
		cmocka_unit_test(refused_forms),
		cmocka_unit_test(dates),
		cmocka_unit_test(calendar_agrees_with_the_c_library),
		cmocka_unit_test(days_before_1970_round_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
