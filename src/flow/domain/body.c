#include "flow/domain/body.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/frame.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"

void body_set_variable(struct frame *block, int at, const char *name, struct datum *value)
{
	block->variables[at] = (struct variable){.name = name, .value = value};
}

struct frame *body_open_block(struct run *run, struct frame *task, const struct ir_block *list, enum block_role role,
							  struct datum *value)
{
	struct frame *block = frame_open(run, task);
	block->is_block = true;
	block->role = role;
	block->block = list;
	block->reference = task->reference;
	block->rounds = task->rounds;
	block->value = datum_ref(value);
	block->state = list->count == 0 ? FRAME_ENDED : FRAME_OPEN;
	run_ready(run, list->count == 0 ? task : block);
	return block;
}

/* A block of one task that stands in no list. */
struct frame *body_open_single(struct run *run, struct frame *owner, struct ir_task *task, struct datum *value)
{
	static const struct ir_block one = {.count = 1};
	struct frame *block = body_open_block(run, owner, &one, BLOCK_BRANCH, value);
	block->single = (struct ir_block){.count = 1, .tasks = task};
	block->block = &block->single;
	return block;
}

/* The rounds of a loop show in the step paths below it. */
void body_number_round(struct frame *block, uint32_t round)
{
	struct buf text;
	buf_init(&text, 0);
	buf_addf(&text, "%s%s%u", block->rounds, block->rounds[0] == '\0' ? "" : ".", round);
	block->rounds = block->own_rounds = buf_take(&text, NULL);
	must(block->rounds != NULL);
	block->round = round;
}

static void make_results(struct frame *frame, size_t count)
{
	frame->results_count = count;
	frame->results = calloc(count + 1, sizeof(*frame->results));
	frame->errors = calloc(count + 1, sizeof(*frame->errors));
	must(frame->results != NULL && frame->errors != NULL);
}

static void open_branches(struct run *run, struct frame *frame)
{
	const struct ir_block *branches = &frame->task->fork.branches;
	make_results(frame, branches->count);
	for (uint32_t i = 0; i < branches->count; i++) {
		struct frame *block = body_open_block(run, frame, branches, BLOCK_BRANCH, frame->input);
		block->cursor = i;
		block->round = i;
	}
}

void body_step_is_ready(struct frame *frame, uint32_t step)
{
	frame->queue[frame->queue_first + frame->steps_ready++] = step;
}

static void open_dag(struct frame *frame)
{
	const struct ir_task *task = frame->task;
	make_results(frame, task->dag.count);
	frame->steps = calloc(task->dag.count, 1);
	frame->left = calloc(task->dag.count, sizeof(*frame->left));
	frame->queue = calloc(task->dag.count, sizeof(*frame->queue));
	must(frame->steps != NULL && frame->left != NULL && frame->queue != NULL);
	for (uint32_t i = 0; i < task->dag.count; i++) {
		frame->left[i] = (uint32_t)task->dag.steps[i].depends_count;
		if (frame->left[i] == 0)
			body_step_is_ready(frame, i);
	}
}

uint32_t run_dag_next(const struct frame *frame)
{
	return frame->queue[frame->queue_first];
}

struct datum *run_dag_input(const struct frame *frame)
{
	static const char *const names[] = {
		[DAG_PENDING] = "pending", [DAG_RUNNING] = "running",         [DAG_COMPLETED] = "completed",
		[DAG_SKIPPED] = "skipped", [DAG_UPSTREAM_FAILED] = "skipped", [DAG_FAULTED] = "faulted",
	};
	struct buf text;
	struct jw jw;
	size_t size;
	const char *input = datum_bytes(frame->input, &size);
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_key(&jw, "inputs");
	jw_raw(&jw, input, size);
	jw_key(&jw, "steps");
	jw_object(&jw);
	for (size_t i = 0; i < frame->task->dag.count; i++) {
		if (frame->steps[i] == DAG_PENDING || frame->steps[i] == DAG_RUNNING)
			continue;
		const char *output = frame->steps[i] == DAG_COMPLETED ? datum_bytes(frame->results[i], &size) : "null";
		jw_key(&jw, frame->task->dag.steps[i].task.name);
		jw_object(&jw);
		jw_key(&jw, "output");
		jw_raw(&jw, output, strlen(output));
		jw_member_str(&jw, "status", names[frame->steps[i]]);
		jw_object_end(&jw);
	}
	jw_object_end(&jw);
	jw_object_end(&jw);
	return datum_take_buf(&text);
}

