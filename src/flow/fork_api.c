/* POST /api/v1/flow/runs/{id}/fork: a new run that begins with what another one did [flow.md 3.3]. */
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/field.h"
#include "core/json.h"
#include "flow/definition.h"
#include "flow/domain/control.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/row.h"
#include "flow/domain/run.h"
#include "flow/domain/steps.h"
#include "flow/flow_internal.h"
#include "flow/fork.h"
#include "flow/journal.h"
#include "flow/orders.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/system.h"
#include "flow/workflows.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/write.h"
#include "store/store.h"

static const struct field fork_fields[] = {
	F_STR(fork_request, from_step, LENGTH(1, 4096), DOC("Step path: what began before it is not done again")),
	F_INT(fork_request, from_seq, RANGE(1, 9007199254740991), DOC("The last row of the journal that is taken over")),
	F_JSON(fork_request, input, DOC("Of from_step; without a place to fork at: of the run")),
	F_STR(fork_request, version, LENGTH(1, 64),
		  DOC("Another version of the workflow, that the steps before are also of")),
	F_JSON(fork_request, patch, DOC("{output} or {input} of from_step")),
	F_STR(fork_request, reason, LENGTH(1, 500)),
};
static const struct field_table fork_table = FIELD_TABLE("flow.runs.fork", fork_request, fork_fields);

static bool fault(struct forking *f, const char *pointer, const char *code, const char *message)
{
	struct faults faults;
	faults_init(&faults, &f->x->arena);
	faults_add(&faults, pointer, code, "%s", message);
	exchange_fail_faults(f->x, ERR_INVALID, &faults);
	return false;
}

/* {step?, output | input}: of the step that the fork begins with. */
static bool take_patch(struct forking *f)
{
	const struct json *patch = f->request.patch;
	if (patch == NULL)
		return true;
	const struct json *output = json_get(patch, "output"), *input = json_get(patch, "input");
	const char *step = json_text(patch, "step");
	if (patch->kind != JS_OBJECT || (output == NULL) == (input == NULL))
		return fault(f, "/patch", "type", "must be an object with either output or input");
	if (f->request.from_step == NULL)
		f->request.from_step = step;
	if (f->request.from_step == NULL || f->request.from_seq != FIELD_NO_INT)
		return fault(f, "/from_step", "required", "which step is patched");
	if (step != NULL && strcmp(step, f->request.from_step) != 0)
		return fault(f, "/patch/step", "range", "must be from_step");
	if (input != NULL && f->input != NULL)
		return fault(f, "/patch/input", "unknown_property", "either input or patch.input");
	f->output = output;
	f->input = f->input != NULL ? f->input : input;
	return true;
}

static bool check(struct forking *f)
{
	bool by_seq = f->request.from_seq != FIELD_NO_INT;
	if (!take_patch(f))
		return false;
	if (by_seq && f->request.from_step != NULL)
		return fault(f, "/from_seq", "unknown_property", "either from_step or from_seq");
	if (by_seq && f->input != NULL)
		return fault(f, "/input", "unknown_property", "goes with from_step, or with neither");
	return true;
}

/* The row before the step began, the last time that counts. */
static bool find_step(struct forking *f, const struct story *story)
{
	uintptr_t at = (uintptr_t)map_get(&story->steps.last, f->request.from_step);
	if (at == 0) {
		exchange_failf(f->x, ERR_NOT_FOUND, "There is no such step.");
		return false;
	}
	f->to = story->steps.items[at - 1].began_seq - 1;
	return true;
}

/* A row that counts, before the end. */
static bool find_row(struct forking *f, const struct story *story)
{
	f->to = f->request.from_seq;
	if (f->to > story->run.seq - (run_is_over(story->run.status) ? 1 : 0))
		return fault(f, "/from_seq", "range", "the run has no such row, or ends with it");
	return true;
}

/* Before the step at fault began, the first of them. */
static bool find_fault(struct forking *f, const struct story *story)
{
	if (story->run.status == RUN_FAULTED) {
		f->to = control_before_end(&story->run, &story->steps);
		return true;
	}
	runs_tell_allowed(f->x, f->record.status, NULL);
	exchange_failf(f->x, ERR_TRANSITION_REFUSED, "The run is %s.", f->record.status);
	return false;
}

static bool find_place(struct forking *f, const struct story *story)
{
	if (f->failed_only)
		return find_fault(f, story);
	if (f->request.from_step != NULL)
		return find_step(f, story);
	return f->request.from_seq == FIELD_NO_INT || find_row(f, story);
}

