#include "draw/dxf.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/dxf_impl.h"

const char *const dxf_layer_names[] = {"A-ANNO-DIMS", "A-ANNO-TEXT", "A-ANNO-CNTR", "A-ANNO-TTLB", "S-DETL-RBAR",
									   "S-DETL-CONC", "S-DETL-STEE", "A-GRID",      NULL};

struct dxf *dxf_new(double scale, struct err *err)
{
	struct dxf *dxf = calloc(1, sizeof *dxf);
	if (dxf == NULL) {
		err_set(err, ERR_LIMIT, "no memory for a drawing");
		return NULL;
	}
	buf_init(&dxf->entities, 0);
	dxf->scale = scale;
	dxf->next = DXF_FIRST_ENTITY;
	return dxf;
}

void dxf_free(struct dxf *dxf)
{
	if (dxf == NULL)
		return;
	buf_fini(&dxf->entities);
	free(dxf);
}

/* --- groups --- */

void dxf_group(struct buf *out, int code, const char *value)
{
	buf_addf(out, "%3d\n%s\n", code, value);
}

void dxf_whole(struct buf *out, int code, int value)
{
	buf_addf(out, "%3d\n%d\n", code, value);
}

void dxf_handle(struct buf *out, int code, unsigned handle)
{
	buf_addf(out, "%3d\n%X\n", code, handle);
}

/* Six decimals are far below what any saw cuts; a zero has no sign. */
void dxf_number(struct buf *out, int code, double value)
{
	char text[64];
	if (fabs(value) < 5e-7)
		value = 0;
	int size = snprintf(text, sizeof text, "%.6f", value);
	while (size > 2 && text[size - 1] == '0' && text[size - 2] != '.')
		text[--size] = '\0';
	dxf_group(out, code, text);
}

void dxf_point(struct buf *out, int code, double x, double y)
{
	dxf_number(out, code, x);
	dxf_number(out, code + 10, y);
	dxf_number(out, code + 20, 0);
}

static bool good(struct dxf *dxf, double value)
{
	if (!isfinite(value) || fabs(value) > 1e9)
		dxf->bad = true;
	return !dxf->bad;
}

/* The head of an entity in model space. */
static struct buf *begin(struct dxf *dxf, const char *type, enum dxf_layer layer)
{
	struct buf *out = &dxf->entities;
	dxf_group(out, 0, type);
	dxf_handle(out, 5, dxf->next++);
	dxf_handle(out, 330, DXF_MODEL);
	dxf_group(out, 100, "AcDbEntity");
	dxf_group(out, 8, dxf_layer_names[layer]);
	return out;
}

static void put(struct dxf *dxf, int code, double x, double y)
{
	dxf_point(&dxf->entities, code, x * dxf->scale, y * dxf->scale);
}

/* --- shapes --- */

static void add_line(struct dxf *dxf, enum dxf_layer layer, const char *type, const double at[4])
{
	for (int i = 0; i < 4; i++)
		if (!good(dxf, at[i]))
			return;
	struct buf *out = begin(dxf, "LINE", layer);
	if (type != NULL)
		dxf_group(out, 6, type);
	dxf_group(out, 100, "AcDbLine");
	put(dxf, 10, at[0], at[1]);
	put(dxf, 11, at[2], at[3]);
}

void dxf_line(struct dxf *dxf, enum dxf_layer layer, double x1, double y1, double x2, double y2)
{
	add_line(dxf, layer, NULL, (const double[]){x1, y1, x2, y2});
}

void dxf_hidden(struct dxf *dxf, enum dxf_layer layer, double x1, double y1, double x2, double y2)
{
	add_line(dxf, layer, "HIDDEN", (const double[]){x1, y1, x2, y2});
}

void dxf_circle(struct dxf *dxf, enum dxf_layer layer, double x, double y, double radius)
{
	if (!good(dxf, x) || !good(dxf, y) || !good(dxf, radius))
		return;
	dxf->bad = dxf->bad || radius <= 0;
	struct buf *out = begin(dxf, "CIRCLE", layer);
	dxf_group(out, 100, "AcDbCircle");
	put(dxf, 10, x, y);
	dxf_number(out, 40, radius * dxf->scale);
}

static bool good_points(struct dxf *dxf, const struct point *points, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!good(dxf, points[i].x) || !good(dxf, points[i].y))
			return false;
	return count > 1;
}

static void add_points(struct dxf *dxf, const struct point *points, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		dxf_number(&dxf->entities, 10, points[i].x * dxf->scale);
		dxf_number(&dxf->entities, 20, points[i].y * dxf->scale);
	}
}

