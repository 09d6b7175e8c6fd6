#include "flow/domain/health.h"

#include <stddef.h>

const char *const incident_status_names[] = {"open", "investigating", "resolved", "ignored", NULL};

/* Attempts are forgiven once it was healthy for an hour, as far as it was heard. */
static void forgive(struct agent_health *health, int64_t until_us)
{
	if (health->status == AGENT_HEALTHY && health->healthy_since_us != 0 &&
		until_us - health->healthy_since_us >= HEALTH_HOUR_US)
		health->recovery_attempts = 0;
}

struct health_change health_beat(struct agent_health *health, double score, int64_t now_us)
{
	enum agent_status before = health->status, scored = agent_status(score);
	bool known = health->last_heartbeat_us != 0, low = scored == AGENT_CRITICAL;
	const struct health_change change = {.fell = low && !health->low,
										 .recovered = before == AGENT_RECOVERING && scored == AGENT_HEALTHY,
										 .returned = known && before == AGENT_FAILED};
	if (now_us < health->last_heartbeat_us)
		now_us = health->last_heartbeat_us;
	if (known)
		forgive(health, now_us);
	if (scored != AGENT_HEALTHY)
		health->healthy_since_us = 0;
	else if (!known || before != AGENT_HEALTHY)
		health->healthy_since_us = now_us;
	health->status = before == AGENT_RECOVERING && scored != AGENT_HEALTHY ? AGENT_RECOVERING : scored;
	health->score = score;
	health->low = low;
	health->last_heartbeat_us = now_us;
	health->seen_us = now_us > health->seen_us ? now_us : health->seen_us;
	return change;
}

bool health_silent(const struct agent_health *health, int64_t threshold_us, int64_t now_us)
{
	return health->status != AGENT_FAILED && now_us - health->seen_us > threshold_us;
}

void health_fail(struct agent_health *health)
{
	forgive(health, health->last_heartbeat_us);
	health->status = AGENT_FAILED;
	health->score = 0;
	health->healthy_since_us = 0;
}

bool health_may_recover(const struct agent_health *health)
{
	return health->status != AGENT_HEALTHY && health->recovery_attempts < HEALTH_RECOVERIES_MAX;
}

void health_recover(struct agent_health *health, int64_t now_us)
{
	health->status = AGENT_RECOVERING;
	health->seen_us = now_us > health->seen_us ? now_us : health->seen_us;
	health->healthy_since_us = 0;
	health->recovery_attempts++;
}

bool incident_may_become(enum incident_status from, enum incident_status to)
{
	return (from == INCIDENT_OPEN && to != INCIDENT_OPEN) || (from == INCIDENT_INVESTIGATING && to > from);
}
