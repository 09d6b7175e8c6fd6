/*
 * Another master key: everything in the store that is sealed under a key derived from it is sealed anew, in one
 * transaction, and then the file changes [platform.md 2].
 *
 * Only while no server runs: all its threads hold derived keys.  The new key waits in DATA/keys/master.next; the store
 * says by its id which of the two files its rows are sealed under, so a crash at any point is put right at the next
 * start.  Cursors of lists and signed URLs of files under the old key are void.  The old key opens backups taken
 * before. Thread: the main one.
 */
#ifndef CS_APP_MASTER_KEY_H
#define CS_APP_MASTER_KEY_H

#include <stdbool.h>
#include <stdint.h>

struct app;
struct audit_event;
struct env;
struct err;
struct store;

enum { MASTER_KEY = 32, MASTER_KEY_ID = 33 /* bytes of its text with the NUL */ };

/* What tells a key without giving it away. */
void master_key_id(const unsigned char key[MASTER_KEY], char id[MASTER_KEY_ID]);

/*
 * After store_open(), before the file of the key is read: finish or drop a change that a crash cut off.  ERR_IO;
 * ERR_INVALID: the file is not the key that the store's secrets are sealed under.
 */
bool master_key_settle(struct store *store, const char *folder, struct err *err);

/* What was done: how many secrets were sealed anew. */
struct master_change {
	char id[MASTER_KEY_ID];
	int64_t secrets;
};

/* Exchange it; `event` is completed to the row of the chain.  ERR_INTERNAL: a secret does not open; nothing changed. */
bool master_key_rotate(struct app *app, struct audit_event *event, struct master_change *change, struct err *err);

#endif
