/* Schedules that are made, changed and ended, by requests and by definitions. */
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/must.h"
#include "flow/domain/datum.h"
#include "flow/domain/ir.h"
#include "flow/domain/schedule.h"
#include "flow/domain/semver.h"
#include "flow/events_repo.h"
#include "flow/runner_internal.h"
#include "flow/scheduler_internal.h"
#include "flow/schedules_repo.h"
#include "flow/workflows.h"

int scheduler_index(const char *const *names, const char *name)
{
	int i = 0;
	while (strcmp(names[i], name) != 0)
		must(names[++i] != NULL);
	return i;
}

static bool read_plan(const struct schedule_record *r, struct arena *arena, struct schedule_plan *plan,
					  struct faults *faults)
{
	struct datum *spec = datum_parse(r->spec, strlen(r->spec), NULL);
	enum schedule_kind kind = (enum schedule_kind)scheduler_index(schedule_kind_names, r->kind);
	if (spec == NULL)
		faults_add(faults, "/spec", "json_invalid", "flow_schedules: the stored spec is no JSON");
	bool good = spec != NULL && schedule_read(kind, datum_tree(spec), r->tz, arena, plan, faults);
	datum_unref(spec);
	return good;
}

int64_t scheduler_interval(const struct schedule_record *record, struct arena *arena)
{
	struct schedule_plan plan;
	struct faults faults;
	faults_init(&faults, arena);
	return read_plan(record, arena, &plan, &faults) ? plan.interval_us : 0;
}

bool scheduler_check(struct runner *runner, const struct schedule_record *record, struct arena *arena,
					 struct faults *faults)
{
	struct schedule_plan plan;
	bool good = read_plan(record, arena, &plan, faults);
	if (good && plan.kind == SCHEDULE_CRON && !cron_comes(&plan.cron)) {
		faults_add(faults, "/spec", "range", CRON_NEVER);
		good = false;
	}
	if (strcmp(record->kind, "on") == 0 && !scheduler_strategy(runner, record, arena, faults))
		good = false;
	return good;
}

/* The run that listens, if there is one, is to end. */
static void leave_listener(struct schedule_record *r, struct scheduler_runs *runs)
{
	if (r->listener_run_id == NULL)
		return;
	snprintf(runs->cancel, sizeof runs->cancel, "%s", r->listener_run_id);
	r->listener_run_id = NULL;
}

bool scheduler_arm(struct runner *runner, struct db *db, struct schedule_record *r, struct arena *arena,
				   struct scheduler_runs *runs, struct err *err)
{
	struct schedule_plan plan;
	struct faults faults;
	leave_listener(r, runs);
	r->next_us = 0;
	r->queued = 0;
	r->last_error = NULL;
	if (!r->enabled)
		return true;
	faults_init(&faults, arena);
	if (!read_plan(r, arena, &plan, &faults))
		return err_set(err, ERR_INVALID, "%s", faults.first->message);
	if (plan.kind == SCHEDULE_ON) {
		int64_t position;
		return events_last(db, r->account_id, &position, err) &&
			   scheduler_listen(runner, db, r, position, arena, runs, err);
	}
	r->next_us = schedule_first(&plan, runner_now_us(runner));
	return true;
}

/* --- of definitions --- */

static const char *json_of(const struct json *json, struct arena *arena)
{
	struct datum *datum = datum_json(json);
	const char *text = arena_dup(arena, datum_bytes(datum, NULL));
	datum_unref(datum);
	return text;
}

/* A strategy with how it is read, as requests have it. */
static const char *strategy_of(const struct json *schedule, struct arena *arena)
{
	const char *on = json_of(json_get(schedule, "on"), arena), *read = json_text(schedule, "read");
	return read == NULL || on == NULL ? on : arena_printf(arena, "{\"read\":\"%s\",%s", read, on + 1);
}

static const char *word(const struct json *schedule, const char *name, const char *absent)
{
	const char *text = schedule->kind == JS_OBJECT ? json_text(schedule, name) : NULL;
	return text == NULL ? absent : text;
}

bool scheduler_wish(const struct ir *ir, struct arena *arena, struct schedule_wish *wish)
{
	const struct ir_schedule *s = &ir->schedule;
	*wish = (struct schedule_wish){.kind = NULL};
	if (!s->given)
		return true;
	wish->kind = s->cron != NULL ? "cron" : s->on != NULL ? "on" : s->every.given ? "every" : "after";
	wish->tz = arena_dup(arena, s->tz == NULL ? "UTC" : s->tz);
	wish->catch_up = arena_dup(arena, word(s->definition, "catch_up", "one"));
	wish->overlap = arena_dup(arena, word(s->definition, "overlap", "allow"));
	wish->spec = s->on != NULL                      ? strategy_of(s->definition, arena)
				 : s->definition->kind == JS_STRING ? json_of(s->definition, arena)
													: json_of(json_get(s->definition, wish->kind), arena);
	return !arena->full;
}

static bool end_own(struct db *db, struct schedule_record *r, struct scheduler_runs *runs, struct err *err)
{
	leave_listener(r, runs);
	return schedules_delete(db, r->schedule_id, err);
}

static void take_wish(struct schedule_record *r, const struct workflow *workflow, const struct schedule_wish *wish,
					  int64_t now_us)
{
	r->version = workflow->version;
	r->kind = wish->kind;
	r->spec = wish->spec;
	r->tz = wish->tz;
	r->catch_up = wish->catch_up;
	r->overlap = wish->overlap;
	r->updated_us = now_us;
	r->row_version++;
}

bool scheduler_published(struct runner *runner, struct db *db, const struct workflow *workflow,
						 const struct schedule_wish *wish, struct arena *arena, struct scheduler_runs *runs,
						 struct err *err)
{
	struct schedule_record r;
	char id[ID_TEXT];
	bool found;
	int64_t now_us = runner_now_us(runner);
	if (!schedules_own(db, workflow->account_id, workflow->namespace, workflow->name, arena, &r, &found, err))
		return false;
	if (found && semver_compare(workflow->version, r.version) < 0)
		return true; /* a newer one is at work */
	if (wish->kind == NULL)
		return !found || end_own(db, &r, runs, err);
	if (!found) {
		id_make(runner->options.ids, id);
		r = (struct schedule_record){.schedule_id = arena_dup(arena, id),
									 .account_id = workflow->account_id,
									 .namespace = workflow->namespace,
									 .name = workflow->name,
									 .origin = "definition",
									 .input = "null",
									 .enabled = true,
									 .created_us = now_us,
									 .created_by = workflow->created_by};
	}
	take_wish(&r, workflow, wish, now_us);
	if (!scheduler_arm(runner, db, &r, arena, runs, err))
		return false;
	return found ? schedules_update(db, &r, err) : schedules_insert(db, &r, err);
}

bool scheduler_archived(struct db *db, const struct workflow *workflow, struct arena *arena,
						struct scheduler_runs *runs, struct err *err)
{
	struct schedule_record r;
	bool found;
	if (!schedules_own(db, workflow->account_id, workflow->namespace, workflow->name, arena, &r, &found, err))
		return false;
	return !found || strcmp(r.version, workflow->version) != 0 || end_own(db, &r, runs, err);
}
