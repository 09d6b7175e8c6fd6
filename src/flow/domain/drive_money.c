/* Steps that cost: paid for before they are sent, or the run stands still [flow.md 7]. */
#include "flow/domain/drive.h"

#include "flow/domain/datum.h"
#include "flow/domain/drive_data.h"
#include "flow/domain/ir.h"

static bool is_llm(const struct ir_task *task)
{
	return task->type == IR_CALL && task->call.callee == IR_LLM;
}

void drive_halt(struct drive *drive, struct datum *why)
{
	struct row row = drive_row(drive, ROW_SUSPENDED, NULL);
	row.reason = "budget";
	row.cost = why;
	drive_emit(drive, &row);
}

static bool ask(struct place *place, struct datum *request, struct datum *asked, struct datum **cost)
{
	const struct world *world = place->drive->world;
	struct trouble trouble;
	switch (world->afford(world->self, place, request, asked, cost, &trouble)) {
	case MEANS_ENOUGH:
		return true;
	case MEANS_SHORT:
		drive_halt(place->drive, *cost);
		break;
	case MEANS_FAULT:
		drive_fault(place, &trouble);
		break;
	}
	datum_unref(*cost);
	*cost = NULL;
	return false;
}

bool drive_money(struct place *place, struct datum *request, struct datum **cost)
{
	struct drive *drive = place->drive;
	struct trouble trouble;
	struct datum *asked = NULL;
	*cost = NULL;
	if (drive->world->afford == NULL || (!is_llm(place->task) && place->task->cost.source == NULL))
		return true;
	if (drive->results > 0) { /* a commit that may be refused must not hold results: they came only once */
		drive->yield = true;
		run_ready(drive->run, place->frame);
		return false;
	}
	if (place->task->cost.source != NULL &&
		(asked = place_eval(place, &place->task->cost, place->input, NULL, &trouble)) == NULL) {
		drive_fault(place, &trouble);
		return false;
	}
	bool good = ask(place, request, asked, cost);
	datum_unref(asked);
	return good;
}

void drive_result_cost(struct drive *drive, struct frame *frame, const struct drive_outcome *outcome)
{
	struct row row = drive_row(drive, ROW_RESULT, frame);
	row.output = outcome->output;
	row.error = outcome->error;
	row.cost = outcome->cost;
	row.definite = outcome->definite;
	if (!frame->sent) { /* made in the commit: an extended task's directive is with its result */
		row.then = frame->task->next.then;
		row.index = row.then == IR_GOTO ? frame->task->next.index : 0;
	}
	drive->results++;
	drive_emit(drive, &row);
}
