/*
 * run: workflow: another run is started, and its end is the task's [flow.md 2.1].  Thread: one at a time for each run.
 */
#ifndef CS_FLOW_DOMAIN_DRIVE_CHILD_H
#define CS_FLOW_DOMAIN_DRIVE_CHILD_H

struct drive;
struct frame;
struct place;

/* Which workflow is to be run, and what was found under that name. */
struct child_spec {
	const char *namespace, *name, *version; /* "latest" too */
	char found[256], sha256[65];            /* set: the version and the hash of its text */
};

/* Announce the run (ROW_INTENT; its request names the run, the version and the input), or fault. */
void drive_child(struct place *place);

/* The run has ended. */
struct child_end {
	const char *run_id, *status;
	const char *output, *error; /* JSON text, or NULL */
};
void drive_child_end(struct drive *drive, struct frame *frame, const struct child_end *end);

#endif
