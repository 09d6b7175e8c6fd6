#include "draw/feet.h"

#include <math.h>
#include <stdio.h>

enum { PARTS = 16 }; /* of an inch */

#define PRIME "\xe2\x80\xb2"
#define DOUBLE_PRIME "\xe2\x80\xb3"

const char *feet_format(char text[FEET_TEXT_MAX], double length_ft)
{
	if (!(fabs(length_ft) < 1e9)) {
		snprintf(text, FEET_TEXT_MAX, "\xe2\x80\x93");
		return text;
	}
	long long parts = llround(fabs(length_ft) * 12 * PARTS);
	const char *sign = length_ft < 0 && parts != 0 ? "\xe2\x88\x92" : "";
	long long feet = parts / (12 * PARTS), inches = parts / PARTS % 12, top = parts % PARTS, bottom = PARTS;
	while (top != 0 && top % 2 == 0) {
		top /= 2;
		bottom /= 2;
	}
	if (top == 0)
		snprintf(text, FEET_TEXT_MAX, "%s%lld" PRIME "-%lld" DOUBLE_PRIME, sign, feet, inches);
	else
		snprintf(text, FEET_TEXT_MAX, "%s%lld" PRIME "-%lld %lld/%lld" DOUBLE_PRIME, sign, feet, inches, top, bottom);
	return text;
}

/* Largest first. */
static const struct drawing_scale scales[] = {
	{"1-1/2 in", 1.5}, {"1 in", 1.0},       {"3/4 in", 0.75},  {"1/2 in", 0.5},      {"3/8 in", 0.375},
	{"1/4 in", 0.25},  {"3/16 in", 0.1875}, {"1/8 in", 0.125}, {"3/32 in", 0.09375}, {"1/16 in", 0.0625},
};

const struct drawing_scale *feet_scale(double width_ft, double height_ft, double width_in, double height_in)
{
	for (size_t i = 0; i < sizeof scales / sizeof *scales; i++)
		if (width_ft * scales[i].inches_per_ft <= width_in && height_ft * scales[i].inches_per_ft <= height_in)
			return &scales[i];
	return NULL;
}
