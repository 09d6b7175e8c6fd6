/*
 * A circuit breaker: after some failures in a row a destination is left alone for a while, then asked once to see
 * whether it is back [P-10.4].
 *
 * Thread: any; it has a lock of its own.  Times are monotonic microseconds of the caller.
 */
#ifndef CS_LINK_CIRCUIT_H
#define CS_LINK_CIRCUIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

struct circuit {
	pthread_mutex_t lock;
	int limit, failures; /* in a row */
	int64_t open_us;     /* how long it stays open */
	int64_t until_us;    /* of the present opening */
	bool probing;        /* one call is under way to see */
};

/* Opens after `limit` >= 1 failures in a row, for open_us. */
void circuit_init(struct circuit *circuit, int limit, int64_t open_us);
void circuit_fini(struct circuit *circuit);

/* May a call go out now?  True obliges to tell its outcome. */
bool circuit_may(struct circuit *circuit, int64_t now_us);
void circuit_tell(struct circuit *circuit, int64_t now_us, bool well);

/* Microseconds until a call may go out; 0: now. */
int64_t circuit_wait_us(struct circuit *circuit, int64_t now_us);

#endif
