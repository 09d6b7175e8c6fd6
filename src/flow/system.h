/*
 * The house's own workflows [flow.md 2.7]: the files of flows/ in the namespace `system`, which no account can register
 * anything in, and whose definitions alone may call effect operations of the products.
 * Threads: open and close on the main thread; the rest any.
 */
#ifndef CS_FLOW_SYSTEM_H
#define CS_FLOW_SYSTEM_H

#include <stdbool.h>
#include <stddef.h>

#include "flow/flow.h"

#define SYSTEM_NAMESPACE "system"
#define SYSTEM_ACCOUNT "system" /* whose registered workflows they are: no account has this id */

struct definition;
struct definition_problems;
struct embedded;
struct system_flows;

/* Compile and register them.  `files` ends with a NULL name; NULL: there are none. */
bool system_open(struct flow_api *api, const struct embedded *files, struct system_flows **flows, struct err *err);
void system_close(struct system_flows *flows); /* NULL is fine */

/* Begin what an earlier version has left unfinished. */
bool system_take_up(struct flow_api *flow, struct err *err);

/* In an op: a run for a task whose row is there. */
bool system_run(struct flow_api *flow, struct db *db, const struct flow_task *task, struct err *err);

/* Is the definition one of a user's that claims the house's namespace?  Then that is told as a problem. */
bool system_refused(const struct definition *definition, struct definition_problems *problems);

/* May what the run does be changed, or done once more by another run?  False: it is the server's own; answered. */
struct exchange;
struct run_record;
bool system_leaves(struct exchange *x, const struct run_record *record);

#endif
