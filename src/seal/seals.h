/*
 * Sealed results: stored with the canonical inputs, packs and code that made them, so that each can be recomputed and
 * compared [P-6.4, P-6.5].
 */
#ifndef CS_SEAL_SEALS_H
#define CS_SEAL_SEALS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/op.h"

struct arena;
struct db;
struct err;
struct jw;
struct packs;

/* A row.  Texts may be NULL where their columns may be. */
struct seal {
	const char *account_id, *seal_sha256, *content_sha256, *inputs_sha256;
	const char *operation;               /* NULL: content that was received, not computed */
	const char *inputs, *result, *packs; /* RFC 8785 text */
	const char *code_version, *git_sha;
	double confidence;
	const char *subject_kind, *subject_id, *created_by, *request_id;
	int64_t created_us;
};

/*
 * Store a seal and the packs it names, in the caller's op.  Making it twice is one row; *made says whether this call
 * made it.  `packs` are those in use now; each named one must be among them (must).
 */
bool seal_insert(struct db *db, const struct seal *seal, const struct packs *packs, bool *made, struct err *err);

/* The row of an account, texts in the arena.  *found says whether there is one. */
bool seal_find(struct db *db, const char *account_id, const char *seal_sha256, struct arena *arena, struct seal *seal,
			   bool *found, struct err *err);

/* The same of whichever account has it: a seal is the same in all of them.  Cost: a look-up for each account. */
bool seal_find_any(struct db *db, const char *seal_sha256, struct arena *arena, struct seal *seal, bool *found,
				   struct err *err);

/* Which seals a list has.  NULL: any; account_id NULL: everybody's. */
struct seal_filter {
	const char *account_id, *operation, *content_sha256, *subject_kind, *subject_id;
	/* The row before the first: INT64_MAX and empty texts for the newest. */
	struct {
		int64_t created_us;
		const char *seal_sha256, *account_id;
	} after;
	int64_t limit;
};

/* Newest first, without inputs, result and packs; those of one moment by hash and account. */
bool seals_list(struct db *db, const struct seal_filter *filter, struct arena *arena,
				void (*each)(void *self, const struct seal *seal), void *self, struct err *err);

enum replay_outcome { REPLAY_IDENTICAL, REPLAY_DIFFERENT, REPLAY_NOT_REPLAYABLE };

/* One place where a recomputed result differs: JSON Pointer, and RFC 8785 text of what was and what is ("" absent). */
struct replay_difference {
	const char *pointer, *was, *is;
};

enum { REPLAY_DIFFERENCES_MAX = 100 };

struct replay {
	enum replay_outcome outcome;
	const char *reason;         /* not_computed, pack_missing, operation_unknown, inputs_invalid; NULL otherwise */
	const char *detail;         /* which pack, operation or member; may be NULL */
	const char *content_sha256; /* recomputed; NULL when not replayable */
	struct replay_difference differences[REPLAY_DIFFERENCES_MAX];
	size_t count;
};

extern const char *const replay_outcome_names[]; /* identical, different, not_replayable */

/*
 * Recompute and compare, in the order of [P-6.5].  Where a pack is missing, `differences` are to what the pack of its
 * name in force now gives; none, if it gives the same.  Texts are the arena's.  False only when memory runs out.
 */
bool seal_replay(const struct seal *seal, const struct op *const *ops, size_t ops_count,
				 const struct op_context *context, struct arena *arena, struct replay *replay, struct err *err);

/* Members {outcome, differences[], reason, detail} of an object that the caller began. */
void replay_write(struct jw *jw, const struct replay *replay);

#endif
