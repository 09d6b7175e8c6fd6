#include "draw/foundation.h"

#include <math.h>
#include <stdio.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/foundation_impl.h"

#define STUB_FT 1.5      /* of the pole that is shown above the concrete */
#define EARTH_FT 1.0     /* of grade that is shown beside it */
#define UNDER_POLE_FT .5 /* of concrete under a pole that is set in */
#define TAU (2 * M_PI)

/* REF: IBC 1807.3.2 */
double foundation_set_ft(double pier_depth_ft)
{
	return fmax(pier_depth_ft - UNDER_POLE_FT, pier_depth_ft / 2);
}

/* Inches of paper for feet, and for inches, of the thing. */
static double paper(const struct sheet *sheet, double feet)
{
	return feet * sheet->scale->inches_per_ft;
}

static double paper_in(const struct sheet *sheet, double inches)
{
	return paper(sheet, inches / 12);
}

static struct box around(double x, double y, double width, double height)
{
	return (struct box){x - width / 2, y - height / 2, width, height};
}

static void draw_hatched(const struct sheet *sheet, struct box b)
{
	const struct point corners[] = {
		{b.x, b.y}, {b.x + b.width, b.y}, {b.x + b.width, b.y + b.height}, {b.x, b.y + b.height}};
	dxf_outline(sheet->dxf, DXF_CONCRETE, corners, 4, true);
	dxf_hatch(sheet->dxf, DXF_CONCRETE, corners, 4, .12);
}

/* --- what plan and section share --- */

static void draw_axes(const struct sheet *sheet, double x, double y, double half_width, double half_height)
{
	dxf_line(sheet->dxf, DXF_CENTER, x - half_width, y, x + half_width, y);
	dxf_line(sheet->dxf, DXF_GRID, x, y - half_height, x, y + half_height);
}

static void draw_pole_plan(const struct sheet *sheet, double x, double y)
{
	const struct foundation *f = sheet->foundation;
	double width = paper_in(sheet, f->pole_width_in), depth = paper_in(sheet, f->pole_depth_in);
	if (!(width > 0) || !(depth > 0))
		return;
	if (f->pole_round)
		dxf_circle(sheet->dxf, DXF_STEEL, x, y, width / 2);
	else
		dxf_box(sheet->dxf, DXF_STEEL, around(x, y, depth, width));
}

/* Above the concrete, and hidden in it as far as it is set in. */
static void draw_pole_section(const struct sheet *sheet, double x, double top, double hidden)
{
	double half = paper_in(sheet, sheet->foundation->pole_depth_in) / 2, stub = paper(sheet, STUB_FT);
	if (!(half > 0))
		return;
	for (int side = -1; side <= 1; side += 2) {
		double edge = x + side * half;
		dxf_line(sheet->dxf, DXF_STEEL, edge, top, edge, top + stub);
		dxf_hidden(sheet->dxf, DXF_STEEL, edge, top, edge, top - hidden);
	}
	const struct point cut[] = {{x - half - .08, top + stub},     {x - half / 3, top + stub},
								{x - half / 6, top + stub + .06}, {x + half / 6, top + stub - .06},
								{x + half / 3, top + stub},       {x + half + .08, top + stub}};
	dxf_outline(sheet->dxf, DXF_STEEL, cut, 6, false);
	sheet_text(sheet, DXF_TEXT, x + half + .15, top + stub - .15, SHEET_TEXT, ANCHOR_START,
			   sheet->foundation->pole_label);
}

static void draw_grade(const struct sheet *sheet, double left, double right, double y, double gap_left,
					   double gap_right)
{
	dxf_line(sheet->dxf, DXF_CONCRETE, left, y, gap_left, y);
	dxf_line(sheet->dxf, DXF_CONCRETE, gap_right, y, right, y);
	for (double x = left; x < gap_left - .1; x += .12)
		dxf_line(sheet->dxf, DXF_CONCRETE, x, y - .1, x + .1, y);
	for (double x = gap_right; x < right - .1; x += .12)
		dxf_line(sheet->dxf, DXF_CONCRETE, x, y - .1, x + .1, y);
	sheet_text(sheet, DXF_TEXT, left - .06, y - SHEET_TEXT / 2, SHEET_TEXT, ANCHOR_END, "GRADE");
}

/* --- a plate --- */

static double bolt_arm_in(const struct foundation *f)
{
	return f->plate_in / 2 - f->bolt_edge_in;
}

