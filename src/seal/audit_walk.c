#include "seal/audit_walk.h"

#include <stdio.h>
#include <string.h>

#include "seal/archive.h"

void audit_blame(struct audit_report *report, const char *stream, int64_t seq, const char *reason)
{
	if (!report->sound)
		return;
	report->sound = false;
	report->seq = seq;
	report->reason = reason;
	snprintf(report->stream, sizeof report->stream, "%s", stream);
}

void audit_walk_end(struct audit_walk *walk)
{
	if (walk->check.archived_seq > 0 && !walk->archive)
		audit_blame(walk->report, walk->check.stream, walk->check.archived_seq,
					"rows are gone up to it, and no archive says so");
}

void audit_walk_enter(struct audit_walk *walk, const char *stream)
{
	if (strcmp(stream, walk->check.stream) == 0)
		return;
	audit_walk_end(walk);
	chain_check_init(&walk->check, walk->store_id, stream);
	walk->report->streams++;
}

/* What begins in its middle has to say, further on, that the rows before it are in an archive. */
static void resume_after_archive(struct audit_walk *walk, const struct chain_row *row)
{
	if (walk->partial || walk->check.seq != 0 || row->seq <= 1)
		return;
	chain_check_resume(&walk->check, row->seq - 1, row->prev_hash, row->at_us);
	walk->check.archived_seq = row->seq - 1;
	snprintf(walk->check.archived_hash, sizeof walk->check.archived_hash, "%s", row->prev_hash);
}

void audit_walk_row(struct audit_walk *walk, const struct chain_row *row)
{
	const char *reason;
	audit_walk_enter(walk, row->stream);
	resume_after_archive(walk, row);
	if (!chain_check_row(&walk->check, row, &reason))
		audit_blame(walk->report, row->stream, row->seq, reason);
	else
		walk->report->rows++;
	if (walk->check.archived_seq > 0 && archive_explains(row, walk->check.archived_seq, walk->check.archived_hash))
		walk->check.archived_seq = 0;
}
