#include "draw/checks_table.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "draw/page.h"

enum { SHOWN_MAX = 160 };

static const double ROW_MAX = 14.5, ROW_MIN = 7.4, ROW_DENSE = 6.6;

/* Where things stand in a column of rows, from its left edge. */
struct layout {
	double width, row, size;
	double name, demand, capacity, unit, ratio, bar, bar_width, reference, verdict; /* widths or places */
};

static const struct layout wide = {.width = 522,
								   .name = 118,
								   .demand = 168,
								   .capacity = 224,
								   .unit = 251,
								   .ratio = 304,
								   .bar = 322,
								   .bar_width = 40,
								   .reference = 370,
								   .verdict = 522};
static const struct layout narrow = {.width = 252,
									 .name = 86,
									 .demand = 112,
									 .capacity = 150,
									 .unit = 167,
									 .ratio = 201,
									 .bar = 216,
									 .bar_width = 18,
									 .reference = 0,
									 .verdict = 252};

/* Which rows are shown: those above `threshold`, and the first `ties` of those at it. */
struct choice {
	double threshold, hidden_most;
	size_t ties, shown, hidden;
};

/* NaN is a row with nothing available: worse than any number. */
static double rank(const struct report_check *check)
{
	return isnan(check->utilization) || check->governing || !check->pass ? HUGE_VAL : check->utilization;
}

static struct choice choose(const struct report_check *checks, size_t count, size_t room)
{
	double top[SHOWN_MAX];
	size_t kept = 0;
	for (size_t i = 0; i < count; i++) {
		double value = rank(&checks[i]);
		if (kept == room && !(value > top[kept - 1]))
			continue;
		size_t at = kept < room ? kept++ : room - 1;
		for (; at > 0 && top[at - 1] < value; at--)
			top[at] = top[at - 1];
		top[at] = value;
	}
	struct choice choice = {.threshold = kept > 0 ? top[kept - 1] : 0, .shown = kept, .hidden = count - kept};
	for (size_t i = 0; i < kept; i++)
		choice.ties += !(top[i] > choice.threshold);
	return choice;
}

/* Check names are identifiers: "plate_bearing_side" reads "Plate bearing side". */
static const char *readable(char into[128], const char *name)
{
	snprintf(into, 128, "%s", page_or_dash(name));
	for (char *at = into; *at != '\0'; at++)
		if (*at == '_')
			*at = ' ';
	if (into[0] >= 'a' && into[0] <= 'z')
		into[0] = (char)(into[0] - 'a' + 'A');
	return into;
}

static void draw_bar(struct canvas *canvas, double x, double y, const struct layout *at,
					 const struct report_check *check)
{
	double height = at->row * 0.36, top = y - height - at->size * 0.08;
	canvas_box(canvas, x, top, at->bar_width, height, &(struct ink){.fill = RULE_LIGHT});
	double part = isnan(check->utilization) ? 1 : fmin(fmax(check->utilization, 0), 1);
	colour fill = check->governing ? ACCENT : check->pass ? RGB(0x8c959e) : INK;
	canvas_box(canvas, x, top, at->bar_width * part, height, &(struct ink){.fill = fill});
}

static void draw_verdict(struct canvas *canvas, double right, double y, const struct layout *at, bool pass)
{
	if (pass) {
		page_text(canvas, right, y, page_pen(FACE_SANS, at->size, GREY, ANCHOR_END), "pass");
		return;
	}
	struct pen pen = page_pen(FACE_BOLD, at->size, PAPER, ANCHOR_END);
	double width = canvas_text_width(canvas, &pen, "FAIL") + 4;
	canvas_box(canvas, right - width + 1, y - at->row * 0.68, width, at->row * 0.88, &(struct ink){.fill = INK});
	page_text(canvas, right - 1, y, pen, "FAIL");
}

