/*
 * A table of comma-separated values (RFC 4180) whose cells a spreadsheet shows and never runs: a text that begins with
 * = + - or @ gets an apostrophe before it; numbers do not.  Thread: any, one table each.
 */
#ifndef CS_TRADE_CSV_H
#define CS_TRADE_CSV_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

struct csv {
	struct buf *out;
	bool begun; /* the line has a cell */
};

void csv_text(struct csv *csv, const char *text); /* NULL: an empty cell */
void csv_number(struct csv *csv, double x);       /* NaN: an empty cell */
void csv_time(struct csv *csv, int64_t us);       /* RFC 3339, UTC */
void csv_end(struct csv *csv);                    /* of the line */

#endif
