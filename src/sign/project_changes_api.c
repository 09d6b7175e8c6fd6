#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "http/exchange.h"
#include "sign/project_content.h"
#include "sign/project_stamp.h"
#include "sign/project_view.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"

/* Projects: change, the verdict on a submission, delete; all under If-Match [sign.md 5]. */

struct update_query {
	int new_status;
};

static const struct field update_query_fields[] = {
	F_ENUM(update_query, new_status, project_status_names, DOC("The same as `status` in the body")),
};
static const struct field_table update_query_table =
	FIELD_TABLE("projects.update.query", update_query, update_query_fields);

/* --- change --- */

struct update {
	struct project_write write; /* first */
	struct content content;
	int status; /* -1: stays */
};

static bool same(const char *a, const char *b)
{
	return a == b || (a != NULL && b != NULL && strcmp(a, b) == 0);
}

static bool store_update(struct project_write *w, struct db *db, const char *before, bool moved, struct err *err)
{
	const char *after = project_content(&w->project, &w->x->arena);
	if (before == NULL || after == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (same(before, after) && !moved)
		return true; /* nothing to write: version and ETag stay */
	return project_update(db, &w->project, w->now_us, err) &&
		   project_record(w, db, &HAPPENED(AUDIT_PROJECT_UPDATED, "project.updated", .before = before, .after = after),
						  err);
}

static bool update_change(struct project_write *w, struct db *db, struct err *err)
{
	struct update *update = (struct update *)w;
	bool moved = false;
	if (!project_if_match(w, err))
		return false;
	const char *before = project_content(&w->project, &w->x->arena);
	if (update->status >= 0 &&
		!project_move_to(w, db, PROJECT_BY_EDIT, (enum project_status)update->status, &moved, err))
		return false;
	if (w->write.refused.kind != ERR_NONE)
		return true;
	if (!project_writable(w, err))
		return false;
	content_lay_over(&w->project, &update->content);
	return store_update(w, db, before, moved, err);
}

static void handle_update(struct exchange *x)
{
	struct update *update = arena_new(&x->arena, struct update);
	struct update_query query;
	struct project project;
	enum project_stamp stamp;
	if (update == NULL) {
		exchange_failf(x, ERR_LIMIT, "no memory");
		return;
	}
	if (!exchange_decode_query(x, &query) || !exchange_decode(x, &update->content) ||
		!project_read(x, &project, &stamp) || !content_own(x, &update->content, &project))
		return;
	update->status = update->content.status >= 0 ? update->content.status : query.new_status;
	project_write_submit(&update->write, x, update_change, project_answer);
}

/* --- verdict --- */

static const char *const verdicts[] = {"accepted", "rejected", NULL};

struct verdict_request {
	int to;
	const char *reason;
};

static const struct field verdict_fields[] = {
	F_ENUM(verdict_request, to, verdicts, REQUIRED, DOC("What became of the submission")),
	F_STR(verdict_request, reason, LENGTH(1, 500)),
};
static const struct field_table verdict_table = FIELD_TABLE("projects.transition", verdict_request, verdict_fields);

struct verdict {
	struct project_write write; /* first */
	struct verdict_request request;
};

static bool verdict_change(struct project_write *w, struct db *db, struct err *err)
{
	const struct verdict_request *request = &((struct verdict *)w)->request;
	bool accepted = request->to == 0, moved = false;
	if (!project_if_match(w, err) ||
		!project_move_to(w, db, PROJECT_BY_VERDICT, accepted ? PROJECT_ACCEPTED : PROJECT_REJECTED, &moved, err))
		return false;
	if (!moved)
		return true;
	return project_update(db, &w->project, w->now_us, err) &&
		   project_record(w, db,
						  &HAPPENED(accepted ? AUDIT_PROJECT_ACCEPTED : AUDIT_PROJECT_REJECTED,
									accepted ? "project.accepted" : "project.rejected", .reason = request->reason,
									.after = project_content(&w->project, &w->x->arena),
									.seal_sha256 = w->project.seal_sha256),
						  err);
}

static void handle_transition(struct exchange *x)
{
	struct verdict *verdict = arena_new(&x->arena, struct verdict);
	if (verdict == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	else if (exchange_decode(x, &verdict->request))
		project_write_submit(&verdict->write, x, verdict_change, project_answer);
}

/* --- delete --- */

static bool delete_change(struct project_write *w, struct db *db, struct err *err)
{
	return project_if_match(w, err) && project_writable(w, err) && project_stamp_withdraw(w, db, err) &&
		   project_delete(db, w->project.account_id, w->project.project_id, w->now_us, err) &&
		   project_record(w, db,
						  &HAPPENED(AUDIT_PROJECT_DELETED, "project.deleted",
									.before = project_content(&w->project, &w->x->arena)),
						  err);
}

static void delete_answer(struct project_write *w)
{
	exchange_answer(w->x, 204, NULL, NULL, 0);
}

static void handle_delete(struct exchange *x)
{
	struct project_write *w = arena_new(&x->arena, struct project_write);
	if (w == NULL)
		exchange_failf(x, ERR_LIMIT, "no memory");
	else
		project_write_submit(w, x, delete_change, delete_answer);
}

/* --- routes --- */

static const enum err_kind errors[] = {ERR_PRECONDITION_REQUIRED, ERR_PRECONDITION_FAILED, ERR_STATE_REFUSED,
									   ERR_READ_ONLY, ERR_NONE};

const struct route project_change_routes[] = {
	ROUTE(PUT, "/api/v1/projects/{id}", "project.write", EFFECT_WRITE, handle_update, .slash = true,
		  .aliases = ALIASES({"/projects/{id}", .slash = true},
							 {"/api/v1/projects/{id}", .slash = true, .method = METHOD_PATCH},
							 {"/projects/{id}", .slash = true, .method = METHOD_PATCH}),
		  .operation = "projects.update",
		  .summary = "Change a project's content, or its state from draft to estimating", .body = &content_update_table,
		  .query = &update_query_table, .result = &project_table, .errors = errors,
		  .example = "{\"customer\":\"Joe\",\"status\":\"estimating\"}"),
	ROUTE(DELETE, "/api/v1/projects/{id}", "project.delete", EFFECT_WRITE, handle_delete, .slash = true,
		  .aliases = ALIASES({"/projects/{id}", .slash = true}), .operation = "projects.delete",
		  .summary = "Take a project out of every list", .status = 204, .errors = errors),
	ROUTE(POST, "/api/v1/projects/{id}/transition", "project.submit", EFFECT_WRITE, handle_transition, .slash = true,
		  .aliases = ALIASES({"/projects/{id}/transition", .slash = true}), .operation = "projects.transition",
		  .summary = "Say what became of a submission: accepted or rejected", .body = &verdict_table,
		  .result = &project_table, .errors = errors, .example = "{\"to\":\"accepted\"}"),
};
const size_t project_change_routes_count = sizeof project_change_routes / sizeof *project_change_routes;
