/*
 * A run recomputed from its journal: does every step come out as it did? [flow.md 3.3]
 *
 * What came from outside (answers, events, timers, people's words) is taken from the journal; everything that follows
 * from it is decided once more, by the same definition and at the times that were, and compared.  Nothing is written.
 * Thread: any.  Cost: that of the run's pure steps, and its journal.
 */
#ifndef CS_FLOW_REPLAY_H
#define CS_FLOW_REPLAY_H

#include <stdbool.h>
#include <stddef.h>

struct arena;
struct buf;
struct db;
struct err;
struct run_record;
struct runner;

enum { REPLAY_TOLD_MAX = 100 /* divergent steps that are named */ };

/*
 * Append {match_percentage, total_steps, matching_steps, divergent_steps[{path, expected_sha256, got_sha256,
 * first_difference{pointer, expected, got}}]}.  False: the journal or its definition cannot be read.
 */
bool replay_verify(struct runner *runner, struct db *db, const struct run_record *record, struct arena *arena,
				   struct buf *report, struct err *err);

#endif
