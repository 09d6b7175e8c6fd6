#include "flow/domain/drive.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive_data.h"
#include "flow/domain/drive_listen.h"
#include "flow/domain/drive_task.h"
#include "flow/domain/ir.h"

/* --- rows --- */

struct row drive_row(const struct drive *drive, enum row_kind kind, const struct frame *frame)
{
	return (struct row){
		.seq = drive->run->seq + 1,
		.at_us = drive->now_us,
		.kind = kind,
		.frame = frame == NULL ? ROW_NO_FRAME : frame->number,
		.path = frame == NULL || frame->is_block ? NULL : frame->path,
		.attempt = frame == NULL || frame->is_block ? 0 : frame->attempt,
	};
}

void drive_emit(struct drive *drive, struct row *row)
{
	struct err err;
	const struct row *said = drive->instead == NULL ? row : drive->lost ? NULL : drive->instead(drive->self, row);
	drive->lost = drive->instead != NULL;
	if (said == NULL)
		return;
	struct row held = *said;
	row_hold(&held); /* its data may be those of a frame that it closes */
	if (drive->emit != NULL)
		drive->emit(drive->self, &held);
	if (!run_apply(drive->run, &held, &err)) {
		must(drive->instead != NULL); /* a row that was just decided fits the state */
		drive->misfit = true;
	}
	drive->rows++;
	row_fini(&held);
}

/* --- the workflow itself --- */

static void end_run(struct drive *drive, enum row_kind kind, struct datum *output, struct datum *error)
{
	struct row row = drive_row(drive, kind, NULL);
	row.output = output;
	row.error = error;
	drive_emit(drive, &row);
}

static void fault_run(struct drive *drive, const struct trouble *trouble, const char *instance)
{
	struct datum *error = trouble_datum(trouble, drive->world->error_base, instance);
	end_run(drive, ROW_RUN_FAULTED, NULL, error);
	datum_unref(error);
}

static struct place root_place(struct drive *drive)
{
	struct run *run = drive->run;
	return (struct place){.drive = drive,
						  .frame = run->root,
						  .task = &run->ir->root,
						  .reference = "",
						  .path = "",
						  .attempt = 1,
						  .raw = run->input,
						  .input = run->root == NULL ? NULL : run->root->input,
						  .started_us = run->started_us};
}

static void enter_root(struct drive *drive)
{
	struct trouble trouble;
	struct place place = root_place(drive);
	place.input = place_input(&place, &trouble);
	if (place.input == NULL) {
		fault_run(drive, &trouble, "/input");
		return;
	}
	struct row row = drive_row(drive, ROW_ENTERED, NULL);
	row.input = datum_same_text(place.input, place.raw) ? NULL : place.input;
	bool good = drive_enter_figures(&place, &row, &trouble);
	if (good)
		drive_emit(drive, &row);
	else
		fault_run(drive, &trouble, "/timeout");
	datum_unref(place.input);
}

static void finish_run(struct drive *drive, struct datum *body)
{
	struct trouble trouble;
	struct place place = root_place(drive);
	struct datum *output = NULL, *context = NULL, *kept = datum_ref(body);
	if (place_output(&place, kept, false, &output, &context, &trouble))
		end_run(drive, ROW_RUN_COMPLETED, output, NULL);
	else
		fault_run(drive, &trouble, "/output");
	datum_unref(output);
	datum_unref(context);
	datum_unref(kept);
}

void drive_cancel_below(struct drive *drive, struct frame *frame)
{
	for (struct frame *child = frame->last, *before; child != NULL; child = before) {
		before = child->prev;
		drive_cancel_below(drive, child);
		if (child->is_block)
			continue;
		struct row row = drive_row(drive, ROW_CANCELLED, child);
		drive_emit(drive, &row);
	}
}

/* Some task said `end`: what else goes on is cancelled, and its output is the run's. */
static void end_now(struct drive *drive)
{
	if (drive->run->root != NULL)
		drive_cancel_below(drive, drive->run->root);
	finish_run(drive, drive->run->ended);
}

