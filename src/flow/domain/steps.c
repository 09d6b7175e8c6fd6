#include "flow/domain/steps.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/row.h"
#include "flow/domain/run.h"

const char *const step_status_names[STEP_STATUSES + 1] = {
	[STEP_PENDING] = "pending",     [STEP_RUNNING] = "running", [STEP_WAITING] = "waiting",
	[STEP_COMPLETED] = "completed", [STEP_FAULTED] = "faulted", [STEP_CANCELLED] = "cancelled",
	[STEP_SKIPPED] = "skipped",
};

bool step_may_become(enum step_status from, enum step_status to)
{
#define B(status) (1u << STEP_##status)
	static const unsigned edges[STEP_STATUSES] = {
		[STEP_PENDING] = B(RUNNING) | B(SKIPPED) | B(CANCELLED),
		[STEP_RUNNING] = B(WAITING) | B(COMPLETED) | B(FAULTED) | B(CANCELLED),
		[STEP_WAITING] = B(RUNNING) | B(COMPLETED) | B(FAULTED) | B(CANCELLED) | B(SKIPPED),
		[STEP_FAULTED] = B(PENDING) | B(SKIPPED),
		[STEP_CANCELLED] = B(PENDING) | B(SKIPPED),
		[STEP_SKIPPED] = B(PENDING),
		[STEP_COMPLETED] = B(PENDING),
	};
#undef B
	return (edges[from] >> to & 1) != 0;
}

double steps_percentage(int64_t done, int64_t all)
{
	return all > 0 ? round(100000.0 * (double)done / (double)all) / 1000 : 0;
}

const char *step_type_name(const struct ir_task *task)
{
	static const char *const names[] = {
		[IR_DO] = "do",         [IR_SET] = "set",        [IR_SWITCH] = "switch", [IR_FOR] = "for",
		[IR_FORK] = "fork",     [IR_RAISE] = "raise",    [IR_EMIT] = "emit",     [IR_LISTEN] = "listen",
		[IR_WAIT] = "wait",     [IR_TRY] = "try",        [IR_CALL] = "call",     [IR_RUN_WORKFLOW] = "run",
		[IR_RUN_SHELL] = "run", [IR_RUN_SCRIPT] = "run", [IR_DAG_STEPS] = "do",
	};
	return names[task->type];
}

static char *reference_of(const struct frame *block, const struct ir_task *task)
{
	struct buf text;
	buf_init(&text, 0);
	run_reference(block, task, &text);
	char *reference = buf_take(&text, NULL);
	must(reference != NULL);
	return reference;
}

static char *around(const struct frame *block)
{
	const char *path = block->parent == NULL ? NULL : block->parent->path;
	char *copy = strdup(path == NULL ? "" : path);
	must(copy != NULL);
	return copy;
}

struct step *steps_find(const struct steps *steps, const char *path)
{
	uintptr_t at = (uintptr_t)map_get(&steps->last, path);
	return at == 0 ? NULL : &steps->items[at - 1];
}

struct step *steps_add(struct steps *steps, const struct row *row)
{
	if (steps->count == steps->room) {
		steps->room = steps->room == 0 ? 32 : 2 * steps->room;
		steps->items = reallocarray(steps->items, steps->room, sizeof(*steps->items));
		must(steps->items != NULL);
	}
	struct step *step = &steps->items[steps->count++];
	*step = (struct step){.path = strdup(row->path),
						  .status = STEP_RUNNING,
						  .attempt = row->attempt,
						  .began_seq = row->seq,
						  .started_us = row->at_us};
	must(step->path != NULL && map_set(&steps->last, row->path, (void *)(uintptr_t)steps->count, NULL));
	return step;
}

void step_end(struct step *step, enum step_status status, const struct row *row)
{
	step->status = status;
	step->ended_us = row->at_us;
	step->ended_seq = row->seq;
	if (row->error != NULL)
		datum_set(&step->error, row->error);
}

void step_add_cost(struct step *step, const struct row *result)
{
	const struct json *amount = result->cost == NULL ? NULL : json_get(datum_tree(result->cost), "amount_micros");
	if (amount != NULL && amount->kind == JS_INT)
		step->cost_micros += amount->integer;
}

void step_drop(struct step *step)
{
	free(step->path);
	free(step->reference);
	free(step->around);
	free(step->skipped_reason);
	datum_unref(step->input);
	datum_unref(step->output);
	datum_unref(step->error);
	datum_unref(step->event);
}

static bool begins(const struct row *row, const struct frame *frame)
{
	bool in_block = frame != NULL && frame->is_block && frame->block != NULL && !run_is_function(frame);
	return in_block && (row->kind == ROW_ENTERED || row->kind == ROW_COMPLETED || row->kind == ROW_FAULTED ||
						row->kind == ROW_SKIPPED);
}

