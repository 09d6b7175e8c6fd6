/* Breakers: a step whose target is left alone waits, if it has the time for it [flow.md 10]. */
#include "flow/domain/drive.h"

#include "flow/domain/ir.h"

static bool is_gated(const struct ir_task *task)
{
	if (task->type != IR_CALL)
		return false;
	return task->call.callee == IR_HTTP || task->call.callee == IR_OPENAPI || task->call.callee == IR_MCP ||
		   task->call.callee == IR_LLM || task->call.callee == IR_EFFECT;
}

void drive_hold(struct drive *drive, struct frame *frame, const char *target, int64_t until_us)
{
	struct row row = drive_row(drive, ROW_HELD, frame);
	row.reason = target;
	row.due_us = until_us;
	drive_emit(drive, &row);
}

bool drive_gate(struct place *place, struct datum *request)
{
	const struct world *world = place->drive->world;
	struct trouble trouble;
	char target[GATE_TARGET];
	int64_t until_us;
	if (world->gate == NULL || !is_gated(place->task) || world->gate(world->self, place, request, target, &until_us))
		return true;
	int64_t timeout_us = run_timeout_us(place->frame);
	if (timeout_us > 0 && until_us >= timeout_us) {
		trouble_set(&trouble, TROUBLE_COMMUNICATION, "Breaker open",
					"%s failed too often and is left alone for longer than the step may wait.", target);
		trouble.status = 503;
		drive_fault(place, &trouble);
		return false;
	}
	drive_hold(place->drive, place->frame, target, until_us);
	return false;
}

void drive_let_go(struct drive *drive, struct frame *frame)
{
	struct row row = drive_row(drive, ROW_TIMER, frame);
	drive_emit(drive, &row);
}