static void draw_figures(struct canvas *canvas, double x, double y, const struct layout *at, enum typeface face,
						 const struct report_check *check)
{
	char number[NUMBER_TEXT_MAX];
	struct pen pen = page_pen(face, at->size, INK, ANCHOR_START);
	/* Four significant figures each; the decimal points line up. */
	page_decimal(canvas, x + at->demand - 0.6 * at->size, y, pen,
				 page_number(number, check->demand, page_decimals(check->demand, 4)));
	page_decimal(canvas, x + at->capacity - 0.6 * at->size, y, pen,
				 page_number(number, check->capacity, page_decimals(check->capacity, 4)));
	const char *unit = check->unit != NULL && strcmp(check->unit, "1") == 0 ? "" : check->unit;
	double unit_x = x + at->capacity + 2.7 * at->size;
	page_fit(canvas, unit_x, y, x + at->ratio - 2.2 * at->size - unit_x,
			 page_pen(FACE_SANS, at->size * 0.92, GREY, ANCHOR_START), unit);
	pen = page_pen(face, at->size, check->governing ? ACCENT : INK, ANCHOR_START);
	page_decimal(canvas, x + at->ratio - 0.8 * at->size, y, pen, page_number(number, check->utilization, 3));
}

/* A clause that is cut is of no use: long ones are set smaller before they are. */
static void draw_reference(struct canvas *canvas, double x, double y, const struct layout *at, const char *reference)
{
	static const double SMALLEST = 0.7;
	double room = at->verdict - at->reference - 22;
	struct pen pen = page_pen(FACE_SANS, at->size * 0.92, GREY, ANCHOR_START);
	double width = reference != NULL ? canvas_text_width(canvas, &pen, reference) : 0;
	if (width > room)
		pen.size *= fmax(room / width * 0.995, SMALLEST);
	page_fit(canvas, x, y, room, pen, reference);
}

static void draw_row(struct canvas *canvas, double x, double y, const struct layout *at,
					 const struct report_check *check)
{
	enum typeface face = check->governing || !check->pass ? FACE_BOLD : FACE_SANS;
	if (check->governing)
		canvas_box(canvas, x - 4, y - at->row * 0.72, at->width + 8, at->row, &(struct ink){.fill = ACCENT_TINT});
	char name[128];
	page_fit(canvas, x + 6, y, at->name - 8, page_pen(face, at->size, INK, ANCHOR_START), readable(name, check->name));
	draw_figures(canvas, x, y, at, face, check);
	draw_bar(canvas, x + at->bar, y, at, check);
	if (at->reference > 0)
		draw_reference(canvas, x + at->reference, y, at, check->reference);
	draw_verdict(canvas, x + at->verdict, y, at, check->pass);
	page_rule(canvas, x, x + at->width, y + at->row * 0.28, 0.3, RULE_LIGHT);
}

static void draw_head(struct canvas *canvas, double x, double y, const struct layout *at)
{
	struct pen end = page_pen(FACE_SANS, 6.8, GREY, ANCHOR_END), start = page_pen(FACE_SANS, 6.8, GREY, ANCHOR_START);
	page_text(canvas, x + at->demand + at->size, y, end, "Demand");
	page_text(canvas, x + at->capacity + at->size, y, end, "Capacity");
	page_text(canvas, x + at->capacity + 2.7 * at->size, y, start, at->reference > 0 ? "Unit" : "");
	page_text(canvas, x + at->ratio + at->size, y, end, at->reference > 0 ? "Utilization" : "Util.");
	if (at->reference > 0)
		page_text(canvas, x + at->reference, y, start, "Reference");
}

static bool same_text(const char *a, const char *b)
{
	return strcmp(a != NULL ? a : "", b != NULL ? b : "") == 0;
}

/* Slots that the rows take with the headings of their groups; `choice` NULL: all rows. */
static size_t slots_of(const struct report_check *checks, size_t count)
{
	size_t slots = count;
	for (size_t i = 0; i < count; i++)
		slots += i == 0 ? checks[i].group != NULL && checks[i].group[0] != '\0'
						: !same_text(checks[i].group, checks[i - 1].group);
	return slots;
}

struct cursor {
	struct box frame;
	struct layout at;
	double first; /* baseline of the first slot */
	size_t slot, slots_per_column;
};

static struct point next_slot(struct cursor *cursor)
{
	size_t column = cursor->slot / cursor->slots_per_column, row = cursor->slot % cursor->slots_per_column;
	cursor->slot++;
	return (struct point){cursor->frame.x + (double)column * (cursor->at.width + 18),
						  cursor->first + (double)row * cursor->at.row};
}

static void draw_group(struct canvas *canvas, struct cursor *cursor, const char *group)
{
	char name[128];
	/* A heading does not stand alone at the end of a column. */
	if (cursor->slot % cursor->slots_per_column + 1 == cursor->slots_per_column)
		cursor->slot++;
	struct point p = next_slot(cursor);
	page_fit(canvas, p.x, p.y, cursor->at.width, page_pen(FACE_BOLD, cursor->at.size, GREY, ANCHOR_START),
			 readable(name, group));
}

