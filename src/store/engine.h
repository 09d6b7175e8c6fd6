/*
 * What the store asks of a database engine; private to src/store.  sqlite.c is the one there is.
 */
#ifndef CS_STORE_ENGINE_H
#define CS_STORE_ENGINE_H

#include "store/store.h"

enum engine_role { ENGINE_WRITER, ENGINE_READER, ENGINE_CHECKPOINTER };

bool engine_open(const char *folder, const char *vfs, enum engine_role role, struct db **db, struct err *err);
void engine_close(struct db *db);

bool engine_begin(struct db *db, struct err *err);
bool engine_commit(struct db *db, struct err *err);
void engine_rollback(struct db *db);
bool engine_in_transaction(const struct db *db);

bool engine_savepoint(struct db *db, struct err *err);
bool engine_release(struct db *db, struct err *err);
bool engine_rollback_to(struct db *db);

/* Several statements of a migration, in this engine's dialect. */
bool engine_script(struct db *db, const char *sql, struct err *err);

/* Did the last failure on this connection mean that the disk cannot be trusted? */
bool engine_disk_failed(const struct db *db);

/* Copy committed changes into the main file.  `reset`: wait for readers and start the log anew. */
bool engine_checkpoint(struct db *db, bool reset, struct err *err);
int64_t engine_log_bytes(const char *folder);

bool engine_copy(struct db *db, const char *path, struct err *err);

#endif
