#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/json.h"
#include "core/jw.h"
#include "link/circuit.h"
#include "link/client.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/work.h"
#include "store/store.h"

/* The PM system is told of a project, and its number taken. */

enum { PM_TIMEOUT_MS = 30000, PM_ANSWER_MAX = 1 << 20, PM_NUMBER_MAX = 64 };

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

static const char *pm_body(const struct work *work)
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
	jw_member_str(&jw, "seal_sha256", work->task.seal_sha256);
	jw_object_end(&jw);
	const char *text = arena_dup(work->step->arena, buf_text(&buf));
	buf_fini(&buf);
	return text;
}

/* What the PM system answers is not ours: it is looked at. */
static bool take_number(const struct work *work, const struct buf *answer, struct err *err)
{
	const struct json *json;
	struct arena *arena = work->step->arena;
	if (!json_parse(arena, buf_text(answer), answer->size, &json_body_limits, &json, err))
		return err_set(err, ERR_UNAVAILABLE, "the PM system's answer is not JSON");
	const char *number = json_text(json, "project_number");
	if (number == NULL || number[0] == '\0' || strlen(number) > PM_NUMBER_MAX)
		return err_set(err, ERR_UNAVAILABLE, "the PM system's answer has no project_number");
	struct buf found;
	struct jw jw;
	buf_init(&found, 0);
	jw_init(&jw, &found);
	jw_object(&jw);
	jw_member_str(&jw, "project_number", number);
	jw_object_end(&jw);
	work->step->output = arena_dup(arena, buf_text(&found));
	buf_fini(&found);
	return work->step->output != NULL || err_set(err, ERR_LIMIT, "no memory");
}

enum { PROBE_US = 1000000 };

int64_t work_submit_wait(void *self, const struct json *task)
{
	struct sign_api *api = self;
	(void)task;
	if (api->options.pm == NULL)
		return 0;
	int64_t wait_us = circuit_wait_us(&api->pm, env_mono_us(api->options.env));
	return wait_us > 0 ? wait_us : atomic_load(&api->pm_probed) ? PROBE_US : 0;
}

/* After an outage one asks, and the others wait for what comes of it [sign.md 5]. */
static bool may_ask(struct sign_api *api, int64_t now_us, bool *probes)
{
	*probes = circuit_state(&api->pm, now_us) == CIRCUIT_HALF_OPEN;
	if (*probes && atomic_exchange(&api->pm_probed, true)) {
		*probes = false;
		return false;
	}
	bool may = circuit_may(&api->pm, now_us);
	if (*probes && !may)
		atomic_store(&api->pm_probed, false);
	return may;
}

static bool ask_pm(struct work *work, struct err *err)
{
	struct sign_api *api = work->api;
	const struct sign_api_options *options = &api->options;
	struct buf answer;
	bool probes;
	int64_t began_us = env_mono_us(options->env);
	const char *body = pm_body(work);
	if (body == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	if (!may_ask(api, began_us, &probes)) {
		int64_t wait_us = circuit_wait_us(&api->pm, began_us);
		work->step->wait_us = wait_us > 0 ? wait_us : PROBE_US;
		return err_set(err, ERR_UNAVAILABLE, "the PM system is left alone after failures");
	}
	buf_init(&answer, PM_ANSWER_MAX);
	bool well =
		options->pm(options->pm_self, work->project.project_id, body, &answer, err) && take_number(work, &answer, err);
	buf_fini(&answer);
	int64_t now_us = env_mono_us(options->env);
	circuit_tell_took(&api->pm, now_us, well, now_us - began_us);
	if (probes)
		atomic_store(&api->pm_probed, false);
	return well;
}

bool work_submit(void *self, struct flow_step *step, struct err *err)
{
	struct sign_api *api = self;
	struct work work;
	if (!work_open(&work, api, step, false, err))
		return false;
	return api->options.pm == NULL || work.project.project_number != NULL || ask_pm(&work, err);
}

/* The number is stored once: a project that has one keeps it. */
static bool give_number(struct work *work, struct db *db, struct err *err)
{
	const char *number = json_text(work->step->found, "project_number");
	int64_t next;
	if (number == NULL) {
		if (!project_number_next(db, &next, err))
			return false;
		number = arena_printf(work->step->arena, "CS-%06lld", (long long)next);
	}
	work->project.project_number = number;
	return number != NULL || err_set(err, ERR_LIMIT, "no memory");
}

static bool submit(struct db *db, void *self, struct err *err)
{
	struct work *work = self;
	const struct audit_event who = work_event(work);
	const struct project_happening dispatched = {
		.action = AUDIT_PROJECT_DISPATCHED, .type = "project.dispatched", .seal_sha256 = work->task.seal_sha256};
	const struct project_happening changed = {
		.action = AUDIT_PROJECT_STATUS_CHANGED,
		.type = "project.status_changed",
		.before = arena_printf(work->step->arena, "{\"status\":\"%s\"}", project_status_names[work->project.status]),
		.after = "{\"status\":\"submitted\"}",
		.seal_sha256 = work->task.seal_sha256};
	struct project_task mail = work->task;
	mail.name = TASK_EMAIL;
	mail.seal_sha256 = mail.effect_key = NULL;
	work->project.status = PROJECT_SUBMITTED;
	return project_update(db, &work->project, work->step->now_us, err) &&
		   project_record_by(work->api, db, &work->project, &who, work->step->now_us, &dispatched, err) &&
		   project_record_by(work->api, db, &work->project, &who, work->step->now_us, &changed, err) &&
		   (work->api->options.mail == NULL || project_task_start(work->api, db, &mail, err));
}

bool work_submit_apply(void *self, struct db *db, struct flow_step *step, struct err *err)
{
	struct work work;
	bool gone = false;
	if (!work_apply(&work, self, db, step, &gone, err))
		return false;
	if (gone)
		return true;
	bool moves = project_move(PROJECT_BY_DISPATCH, work.project.status, PROJECT_SUBMITTED) == PROJECT_MOVES;
	if (moves && !give_number(&work, db, err))
		return false;
	if (moves && !db_attempt(db, submit, &work, err)) {
		if (err->kind != ERR_DUPLICATE)
			return false;
		err_set(&step->refused, ERR_UNAVAILABLE, "the PM system's number %s is another project's",
				work.project.project_number);
		return true;
	}
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "project_id", work.project.project_id);
	jw_member_str(&jw, "project_number", work.project.project_number);
	jw_object_end(&jw);
	step->output = arena_dup(step->arena, buf_text(&buf));
	buf_fini(&buf);
	return step->output != NULL || err_set(err, ERR_LIMIT, "no memory");
}
