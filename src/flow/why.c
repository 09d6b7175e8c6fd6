#include "flow/why.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/money.h"
#include "flow/members.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/why_view.h"
#include "flow/work_repo.h"

struct reason {
	const char *kind, *detail;
	int64_t until_us;
};

static const char *text_in(struct datum *datum, const char *name)
{
	return datum == NULL ? NULL : json_text(datum_tree(datum), name);
}

/* --- reasons --- */

static const char *call_detail(const struct why *w, const struct frame *frame)
{
	const char *method = text_in(frame->request, "method"), *url = text_in(frame->request, "url");
	const char *model = text_in(frame->request, "model");
	if (url != NULL && method != NULL)
		return arena_printf(w->arena, "%s %s has not answered yet (delivery %lld).", method, url,
							(long long)frame->deliveries);
	if (frame->task->call.callee == IR_LLM && model != NULL)
		return arena_printf(w->arena, "The model %s has not answered yet.", model);
	return "An answer is awaited.";
}

/* Who has the task now; an error of the store says no more than that a worker has to do it. */
static struct reason worker_reason(const struct why *w, const struct frame *frame)
{
	struct reason reason = {.kind = "worker", .detail = "A worker has to do it."};
	struct work_task task;
	struct err err;
	bool held = false;
	if (!work_held(w->db, w->record->run_id, frame->path, frame->attempt, w->arena, &task, &held, &err) || !held)
		return reason;
	reason.until_us = task.lease_expires_us;
	reason.detail =
		arena_printf(w->arena, "The worker %s has it; when its lease is over, another may claim it from the queue %s.",
					 task.worker_id, task.queue);
	return reason;
}

static struct reason effect_reason(const struct why *w, const struct frame *frame)
{
	const struct ir_task *task = frame->task;
	const char *title = text_in(frame->request, "title");
	if (task->type == IR_LISTEN)
		return (struct reason){.kind = "event", .detail = "It listens for an event."};
	if (task->type == IR_RUN_WORKFLOW)
		return (struct reason){.kind = "subflow", .detail = "Another run has to end first."};
	if (task->type != IR_CALL)
		return (struct reason){.kind = "http", .detail = "A process is running."};
	if (ask_is_person(task))
		return (struct reason){.kind = "countersignature",
							   .detail = title == NULL ? "A person has to decide."
													   : arena_printf(w->arena, "A person has to decide: %s", title)};
	if (ask_is_work(task))
		return worker_reason(w, frame);
	return (struct reason){.kind = "http", .detail = call_detail(w, frame)};
}

/* The last step at or below a path that faulted. */
static const struct step *last_fault(const struct story *story, const char *path)
{
	size_t size = strlen(path);
	for (size_t i = story->steps.count; i-- > 0;) {
		const struct step *step = &story->steps.items[i];
		bool here = strncmp(step->path, path, size) == 0 && (step->path[size] == '/' || step->path[size] == '\0');
		if (here && step->error != NULL)
			return step;
	}
	return NULL;
}

static struct reason retry_reason(const struct why *w, const struct frame *frame, const char *path)
{
	const struct step *step = last_fault(w->story, path);
	const char *title = step == NULL ? NULL : text_in(step->error, "title");
	const char *detail = step == NULL ? NULL : text_in(step->error, "detail");
	return (struct reason){.kind = "retry",
						   .until_us = frame->due_us,
						   .detail =
							   arena_printf(w->arena, "Retry %lld begins then%s%s%s%s.", (long long)frame->retries,
											title == NULL ? "" : "; before it: ", title == NULL ? "" : title,
											detail == NULL ? "" : ": ", detail == NULL ? "" : detail)};
}

/* The step path of what a frame waits with; of a step of the DAG form its block waits. */
static const char *path_of(const struct why *w, const struct frame *frame)
{
	struct buf path;
	if (!frame->is_block)
		return frame->path;
	buf_init(&path, 0);
	run_path(&w->story->run, frame, &frame->block->tasks[frame->cursor], &path);
	const char *text = arena_dup(w->arena, buf_text(&path));
	buf_fini(&path);
	return text;
}

static bool waits(const struct why *w, const struct frame *frame, const char **path, struct reason *reason)
{
	if (frame->state != FRAME_WAITING || (frame->is_block && frame->block == NULL))
		return false;
	*path = path_of(w, frame);
	if (frame->is_block)
		*reason = retry_reason(w, frame, *path);
	else if (frame->sent || frame->listening != NULL)
		*reason = effect_reason(w, frame);
	else if (frame->held != NULL)
		*reason = (struct reason){
			.kind = "breaker",
			.detail = arena_printf(w->arena, "%s failed too often and is left alone until then.", frame->held),
			.until_us = frame->due_us};
	else if (frame->due_us > 0 && frame->task->type == IR_TRY)
		*reason = retry_reason(w, frame, *path);
	else if (frame->due_us > 0)
		*reason = (struct reason){.kind = "timer", .detail = "It waits for a time.", .until_us = frame->due_us};
	else
		return false;
	if (reason->until_us == 0)
		reason->until_us = frame->timeout_us;
	return true;
}