static bool read_definition(struct forking *f, struct db *db, struct err *err)
{
	size_t size;
	return runs_definition(db, f->record.definition_sha256, &f->x->arena, &f->start.definition_text, &size, err) &&
		   (f->start.definition_text != NULL || err_set(err, ERR_INTERNAL, "The definition is missing."));
}

/* --- another version --- */

static bool read_version(struct forking *f, struct workflow *workflow, struct err *err)
{
	struct arena *arena = &f->x->arena;
	bool found = false;
	size_t size;
	struct db *db = store_read(f->api->options.store);
	bool read =
		workflows_find(db, principal_of(f->x)->account_id, f->record.namespace, f->record.name, f->request.version,
					   arena, workflow, &found, err) &&
		(!found || runs_definition(db, workflow->definition_sha256, arena, &f->start.definition_text, &size, err));
	store_read_end(f->api->options.store, db);
	return read && (found || err_set(err, ERR_NOT_FOUND, "There is no such version."));
}

static bool open_version(struct forking *f)
{
	struct workflow workflow;
	struct definition_problems problems = {.arena = &f->x->arena};
	struct err err = {.kind = ERR_INTERNAL, .message = "The definition cannot be compiled."};
	if (!read_version(f, &workflow, &err)) {
		exchange_fail(f->x, &err);
		return false;
	}
	if (workflow.state != WORKFLOW_PUBLISHED && workflow.state != WORKFLOW_DEPRECATED) {
		exchange_failf(f->x, ERR_NOT_ACTIVE, "Version %s is %s.", workflow.version,
					   workflow_state_names[workflow.state]);
		return false;
	}
	const char *text = f->start.definition_text;
	f->start.definition = runner_definition(f->api->runner, text, strlen(text), f->sha256, &problems, &err);
	f->start.definition_sha256 = f->sha256;
	if (f->start.definition == NULL)
		exchange_fail(f->x, &err);
	return f->start.definition != NULL;
}

struct fitting {
	struct run run;
	bool fits;
};

/* A task that stands elsewhere in the other version is another task. */
static void watch_path(void *self, const struct run *run, const struct row *row, const struct frame *frame)
{
	struct fitting *fitting = self;
	struct buf path;
	bool begins =
		row->kind == ROW_ENTERED || row->kind == ROW_COMPLETED || row->kind == ROW_FAULTED || row->kind == ROW_SKIPPED;
	if (frame == NULL || !frame->is_block || frame->busy || !begins || row->path == NULL ||
		frame->cursor >= frame->block->count)
		return;
	buf_init(&path, 0);
	run_path(run, frame, &frame->block->tasks[frame->cursor], &path);
	fitting->fits = fitting->fits && strcmp(buf_text(&path), row->path) == 0;
	buf_fini(&path);
}

/* Are the steps before the place also those of the other version? */
static bool fits(struct forking *f)
{
	struct fitting fitting = {.fits = true};
	struct err err;
	if (f->to == 0)
		return true;
	run_init(&fitting.run, definition_ir(f->start.definition), f->record.run_id, f->record.seed);
	fitting.run.watch = watch_path;
	fitting.run.watch_self = &fitting;
	struct db *db = store_read(f->api->options.store);
	bool folds = journal_fold(db, f->record.run_id, f->to, &fitting.run, &err);
	store_read_end(f->api->options.store, db);
	run_fini(&fitting.run);
	return (folds && fitting.fits) ||
		   fault(f, "/version", "range", "the steps before the place are not of that version");
}

static bool take_version(struct forking *f)
{
	return f->request.version == NULL || (open_version(f) && fits(f));
}

/* What the run did, and where to fork.  False: answered. */
static bool look(struct forking *f)
{
	struct story story;
	struct err err;
	struct db *db = store_read(f->api->options.store);
	bool read = read_definition(f, db, &err) && story_open(&story, f->api->runner, db, &f->record, &f->x->arena, &err);
	store_read_end(f->api->options.store, db);
	if (!read) {
		exchange_fail(f->x, &err);
		return false;
	}
	bool found = find_place(f, &story);
	if (found && f->request.version == NULL)
		f->start.definition = definition_ref(story.definition);
	f->start.definition_sha256 = f->record.definition_sha256;
	story_close(&story);
	return found && take_version(f);
}

