#include "flow/domain/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/body.h"
#include "flow/domain/datum.h"
#include "flow/domain/frame.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"
#include "flow/domain/redo.h"

const char *const run_status_names[RUN_STATUSES + 1] = {
	[RUN_PENDING] = "pending",     [RUN_RUNNING] = "running",     [RUN_WAITING] = "waiting",
	[RUN_SUSPENDED] = "suspended", [RUN_COMPLETED] = "completed", [RUN_FAULTED] = "faulted",
	[RUN_CANCELLED] = "cancelled",
};

bool run_may_become(enum run_status from, enum run_status to)
{
#define B(status) (1u << RUN_##status)
	static const unsigned edges[RUN_STATUSES] = {
		[RUN_PENDING] = B(RUNNING) | B(SUSPENDED) | B(CANCELLED) | B(FAULTED),
		[RUN_RUNNING] = B(WAITING) | B(SUSPENDED) | B(COMPLETED) | B(FAULTED) | B(CANCELLED),
		[RUN_WAITING] = B(RUNNING) | B(SUSPENDED) | B(FAULTED) | B(CANCELLED),
		[RUN_SUSPENDED] = B(RUNNING) | B(CANCELLED),
		[RUN_FAULTED] = B(RUNNING),
		[RUN_CANCELLED] = B(RUNNING),
	};
#undef B
	return (edges[from] >> to & 1) != 0;
}

bool run_is_over(enum run_status status)
{
	return status == RUN_COMPLETED || status == RUN_FAULTED || status == RUN_CANCELLED;
}

/* --- rows --- */

static bool misfit(const struct row *row, struct err *err)
{
	return err_set(err, ERR_INTERNAL, "Row %lld, %s at %s, does not fit the state of the run.", (long long)row->seq,
				   row_kind_names[row->kind], row->path == NULL ? "the run" : row->path);
}

/* The block's current task has ended: on with the flow. */
static void advance(struct run *run, struct frame *block, const struct row *row, struct datum *output)
{
	datum_set(&block->value, output);
	block->busy = false;
	if (row->then == IR_END)
		datum_set(&run->ended, output);
	block->exited = row->then == IR_EXIT;
	block->cursor = row->then == IR_GOTO ? row->index : block->cursor + 1;
	bool over = row->then == IR_EXIT || row->then == IR_END || block->cursor >= block->block->count ||
				block->role == BLOCK_BRANCH;
	block->state = over ? FRAME_ENDED : FRAME_OPEN;
	run_ready(run, over ? block->parent : block);
}

static const struct ir_task *current(const struct frame *block)
{
	return &block->block->tasks[block->cursor];
}

static void apply_started(struct run *run, const struct row *row)
{
	run->status = RUN_RUNNING;
	run->started_us = row->at_us;
	datum_set(&run->input, row->input);
}

/* Its body begins later, by a row of its own. */
static bool begins_extended(const struct frame *block)
{
	return current(block)->extensions != NULL && !run_is_function(block);
}

static void apply_entered(struct run *run, const struct row *row, struct frame *block)
{
	const struct ir_task *task = block == NULL ? &run->ir->root : current(block);
	bool extended = block != NULL && begins_extended(block);
	if (block != NULL) {
		frame_count_entry(run, block, task, row);
		block->busy = true;
	}
	struct frame *frame = body_open_task(run, block, task, row);
	if (block == NULL)
		run->root = frame;
	if (extended)
		extending_open(run, frame);
	else
		body_open(run, frame, row);
}

static void apply_completed(struct run *run, const struct row *row, struct frame *frame)
{
	struct frame *block = frame->is_block ? frame : frame->parent;
	struct datum *output = datum_ref(row->output != NULL ? row->output : frame->is_block ? frame->value : frame->raw);
	if (row->context != NULL)
		datum_set(&run->context, row->context);
	if (frame->is_block && row->kind == ROW_COMPLETED)
		frame_count_entry(run, frame, current(frame), row);
	if (!frame->is_block)
		frame_close(run, frame);
	block->skipped = row->kind == ROW_SKIPPED;
	block->upstream = row->by == NULL && row->reason != NULL && strcmp(row->reason, "upstream_failed") == 0;
	advance(run, block, row, output);
	datum_unref(output);
}

