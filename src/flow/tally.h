/*
 * What the engine of runs counts since its process began, for the metrics [flow.md 11].
 *
 * A turn counts what it decides on its own (struct tally_turn, nobody else looks at it) and adds it to the whole when
 * that is committed: what was not committed did not happen.  Cost: an increment a row, some relaxed additions a turn.
 * Not here: what the store can be asked, as how many runs there are (flow_metrics.c).
 * Thread: tally_turn: whose turn it is; tally: any.
 */
#ifndef CS_FLOW_TALLY_H
#define CS_FLOW_TALLY_H

#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>

#include "http/metrics.h"

struct row;

/* Turns that wrote rows, that found nothing to do, and whose commit failed. */
enum tally_turns { TALLY_COMMITTED, TALLY_IDLE, TALLY_FAILED, TALLY_TURNS };
extern const char *const tally_turn_names[];

/* How steps ended: blocks and each attempt of a step too. */
enum tally_steps { TALLY_COMPLETED, TALLY_SKIPPED, TALLY_FAULTED, TALLY_CANCELLED, TALLY_STEPS };
extern const char *const tally_step_names[];

enum { TALLY_BUCKETS = 10 };
extern const int64_t tally_batch_bounds[TALLY_BUCKETS - 1]; /* rows of one commit; the last bucket has no bound */

struct tally {
	_Atomic int64_t turns[TALLY_TURNS], steps[TALLY_STEPS], batches[TALLY_BUCKETS];
	_Atomic int64_t rows, retries, stuck;
	struct metrics_histogram timer_lag; /* from when a timer was due to the turn that fires it */
};

struct tally_turn {
	uint32_t rows, retries, steps[TALLY_STEPS];
};

/* A row was decided; `due_us` of the frame that it is about, before the row (0: none). */
void tally_row(struct tally *tally, struct tally_turn *turn, const struct row *row, int64_t due_us);

/* The turn has ended so: what it counted is added, or dropped, and it counts from zero. */
void tally_end(struct tally *tally, struct tally_turn *turn, enum tally_turns end);

#endif
