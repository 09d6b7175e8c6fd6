/* One turn of a run: read it if need be, decide, commit, and then what follows from the commit. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/log.h"
#include "core/must.h"
#include "core/stamp.h"
#include "flow/checkpoint.h"
#include "flow/definition.h"
#include "flow/domain/datum.h"
#include "flow/domain/http_call.h"
#include "flow/domain/ir.h"
#include "flow/domain/mcp_call.h"
#include "flow/domain/row.h"
#include "flow/domain/trouble.h"
#include "flow/effects.h"
#include "flow/feed.h"
#include "flow/journal.h"
#include "flow/run_events.h"
#include "flow/runner_internal.h"
#include "flow/spending.h"
#include "http/workers.h"
#include "link/outgoing.h"

enum {
	TURN_CAP = 64 << 20,
	COMMIT_AGAIN_US = 1000000, /* after a commit that failed: the disk may have room again */
	SLOT_AGAIN_US = 30000000,  /* it is woken when a run of its kind ends; this is for what goes wrong there */
	SHORT_AGAIN_US = 10000,    /* after a reservation that was refused in the commit */
	LOAD_AGAIN_US = 30000000,  /* after a journal that cannot be read */
	KEEP_LEAST_US = 60000000,
};

/* --- reading --- */

static bool open_definition(struct live *live, struct db *db, const struct run_record *record, struct arena *arena,
							struct err *err)
{
	const char *text;
	size_t size;
	char sha256[65];
	struct definition_problems problems = {.arena = arena};
	live->definition = runner_kept_definition(live->runner, record->definition_sha256);
	if (live->definition != NULL)
		return true;
	if (!runs_definition(db, record->definition_sha256, arena, &text, &size, err))
		return false;
	if (text == NULL)
		return err_set(err, ERR_INTERNAL, "The definition of run %s is missing.", live->run_id);
	live->definition = runner_definition(live->runner, text, size, sha256, &problems, err);
	if (live->definition != NULL)
		return true;
	return problems.list.count == 0 ? false
									: err_set(err, ERR_INTERNAL, "The definition of run %s: %s", live->run_id,
											  problems.list.items[0].message);
}

static char *dup_or_null(const char *text)
{
	char *copy = text == NULL ? NULL : strdup(text);
	must(text == NULL || copy != NULL);
	return copy;
}

static void keep_record(struct live *live, const struct run_record *record)
{
	live->seed = dup_or_null(record->seed);
	live->account_id = dup_or_null(record->account_id);
	live->parent_run_id = dup_or_null(record->parent_run_id);
	live->created_by = dup_or_null(record->created_by);
	live->priority = record->priority;
	runner_lock(live->runner);
	live->tenant = fair_tenant(&live->runner->turn_line, record->account_id);
	runner_unlock(live->runner);
	live->scheduled = strstr(record->labels, "\"schedule\":") != NULL;
}

/* What a run has behind it; one without a row has nothing. */
static bool load_past(struct live *live, struct db *db, struct err *err)
{
	return journal_fold(db, live->run_id, JOURNAL_TO_ITS_END, &live->run, err) && following_load(live, db, err) &&
		   checkpoints_last(db, live->run_id, &live->checkpoint_us, err);
}

static bool load_from(struct live *live, struct db *db, struct arena *arena, struct err *err)
{
	struct run_record record;
	bool found;
	if (!runs_get(db, live->run_id, NULL, arena, &record, &found, err))
		return false;
	if (!found)
		return err_set(err, ERR_NOT_FOUND, "There is no run %s.", live->run_id);
	if (!open_definition(live, db, &record, arena, err))
		return false;
	keep_record(live, &record);
	run_init(&live->run, definition_ir(live->definition), live->run_id, live->seed);
	live->run.version = live->runner->options.version;
	live->loaded = true;
	spending_load(live, &record);
	following_begin(live);
	live->checkpoint_us = 0;
	if (record.seq > 0 && !load_past(live, db, err)) {
		live_forget(live);
		return false;
	}
	if (live->run.seq == 0)
		live->run.input = datum_text(record.input, strlen(record.input));
	asks_load(live);
	if (!tasks_read(live, db, err)) {
		live_forget(live);
		return false;
	}
	announce_load(live, record.status);
	return true;
}

