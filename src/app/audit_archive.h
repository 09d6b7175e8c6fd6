/*
 * Files of the audit chain's rows that are past audit.retention_days: DATA/archive/STREAM-FROM-TO.ndjson.zst [P-7.7].
 * Each is the text of app/audit_export.h, compressed; it is durable before its rows leave the store.
 */
#ifndef CS_APP_AUDIT_ARCHIVE_H
#define CS_APP_AUDIT_ARCHIVE_H

#include <stdbool.h>
#include <stdint.h>

#include "crypt/digest.h"
#include "seal/archive.h"

struct app;
struct buf;
struct err;

struct archive_made {
	char name[128]; /* of the file */
	char sha256[SHA256_HEX_SIZE];
	struct archive_range range;
};

/*
 * Put the oldest rows that are past their retention, at most ARCHIVE_ROWS, into one file.  `event` says who.
 * made->range.rows 0: none is.  Thread: one at a time, not the writer's; waits for a commit.
 */
bool audit_archive(struct app *app, struct audit_event event, struct archive_made *made, struct err *err);

/* All of them, a file after the other, as members items (file, from, to, rows, sha256) and next_cursor. */
struct jw;
bool audit_archive_all(struct app *app, struct audit_event event, struct jw *jw, struct err *err);

/* Drop clear values beside the chain that are older than AUDIT_PERSONAL_DAYS [P-7.3].  Thread: as above. */
bool audit_forget(struct app *app, struct err *err);

/*
 * Put the rows of the archives in `folder` before those of the export `text`: one text that is verified as a whole.
 * ERR_INVALID names a file that is damaged, or not the one that the chain speaks of.
 */
bool audit_archives_join(const char *folder, struct buf *text, struct err *err);

#endif
