/*
 * What a serving process does by the clock: lets requests and signals expire that nobody decided in time, sweeps the
 * outbox and files.
 * Called on the main thread about once a second; waits for its own writes and writes nothing when nothing is due.
 */
#ifndef CS_APP_CHORES_H
#define CS_APP_CHORES_H

#include <stdint.h>

struct app;

enum { CHORES_PERIOD_S = 1 }; /* [P-6.8] the claim looks at the time itself; this only tells who waits */

/* `next_sweep_us` is the monotonic time of the next sweep, 0 at first; it is moved on. */
void chores_run(struct app *app, int64_t *next_sweep_us);

#endif
