/*
 * For tests of sections and poles: the shipped catalog, and what many of them compare with.  Not linked into the
 * product.
 */
#ifndef CS_SIGN_DOMAIN_STEEL_BED_H
#define CS_SIGN_DOMAIN_STEEL_BED_H

#include <math.h>

#include "core/embedded.h"
#include "core/must.h"
#include "seal/pack.h"
#include "sign/domain/section_catalog.h"
#include "sign/sign.h"

#define near(x, expected, tolerance) near_at((x), (expected), (tolerance), __LINE__)

static inline void near_at(double x, double expected, double tolerance, int line)
{
	if (!(fabs(x - expected) <= tolerance))
		fail_msg("line %d: %.9g, expected %.9g", line, x, expected);
}

#define near_share(x, expected, share) near_at((x), (expected), (share)*fabs((double)(expected)), __LINE__)

/* The shipped packs, decoded. */
static inline struct packs *bed_packs(void)
{
	struct packs *packs = packs_new(sign_pack_kinds, sign_pack_kinds_count);
	for (const struct embedded *file = embedded_packs; file->name != NULL; file++)
		must(packs_add(packs, file->bytes, file->size, false, NULL));
	return packs;
}

static inline struct section_set bed_sections(const struct packs *packs)
{
	return (struct section_set){.shipped = packs_find(packs, "sections", "v1", NULL)->data};
}

static inline const struct section *bed_section(const struct section_set *set, const char *designation)
{
	const struct section *section = section_find(set, SECTION_A500, section_key(designation));
	must(section != NULL);
	return section;
}

#endif
