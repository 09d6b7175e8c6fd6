/*
 * What a run holds at a moment: its live scopes, its context, its timers and subscriptions [flow.md 5].
 *
 * It is for reading, and for telling whether a state made anew is the one that was.  It is made of what is live, not of
 * what was done: a run that has gone through a million steps holds no more than one at its first.  Going back needs the
 * journal alone.  Thread: the run's.  Cost: linear in the open frames and their values.
 */
#ifndef CS_FLOW_DOMAIN_SNAPSHOT_H
#define CS_FLOW_DOMAIN_SNAPSHOT_H

#include <stdint.h>

struct buf;
struct run;

/*
 * Append {seq, status, reason, context, frames[], timers[], subscriptions[]}.  seq: the row that the state was folded
 * up to.  The same rows give the same text, also where rows after them were superseded.
 */
void snapshot_write(const struct run *run, int64_t seq, struct buf *text);

#endif
