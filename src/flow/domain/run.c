#include "flow/domain/run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"

const char *const run_status_names[RUN_STATUSES] = {
	[RUN_PENDING] = "pending",     [RUN_RUNNING] = "running",     [RUN_WAITING] = "waiting",
	[RUN_SUSPENDED] = "suspended", [RUN_COMPLETED] = "completed", [RUN_FAULTED] = "faulted",
	[RUN_CANCELLED] = "cancelled",
};

bool run_may_become(enum run_status from, enum run_status to)
{
#define B(status) (1u << RUN_##status)
	static const unsigned edges[RUN_STATUSES] = {
		[RUN_PENDING] = B(RUNNING) | B(SUSPENDED) | B(CANCELLED) | B(FAULTED),
		[RUN_RUNNING] = B(WAITING) | B(SUSPENDED) | B(COMPLETED) | B(FAULTED) | B(CANCELLED),
		[RUN_WAITING] = B(RUNNING) | B(SUSPENDED) | B(FAULTED) | B(CANCELLED),
		[RUN_SUSPENDED] = B(RUNNING) | B(CANCELLED),
		[RUN_FAULTED] = B(RUNNING),
		[RUN_CANCELLED] = B(RUNNING),
	};
#undef B
	return (edges[from] >> to & 1) != 0;
}

bool run_is_over(enum run_status status)
{
	return status == RUN_COMPLETED || status == RUN_FAULTED || status == RUN_CANCELLED;
}

/* --- frames --- */

