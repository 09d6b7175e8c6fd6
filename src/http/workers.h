/*
 * Threads for handlers that take their time, behind one bounded queue.
 *
 * Jobs start in the order they came.  Thread: all functions any, but open and close.
 */
#ifndef CS_HTTP_WORKERS_H
#define CS_HTTP_WORKERS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct workers;

/* `threads` workers numbered from 1, and room for `room` waiting jobs.  0 threads: see workers_step(). */
bool workers_open(struct workers **workers, unsigned threads, size_t room, struct err *err);

/* The same with more threads, up to `most` in all, each started when a job comes and none is idle. */
bool workers_open_up_to(struct workers **workers, unsigned threads, unsigned most, size_t room, struct err *err);

/* Let all queued jobs end, then the threads.  NULL is fine. */
void workers_close(struct workers *workers);

/* Queue run(job, number of the worker).  False when the queue is full or closing: nothing happened. */
bool workers_push(struct workers *workers, void (*run)(void *job, int worker), void *job);

/* Without threads of its own: run the next job in the caller's, waiting until there is one.  For simulations. */
void workers_step(struct workers *workers);

/* Jobs that wait now. */
size_t workers_waiting(struct workers *workers);
unsigned workers_threads(const struct workers *workers);

#endif
