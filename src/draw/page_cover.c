#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/page.h"
#include "draw/qr.h"

/* Label over its text, up to `lines` lines; returns the y below. */
static double field(struct canvas *canvas, double x, double y, double width, int lines, const char *label,
					const char *text)
{
	page_text(canvas, x, y, page_pen(FACE_SANS, 7, GREY, ANCHOR_START), label);
	struct pen pen = page_pen(FACE_SANS, 10, INK, ANCHOR_START);
	int taken = canvas_lines(canvas, x, y + 13, width, 13, lines, &pen, page_or_dash(text));
	return y + 13 * taken + 17;
}

static double draw_title(struct canvas *canvas, const struct report *report)
{
	canvas_box(canvas, PAGE_LEFT, 45, 522, 3, &(struct ink){.fill = ACCENT});
	page_text(canvas, PAGE_LEFT, 66, page_pen(FACE_BOLD, 9, INK, ANCHOR_START), "CalcuSign");
	page_text(canvas, PAGE_RIGHT, 66, page_pen(FACE_SANS, 9, GREY, ANCHOR_END), "Structural calculation report");
	struct pen title = page_pen(FACE_BOLD, 30, INK, ANCHOR_START);
	const char *name = page_or_dash(report->project_name);
	if (canvas_text_width(canvas, &title, name) > 522)
		title.size = 24;
	int lines = canvas_lines(canvas, PAGE_LEFT, 134, 522, title.size * 1.15, 2, &title, name);
	double y = 134 + title.size * 1.15 * (lines - 1) + 20;
	struct pen under = page_pen(FACE_SANS, 10.5, GREY, ANCHOR_START);
	int more = canvas_lines(canvas, PAGE_LEFT, y, 522, 14, 2, &under, report->description);
	return y + 14 * more + 12;
}

static double draw_project(struct canvas *canvas, const struct report *report, double y)
{
	page_rule(canvas, PAGE_LEFT, PAGE_RIGHT, y, 0.5, RULE);
	y += 18;
	double width = 250, right = PAGE_LEFT + 272;
	double left_y = field(canvas, PAGE_LEFT, y, width, 2, "Customer", report->customer);
	left_y = field(canvas, PAGE_LEFT, left_y, width, 1, "Site", report->site_name);
	left_y = field(canvas, PAGE_LEFT, left_y, width, 2, "Address", report->street);
	double right_y = field(canvas, right, y, width, 1, "Project", report->project_id);
	right_y = field(canvas, right, right_y, width, 1, "Project number", report->project_number);
	right_y = field(canvas, right, right_y, width, 1, "Prepared by", report->prepared_by);
	return fmax(left_y, right_y);
}

/* The figures of the design, two columns of up to five. */
static double draw_summary(struct canvas *canvas, const struct report *report, double y)
{
	enum { COLUMN = 5, LEADING = 17 };
	double first = page_heading(canvas, PAGE_LEFT, y, 522, "The design");
	const struct report_items *all = &report->summary;
	size_t left = all->count < COLUMN ? all->count : COLUMN;
	struct report_items columns[] = {{all->items, left},
									 {left < all->count ? all->items + left : NULL, all->count - left}};
	page_items(canvas, (struct box){PAGE_LEFT, first + 3, 250, LEADING}, 8.5, COLUMN, &columns[0]);
	if (columns[1].count > 0)
		page_items(canvas, (struct box){PAGE_LEFT + 272, first + 3, 250, LEADING}, 8.5, COLUMN, &columns[1]);
	return first + LEADING * (double)(left == 0 ? 1 : left) + 10;
}

/* Sixty-four digits in groups of eight, four groups a line. */
static void draw_hash(struct canvas *canvas, double x, double y, const char *hash)
{
	size_t length = hash == NULL ? 0 : strnlen(hash, 64);
	for (size_t i = 0; i < length; i += 8) {
		char group[9];
		snprintf(group, sizeof group, "%.8s", hash + i);
		page_text(canvas, x + (double)(i / 8 % 4) * 54, y + (double)(i / 32) * 13,
				  page_pen(FACE_MONO, 9.5, INK, ANCHOR_START), group);
	}
	if (length == 0)
		page_text(canvas, x, y, page_pen(FACE_SANS, 9.5, GREY, ANCHOR_START), "Not sealed");
}

