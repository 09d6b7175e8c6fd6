#include "draw/dimension.h"

#include <math.h>

#include "draw/feet.h"

static const double TICK = 0.42, GAP = 0.35, OVERSHOOT = 0.5; /* parts of the text's size */

static struct ink thin(const struct dimension *look)
{
	return (struct ink){.line = look->line, .width = 0.06 * look->text};
}

static void tick(struct canvas *canvas, const struct dimension *look, double x, double y)
{
	double d = TICK * look->text;
	struct ink ink = {.line = look->ink, .width = 0.14 * look->text};
	canvas_line(canvas, x - d, y + d, x + d, y - d, &ink);
}

/* The text of one part of a vertical chain; returns the lowest y it takes when set beside, else `used`. */
static double part_text(struct canvas *canvas, const struct dimension *look, double x, int side, double top,
						double bottom, double used)
{
	char text[FEET_TEXT_MAX];
	feet_format(text, (bottom - top) / look->per_ft);
	struct pen pen = {.face = FACE_SANS, .size = look->text, .colour = look->ink, .anchor = ANCHOR_MIDDLE, .turn = -90};
	double middle = (top + bottom) / 2;
	if (canvas_text_width(canvas, &pen, text) + look->text <= bottom - top) {
		double baseline = side < 0 ? x - GAP * look->text : x + (GAP + 0.75) * look->text;
		canvas_text(canvas, baseline, middle, &pen, text);
		return used;
	}
	if (middle - 0.6 * look->text < used)
		return used;
	pen.turn = 0;
	pen.anchor = side < 0 ? ANCHOR_END : ANCHOR_START;
	canvas_text(canvas, x + side * 0.8 * look->text, middle + 0.36 * look->text, &pen, text);
	return middle + 0.6 * look->text;
}

void dimension_vertical(struct canvas *canvas, const struct dimension *look, double x, double from,
						const double *levels, size_t count)
{
	int side = x < from ? -1 : 1;
	struct ink ink = thin(look);
	canvas_line(canvas, x, levels[0] - OVERSHOOT * look->text, x, levels[count - 1] + OVERSHOOT * look->text, &ink);
	double used = -HUGE_VAL;
	for (size_t i = 0; i < count; i++) {
		canvas_line(canvas, from + side * GAP * look->text, levels[i], x + side * OVERSHOOT * look->text, levels[i],
					&ink);
		tick(canvas, look, x, levels[i]);
		if (i + 1 < count)
			used = part_text(canvas, look, x, side, levels[i], levels[i + 1], used);
	}
}

void dimension_horizontal(struct canvas *canvas, const struct dimension *look, double y, double from, double x1,
						  double x2)
{
	int side = y < from ? -1 : 1;
	struct ink ink = thin(look);
	canvas_line(canvas, x1 - OVERSHOOT * look->text, y, x2 + OVERSHOOT * look->text, y, &ink);
	const double ends[] = {x1, x2};
	for (int i = 0; i < 2; i++) {
		canvas_line(canvas, ends[i], from + side * GAP * look->text, ends[i], y + side * OVERSHOOT * look->text, &ink);
		tick(canvas, look, ends[i], y);
	}
	char text[FEET_TEXT_MAX];
	feet_format(text, (x2 - x1) / look->per_ft);
	struct pen pen = {.face = FACE_SANS, .size = look->text, .colour = look->ink, .anchor = ANCHOR_MIDDLE};
	bool beside = canvas_text_width(canvas, &pen, text) + look->text > x2 - x1;
	pen.anchor = beside ? ANCHOR_START : ANCHOR_MIDDLE;
	canvas_text(canvas, beside ? x2 + look->text : (x1 + x2) / 2, y - (beside ? -0.36 : GAP) * look->text, &pen, text);
}
