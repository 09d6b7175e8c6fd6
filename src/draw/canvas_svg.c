#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/canvas_impl.h"
#include "draw/fonts_impl.h"

struct svg_canvas {
	struct canvas canvas;
	struct buf *out;
};

static struct buf *out_of(struct canvas *canvas)
{
	return ((struct svg_canvas *)canvas)->out;
}

/* Hundredths are finer than any screen, and short. */
static void put_number(struct buf *out, double x)
{
	char text[48];
	long long hundredths = llround(fmin(fmax(x, -1e9), 1e9) * 100);
	const char *sign = hundredths < 0 ? "-" : "";
	unsigned long long size = (unsigned long long)llabs(hundredths);
	int n = snprintf(text, sizeof text, "%s%llu.%02llu", sign, size / 100, size % 100);
	while (text[n - 1] == '0')
		n--;
	n -= text[n - 1] == '.';
	buf_add(out, text, (size_t)n);
}

static void put_attribute(struct buf *out, const char *name, double x)
{
	buf_addf(out, " %s=\"", name);
	put_number(out, x);
	buf_addc(out, '"');
}

/* XML 1.0 has no place for control characters and the two last of the plane; clean text has no control characters. */
static void put_escaped(struct buf *out, const char *text)
{
	for (const char *at = text; *at != '\0'; at++) {
		switch (*at) {
		case '<':
			buf_adds(out, "&lt;");
			break;
		case '>':
			buf_adds(out, "&gt;");
			break;
		case '&':
			buf_adds(out, "&amp;");
			break;
		case '"':
			buf_adds(out, "&quot;");
			break;
		default:
			if (strncmp(at, "\xef\xbf\xbe", 3) == 0 || strncmp(at, "\xef\xbf\xbf", 3) == 0) {
				buf_adds(out, "\xef\xbf\xbd");
				at += 2;
			} else {
				buf_addc(out, *at);
			}
		}
	}
}

static void put_colour(struct buf *out, const char *name, colour c)
{
	buf_addf(out, " %s=\"#%06x\"", name, c & 0xffffffu);
}

static void put_ink(struct buf *out, const struct ink *ink)
{
	if (ink->fill != 0)
		put_colour(out, "fill", ink->fill);
	else
		buf_adds(out, " fill=\"none\"");
	if (ink->line != 0 && ink->width > 0) {
		put_colour(out, "stroke", ink->line);
		put_attribute(out, "stroke-width", ink->width);
	}
	if (ink->dash > 0)
		put_attribute(out, "stroke-dasharray", ink->dash);
	if (ink->crisp)
		buf_adds(out, " shape-rendering=\"crispEdges\"");
	buf_adds(out, "/>\n");
}

static void put_pair(struct buf *out, const char *command, double x, double y)
{
	buf_adds(out, command);
	put_number(out, x);
	buf_addc(out, ' ');
	put_number(out, y);
}

static void draw_boxes(struct canvas *canvas, const struct box *boxes, size_t count, const struct ink *ink)
{
	struct buf *out = out_of(canvas);
	buf_adds(out, "<path d=\"");
	for (size_t i = 0; i < count; i++) {
		put_pair(out, "M", boxes[i].x, boxes[i].y);
		buf_addc(out, 'h');
		put_number(out, boxes[i].width);
		buf_addc(out, 'v');
		put_number(out, boxes[i].height);
		buf_addc(out, 'h');
		put_number(out, -boxes[i].width);
		buf_addc(out, 'z');
	}
	buf_addc(out, '"');
	put_ink(out, ink);
}

static void draw_shape(struct canvas *canvas, const struct point *points, size_t count, bool closed,
					   const struct ink *ink)
{
	struct buf *out = out_of(canvas);
	buf_adds(out, "<path d=\"");
	for (size_t i = 0; i < count; i++)
		put_pair(out, i == 0 ? "M" : "L", points[i].x, points[i].y);
	buf_adds(out, closed ? "z\"" : "\"");
	put_ink(out, ink);
}