static void draw_plate_plan(const struct sheet *sheet, double x, double y)
{
	const struct foundation *f = sheet->foundation;
	int line = f->bolts / 2;
	if (!(f->plate_in > 0))
		return;
	dxf_box(sheet->dxf, DXF_STEEL, around(x, y, paper_in(sheet, f->plate_in), paper_in(sheet, f->plate_in)));
	for (int i = 0; i < f->bolts; i++) {
		double across = line > 1 ? bolt_arm_in(f) * (2. * (i % line) / (line - 1) - 1) : 0;
		double along = i < line ? -bolt_arm_in(f) : bolt_arm_in(f);
		dxf_circle(sheet->dxf, DXF_STEEL, x + paper_in(sheet, along), y + paper_in(sheet, across),
				   paper_in(sheet, f->bolt_dia_in) / 2);
	}
}

/* Bolts with their heads; those behind each other are one. */
static void draw_plate_section(const struct sheet *sheet, double x, double top)
{
	const struct foundation *f = sheet->foundation;
	double half = paper_in(sheet, f->plate_in) / 2, thick = paper_in(sheet, f->plate_t_in);
	double head = paper_in(sheet, f->bolt_dia_in) * .75, embed = paper_in(sheet, f->bolt_embed_in);
	if (!(f->plate_in > 0))
		return;
	dxf_box(sheet->dxf, DXF_STEEL, (struct box){x - half, top, 2 * half, thick});
	for (int side = -1; side <= 1 && f->bolts > 0; side += 2) {
		double at = x + side * paper_in(sheet, bolt_arm_in(f));
		dxf_line(sheet->dxf, DXF_STEEL, at, top + 2 * thick, at, top - embed);
		dxf_line(sheet->dxf, DXF_STEEL, at - head, top - embed, at + head, top - embed);
	}
}

/* --- a pier --- */

/* From the middle of the pier to the middle of its bars. */
static double cage_in(const struct foundation *f)
{
	return f->width_ft * 6 - f->cover_in - f->tie_in - f->vertical_in / 2;
}

/* Where bar i of n stands: on a circle, or along the sides of a square. */
static struct point bar_at(const struct foundation *f, int i)
{
	double turn = TAU * i / f->verticals, r = cage_in(f);
	struct point at = {r * cos(turn), r * sin(turn)};
	if (!f->square)
		return at;
	double most = fmax(fabs(at.x), fabs(at.y));
	return (struct point){at.x * r / most, at.y * r / most};
}

static void draw_pier_plan(const struct sheet *sheet, double x, double y)
{
	const struct foundation *f = sheet->foundation;
	char text[FEET_TEXT_MAX];
	double half = paper(sheet, f->width_ft) / 2, tie = paper_in(sheet, cage_in(f) + f->vertical_in / 2 + f->tie_in / 2);
	if (f->square) {
		dxf_box(sheet->dxf, DXF_CONCRETE, around(x, y, 2 * half, 2 * half));
		dxf_box(sheet->dxf, DXF_REBAR, around(x, y, 2 * tie, 2 * tie));
	} else {
		dxf_circle(sheet->dxf, DXF_CONCRETE, x, y, half);
		dxf_circle(sheet->dxf, DXF_REBAR, x, y, tie);
	}
	for (int i = 0; i < f->verticals; i++) {
		struct point at = bar_at(f, i);
		dxf_circle(sheet->dxf, DXF_REBAR, x + paper_in(sheet, at.x), y + paper_in(sheet, at.y),
				   paper_in(sheet, f->vertical_in) / 2);
	}
	draw_pole_plan(sheet, x, y);
	draw_plate_plan(sheet, x, y);
	draw_axes(sheet, x, y, half + .3, half + .3);
	sheet_across(sheet, x - half, x + half, y - half, y - half - .35, sheet_feet(text, f->width_ft));
	sheet_text(sheet, DXF_TEXT, x, y + half + .4, SHEET_TEXT, ANCHOR_MIDDLE, f->cage_label);
	sheet_view(sheet, x, y - half - .85, "PLAN");
}

