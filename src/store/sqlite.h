/*
 * A SQLite connection, as sqlite.c (statements and rows) and sqlite_engine.c (transactions, files) share it; private
 * to these two.
 */
#ifndef CS_STORE_SQLITE_H
#define CS_STORE_SQLITE_H

#include <sqlite3.h>

#include "store/store.h"

enum { STATEMENTS = 512 }; /* slots of the cache; see sqlite.c */

struct gather_vfs;
struct statement;
struct watches;

struct db {
	sqlite3 *handle;
	struct gather_vfs *gather; /* of the writer's connection; else NULL */
	int64_t changed;
	int64_t log_bytes; /* of the write-ahead log after this connection's last commit */
	bool checkpointer;
	bool disk_failed;
	bool own;    /* a statement of the store itself is under way: it may do what ops and readers may not */
	bool scoped; /* between engine_begin and its end: outside a transaction nothing may run */
	enum db_fault fault;
	int open_rows;           /* queries that db_end has not ended */
	struct watches *watches; /* of the writer's connection; else NULL */
	unsigned writes;         /* the watches that the statement being prepared concerns */
	size_t count;
	struct statement *cache[STATEMENTS];
};

/* Fill err from the connection's last failure, note what it means for the disk, and return false. */
bool sqlite_refuse(struct db *db, struct err *err);

/* Finalise every cached statement. */
void sqlite_forget(struct db *db);

#endif
