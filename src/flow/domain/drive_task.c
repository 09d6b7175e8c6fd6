/* The begin and the end of a task. */
#include "flow/domain/drive.h"

#include "core/buf.h"
#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive_data.h"
#include "flow/domain/drive_listen.h"
#include "flow/domain/drive_task.h"
#include "flow/domain/ir.h"

/* --- the end of a task --- */

static struct row place_row(const struct place *place, enum row_kind kind)
{
	struct row row = drive_row(place->drive, kind, place->frame != NULL ? place->frame : place->block);
	row.path = place->path;
	row.attempt = place->attempt;
	return row;
}

void drive_fault_datum(struct place *place, struct datum *error)
{
	struct row row = place_row(place, ROW_FAULTED);
	row.error = error;
	drive_emit(place->drive, &row);
}

void drive_fault(struct place *place, const struct trouble *trouble)
{
	struct datum *error = trouble_datum(trouble, place->drive->world->error_base, place->reference);
	drive_fault_datum(place, error);
	datum_unref(error);
}

/* The body of an extended task is over: what extensions do after it comes first. */
static void end_body(struct place *place, struct datum *body, const struct ir_next *next)
{
	struct row row = place_row(place, ROW_RESULT);
	row.output = body;
	row.then = next->then;
	row.index = next->then == IR_GOTO ? next->index : 0;
	drive_emit(place->drive, &row);
}

static void finish(struct place *place, struct datum *body, bool whole, const struct ir_next *next)
{
	struct trouble trouble;
	struct datum *output = NULL, *context = NULL;
	if (!whole && place->frame != NULL && place->frame->phase == PHASE_BODY) {
		end_body(place, body, next != NULL ? next : &place->task->next);
		return;
	}
	if (place_output(place, body, whole, &output, &context, &trouble)) {
		struct row row = place_row(place, ROW_COMPLETED);
		const struct datum *raw = place->frame != NULL ? place->frame->raw : place->block->value;
		if (next == NULL)
			next = &place->task->next;
		row.then = next->then;
		row.index = next->then == IR_GOTO ? next->index : 0;
		row.output = datum_same_text(output, raw) ? NULL : output;
		row.context = context;
		if (place->task->type == IR_EMIT && !datum_same_text(body, output))
			row.event = body;
		drive_emit(place->drive, &row);
	} else {
		drive_fault(place, &trouble);
	}
	datum_unref(output);
	datum_unref(context);
}

void drive_finish(struct place *place, struct datum *body, const struct ir_next *next)
{
	finish(place, body, false, next);
}

void drive_finish_as(struct place *place, struct datum *output)
{
	finish(place, output, true, NULL);
}

/* --- the begin of a task --- */

/* What a frame has to know from its start: the collection of a loop, the end of a wait, the time of an attempt. */
bool drive_body_figures(struct place *place, struct row *row, struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	int64_t ms;
	if (task->type == IR_WAIT) {
		if (!drive_duration(place, &task->wait, place->input, &ms, trouble))
			return false;
		row->due_us = place->drive->now_us + (ms > 0 ? ms * 1000 : 1);
	}
	if (task->type == IR_LISTEN)
		return drive_since(place, &row->n, trouble);
	if (task->type == IR_TRY && task->try_.retry.attempt_duration.given) {
		if (!drive_duration(place, &task->try_.retry.attempt_duration, place->input, &ms, trouble))
			return false;
		row->n = ms > 0 ? ms : 1;
	}
	if (task->type == IR_CALL && task->call.callee == IR_FUNCTION) {
		if (task->call.function == NULL)
			return trouble_set(trouble, TROUBLE_CONFIGURATION, "No such function", "%s is not there.", task->call.name);
		row->items =
			task->call.with.source == NULL ? NULL : place_eval(place, &task->call.with, place->input, NULL, trouble);
		return row->items != NULL || task->call.with.source == NULL;
	}
	if (task->type == IR_FOR) {
		row->items = place_eval(place, &task->for_.in, place->input, NULL, trouble);
		if (row->items == NULL)
			return false;
		if (datum_tree(row->items)->kind != JS_ARRAY)
			return trouble_set(trouble, TROUBLE_EXPRESSION, "No array", "A loop goes through an array, not through %s.",
							   json_kind_name(datum_tree(row->items)->kind));
	}
	return true;
}

static bool is_extended(const struct place *place)
{
	return place->block != NULL && place->task->extensions != NULL && !run_is_function(place->block);
}

bool drive_enter_figures(struct place *place, struct row *row, struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	int64_t ms;
	if (task->timeout.given) {
		if (!drive_duration(place, &task->timeout, place->input, &ms, trouble))
			return false;
		row->timeout_us = place->drive->now_us + ms * 1000;
	}
	return is_extended(place) || drive_body_figures(place, row, trouble);
}

