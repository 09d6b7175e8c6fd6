#include "flow/domain/lifecycle.h"

#include <string.h>

#include "core/buf.h"
#include "core/jw.h"
#include "core/must.h"
#include "core/stamp.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/listening.h"
#include "flow/domain/row.h"
#include "flow/domain/steps.h"

/* REF: Serverless Workflow DSL 1.0, lifecycle events */
/* X(name, its type, the member that holds its time) */
#define WORKFLOW "io.serverlessworkflow.workflow."
#define TASK "io.serverlessworkflow.task."
#define EVENTS(X) \
	X(RUN_STARTED_, WORKFLOW "started.v1", "startedAt") \
	X(RUN_SUSPENDED_, WORKFLOW "suspended.v1", "suspendedAt") \
	X(RUN_RESUMED_, WORKFLOW "resumed.v1", "resumedAt") \
	X(RUN_LISTENS_, WORKFLOW "correlation-started.v1", "startedAt") \
	X(RUN_HEARD_, WORKFLOW "correlation-completed.v1", "completedAt") \
	X(RUN_CANCELLED_, WORKFLOW "cancelled.v1", "cancelledAt") \
	X(RUN_FAULTED_, WORKFLOW "faulted.v1", "faultedAt") \
	X(RUN_COMPLETED_, WORKFLOW "completed.v1", "completedAt") \
	X(RUN_STATUS_, WORKFLOW "status-changed.v1", "updatedAt") \
	X(TASK_CREATED_, TASK "created.v1", "createdAt") \
	X(TASK_STARTED_, TASK "started.v1", "startedAt") \
	X(TASK_SUSPENDED_, TASK "suspended.v1", "suspendedAt") \
	X(TASK_RESUMED_, TASK "resumed.v1", "resumedAt") \
	X(TASK_RETRIED_, TASK "retried.v1", "retriedAt") \
	X(TASK_CANCELLED_, TASK "cancelled.v1", "cancelledAt") \
	X(TASK_FAULTED_, TASK "faulted.v1", "faultedAt") \
	X(TASK_COMPLETED_, TASK "completed.v1", "completedAt") \
	X(TASK_STATUS_, TASK "status-changed.v1", "updatedAt")

enum event {
#define X(name, type, time) name,
	EVENTS(X)
#undef X
};
static const struct {
	const char *type, *time;
} events[] = {
#define X(name, type, time) {type, time},
	EVENTS(X)
#undef X
};

/* --- saying --- */

/* What an event says beyond whose it is and when: at most one of these. */
struct more {
	const char *name;
	const struct datum *value; /* NULL: it is left out */
	const char *text;          /* instead of a value */
	const struct ir *definition;
};

static void write_more(struct jw *jw, const struct more *more)
{
	size_t size;
	if (more->definition != NULL) {
		jw_key(jw, "definition");
		jw_object(jw);
		jw_member_str(jw, "name", more->definition->name);
		jw_member_str(jw, "namespace", more->definition->namespace);
		jw_member_str(jw, "version", more->definition->version);
		jw_object_end(jw);
	}
	if (more->text != NULL)
		jw_member_str(jw, more->name, more->text);
	if (more->value == NULL)
		return;
	const char *bytes = datum_bytes(more->value, &size);
	if (size > LIFECYCLE_OUTPUT_MAX)
		return;
	jw_key(jw, more->name);
	jw_raw(jw, bytes, size);
}

static void say(const struct lifecycle *l, enum event event, const char *task, int64_t at_us, const struct more *more)
{
	static const struct more nothing;
	struct buf data;
	struct jw jw;
	char at[STAMP_TEXT];
	stamp_format(at, at_us);
	buf_init(&data, 0);
	jw_init(&jw, &data);
	jw_object(&jw);
	jw_member_str(&jw, task == NULL ? "name" : "workflow", l->name);
	if (task != NULL)
		jw_member_str(&jw, "task", task);
	jw_member_str(&jw, events[event].time, at);
	write_more(&jw, more == NULL ? &nothing : more);
	jw_object_end(&jw);
	must(jw_ok(&jw));
	l->tell(l->self, task != NULL, events[event].type, buf_text(&data));
	buf_fini(&data);
}

/* --- the run --- */