static void decide_dag(struct drive *drive)
{
	struct place place = root_place(drive);
	struct trouble trouble;
	struct datum *output;
	if (!drive_dag(&place, &output, &trouble))
		return;
	if (output != NULL)
		finish_run(drive, output);
	else
		fault_run(drive, &trouble, "");
	datum_unref(output);
}

static void decide_root(struct drive *drive)
{
	struct frame *root = drive->run->root, *block = root->first;
	if (root->task->type == IR_DAG_STEPS && root->state == FRAME_OPEN) {
		decide_dag(drive);
		return;
	}
	if (root->state == FRAME_FAILED) {
		drive_cancel_below(drive, root);
		end_run(drive, ROW_RUN_FAULTED, NULL, root->error);
	} else if (block->state == FRAME_FAILED) {
		end_run(drive, ROW_RUN_FAULTED, NULL, block->error);
	} else if (block->state == FRAME_ENDED) {
		finish_run(drive, block->value);
	}
}

/* --- frames --- */

static void decide_do(struct place *place)
{
	struct frame *block = place->frame->first;
	if (block->state == FRAME_FAILED)
		drive_fault_datum(place, block->error);
	else if (block->state == FRAME_ENDED)
		drive_finish(place, block->value, NULL);
}

static void decide_open(struct place *place)
{
	if (place->frame->phase == PHASE_BEFORE || place->frame->phase == PHASE_AFTER) {
		drive_extend(place);
		return;
	}
	switch (place->task->type) {
	case IR_DO:
	case IR_CALL: /* of a function */
		decide_do(place);
		break;
	case IR_FOR:
		drive_for(place);
		break;
	case IR_FORK:
		drive_fork(place);
		break;
	case IR_TRY:
		drive_try(place);
		break;
	case IR_LISTEN:
		drive_listen(place);
		break;
	default:
		break;
	}
}

static void carry_out(struct place *place)
{
	if (drive_is_leaf(place->task)) /* an extended one: others have no frame */
		drive_enter_leaf(place);
	else
		drive_prepare(place);
}

/* An input that holds a secret was not stored: it is made anew. */
static void prepare(struct place *place)
{
	struct trouble trouble;
	if (!place->task->input_secrets) {
		carry_out(place);
		return;
	}
	place->input = place_input(place, &trouble);
	if (place->input != NULL)
		carry_out(place);
	else
		drive_fault(place, &trouble);
	datum_unref(place->input);
}

static void decide_task(struct drive *drive, struct frame *frame)
{
	struct place place = {.drive = drive,
						  .frame = frame,
						  .block = frame->parent,
						  .task = frame->task,
						  .reference = frame->reference,
						  .path = frame->path,
						  .attempt = frame->attempt,
						  .raw = frame->raw,
						  .input = frame->input,
						  .started_us = frame->started_us};
	switch (frame->state) {
	case FRAME_FAILED:
		drive_cancel_below(drive, frame);
		drive_fault_datum(&place, frame->error);
		break;
	case FRAME_ENDED:
		drive_finish(&place, frame->value,
					 frame->caught && frame->task->try_.has_then ? &frame->task->try_.catch_next : NULL);
		break;
	case FRAME_WAITING:
		if (frame->listening != NULL)
			drive_listen(&place);
		else if (!frame->sent && frame->due_us == 0)
			prepare(&place);
		break;
	case FRAME_OPEN:
		decide_open(&place);
		break;
	}
}

static void decide(struct drive *drive, struct frame *frame)
{
	if (frame == drive->run->root)
		decide_root(drive);
	else if (!frame->is_block)
		decide_task(drive, frame);
	else if (frame->state == FRAME_OPEN && !frame->busy)
		drive_enter(drive, frame);
}

void drive_once(struct drive *drive, struct frame *frame)
{
	drive->lost = false;
	if (frame != NULL)
		decide(drive, frame);
	else if (drive->run->root == NULL)
		enter_root(drive);
	else if (drive->run->ended != NULL)
		end_now(drive);
	else
		decide_root(drive);
}

