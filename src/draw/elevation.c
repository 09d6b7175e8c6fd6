#include "draw/elevation.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/dimension.h"
#include "draw/feet.h"
#include "draw/foundation.h"
#include "draw/palette.h"

enum { LEVELS_MAX = 12 }; /* levels of the cabinets' dimension chain; beyond them only bottom and top are told */

/* Room about the drawing, in sizes of its text. */
static const double LEFT = 11, RIGHT = 20, TOP = 5, BOTTOM = 6.5;

/* The bounds of all that is drawn, in feet. */
struct extent {
	double left, right, top, bottom;
	double sign_left, sign_right, sign_bottom, sign_top; /* of the cabinets */
};

struct drawing {
	struct canvas *canvas;
	const struct structure *structure;
	struct extent extent;
	struct dimension look;
	struct box frame;
	double text, per_ft;
	double x0, y0; /* canvas place of the poles' middle at grade */
};

static double known(double x)
{
	return isfinite(x) ? x : 0;
}

static double x_of(const struct drawing *d, double ft)
{
	return d->x0 + known(ft) * d->per_ft;
}

static double y_of(const struct drawing *d, double ft)
{
	return d->y0 - known(ft) * d->per_ft;
}

/* Poles stand on plates, or reach into their pier or footing. */
static bool plated(const struct structure *s)
{
	return known(s->plate_width_ft) > 0;
}

/* The one footing under all poles; else each pole has its own base. */
static bool one_footing(const struct structure *s)
{
	return s->base == BASE_SPREAD && !s->footing_each;
}

static double pole_x_ft(const struct structure *s, int pole)
{
	return (pole - (s->pole_count - 1) / 2.0) * known(s->pole_spacing_ft);
}

static void widen(struct extent *e, double left, double right)
{
	e->left = fmin(e->left, known(left));
	e->right = fmax(e->right, known(right));
}

static double depth_ft(const struct structure *s)
{
	if (s->base == BASE_NONE)
		return 0;
	return s->base == BASE_PLATE ? known(s->anchor_embed_ft) : known(s->base_depth_ft);
}

static double base_half_ft(const struct structure *s)
{
	double pole = known(s->pole_width_in) / 24;
	return s->base == BASE_NONE ? pole : fmax(pole, known(s->base_width_ft) / 2);
}

static struct extent measure(const struct structure *s)
{
	struct extent e = {.top = fmax(known(s->height_ft), known(s->pole_top_ft)), .bottom = -depth_ft(s)};
	e.sign_left = e.sign_bottom = HUGE_VAL;
	e.sign_right = -HUGE_VAL;
	for (size_t i = 0; i < s->cabinet_count; i++) {
		const struct structure_cabinet *c = &s->cabinets[i];
		double half = known(c->width_ft) / 2;
		e.sign_left = fmin(e.sign_left, known(c->x_ft) - half);
		e.sign_right = fmax(e.sign_right, known(c->x_ft) + half);
		e.sign_bottom = fmin(e.sign_bottom, known(c->bottom_ft));
		e.sign_top = fmax(e.sign_top, known(c->bottom_ft) + known(c->height_ft));
	}
	e.top = fmax(e.top, e.sign_top);
	if (s->cabinet_count > 0)
		widen(&e, e.sign_left, e.sign_right);
	for (size_t i = 0; i < s->member_count; i++) {
		const struct structure_member *m = &s->members[i];
		widen(&e, fmin(known(m->x1_ft), known(m->x2_ft)), fmax(known(m->x1_ft), known(m->x2_ft)));
		e.top = fmax(e.top, fmax(known(m->y1_ft), known(m->y2_ft)));
	}
	if (s->pole_count > 0 || s->base == BASE_SPREAD) {
		double half = one_footing(s) ? 0 : -pole_x_ft(s, 0);
		widen(&e, -half - base_half_ft(s), half + base_half_ft(s));
	}
	if (!(e.top > 0))
		e.top = 1;
	if (!(e.right > e.left))
		widen(&e, -0.5, 0.5);
	return e;
}

