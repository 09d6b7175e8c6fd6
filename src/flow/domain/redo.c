#include "flow/domain/redo.h"

#include <string.h>

#include "core/must.h"
#include "flow/domain/body.h"
#include "flow/domain/datum.h"
#include "flow/domain/frame.h"
#include "flow/domain/ir.h"

static bool asks(const struct frame *frame)
{
	return !frame->is_block && frame->state == FRAME_WAITING && frame->due_us == 0 && frame->listening == NULL;
}

/*
 * Whatever was sent after the place, or was under way there, has ended as far as the run is concerned: keys of before
 * are not used again [flow.md 3.1].
 */
static void ask_anew(struct run *run)
{
	const char *path;
	size_t size, at = 0;
	void *unsure;
	while (map_next(&run->unsure, &at, &path, &size, &unsure))
		unsure_free(unsure);
	map_fini(&run->unsure);
	map_init(&run->unsure, NULL, NULL);
	for (size_t i = 0; i < run->frames_count; i++) {
		struct frame *frame = run->frames[i];
		if (!asks(frame))
			continue;
		uintptr_t used = (uintptr_t)map_get(&run->attempts, frame->path);
		frame->attempt = 1 + (used > frame->attempt ? (uint32_t)used : frame->attempt);
		must(map_set(&run->attempts, frame->path, (void *)(uintptr_t)frame->attempt, NULL));
		frame->sent = frame->asked = false;
		frame->deliveries = 0;
		datum_set(&frame->request, NULL);
		datum_set(&frame->cost, NULL);
	}
}

void redo_run(struct run *run, const struct row *row)
{
	if (row->kind == ROW_RESTORED && row->definite)
		ask_anew(run);
	run->status = RUN_RUNNING;
	run->reason = NULL;
	run->ended_us = 0;
	datum_set(&run->halt, NULL);
	datum_set(&run->error, NULL);
	datum_set(&run->output, NULL);
	if (run->root != NULL && run->root->state == FRAME_FAILED) { /* of its own time-out */
		run->root->state = FRAME_OPEN;
		datum_set(&run->root->error, NULL);
		run->root->timeout_us = row->at_us;
	}
	for (size_t i = 0; i < run->frames_count; i++) {
		struct frame *frame = run->frames[i];
		if (frame->timeout_us > 0)
			frame->timeout_us = row->at_us + frame->limit_us;
		run_ready(run, frame);
	}
}

/* --- a step in a list --- */

static void enter_again(struct run *run, const struct row *row, struct frame *frame)
{
	struct frame *block = frame->is_block ? frame : frame->parent;
	if (!frame->is_block)
		frame_close(run, frame);
	if (row->definite)
		unsure_free(map_remove(&run->unsure, row->path));
	if (row->attempt > 0) /* 0: it has not begun yet */
		must(map_set(&run->attempts, row->path, (void *)(uintptr_t)row->attempt, NULL));
	if (row->input != NULL)
		datum_set(&block->value, row->input);
	datum_set(&block->error, NULL);
	block->busy = false;
	block->state = FRAME_OPEN;
	block->due_us = 0;
	run_ready(run, block);
}

/* --- a step of the DAG form, after the run's end: it and what was passed over because of it --- */

static bool is_over(unsigned char state)
{
	return state != DAG_PENDING && state != DAG_RUNNING;
}

static void reset(struct frame *frame, uint32_t step)
{
	frame->steps[step] = DAG_PENDING;
	frame->rounds_begun--;
	frame->rounds_over--;
	datum_set(&frame->results[step], NULL);
	datum_set(&frame->errors[step], NULL);
}

/* Steps stand in no order of their dependencies: each round finds those one further down. */
static void reset_below(struct frame *frame)
{
	const struct ir_step *steps = frame->task->dag.steps;
	for (bool more = true; more;) {
		more = false;
		for (uint32_t i = 0; i < frame->task->dag.count; i++) {
			bool below = false;
			for (size_t k = 0; k < steps[i].depends_count && frame->steps[i] == DAG_UPSTREAM_FAILED; k++) {
				unsigned char state = frame->steps[steps[i].depends[k]];
				below = below || (state != DAG_FAULTED && state != DAG_UPSTREAM_FAILED);
			}
			if (below)
				reset(frame, i);
			more = more || below;
		}
	}
}

static void queue_again(struct frame *frame)
{
	const struct ir_task *task = frame->task;
	frame->queue_first = frame->steps_ready = 0;
	for (uint32_t i = 0; i < task->dag.count; i++) {
		frame->left[i] = 0;
		for (size_t k = 0; k < task->dag.steps[i].depends_count; k++)
			frame->left[i] += !is_over(frame->steps[task->dag.steps[i].depends[k]]);
		if (frame->steps[i] == DAG_PENDING && frame->left[i] == 0)
			body_step_is_ready(frame, i);
	}
}

static void redo_dag(struct run *run, const struct row *row, struct frame *frame)
{
	reset(frame, row->index);
	if (row->kind == ROW_RETRIED && row->definite)
		unsure_free(map_remove(&run->unsure, row->path));
	if (row->kind == ROW_PATCHED) {
		frame->steps[row->index] = row->output != NULL ? DAG_COMPLETED : DAG_SKIPPED;
		frame->rounds_begun++;
		frame->rounds_over++;
		datum_set(&frame->results[row->index], row->output);
	}
	reset_below(frame);
	queue_again(frame);
	run_ready(run, frame);
}

static bool is_dag(const struct frame *frame)
{
	return !frame->is_block && frame->task->type == IR_DAG_STEPS;
}

bool redo_fits(const struct row *row, const struct frame *frame)
{
	if (is_dag(frame))
		return row->index < frame->task->dag.count && is_over(frame->steps[row->index]) && frame->first == NULL;
	return frame->is_block || frame->parent != NULL;
}

void redo_step(struct run *run, const struct row *row, struct frame *frame)
{
	if (is_dag(frame))
		redo_dag(run, row, frame);
	else if (row->kind == ROW_RETRIED || row->input != NULL)
		enter_again(run, row, frame);
}
