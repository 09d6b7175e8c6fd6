/*
 * Closed positions as a file to be taken elsewhere [trade.md 9.5]: a table, a JSON document or a picture of the equity.
 * Redacted: trades are TRADE_1, TRADE_2, …; no account, no ticket, no price.  Private to src/trade.
 */
#ifndef CS_TRADE_EXPORTING_H
#define CS_TRADE_EXPORTING_H

#include <stdbool.h>
#include <stddef.h>

struct field_table;
extern const struct field_table export_document_table; /* of the format json, for the document */

struct analysis;

enum export_format { EXPORT_CSV, EXPORT_JSON, EXPORT_PNG };
extern const char *const export_format_names[], *const export_types[]; /* media types, by format */

struct export_file {
	const char *bytes; /* the exchange arena's */
	size_t size;
};

/* Write it; the analysis was read.  False: answered, also where there is nothing to draw. */
bool export_write(struct analysis *a, enum export_format format, bool redacted, struct export_file *file);

#endif
