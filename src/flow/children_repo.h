/*
 * Runs that other runs have started and wait for, in the store [flow.md 2.1, run: workflow].
 *
 * A row is there from the child's start until both sides know of its end: `awaited`, then `over` (the parent has still
 * to hear of it) or `abandoned` (the child has still to be cancelled).  Reading: on any connection.  Writing: in an op.
 */
#ifndef CS_FLOW_CHILDREN_REPO_H
#define CS_FLOW_CHILDREN_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct err;

bool children_put(struct db *db, const char *child_run_id, const char *parent_run_id, uint32_t frame, struct err *err);

/* The children that a run has to do with. */
bool children_of(struct db *db, const char *parent_run_id,
				 void (*take)(void *self, const char *child_run_id, uint32_t frame), void *self, struct err *err);

/* The child has ended.  *told: the parent waits for it. */
bool children_end(struct db *db, const char *child_run_id, bool *told, struct err *err);

/* The parent waits no more.  *cancel: the child goes on and is to be cancelled. */
bool children_leave(struct db *db, const char *child_run_id, bool *cancel, struct err *err);

/* What a process that died had still to say: parents to be told, children to be cancelled. */
bool children_open(struct db *db, void (*take)(void *self, const char *run_id, bool cancel), void *self,
				   struct err *err);

/* How many runs stand above one: 0 for a run that no other has started. */
bool children_depth(struct db *db, const char *run_id, int64_t *depth, struct err *err);

#endif
