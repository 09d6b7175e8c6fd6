/*
 * Events that a run on the command line is given, at times counted from when it first listens [flow.md 12, --events].
 *
 * They come in order: one when it is due and the run has come to rest after the one before.  The feed is part of the
 * runner, not beside it, so that virtual time cannot jump over an event.  Thread: any.
 */
#ifndef CS_FLOW_FEED_H
#define CS_FLOW_FEED_H

#include <stdbool.h>

struct datum;
struct err;
struct live;
struct runner;

/* Give `runner` the list [{after_ms, event}] for one run, before that is started.  False: it is no such list. */
bool feed_open(struct runner *runner, const char *run_id, struct datum *list, struct err *err);
void feed_close(struct runner *runner);

/* For the runner, with its lock held: a turn has ended; the timer looks whether all is at rest, whatever came to rest
 * last; the feed's alarm rings. */
void feed_settled(struct runner *runner, const struct live *live);
void feed_look(struct runner *runner);
void feed_ring(struct runner *runner);

#define FEED_ALARM "feed"

#endif
