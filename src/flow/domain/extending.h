/*
 * A task that extensions apply to: what they do before it, its body, what they do after it [flow.md 2.1].
 *
 * Part of the state of a run (run.h); changed by rows only.  The frame of an extended task goes through three phases:
 * blocks of extensions one after the other, the body as of any task, and blocks of extensions again.  Thread: the
 * run's.
 */
#ifndef CS_FLOW_DOMAIN_EXTENDING_H
#define CS_FLOW_DOMAIN_EXTENDING_H

#include <stdbool.h>
#include <stdint.h>

struct frame;
struct place;
struct row;
struct run;

enum phase { PHASE_NONE, PHASE_BEFORE, PHASE_BODY, PHASE_AFTER };

#define EXTENDING_BODY UINT32_MAX /* index of the row by which the body begins */

/* For run.c and body.c: false: the row does not fit. */
void extending_open(struct run *run, struct frame *frame);
bool extending_round(struct run *run, const struct row *row, struct frame *frame);
bool extending_keep(struct run *run, struct frame *block);
void extending_result(struct run *run, const struct row *row, struct frame *frame);

/* The extended task that a block is part of, however deep inside of an extension; NULL: none. */
const struct frame *extended_around(const struct frame *block);

/* For drive.c: an extended task outside of its body goes on; its body has given its output, which is what follows. */
void drive_extend(struct place *place);
#endif
