#include "flow/domain/frame.h"

#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"

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

int64_t run_timeout_us(const struct frame *frame)
{
	int64_t least = 0;
	for (; frame != NULL; frame = frame->parent)
		if (frame->timeout_us > 0 && (least == 0 || frame->timeout_us < least))
			least = frame->timeout_us;
	return least;
}

struct frame *run_awaiting(const struct run *run, uint32_t number, const char *path, uint32_t attempt,
						   int64_t deliveries)
{
	struct frame *frame = run_frame(run, number);
	bool waits = frame != NULL && !frame->is_block && frame->sent && frame->deliveries == deliveries &&
				 frame->attempt == attempt && strcmp(frame->path, path) == 0;
	return waits ? frame : NULL;
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

struct frame *run_find_block(const struct run *run, const char *path)
{
	struct buf text;
	struct frame *found = NULL;
	buf_init(&text, 0);
	for (size_t i = 0; i < run->frames_count && found == NULL; i++) {
		struct frame *block = run->frames[i];
		if (!block->is_block || block->busy || block->cursor >= block->block->count)
			continue;
		buf_reset(&text);
		run_path(run, block, &block->block->tasks[block->cursor], &text);
		if (strcmp(buf_text(&text), path) == 0)
			found = block;
	}
	buf_fini(&text);
	return found;
}

/* What it heard is offered to it once more when it listens again. */
static void note_missed(struct run *run, const struct row *row)
{
	if (row->kind == ROW_EVENT && row->n > 0 && map_get(&run->missed, row->path) == NULL)
		must(map_set(&run->missed, row->path, (void *)(uintptr_t)row->n, NULL));
}

/* A task began.  One that superseded rows began in the same attempt is the same execution: it is counted already. */
static void count(struct run *run, const struct row *row)
{
	uintptr_t begun = (uintptr_t)map_get(&run->begun, row->path);
	if (row->attempt <= begun)
		return;
	run->executions++;
	if (row->attempt <= 1)
		run->steps++;
}

static bool ends_open_task(const struct run *run, const struct row *row)
{
	const struct frame *frame = run_frame(run, row->frame);
	return frame != NULL && !frame->is_block && strcmp(frame->path, row->path) == 0;
}

/* Tasks that superseded rows began: of a row that begins and ends one alike, only the first of its attempt counts. */
static void count_superseded(struct run *run, const struct row *row)
{
	bool begins =
		row->kind == ROW_ENTERED || row->kind == ROW_COMPLETED || row->kind == ROW_FAULTED || row->kind == ROW_SKIPPED;
	bool renamed = row->kind == ROW_INTENT && map_get(&run->begun, row->path) != NULL;
	if ((!begins && !renamed) || ends_open_task(run, row))
		return;
	if (begins)
		count(run, row);
	if (row->attempt > (uintptr_t)map_get(&run->begun, row->path))
		must(map_set(&run->begun, row->path, (void *)(uintptr_t)row->attempt, NULL));
}

void run_pass_over(struct run *run, const struct row *row)
{
	run->seq = row->seq;
	if (row->path == NULL || row->path[0] == '\0' || row->attempt == 0)
		return;
	note_missed(run, row);
	count_superseded(run, row);
	uintptr_t attempt = (uintptr_t)map_get(&run->attempts, row->path);
	if (row->attempt > attempt)
		must(map_set(&run->attempts, row->path, (void *)(uintptr_t)row->attempt, NULL));
}

/* The try nearest above that may begin anew; or NULL. */
static struct frame *retrying(const struct frame *frame)
{
	for (struct frame *at = frame->parent; at != NULL; at = at->parent)
		if (!at->is_block && at->task->type == IR_TRY && at->task->try_.retry.given)
			return at;
	return NULL;
}

/* Takes the name. */
static void note_entered(struct frame *try, char *name)
{
	must(name != NULL);
	if (try == NULL) {
		free(name);
		return;
	}
	if (try->entered_count == try->entered_room) {
		try->entered_room = try->entered_room == 0 ? 8 : 2 * try->entered_room;
		try->entered = reallocarray(try->entered, try->entered_room, sizeof(*try->entered));
		must(try->entered != NULL);
	}
	try->entered[try->entered_count++] = name;
}

/* What a try entered, the one around it entered too. */
static void hand_over_entered(struct frame *frame)
{
	for (size_t i = 0; i < frame->entered_count; i++)
		note_entered(retrying(frame), frame->entered[i]);
	free(frame->entered);
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

struct frame *frame_open(struct run *run, struct frame *parent)
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
	frame->ready = frame->urgent = false;
	if (frame->ready_prev != NULL)
		frame->ready_prev->ready_next = frame->ready_next;
	else
		run->ready_first = frame->ready_next;
	if (frame->ready_next != NULL)
		frame->ready_next->ready_prev = frame->ready_prev;
	else
		run->ready_last = frame->ready_prev;
}

void run_ready_first(struct run *run, struct frame *frame)
{
	not_ready(run, frame);
	frame->ready = frame->urgent = true;
	frame->ready_prev = NULL;
	frame->ready_next = run->ready_first;
	if (run->ready_first != NULL)
		run->ready_first->ready_prev = frame;
	else
		run->ready_last = frame;
	run->ready_first = frame;
}

bool run_is_at_fault(const struct run *run)
{
	return run->ready_first != NULL && run->ready_first->urgent;
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
	listening_free(frame->listening);
	free(frame->steps);
	free(frame->left);
	free(frame->queue);
	free(frame->path);
	free(frame->own_reference);
	free(frame->own_rounds);
	free(frame->held);
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

void unsure_free(struct unsure *unsure)
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

void frame_note_unsure(struct run *run, const struct frame *frame)
{
	if (frame->request == NULL || frame->task->type == IR_RUN_WORKFLOW)
		return; /* a run that was started is cancelled with the task: the next one is another */
	struct unsure *unsure = malloc(sizeof *unsure);
	void *old = NULL;
	must(unsure != NULL);
	*unsure = (struct unsure){
		.attempt = frame->attempt, .deliveries = frame->deliveries, .request = datum_ref(frame->request)};
	datum_set(&unsure->cost, frame->cost);
	must(map_set(&run->unsure, frame->path, unsure, &old));
	unsure_free(old);
}

/* Close a frame and all below it. */
void frame_close(struct run *run, struct frame *frame)
{
	if (frame->sent)
		frame_note_unsure(run, frame);
	while (frame->last != NULL)
		frame_close(run, frame->last);
	not_ready(run, frame);
	hand_over_entered(frame);
	unlink_child(frame);
	forget_number(run, frame->number);
	if (run->root == frame)
		run->root = NULL;
	free_frame(frame);
}

void frame_close_children(struct run *run, struct frame *frame)
{
	while (frame->last != NULL)
		frame_close(run, frame->last);
}

/* --- names --- */

void run_reference(const struct frame *block, const struct ir_task *task, struct buf *text)
{
	buf_adds(text, block->reference);
	buf_adds(text, task->segment);
}

static void path_without_visit(const struct frame *block, const struct ir_task *task, struct buf *text)
{
	const struct frame *extended = extended_around(block);
	if (extended != NULL) { /* the path of the extended task, and what follows its reference */
		struct buf reference;
		buf_init(&reference, 0);
		run_reference(block, task, &reference);
		buf_adds(text, extended->path);
		buf_adds(text, buf_text(&reference) + strlen(extended->reference));
		buf_fini(&reference);
	} else {
		run_reference(block, task, text);
	}
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

void frame_forget_visits(struct run *run, struct frame *frame)
{
	for (size_t i = 0; i < frame->entered_count; i++) {
		uintptr_t visits = (uintptr_t)map_get(&run->visits, frame->entered[i]);
		must(visits > 0);
		if (visits > 1)
			must(map_set(&run->visits, frame->entered[i], (void *)(visits - 1), NULL));
		else
			map_remove(&run->visits, frame->entered[i]);
		free(frame->entered[i]);
	}
	frame->entered_count = 0;
}

/* A task begins, by whatever row. */
void frame_count_entry(struct run *run, const struct frame *block, const struct ir_task *task, const struct row *row)
{
	if (run_is_function(block))
		return; /* the calling task was counted */
	count(run, row);
	if (row->attempt > 1 || run_repeatable(block))
		must(map_set(&run->attempts, row->path, (void *)(uintptr_t)row->attempt, NULL));
	if (!task->may_revisit)
		return;
	struct buf path;
	buf_init(&path, 0);
	path_without_visit(block, task, &path);
	uintptr_t visits = (uintptr_t)map_get(&run->visits, buf_text(&path));
	must(map_set(&run->visits, buf_text(&path), (void *)(visits + 1), NULL));
	note_entered(retrying(block), strdup(buf_text(&path)));
	buf_fini(&path);
}
