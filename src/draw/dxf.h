/*
 * A writer of DXF drawings: release 2018 (AC1032), model space, inches.
 *
 * Lines, circles, outlines, hatches and texts on a fixed set of layers, after the AutoCAD DXF reference for 2018.
 * Handles are numbered in order and nothing is named after time or memory, so the same calls give the same bytes.
 * All lengths are given in inches of paper and written in inches of the thing that is drawn, as CAD has it.  Not here:
 * dimensions as objects of their own, blocks, paper space.
 *
 * Sticky: a length that is not finite, or no memory, is told by dxf_finish.  Thread: one at a time.
 */
#ifndef CS_DRAW_DXF_H
#define CS_DRAW_DXF_H

#include <stdbool.h>
#include <stddef.h>

#include "draw/canvas.h"

struct buf;
struct dxf;
struct err;

enum dxf_layer {
	DXF_DIMS,     /* A-ANNO-DIMS */
	DXF_TEXT,     /* A-ANNO-TEXT */
	DXF_CENTER,   /* A-ANNO-CNTR, dashed and dotted */
	DXF_TITLE,    /* A-ANNO-TTLB */
	DXF_REBAR,    /* S-DETL-RBAR */
	DXF_CONCRETE, /* S-DETL-CONC */
	DXF_STEEL,    /* S-DETL-STEE */
	DXF_GRID,     /* A-GRID */
	DXF_LAYERS
};
extern const char *const dxf_layer_names[]; /* ends with NULL */

/* `scale`: inches of the thing for one inch of paper.  NULL only for lack of memory. */
struct dxf *dxf_new(double scale, struct err *err);
void dxf_free(struct dxf *dxf); /* NULL is fine */

void dxf_line(struct dxf *dxf, enum dxf_layer layer, double x1, double y1, double x2, double y2);
void dxf_hidden(struct dxf *dxf, enum dxf_layer layer, double x1, double y1, double x2, double y2); /* dashed */
void dxf_circle(struct dxf *dxf, enum dxf_layer layer, double x, double y, double radius);
void dxf_outline(struct dxf *dxf, enum dxf_layer layer, const struct point *points, size_t count, bool closed);
void dxf_box(struct dxf *dxf, enum dxf_layer layer, struct box box); /* x, y: lower left */

/* Fill a closed outline with pattern ANSI31: lines at 45°, `spacing` apart. */
void dxf_hatch(struct dxf *dxf, enum dxf_layer layer, const struct point *points, size_t count, double spacing);

/* One line of text, its baseline at (x, y), turned by `turn` degrees against the clock.  UTF-8. */
struct dxf_text {
	double x, y, height, turn;
	enum anchor anchor;
	const char *text;
};
void dxf_text(struct dxf *dxf, enum dxf_layer layer, const struct dxf_text *text);

/* Append the whole drawing, whose sheet is `sheet`. */
bool dxf_finish(struct dxf *dxf, struct box sheet, struct buf *out, struct err *err);

#endif
