#include "draw/page.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

struct pen page_pen(enum typeface face, double size, colour tone, enum anchor anchor)
{
	return (struct pen){.face = face, .size = size, .colour = tone, .anchor = anchor};
}

void page_text(struct canvas *canvas, double x, double y, struct pen pen, const char *text)
{
	canvas_text(canvas, x, y, &pen, text);
}

void page_fit(struct canvas *canvas, double x, double y, double width, struct pen pen, const char *text)
{
	canvas_fit(canvas, x, y, width, &pen, text);
}

void page_rule(struct canvas *canvas, double x1, double x2, double y, double width, colour tone)
{
	canvas_line(canvas, x1, y, x2, y, &(struct ink){.line = tone, .width = width});
}

const char *page_or_dash(const char *text)
{
	return text != NULL && text[0] != '\0' ? text : "\xe2\x80\x93";
}

void page_head(struct canvas *canvas, const struct report *report, const char *title)
{
	page_text(canvas, PAGE_LEFT, 62, page_pen(FACE_BOLD, 17, INK, ANCHOR_START), title);
	struct pen right = page_pen(FACE_SANS, 8, GREY, ANCHOR_END);
	page_fit(canvas, PAGE_RIGHT, 51, 280, page_pen(FACE_BOLD, 8, INK, ANCHOR_END), page_or_dash(report->project_name));
	page_fit(canvas, PAGE_RIGHT, 62, 280, right, page_or_dash(report->street));
	page_rule(canvas, PAGE_LEFT, PAGE_RIGHT, 72, 0.75, INK);
}

void page_foot(struct canvas *canvas, const struct report *report, int number)
{
	page_rule(canvas, PAGE_LEFT, PAGE_RIGHT, 754, 0.5, RULE);
	char text[96];
	snprintf(text, sizeof text, "Seal %.16s", page_or_dash(report->seal_sha256));
	page_text(canvas, PAGE_LEFT, 765, page_pen(FACE_MONO, 6.5, GREY, ANCHOR_START), text);
	struct pen middle = page_pen(FACE_SANS, 7, GREY, ANCHOR_MIDDLE);
	page_fit(canvas, (PAGE_LEFT + PAGE_RIGHT) / 2, 765, 230, middle, report->code_version);
	snprintf(text, sizeof text, "Page %d of %d", number, PAGE_COUNT);
	page_text(canvas, PAGE_RIGHT, 765, page_pen(FACE_SANS, 7, GREY, ANCHOR_END), text);
}

double page_heading(struct canvas *canvas, double x, double y, double width, const char *title)
{
	page_fit(canvas, x, y, width, page_pen(FACE_BOLD, 8.5, ACCENT, ANCHOR_START), title);
	page_rule(canvas, x, x + width, y + 4.5, 0.5, INK);
	return y + 16;
}

/* Commas every three digits of the whole part. */
static void group_digits(char *into, const char *digits)
{
	size_t whole = strcspn(digits, "."), used = 0;
	for (size_t i = 0; digits[i] != '\0'; i++) {
		if (i > 0 && i < whole && (whole - i) % 3 == 0)
			into[used++] = ',';
		into[used++] = digits[i];
	}
	into[used] = '\0';
}

const char *page_number(char text[NUMBER_TEXT_MAX], double number, int decimals)
{
	static const char minus[] = "\xe2\x88\x92";
	char digits[40], grouped[56];
	if (isinf(number)) {
		snprintf(text, NUMBER_TEXT_MAX, "%s\xe2\x88\x9e", number < 0 ? minus : "");
		return text;
	}
	if (!(fabs(number) < 1e10)) {
		snprintf(text, NUMBER_TEXT_MAX, isnan(number) ? "\xe2\x80\x93" : "%.3e", number);
		return text;
	}
	snprintf(digits, sizeof digits, "%.*f", decimals, fabs(number));
	group_digits(grouped, digits);
	bool negative = number < 0 && strspn(digits, "0.") != strlen(digits);
	snprintf(text, NUMBER_TEXT_MAX, "%s%.40s", negative ? minus : "", grouped);
	return text;
}

int page_decimals(double number, int digits)
{
	double size = fabs(number);
	if (!(size > 0))
		return 0;
	int whole = size >= 1000 ? 4 : size >= 100 ? 3 : size >= 10 ? 2 : size >= 1 ? 1 : 0;
	int decimals = digits - whole, most = size < 0.1 ? 4 : 3;
	return decimals < 0 ? 0 : decimals > most ? most : decimals;
}

void page_decimal(struct canvas *canvas, double x, double y, struct pen pen, const char *number)
{
	char whole[NUMBER_TEXT_MAX];
	snprintf(whole, sizeof whole, "%.*s", (int)strcspn(number, "."), number);
	pen.anchor = ANCHOR_START;
	page_text(canvas, x - canvas_text_width(canvas, &pen, whole), y, pen, number);
}

/* Values end where units begin; a text too long for that may reach to the edge. */
static void draw_value(struct canvas *canvas, double y, struct box frame, double unit_width, const struct pen *pen,
					   const struct report_item *item)
{
	struct pen grey = page_pen(FACE_SANS, pen->size, GREY, ANCHOR_START);
	double right = frame.x + frame.width, unit_x = right - unit_width;
	char number[NUMBER_TEXT_MAX];
	bool plain = item->text != NULL;
	const char *value = plain ? page_or_dash(item->text) : page_number(number, item->number, item->decimals);
	double taken = canvas_text_width(canvas, pen, value), gap = pen->size * 0.7;
	double label = fmin(canvas_text_width(canvas, &grey, page_or_dash(item->label)), frame.width * 0.5);
	if (plain && taken > unit_x - frame.x - label - gap)
		unit_x = right;
	double room = unit_x - frame.x - label - gap;
	page_fit(canvas, unit_x, y, room, *pen, value);
	if (!plain)
		page_fit(canvas, unit_x + pen->size * 0.35, y, unit_width - pen->size * 0.35, grey, item->unit);
	page_fit(canvas, frame.x, y, unit_x - fmin(taken, room) - gap - frame.x, grey, page_or_dash(item->label));
}

void page_items(struct canvas *canvas, struct box frame, double size, size_t room, const struct report_items *items)
{
	size_t shown = items->count <= room ? items->count : room - 1;
	struct pen value = page_pen(FACE_SANS, size, INK, ANCHOR_END), grey = page_pen(FACE_SANS, size, GREY, ANCHOR_START);
	for (size_t i = 0; i < shown; i++) {
		double y = frame.y + (double)i * frame.height;
		draw_value(canvas, y, frame, size * 2.9, &value, &items->items[i]);
		page_rule(canvas, frame.x, frame.x + frame.width, y + frame.height * 0.28, 0.3, RULE_LIGHT);
	}
	char more[48];
	snprintf(more, sizeof more, "\xe2\x80\xa6 and %zu more", items->count - shown);
	if (shown < items->count)
		page_text(canvas, frame.x, frame.y + (double)shown * frame.height, grey, more);
	if (items->count == 0)
		page_text(canvas, frame.x, frame.y, grey, "None");
}
