/* What dxf.c and dxf_file.c share; nobody else includes it. */
#ifndef CS_DRAW_DXF_IMPL_H
#define CS_DRAW_DXF_IMPL_H

#include <stdio.h>

#include "core/buf.h"
#include "draw/dxf.h"

/* Handles of what every drawing has, in the order of the file; entities follow. */
enum {
	DXF_VPORTS = 1,
	DXF_VPORT,
	DXF_LTYPES,
	DXF_LTYPE_FIRST,
	DXF_LTYPE_LAST = DXF_LTYPE_FIRST + 4,
	DXF_LAYER_TABLE,
	DXF_LAYER_FIRST,
	DXF_LAYER_LAST = DXF_LAYER_FIRST + DXF_LAYERS, /* layer 0 and ours */
	DXF_STYLES,
	DXF_STYLE,
	DXF_VIEWS,
	DXF_UCSS,
	DXF_APPIDS,
	DXF_APPID,
	DXF_DIMSTYLES,
	DXF_DIMSTYLE,
	DXF_RECORDS,
	DXF_MODEL, /* owns the entities */
	DXF_PAPER,
	DXF_MODEL_BEGIN,
	DXF_MODEL_END,
	DXF_PAPER_BEGIN,
	DXF_PAPER_END,
	DXF_ROOT,
	DXF_GROUPS,
	DXF_LAYOUTS,
	DXF_PLOTSTYLES,
	DXF_PLOTSTYLE,
	DXF_MODEL_LAYOUT,
	DXF_PAPER_LAYOUT,
	DXF_FIRST_ENTITY = 0x100,
};

struct dxf {
	struct buf entities;
	double scale;
	unsigned next; /* handle */
	bool bad;
};

void dxf_group(struct buf *out, int code, const char *value);
void dxf_whole(struct buf *out, int code, int value);
void dxf_handle(struct buf *out, int code, unsigned handle);
void dxf_number(struct buf *out, int code, double value);
void dxf_point(struct buf *out, int code, double x, double y);

/* The file around the entities. */
void dxf_write(const struct dxf *dxf, struct box sheet, struct buf *out);

#endif