/* What a completed task gave: the row says, or it is what came in. */
static void take_output(struct step *step, const struct row *row, const struct frame *frame)
{
	struct datum *raw = frame->is_block ? frame->value : frame->raw;
	datum_set(&step->output, row->output != NULL ? row->output : raw);
	if (strcmp(step->type, "emit") == 0)
		datum_set(&step->event, row->event != NULL ? row->event : step->output);
}

static void end_all(struct steps *steps, const struct row *row)
{
	for (size_t i = 0; i < steps->count; i++) {
		struct step *step = &steps->items[i];
		if (step->status == STEP_RUNNING || step->status == STEP_WAITING)
			step_end(step, row->kind == ROW_RUN_COMPLETED ? STEP_COMPLETED : STEP_CANCELLED, row);
	}
}

static struct step *add(struct steps *steps, const struct row *row, const struct frame *block)
{
	const struct ir_task *task = &block->block->tasks[block->cursor];
	struct step *step = steps_add(steps, row);
	step->reference = reference_of(block, task);
	step->around = around(block);
	step->name = task->name;
	step->type = step_type_name(task);
	return step;
}

static struct step *begin(struct steps *steps, const struct row *row, const struct frame *frame)
{
	struct step *step = steps_find(steps, row->path);
	if (step == NULL || step->attempt != row->attempt) /* the same attempt again is the same step */
		step = add(steps, row, frame);
	step->status = STEP_RUNNING;
	step->ended_us = 0;
	datum_set(&step->input, row->input != NULL ? row->input : frame->value);
	return step;
}

static void skip(struct step *step, const struct row *row)
{
	step_end(step, STEP_SKIPPED, row);
	free(step->skipped_reason);
	step->skipped_reason = strdup(row->by != NULL ? "operator" : row->reason == NULL ? "condition" : row->reason);
	if (row->output != NULL)
		datum_set(&step->output, row->output);
}

/* Of a DAG it is the step's end; elsewhere the step's next row says what became of it. */
static void take_patch(struct step *step, const struct row *row)
{
	if (row->definite)
		skip(step, row);
	else if (row->output != NULL)
		step_end(step, STEP_COMPLETED, row), datum_set(&step->output, row->output);
	else
		step->status = STEP_RUNNING;
}

static void watch_step(struct steps *steps, const struct row *row, const struct frame *frame)
{
	struct step *step = begins(row, frame) ? begin(steps, row, frame) : steps_find(steps, row->path);
	if (step == NULL || frame == NULL)
		return;
	if (row->kind == ROW_RESULT)
		step_add_cost(step, row);
	switch (row->kind) {
	case ROW_ENTERED:
		step->status = row->due_us > 0 ? STEP_WAITING : STEP_RUNNING;
		break;
	case ROW_COMPLETED:
		step_end(step, STEP_COMPLETED, row);
		take_output(step, row, frame);
		break;
	case ROW_SKIPPED:
		skip(step, row);
		break;
	case ROW_FAULTED:
		step_end(step, STEP_FAULTED, row);
		break;
	case ROW_CANCELLED:
		step_end(step, STEP_CANCELLED, row);
		break;
	case ROW_RETRIED: /* it begins as another one */
		if (step->ended_us == 0)
			step_end(step, STEP_FAULTED, row), datum_set(&step->error, frame->error);
		break;
	case ROW_PATCHED:
		take_patch(step, row);
		break;
	case ROW_HELD:
		step->status = STEP_WAITING;
		break;
	case ROW_CAUGHT:
		step->status = row->due_us > 0 ? STEP_WAITING : STEP_RUNNING;
		break;
	case ROW_INTENT:
		step->effect = true;
		step->once = !frame->is_block && frame->task->at_most_once;
		step->status = !frame->is_block && ask_is_for_others(frame->task) ? STEP_WAITING : STEP_RUNNING;
		step->attempt = row->attempt;
		step->deliveries = row->n;
		break;
	default:
		step->status = STEP_RUNNING;
		break;
	}
}

void steps_watch(void *self, const struct run *run, const struct row *row, const struct frame *frame)
{
	struct steps *steps = self;
	(void)run;
	if (row->path != NULL && row->path[0] != '\0')
		watch_step(steps, row, frame);
	else if (row->kind == ROW_RUN_COMPLETED || row->kind == ROW_RUN_FAULTED || row->kind == ROW_RUN_CANCELLED)
		end_all(steps, row);
}

void steps_init(struct steps *steps)
{
	*steps = (struct steps){.count = 0};
	map_init(&steps->last, NULL, NULL);
}

void steps_fini(struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		step_drop(&steps->items[i]);
	free(steps->items);
	map_fini(&steps->last);
}
