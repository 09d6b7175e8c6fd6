#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/row.h"
#include "flow/domain/run.h"
#include "flow/domain/steps.h"
#include "flow/domain/trouble.h"

/* Every edge of the table of states, and no other [flow.md 3.2]. */
static void runs_go_along_the_edges_only(void **state)
{
	(void)state;
	static const char *const edges[RUN_STATUSES] = {
		[RUN_PENDING] = "running suspended cancelled faulted",
		[RUN_RUNNING] = "waiting suspended completed faulted cancelled",
		[RUN_WAITING] = "running suspended faulted cancelled",
		[RUN_SUSPENDED] = "running cancelled",
		[RUN_FAULTED] = "running",
		[RUN_CANCELLED] = "running",
		[RUN_COMPLETED] = "",
	};
	for (int from = 0; from < RUN_STATUSES; from++)
		for (int to = 0; to < RUN_STATUSES; to++)
			assert_int_equal(run_may_become((enum run_status)from, (enum run_status)to),
							 strstr(edges[from], run_status_names[to]) != NULL);
}

static void steps_go_along_the_edges_only(void **state)
{
	(void)state;
	static const char *const edges[STEP_STATUSES] = {
		[STEP_PENDING] = "running skipped cancelled",
		[STEP_RUNNING] = "waiting completed faulted cancelled",
		[STEP_WAITING] = "running completed faulted cancelled skipped",
		[STEP_FAULTED] = "pending skipped",
		[STEP_CANCELLED] = "pending skipped",
		[STEP_SKIPPED] = "pending",
		[STEP_COMPLETED] = "pending",
	};
	for (int from = 0; from < STEP_STATUSES; from++)
		for (int to = 0; to < STEP_STATUSES; to++)
			assert_int_equal(step_may_become((enum step_status)from, (enum step_status)to),
							 strstr(edges[from], step_status_names[to]) != NULL);
}

static struct datum *json(const char *text)
{
	struct datum *datum = datum_parse(text, strlen(text), NULL);
	assert_non_null(datum);
	return datum;
}

static void must_come_back(const struct row *row)
{
	struct buf text, again;
	struct arena arena;
	const struct json *tree;
	struct row read;
	struct err err;
	buf_init(&text, 0);
	buf_init(&again, 0);
	arena_init(&arena, 1 << 20);
	row_encode(row, NULL, &text);
	assert_true(json_parse(&arena, buf_text(&text), text.size, &datum_limits, &tree, &err));
	assert_true(row_decode(tree, &read, &err));
	row_encode(&read, NULL, &again);
	assert_string_equal(buf_text(&text), buf_text(&again));
	assert_int_equal(read.frame, row->frame);
	assert_int_equal(read.then, row->then);
	row_fini(&read);
	arena_fini(&arena);
	buf_fini(&text);
	buf_fini(&again);
}

static void rows_come_back_as_they_were(void **state)
{
	(void)state;
	struct datum *value = json("{\"big\":9223372036854775807,\"n\":null,\"t\":\"a\\nb\"}");
	for (int kind = 0; kind < ROW_KINDS_COUNT; kind++) {
		for (int then = IR_CONTINUE; then <= IR_GOTO; then++) {
			struct row row = {.seq = 7,
							  .at_us = 1795260375969476,
							  .kind = (enum row_kind)kind,
							  .frame = kind % 2 == 0 ? ROW_NO_FRAME : 12,
							  .path = kind % 3 == 0 ? NULL : "/do/0/a~1b#0.2~3",
							  .attempt = (uint32_t)kind,
							  .n = kind,
							  .due_us = kind % 4,
							  .timeout = kind % 2 == 0,
							  .output = value,
							  .reason = "because"};
			row.then = kind == ROW_ROUND || kind == ROW_EVENT ? IR_CONTINUE : (enum ir_then)then;
			row.index = row.then == IR_GOTO || kind == ROW_ROUND ? 3 : 0;
			must_come_back(&row);
		}
	}
	datum_unref(value);
}

static void what_is_no_row_is_refused(void **state)
{
	(void)state;
	static const char *const texts[] = {"{}", "[]", "{\"kind\":\"task.entered\"}",
										"{\"kind\":\"nonsense\",\"data\":{}}"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct datum *datum = json(texts[i]);
		struct row row;
		struct err err;
		assert_false(row_decode(datum_tree(datum), &row, &err));
		assert_int_equal(err.kind, ERR_INTERNAL);
		datum_unref(datum);
	}
}

