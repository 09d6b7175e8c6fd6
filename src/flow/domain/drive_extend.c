/* Extensions: which apply, and when the task they apply to goes on [flow.md 2.1]. */
#include "flow/domain/datum.h"
#include "flow/domain/drive.h"
#include "flow/domain/extending.h"
#include "flow/domain/ir.h"

/* The next extension that has something to do here; the index past the last one: none.  False: *trouble. */
static bool find_next(struct place *place, uint32_t *index, bool *found, struct trouble *trouble)
{
	const struct frame *frame = place->frame;
	const struct ir_extension *const *all = place->task->extensions;
	bool before = frame->phase == PHASE_BEFORE;
	*found = false;
	for (*index = frame->extension; all[*index] != NULL; ++*index) {
		const struct ir_extension *extension = all[*index];
		*found = (before ? extension->before.count : extension->after.count) > 0;
		if (*found && extension->when.source != NULL &&
			!place_condition(place, &extension->when, before ? place->input : frame->value, found, trouble))
			return false;
		if (*found)
			return true;
	}
	return true;
}

static void begin_body(struct place *place)
{
	struct trouble trouble;
	struct row row = drive_row(place->drive, ROW_ROUND, place->frame);
	row.index = EXTENDING_BODY;
	if (drive_body_figures(place, &row, &trouble))
		drive_emit(place->drive, &row);
	else
		drive_fault(place, &trouble);
	datum_unref(row.items);
}

static void go_on(struct place *place)
{
	struct trouble trouble;
	uint32_t index;
	bool found;
	if (!find_next(place, &index, &found, &trouble)) {
		drive_fault(place, &trouble);
	} else if (found) {
		struct row row = drive_row(place->drive, ROW_ROUND, place->frame);
		row.index = index;
		drive_emit(place->drive, &row);
	} else if (place->frame->phase == PHASE_BEFORE) {
		begin_body(place);
	} else {
		const struct ir_next next = {place->frame->then, place->frame->then_index};
		drive_finish(place, place->frame->value, &next);
	}
}

void drive_extend(struct place *place)
{
	struct frame *block = place->frame->first;
	if (block != NULL && block->state == FRAME_FAILED) {
		drive_fault_datum(place, block->error);
	} else if (block != NULL && block->state == FRAME_ENDED) {
		struct row row = drive_row(place->drive, ROW_ROUND, block);
		drive_emit(place->drive, &row);
	} else if (block == NULL) {
		go_on(place);
	}
}
