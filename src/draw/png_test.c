#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/png.h"

static uint32_t be32(const char *bytes)
{
	const unsigned char *b = (const unsigned char *)bytes;
	return (uint32_t)b[0] << 24 | (uint32_t)b[1] << 16 | (uint32_t)b[2] << 8 | b[3];
}

/* Walk the chunks: order, checksums, nothing but the four kinds.  Returns the colour type. */
static int check_chunks(const struct buf *buf, uint32_t width, uint32_t height)
{
	assert_memory_equal(buf->bytes, "\x89PNG\r\n\x1a\n", 8);
	size_t at = 8, palettes = 0, data = 0;
	int type = -1;
	bool ended = false;
	while (at < buf->size) {
		assert_false(ended);
		assert_true(at + 12 <= buf->size);
		uint32_t size = be32(buf->bytes + at);
		const char *name = buf->bytes + at + 4;
		assert_true(size <= buf->size - at - 12);
		uint32_t crc = (uint32_t)crc32(0, (const unsigned char *)name, size + 4);
		assert_int_equal(crc, be32(name + 4 + size));
		if (memcmp(name, "IHDR", 4) == 0) {
			assert_int_equal(at, 8);
			assert_int_equal(be32(name + 4), width);
			assert_int_equal(be32(name + 8), height);
			assert_int_equal(name[12], 8); /* bits */
			type = name[13];
			assert_int_equal(name[16], 0); /* not interlaced */
		} else if (memcmp(name, "PLTE", 4) == 0) {
			palettes++;
			assert_true(data == 0 && size % 3 == 0 && size <= 768);
		} else if (memcmp(name, "IDAT", 4) == 0) {
			data++;
		} else {
			assert_memory_equal(name, "IEND", 4);
			ended = true;
		}
		at += 12 + size;
	}
	assert_true(ended && data > 0 && at == buf->size);
	assert_int_equal(palettes, type == 3);
	return type;
}

static uint32_t *decode(const struct buf *buf)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	assert_true(png_image_begin_read_from_memory(&image, buf->bytes, buf->size));
	image.format = PNG_FORMAT_BGRA;
	uint32_t *pixels = malloc(PNG_IMAGE_SIZE(image));
	assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
	return pixels;
}

/* Write, walk, read back.  `colours` different ones; returns the colour type. */
static int round_trip(int width, int height, uint32_t colours, int tolerance)
{
	size_t count = (size_t)width * (size_t)height;
	uint32_t *pixels = calloc(count, sizeof *pixels);
	for (size_t i = 0; i < count; i++)
		pixels[i] = (uint32_t)(i % colours) * 2654435761u & 0xffffff;
	uint32_t exact = pixels[0];
	struct picture picture = {pixels, (size_t)width, width, height, &exact, 1};
	struct buf a, b;
	buf_init(&a, 0);
	buf_init(&b, 0);
	assert_true(png_write(&picture, &a, NULL));
	assert_true(png_write(&picture, &b, NULL));
	assert_int_equal(a.size, b.size);
	assert_memory_equal(a.bytes, b.bytes, a.size);
	int type = check_chunks(&a, (uint32_t)width, (uint32_t)height);
	uint32_t *back = decode(&a);
	for (size_t i = 0; i < count; i++)
		for (int shift = 0; shift < 24; shift += 8) {
			int from = (int)(pixels[i] >> shift & 255), to = (int)(back[i] >> shift & 255);
			assert_true(abs(from - to) <= (pixels[i] == exact ? 0 : tolerance));
		}
	free(back);
	free(pixels);
	buf_fini(&a);
	buf_fini(&b);
	return type;
}

static void few_colours_have_a_palette_and_stay(void **state)
{
	(void)state;
	assert_int_equal(round_trip(1, 1, 1, 0), 3);
	assert_int_equal(round_trip(37, 11, 5, 0), 3);
	assert_int_equal(round_trip(200, 150, 256, 0), 3);
}

static void many_colours_are_rgb_and_stay(void **state)
{
	(void)state;
	assert_int_equal(round_trip(300, 200, 60000, 0), 2);
}

/* Shades of one grey: more than a palette holds, few when coarse. */
static void smoothed_colours_may_move_a_little(void **state)
{
	(void)state;
	static uint32_t pixels[400];
	for (int i = 0; i < 400; i++)
		pixels[i] = i < 256 ? (uint32_t)i * 0x010101u : (uint32_t)(i - 256) * 0x010100u;
	static const uint32_t exact[] = {0x0c0c0c, 0x535300, 0x888888};
	struct picture picture = {pixels, 20, 20, 20, exact, 3};
	struct buf out;
	buf_init(&out, 0);
	assert_true(png_write(&picture, &out, NULL));
	assert_int_equal(check_chunks(&out, 20, 20), 3);
	uint32_t *back = decode(&out);
	for (int i = 0; i < 400; i++) {
		bool named = pixels[i] == exact[0] || pixels[i] == exact[1] || pixels[i] == exact[2];
		for (int shift = 0; shift < 24; shift += 8)
			assert_true(abs((int)(pixels[i] >> shift & 255) - (int)(back[i] >> shift & 255)) <= (named ? 0 : 8));
		/* nothing else turns into a named colour */
		if (!named)
			for (int e = 0; e < 3; e++)
				assert_true((back[i] & 0xffffff) != exact[e]);
	}
	free(back);
	buf_fini(&out);
}

static void a_full_buffer_is_an_error(void **state)
{
	(void)state;
	uint32_t pixels[4] = {0, 1, 2, 3};
	struct picture picture = {pixels, 2, 2, 2, NULL, 0};
	struct buf out;
	struct err err = {0};
	buf_init(&out, 20);
	assert_false(png_write(&picture, &out, &err));
	assert_int_equal(err.kind, ERR_LIMIT);
	buf_fini(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(few_colours_have_a_palette_and_stay),
		cmocka_unit_test(many_colours_are_rgb_and_stay),
		cmocka_unit_test(smoothed_colours_may_move_a_little),
		cmocka_unit_test(a_full_buffer_is_an_error),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
