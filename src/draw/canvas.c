#include "draw/canvas_impl.h"

#include <math.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "draw/fonts_impl.h"

static bool finite_all(struct canvas *canvas, const double *numbers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!isfinite(numbers[i])) {
			canvas->bad = true;
			return false;
		}
	return true;
}

void canvas_free(struct canvas *canvas)
{
	if (canvas != NULL)
		canvas->kind->free(canvas);
}

void canvas_page(struct canvas *canvas, const char *name)
{
	canvas->kind->page(canvas, name);
}

bool canvas_finish(struct canvas *canvas, struct err *err)
{
	bool done = canvas->kind->finish(canvas, err);
	if (done && canvas->bad)
		return err_set(err, ERR_INTERNAL, "A coordinate of the drawing is not a number");
	return done;
}

void canvas_line(struct canvas *canvas, double x1, double y1, double x2, double y2, const struct ink *ink)
{
	struct point points[] = {{x1, y1}, {x2, y2}};
	canvas_shape(canvas, points, 2, false, ink);
}

void canvas_box(struct canvas *canvas, double x, double y, double width, double height, const struct ink *ink)
{
	struct box box = {x, y, width, height};
	canvas_boxes(canvas, &box, 1, ink);
}

void canvas_boxes(struct canvas *canvas, const struct box *boxes, size_t count, const struct ink *ink)
{
	for (size_t i = 0; i < count; i++)
		if (!finite_all(canvas, (const double[]){boxes[i].x, boxes[i].y, boxes[i].width, boxes[i].height}, 4))
			return;
	if (count > 0)
		canvas->kind->boxes(canvas, boxes, count, ink);
}

void canvas_shape(struct canvas *canvas, const struct point *points, size_t count, bool closed, const struct ink *ink)
{
	for (size_t i = 0; i < count; i++)
		if (!finite_all(canvas, (const double[]){points[i].x, points[i].y}, 2))
			return;
	if (count > 1)
		canvas->kind->shape(canvas, points, count, closed, ink);
}

void canvas_ring(struct canvas *canvas, double x, double y, double radius, const struct ink *ink)
{
	if (finite_all(canvas, (const double[]){x, y, radius}, 3))
		canvas->kind->ring(canvas, x, y, radius, ink);
}

double canvas_text(struct canvas *canvas, double x, double y, const struct pen *pen, const char *text)
{
	if (text == NULL || text[0] == '\0' || !finite_all(canvas, (const double[]){x, y, pen->size, pen->turn}, 4))
		return 0;
	return canvas->kind->text(canvas, x, y, pen, fonts_clean(canvas->fonts, text));
}

double canvas_text_width(struct canvas *canvas, const struct pen *pen, const char *text)
{
	return fonts_width(canvas->fonts, pen->face, pen->size, text) * canvas->slack;
}

static const char ellipsis[] = "\xe2\x80\xa6";

/* The first `size` bytes without spaces at their end, and an ellipsis. */
static void cut(char *into, const char *text, size_t size)
{
	while (size > 0 && text[size - 1] == ' ')
		size--;
	memcpy(into, text, size);
	memcpy(into + size, ellipsis, sizeof ellipsis);
}

/* Largest start of the text that fits with an ellipsis, by halving over its characters. */
static void cut_to_fit(struct canvas *canvas, double width, const struct pen *pen, const char *text, char *into)
{
	size_t low = 0, high = strlen(text);
	while (low < high) {
		size_t middle = low + (high - low + 1) / 2;
		while (middle < high && ((unsigned char)text[middle] & 0xc0) == 0x80)
			middle++;
		cut(into, text, middle);
		if (canvas_text_width(canvas, pen, into) <= width) {
			low = middle;
			continue;
		}
		high = middle - 1;
		while (high > low && ((unsigned char)text[high] & 0xc0) == 0x80)
			high--;
	}
	cut(into, text, low);
}

