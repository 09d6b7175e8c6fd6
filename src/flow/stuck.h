/*
 * Runs that nothing drives any more [flow.md 3.3: why]: not over and not suspended, and yet with no turn, no timer, no
 * call, listener, worker's task, person or other run that would bring them on.  That is a defect of ours; such a run is
 * driven again, counted (flow_stuck_total) and told as an incident.
 *
 * Looked for every STUCK_LOOK_S; what stands the same way at two looks is stuck, so that nobody is disturbed who is
 * only between two things.  Thread: one, that may wait for a write.
 */
#ifndef CS_FLOW_STUCK_H
#define CS_FLOW_STUCK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"

struct err;
struct flow_api;

enum { STUCK_LOOK_S = 30, STUCK_MAX = 100 /* of one look; the others are found by the next ones */ };

/* A run, and the row that its journal ended with. */
struct stuck_run {
	char run_id[ID_TEXT];
	int64_t seq;
};

struct stuck {
	int64_t next_look_us; /* monotonic */
	struct stuck_run suspects[STUCK_MAX];
	size_t count;
};

/* About once a second; looks when it is time. */
bool stuck_chores(struct flow_api *api, struct err *err);

#endif
