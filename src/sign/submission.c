#include "sign/submission.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/json.h"
#include "core/jw.h"
#include "core/log.h"
#include "link/circuit.h"
#include "link/client.h"
#include "people/users.h"
#include "sign/project_view.h"
#include "sign/project_write.h"
#include "sign/sign_internal.h"
#include "sign/submission_repo.h"

enum { IDLE_MS = 500, PM_TIMEOUT_MS = 30000, PM_ANSWER_MAX = 1 << 20, NUMBER_MAX = 64 };

/* One piece of work under way. */
struct work {
	struct sign_api *api;
	struct arena arena;
	struct dispatch dispatch;
	struct project project;
	bool gone;    /* the project is no more */
	bool well;    /* it was done */
	bool builtin; /* the number comes from the store */
	char number[NUMBER_MAX + 1];
	struct err failure;
	int64_t now_us;
};

int64_t submission_delay_us(int64_t attempts, double random)
{
	int64_t s = 1;
	for (int64_t i = 1; i < attempts && s < 60; i++)
		s *= 2;
	return (int64_t)((double)(s < 60 ? s : 60) * 1e6 * (.5 + random));
}

static double draw_random(const struct env *env)
{
	uint32_t bits;
	env_random(env, &bits, sizeof bits);
	return (double)bits / 4294967296.0;
}

/* --- the PM system --- */

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
	if (number == NULL || number[0] == '\0' || strlen(number) > NUMBER_MAX)
		return err_set(err, ERR_UNAVAILABLE, "the PM system's answer has no project_number");
	strcpy(work->number, number);
	return true;
}