static void draw_cage_section(const struct sheet *sheet, double x, double top, double depth)
{
	const struct foundation *f = sheet->foundation;
	double cover = paper_in(sheet, f->cover_in), tie = paper_in(sheet, cage_in(f) + f->vertical_in / 2 + f->tie_in);
	for (int i = 0; i < f->verticals; i++) {
		struct point at = bar_at(f, i);
		if (at.y < -1e-9)
			continue; /* behind one that is shown */
		double edge = x + paper_in(sheet, at.x);
		dxf_line(sheet->dxf, DXF_REBAR, edge, top - cover, edge, top - depth + cover);
	}
	for (int i = 0; i < f->ties; i++) {
		double y = top - cover - paper_in(sheet, f->tie_spacing_in) * i;
		y = fmax(y, top - depth + cover);
		dxf_line(sheet->dxf, DXF_REBAR, x - tie, y, x + tie, y);
	}
}

static const char *cover_text(char text[FEET_TEXT_MAX], double cover_in)
{
	snprintf(text, FEET_TEXT_MAX, "%g\" CLEAR", cover_in);
	return text;
}

static void draw_pier_section(const struct sheet *sheet, double x, double top)
{
	const struct foundation *f = sheet->foundation;
	char text[FEET_TEXT_MAX];
	double half = paper(sheet, f->width_ft) / 2, depth = paper(sheet, f->depth_ft), earth = paper(sheet, EARTH_FT);
	double set_ft = foundation_set_ft(f->depth_ft);
	draw_hatched(sheet, (struct box){x - half, top - depth, 2 * half, depth});
	draw_cage_section(sheet, x, top, depth);
	draw_pole_section(sheet, x, top, f->plate_in > 0 ? 0 : paper(sheet, set_ft));
	draw_plate_section(sheet, x, top);
	if (!(f->plate_in > 0))
		sheet_up(sheet, top - paper(sheet, set_ft), top, x - half, x - half - .3, sheet_feet(text, set_ft));
	draw_grade(sheet, x - half - earth, x + half + earth, top, x - half, x + half);
	dxf_line(sheet->dxf, DXF_CENTER, x, top + paper(sheet, STUB_FT) + .15, x, top - depth - .15);
	sheet_up(sheet, top - depth, top, x + half, x + half + .45, sheet_feet(text, f->depth_ft));
	sheet_across(sheet, x - half, x + half, top - depth, top - depth - .35, sheet_feet(text, f->width_ft));
	sheet_across(sheet, x + half - paper_in(sheet, f->cover_in), x + half, top - depth, top - depth - .7, NULL);
	sheet_text(sheet, DXF_DIMS, x + half + .12, top - depth - .74, SHEET_TEXT, ANCHOR_START,
			   cover_text(text, f->cover_in));
	sheet_view(sheet, x, top - depth - 1.05, "SECTION");
}

/* --- a spread footing --- */

/* Bars of a mat that lie side by side over `extent`, as lines over `length` in the other direction. */
static void draw_mat(const struct sheet *sheet, struct box b, int count, bool along)
{
	double cover = paper_in(sheet, sheet->foundation->cover_in);
	double extent = (along ? b.height : b.width) - 2 * cover;
	for (int i = 0; i < count; i++) {
		double at = cover + (count > 1 ? extent * i / (count - 1) : extent / 2);
		if (along)
			dxf_line(sheet->dxf, DXF_REBAR, b.x + cover, b.y + at, b.x + b.width - cover, b.y + at);
		else
			dxf_line(sheet->dxf, DXF_REBAR, b.x + at, b.y + cover, b.x + at, b.y + b.height - cover);
	}
}

static void draw_spread_plan(const struct sheet *sheet, double x, double y)
{
	const struct foundation *f = sheet->foundation;
	char text[FEET_TEXT_MAX];
	struct box b = around(x, y, paper(sheet, f->length_ft), paper(sheet, f->width_ft));
	dxf_box(sheet->dxf, DXF_CONCRETE, b);
	draw_mat(sheet, b, f->bars_along, true);
	draw_mat(sheet, b, f->bars_across, false);
	draw_pole_plan(sheet, x, y);
	draw_plate_plan(sheet, x, y);
	draw_axes(sheet, x, y, b.width / 2 + .3, b.height / 2 + .3);
	sheet_across(sheet, b.x, b.x + b.width, b.y, b.y - .35, sheet_feet(text, f->length_ft));
	sheet_up(sheet, b.y, b.y + b.height, b.x + b.width, b.x + b.width + .45, sheet_feet(text, f->width_ft));
	sheet_text(sheet, DXF_TEXT, x, y + b.height / 2 + .4, SHEET_TEXT, ANCHOR_MIDDLE, f->cage_label);
	sheet_view(sheet, x, b.y - .85, "PLAN");
}

