#include "flow/health.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/err.h"
#include "core/id.h"
#include "core/jw.h"
#include "core/must.h"
#include "flow/domain/money.h"
#include "flow/work_repo.h"
#include "seal/outbox.h"
#include "store/store.h"

/* --- who is told --- */

static bool note(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
				 enum audit_action action, const char *target_id, const char *status, struct err *err)
{
	const struct audit_pair meta[] = {{AUDIT_META_status, status}};
	struct audit_event event = actor->event;
	event.action = action;
	event.target_id = target_id;
	event.meta = meta;
	event.meta_count = 1;
	return audit_append(desk->audit, db, &event, err);
}

static bool tell(const struct health_desk *desk, struct db *db, const char *account_id, const char *what,
				 const char *subject, const struct buf *data, struct err *err)
{
	struct outbox_event event = {
		.account_id = account_id, .topic = "health", .event = what, .subject = subject, .data = buf_text(data)};
	return desk->outbox == NULL || outbox_add(desk->outbox, db, &event, err);
}

static bool tell_agent(const struct health_desk *desk, struct db *db, const struct agent_row *row, const char *what,
					   struct err *err)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "agent_id", row->agent_id);
	jw_member_str(&jw, "run_id", row->run_id);
	jw_member_str(&jw, "status", agent_status_names[row->health.status]);
	jw_member_num(&jw, "health_score", row->health.score);
	jw_member_int(&jw, "recovery_attempts", row->health.recovery_attempts);
	jw_object_end(&jw);
	must(jw_ok(&jw));
	bool told = tell(desk, db, row->account_id, what, row->agent_id, &buf, err);
	buf_fini(&buf);
	return told;
}

static bool tell_incident(const struct health_desk *desk, struct db *db, const struct incident_row *row,
						  const char *what, struct err *err)
{
	struct buf buf;
	struct jw jw;
	buf_init(&buf, 0);
	jw_init(&jw, &buf);
	jw_object(&jw);
	jw_member_str(&jw, "incident_id", row->incident_id);
	jw_member_str(&jw, "agent_id", row->agent_id);
	jw_member_str(&jw, "run_id", row->run_id);
	jw_member_str(&jw, "severity", incident_severity_names[row->severity]);
	jw_member_str(&jw, "status", incident_status_names[row->status]);
	jw_member_str(&jw, "title", row->title);
	jw_object_end(&jw);
	must(jw_ok(&jw));
	bool told = tell(desk, db, row->account_id, what, row->incident_id, &buf, err);
	buf_fini(&buf);
	return told;
}

/* --- incidents --- */