static void draw_rows(struct canvas *canvas, struct cursor *cursor, const struct report_check *checks, size_t count,
					  struct choice *choice)
{
	const char *group = "";
	for (size_t i = 0; i < count; i++) {
		double value = rank(&checks[i]);
		bool tie = !(value > choice->threshold) && !(value < choice->threshold);
		if (value < choice->threshold || (tie && choice->ties == 0)) {
			choice->hidden_most =
				fmax(choice->hidden_most, isnan(checks[i].utilization) ? HUGE_VAL : checks[i].utilization);
			continue;
		}
		choice->ties -= tie;
		if (!same_text(checks[i].group, group))
			draw_group(canvas, cursor, checks[i].group);
		group = checks[i].group;
		struct point p = next_slot(cursor);
		draw_row(canvas, p.x, p.y, &cursor->at, &checks[i]);
	}
}

static void draw_title(struct canvas *canvas, struct box frame, const struct report_check *checks, size_t count)
{
	size_t passed = 0;
	const struct report_check *governing = NULL;
	for (size_t i = 0; i < count; i++) {
		passed += checks[i].pass;
		if (checks[i].governing && governing == NULL)
			governing = &checks[i];
	}
	char text[320], name[128], number[NUMBER_TEXT_MAX];
	int used = count == 0 ? snprintf(text, sizeof text, "No checks")
						  : snprintf(text, sizeof text, "%zu of %zu checks pass", passed, count);
	if (governing != NULL)
		snprintf(text + used, sizeof text - (size_t)used, ". Governing: %s, %s", readable(name, governing->name),
				 page_number(number, governing->utilization, 3));
	page_heading(canvas, frame.x, frame.y, frame.width, "Checks");
	page_fit(canvas, frame.x + frame.width, frame.y, frame.width - 60, page_pen(FACE_BOLD, 8, INK, ANCHOR_END), text);
}

/* One column while rows stay readable, else two. */
static struct cursor lay_out(struct box frame, size_t slots)
{
	struct cursor cursor = {.frame = frame, .at = wide, .first = frame.y + 28};
	double height = frame.y + frame.height - cursor.first;
	cursor.at.row = fmin(ROW_MAX, height / (double)(slots == 0 ? 1 : slots));
	if (cursor.at.row < ROW_MIN) {
		cursor.at = narrow;
		cursor.at.row = fmax(fmin(ROW_MIN, height * 2 / (double)(slots + 3)), ROW_DENSE);
	}
	cursor.at.size = fmin(8, cursor.at.row * 0.82);
	cursor.slots_per_column = (size_t)(height / cursor.at.row + 1e-9);
	if (cursor.slots_per_column < 4)
		cursor.slots_per_column = 4;
	return cursor;
}

void checks_table_draw(struct canvas *canvas, struct box frame, const struct report_check *checks, size_t count)
{
	draw_title(canvas, frame, checks, count);
	size_t slots = slots_of(checks, count);
	struct cursor cursor = lay_out(frame, slots);
	bool two = cursor.at.reference <= 0;
	draw_head(canvas, frame.x, frame.y + 13.5, &cursor.at);
	if (two)
		draw_head(canvas, frame.x + cursor.at.width + 18, frame.y + 13.5, &cursor.at);
	size_t room = cursor.slots_per_column * (two ? 2 : 1), groups = slots - count, shown = count;
	if (slots + two > room)
		shown = room > groups + 3 ? room - groups - 3 : 1;
	if (shown > SHOWN_MAX)
		shown = SHOWN_MAX;
	struct choice choice = choose(checks, count, shown);
	draw_rows(canvas, &cursor, checks, count, &choice);
	char more[160], number[NUMBER_TEXT_MAX];
	snprintf(more, sizeof more, "\xe2\x80\xa6 and %zu more, none above %s; all are in the sealed result", choice.hidden,
			 page_number(number, choice.hidden_most, 3));
	struct point p = next_slot(&cursor);
	if (choice.hidden > 0)
		page_fit(canvas, p.x, p.y, cursor.at.width, page_pen(FACE_BOLD, cursor.at.size, INK, ANCHOR_START), more);
}