/* Choose the scale and put the drawing into the middle of its frame. */
static const struct drawing_scale *place(struct drawing *d, double per_inch)
{
	const struct extent *e = &d->extent;
	double u = d->text, width_ft = e->right - e->left, height_ft = e->top - e->bottom;
	double width = d->frame.width - (LEFT + RIGHT) * u, height = d->frame.height - (TOP + BOTTOM) * u;
	const struct drawing_scale *scale = NULL;
	if (per_inch > 0)
		scale = feet_scale(width_ft, height_ft, width / per_inch, height / per_inch);
	d->per_ft = scale != NULL ? scale->inches_per_ft * per_inch : fmin(width / width_ft, height / height_ft);
	double left = d->frame.x + LEFT * u + (width - width_ft * d->per_ft) / 2;
	double top = d->frame.y + TOP * u + (height - height_ft * d->per_ft) / 2;
	d->x0 = left - e->left * d->per_ft;
	d->y0 = top + e->top * d->per_ft;
	d->look.per_ft = d->per_ft;
	return scale;
}

/* Does concrete that reaches up to grade meet this stretch? */
static bool in_concrete(const struct drawing *d, double from, double to)
{
	const struct structure *s = d->structure;
	bool flush = s->base == BASE_PIER || (s->base == BASE_SPREAD && depth_ft(s) < known(s->base_thickness_ft) + 1e-6);
	double half = known(s->base_width_ft) / 2 * d->per_ft;
	for (int i = 0; flush && i < (one_footing(s) ? 1 : s->pole_count); i++) {
		double x = one_footing(s) ? d->x0 : x_of(d, pole_x_ft(s, i));
		if (to > x - half && from < x + half)
			return true;
	}
	return false;
}

static void draw_grade(const struct drawing *d)
{
	double u = d->text, left = x_of(d, d->extent.left) - 4 * u, right = x_of(d, d->extent.right) + 4 * u;
	struct ink line = {.line = INK, .width = 0.16 * u}, hatch = {.line = GREY, .width = 0.06 * u};
	canvas_line(d->canvas, left, d->y0, right, d->y0, &line);
	double group = 3.2 * u;
	for (double x = left + 0.6 * u; x + 1.6 * u < right; x += group)
		for (int i = 0; i < 3 && !in_concrete(d, x - 0.7 * u, x + u); i++)
			canvas_line(d->canvas, x + i * 0.5 * u, d->y0 + 0.1 * u, x + (i * 0.5 - 0.7) * u, d->y0 + 0.8 * u, &hatch);
	struct pen pen = {.face = FACE_SANS, .size = 0.85 * u, .colour = GREY};
	canvas_text(d->canvas, right + 0.5 * u, d->y0 + 0.3 * u, &pen, "GRADE");
}

static struct ink concrete(const struct drawing *d)
{
	return (struct ink){.fill = CONCRETE, .line = GREY, .width = 0.1 * d->text, .dash = 0.5 * d->text};
}

static void draw_pier(const struct drawing *d, double x_ft)
{
	const struct structure *s = d->structure;
	struct ink ink = concrete(d);
	double width = known(s->base_width_ft) * d->per_ft, depth = known(s->base_depth_ft) * d->per_ft;
	canvas_box(d->canvas, x_of(d, x_ft) - width / 2, d->y0, width, depth, &ink);
	if (plated(s))
		return;
	double pole = known(s->pole_width_in) / 12 * d->per_ft;
	double set = foundation_set_ft(known(s->base_depth_ft)) * d->per_ft;
	ink = (struct ink){.line = GREY, .width = 0.07 * d->text, .dash = 0.4 * d->text};
	canvas_box(d->canvas, x_of(d, x_ft) - pole / 2, d->y0, pole, set, &ink);
}

