#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "app/app.h"
#include "app/cli.h"
#include "app/health.h"
#include "core/env.h"
#include "core/err.h"
#include "core/scratch.h"
#include "store/store.h"

/* What the health checks see, each in a server without sockets whose store says what the check is about [P-11.1]. */

struct world {
	struct app app;
	char folder[SCRATCH_PATH];
};

static int open_world(void **state)
{
	struct world *w = calloc(1, sizeof *w);
	struct err err;
	assert_non_null(w);
	assert_true(scratch_make(w->folder, "health", &err));
	const struct cli cli = {.data = w->folder};
	assert_true(app_open(&w->app, &cli, &err));
	*state = w;
	return 0;
}

static int close_world(void **state)
{
	struct world *w = *state;
	app_close(&w->app);
	scratch_remove(w->folder);
	free(w);
	return 0;
}

static enum health_state look(struct world *w, const char *name, struct watch_note *note)
{
	struct watch_row rows[WATCHES_MAX];
	size_t count = health_parts(&w->app, rows), i = 0;
	while (i < count && strcmp(rows[i].name, name) != 0)
		i++;
	assert_true(i < count);
	assert_false(rows[i].required);
	*note = (struct watch_note){.details = ""};
	return rows[i].look(&w->app, note);
}

static bool apply_sql(struct db *db, void *self, struct err *err)
{
	return db_run(db, err, self);
}

static void write_sql(struct world *w, const char *format, int64_t at_us)
{
	char sql[1000];
	struct err err;
	snprintf(sql, sizeof sql, format, (long long)at_us);
	assert_true(store_write(w->app.store, apply_sql, sql, &err));
}

static int64_t ago(const struct world *w, int64_t ms)
{
	return env_wall_us(w->app.env) - ms * 1000;
}

/* --- timers --- */

#define RUN(id, status) \
	"INSERT INTO flow_runs (run_id, account_id, namespace, name, version, definition_sha256, status, seed, " \
	"priority, labels, seq, due_at, driven, input, steps_total, attempts_total, created_at) VALUES ('" id "', " \
	"'a', 'n', 'w', '1', 'd', '" status "', '0', 5, '{}', 1, %lld, 1, '{}', 0, 0, 1)"

static void a_timer_may_be_late_by_five_seconds(void **state)
{
	struct world *w = *state;
	struct watch_note note;
	write_sql(w, "INSERT INTO flow_definitions (definition_sha256, definition) VALUES ('d', '{}')", 0);
	assert_int_equal(look(w, "timers", &note), HEALTH_OK);
	assert_string_equal(note.details, "waiting=0 oldest_ms=0");
	write_sql(w, RUN("1", "waiting"), ago(w, 4000));
	assert_int_equal(look(w, "timers", &note), HEALTH_OK);
	assert_non_null(strstr(note.details, "waiting=1 oldest_ms=4"));
	write_sql(w, RUN("2", "running"), ago(w, 5100));
	assert_int_equal(look(w, "timers", &note), HEALTH_DEGRADED);
}

/* Timers that nobody waits for: in the future, of a run that stands still or is over. */
static void timers_that_rest_are_not_late(void **state)
{
	struct world *w = *state;
	struct watch_note note;
	write_sql(w, "INSERT INTO flow_definitions (definition_sha256, definition) VALUES ('d', '{}')", 0);
	write_sql(w, RUN("1", "suspended"), ago(w, 60000));
	write_sql(w, RUN("2", "completed"), ago(w, 60000));
	write_sql(w, RUN("3", "waiting"), ago(w, -60000));
	write_sql(w, RUN("4", "running"), 0);
	assert_int_equal(look(w, "timers", &note), HEALTH_OK);
	assert_string_equal(note.details, "waiting=0 oldest_ms=0");
}

static void a_schedule_is_a_timer(void **state)
{
	struct world *w = *state;
	struct watch_note note;
	write_sql(w,
			  "INSERT INTO flow_schedules (schedule_id, account_id, namespace, name, version, origin, kind, spec, tz, "
			  "catch_up, overlap, input, enabled, next_at, queued, row_version, created_at, updated_at) VALUES "
			  "('s', 'a', 'n', 'w', '1', 'request', 'every', '{}', 'UTC', 'one', 'skip', '{}', 0, %lld, 0, 1, 1, 1)",
			  ago(w, 6000));
	assert_int_equal(look(w, "timers", &note), HEALTH_OK); /* switched off */
	write_sql(w, "UPDATE flow_schedules SET enabled = 1", 0);
	assert_int_equal(look(w, "timers", &note), HEALTH_DEGRADED);
}

/* --- outbox --- */

static void what_nobody_took_for_a_minute_degrades(void **state)
{
	struct world *w = *state;
	struct watch_note note;
	static const char mail[] = "INSERT INTO mails (mail_id, sealed, state, tries, due_at, created_at, updated_at) "
							   "VALUES ('m', x'00', 'queued', 3, 9000000000000000, %lld, 1)";
	assert_int_equal(look(w, "outbox", &note), HEALTH_OK);
	write_sql(w, mail, ago(w, 50000));
	assert_int_equal(look(w, "outbox", &note), HEALTH_OK);
	assert_non_null(strstr(note.details, "waiting=1 oldest_ms=5"));
	write_sql(w, "UPDATE mails SET created_at = %lld", ago(w, 61000));
	assert_int_equal(look(w, "outbox", &note), HEALTH_DEGRADED);
	write_sql(w, "UPDATE mails SET state = 'dead'", 0); /* a person's now: a dead letter */
	assert_int_equal(look(w, "outbox", &note), HEALTH_OK);
}

/* --- blob --- */

