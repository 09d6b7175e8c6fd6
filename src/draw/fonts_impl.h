/*
 * The inside of fonts, for the canvases only: glyphs of a line, and paragraphs broken into lines.
 *
 * Most text of a drawing is Latin, Greek or Cyrillic, of one face and one direction: that is set from letters and pairs
 * that the shaper was asked about once, and costs about a microsecond.  The rest (another script, a missing character)
 * goes through the layout library, which knows directions, fallback and line breaking, at some fifty times the cost.
 */
#ifndef CS_DRAW_FONTS_IMPL_H
#define CS_DRAW_FONTS_IMPL_H

#include <cairo.h>
#include <hb.h>
#include <pango/pangocairo.h>
#include <stdint.h>

#include "draw/fonts.h"

enum {
	DIRECT = 0x250,    /* characters below have a place of their own: Latin */
	OTHERS = 256,      /* slots for the rest, a power of two */
	FIRST_KERN = 0x20, /* pairs of printable ASCII are kerned */
	KERN = 0x7f - FIRST_KERN,
	KERN_UNKNOWN = -32768,
};

/* A character's glyph and advance in font units; glyph 0: the face has none. */
struct letter {
	uint32_t character;
	uint32_t glyph;
	int32_t advance;
	bool known;
};

struct face {
	PangoFontDescription *description;
	cairo_font_face_t *cairo;
	hb_font_t *shaper; /* scaled to units_per_em */
	double units_per_em;
	/* What the shaper said of single letters and of pairs, asked once: shaping is dearer than drawing. */
	struct letter direct[DIRECT], others[OTHERS];
	int16_t kern[KERN][KERN];
};

struct fonts {
	PangoFontMap *map;
	PangoContext *context;
	PangoLayout *layout; /* scratch for all that needs it */
	hb_buffer_t *buffer; /* scratch for the shaper */
	struct face faces[FACE_COUNT];
	cairo_glyph_t *glyphs; /* of the last fonts_shape */
	size_t glyph_room;
	char text[FONTS_TEXT_MAX + 8]; /* the last fonts_clean */
};

/* The text made fit to be set: good UTF-8, control characters and line ends as spaces, at most FONTS_TEXT_MAX bytes.
 * Lives in fonts until the next call. */
const char *fonts_clean(struct fonts *fonts, const char *text);

/* True when letters alone can set the (clean) text: all characters in the face, left to right, no joining. */
bool fonts_plain(struct fonts *fonts, enum typeface face, const char *text);

/* Glyphs of a plain text from (0, 0), y down; returns how many and the line's width. */
size_t fonts_shape(struct fonts *fonts, enum typeface face, double size, const char *text, double *width);

/* Width of the first `bytes` of a plain text, as fonts_shape would have it. */
double fonts_plain_width(struct fonts *fonts, enum typeface face, double size, const char *text, size_t bytes);

/* The scratch layout set to the text: one line (width <= 0), or lines of `width`. */
PangoLayout *fonts_layout(struct fonts *fonts, enum typeface face, double size, const char *text, double width);

#endif
