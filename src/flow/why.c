#include "flow/why.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/jw.h"
#include "expr/expr.h"
#include "flow/budget_internal.h"
#include "flow/budget_repo.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/ir_find.h"
#include "flow/domain/money.h"
#include "flow/members.h"
#include "flow/runner_internal.h"
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
	else if (reason->resume != NULL)
		why_view_order(w->jw, reason->resume, "resume");
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

/* What the step that waits may cost; where none is known yet, as much as the costliest that the run has had. */
static int64_t wanted(const struct why *w)
{
	int64_t most = why_view_micros(w->story->run.halt, "amount_micros");
	for (size_t i = 0; most == 0 && i < w->story->steps.count; i++)
		if (w->story->steps.items[i].cost_micros > most)
			most = w->story->steps.items[i].cost_micros;
	return most;
}

/* "of this workflow demo/hello, 20 EUR a day" */
static const char *budget_text(const struct why *w, const struct budget_row *row)
{
	char all[MONEY_TEXT];
	bool own = row->scope == BUDGET_RUN;
	return arena_printf(w->arena, " (of this %s%s%s, %s %s%s%s)", budget_scope_names[row->scope], own ? "" : " ",
						own ? "" : row->scope_id, money_format(all, row->allocated), row->currency,
						row->window == BUDGET_TOTAL ? "" : " a ",
						row->window == BUDGET_TOTAL ? "" : budget_window_names[row->window]);
}

