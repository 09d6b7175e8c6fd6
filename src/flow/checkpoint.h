/*
 * Taking a checkpoint: where in its journal a run stands, and what it holds there [flow.md 5].
 *
 * A reader folds the journal and writes down what is live; the row is put in an op of its own afterwards.  So it may
 * be older than the run by then, and is a place in its past all the same.  Thread: any.
 */
#ifndef CS_FLOW_CHECKPOINT_H
#define CS_FLOW_CHECKPOINT_H

#include "core/buf.h"
#include "core/id.h"
#include "flow/checkpoints_repo.h"

struct arena;
struct db;
struct err;
struct id_maker;
struct live;
struct row;
struct run_record;
struct runner;

struct checkpoint {
	struct checkpoint_record record;
	struct buf content; /* as it is stored */
	char made_id[ID_TEXT], sha256[65];
};

/*
 * Of the run as it was after row `seq`; 0: as its record says, but before its end if it was at fault or cancelled, so
 * that going back to it does something.  The caller sets label, caller_state and who; texts are the arena's and the
 * record's.  Cost: linear in the journal.
 */
bool checkpoint_take(struct checkpoint *checkpoint, struct runner *runner, struct db *db, const struct run_record *run,
					 int64_t seq, struct arena *arena, struct err *err);
void checkpoint_fini(struct checkpoint *checkpoint);

/* Is the content what was stored?  False: ERR_INVALID. */
bool checkpoint_whole(struct db *db, const struct checkpoint_record *record, struct arena *arena, struct err *err);

/* Its content as JSON text, appended. */
bool checkpoint_content(struct db *db, const struct checkpoint_record *record, struct arena *arena, struct buf *text,
						struct err *err);

/* Of the turn: a row about to be applied may be one that a checkpoint is wanted before; after the commit, take what is
 * due [automatic ones: before each human step, and every so often]. */
void checkpoint_row(struct live *live, const struct row *row);
void checkpoint_committed(struct live *live);

#endif
