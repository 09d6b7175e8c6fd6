#include <math.h>
#include <stdio.h>

#include "draw/checks_table.h"
#include "draw/page.h"

enum { PANEL_ROWS = 12, LOAD_ROWS = 9 };

static const double PANEL_LEADING = 11, LOAD_LEADING = 11.5;

static size_t at_most(size_t count, size_t most)
{
	return count < most ? count : most;
}

static double draw_panels(struct canvas *canvas, const struct report *report, double y)
{
	static const char *const titles[] = {"Site", "Wind", "Pole", "Foundation"};
	const struct report_items *all[] = {&report->site, &report->wind, &report->pole, &report->foundation};
	double width = 120, gap = (PAGE_RIGHT - PAGE_LEFT - 4 * width) / 3;
	size_t most = 1;
	for (int i = 0; i < 4; i++) {
		double x = PAGE_LEFT + i * (width + gap);
		double first = page_heading(canvas, x, y, width, titles[i]);
		page_items(canvas, (struct box){x, first, width, PANEL_LEADING}, 7.2, PANEL_ROWS, all[i]);
		if (all[i]->count > most)
			most = all[i]->count;
	}
	return y + 16 + PANEL_LEADING * (double)at_most(most, PANEL_ROWS) + 12;
}

/* Right edges (decimal points) of the load table's numbers. */
static const struct {
	const char *title, *unit;
	double right;
} load_columns[] = {
	{"Force", "lb", 200},
	{"Arm", "ft", 255},
	{"Moment at grade", "lb-ft", 343},
	{"Torsion", "lb-ft", 413},
};

static void draw_load_head(struct canvas *canvas, double y)
{
	struct pen pen = page_pen(FACE_SANS, 7, GREY, ANCHOR_END);
	for (int i = 0; i < 4; i++) {
		char title[64];
		snprintf(title, sizeof title, "%s, %s", load_columns[i].title, load_columns[i].unit);
		page_text(canvas, load_columns[i].right, y, pen, title);
	}
}

static void draw_load(struct canvas *canvas, double y, const struct report_load *load)
{
	enum typeface face = load->governing ? FACE_BOLD : FACE_SANS;
	if (load->governing)
		canvas_box(canvas, PAGE_LEFT - 4, y - 8, PAGE_RIGHT - PAGE_LEFT + 8, LOAD_LEADING,
				   &(struct ink){.fill = ACCENT_TINT});
	page_fit(canvas, PAGE_LEFT, y, 100, page_pen(face, 7.5, INK, ANCHOR_START), page_or_dash(load->name));
	const double values[] = {load->force_lb, load->arm_ft, load->moment_lbft, load->torsion_lbft};
	for (int i = 0; i < 4; i++) {
		char number[NUMBER_TEXT_MAX];
		page_number(number, values[i], i == 1 ? 2 : 0);
		page_text(canvas, load_columns[i].right, y, page_pen(face, 7.5, INK, ANCHOR_END), number);
	}
	page_fit(canvas, 428, y, PAGE_RIGHT - 428, page_pen(FACE_SANS, 7, GREY, ANCHOR_START), load->note);
	page_rule(canvas, PAGE_LEFT, PAGE_RIGHT, y + 3.3, 0.3, RULE_LIGHT);
}

static double draw_loads(struct canvas *canvas, const struct report *report, double y)
{
	double first = page_heading(canvas, PAGE_LEFT, y, PAGE_RIGHT - PAGE_LEFT, "Wind loads");
	draw_load_head(canvas, y);
	size_t count = report->load_count, shown = count <= LOAD_ROWS ? count : LOAD_ROWS - 1;
	for (size_t i = 0; i < shown; i++)
		draw_load(canvas, first + LOAD_LEADING * (double)i, &report->loads[i]);
	char more[64];
	snprintf(more, sizeof more, "\xe2\x80\xa6 and %zu more", count - shown);
	double end = first + LOAD_LEADING * (double)shown;
	if (count == 0 || shown < count) {
		page_text(canvas, PAGE_LEFT, end, page_pen(FACE_SANS, 7.5, GREY, ANCHOR_START), count == 0 ? "None" : more);
		end += LOAD_LEADING;
	}
	return end + 8;
}

void page_output(struct canvas *canvas, const struct report *report)
{
	page_head(canvas, report, "Design output");
	double y = draw_panels(canvas, report, PAGE_TOP);
	y = draw_loads(canvas, report, y);
	struct box frame = {PAGE_LEFT, y, PAGE_RIGHT - PAGE_LEFT, PAGE_BOTTOM - y};
	checks_table_draw(canvas, frame, report->checks, report->check_count);
}
