/*
 * The wall clock that the server goes by [P-12.4].  It never goes back: where the machine's clock does, the time told
 * stands still until the machine has caught up, so that nothing that expired is valid again and no swept replay of a
 * signed request can be sent anew.  Its mark is in the store, so this holds over a restart too.  The monotonic clock is
 * the machine's own.
 *
 * A step ahead cannot be told from a right correction, so it is followed and only recorded (clock.jump).  Where it was
 * wrong, `doctor --accept-clock` lowers the mark again: see clock_lower().
 * Threads: time is told on any; the rest is for one at a time, as noted.
 */
#ifndef CS_APP_CLOCK_H
#define CS_APP_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "core/env.h"

struct app;
struct db;
struct err;
struct exchange;
struct jw;

/* A jump is worth a row in the chain [P-12.4]; the windows of signed requests [trade.md 2.2, 4.2]. */
#define CLOCK_JUMP_US (INT64_C(2) * 1000000)
#define CLOCK_WINDOW_US (INT64_C(300) * 1000000)

struct clock {
	struct env env; /* hand this one down; it points at the rest, so the struct must not be moved */
	const struct env *machine;
	_Atomic int64_t mark_us; /* the latest time told */
	/* of the one who looks */
	int64_t seen_wall_us, seen_mono_us;
	int64_t written_mono_us;                 /* the mark was last stored */
	_Atomic int64_t jump_us, jumped_mono_us; /* the last jump: by how much, when; 0: none */
};

void clock_init(struct clock *clock, const struct env *machine);

/* Tell no time before this one. */
void clock_raise(struct clock *clock, int64_t mark_us);

/* By how much the time told is ahead of the machine's; 0: it is the machine's. */
int64_t clock_held_us(const struct clock *clock);

/*
 * Look: did the machine's clock go another way than the monotonic one since the last look, by more than CLOCK_JUMP_US?
 * Gives by how much, 0 for no.  Thread: one.
 */
int64_t clock_look(struct clock *clock);

/*
 * Go by the machine's clock again after a wrong step ahead.  The mark comes down to the machine's time and
 * CLOCK_WINDOW_US, and stands there until that has passed: requests that were signed before the step have left their
 * window by then, so those whose replays were swept meanwhile cannot be sent again, and those signed from now on are in
 * it.  Rows that were dated ahead expire when their time comes.  Gives by how much it was lowered; 0: it is not held by
 * more than that.  Thread: the writer's, in the op that records it, so that no row before the record is dated after it.
 */
int64_t clock_lower(struct clock *clock);

/* --- of the server --- */

/* Raise the mark to what the store knows: its own last mark and the newest row of the chain. */
bool app_clock_open(struct app *app, struct err *err);

/* Once a second or so: record a jump, and store the mark once a minute.  Thread: the main one. */
void app_clock_look(struct app *app);

/* Store the mark, as at the end. */
bool app_clock_keep(struct app *app, struct err *err);

/* clock_lower() with its row in the chain, as `actor`.  Writes members lowered_ms and time.  Waits for a commit. */
bool app_clock_accept(struct app *app, const char *actor, const char *request_id, struct jw *jw, struct err *err);

#endif
