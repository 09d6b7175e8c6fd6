/* Breakers and the calls of runs: who is asked, who waits, what came of it [flow.md 10; P-10.4]. */
#include <stdio.h>
#include <string.h>

#include "core/env.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/breakers.h"
#include "flow/domain/datum.h"
#include "flow/domain/drive.h"
#include "flow/domain/ir.h"
#include "flow/effects.h"
#include "flow/flow.h"
#include "flow/runner_internal.h"
#include "link/authority.h"

_Static_assert((int)BREAKER_TARGET == (int)AUTHORITY_MAX, "a host is a target");
_Static_assert((int)GATE_TARGET >= (int)BREAKER_TARGET, "a decision has room for a target");

static const char models[] = "llm";

static bool target_of(const char *url, char target[BREAKER_TARGET])
{
	if (url != NULL)
		return authority_of(url, target);
	strcpy(target, models);
	return true;
}

/* Its product says itself how long its destination is left alone. */
static bool gate_effect(struct runner *runner, const struct place *place, char *target, int64_t *until_us)
{
	void *self;
	const struct flow_effect *effect = effects_find(runner->options.parts, place->task->call.name, &self);
	int64_t wait_us =
		effect == NULL || effect->wait_us == NULL ? 0 : effect->wait_us(self, datum_tree(place->drive->run->input));
	snprintf(target, GATE_TARGET, "%s", place->task->call.name);
	*until_us = place->drive->now_us + wait_us;
	return wait_us <= 0;
}

bool breaking_gate(void *self, const struct place *place, struct datum *request, char *target, int64_t *until_us)
{
	struct runner *runner = self;
	const struct run *run = place->drive->run;
	const struct live *live = (const struct live *)(const void *)((const char *)run - offsetof(struct live, run));
	bool llm = place->task->call.callee == IR_LLM;
	if (place->task->call.callee == IR_EFFECT)
		return gate_effect(runner, place, target, until_us);
	if (runner->options.breakers == NULL)
		return true;
	const char *url = llm ? NULL : json_text(datum_tree(request), "url");
	if ((!llm && url == NULL) || !target_of(url, target))
		return true; /* the call itself will say what is wrong with it */
	const struct breaker_call call = {.account_id = live->account_id, .target = target, .now_us = place->drive->now_us};
	return breakers_may(runner->options.breakers, &call, live->run_id, until_us);
}

void breaking_look(struct live *live)
{
	struct breakers *breakers = live->runner->options.breakers;
	for (size_t i = 0; breakers != NULL && i < live->run.frames_count; i++) {
		struct frame *frame = live->run.frames[i];
		if (frame->is_block || frame->held == NULL || frame->task->call.callee == IR_EFFECT)
			continue;
		const struct breaker_call call = {
			.account_id = live->account_id, .target = frame->held, .now_us = live->drive.now_us};
		if (!breakers_hold(breakers, &call, live->run_id))
			drive_let_go(&live->drive, frame);
	}
}

const char *breaking_reason(const struct run *run)
{
	for (size_t i = 0; i < run->frames_count; i++)
		if (run->frames[i]->held != NULL)
			return "breaker";
	return NULL;
}

void breaking_told(void *runner, const char *run_id)
{
	runner_look(runner, run_id);
}

/* REF: platform P-10.4: 4xx but 408 and 429 do not count */
static bool went_well(int status)
{
	return status > 0 && status < 500 && status != 408 && status != 429;
}

void breaking_tell(struct runner *runner, const struct breaking_outcome *outcome)
{
	char target[BREAKER_TARGET];
	if (runner->options.breakers == NULL || !target_of(outcome->url, target))
		return;
	const struct breaker_call call = {
		.account_id = outcome->account_id, .target = target, .now_us = runner_now_us(runner)};
	breakers_tell(runner->options.breakers, &call, went_well(outcome->status),
				  env_mono_us(runner->options.env) - outcome->began_us);
}

void breaking_give_back(struct runner *runner, const struct breaking_outcome *outcome)
{
	char target[BREAKER_TARGET];
	if (runner->options.breakers == NULL || !target_of(outcome->url, target))
		return;
	int64_t ago_us = env_mono_us(runner->options.env) - outcome->began_us;
	const struct breaker_call call = {
		.account_id = outcome->account_id, .target = target, .now_us = runner_now_us(runner) - ago_us};
	breakers_give_back(runner->options.breakers, &call);
}