static void enter_frame(struct place *place)
{
	struct trouble trouble;
	struct row row = place_row(place, ROW_ENTERED);
	row.input = place->task->input_secrets || datum_same_text(place->input, place->raw) ? NULL : place->input;
	bool good = drive_enter_figures(place, &row, &trouble);
	if (good)
		drive_emit(place->drive, &row);
	else
		drive_fault(place, &trouble);
	datum_unref(row.items);
}

void drive_enter_leaf(struct place *place)
{
	struct trouble trouble;
	const struct ir_next *next = NULL;
	struct datum *error = NULL, *output = drive_leaf(place, &next, &trouble, &error);
	if (output != NULL)
		drive_finish(place, output, next);
	else if (error != NULL)
		drive_fault_datum(place, error);
	else
		drive_fault(place, &trouble);
	datum_unref(output);
	datum_unref(error);
}

/* What definitions may say and the engine does not do yet: it says so, in place of waiting for ever. */
static const char *missing(const struct ir_task *task)
{
	bool asks = task->type == IR_CALL || task->type == IR_RUN_SHELL || task->type == IR_RUN_SCRIPT ||
				task->type == IR_RUN_WORKFLOW;
	if (task->input_secrets && !drive_is_leaf(task) && !asks)
		return "a secret in the input of a task with tasks of its own";
	if (task->type != IR_CALL)
		return NULL;
	switch (task->call.callee) {
	case IR_HTTP:
	case IR_OPENAPI:
	case IR_MCP:
	case IR_OP:
	case IR_EFFECT:
	case IR_FUNCTION:
	case IR_WORKER:
	case IR_COUNTERSIGN:
	case IR_LLM:
	case IR_MEMORY:
		return NULL;
	default:
		return task->call.name;
	}
}

static bool is_there(const struct ir_task *task, struct trouble *trouble)
{
	const char *what = missing(task);
	return what == NULL ||
		   trouble_set(trouble, TROUBLE_CONFIGURATION, "Not there yet", "This version does not do this yet: %s.", what);
}

static void skip(struct place *place, const char *reason)
{
	struct row row = place_row(place, ROW_SKIPPED);
	row.reason = reason;
	drive_emit(place->drive, &row);
}

static bool is_step(const struct frame *block)
{
	return block->parent != NULL && block->parent->task->type == IR_DAG_STEPS;
}

static void enter_place(struct place *place)
{
	struct trouble trouble;
	const char *reason = NULL;
	bool holds = true, skips = false;
	if (is_step(place->block) && !drive_dag_skips(place, &reason, &skips, &trouble)) {
		drive_fault(place, &trouble);
		return;
	}
	if (skips) {
		skip(place, reason);
		return;
	}
	if (place->task->if_.source != NULL && !place_condition(place, &place->task->if_, place->raw, &holds, &trouble)) {
		drive_fault(place, &trouble);
		return;
	}
	if (!holds) {
		skip(place, reason);
		return;
	}
	place->input = place_input(place, &trouble);
	if (place->input == NULL) {
		drive_fault(place, &trouble);
		return;
	}
	if (!is_there(place->task, &trouble))
		drive_fault(place, &trouble);
	else if (drive_is_leaf(place->task) && !is_extended(place))
		drive_enter_leaf(place);
	else
		enter_frame(place);
	datum_unref(place->input);
}

/* A run that never comes to an end is ended, like one whose time is up: nothing in it can catch that. */
static bool is_too_long(const struct place *place)
{
	struct run *run = place->drive->run;
	struct trouble trouble;
	if (run->steps < place->drive->world->steps_max || run_is_function(place->block))
		return false;
	if (run->root->state == FRAME_FAILED)
		return true;
	struct row row = drive_row(place->drive, ROW_TIMER, run->root);
	trouble_set(&trouble, TROUBLE_RUNTIME, "Too many steps", "A run has at most %lld steps.",
				(long long)place->drive->world->steps_max);
	row.timeout = true;
	row.error = trouble_datum(&trouble, place->drive->world->error_base, place->reference);
	drive_emit(place->drive, &row);
	datum_unref(row.error);
	return true;
}

void drive_enter(struct drive *drive, struct frame *block)
{
	const struct ir_task *task = &block->block->tasks[block->cursor];
	struct buf path, reference;
	buf_init(&path, 0);
	buf_init(&reference, 0);
	run_path(drive->run, block, task, &path);
	run_reference(block, task, &reference);
	struct place place = {.drive = drive,
						  .block = block,
						  .task = task,
						  .reference = buf_text(&reference),
						  .path = buf_text(&path),
						  .attempt = run_is_function(block) ? block->parent->attempt
															: run_attempt(drive->run, buf_text(&path)),
						  .raw = datum_ref(block->value),
						  .started_us = drive->now_us};
	if (!is_too_long(&place))
		enter_place(&place);
	datum_unref(place.raw);
	buf_fini(&path);
	buf_fini(&reference);
}
