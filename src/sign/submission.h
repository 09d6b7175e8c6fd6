/*
 * Carrying out what a commit asked for: the PM system is told of a submission, a mail is sent [sign.md 5].
 *
 * The rows of project_tasks are the queue, so that work begins if and only if its cause was committed, and goes on
 * after a crash.  The PM system gets the project's id as Idempotency-Key: asked twice, it gives one number.  A failure
 * is tried again five times, after growing waits up to a minute; three in a row and the PM system is left alone for a
 * minute, then asked once.  Out of tries, the row stays as FAILURE until a person submits anew.  Nothing here moves a
 * project backward.
 *
 * Threads: one of its own, from submission_start to submission_stop; submission_step is that thread's, or a test's.
 */
#ifndef CS_SIGN_SUBMISSION_H
#define CS_SIGN_SUBMISSION_H

#include <stdbool.h>
#include <stdint.h>

struct err;
struct sign_api;

enum { SUBMISSION_TRIES = 6, EMAIL_TRIES = 3 };

/* Begin and end the thread.  Without it nothing is carried out but by submission_step. */
void submission_start(struct sign_api *api);
void submission_stop(struct sign_api *api);

/* There may be work now.  Any thread. */
void submission_wake(struct sign_api *api);

/* Carry out one that is due; *worked says whether there was one.  False: the store failed, it will be tried again. */
bool submission_step(struct sign_api *api, bool *worked, struct err *err);

/*
 * The wait before the next try: `first_us` (1 s by default) doubled each time, at most 60 s, times 0.5 to 1.5 by
 * `random` in [0, 1).
 */
int64_t submission_delay_us(int64_t first_us, int64_t attempts, double random);

#endif
