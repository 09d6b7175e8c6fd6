/*
 * The documents of a sealed sign.design: a four-page report and an elevation, from the seal's own text and nothing
 * else, so that the same seal gives the same bytes [sign.md 6].
 */
#ifndef CS_SIGN_DESIGN_REPORT_H
#define CS_SIGN_DESIGN_REPORT_H

#include <stdbool.h>

#include "draw/report.h"

struct arena;
struct buf;
struct err;
struct fonts;
struct packs;
struct seal;

/* Whose design it is, and what its countersignature has come to.  Texts may be NULL. */
struct design_owner {
	const char *project_id, *name, *customer, *site_name, *street, *description;
	struct report_stamp stamp;
};

/*
 * Append the PDF.  Assumptions and warnings are no part of a seal's row: the design is computed again from the seal's
 * inputs to have them, and where that gives another result the report says so in their place.  ERR_NOT_FOUND: the seal
 * is no design, or nothing was feasible; ERR_LIMIT.
 */
bool design_report(struct fonts *fonts, const struct seal *seal, const struct packs *packs, struct arena *arena,
				   struct buf *out, struct err *err);

/* The same with a project on its cover. */
bool design_report_of(struct fonts *fonts, const struct seal *seal, const struct packs *packs,
					  const struct design_owner *owner, struct arena *arena, struct buf *out, struct err *err);

/* Append the SVG elevation. */
bool design_elevation(struct fonts *fonts, const struct seal *seal, const struct packs *packs, struct arena *arena,
					  struct buf *out, struct err *err);

#endif
