#include "flow/scheduler.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/arena.h"
#include "core/env.h"
#include "core/err.h"
#include "core/json.h"
#include "core/log.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/schedule.h"
#include "flow/runner_internal.h"
#include "flow/scheduler_internal.h"
#include "flow/schedules_repo.h"
#include "flow/workflows.h"
#include "http/workers.h"

enum { DUE_MAX = 50, QUEUED_MAX = 1000, CAP = 64 << 20, AGAIN_US = 1000000 };

/* --- starting --- */

void scheduler_add(struct scheduler_runs *runs, const struct run_record *run)
{
	if (runs->count == runs->room) {
		runs->room = runs->room == 0 ? 4 : 2 * runs->room;
		runs->items = reallocarray(runs->items, runs->room, sizeof(*runs->items));
		must(runs->items != NULL);
	}
	struct scheduler_run *item = &runs->items[runs->count++];
	must(strlen(run->run_id) < sizeof item->run_id && strlen(run->account_id) < sizeof item->account_id);
	strcpy(item->run_id, run->run_id);
	strcpy(item->account_id, run->account_id);
}

void scheduler_runs_tell(struct runner *runner, struct scheduler_runs *runs, bool committed)
{
	for (size_t i = 0; committed && i < runs->count; i++) {
		const struct runner_start start = {
			.run_id = runs->items[i].run_id, .account_id = runs->items[i].account_id, .priority = SCHEDULER_PRIORITY};
		runner_begin(runner, &start);
	}
	if (committed && runs->cancel[0] != '\0')
		runner_order(runner, runs->cancel, RUNNER_CANCEL, "its schedule listens no more", NULL, NULL);
	free(runs->items);
	*runs = (struct scheduler_runs){.count = 0};
}

void scheduler_wake(struct runner *runner, struct scheduler_runs *runs, bool committed)
{
	scheduler_runs_tell(runner, runs, committed);
	if (committed)
		scheduler_look(runner);
}

bool scheduler_insert(struct runner *runner, struct db *db, const struct schedule_record *r, struct run_record *run,
					  struct arena *arena, struct err *err)
{
	char id[ID_TEXT];
	uint64_t random;
	id_make(runner->options.ids, id);
	env_random(runner->options.env, &random, sizeof random);
	run->run_id = run->run_id != NULL ? run->run_id : arena_dup(arena, id);
	run->account_id = r->account_id;
	run->seed = arena_printf(arena, "%llu", (unsigned long long)(random >> 11));
	run->labels = arena_printf(arena, "{\"schedule\":\"%s\"}", r->schedule_id);
	run->priority = SCHEDULER_PRIORITY;
	run->created_us = runner_now_us(runner);
	run->created_by = r->created_by;
	return !arena->full ? runs_insert(db, run, err) : err_set(err, ERR_LIMIT, "no memory");
}

/* The version that is to be run.  *found false: why is noted. */
static bool find(struct db *db, struct schedule_record *r, struct arena *arena, struct workflow *workflow, bool *found,
				 struct err *err)
{
	if (!workflows_find(db, r->account_id, r->namespace, r->name, r->version, arena, workflow, found, err))
		return false;
	bool active = *found && (workflow->state == WORKFLOW_PUBLISHED || workflow->state == WORKFLOW_DEPRECATED);
	r->last_error =
		active   ? NULL
		: *found ? arena_printf(arena, "version %s is %s", workflow->version, workflow_state_names[workflow->state])
				 : "there is no such workflow";
	*found = active;
	return true;
}

bool scheduler_start(struct runner *runner, struct db *db, struct schedule_record *r, int64_t fired, const char *input,
					 struct arena *arena, struct scheduler_runs *runs, bool *started, struct err *err)
{
	struct workflow workflow;
	char id[ID_TEXT];
	*started = false;
	bool found;
	if (!find(db, r, arena, &workflow, &found, err))
		return false;
	if (!found)
		return true;
	id_make(runner->options.ids, id);
	if (!firings_put(db, r->schedule_id, fired, id, started, err))
		return false;
	if (!*started)
		return true;
	struct run_record run = {.run_id = arena_dup(arena, id),
							 .namespace = workflow.namespace,
							 .name = workflow.name,
							 .version = workflow.version,
							 .definition_sha256 = workflow.definition_sha256,
							 .input = input};
	if (!scheduler_insert(runner, db, r, &run, arena, err))
		return false;
	r->last_run_id = run.run_id;
	r->last_us = run.created_us;
	scheduler_add(runs, &run);
	return true;
}

