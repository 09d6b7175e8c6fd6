/* Tasks with blocks below them: for, fork. */
#include "flow/domain/drive.h"

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"

static void begin_round(struct place *place, uint32_t index)
{
	struct row row = drive_row(place->drive, ROW_ROUND, place->frame);
	row.index = index;
	drive_emit(place->drive, &row);
}

/* What a block gave is kept in its task's frame, and the block is closed. */
static void keep(struct place *place, struct frame *block)
{
	struct row row = drive_row(place->drive, ROW_ROUND, block);
	row.index = block->round;
	drive_emit(place->drive, &row);
}

static size_t items_count(const struct frame *frame)
{
	return datum_tree(frame->items)->count;
}

/* --- for, one round after the other --- */

/* `while` is asked before each round, on that round's input and with its variables. */
static bool while_holds(struct place *place, uint32_t index, struct datum *value, bool *holds, struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	*holds = true;
	if (task->for_.while_.source == NULL)
		return true;
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "%u", index);
	struct frame round = {.is_block = true, .parent = place->block};
	round.variables[0] = (struct variable){task->for_.each, datum_json(&datum_tree(place->frame->items)->items[index])};
	round.variables[1] = (struct variable){task->for_.at, datum_take_buf(&text)};
	struct place inside = *place;
	inside.block = &round;
	bool good = place_condition(&inside, &task->for_.while_, value, holds, trouble);
	datum_unref(round.variables[0].value);
	datum_unref(round.variables[1].value);
	return good;
}

static void next_round(struct place *place, struct datum *value)
{
	struct trouble trouble;
	uint32_t index = place->frame->rounds_begun;
	bool holds = false;
	if (index < items_count(place->frame) && !while_holds(place, index, value, &holds, &trouble))
		drive_fault(place, &trouble);
	else if (holds)
		begin_round(place, index);
	else
		drive_finish(place, value, NULL);
}

/* --- many blocks at once --- */

static void add_error(struct jw *jw, const struct datum *error)
{
	size_t size;
	const char *text = datum_bytes(error, &size);
	jw_object(jw);
	jw_key(jw, "error");
	jw_raw(jw, text, size);
	jw_object_end(jw);
}

static void add_output(struct jw *jw, const struct datum *output, bool wrapped)
{
	size_t size = 4;
	const char *text = output == NULL ? "null" : datum_bytes(output, &size);
	if (wrapped) {
		jw_object(jw);
		jw_key(jw, "output");
	}
	jw_raw(jw, text, size);
	if (wrapped)
		jw_object_end(jw);
}

static void finish_with_all(struct place *place, bool settle)
{
	const struct frame *frame = place->frame;
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_array(&jw);
	for (size_t i = 0; i < frame->results_count; i++)
		if (frame->errors[i] != NULL)
			add_error(&jw, frame->errors[i]);
		else
			add_output(&jw, frame->results[i], settle);
	jw_array_end(&jw);
	struct datum *output = datum_take_buf(&text);
	drive_finish(place, output, NULL);
	datum_unref(output);
}

static struct frame *first_over(const struct frame *frame)
{
	for (struct frame *block = frame->first; block != NULL; block = block->next)
		if (block->state == FRAME_ENDED || block->state == FRAME_FAILED)
			return block;
	return NULL;
}

static void give_up(struct place *place, struct datum *error)
{
	struct datum *kept = datum_ref(error);
	drive_cancel_below(place->drive, place->frame);
	drive_fault_datum(place, kept);
	datum_unref(kept);
}

/* True: a block failed and that was the task's end. */
static bool keep_those_over(struct place *place, bool settle)
{
	for (struct frame *block; !place->drive->lost && (block = first_over(place->frame)) != NULL;) {
		if (block->state == FRAME_FAILED && !settle) {
			give_up(place, block->error);
			return true;
		}
		keep(place, block);
	}
	return false;
}

static uint32_t blocks_open(const struct frame *frame)
{
	return frame->rounds_begun - frame->rounds_over;
}

static void go_on_in_parallel(struct place *place)
{
	struct frame *frame = place->frame;
	size_t count = items_count(frame);
	if (keep_those_over(place, place->task->for_.settle))
		return;
	while (!place->drive->lost && frame->rounds_begun < count && blocks_open(frame) < place->task->for_.parallel)
		begin_round(place, frame->rounds_begun);
	if (frame->rounds_over == count)
		finish_with_all(place, place->task->for_.settle);
}

void drive_for(struct place *place)
{
	struct frame *frame = place->frame, *block = frame->first;
	if (place->task->for_.parallel > 0)
		go_on_in_parallel(place);
	else if (block == NULL)
		next_round(place, frame->input);
	else if (block->state == FRAME_FAILED)
		drive_fault_datum(place, block->error);
	else if (block->state == FRAME_ENDED)
		next_round(place, block->value);
}

/* --- fork --- */

/* The first to complete wins; a fault loses, unless all do. */
static void compete(struct place *place)
{
	struct frame *frame = place->frame;
	for (struct frame *block; !place->drive->lost && (block = first_over(frame)) != NULL;) {
		if (block->state == FRAME_ENDED) {
			struct datum *output = datum_ref(block->value);
			drive_cancel_below(place->drive, frame);
			drive_finish(place, output, NULL);
			datum_unref(output);
			return;
		}
		if (frame->rounds_over + 1 == frame->results_count) {
			give_up(place, block->error);
			return;
		}
		keep(place, block);
	}
}

void drive_fork(struct place *place)
{
	if (place->task->fork.compete)
		compete(place);
	else if (!keep_those_over(place, false) && place->frame->rounds_over == place->frame->results_count)
		finish_with_all(place, false);
}