static void draw_mat_section(const struct sheet *sheet, struct box b)
{
	const struct foundation *f = sheet->foundation;
	double cover = paper_in(sheet, f->cover_in), bar = paper_in(sheet, f->bar_in), extent = b.width - 2 * cover;
	double y = b.y + cover + bar / 2;
	if (f->bars_along > 0)
		dxf_line(sheet->dxf, DXF_REBAR, b.x + cover, y, b.x + b.width - cover, y);
	for (int i = 0; i < f->bars_across; i++) {
		double at = cover + (f->bars_across > 1 ? extent * i / (f->bars_across - 1) : extent / 2);
		dxf_circle(sheet->dxf, DXF_REBAR, b.x + at, y + bar, bar / 2);
	}
}

static void draw_spread_section(const struct sheet *sheet, double x, double grade)
{
	const struct foundation *f = sheet->foundation;
	char text[FEET_TEXT_MAX];
	double depth = paper(sheet, f->depth_ft), thick = paper(sheet, f->thickness_ft), earth = paper(sheet, EARTH_FT);
	struct box b = {x - paper(sheet, f->length_ft) / 2, grade - depth, paper(sheet, f->length_ft), thick};
	bool flush = f->depth_ft < f->thickness_ft + 1e-6;
	double gap = flush ? b.width / 2 : paper_in(sheet, f->pole_depth_in) / 2;
	draw_hatched(sheet, b);
	draw_mat_section(sheet, b);
	draw_pole_section(sheet, x, b.y + thick, 0);
	draw_plate_section(sheet, x, b.y + thick);
	draw_grade(sheet, b.x - earth, b.x + b.width + earth, grade, x - gap, x + gap);
	dxf_line(sheet->dxf, DXF_CENTER, x, grade + paper(sheet, STUB_FT) + .15, x, b.y - .15);
	sheet_up(sheet, b.y, grade, b.x + b.width, b.x + b.width + .75, sheet_feet(text, f->depth_ft));
	if (!flush)
		sheet_up(sheet, b.y, b.y + thick, b.x + b.width, b.x + b.width + .4, sheet_feet(text, f->thickness_ft));
	sheet_across(sheet, b.x, b.x + b.width, b.y, b.y - .35, sheet_feet(text, f->length_ft));
	sheet_view(sheet, x, b.y - .85, "SECTION");
}

/* --- the sheet --- */

/* A pier's views stand side by side, a footing's above each other. */
static const struct drawing_scale *choose_scale(const struct foundation *f)
{
	if (f->kind == FOUNDATION_PIER)
		return feet_scale(f->width_ft + 2 * EARTH_FT, f->depth_ft + STUB_FT, 3, 7.6);
	return feet_scale(f->length_ft + 2 * EARTH_FT, f->width_ft + f->depth_ft + STUB_FT, 6.6, 6);
}

static void draw_views(const struct sheet *sheet)
{
	const struct foundation *f = sheet->foundation;
	double top = SHEET_HEIGHT - SHEET_MARGIN - .5;
	if (f->kind == FOUNDATION_PIER) {
		draw_pier_plan(sheet, 2.6, top - .5 - paper(sheet, f->width_ft) / 2);
		draw_pier_section(sheet, 6.5, top - paper(sheet, STUB_FT));
		return;
	}
	double width = paper(sheet, f->width_ft);
	draw_spread_plan(sheet, 4.4, top - .3 - width / 2);
	draw_spread_section(sheet, 4.4, top - width - 1.7 - paper(sheet, STUB_FT));
}

static bool is_drawable(const struct foundation *f)
{
	return f->width_ft > 0 && f->depth_ft > 0 && isfinite(f->width_ft + f->depth_ft) &&
		   (f->kind == FOUNDATION_PIER || (f->length_ft > 0 && f->thickness_ft > 0));
}

bool foundation_dxf(const struct foundation *f, struct buf *out, struct err *err)
{
	struct sheet sheet = {.foundation = f, .scale = is_drawable(f) ? choose_scale(f) : NULL};
	if (sheet.scale == NULL)
		return err_set(err, ERR_INTERNAL, "a foundation that fits on no sheet");
	sheet.dxf = dxf_new(12 / sheet.scale->inches_per_ft, err);
	if (sheet.dxf == NULL)
		return false;
	draw_views(&sheet);
	sheet_frame(&sheet);
	bool drawn = dxf_finish(sheet.dxf, (struct box){0, 0, SHEET_WIDTH, SHEET_HEIGHT}, out, err);
	dxf_free(sheet.dxf);
	return drawn;
}