static void draw_spread(const struct drawing *d)
{
	const struct structure *s = d->structure;
	struct ink ink = concrete(d);
	double width = known(s->base_width_ft) * d->per_ft, thickness = known(s->base_thickness_ft) * d->per_ft;
	double bottom = y_of(d, -known(s->base_depth_ft)), pole = known(s->pole_width_in) / 12 * d->per_ft;
	for (int i = 0; i < (one_footing(s) ? 1 : s->pole_count); i++)
		canvas_box(d->canvas, (one_footing(s) ? d->x0 : x_of(d, pole_x_ft(s, i))) - width / 2, bottom - thickness,
				   width, thickness, &ink);
	ink = (struct ink){.line = GREY, .width = 0.07 * d->text, .dash = 0.4 * d->text};
	for (int i = 0; i < s->pole_count && !plated(s); i++)
		canvas_box(d->canvas, x_of(d, pole_x_ft(s, i)) - pole / 2, d->y0, pole, fmax(bottom - thickness / 2 - d->y0, 0),
				   &ink);
}

/* Bolts that stand behind each other in the elevation are one line. */
static void draw_plate(const struct drawing *d, double x_ft, double width_ft, double thickness_ft)
{
	const struct structure *s = d->structure;
	double width = known(width_ft) * d->per_ft, x = x_of(d, x_ft);
	double thickness = fmax(known(thickness_ft) * d->per_ft, 0.25 * d->text);
	struct ink steel = {.fill = STEEL_DARK, .line = INK, .width = 0.08 * d->text};
	canvas_box(d->canvas, x - width / 2, d->y0 - thickness, width, thickness, &steel);
	struct ink bolt = {.line = INK, .width = 0.1 * d->text, .dash = 0.45 * d->text};
	double reach = width / 2 - known(s->anchor_edge_ft) * d->per_ft;
	for (int side = -1; side <= 1 && s->anchor_count > 0; side += 2)
		canvas_line(d->canvas, x + side * reach, d->y0 - thickness - 0.4 * d->text, x + side * reach,
					y_of(d, -known(s->anchor_embed_ft)), &bolt);
}

static void draw_bases(const struct drawing *d)
{
	const struct structure *s = d->structure;
	if (s->base == BASE_SPREAD)
		draw_spread(d);
	for (int i = 0; i < s->pole_count && s->base == BASE_PIER; i++)
		draw_pier(d, pole_x_ft(s, i));
}

static void draw_poles(const struct drawing *d)
{
	const struct structure *s = d->structure;
	double width = fmax(known(s->pole_width_in) / 12 * d->per_ft, 0.2 * d->text);
	struct ink steel = {.fill = STEEL, .line = INK, .width = 0.1 * d->text};
	for (int i = 0; i < s->pole_count; i++) {
		double x = x_of(d, pole_x_ft(s, i)), top = y_of(d, s->pole_top_ft);
		canvas_box(d->canvas, x - width / 2, top, width, fmax(d->y0 - top, 0), &steel);
		if (s->base == BASE_PLATE)
			draw_plate(d, pole_x_ft(s, i), s->base_width_ft, s->base_thickness_ft);
		else if (plated(s))
			draw_plate(d, pole_x_ft(s, i), s->plate_width_ft, s->plate_thickness_ft);
	}
}

static void draw_members(const struct drawing *d)
{
	struct ink steel = {.fill = STEEL, .line = INK, .width = 0.1 * d->text};
	for (size_t i = 0; i < d->structure->member_count; i++) {
		const struct structure_member *m = &d->structure->members[i];
		double x1 = x_of(d, m->x1_ft), y1 = y_of(d, m->y1_ft), x2 = x_of(d, m->x2_ft), y2 = y_of(d, m->y2_ft);
		double length = hypot(x2 - x1, y2 - y1), half = fmax(known(m->width_in) / 24 * d->per_ft, 0.1 * d->text);
		if (!(length > 0))
			continue;
		double nx = -(y2 - y1) / length * half, ny = (x2 - x1) / length * half;
		struct point corners[] = {{x1 + nx, y1 + ny}, {x2 + nx, y2 + ny}, {x2 - nx, y2 - ny}, {x1 - nx, y1 - ny}};
		canvas_shape(d->canvas, corners, 4, true, &steel);
	}
}