void dxf_outline(struct dxf *dxf, enum dxf_layer layer, const struct point *points, size_t count, bool closed)
{
	if (!good_points(dxf, points, count))
		return;
	struct buf *out = begin(dxf, "LWPOLYLINE", layer);
	dxf_group(out, 100, "AcDbPolyline");
	dxf_whole(out, 90, (int)count);
	dxf_whole(out, 70, closed);
	add_points(dxf, points, count);
}

void dxf_box(struct dxf *dxf, enum dxf_layer layer, struct box b)
{
	const struct point points[] = {
		{b.x, b.y}, {b.x + b.width, b.y}, {b.x + b.width, b.y + b.height}, {b.x, b.y + b.height}};
	dxf_outline(dxf, layer, points, 4, true);
}

/* One polyline as the boundary, one family of lines as the pattern (DXF reference, HATCH). */
void dxf_hatch(struct dxf *dxf, enum dxf_layer layer, const struct point *points, size_t count, double spacing)
{
	double apart = spacing * dxf->scale / sqrt(2);
	if (!good_points(dxf, points, count) || !good(dxf, spacing))
		return;
	struct buf *out = begin(dxf, "HATCH", layer);
	dxf_group(out, 100, "AcDbHatch");
	dxf_point(out, 10, 0, 0);
	dxf_number(out, 210, 0);
	dxf_number(out, 220, 0);
	dxf_number(out, 230, 1);
	dxf_group(out, 2, "ANSI31");
	dxf_whole(out, 70, 0); /* a pattern */
	dxf_whole(out, 71, 0); /* of its own boundary */
	dxf_whole(out, 91, 1); /* boundaries */
	dxf_whole(out, 92, 3); /* outermost, a polyline */
	dxf_whole(out, 72, 0); /* without bulges */
	dxf_whole(out, 73, 1); /* closed */
	dxf_whole(out, 93, (int)count);
	add_points(dxf, points, count);
	dxf_whole(out, 97, 0);
	dxf_whole(out, 75, 0);
	dxf_whole(out, 76, 1); /* predefined */
	dxf_number(out, 52, 0);
	dxf_number(out, 41, spacing * dxf->scale / .125); /* ANSI31 is .125 apart */
	dxf_whole(out, 77, 0);
	dxf_whole(out, 78, 1); /* lines of the pattern */
	dxf_number(out, 53, 45);
	dxf_number(out, 43, 0);
	dxf_number(out, 44, 0);
	dxf_number(out, 45, -apart);
	dxf_number(out, 46, apart);
	dxf_whole(out, 79, 0);
	dxf_whole(out, 98, 0);
}

/* --- texts --- */

/* A control character would end the group; a caret or "%%" would begin a code of AutoCAD's. */
static void add_text(struct buf *out, const char *text)
{
	buf_adds(out, "  1\n");
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		if (c < 0x20 || c == 0x7f)
			buf_addc(out, ' ');
		else if (c == '%' && text[1] == '%')
			buf_adds(out, "% ");
		else if (c == '^')
			buf_adds(out, "^ ");
		else
			buf_addc(out, (char)c);
	}
	buf_addc(out, '\n');
}

void dxf_text(struct dxf *dxf, enum dxf_layer layer, const struct dxf_text *t)
{
	static const int aligned[] = {[ANCHOR_START] = 0, [ANCHOR_MIDDLE] = 1, [ANCHOR_END] = 2};
	if (t->text == NULL || t->text[0] == '\0' || !good(dxf, t->x) || !good(dxf, t->y) || !good(dxf, t->height))
		return;
	struct buf *out = begin(dxf, "TEXT", layer);
	dxf_group(out, 100, "AcDbText");
	put(dxf, 10, t->x, t->y);
	dxf_number(out, 40, t->height * dxf->scale);
	add_text(out, t->text);
	if (t->turn != 0)
		dxf_number(out, 50, t->turn);
	dxf_group(out, 7, "Standard");
	if (t->anchor != ANCHOR_START) {
		dxf_whole(out, 72, aligned[t->anchor]);
		put(dxf, 11, t->x, t->y);
	}
	dxf_group(out, 100, "AcDbText");
}

bool dxf_finish(struct dxf *dxf, struct box sheet, struct buf *out, struct err *err)
{
	if (dxf->bad || !isfinite(sheet.x + sheet.y + sheet.width + sheet.height) || sheet.width <= 0 || sheet.height <= 0)
		return err_set(err, ERR_INTERNAL, "a drawing with a length that is none");
	const struct box whole = {sheet.x * dxf->scale, sheet.y * dxf->scale, sheet.width * dxf->scale,
							  sheet.height * dxf->scale};
	dxf_write(dxf, whole, out);
	return (buf_ok(out) && buf_ok(&dxf->entities)) || err_set(err, ERR_LIMIT, "no memory for a drawing");
}