static bool load(struct live *live)
{
	struct arena arena;
	struct err err = {.kind = ERR_NONE};
	arena_init(&arena, TURN_CAP);
	struct db *db = store_read(live->runner->options.store);
	bool good = load_from(live, db, &arena, &err);
	store_read_end(live->runner->options.store, db);
	arena_fini(&arena);
	live->gone = !good && err.kind == ERR_NOT_FOUND;
	if (!good && !live->gone)
		log_error("flow: run cannot be read", log_str("run_id", live->run_id), log_str("error", err.message));
	return good;
}

/* --- deciding --- */

static void keep_row(void *self, const struct row *row)
{
	struct live *live = self;
	if (live->lines.size > 0)
		buf_addc(&live->lines, '\n');
	else
		live->first_seq = row->seq;
	const struct row_apart apart = {.over = ROW_APART_OVER, .keep = values_note, .self = &live->values};
	row_encode(row, &apart, &live->lines);
	spending_note(live, row);
	following_row(live, row);
	checkpoint_row(live, row);
	announce_row(live, row);
	tasks_row(live, row);
	const struct frame *frame = row->kind == ROW_TIMER ? run_frame(&live->run, row->frame) : NULL;
	tally_row(&live->runner->tally, &live->tally, row, frame == NULL ? 0 : frame->due_us);
	if (row->kind != ROW_INTENT)
		return;
	struct intent *intent = malloc(sizeof *intent);
	must(intent != NULL);
	*intent = (struct intent){.frame = row->frame, .next = live->intents};
	live->intents = intent;
}

/* Megabytes may be many milliseconds: here other runs' calls do not wait for them. */
static void read_answer(const struct live *live, const struct frame *frame, struct message *message)
{
	const struct outgoing_answer *answer = message->answer;
	const struct http_call_answer got = {.status = answer->status,
										 .content_type = answer->content_type,
										 .headers = buf_text(&answer->headers),
										 .body = buf_text(&answer->body),
										 .body_size = answer->body.size};
	struct trouble trouble;
	message->output = frame->task->type == IR_CALL && frame->task->call.callee == IR_MCP
						  ? mcp_call_output(datum_tree(frame->request), &got, &trouble)
						  : http_call_output(frame->request, &got, &trouble);
	if (message->output == NULL)
		message->error = trouble_datum(&trouble, live->runner->options.error_base, frame->reference);
}

static void take_result(struct live *live, struct message *message)
{
	struct frame *frame =
		run_awaiting(&live->run, message->frame, message->path, message->attempt, message->deliveries);
	if (frame == NULL || effects_keep(live, message, frame->number))
		return; /* it came too late; or the commit takes it */
	if (message->answer != NULL)
		read_answer(live, frame, message);
	if (message->hold_us > 0) {
		drive_hold(&live->drive, frame, frame->task->call.name, live->drive.now_us + message->hold_us);
		return;
	}
	const struct drive_outcome outcome = {.output = message->output,
										  .error = message->error,
										  .cost =
											  message->cost != NULL || !message->definite ? message->cost : frame->cost,
										  .definite = message->definite};
	drive_result_cost(&live->drive, frame, &outcome);
}

static void take_order(struct live *live, const struct message *message)
{
	enum run_status status = live->run.status;
	if (message->order == RUNNER_CANCEL && run_may_become(status, RUN_CANCELLED))
		drive_cancel(&live->drive, message->reason);
	else if (message->order == RUNNER_SUSPEND && run_may_become(status, RUN_SUSPENDED))
		drive_suspend(&live->drive, message->reason);
	else if (message->order == RUNNER_HALT && run_may_become(status, RUN_SUSPENDED))
		drive_halt(&live->drive, message->output);
	else if (message->order == RUNNER_RESUME && status == RUN_SUSPENDED)
		drive_resume(&live->drive);
}

static void look(struct live *live)
{
	live->following.look = true;
	asks_look(live);
	breaking_look(live);
	tasks_look(live);
}

static void end_message(struct live *live, struct message *message)
{
	if (message->told != NULL) {
		runner_lock(live->runner);
		waiter_add(live, true, 0, message->told, message->self);
		runner_unlock(live->runner);
	}
	datum_unref(message->output);
	datum_unref(message->error);
	datum_unref(message->cost);
	outgoing_answer_free(message->answer);
	free(message->reason);
	free(message->path);
	free(message);
}

