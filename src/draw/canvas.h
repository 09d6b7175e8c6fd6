/*
 * A surface to draw on: PDF pages, a picture of pixels, or SVG, behind one set of strokes.
 *
 * Units are points (PDF) or pixels (the others), x to the right and y down from the upper left corner.  The same calls
 * give the same bytes, in any process, on any machine with the same libraries: fonts are carried (draw/fonts.h), dates
 * are the caller's, nothing is named after memory or time.
 *
 * Sticky: what fails (memory, the buffer's limit, a bad number) is told by canvas_finish, once.  Texts need not be good
 * UTF-8 and may be of any length.  Thread: one at a time, and one canvas at a time per fonts object.
 */
#ifndef CS_DRAW_CANVAS_H
#define CS_DRAW_CANVAS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "draw/fonts.h"

struct buf;
struct canvas;
struct err;

/* A colour is 0xffRRGGBB; 0 draws nothing. */
typedef uint32_t colour;
#define RGB(rrggbb) ((colour)0xff000000u | (colour)(rrggbb))

struct point {
	double x, y;
};

struct box {
	double x, y, width, height;
};

/* How a shape is filled and outlined. */
struct ink {
	colour fill, line;
	double width; /* of the line */
	double dash;  /* length of dashes, and of the gaps between; 0: unbroken */
	bool crisp;   /* whole pixels, not smoothed: shapes on whole coordinates then have exact colours */
};

enum anchor {
	ANCHOR_START,
	ANCHOR_MIDDLE,
	ANCHOR_END,
};

/* How text is set. */
struct pen {
	enum typeface face;
	double size; /* per em */
	colour colour;
	enum anchor anchor; /* which end of the line is at x */
	double turn;        /* degrees clockwise about (x, y) */
};

struct pdf_info {
	double width, height; /* points */
	const char *title, *author, *subject, *keywords;
	const char *created; /* UTC, "2026-11-21T04:15:00Z"; NULL or of another form: 1980-01-01T00:00:00Z */
};

/* The three surfaces.  `out` gets the bytes, complete after canvas_finish, and must outlive the canvas.  NULL only for
 * lack of memory (ERR_LIMIT). */
struct canvas *canvas_pdf(struct fonts *fonts, const struct pdf_info *info, struct buf *out, struct err *err);
struct canvas *canvas_svg(struct fonts *fonts, double width, double height, const char *title, const char *description,
						  struct buf *out, struct err *err);
struct canvas *canvas_picture(struct fonts *fonts, int width, int height, colour ground, struct err *err);
void canvas_free(struct canvas *canvas);

/* End the page (PDF only): what follows is drawn on the next.  `name` stands in the reader's list of pages. */
void canvas_page(struct canvas *canvas, const char *name);

/* Complete the output.  False: ERR_LIMIT or ERR_INTERNAL, and the output is not to be used. */
bool canvas_finish(struct canvas *canvas, struct err *err);

/* The rows of a picture, `*stride` pixels apart, 0x00RRGGBB each; after canvas_finish, until canvas_free. */
const uint32_t *canvas_pixels(const struct canvas *canvas, size_t *stride);

/* Shapes.  Coordinates must be finite; a shape with one that is not is left out and fails the canvas. */
void canvas_line(struct canvas *canvas, double x1, double y1, double x2, double y2, const struct ink *ink);
void canvas_box(struct canvas *canvas, double x, double y, double width, double height, const struct ink *ink);
void canvas_boxes(struct canvas *canvas, const struct box *boxes, size_t count, const struct ink *ink);
void canvas_shape(struct canvas *canvas, const struct point *points, size_t count, bool closed, const struct ink *ink);
void canvas_ring(struct canvas *canvas, double x, double y, double radius, const struct ink *ink);

/* One line of text with its baseline at y.  Returns its width. */
double canvas_text(struct canvas *canvas, double x, double y, const struct pen *pen, const char *text);

/* The same, cut with an ellipsis where it would be wider than `width`. */
double canvas_fit(struct canvas *canvas, double x, double y, double width, const struct pen *pen, const char *text);

/* Text broken into lines of at most `width`, first baseline at y, baselines `leading` apart; at most `lines` (1 to
 * CANVAS_LINES_MAX) lines, the last one cut with an ellipsis.  Returns how many lines it took. */
int canvas_lines(struct canvas *canvas, double x, double y, double width, double leading, int lines,
				 const struct pen *pen, const char *text);

/* How many lines that takes, without drawing. */
int canvas_lines_needed(struct canvas *canvas, double width, int lines, const struct pen *pen, const char *text);

enum { CANVAS_LINES_MAX = 200 };

double canvas_text_width(struct canvas *canvas, const struct pen *pen, const char *text);

#endif