/* Name and size inside the cabinet; false when there is no room for both lines. */
static bool label_cabinet(const struct drawing *d, const struct structure_cabinet *c, struct box box)
{
	double u = d->text;
	if (box.width < 5 * u || box.height < 1.6 * u)
		return false;
	char wide[FEET_TEXT_MAX], high[FEET_TEXT_MAX], size[2 * FEET_TEXT_MAX + 8];
	snprintf(size, sizeof size, "%s \xc3\x97 %s", feet_format(wide, c->width_ft), feet_format(high, c->height_ft));
	struct pen name = {.face = FACE_BOLD, .size = u, .colour = INK, .anchor = ANCHOR_MIDDLE};
	struct pen plain = {.face = FACE_SANS, .size = 0.9 * u, .colour = GREY, .anchor = ANCHOR_MIDDLE};
	double x = box.x + box.width / 2, y = box.y + box.height / 2, room = box.width - u;
	bool named = c->label != NULL && c->label[0] != '\0' && box.height >= 3 * u;
	if (named)
		canvas_fit(d->canvas, x, y - 0.25 * u, room, &name, c->label);
	canvas_fit(d->canvas, x, y + (named ? 1.05 : 0.33) * u, room, &plain, size);
	return true;
}

static size_t draw_cabinets(const struct drawing *d)
{
	size_t unlabelled = 0;
	struct ink face = {.fill = PAPER_TINT, .line = INK};
	for (size_t i = 0; i < d->structure->cabinet_count; i++) {
		const struct structure_cabinet *c = &d->structure->cabinets[i];
		double width = known(c->width_ft) * d->per_ft, height = known(c->height_ft) * d->per_ft;
		struct box box = {x_of(d, c->x_ft) - width / 2, y_of(d, c->bottom_ft) - height, width, height};
		face.width = fmin(0.2 * d->text, fmax(0.04 * fmin(width, height), 0.05 * d->text));
		canvas_boxes(d->canvas, &box, 1, &face);
		unlabelled += !label_cabinet(d, c, box);
	}
	return unlabelled;
}

static int descending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x < y) - (x > y);
}

/* Levels of the sign's dimension chain in feet, top first: grade, and where cabinets begin and end. */
static size_t levels_of(const struct structure *s, const struct extent *e, double levels[LEVELS_MAX])
{
	double all[2 * 64 + 1];
	size_t count = 0, kept = 0;
	all[count++] = 0;
	for (size_t i = 0; i < s->cabinet_count && count + 2 < sizeof all / sizeof *all; i++) {
		all[count++] = known(s->cabinets[i].bottom_ft);
		all[count++] = known(s->cabinets[i].bottom_ft) + known(s->cabinets[i].height_ft);
	}
	qsort(all, count, sizeof *all, descending);
	for (size_t i = 0; i < count && kept <= LEVELS_MAX; i++)
		if (i == 0 || all[i] < all[i - 1] - 1e-6) {
			if (kept < LEVELS_MAX)
				levels[kept] = all[i];
			kept++;
		}
	if (kept <= LEVELS_MAX && 2 * s->cabinet_count < sizeof all / sizeof *all)
		return kept;
	kept = 0;
	levels[kept++] = e->sign_top;
	if (e->sign_bottom > 1e-6 && e->sign_bottom < e->sign_top)
		levels[kept++] = e->sign_bottom;
	levels[kept++] = 0;
	return kept;
}

static void dimension_left(const struct drawing *d)
{
	const struct extent *e = &d->extent;
	double levels[LEVELS_MAX], u = d->text, from = x_of(d, e->left);
	size_t count = levels_of(d->structure, e, levels);
	for (size_t i = 0; i < count; i++)
		levels[i] = y_of(d, levels[i]);
	if (count >= 2)
		dimension_vertical(d->canvas, &d->look, from - 5.2 * u, from, levels, count);
	double overall[] = {y_of(d, e->top), d->y0};
	if (count != 2 || levels[0] > overall[0] + 1e-6)
		dimension_vertical(d->canvas, &d->look, from - 9.6 * u, from, overall, 2);
}