static void draw_ring(struct canvas *canvas, double x, double y, double radius, const struct ink *ink)
{
	struct buf *out = out_of(canvas);
	buf_adds(out, "<circle");
	put_attribute(out, "cx", x);
	put_attribute(out, "cy", y);
	put_attribute(out, "r", radius);
	put_ink(out, ink);
}

static void put_turn(struct buf *out, double turn, double x, double y)
{
	buf_adds(out, " transform=\"rotate(");
	put_number(out, turn);
	buf_addc(out, ' ');
	put_number(out, x);
	buf_addc(out, ' ');
	put_number(out, y);
	buf_adds(out, ")\"");
}

static double draw_text(struct canvas *canvas, double x, double y, const struct pen *pen, const char *text)
{
	static const char *const anchors[] = {"", " text-anchor=\"middle\"", " text-anchor=\"end\""};
	static const char *const faces[] = {"", " font-weight=\"600\"",
										" font-family=\"'IBM Plex Mono',ui-monospace,Menlo,Consolas,monospace\""};
	struct buf *out = out_of(canvas);
	buf_adds(out, "<text");
	put_attribute(out, "x", x);
	put_attribute(out, "y", y);
	put_attribute(out, "font-size", pen->size);
	buf_adds(out, anchors[pen->anchor]);
	buf_adds(out, faces[pen->face]);
	put_colour(out, "fill", pen->colour);
	if (fabs(pen->turn) > 0)
		put_turn(out, pen->turn, x, y);
	buf_addc(out, '>');
	put_escaped(out, text);
	buf_adds(out, "</text>\n");
	char copy[FONTS_TEXT_MAX + 8];
	strcpy(copy, text); /* text may live where measuring works */
	return fonts_width(canvas->fonts, pen->face, pen->size, copy);
}

static void end_page(struct canvas *canvas, const char *name)
{
	(void)canvas;
	(void)name;
}

static bool finish(struct canvas *canvas, struct err *err)
{
	buf_adds(out_of(canvas), "</svg>\n");
	if (!buf_ok(out_of(canvas)))
		return err_set(err, ERR_LIMIT, "The drawing needs more memory than it may have");
	return true;
}

static void free_canvas(struct canvas *canvas)
{
	free(canvas);
}

static const struct canvas_kind svg_kind = {
	.boxes = draw_boxes,
	.shape = draw_shape,
	.ring = draw_ring,
	.text = draw_text,
	.page = end_page,
	.finish = finish,
	.free = free_canvas,
};

static void put_head(struct canvas *canvas, double width, double height, const char *title, const char *description)
{
	struct buf *out = out_of(canvas);
	buf_adds(out, "<svg xmlns=\"http://www.w3.org/2000/svg\"");
	put_attribute(out, "width", width);
	put_attribute(out, "height", height);
	buf_adds(out, " viewBox=\"0 0 ");
	put_number(out, width);
	buf_addc(out, ' ');
	put_number(out, height);
	buf_adds(out, "\" role=\"img\" aria-labelledby=\"svg-title svg-desc\""
				  " font-family=\"'IBM Plex Sans','Helvetica Neue',Arial,sans-serif\">\n<title id=\"svg-title\">");
	put_escaped(out, fonts_clean(canvas->fonts, title));
	buf_adds(out, "</title>\n<desc id=\"svg-desc\">");
	put_escaped(out, fonts_clean(canvas->fonts, description));
	buf_adds(out, "</desc>\n");
}

struct canvas *canvas_svg(struct fonts *fonts, double width, double height, const char *title, const char *description,
						  struct buf *out, struct err *err)
{
	struct svg_canvas *own = calloc(1, sizeof *own);
	if (own == NULL) {
		err_set(err, ERR_LIMIT, "There is no memory for a drawing");
		return NULL;
	}
	own->canvas = (struct canvas){.kind = &svg_kind, .fonts = fonts, .slack = 1.15};
	own->out = out;
	put_head(&own->canvas, width, height, title, description);
	return &own->canvas;
}
