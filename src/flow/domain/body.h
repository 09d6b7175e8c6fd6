/*
 * What opens below a task that has begun: blocks, branches, rounds, steps, or nothing but a wait.  For run.c only.
 */
#ifndef CS_FLOW_DOMAIN_BODY_H
#define CS_FLOW_DOMAIN_BODY_H

#include "flow/domain/run.h"

/* The frame of a task that the row says was entered in `block` (NULL: the root).  Its body is still to be opened. */
struct frame *body_open_task(struct run *run, struct frame *block, const struct ir_task *task, const struct row *row);

/* The row says what the body has to know: from when on a listener hears, how long an attempt may take. */
void body_open(struct run *run, struct frame *frame, const struct row *row);

/* A list of tasks below a task, with the value that flows into it. */
struct frame *body_open_block(struct run *run, struct frame *task, const struct ir_block *list, enum block_role role,
							  struct datum *value);

/* A block of one task that stands in no list: a step of a DAG, the body of a function. */
struct frame *body_open_single(struct run *run, struct frame *owner, struct ir_task *task, struct datum *value);

/* The rounds of a loop show in the step paths below it. */
void body_number_round(struct frame *block, uint32_t round);

/* Takes `value`. */
void body_set_variable(struct frame *block, int at, const char *name, struct datum *value);

/* A step of a DAG may begin: it goes to the end of the queue. */
void body_step_is_ready(struct frame *frame, uint32_t step);

#endif