struct frame *run_frame(const struct run *run, uint32_t number)
{
	size_t low = 0, high = run->frames_count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (run->frames[middle]->number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low < run->frames_count && run->frames[low]->number == number ? run->frames[low] : NULL;
}

struct frame *run_nth(const struct run *run, size_t index)
{
	return index < run->frames_count ? run->frames[index] : NULL;
}

struct frame *run_find(const struct run *run, const char *path)
{
	for (size_t i = 0; i < run->frames_count; i++)
		if (!run->frames[i]->is_block && strcmp(run->frames[i]->path, path) == 0)
			return run->frames[i];
	return NULL;
}

static void link_child(struct frame *parent, struct frame *child)
{
	child->parent = parent;
	if (parent == NULL)
		return;
	child->prev = parent->last;
	if (parent->last != NULL)
		parent->last->next = child;
	else
		parent->first = child;
	parent->last = child;
}

static void unlink_child(struct frame *child)
{
	struct frame *parent = child->parent;
	if (child->prev != NULL)
		child->prev->next = child->next;
	else if (parent != NULL)
		parent->first = child->next;
	if (child->next != NULL)
		child->next->prev = child->prev;
	else if (parent != NULL)
		parent->last = child->prev;
	child->prev = child->next = NULL;
}

static struct frame *open_frame(struct run *run, struct frame *parent)
{
	struct frame *frame = calloc(1, sizeof *frame);
	must(frame != NULL);
	frame->number = run->next_frame++;
	frame->rounds = "";
	link_child(parent, frame);
	if (run->frames_count == run->frames_room) {
		run->frames_room = run->frames_room == 0 ? 16 : 2 * run->frames_room;
		run->frames = reallocarray(run->frames, run->frames_room, sizeof(*run->frames));
		must(run->frames != NULL);
	}
	run->frames[run->frames_count++] = frame;
	return frame;
}

void run_ready(struct run *run, struct frame *frame)
{
	if (frame == NULL || frame->ready)
		return;
	frame->ready = true;
	frame->ready_next = NULL;
	frame->ready_prev = run->ready_last;
	if (run->ready_last != NULL)
		run->ready_last->ready_next = frame;
	else
		run->ready_first = frame;
	run->ready_last = frame;
}

static void not_ready(struct run *run, struct frame *frame)
{
	if (!frame->ready)
		return;
	frame->ready = false;
	if (frame->ready_prev != NULL)
		frame->ready_prev->ready_next = frame->ready_next;
	else
		run->ready_first = frame->ready_next;
	if (frame->ready_next != NULL)
		frame->ready_next->ready_prev = frame->ready_prev;
	else
		run->ready_last = frame->ready_prev;
}

struct frame *run_next_ready(struct run *run)
{
	struct frame *frame = run->ready_first;
	if (frame != NULL)
		not_ready(run, frame);
	return frame;
}

static void free_values(struct datum **values, size_t count)
{
	for (size_t i = 0; values != NULL && i < count; i++)
		datum_unref(values[i]);
	free(values);
}

static void free_frame(struct frame *frame)
{
	struct datum *held[] = {frame->value,
							frame->error,
							frame->raw,
							frame->input,
							frame->items,
							frame->request,
							frame->cost,
							frame->variables[0].value,
							frame->variables[1].value};
	for (size_t i = 0; i < sizeof held / sizeof *held; i++)
		datum_unref(held[i]);
	free_values(frame->results, frame->results_count);
	free_values(frame->errors, frame->results_count);
	free(frame->steps);
	free(frame->left);
	free(frame->queue);
	free(frame->path);
	free(frame->own_reference);
	free(frame->own_rounds);
	free(frame);
}

static void forget_number(struct run *run, uint32_t number)
{
	size_t at = run->frames_count;
	while (run->frames[--at]->number != number)
		must(at > 0);
	memmove(run->frames + at, run->frames + at + 1, (run->frames_count - at - 1) * sizeof(*run->frames));
	run->frames_count--;
}

static void free_unsure(struct unsure *unsure)
{
	if (unsure == NULL)
		return;
	datum_unref(unsure->request);
	datum_unref(unsure->cost);
	free(unsure);
}

const struct unsure *run_unsure(const struct run *run, const char *path)
{
	return map_get(&run->unsure, path);
}

static void note_unsure(struct run *run, const struct frame *frame)
{
	if (frame->request == NULL || !run_repeatable(frame->parent))
		return;
	struct unsure *unsure = malloc(sizeof *unsure);
	void *old = NULL;
	must(unsure != NULL);
	*unsure = (struct unsure){
		.attempt = frame->attempt, .deliveries = frame->deliveries, .request = datum_ref(frame->request)};
	datum_set(&unsure->cost, frame->cost);
	must(map_set(&run->unsure, frame->path, unsure, &old));
	free_unsure(old);
}

/* Close a frame and all below it. */
static void close_frame(struct run *run, struct frame *frame)
{
	if (frame->sent)
		note_unsure(run, frame);
	while (frame->last != NULL)
		close_frame(run, frame->last);
	not_ready(run, frame);
	unlink_child(frame);
	forget_number(run, frame->number);
	if (run->root == frame)
		run->root = NULL;
	free_frame(frame);
}

static void close_children(struct run *run, struct frame *frame)
{
	while (frame->last != NULL)
		close_frame(run, frame->last);
}

/* --- names --- */

/* In the definition's own tree the reference is there already; a function's body hangs below the task that calls it. */
static const char *ready_reference(const struct frame *block, const struct ir_task *task)
{
	size_t base = strlen(block->reference), segment = strlen(task->segment);
	bool own = strlen(task->reference) == base + segment && strncmp(task->reference, block->reference, base) == 0;
	return own ? task->reference : NULL;
}

void run_reference(const struct frame *block, const struct ir_task *task, struct buf *text)
{
	buf_adds(text, block->reference);
	buf_adds(text, task->segment);
}

static void path_without_visit(const struct frame *block, const struct ir_task *task, struct buf *text)
{
	run_reference(block, task, text);
	if (block->rounds[0] != '\0') {
		buf_addc(text, '#');
		buf_adds(text, block->rounds);
	}
}

bool run_is_function(const struct frame *block)
{
	const struct frame *caller = block->parent;
	return caller != NULL && caller->task->type == IR_CALL && caller->task->call.callee == IR_FUNCTION;
}

void run_path(const struct run *run, const struct frame *block, const struct ir_task *task, struct buf *text)
{
	if (run_is_function(block)) {
		buf_adds(text, block->parent->path);
		return;
	}
	path_without_visit(block, task, text);
	if (!task->may_revisit)
		return;
	uintptr_t visits = (uintptr_t)map_get(&run->visits, buf_text(text));
	if (visits > 0)
		buf_addf(text, "~%zu", (size_t)visits + 1);
}

uint32_t run_attempt(const struct run *run, const char *path)
{
	const struct unsure *unsure = run_unsure(run, path);
	return unsure != NULL ? unsure->attempt : (uint32_t)(uintptr_t)map_get(&run->attempts, path) + 1;
}

bool run_repeatable(const struct frame *frame)
{
	for (; frame != NULL; frame = frame->parent) {
		if (!frame->is_block && frame->task->type == IR_TRY && frame->task->try_.retry.given)
			return true;
		if (!frame->is_block && frame->task->type == IR_DAG_STEPS)
			return true;
	}
	return false;
}

/* A task begins, by whatever row. */
static void count_entry(struct run *run, const struct frame *block, const struct ir_task *task, const struct row *row)
{
	if (run_is_function(block))
		return; /* the calling task was counted */
	run->executions++;
	if (row->attempt <= 1)
		run->steps++;
	if (row->attempt > 1 || run_repeatable(block))
		must(map_set(&run->attempts, row->path, (void *)(uintptr_t)row->attempt, NULL));
	if (!task->may_revisit || row->attempt > 1)
		return;
	struct buf path;
	buf_init(&path, 0);
	path_without_visit(block, task, &path);
	uintptr_t visits = (uintptr_t)map_get(&run->visits, buf_text(&path));
	must(map_set(&run->visits, buf_text(&path), (void *)(visits + 1), NULL));
	buf_fini(&path);
}

/* --- opening --- */

static void set_variable(struct frame *block, int at, const char *name, struct datum *value)
{
	block->variables[at] = (struct variable){.name = name, .value = value};
}

static struct frame *open_block(struct run *run, struct frame *task, const struct ir_block *list, enum block_role role,
								struct datum *value)
{
	struct frame *block = open_frame(run, task);
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
static struct frame *open_single(struct run *run, struct frame *owner, struct ir_task *task, struct datum *value)
{
	static const struct ir_block one = {.count = 1};
	struct frame *block = open_block(run, owner, &one, BLOCK_BRANCH, value);
	block->single = (struct ir_block){.count = 1, .tasks = task};
	block->block = &block->single;
	return block;
}

/* The rounds of a loop show in the step paths below it. */
static void number_round(struct frame *block, uint32_t round)
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
		struct frame *block = open_block(run, frame, branches, BLOCK_BRANCH, frame->input);
		block->cursor = i;
		block->round = i;
	}
}

