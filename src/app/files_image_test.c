#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "app/files_image.h"

/* [P-9.3] Headers only, written by hand from the formats' own texts. */
static void test_pixels(void **state)
{
	static const struct {
		const char *bytes;
		size_t size;
		int64_t pixels;
	} rows[] = {
		{"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\0\2", 24, 512},
		{"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\xff\xff\xff\xff\0\0\0\2", 24, INT64_MAX},
		{"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\1\0\0\0\0", 23, 0},
		{"GIF89a\x10\0\0\1", 10, 16 * 256},
		{"GIF89a\x10\0\0", 9, 0},
		{"\xff\xd8\xff\xe0\0\4ab\xff\xc0\0\x11\x08\0\x20\1\0", 17, 32 * 256},
		{"\xff\xd8\xff\xff\xc2\0\x11\x08\0\x20\1\0", 12, 32 * 256},
		{"\xff\xd8\xff\xc4\0\4ab\xff\xda\0\4ab\xff\xc0\0\x11\x08\0\x20\1\0", 23, 0},
		{"\xff\xd8\xff\xe0\xff\xff"
		 "abcdefgh",
		 14, 0},
		{"RIFF\0\0\0\0WEBPVP8 \0\0\0\0\0\0\0\x9d\1\x2a\x10\0\x20\0", 30, 16 * 32},
		{"RIFF\0\0\0\0WEBPVP8L\0\0\0\0\x2f\x0f\xc0\7\0\0\0\0\0\0", 30, 16 * 32},
		{"RIFF\0\0\0\0WEBPVP8X\0\0\0\0\0\0\0\0\x0f\0\0\x1f\0\0", 30, 16 * 32},
		{"%PDF-1.7", 8, 0},
		{"", 0, 0},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (image_pixels(rows[i].bytes, rows[i].size) != rows[i].pixels)
			fail_msg("row %zu: %lld", i, (long long)image_pixels(rows[i].bytes, rows[i].size));
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_pixels)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