static void apply_faulted(struct run *run, const struct row *row, struct frame *frame)
{
	struct frame *block = frame->is_block ? frame : frame->parent;
	if (frame->is_block)
		frame_count_entry(run, frame, current(frame), row);
	else if (block != NULL)
		frame_close(run, frame);
	if (block == NULL) /* the root: the run's end follows */
		block = frame;
	block->busy = false;
	block->state = FRAME_FAILED;
	datum_set(&block->error, row->error);
	run_ready_first(run, block->parent != NULL ? block->parent : block);
}

static void apply_cancelled(struct run *run, struct frame *frame)
{
	struct frame *block = frame->parent;
	frame_close(run, frame);
	if (block != NULL) {
		block->busy = false;
		if (block->state != FRAME_FAILED) /* of its time-out */
			block->state = FRAME_ENDED;
	}
}

/* What the round before gave, or the loop's input; its block is closed. */
static struct datum *take_last_round(struct run *run, struct frame *frame)
{
	struct datum *value = datum_ref(frame->last != NULL ? frame->last->value : frame->input);
	frame_close_children(run, frame);
	return value;
}

static void apply_for_round(struct run *run, const struct row *row, struct frame *frame)
{
	const struct ir_task *task = frame->task;
	struct datum *value = task->for_.parallel > 0 ? datum_ref(frame->input) : take_last_round(run, frame);
	struct frame *block = body_open_block(run, frame, &task->for_.block, BLOCK_ROUND, value);
	body_number_round(block, row->index);
	body_set_variable(block, 0, task->for_.each, datum_json(&datum_tree(frame->items)->items[row->index]));
	char text[16];
	int size = snprintf(text, sizeof text, "%u", row->index);
	body_set_variable(block, 1, task->for_.at, datum_text(text, (size_t)size));
	datum_unref(value);
	frame->rounds_begun = row->index + 1;
}

/* What depends on the step may now be ready. */
static void end_step(struct frame *frame, const struct frame *block)
{
	const struct ir_step *step = &frame->task->dag.steps[block->round];
	frame->steps[block->round] = block->state == FRAME_FAILED ? DAG_FAULTED
								 : !block->skipped            ? DAG_COMPLETED
								 : block->upstream            ? DAG_UPSTREAM_FAILED
															  : DAG_SKIPPED;
	for (size_t i = 0; i < step->dependents_count; i++)
		if (--frame->left[step->dependents[i]] == 0)
			body_step_is_ready(frame, step->dependents[i]);
}

static void open_step(struct run *run, struct frame *frame, uint32_t index)
{
	struct datum *value = run_dag_input(frame);
	frame->queue_first++;
	frame->steps_ready--;
	frame->steps[index] = DAG_RUNNING;
	frame->rounds_begun++;
	struct ir_task *task = &frame->task->dag.steps[index].task;
	struct frame *block = body_open_single(run, frame, task, value);
	block->round = index;
	datum_unref(value);
}

/* A block of a parallel loop, a fork or a DAG is over: its value or error is kept, the block is closed. */
static void keep_result(struct run *run, struct frame *block)
{
	struct frame *frame = block->parent;
	bool failed = block->state == FRAME_FAILED;
	datum_set(failed ? &frame->errors[block->round] : &frame->results[block->round],
			  failed ? block->error : block->value);
	frame->rounds_over++;
	if (frame->steps != NULL)
		end_step(frame, block);
	frame_close(run, block);
	run_ready(run, frame);
}

static bool apply_round(struct run *run, const struct row *row, struct frame *frame, struct err *err)
{
	if (frame->is_block && frame->role == BLOCK_EXTENSION)
		return frame->state == FRAME_ENDED ? extending_keep(run, frame) : misfit(row, err);
	if (!frame->is_block && (frame->phase == PHASE_BEFORE || frame->phase == PHASE_AFTER))
		return extending_round(run, row, frame) || misfit(row, err);
	if (frame->is_block) { /* it is over, and what it gave is kept */
		if (frame->parent == NULL || frame->parent->results == NULL)
			return misfit(row, err);
		keep_result(run, frame);
		return true;
	}
	if (frame->task->type == IR_DAG_STEPS) {
		if (frame->steps_ready == 0 || run_dag_next(frame) != row->index)
			return misfit(row, err);
		open_step(run, frame, row->index);
		run_ready(run, frame);
		return true;
	}
	if (frame->task->type == IR_LISTEN)
		return listening_keep(run, row, frame) || misfit(row, err);
	if (frame->task->type != IR_FOR || row->index >= datum_tree(frame->items)->count)
		return misfit(row, err);
	apply_for_round(run, row, frame);
	run_ready(run, frame);
	return true;
}

