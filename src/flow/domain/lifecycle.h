/*
 * What the rows of a run's journal mean to those who only watch: the lifecycle events of the workflow language
 * [flow.md 3.4].
 *
 * Told of each row before it is applied, it says which events that is, with the data that the language gives them:
 * `name` (or `workflow`), the JSON Pointer of the task, one time, and an error, an output, a status or keys where the
 * event has one.  Nothing of what a workflow was given is in them but outputs and errors, and no secret.
 * An output beyond LIFECYCLE_OUTPUT_MAX bytes is left out (it is optional): the run has it.
 * Thread: the run's.
 */
#ifndef CS_FLOW_DOMAIN_LIFECYCLE_H
#define CS_FLOW_DOMAIN_LIFECYCLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "flow/domain/run.h"

enum { LIFECYCLE_OUTPUT_MAX = 64 << 10 /* bytes */ };

struct lifecycle {
	const char *name;       /* qualified: NAME-RUN_ID.NAMESPACE */
	enum run_status status; /* of the run, as it was told last; before its first row: RUN_PENDING */
	bool tasks;             /* events of tasks too */
	/* One event: its type and data, a JSON object; both only during the call. */
	void (*tell)(void *self, bool of_task, const char *type, const char *data);
	void *self;
};

/* The row is about to be applied to `run`. */
void lifecycle_row(struct lifecycle *l, const struct run *run, const struct row *row);

/* The run rests with this status after its last row: running becomes waiting. */
void lifecycle_rests(struct lifecycle *l, enum run_status status, int64_t at_us);

#endif