/* --- entries --- */

/* Opens an entry; the caller adds its request and closes it. */
static void begin_entry(const struct why *w, const char *step, const struct reason *reason, int64_t since_us)
{
	jw_object(w->jw);
	jw_member_str(w->jw, "step", step);
	jw_member_str(w->jw, "kind", reason->kind);
	members_time(w->jw, "since", since_us);
	if (reason->until_us > 0)
		members_time(w->jw, "until", reason->until_us);
	jw_member_str(w->jw, "detail", reason->detail);
}

static void write_frame(const struct why *w, const struct frame *frame, const char *path, const struct reason *reason)
{
	const char *run_id = w->record->run_id;
	begin_entry(w, path, reason, frame->started_us);
	if (frame->is_block)
		why_view_skip(w->jw, run_id, path);
	else if (frame->listening != NULL)
		why_view_listener(w->jw, frame);
	else if (frame->sent && frame->task->type == IR_RUN_WORKFLOW)
		why_view_child(w->jw, frame);
	else if (frame->held != NULL)
		why_view_breaker(w->jw, frame);
	else if (frame->sent)
		why_view_ask(w->jw, run_id, frame);
	else
		why_view_skip(w->jw, run_id, path);
	jw_object_end(w->jw);
}

static void write_halt(const struct why *w, const struct run *run)
{
	char asked[MONEY_TEXT], left[MONEY_TEXT];
	const char *budget_id = text_in(run->halt, "budget_id");
	int64_t amount = why_view_micros(run->halt, "amount_micros");
	struct reason reason = {.kind = "budget"};
	if (amount > 0)
		reason.detail = arena_printf(w->arena, "The budget %s has %s left, and the step may cost %s.", budget_id,
									 money_format(left, why_view_micros(run->halt, "available_micros")),
									 money_format(asked, amount));
	else
		reason.detail = arena_printf(w->arena, "The budget %s is exhausted.", budget_id);
	begin_entry(w, text_in(run->halt, "step"), &reason, run->suspended_us);
	why_view_topup(w->jw, run->halt);
	jw_object_end(w->jw);
}

static void write_paused(const struct why *w, const struct run *run)
{
	const struct reason reason = {
		.kind = "paused",
		.detail = run->said == NULL ? "It was paused and stands still."
									: arena_printf(w->arena, "It was paused and stands still: %s", run->said)};
	begin_entry(w, NULL, &reason, run->suspended_us);
	why_view_order(w->jw, w->record->run_id, "resume");
	jw_object_end(w->jw);
}

static void write_turn(const struct why *w, const struct run *run)
{
	struct reason reason = {.kind = "turn", .detail = "Its next turn is about to be taken."};
	if (run->status == RUN_PENDING && run->ir->max_runs > 0)
		reason = (struct reason){
			.kind = "slot",
			.detail = arena_printf(w->arena, "%lld runs of the workflow are under way, as many as it allows.",
								   (long long)run->ir->max_runs)};
	begin_entry(w, NULL, &reason, run->now_us != 0 ? run->now_us : w->record->created_us);
	jw_object_end(w->jw);
}

static void write_waiting(const struct why *w)
{
	const struct run *run = &w->story->run;
	struct reason reason;
	const char *path;
	size_t told = 0;
	if (run->status == RUN_SUSPENDED && run->halt != NULL)
		write_halt(w, run);
	else if (run->status == RUN_SUSPENDED)
		write_paused(w, run);
	if (run->status == RUN_SUSPENDED || run_is_over(run->status))
		return;
	for (size_t i = 0; i < run->frames_count; i++) {
		if (!waits(w, run->frames[i], &path, &reason))
			continue;
		write_frame(w, run->frames[i], path, &reason);
		told++;
	}
	if (told == 0)
		write_turn(w, run);
}

void why_write(const struct why *w)
{
	const struct run *run = &w->story->run;
	jw_object(w->jw);
	jw_member_str(w->jw, "run_id", w->record->run_id);
	jw_member_str(w->jw, "status", w->record->status);
	jw_key(w->jw, "waiting");
	jw_array(w->jw);
	write_waiting(w);
	jw_array_end(w->jw);
	if (run->status == RUN_FAULTED && run->error != NULL) {
		size_t size;
		const char *error = datum_bytes(run->error, &size);
		jw_key(w->jw, "error");
		jw_raw(w->jw, error, size);
		why_view_order(w->jw, w->record->run_id, "retry");
	}
	jw_object_end(w->jw);
}
