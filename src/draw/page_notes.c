#include <math.h>
#include <stdio.h>

#include "draw/page.h"

enum { ITEM_LINES = 6, PACK_ROWS = 10 };

static const double SIZES[] = {8, 7.4, 6.8, 6.2}, INDENT = 15, ITEM_GAP = 0.45;

static double item_height(struct canvas *canvas, double width, double size, const char *text)
{
	struct pen pen = page_pen(FACE_SANS, size, INK, ANCHOR_START);
	int lines = canvas_lines_needed(canvas, width - INDENT, ITEM_LINES, &pen, page_or_dash(text));
	return (lines * 1.35 + ITEM_GAP) * size;
}

/* Height of the whole list at a size, its heading included; stops counting past `enough`. */
static double list_height(struct canvas *canvas, double width, double size, const struct report_texts *texts,
						  double enough)
{
	double height = 16 + size;
	for (size_t i = 0; i < texts->count && height <= enough; i++)
		height += item_height(canvas, width, size, texts->items[i]);
	return texts->count == 0 ? 30 : height;
}

static void draw_item(struct canvas *canvas, struct box frame, double y, double size, size_t number, const char *text)
{
	char label[24];
	snprintf(label, sizeof label, "%zu", number);
	page_text(canvas, frame.x + INDENT - 5, y, page_pen(FACE_SANS, size * 0.9, GREY, ANCHOR_END), label);
	struct pen pen = page_pen(FACE_SANS, size, INK, ANCHOR_START);
	canvas_lines(canvas, frame.x + INDENT, y, frame.width - INDENT, size * 1.35, ITEM_LINES, &pen, page_or_dash(text));
}

/* A numbered list in the frame, at the largest size that holds it; at the smallest it may be cut.  Returns its end. */
static double draw_list(struct canvas *canvas, struct box frame, const char *title, const struct report_texts *texts)
{
	double y = page_heading(canvas, frame.x, frame.y, frame.width, title), bottom = frame.y + frame.height;
	size_t last = sizeof SIZES / sizeof *SIZES - 1, at = 0;
	while (at < last && list_height(canvas, frame.width, SIZES[at], texts, frame.height) > frame.height)
		at++;
	double size = SIZES[at];
	struct pen grey = page_pen(FACE_SANS, size, GREY, ANCHOR_START);
	if (texts->count == 0)
		page_text(canvas, frame.x, y, grey, "None");
	for (size_t i = 0; i < texts->count; i++) {
		double height = item_height(canvas, frame.width, size, texts->items[i]);
		double keep = i + 1 < texts->count ? size * 1.8 : 0; /* for the line that tells of the rest */
		if (y + height - size > bottom - keep) {
			char more[80];
			snprintf(more, sizeof more, "\xe2\x80\xa6 and %zu more, in the sealed result", texts->count - i);
			page_text(canvas, frame.x + INDENT, y, grey, more);
			return bottom;
		}
		draw_item(canvas, frame, y, size, i + 1, texts->items[i]);
		y += height;
	}
	return texts->count == 0 ? y + 14 : y;
}

/* Two lists under each other: each may have what the other does not need, and half at least. */
static void draw_two(struct canvas *canvas, struct box frame, const char *const titles[2],
					 const struct report_texts *const texts[2])
{
	double second = list_height(canvas, frame.width, SIZES[0], texts[1], frame.height) + 8;
	struct box upper = frame;
	upper.height = fmax(frame.height - second, frame.height / 2) - 14;
	double end = draw_list(canvas, upper, titles[0], texts[0]) + 14;
	struct box lower = {frame.x, end, frame.width, frame.y + frame.height - end};
	draw_list(canvas, lower, titles[1], texts[1]);
}

static double packs_height(const struct report *report)
{
	size_t rows = report->pack_count == 0 ? 1 : report->pack_count < PACK_ROWS ? report->pack_count : PACK_ROWS;
	return 18 + 10.5 * (double)rows + 12;
}

