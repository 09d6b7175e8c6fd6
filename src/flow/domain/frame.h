/*
 * The tree of a run's frames: opening and closing them, and what is counted under their names.  For run.c and body.c
 * only: everyone else sees run.h and changes nothing.  Thread: the run's.
 */
#ifndef CS_FLOW_DOMAIN_FRAME_H
#define CS_FLOW_DOMAIN_FRAME_H

#include "flow/domain/run.h"

/* A new frame, the last child of `parent` (NULL: the root), with the run's next number. */
struct frame *frame_open(struct run *run, struct frame *parent);

/* Close a frame and all below it, newest first.  A side effect that was under way is noted as unsure. */
void frame_close(struct run *run, struct frame *frame);
void frame_close_children(struct run *run, struct frame *frame);

/* Keep the request of a side effect whose end is not known, where the task can be executed again. */
void frame_note_unsure(struct run *run, const struct frame *frame);
void unsure_free(struct unsure *unsure); /* NULL is fine */

/* A try begins its list anew: what it entered since it began counts as no visit [flow.md 3.1].  Its frames are closed.
 */
void frame_forget_visits(struct run *run, struct frame *frame);

/* A task of `block` begins, by whatever row: count the step, its attempt, its visit. */
void frame_count_entry(struct run *run, const struct frame *block, const struct ir_task *task, const struct row *row);

#endif
