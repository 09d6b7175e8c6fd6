/*
 * The catalog of sections: pack `sections` (designations and nominal dimensions) and, where an installation has it,
 * pack `aisc_shapes` (published W shapes), each computed once when the pack is read and const afterwards.
 *
 * Order everywhere: family, then depth, then weight, then designation.  An imported W shape takes the place of the
 * computed one of that designation.  Thread: any.
 */
#ifndef CS_SIGN_DOMAIN_SECTION_CATALOG_H
#define CS_SIGN_DOMAIN_SECTION_CATALOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "seal/pack.h"
#include "sign/domain/section.h"

struct calc;

/* The C form of both packs. */
struct section_catalog;

extern const struct pack_kind sign_sections_kind;    /* "sections" */
extern const struct pack_kind sign_aisc_shapes_kind; /* "aisc_shapes" */

/* Sections of one catalog, and the one at an index below that. */
size_t section_count(const struct section_catalog *catalog);
const struct section *section_at(const struct section_catalog *catalog, enum section_standard standard, size_t index);

/* What one calculation sees: the shipped catalog, and the imported one or NULL. */
struct section_set {
	const struct section_catalog *shipped, *imported;
};

/* Families as a set: 1u << SECTION_PIPE | … */
enum {
	SECTION_TUBES = 1u << SECTION_HSS_ROUND | 1u << SECTION_HSS_SQUARE | 1u << SECTION_HSS_RECT,
	SECTION_ALL = (1u << SECTION_FAMILIES) - 1,
};

/*
 * Open the packs that `families` need and note them as used; pinned versions are obeyed.  False: a version that is not
 * there (the calculation has failed with ERR_PACK_VERSION).
 */
bool section_open(struct calc *calc, unsigned families, struct section_set *set);

/* The section of a key (section_key), or NULL.  Cost: about 10 ns. */
const struct section *section_find(const struct section_set *set, enum section_standard standard, uint64_t key);

/* The most sections that section_list can give. */
size_t section_room(const struct section_set *set);

/*
 * The sections of these families, in catalog order, into `list` (room for section_room).  Returns how many.
 * Cost: about 1 ns a section.
 */
size_t section_list(const struct section_set *set, enum section_standard standard, unsigned families,
					const struct section **list);

/* Leave the assumption that goes with a result that uses a section published from another wall; else nothing. */
void section_note_published(struct calc *calc, const struct section *section);

/* Catalog order, for qsort of struct section. */
int section_compare(const void *left, const void *right);

#endif
