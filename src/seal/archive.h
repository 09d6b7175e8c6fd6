/*
 * Rows of the audit chain that are past their retention leave the store for a file [P-7.7].  A row audit.archive
 * commits with their deletion and says what the file is; it stands in the chain, so rows cannot be dropped without one,
 * and the chain that is left begins at the hash that it names.
 *
 * Here are the rows; files are app/audit_archive.h.  Threads as noted.
 */
#ifndef CS_SEAL_ARCHIVE_H
#define CS_SEAL_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/audit.h"

/* Rows of one archive, so that no other write waits long for their deletion. */
enum { ARCHIVE_ROWS = 20000 };

/* The oldest rows of a stream, without gap. */
struct archive_range {
	int64_t from, to, rows; /* seq of the first and the last; rows 0: none is old enough */
	char last_hash[CHAIN_HASH];
};

/* The oldest rows that are dated before `before_us`, at most `rows_max`.  Thread: any, on a reader. */
bool archive_find(struct db *db, const char *stream, int64_t before_us, int64_t rows_max, struct archive_range *range,
				  struct err *err);

/*
 * Delete them, their checkpoints and their personal values, after appending `event`, which becomes the row
 * audit.archive {from, to, rows, last_hash, sha256 of the file}.  Thread: the writer's, in one op.
 */
bool archive_remove(const struct audit *audit, struct db *db, const struct archive_range *range, const char *sha256,
					struct audit_event *event, struct err *err);

/* Is this the row of an archive that ends at `seq` with this hash?  Thread: any. */
bool archive_explains(const struct chain_row *row, int64_t seq, const char *hash);

#endif
