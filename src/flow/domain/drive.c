#include "flow/domain/drive.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive_listen.h"
#include "flow/domain/duration.h"
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

/* --- evaluating --- */

struct scope place_scope(const struct place *place, struct datum *in, struct datum *output)
{
	struct scope scope = {
		.run = place->drive->run,
		.block = place->block,
		.task = place->task == &place->drive->run->ir->root ? NULL : place->task,
		.reference = place->reference,
		.started_us = place->started_us,
		.now_us = place->drive->now_us,
		.in = in,
		.raw = place->raw,
		.input = place->input,
		.output = output,
	};
	const struct frame *extended = extended_around(place->block);
	if (extended != NULL) { /* inside of an extension $task is the task it extends */
		scope.task = extended->task;
		scope.reference = extended->reference;
		scope.started_us = extended->started_us;
		scope.raw = extended->raw;
		scope.of_extended = true;
		scope.task_output = extended->phase == PHASE_AFTER ? extended->value : NULL;
	}
	return scope;
}

static struct datum *eval(const struct place *place, const struct ir_value *value, struct datum *in,
						  struct datum *output, struct trouble *trouble)
{
	if (value->mode == IR_LITERAL)
		return datum_json(value->source);
	struct scope scope = place_scope(place, in, output);
	const struct world *world = place->drive->world;
	return world->eval(world->self, value, &scope, trouble);
}

bool place_condition(const struct place *place, const struct ir_value *value, struct datum *in, bool *holds,
					 struct trouble *trouble)
{
	struct datum *answer = eval(place, value, in, NULL, trouble);
	if (answer == NULL)
		return false;
	*holds = !datum_is_false(answer);
	datum_unref(answer);
	return true;
}

bool drive_duration(const struct place *place, const struct ir_duration *duration, struct datum *in, int64_t *ms,
					struct trouble *trouble)
{
	*ms = duration->ms;
	if (!duration->given || duration->value.source == NULL)
		return true;
	struct datum *value = eval(place, &duration->value, in, NULL, trouble);
	if (value == NULL)
		return false;
	double found = 0;
	bool good = duration_ms(datum_tree(value), &found) && found >= 0 && found < 1e15;
	if (!good)
		trouble_set(trouble, TROUBLE_EXPRESSION, "No duration", "“%.200s” is no duration.", datum_bytes(value, NULL));
	*ms = (int64_t)found;
	datum_unref(value);
	return good;
}

static bool valid(const struct place *place, const struct json *schema, struct datum *value, struct trouble *trouble)
{
	const struct world *world = place->drive->world;
	return schema == NULL || world->valid == NULL || world->valid(world->self, schema, value, trouble);
}

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

/* output.as, then export.as; *context NULL: nothing is exported. */
static bool transform(struct place *place, struct datum *body, bool whole, struct datum **output,
					  struct datum **context, struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	*context = NULL;
	*output =
		whole || task->output_as.source == NULL ? datum_ref(body) : eval(place, &task->output_as, body, body, trouble);
	if (*output == NULL || !valid(place, task->output_schema, *output, trouble))
		return false;
	if (task->export_as.source == NULL)
		return true;
	*context = eval(place, &task->export_as, *output, *output, trouble);
	return *context != NULL && valid(place, task->export_schema, *context, trouble);
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
	if (transform(place, body, whole, &output, &context, &trouble)) {
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

/* `input` of a task: checked as it came, then transformed. */
static struct datum *take_input(struct place *place, struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	if (!valid(place, task->input_schema, place->raw, trouble))
		return NULL;
	return task->input_from.source == NULL ? datum_ref(place->raw)
										   : eval(place, &task->input_from, place->raw, NULL, trouble);
}

/* What a frame has to know from its start: the collection of a loop, the end of a wait, the time-out. */
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
	if (task->type == IR_CALL && task->call.callee == IR_FUNCTION) {
		if (task->call.function == NULL)
			return trouble_set(trouble, TROUBLE_CONFIGURATION, "No such function", "%s is not there.", task->call.name);
		row->items = task->call.with.source == NULL ? NULL : eval(place, &task->call.with, place->input, NULL, trouble);
		return row->items != NULL || task->call.with.source == NULL;
	}
	if (task->type == IR_FOR) {
		row->items = eval(place, &task->for_.in, place->input, NULL, trouble);
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

static bool enter_figures(struct place *place, struct row *row, struct trouble *trouble)
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
	bool good = enter_figures(place, &row, &trouble);
	if (good)
		drive_emit(place->drive, &row);
	else
		drive_fault(place, &trouble);
	datum_unref(row.items);
}

static void enter_leaf(struct place *place)
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
	if (task->type == IR_RUN_SCRIPT && strcmp(task->process.language, "sh") != 0 &&
		strcmp(task->process.language, "shell") != 0)
		return "scripts but those of sh";
	if (task->type != IR_CALL)
		return NULL;
	switch (task->call.callee) {
	case IR_HTTP:
	case IR_OPENAPI:
	case IR_OP:
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
	place->input = take_input(place, &trouble);
	if (place->input == NULL) {
		drive_fault(place, &trouble);
		return;
	}
	if (!is_there(place->task, &trouble))
		drive_fault(place, &trouble);
	else if (drive_is_leaf(place->task) && !is_extended(place))
		enter_leaf(place);
	else
		enter_frame(place);
	datum_unref(place->input);
}

static void enter(struct drive *drive, struct frame *block)
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
	enter_place(&place);
	datum_unref(place.raw);
	buf_fini(&path);
	buf_fini(&reference);
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
	place.input = take_input(&place, &trouble);
	if (place.input == NULL) {
		fault_run(drive, &trouble, "/input");
		return;
	}
	struct row row = drive_row(drive, ROW_ENTERED, NULL);
	row.input = datum_same_text(place.input, place.raw) ? NULL : place.input;
	bool good = enter_figures(&place, &row, &trouble);
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
	if (transform(&place, kept, false, &output, &context, &trouble))
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
		enter_leaf(place);
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
	place->input = take_input(place, &trouble);
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
		enter(drive, frame);
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
					(long long)((frame->timeout_us - frame->started_us) / 1000));
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
