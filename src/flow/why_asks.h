/* What would let a step go on that waits for a worker or for people: the `unblock` of `why` [flow.md 3.3]. */
#ifndef CS_FLOW_WHY_ASKS_H
#define CS_FLOW_WHY_ASKS_H

struct frame;
struct jw;

/* Add the member, where the frame asks one of them. */
void why_asks_view(struct jw *jw, const char *run_id, const struct frame *frame);

#endif
