/* try: which errors are caught, and what is done about them [flow.md 2.4]. */
#include "flow/domain/drive.h"

#include <string.h>

#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/retry.h"

/* --- which --- */

static bool same_member(const struct json *error, const char *name, const struct json *wanted)
{
	const struct json *found = json_get(error, name);
	return wanted == NULL || (found != NULL && json_same(found, wanted));
}

static bool matches(const struct ir_error_filter *with, const struct json *error)
{
	const char *type = json_text(error, "type");
	bool typed = with->type == NULL ||
				 (type != NULL && with->type->kind == JS_STRING && trouble_same_type(type, with->type->text));
	return typed && same_member(error, "status", with->status) && same_member(error, "title", with->title) &&
		   same_member(error, "detail", with->detail) && same_member(error, "instance", with->instance);
}

/* Does a pair of conditions let the error in?  False: asking failed. */
static bool admits(const struct place *place, const struct ir_value *when, const struct ir_value *except_when,
				   struct datum *error, bool *admitted, struct trouble *trouble)
{
	const struct ir_value *conditions[] = {when, except_when};
	*admitted = true;
	for (int i = 0; i < 2; i++) {
		if (conditions[i]->source == NULL)
			continue;
		struct scope scope = place_scope(place, place->input, NULL);
		scope.extra.name = place->task->try_.as;
		scope.extra.value = error;
		const struct world *world = place->drive->world;
		struct datum *answer = conditions[i]->mode == IR_LITERAL
								   ? datum_json(conditions[i]->source)
								   : world->eval(world->self, conditions[i], &scope, trouble);
		if (answer == NULL)
			return false;
		*admitted = *admitted && datum_is_false(answer) == (i == 1);
		datum_unref(answer);
	}
	return true;
}

/* --- retry --- */

/* May the body be tried once more?  False: asking failed. */
static bool may_retry(const struct place *place, struct datum *error, bool *may, struct trouble *trouble)
{
	const struct ir_retry *retry = &place->task->try_.retry;
	const struct frame *frame = place->frame;
	int64_t limit = retry->limit_count >= 0 ? retry->limit_count : place->drive->world->retry_max, within_ms;
	*may = false;
	if (!retry->given || frame->retries >= limit || trouble_is_final(error))
		return true;
	if (retry->limit_duration.given) {
		if (!drive_duration(place, &retry->limit_duration, place->input, &within_ms, trouble))
			return false;
		if (place->drive->now_us - frame->started_us >= within_ms * 1000)
			return true;
	}
	return admits(place, &retry->when, &retry->except_when, error, may, trouble);
}

/* A named profile scatters the whole delay over its upper half in place of adding to it [P-10.3]. */
static int64_t delay_of(const struct place *place, int64_t base_ms, int64_t n)
{
	const struct ir_retry *retry = &place->task->try_.retry;
	const char *seed = place->drive->run->seed;
	double cap = (double)place->drive->world->retry_max_delay_ms;
	struct retry_policy policy = retry->constants;
	policy.delay_ms = (double)base_ms;
	if (!retry->scatter)
		return retry_delay_ms(&policy, seed, place->path, n, cap);
	if (retry->max_delay_ms >= 0 && (double)retry->max_delay_ms < cap)
		cap = (double)retry->max_delay_ms;
	double half = (double)retry_delay_ms(&policy, seed, place->path, n, cap) / 2;
	struct retry_policy scattered = {.delay_ms = half, .jitter_to_ms = half};
	return retry_delay_ms(&scattered, seed, place->path, n, cap);
}

static bool retry_later(struct place *place, struct datum *error, struct trouble *trouble)
{
	const struct ir_retry *retry = &place->task->try_.retry;
	int64_t delay_ms, n = place->frame->retries + 1;
	if (!drive_duration(place, &retry->delay, place->input, &delay_ms, trouble))
		return false;
	struct row row = drive_row(place->drive, ROW_CAUGHT, place->frame);
	row.n = n;
	row.error = error;
	row.due_us = place->drive->now_us + delay_of(place, delay_ms, n) * 1000;
	drive_emit(place->drive, &row);
	return true;
}

/* --- what is done --- */

static void handle(struct place *place, struct datum *error)
{
	struct row row = drive_row(place->drive, ROW_CAUGHT, place->frame);
	row.error = error;
	drive_emit(place->drive, &row);
}

static bool catch_error(struct place *place, struct datum *error, struct trouble *trouble)
{
	const struct ir_task *task = place->task;
	bool caught = matches(&task->try_.with, datum_tree(error)), again;
	if (caught && !admits(place, &task->try_.when, &task->try_.except_when, error, &caught, trouble))
		return false;
	if (!caught) {
		drive_fault_datum(place, error);
		return true;
	}
	if (!may_retry(place, error, &again, trouble))
		return false;
	if (again)
		return retry_later(place, error, trouble);
	if (task->try_.retry.given && !task->try_.has_do && !task->try_.has_then)
		drive_fault_datum(place, error); /* exhausted or refused, and nobody handles it */
	else
		handle(place, error);
	return true;
}

void drive_try(struct place *place)
{
	struct frame *block = place->frame->first;
	if (block->state == FRAME_ENDED) {
		bool directed = block->role == BLOCK_CATCH && place->task->try_.has_then;
		drive_finish(place, block->value, directed ? &place->task->try_.catch_next : NULL);
	} else if (block->state == FRAME_FAILED) {
		struct trouble trouble;
		struct datum *error = datum_ref(block->error);
		drive_cancel_below(place->drive, block); /* its time was over */
		if (block->role == BLOCK_CATCH)
			drive_fault_datum(place, error);
		else if (!catch_error(place, error, &trouble))
			drive_fault(place, &trouble);
		datum_unref(error);
	}
}