static void become(struct lifecycle *l, enum run_status status, int64_t at_us)
{
	if (l->status == status)
		return;
	l->status = status;
	say(l, RUN_STATUS_, NULL, at_us, &(struct more){.name = "status", .text = run_status_names[status]});
}

void lifecycle_rests(struct lifecycle *l, enum run_status status, int64_t at_us)
{
	become(l, status, at_us);
}

/* An operator's word takes a run up again that was over, or suspended. */
static void take_up(struct lifecycle *l, int64_t at_us)
{
	if (run_is_over(l->status) || l->status == RUN_SUSPENDED)
		say(l, RUN_RESUMED_, NULL, at_us, NULL);
	become(l, RUN_RUNNING, at_us);
}

static void tell_run(struct lifecycle *l, const struct run *run, const struct row *row)
{
	switch (row->kind) {
	case ROW_STARTED:
		say(l, RUN_STARTED_, NULL, row->at_us, &(struct more){.definition = run->ir});
		become(l, RUN_RUNNING, row->at_us);
		break;
	case ROW_SUSPENDED:
		say(l, RUN_SUSPENDED_, NULL, row->at_us, NULL);
		become(l, RUN_SUSPENDED, row->at_us);
		break;
	case ROW_RESUMED:
	case ROW_RETRIED:
	case ROW_RESTORED:
		take_up(l, row->at_us);
		break;
	case ROW_RUN_COMPLETED:
		say(l, RUN_COMPLETED_, NULL, row->at_us, &(struct more){.name = "output", .value = row->output});
		become(l, RUN_COMPLETED, row->at_us);
		break;
	case ROW_RUN_FAULTED:
		say(l, RUN_FAULTED_, NULL, row->at_us, &(struct more){.name = "error", .value = row->error});
		become(l, RUN_FAULTED, row->at_us);
		break;
	case ROW_RUN_CANCELLED:
		say(l, RUN_CANCELLED_, NULL, row->at_us, NULL);
		become(l, RUN_CANCELLED, row->at_us);
		break;
	default:
		if (l->status == RUN_WAITING)
			become(l, RUN_RUNNING, row->at_us);
	}
}

/* A listener begins to correlate, and has all that it listened for. */
static void tell_correlation(struct lifecycle *l, const struct row *row, const struct frame *frame)
{
	if (row->kind == ROW_ENTERED && frame->is_block && frame->block->tasks[frame->cursor].type == IR_LISTEN)
		say(l, RUN_LISTENS_, NULL, row->at_us, NULL);
	else if (row->kind == ROW_COMPLETED && !frame->is_block && frame->listening != NULL)
		say(l, RUN_HEARD_, NULL, row->at_us,
			&(struct more){.name = "correlationKeys", .value = frame->listening->keys});
}

/* --- tasks --- */

struct task {
	struct lifecycle *l;
	const char *reference;
	int64_t at_us;
};

static void task_say(const struct task *t, enum event event, const struct more *more)
{
	say(t->l, event, t->reference, t->at_us, more);
}

static void task_becomes(const struct task *t, enum step_status status)
{
	task_say(t, TASK_STATUS_, &(struct more){.name = "status", .text = step_status_names[status]});
}

static void task_ends(const struct task *t, enum event event, enum step_status status, const struct more *more)
{
	task_say(t, event, more);
	task_becomes(t, status);
}

/* The row with which it begins may be the one with which it ends. */
static void task_begins(const struct task *t, const struct row *row, const struct ir_task *task)
{
	task_say(t, TASK_CREATED_, NULL);
	if (row->kind == ROW_SKIPPED)
		return;
	task_say(t, TASK_STARTED_, NULL);
	task_becomes(t, STEP_RUNNING);
	if (row->kind == ROW_ENTERED && (row->due_us > 0 || task->type == IR_LISTEN))
		task_becomes(t, STEP_WAITING);
}

/* What a completed task gave: the row says, or it is what came in. */
static const struct datum *output_of(const struct row *row, const struct frame *frame)
{
	return row->output != NULL ? row->output : frame->is_block ? frame->value : frame->raw;
}