static void step_is_ready(struct frame *frame, uint32_t step)
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
			step_is_ready(frame, i);
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
		open_single(run, frame, (struct ir_task *)(uintptr_t)task->call.function,
					frame->items != NULL ? frame->items : frame->input);
		return;
	}
	frame->state = FRAME_WAITING;
	run_ready(run, frame);
}

static void open_body(struct run *run, struct frame *frame)
{
	const struct ir_task *task = frame->task;
	switch (task->type) {
	case IR_DO:
		open_block(run, frame, &task->block, BLOCK_BODY, frame->input);
		break;
	case IR_TRY:
		open_block(run, frame, &task->try_.block, BLOCK_BODY, frame->input);
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
	default: /* waits for a timer or an answer */
		frame->state = FRAME_WAITING;
		run_ready(run, frame);
		break;
	}
}

static struct frame *open_task(struct run *run, struct frame *block, const struct ir_task *task, const struct row *row)
{
	struct frame *frame = open_frame(run, block);
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
	frame->started_us = frame->attempt_us = row->at_us;
	frame->due_us = row->due_us;
	frame->timeout_us = row->timeout_us;
	return frame;
}

/* --- rows --- */

static bool misfit(const struct row *row, struct err *err)
{
	return err_set(err, ERR_INTERNAL, "Row %lld, %s at %s, does not fit the state of the run.", (long long)row->seq,
				   row_kind_names[row->kind], row->path == NULL ? "the run" : row->path);
}

