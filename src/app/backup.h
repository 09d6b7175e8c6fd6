/*
 * A backup: a folder with a copy of the store, the blobs, the packs and the keys of one moment, and a manifest that
 * names each file with size and SHA-256 [P-12.1].
 *
 *     manifest.json   written last: a folder without it is no backup
 *     store-HASH.db   the store, by VACUUM INTO while serving
 *     blobs/… files/blobs/… quarantine/blobs/…      by hash; an incremental backup adds the new ones only
 *     packs/…         of the installation
 *     keys.sealed     the keys under a passphrase (backup_keys_…), or keys/… in clear without one
 *
 * The process that holds the store makes its copy (backup_store), into DATA/backup; the command takes it from there and
 * copies the rest.  A blob is put before the row that names it and the store is copied first, so every row of the copy
 * finds its blob.
 */
#ifndef CS_APP_BACKUP_H
#define CS_APP_BACKUP_H

#include <stdbool.h>
#include <stddef.h>

struct app;
struct buf;
struct env;
struct err;
struct jw;

#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_KEYS "keys.sealed"
#define BACKUP_FOLDER "backup" /* in the data folder: the copy until the command takes it */
enum { BACKUP_VERSION = 1 };

/*
 * Write a checkpoint, copy the store into DATA/backup, record it in the audit chain, and write members of an object
 * that say what was copied: path (below the data folder), size, sha256, store_id, schema_version, program_version,
 * created_at, checkpoint {statement, signature}.  An older copy there is removed.  ERR_CONFLICT: one is under way.
 * Thread: any but the writer's; takes as long as the store is large.
 */
bool backup_store(struct app *app, struct jw *facts, struct err *err);

/* Seal every file of a folder of keys under a passphrase, into `sealed`. */
bool backup_keys_seal(const char *folder, const struct env *env, const struct buf *passphrase, struct buf *sealed,
					  struct err *err);

/* The other way, into a new folder.  ERR_INVALID: another passphrase, or a damaged file. */
bool backup_keys_open(const struct buf *sealed, const struct buf *passphrase, const char *folder, struct err *err);

#endif