double canvas_fit(struct canvas *canvas, double x, double y, double width, const struct pen *pen, const char *text)
{
	if (text == NULL || text[0] == '\0' || canvas_text_width(canvas, pen, text) <= width)
		return canvas_text(canvas, x, y, pen, text);
	char clean[FONTS_TEXT_MAX + 8], shorter[FONTS_TEXT_MAX + 8];
	strcpy(clean, fonts_clean(canvas->fonts, text));
	cut_to_fit(canvas, width, pen, clean, shorter);
	return canvas_text(canvas, x, y, pen, shorter);
}

/* Bytes of the plain text that stand on its first line: to the last space that fits, or, in a word longer than a line,
 * as many characters as fit. */
static size_t first_line(struct canvas *canvas, double width, const struct pen *pen, const char *text)
{
	size_t end = 0, at = 0;
	while (text[at] != '\0') {
		size_t word = at + strcspn(text + at, " ");
		if (fonts_plain_width(canvas->fonts, pen->face, pen->size, text, word) > width)
			break;
		at = word + strspn(text + word, " ");
		end = at;
	}
	while (end == 0 && text[at] != '\0') {
		size_t next = at + 1;
		while (((unsigned char)text[next] & 0xc0) == 0x80)
			next++;
		if (at > 0 && fonts_plain_width(canvas->fonts, pen->face, pen->size, text, next) > width)
			return at;
		at = next;
	}
	return end > 0 ? end : at;
}

/* Where each line of the clean text starts; one more than `lines` are told, so that the caller sees an overflow. */
static int break_lines(struct canvas *canvas, double width, int lines, const struct pen *pen, const char *clean,
					   size_t starts[CANVAS_LINES_MAX + 1])
{
	starts[0] = 0;
	width /= canvas->slack;
	int count = 1;
	if (fonts_plain(canvas->fonts, pen->face, clean)) {
		size_t at = first_line(canvas, width, pen, clean);
		for (; clean[at] != '\0' && count <= lines; at += first_line(canvas, width, pen, clean + at))
			starts[count++] = at;
		return count;
	}
	PangoLayout *layout = fonts_layout(canvas->fonts, pen->face, pen->size, clean, width);
	count = pango_layout_get_line_count(layout);
	if (count > lines + 1)
		count = lines + 1;
	for (int i = 0; i < count; i++)
		starts[i] = (size_t)pango_layout_get_line_readonly(layout, i)->start_index;
	return count;
}

int canvas_lines(struct canvas *canvas, double x, double y, double width, double leading, int lines,
				 const struct pen *pen, const char *text)
{
	must(lines >= 1 && lines <= CANVAS_LINES_MAX);
	if (text == NULL || text[0] == '\0')
		return 0;
	char clean[FONTS_TEXT_MAX + 8], line[FONTS_TEXT_MAX + 8];
	strcpy(clean, fonts_clean(canvas->fonts, text));
	size_t starts[CANVAS_LINES_MAX + 1], end = strlen(clean);
	int count = break_lines(canvas, width, lines, pen, clean, starts);
	for (int i = 0; i < count && i < lines; i++) {
		size_t stop = i + 1 < count && i + 1 < lines ? starts[i + 1] : end;
		while (stop > starts[i] && clean[stop - 1] == ' ')
			stop--;
		memcpy(line, clean + starts[i], stop - starts[i]);
		line[stop - starts[i]] = '\0';
		canvas_fit(canvas, x, y + i * leading, width + 0.5, pen, line);
	}
	return count < lines ? count : lines;
}

int canvas_lines_needed(struct canvas *canvas, double width, int lines, const struct pen *pen, const char *text)
{
	must(lines >= 1 && lines <= CANVAS_LINES_MAX);
	if (text == NULL || text[0] == '\0')
		return 0;
	char clean[FONTS_TEXT_MAX + 8];
	strcpy(clean, fonts_clean(canvas->fonts, text));
	size_t starts[CANVAS_LINES_MAX + 1];
	int count = break_lines(canvas, width, lines, pen, clean, starts);
	return count < lines ? count : lines;
}
