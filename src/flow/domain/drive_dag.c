/* The DAG form: steps begin when all that they depend on is over [flow.md 2.6]. */
#include "flow/domain/drive.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive_data.h"
#include "flow/domain/ir.h"
#include "flow/domain/retry.h"

static const struct ir_step *step_of(const struct frame *block)
{
	return &block->parent->task->dag.steps[block->round];
}

/* --- retries of a step --- */

static bool retry_step(struct drive *drive, struct frame *block)
{
	const struct ir_retry *retry = &step_of(block)->retry;
	int64_t n = block->retries + 1;
	if (!retry->given || n > retry->limit_count || trouble_is_final(block->error))
		return false;
	struct retry_policy policy = retry->constants;
	struct row row = drive_row(drive, ROW_CAUGHT, block);
	int64_t ms = retry_delay_ms(&policy, drive->run->seed, step_of(block)->task.reference, n,
								(double)drive->world->retry_max_delay_ms);
	row.n = n;
	row.error = block->error;
	row.due_us = drive->now_us + (ms > 0 ? ms * 1000 : 1);
	drive_emit(drive, &row);
	return true;
}

static struct frame *first_over(const struct frame *frame)
{
	for (struct frame *block = frame->first; block != NULL; block = block->next)
		if (block->state == FRAME_ENDED || block->state == FRAME_FAILED)
			return block;
	return NULL;
}

static void keep_those_over(struct drive *drive, struct frame *frame)
{
	for (struct frame *block; !drive->lost && (block = first_over(frame)) != NULL;) {
		if (block->state == FRAME_FAILED && retry_step(drive, block))
			continue;
		struct row row = drive_row(drive, ROW_ROUND, block);
		row.index = block->round;
		drive_emit(drive, &row);
	}
}

/* --- the end --- */

static void add_failed(const struct frame *frame, struct buf *text)
{
	const struct ir_task *task = frame->task;
	for (size_t i = 0; i < task->dag.count; i++) {
		if (frame->steps[i] != DAG_FAULTED)
			continue;
		buf_adds(text, text->size == 0 ? "failed steps: " : ", ");
		buf_adds(text, task->dag.steps[i].task.name);
	}
}

static struct datum *outputs_by_step(const struct frame *frame)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	for (size_t i = 0; i < frame->task->dag.count; i++) {
		size_t size;
		if (frame->steps[i] != DAG_COMPLETED)
			continue;
		const char *output = datum_bytes(frame->results[i], &size);
		jw_key(&jw, frame->task->dag.steps[i].task.name);
		jw_raw(&jw, output, size);
	}
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

/* What the run gives, or NULL with *trouble. */
static struct datum *output_of(struct place *place, struct trouble *trouble)
{
	const struct ir_value *outputs = &place->task->dag.outputs_value;
	if (outputs->source == NULL)
		return outputs_by_step(place->frame);
	struct datum *all = run_dag_input(place->frame);
	struct datum *output = place_eval(place, outputs, all, NULL, trouble);
	datum_unref(all);
	return output;
}

static bool end_if_over(struct place *place, struct datum **output, struct trouble *trouble)
{
	struct frame *frame = place->frame;
	struct buf failed;
	if (frame->rounds_over < place->task->dag.count)
		return false;
	buf_init(&failed, 0);
	add_failed(frame, &failed);
	if (failed.size > 0)
		trouble_set(trouble, TROUBLE_RUNTIME, "Steps failed", "%s", buf_text(&failed));
	else
		*output = output_of(place, trouble);
	buf_fini(&failed);
	return true;
}

bool drive_dag(struct place *place, struct datum **output, struct trouble *trouble)
{
	struct frame *frame = place->frame;
	*output = NULL;
	keep_those_over(place->drive, frame);
	while (!place->drive->lost && frame->steps_ready > 0 &&
		   frame->rounds_begun - frame->rounds_over < place->task->dag.max_parallel) {
		struct row row = drive_row(place->drive, ROW_ROUND, frame);
		row.index = run_dag_next(frame);
		drive_emit(place->drive, &row);
	}
	return end_if_over(place, output, trouble);
}

bool drive_dag_skips(struct place *place, const char **reason, bool *skips, struct trouble *trouble)
{
	const struct frame *block = place->block, *frame = block->parent;
	const struct ir_step *step = step_of(block);
	*skips = false;
	for (size_t i = 0; i < step->depends_count && !step->run_on_failed; i++) {
		unsigned char state = frame->steps[step->depends[i]];
		if (state != DAG_FAULTED && state != DAG_UPSTREAM_FAILED)
			continue;
		*reason = "upstream_failed";
		*skips = true;
		return true;
	}
	bool holds = true;
	if (step->condition.source != NULL && !place_condition(place, &step->condition, place->raw, &holds, trouble))
		return false;
	*reason = "condition";
	*skips = !holds;
	return true;
}
