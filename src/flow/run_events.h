/*
 * Those who follow a run: its journal's rows as server-sent events, while they come [flow.md 4].
 *
 * Everyone gets the rows from the store, in their order and each once, from the row after the one that was seen last; a
 * peer that reads slowly is waited for.  With the row that ends the run the stream ends.  It also ends after ten
 * minutes, by the event `bye`, so that a right that was taken away is noticed: who comes again says what was seen last.
 *
 * Threads: any, but open, stop and close.  A thread of its own reads for those who wait.
 */
#ifndef CS_FLOW_RUN_EVENTS_H
#define CS_FLOW_RUN_EVENTS_H

#include <stdint.h>

struct env;
struct exchange;
struct run_events;
struct run_record;
struct store;

enum { RUN_EVENTS_MAX = 256 /* streams at once */ };

struct run_events *run_events_open(struct store *store, const struct env *env);

/* Ends the thread; nobody may follow any more.  Close when all streams are gone.  NULL is fine. */
void run_events_stop(struct run_events *events);
void run_events_close(struct run_events *events);

/* Some run has new rows.  Cheap where nobody follows.  NULL is fine. */
void run_events_tell(struct run_events *events);

/* Answer with a stream of the rows after `after`; ERR_OVERLOADED: there are too many. */
void run_events_follow(struct run_events *events, struct exchange *x, const struct run_record *record, int64_t after);

#endif
