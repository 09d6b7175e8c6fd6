/* The begin of a task; its end is drive_finish() and drive_fault() [flow.md 2.1].  Thread: that of the turn. */
#ifndef CS_FLOW_DOMAIN_DRIVE_TASK_H
#define CS_FLOW_DOMAIN_DRIVE_TASK_H

#include <stdbool.h>

struct drive;
struct frame;
struct place;
struct row;
struct trouble;

/* The task that a block is at: skipped, over at once, or entered. */
void drive_enter(struct drive *drive, struct frame *block);

/* The body of one that is over at once, in a frame or without. */
void drive_enter_leaf(struct place *place);

/* What its frame has to know from the start: the time-out, and the body's figures.  False sets *trouble. */
bool drive_enter_figures(struct place *place, struct row *row, struct trouble *trouble);

#endif