/* The block's current task has ended: on with the flow. */
static void advance(struct run *run, struct frame *block, const struct row *row, struct datum *output)
{
	datum_set(&block->value, output);
	block->busy = false;
	if (row->then == IR_END)
		datum_set(&run->ended, output);
	block->cursor = row->then == IR_GOTO ? row->index : block->cursor + 1;
	bool over = row->then == IR_EXIT || row->then == IR_END || block->cursor >= block->block->count ||
				block->role == BLOCK_BRANCH;
	block->state = over ? FRAME_ENDED : FRAME_OPEN;
	run_ready(run, over ? block->parent : block);
}

static const struct ir_task *current(const struct frame *block)
{
	return &block->block->tasks[block->cursor];
}

static void apply_started(struct run *run, const struct row *row)
{
	run->status = RUN_RUNNING;
	run->started_us = row->at_us;
	datum_set(&run->input, row->input);
}

static void apply_entered(struct run *run, const struct row *row, struct frame *block)
{
	const struct ir_task *task = block == NULL ? &run->ir->root : current(block);
	if (block != NULL) {
		count_entry(run, block, task, row);
		block->busy = true;
	}
	struct frame *frame = open_task(run, block, task, row);
	if (block == NULL)
		run->root = frame;
	open_body(run, frame);
}

static void apply_completed(struct run *run, const struct row *row, struct frame *frame)
{
	struct frame *block = frame->is_block ? frame : frame->parent;
	struct datum *output = datum_ref(row->output != NULL ? row->output : frame->is_block ? frame->value : frame->raw);
	if (row->context != NULL)
		datum_set(&run->context, row->context);
	if (frame->is_block && row->kind == ROW_COMPLETED)
		count_entry(run, frame, current(frame), row);
	if (!frame->is_block)
		close_frame(run, frame);
	block->skipped = row->kind == ROW_SKIPPED;
	block->upstream = row->reason != NULL && strcmp(row->reason, "upstream_failed") == 0;
	advance(run, block, row, output);
	datum_unref(output);
}

static void apply_faulted(struct run *run, const struct row *row, struct frame *frame)
{
	struct frame *block = frame->is_block ? frame : frame->parent;
	if (frame->is_block)
		count_entry(run, frame, current(frame), row);
	else if (block != NULL)
		close_frame(run, frame);
	if (block == NULL) /* the root: the run's end follows */
		block = frame;
	block->busy = false;
	block->state = FRAME_FAILED;
	datum_set(&block->error, row->error);
	run_ready(run, block->parent != NULL ? block->parent : block);
}

static void apply_cancelled(struct run *run, struct frame *frame)
{
	struct frame *block = frame->parent;
	close_frame(run, frame);
	if (block != NULL) {
		block->busy = false;
		block->state = FRAME_ENDED;
	}
}

/* What the round before gave, or the loop's input; its block is closed. */
static struct datum *take_last_round(struct run *run, struct frame *frame)
{
	struct datum *value = datum_ref(frame->last != NULL ? frame->last->value : frame->input);
	close_children(run, frame);
	return value;
}

static void apply_for_round(struct run *run, const struct row *row, struct frame *frame)
{
	const struct ir_task *task = frame->task;
	struct datum *value = task->for_.parallel > 0 ? datum_ref(frame->input) : take_last_round(run, frame);
	struct frame *block = open_block(run, frame, &task->for_.block, BLOCK_ROUND, value);
	number_round(block, row->index);
	set_variable(block, 0, task->for_.each, datum_json(&datum_tree(frame->items)->items[row->index]));
	char text[16];
	int size = snprintf(text, sizeof text, "%u", row->index);
	set_variable(block, 1, task->for_.at, datum_text(text, (size_t)size));
	datum_unref(value);
	frame->rounds_begun = row->index + 1;
}

