#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/foundation_impl.h"

enum { LINE_MAX = 200 };

#define LINE_STEP (SHEET_TEXT * 1.7)
#define CHARACTER 0.78 /* of a text's height: no wide typeface is wider on average */

void sheet_text(const struct sheet *sheet, enum dxf_layer layer, double x, double y, double height, enum anchor anchor,
				const char *text)
{
	dxf_text(sheet->dxf, layer, &(struct dxf_text){.x = x, .y = y, .height = height, .anchor = anchor, .text = text});
}

const char *sheet_feet(char text[FEET_TEXT_MAX], double length_ft)
{
	char typographic[FEET_TEXT_MAX];
	char *to = text;
	feet_format(typographic, length_ft);
	for (const char *at = typographic; *at != '\0';) {
		static const struct {
			const char *from, *mark;
		} marks[] = {{"\xe2\x80\xb2", "'"}, {"\xe2\x80\xb3", "\""}, {"\xe2\x80\x93", "-"}, {"\xe2\x88\x92", "-"}};
		const char *mark = NULL;
		for (size_t i = 0; mark == NULL && i < sizeof marks / sizeof *marks; i++)
			if (strncmp(at, marks[i].from, strlen(marks[i].from)) == 0) {
				mark = marks[i].mark;
				at += strlen(marks[i].from);
			}
		*to++ = mark != NULL ? *mark : *at++;
	}
	*to = '\0';
	return text;
}

/* --- dimensions: a line between two short ones, slashes where they meet --- */

static void slash(const struct sheet *sheet, double x, double y)
{
	dxf_line(sheet->dxf, DXF_DIMS, x - .04, y - .04, x + .04, y + .04);
}

void sheet_across(const struct sheet *sheet, double x1, double x2, double y, double away, const char *text)
{
	double sign = away < y ? -1 : 1;
	dxf_line(sheet->dxf, DXF_DIMS, x1, y + sign * .06, x1, away + sign * .08);
	dxf_line(sheet->dxf, DXF_DIMS, x2, y + sign * .06, x2, away + sign * .08);
	dxf_line(sheet->dxf, DXF_DIMS, x1 - .06, away, x2 + .06, away);
	slash(sheet, x1, away);
	slash(sheet, x2, away);
	sheet_text(sheet, DXF_DIMS, (x1 + x2) / 2, away + .04, SHEET_TEXT, ANCHOR_MIDDLE, text);
}

void sheet_up(const struct sheet *sheet, double y1, double y2, double x, double away, const char *text)
{
	double sign = away < x ? -1 : 1;
	dxf_line(sheet->dxf, DXF_DIMS, x + sign * .06, y1, away + sign * .08, y1);
	dxf_line(sheet->dxf, DXF_DIMS, x + sign * .06, y2, away + sign * .08, y2);
	dxf_line(sheet->dxf, DXF_DIMS, away, y1 - .06, away, y2 + .06);
	slash(sheet, away, y1);
	slash(sheet, away, y2);
	dxf_text(sheet->dxf, DXF_DIMS,
			 &(struct dxf_text){.x = away - .04,
								.y = (y1 + y2) / 2,
								.height = SHEET_TEXT,
								.turn = 90,
								.anchor = ANCHOR_MIDDLE,
								.text = text});
}

void sheet_view(const struct sheet *sheet, double x, double y, const char *name)
{
	char text[LINE_MAX];
	sheet_text(sheet, DXF_TEXT, x, y, SHEET_HEADING, ANCHOR_MIDDLE, name);
	dxf_line(sheet->dxf, DXF_TEXT, x - .7, y - .06, x + .7, y - .06);
	snprintf(text, sizeof text, "SCALE: %s = 1'-0\"", sheet->scale->name);
	sheet_text(sheet, DXF_TEXT, x, y - .2, SHEET_TEXT, ANCHOR_MIDDLE, text);
}

/* --- words --- */

/* Write a text in lines of at most `width`; the y below the last. */
static double wrap(const struct sheet *sheet, enum dxf_layer layer, double x, double y, double width, const char *text)
{
	size_t most = (size_t)(width / (SHEET_TEXT * CHARACTER));
	char line[LINE_MAX];
	most = most < sizeof line ? most : sizeof line - 1;
	while (text != NULL && *text != '\0') {
		size_t size = strlen(text);
		if (size > most) {
			size_t space = most;
			while (space > 0 && text[space] != ' ')
				space--;
			for (size = space > 0 ? space : most; space == 0 && size > 1 && ((unsigned char)text[size] & 0xc0) == 0x80;)
				size--; /* never inside a character */
		}
		snprintf(line, sizeof line, "%.*s", (int)size, text);
		sheet_text(sheet, layer, x, y, SHEET_TEXT, ANCHOR_START, line);
		y -= LINE_STEP;
		text += size;
		text += strspn(text, " ");
	}
	return y;
}

/* --- bar table --- */

static const struct {
	const char *name;
	double width;
} columns[] = {{"MARK", .5}, {"SIZE", .5}, {"QTY", .5}, {"LENGTH", .8}, {"LOCATION", 1.6}};
enum { COLUMNS = sizeof columns / sizeof *columns };
#define ROW .24

static void table_row(const struct sheet *sheet, double x, double y, const char *const cells[COLUMNS])
{
	for (size_t i = 0; i < COLUMNS; i++) {
		sheet_text(sheet, DXF_TEXT, x + .06, y + .07, SHEET_TEXT, ANCHOR_START, cells[i]);
		x += columns[i].width;
	}
}

