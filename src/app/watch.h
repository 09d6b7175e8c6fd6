/*
 * Watches: one thread for each part of the server that looks at it once a second, so that whoever asks how it is never
 * waits.  A look that does not come back in time is itself an answer: the part is unhealthy, reason "timeout"; the
 * others go on undisturbed [P-11.1].  A look that costs something (a write to the disk) rests for longer while nobody
 * asks.
 *
 * Threads: one a watch, 256 KiB of stack each, of which little is touched; reading from any.
 */
#ifndef CS_APP_WATCH_H
#define CS_APP_WATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct env;
struct watches;

enum health_state {
	HEALTH_OK,
	HEALTH_DEGRADED,
	HEALTH_BAD,
	HEALTH_STATES,
	HEALTH_ABSENT = HEALTH_STATES, /* there is nothing of this part to be looked at now: it is not among what is read */
};

enum { WATCHES_MAX = 24, WATCH_TEXT_MAX = 160 };

/* What a look may say: figures for an operator, and what is wrong.  Both are empty texts before the look. */
struct watch_note {
	char details[WATCH_TEXT_MAX], error[WATCH_TEXT_MAX];
};

struct watch_row {
	const char *name;
	bool required; /* unhealthy, the whole server is */
	enum health_state (*look)(void *self, struct watch_note *note);
	bool costly;
};

/* How often it looks, and how long a look may take; how often a costly one, unless somebody read since that long. */
struct watch_pace {
	int every_ms, timeout_ms, idle_ms;
};

extern const struct watch_pace watch_pace; /* 1000, 2000 [P-11.1] and 10000 ms */

/* One part as it was at the last look. */
struct watch_seen {
	const char *name;
	bool required;
	enum health_state state;
	int64_t latency_us, at_us; /* of the look; when it ended, wall time (0: not yet) */
	struct watch_note note;
};

/*
 * Start watching; `rows` and `self` must outlive it.  Returns when each has looked once or timed out.  At most
 * WATCHES_MAX rows (must).
 */
struct watches *watches_open(const struct watch_row *rows, size_t count, void *self, const struct watch_pace *pace,
							 const struct env *env);

/* Ends it.  A look that hangs is waited for timeout_ms; then its thread and this memory are left behind. */
void watches_close(struct watches *watches);

/* The parts that are there, in the order of the rows; returns their number.  Cost: some 100 ns a part. */
size_t watches_read(struct watches *watches, struct watch_seen seen[WATCHES_MAX]);

/* A number that rises with every look that ended.  Thread: any, no lock. */
uint64_t watches_looks(const struct watches *watches);

/* Required and unhealthy: unhealthy.  Anything else that is not healthy: degraded [P-11.1]. */
enum health_state watch_overall(const struct watch_seen *seen, size_t count);

#endif
