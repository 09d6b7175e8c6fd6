/*
 * Listening: what drive.c, and whoever brings events to a run, call of it.  Thread: one at a time for each run.
 */
#ifndef CS_FLOW_DOMAIN_DRIVE_LISTEN_H
#define CS_FLOW_DOMAIN_DRIVE_LISTEN_H

#include <stdbool.h>
#include <stdint.h>

struct datum;
struct drive;
struct frame;
struct place;
struct trouble;

/* An event that is offered to a listener. */
struct heard {
	int64_t position;    /* of the event among those of its account */
	struct datum *event; /* the CloudEvent */
	const char *raw;     /* its data as they came; NULL: those of the event */
};

/* Would the frame take an event now?  A listener at work on an item (foreach) hears the next one afterwards. */
bool drive_listens(const struct frame *frame);

/* Offer an event to a frame that listens.  True: it was consumed (ROW_EVENT); drive_turn goes on with it. */
bool drive_hear(struct drive *drive, struct frame *frame, const struct heard *heard);

/* A listener that begins, heard something, or whose foreach has ended with an item. */
void drive_listen(struct place *place);

/*
 * From when on a listener hears (metadata.since); 0: from now on; below 0: from the event after the position
 * -1 - *since_us ({position}, as the scheduler has it).  False sets *trouble.
 */
bool drive_since(const struct place *place, int64_t *since_us, struct trouble *trouble);

#endif
