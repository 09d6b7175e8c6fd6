#include <cairo-pdf.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/canvas_impl.h"
#include "draw/fonts_impl.h"

enum { PIECE = 16 }; /* segments */

/* Glyphs of one style that follow each other are shown together: a call costs more than a glyph. */
struct glyph_run {
	enum typeface face;
	double size;
	colour colour;
	cairo_glyph_t *glyphs;
	size_t count, room;
};

/* So are unbroken lines of one ink.  Texts and lines that wait do not push each other out: only what is filled can
 * cover them. */
struct line_run {
	struct ink ink;
	size_t count; /* subpaths that wait in the current path */
};

struct cairo_canvas {
	struct canvas canvas;
	cairo_surface_t *surface;
	cairo_t *cairo;
	bool pdf;
	int pages;   /* ended */
	bool failed; /* memory for glyphs */
	struct buf *out;
	struct glyph_run run;
	struct line_run lines;
};

static struct cairo_canvas *own(struct canvas *canvas)
{
	return (struct cairo_canvas *)canvas;
}

static void set_colour(cairo_t *cairo, colour c)
{
	cairo_set_source_rgb(cairo, (c >> 16 & 255) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0);
}

static void set_face(struct cairo_canvas *own, enum typeface face, double size)
{
	cairo_set_font_face(own->cairo, own->canvas.fonts->faces[face].cairo);
	cairo_set_font_size(own->cairo, size);
}

static void flush_run(struct cairo_canvas *own)
{
	struct glyph_run *run = &own->run;
	if (run->count == 0)
		return;
	set_colour(own->cairo, run->colour);
	set_face(own, run->face, run->size);
	cairo_show_glyphs(own->cairo, run->glyphs, (int)run->count);
	run->count = 0;
}

static void paint(struct cairo_canvas *own, const struct ink *ink)
{
	cairo_t *cairo = own->cairo;
	cairo_set_antialias(cairo, ink->crisp ? CAIRO_ANTIALIAS_NONE : CAIRO_ANTIALIAS_FAST);
	if (ink->fill != 0) {
		set_colour(cairo, ink->fill);
		cairo_fill_preserve(cairo);
	}
	if (ink->line != 0 && ink->width > 0) {
		set_colour(cairo, ink->line);
		cairo_set_line_width(cairo, ink->width);
		cairo_set_dash(cairo, &ink->dash, ink->dash > 0, 0);
		cairo_stroke_preserve(cairo);
	}
	cairo_new_path(cairo);
}

static void flush_lines(struct cairo_canvas *own)
{
	if (own->lines.count > 0)
		paint(own, &own->lines.ink);
	own->lines.count = 0;
}

static void flush(struct cairo_canvas *own)
{
	flush_lines(own);
	flush_run(own);
}

static bool same_ink(const struct ink *a, const struct ink *b)
{
	return a->line == b->line && !(a->width < b->width) && !(a->width > b->width) && a->crisp == b->crisp;
}

static void draw_boxes(struct canvas *canvas, const struct box *boxes, size_t count, const struct ink *ink)
{
	flush(own(canvas));
	for (size_t i = 0; i < count; i++)
		cairo_rectangle(own(canvas)->cairo, boxes[i].x, boxes[i].y, boxes[i].width, boxes[i].height);
	paint(own(canvas), ink);
}

/* The cost of smoothing a line grows faster than its length: long ones of a picture are drawn in pieces. */
static void draw_pieces(struct cairo_canvas *own, const struct point *points, size_t count, const struct ink *ink)
{
	flush(own);
	for (size_t from = 0; from + 1 < count; from += PIECE) {
		cairo_move_to(own->cairo, points[from].x, points[from].y);
		for (size_t i = from + 1; i < count && i <= from + PIECE; i++)
			cairo_line_to(own->cairo, points[i].x, points[i].y);
		paint(own, ink);
	}
}

static void draw_shape(struct canvas *canvas, const struct point *points, size_t count, bool closed,
					   const struct ink *ink)
{
	bool waits = !closed && ink->fill == 0 && !(ink->dash > 0);
	struct line_run *lines = &own(canvas)->lines;
	if (waits && !own(canvas)->pdf && count > PIECE) {
		draw_pieces(own(canvas), points, count, ink);
		return;
	}
	if (!waits)
		flush(own(canvas));
	else if (lines->count > 0 && !same_ink(&lines->ink, ink))
		flush_lines(own(canvas));
	cairo_t *cairo = own(canvas)->cairo;
	cairo_move_to(cairo, points[0].x, points[0].y);
	for (size_t i = 1; i < count; i++)
		cairo_line_to(cairo, points[i].x, points[i].y);
	if (closed)
		cairo_close_path(cairo);
	if (waits) {
		lines->ink = *ink;
		lines->count++;
	} else {
		paint(own(canvas), ink);
	}
}

