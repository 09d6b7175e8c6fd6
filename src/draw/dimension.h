/*
 * Dimension lines as structural drawings have them: extension lines, ticks at 45 degrees, text above or left of the
 * line.
 *
 * A text that does not fit between its ticks is set beside them, and left out where it would touch the one before.
 */
#ifndef CS_DRAW_DIMENSION_H
#define CS_DRAW_DIMENSION_H

#include "draw/canvas.h"

struct dimension {
	double text; /* size of the text; ticks and gaps follow from it */
	colour line, ink;
	double per_ft; /* canvas units */
};

/* A vertical chain at x through the levels (canvas y, top first, `count` >= 2), its extension lines reaching from
 * `from` (the measured object's side) to the chain.  Texts stand on the chain's left when x < from, else on its right.
 */
void dimension_vertical(struct canvas *canvas, const struct dimension *look, double x, double from,
						const double *levels, size_t count);

/* A horizontal one at y from x1 to x2, extension lines from `from`. */
void dimension_horizontal(struct canvas *canvas, const struct dimension *look, double y, double from, double x1,
						  double x2);

#endif
