#include "flow/why.h"

#include <string.h>

#include "core/arena.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/money.h"
#include "flow/members.h"
#include "flow/runner.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/why_reason.h"
#include "flow/why_view.h"

static const char *text_in(struct datum *datum, const char *name)
{
	return datum == NULL ? NULL : json_text(datum_tree(datum), name);
}

/* --- entries --- */

/* Opens an entry; the caller adds its request and closes it. */
static void begin_entry(const struct why *w, const char *step, const struct why_reason *reason, int64_t since_us)
{
	jw_object(w->jw);
	jw_member_str(w->jw, "step", step);
	jw_member_str(w->jw, "kind", reason->kind);
	members_time(w->jw, "since", since_us);
	if (reason->until_us > 0)
		members_time(w->jw, "until", reason->until_us);
	jw_member_str(w->jw, "detail", reason->detail);
}

static void write_frame(const struct why *w, const struct frame *frame, const char *path,
						const struct why_reason *reason)
{
	const char *run_id = w->record->run_id;
	begin_entry(w, path, reason, reason->since_us);
	if (frame->is_block)
		why_view_skip(w->jw, run_id, path);
	else if (frame->listening != NULL)
		why_view_listener(w->jw, run_id, frame);
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
	struct why_reason reason = {.kind = "budget"};
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
	const struct why_reason reason = {
		.kind = "paused",
		.detail = run->said == NULL ? "It was paused and stands still."
									: arena_printf(w->arena, "It was paused and stands still: %s", run->said)};
	begin_entry(w, NULL, &reason, run->suspended_us);
	why_view_order(w->jw, w->record->run_id, "resume");
	jw_object_end(w->jw);
}

static void write_turn(const struct why *w, const struct run *run)
{
	static const char *const turns[] = {
		[RUNNER_RESTS] = "Its next turn is about to be taken.",
		[RUNNER_IN_LINE] = "Its next turn waits until this server has a thread for it (flow.slots).",
		[RUNNER_TURNS] = "Its turn is under way: expressions are evaluated, or its commit is awaited.",
	};
	enum runner_standing standing = runner_standing(w->runner, w->record->run_id);
	bool slotless = run->status == RUN_PENDING && run->ir->max_runs > 0 && standing == RUNNER_RESTS;
	struct why_reason reason = {.kind = "turn", .detail = turns[standing]};
	if (slotless)
		reason = (struct why_reason){
			.kind = "slot",
			.detail = arena_printf(w->arena,
								   "The workflow allows %lld run%s at a time (max_runs), and as many are under "
								   "way: it begins when one of them is over.",
								   (long long)run->ir->max_runs, run->ir->max_runs == 1 ? "" : "s")};
	begin_entry(w, NULL, &reason, run->now_us != 0 ? run->now_us : w->record->created_us);
	if (slotless)
		why_view_runs(w->jw, run->ir);
	jw_object_end(w->jw);
}

static void write_waiting(const struct why *w)
{
	const struct run *run = &w->story->run;
	struct why_reason reason;
	const char *path;
	size_t told = 0;
	if (run->status == RUN_SUSPENDED && run->halt != NULL)
		write_halt(w, run);
	else if (run->status == RUN_SUSPENDED)
		write_paused(w, run);
	if (run->status == RUN_SUSPENDED || run_is_over(run->status))
		return;
	for (size_t i = 0; i < run->frames_count; i++) {
		if (!why_reason_of(w, run->frames[i], &path, &reason))
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
