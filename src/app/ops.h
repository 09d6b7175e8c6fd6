/*
 * Every pure operation of the house, and the packs they read: what the products bring together.
 */
#ifndef CS_APP_OPS_H
#define CS_APP_OPS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct op;
struct pack_kind;
struct packs;

enum { APP_OPS_MAX = 128, APP_KINDS_MAX = 64 };

/* All rows, in the order of their products.  Const once filled. */
struct app_ops {
	const struct op *ops[APP_OPS_MAX];
	size_t count;
	const struct pack_kind *kinds[APP_KINDS_MAX];
	size_t kinds_count;
};

void app_ops_init(struct app_ops *all);

/* The row of that name, or NULL. */
const struct op *app_ops_find(const struct app_ops *all, const char *name);

/*
 * The shipped packs and those of `folder` (NULL: none), decoded and self-checked.  The caller frees them, before `all`
 * goes.  False names the pack at fault.
 */
bool app_packs_open(const struct app_ops *all, const char *folder, struct packs **packs, struct err *err);

#endif
