#include "flow/domain/control.h"

#include <string.h>

#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/run.h"
#include "flow/domain/steps.h"

/* --- as text --- */

static const char *const kinds[] = {"skip", "patch_output", "patch_input",     "retry",
									"fork", "restore",      "patch_definition"};

void control_encode(const struct control *c, struct buf *text)
{
	struct jw jw;
	jw_init(&jw, text);
	jw_object(&jw);
	jw_member_str(&jw, "kind", kinds[c->kind]);
	if (c->step != NULL)
		jw_member_str(&jw, "step", c->step);
	if (c->value != NULL) {
		jw_key(&jw, "value");
		jw_json(&jw, c->value);
	}
	if (c->output != NULL) {
		jw_key(&jw, "output");
		jw_json(&jw, c->output);
	}
	if (c->repeat_effects)
		jw_member_bool(&jw, "repeat_effects", true);
	if (c->whole)
		jw_member_bool(&jw, "whole", true);
	if (c->reason != NULL)
		jw_member_str(&jw, "reason", c->reason);
	if (c->by != NULL)
		jw_member_str(&jw, "by", c->by);
	jw_member_int(&jw, "to", c->to);
	jw_object_end(&jw);
}

bool control_decode(const struct json *json, struct control *c)
{
	const char *kind = json_text(json, "kind");
	const struct json *to = json_get(json, "to");
	*c = (struct control){.step = json_text(json, "step"),
						  .value = json_get(json, "value"),
						  .output = json_get(json, "output"),
						  .repeat_effects = json_get(json, "repeat_effects") != NULL,
						  .whole = json_get(json, "whole") != NULL,
						  .reason = json_text(json, "reason"),
						  .by = json_text(json, "by"),
						  .to = to != NULL && to->kind == JS_INT ? to->integer : 0};
	for (size_t i = 0; kind != NULL && i < sizeof kinds / sizeof *kinds; i++) {
		if (strcmp(kinds[i], kind) != 0)
			continue;
		c->kind = (enum control_kind)i;
		return true;
	}
	return false;
}

/* --- finding --- */

static const struct step *newest(const struct steps *steps, const char *path)
{
	uintptr_t at = (uintptr_t)map_get(&steps->last, path);
	return at == 0 ? NULL : &steps->items[at - 1];
}

static const struct step *ended_at(const struct steps *steps, int64_t seq)
{
	for (size_t i = steps->count; i > 0; i--)
		if (steps->items[i - 1].ended_seq == seq)
			return &steps->items[i - 1];
	return NULL;
}

/*
 * The run's last rows are those of its end: steps that were at fault one after the other, from the inside to the
 * outside, and steps cancelled because of it.  Gives the last row before all of them.
 */
static int64_t before_end(const struct run *run, const struct steps *steps)
{
	int64_t seq = run->seq - 1;
	const struct step *step;
	while ((step = ended_at(steps, seq)) != NULL && (step->status == STEP_FAULTED || step->status == STEP_CANCELLED))
		seq--;
	return seq;
}

/* The step that handed the run's error on to the one around it; `outer` NULL: to the run. */
static const struct step *handed_on(const struct run *run, const struct steps *steps, const struct step *outer)
{
	const struct step *last = NULL;
	int64_t before = outer == NULL ? run->seq : outer->ended_seq;
	for (size_t i = 0; i < steps->count; i++) {
		const struct step *step = &steps->items[i];
		bool inside = strcmp(step->around, outer == NULL ? "" : outer->path) == 0;
		if (inside && step->status == STEP_FAULTED && step->ended_seq < before && step->error != NULL &&
			datum_same_text(step->error, run->error) && (last == NULL || step->ended_seq > last->ended_seq))
			last = step;
	}
	return last;
}

/*
 * The innermost step whose fault ended the run.  Beside it others went on for the rest of that turn, were at fault too,
 * or were cancelled: so its rows need not be the last ones, nor the first of them be its.
 */
static const struct step *cause_of(const struct run *run, const struct steps *steps)
{
	const struct step *cause = NULL;
	for (const struct step *step; run->error != NULL && (step = handed_on(run, steps, cause)) != NULL;)
		cause = step;
	return cause;
}

static bool is_dag(const struct run *run)
{
	return run->ir->dag;
}

static bool find_index(const struct run *run, const char *path, uint32_t *index)
{
	const struct ir_task *root = &run->ir->root;
	for (uint32_t i = 0; i < root->dag.count; i++) {
		if (strcmp(root->dag.steps[i].task.reference, path) != 0)
			continue;
		*index = i;
		return true;
	}
	return false;
}

static const struct step *first_faulted(const struct steps *steps)
{
	for (size_t i = 0; i < steps->count; i++)
		if (steps->items[i].status == STEP_FAULTED && newest(steps, steps->items[i].path) == &steps->items[i])
			return &steps->items[i];
	return NULL;
}

