/*
 * A circuit breaker: a destination that fails, or is slow, is left alone for a while, then asked a few times to see
 * whether it is back [P-10.4].
 *
 * It opens after some failures in a row; or when of the last 100 results, none older than 120 s, at least 50 were seen
 * and half failed; or when of those at least 10 were seen and four fifths took over 5 s.  When its time is over it lets
 * three calls through: three successes close it, any failure opens it again.  What counts as a failure is the caller's
 * (answers 4xx but 408 and 429 do not).  What is told while it is open, of calls that were under way then, does not
 * count.
 *
 * Thread: any; it has a lock of its own.  Times are monotonic microseconds of the caller.
 */
#ifndef CS_LINK_CIRCUIT_H
#define CS_LINK_CIRCUIT_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

enum { CIRCUIT_WINDOW = 100, CIRCUIT_SEEN = 50, CIRCUIT_SLOW_SEEN = 10, CIRCUIT_PROBES = 3 };
#define CIRCUIT_WINDOW_US (INT64_C(120) * 1000000)
#define CIRCUIT_SLOW_US (INT64_C(5) * 1000000)
#define CIRCUIT_LOST_US (INT64_C(330) * 1000000) /* of calls let through: who told nothing for so long never will */

enum circuit_state { CIRCUIT_CLOSED, CIRCUIT_OPEN, CIRCUIT_HALF_OPEN };

struct circuit {
	pthread_mutex_t lock;
	int limit, failures; /* in a row */
	int64_t open_us;     /* how long it stays open */
	int64_t until_us;    /* of the present opening */
	bool open;           /* or half open: see until_us */
	int let, well;       /* half open: calls that were let through, and went well */
	int64_t let_us;      /* the last of them */
	struct {
		int64_t at_us;
		bool failed, slow;
	} results[CIRCUIT_WINDOW]; /* a ring */
	unsigned seen;             /* ever, since it closed */
	uint64_t opened;           /* times, ever */
};

/* Opens after `limit` >= 1 failures in a row, or by the windows above, for open_us. */
void circuit_init(struct circuit *circuit, int limit, int64_t open_us);
void circuit_fini(struct circuit *circuit);

/* May a call go out now?  True obliges to tell its outcome, and how long the call took. */
bool circuit_may(struct circuit *circuit, int64_t now_us);
void circuit_tell_took(struct circuit *circuit, int64_t now_us, bool well, int64_t took_us);

/*
 * A call that was let through at asked_us tells nothing after all: it was given up, or never sent.  What it would have
 * been a trial of is open again, so a half-open circuit lets another through in its place.
 */
void circuit_give_back(struct circuit *circuit, int64_t asked_us);

/* Whatever was seen: leave it alone until until_us, then try it; or take it for well again. */
void circuit_open(struct circuit *circuit, int64_t until_us);
void circuit_close(struct circuit *circuit);

enum circuit_state circuit_state(struct circuit *circuit, int64_t now_us);

/* How often it has opened, half open again too. */
uint64_t circuit_opened(struct circuit *circuit);

/* What it has seen of the last CIRCUIT_WINDOW results since it closed, however old. */
struct circuit_seen {
	int calls, failed, slow;
};
struct circuit_seen circuit_seen(struct circuit *circuit);

/* Microseconds until a call may go out; 0: now. */
int64_t circuit_wait_us(struct circuit *circuit, int64_t now_us);

#endif
