/* What people order: a step retried, skipped, or given another input or output [flow.md 3.3]. */
#include "flow/domain/drive.h"

#include "flow/domain/datum.h"
#include "flow/domain/ir.h"

static struct row row_of(const struct drive *drive, enum row_kind kind, const struct drive_step *step,
						 const struct word *word)
{
	struct row row = drive_row(drive, kind, step->frame);
	row.path = step->path;
	row.attempt = step->attempt;
	row.index = step->index;
	row.reason = word->reason;
	row.by = word->by;
	return row;
}

static bool is_dag(const struct drive_step *step)
{
	return !step->frame->is_block && step->frame->task->type == IR_DAG_STEPS;
}

static void drop_below(struct drive *drive, const struct drive_step *step)
{
	if (!step->frame->is_block && !is_dag(step))
		drive_cancel_below(drive, step->frame);
}

void drive_restore(struct drive *drive, int64_t to, bool anew, const struct word *word)
{
	struct row row = drive_row(drive, ROW_RESTORED, NULL);
	row.n = to;
	row.definite = anew;
	row.reason = word->reason;
	row.by = word->by;
	drive_emit(drive, &row);
}

void drive_retry(struct drive *drive, const struct drive_step *step, int64_t to, bool repeat_effects,
				 const struct word *word)
{
	struct row row = row_of(drive, ROW_RETRIED, step, word);
	row.n = to;
	row.definite = repeat_effects;
	drive_emit(drive, &row);
}

void drive_skip(struct drive *drive, const struct drive_step *step, struct datum *output, const struct word *word)
{
	drop_below(drive, step);
	struct row row = row_of(drive, is_dag(step) ? ROW_PATCHED : ROW_SKIPPED, step, word);
	row.index = is_dag(step) ? step->index : 0;
	row.definite = is_dag(step);
	row.output = output;
	drive_emit(drive, &row);
}

void drive_patch_input(struct drive *drive, const struct drive_step *step, struct datum *input, const struct word *word)
{
	drop_below(drive, step);
	struct row row = row_of(drive, ROW_PATCHED, step, word);
	row.input = input;
	drive_emit(drive, &row);
}

void drive_patch_output(struct drive *drive, const struct drive_step *step, struct datum *output,
						const struct word *word)
{
	drop_below(drive, step);
	struct row row = row_of(drive, ROW_PATCHED, step, word);
	row.output = is_dag(step) ? output : NULL;
	drive_emit(drive, &row);
	if (is_dag(step))
		return;
	struct frame *frame = step->frame, *block = frame->is_block ? frame : frame->parent;
	struct place place = {.drive = drive,
						  .frame = frame->is_block ? NULL : frame,
						  .block = block,
						  .task = frame->is_block ? &block->block->tasks[block->cursor] : frame->task,
						  .reference =
							  frame->is_block ? block->block->tasks[block->cursor].reference : frame->reference,
						  .path = step->path,
						  .attempt = step->attempt,
						  .raw = datum_ref(frame->is_block ? block->value : frame->raw),
						  .started_us = drive->now_us};
	place.input = place.raw;
	drive_finish_as(&place, output);
	datum_unref(place.raw);
}
