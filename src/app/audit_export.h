/*
 * The audit chain as a file: one JSON object a line, verifiable with nothing but the file [P-7.6].
 *
 *     {"export": {"version": 1, "store_id": …, "account_id": …}}   first; account_id null: every account's rows
 *     {…row with hash…}                            one a row, in order of stream and seq
 *     {"checkpoint": {…statement…}, "signature": hex}
 *     {"key": JWK}                                 the public keys of checkpoints, one a line
 *
 * One account's export holds its own rows whole.  Others' are not shown: {"link": {"stream": …, "seq": …, "hash": …}}
 * stands for all of them up to that seq, and says which hash the chain had there.
 *
 * An export of some time has "from" and "to" in its first line, its rows of that time with links where they do not
 * follow each other, and the checkpoints of rows that it shows.  That nothing is missing at its edges it cannot say.
 *
 * A stream whose first rows are in archives begins with a later seq; then a row audit.archive has to say so.  In the
 * text of an archive itself, "archive": true in the first line, the row that says so comes later, in another file.
 */
#ifndef CS_APP_AUDIT_EXPORT_H
#define CS_APP_AUDIT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct audit_report;
struct buf;
struct db;
struct err;
struct key_ring;

/* Which rows: of an account (NULL: of all), of a stream (NULL: of all), not before `from` and before `to`. */
struct audit_export_filter {
	const char *account_id, *stream;
	int64_t from_us, to_us; /* wall time; 0 and INT64_MAX: of all time */
};
extern const struct audit_export_filter audit_export_all;

/* Append the export of what the filter says. */
bool audit_export(struct db *db, const char *store_id, const struct audit_export_filter *filter,
				  const struct key_ring *keys, struct buf *out, struct err *err);

/* The same of the rows from `from` to `to` of a stream, with their checkpoints: the text of an archive [P-7.7]. */
bool audit_export_range(struct db *db, const char *store_id, const char *stream, int64_t from, int64_t to,
						const struct key_ring *keys, struct buf *out, struct err *err);

/*
 * Verify an export's bytes: every chain, every checkpoint, every signature under the keys in the file.  False: it is no
 * export (ERR_INVALID names the line).
 */
bool audit_export_verify(const char *bytes, size_t size, struct audit_report *report, struct err *err);

/*
 * Add signed checkpoints that were kept elsewhere, an object {statement, signature} a line, to the text of an export,
 * to be verified with it: only they show a tail that was cut, or a chain that was rebuilt with everything in it
 * [P-7.4]. ERR_INVALID names the line.
 */
bool audit_export_join_checkpoints(const char *bytes, size_t size, struct buf *text, struct err *err);

#endif
