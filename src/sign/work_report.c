#include <string.h>

#include "core/err.h"
#include "seal/countersign.h"
#include "sign/project_report.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/work.h"

/*
 * A report is drawn in the background: because somebody asked, or as the effect of a stamp [P-6.8].  A stamp that was
 * taken back meanwhile has no effect; one on a payload that is no longer the newest is applied, and nothing is drawn.
 */

enum { REPORT_TRIES = 3 };

static bool carry_out(struct work *work, struct err *err)
{
	struct project_report *r = arena_new(&work->arena, struct project_report);
	const char *seal = work->dispatch.seal_sha256;
	if (r == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	r->project = work->project;
	project_report_init(r);
	if (work->project.seal_sha256 == NULL || (seal != NULL && strcmp(seal, work->project.seal_sha256) != 0))
		return true;
	bool made = project_report_find(work->api, &work->arena, r, err) &&
				project_report_make(work->api, &work->arena, r, false, err) && project_report_keep(work->api, r, err);
	buf_fini(&r->bytes);
	if (made)
		work->report = r;
	return made;
}

/* *applies: it is there, or nobody's stamp is concerned. */
static bool claim(struct work *work, struct db *db, bool *applies, struct err *err)
{
	*applies = work->dispatch.effect_key == NULL ||
			   countersign_claim(work->api->options.countersign, db, work->dispatch.effect_key, err);
	return *applies || err->kind == ERR_TRANSITION_REFUSED || err->kind == ERR_EXPIRED ||
		   err->kind == ERR_ALREADY_APPLIED;
}

static bool finish(struct work *work, struct db *db, struct err *err)
{
	struct project_report *r = work->report;
	const struct audit_event who = work_event(work);
	bool applies, made;
	if (!claim(work, db, &applies, err))
		return false;
	if (!applies || r == NULL)
		return true;
	work->dispatch.result = project_report_json(r, &work->arena);
	if (r->cached)
		return true;
	const struct project_happening happening = {.action = AUDIT_REPORT_GENERATED,
												.type = "report.generated",
												.content_sha256 = r->row.sha256,
												.seal_sha256 = r->seal.seal_sha256};
	r->row.created_us = work->now_us;
	if (!report_row_insert(db, &r->row, &made, err))
		return false;
	return !made || project_record_by(work->api, db, &work->project, &who, work->now_us, &happening, err);
}

const struct work_kind work_report = {
	.name = DISPATCH_REPORT, .tries = REPORT_TRIES, .carry_out = carry_out, .finish = finish};
