/*
 * Which tables were written, counted: what store_watch() promises, kept by the writer.  Private to src/store.
 *
 * The engine says with each statement which watches it concerns (a mask of bits).  `now` is the writer's own and rises
 * before a statement runs and when one is undone; `committed` is what others may see, and follows at each batch's end.
 * Threads: watches_add() on any, watches_committed() on any, the rest on the writer's.
 */
#ifndef CS_STORE_WATCH_H
#define CS_STORE_WATCH_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"

struct store_watch {
	size_t index;
	const char *const *tables; /* NULL-terminated */
	uint64_t now;
	_Atomic uint64_t committed;
};

struct watches {
	pthread_mutex_t lock; /* of adding */
	struct store_watch each[STORE_WATCHES_MAX];
	_Atomic size_t count;
	size_t known; /* to the writer */
};

/* What `now` was of each, to find what was written since. */
struct watches_mark {
	uint64_t now[STORE_WATCHES_MAX];
};

void watches_init(struct watches *watches);
void watches_fini(struct watches *watches);
const struct store_watch *watches_add(struct watches *watches, const char *const *tables);

/*
 * Between two batches: are there new ones?  Statements that were prepared before know nothing of them, and what was
 * committed before them was not counted; so the engine forgets its statements, and nobody's older number counts.
 */
bool watches_any_new(struct watches *watches);

/* The watches that a table concerns, as a mask. */
unsigned watches_of(const struct watches *watches, const char *table);

/* A statement of this mask is about to run. */
void watches_touch(struct watches *watches, unsigned mask);

/* What was written since the mark is undone: that is a change too. */
void watches_mark(const struct watches *watches, struct watches_mark *mark);
void watches_undone(struct watches *watches, const struct watches_mark *mark);

/* The transaction has ended. */
void watches_publish(struct watches *watches, bool committed);

#endif