int64_t control_before_end(const struct run *run, const struct steps *steps)
{
	bool dag = run->status == RUN_FAULTED && is_dag(run);
	const struct step *cause = dag ? first_faulted(steps) : cause_of(run, steps);
	return cause != NULL ? cause->began_seq - 1 : before_end(run, steps);
}

/* --- deciding --- */

static enum control_refusal not_now(struct control_plan *plan, const char *status)
{
	plan->status = status;
	return CONTROL_NOT_NOW;
}

static bool allowed(enum control_kind kind, bool over, enum step_status status)
{
	bool ended = status == STEP_FAULTED || status == STEP_CANCELLED;
	if (kind == CONTROL_RETRY)
		return over && step_may_become(status, STEP_PENDING) && ended;
	if (kind == CONTROL_SKIP)
		return step_may_become(status, STEP_SKIPPED) && over == ended;
	return over ? ended : status == STEP_WAITING;
}

/* An effect that is sent at most once, and may have been. */
static bool may_act_twice(const struct step *step)
{
	const char *title = step == NULL || step->error == NULL ? NULL : json_text(datum_tree(step->error), "title");
	return title != NULL && strcmp(title, "Effect unknown") == 0;
}

/* Of a run that has ended: the row before its fault, or before it was cancelled. */
static enum control_refusal plan_back(const struct run *run, const struct steps *steps, const struct control *control,
									  struct control_plan *plan)
{
	if (run->status == RUN_CANCELLED) {
		plan->to = before_end(run, steps);
		return CONTROL_FINE;
	}
	if (is_dag(run)) {
		plan->to = run->seq - 1;
		if (plan->step == NULL)
			plan->step = first_faulted(steps);
		if (plan->step != NULL && !find_index(run, plan->step->path, &plan->index))
			return CONTROL_NO_STEP;
	} else {
		if (plan->step == NULL)
			plan->step = control->whole ? handed_on(run, steps, NULL) : cause_of(run, steps);
		plan->to = plan->step == NULL ? before_end(run, steps) : plan->step->ended_seq - 1;
	}
	bool again = control->kind == CONTROL_RETRY || control->kind == CONTROL_PATCH_DEFINITION;
	return again && !control->repeat_effects && may_act_twice(plan->step) ? CONTROL_EFFECT_SENT : CONTROL_FINE;
}

/*
 * Going back over an effect that is sent at most once has it sent again: after the place, or under way there.  One that
 * was refused by a definite answer has not acted.
 */
static bool goes_over(const struct step *step, int64_t to)
{
	bool after = step->began_seq > to || step->ended_seq == 0 || step->ended_seq > to;
	bool refused = step->status == STEP_FAULTED && !may_act_twice(step);
	return step->once && after && !refused;
}

bool control_rests(const struct run *run)
{
	for (size_t i = 0; i < run->frames_count; i++) {
		const struct frame *frame = run->frames[i];
		if (!frame->is_block && frame->sent && !ask_is_for_others(frame->task) && frame->task->type != IR_RUN_WORKFLOW)
			return false;
	}
	return true;
}

static enum control_refusal plan_restore(const struct run *run, const struct steps *steps,
										 const struct control *control, struct control_plan *plan)
{
	bool busy = run->status == RUN_RUNNING && !control_rests(run);
	if (run->status == RUN_COMPLETED || busy)
		return not_now(plan, run_status_names[run->status]);
	plan->to = control->to;
	for (size_t i = 0; i < steps->count && !control->repeat_effects; i++)
		if (goes_over(&steps->items[i], control->to))
			return CONTROL_EFFECT_SENT;
	return CONTROL_FINE;
}

enum control_refusal control_plan(const struct run *run, const struct steps *steps, const struct control *control,
								  struct control_plan *plan)
{
	bool over = run->status == RUN_FAULTED || run->status == RUN_CANCELLED;
	*plan = (struct control_plan){.to = -1};
	if (control->kind == CONTROL_RESTORE)
		return plan_restore(run, steps, control, plan);
	if (run->status == RUN_COMPLETED || run->status == RUN_PENDING)
		return not_now(plan, run_status_names[run->status]);
	if (control->kind == CONTROL_RETRY && !over)
		return not_now(plan, run_status_names[run->status]);
	if (control->step != NULL) {
		plan->step = newest(steps, control->step);
		if (plan->step == NULL)
			return CONTROL_NO_STEP;
		if (!allowed(control->kind, over, plan->step->status) ||
			(over && (plan->step->status == STEP_CANCELLED) != (run->status == RUN_CANCELLED)))
			return not_now(plan, step_status_names[plan->step->status]);
	} else if (control->kind != CONTROL_RETRY) {
		return CONTROL_NO_STEP;
	}
	return over ? plan_back(run, steps, control, plan) : CONTROL_FINE;
}