static const char *text_of(struct arena *arena, const struct json *json)
{
	struct datum *datum = datum_json(json);
	const char *text = arena_dup(arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

static void fill(struct forking *f)
{
	const struct ir *ir = definition_ir(f->start.definition);
	const struct principal *principal = principal_of(f->x);
	bool own = f->input != NULL && f->to == 0;
	f->start.account_id = principal->account_id;
	f->start.created_by = principal->user_id[0] == '\0' ? NULL : principal->user_id;
	f->start.input = own ? text_of(&f->x->arena, f->input) : f->record.input;
	f->start.seed = f->record.seed;
	f->start.forked_from = f->record.run_id;
	f->start.labels = f->record.labels;
	f->start.priority = f->record.priority;
	f->namespace = arena_dup(&f->x->arena, ir->namespace);
	f->name = arena_dup(&f->x->arena, ir->name);
	f->version = arena_dup(&f->x->arena, ir->version);
	strcpy(f->content_sha256, definition_content_sha256(f->start.definition));
}

static bool audit(struct forking *f, struct db *db, struct err *err)
{
	struct audit_event event = principal_event(f->x, AUDIT_RUN_FORK, AUDIT_SUCCESS);
	const struct audit_pair meta[] = {{AUDIT_META_reason, f->request.reason}};
	event.target_id = f->record.run_id;
	event.meta = meta;
	event.meta_count = f->request.reason == NULL ? 0 : 1;
	return audit_append(f->api->audit, db, &event, err);
}

bool fork_look(struct forking *f)
{
	bool found = system_leaves(f->x, &f->record) && check(f) && look(f);
	if (found)
		fill(f);
	else
		definition_unref(f->start.definition);
	return found;
}

bool fork_apply(struct forking *f, struct db *db, struct err *err)
{
	const struct control control = {.kind = CONTROL_FORK,
									.step = f->request.from_step,
									.value = f->input,
									.output = f->output,
									.reason = f->request.reason,
									.by = f->start.created_by,
									.to = f->to};
	bool good = runner_insert(f->api->runner, db, &f->start, err);
	if (good && f->to > 0)
		good = journal_fork(db, f->start.run_id, f->record.run_id, f->to, err) &&
			   orders_put(db, f->api->options.ids, f->start.run_id, &control, err);
	return good && audit(f, db, err);
}

struct run_record fork_record(const struct forking *f)
{
	struct run_record record = f->record;
	record.run_id = f->start.run_id;
	record.namespace = f->namespace;
	record.name = f->name;
	record.version = f->version;
	record.definition_sha256 = f->start.definition_sha256;
	record.content_sha256 = f->content_sha256;
	record.forked_from = f->record.run_id;
	record.status = run_status_names[RUN_PENDING];
	record.reason = record.output = record.error = record.parent_run_id = NULL;
	record.input = f->start.input;
	record.created_us = f->start.created_us;
	record.started_us = record.ended_us = record.steps_total = record.attempts_total = record.cost_micros = 0;
	record.seq = f->to;
	return record;
}

void fork_after(struct forking *f, bool applied)
{
	if (applied && f->start.run_id != NULL)
		runner_begin(f->api->runner, &f->start);
	definition_unref(f->start.definition);
}

static bool apply_fork(struct write *w, struct db *db, struct err *err)
{
	return fork_apply((struct forking *)w, db, err);
}

static void answer_fork(struct write *w)
{
	const struct forking *f = (const struct forking *)w;
	const struct run_record record = fork_record(f);
	exchange_setf(f->x, "Location", "/api/v1/flow/runs/%s", record.run_id);
	run_view_reply(f->x, 202, &record);
}

static void after_fork(struct write *w, bool applied)
{
	fork_after((struct forking *)w, applied);
}

static void handle_fork(struct exchange *x)
{
	const struct json *body = NULL;
	struct forking *f = arena_new(&x->arena, struct forking);
	if (f == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	*f = (struct forking){.x = x, .api = x->owner};
	if (!exchange_decode(x, &f->request) || !run_named(x, &f->record) || (x->body.size > 0 && !exchange_json(x, &body)))
		return;
	f->input = json_get(body, "input"); /* null is an input, too */
	if (!fork_look(f))
		return;
	f->write = (struct write){
		.x = x, .store = f->api->options.store, .apply = apply_fork, .answer = answer_fork, .after = after_fork};
	write_submit(&f->write);
}

static const struct json_limits user_data = {.depth = 500, .values = 100000};
static const enum err_kind fork_errors[] = {ERR_NOT_FOUND, ERR_NOT_ACTIVE, ERR_NONE};

const struct route fork_routes[] = {
	ROUTE(POST, "/api/v1/flow/runs/{id}/fork", "flow.operate", EFFECT_WRITE, handle_fork, .operation = "flow.runs.fork",
		  .summary = "A new run that begins with what this one did up to a step", .body = &fork_table,
		  .result = &run_view_table, .status = 202, .errors = fork_errors, .body_max = DATUM_MAX,
		  .json_limits = &user_data),
};
const size_t fork_routes_count = sizeof fork_routes / sizeof *fork_routes;