/* --- timers --- */

static struct frame *earliest(const struct drive *drive, bool *timeout)
{
	struct frame *found = NULL, *frame;
	int64_t at = drive->now_us;
	for (size_t i = 0; (frame = run_nth(drive->run, i)) != NULL; i++) {
		if (frame->due_us > 0 && (frame->due_us < at || (found == NULL && frame->due_us == at)))
			found = frame, at = frame->due_us, *timeout = false;
		if (frame->is_block && frame->state != FRAME_OPEN) /* an attempt that has ended */
			continue;
		if (frame->timeout_us > 0 && (frame->timeout_us < at || (found == NULL && frame->timeout_us == at)))
			found = frame, at = frame->timeout_us, *timeout = true;
	}
	return found;
}

static void fire(struct drive *drive, struct frame *frame, bool timeout)
{
	struct row row = drive_row(drive, ROW_TIMER, frame);
	struct trouble trouble;
	row.timeout = timeout;
	if (timeout) {
		trouble_set(&trouble, TROUBLE_TIMEOUT, "Timeout", "It took longer than the %lld ms allowed.",
					(long long)(frame->limit_us / 1000));
		row.error =
			trouble_datum(&trouble, drive->world->error_base, frame->parent == NULL ? "/timeout" : frame->reference);
	}
	drive_emit(drive, &row);
	datum_unref(row.error);
}

static void fire_timers(struct drive *drive)
{
	bool timeout;
	for (struct frame *frame; (frame = earliest(drive, &timeout)) != NULL;)
		fire(drive, frame, timeout);
}

/* --- the turn --- */

/*
 * Between a fault and what becomes of it nothing else is decided, and no commit lies there: what the fault ends is not
 * asked for any more, so that an operator who goes back to before the fault goes back over nothing that has left.
 */
void drive_faults(struct drive *drive)
{
	while (drive->run->status == RUN_RUNNING && run_is_at_fault(drive->run))
		decide(drive, run_next_ready(drive->run));
}

enum drive_end drive_turn(struct drive *drive, size_t limit)
{
	struct run *run = drive->run;
	if (run->status == RUN_SUSPENDED)
		return DRIVE_WAITS;
	if (run->status == RUN_RUNNING && run->root == NULL && run->ended_us == 0)
		enter_root(drive);
	fire_timers(drive);
	while (!run_is_over(run->status)) {
		if (run->ended != NULL) {
			end_now(drive);
			break;
		}
		if (run->status == RUN_SUSPENDED)
			return DRIVE_WAITS;
		if (drive->rows >= limit || drive->yield)
			return DRIVE_MORE;
		struct frame *frame = run_next_ready(run);
		if (frame == NULL)
			return DRIVE_WAITS;
		decide(drive, frame);
		drive_faults(drive);
	}
	return DRIVE_OVER;
}

/* --- from outside --- */

void drive_start(struct drive *drive, struct datum *input)
{
	struct row row = drive_row(drive, ROW_STARTED, NULL);
	row.input = input;
	drive_emit(drive, &row);
}

void drive_result(struct drive *drive, struct frame *frame, struct datum *output, struct datum *error, bool definite)
{
	const struct drive_outcome outcome = {.output = output, .error = error, .definite = definite};
	drive_result_cost(drive, frame, &outcome);
}

void drive_suspend(struct drive *drive, const char *reason)
{
	struct row row = drive_row(drive, ROW_SUSPENDED, NULL);
	row.reason = reason;
	drive_emit(drive, &row);
}

void drive_resume(struct drive *drive)
{
	struct row row = drive_row(drive, ROW_RESUMED, NULL);
	drive_emit(drive, &row);
}

void drive_cancel(struct drive *drive, const char *reason)
{
	if (drive->run->root != NULL)
		drive_cancel_below(drive, drive->run->root);
	struct row row = drive_row(drive, ROW_RUN_CANCELLED, NULL);
	row.reason = reason;
	drive_emit(drive, &row);
}
