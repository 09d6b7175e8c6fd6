/*
 * Rows of the audit chain one after another, as verification reads them from a store or from an export: where a stream
 * begins, where it may begin in its middle because an archive has what was before, and the first row that is not right
 * [P-7.5, P-7.7].  Thread: one at a time.
 */
#ifndef CS_SEAL_AUDIT_WALK_H
#define CS_SEAL_AUDIT_WALK_H

#include <stdbool.h>
#include <stdint.h>

#include "seal/audit.h"
#include "seal/chain.h"

struct audit_walk {
	struct audit_report *report;
	const char *store_id;
	bool partial; /* rows may be left out: links stand for them, and nothing is said of what was before the first */
	bool archive; /* what stands before the first row is in another archive */
	struct chain_check check;
};

/* The first thing that is not right stays in the report; what follows is not told. */
void audit_blame(struct audit_report *report, const char *stream, int64_t seq, const char *reason);

/* What comes next is of this stream; a change of stream ends the one before. */
void audit_walk_enter(struct audit_walk *walk, const char *stream);

/* Check one row, in the order of stream and seq, and count it. */
void audit_walk_row(struct audit_walk *walk, const struct chain_row *row);

/* There are no more rows. */
void audit_walk_end(struct audit_walk *walk);

#endif