static bool apply_caught(struct run *run, const struct row *row, struct frame *frame, struct err *err)
{
	if (frame->is_block) { /* a step of a DAG will be tried again */
		frame->state = FRAME_WAITING;
		frame->retries = row->n;
		frame->due_us = row->due_us;
		return true;
	}
	if (frame->task->type != IR_TRY)
		return misfit(row, err);
	frame_close_children(run, frame);
	frame->caught = true;
	if (row->due_us > 0) {
		frame_forget_visits(run, frame);
		frame->state = FRAME_WAITING;
		frame->retries = row->n;
		frame->due_us = row->due_us;
	} else if (frame->task->try_.has_do) {
		frame->state = FRAME_OPEN;
		struct frame *block = body_open_block(run, frame, &frame->task->try_.catch_do, BLOCK_CATCH, frame->input);
		body_set_variable(block, 0, frame->task->try_.as, datum_ref(row->error));
	} else {
		frame->state = FRAME_ENDED;
		datum_set(&frame->value, frame->input);
		run_ready(run, frame);
	}
	return true;
}

static void apply_timer(struct run *run, const struct row *row, struct frame *frame)
{
	if (frame->is_block && row->timeout) { /* an attempt of a try: what it began is ended by that */
		frame->timeout_us = 0;
		frame->state = FRAME_FAILED;
		datum_set(&frame->error, row->error);
		run_ready_first(run, frame->parent);
		return;
	}
	if (frame->is_block) {
		frame->due_us = 0;
		frame->state = FRAME_OPEN;
	} else if (row->timeout) {
		frame->timeout_us = 0;
		frame->state = FRAME_FAILED;
		datum_set(&frame->error, row->error);
	} else if (frame->task->type == IR_TRY) {
		frame->due_us = 0;
		frame->state = FRAME_OPEN;
		frame->caught = false;
		body_open(run, frame, row);
	} else if (frame->held != NULL) { /* it asks again whether it may go out */
		frame->due_us = 0;
		free(frame->held);
		frame->held = NULL;
	} else {
		frame->due_us = 0;
		frame->state = FRAME_ENDED;
		datum_set(&frame->value, frame->input);
	}
	run_ready(run, frame);
}

static void apply_held(const struct row *row, struct frame *frame)
{
	free(frame->held);
	frame->held = strdup(row->reason);
	must(frame->held != NULL);
	frame->sent = false; /* nothing went out after all */
	frame->due_us = row->due_us;
	frame->state = FRAME_WAITING;
}

static void apply_intent(struct run *run, const struct row *row, struct frame *frame)
{
	unsure_free(map_remove(&run->unsure, frame->path));
	if (row->attempt != frame->attempt) { /* its request came out different: a new attempt */
		frame->attempt = row->attempt;
		must(map_set(&run->attempts, frame->path, (void *)(uintptr_t)row->attempt, NULL));
	}
	frame->sent = true;
	frame->state = FRAME_WAITING;
	frame->deliveries = row->n;
	if (row->request != NULL)
		datum_set(&frame->request, row->request);
	if (row->cost != NULL)
		datum_set(&frame->cost, row->cost);
}

static void apply_result(struct run *run, const struct row *row, struct frame *frame)
{
	if (row->error == NULL && frame->phase == PHASE_BODY && !frame->sent) {
		extending_result(run, row, frame);
		return;
	}
	frame->sent = false;
	if (row->error != NULL && !row->definite)
		frame_note_unsure(run, frame);
	frame->state = row->error != NULL ? FRAME_FAILED : FRAME_ENDED;
	datum_set(row->error != NULL ? &frame->error : &frame->value, row->error != NULL ? row->error : row->output);
	run_ready(run, frame);
}

static void shift_timers(struct run *run, int64_t by_us)
{
	for (size_t i = 0; i < run->frames_count; i++)
		if (run->frames[i]->timeout_us > 0)
			run->frames[i]->timeout_us += by_us;
}

static void apply_suspended(struct run *run, const struct row *row)
{
	run->status = RUN_SUSPENDED;
	run->suspended_us = row->at_us;
	run->reason = row->cost != NULL ? "budget" : "paused";
	free(run->said);
	run->said = row->reason == NULL || row->cost != NULL ? NULL : strdup(row->reason);
	datum_set(&run->halt, row->cost);
}

