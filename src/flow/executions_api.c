/* What version 3 has of its own: the status of a workflow, and one word to go on with an execution [flow.md 4]. */
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/jw.h"
#include "flow/domain/control.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "flow/story.h"
#include "flow/workflows.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "store/store.h"

/* --- status --- */

struct last_run {
	struct arena *arena;
	const char *run_id, *status;
};

static void take_run(void *self, const struct run_record *record)
{
	struct last_run *last = self;
	last->run_id = arena_dup(last->arena, record->run_id);
	last->status = arena_dup(last->arena, record->status);
}

static bool read_status(struct exchange *x, const char *workflow_id, struct last_run *last, bool *found,
						struct err *err)
{
	const struct flow_api *api = x->owner;
	const char *account_id = principal_of(x)->account_id;
	const struct runs_filter filter = {
		.account_id = account_id, .namespace = "dag", .name = workflow_id, .before = "", .limit = 1};
	struct workflow workflow;
	struct db *db = store_read(api->options.store);
	bool read = workflows_find(db, account_id, "dag", workflow_id, "latest", &x->arena, &workflow, found, err) &&
				runs_list(db, &filter, &x->arena, take_run, last, err);
	store_read_end(api->options.store, db);
	return read;
}

static void handle_status(struct exchange *x)
{
	const char *workflow_id = exchange_param(x, "workflow_id");
	struct last_run last = {.arena = &x->arena};
	struct err err;
	struct buf text;
	struct jw jw;
	bool found = false;
	if (!read_status(x, workflow_id, &last, &found, &err)) {
		exchange_fail(x, &err);
		return;
	}
	if (!found && last.run_id == NULL) {
		exchange_failf(x, ERR_NOT_FOUND, "There is no such workflow.");
		return;
	}
	buf_init(&text, 0);
	jw_init(&jw, &text);
	jw_object(&jw);
	jw_member_str(&jw, "workflow_id", workflow_id);
	jw_member_str(&jw, "execution_id", last.run_id);
	jw_member_str(&jw, "status", last.status == NULL ? "not_started" : run_status_v3(last.status));
	jw_object_end(&jw);
	reply_fact_text(x, 200, buf_text(&text), text.size);
	buf_fini(&text);
}

/* --- resume --- */

struct resume_request {
	const char *from_snapshot_id, *reason;
	bool skip_failed_steps, repeat_effects;
};
static const struct field resume_fields[] = {
	F_STR(resume_request, from_snapshot_id, LENGTH(1, 64), ALSO("from_checkpoint_id"),
		  DOC("A checkpoint of it; left out: from where it stands")),
	F_BOOL(resume_request, skip_failed_steps, DOC("Pass over the step at fault")),
	F_BOOL(resume_request, repeat_effects, DOC("Even where an effect may have been sent that is sent at most once")),
	F_STR(resume_request, reason, LENGTH(1, 500)),
};
static const struct field_table resume_table = FIELD_TABLE("flow.executions.resume", resume_request, resume_fields);

/* The path of the step that the run ended with, in the arena; NULL: none.  False: answered. */
static bool find_fault(struct exchange *x, const struct run_record *record, const char **step)
{
	const struct flow_api *api = x->owner;
	const struct control retry = {.kind = CONTROL_RETRY, .repeat_effects = true};
	struct control_plan plan;
	struct story story;
	struct err err;
	struct db *db = store_read(api->options.store);
	bool read = story_open(&story, api->runner, db, record, &x->arena, &err);
	store_read_end(api->options.store, db);
	*step = NULL;
	if (!read) {
		exchange_fail(x, &err);
		return false;
	}
	if (control_plan(&story.run, &story.steps, &retry, &plan) == CONTROL_FINE && plan.step != NULL)
		*step = arena_dup(&x->arena, plan.step->path);
	story_close(&story);
	return true;
}

static bool is(const struct run_record *record, const char *status)
{
	return strcmp(record->status, status) == 0;
}

static void handle_resume(struct exchange *x)
{
	struct resume_request r;
	struct run_record record;
	const char *step = NULL;
	if (!exchange_decode(x, &r) || !run_named(x, &record))
		return;
	const char *reason = r.reason != NULL ? r.reason : "resume";
	if (r.from_snapshot_id != NULL) {
		checkpoints_restore(x, r.from_snapshot_id, record.run_id, reason, r.repeat_effects);
		return;
	}
	if (!is(&record, "faulted") && !is(&record, "cancelled")) {
		runs_order(x, RUNNER_RESUME, r.reason);
		return;
	}
	if (r.skip_failed_steps && !find_fault(x, &record, &step))
		return;
	if (step != NULL)
		control_order(x, CONTROL_SKIP, step, reason, false);
	else
		control_order(x, CONTROL_RETRY, NULL, reason, r.repeat_effects);
}

static const enum err_kind status_errors[] = {ERR_NOT_FOUND, ERR_NONE};
static const enum err_kind resume_errors[] = {ERR_NOT_FOUND, ERR_TRANSITION_REFUSED, ERR_EFFECT_SENT, ERR_NONE};

static const struct field last_rows[] = {
	T_STR(workflow_id),
	T_STR(execution_id, NULLABLE),
	T_STR(status, DOC("Of its last run; not_started: it had none")),
};
static const struct field_table last_table = TOLD_TABLE("flow.executions.last", last_rows);

const struct route executions_routes[] = {
	ROUTE(GET, "/api/v3/workflows/status/{workflow_id}", "flow.read", EFFECT_READ, handle_status,
		  .operation = "flow.executions.status", .summary = "How the last run of a workflow stands",
		  .aliases = ALIASES({"/api/v3/status/{workflow_id}"}), .result = &last_table, .errors = status_errors),
	ROUTE(POST, "/api/v3/executions/{id}/resume", "flow.operate", EFFECT_WRITE, handle_resume,
		  .operation = "flow.executions.resume",
		  .summary = "Go on with an execution: from a snapshot, or where it stands",
		  .aliases = ALIASES({"/api/v3/workflows/executions/{id}/resume"}), .body = &resume_table,
		  .result = &run_view_table, .errors = resume_errors),
};
const size_t executions_routes_count = sizeof executions_routes / sizeof *executions_routes;
