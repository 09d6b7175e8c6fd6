/*
 * The request that would let a step go on: the `unblock` of GET /runs/{id}/why, a member {method, path, body}.
 * Each can be sent as it is.  Private to src/flow.
 */
#ifndef CS_FLOW_WHY_VIEW_H
#define CS_FLOW_WHY_VIEW_H

#include <stdint.h>

struct datum;
struct frame;
struct ir;
struct json;
struct jw;

/* Of a listener: the request that sends the event it waits for, as far as its filters say what that is. */
void why_view_listener(struct jw *jw, const char *run_id, const struct frame *frame);

/* The runs of a workflow: each takes one of its places. */
void why_view_runs(struct jw *jw, const struct ir *ir);

/* Another run, and why that one does not go on. */
void why_view_why(struct jw *jw, const char *run_id);

/* Of a run that waits for another: where that one is looked at. */
void why_view_child(struct jw *jw, const struct frame *frame);

/* Of a step that is held by a breaker: the request that resets it. */
void why_view_breaker(struct jw *jw, const struct frame *frame);

/* Of a step that workers or people are asked for: the claim, or the decision; nothing where nobody is asked. */
void why_view_ask(struct jw *jw, const char *run_id, const struct frame *frame);

/* Of a step that waits for a time: pass it over. */
void why_view_skip(struct jw *jw, const char *run_id, const char *step);

/* Of a step at fault: its task as it is, to be mended. */
void why_view_patch(struct jw *jw, const char *run_id, const char *step, const struct json *definition);

/* Of a run: `operation` without a body. */
void why_view_order(struct jw *jw, const char *run_id, const char *operation);

/* Of a run that lacks money: what is missing; where nobody knows how much that is, the least there is. */
void why_view_topup(struct jw *jw, const char *budget_id, int64_t lacks_micros);
int64_t why_view_micros(struct datum *halt, const char *name);

#endif