/* What depends on the step may now be ready. */
static void end_step(struct frame *frame, const struct frame *block)
{
	const struct ir_step *step = &frame->task->dag.steps[block->round];
	frame->steps[block->round] = block->state == FRAME_FAILED ? DAG_FAULTED
								 : !block->skipped            ? DAG_COMPLETED
								 : block->upstream            ? DAG_UPSTREAM_FAILED
															  : DAG_SKIPPED;
	for (size_t i = 0; i < step->dependents_count; i++)
		if (--frame->left[step->dependents[i]] == 0)
			step_is_ready(frame, step->dependents[i]);
}

static void open_step(struct run *run, struct frame *frame, uint32_t index)
{
	struct datum *value = run_dag_input(frame);
	frame->queue_first++;
	frame->steps_ready--;
	frame->steps[index] = DAG_RUNNING;
	frame->rounds_begun++;
	struct ir_task *task = &frame->task->dag.steps[index].task;
	struct frame *block = open_single(run, frame, task, value);
	block->round = index;
	datum_unref(value);
}

/* A block of a parallel loop, a fork or a DAG is over: its value or error is kept, the block is closed. */
static void keep_result(struct run *run, struct frame *block)
{
	struct frame *frame = block->parent;
	bool failed = block->state == FRAME_FAILED;
	datum_set(failed ? &frame->errors[block->round] : &frame->results[block->round],
			  failed ? block->error : block->value);
	frame->rounds_over++;
	if (frame->steps != NULL)
		end_step(frame, block);
	close_frame(run, block);
	run_ready(run, frame);
}

static bool apply_round(struct run *run, const struct row *row, struct frame *frame, struct err *err)
{
	if (frame->is_block) { /* it is over, and what it gave is kept */
		if (frame->parent == NULL || frame->parent->results == NULL)
			return misfit(row, err);
		keep_result(run, frame);
		return true;
	}
	if (frame->task->type == IR_DAG_STEPS) {
		if (frame->steps_ready == 0 || run_dag_next(frame) != row->index)
			return misfit(row, err);
		open_step(run, frame, row->index);
		run_ready(run, frame);
		return true;
	}
	if (frame->task->type != IR_FOR || row->index >= datum_tree(frame->items)->count)
		return misfit(row, err);
	apply_for_round(run, row, frame);
	run_ready(run, frame);
	return true;
}

static bool apply_caught(struct run *run, const struct row *row, struct frame *frame, struct err *err)
{
	if (frame->is_block) { /* a step of a DAG will be tried again */
		frame->state = FRAME_WAITING;
		frame->retries = row->n;
		frame->due_us = row->due_us;
		return true;
	}
	if (frame->task->type != IR_TRY)
		return misfit(row, err);
	close_children(run, frame);
	frame->caught = true;
	if (row->due_us > 0) {
		frame->state = FRAME_WAITING;
		frame->retries = row->n;
		frame->due_us = row->due_us;
	} else if (frame->task->try_.has_do) {
		frame->state = FRAME_OPEN;
		struct frame *block = open_block(run, frame, &frame->task->try_.catch_do, BLOCK_CATCH, frame->input);
		set_variable(block, 0, frame->task->try_.as, datum_ref(row->error));
	} else {
		frame->state = FRAME_ENDED;
		datum_set(&frame->value, frame->input);
		run_ready(run, frame);
	}
	return true;
}

static void apply_timer(struct run *run, const struct row *row, struct frame *frame)
{
	if (frame->is_block) {
		frame->due_us = 0;
		frame->state = FRAME_OPEN;
	} else if (row->timeout) {
		frame->timeout_us = 0;
		frame->state = FRAME_FAILED;
		datum_set(&frame->error, row->error);
	} else if (frame->task->type == IR_TRY) {
		frame->due_us = 0;
		frame->state = FRAME_OPEN;
		frame->caught = false;
		frame->attempt_us = row->at_us;
		open_body(run, frame);
	} else {
		frame->due_us = 0;
		frame->state = FRAME_ENDED;
		datum_set(&frame->value, frame->input);
	}
	run_ready(run, frame);
}

