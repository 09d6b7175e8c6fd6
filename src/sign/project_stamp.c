#include "sign/project_stamp.h"

#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/json.h"
#include "http/exchange.h"
#include "people/principal.h"
#include "seal/op.h"
#include "seal/seals.h"
#include "sign/domain/design.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/work.h"
#include "store/store.h"

#define SUBJECT "project"
#define STATUS(status) (1U << COUNTERSIGN_##status)

static struct countersign_about about_project(const struct project *project)
{
	return (struct countersign_about){.account_id = project->account_id,
									  .subject_kind = SUBJECT,
									  .subject_id = project->project_id,
									  .kind = COUNTERSIGN_STAMP};
}

/* --- reading --- */

/*
 * What counts for the newest payload is what was asked for with it or later: another payload of the same design has a
 * stamp of its own.
 */
static bool find_current(struct db *db, const struct project *project, struct arena *arena,
						 struct countersign_request *request, bool *found, struct err *err)
{
	struct countersign_about about = about_project(project);
	*found = false;
	if (project->seal_sha256 == NULL || project->request_id == NULL)
		return true;
	about.seal_sha256 = project->seal_sha256;
	about.since = project->request_id;
	return countersign_request_about(db, &about, arena, request, found, err);
}

static bool find_given(struct db *db, const struct project *project, struct arena *arena,
					   struct countersign_request *request, bool *found, struct err *err)
{
	struct countersign_about about = about_project(project);
	about.statuses = STATUS(GRANTED) | STATUS(APPLIED);
	return countersign_request_about(db, &about, arena, request, found, err);
}

struct stamp_rows {
	struct countersign_request current, given; /* given: the last that was granted, on whatever payload */
	enum project_stamp state;
};

static bool read_rows(struct db *db, const struct project *project, struct arena *arena, struct stamp_rows *rows,
					  struct err *err)
{
	bool current, given = false;
	*rows = (struct stamp_rows){.state = PROJECT_UNSTAMPED};
	if (project->payload_id == NULL)
		return true;
	if (!find_current(db, project, arena, &rows->current, &current, err))
		return false;
	if (current && (rows->current.status == COUNTERSIGN_GRANTED || rows->current.status == COUNTERSIGN_APPLIED)) {
		rows->state = PROJECT_STAMPED;
		return true;
	}
	if (current && rows->current.status == COUNTERSIGN_REJECTED) {
		rows->state = PROJECT_STAMP_REJECTED;
		return true;
	}
	if (!find_given(db, project, arena, &rows->given, &given, err))
		return false;
	if (given)
		rows->state = PROJECT_STAMP_STALE;
	else if (current && rows->current.status == COUNTERSIGN_OPEN)
		rows->state = PROJECT_STAMP_OPEN;
	return true;
}

bool project_stamp_read(struct db *db, const struct project *project, struct arena *arena, enum project_stamp *stamp,
						struct err *err)
{
	struct stamp_rows rows;
	if (!read_rows(db, project, arena, &rows, err))
		return false;
	*stamp = rows.state;
	return true;
}

static void take_signer(void *self, const struct countersignature *signature)
{
	struct project_stamp_row *row = self;
	row->signature = *signature;
}

bool project_stamp_find(struct db *db, const struct project *project, struct arena *arena,
						struct project_stamp_row *row, struct err *err)
{
	struct stamp_rows rows;
	if (!read_rows(db, project, arena, &rows, err))
		return false;
	*row = (struct project_stamp_row){.state = rows.state, .request = rows.current};
	if (rows.state == PROJECT_UNSTAMPED || rows.state == PROJECT_STAMP_OPEN)
		return true;
	const struct countersign_filter filter = {
		.account_id = project->account_id,
		.request_id = rows.state == PROJECT_STAMP_STALE ? rows.given.request_id : rows.current.request_id,
		.before = "",
		.limit = 1,
	};
	return countersignatures(db, &filter, arena, take_signer, row, err);
}

/* --- asking --- */

bool project_stamp_withdraw(struct project_write *w, struct db *db, struct err *err)
{
	const struct audit_event who = principal_event(w->x, AUDIT_COUNTERSIGN_WITHDRAW, AUDIT_SUCCESS);
	struct countersign_about about = about_project(&w->project);
	struct countersign_request open;
	bool found = true;
	about.statuses = STATUS(OPEN);
	while (found) {
		if (!countersign_request_about(db, &about, &w->x->arena, &open, &found, err))
			return false;
		if (found && !countersign_withdraw(w->api->options.countersign, db, &who, open.request_id, NULL, &w->x->arena,
										   &open, err))
			return false;
	}
	return true;
}

