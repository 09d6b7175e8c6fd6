/*
 * A circuit breaker for each destination (circuit.h), for callers whose destinations others name [P-10.4].
 *
 * At most `room` of them are known: past that the one asked for longest ago is forgotten, one that is open last.
 * Nothing outlives the process.  Thread: any; it has a lock of its own.  Times are monotonic microseconds of the
 * caller.
 */
#ifndef CS_LINK_CIRCUITS_H
#define CS_LINK_CIRCUITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct circuits;

/* Each opens after `limit` >= 1 failures in a row, or by the windows of circuit.h, for open_us.  room >= 1.
 * seed: random bytes, as of map.h. */
struct circuits *circuits_new(size_t room, int limit, int64_t open_us, const uint64_t seed[2]);
void circuits_free(struct circuits *circuits); /* NULL is fine */

/* May a call go out now?  True obliges to tell its outcome; false: *wait_us until it pays to ask again, > 0. */
bool circuits_may(struct circuits *circuits, const char *destination, int64_t now_us, int64_t *wait_us);

/* What came of it; true: with this it was begun to be left alone. */
bool circuits_tell(struct circuits *circuits, const char *destination, int64_t now_us, bool well, int64_t took_us);

/* It was given up, or never sent: that says nothing (circuit_give_back()). */
void circuits_give_back(struct circuits *circuits, const char *destination, int64_t asked_us);

/* How many are left alone now, and how often any was begun to be. */
struct circuits_figures {
	size_t open;
	uint64_t opened;
};
struct circuits_figures circuits_figures(struct circuits *circuits, int64_t now_us);

#endif