static bool ask_pm(struct work *work, struct err *err)
{
	const struct sign_api_options *options = &work->api->options;
	const char *body = pm_body(work);
	struct buf answer;
	if (body == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	buf_init(&answer, PM_ANSWER_MAX);
	bool well =
		options->pm(options->pm_self, work->project.project_id, body, &answer, err) && take_number(work, &answer, err);
	buf_fini(&answer);
	circuit_tell(&work->api->pm, env_mono_us(options->env), well);
	return well;
}

/* --- mail --- */

struct addressee {
	struct user user;
	bool found;
};

static bool find_addressee(struct work *work, struct addressee *to, struct err *err)
{
	struct db *db = store_read(work->api->options.store);
	bool read = work->dispatch.started_by == NULL ||
				user_by_id(db, work->dispatch.started_by, &work->arena, &to->user, &to->found, err);
	store_read_end(work->api->options.store, db);
	return read;
}

static bool send_mail(struct work *work, struct err *err)
{
	const struct sign_api_options *options = &work->api->options;
	struct addressee to = {.found = false};
	if (!find_addressee(work, &to, err))
		return false;
	if (!to.found || to.user.email == NULL)
		return true; /* who submitted is no person any more: there is nobody to write to */
	const char *text = arena_printf(&work->arena, "Project \"%s\" was submitted.  Its number is %s.\n",
									work->project.name, work->project.project_number);
	return text != NULL && options->mail(options->mail_self, to.user.email, "Project submitted", text, err);
}

/* --- what came of it --- */

static struct audit_event server_event(const struct work *work)
{
	return (struct audit_event){
		.account_id = work->dispatch.account_id, .actor = "server", .request_id = work->dispatch.request_id};
}

static bool record(const struct work *work, struct db *db, enum audit_action action, const char *type,
				   const char *before, const char *after, struct err *err)
{
	const struct audit_event who = server_event(work);
	const struct project_happening happening = {.action = action,
												.type = type,
												.before = before,
												.after = after,
												.seal_sha256 = work->dispatch.seal_sha256,
												.reason = work->well ? NULL : work->failure.message,
												.status = work->well ? AUDIT_SUCCESS : AUDIT_FAILURE};
	return project_record_by(work->api, db, &work->project, &who, work->now_us, &happening, err);
}

static bool start_mail(const struct work *work, struct db *db, struct err *err)
{
	char id[ID_TEXT];
	if (work->api->options.mail == NULL)
		return true;
	id_make(work->api->options.ids, id);
	const struct dispatch mail = {.dispatch_id = id,
								  .account_id = work->dispatch.account_id,
								  .project_id = work->dispatch.project_id,
								  .name = DISPATCH_EMAIL,
								  .next_us = work->now_us,
								  .started_by = work->dispatch.started_by,
								  .request_id = work->dispatch.request_id,
								  .created_us = work->now_us};
	return dispatch_insert(db, &mail, err);
}

/* The number is stored once: a project that has one keeps it. */
static bool submitted(struct work *work, struct db *db, struct err *err)
{
	int64_t next;
	if (work->builtin) {
		if (!project_number_next(db, &next, err))
			return false;
		snprintf(work->number, sizeof work->number, "CS-%06lld", (long long)next);
	}
	const char *before = arena_printf(&work->arena, "{\"status\":\"%s\"}", project_status_names[work->project.status]);
	if (project_move(PROJECT_BY_DISPATCH, work->project.status, PROJECT_SUBMITTED) != PROJECT_MOVES)
		return true; /* it has its number already */
	work->project.status = PROJECT_SUBMITTED;
	work->project.project_number = work->number;
	return project_update(db, &work->project, work->now_us, err) &&
		   record(work, db, AUDIT_PROJECT_DISPATCHED, "project.dispatched", NULL, NULL, err) &&
		   record(work, db, AUDIT_PROJECT_STATUS_CHANGED, "project.status_changed", before,
				  "{\"status\":\"submitted\"}", err) &&
		   start_mail(work, db, err);
}

static bool apply_success(struct work *work, struct db *db, struct err *err)
{
	work->dispatch.state = DISPATCH_SUCCESS;
	work->dispatch.error = NULL;
	bool submit = strcmp(work->dispatch.name, DISPATCH_SUBMIT) == 0;
	if (!dispatch_update(db, &work->dispatch, work->now_us, err))
		return false;
	return db_changed(db) == 0 || !submit || submitted(work, db, err);
}

static bool apply_failure(struct work *work, struct db *db, struct err *err)
{
	struct dispatch *d = &work->dispatch;
	bool submit = strcmp(d->name, DISPATCH_SUBMIT) == 0;
	bool over = work->gone || d->attempts >= (submit ? SUBMISSION_TRIES : EMAIL_TRIES);
	d->state = over ? DISPATCH_FAILURE : DISPATCH_RETRY;
	d->error = work->failure.message;
	d->next_us = work->now_us + submission_delay_us(d->attempts, draw_random(work->api->options.env));
	return dispatch_update(db, d, work->now_us, err) &&
		   (!over || work->gone ||
			record(work, db, AUDIT_PROJECT_WORK_FAILED, arena_printf(&work->arena, "%s.failed", d->name), NULL, NULL,
				   err));
}

static bool apply_outcome(struct db *db, void *self, struct err *err)
{
	struct work *work = self;
	bool found = false;
	work->now_us = env_wall_us(work->api->options.env);
	work->dispatch.attempts++;
	if (!project_find(db, work->dispatch.account_id, work->dispatch.project_id, &work->arena, &work->project, &found,
					  err))
		return false;
	work->gone = !found;
	return work->well && found ? apply_success(work, db, err) : apply_failure(work, db, err);
}

static bool apply_postpone(struct db *db, void *self, struct err *err)
{
	struct work *work = self;
	return dispatch_update(db, &work->dispatch, work->now_us, err);
}

/* --- one step --- */

static bool read_work(struct work *work, bool *found, struct err *err)
{
	struct store *store = work->api->options.store;
	bool there = false;
	struct db *db = store_read(store);
	work->now_us = env_wall_us(work->api->options.env);
	bool read = dispatch_due(db, work->now_us, &work->arena, &work->dispatch, found, err) &&
				(!*found || project_find(db, work->dispatch.account_id, work->dispatch.project_id, &work->arena,
										 &work->project, &there, err));
	store_read_end(store, db);
	work->gone = !there;
	return read;
}

/* The PM system is left alone: that is no try. */
static bool postpone(struct work *work, int64_t wait_us, struct err *err)
{
	work->dispatch.next_us = work->now_us + wait_us;
	return store_write(work->api->options.store, apply_postpone, work, err);
}

static bool carry_out(struct work *work, struct err *err)
{
	struct sign_api *api = work->api;
	bool submit = strcmp(work->dispatch.name, DISPATCH_SUBMIT) == 0;
	work->builtin = submit && api->options.pm == NULL;
	if (work->gone) {
		err_set(&work->failure, ERR_NOT_FOUND, "the project is no more");
	} else if (!submit) {
		work->well = api->options.mail != NULL && send_mail(work, &work->failure);
	} else if (work->builtin || work->project.project_number != NULL) {
		work->well = true;
	} else {
		int64_t mono_us = env_mono_us(api->options.env);
		if (!circuit_may(&api->pm, mono_us)) {
			int64_t wait_us = circuit_wait_us(&api->pm, mono_us);
			return postpone(work, wait_us > 0 ? wait_us : 1000000, err);
		}
		work->well = ask_pm(work, &work->failure);
	}
	return store_write(api->options.store, apply_outcome, work, err);
}

bool submission_step(struct sign_api *api, bool *worked, struct err *err)
{
	struct work work = {.api = api};
	arena_init(&work.arena, ARENA_REQUEST_CAP);
	*worked = false;
	bool done = read_work(&work, worked, err) && (!*worked || carry_out(&work, err));
	arena_fini(&work.arena);
	return done;
}

/* --- the thread --- */

static void wait_for_work(struct sign_api *api)
{
	struct timespec until;
	clock_gettime(CLOCK_MONOTONIC, &until);
	until.tv_nsec += IDLE_MS * 1000000L;
	until.tv_sec += until.tv_nsec / 1000000000L;
	until.tv_nsec %= 1000000000L;
	pthread_mutex_lock(&api->work_lock);
	while (!api->work_there && !api->work_over && pthread_cond_timedwait(&api->work_came, &api->work_lock, &until) == 0)
		continue;
	api->work_there = false;
	pthread_mutex_unlock(&api->work_lock);
}

static bool is_over(struct sign_api *api)
{
	pthread_mutex_lock(&api->work_lock);
	bool over = api->work_over;
	pthread_mutex_unlock(&api->work_lock);
	return over;
}

static void *work_on(void *self)
{
	struct sign_api *api = self;
	while (!is_over(api)) {
		struct err err;
		bool worked = false;
		if (!submission_step(api, &worked, &err)) {
			log_warn("work of a project could not be stored", log_str("why", err.message));
			worked = false;
		}
		if (!worked)
			wait_for_work(api);
	}
	return NULL;
}

void submission_start(struct sign_api *api)
{
	pthread_condattr_t clock;
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_mutex_init(&api->work_lock, NULL);
	pthread_cond_init(&api->work_came, &clock);
	pthread_condattr_destroy(&clock);
	api->working = api->options.work && pthread_create(&api->worker, NULL, work_on, api) == 0;
}

void submission_stop(struct sign_api *api)
{
	pthread_mutex_lock(&api->work_lock);
	api->work_over = true;
	pthread_cond_signal(&api->work_came);
	pthread_mutex_unlock(&api->work_lock);
	if (api->working)
		pthread_join(api->worker, NULL);
	pthread_cond_destroy(&api->work_came);
	pthread_mutex_destroy(&api->work_lock);
}

void submission_wake(struct sign_api *api)
{
	pthread_mutex_lock(&api->work_lock);
	api->work_there = true;
	pthread_cond_signal(&api->work_came);
	pthread_mutex_unlock(&api->work_lock);
}
