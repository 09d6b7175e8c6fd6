#include "flow/orders.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/checkpoints_repo.h"
#include "flow/definition.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/domain/steps.h"
#include "flow/journal.h"
#include "flow/runner_internal.h"
#include "flow/workflows.h"

enum { ORDER_CAP = 64 << 20 };

bool orders_put(struct db *db, struct id_maker *ids, const char *run_id, const struct control *control, struct err *err)
{
	char order_id[ID_TEXT];
	struct buf text;
	id_make(ids, order_id);
	buf_init(&text, 0);
	control_encode(control, &text);
	bool put = db_run(db, err, "INSERT INTO flow_orders (order_id, run_id, body) VALUES ($1, $2, $3)", V_TEXT(order_id),
					  V_TEXT(run_id), V_TEXT(buf_text(&text)));
	buf_fini(&text);
	return put;
}

/* --- carrying out --- */

struct taking {
	struct live *live;
	struct arena arena;
	const char *body;
	struct control control;
	struct control_plan plan;
	struct run run; /* the same as live's, with its steps */
	struct steps steps;
};

/* The state as of row `to`; what was asked of others since then is seen to by asks.c. */
static bool rewind_to(struct live *live, int64_t to, struct err *err)
{
	const char *version = live->run.version;
	run_fini(&live->run);
	run_init(&live->run, definition_ir(live->definition), live->run_id, live->seed);
	live->run.version = version;
	struct db *db = store_read(live->runner->options.store);
	bool good = journal_fold(db, live->run_id, to, &live->run, err);
	store_read_end(live->runner->options.store, db);
	live->rewind_to = to;
	asks_rematch(live);
	following_rewound(live);
	return good;
}

/* The run goes by another definition from now on; its rows so far fit that too, as was looked at with the order. */
static bool take_definition(struct taking *t, struct err *err)
{
	struct live *live = t->live;
	struct definition_problems problems = {.arena = &t->arena};
	struct definition *before = live->definition, *patched = NULL;
	const char *text = NULL;
	size_t size = 0;
	bool named = t->control.value != NULL && t->control.value->kind == JS_STRING &&
				 t->control.value->size < sizeof live->patched_sha256;
	struct db *db = store_read(live->runner->options.store);
	bool read = named && runs_definition(db, t->control.value->text, &t->arena, &text, &size, err);
	store_read_end(live->runner->options.store, db);
	if (read && text != NULL)
		patched = runner_definition(live->runner, text, size, live->patched_sha256, &problems, err);
	if (patched == NULL)
		return err_set(err, ERR_INTERNAL, "The patched definition is missing.");
	live->definition = patched;
	bool good = rewind_to(live, t->plan.to, err);
	definition_unref(before);
	return good;
}

static struct drive_step step_of(const struct taking *t)
{
	const struct run *run = &t->live->run;
	const struct step *step = t->plan.step;
	struct drive_step found = {.frame = NULL, .index = t->plan.index};
	if (step == NULL || (t->control.kind == CONTROL_RETRY && t->run.status == RUN_CANCELLED))
		return found; /* what was under way goes on */
	found.path = step->path;
	found.attempt = step->attempt;
	found.frame = run_find(run, step->path);
	if (found.frame == NULL)
		found.frame = run_find_block(run, step->path);
	if (found.frame == NULL && run->ir->dag)
		found.frame = run->root;
	return found;
}

/* With what came in, by the new body. */
static void begin_anew(struct taking *t, const struct drive_step *step, const struct word *word)
{
	struct drive *drive = &t->live->drive;
	if (t->plan.to >= 0) {
		drive_retry(drive, step, t->plan.to, true, word);
		turn_send_again(t->live, true);
	} else if (step->frame != NULL) {
		struct datum *input = datum_ref(step->frame->is_block ? step->frame->value : step->frame->raw);
		drive_patch_input(drive, step, input, word);
		datum_unref(input);
	}
}

static void carry_out(struct taking *t)
{
	struct drive *drive = &t->live->drive;
	const struct control *c = &t->control;
	const struct word word = {.reason = c->reason, .by = c->by};
	struct drive_step step = step_of(t);
	if (c->kind == CONTROL_PATCH_DEFINITION) {
		begin_anew(t, &step, &word);
		return;
	}
	struct datum *value = c->value == NULL ? NULL : datum_json(c->value);
	if (c->kind == CONTROL_RETRY)
		drive_retry(drive, &step, t->plan.to, c->repeat_effects, &word);
	else if (t->plan.to >= 0)
		drive_restore(drive, t->plan.to, c->kind == CONTROL_RESTORE, &word);
	if (c->kind == CONTROL_SKIP)
		drive_skip(drive, &step, value, &word);
	else if (c->kind == CONTROL_PATCH_OUTPUT)
		drive_patch_output(drive, &step, value, &word);
	else if (c->kind == CONTROL_PATCH_INPUT)
		drive_patch_input(drive, &step, value, &word);
	datum_unref(value);
	if (t->plan.to >= 0 && c->kind != CONTROL_RESTORE)
		turn_send_again(t->live, true);
}