static void write_halt(const struct why *w, const struct run *run)
{
	char asked[MONEY_TEXT], left[MONEY_TEXT];
	const char *budget_id = text_in(run->halt, "budget_id"), *whose = "";
	int64_t amount = why_view_micros(run->halt, "amount_micros");
	int64_t available = why_view_micros(run->halt, "available_micros");
	struct why_reason reason = {.kind = "budget"};
	struct budget_row row;
	struct err err;
	bool found = false;
	if (budget_find(w->db, w->record->account_id, budget_id, runner_now_us(w->runner), w->arena, &row, &found, &err) &&
		found) {
		whose = budget_text(w, &row);
		available = row.allocated - budget_used(&row); /* below 0 where more was spent than there was */
		reason.until_us = row.window == BUDGET_TOTAL ? 0 : row.window_end_us; /* then it has all of it again */
	}
	if (amount > 0)
		reason.detail =
			arena_printf(w->arena, "The budget %s%s has %s left, and the step may cost %s.", budget_id, whose,
						 money_format(left, available < 0 ? 0 : available), money_format(asked, amount));
	else
		reason.detail = arena_printf(w->arena, "The budget %s%s is exhausted.", budget_id, whose);
	begin_entry(w, text_in(run->halt, "step"), &reason, run->suspended_us);
	why_view_topup(w->jw, budget_id, wanted(w) - available);
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

struct holder {
	const struct why *why;
	const char *run_id, *status;
};

static void take_holder(void *self, const char *run_id, const char *status)
{
	struct holder *holder = self;
	holder->run_id = arena_dup(holder->why->arena, run_id);
	holder->status = arena_dup(holder->why->arena, status);
}

/* The oldest of those that are under way in its place: one that was paused holds it too. */
static void write_slotless(const struct why *w, const struct run *run)
{
	const struct ir *ir = run->ir;
	const struct runs_filter workflow = {
		.account_id = w->record->account_id, .namespace = ir->namespace, .name = ir->name, .limit = 1};
	struct holder holder = {.why = w};
	struct err err;
	const char *oldest = "";
	if (runs_pick(w->db, &workflow, "running waiting suspended", w->arena, take_holder, &holder, &err) &&
		holder.run_id != NULL && strcmp(holder.status, run_status_names[RUN_PENDING]) != 0)
		oldest = arena_printf(w->arena, " The oldest is %s (%s).", holder.run_id, holder.status);
	const struct why_reason reason = {
		.kind = "slot",
		.detail = arena_printf(w->arena,
							   "The workflow allows %lld run%s at a time (max_runs), and as many are under way: it "
							   "begins when one of them is over.%s",
							   (long long)ir->max_runs, ir->max_runs == 1 ? "" : "s", oldest)};
	begin_entry(w, NULL, &reason, w->record->created_us);
	if (*oldest != '\0')
		why_view_why(w->jw, holder.run_id);
	else
		why_view_runs(w->jw, ir);
	jw_object_end(w->jw);
}

/* Expressions take turns too: for those of all runs there are a few helper processes. */
static const char *turn_detail(const struct why *w)
{
	struct expr_health helpers;
	expr_health(w->runner->options.expr, &helpers);
	if (helpers.waiting == 0)
		return "Its turn is under way: expressions are evaluated, or its commit is awaited.";
	return arena_printf(w->arena,
						"Its turn is under way, and all helpers for expressions are busy: %u evaluate, %u evaluation%s "
						"for one (flow.expr.helpers).",
						helpers.busy, helpers.waiting, helpers.waiting == 1 ? " waits" : "s wait");
}

static void write_turn(const struct why *w, const struct run *run)
{
	enum runner_standing standing = runner_standing(w->runner, w->record->run_id);
	if (run->status == RUN_PENDING && run->ir->max_runs > 0 && standing == RUNNER_RESTS) {
		write_slotless(w, run);
		return;
	}
	const struct why_reason reason = {
		.kind = "turn",
		.detail = standing == RUNNER_TURNS ? turn_detail(w)
				  : standing == RUNNER_IN_LINE
					  ? "Its next turn waits until this server has a thread for it (flow.slots)."
					  : "Its next turn is about to be taken."};
	begin_entry(w, NULL, &reason, run->now_us != 0 ? run->now_us : w->record->created_us);
	jw_object_end(w->jw);
}

/* Of a run that stands still: what was sent before is let end. */
static void write_in_flight(const struct why *w)
{
	const struct run *run = &w->story->run;
	struct why_reason reason;
	for (size_t i = 0; i < run->frames_count; i++) {
		if (!why_in_flight(w, run->frames[i], &reason))
			continue;
		begin_entry(w, run->frames[i]->path, &reason, reason.since_us);
		jw_object_end(w->jw);
	}
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
	if (run->status == RUN_SUSPENDED)
		write_in_flight(w);
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

/* --- a run at fault --- */

static bool holds(const struct json *json, const struct json *wanted)
{
	bool found = json == wanted;
	for (uint32_t i = 0; !found && json->kind == JS_OBJECT && i < json->count; i++)
		found = holds(&json->members[i].value, wanted);
	for (uint32_t i = 0; !found && json->kind == JS_ARRAY && i < json->count; i++)
		found = holds(&json->items[i], wanted);
	return found;
}

/* The task whose expression failed, where it stands in the definition's own list and can be patched; or NULL. */
static const struct ir_task *badly_said(const struct why *w)
{
	const struct run *run = &w->story->run;
	const char *type = text_in(run->error, "type"), *instance = text_in(run->error, "instance");
	const char *name = type == NULL ? NULL : strrchr(type, '/');
	const struct json *tasks = json_get(run->ir->definition, "do");
	if (name == NULL || strcmp(name, "/expression") != 0 || instance == NULL || tasks == NULL)
		return NULL;
	const struct ir_task *task = ir_find(run->ir, instance);
	bool elsewhere = task != NULL && task->type == IR_CALL && task->call.callee == IR_FUNCTION;
	return task != NULL && !elsewhere && task->definition != NULL && holds(tasks, task->definition) ? task : NULL;
}

static const struct step *faulted_at(const struct why *w, const struct ir_task *task)
{
	const struct steps *steps = &w->story->steps;
	for (size_t i = steps->count; task != NULL && i-- > 0;)
		if (steps->items[i].status == STEP_FAULTED && strcmp(steps->items[i].reference, task->reference) == 0)
			return &steps->items[i];
	return NULL;
}

/* An expression that failed fails again: its task is told, to be mended and sent back.  All else may be tried again. */
static void write_fault(const struct why *w)
{
	size_t size;
	const char *error = datum_bytes(w->story->run.error, &size);
	const struct ir_task *task = badly_said(w);
	const struct step *step = faulted_at(w, task);
	jw_key(w->jw, "error");
	jw_raw(w->jw, error, size);
	if (step != NULL)
		why_view_patch(w->jw, w->record->run_id, step->path, task->definition);
	else
		why_view_order(w->jw, w->record->run_id, "retry");
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
	if (run->status == RUN_FAULTED && run->error != NULL)
		write_fault(w);
	jw_object_end(w->jw);
}
