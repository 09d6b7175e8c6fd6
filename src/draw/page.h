/*
 * What the pages of a report share: the sheet, the running head and foot, panels, and numbers in columns.
 */
#ifndef CS_DRAW_PAGE_H
#define CS_DRAW_PAGE_H

#include "draw/canvas.h"
#include "draw/palette.h"
#include "draw/report.h"

enum {
	/* US letter in points, and the edges of what is printed */
	PAGE_WIDTH = 612,
	PAGE_HEIGHT = 792,
	PAGE_LEFT = 45,
	PAGE_RIGHT = 567,
	PAGE_TOP = 96,
	PAGE_BOTTOM = 744,
	PAGE_COUNT = 4,
	NUMBER_TEXT_MAX = 64,
};

/* Text at (x, y) in one of the house styles. */
struct pen page_pen(enum typeface face, double size, colour tone, enum anchor anchor);
void page_text(struct canvas *canvas, double x, double y, struct pen pen, const char *text);
void page_fit(struct canvas *canvas, double x, double y, double width, struct pen pen, const char *text);
void page_rule(struct canvas *canvas, double x1, double x2, double y, double width, colour tone);

/* Head and foot of pages 2 to 4 (page 1 has a foot only). */
void page_head(struct canvas *canvas, const struct report *report, const char *title);
void page_foot(struct canvas *canvas, const struct report *report, int number);

/* A small heading in capitals over a rule; returns the baseline of the first line below. */
double page_heading(struct canvas *canvas, double x, double y, double width, const char *title);

/* 12345.678 with 1 decimal as "12,345.7"; NaN is a dash.  Returns text. */
const char *page_number(char text[NUMBER_TEXT_MAX], double number, int decimals);

/* Decimals that show about `digits` significant figures of the number, 0 to 4. */
int page_decimals(double number, int digits);

/* Label, value and unit lines from the frame's first baseline, `frame.height` apart; at most `room` lines, the last one
 * saying how many more there are. */
void page_items(struct canvas *canvas, struct box frame, double size, size_t room, const struct report_items *items);

/* The number with its decimal point at x, so that a column of them lines up. */
void page_decimal(struct canvas *canvas, double x, double y, struct pen pen, const char *number);

/* Text or a dash. */
const char *page_or_dash(const char *text);

void page_cover(struct canvas *canvas, const struct report *report);
void page_elevation(struct canvas *canvas, const struct report *report);
void page_output(struct canvas *canvas, const struct report *report);
void page_notes(struct canvas *canvas, const struct report *report);

#endif