static void draw_seal(struct canvas *canvas, const struct report *report, double y)
{
	double first = page_heading(canvas, PAGE_LEFT, y, 250, "Seal");
	page_text(canvas, PAGE_LEFT, first + 1, page_pen(FACE_SANS, 7, GREY, ANCHOR_START),
			  "SHA-256 of operation, inputs and result");
	draw_hash(canvas, PAGE_LEFT, first + 15, report->seal_sha256);
	double at = field(canvas, PAGE_LEFT, first + 54, 115, 1, "Sealed", report->sealed_at);
	at = field(canvas, PAGE_LEFT, at, 115, 1, "Code", report->design_code);
	char number[NUMBER_TEXT_MAX];
	field(canvas, PAGE_LEFT, at, 115, 1, "Confidence", page_number(number, report->confidence, 2));
	const char *says = report->seal_qr != NULL ? report->seal_qr : report->seal_sha256;
	double side = 158, x = PAGE_LEFT + 250 - side + 15; /* the code's own quiet zone reaches over the edge */
	qr_draw(canvas, x, first + 36, side, says, INK);
}

static const char *const stamp_words[] = {
	[STAMP_NONE] = "Not stamped",
	[STAMP_OPEN] = "Awaiting an engineer\xe2\x80\x99s stamp",
	[STAMP_VALID] = "Stamped",
	[STAMP_STALE] = "Not stamped: the design changed after the last stamp",
	[STAMP_REJECTED] = "Not stamped: rejected by the engineer",
};

static void draw_valid(struct canvas *canvas, const struct report_stamp *stamp, struct box box)
{
	canvas_boxes(canvas, &box, 1, &(struct ink){.fill = ACCENT_TINT, .line = ACCENT, .width = 1.5});
	double x = box.x + 16, width = box.width - 32;
	page_text(canvas, x, box.y + 26, page_pen(FACE_BOLD, 11, ACCENT, ANCHOR_START), "Countersigned by the engineer");
	double y = field(canvas, x, box.y + 46, width, 2, "Engineer", stamp->signer);
	y = field(canvas, x, y, width, 2, "Licence", stamp->licence);
	y = field(canvas, x, y, width, 1, "Date", stamp->at);
	char consent[128];
	snprintf(consent, sizeof consent, "Consent text %.80s", page_or_dash(stamp->consent_version));
	page_fit(canvas, x, box.y + box.height - 25, width, page_pen(FACE_SANS, 7, GREY, ANCHOR_START), consent);
	char receipt[256];
	snprintf(receipt, sizeof receipt, "Receipt %.200s", page_or_dash(stamp->receipt));
	page_fit(canvas, x, box.y + box.height - 13, width, page_pen(FACE_MONO, 6.5, GREY, ANCHOR_START), receipt);
}

/* Where a seal is set by hand: a frame with its size, as plan reviewers expect one. */
static void draw_stamp(struct canvas *canvas, const struct report *report, double y)
{
	double x = PAGE_LEFT + 272, first = page_heading(canvas, x, y, 250, "Engineer\xe2\x80\x99s stamp");
	struct box box = {x, first - 4, 250, 196};
	if (report->stamp.state == STAMP_VALID) {
		draw_valid(canvas, &report->stamp, box);
		return;
	}
	canvas_boxes(canvas, &box, 1, &(struct ink){.line = RULE, .width = 0.75, .dash = 3});
	canvas_ring(canvas, box.x + box.width / 2, box.y + 92, 72, &(struct ink){.line = RULE_LIGHT, .width = 0.75});
	page_fit(canvas, box.x + box.width / 2, box.y + 95, 200, page_pen(FACE_SANS, 8, GREY, ANCHOR_MIDDLE),
			 stamp_words[report->stamp.state]);
	page_text(canvas, box.x + 12, box.y + box.height - 12, page_pen(FACE_SANS, 7, GREY, ANCHOR_START),
			  "Seal, signature, date");
}

void page_cover(struct canvas *canvas, const struct report *report)
{
	double y = draw_title(canvas, report);
	y = draw_project(canvas, report, y);
	y = draw_summary(canvas, report, y + 10);
	y = fmax(y + 16, 490);
	draw_seal(canvas, report, y);
	draw_stamp(canvas, report, y);
}