static void apply_resumed(struct run *run, const struct row *row)
{
	run->status = RUN_RUNNING;
	run->reason = NULL;
	datum_set(&run->halt, NULL);
	shift_timers(run, row->at_us - run->suspended_us); /* the clock of a timeout stands still meanwhile */
	for (size_t i = 0; i < run->frames_count; i++)
		run_ready(run, run->frames[i]);
}

static void apply_end(struct run *run, const struct row *row)
{
	run->status = row->kind == ROW_RUN_COMPLETED ? RUN_COMPLETED
				  : row->kind == ROW_RUN_FAULTED ? RUN_FAULTED
												 : RUN_CANCELLED;
	run->ended_us = row->at_us;
	datum_set(&run->output, row->output);
	datum_set(&run->error, row->error);
	if (run->status == RUN_COMPLETED && run->root != NULL)
		frame_close(run, run->root);
}

static bool apply_to_frame(struct run *run, const struct row *row, struct frame *frame, struct err *err)
{
	if (frame == NULL || (frame->is_block && frame->block == NULL))
		return misfit(row, err);
	bool needs_task = row->kind == ROW_CANCELLED || row->kind == ROW_INTENT || row->kind == ROW_RESULT ||
					  row->kind == ROW_EVENT || row->kind == ROW_HELD;
	if (needs_task && frame->is_block)
		return misfit(row, err);
	bool timed_out = row->kind == ROW_TIMER && row->timeout;
	bool enters = row->kind == ROW_ENTERED || (frame->is_block && row->kind != ROW_ROUND && !timed_out);
	if (row->kind == ROW_RETRIED)
		redo_run(run, row);
	if (enters && (!frame->is_block || frame->busy || frame->cursor >= frame->block->count))
		return misfit(row, err);
	switch (row->kind) {
	case ROW_ENTERED:
		apply_entered(run, row, frame);
		break;
	case ROW_COMPLETED:
	case ROW_SKIPPED:
		apply_completed(run, row, frame);
		break;
	case ROW_FAULTED:
		apply_faulted(run, row, frame);
		break;
	case ROW_CANCELLED:
		apply_cancelled(run, frame);
		break;
	case ROW_ROUND:
		return apply_round(run, row, frame, err);
	case ROW_CAUGHT:
		return apply_caught(run, row, frame, err);
	case ROW_TIMER:
		apply_timer(run, row, frame);
		break;
	case ROW_HELD:
		apply_held(row, frame);
		break;
	case ROW_INTENT:
		apply_intent(run, row, frame);
		break;
	case ROW_RESULT:
		apply_result(run, row, frame);
		break;
	case ROW_RETRIED:
	case ROW_PATCHED:
		redo_step(run, row, frame);
		break;
	case ROW_EVENT:
		return listening_hear(run, row, frame) || misfit(row, err);
	default:
		return misfit(row, err);
	}
	return true;
}

/* Once a run is over only a person's word changes it; and its status goes along the edges of the table alone. */
static bool is_on_an_edge(const struct run *run, const struct row *row)
{
	switch (row->kind) {
	case ROW_STARTED:
		return run->status == RUN_PENDING;
	case ROW_SUSPENDED:
		return run_may_become(run->status, RUN_SUSPENDED);
	case ROW_RESUMED:
		return run->status == RUN_SUSPENDED;
	case ROW_RUN_COMPLETED:
		return run_may_become(run->status, RUN_COMPLETED);
	case ROW_RUN_FAULTED:
		return run_may_become(run->status, RUN_FAULTED);
	case ROW_RUN_CANCELLED:
		return run_may_become(run->status, RUN_CANCELLED);
	case ROW_RESTORED:
	case ROW_RETRIED:
	case ROW_PATCHED:
		return run->status != RUN_COMPLETED;
	default:
		return !run_is_over(run->status);
	}
}

static bool is_attempt(const struct frame *block)
{
	return block->role == BLOCK_BODY && block->parent != NULL && !block->parent->is_block &&
		   block->parent->task->type == IR_TRY;
}

