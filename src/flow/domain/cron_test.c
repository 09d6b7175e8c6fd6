#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/stamp.h"
#include "core/zone.h"
#include "flow/domain/cron.h"
#include "flow/domain/ops.h"
#include "seal/harness.h"

static struct harness *harness;
static struct arena arena;

static int64_t moment(const char *text)
{
	int64_t us = 0;
	if (!stamp_parse(text, strlen(text), &us, NULL))
		fail_msg("%s is no moment", text);
	return us;
}

struct row {
	const char *cron, *zone, *after;
	const char *times; /* without seconds, separated by spaces */
};

static void must_fire(const struct row *row)
{
	struct cron cron;
	struct err err;
	char got[400] = "", text[STAMP_TEXT];
	const struct zone *zone = zone_load(&arena, row->zone, NULL);
	int64_t at_us = moment(row->after);
	if (zone == NULL || !cron_parse(row->cron, &cron, &err))
		fail_msg("%s in %s was refused", row->cron, row->zone);
	for (size_t size = 0; size < strlen(row->times);) {
		if (!cron_next(&cron, zone, at_us, &at_us))
			fail_msg("%s: no more after %s", row->cron, got);
		stamp_format(text, at_us);
		size += (size_t)snprintf(got + size, sizeof got - size, "%s%.16s", size > 0 ? " " : "", text);
	}
	if (strcmp(got, row->times) != 0)
		fail_msg("%s in %s after %s: %s, not %s", row->cron, row->zone, row->after, got, row->times);
}

