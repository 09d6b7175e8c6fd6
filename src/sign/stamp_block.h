/*
 * The stamp as a document shows it: of a stamp that stands, the engineer's name, and the licence under which it was
 * given, which the receipt keeps whatever becomes of the person's.  Thread: any.
 */
#ifndef CS_SIGN_STAMP_BLOCK_H
#define CS_SIGN_STAMP_BLOCK_H

#include <stdbool.h>

#include "draw/report.h"

struct arena;
struct db;
struct err;
struct project;

/* Texts are the arena's. */
bool stamp_block_read(struct db *db, const struct project *project, struct arena *arena, struct report_stamp *block,
					  struct err *err);

#endif
