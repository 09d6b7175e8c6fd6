/*
 * Going back: what an operator's retry, patch or restore makes of a run's state.  For run.c only, which has folded the
 * rows up to the one that is gone back to.  Thread: the run's.
 */
#ifndef CS_FLOW_DOMAIN_REDO_H
#define CS_FLOW_DOMAIN_REDO_H

#include "flow/domain/run.h"

/* The run goes on; every time limit in it begins anew. */
void redo_run(struct run *run, const struct row *row);

/* A step is entered anew (ROW_RETRIED), with another input, or (of a DAG) has this output (ROW_PATCHED). */
void redo_step(struct run *run, const struct row *row, struct frame *frame);

/* Does the row name a step that the frame has? */
bool redo_fits(const struct row *row, const struct frame *frame);

#endif