static void draw_ring(struct canvas *canvas, double x, double y, double radius, const struct ink *ink)
{
	flush(own(canvas));
	cairo_new_sub_path(own(canvas)->cairo);
	cairo_arc(own(canvas)->cairo, x, y, radius, 0, 2 * M_PI);
	cairo_close_path(own(canvas)->cairo);
	paint(own(canvas), ink);
}

static double shift(enum anchor anchor, double width)
{
	return anchor == ANCHOR_START ? 0 : anchor == ANCHOR_MIDDLE ? -width / 2 : -width;
}

static void append_run(struct cairo_canvas *own, const struct pen *pen, double x, double y, size_t count)
{
	struct glyph_run *run = &own->run;
	if (run->face != pen->face || run->size < pen->size || run->size > pen->size || run->colour != pen->colour)
		flush_run(own);
	if (run->count + count > run->room) {
		size_t room = (run->count + count) * 2;
		cairo_glyph_t *glyphs = reallocarray(run->glyphs, room, sizeof *glyphs);
		if (glyphs == NULL) {
			own->failed = true;
			return;
		}
		run->glyphs = glyphs;
		run->room = room;
	}
	run->face = pen->face;
	run->size = pen->size;
	run->colour = pen->colour;
	for (size_t i = 0; i < count; i++) {
		const cairo_glyph_t *glyph = &own->canvas.fonts->glyphs[i];
		run->glyphs[run->count++] = (cairo_glyph_t){glyph->index, x + glyph->x, y + glyph->y};
	}
}

static void show_turned(struct cairo_canvas *own, double x, double y, const struct pen *pen, double width, size_t count)
{
	flush(own);
	cairo_save(own->cairo);
	cairo_translate(own->cairo, x, y);
	cairo_rotate(own->cairo, pen->turn * M_PI / 180);
	cairo_translate(own->cairo, shift(pen->anchor, width), 0);
	set_colour(own->cairo, pen->colour);
	set_face(own, pen->face, pen->size);
	cairo_show_glyphs(own->cairo, own->canvas.fonts->glyphs, (int)count);
	cairo_restore(own->cairo);
}

static double show_layout(struct cairo_canvas *own, double x, double y, const struct pen *pen, const char *text)
{
	flush(own);
	PangoLayout *layout = fonts_layout(own->canvas.fonts, pen->face, pen->size, text, 0);
	int units;
	pango_layout_get_size(layout, &units, NULL);
	double width = (double)units / PANGO_SCALE;
	cairo_save(own->cairo);
	cairo_translate(own->cairo, x, y);
	cairo_rotate(own->cairo, pen->turn * M_PI / 180);
	cairo_move_to(own->cairo, shift(pen->anchor, width), 0);
	set_colour(own->cairo, pen->colour);
	pango_cairo_show_layout_line(own->cairo, pango_layout_get_line_readonly(layout, 0));
	cairo_restore(own->cairo);
	cairo_new_path(own->cairo);
	return width;
}

static double draw_text(struct canvas *canvas, double x, double y, const struct pen *pen, const char *text)
{
	if (pen->size <= 0)
		return 0;
	if (!fonts_plain(canvas->fonts, pen->face, text))
		return show_layout(own(canvas), x, y, pen, text);
	double width;
	size_t count = fonts_shape(canvas->fonts, pen->face, pen->size, text, &width);
	if (fabs(pen->turn) > 0)
		show_turned(own(canvas), x, y, pen, width, count);
	else
		append_run(own(canvas), pen, x + shift(pen->anchor, width), y, count);
	return width;
}

static void end_page(struct canvas *canvas, const char *name)
{
	flush(own(canvas));
	if (!own(canvas)->pdf)
		return;
	char target[24];
	snprintf(target, sizeof target, "page=%d", ++own(canvas)->pages);
	cairo_pdf_surface_add_outline(own(canvas)->surface, CAIRO_PDF_OUTLINE_ROOT, name, target, 0);
	cairo_show_page(own(canvas)->cairo);
}

static bool finish(struct canvas *canvas, struct err *err)
{
	struct cairo_canvas *c = own(canvas);
	flush(c);
	cairo_status_t status = cairo_status(c->cairo);
	if (c->pdf)
		cairo_surface_finish(c->surface);
	else
		cairo_surface_flush(c->surface);
	if (status == CAIRO_STATUS_SUCCESS)
		status = cairo_surface_status(c->surface);
	if (c->failed || (c->out != NULL && !buf_ok(c->out)))
		return err_set(err, ERR_LIMIT, "The drawing needs more memory than it may have");
	if (status != CAIRO_STATUS_SUCCESS)
		return err_set(err, ERR_INTERNAL, "The drawing failed: %s", cairo_status_to_string(status));
	return true;
}

