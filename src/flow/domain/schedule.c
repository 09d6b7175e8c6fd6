#include "flow/domain/schedule.h"

#include <string.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/json.h"
#include "core/zone.h"
#include "flow/domain/duration.h"

const char *const schedule_kind_names[] = {"every", "cron", "after", "on", NULL};
const char *const catch_up_names[] = {"one", "all", "none", NULL};
const char *const overlap_names[] = {"allow", "skip", "queue", NULL};

/* --- reading --- */

static void read_cron(const struct json *spec, struct schedule_plan *plan, struct faults *faults)
{
	struct err err;
	if (spec->kind != JS_STRING)
		faults_add(faults, "/spec", "type", "must be a cron expression, not %s", json_kind_name(spec->kind));
	else if (!cron_parse(spec->text, &plan->cron, &err))
		faults_add(faults, "/spec", "format", "%s", err.message);
}

static void read_interval(const struct json *spec, struct schedule_plan *plan, struct faults *faults)
{
	const char *member, *message;
	int64_t ms = 0;
	const char *code = duration_read(spec, &ms, &member, &message);
	if (code != NULL)
		faults_add(faults, "/spec", code, "%s", message);
	else if (ms <= 0 && plan->kind == SCHEDULE_EVERY)
		faults_add(faults, "/spec", "range", "must be longer than nothing");
	plan->interval_us = ms * 1000;
}

bool schedule_read(enum schedule_kind kind, const struct json *spec, const char *tz, struct arena *arena,
				   struct schedule_plan *plan, struct faults *faults)
{
	struct err err;
	size_t before = faults->count;
	*plan = (struct schedule_plan){.kind = kind};
	plan->zone = zone_load(arena, tz, &err);
	if (plan->zone == NULL)
		faults_add(faults, "/tz", "unknown_timezone", "must be the name of an IANA time zone, like Europe/Berlin");
	if (kind == SCHEDULE_CRON)
		read_cron(spec, plan, faults);
	else if (kind != SCHEDULE_ON)
		read_interval(spec, plan, faults);
	return faults->count == before;
}

/* --- times --- */

bool schedule_next(const struct schedule_plan *plan, int64_t after_us, int64_t *next_us)
{
	switch (plan->kind) {
	case SCHEDULE_EVERY:
		*next_us = after_us + plan->interval_us;
		return true;
	case SCHEDULE_CRON:
		return cron_next(&plan->cron, plan->zone, after_us, next_us);
	default:
		return false;
	}
}

int64_t schedule_first(const struct schedule_plan *plan, int64_t now_us)
{
	int64_t next_us = 0;
	if (plan->kind == SCHEDULE_AFTER) /* there is no run before to wait for */
		return now_us;
	return schedule_next(plan, now_us, &next_us) ? next_us : 0;
}

/* Keep a time; the oldest one goes when there are too many. */
static void keep(struct schedule_due *due, int64_t at_us)
{
	if (due->count == CATCH_UP_MAX) {
		memmove(due->times, due->times + 1, (CATCH_UP_MAX - 1) * sizeof due->times[0]);
		due->count--;
	}
	due->times[due->count++] = at_us;
}

/* Intervals may be short and the pause long: those that would be dropped again are passed over at once. */
static int64_t pass_over(const struct schedule_plan *plan, int64_t at_us, int64_t now_us)
{
	if (plan->kind != SCHEDULE_EVERY)
		return at_us;
	int64_t missed = (now_us - at_us) / plan->interval_us + 1;
	return missed > CATCH_UP_MAX ? at_us + (missed - CATCH_UP_MAX) * plan->interval_us : at_us;
}

void schedule_take_due(const struct schedule_plan *plan, int64_t next_us, int64_t now_us, enum catch_up catch_up,
					   struct schedule_due *due)
{
	int64_t at_us = pass_over(plan, next_us, now_us);
	bool more = true;
	due->count = 0;
	for (; more && at_us <= now_us; more = schedule_next(plan, at_us, &at_us))
		keep(due, at_us);
	due->next_us = more ? at_us : 0;
	if (due->count == 0 || catch_up == CATCH_UP_ALL)
		return;
	due->times[0] = due->times[due->count - 1];
	due->count = catch_up == CATCH_UP_ONE || now_us - due->times[0] <= SCHEDULE_GRACE_US;
}