/* --- overlap --- */

bool scheduler_busy(struct db *db, const struct schedule_record *r, struct arena *arena, bool *busy, struct err *err)
{
	struct run_record run;
	bool found = false;
	*busy = false;
	if (r->last_run_id == NULL || strcmp(r->overlap, "allow") == 0)
		return true;
	if (!runs_get(db, r->last_run_id, NULL, arena, &run, &found, err))
		return false;
	*busy = found && run.ended_us == 0;
	return true;
}

static bool fire(struct runner *runner, struct db *db, struct schedule_record *r, int64_t at_us, struct arena *arena,
				 struct scheduler_runs *runs, struct err *err)
{
	bool busy, started;
	if (!scheduler_busy(db, r, arena, &busy, err))
		return false;
	if (!busy)
		return scheduler_start(runner, db, r, at_us, r->input, arena, runs, &started, err);
	if (strcmp(r->overlap, "queue") == 0 && r->queued < QUEUED_MAX)
		r->queued++;
	return true;
}

/* --- by the clock --- */

struct due {
	const char *schedule_id;
	int64_t next_us; /* as it was read: somebody may change it meanwhile */
	struct schedule_due times;
	bool sound;
	const char *why;
	int64_t interval_us;
};

struct job {
	struct runner *runner;
	struct arena arena;
	struct due *due;
	size_t count;
	int64_t now_us, next_us;
	struct scheduler_runs runs;
};

static void decide(struct job *job, const struct schedule_record *r, struct due *due)
{
	struct schedule_plan plan;
	struct faults faults;
	struct datum *spec = datum_parse(r->spec, strlen(r->spec), NULL);
	faults_init(&faults, &job->arena);
	enum schedule_kind kind = (enum schedule_kind)scheduler_index(schedule_kind_names, r->kind);
	due->schedule_id = r->schedule_id;
	due->next_us = r->next_us;
	if (spec == NULL)
		faults_add(&faults, "/spec", "json_invalid", "flow_schedules: the stored spec is no JSON");
	due->sound = spec != NULL && schedule_read(kind, datum_tree(spec), r->tz, &job->arena, &plan, &faults);
	if (due->sound) {
		schedule_take_due(&plan, r->next_us, job->now_us, (enum catch_up)scheduler_index(catch_up_names, r->catch_up),
						  &due->times);
		due->interval_us = plan.interval_us;
	} else {
		due->why = faults.first->message;
	}
	datum_unref(spec);
}

static void take_due(void *self, const struct schedule_record *record)
{
	struct job *job = self;
	decide(job, record, &job->due[job->count++]);
}

static bool fire_all(struct job *job, struct db *db, struct schedule_record *r, const struct due *due, struct err *err)
{
	r->next_us = due->times.next_us;
	if (!due->sound) {
		r->enabled = false;
		r->last_error = due->why;
	}
	for (size_t i = 0; due->sound && i < due->times.count; i++)
		if (!fire(job->runner, db, r, due->times.times[i], &job->arena, &job->runs, err))
			return false;
	/* Nothing was started whose end would lead to the next one. */
	if (strcmp(r->kind, "after") == 0 && r->last_error != NULL)
		r->next_us = job->now_us + (due->interval_us > AGAIN_US ? due->interval_us : AGAIN_US);
	return schedules_update(db, r, err);
}

static bool apply_due(struct db *db, void *self, struct err *err)
{
	struct job *job = self;
	for (size_t i = 0; i < job->count; i++) {
		struct schedule_record record;
		bool found;
		if (!schedules_get(db, job->due[i].schedule_id, NULL, &job->arena, &record, &found, err))
			return false;
		if (found && record.enabled && record.next_us == job->due[i].next_us &&
			!fire_all(job, db, &record, &job->due[i], err))
			return false;
	}
	return true;
}

static bool read_due(struct job *job, struct err *err)
{
	struct db *db = store_read(job->runner->options.store);
	bool good = schedules_due(db, job->now_us, DUE_MAX, &job->arena, take_due, job, err);
	store_read_end(job->runner->options.store, db);
	return good;
}

