#include "flow/effects.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/retry.h"
#include "flow/domain/trouble.h"
#include "flow/flow.h"
#include "flow/runner_internal.h"

const struct flow_effect *effects_find(const struct flow_parts *parts, const char *name, void **self)
{
	for (size_t i = 0; parts != NULL && i < parts->count; i++) {
		const struct flow_part *part = &parts->items[i];
		for (size_t k = 0; k < part->count; k++) {
			if (strcmp(part->effects[k].name, name) != 0)
				continue;
			*self = part->self;
			return &part->effects[k];
		}
	}
	return NULL;
}

/* A destination that is not there may have heard us all the same. */
static bool is_unsure(enum err_kind kind)
{
	return kind == ERR_UNAVAILABLE || kind == ERR_DEADLINE;
}

static void tell(const struct err *err, bool hopeless, struct trouble *trouble)
{
	trouble_set(trouble, is_unsure(err->kind) ? TROUBLE_COMMUNICATION : TROUBLE_RUNTIME, err_title(err->kind), "%s",
				err->message);
	trouble->final = hopeless;
}

/* What an operation gave: JSON text of our own making. */
static struct datum *output_of(const struct flow_step *step)
{
	return step->output == NULL ? datum_null() : datum_text(step->output, strlen(step->output));
}

/* --- those that leave the process --- */

struct effects_outcome effects_carry_out(const struct flow_parts *parts, const struct effects_call *call,
										 struct trouble *trouble)
{
	void *self;
	const struct flow_effect *effect = effects_find(parts, call->name, &self);
	struct effects_outcome outcome = {.definite = true};
	struct arena arena;
	struct err err = {.kind = ERR_INTERNAL};
	if (effect == NULL) {
		trouble_set(trouble, TROUBLE_CONFIGURATION, "No such operation", "There is no operation %s.", call->name);
		return outcome;
	}
	arena_init(&arena, ARENA_REQUEST_CAP);
	struct flow_step step = {.arena = &arena,
							 .run_id = call->run_id,
							 .account_id = call->account_id,
							 .path = call->path,
							 .key = call->key,
							 .now_us = call->now_us,
							 .task = datum_tree(call->task),
							 .with = datum_tree(call->with)};
	if (effect->carry_out(self, &step, &err)) {
		outcome.output = output_of(&step);
	} else {
		outcome.definite = !is_unsure(err.kind);
		outcome.hold_us = step.wait_us;
		tell(&err, step.hopeless, trouble);
	}
	arena_fini(&arena);
	return outcome;
}

/* --- what is stored with the result --- */

bool effects_keep(struct live *live, const struct message *message, uint32_t frame)
{
	void *self;
	const struct frame *open = run_frame(&live->run, frame);
	const struct flow_effect *effect = open->task->type == IR_CALL && open->task->call.callee == IR_EFFECT
										   ? effects_find(live->runner->options.parts, open->task->call.name, &self)
										   : NULL;
	if (effect == NULL || effect->apply == NULL || message->output == NULL)
		return false;
	must(!live->settling.wanted);
	live->settling = (struct settling){.wanted = true, .frame = frame, .found = datum_ref(message->output)};
	return true;
}

bool effects_pending(struct live *live)
{
	struct settling *settling = &live->settling;
	if (live->drive.in_commit != NULL)
		*settling = (struct settling){.wanted = true, .frame = live->drive.in_commit->number};
	if (settling->wanted && (run_is_over(live->run.status) || run_frame(&live->run, settling->frame) == NULL))
		effects_drop(live); /* it was cancelled: it has no effect any more */
	return settling->wanted;
}

bool effects_settle(struct live *live, struct db *db, struct err *err)
{
	const struct settling *settling = &live->settling;
	struct frame *frame = run_frame(&live->run, settling->frame);
	struct arena arena;
	char key[EFFECT_KEY];
	void *self;
	must(frame != NULL);
	const struct flow_effect *effect = effects_find(live->runner->options.parts, frame->task->call.name, &self);
	must(effect != NULL && effect->apply != NULL);
	arena_init(&arena, ARENA_REQUEST_CAP);
	effect_key(live->run_id, frame->path, frame->task->key_step ? 1 : frame->attempt, key);
	struct flow_step step = {.arena = &arena,
							 .run_id = live->run_id,
							 .account_id = live->account_id,
							 .path = frame->path,
							 .key = key,
							 .now_us = live->drive.now_us,
							 .task = datum_tree(live->run.input),
							 .with = datum_tree(frame->request),
							 .found = settling->found == NULL ? NULL : datum_tree(settling->found),
							 .refused = {.kind = ERR_NONE}};
	bool applied = effect->apply(self, db, &step, err);
	if (applied) {
		struct trouble trouble;
		struct drive_outcome outcome = {.definite = true, .cost = frame->cost};
		if (step.refused.kind == ERR_NONE) {
			outcome.output = output_of(&step);
			live->task.applied = true;
		} else {
			tell(&step.refused, step.hopeless, &trouble);
			outcome.error = trouble_datum(&trouble, live->runner->options.error_base, frame->reference);
		}
		drive_result_cost(&live->drive, frame, &outcome);
		datum_unref(outcome.output);
		datum_unref(outcome.error);
	}
	arena_fini(&arena);
	return applied;
}

void effects_drop(struct live *live)
{
	datum_unref(live->settling.found);
	live->settling = (struct settling){.wanted = false};
}
