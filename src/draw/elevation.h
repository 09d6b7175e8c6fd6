/*
 * The elevation of a sign structure: cabinets, members, poles, grade, footing or base plates, dimension lines and
 * callouts.  One geometry for the report's second page and for the console's SVG.
 *
 * Not a shop drawing: what the structure does not know is not shown, and nothing is drawn that was not given.
 */
#ifndef CS_DRAW_ELEVATION_H
#define CS_DRAW_ELEVATION_H

#include <stdbool.h>

#include "draw/canvas.h"
#include "draw/structure.h"

struct buf;
struct drawing_scale;
struct err;

/* What was drawn. */
struct elevation_view {
	const struct drawing_scale *scale; /* NULL: none of the standard scales (not to scale, or on a screen) */
	double per_ft;                     /* canvas units */
	size_t cabinets_unlabelled;        /* too small for their text */
};

/* Draw it into the frame with texts of `text` units.  `per_inch` is the canvas's units per inch of paper, for the
 * largest standard scale that fits; 0 for a screen, where it fills the frame. */
struct elevation_view elevation_draw(struct canvas *canvas, struct box frame, double text, double per_inch,
									 const struct structure *structure);

enum { ELEVATION_SVG_LIMIT = 60000 }; /* bytes */

/* The whole as SVG of 960 × 720 with a title and a description in words, appended to `out`.  ERR_LIMIT when it would be
 * larger than ELEVATION_SVG_LIMIT, which takes more than 300 cabinets. */
bool elevation_svg(struct fonts *fonts, const struct structure *structure, const char *title, struct buf *out,
				   struct err *err);

#endif