/* One commit makes one result: another one comes again. */
static bool comes_again(struct live *live, struct message *message)
{
	if (message->kind != MESSAGE_RESULT || !live->settling.wanted)
		return false;
	runner_lock(live->runner);
	live_post(live, message);
	runner_unlock(live->runner);
	return true;
}

static void take_message(struct live *live, struct message *message)
{
	if (comes_again(live, message))
		return;
	if (message->kind == MESSAGE_RESULT)
		take_result(live, message);
	else if (message->kind == MESSAGE_LOOK)
		look(live);
	else
		take_order(live, message);
	end_message(live, message);
}

/* After a crash: what was sent and not answered is sent again, by the same key [flow.md 3.1]. */
void turn_send_again(struct live *live, bool others)
{
	for (size_t i = 0; i < live->run.frames_count; i++) {
		struct frame *frame = live->run.frames[i];
		if (frame->is_block || !frame->sent || !(others || effect_is_ours(frame->task)))
			continue;
		if (frame->task->at_most_once) {
			struct trouble trouble;
			trouble_set(&trouble, TROUBLE_RUNTIME, "Effect unknown",
						"It was sent, and whether it was carried out is not known.");
			struct datum *error = trouble_datum(&trouble, live->runner->options.error_base, frame->reference);
			const struct drive_outcome outcome = {.error = error, .cost = frame->cost, .definite = true};
			drive_result_cost(&live->drive, frame, &outcome);
			datum_unref(error);
			continue;
		}
		struct row row = drive_row(&live->drive, ROW_INTENT, frame);
		row.n = frame->deliveries + 1;
		if (frame->task->type == IR_RUN_WORKFLOW)
			row.request = frame->request; /* the run that it had started was cancelled: another one */
		drive_emit(&live->drive, &row);
	}
}

static bool is_told_to_look(const struct message *inbox)
{
	while (inbox != NULL && inbox->kind != MESSAGE_LOOK)
		inbox = inbox->next;
	return inbox != NULL;
}

static void decide(struct live *live, struct message *inbox)
{
	struct runner *runner = live->runner;
	int64_t now = runner_now_us(runner);
	live->drive = (struct drive){.run = &live->run,
								 .world = &runner->world,
								 .now_us = now > live->run.now_us ? now : live->run.now_us,
								 .emit = keep_row,
								 .self = live};
	live->order_id[0] = '\0';
	announce_begin(live);
	if (live->run.seq == 0) {
		struct datum *input = datum_ref(live->run.input);
		drive_start(&live->drive, input);
		datum_unref(input);
	} else {
		if (!live->recovered || live->ordered || is_told_to_look(inbox))
			orders_take(live);
		if (!live->recovered) {
			turn_send_again(live, false);
			asks_look(live);
			breaking_look(live);
		}
	}
	live->recovered = true;
	drive_faults(&live->drive);
	spending_turn(live);
	while (inbox != NULL) {
		struct message *message = inbox;
		inbox = message->next;
		take_message(live, message);
	}
	if (live->task.revoked && run_may_become(live->run.status, RUN_CANCELLED))
		drive_cancel(&live->drive, "revoked");
	live->end = run_is_over(live->run.status) ? DRIVE_OVER
				: live->settling.wanted       ? DRIVE_MORE
											  : drive_turn(&live->drive, runner->options.turn_rows);
	while (live->end == DRIVE_WAITS && following_take(live))
		live->end = drive_turn(&live->drive, runner->options.turn_rows);
	asks_note(live);
}

/* --- committing --- */

static bool waits_for_us(const struct run *run)
{
	for (size_t i = 0; i < run->frames_count; i++)
		if (!run->frames[i]->is_block && run->frames[i]->sent && effect_is_ours(run->frames[i]->task))
			return true;
	return false;
}

static const char *status_name(const struct live *live)
{
	const struct run *run = &live->run;
	bool active = run->status != RUN_RUNNING || live->end == DRIVE_MORE || waits_for_us(run);
	return run_status_names[active ? run->status : RUN_WAITING];
}

