#include "draw/png.h"

#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"

enum {
	COLOURS_MAX = 256,
	SLOTS = 1024,     /* of the table of colours: a power of two, four times the colours */
	SIDE_MAX = 20000, /* pixels: beyond any chart */
	LEVEL = 3,        /* of zlib: the knee of size against time for charts */
};

/* Colours met so far, by open addressing. */
struct palette {
	uint32_t slots[SLOTS]; /* colour + 1; 0 is free */
	uint8_t index[SLOTS];
	png_color colours[COLOURS_MAX];
	int count;
};

/* The colour's index, or -1 when there are more than 256. */
static int look_up(struct palette *palette, uint32_t colour)
{
	uint32_t at = (colour * 2654435761u >> 16) % SLOTS;
	while (palette->slots[at] != 0) {
		if (palette->slots[at] == colour + 1)
			return palette->index[at];
		at = (at + 1) % SLOTS;
	}
	if (palette->count == COLOURS_MAX)
		return -1;
	palette->slots[at] = colour + 1;
	palette->index[at] = (uint8_t)palette->count;
	palette->colours[palette->count] =
		(png_color){(png_byte)(colour >> 16), (png_byte)(colour >> 8 & 255), (png_byte)(colour & 255)};
	return palette->count++;
}

static bool is_exact(const struct picture *picture, uint32_t colour)
{
	for (size_t i = 0; i < picture->exact_count; i++)
		if ((picture->exact[i] & 0xffffff) == colour)
			return true;
	return false;
}

/* To sixteen levels a channel, 0 and 255 among them.  What that would turn into an exact colour stays. */
static uint32_t coarsen(const struct picture *picture, uint32_t colour)
{
	if (is_exact(picture, colour))
		return colour;
	uint32_t coarse = 0;
	for (int shift = 0; shift < 24; shift += 8)
		coarse |= ((colour >> shift & 255) * 15 + 127) / 255 * 17 << shift;
	return is_exact(picture, coarse) ? colour : coarse;
}

/* Each pixel's index into `indexes`; false when the picture has more colours than a palette. */
static bool index_pixels(const struct picture *picture, bool coarse, struct palette *palette, uint8_t *indexes)
{
	for (int y = 0; y < picture->height; y++) {
		const uint32_t *row = picture->pixels + (size_t)y * picture->stride;
		uint8_t *to = indexes + (size_t)y * (size_t)picture->width;
		for (int x = 0; x < picture->width;) {
			int from = x;
			uint32_t colour = row[x++];
			while (x < picture->width && row[x] == colour)
				x++;
			colour &= 0xffffff;
			int index = look_up(palette, coarse ? coarsen(picture, colour) : colour);
			if (index < 0)
				return false;
			memset(to + from, index, (size_t)(x - from));
		}
	}
	return true;
}

static void to_rgb(const struct picture *picture, uint8_t *bytes)
{
	for (int y = 0; y < picture->height; y++) {
		const uint32_t *row = picture->pixels + (size_t)y * picture->stride;
		for (int x = 0; x < picture->width; x++) {
			*bytes++ = (uint8_t)(row[x] >> 16);
			*bytes++ = (uint8_t)(row[x] >> 8);
			*bytes++ = (uint8_t)row[x];
		}
	}
}

static void append(png_structp png, png_bytep bytes, size_t size)
{
	buf_add(png_get_io_ptr(png), bytes, size);
}

static void no_flush(png_structp png)
{
	(void)png;
}

static _Noreturn void give_up(png_structp png, const char *message)
{
	(void)message;
	png_longjmp(png, 1);
}

static void no_warning(png_structp png, const char *message)
{
	(void)png;
	(void)message;
}

/* Everything the library does, in one function without locals that change: it may jump out of any call. */
static bool encode(const struct picture *picture, const struct palette *palette, uint8_t *bytes, struct buf *out)
{
	png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, give_up, no_warning);
	png_infop info = png == NULL ? NULL : png_create_info_struct(png);
	if (info == NULL || setjmp(png_jmpbuf(png)) != 0) {
		png_destroy_write_struct(&png, &info);
		return false;
	}
	png_set_write_fn(png, out, append, no_flush);
	png_set_check_for_invalid_index(png, 0); /* they are ours */
	png_set_compression_level(png, LEVEL);
	png_set_compression_buffer_size(png, 65536);
	png_set_filter(png, PNG_FILTER_TYPE_BASE, PNG_FILTER_NONE);
	int type = palette != NULL ? PNG_COLOR_TYPE_PALETTE : PNG_COLOR_TYPE_RGB;
	png_set_IHDR(png, info, (png_uint_32)picture->width, (png_uint_32)picture->height, 8, type, PNG_INTERLACE_NONE,
				 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
	if (palette != NULL)
		png_set_PLTE(png, info, palette->colours, palette->count);
	png_write_info(png, info);
	for (int y = 0; y < picture->height; y++)
		png_write_row(png, bytes + (size_t)y * (size_t)picture->width * (palette != NULL ? 1 : 3));
	png_write_end(png, NULL);
	png_destroy_write_struct(&png, &info);
	return true;
}

bool png_write(const struct picture *picture, struct buf *out, struct err *err)
{
	must(picture->width > 0 && picture->width <= SIDE_MAX && picture->height > 0 && picture->height <= SIDE_MAX);
	size_t count = (size_t)picture->width * (size_t)picture->height;
	uint8_t *bytes = malloc(count);
	struct palette *palette = calloc(1, sizeof *palette);
	bool done = bytes != NULL && palette != NULL;
	bool indexed = done && index_pixels(picture, false, palette, bytes);
	if (done && !indexed) {
		memset(palette, 0, sizeof *palette);
		indexed = index_pixels(picture, true, palette, bytes);
	}
	if (done && !indexed) {
		free(bytes);
		bytes = malloc(count * 3);
		done = bytes != NULL;
		if (done)
			to_rgb(picture, bytes);
	}
	done = done && encode(picture, indexed ? palette : NULL, bytes, out) && buf_ok(out);
	free(palette);
	free(bytes);
	return done || err_set(err, ERR_LIMIT, "The picture needs more memory than it may have");
}