bool project_stamp_ask(struct project_write *w, struct db *db, const char *seal_sha256, const char *content_sha256,
					   struct countersign_request *request, struct err *err)
{
	const struct audit_event who = principal_event(w->x, AUDIT_COUNTERSIGN_REQUEST, AUDIT_SUCCESS);
	*request = (struct countersign_request){
		.account_id = w->project.account_id,
		.kind = COUNTERSIGN_STAMP,
		.seal_sha256 = seal_sha256,
		.content_sha256 = content_sha256,
		.subject_kind = SUBJECT,
		.subject_id = w->project.project_id,
		.author_id = principal_of(w->x)->kind == PRINCIPAL_LOCAL ? NULL : who.actor,
	};
	return countersign_open(w->api->options.countersign, db, &who, &w->x->arena, request, err);
}

/* --- hearing of it --- */

static bool find_subject(struct db *db, const struct countersign_request *request, struct arena *arena,
						 struct project *project, bool *found, struct err *err)
{
	*found = false;
	return strcmp(request->subject_kind, SUBJECT) != 0 ||
		   project_find(db, request->account_id, request->subject_id, arena, project, found, err);
}

/* Where no structure was selected there is nothing to build, and so nothing that a licence could answer for. */
static bool may_approve(struct db *db, const struct countersign_request *request, struct arena *arena, struct err *err)
{
	const struct json *result;
	struct seal seal;
	bool found;
	if (!seal_find(db, request->account_id, request->seal_sha256, arena, &seal, &found, err))
		return false;
	if (!found || seal.operation == NULL || strcmp(seal.operation, sign_design_op.name) != 0)
		return true;
	if (!json_parse(arena, seal.result, strlen(seal.result), &json_body_limits, &result, err))
		return false;
	const struct json *selected = json_get(result, "selected");
	return (selected != NULL && selected->kind == JS_OBJECT) ||
		   err_field(
			   err, ERR_INVALID, "/decision",
			   "The sealed design selected no structure: there is nothing to approve. Reject it, or save a payload "
			   "whose design selects one.");
}

static bool is_by(const char *person, const struct countersign_choice *choice)
{
	return person != NULL && strcmp(person, choice->user_id) == 0;
}

/* The request knows who asked; the project also who began it and who saved what is to be stamped. */
static bool asked(void *self, struct db *db, const struct countersign_request *request,
				  const struct countersign_choice *choice, struct err *err)
{
	struct project project;
	struct arena arena;
	bool found;
	(void)self;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool allowed = find_subject(db, request, &arena, &project, &found, err);
	if (allowed && found && (is_by(project.created_by, choice) || is_by(project.payload_by, choice)))
		allowed = err_set(err, ERR_FOUR_EYES, "Nobody stamps their own work.");
	if (allowed && choice->decision == COUNTERSIGN_APPROVE)
		allowed = may_approve(db, request, &arena, err);
	arena_fini(&arena);
	return allowed;
}

static const struct {
	enum audit_action action;
	const char *type;
} heard[COUNTERSIGN_STATUSES] = {
	[COUNTERSIGN_GRANTED] = {AUDIT_PROJECT_STAMPED, "project.stamped"},
	[COUNTERSIGN_REJECTED] = {AUDIT_PROJECT_STAMP_REJECTED, "project.stamp_rejected"},
	[COUNTERSIGN_REVOKED] = {AUDIT_PROJECT_STAMP_REVOKED, "project.stamp_revoked"},
};

static bool record(const struct sign_api *api, struct db *db, const struct project *project,
				   const struct countersign_request *request, struct arena *arena, struct err *err)
{
	const struct project_happening happening = {
		.action = heard[request->status].action,
		.type = heard[request->status].type,
		.after = arena_printf(arena, "{\"request_id\":\"%s\",\"seal_sha256\":\"%s\"}", request->request_id,
							  request->seal_sha256),
		.content_sha256 = request->content_sha256,
		.seal_sha256 = request->seal_sha256,
	};
	return project_record_by(api, db, project, request->by, env_wall_us(api->options.env), &happening, err);
}

/* The stamped report, drawn after the commit and once. */
static bool start_effect(const struct sign_api *api, struct db *db, const struct project *project,
						 const struct countersign_request *request, struct err *err)
{
	const struct project_task effect = {.name = TASK_REPORT,
										.account_id = project->account_id,
										.project_id = project->project_id,
										.seal_sha256 = request->seal_sha256,
										.effect_key = request->effect_key,
										.started_by = request->by->actor,
										.request_id = request->by->request_id};
	return project_task_start(api, db, &effect, err);
}

static bool told(void *self, struct db *db, const struct countersign_request *request, struct err *err)
{
	const struct sign_api *api = self;
	struct project project;
	struct arena arena;
	bool found;
	if (heard[request->status].type == NULL)
		return true;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool done = find_subject(db, request, &arena, &project, &found, err) &&
				(!found || record(api, db, &project, request, &arena, err)) &&
				(!found || request->status != COUNTERSIGN_GRANTED || start_effect(api, db, &project, request, err));
	arena_fini(&arena);
	return done;
}

void project_stamp_listen(struct sign_api *api)
{
	countersign_guard(api->options.countersign, COUNTERSIGN_STAMP, asked, api);
	countersign_on(api->options.countersign, COUNTERSIGN_STAMP, told, api);
}
