/* Steps that others carry out: their tasks and requests are opened and closed in the commits of the run. */
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/domain/ask.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/retry.h"
#include "flow/persons.h"
#include "flow/runner_internal.h"
#include "flow/work_desk.h"
#include "flow/work_repo.h"

/* At the end: tasks are opened in the order in which they were asked for. */
static struct ask *add(struct live *live, struct frame *frame)
{
	struct ask *ask = malloc(sizeof *ask);
	must(ask != NULL);
	*ask = (struct ask){.frame = frame->number,
						.attempt = frame->attempt,
						.path = strdup(frame->path),
						.person = ask_is_person(frame->task)};
	must(ask->path != NULL);
	frame->asked = true;
	*(live->asks == NULL ? &live->asks : live->asks_end) = ask;
	live->asks_end = &ask->next;
	return ask;
}

static bool is_asking(const struct frame *frame)
{
	return !frame->is_block && frame->sent && ask_is_for_others(frame->task);
}

void asks_load(struct live *live)
{
	for (size_t i = 0; i < live->run.frames_count; i++)
		if (is_asking(live->run.frames[i]))
			add(live, live->run.frames[i]);
}

/* Frames were made anew: those that still ask are known by path and attempt. */
void asks_rematch(struct live *live)
{
	for (struct ask *ask = live->asks; ask != NULL; ask = ask->next) {
		struct frame *frame = run_find(&live->run, ask->path);
		bool same = frame != NULL && is_asking(frame) && frame->attempt == ask->attempt;
		ask->frame = same ? frame->number : UINT32_MAX;
		if (same)
			frame->asked = true;
	}
}

static void drop(struct ask *ask)
{
	free(ask->path);
	free(ask);
}

void asks_forget(struct live *live)
{
	while (live->asks != NULL) {
		struct ask *ask = live->asks;
		live->asks = ask->next;
		drop(ask);
	}
}

void asks_renew(struct live *live)
{
	asks_forget(live);
	for (size_t i = 0; i < live->run.frames_count; i++)
		live->run.frames[i]->asked = false;
}

/* --- what came back --- */

static struct frame *frame_of(const struct live *live, const char *path, int64_t attempt)
{
	struct frame *frame = run_find(&live->run, path);
	return frame != NULL && is_asking(frame) && frame->attempt == attempt ? frame : NULL;
}

static void take_answer(void *self, const struct work_answer *answer)
{
	struct live *live = self;
	struct frame *frame = frame_of(live, answer->path, answer->attempt);
	if (frame == NULL)
		return; /* its step has ended otherwise */
	const char *text = answer->error != NULL ? answer->error : answer->output;
	struct datum *datum = datum_text(text, strlen(text));
	drive_result(&live->drive, frame, answer->error == NULL ? datum : NULL, answer->error != NULL ? datum : NULL,
				 answer->definite);
	datum_unref(datum);
}

/* A lease ran out and somebody else has the task: the same attempt, delivered once more [flow.md 3.1]. */
static void take_redelivery(void *self, const char *path, int64_t attempt, int64_t deliveries)
{
	struct live *live = self;
	struct frame *frame = frame_of(live, path, attempt);
	if (frame == NULL || frame->deliveries >= deliveries)
		return;
	struct row row = drive_row(&live->drive, ROW_INTENT, frame);
	row.n = deliveries;
	drive_emit(&live->drive, &row);
}

void asks_look(struct live *live)
{
	struct err err;
	if (live->asks == NULL || run_is_over(live->run.status))
		return;
	struct db *db = store_read(live->runner->options.store);
	bool read = work_redelivered(db, live->run_id, take_redelivery, live, &err) &&
				answers_read(db, live->run_id, take_answer, live, &err);
	store_read_end(live->runner->options.store, db);
	if (!read)
		log_error("flow: answers cannot be read", log_str("run_id", live->run_id), log_str("error", err.message));
}

/* --- what is new, what is over --- */

