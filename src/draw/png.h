/*
 * Pictures as PNG: eight bits a channel, not interlaced, chunks IHDR, PLTE, IDAT and IEND and nothing else.
 *
 * A picture of at most 256 colours has a palette.  One with more may have its smoothed colours (those that are not
 * named exact) moved by up to eight steps of 255 a channel so that it has; failing that it is RGB.  Same pixels, same
 * bytes: no time, no text, one compressor setting.  Thread: any.  Cost: 3 ms for 1200 × 600 of a chart.
 */
#ifndef CS_DRAW_PNG_H
#define CS_DRAW_PNG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;

struct picture {
	const uint32_t *pixels; /* 0x00RRGGBB, rows `stride` pixels apart; the top byte is ignored */
	size_t stride;
	int width, height;     /* 1 to 20000 each */
	const uint32_t *exact; /* colours (0x00RRGGBB) that stay as they are */
	size_t exact_count;
};

/* Append the PNG to `out`.  ERR_LIMIT when memory or the buffer's limit is not enough. */
bool png_write(const struct picture *picture, struct buf *out, struct err *err);

#endif
