/*
 * Which events a listener still waits for, in words.  Private to src/flow, for why_reason.c.  Thread: any.
 */
#ifndef CS_FLOW_WHY_EVENTS_H
#define CS_FLOW_WHY_EVENTS_H

struct arena;
struct frame;

const char *why_events(struct arena *arena, const struct frame *listener);

#endif
