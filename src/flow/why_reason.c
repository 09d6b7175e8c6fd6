#include "flow/why_reason.h"

#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/json.h"
#include "core/utf8.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/persons.h"
#include "flow/runner_internal.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/why.h"
#include "flow/why_events.h"
#include "flow/work_repo.h"
#include "seal/countersign.h"

static const char *text_in(struct datum *datum, const char *name)
{
	return datum == NULL ? NULL : json_text(datum_tree(datum), name);
}

/* --- reasons --- */

enum { COMMAND_TOLD = 200 /* bytes */, USERS_TOLD = 3 };

static const char *call_detail(const struct why *w, const struct frame *frame)
{
	const char *method = text_in(frame->request, "method"), *url = text_in(frame->request, "url");
	const char *model = text_in(frame->request, "model");
	if (url != NULL && method != NULL)
		return arena_printf(w->arena, "%s %s has not answered yet (delivery %lld).", method, url,
							(long long)frame->deliveries);
	if (frame->task->call.callee == IR_LLM && model != NULL)
		return arena_printf(w->arena, "The model %s has not answered yet.", model);
	if (frame->task->type == IR_CALL)
		return "An answer is awaited.";
	const char *command = text_in(frame->request, "command");
	return command == NULL ? "A script is running."
						   : arena_printf(w->arena, "A process is running: %.*s",
										  (int)utf8_cut(command, strlen(command), COMMAND_TOLD), command);
}

/* Carried out by this process: it is given up in its time, if that has begun. */
static struct why_reason call_reason(const struct why *w, const struct frame *frame)
{
	struct effect_standing standing;
	if (!effect_find(w->runner, w->record->run_id, frame->path, &standing))
		return (struct why_reason){.kind = "http", .detail = call_detail(w, frame)};
	if (standing.in_line)
		return (struct why_reason){.kind = "slot",
								   .detail = "It is not sent yet: as many calls of this server are under way as may be "
											 "(flow.calls)."};
	return (struct why_reason){.kind = "http", .detail = call_detail(w, frame), .until_us = standing.until_us};
}

/* Who has the task now; an error of the store says no more than who could have it. */
static struct why_reason worker_reason(const struct why *w, const struct frame *frame)
{
	struct why_reason reason = {.kind = "worker"};
	struct ask_work work;
	struct work_task task;
	struct err err;
	bool held = false;
	if (work_held(w->db, w->record->run_id, frame->path, frame->attempt, w->arena, &task, &held, &err) && held) {
		reason.until_us = task.lease_expires_us;
		reason.detail = arena_printf(
			w->arena, "The worker %s has it; when its lease is over, another may claim it from the queue %s.",
			task.worker_id, task.queue);
	} else if (ask_read_work(datum_tree(frame->request), &work, NULL)) {
		reason.detail = arena_printf(w->arena, "No worker has claimed it from the queue %s.", work.queue);
	}
	return reason;
}

static const char *who_decides(const struct why *w, const struct ask_person *person)
{
	const char *role = json_text(person->who, "role");
	const struct json *users = json_get(person->who, "users");
	struct buf text;
	if (role != NULL || users == NULL || users->kind != JS_ARRAY)
		return arena_printf(w->arena, "somebody with the role %s", role == NULL ? "?" : role);
	buf_init(&text, 0);
	buf_adds(&text, users->count == 1 ? "the user" : "one of the users");
	for (uint32_t i = 0; i < users->count && i < USERS_TOLD; i++)
		buf_addf(&text, "%s %s", i == 0 ? "" : ",", users->items[i].kind == JS_STRING ? users->items[i].text : "?");
	if (users->count > USERS_TOLD)
		buf_addf(&text, " and %u more", (unsigned)(users->count - USERS_TOLD));
	const char *who = arena_dup(w->arena, buf_text(&text));
	buf_fini(&text);
	return who;
}

static struct why_reason person_reason(const struct why *w, const struct frame *frame)
{
	struct why_reason reason = {.kind = "countersignature", .detail = "A person has to decide."};
	struct ask_person person;
	struct persons_request link;
	struct countersign_request request = {.quorum = 1};
	struct err err;
	bool found = false;
	if (!ask_read_person(datum_tree(frame->request), &person, NULL))
		return reason;
	if (persons_find(w->db, w->record->run_id, frame->path, w->arena, &link, &found, &err) && found &&
		countersign_request_find(w->db, w->record->account_id, link.request_id, w->arena, &request, &found, &err) &&
		found)
		reason.until_us = request.expires_us;
	reason.detail = arena_printf(w->arena, "A person has to decide%s%s (%s%s; %lld of %lld approve).",
								 person.title == NULL ? "" : ": ", person.title == NULL ? "" : person.title,
								 who_decides(w, &person), person.four_eyes ? ", but not who started it" : "",
								 (long long)request.approvals, (long long)request.quorum);
	return reason;
}

