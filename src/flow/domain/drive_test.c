#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive.h"
#include "flow/domain/ir_fixture.h"
#include "flow/domain/steps.h"

/*
 * A run whose turns end after any number of rows: what has left when an operator goes back is under way all the same,
 * and is asked for again under its old key [flow.md 3.1, 3.3].
 */

enum { ROWS_MAX = 256, CALLS = 6, PAUSES = 5 };

struct sent {
	char path[64];
	uint32_t attempt;
	int64_t n;
};

struct story {
	const struct ir *ir;
	struct run run;
	struct drive drive;
	struct buf lines[ROWS_MAX]; /* the journal */
	size_t count, committed;
	struct sent left[CALLS]; /* after the commit of their intents */
	size_t left_count;
};

static const struct world world = {.retry_max = 1000, .retry_max_delay_ms = 3600000, .steps_max = 1000000};

static void keep(void *self, const struct row *row)
{
	struct story *s = self;
	assert_true(s->count < ROWS_MAX);
	buf_init(&s->lines[s->count], 0);
	row_encode(row, NULL, &s->lines[s->count++]);
}

static const struct json *line(const struct story *s, size_t i)
{
	const struct json *json;
	struct err err;
	assert_true(json_parse(&ir_arena, buf_text(&s->lines[i]), s->lines[i].size, &datum_limits, &json, &err));
	return json;
}

/* One branch is at fault after some steps; each other one calls after one step more than the one before it. */
static const struct ir *definition(void)
{
	struct buf text;
	buf_init(&text, 0);
	buf_adds(&text, "do:\n- f:\n    fork:\n      branches:\n      - bad:\n          do:\n");
	for (int i = 0; i < PAUSES; i++)
		buf_addf(&text, "          - p%d: {set: {n: %d}}\n", i, i);
	buf_adds(&text, "          - cry: {raise: {error: {type: 'urn:x', status: 500, title: t}}}\n");
	for (int i = 0; i < CALLS; i++) {
		buf_addf(&text, "      - b%d:\n          do:\n", i);
		for (int k = 0; k < i; k++)
			buf_addf(&text, "          - s%d: {set: {n: %d}}\n", k, k);
		buf_addf(&text, "          - ask: {call: http, with: {method: post, endpoint: 'https://a.example/%d'}}\n", i);
	}
	const struct ir *ir = ir_sound(buf_text(&text));
	buf_fini(&text);
	return ir;
}

static void init(struct story *s, const struct ir *ir)
{
	*s = (struct story){.ir = ir};
	run_init(&s->run, ir, "r", "1");
	s->drive = (struct drive){.run = &s->run, .world = &world, .now_us = 1000, .emit = keep, .self = s};
}

static void fini(struct story *s)
{
	run_fini(&s->run);
	for (size_t i = 0; i < s->count; i++)
		buf_fini(&s->lines[i]);
}

/* --- turns --- */

static const struct sent *find(const struct story *s, const char *path)
{
	for (size_t i = 0; i < s->left_count; i++)
		if (strcmp(s->left[i].path, path) == 0)
			return &s->left[i];
	return NULL;
}

/* As the runner does: what was intended in the turn and still waits goes out. */
static void commit(struct story *s)
{
	for (; s->committed < s->count; s->committed++) {
		struct row row;
		struct err err;
		assert_true(row_decode(line(s, s->committed), &row, &err));
		const struct frame *frame = row.kind == ROW_INTENT ? run_frame(&s->run, row.frame) : NULL;
		if (frame != NULL && frame->sent) {
			struct sent *sent = &s->left[s->left_count++];
			assert_true(s->left_count <= CALLS && strlen(row.path) < sizeof sent->path);
			*sent = (struct sent){.attempt = row.attempt, .n = row.n};
			strcpy(sent->path, row.path);
		}
		row_fini(&row);
	}
}