/* What a row has to bring along for the state at hand; a damaged journal may lack it. */
static bool is_whole(const struct run *run, const struct row *row, const struct frame *frame)
{
	bool in_block = frame != NULL && frame->is_block;
	switch (row->kind) {
	case ROW_STARTED:
		return row->input != NULL && run->status == RUN_PENDING;
	case ROW_ENTERED:
		return frame == NULL ? run->status == RUN_RUNNING && run->input != NULL
							 : row->path != NULL && in_block && frame->cursor < frame->block->count &&
								   (current(frame)->type != IR_FOR || begins_extended(frame) ||
									(row->items != NULL && datum_tree(row->items)->kind == JS_ARRAY));
	case ROW_COMPLETED:
	case ROW_SKIPPED:
		return row->path != NULL && frame != NULL && (in_block || frame->parent != NULL);
	case ROW_FAULTED:
		return row->path != NULL && row->error != NULL;
	case ROW_CAUGHT:
		return row->error != NULL;
	case ROW_RESULT:
		return row->error != NULL || row->output != NULL;
	case ROW_HELD:
		return row->reason != NULL && row->due_us > 0;
	case ROW_TIMER:
		return frame != NULL &&
			   (row->timeout ? row->error != NULL && (!in_block || is_attempt(frame)) : frame->state == FRAME_WAITING);
	case ROW_ROUND:
		return frame != NULL && (!in_block || frame->state == FRAME_ENDED || frame->state == FRAME_FAILED);
	case ROW_RETRIED:
	case ROW_PATCHED:
		return frame == NULL || (row->path != NULL && redo_fits(row, frame));
	default:
		return true;
	}
}

bool run_apply(struct run *run, const struct row *row, struct err *err)
{
	struct frame *frame = row->frame == ROW_NO_FRAME ? NULL : run_frame(run, row->frame);
	if (!is_on_an_edge(run, row) || !is_whole(run, row, frame))
		return misfit(row, err);
	if (run->watch != NULL)
		run->watch(run->watch_self, run, row, frame);
	switch (row->kind) {
	case ROW_STARTED:
		apply_started(run, row);
		break;
	case ROW_SUSPENDED:
		apply_suspended(run, row);
		break;
	case ROW_RESUMED:
		apply_resumed(run, row);
		break;
	case ROW_RESTORED:
		redo_run(run, row);
		break;
	case ROW_RUN_COMPLETED:
	case ROW_RUN_FAULTED:
	case ROW_RUN_CANCELLED:
		apply_end(run, row);
		break;
	default:
		if (row->kind == ROW_RETRIED && row->frame == ROW_NO_FRAME)
			redo_run(run, row);
		else if (row->kind == ROW_ENTERED && row->frame == ROW_NO_FRAME && run->root == NULL)
			apply_entered(run, row, NULL);
		else if (!apply_to_frame(run, row, frame, err))
			return false;
	}
	run->seq = row->seq;
	run->now_us = row->at_us;
	return true;
}

int64_t run_due(const struct run *run)
{
	int64_t due = 0;
	for (size_t i = 0; i < run->frames_count; i++) {
		const struct frame *frame = run->frames[i];
		if (frame->due_us > 0 && (due == 0 || frame->due_us < due))
			due = frame->due_us;
		if (frame->timeout_us > 0 && (due == 0 || frame->timeout_us < due))
			due = frame->timeout_us;
	}
	return due;
}

/* --- life --- */

void run_init(struct run *run, const struct ir *ir, const char *id, const char *seed)
{
	*run = (struct run){.ir = ir, .id = id, .seed = seed};
	run->context = datum_text("{}", 2);
	map_init(&run->visits, NULL, NULL);
	map_init(&run->attempts, NULL, NULL);
	map_init(&run->unsure, NULL, NULL);
	map_init(&run->missed, NULL, NULL);
	map_init(&run->begun, NULL, NULL);
}

void run_fini(struct run *run)
{
	while (run->frames_count > 0)
		frame_close(run, run->frames[0]);
	free(run->frames);
	struct datum *held[] = {run->halt, run->input, run->context, run->output, run->error, run->ended};
	for (size_t i = 0; i < sizeof held / sizeof *held; i++)
		datum_unref(held[i]);
	map_fini(&run->visits);
	map_fini(&run->attempts);
	map_fini(&run->missed);
	map_fini(&run->begun);
	free(run->said);
	const char *path;
	size_t size;
	void *unsure;
	for (size_t at = 0; map_next(&run->unsure, &at, &path, &size, &unsure);)
		unsure_free(unsure);
	map_fini(&run->unsure);
}
