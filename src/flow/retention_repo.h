/*
 * Runs that are over and whose time is up, in the store [flow.md 3.5].
 *
 * A run goes with all that hangs on it: its journal, what it asked of workers and people, what it listened to.  What is
 * kept elsewhere stays: seals, rows of the audit chain, what was spent.  Where forks begin with its journal, the run is
 * nobody's from then on: no account finds it, what it held is gone, and of its journal the part that the longest of the
 * forks needs stays until the last of them has gone.
 *
 * Reading: on any connection.  Writing: in an op.
 */
#ifndef CS_FLOW_RETENTION_REPO_H
#define CS_FLOW_RETENTION_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/id.h"

struct db;
struct err;

/* At most `room` runs that may be deleted at now_us, the oldest first: over, awaited by none and awaiting none. */
bool retention_due(struct db *db, int64_t now_us, char (*run_ids)[ID_TEXT], size_t room, size_t *count,
				   struct err *err);

/* Delete it, if it still may be: somebody may have gone on with it since it was found. */
bool retention_drop(struct db *db, const char *run_id, int64_t now_us, struct err *err);

#endif
