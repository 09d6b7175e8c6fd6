/* Tasks of a compiled definition by what stands in what.  Pure; thread: any. */
#ifndef CS_FLOW_DOMAIN_IR_FIND_H
#define CS_FLOW_DOMAIN_IR_FIND_H

#include <stddef.h>

struct ir;
struct ir_block;
struct ir_task;

/* The lists inside of a task, in document order: how many there are, 2 at most. */
size_t ir_blocks(const struct ir_task *task, const struct ir_block *blocks[2]);

/*
 * The task of that reference, also inside of functions and extensions, whose references go on from the task that calls
 * them or that they extend.  NULL: there is none.  Cost: linear in the lists on the way.
 */
const struct ir_task *ir_find(const struct ir *ir, const char *reference);

#endif