static size_t run_to_its_fault(struct story *s, size_t limit)
{
	struct datum *input = datum_text("{}", 2);
	enum drive_end end = DRIVE_MORE;
	size_t turns = 0;
	drive_start(&s->drive, input);
	datum_unref(input);
	for (; end == DRIVE_MORE; turns++) {
		end = drive_turn(&s->drive, limit);
		s->drive.rows = 0;
		commit(s);
	}
	assert_int_equal(end, DRIVE_OVER);
	assert_int_equal(s->run.status, RUN_FAULTED);
	return turns;
}

/* --- the operator --- */

static void fold(struct story *s, int64_t to)
{
	run_fini(&s->run);
	run_init(&s->run, s->ir, "r", "1");
	for (size_t i = 0; i < s->count; i++) {
		struct row row;
		struct err err;
		assert_true(row_decode(line(s, i), &row, &err));
		if (row.seq <= to)
			assert_true(run_apply(&s->run, &row, &err));
		else
			run_pass_over(&s->run, &row);
		row_fini(&row);
	}
}

static int64_t place_of_the_fault(struct story *s)
{
	static const struct control skip = {.kind = CONTROL_SKIP, .step = "/do/0/f/fork/branches/0/bad/do/5/cry"};
	struct steps steps;
	struct control_plan plan;
	struct run run;
	steps_init(&steps);
	run_init(&run, s->ir, "r", "1");
	run.watch = steps_watch;
	run.watch_self = &steps;
	for (size_t i = 0; i < s->count; i++) {
		struct row row;
		struct err err;
		assert_true(row_decode(line(s, i), &row, &err) && run_apply(&run, &row, &err));
		row_fini(&row);
	}
	assert_int_equal(control_plan(&run, &steps, &skip, &plan), CONTROL_FINE);
	run_fini(&run);
	steps_fini(&steps);
	return plan.to;
}

static void send_again(struct story *s)
{
	for (size_t i = 0; i < s->run.frames_count; i++) {
		const struct frame *frame = s->run.frames[i];
		if (frame->is_block || !frame->sent)
			continue;
		struct row row = drive_row(&s->drive, ROW_INTENT, frame);
		row.n = frame->deliveries + 1;
		drive_emit(&s->drive, &row);
	}
}

static void skip_what_was_at_fault(struct story *s)
{
	static const struct word word = {.reason = "test"};
	int64_t to = place_of_the_fault(s);
	fold(s, to);
	struct drive_step step = {.path = "/do/0/f/fork/branches/0/bad/do/5/cry", .attempt = 1};
	step.frame = run_find_block(&s->run, step.path);
	assert_non_null(step.frame);
	drive_restore(&s->drive, to, false, &word);
	drive_skip(&s->drive, &step, NULL, &word);
	send_again(s);
	assert_int_equal(drive_turn(&s->drive, ROWS_MAX), DRIVE_WAITS);
}

/* --- */

static size_t sweep(size_t limit)
{
	struct story s;
	init(&s, definition());
	size_t turns = run_to_its_fault(&s, limit), asked = 0;
	skip_what_was_at_fault(&s);
	for (size_t i = 0; i < s.run.frames_count; i++) {
		const struct frame *frame = s.run.frames[i];
		if (frame->is_block || frame->task->type != IR_CALL)
			continue;
		const struct sent *before = find(&s, frame->path);
		assert_true(frame->sent);
		if (before != NULL && (frame->attempt != before->attempt || frame->deliveries <= before->n))
			fail_msg("turns of %zu rows: %s left as attempt %u (%lld), and goes as attempt %u (%lld)", limit,
					 frame->path, before->attempt, (long long)before->n, frame->attempt, (long long)frame->deliveries);
		asked++;
	}
	assert_int_equal(asked, CALLS);
	fini(&s);
	return turns;
}

static void what_has_left_keeps_its_key(void **state)
{
	(void)state;
	size_t limit = 1;
	while (sweep(limit) > 1)
		limit++;
	assert_true(limit > 30);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_has_left_keeps_its_key, ir_set_up, ir_tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