static void apply_intent(struct run *run, const struct row *row, struct frame *frame)
{
	free_unsure(map_remove(&run->unsure, frame->path));
	if (row->attempt != frame->attempt) { /* its request came out different: a new attempt */
		frame->attempt = row->attempt;
		must(map_set(&run->attempts, frame->path, (void *)(uintptr_t)row->attempt, NULL));
	}
	frame->sent = true;
	frame->state = FRAME_WAITING;
	frame->deliveries = row->n;
	if (row->request != NULL)
		datum_set(&frame->request, row->request);
	if (row->cost != NULL)
		datum_set(&frame->cost, row->cost);
}

static void apply_result(struct run *run, const struct row *row, struct frame *frame)
{
	frame->sent = false;
	if (row->error != NULL && !row->definite)
		note_unsure(run, frame);
	frame->state = row->error != NULL ? FRAME_FAILED : FRAME_ENDED;
	datum_set(row->error != NULL ? &frame->error : &frame->value, row->error != NULL ? row->error : row->output);
	run_ready(run, frame);
}

static void shift_timers(struct run *run, int64_t by_us)
{
	for (size_t i = 0; i < run->frames_count; i++)
		if (run->frames[i]->timeout_us > 0)
			run->frames[i]->timeout_us += by_us;
}

static void apply_suspended(struct run *run, const struct row *row)
{
	run->status = RUN_SUSPENDED;
	run->suspended_us = row->at_us;
	run->reason = row->reason != NULL && strcmp(row->reason, "budget") == 0 ? "budget" : "paused";
	datum_set(&run->halt, row->cost);
}

static void apply_resumed(struct run *run, const struct row *row)
{
	run->status = RUN_RUNNING;
	run->reason = NULL;
	datum_set(&run->halt, NULL);
	shift_timers(run, row->at_us - run->suspended_us); /* the clock of a timeout stands still meanwhile */
	for (size_t i = 0; i < run->frames_count; i++)
		run_ready(run, run->frames[i]);
}

static void apply_end(struct run *run, const struct row *row)
{
	run->status = row->kind == ROW_RUN_COMPLETED ? RUN_COMPLETED
				  : row->kind == ROW_RUN_FAULTED ? RUN_FAULTED
												 : RUN_CANCELLED;
	run->ended_us = row->at_us;
	datum_set(&run->output, row->output);
	datum_set(&run->error, row->error);
	if (run->status == RUN_COMPLETED && run->root != NULL)
		close_frame(run, run->root);
}

static bool apply_to_frame(struct run *run, const struct row *row, struct frame *frame, struct err *err)
{
	if (frame == NULL || (frame->is_block && frame->block == NULL))
		return misfit(row, err);
	bool needs_task = row->kind == ROW_CANCELLED || row->kind == ROW_INTENT || row->kind == ROW_RESULT;
	if (needs_task && frame->is_block)
		return misfit(row, err);
	bool enters = row->kind == ROW_ENTERED || (frame->is_block && row->kind != ROW_ROUND);
	if (enters && (!frame->is_block || frame->busy || frame->cursor >= frame->block->count))
		return misfit(row, err);
	switch (row->kind) {
	case ROW_ENTERED:
		apply_entered(run, row, frame);
		break;
	case ROW_COMPLETED:
	case ROW_SKIPPED:
		apply_completed(run, row, frame);
		break;
	case ROW_FAULTED:
		apply_faulted(run, row, frame);
		break;
	case ROW_CANCELLED:
		apply_cancelled(run, frame);
		break;
	case ROW_ROUND:
		return apply_round(run, row, frame, err);
	case ROW_CAUGHT:
		return apply_caught(run, row, frame, err);
	case ROW_TIMER:
		apply_timer(run, row, frame);
		break;
	case ROW_INTENT:
		apply_intent(run, row, frame);
		break;
	case ROW_RESULT:
		apply_result(run, row, frame);
		break;
	default:
		return misfit(row, err);
	}
	return true;
}

