#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/jw.h"
#include "people/principal.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"

/* What the file store tells a project of its files. */

bool sign_project_writable(struct db *db, const char *account_id, const char *project_id, struct err *err)
{
	struct project_write w = {.now_us = 0};
	struct arena arena;
	bool found = false;
	arena_init(&arena, ARENA_REQUEST_CAP);
	bool good = project_find(db, account_id, project_id, &arena, &w.project, &found, err) &&
				(found || err_set(err, ERR_NOT_FOUND, "There is no such project.")) && project_writable(&w, err);
	arena_fini(&arena);
	return good;
}

bool sign_project_file(struct sign_api *api, struct db *db, const struct exchange *x, const struct sign_file *file,
					   struct err *err)
{
	bool attached = file->refusal == NULL;
	const struct project project = {.account_id = file->account_id, .project_id = file->project_id};
	struct buf after;
	struct jw jw;
	buf_init(&after, 0);
	jw_init(&jw, &after);
	jw_object(&jw);
	jw_member_str(&jw, "blob_key", file->blob_key);
	if (!attached)
		jw_member_str(&jw, "code", file->refusal);
	jw_object_end(&jw);
	const struct project_happening happening = {
		.action = attached ? AUDIT_FILE_ATTACHED : AUDIT_FILE_VALIDATION_FAILED,
		.type = attached ? "file.attached" : "file.validation_failed",
		.after = buf_text(&after),
		.content_sha256 = file->sha256,
		.code = file->refusal,
		.status = attached ? AUDIT_SUCCESS : AUDIT_FAILURE,
	};
	const struct audit_event who = principal_event(x, happening.action, happening.status);
	bool done =
		jw_ok(&jw) && project_record_by(api, db, &project, &who, env_wall_us(api->options.env), &happening, err);
	buf_fini(&after);
	return done;
}
