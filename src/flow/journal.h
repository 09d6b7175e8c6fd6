/*
 * A run's journal as a whole: which of its rows count, and the state that they add up to [flow.md 3.3].
 *
 * A row that goes back (an operator's retry, a restore) supersedes the rows since the one that it went back to; they
 * stay as they are, and count only for the numbers of attempts that they used up.  The journal of a fork begins with
 * that of the run that it was forked from, by reference.
 */
#ifndef CS_FLOW_JOURNAL_H
#define CS_FLOW_JOURNAL_H

#include <stdbool.h>
#include <stdint.h>

struct db;
struct err;
struct json;
struct run;

enum { JOURNAL_TO_ITS_END = -1 };

/*
 * Apply the rows to a fresh run.  `to`: as if a row after the last one went back to this one.  Cost: linear in the
 * journal; no expression is evaluated.
 */
bool journal_fold(struct db *db, const char *run_id, int64_t to, struct run *run, struct err *err);

/* The same rows one by one, to be applied by the caller: with those that are superseded, which are passed over. */
struct row;
bool journal_walk(struct db *db, const char *run_id,
				  bool (*take)(void *self, const struct row *row, bool superseded, struct err *err), void *self,
				  struct err *err);

/* May it have superseded rows?  Of a fork yes: so may the journal that it begins with. */
bool journal_rewound(struct db *db, const char *run_id, bool *rewound, struct err *err);

/* In the commit of the row that goes back. */
bool journal_rewind(struct db *db, const char *run_id, int64_t at_seq, int64_t to_seq, struct err *err);

/* In the op that starts the fork: its journal begins with rows 1 to `seq` of another's. */
bool journal_fork(struct db *db, const char *run_id, const char *from_run_id, int64_t seq, struct err *err);

/* Whose journal the run's begins with.  *from NULL: nobody's.  Text of `arena`. */
struct arena;
bool journal_origin(struct db *db, const char *run_id, struct arena *arena, const char **from, int64_t *seq,
					struct err *err);

/* All rows after `after`, also those of the run it was forked from and those superseded; as runs_journal(). */
bool journal_rows(struct db *db, const char *run_id, int64_t after, int64_t limit,
				  bool (*take)(void *self, const struct json *row, struct err *err), void *self, struct err *err);

#endif
