/* A workflow whose runs are all suspended and whose schedules are off, by the server's own word [flow.md 9:
 * pause_workflow]. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/must.h"
#include "flow/flow_internal.h"
#include "flow/runs_repo.h"
#include "flow/scheduler.h"
#include "flow/schedules_repo.h"
#include "seal/audit.h"
#include "store/store.h"

enum { AT_ONCE = 1000, SCHEDULES_MAX = 200, WAIT_S = 5, SCRATCH = 16 << 20 };

/* Those that wait for the turns to hear it; whoever is last gives it up. */
struct awaiting {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	size_t left;
	int holders;
};

struct pausing {
	struct flow_api *api;
	struct runs_filter filter;
	const char *reason;
	struct arena arena;
	const char *run_ids[AT_ONCE];
	size_t count;
	struct schedule_record schedules[SCHEDULES_MAX];
	struct scheduler_runs ended[SCHEDULES_MAX]; /* runs that listened for one of them */
	size_t schedule_count;
};

/* --- schedules --- */

static void take_schedule(void *self, const struct schedule_record *record)
{
	struct pausing *p = self;
	if (record->enabled && p->schedule_count < SCHEDULES_MAX)
		p->schedules[p->schedule_count++] = *record;
}

static bool switch_off(struct pausing *p, struct db *db, size_t i, struct err *err)
{
	struct schedule_record *r = &p->schedules[i];
	const struct audit_pair meta[] = {{AUDIT_META_status, "paused"}};
	const struct audit_event event = {
		.action = AUDIT_SCHEDULE_UPDATE, .target_id = r->schedule_id, .meta = meta, .meta_count = 1};
	r->enabled = false;
	if (!scheduler_arm(p->api->runner, db, r, &p->arena, &p->ended[i], err))
		return false;
	r->last_error = arena_printf(&p->arena, "paused by %s", p->reason);
	r->row_version++;
	r->updated_us = runner_now_us(p->api->runner);
	return schedules_update(db, r, err) && audit_append(p->api->audit, db, &event, err);
}

/* Nothing more is started for it. */
static bool switch_all_off(struct db *db, void *self, struct err *err)
{
	struct pausing *p = self;
	const struct schedules_filter filter = {.account_id = p->filter.account_id,
											.namespace = p->filter.namespace,
											.name = p->filter.name,
											.before = "",
											.limit = SCHEDULES_MAX};
	p->schedule_count = 0;
	if (!schedules_list(db, &filter, &p->arena, take_schedule, p, err))
		return false;
	for (size_t i = 0; i < p->schedule_count; i++)
		if (!switch_off(p, db, i, err))
			return false;
	return true;
}

static bool pause_schedules(struct pausing *p, struct err *err)
{
	bool off = store_write(p->api->options.store, switch_all_off, p, err);
	for (size_t i = 0; i < p->schedule_count; i++)
		scheduler_wake(p->api->runner, &p->ended[i], off);
	return off;
}

/* --- runs --- */

static void take(void *self, const char *run_id, const char *status)
{
	struct pausing *p = self;
	bool active = strcmp(status, "pending") == 0 || strcmp(status, "running") == 0 || strcmp(status, "waiting") == 0;
	if (active && p->count < AT_ONCE)
		p->run_ids[p->count++] = arena_dup(&p->arena, run_id);
}

static bool pick(struct pausing *p, struct err *err)
{
	struct db *db = store_read(p->api->options.store);
	bool read = runs_pick(db, &p->filter, " pending running waiting", &p->arena, take, p, err);
	store_read_end(p->api->options.store, db);
	return read && (!p->arena.full || err_set(err, ERR_LIMIT, "no memory"));
}

static bool audit(struct db *db, void *self, struct err *err)
{
	struct pausing *p = self;
	const struct audit_pair meta[] = {{AUDIT_META_reason, p->reason}};
	struct audit_event event = {.action = AUDIT_RUN_PAUSE, .meta = meta, .meta_count = 1};
	for (size_t i = 0; i < p->count; i++) {
		event.target_id = p->run_ids[i];
		if (!audit_append(p->api->audit, db, &event, err))
			return false;
	}
	return true;
}

static void let_go(struct awaiting *w)
{
	bool last = --w->holders == 0;
	pthread_mutex_unlock(&w->lock);
	if (!last)
		return;
	pthread_cond_destroy(&w->changed);
	pthread_mutex_destroy(&w->lock);
	free(w);
}

static void heard(void *self, bool ended)
{
	struct awaiting *w = self;
	(void)ended;
	pthread_mutex_lock(&w->lock);
	w->left--;
	pthread_cond_signal(&w->changed);
	let_go(w);
}

/* A turn that takes its time is not waited for: its run is suspended when it ends. */
static void tell(struct pausing *p)
{
	struct awaiting *w = calloc(1, sizeof *w);
	struct timespec until;
	must(w != NULL);
	pthread_mutex_init(&w->lock, NULL);
	pthread_cond_init(&w->changed, NULL);
	w->left = p->count;
	w->holders = (int)p->count + 1;
	for (size_t i = 0; i < p->count; i++)
		runner_order(p->api->runner, p->run_ids[i], RUNNER_SUSPEND, p->reason, heard, w);
	clock_gettime(CLOCK_REALTIME, &until);
	until.tv_sec += WAIT_S;
	pthread_mutex_lock(&w->lock);
	while (w->left > 0 && pthread_cond_timedwait(&w->changed, &w->lock, &until) == 0)
		;
	let_go(w);
}

bool flow_api_pause(struct flow_api *api, const char *account_id, const char *workflow, const char *reason,
					struct err *err)
{
	struct pausing *p = calloc(1, sizeof *p);
	must(p != NULL);
	p->api = api;
	p->reason = reason;
	p->filter = (struct runs_filter){.account_id = account_id, .limit = AT_ONCE};
	arena_init(&p->arena, SCRATCH);
	bool done = runs_split_workflow(&p->arena, workflow, &p->filter) ||
				err_set(err, ERR_INVALID, "%s is no NAMESPACE/NAME", workflow);
	done = done && pause_schedules(p, err) && pick(p, err) &&
		   (p->count == 0 || store_write(api->options.store, audit, p, err));
	if (done && p->count > 0)
		tell(p);
	arena_fini(&p->arena);
	free(p);
	return done;
}
