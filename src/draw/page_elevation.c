#include <math.h>
#include <stdio.h>

#include "draw/elevation.h"
#include "draw/feet.h"
#include "draw/page.h"

enum { SCHEDULE_ROWS = 6 };

/* A bar of alternating boxes, one to a foot or to a round number of feet. */
static void draw_bar(struct canvas *canvas, double right, double y, double per_ft)
{
	static const double steps[] = {0.25, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500};
	double step = steps[0];
	for (size_t i = 0; i < sizeof steps / sizeof *steps && step * per_ft < 22; i++)
		step = steps[i];
	double x = right - 4 * step * per_ft - 12;
	for (int i = 0; i < 4; i++)
		canvas_box(canvas, x + i * step * per_ft, y, step * per_ft, 4,
				   &(struct ink){.fill = i % 2 == 0 ? INK : PAPER, .line = INK, .width = 0.5});
	struct pen pen = page_pen(FACE_SANS, 6.5, GREY, ANCHOR_MIDDLE);
	for (int i = 0; i <= 4; i += 2) {
		char text[40];
		snprintf(text, sizeof text, "%g%s", i * step, i == 4 ? " ft" : "");
		page_text(canvas, x + i * step * per_ft, y + 12, pen, text);
	}
}

static void draw_strip(struct canvas *canvas, const struct elevation_view *view, double y)
{
	char text[80];
	if (view->scale != NULL)
		snprintf(text, sizeof text, "Scale %s = 1 ft", view->scale->name);
	else
		snprintf(text, sizeof text, "Not to a standard scale");
	page_text(canvas, PAGE_LEFT, y + 6, page_pen(FACE_BOLD, 10, INK, ANCHOR_START), "ELEVATION");
	page_text(canvas, PAGE_LEFT + 72, y + 6, page_pen(FACE_SANS, 8, GREY, ANCHOR_START), text);
	page_text(canvas, PAGE_LEFT + 72, y + 16, page_pen(FACE_SANS, 7, GREY, ANCHOR_START),
			  view->scale != NULL ? "on US letter printed at 100 %. Dimensions govern; to the nearest 1/16 in."
								  : "No standard scale fits this sheet. Dimensions govern; to the nearest 1/16 in.");
	draw_bar(canvas, PAGE_RIGHT, y, view->per_ft);
}

static const struct {
	const char *title;
	double right;
} schedule_columns[] = {
	{"Width", 330},
	{"Height", 410},
	{"Bottom above grade", 500},
	{"Centre from poles", 522 + 45},
};

static void draw_row(struct canvas *canvas, double y, size_t index, const struct structure_cabinet *cabinet)
{
	char text[FEET_TEXT_MAX];
	snprintf(text, sizeof text, "%zu", index + 1);
	page_text(canvas, PAGE_LEFT, y, page_pen(FACE_SANS, 7.5, GREY, ANCHOR_START), text);
	page_fit(canvas, PAGE_LEFT + 22, y, 190, page_pen(FACE_SANS, 7.5, INK, ANCHOR_START), page_or_dash(cabinet->label));
	const double values[] = {cabinet->width_ft, cabinet->height_ft, cabinet->bottom_ft, cabinet->x_ft};
	for (int i = 0; i < 4; i++)
		page_text(canvas, schedule_columns[i].right, y, page_pen(FACE_SANS, 7.5, INK, ANCHOR_END),
				  feet_format(text, values[i]));
	page_rule(canvas, PAGE_LEFT, PAGE_RIGHT, y + 3.5, 0.3, RULE_LIGHT);
}

static size_t schedule_rows(const struct structure *s)
{
	return s->cabinet_count <= SCHEDULE_ROWS ? s->cabinet_count : SCHEDULE_ROWS;
}

static void draw_schedule(struct canvas *canvas, const struct structure *s, double y)
{
	double at = page_heading(canvas, PAGE_LEFT, y, 522, "Cabinets");
	for (int i = 0; i < 4; i++)
		page_text(canvas, schedule_columns[i].right, y, page_pen(FACE_SANS, 7, GREY, ANCHOR_END),
				  schedule_columns[i].title);
	size_t rows = schedule_rows(s), shown = rows < s->cabinet_count ? rows - 1 : rows;
	for (size_t i = 0; i < shown; i++)
		draw_row(canvas, at + (double)i * 12, i, &s->cabinets[i]);
	char more[96];
	snprintf(more, sizeof more, "\xe2\x80\xa6 and %zu more, in the sealed result", s->cabinet_count - shown);
	if (shown < s->cabinet_count)
		page_text(canvas, PAGE_LEFT, at + (double)shown * 12, page_pen(FACE_SANS, 7.5, GREY, ANCHOR_START), more);
}

void page_elevation(struct canvas *canvas, const struct report *report)
{
	const struct structure *s = &report->structure;
	page_head(canvas, report, "Elevation");
	size_t rows = schedule_rows(s);
	double schedule = PAGE_BOTTOM - 8 - 12 * (double)(rows == 0 ? 0 : rows), strip = schedule - 34;
	if (rows == 0)
		strip = PAGE_BOTTOM - 22;
	struct box frame = {PAGE_LEFT, 80, PAGE_RIGHT - PAGE_LEFT, strip - 14 - 80};
	struct elevation_view view = elevation_draw(canvas, frame, 7.5, 72, s);
	page_rule(canvas, PAGE_LEFT, PAGE_RIGHT, strip - 8, 0.5, RULE);
	draw_strip(canvas, &view, strip);
	if (rows > 0)
		draw_schedule(canvas, s, schedule);
	if (s->pole_count == 0)
		page_text(canvas, (PAGE_LEFT + PAGE_RIGHT) / 2, 92, page_pen(FACE_BOLD, 9, INK, ANCHOR_MIDDLE),
				  "No feasible support was found: only the sign is shown.");
}
