/*
 * Events that come from outside together: stored in one transaction, then those who listen are told.
 * event_batch_put runs in an op, the rest anywhere; the batch is its maker's.
 */
#ifndef CS_FLOW_EVENT_BATCH_H
#define CS_FLOW_EVENT_BATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct db;
struct err;
struct event_record;
struct runner;

struct event_batch {
	struct event_record *records; /* account, time and the rest are set; the caller's */
	size_t count;
	size_t accepted, duplicates; /* set */
	char (*listeners)[37];       /* runs to be told */
	size_t listeners_count, listeners_room;
};

bool event_batch_put(struct event_batch *batch, struct db *db, struct err *err);

/* After the commit. */
void event_batch_tell(struct event_batch *batch, struct runner *runner);

void event_batch_fini(struct event_batch *batch);

#endif