static void tell_task(const struct task *t, const struct row *row, const struct frame *frame)
{
	bool others = !frame->is_block && ask_is_for_others(frame->task);
	switch (row->kind) {
	case ROW_COMPLETED:
		task_ends(t, TASK_COMPLETED_, STEP_COMPLETED, &(struct more){.name = "output", .value = output_of(row, frame)});
		break;
	case ROW_FAULTED:
		task_ends(t, TASK_FAULTED_, STEP_FAULTED, &(struct more){.name = "error", .value = row->error});
		break;
	case ROW_CANCELLED:
		task_ends(t, TASK_CANCELLED_, STEP_CANCELLED, NULL);
		break;
	case ROW_SKIPPED:
		task_becomes(t, STEP_SKIPPED);
		break;
	case ROW_RETRIED:
		task_ends(t, TASK_RETRIED_, STEP_RUNNING, NULL);
		break;
	case ROW_CAUGHT:
		if (row->n > 0)
			task_ends(t, TASK_RETRIED_, row->due_us > 0 ? STEP_WAITING : STEP_RUNNING, NULL);
		break;
	case ROW_HELD:
		task_becomes(t, STEP_WAITING);
		break;
	case ROW_INTENT:
		if (others)
			task_becomes(t, STEP_WAITING);
		break;
	case ROW_RESULT:
		if (others)
			task_becomes(t, STEP_RUNNING);
		break;
	case ROW_TIMER:
		if (!row->timeout)
			task_becomes(t, STEP_RUNNING);
		break;
	default:
		break;
	}
}

/* The body of a function has the name of the task that calls it, whose own rows are told. */
static bool is_function(const struct frame *frame)
{
	const struct frame *block = frame->is_block ? frame : frame->parent;
	return block != NULL && run_is_function(block);
}

static void watch_task(struct lifecycle *l, const struct row *row, const struct frame *frame)
{
	struct buf reference;
	const struct ir_task *task = frame->is_block ? &frame->block->tasks[frame->cursor] : frame->task;
	if (is_function(frame))
		return;
	buf_init(&reference, 0);
	if (frame->is_block)
		run_reference(frame, task, &reference);
	else
		buf_adds(&reference, frame->reference);
	const struct task t = {.l = l, .reference = buf_text(&reference), .at_us = row->at_us};
	if (frame->is_block && row->kind != ROW_RETRIED && row->kind != ROW_PATCHED)
		task_begins(&t, row, task);
	tell_task(&t, row, frame);
	buf_fini(&reference);
}

/* What befalls the run befalls the tasks that are under way, the innermost first. */
static void tell_all(struct lifecycle *l, const struct run *run, const struct row *row, enum event event,
					 enum step_status status)
{
	for (size_t i = run->frames_count; i-- > 0;) {
		const struct frame *frame = run->frames[i];
		if (frame->is_block || frame == run->root || is_function(frame))
			continue;
		const struct task t = {.l = l, .reference = frame->reference, .at_us = row->at_us};
		task_ends(&t, event, status, NULL);
	}
}

static void tell_tasks(struct lifecycle *l, const struct run *run, const struct row *row, const struct frame *frame)
{
	if (frame != NULL && frame != run->root && row->path != NULL && row->path[0] != '\0' && row->kind != ROW_ROUND)
		watch_task(l, row, frame);
	else if (row->kind == ROW_SUSPENDED)
		tell_all(l, run, row, TASK_SUSPENDED_, STEP_WAITING);
	else if (row->kind == ROW_RESUMED)
		tell_all(l, run, row, TASK_RESUMED_, STEP_RUNNING);
	else if (row->kind == ROW_RUN_COMPLETED)
		tell_all(l, run, row, TASK_COMPLETED_, STEP_COMPLETED);
	else if (row->kind == ROW_RUN_FAULTED || row->kind == ROW_RUN_CANCELLED)
		tell_all(l, run, row, TASK_CANCELLED_, STEP_CANCELLED);
}

/* Tasks end before the run does, and begin after it. */
void lifecycle_row(struct lifecycle *l, const struct run *run, const struct row *row)
{
	const struct frame *frame = row->frame == ROW_NO_FRAME ? NULL : run_frame(run, row->frame);
	bool over = row->kind == ROW_RUN_COMPLETED || row->kind == ROW_RUN_FAULTED || row->kind == ROW_RUN_CANCELLED;
	if (!over)
		tell_run(l, run, row);
	if (l->tasks)
		tell_tasks(l, run, row, frame);
	if (frame != NULL && (!frame->is_block || frame->block != NULL))
		tell_correlation(l, row, frame);
	if (over)
		tell_run(l, run, row);
}
