/*
 * Bringing a store's schema up to date; private to src/store.
 */
#ifndef CS_STORE_MIGRATE_H
#define CS_STORE_MIGRATE_H

#include "store/store.h"

/*
 * Apply what is missing, one transaction a step, and record each step's SHA-256.  ERR_CONFLICT: the store has steps
 * that this program does not know, or one whose text is another.  A failed step leaves the schema as it was.  Sets the
 * store's id when it is fresh; `id` gets it.
 */
bool migrate_run(struct db *db, const struct store_options *options, char id[64], int *version, struct err *err);

#endif
