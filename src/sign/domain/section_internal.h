/*
 * Between the catalog and the packs it is made from: section_catalog.c, section_pack.c, aisc_shapes.c.  No one else.
 */
#ifndef CS_SIGN_DOMAIN_SECTION_INTERNAL_H
#define CS_SIGN_DOMAIN_SECTION_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/json.h"
#include "sign/domain/section.h"

struct arena;
struct err;

struct section_catalog {
	struct section *items[SECTION_STANDARDS]; /* in catalog order; the same designations at the same places */
	size_t count;
	size_t first[SECTION_FAMILIES], counts[SECTION_FAMILIES];
	uint16_t *index; /* by key */
	size_t index_mask;
};

/* Room for `most` sections in items[0].  NULL with err. */
struct section *section_catalog_room(struct section_catalog *catalog, size_t most, struct arena *arena,
									 struct err *err);

/* Sort items[0] and index it; the other standards have the same items until told otherwise.  False: err. */
bool section_catalog_finish(struct section_catalog *catalog, struct arena *arena, struct err *err);

#endif