static void draw_pack(struct canvas *canvas, double y, const struct report_pack *pack)
{
	page_fit(canvas, PAGE_LEFT, y, 140, page_pen(FACE_SANS, 7.5, INK, ANCHOR_START), page_or_dash(pack->name));
	page_fit(canvas, 195, y, 90, page_pen(FACE_SANS, 7.5, INK, ANCHOR_START), page_or_dash(pack->version));
	page_fit(canvas, PAGE_RIGHT, y, 270, page_pen(FACE_MONO, 6.8, INK, ANCHOR_END), page_or_dash(pack->sha256));
	page_rule(canvas, PAGE_LEFT, PAGE_RIGHT, y + 3, 0.3, RULE_LIGHT);
}

static void draw_packs(struct canvas *canvas, const struct report *report, double y)
{
	double first = page_heading(canvas, PAGE_LEFT, y, PAGE_RIGHT - PAGE_LEFT, "Packs of constants");
	page_text(canvas, 195, y, page_pen(FACE_SANS, 7, GREY, ANCHOR_START), "Version");
	page_text(canvas, PAGE_RIGHT, y, page_pen(FACE_SANS, 7, GREY, ANCHOR_END), "SHA-256 of the file");
	size_t count = report->pack_count, shown = count <= PACK_ROWS ? count : PACK_ROWS - 1;
	for (size_t i = 0; i < shown; i++)
		draw_pack(canvas, first + 10.5 * (double)i, &report->packs[i]);
	char more[64];
	snprintf(more, sizeof more, "\xe2\x80\xa6 and %zu more, in the sealed result", count - shown);
	if (shown < count || count == 0)
		page_text(canvas, PAGE_LEFT, first + 10.5 * (double)shown, page_pen(FACE_SANS, 7.5, GREY, ANCHOR_START),
				  count == 0 ? "None" : more);
}

static void draw_identity(struct canvas *canvas, const struct report *report, double y)
{
	double first = page_heading(canvas, PAGE_LEFT, y, PAGE_RIGHT - PAGE_LEFT, "Identity");
	const struct {
		const char *label, *text;
		enum typeface face;
	} rows[] = {
		{"Seal", report->seal_sha256, FACE_MONO},          {"Content hash", report->content_sha256, FACE_MONO},
		{"Inputs hash", report->inputs_sha256, FACE_MONO}, {"Code version", report->code_version, FACE_SANS},
		{"Sealed", report->sealed_at, FACE_SANS},
	};
	for (int i = 0; i < 5; i++) {
		page_text(canvas, PAGE_LEFT, first + 11 * i, page_pen(FACE_SANS, 7.5, GREY, ANCHOR_START), rows[i].label);
		page_fit(canvas, 195, first + 11 * i, PAGE_RIGHT - 195, page_pen(rows[i].face, 7.5, INK, ANCHOR_START),
				 page_or_dash(rows[i].text));
	}
	struct pen pen = page_pen(FACE_SANS, 7, GREY, ANCHOR_START);
	canvas_lines(
		canvas, PAGE_LEFT, first + 61, PAGE_RIGHT - PAGE_LEFT, 9.5, 2, &pen,
		"The content hash is SHA-256 over the canonical form (RFC 8785) of the result. The same inputs, packs and code "
		"version give the same hash on any machine: replay the seal to check this report against its figures.");
}

void page_notes(struct canvas *canvas, const struct report *report)
{
	static const char *const titles[2] = {"Warnings", "References"};
	const struct report_texts *const right[2] = {&report->warnings, &report->references};
	page_head(canvas, report, "Notes");
	double identity = PAGE_BOTTOM - 89, packs = identity - packs_height(report);
	double height = packs - 20 - PAGE_TOP, width = 250;
	struct box left = {PAGE_LEFT, PAGE_TOP, width, height}, other = {PAGE_RIGHT - width, PAGE_TOP, width, height};
	draw_list(canvas, left, "Assumptions", &report->assumptions);
	draw_two(canvas, other, titles, right);
	draw_packs(canvas, report, packs);
	draw_identity(canvas, report, identity);
}
