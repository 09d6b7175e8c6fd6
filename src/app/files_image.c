#include "app/files_image.h"

#include <stdbool.h>
#include <string.h>

static uint32_t big(const unsigned char *at, int bytes)
{
	uint32_t value = 0;
	for (int i = 0; i < bytes; i++)
		value = value << 8 | at[i];
	return value;
}

static uint32_t little(const unsigned char *at, int bytes)
{
	uint32_t value = 0;
	for (int i = bytes - 1; i >= 0; i--)
		value = value << 8 | at[i];
	return value;
}

static int64_t png(const unsigned char *at, size_t size)
{
	if (size < 24 || memcmp(at + 12, "IHDR", 4) != 0)
		return 0;
	uint32_t width = big(at + 16, 4), height = big(at + 20, 4);
	return width <= INT32_MAX && height <= INT32_MAX ? (int64_t)width * height : INT64_MAX;
}

static int64_t gif(const unsigned char *at, size_t size)
{
	return size < 10 ? 0 : (int64_t)little(at + 6, 2) * little(at + 8, 2);
}

/* T.81 table B.1: SOF0 to SOF15 but DHT, JPG and DAC, which have numbers among them. */
static bool is_frame(unsigned char marker)
{
	return marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc;
}

static int64_t jpeg(const unsigned char *at, size_t size)
{
	for (size_t i = 2; i + 9 <= size;) {
		if (at[i] != 0xff)
			return 0;
		unsigned char marker = at[i + 1];
		if (marker == 0xff) { /* fill byte */
			i++;
			continue;
		}
		if (is_frame(marker))
			return (int64_t)big(at + i + 5, 2) * big(at + i + 7, 2);
		if (marker == 0xd9 || marker == 0xda)
			return 0; /* the image began or ended without a frame */
		bool alone = marker == 0x01 || (marker >= 0xd0 && marker <= 0xd8);
		i += alone ? 2 : 2 + (size_t)big(at + i + 2, 2);
	}
	return 0;
}

static int64_t webp(const unsigned char *at, size_t size)
{
	if (size < 30)
		return 0;
	if (memcmp(at + 12, "VP8 ", 4) == 0)
		return (int64_t)(little(at + 26, 2) & 0x3fff) * (little(at + 28, 2) & 0x3fff);
	if (memcmp(at + 12, "VP8L", 4) == 0) {
		uint32_t bits = little(at + 21, 4);
		return (int64_t)((bits & 0x3fff) + 1) * ((bits >> 14 & 0x3fff) + 1);
	}
	if (memcmp(at + 12, "VP8X", 4) == 0)
		return (int64_t)(little(at + 24, 3) + 1) * (little(at + 27, 3) + 1);
	return 0;
}

int64_t image_pixels(const void *bytes, size_t size)
{
	const unsigned char *at = bytes;
	if (size >= 8 && memcmp(at, "\x89PNG\r\n\x1a\n", 8) == 0)
		return png(at, size);
	if (size >= 6 && (memcmp(at, "GIF87a", 6) == 0 || memcmp(at, "GIF89a", 6) == 0))
		return gif(at, size);
	if (size >= 3 && memcmp(at, "\xff\xd8\xff", 3) == 0)
		return jpeg(at, size);
	if (size >= 12 && memcmp(at, "RIFF", 4) == 0 && memcmp(at + 8, "WEBP", 4) == 0)
		return webp(at, size);
	return 0;
}
