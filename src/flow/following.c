#include "flow/following.h"

#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "flow/children_repo.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/row.h"
#include "flow/events_repo.h"
#include "flow/runner_internal.h"
#include "flow/scheduler.h"

/* Room for one more. */
static void *grown(void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	*room = *room == 0 ? 4 : 2 * *room;
	items = reallocarray(items, *room, size);
	must(items != NULL);
	return items;
}

void following_subscribe(struct live *live, uint32_t frame, int64_t after)
{
	struct following *f = &live->following;
	f->subscriptions =
		grown(f->subscriptions, f->subscriptions_count, &f->subscriptions_room, sizeof(*f->subscriptions));
	f->subscriptions[f->subscriptions_count++] = (struct subscription){.frame = frame, .after = after, .stored = after};
}

void following_adopt(struct live *live, const char *run_id, uint32_t frame)
{
	struct following *f = &live->following;
	f->children = grown(f->children, f->children_count, &f->children_room, sizeof(*f->children));
	struct child *child = &f->children[f->children_count++];
	child->frame = frame;
	must(strlen(run_id) < sizeof child->run_id);
	strcpy(child->run_id, run_id);
}

void following_notice(struct live *live, const char *run_id, enum notice_kind kind)
{
	struct following *f = &live->following;
	f->notices = grown(f->notices, f->notices_count, &f->notices_room, sizeof(*f->notices));
	struct notice *notice = &f->notices[f->notices_count++];
	*notice = (struct notice){.kind = kind};
	must(strlen(run_id) < sizeof notice->run_id);
	strcpy(notice->run_id, run_id);
}

void following_notice_begin(struct live *live, const char *run_id, int64_t priority)
{
	following_notice(live, run_id, NOTICE_BEGIN);
	live->following.notices[live->following.notices_count - 1].priority = priority;
}

static void drop_facts(struct following *f)
{
	while (f->facts != NULL) {
		struct fact *fact = f->facts;
		f->facts = fact->next;
		datum_unref(fact->datum);
		free(fact);
	}
	f->facts_end = &f->facts;
	f->notices_count = 0;
}

void following_forget(struct live *live)
{
	struct following *f = &live->following;
	drop_facts(f);
	free(f->subscriptions);
	free(f->children);
	free(f->notices);
	*f = (struct following){.look = false};
}

static void take_listener(void *live, const struct listener_record *listener)
{
	following_subscribe(live, listener->frame, listener->after);
}

static void take_child(void *live, const char *run_id, uint32_t frame)
{
	following_adopt(live, run_id, frame);
}

void following_begin(struct live *live)
{
	live->following.facts_end = &live->following.facts;
}

bool following_load(struct live *live, struct db *db, struct err *err)
{
	if (!listeners_of(db, live->run_id, take_listener, live, err) ||
		!children_of(db, live->run_id, take_child, live, err))
		return false;
	live->following.look = live->following.subscriptions_count + live->following.children_count > 0;
	return true;
}

/* --- rows --- */

static struct fact *add_fact(struct live *live, enum fact_kind kind, struct datum *datum)
{
	struct fact *fact = calloc(1, sizeof *fact);
	must(fact != NULL);
	fact->kind = kind;
	fact->datum = datum == NULL ? NULL : datum_ref(datum);
	*live->following.facts_end = fact;
	live->following.facts_end = &fact->next;
	return fact;
}

static void task_began(struct live *live, const struct row *row, const struct ir_task *task)
{
	if (task->type != IR_LISTEN)
		return;
	struct fact *fact = add_fact(live, FACT_LISTENS, NULL);
	fact->frame = live->run.next_frame; /* the row opens it */
	fact->since_us = row->n;
}

static void task_intends(struct live *live, const struct row *row, const struct ir_task *task)
{
	if (task->type != IR_RUN_WORKFLOW)
		return;
	struct fact *fact = add_fact(live, FACT_STARTED, row->request);
	fact->frame = row->frame;
	fact->awaited = task->workflow.await;
}