static void fields_mean_what_cron_users_expect(void **state)
{
	(void)state;
	static const struct row rows[] = {
		{"* * * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:01 2026-01-01T00:02"},
		{"* * * * *", "UTC", "2026-01-01T00:00:59.999999Z", "2026-01-01T00:01"},
		{"*/20 3,5 * * *", "UTC", "2026-01-01T03:30:00Z", "2026-01-01T03:40 2026-01-01T05:00"},
		{"5/25 0 * * *", "UTC", "2026-01-01T00:00:00Z", "2026-01-01T00:05 2026-01-01T00:30 2026-01-01T00:55"},
		{"10-20/5 0 1 JAN *", "UTC", "2026-01-01T00:11:00Z", "2026-01-01T00:15 2026-01-01T00:20 2027-01-01T00:10"},
		{"0 9 * * mon-Fri", "UTC", "2026-11-20T09:00:00Z", "2026-11-23T09:00 2026-11-24T09:00"}, /* a Friday */
		{"0 0 * * 0", "UTC", "2026-11-21T00:00:00Z", "2026-11-22T00:00 2026-11-29T00:00"},
		{"0 0 * * 7", "UTC", "2026-11-21T00:00:00Z", "2026-11-22T00:00 2026-11-29T00:00"},
		{"0 0 * * FRI-SUN", "UTC", "2026-11-19T00:00:00Z", "2026-11-20T00:00 2026-11-21T00:00 2026-11-22T00:00"},
		{"0 0 * * 5-7", "UTC", "2026-11-21T12:00:00Z", "2026-11-22T00:00 2026-11-27T00:00"},
		{"0 0 31 * *", "UTC", "2026-01-31T00:00:00Z", "2026-03-31T00:00 2026-05-31T00:00"},
		{"0 0 29 2 *", "UTC", "2096-03-01T00:00:00Z", "2104-02-29T00:00"}, /* 2100 is no leap year */
		/* both days restricted: either; one of them: that one */
		{"0 0 13 * FRI", "UTC", "2026-11-10T00:00:00Z", "2026-11-13T00:00 2026-11-20T00:00"},
		{"0 0 13 * FRI", "UTC", "2026-12-11T00:00:00Z", "2026-12-13T00:00 2026-12-18T00:00"},
		{"0 0 */10 * TUE", "UTC", "2026-11-01T00:00:00Z", "2026-11-03T00:00 2026-11-10T00:00 2026-11-11T00:00"},
		{"@hourly", "UTC", "2026-12-31T23:10:00Z", "2027-01-01T00:00"},
		{"@daily", "UTC", "2026-02-28T10:00:00Z", "2026-03-01T00:00"},
		{"@Midnight", "UTC", "2026-02-28T10:00:00Z", "2026-03-01T00:00"},
		{"@weekly", "UTC", "2026-11-21T10:00:00Z", "2026-11-22T00:00"},
		{"@monthly", "UTC", "2026-11-21T10:00:00Z", "2026-12-01T00:00"},
		{"@yearly", "UTC", "2026-11-21T10:00:00Z", "2027-01-01T00:00"},
		{"@annually", "UTC", "2026-11-21T10:00:00Z", "2027-01-01T00:00"},
		{" 0\t12  * * * ", "Asia/Kolkata", "2026-11-21T06:00:00Z", "2026-11-21T06:30 2026-11-22T06:30"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		must_fire(&rows[i]);
}

/* Berlin: 2026-03-29 02:00 -> 03:00 at 01:00Z, 2026-10-25 03:00 -> 02:00 at 01:00Z. */
static void the_clock_is_set(void **state)
{
	(void)state;
	static const struct row rows[] = {
		/* does not exist: at the next minute that does, and once */
		{"30 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00 2026-03-30T00:30"},
		{"*/15 2 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00 2026-03-30T00:00"},
		{"*/30 * * * *", "Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T00:30 2026-03-29T01:00 2026-03-29T01:30"},
		{"0 3 * * *", "Europe/Berlin", "2026-03-28T12:00:00Z", "2026-03-29T01:00 2026-03-30T01:00"},
		{"30 2 29 3 *", "Europe/Berlin", "2026-03-29T00:59:59Z", "2026-03-29T01:00"},
		/* occurs twice: the first time */
		{"30 2 * * *", "Europe/Berlin", "2026-10-24T12:00:00Z", "2026-10-25T00:30 2026-10-26T01:30"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T00:30:00Z", "2026-10-26T01:30"},
		{"30 2 * * *", "Europe/Berlin", "2026-10-25T01:10:00Z", "2026-10-26T01:30"}, /* 02:10 for the second time */
		{"0 * * * *", "Europe/Berlin", "2026-10-24T23:30:00Z", "2026-10-25T00:00 2026-10-25T02:00"},
		/* New York: 02:00 -> 03:00 at 07:00Z on 2026-03-08, 02:00 -> 01:00 at 06:00Z on 2026-11-01 */
		{"30 2 * * *", "America/New_York", "2026-03-08T06:00:00Z", "2026-03-08T07:00 2026-03-09T06:30"},
		{"30 1 * * *", "America/New_York", "2026-11-01T00:00:00Z", "2026-11-01T05:30 2026-11-02T06:30"},
		/* half an hour: Lord Howe, 02:00 -> 02:30 at 15:30Z on 2026-10-03 */
		{"15 2 * * *", "Australia/Lord_Howe", "2026-10-03T00:00:00Z", "2026-10-03T15:30 2026-10-04T15:15"},
		/* a whole day: Samoa had no 2011-12-30; the day after began at 10:00Z */
		{"0 12 30 12 *", "Pacific/Apia", "2011-12-29T00:00:00Z", "2011-12-30T10:00 2012-12-29T22:00"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		must_fire(&rows[i]);
}

/* A second way to the same answer: look at every minute of UTC and read the wall clock. */
static void every_minute_agrees_with_the_wall_clock(void **state)
{
	(void)state;
	static const char *const crons[] = {"*/7 * * * *", "13 */5 * * *", "59 23 * * *", "0 4 1-7 * MON", "1 0 * 11 *"};
	const struct zone *zone = zone_load(&arena, "Europe/Berlin", NULL);
	for (size_t i = 0; i < sizeof crons / sizeof *crons; i++) {
		struct cron cron;
		int64_t next = 0, at = moment("2026-11-02T00:00:00Z");
		assert_true(cron_parse(crons[i], &cron, NULL));
		assert_true(cron_next(&cron, zone, at, &next));
		for (int minute = 0; minute < 20000; minute++) {
			at += 60 * STAMP_US_PER_S;
			int64_t local = zone_local_us(zone, at), day = stamp_day_of(local);
			struct stamp_date date = stamp_date_of(day);
			int64_t second = (local - day * STAMP_US_PER_DAY) / STAMP_US_PER_S;
			bool by_day = cron.days >> date.day & 1, by_weekday = cron.weekdays >> stamp_weekday(day) & 1;
			bool both = i == 3 ? by_day || by_weekday : by_day && by_weekday;
			bool fires = both && cron.months >> date.month & 1 && cron.hours >> second / 3600 & 1 &&
						 cron.minutes >> second / 60 % 60 & 1;
			if (fires != (at == next))
				fail_msg("%s: minute %d", crons[i], minute);
			if (fires)
				assert_true(cron_next(&cron, zone, at, &next));
		}
	}
}

static void what_is_no_cron_is_refused(void **state)
{
	(void)state;
	static const char *const rows[] = {
		"",           "* * * *",      "* * * * * *",  "60 * * * *",    "* 24 * * *",      "* * 0 * *",
		"* * 32 * *", "* * * 13 *",   "* * * 0 *",    "* * * * 8",     "*/0 * * * *",     "5-1 * * * *",
		"1, * * * *", ",1 * * * *",   "1--2 * * * *", "1-2-3 * * * *", "a * * * *",       "* * * janu *",
		"-1 * * * *", "@reboot",      "@daily *",     "1.5 * * * *",   "* * * * FRI-WED", "*5 * * * *",
		"1/ * * * *", "1000 * * * *", "? * * * *",
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cron cron;
		struct err err;
		if (cron_parse(rows[i], &cron, &err))
			fail_msg("%s was taken", rows[i]);
		assert_int_equal(err.kind, ERR_INVALID);
	}
}

static void the_operation_answers_and_refuses(void **state)
{
	(void)state;
	assert_true(harness_call(harness, &flow_cron_next_op, "%s", flow_cron_next_op.example));
	assert_int_equal(harness_count(harness, "/result/times"), 2);
	assert_string_equal(harness_text(harness, "/result/times/0"), "2026-03-29T01:00:00.000000Z");
	assert_string_equal(harness_text(harness, "/result/times/1"), "2026-03-30T00:30:00.000000Z");
	assert_true(
		harness_call(harness, &flow_cron_next_op, "{\"cron\":\"0 0 30 2 *\",\"after\":\"2026-01-01T00:00:00Z\"}"));
	assert_int_equal(harness_count(harness, "/result/times"), 0);
	assert_true(harness_noted(harness, "cron_never"));
	assert_false(
		harness_call(harness, &flow_cron_next_op, "{\"cron\":\"x\",\"tz\":\"Mars/Base\",\"after\":\"today\"}"));
	assert_true(harness_refused(harness, "/cron", "format") && harness_refused(harness, "/tz", "unknown_timezone") &&
				harness_refused(harness, "/after", "format"));
}

int main(void)
{
	arena_init(&arena, 16 << 20);
	harness = harness_new(NULL, 0);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_mean_what_cron_users_expect),      cmocka_unit_test(the_clock_is_set),
		cmocka_unit_test(every_minute_agrees_with_the_wall_clock), cmocka_unit_test(what_is_no_cron_is_refused),
		cmocka_unit_test(the_operation_answers_and_refuses),
	};
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	harness_free(harness);
	arena_fini(&arena);
	return failed;
}
