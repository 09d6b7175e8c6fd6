#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "core/id.h"
#include "core/stamp.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "people/reply.h"
#include "sign/project_view.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/work.h"

/* Submission: asked for once, carried out after the commit (work.h) [sign.md 5]. */

struct dispatch_view {
	const char *run_id;
	int state;
	int64_t attempts;
	const char *error, *next_at;
};

static const struct field dispatch_fields[] = {
	F_STR(dispatch_view, run_id),
	F_ENUM(dispatch_view, state, flow_task_states),
	F_INT(dispatch_view, attempts),
	F_STR(dispatch_view, error, NULLABLE, DOC("Why the last try failed")),
	F_STR(dispatch_view, next_at, NULLABLE, FORMAT("date-time"), DOC("When it is tried again")),
};
static const struct field_table dispatch_table = FIELD_TABLE("projects.dispatch", dispatch_view, dispatch_fields);

struct submit_view {
	const char *project_id;
	int status;
	const char *project_number;
	struct dispatch_view dispatch;
	bool idempotent;
};

static const struct field submit_fields[] = {
	F_STR(submit_view, project_id),
	F_ENUM(submit_view, status, project_status_names),
	F_STR(submit_view, project_number, NULLABLE, DOC("From the PM system, once it has answered")),
	F_OBJECT(submit_view, dispatch, &dispatch_table),
	F_BOOL(submit_view, idempotent, DOC("The same key gives this same answer again")),
};
static const struct field_table submit_table = FIELD_TABLE("projects.submit", submit_view, submit_fields);

struct submit {
	struct project_write write; /* first */
	char run_id[ID_TEXT];
	struct flow_task dispatch;
};

static struct submit_view view_of(struct arena *arena, const struct project *project, const struct flow_task *d)
{
	char next[STAMP_TEXT];
	stamp_format(next, d->next_us);
	bool waits = d->state == FLOW_TASK_PENDING || d->state == FLOW_TASK_RETRY;
	return (struct submit_view){
		.project_id = project->project_id,
		.status = (int)project->status,
		.project_number = project->project_number,
		.dispatch = {.run_id = d->task_id,
					 .state = (int)d->state,
					 .attempts = d->attempts,
					 .error = d->error,
					 .next_at = waits ? arena_dup(arena, next) : NULL},
		.idempotent = true,
	};
}

static bool refuse_twice(struct project_write *w, const struct flow_task *under_way, struct err *err)
{
	struct arena *arena = &w->x->arena;
	if (w->project.project_number != NULL)
		exchange_member(w->x, "project_number", arena_printf(arena, "\"%s\"", w->project.project_number));
	if (under_way != NULL)
		exchange_member(w->x, "run_id", arena_printf(arena, "\"%s\"", under_way->task_id));
	return err_set(err, ERR_ALREADY_SUBMITTED,
				   w->project.project_number != NULL ? "The project was submitted already."
													 : "The project is being submitted already.");
}

/* Is it neither submitted nor on its way?  One that ended as a dead letter may be submitted anew. */
static bool check_once(struct project_write *w, struct db *db, struct err *err)
{
	struct flow_task last;
	bool found = false;
	if (!flow_task_newest(db, w->project.account_id, w->project.project_id, TASK_SUBMIT, &w->x->arena, &last, &found,
						  err))
		return false;
	if (project_read_only(w->project.status) ||
		(found && last.state != FLOW_TASK_FAILURE && last.state != FLOW_TASK_REVOKED))
		return refuse_twice(w, found ? &last : NULL, err);
	return true;
}

/* In the order of sign.md 5: what there is to submit, who answers for it, and only then where the project stands. */
static bool check_ready(struct project_write *w, struct db *db, struct err *err)
{
	bool moved;
	if (w->project.payload_id == NULL)
		return err_set(err, ERR_NO_PAYLOAD, "Save a payload before submitting.");
	if (w->api->options.require_stamp && w->stamp != PROJECT_STAMPED)
		return err_set(err, ERR_NOT_STAMPED, "The newest design is not stamped: its stamp is %s.",
					   project_stamp_names[w->stamp]);
	return w->project.status == PROJECT_ESTIMATING ||
		   project_move_to(w, db, PROJECT_BY_DISPATCH, PROJECT_SUBMITTED, &moved, err);
}

