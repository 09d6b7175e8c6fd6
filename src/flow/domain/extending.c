#include "flow/domain/extending.h"

#include "core/json.h"
#include "flow/domain/body.h"
#include "flow/domain/datum.h"
#include "flow/domain/frame.h"
#include "flow/domain/ir.h"
#include "flow/domain/run.h"

void extending_open(struct run *run, struct frame *frame)
{
	frame->phase = PHASE_BEFORE;
	frame->extension = 0;
	frame->state = FRAME_OPEN;
	run_ready(run, frame);
}

static const struct ir_extension *nth(const struct frame *frame, uint32_t index)
{
	const struct ir_extension *const *all = frame->task->extensions;
	uint32_t i = 0;
	while (all[i] != NULL && i < index)
		i++;
	return all[i];
}

static void begin_body(struct run *run, const struct row *row, struct frame *frame)
{
	frame->phase = PHASE_BODY;
	frame->due_us = row->due_us;
	if (row->items != NULL)
		datum_set(&frame->items, row->items);
	body_open(run, frame, row);
}

bool extending_round(struct run *run, const struct row *row, struct frame *frame)
{
	bool before = frame->phase == PHASE_BEFORE;
	if (frame->first != NULL || frame->phase == PHASE_NONE)
		return false;
	if (before && row->index == EXTENDING_BODY) {
		if (frame->task->type == IR_FOR && (row->items == NULL || datum_tree(row->items)->kind != JS_ARRAY))
			return false;
		begin_body(run, row, frame);
		return true;
	}
	const struct ir_extension *extension = nth(frame, row->index);
	if (extension == NULL || (!before && frame->value == NULL))
		return false;
	frame->extension = row->index;
	struct frame *block = body_open_block(run, frame, before ? &extension->before : &extension->after, BLOCK_EXTENSION,
										  before ? frame->input : frame->value);
	block->rounds = ""; /* the path of the extended task stands before those inside, with its rounds */
	return true;
}

/* An extension's block is over.  Only an `exit` makes what it gave the task's. */
bool extending_keep(struct run *run, struct frame *block)
{
	struct frame *frame = block->parent;
	bool exited = block->exited, before = frame->phase == PHASE_BEFORE;
	if (exited)
		datum_set(&frame->value, block->value);
	frame->extension++;
	frame_close(run, block);
	if (exited && before) { /* there is nothing left for the body to do */
		frame->phase = PHASE_AFTER;
		frame->extension = 0;
		frame->then = frame->task->next.then;
		frame->then_index = frame->task->next.index;
	}
	run_ready(run, frame);
	return true;
}

void extending_result(struct run *run, const struct row *row, struct frame *frame)
{
	datum_set(&frame->value, row->output);
	frame_close_children(run, frame);
	frame->phase = PHASE_AFTER;
	frame->extension = 0;
	frame->then = row->then;
	frame->then_index = row->index;
	frame->state = FRAME_OPEN;
	frame->due_us = 0;
	frame->sent = false;
	run_ready(run, frame);
}

const struct frame *extended_around(const struct frame *block)
{
	for (; block != NULL; block = block->parent)
		if (block->is_block && block->role == BLOCK_EXTENSION)
			return block->parent;
	return NULL;
}
