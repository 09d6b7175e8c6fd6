/*
 * QR codes (ISO/IEC 18004) as squares on a canvas, medium error correction.
 *
 * The smallest version that holds the text is taken; the same text always gives the same squares.  Thread: any.
 */
#ifndef CS_DRAW_QR_H
#define CS_DRAW_QR_H

#include <stdbool.h>

#include "draw/canvas.h"

/* Draw the code of `text` (1 to 500 bytes) as a square of `side` from (x, y), its quiet zone of four modules on every
 * side included, dark modules in `dark` and nothing elsewhere.  False and nothing drawn when the text is empty or too
 * long, or memory is short. */
bool qr_draw(struct canvas *canvas, double x, double y, double side, const char *text, colour dark);

#endif
