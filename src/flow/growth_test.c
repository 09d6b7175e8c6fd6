#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "flow/flow_internal.h"
#include "flow/runs_fixture.h"
#include "store/store.h"

/* What a step takes in the store does not grow with the run, and large values are there once [flow.md 3.1, 14, 16]. */

static void take_number(const struct db_rows *row, void *self)
{
	*(int64_t *)self = db_int(row, 0);
}

static int64_t number(struct runs_fixture *f, const char *sql, const char *run_id)
{
	int64_t found = 0;
	struct err err;
	struct db *db = store_read(f->base->store);
	assert_true(db_one(db, &err, NULL, take_number, &found, sql, V_TEXT(run_id)));
	store_read_end(f->base->store, db);
	return found;
}

/* Bytes of the run's rows, with the large values that they name. */
static int64_t bytes_of(struct runs_fixture *f)
{
	return number(f, "SELECT SUM(LENGTH(lines)) FROM flow_journal WHERE run_id = $1", f->run_id) +
		   number(f,
				  "SELECT COALESCE(SUM(LENGTH(value)), 0) FROM flow_values WHERE sha256 IN "
				  "(SELECT sha256 FROM flow_value_refs WHERE run_id = $1)",
				  f->run_id);
}

/* A run of `rounds` rounds of one task. */
static int64_t bytes_of_rounds(struct runs_fixture *f, int rounds, const char *task)
{
	char tasks[512], input[32];
	snprintf(tasks, sizeof tasks, "[{\"f\":{\"for\":{\"in\":\"${ [range(.n)] }\"},\"do\":[{\"s\":%s}]}}]", task);
	snprintf(input, sizeof input, "{\"n\":%d}", rounds);
	runs_start(f, tasks, input);
	assert_true(runs_is(f, "completed"));
	return bytes_of(f);
}

/* [flow.md 16] within 5 %, for the steps that come on top: numbers get longer, nothing else does. */
static void test_constant_per_step(void **state)
{
	static const char *const tasks[] = {"{\"set\":{\"x\":1}}", "{\"do\":[{\"i\":{\"set\":{\"y\":2}}}]}"};
	static const int sizes[] = {10, 100, 1000, 10000};
	struct runs_fixture *f = *state;
	for (size_t t = 0; t < sizeof tasks / sizeof *tasks; t++) {
		double first = 0;
		int64_t before = bytes_of_rounds(f, sizes[0], tasks[t]);
		for (size_t i = 1; i < sizeof sizes / sizeof *sizes; i++) {
			int64_t bytes = bytes_of_rounds(f, sizes[i], tasks[t]);
			double per_step = (double)(bytes - before) / (sizes[i] - sizes[i - 1]);
			before = bytes;
			if (i == 1)
				first = per_step;
			print_message("%d rounds: %.1f bytes each\n", sizes[i], per_step);
			assert_true(per_step < 1.05 * first);
		}
	}
}

/* A context and an input of 12 KiB, which no row but the first may hold. */
static void test_no_row_repeats_the_state(void **state)
{
	struct runs_fixture *f = *state;
	char *tasks, text[12289];
	memset(text, 'x', sizeof text - 1);
	text[sizeof text - 1] = '\0';
	assert_true(asprintf(&tasks,
						 "[{\"e\":{\"set\":{\"t\":\"%s\"},\"export\":{\"as\":\"${ . }\"}}},"
						 "{\"f\":{\"for\":{\"in\":\"${ [range(100)] }\"},\"do\":[{\"s\":{\"set\":\"${ . }\"}}]}}]",
						 text) > 0);
	runs_start(f, tasks, "{}");
	free(tasks);
	assert_true(runs_is(f, "completed"));
	assert_true(bytes_of(f) < 3 * (int64_t)sizeof text + 101 * 400);
}

static int64_t values(struct runs_fixture *f)
{
	return number(f, "SELECT COUNT(*) FROM flow_values WHERE $1 <> ''", "-");
}

#define MAKE "\"${ {t: (\\\"abcdefgh\\\" * 2500)} }\""

/* The same 20 KB in each of ten steps are stored once, are whole when they are read, and go with the last run. */
static void test_large_values(void **state)
{
	struct runs_fixture *f = *state;
	char first[ID_TEXT];
	struct err err;
	for (int run = 0; run < 2; run++) {
		runs_start(
			f,
			"[{\"f\":{\"for\":{\"in\":\"${ [range(10)] }\"},\"do\":[{\"a\":{\"set\":{\"x\":1}}},{\"s\":{\"set\":" MAKE
			"}}]}},{\"w\":{\"wait\":{\"seconds\":1}}}]",
			"{}");
		assert_true(runs_is(f, "waiting"));
		if (run == 0)
			strcpy(first, f->run_id);
		assert_int_equal(values(f), 1);
		assert_true(bytes_of(f) < 20000 + 10 * 2 * 400);
		runs_reopen(f); /* the journal is read again */
		runs_pass(f, 1000);
		assert_true(runs_is(f, "completed"));
		assert_int_equal(strlen(fixture_text(f->base, "result.output.t")), 20000);
		assert_int_equal(runs_ask(f, "ops", "GET", "/journal", NULL), 200);
		assert_non_null(strstr(f->base->answer.answer, "abcdefghabcdefgh"));
		assert_null(strstr(f->base->answer.answer, "output_sha256"));
	}
	assert_int_equal(runs_ask(f, "ops", "POST", "/replay", "{}"), 202);
	assert_int_equal(fixture_number_at(f->base, "result.report.match_percentage"), 100);
	assert_int_equal(runs_ask(f, "ops", "POST", "/fork", "{\"from_step\":\"/do/1/w\"}"), 202);
	snprintf(f->run_id, sizeof f->run_id, "%s", fixture_text(f->base, "result.run_id"));
	assert_true(runs_is(f, "waiting"));
	runs_pass(f, 1000);
	assert_true(runs_is(f, "completed"));
	assert_int_equal(strlen(fixture_text(f->base, "result.output.t")), 20000);
	assert_int_equal(values(f), 1);
	f->run_id[0] = '\0';
	for (int i = 0; i < 4; i++) { /* a fork goes before what it came from */
		env_sim_advance(&f->base->env, INT64_C(31) * 86400 * 1000000);
		assert_true(flow_chores(f->flow, &err));
	}
	assert_int_equal(values(f), 0);
	assert_int_equal(number(f, "SELECT COUNT(*) FROM flow_value_refs WHERE $1 <> ''", "-"), 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, runs_fixture_new, runs_fixture_free)
	const struct CMUnitTest tests[] = {
		TEST(test_constant_per_step),
		TEST(test_no_row_repeats_the_state),
		TEST(test_large_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