static void table_rules(const struct sheet *sheet, double left, double right, double top, double bottom)
{
	dxf_box(sheet->dxf, DXF_TEXT, (struct box){left, bottom, right - left, top - bottom});
	double x = left;
	for (size_t i = 0; i + 1 < COLUMNS; i++) {
		x += columns[i].width;
		dxf_line(sheet->dxf, DXF_TEXT, x, top, x, bottom);
	}
	for (double y = top - ROW; y > bottom + ROW / 2; y -= ROW)
		dxf_line(sheet->dxf, DXF_TEXT, left, y, right, y);
}

static double draw_table(const struct sheet *sheet, double left, double right, double top)
{
	const struct foundation *f = sheet->foundation;
	const char *heads[COLUMNS];
	for (size_t i = 0; i < COLUMNS; i++)
		heads[i] = columns[i].name;
	sheet_text(sheet, DXF_TEXT, left, top, SHEET_HEADING, ANCHOR_START, "BAR TABLE");
	top -= .12;
	table_row(sheet, left, top - ROW, heads);
	for (size_t i = 0; i < f->bar_count; i++) {
		char quantity[16], length[FEET_TEXT_MAX];
		const struct foundation_bar *bar = &f->bars[i];
		snprintf(quantity, sizeof quantity, "%d", bar->quantity);
		const char *const cells[COLUMNS] = {bar->mark, bar->size, quantity, sheet_feet(length, bar->length_ft),
											bar->location};
		table_row(sheet, left, top - ROW * (double)(i + 2), cells);
	}
	double bottom = top - ROW * (double)(f->bar_count + 1);
	table_rules(sheet, left, right, top, bottom);
	return bottom;
}

static void draw_notes(const struct sheet *sheet, double left, double right, double top)
{
	const struct foundation *f = sheet->foundation;
	char number[32];
	sheet_text(sheet, DXF_TEXT, left, top, SHEET_HEADING, ANCHOR_START, "NOTES");
	top -= .28;
	for (size_t i = 0; i < f->note_count && top > SHEET_MARGIN + .1; i++) {
		snprintf(number, sizeof number, "%zu.", i + 1);
		sheet_text(sheet, DXF_TEXT, left, top, SHEET_TEXT, ANCHOR_START, number);
		top = wrap(sheet, DXF_TEXT, left + .25, top, right - left - .25, f->notes[i]) - .05;
	}
}

/* --- title --- */

static double title_field(const struct sheet *sheet, double y, const char *name, const char *text)
{
	double left = SHEET_TABLE_RIGHT + .35, right = SHEET_WIDTH - SHEET_MARGIN;
	if (text == NULL || text[0] == '\0')
		return y;
	sheet_text(sheet, DXF_TITLE, left, y, .06, ANCHOR_START, name);
	y = wrap(sheet, DXF_TITLE, left, y - .16, right - left - .1, text);
	dxf_line(sheet->dxf, DXF_TITLE, SHEET_TABLE_RIGHT + .25, y + .06, right, y + .06);
	return y - .1;
}

/* 64 digits in lines of 32. */
static double title_seal(const struct sheet *sheet, double y)
{
	char text[LINE_MAX];
	const char *seal = sheet->foundation->seal_sha256;
	if (seal == NULL || strlen(seal) != 64)
		return y;
	snprintf(text, sizeof text, "%.32s %.32s", seal, seal + 32);
	return title_field(sheet, y, "SEAL (SHA-256)", text);
}

static void draw_title(const struct sheet *sheet)
{
	const struct foundation *f = sheet->foundation;
	double left = SHEET_TABLE_RIGHT + .25, y = SHEET_HEIGHT - SHEET_MARGIN - .35;
	char scale[LINE_MAX];
	dxf_line(sheet->dxf, DXF_TITLE, left, SHEET_MARGIN, left, SHEET_HEIGHT - SHEET_MARGIN);
	sheet_text(sheet, DXF_TITLE, left + .1, y, .2, ANCHOR_START, "FOUNDATION DETAIL");
	dxf_line(sheet->dxf, DXF_TITLE, left, y - .15, SHEET_WIDTH - SHEET_MARGIN, y - .15);
	snprintf(scale, sizeof scale, "%s = 1'-0\", drawn full size in inches", sheet->scale->name);
	y = title_field(sheet, y - .4, "PROJECT", f->project_name);
	y = title_field(sheet, y, "PROJECT ID", f->project_id);
	y = title_field(sheet, y, "CUSTOMER", f->customer);
	y = title_field(sheet, y, "SITE", f->site_name);
	y = title_field(sheet, y, "ADDRESS", f->street);
	y = title_field(sheet, y, "SCALE", scale);
	y = title_seal(sheet, y);
	y = title_field(sheet, y, "SEALED", f->sealed_at);
	y = title_field(sheet, y, "CODE VERSION", f->code_version);
	title_field(sheet, y, "ENGINEER'S STAMP", f->stamp);
}

void sheet_frame(const struct sheet *sheet)
{
	double left = SHEET_VIEWS_RIGHT + .1;
	dxf_box(sheet->dxf, DXF_TITLE,
			(struct box){SHEET_MARGIN, SHEET_MARGIN, SHEET_WIDTH - 2 * SHEET_MARGIN, SHEET_HEIGHT - 2 * SHEET_MARGIN});
	draw_title(sheet);
	double bottom = draw_table(sheet, left, left + 3.9, SHEET_HEIGHT - SHEET_MARGIN - .4);
	draw_notes(sheet, left, SHEET_TABLE_RIGHT, bottom - .4);
}
