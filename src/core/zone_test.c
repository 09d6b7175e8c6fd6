#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/stamp.h"
#include "core/zone.h"

static int64_t us(const char *text)
{
	int64_t at;
	assert_true(stamp_parse(text, strlen(text), &at, NULL));
	return at;
}

static void offsets_of_known_moments(void **state)
{
	(void)state;
	static const struct {
		const char *zone, *at;
		double hours;
	} rows[] = {
		{"UTC", "2024-01-01T00:00:00Z", 0},
		{"Europe/London", "2024-03-31T00:59:59Z", 0},
		{"Europe/London", "2024-03-31T01:00:00Z", 1},
		{"Europe/London", "2024-10-27T00:59:59Z", 1},
		{"Europe/London", "2024-10-27T01:00:00Z", 0},
		{"America/New_York", "2024-03-10T06:59:59Z", -5},
		{"America/New_York", "2024-03-10T07:00:00Z", -4},
		{"America/New_York", "2024-11-03T05:59:59Z", -4},
		{"America/New_York", "2024-11-03T06:00:00Z", -5},
		{"America/New_York", "2150-07-01T00:00:00Z", -4}, /* past any table */
		{"America/New_York", "2150-01-01T00:00:00Z", -5},
		{"Australia/Sydney", "2150-01-01T00:00:00Z", 11}, /* summer across the new year */
		{"Australia/Sydney", "2150-07-01T00:00:00Z", 10},
		{"Asia/Kolkata", "2024-01-01T00:00:00Z", 5.5},
	};
	struct arena arena;
	arena_init(&arena, 1 << 22);
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct zone *zone = zone_load(&arena, rows[i].zone, NULL);
		assert_non_null(zone);
		assert_int_equal(zone_offset_s(zone, us(rows[i].at)), (int64_t)(rows[i].hours * 3600));
	}
	arena_fini(&arena);
}

/* The C library reads the same files by another code. */
static void the_c_library_agrees(void **state)
{
	(void)state;
	static const char *const names[] = {"Europe/London",     "America/New_York",    "Europe/Berlin",    "Asia/Kolkata",
										"Africa/Casablanca", "Australia/Lord_Howe", "America/Santiago", "Europe/Dublin",
										"Pacific/Apia",      "Antarctica/Troll",    "America/Nuuk",     "UTC"};
	struct arena arena;
	arena_init(&arena, 1 << 24);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		const struct zone *zone = zone_load(&arena, names[i], NULL);
		assert_non_null(zone);
		setenv("TZ", names[i], 1);
		tzset();
		for (int64_t t = 0; t < INT64_C(7258118400); t += 86400 * 3 + 1811) { /* 1970 to 2200 */
			struct tm tm;
			time_t at = (time_t)t;
			localtime_r(&at, &tm);
			if (zone_offset_s(zone, t * STAMP_US_PER_S) != tm.tm_gmtoff)
				fail_msg("%s at %lld: %lld, not %ld", names[i], (long long)t,
						 (long long)zone_offset_s(zone, t * STAMP_US_PER_S), tm.tm_gmtoff);
		}
	}
	setenv("TZ", "UTC", 1);
	tzset();
	arena_fini(&arena);
}

static void local_time_back_to_utc(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 1 << 22);
	const struct zone *zone = zone_load(&arena, "America/New_York", NULL);
	assert_non_null(zone);
	for (int64_t t = 0; t < INT64_C(4102444800); t += 7200 * 13) {
		int64_t utc = t * STAMP_US_PER_S, back = zone_utc_us(zone, zone_local_us(zone, utc));
		assert_true(back == utc || zone_local_us(zone, back) == zone_local_us(zone, utc));
		assert_true(back <= utc);
	}
	assert_int_equal(zone_utc_us(zone, us("2024-11-03T01:30:00Z")), us("2024-11-03T05:30:00Z")); /* twice: the first */
	assert_int_equal(zone_utc_us(zone, us("2024-03-10T02:30:00Z")), us("2024-03-10T07:30:00Z")); /* skipped */
	arena_fini(&arena);
}

static void names_that_are_none(void **state)
{
	(void)state;
	static const char *const names[] = {"",        "/etc/passwd", "../zoneinfo/UTC", "Europe/../UTC", "Europe//Berlin",
										"Europe/", "Europe",      "No/Where",        "UTC\n",         "tzdata.zi",
										"zone.tab"};
	struct arena arena;
	arena_init(&arena, 1 << 22);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		struct err err = {.kind = ERR_NONE};
		assert_null(zone_load(&arena, names[i], &err));
		if (err.kind != ERR_NOT_FOUND)
			fail_msg("%s: %s", names[i], err.message);
	}
	arena_fini(&arena);
}

static void damaged_files_are_refused(void **state)
{
	(void)state;
	struct arena arena;
	arena_init(&arena, 1 << 26);
	static const unsigned char head[44] = "TZif2";
	assert_null(zone_parse(&arena, head, sizeof head, NULL));
	assert_null(zone_parse(&arena, head, 0, NULL));
	assert_null(zone_parse(&arena, (const unsigned char *)"no such thing", 13, NULL));
	arena_fini(&arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(offsets_of_known_moments),  cmocka_unit_test(the_c_library_agrees),
		cmocka_unit_test(local_time_back_to_utc),    cmocka_unit_test(names_that_are_none),
		cmocka_unit_test(damaged_files_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
