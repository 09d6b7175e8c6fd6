/* The schema, step by step; each step's text is fixed once released. */
#ifndef CS_APP_MIGRATIONS_H
#define CS_APP_MIGRATIONS_H

#include "store/store.h"

/* The steps in order; `*count` of them.  Texts are the binary's. */
const struct store_migration *app_migrations(struct store_migration *steps, size_t room, size_t *count);

/* What they make of an empty store, in one piece.  The binary's. */
const struct embedded *app_store_image(void);

#endif