/* What a row has to bring along for the state at hand; a damaged journal may lack it. */
static bool is_whole(const struct run *run, const struct row *row, const struct frame *frame)
{
	bool in_block = frame != NULL && frame->is_block;
	switch (row->kind) {
	case ROW_STARTED:
		return row->input != NULL && run->status == RUN_PENDING;
	case ROW_ENTERED:
		return frame == NULL ? run->status == RUN_RUNNING && run->input != NULL
							 : row->path != NULL && in_block && frame->cursor < frame->block->count &&
								   (current(frame)->type != IR_FOR ||
									(row->items != NULL && datum_tree(row->items)->kind == JS_ARRAY));
	case ROW_COMPLETED:
	case ROW_SKIPPED:
		return row->path != NULL && frame != NULL && (in_block || frame->parent != NULL);
	case ROW_FAULTED:
		return row->path != NULL && row->error != NULL;
	case ROW_CAUGHT:
		return row->error != NULL;
	case ROW_RESULT:
		return row->error != NULL || row->output != NULL;
	case ROW_TIMER:
		return frame != NULL && (row->timeout ? row->error != NULL && !in_block : frame->state == FRAME_WAITING);
	case ROW_ROUND:
		return frame != NULL && (!in_block || frame->state == FRAME_ENDED || frame->state == FRAME_FAILED);
	default:
		return true;
	}
}

bool run_apply(struct run *run, const struct row *row, struct err *err)
{
	struct frame *frame = row->frame == ROW_NO_FRAME ? NULL : run_frame(run, row->frame);
	if (!is_whole(run, row, frame))
		return misfit(row, err);
	if (run->watch != NULL)
		run->watch(run->watch_self, run, row, frame);
	switch (row->kind) {
	case ROW_STARTED:
		apply_started(run, row);
		break;
	case ROW_SUSPENDED:
		apply_suspended(run, row);
		break;
	case ROW_RESUMED:
		apply_resumed(run, row);
		break;
	case ROW_RUN_COMPLETED:
	case ROW_RUN_FAULTED:
	case ROW_RUN_CANCELLED:
		apply_end(run, row);
		break;
	default:
		if (row->kind == ROW_ENTERED && row->frame == ROW_NO_FRAME && run->root == NULL)
			apply_entered(run, row, NULL);
		else if (!apply_to_frame(run, row, frame, err))
			return false;
	}
	run->seq = row->seq;
	run->now_us = row->at_us;
	return true;
}

int64_t run_due(const struct run *run)
{
	int64_t due = 0;
	for (size_t i = 0; i < run->frames_count; i++) {
		const struct frame *frame = run->frames[i];
		if (frame->due_us > 0 && (due == 0 || frame->due_us < due))
			due = frame->due_us;
		if (frame->timeout_us > 0 && (due == 0 || frame->timeout_us < due))
			due = frame->timeout_us;
	}
	return due;
}

/* --- life --- */

void run_init(struct run *run, const struct ir *ir, const char *id, const char *seed)
{
	*run = (struct run){.ir = ir, .id = id, .seed = seed};
	run->context = datum_text("{}", 2);
	map_init(&run->visits, NULL, NULL);
	map_init(&run->attempts, NULL, NULL);
	map_init(&run->unsure, NULL, NULL);
}

void run_fini(struct run *run)
{
	while (run->frames_count > 0)
		close_frame(run, run->frames[0]);
	free(run->frames);
	struct datum *held[] = {run->halt, run->input, run->context, run->output, run->error, run->ended};
	for (size_t i = 0; i < sizeof held / sizeof *held; i++)
		datum_unref(held[i]);
	map_fini(&run->visits);
	map_fini(&run->attempts);
	const char *path;
	size_t size;
	void *unsure;
	for (size_t at = 0; map_next(&run->unsure, &at, &path, &size, &unsure);)
		free_unsure(unsure);
	map_fini(&run->unsure);
}
