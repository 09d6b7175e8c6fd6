#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/stamp.h"
#include "flow/domain/datum.h"
#include "flow/domain/schedule.h"

static struct arena arena;

static int setup(void **state)
{
	(void)state;
	arena_init(&arena, 16 << 20);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	arena_fini(&arena);
	return 0;
}

static int64_t at(const char *text)
{
	int64_t us;
	assert_true(stamp_parse(text, strlen(text), &us, NULL));
	return us;
}

static struct schedule_plan plan_of(enum schedule_kind kind, const char *spec, const char *tz)
{
	struct schedule_plan plan;
	struct faults faults;
	struct datum *json = datum_parse(spec, strlen(spec), NULL);
	assert_non_null(json);
	faults_init(&faults, &arena);
	assert_true(schedule_read(kind, datum_tree(json), tz, &arena, &plan, &faults));
	datum_unref(json);
	return plan;
}

static void expect_refused(enum schedule_kind kind, const char *spec, const char *tz, const char *wanted)
{
	struct schedule_plan plan;
	struct faults faults;
	struct buf found;
	struct datum *json = datum_parse(spec, strlen(spec), NULL);
	faults_init(&faults, &arena);
	buf_init(&found, 0);
	assert_false(schedule_read(kind, datum_tree(json), tz, &arena, &plan, &faults));
	for (const struct fault *fault = faults.first; fault != NULL; fault = fault->next)
		buf_addf(&found, "%s%s %s", found.size == 0 ? "" : ", ", fault->pointer, fault->code);
	assert_string_equal(buf_text(&found), wanted);
	buf_fini(&found);
	datum_unref(json);
}

static void what_is_no_schedule_is_refused(void **state)
{
	(void)state;
	expect_refused(SCHEDULE_CRON, "\"61 * * * *\"", "UTC", "/spec format");
	expect_refused(SCHEDULE_CRON, "5", "Nowhere/Atall", "/tz unknown_timezone, /spec type");
	expect_refused(SCHEDULE_EVERY, "\"PT0S\"", "UTC", "/spec range");
	expect_refused(SCHEDULE_EVERY, "\"soon\"", "UTC", "/spec format");
	expect_refused(SCHEDULE_AFTER, "[]", "UTC", "/spec type");
	plan_of(SCHEDULE_AFTER, "\"PT0S\"", "UTC");
}

static void the_first_time_comes_from_the_kind(void **state)
{
	(void)state;
	int64_t now = at("2026-11-21T12:00:30Z"), next;
	struct schedule_plan every = plan_of(SCHEDULE_EVERY, "{\"minutes\":5}", "UTC");
	struct schedule_plan cron = plan_of(SCHEDULE_CRON, "\"0 9 * * *\"", "America/New_York");
	struct schedule_plan after = plan_of(SCHEDULE_AFTER, "\"PT1H\"", "UTC");
	assert_int_equal(schedule_first(&every, now), at("2026-11-21T12:05:30Z"));
	assert_int_equal(schedule_first(&cron, now), at("2026-11-21T14:00:00Z"));
	assert_int_equal(schedule_first(&after, now), now);
	assert_false(schedule_next(&after, now, &next));
}

static void expect_due(const struct schedule_plan *plan, const char *next, const char *now, enum catch_up catch_up,
					   const char *wanted)
{
	struct schedule_due due;
	struct buf found;
	char text[STAMP_TEXT];
	schedule_take_due(plan, at(next), at(now), catch_up, &due);
	buf_init(&found, 0);
	for (size_t i = 0; i < due.count; i++) {
		stamp_format(text, due.times[i]);
		buf_addf(&found, "%.16s ", text);
	}
	stamp_format(text, due.next_us);
	buf_addf(&found, "then %.16s", text);
	assert_string_equal(buf_text(&found), wanted);
	buf_fini(&found);
}

static void missed_times_are_made_up_for_as_told(void **state)
{
	(void)state;
	struct schedule_plan hourly = plan_of(SCHEDULE_CRON, "\"@hourly\"", "UTC");
	const char *next = "2026-11-21T10:00:00Z", *later = "2026-11-21T12:30:00Z", *soon = "2026-11-21T12:00:05Z";
	expect_due(&hourly, next, later, CATCH_UP_ONE, "2026-11-21T12:00 then 2026-11-21T13:00");
	expect_due(&hourly, next, later, CATCH_UP_ALL,
			   "2026-11-21T10:00 2026-11-21T11:00 2026-11-21T12:00 then 2026-11-21T13:00");
	expect_due(&hourly, next, later, CATCH_UP_NONE, "then 2026-11-21T13:00");
	expect_due(&hourly, next, soon, CATCH_UP_NONE, "2026-11-21T12:00 then 2026-11-21T13:00");
	expect_due(&hourly, next, next, CATCH_UP_NONE, "2026-11-21T10:00 then 2026-11-21T11:00");
}

/* [flow.md 3.4] a time that does not exist is the next minute that does; one that occurs twice is the first */
static void clocks_are_set(void **state)
{
	(void)state;
	struct schedule_plan spring = plan_of(SCHEDULE_CRON, "\"30 2 * * *\"", "Europe/Berlin");
	expect_due(&spring, "2026-03-28T01:30:00Z", "2026-03-30T12:00:00Z", CATCH_UP_ALL,
			   "2026-03-28T01:30 2026-03-29T01:00 2026-03-30T00:30 then 2026-03-31T00:30");
	expect_due(&spring, "2026-10-24T00:30:00Z", "2026-10-26T12:00:00Z", CATCH_UP_ALL,
			   "2026-10-24T00:30 2026-10-25T00:30 2026-10-26T01:30 then 2026-10-27T01:30");
}

/* A year of tenths of a second: the last thousand, and the rhythm goes on. */
static void there_are_bounds(void **state)
{
	(void)state;
	struct schedule_due due;
	struct schedule_plan fast = plan_of(SCHEDULE_EVERY, "{\"milliseconds\":100}", "UTC");
	int64_t next = at("2025-01-01T00:00:00Z"), now = at("2026-01-01T00:00:00Z") + 30000;
	schedule_take_due(&fast, next, now, CATCH_UP_ALL, &due);
	assert_int_equal(due.count, CATCH_UP_MAX);
	assert_int_equal(due.times[CATCH_UP_MAX - 1], now - 30000);
	assert_int_equal(due.times[0], now - 30000 - INT64_C(999) * 100000);
	assert_int_equal(due.next_us, now - 30000 + 100000);
	struct schedule_plan minutes = plan_of(SCHEDULE_CRON, "\"* * * * *\"", "UTC");
	schedule_take_due(&minutes, at("2026-01-01T00:00:00Z"), at("2026-01-02T00:00:00Z"), CATCH_UP_ALL, &due);
	assert_int_equal(due.count, CATCH_UP_MAX);
	assert_int_equal(due.times[0], at("2026-01-02T00:00:00Z") - INT64_C(999) * 60000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_no_schedule_is_refused),
		cmocka_unit_test(the_first_time_comes_from_the_kind),
		cmocka_unit_test(missed_times_are_made_up_for_as_told),
		cmocka_unit_test(clocks_are_set),
		cmocka_unit_test(there_are_bounds),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
