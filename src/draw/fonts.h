/*
 * The typefaces that drawings are set in: carried by the binary, so that a picture has the same bytes on any machine.
 *
 * Sans and its semi-bold set text, mono sets hashes and code, and a fallback with many scripts fills what they lack; a
 * character that none has is drawn as its boxed number.  No font of the machine is ever looked at: the first fonts_new
 * of a process puts the carried files into memory files and makes them all that the font library knows.  These stay
 * until the process ends, because the libraries below keep caches by path that outlive every user of them.
 *
 * Thread: one at a time per object; make one per worker.  Cost: some milliseconds the first time, 1 ms later.
 */
#ifndef CS_DRAW_FONTS_H
#define CS_DRAW_FONTS_H

#include <stdbool.h>
#include <stddef.h>

struct err;
struct fonts;

enum typeface {
	FACE_SANS,
	FACE_BOLD, /* the semi-bold of sans */
	FACE_MONO,
	FACE_COUNT,
};

enum { FONTS_TEXT_MAX = 4096 }; /* bytes of one text that are set; the rest is cut and shown by an ellipsis */

/* NULL with ERR_IO when the memory files cannot be made, ERR_INTERNAL when a carried file is no font. */
struct fonts *fonts_new(struct err *err);
void fonts_free(struct fonts *fonts);

/* Width of one line of text at `size` (points or pixels per em), in the same unit.  `text` need not be good UTF-8. */
double fonts_width(struct fonts *fonts, enum typeface face, double size, const char *text);

#endif
