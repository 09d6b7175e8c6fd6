/*
 * The audit chain as a file: one JSON object a line, verifiable with nothing but the file [P-7.6].
 *
 *     {"export": {"version": 1, "store_id": …}}    first
 *     {…row with hash…}                            one a row, in order of stream and seq
 *     {"checkpoint": {…statement…}, "signature": hex}
 *     {"key": JWK}                                 the public keys of checkpoints, one a line
 */
#ifndef CS_APP_AUDIT_EXPORT_H
#define CS_APP_AUDIT_EXPORT_H

#include <stdbool.h>
#include <stddef.h>

struct audit_report;
struct buf;
struct db;
struct err;
struct key_ring;

/* Append the whole export. */
bool audit_export(struct db *db, const char *store_id, const struct key_ring *keys, struct buf *out, struct err *err);

/*
 * Verify an export's bytes: every chain, every checkpoint, every signature under the keys in the file.  False: it is no
 * export (ERR_INVALID names the line).
 */
bool audit_export_verify(const char *bytes, size_t size, struct audit_report *report, struct err *err);

#endif