static void free_canvas(struct canvas *canvas)
{
	cairo_destroy(own(canvas)->cairo);
	cairo_surface_destroy(own(canvas)->surface);
	free(own(canvas)->run.glyphs);
	free(canvas);
}

static const struct canvas_kind cairo_kind = {
	.boxes = draw_boxes,
	.shape = draw_shape,
	.ring = draw_ring,
	.text = draw_text,
	.page = end_page,
	.finish = finish,
	.free = free_canvas,
};

/* Takes the surface over. */
static struct canvas *wrap(struct fonts *fonts, cairo_surface_t *surface, bool pdf, struct buf *out, struct err *err)
{
	struct cairo_canvas *own = calloc(1, sizeof *own);
	if (own == NULL || cairo_surface_status(surface) != CAIRO_STATUS_SUCCESS) {
		cairo_surface_destroy(surface);
		free(own);
		err_set(err, ERR_LIMIT, "There is no memory for a drawing");
		return NULL;
	}
	own->canvas = (struct canvas){.kind = &cairo_kind, .fonts = fonts, .slack = 1};
	own->surface = surface;
	own->cairo = cairo_create(surface);
	own->pdf = pdf;
	own->out = out;
	cairo_font_options_t *options = cairo_font_options_create();
	cairo_font_options_set_antialias(options, CAIRO_ANTIALIAS_GRAY);
	cairo_font_options_set_hint_style(options, CAIRO_HINT_STYLE_NONE);
	cairo_font_options_set_hint_metrics(options, CAIRO_HINT_METRICS_OFF);
	cairo_set_font_options(own->cairo, options);
	cairo_font_options_destroy(options);
	return &own->canvas;
}

static cairo_status_t append(void *closure, const unsigned char *bytes, unsigned size)
{
	struct buf *out = closure;
	buf_add(out, bytes, size);
	return buf_ok(out) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

/* "2026-11-21T04:15:00Z" and the like; the library would put the present time in place of what it cannot read. */
static bool is_time(const char *text)
{
	static const char form[] = "dddd-dd-ddTdd:dd:dd";
	if (text == NULL)
		return false;
	for (size_t i = 0; form[i] != '\0'; i++) {
		bool digit = text[i] >= '0' && text[i] <= '9';
		if (form[i] == 'd' ? !digit : text[i] != form[i])
			return false;
	}
	return true;
}

static void set_metadata(struct canvas *canvas, cairo_pdf_metadata_t which, const char *text)
{
	if (text != NULL && text[0] != '\0')
		cairo_pdf_surface_set_metadata(own(canvas)->surface, which, fonts_clean(canvas->fonts, text));
}

struct canvas *canvas_pdf(struct fonts *fonts, const struct pdf_info *info, struct buf *out, struct err *err)
{
	cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(append, out, info->width, info->height);
	struct canvas *canvas = wrap(fonts, surface, true, out, err);
	if (canvas == NULL)
		return NULL;
	char created[21] = "1980-01-01T00:00:00Z";
	if (is_time(info->created))
		memcpy(created, info->created, 19);
	cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, created);
	set_metadata(canvas, CAIRO_PDF_METADATA_TITLE, info->title);
	set_metadata(canvas, CAIRO_PDF_METADATA_AUTHOR, info->author);
	set_metadata(canvas, CAIRO_PDF_METADATA_SUBJECT, info->subject);
	set_metadata(canvas, CAIRO_PDF_METADATA_KEYWORDS, info->keywords);
	return canvas;
}

struct canvas *canvas_picture(struct fonts *fonts, int width, int height, colour ground, struct err *err)
{
	cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, width, height);
	struct canvas *canvas = wrap(fonts, surface, false, NULL, err);
	if (canvas == NULL)
		return NULL;
	set_colour(own(canvas)->cairo, ground);
	cairo_paint(own(canvas)->cairo);
	return canvas;
}

const uint32_t *canvas_pixels(const struct canvas *canvas, size_t *stride)
{
	cairo_surface_t *surface = ((const struct cairo_canvas *)canvas)->surface;
	*stride = (size_t)cairo_image_surface_get_stride(surface) / sizeof(uint32_t);
	return (const uint32_t *)(const void *)cairo_image_surface_get_data(surface);
}
