#include "flow/domain/listening.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/domain/body.h"
#include "flow/domain/datum.h"
#include "flow/domain/frame.h"
#include "flow/domain/ir.h"
#include "flow/domain/run.h"

/* A strategy without filters takes every event, as if it had one. */
static size_t filters_of(const struct ir_strategy *strategy)
{
	return strategy->count == 0 ? 1 : strategy->count;
}

void listening_open(struct run *run, struct frame *frame)
{
	const struct ir_strategy *to = &frame->task->listen.to;
	struct listening *listening = calloc(1, sizeof *listening);
	must(listening != NULL);
	listening->filters = filters_of(to);
	listening->all = listening->filters + (to->until_events == NULL ? 0 : filters_of(to->until_events));
	listening->filled = calloc(listening->all, sizeof(*listening->filled));
	must(listening->filled != NULL);
	frame->listening = listening;
	frame->state = FRAME_WAITING;
	run_ready(run, frame);
}

void listening_free(struct listening *listening)
{
	if (listening == NULL)
		return;
	for (size_t i = 0; i < listening->count; i++) {
		datum_unref(listening->items[i]);
		datum_unref(listening->values[i]);
	}
	datum_unref(listening->keys);
	free(listening->items);
	free(listening->values);
	free(listening->filled);
	free(listening);
}

static void add_item(struct listening *listening, struct datum *item)
{
	if (listening->count == listening->room) {
		listening->room = listening->room == 0 ? 4 : 2 * listening->room;
		listening->items = reallocarray(listening->items, listening->room, sizeof(*listening->items));
		listening->values = reallocarray(listening->values, listening->room, sizeof(*listening->values));
		must(listening->items != NULL && listening->values != NULL);
	}
	listening->items[listening->count] = datum_ref(item);
	listening->values[listening->count++] = NULL;
}

/* The tasks of foreach are gone through with the item, before anything else is listened to. */
static void open_round(struct run *run, struct frame *frame, struct datum *item)
{
	const struct ir_task *task = frame->task;
	char text[24];
	uint32_t index = (uint32_t)frame->listening->count - 1;
	int size = snprintf(text, sizeof text, "%u", index);
	frame->state = FRAME_OPEN;
	struct frame *block = body_open_block(run, frame, &task->listen.block, BLOCK_ROUND, item);
	body_number_round(block, index);
	body_set_variable(block, 0, task->listen.item, datum_ref(item));
	body_set_variable(block, 1, task->listen.at, datum_text(text, (size_t)size));
}

bool listening_hear(struct run *run, const struct row *row, struct frame *frame)
{
	struct listening *listening = frame->listening;
	if (listening == NULL || frame->state != FRAME_WAITING || row->index >= listening->all)
		return false;
	bool until = row->index >= listening->filters;
	if (!until && row->output == NULL)
		return false;
	listening->filled[row->index] = true;
	run->heard = listening->heard = row->n;
	if (row->items != NULL)
		datum_set(&listening->keys, row->items);
	if (!until)
		add_item(listening, row->output);
	if (!until && frame->task->listen.foreach)
		open_round(run, frame, row->output);
	else if (!until)
		datum_set(&listening->values[listening->count - 1], row->output);
	run_ready(run, frame);
	return true;
}

bool listening_keep(struct run *run, const struct row *row, struct frame *frame)
{
	struct listening *listening = frame->listening;
	if (listening == NULL || frame->last == NULL || listening->count == 0)
		return false;
	struct datum *value = row->output != NULL ? row->output : frame->last->value;
	datum_set(&listening->values[listening->count - 1], value);
	if (row->context != NULL)
		datum_set(&run->context, row->context);
	frame_close_children(run, frame);
	frame->state = FRAME_WAITING;
	run_ready(run, frame);
	return true;
}

static struct datum *array_of(struct datum *const *list, size_t count)
{
	struct buf text;
	struct jw jw;
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_array(&jw);
	for (size_t i = 0; i < count; i++) {
		size_t size = 4;
		const char *bytes = list[i] == NULL ? "null" : datum_bytes(list[i], &size);
		jw_raw(&jw, bytes, size);
	}
	jw_array_end(&jw);
	return datum_take_buf(&text);
}

struct datum *listening_items(const struct listening *listening)
{
	return array_of(listening->items, listening->count);
}

struct datum *listening_values(const struct listening *listening)
{
	return array_of(listening->values, listening->count);
}

bool listening_met(const struct listening *listening, const struct ir_strategy *strategy, size_t from)
{
	size_t count = filters_of(strategy), filled = 0;
	for (size_t i = 0; i < count; i++)
		filled += listening->filled[from + i];
	return strategy->consume == IR_ALL ? filled == count : filled > 0;
}
