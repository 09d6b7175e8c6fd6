/*
 * Lengths as drawings write them: feet and inches to the nearest sixteenth, and the scales of printed drawings.
 * Thread: any.
 */
#ifndef CS_DRAW_FEET_H
#define CS_DRAW_FEET_H

#include <stddef.h>

enum { FEET_TEXT_MAX = 96 };

/* Write 12.54 as 12'-6 1/2" (with the typographic marks) and return text.  A length that is not finite is "–". */
const char *feet_format(char text[FEET_TEXT_MAX], double length_ft);

struct drawing_scale {
	const char *name; /* as in `1/4 in = 1 ft`, without the equation: "1/4 in" */
	double inches_per_ft;
};

/* The largest standard scale (1/16 to 1-1/2 in per ft) at which width_ft × height_ft fits into width_in × height_in of
 * paper; NULL when not even the smallest does. */
const struct drawing_scale *feet_scale(double width_ft, double height_ft, double width_in, double height_in);

#endif
