/*
 * What would let a step go on that waits for something from outside: the `unblock` of GET /runs/{id}/why.
 * Private to src/flow.
 */
#ifndef CS_FLOW_WHY_VIEW_H
#define CS_FLOW_WHY_VIEW_H

struct frame;
struct jw;

/* Of a listener: the request that sends the event it waits for, as far as its filters say what that is. */
void why_view_listener(struct jw *jw, const struct frame *frame);

/* Of a run that waits for another: where that one is looked at. */
void why_view_child(struct jw *jw, const struct frame *frame);

/* Of a step that is held by a breaker: the request that resets it. */
void why_view_breaker(struct jw *jw, const struct frame *frame);

#endif
