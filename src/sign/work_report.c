#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/json.h"
#include "core/jw.h"
#include "seal/countersign.h"
#include "sign/project_report.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/work.h"

/*
 * A report is drawn in the background: because somebody asked, or as the effect of a stamp [P-6.8].  A stamp that was
 * taken back meanwhile has no effect; one on a payload that is no longer the newest is applied, and nothing is drawn.
 */

/* What the commit has to know of what was drawn. */
static const char *found_of(const struct project_report *r, struct arena *arena)
{
	return arena_printf(arena,
						"{\"snapshot_sha256\":\"%s\",\"sha256\":\"%s\",\"size\":%lld,\"cached\":%s,"
						"\"seal_sha256\":\"%s\",\"result\":%s}",
						r->row.snapshot_sha256, r->row.sha256, (long long)r->row.size, r->cached ? "true" : "false",
						r->seal.seal_sha256, project_report_json(r, arena));
}

bool work_report(void *self, struct flow_step *step, struct err *err)
{
	struct sign_api *api = self;
	struct project_report *r = arena_new(step->arena, struct project_report);
	struct work work;
	if (r == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!work_open(&work, api, step, false, err))
		return false;
	const char *seal = work.task.seal_sha256;
	r->project = work.project;
	project_report_init(r);
	if (work.project.seal_sha256 == NULL || (seal != NULL && strcmp(seal, work.project.seal_sha256) != 0))
		return true;
	bool made = project_report_find(api, step->arena, r, err) && project_report_make(api, step->arena, r, false, err) &&
				project_report_keep(api, r, err);
	buf_fini(&r->bytes);
	step->output = made ? found_of(r, step->arena) : NULL;
	return made && (step->output != NULL || err_set(err, ERR_LIMIT, "no memory"));
}

/* *applies: it is there, or nobody's stamp is concerned. */
static bool claim(const struct work *work, struct db *db, bool *applies, struct err *err)
{
	*applies = work->task.effect_key == NULL ||
			   countersign_claim(work->api->options.countersign, db, work->task.effect_key, err);
	return *applies || err->kind == ERR_TRANSITION_REFUSED || err->kind == ERR_EXPIRED ||
		   err->kind == ERR_ALREADY_APPLIED;
}

static bool keep(const struct work *work, struct db *db, const struct json *found, struct err *err)
{
	const struct audit_event who = work_event(work);
	const struct json *size = json_get(found, "size"), *cached = json_get(found, "cached");
	const struct project_happening happening = {.action = AUDIT_REPORT_GENERATED,
												.type = "report.generated",
												.content_sha256 = json_text(found, "sha256"),
												.seal_sha256 = json_text(found, "seal_sha256")};
	struct report_row row = {.account_id = work->task.account_id,
							 .project_id = work->task.project_id,
							 .snapshot_sha256 = json_text(found, "snapshot_sha256"),
							 .size = size->integer,
							 .created_us = work->step->now_us};
	bool made;
	if (cached->boolean)
		return true;
	strcpy(row.sha256, happening.content_sha256);
	if (!report_row_insert(db, &row, &made, err))
		return false;
	return !made || project_record_by(work->api, db, &work->project, &who, row.created_us, &happening, err);
}

bool work_report_apply(void *self, struct db *db, struct flow_step *step, struct err *err)
{
	struct work work;
	bool gone = false, applies;
	if (!work_apply(&work, self, db, step, &gone, err) || (!gone && !claim(&work, db, &applies, err)))
		return false;
	if (gone || !applies || step->found->kind != JS_OBJECT)
		return true;
	struct buf result;
	struct jw jw;
	buf_init(&result, 0);
	jw_init(&jw, &result);
	jw_json(&jw, json_get(step->found, "result"));
	step->output = arena_dup(step->arena, buf_text(&result));
	buf_fini(&result);
	return keep(&work, db, step->found, err);
}
