/* A task that asks somebody else: what exactly is asked, fixed in the journal before anything is sent. */
#include "flow/domain/drive.h"

#include "core/json.h"
#include "flow/domain/datum.h"
#include "flow/domain/http_call.h"
#include "flow/domain/ir.h"

static const struct ir_value *asked(const struct ir_task *task)
{
	switch (task->type) {
	case IR_CALL:
		return &task->call.with;
	case IR_RUN_SHELL:
	case IR_RUN_SCRIPT:
		return &task->process.body;
	default:
		return NULL;
	}
}

static struct datum *request_of(const struct place *place, struct trouble *trouble)
{
	const struct ir_value *value = asked(place->task);
	if (value == NULL || value->source == NULL)
		return datum_ref(place->input);
	if (value->mode == IR_LITERAL)
		return datum_json(value->source);
	struct scope scope = place_scope(place, place->input, NULL);
	const struct world *world = place->drive->world;
	return world->eval(world->self, value, &scope, trouble);
}

static bool is_http(const struct ir_task *task)
{
	return task->type == IR_CALL && task->call.callee == IR_HTTP;
}

void drive_prepare(struct place *place)
{
	struct trouble trouble;
	struct datum *request = request_of(place, &trouble);
	if (request != NULL && is_http(place->task)) {
		struct datum *with = request;
		request = http_call_request(with, place->input, &trouble);
		datum_unref(with);
	}
	if (request == NULL) {
		drive_fault(place, &trouble);
		return;
	}
	struct row row = drive_row(place->drive, ROW_INTENT, place->frame);
	row.request = request;
	row.n = 1;
	drive_emit(place->drive, &row);
	datum_unref(request);
}