static bool read_next(struct job *job, struct err *err)
{
	struct db *db = store_read(job->runner->options.store);
	bool good = schedules_next(db, &job->next_us, err);
	store_read_end(job->runner->options.store, db);
	return good;
}

/* With the lock held. */
static void set_alarm(struct runner *runner, int64_t due_us)
{
	runner->schedules_due_us = due_us;
	const struct alarm alarm = {.due_us = due_us, .run_id = SCHEDULER_ALARM};
	alarms_set(runner, &alarm);
}

static void end_job(struct job *job, bool good)
{
	struct runner *runner = job->runner;
	scheduler_runs_tell(runner, &job->runs, good);
	runner_lock(runner);
	if (!good)
		set_alarm(runner, job->now_us + AGAIN_US);
	else if (job->next_us > 0 && (runner->schedules_due_us == 0 || job->next_us < runner->schedules_due_us))
		set_alarm(runner, job->next_us);
	runner->turns_under_way--;
	runner_changed(runner);
	runner_unlock(runner);
}

static void run_job(void *self, int worker)
{
	struct runner *runner = self;
	struct job job = {.runner = runner, .now_us = runner_now_us(runner)};
	struct err err = {.kind = ERR_NONE};
	(void)worker;
	arena_init(&job.arena, CAP);
	job.due = calloc(DUE_MAX, sizeof *job.due);
	must(job.due != NULL);
	bool good = read_due(&job, &err) && (job.count == 0 || store_write(runner->options.store, apply_due, &job, &err)) &&
				read_next(&job, &err);
	if (!good)
		log_error("flow: schedules not driven", log_str("error", err.message));
	end_job(&job, good);
	free(job.due);
	arena_fini(&job.arena);
}

void scheduler_ring(struct runner *runner, int64_t due_us)
{
	if (runner->schedules_due_us != due_us)
		return; /* another alarm was set since */
	runner->schedules_due_us = 0;
	runner->turns_under_way++;
	must(workers_push(runner->turns, run_job, runner));
}

void scheduler_look(struct runner *runner)
{
	runner_lock(runner);
	if (!runner->closing)
		set_alarm(runner, runner_now_us(runner));
	runner_unlock(runner);
}

/* --- the end of a run --- */

/* A time that waited for the run to end, or the delay after it. */
static bool go_on(struct live *live, struct db *db, struct schedule_record *r, struct arena *arena,
				  struct scheduler_runs *runs, struct err *err)
{
	bool started, last = r->last_run_id != NULL && strcmp(r->last_run_id, live->run_id) == 0;
	if (!last || !r->enabled)
		return true;
	if (strcmp(r->kind, "after") == 0)
		r->next_us = live->drive.now_us + scheduler_interval(r, arena);
	if (strcmp(r->kind, "on") == 0 && r->listener_run_id == NULL &&
		!scheduler_listen(live->runner, db, r, -1, arena, runs, err))
		return false;
	if (r->queued > 0) {
		r->queued--;
		if (!scheduler_start(live->runner, db, r, -live->drive.now_us, r->input, arena, runs, &started, err))
			return false;
	}
	return schedules_update(db, r, err);
}

static bool run_over(struct live *live, struct db *db, struct arena *arena, struct scheduler_runs *runs,
					 struct err *err)
{
	struct schedule_record record;
	bool found;
	if (!schedules_of_listener(db, live->run_id, arena, &record, &found, err))
		return false;
	if (found)
		return scheduler_heard(live, db, &record, arena, runs, err);
	return schedules_of_run(db, live->run_id, arena, &record, &found, err) &&
		   (!found || go_on(live, db, &record, arena, runs, err));
}

bool scheduler_run_over(struct live *live, struct db *db, struct err *err)
{
	struct arena arena;
	struct scheduler_runs runs = {.count = 0};
	if (!live->scheduled || !run_is_over(live->run.status))
		return true;
	arena_init(&arena, CAP);
	bool good = run_over(live, db, &arena, &runs, err);
	for (size_t i = 0; good && i < runs.count; i++)
		following_notice_begin(live, runs.items[i].run_id, SCHEDULER_PRIORITY);
	if (good)
		following_notice(live, "", NOTICE_SCHEDULES);
	free(runs.items);
	arena_fini(&arena);
	return good;
}