static int files_in(const char *path)
{
	struct dirent *entry;
	int count = 0;
	DIR *folder = opendir(path);
	assert_non_null(folder);
	while ((entry = readdir(folder)) != NULL) {
		char below[2 * SCRATCH_PATH + 300];
		struct stat about;
		if (entry->d_name[0] == '.')
			continue;
		snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
		assert_int_equal(lstat(below, &about), 0);
		count += S_ISDIR(about.st_mode) ? files_in(below) : 1;
	}
	closedir(folder);
	return count;
}

static void a_blob_is_put_got_and_taken_away(void **state)
{
	struct world *w = *state;
	struct watch_note note;
	char files[2 * SCRATCH_PATH], aside[2 * SCRATCH_PATH + 8];
	snprintf(files, sizeof files, "%s/files/blobs", w->folder);
	snprintf(aside, sizeof aside, "%s.aside", files);
	assert_int_equal(look(w, "blob", &note), HEALTH_OK);
	assert_non_null(strstr(note.details, "put_get_delete_us="));
	assert_int_equal(files_in(files), 0);
	assert_int_equal(rename(files, aside), 0);
	assert_int_equal(look(w, "blob", &note), HEALTH_BAD);
	assert_string_not_equal(note.error, "");
	assert_int_equal(rename(aside, files), 0);
	assert_int_equal(look(w, "blob", &note), HEALTH_OK);
}

/* --- sinks: no row until somebody is to be told --- */

#define SINK(id, enabled, tries, status) \
	"INSERT INTO flow_sinks (sink_id, account_id, url, topics, enabled, secret, former_until, told_to, tries, " \
	"due_at, " \
	"delivered, delivered_at, last_status, created_at) VALUES ('" id "', 'a', 'https://x.example', 'runs', " enabled \
	", x'00', 0, 0, " tries ", %lld, 0, 0, " status ", 1)"

static void a_sink_that_fails_degrades(void **state)
{
	struct world *w = *state;
	struct watch_note note;
	assert_int_equal(look(w, "sinks", &note), HEALTH_ABSENT);
	write_sql(w, SINK("1", "0", "0", "0"), 1);   /* switched off by a person */
	write_sql(w, SINK("2", "0", "1", "410"), 1); /* it wants no more */
	assert_int_equal(look(w, "sinks", &note), HEALTH_ABSENT);
	write_sql(w, SINK("3", "1", "0", "200"), 0);
	assert_int_equal(look(w, "sinks", &note), HEALTH_OK);
	assert_string_equal(note.details, "sinks=1 failing=0");
	write_sql(w, SINK("4", "1", "1", "500"), 1);
	assert_int_equal(look(w, "sinks", &note), HEALTH_DEGRADED);
	assert_string_equal(note.details, "sinks=2 failing=1");
	write_sql(w, "UPDATE flow_sinks SET enabled = 0, tries = 10 WHERE sink_id = '4'", 0); /* given up */
	assert_int_equal(look(w, "sinks", &note), HEALTH_DEGRADED);
}

/* --- what is not configured has no row --- */

static bool is_watched(const struct app *app, const char *name)
{
	struct watch_row rows[WATCHES_MAX];
	size_t count = health_parts(app, rows);
	for (size_t i = 0; i < count; i++)
		if (strcmp(rows[i].name, name) == 0)
			return true;
	return false;
}

/* --- documents --- */

static void a_document_that_cannot_be_read_degrades(void **state)
{
	struct world *w = *state;
	struct watch_note note;
	struct err err;
	assert_int_equal(look(w, "documents", &note), HEALTH_ABSENT);
	write_sql(w, "INSERT INTO flow_definitions (definition_sha256, definition) VALUES ('d', '{}')", 0);
	write_sql(w, "INSERT INTO flow_resources (resource_sha256, body) VALUES ('good', '{}'), ('bad', '{\"type\":')", 0);
	write_sql(w,
			  "INSERT INTO flow_pins (definition_sha256, uri, resource_sha256) VALUES ('d', 'https://a', 'good'), "
			  "('d', 'https://b', 'bad')",
			  0);
	assert_true(app_assemble(&w->app, &err)); /* it serves all the same */
	assert_int_equal(look(w, "documents", &note), HEALTH_DEGRADED);
	assert_string_equal(note.details, "damaged=1");
	app_stop(&w->app);
}

static void what_is_not_configured_has_no_row(void **state)
{
	struct world *w = *state;
	static const char *const always[] = {"store",  "writer", "disk",   "blob",  "audit",
										 "timers", "outbox", "memory", "clock", "expr"};
	for (size_t i = 0; i < sizeof always / sizeof *always; i++)
		assert_true(is_watched(&w->app, always[i]));
	assert_false(is_watched(&w->app, "search"));
	assert_false(is_watched(&w->app, "smtp"));
	assert_false(is_watched(&w->app, "llm"));
	assert_false(is_watched(&w->app, "embedding"));
	w->app.config.sign.search_url = "https://search.example:9200";
	assert_true(is_watched(&w->app, "search"));
	assert_false(is_watched(&w->app, "smtp"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, open_world, close_world)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(a_timer_may_be_late_by_five_seconds),
		TEST(timers_that_rest_are_not_late),
		TEST(a_schedule_is_a_timer),
		TEST(what_nobody_took_for_a_minute_degrades),
		TEST(a_blob_is_put_got_and_taken_away),
		TEST(a_sink_that_fails_degrades),
		TEST(a_document_that_cannot_be_read_degrades),
		TEST(what_is_not_configured_has_no_row),
	};
	setenv("COUNTERSIGN_LOG_LEVEL", "error", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
