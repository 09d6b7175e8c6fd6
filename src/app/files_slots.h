/*
 * How many uploads are under way at once: each holds its whole body in memory, so a few are let in and the others come
 * again [blob.uploads].  Threads: any; no lock.
 */
#ifndef CS_APP_FILES_SLOTS_H
#define CS_APP_FILES_SLOTS_H

#include <stdatomic.h>
#include <stdbool.h>

enum { UPLOADS_MAX = 64 };

/* All zero: nobody is in. */
struct upload_slots {
	_Atomic(const void *) who[UPLOADS_MAX];
};

/* Let `who` in when fewer than `limit` <= UPLOADS_MAX are. */
bool slots_take(struct upload_slots *slots, int limit, const void *who);

/* It has left; one that was not in is fine. */
void slots_drop(struct upload_slots *slots, const void *who);

#endif
