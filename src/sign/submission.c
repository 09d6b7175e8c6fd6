#include "sign/submission.h"

#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/id.h"
#include "core/log.h"
#include "core/must.h"
#include "sign/project_write.h"
#include "sign/search.h"
#include "sign/sign_internal.h"
#include "sign/work.h"
#include "store/store.h"

enum { IDLE_MS = 500 };

static const struct work_kind *const kinds[WORK_KINDS] = {&work_submit, &work_email, &work_report, &work_index};

const struct work_kind *work_kind_named(const char *name)
{
	for (size_t i = 0; i < WORK_KINDS; i++)
		if (strcmp(kinds[i]->name, name) == 0)
			return kinds[i];
	must(false);
	return NULL;
}

bool sign_failures_at(struct sign_api *api, size_t i, const char **name, uint64_t *count)
{
	if (i >= WORK_KINDS)
		return false;
	*name = kinds[i]->name;
	*count = atomic_load_explicit(&api->failed[i], memory_order_relaxed);
	return true;
}

static void count_failure(struct sign_api *api, const struct work_kind *kind)
{
	for (size_t i = 0; i < WORK_KINDS; i++)
		if (kinds[i] == kind)
			atomic_fetch_add_explicit(&api->failed[i], 1, memory_order_relaxed);
}

int64_t submission_delay_us(int64_t first_us, int64_t attempts, double random)
{
	const int64_t most_us = 60000000;
	int64_t us = first_us;
	for (int64_t i = 1; i < attempts && us < most_us; i++)
		us *= 2;
	return (int64_t)((double)(us < most_us ? us : most_us) * (.5 + random));
}

static double draw_random(const struct env *env)
{
	uint32_t bits;
	env_random(env, &bits, sizeof bits);
	return (double)bits / 4294967296.0;
}

/* --- what came of it --- */

struct audit_event work_event(const struct work *work)
{
	return (struct audit_event){
		.account_id = work->dispatch.account_id, .actor = "server", .request_id = work->dispatch.request_id};
}

bool work_start(struct work *work, struct db *db, const struct work_kind *kind, struct err *err)
{
	char id[ID_TEXT];
	id_make(work->api->options.ids, id);
	const struct dispatch next = {.dispatch_id = id,
								  .account_id = work->dispatch.account_id,
								  .project_id = work->dispatch.project_id,
								  .name = kind->name,
								  .next_us = work->now_us,
								  .started_by = work->dispatch.started_by,
								  .request_id = work->dispatch.request_id,
								  .created_us = work->now_us};
	return dispatch_insert(db, &next, err);
}

/* X.started, X.finished, X.failed; of a project that is no more nothing is told. */
static bool record(struct work *work, struct db *db, enum audit_action action, const char *what, struct err *err)
{
	const struct audit_event who = work_event(work);
	bool failed = action == AUDIT_PROJECT_WORK_FAILED;
	const struct project_happening happening = {
		.action = action,
		.type = arena_printf(&work->arena, "%s.%s", work->dispatch.name, what),
		.after = arena_printf(&work->arena, "{\"run_id\":\"%s\"}", work->dispatch.dispatch_id),
		.seal_sha256 = work->dispatch.seal_sha256,
		.reason = failed ? work->failure.message : NULL,
		.status = failed ? AUDIT_FAILURE : AUDIT_SUCCESS};
	if (work->gone)
		return true;
	return happening.type != NULL &&
		   project_record_by(work->api, db, &work->project, &who, work->now_us, &happening, err);
}

/* What was cancelled meanwhile stays so, and has no effect. */
static bool apply_success(struct work *work, struct db *db, struct err *err)
{
	if (work->kind->quiet)
		return dispatch_delete(db, &work->dispatch, err);
	work->dispatch.state = DISPATCH_SUCCESS;
	work->dispatch.error = NULL;
	if (!dispatch_update(db, &work->dispatch, work->now_us, err))
		return false;
	if (db_changed(db) == 0)
		return true;
	if (work->kind->finish != NULL && !work->kind->finish(work, db, err))
		return false;
	return dispatch_result(db, &work->dispatch, err) && record(work, db, AUDIT_PROJECT_WORK_FINISHED, "finished", err);
}

static bool apply_failure(struct work *work, struct db *db, struct err *err)
{
	struct dispatch *d = &work->dispatch;
	bool over = work->gone || work->hopeless || d->attempts >= work->kind->tries;
	d->state = over ? DISPATCH_FAILURE : DISPATCH_RETRY;
	d->error = work->failure.message;
	d->next_us = work->now_us + submission_delay_us(work->api->options.retry_first_us, d->attempts,
													draw_random(work->api->options.env));
	if (!dispatch_update(db, d, work->now_us, err))
		return false;
	return !over || db_changed(db) == 0 || record(work, db, AUDIT_PROJECT_WORK_FAILED, "failed", err);
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
	if (!found)
		work->project =
			(struct project){.account_id = work->dispatch.account_id, .project_id = work->dispatch.project_id};
	work->gone = !found && !work->kind->even_gone;
	if (work->gone && work->well)
		err_set(&work->failure, ERR_NOT_FOUND, "the project is no more");
	return work->well && !work->gone ? apply_success(work, db, err) : apply_failure(work, db, err);
}

static bool apply_postpone(struct db *db, void *self, struct err *err)
{
	struct work *work = self;
	return dispatch_update(db, &work->dispatch, work->now_us, err);
}

/* *well: it is not cancelled, so go on. */
static bool apply_begin(struct db *db, void *self, struct err *err)
{
	struct work *work = self;
	work->dispatch.state = DISPATCH_STARTED;
	if (!dispatch_update(db, &work->dispatch, work->now_us, err))
		return false;
	work->well = db_changed(db) > 0;
	return !work->well || work->kind->quiet || record(work, db, AUDIT_PROJECT_WORK_STARTED, "started", err);
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
	if (read && *found) {
		work->kind = work_kind_named(work->dispatch.name);
		work->gone = !there && !work->kind->even_gone;
	}
	return read;
}

/* The first try says that the work has begun. */
static bool begin(struct work *work, struct err *err)
{
	work->well = true;
	return work->dispatch.state != DISPATCH_PENDING || store_write(work->api->options.store, apply_begin, work, err);
}

static bool carry_out(struct work *work, struct err *err)
{
	struct store *store = work->api->options.store;
	int64_t wait_us = work->kind->wait_us != NULL && !work->gone ? work->kind->wait_us(work) : 0;
	if (wait_us > 0) { /* the destination is left alone: that is no try */
		work->dispatch.next_us = work->now_us + wait_us;
		return store_write(store, apply_postpone, work, err);
	}
	if (!begin(work, err))
		return false;
	if (!work->well)
		return true;
	work->well = work->gone ? err_set(&work->failure, ERR_NOT_FOUND, "the project is no more")
							: work->kind->carry_out(work, &work->failure);
	if (!store_write(store, apply_outcome, work, err))
		return false;
	if (work->dispatch.state == DISPATCH_FAILURE)
		count_failure(work->api, work->kind);
	return true;
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
		if (!worked && !search_fill_step(api, &worked, &err))
			log_warn("the search index is not filled", log_str("why", err.message));
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