static void task_emitted(struct live *live, struct datum *event)
{
	add_fact(live, FACT_EMITTED, event);
	announce_emitted(live, event);
}

void following_row(struct live *live, const struct row *row)
{
	const struct frame *frame = row->frame == ROW_NO_FRAME ? NULL : run_frame(&live->run, row->frame);
	if (frame == NULL)
		return;
	const struct ir_task *task = frame->is_block ? &frame->block->tasks[frame->cursor] : frame->task;
	if (row->kind == ROW_ENTERED && frame->is_block)
		task_began(live, row, task);
	else if (row->kind == ROW_INTENT)
		task_intends(live, row, task);
	else if (row->kind == ROW_RESULT && task->type == IR_EMIT) /* an extended one */
		task_emitted(live, row->output);
	else if (row->kind == ROW_COMPLETED && frame->is_block && task->type == IR_EMIT)
		task_emitted(live, row->event != NULL ? row->event : row->output != NULL ? row->output : frame->value);
}

/* --- committing --- */

static bool carry_out(struct live *live, struct db *db, const struct fact *fact, struct err *err)
{
	return fact->kind == FACT_STARTED ? children_start(live, db, fact, err) : hearing_fact(live, db, fact, err);
}

void following_rewound(struct live *live)
{
	for (size_t i = 0; i < live->following.subscriptions_count; i++)
		live->following.subscriptions[i].gone = true;
	live->following.look = true;
}

bool following_commit(struct live *live, struct db *db, struct err *err)
{
	if (!hearing_forget(live, db, err))
		return false;
	for (const struct fact *fact = live->following.facts; fact != NULL; fact = fact->next)
		if (!carry_out(live, db, fact, err))
			return false;
	return hearing_commit(live, db, err) && children_commit(live, db, err) && scheduler_run_over(live, db, err);
}

static void begin(const struct live *live, const struct notice *notice)
{
	const struct runner_start start = {
		.run_id = notice->run_id, .account_id = live->account_id, .priority = notice->priority};
	runner_begin(live->runner, &start);
}

static void tell(struct runner *runner, const struct notice *notice)
{
	if (notice->kind == NOTICE_LOOK)
		runner_look(runner, notice->run_id);
	else if (notice->kind == NOTICE_SCHEDULES)
		scheduler_look(runner);
	else if (notice->kind == NOTICE_WAKE)
		runner_wake(runner, notice->run_id);
	else
		runner_order(runner, notice->run_id, RUNNER_CANCEL, "the run that started it waits no more", NULL, NULL);
}

void following_tell(struct live *live)
{
	struct following *f = &live->following;
	for (size_t i = 0; live->applied && i < f->notices_count; i++)
		if (f->notices[i].kind == NOTICE_BEGIN)
			begin(live, &f->notices[i]);
		else
			tell(live->runner, &f->notices[i]);
	drop_facts(f);
}

bool following_take(struct live *live)
{
	if (!live->following.look || live->run.status != RUN_RUNNING)
		return false;
	if (children_take(live) || hearing_take(live))
		return true;
	live->following.look = hearing_busy(live);
	return false;
}

/* --- the start of a process --- */

static void take_behind(void *runner, const char *run_id)
{
	runner_wake(runner, run_id);
}

static void take_child_left(void *runner, const char *run_id, bool cancel)
{
	const struct notice notice = {.kind = cancel ? NOTICE_CANCEL : NOTICE_WAKE};
	struct notice told = notice;
	must(strlen(run_id) < sizeof told.run_id);
	strcpy(told.run_id, run_id);
	tell(runner, &told);
}

bool following_open(struct runner *runner, struct db *db, struct err *err)
{
	return listeners_behind(db, take_behind, runner, err) && children_open(db, take_child_left, runner, err);
}