static void dimension_below(const struct drawing *d)
{
	const struct structure *s = d->structure;
	double u = d->text, bottom = y_of(d, d->extent.bottom), width = known(s->base_width_ft) * d->per_ft;
	double first = one_footing(s) ? d->x0 : x_of(d, pole_x_ft(s, 0));
	if (s->base != BASE_NONE && width > 0)
		dimension_horizontal(d->canvas, &d->look, bottom + 2.4 * u, bottom, first - width / 2, first + width / 2);
	if (s->pole_count > 1)
		dimension_horizontal(d->canvas, &d->look, bottom + 5 * u, bottom + 2 * u, x_of(d, pole_x_ft(s, 0)),
							 x_of(d, pole_x_ft(s, 1)));
}

static void dimension_depth(const struct drawing *d)
{
	const struct structure *s = d->structure;
	double u = d->text, depth = depth_ft(s);
	double outer = one_footing(s) || s->pole_count == 0 ? 0 : pole_x_ft(s, 0);
	double from = x_of(d, outer - base_half_ft(s));
	if (!(depth > 0))
		return;
	double levels[] = {d->y0, y_of(d, -depth + known(s->base_thickness_ft)), y_of(d, -depth)};
	bool split = s->base == BASE_SPREAD && s->base_thickness_ft > 0 && s->base_thickness_ft < depth - 1e-6;
	if (!split)
		levels[1] = levels[2];
	dimension_vertical(d->canvas, &d->look, from - 3 * u, from, levels, split ? 3 : 2);
}

/* A text in the right margin with a line to the part it names. */
static void callout(const struct drawing *d, double x, double y, double text_y, const char *title, const char *text)
{
	if (text == NULL || text[0] == '\0')
		return;
	double u = d->text, left = x_of(d, d->extent.right) + 7 * u;
	double room = d->frame.x + d->frame.width - left;
	struct ink line = {.line = GREY, .width = 0.08 * u}, dot = {.fill = INK};
	struct point points[] = {{x, y}, {left - 2 * u, text_y}, {left - 0.5 * u, text_y}};
	canvas_shape(d->canvas, points, 3, false, &line);
	canvas_ring(d->canvas, x, y, 0.22 * u, &dot);
	struct pen head = {.face = FACE_BOLD, .size = u, .colour = INK},
			   body = {.face = FACE_SANS, .size = u, .colour = INK};
	canvas_fit(d->canvas, left, text_y + 0.35 * u, room, &head, title);
	canvas_lines(d->canvas, left, text_y + 1.65 * u, room, 1.3 * u, 3, &body, text);
}

static void draw_callouts(const struct drawing *d)
{
	const struct structure *s = d->structure;
	double u = d->text, right = s->pole_count > 0 ? pole_x_ft(s, s->pole_count - 1) : 0;
	double clear = fmin(d->extent.sign_bottom, known(s->pole_top_ft));
	double pole_y = y_of(d, isfinite(clear) && clear > 0 ? clear / 2 : known(s->pole_top_ft) / 2);
	if (s->pole_count > 0) {
		double text_y = fmin(pole_y, d->y0 - 5 * u);
		callout(d, x_of(d, right + known(s->pole_width_in) / 24), pole_y, text_y, s->pole_count > 1 ? "POLES" : "POLE",
				s->pole_label);
	}
	static const char *const titles[] = {"", "DRILLED PIER", "SPREAD FOOTING", "BASE PLATE"};
	double y =
		s->base == BASE_PLATE ? d->y0 : y_of(d, -depth_ft(s) + fmin(known(s->base_thickness_ft), depth_ft(s)) / 2);
	double x = one_footing(s) ? x_of(d, known(s->base_width_ft) / 2) : x_of(d, right + known(s->base_width_ft) / 2);
	if (s->base == BASE_PIER)
		y = y_of(d, -depth_ft(s) / 4);
	if (s->base != BASE_NONE)
		callout(d, x, y, fmax(y, d->y0 + 2.5 * u), titles[s->base], s->base_label);
}