static bool change(struct project_write *w, struct db *db, struct err *err)
{
	struct submit *submit = (struct submit *)w;
	const struct principal *principal = principal_of(w->x);
	if (!check_once(w, db, err) || !check_ready(w, db, err))
		return false;
	if (w->write.refused.kind != ERR_NONE)
		return true;
	const struct project_task task = {.name = TASK_SUBMIT,
									  .task_id = submit->run_id,
									  .account_id = w->project.account_id,
									  .project_id = w->project.project_id,
									  .seal_sha256 = w->project.seal_sha256,
									  .started_by = principal->kind == PRINCIPAL_LOCAL ? NULL : principal->user_id,
									  .request_id = w->x->trace.request_id};
	submit->dispatch = (struct flow_task){.task_id = submit->run_id, .next_us = w->now_us};
	return project_task_start(w->api, db, &task, err) &&
		   project_record(w, db,
						  &HAPPENED(AUDIT_PROJECT_SUBMITTED, "project.submitted", .seal_sha256 = w->project.seal_sha256,
									.content_sha256 = w->project.payload_sha256),
						  err);
}

static void answer(struct project_write *w)
{
	const struct submit *submit = (const struct submit *)w;
	const struct submit_view view = view_of(&w->x->arena, &w->project, &submit->dispatch);
	reply_fact(w->x, 202, &submit_table, &view);
}

static void after(struct project_write *w)
{
	sign_begin(w->api);
}

static void handle_submit(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct submit *submit = arena_new(&x->arena, struct submit);
	if (submit == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (exchange_header(x, "idempotency-key") == NULL) {
		exchange_failf(x, ERR_IDEMPOTENCY_KEY_INVALID, "Send an Idempotency-Key: a submission is made once.");
		return;
	}
	id_make(api->options.ids, submit->run_id);
	submit->write.after = after;
	project_write_submit(&submit->write, x, change, answer);
}

static void handle_get(struct exchange *x)
{
	const struct sign_api *api = x->owner;
	struct project project;
	enum project_stamp stamp;
	struct flow_task last;
	struct err err;
	bool found = false;
	if (!project_read(x, &project, &stamp))
		return;
	struct db *db = store_read(api->options.store);
	bool read =
		flow_task_newest(db, project.account_id, project.project_id, TASK_SUBMIT, &x->arena, &last, &found, &err);
	store_read_end(api->options.store, db);
	if (!read) {
		exchange_fail(x, &err);
	} else if (!found) {
		exchange_failf(x, ERR_NOT_FOUND, "The project was not submitted yet.");
	} else {
		const struct submit_view view = view_of(&x->arena, &project, &last);
		reply_fact(x, 200, &submit_table, &view);
	}
}

static const enum err_kind errors[] = {ERR_IDEMPOTENCY_KEY_INVALID, ERR_NO_PAYLOAD,    ERR_NOT_STAMPED,
									   ERR_ALREADY_SUBMITTED,       ERR_STATE_REFUSED, ERR_NONE};

const struct route submission_routes[] = {
	ROUTE(POST, "/api/v1/projects/{id}/submit", "project.submit", EFFECT_WRITE, handle_submit, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/submit", .slash = true}), .operation = "projects.submit",
		  .summary = "Submit the stamped design to the PM system, once", .result = &submit_table, .status = 202,
		  .errors = errors),
	ROUTE(GET, "/api/v1/projects/{id}/submit", "project.read", EFFECT_READ, handle_get, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/submit", .slash = true}), .operation = "projects.submission",
		  .summary = "How far the submission has come", .result = &submit_table),
};
const size_t submission_routes_count = sizeof submission_routes / sizeof *submission_routes;