void asks_note(struct live *live)
{
	for (struct ask *ask = live->asks; ask != NULL; ask = ask->next) {
		const struct frame *frame = run_frame(&live->run, ask->frame);
		ask->gone = frame == NULL || !frame->asked || !is_asking(frame) || frame->attempt != ask->attempt ||
					run_is_over(live->run.status);
	}
	for (size_t i = 0; i < live->run.frames_count && !run_is_over(live->run.status); i++)
		if (is_asking(live->run.frames[i]) && !live->run.frames[i]->asked)
			add(live, live->run.frames[i])->fresh = true;
}

/* --- in the commit --- */

static bool open_work(const struct live *live, struct db *db, const struct frame *frame, struct err *err)
{
	char key[EFFECT_KEY], task_id[ID_TEXT];
	struct ask_work work;
	struct datum *payload;
	must(ask_read_work(datum_tree(frame->request), &work, NULL));
	payload = datum_json(work.payload);
	effect_key(live->run_id, frame->path, frame->task->key_step ? 1 : frame->attempt, key);
	id_make(live->runner->options.ids, task_id);
	const struct work_task task = {
		.task_id = task_id,
		.run_id = live->run_id,
		.account_id = live->account_id,
		.queue = work.queue,
		.path = frame->path,
		.reference = frame->reference,
		.attempt = frame->attempt,
		.deliveries = frame->deliveries,
		.idempotency_key = key,
		.payload = datum_bytes(payload, NULL),
		.lease_ms = work.lease_ms,
		.priority = live->priority,
		.at_most_once = frame->task->at_most_once,
	};
	bool inserted = work_insert(db, &task, live->run.now_us, err);
	datum_unref(payload);
	return inserted;
}

static bool open_person(const struct live *live, struct db *db, const struct frame *frame, struct err *err)
{
	struct ask_person person;
	must(ask_read_person(datum_tree(frame->request), &person, NULL));
	const struct persons_ask ask = {
		.run_id = live->run_id,
		.account_id = live->account_id,
		.author_id = live->created_by,
		.path = frame->path,
		.reference = frame->reference,
		.attempt = frame->attempt,
		.person = &person,
	};
	return live->runner->options.persons == NULL || persons_open(live->runner->options.persons, db, &ask, err);
}

static bool open_ask(const struct live *live, struct db *db, const struct ask *ask, struct err *err)
{
	const struct frame *frame = run_frame(&live->run, ask->frame);
	return ask->person ? open_person(live, db, frame, err) : open_work(live, db, frame, err);
}

static bool close_ask(const struct live *live, struct db *db, const struct ask *ask, struct err *err)
{
	struct persons *persons = live->runner->options.persons;
	bool closed = ask->person ? persons == NULL || persons_close(persons, db, live->run_id, live->account_id, ask->path,
																 ask->attempt, err)
							  : work_give_up(db, live->run_id, ask->path, ask->attempt, err);
	return closed && answers_drop(db, live->run_id, ask->path, ask->attempt, err);
}

bool asks_apply(struct live *live, struct db *db, struct err *err)
{
	for (const struct ask *ask = live->asks; ask != NULL; ask = ask->next) {
		if (ask->fresh && !ask->gone && !open_ask(live, db, ask, err))
			return false;
		if (ask->gone && !ask->fresh && !close_ask(live, db, ask, err))
			return false;
	}
	return true;
}

void asks_committed(struct live *live)
{
	bool work = false;
	for (struct ask **at = &live->asks, *ask; (ask = *at) != NULL;) {
		work = work || (ask->fresh && !ask->person);
		ask->fresh = false;
		if (!ask->gone) {
			at = &ask->next;
			continue;
		}
		*at = ask->next;
		drop(ask);
	}
	live->asks_end = &live->asks;
	for (struct ask *ask = live->asks; ask != NULL; ask = ask->next)
		live->asks_end = &ask->next;
	if (work && live->runner->options.desk != NULL)
		work_desk_ring(live->runner->options.desk);
}
