/*
 * The common dialect of SQL: what both SQLite and PostgreSQL understand alike; private to src/store.
 *
 * A statement that only one engine understands would work for months and fail on the day of the other.  So every text
 * is looked at once, when it is prepared, and a foreign word is refused as a fault of the program (ERR_INTERNAL) with
 * the word to use instead.  This is a check of words, not a parser: what it passes may still be wrong.
 * Thread: any.  Cost: about 1 us a statement, once per connection.
 */
#ifndef CS_STORE_DIALECT_H
#define CS_STORE_DIALECT_H

#include <stdbool.h>

struct buf;
struct err;

/* One statement with $1 parameters. */
bool dialect_check(const char *sql, struct err *err);

/*
 * The text of a migration: the same, and types are BIGINT, DOUBLE, TEXT and BYTES, every table is STRICT.  One that
 * ends
 * `) STRICT CLUSTERED;` has its rows where their primary key is, where an engine can: for rows of some hundred bytes.
 */
bool dialect_check_schema(const char *sql, struct err *err);

/*
 * A migration as SQLite's STRICT tables spell it: the type names are theirs, CREATE FULLTEXT name is a table of its
 * full-text engine (then it returns true), all else is untouched.
 */
bool dialect_to_sqlite(struct buf *out, const char *sql);

#endif
