#include <stdio.h>
#include <string.h>

#include "core/buf.h"
#include "core/env.h"
#include "core/json.h"
#include "core/jw.h"
#include "link/circuit.h"
#include "link/client.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/submission.h"
#include "sign/work.h"

/* The PM system is told of a project, and its number taken. */

enum { PM_TIMEOUT_MS = 30000, PM_ANSWER_MAX = 1 << 20 };

bool sign_pm(void *self, const char *project_id, const char *body, struct buf *answer, struct err *err)
{
	const struct sign_api_options *options = self;
	char key[80], token[1024];
	const char *headers[3] = {key, NULL, NULL};
	int status;
	snprintf(key, sizeof key, "Idempotency-Key: %s", project_id);
	snprintf(token, sizeof token, "Authorization: Bearer %s", options->pm_key != NULL ? options->pm_key : "");
	headers[1] = options->pm_key != NULL ? token : NULL;
	const struct client_request request = {.method = "POST",
										   .url = options->pm_url,
										   .body = body,
										   .body_size = strlen(body),
										   .headers = headers,
										   .timeout_ms = PM_TIMEOUT_MS,
										   .limit = PM_ANSWER_MAX};
	if (!client_ask(&request, &status, answer, err))
		return err_set(err, ERR_UNAVAILABLE, "the PM system does not answer");
	return status / 100 == 2 || err_set(err, ERR_UNAVAILABLE, "the PM system answered %d", status);
}

static const char *pm_body(struct work *work)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "project_id", work->project.project_id);
	jw_member_str(&jw, "name", work->project.name);
	jw_member_str(&jw, "customer", work->project.customer);
	jw_member_str(&jw, "site_name", work->project.site_name);
	jw_member_str(&jw, "street", work->project.street);
	jw_member_str(&jw, "seal_sha256", work->dispatch.seal_sha256);
	jw_object_end(&jw);
	const char *text = arena_dup(&work->arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}

/* What the PM system answers is not ours: it is looked at. */
static bool take_number(struct work *work, const struct buf *answer, struct err *err)
{
	const struct json *json;
	if (!json_parse(&work->arena, buf_text(answer), answer->size, &json_body_limits, &json, err))
		return err_set(err, ERR_UNAVAILABLE, "the PM system's answer is not JSON");
	const char *number = json_text(json, "project_number");
	if (number == NULL || number[0] == '\0' || strlen(number) > WORK_NUMBER_MAX)
		return err_set(err, ERR_UNAVAILABLE, "the PM system's answer has no project_number");
	strcpy(work->number, number);
	return true;
}

static bool needs_pm(const struct work *work)
{
	return work->api->options.pm != NULL && work->project.project_number == NULL;
}

static int64_t wait_us(struct work *work)
{
	return needs_pm(work) ? circuit_wait_us(&work->api->pm, env_mono_us(work->api->options.env)) : 0;
}

static bool carry_out(struct work *work, struct err *err)
{
	const struct sign_api_options *options = &work->api->options;
	struct buf answer;
	if (!needs_pm(work))
		return true;
	int64_t began_us = env_mono_us(options->env);
	if (!circuit_may(&work->api->pm, began_us))
		return err_set(err, ERR_UNAVAILABLE, "the PM system is left alone after failures");
	const char *body = pm_body(work);
	buf_init(&answer, PM_ANSWER_MAX);
	bool well = body != NULL ? options->pm(options->pm_self, work->project.project_id, body, &answer, err)
							 : err_set(err, ERR_LIMIT, "no memory");
	well = well && take_number(work, &answer, err);
	buf_fini(&answer);
	int64_t now_us = env_mono_us(options->env);
	circuit_tell_took(&work->api->pm, now_us, well, now_us - began_us);
	return well;
}

/* The number is stored once: a project that has one keeps it. */
static bool give_number(struct work *work, struct db *db, struct err *err)
{
	int64_t next;
	if (work->number[0] == '\0') {
		if (!project_number_next(db, &next, err))
			return false;
		snprintf(work->number, sizeof work->number, "CS-%06lld", (long long)next);
	}
	work->project.project_number = work->number;
	return true;
}

static bool submit(struct work *work, struct db *db, struct err *err)
{
	const struct audit_event who = work_event(work);
	const struct project_happening dispatched = {
		.action = AUDIT_PROJECT_DISPATCHED, .type = "project.dispatched", .seal_sha256 = work->dispatch.seal_sha256};
	const struct project_happening changed = {
		.action = AUDIT_PROJECT_STATUS_CHANGED,
		.type = "project.status_changed",
		.before = arena_printf(&work->arena, "{\"status\":\"%s\"}", project_status_names[work->project.status]),
		.after = "{\"status\":\"submitted\"}",
		.seal_sha256 = work->dispatch.seal_sha256};
	work->project.status = PROJECT_SUBMITTED;
	return project_update(db, &work->project, work->now_us, err) &&
		   project_record_by(work->api, db, &work->project, &who, work->now_us, &dispatched, err) &&
		   project_record_by(work->api, db, &work->project, &who, work->now_us, &changed, err) &&
		   (work->api->options.mail == NULL || work_start(work, db, &work_email, err));
}

static bool finish(struct work *work, struct db *db, struct err *err)
{
	bool moves = project_move(PROJECT_BY_DISPATCH, work->project.status, PROJECT_SUBMITTED) == PROJECT_MOVES;
	if (moves && (!give_number(work, db, err) || !submit(work, db, err)))
		return false;
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "project_id", work->project.project_id);
	jw_member_str(&jw, "project_number", work->project.project_number);
	jw_object_end(&jw);
	work->dispatch.result = arena_dup(&work->arena, buf_text(&buf));
	buf_fini(&buf);
	return work->dispatch.result != NULL || err_set(err, ERR_LIMIT, "no memory");
}

const struct work_kind work_submit = {
	.name = DISPATCH_SUBMIT, .tries = SUBMISSION_TRIES, .wait_us = wait_us, .carry_out = carry_out, .finish = finish};
