/*
 * Which documents were drawn, by what they show.  Every function takes the account [P-5.3].
 */
#ifndef CS_SIGN_REPORTS_REPO_H
#define CS_SIGN_REPORTS_REPO_H

#include <stdbool.h>
#include <stdint.h>

struct db;
struct err;

struct report_row {
	const char *account_id, *project_id, *snapshot_sha256;
	char sha256[65];
	int64_t size, created_us;
};

/* Fills sha256, size and created_us. */
bool report_row_find(struct db *db, struct report_row *row, bool *found, struct err *err);

/* Making it twice is one row: *made says whether this made it. */
bool report_row_insert(struct db *db, const struct report_row *row, bool *made, struct err *err);

#endif
