/*
 * Where workers wait for work: claims that found nothing and may wait are parked here, and tried again when a task of
 * any queue was opened, about once a second (a lease may have run out, a run may have been resumed), and a last time
 * when their time is over.
 * Threads: any; one of its own tries.
 */
#ifndef CS_FLOW_WORK_DESK_H
#define CS_FLOW_WORK_DESK_H

#include <stdbool.h>
#include <stdint.h>

#include "flow/work_repo.h"

struct env;
struct store;
struct work_desk;

/* One who waits; the caller's until it is let go. */
struct work_wait {
	struct work_claim claim;            /* what it looks for; now_us is set here */
	int64_t deadline_us;                /* monotonic */
	void (*go)(struct work_wait *wait); /* try again; on the desk's thread, or the caller's; must not wait */
	struct work_wait *next;
};

struct work_desk *work_desk_open(struct store *store, const struct env *env);
void work_desk_close(struct work_desk *desk); /* those who wait are forgotten; NULL is fine */

/* A task was opened. */
void work_desk_ring(struct work_desk *desk);

void work_desk_park(struct work_desk *desk, struct work_wait *wait);

#endif
