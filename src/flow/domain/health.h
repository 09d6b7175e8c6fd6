/*
 * The state of an agent, from heartbeat to heartbeat and through silence [flow.md 9]: pure transitions.
 *
 *     healthy, degraded, critical   by the score of each heartbeat
 *     failed                        no heartbeat for longer than a threshold; the next one is scored like any other
 *     recovering                    somebody told it to recover; a healthy heartbeat ends it, silence fails it again
 *
 * Values in, values out; times are wall microseconds of the caller.  Thread: any.
 */
#ifndef CS_FLOW_DOMAIN_HEALTH_H
#define CS_FLOW_DOMAIN_HEALTH_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/domain/agent.h"

enum {
	HEALTH_RECOVERIES_MAX = 3, /* without a healthy hour between them */
	HEALTH_THRESHOLD_S = 30,   /* of silence, unless somebody says otherwise */
	HEALTH_LOOK_S = 15,        /* how often silence is looked for */
};

#define HEALTH_HOUR_US (INT64_C(3600) * 1000000)

/* Zeroed: never heard. */
struct agent_health {
	enum agent_status status;
	double score;
	bool low; /* the score was critical when it was heard last */
	int64_t last_heartbeat_us;
	int64_t seen_us;          /* heard, or told to recover */
	int64_t healthy_since_us; /* 0: it is not healthy */
	int64_t recovery_attempts;
};

/* What a change was. */
struct health_change {
	bool fell;      /* the score became critical: an incident `high` */
	bool recovered; /* a healthy heartbeat ended a recovery */
	bool returned;  /* it had failed, and is heard again */
};

/* A heartbeat of that score.  A time before the last one counts as the last one. */
struct health_change health_beat(struct agent_health *health, double score, int64_t now_us);

/* Silent for strictly longer than the threshold, and not failed yet? */
bool health_silent(const struct agent_health *health, int64_t threshold_us, int64_t now_us);

/* It has failed: score 0. */
void health_fail(struct agent_health *health);

/* May it be told to recover?  Not when healthy, nor after three attempts without a healthy hour. */
bool health_may_recover(const struct agent_health *health);

/* Recovering, one attempt more. */
void health_recover(struct agent_health *health, int64_t now_us);

enum incident_status { INCIDENT_OPEN, INCIDENT_INVESTIGATING, INCIDENT_RESOLVED, INCIDENT_IGNORED };
extern const char *const incident_status_names[];

/* open → investigating → resolved or ignored; an open one may be ended at once. */
bool incident_may_become(enum incident_status from, enum incident_status to);

#endif