/* What was under way with the other is begun anew, by keys of its own; a step that has not begun gets its block's
 * value. */
static void begin_fork(struct taking *t)
{
	struct live *live = t->live;
	const struct word word = {.reason = t->control.reason, .by = t->control.by};
	asks_renew(live);
	drive_restore(&live->drive, t->control.to, false, &word);
	struct drive_step step = {.path = t->control.step};
	const struct json *given = t->control.output != NULL ? t->control.output : t->control.value;
	if (given != NULL && step.path != NULL)
		step.frame = run_find_block(&live->run, step.path);
	if (step.frame != NULL) {
		struct datum *value = datum_json(given);
		if (t->control.output != NULL)
			drive_patch_output(&live->drive, &step, value, &word);
		else
			drive_patch_input(&live->drive, &step, value, &word);
		datum_unref(value);
	}
	turn_send_again(live, true);
}

static bool look(struct taking *t, struct err *err)
{
	struct live *live = t->live;
	steps_init(&t->steps);
	run_init(&t->run, definition_ir(live->definition), live->run_id, live->seed);
	t->run.watch = steps_watch;
	t->run.watch_self = &t->steps;
	struct db *db = store_read(live->runner->options.store);
	bool read = journal_fold(db, live->run_id, JOURNAL_TO_ITS_END, &t->run, err);
	store_read_end(live->runner->options.store, db);
	return read;
}

static bool execute(struct taking *t, struct err *err)
{
	const struct json *json;
	if (!json_parse(&t->arena, t->body, strlen(t->body), &datum_limits, &json, err) ||
		!control_decode(json, &t->control))
		return false;
	if (t->control.kind == CONTROL_FORK) {
		begin_fork(t);
		return true;
	}
	bool good = look(t, err);
	if (good && control_plan(&t->run, &t->steps, &t->control, &t->plan) == CONTROL_FINE) {
		if (t->control.kind == CONTROL_PATCH_DEFINITION)
			good = take_definition(t, err);
		else
			good = t->plan.to < 0 || rewind_to(t->live, t->plan.to, err);
		if (good)
			carry_out(t);
	}
	steps_fini(&t->steps);
	run_fini(&t->run);
	return good;
}

static void take_order(const struct db_rows *row, void *self)
{
	struct taking *t = self;
	strcpy(t->live->order_id, db_text(row, 0));
	t->body = db_text_dup(row, 1, &t->arena);
}

static bool find(struct taking *t, bool *found, struct err *err)
{
	struct db *db = store_read(t->live->runner->options.store);
	bool read = db_one(db, err, found, take_order, t,
					   "SELECT order_id, body FROM flow_orders WHERE run_id = $1 ORDER BY order_id LIMIT 1",
					   V_TEXT(t->live->run_id));
	store_read_end(t->live->runner->options.store, db);
	return read;
}

static bool drop(struct db *db, void *self, struct err *err)
{
	const struct live *live = self;
	return db_run(db, err, "DELETE FROM flow_orders WHERE order_id = $1", V_TEXT(live->order_id)) &&
		   checkpoints_restored(db, live->run_id, err);
}

void orders_take(struct live *live)
{
	struct taking t = {.live = live};
	struct err err = {.message = "it is damaged"};
	bool found = false;
	live->order_id[0] = '\0';
	live->rewind_to = -1;
	live->patched_sha256[0] = '\0';
	arena_init(&t.arena, ORDER_CAP);
	bool good = find(&t, &found, &err) && (!found || execute(&t, &err));
	if (!good)
		log_error("flow: an order cannot be carried out", log_str("run_id", live->run_id),
				  log_str("error", err.message));
	live->broken = !good && (live->rewind_to >= 0 || live->patched_sha256[0] != '\0');
	if (found && live->lines.size == 0 && !live->broken && !store_write(live->runner->options.store, drop, live, &err))
		log_error("flow: an order stays", log_str("run_id", live->run_id), log_str("error", err.message));
	live->ordered = found;
	arena_fini(&t.arena);
}

static void take_sha256(const struct db_rows *row, void *self)
{
	snprintf(self, sizeof(char[65]), "%s", db_text(row, 0));
}

/* The text that the run went by may be nobody's now. */
static bool change_definition(struct live *live, struct db *db, struct err *err)
{
	char before[65] = "";
	bool found;
	if (live->patched_sha256[0] == '\0')
		return true;
	return db_one(db, err, &found, take_sha256, before, "SELECT definition_sha256 FROM flow_runs WHERE run_id = $1",
				  V_TEXT(live->run_id)) &&
		   db_run(db, err, "UPDATE flow_runs SET definition_sha256 = $1 WHERE run_id = $2",
				  V_TEXT(live->patched_sha256), V_TEXT(live->run_id)) &&
		   workflows_drop_text(db, before, err);
}

bool orders_apply(struct live *live, struct db *db, struct err *err)
{
	if (live->order_id[0] == '\0')
		return true;
	return change_definition(live, db, err) && drop(db, live, err) &&
		   (live->rewind_to < 0 || journal_rewind(db, live->run_id, live->first_seq, live->rewind_to, err));
}