/* The alias table of section 2.5. */
static void spellings_of_a_type_are_one(void **state)
{
	(void)state;
	static const char *const prefixes[] = {
		"https://serverlessworkflow.io/spec/1.0.0/errors/",
		"https://serverlessworkflow.io/dsl/errors/types/",
		"https://serverlessworkflow.io/errors/types/",
		"https://serverlessworkflow.io.io/dsl/errors/types/",
		"https://open-workflow-specification.org/spec/1.0.0/errors/",
		"https://open-workflow-specification.org/dsl/errors/types/",
	};
	static const char *const names[] = {"configuration", "validation", "expression",    "authentication",
										"authorization", "timeout",    "communication", "runtime"};
	char a[200], b[200];
	for (size_t p = 0; p < 6; p++)
		for (size_t q = 0; q < 6; q++)
			for (size_t n = 0; n < 8; n++) {
				snprintf(a, sizeof a, "%s%s", prefixes[p], names[n]);
				snprintf(b, sizeof b, "%s%s", prefixes[q], names[n]);
				assert_true(trouble_same_type(a, b));
				snprintf(b, sizeof b, "%s%s", prefixes[q], names[(n + 1) % 8]);
				assert_false(trouble_same_type(a, b));
			}
	assert_true(trouble_same_type("urn:mine", "urn:mine"));
	assert_false(trouble_same_type("urn:mine", "urn:other"));
	snprintf(a, sizeof a, "%smine", prefixes[0]);
	snprintf(b, sizeof b, "%smine", prefixes[1]);
	assert_false(trouble_same_type(a, b)); /* not one of the eight */
}

static void a_row_that_does_not_fit_is_refused(void **state)
{
	(void)state;
	static const struct ir ir = {.root = {.type = IR_DO}};
	struct run run;
	struct err err;
	run_init(&run, &ir, "id", "1");
	for (int kind = ROW_COMPLETED; kind <= ROW_EVENT; kind++) {
		const struct row row = {.seq = 1, .kind = (enum row_kind)kind, .frame = 5, .path = "/do/0/a"};
		assert_false(run_apply(&run, &row, &err));
		assert_int_equal(err.kind, ERR_INTERNAL);
	}
	run_fini(&run);
}

/* Each row that changes the status of a run, from each status: taken along an edge of the table, refused elsewhere. */
static void rows_go_along_the_edges_only(void **state)
{
	static const struct {
		enum row_kind kind;
		const char *from; /* where it is an edge [flow.md 3.2] */
		enum run_status to;
	} cases[] = {
		{ROW_STARTED, "pending", RUN_RUNNING},
		{ROW_SUSPENDED, "pending running waiting", RUN_SUSPENDED},
		{ROW_RESUMED, "suspended", RUN_RUNNING},
		{ROW_RUN_COMPLETED, "running", RUN_COMPLETED},
		{ROW_RUN_FAULTED, "pending running waiting", RUN_FAULTED},
		{ROW_RUN_CANCELLED, "pending running waiting suspended", RUN_CANCELLED},
		{ROW_RESTORED, "pending running waiting suspended faulted cancelled", RUN_RUNNING},
	};
	static const struct ir ir = {.root = {.type = IR_DO}};
	struct datum *input = json("{}");
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (int from = 0; from < RUN_STATUSES; from++) {
			struct run run;
			const struct row row = {.seq = 1, .at_us = 1, .kind = cases[i].kind, .frame = ROW_NO_FRAME, .input = input};
			bool edge = strstr(cases[i].from, run_status_names[from]) != NULL;
			run_init(&run, &ir, "id", "1");
			run.status = (enum run_status)from;
			assert_int_equal(run_apply(&run, &row, &err), edge);
			assert_int_equal(run.status, edge ? (int)cases[i].to : from);
			run_fini(&run);
		}
	}
	datum_unref(input);
}

/* Of a run that is over no row of a task is taken. */
static void what_is_over_stays_over(void **state)
{
	static const enum run_status over[] = {RUN_COMPLETED, RUN_FAULTED, RUN_CANCELLED};
	static const struct ir ir = {.root = {.type = IR_DO}};
	struct datum *data = json("{}");
	struct err err;
	(void)state;
	for (size_t i = 0; i < sizeof over / sizeof *over; i++) {
		for (int kind = ROW_ENTERED; kind <= ROW_EVENT; kind++) {
			struct run run;
			const struct row row = {.seq = 1,
									.kind = (enum row_kind)kind,
									.frame = ROW_NO_FRAME,
									.path = "/do/0/a",
									.reason = "x",
									.due_us = 1,
									.output = data,
									.error = data};
			run_init(&run, &ir, "id", "1");
			run.status = over[i];
			run.input = datum_ref(data);
			assert_false(run_apply(&run, &row, &err));
			run_fini(&run);
		}
	}
	datum_unref(data);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(runs_go_along_the_edges_only), cmocka_unit_test(steps_go_along_the_edges_only),
		cmocka_unit_test(rows_go_along_the_edges_only), cmocka_unit_test(what_is_over_stays_over),
		cmocka_unit_test(rows_come_back_as_they_were),  cmocka_unit_test(what_is_no_row_is_refused),
		cmocka_unit_test(spellings_of_a_type_are_one),  cmocka_unit_test(a_row_that_does_not_fit_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
