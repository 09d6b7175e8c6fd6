/*
 * Checkpoints of runs in the store.  Reading: on any connection.  Writing: in an op.  Texts are the arena's.
 */
#ifndef CS_FLOW_CHECKPOINTS_REPO_H
#define CS_FLOW_CHECKPOINTS_REPO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct arena;
struct db;
struct err;

/* One without its content.  JSON texts may be NULL, as label and created_by. */
struct checkpoint_record {
	const char *checkpoint_id, *run_id, *status, *label, *budget, *memory_ref, *caller_state, *created_by;
	const char *content_sha256;
	const char *run_status; /* read only: as the run is now */
	int64_t number, seq, completed, pending, failed, skipped, total, size_bytes, stored_bytes, created_us;
	bool automatic, compressed;
};

/* Give it the run's next number (set in the record).  ERR_NOT_FOUND: the run is gone. */
bool checkpoints_insert(struct db *db, struct checkpoint_record *record, const void *content, struct err *err);

bool checkpoints_get(struct db *db, const char *checkpoint_id, const char *account_id, struct arena *arena,
					 struct checkpoint_record *record, bool *found, struct err *err);

/* Those of a run, newest first. */
bool checkpoints_list(struct db *db, const char *run_id, struct arena *arena,
					  void (*take)(void *self, const struct checkpoint_record *record), void *self, struct err *err);

/* Its content as it is stored, in the arena. */
bool checkpoints_content(struct db *db, const char *checkpoint_id, struct arena *arena, const char **content,
						 size_t *size, struct err *err);

bool checkpoints_mark(struct db *db, const char *checkpoint_id, const char *status, struct err *err);

/* The run has gone back, or will not: what it was going back to is ready again. */
bool checkpoints_restored(struct db *db, const char *run_id, struct err *err);

bool checkpoints_delete(struct db *db, const char *checkpoint_id, struct err *err);

/* Of those without a label that the engine took, keep the newest. */
bool checkpoints_thin(struct db *db, const char *run_id, int64_t keep, struct err *err);

/* When the run's last one was made; 0: it has none. */
bool checkpoints_last(struct db *db, const char *run_id, int64_t *at_us, struct err *err);

#endif
