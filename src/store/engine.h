/*
 * What the store asks of a database engine; private to src/store.  sqlite_engine.c is the one there is.
 *
 * Statements of the store itself (transactions, savepoints, copies) go through here; ops and readers are refused them.
 */
#ifndef CS_STORE_ENGINE_H
#define CS_STORE_ENGINE_H

#include "core/embedded.h"
#include "store/store.h"

enum engine_role { ENGINE_WRITER, ENGINE_READER, ENGINE_CHECKPOINTER };

/* A connection; the writer's makes the file (0600) when there is none. */
bool engine_open(const char *folder, const char *vfs, enum engine_role role, struct db **db, struct err *err);
void engine_close(struct db *db);

/* A transaction that may write, from its first moment (a reader's: one that sees one state from its first query). */
bool engine_begin(struct db *db, struct err *err);
bool engine_begin_read(struct db *db, struct err *err);
bool engine_commit(struct db *db, struct err *err);
void engine_rollback(struct db *db);
bool engine_in_transaction(const struct db *db);

bool engine_savepoint(struct db *db, struct err *err);
bool engine_release(struct db *db, struct err *err);
bool engine_rollback_to(struct db *db);

/* Count what the writer's connection writes; statements say it when they are prepared. */
struct watches;
void engine_watch(struct db *db, struct watches *watches);
struct watches *engine_watches(const struct db *db);

/* Queries whose db_end is missing. */
int engine_open_rows(const struct db *db);

/* Several statements of a migration, in the common dialect. */
bool engine_script(struct db *db, const char *sql, struct err *err);

/* Nothing is in it: no table, no row.  On any failure it says no. */
bool engine_is_empty(struct db *db);

/* All that a store without rows has, from image_pack()'s bytes, into one that is empty; the whole or nothing. */
bool engine_fill(struct db *db, const struct embedded *image, struct err *err);

/* Foreign keys are looked at by each statement (on), or only when asked, so that a migration can rebuild a table. */
bool engine_foreign_keys(struct db *db, bool on, struct err *err);
bool engine_check_foreign_keys(struct db *db, struct err *err);

/*
 * Off: a commit is written and not synced, so a power cut may take the newest ones, in order, and never a part of one.
 * The first commit after it is on again syncs them all.  Outside of a transaction.
 */
bool engine_synced(struct db *db, bool on, struct err *err);

/* Did a failure on this connection mean that the disk cannot be trusted? */
bool engine_disk_failed(const struct db *db);

/*
 * Copy committed changes into the main file.  `restart`: also wait a little for readers, so that the next commit begins
 * the log anew.  `*whole`: all was done; false when a reader was in the way.
 */
bool engine_checkpoint(struct db *db, bool restart, bool *whole, struct err *err);

/* The same and cut the log to nothing; when stopping. */
bool engine_checkpoint_last(struct db *db, struct err *err);

/* Bytes of log in use after the last commit of this connection, the writer's. */
int64_t engine_log_bytes(const struct db *db);

/* Bytes of the main file. */
int64_t engine_bytes(const char *folder);

/* A consistent copy into a new file at `path`.  Ends early, with ERR_STORE_FULL, when `go_on` says no. */
bool engine_copy(struct db *db, const char *path, bool (*go_on)(void *self), void *self, struct err *err);

#endif
