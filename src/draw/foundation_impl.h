/* What foundation.c and foundation_sheet.c share; nobody else includes it. */
#ifndef CS_DRAW_FOUNDATION_IMPL_H
#define CS_DRAW_FOUNDATION_IMPL_H

#include "draw/dxf.h"
#include "draw/feet.h"
#include "draw/foundation.h"

/* The sheet in inches of paper. */
#define SHEET_WIDTH 17.0
#define SHEET_HEIGHT 11.0
#define SHEET_MARGIN 0.5
#define SHEET_VIEWS_RIGHT 8.9  /* plan and section left of it */
#define SHEET_TABLE_RIGHT 13.0 /* table and notes */
#define SHEET_TEXT 0.09
#define SHEET_HEADING 0.14

struct sheet {
	struct dxf *dxf;
	const struct foundation *foundation;
	const struct drawing_scale *scale;
};

void sheet_text(const struct sheet *sheet, enum dxf_layer layer, double x, double y, double height, enum anchor anchor,
				const char *text);

/* A dimension from one point to another on the same height, or one above the other; `away` is where its line is. */
void sheet_across(const struct sheet *sheet, double x1, double x2, double y, double away, const char *text);
void sheet_up(const struct sheet *sheet, double y1, double y2, double x, double away, const char *text);

/* A view's name under it. */
void sheet_view(const struct sheet *sheet, double x, double y, const char *name);

/* Border, title, table and notes. */
void sheet_frame(const struct sheet *sheet);

/* Feet and inches with the marks that every font of CAD has. */
const char *sheet_feet(char text[FEET_TEXT_MAX], double length_ft);

#endif