struct elevation_view elevation_draw(struct canvas *canvas, struct box frame, double text, double per_inch,
									 const struct structure *structure)
{
	struct drawing d = {.canvas = canvas, .structure = structure, .frame = frame, .text = text};
	d.look = (struct dimension){.text = text, .line = GREY, .ink = INK};
	d.extent = measure(structure);
	struct elevation_view view = {.scale = place(&d, per_inch)};
	view.per_ft = d.per_ft;
	draw_bases(&d);
	draw_grade(&d);
	draw_poles(&d);
	draw_members(&d);
	view.cabinets_unlabelled = draw_cabinets(&d);
	dimension_left(&d);
	dimension_depth(&d);
	dimension_below(&d);
	if (structure->cabinet_count > 0) {
		double y = y_of(&d, d.extent.sign_top);
		dimension_horizontal(canvas, &d.look, y - 2.6 * text, y, x_of(&d, d.extent.sign_left),
							 x_of(&d, d.extent.sign_right));
	}
	draw_callouts(&d);
	return view;
}

/* The drawing in words, for those who do not see it. */
static void describe(const struct structure *s, struct buf *words)
{
	struct extent e = measure(s);
	char a[FEET_TEXT_MAX], b[FEET_TEXT_MAX];
	buf_addf(words, "Elevation of a sign structure, top at %s above grade", feet_format(a, e.top));
	if (s->cabinet_count > 0) {
		buf_addf(words, ", %zu cabinet%s, %s wide in all", s->cabinet_count, s->cabinet_count == 1 ? "" : "s",
				 feet_format(a, e.sign_right - e.sign_left));
		buf_addf(words, ", lowest edge at %s", feet_format(b, e.sign_bottom));
	}
	if (s->pole_count > 0)
		buf_addf(words, "; %d pole%s %s", s->pole_count, s->pole_count == 1 ? "" : "s",
				 s->pole_label != NULL ? s->pole_label : "");
	static const char *const bases[] = {"no foundation designed", "drilled pier", "spread footing", "base plate"};
	buf_addf(words, "; %s", bases[s->base]);
	if (s->base != BASE_NONE)
		buf_addf(words, " %s wide", feet_format(a, s->base_width_ft));
	if (s->base == BASE_PIER || s->base == BASE_SPREAD)
		buf_addf(words, ", underside %s below grade", feet_format(a, s->base_depth_ft));
	if (plated(s))
		buf_addf(words, ", base plate %s wide", feet_format(a, s->plate_width_ft));
	else if (s->base == BASE_PIER)
		buf_addf(words, ", poles set %s into it", feet_format(a, foundation_set_ft(s->base_depth_ft)));
	buf_addc(words, '.');
}

bool elevation_svg(struct fonts *fonts, const struct structure *structure, const char *title, struct buf *out,
				   struct err *err)
{
	static const struct box frame = {0, 0, 960, 720};
	struct buf words, picture;
	buf_init(&words, 0);
	buf_init(&picture, ELEVATION_SVG_LIMIT);
	describe(structure, &words);
	struct canvas *canvas = canvas_svg(fonts, frame.width, frame.height, title, buf_text(&words), &picture, err);
	bool done = canvas != NULL;
	if (done) {
		canvas_box(canvas, 0, 0, frame.width, frame.height, &(struct ink){.fill = PAPER});
		elevation_draw(canvas, frame, 13, 0, structure);
		done = canvas_finish(canvas, err);
	}
	if (done)
		buf_add(out, picture.bytes, picture.size);
	canvas_free(canvas);
	buf_fini(&words);
	buf_fini(&picture);
	return done;
}