/* How the other run stands too: who is asked at night should not have to ask twice. */
static struct why_reason child_reason(const struct why *w, const struct frame *frame)
{
	struct why_reason reason = {.kind = "subflow", .detail = "Another run has to end first."};
	const char *run_id = text_in(frame->request, "run_id");
	struct run_record child;
	struct err err;
	bool found = false;
	if (run_id == NULL)
		return reason;
	reason.detail = arena_printf(w->arena, "The run %s has to end first.", run_id);
	if (!runs_get(w->db, run_id, w->record->account_id, w->arena, &child, &found, &err) || !found)
		return reason;
	bool halted = child.reason != NULL && *child.reason != '\0';
	reason.detail =
		arena_printf(w->arena, "The run %s of %s/%s %s has to end first; it is %s%s%s.", run_id, child.namespace,
					 child.name, child.version, child.status, halted ? ": " : "", halted ? child.reason : "");
	if (halted && strcmp(child.status, run_status_names[RUN_SUSPENDED]) == 0 && strcmp(child.reason, "paused") == 0)
		reason.resume = run_id;
	return reason;
}

static struct why_reason effect_reason(const struct why *w, const struct frame *frame)
{
	const struct ir_task *task = frame->task;
	if (task->type == IR_LISTEN)
		return (struct why_reason){.kind = "event", .detail = why_events(w->arena, frame)};
	if (task->type == IR_RUN_WORKFLOW)
		return child_reason(w, frame);
	if (ask_is_person(task))
		return person_reason(w, frame);
	if (ask_is_work(task))
		return worker_reason(w, frame);
	return call_reason(w, frame);
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

static struct why_reason retry_reason(const struct why *w, const struct frame *frame, const char *path)
{
	const struct step *step = last_fault(w->story, path);
	const char *title = step == NULL ? NULL : text_in(step->error, "title");
	const char *detail = step == NULL ? NULL : text_in(step->error, "detail");
	bool ends = detail != NULL && *detail != '\0' && detail[strlen(detail) - 1] == '.';
	int64_t most = frame->is_block || frame->task->type != IR_TRY ? -1 : frame->task->try_.retry.limit_count;
	const char *of = most < 0 ? "" : arena_printf(w->arena, " of %lld", (long long)most);
	return (struct why_reason){
		.kind = "retry",
		.since_us = step == NULL ? 0 : step->ended_us,
		.until_us = frame->due_us,
		.detail = arena_printf(w->arena, "Retry %lld%s begins then%s%s%s%s%s", (long long)frame->retries, of,
							   title == NULL ? "" : "; before it: ", title == NULL ? "" : title,
							   detail == NULL ? "" : ": ", detail == NULL ? "" : detail, ends ? "" : ".")};
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

bool why_reason_of(const struct why *w, const struct frame *frame, const char **path, struct why_reason *reason)
{
	if (frame->state != FRAME_WAITING || (frame->is_block && frame->block == NULL))
		return false;
	*path = path_of(w, frame);
	if (frame->is_block)
		*reason = retry_reason(w, frame, *path);
	else if (frame->sent || frame->listening != NULL)
		*reason = effect_reason(w, frame);
	else if (frame->held != NULL)
		*reason = (struct why_reason){
			.kind = "breaker",
			.detail = arena_printf(w->arena, "%s failed too often and is left alone until then.", frame->held),
			.until_us = frame->due_us};
	else if (frame->due_us > 0 && frame->task->type == IR_TRY)
		*reason = retry_reason(w, frame, *path);
	else if (frame->due_us > 0)
		*reason = (struct why_reason){.kind = "timer", .detail = "It waits for a time.", .until_us = frame->due_us};
	else
		return false;
	if (reason->until_us == 0)
		reason->until_us = run_timeout_us(frame);
	if (reason->since_us == 0)
		reason->since_us = frame->started_us;
	return true;
}

bool why_in_flight(const struct why *w, const struct frame *frame, struct why_reason *reason)
{
	struct effect_standing standing;
	if (frame->is_block || frame->state != FRAME_WAITING || !frame->sent)
		return false;
	if (ask_is_work(frame->task)) {
		*reason = worker_reason(w, frame);
		if (reason->until_us == 0)
			return false; /* nobody holds it */
	} else if (effect_find(w->runner, w->record->run_id, frame->path, &standing)) {
		*reason = call_reason(w, frame);
	} else {
		return false;
	}
	reason->since_us = frame->started_us;
	return true;
}