/* At least until those who wait for its end have read it. */
static int64_t keep_until(const struct live *live)
{
	int64_t days = definition_ir(live->definition)->retention_days;
	if (days < 0)
		days = live->runner->options.retention_days;
	return live->run.ended_us + (days > 0 ? days * STAMP_US_PER_DAY : KEEP_LEAST_US);
}

static const char *text_of(const struct datum *datum)
{
	return datum == NULL ? NULL : datum_bytes(datum, NULL);
}

/* Would the commit leave what the row says as it is, but for the counts and the end of the journal? */
static bool goes_on(const struct row_standing *s, const struct run_commit *c)
{
	return s->known && !c->reopens && c->ended_us == 0 && c->output == NULL && c->error == NULL &&
		   s->status == c->status && s->reason == c->reason && s->due_us == c->due_us && s->driven == c->driven &&
		   s->started_us == c->started_us;
}

static void note_standing(struct live *live)
{
	const struct run_commit *c = &live->commit;
	live->standing = (struct row_standing){.known = true,
										   .driven = c->driven,
										   .status = c->status,
										   .reason = c->reason,
										   .due_us = c->due_us,
										   .started_us = c->started_us};
}

static void say_commit(struct live *live)
{
	const struct run *run = &live->run;
	bool over = run_is_over(run->status);
	live->commit = (struct run_commit){
		.run_id = live->run_id,
		.first_seq = live->first_seq,
		.last_seq = run->seq,
		.lines = buf_text(&live->lines),
		.lines_size = live->lines.size,
		.status = status_name(live),
		.reason = run->reason != NULL || over ? run->reason : breaking_reason(run),
		.output = text_of(run->output),
		.error = text_of(run->error),
		.due_us = over || run->status == RUN_SUSPENDED ? 0 : run_due(run),
		.started_us = run->started_us,
		.ended_us = run->ended_us,
		.keep_until_us = over ? keep_until(live) : 0,
		.steps_total = run->steps,
		.attempts_total = run->executions,
		.reopens = live->order_id[0] != '\0',
		.driven = over || (live->end != DRIVE_MORE && !waits_for_us(run)),
	};
	live->commit.goes_on = goes_on(&live->standing, &live->commit);
}

static bool apply_commit(struct db *db, void *self, struct err *err)
{
	struct live *live = self;
	if (live->settling.wanted) {
		if (!effects_settle(live, db, err))
			return false;
		say_commit(live);
	}
	bool begins = live->first_seq == 1 && !run_is_over(live->run.status);
	if (begins && slots_limited(live) && !slots_apply(live, db, err))
		return false;
	return runs_commit(db, &live->commit, err) && values_put(&live->values, db, live->run_id, err) &&
		   following_commit(live, db, err) && spending_apply(live, db, err) && orders_apply(live, db, err) &&
		   asks_apply(live, db, err) && tasks_apply(live, db, err) && announce_apply(live, db, err) &&
		   resources_apply(live, db, err);
}

static void committed(void *self, bool applied, const struct err *err)
{
	struct live *live = self;
	live->applied = applied;
	if (!applied && !live->slotless)
		log_error("flow: turn not committed", log_str("run_id", live->run_id), log_str("error", err->message));
	live_committed(live);
}

static void commit(struct live *live)
{
	say_commit(live);
	announce_rest(live, live->commit.status);
	live->op = (struct store_op){.apply = apply_commit, .done = committed, .self = live};
	struct err err;
	if (!store_submit(live->runner->options.store, &live->op, &err))
		committed(live, false, &err);
}

/* --- afterwards --- */

static void drop_intents(struct live *live)
{
	while (live->intents != NULL) {
		struct intent *intent = live->intents;
		live->intents = intent->next;
		free(intent);
	}
}

static void send_effects(struct live *live)
{
	for (const struct intent *intent = live->intents; intent != NULL; intent = intent->next) {
		const struct frame *frame = run_frame(&live->run, intent->frame);
		if (frame != NULL && frame->sent && effect_is_ours(frame->task))
			effect_send(live, frame);
	}
	drop_intents(live);
}

static enum tally_turns turn_outcome(const struct live *live)
{
	if (live->tally.rows == 0)
		return TALLY_IDLE;
	return live->broken || !live->applied ? TALLY_FAILED : TALLY_COMMITTED;
}

