/*
 * The graph of a definition: its tasks or steps, what follows what, and the longest way through [flow.md 4].
 *
 * Nodes are named by their references.  An edge leads to what may come next: into a task's own list, on from the end of
 * it, to a jump's target, to each branch.  min_time_s is what the constant waits on the critical path take; of ways
 * that take equally long the critical one has the most tasks.  max_parallelism is how many can be at work at once.
 * Thread: any.
 */
#ifndef CS_FLOW_WORKFLOW_GRAPH_H
#define CS_FLOW_WORKFLOW_GRAPH_H

#include <stdbool.h>

struct arena;
struct ir;
struct jw;

/* Write {nodes, edges, critical_path, max_parallelism, min_time_s}.  False: the arena is full. */
bool workflow_graph_write(struct jw *jw, struct arena *arena, const struct ir *ir);

#endif