static void open_call(struct run *run, struct frame *frame)
{
	const struct ir_task *task = frame->task;
	if (task->call.callee == IR_FUNCTION) {
		body_open_single(run, frame, (struct ir_task *)(uintptr_t)task->call.function,
						 frame->items != NULL ? frame->items : frame->input);
		return;
	}
	frame->state = FRAME_WAITING;
	run_ready(run, frame);
}

/* The list of a try: the time of an attempt is its block's time-out. */
static void open_attempt(struct run *run, struct frame *frame, const struct row *row)
{
	if (row->kind != ROW_TIMER) /* of a retry */
		frame->attempt_ms = row->n;
	struct frame *block = body_open_block(run, frame, &frame->task->try_.block, BLOCK_BODY, frame->input);
	if (frame->attempt_ms == 0)
		return;
	block->limit_us = frame->attempt_ms * 1000;
	block->timeout_us = row->at_us + block->limit_us;
}

void body_open(struct run *run, struct frame *frame, const struct row *row)
{
	const struct ir_task *task = frame->task;
	switch (task->type) {
	case IR_DO:
		body_open_block(run, frame, &task->block, BLOCK_BODY, frame->input);
		break;
	case IR_TRY:
		open_attempt(run, frame, row);
		break;
	case IR_FORK:
		open_branches(run, frame);
		break;
	case IR_FOR:
		if (task->for_.parallel > 0)
			make_results(frame, datum_tree(frame->items)->count);
		run_ready(run, frame);
		break;
	case IR_DAG_STEPS:
		open_dag(frame);
		run_ready(run, frame);
		break;
	case IR_CALL:
		open_call(run, frame);
		break;
	case IR_LISTEN:
		listening_open(run, frame);
		frame->listening->since = row->n;
		break;
	default: /* waits for a timer or an answer */
		frame->state = FRAME_WAITING;
		run_ready(run, frame);
		break;
	}
}

/* In the definition's own tree the reference is there already; a function's body hangs below the task that calls it. */
static const char *ready_reference(const struct frame *block, const struct ir_task *task)
{
	size_t base = strlen(block->reference), segment = strlen(task->segment);
	bool own = strlen(task->reference) == base + segment && strncmp(task->reference, block->reference, base) == 0;
	return own ? task->reference : NULL;
}

struct frame *body_open_task(struct run *run, struct frame *block, const struct ir_task *task, const struct row *row)
{
	struct frame *frame = frame_open(run, block);
	const char *reference = block == NULL ? "" : ready_reference(block, task);
	if (reference == NULL) {
		struct buf text;
		buf_init(&text, 0);
		run_reference(block, task, &text);
		reference = frame->own_reference = buf_take(&text, NULL);
		must(reference != NULL);
	}
	frame->reference = reference;
	frame->rounds = block == NULL ? "" : block->rounds;
	frame->task = task;
	frame->path = strdup(row->path == NULL ? "" : row->path);
	must(frame->path != NULL);
	frame->raw = datum_ref(block == NULL ? run->input : block->value);
	frame->input = datum_ref(row->input != NULL ? row->input : frame->raw);
	frame->items = row->items == NULL ? NULL : datum_ref(row->items);
	frame->attempt = row->attempt;
	frame->started_us = row->at_us;
	frame->due_us = row->due_us;
	frame->timeout_us = row->timeout_us;
	frame->limit_us = row->timeout_us > 0 ? row->timeout_us - row->at_us : 0;
	return frame;
}