/* With the lock held: what the commit means for those who wait. */
static struct waiter *settle(struct live *live)
{
	struct runner *runner = live->runner;
	live->turning = false;
	fair_charge(live->tenant, live->loaded ? (int64_t)live->drive.rows : 0);
	live->over = live->gone || (live->loaded && run_is_over(live->run.status));
	live->suspended = live->loaded && live->run.status == RUN_SUSPENDED;
	live->resting =
		live->again_us == 0 && live->end == DRIVE_WAITS && live->inbox == NULL && live->in_flight == 0 && !live->wanted;
	int64_t due_us = live->loaded && !live->over && !live->suspended ? run_due(&live->run) : 0;
	if (due_us > 0)
		alarms_set_for(live, due_us);
	live->due_us = due_us;
	if (live->again_us > 0)
		alarms_set_for(live, runner_now_us(runner) + live->again_us);
	else if (live->suspended && live->money.due_us > 0)
		alarms_set_for(live, live->money.due_us);
	if (live->wanted || (live->again_us == 0 && (live->end == DRIVE_MORE || live->inbox != NULL || live->ordered)))
		live_queue(live);
	live->wanted = false;
	tally_end(&runner->tally, &live->tally, turn_outcome(live));
	runner->turns_under_way--;
	feed_settled(runner, live);
	runner_changed(runner);
	return waiters_met(live);
}

static void end_turn(struct live *live)
{
	struct runner *runner = live->runner;
	effects_drop(live);
	tasks_end(live);
	buf_fini(&live->lines);
	values_clear(&live->values);
	runner_lock(runner);
	struct waiter *met = settle(live);
	live_put(live);
	runner_unlock(runner);
	waiters_tell(runner, met, true);
}

/* What was not committed did not happen: the state is read anew, and the turn begins again. */
static void undo(struct live *live)
{
	bool at_once = live->money.short_of; /* the next look sees what the commit met */
	drop_intents(live);
	live_forget(live);
	live->checkpoint_seq = 0;
	live->recovered = false;
	live->end = DRIVE_WAITS;
	live->again_us = at_once ? SHORT_AGAIN_US : live->slotless ? SLOT_AGAIN_US : COMMIT_AGAIN_US;
}

void turn_end(struct live *live)
{
	if (live->applied) {
		note_standing(live);
		effects_review(live);
		send_effects(live);
		run_events_tell(live->runner->options.events);
		spending_committed(live);
		asks_committed(live);
		checkpoint_committed(live);
		if (run_is_over(live->run.status) && slots_limited(live))
			slots_wake(live);
	}
	following_tell(live);
	announce_end(live);
	if (!live->applied)
		undo(live);
	end_turn(live);
}

static struct message *take_inbox(struct live *live)
{
	runner_lock(live->runner);
	struct message *inbox = live->inbox;
	live->inbox = NULL;
	live->inbox_end = &live->inbox;
	runner_unlock(live->runner);
	return inbox;
}

/* A run that was deleted: nothing happens to it any more. */
static void end_messages(struct live *live, struct message *inbox)
{
	while (inbox != NULL) {
		struct message *message = inbox;
		inbox = message->next;
		end_message(live, message);
	}
}

static bool is_told(struct live *live)
{
	runner_lock(live->runner);
	bool told = live->inbox != NULL;
	runner_unlock(live->runner);
	return told;
}

void turn_run(struct live *live)
{
	runner_lock(live->runner);
	live->queued = false;
	live->turning = true;
	live->resting = false;
	runner_unlock(live->runner);
	buf_init(&live->lines, 0);
	live->again_us = 0;
	if (!live->loaded && !load(live)) {
		live->end = DRIVE_WAITS;
		if (live->gone)
			end_messages(live, take_inbox(live));
		else
			live->again_us = LOAD_AGAIN_US;
		end_turn(live);
		return;
	}
	live->broken = live->slotless = false;
	if (live->run.seq == 0 && slots_limited(live) && !is_told(live) && !slots_free(live)) {
		live->end = DRIVE_WAITS;
		live->again_us = SLOT_AGAIN_US;
		end_turn(live);
		return;
	}
	decide(live, take_inbox(live));
	if (live->broken) {
		undo(live);
		end_turn(live);
	} else if (effects_pending(live) || live->lines.size > 0) {
		commit(live);
	} else {
		end_turn(live);
	}
}