bool incident_raise(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
					struct incident_row *row, int64_t now_us, struct arena *arena, bool *fresh, struct err *err)
{
	char id[ID_TEXT];
	id_make(desk->ids, id);
	row->incident_id = arena_dup(arena, id);
	row->status = INCIDENT_OPEN;
	row->created_us = row->updated_us = now_us;
	if (row->incident_id == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	return incident_insert(db, row, fresh, err) &&
		   (!*fresh || (note(desk, db, actor, AUDIT_INCIDENT_OPEN, row->incident_id,
							 incident_severity_names[row->severity], err) &&
						tell_incident(desk, db, row, "incident.opened", err)));
}

bool incident_move(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
				   struct incident_row *row, enum incident_status to, const char *resolution, int64_t now_us,
				   struct err *err)
{
	if (!incident_may_become(row->status, to))
		return err_set(err, ERR_TRANSITION_REFUSED, "The incident is %s.", incident_status_names[row->status]);
	row->status = to;
	row->updated_us = now_us;
	row->resolution = resolution != NULL ? resolution : row->resolution;
	if (to != INCIDENT_INVESTIGATING) {
		row->resolved_us = now_us;
		row->resolved_by = actor->event.actor;
	}
	return incident_update(db, row, err) &&
		   note(desk, db, actor, AUDIT_INCIDENT_CHANGE, row->incident_id, incident_status_names[to], err) &&
		   tell_incident(desk, db, row, "incident.changed", err);
}

static double failure_rate(const struct agent_row *row)
{
	int64_t ended = row->completed_tasks + row->failed_tasks;
	return ended > 0 ? (double)row->failed_tasks / (double)ended : NAN;
}

static struct incident_row incident_of(const struct agent_row *row, const char *kind, enum incident_severity severity,
									   const char *title)
{
	return (struct incident_row){.account_id = row->account_id,
								 .agent_id = row->agent_id,
								 .run_id = row->run_id,
								 .kind = kind,
								 .severity = severity,
								 .title = title,
								 .error_message = row->error_message,
								 .health_score = row->health.score,
								 .failure_rate = failure_rate(row)};
}

/* --- heartbeats --- */

static double score_of(const struct agent_row *row)
{
	const struct heartbeat heartbeat = {.memory_usage_mb = row->memory_usage_mb,
										.cpu_usage_percent = row->cpu_usage_percent,
										.cost_consumed = (double)row->cost_consumed / MONEY_UNIT,
										.budget_remaining = (double)row->budget_remaining / MONEY_UNIT,
										.completed_tasks = (double)row->completed_tasks,
										.failed_tasks = (double)row->failed_tasks};
	return agent_score(&heartbeat);
}

/* One incident for one fall; an agent that goes up and down about the threshold has one while it is open. */
static bool open_fall(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
					  const struct agent_row *row, struct arena *arena, struct err *err)
{
	bool open, fresh;
	struct incident_row incident = incident_of(row, "score", SEVERITY_HIGH, "Agent health critical");
	incident.description = arena_printf(arena, "The health score fell to %.3f.", row->health.score);
	return incident_is_open(db, row->account_id, row->agent_id, "score", &open, err) &&
		   (open || incident_raise(desk, db, actor, &incident, row->health.last_heartbeat_us, arena, &fresh, err));
}

static const char *event_of(const struct health_change *change, const struct agent_row *row)
{
	static const char *const events[] = {[AGENT_HEALTHY] = "agent.healthy",
										 [AGENT_DEGRADED] = "agent.degraded",
										 [AGENT_CRITICAL] = "agent.critical",
										 [AGENT_FAILED] = "agent.failed",
										 [AGENT_RECOVERING] = "agent.recovering"};
	return change->recovered ? "agent.recovered" : change->returned ? "agent.returned" : events[row->health.status];
}

bool health_hear(const struct health_desk *desk, struct db *db, const struct health_actor *actor, struct agent_row *row,
				 int64_t now_us, struct arena *arena, struct err *err)
{
	struct agent_row before;
	bool found;
	if (!agent_find(db, row->account_id, row->agent_id, arena, &before, &found, err))
		return false;
	if (found) {
		row->health = before.health;
		row->samples = before.samples;
		row->run_id = row->run_id != NULL ? row->run_id : before.run_id;
	}
	const struct health_change change = health_beat(&row->health, score_of(row), now_us);
	bool changed = !found || before.health.status != row->health.status;
	row->samples++;
	row->error_message =
		row->health.low ? arena_printf(arena, "Health score %.3f is critical", row->health.score) : NULL;
	return agent_put(db, row, err) && agent_put_sample(db, row, err) &&
		   (!change.fell || open_fall(desk, db, actor, row, arena, err)) &&
		   (!changed ||
			(note(desk, db, actor, AUDIT_AGENT_STATUS, row->agent_id, agent_status_names[row->health.status], err) &&
			 tell_agent(desk, db, row, event_of(&change, row), err)));
}

/* --- silence --- */

/* The cause names the last heartbeat: whoever notices the same silence again raises nothing. */
static bool fail_one(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
					 struct agent_row *row, int64_t now_us, struct arena *arena, struct err *err)
{
	struct health_actor own = *actor;
	int64_t ended;
	bool fresh;
	if (!work_end_leases(db, row->account_id, row->agent_id, &ended, err))
		return false;
	health_fail(&row->health);
	row->error_message = "Agent heartbeat lost";
	own.event.account_id = row->account_id;
	struct incident_row incident = incident_of(row, "heartbeat_lost", SEVERITY_CRITICAL, row->error_message);
	incident.cause = arena_printf(arena, "lost:%lld:%s", (long long)row->health.last_heartbeat_us, row->agent_id);
	incident.description = arena_printf(arena, "Nothing was heard for %.0f s; its leases that ended: %lld.",
										(double)(now_us - row->health.last_heartbeat_us) / 1e6, (long long)ended);
	return agent_put(db, row, err) && incident_raise(desk, db, &own, &incident, now_us, arena, &fresh, err) &&
		   note(desk, db, &own, AUDIT_AGENT_STATUS, row->agent_id, agent_status_names[AGENT_FAILED], err) &&
		   tell_agent(desk, db, row, "agent.failed", err);
}

bool health_fail_silent(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
						const char *account_id, int64_t threshold_us, int64_t now_us, size_t room, struct arena *arena,
						struct agent_row *rows, size_t *count, struct err *err)
{
	if (!agents_seen_before(db, account_id, now_us - threshold_us, room, arena, rows, count, err))
		return false;
	for (size_t i = 0; i < *count; i++) {
		must(health_silent(&rows[i].health, threshold_us, now_us));
		if (!fail_one(desk, db, actor, &rows[i], now_us, arena, err))
			return false;
	}
	return true;
}

/* --- recovery --- */

bool health_tell_recover(const struct health_desk *desk, struct db *db, const struct health_actor *actor,
						 struct agent_row *row, int64_t now_us, struct err *err)
{
	if (row->health.status == AGENT_HEALTHY)
		return err_set(err, ERR_TRANSITION_REFUSED, "The agent is healthy.");
	if (!health_may_recover(&row->health))
		return err_set(err, ERR_TRANSITION_REFUSED,
					   "The agent was told to recover %d times without being healthy for an hour: look at it.",
					   HEALTH_RECOVERIES_MAX);
	int64_t ended;
	health_recover(&row->health, now_us);
	return agent_put(db, row, err) && work_end_leases(db, row->account_id, row->agent_id, &ended, err) &&
		   note(desk, db, actor, AUDIT_AGENT_RECOVER, row->agent_id, agent_status_names[AGENT_RECOVERING], err) &&
		   tell_agent(desk, db, row, "agent.recovering", err);
}
