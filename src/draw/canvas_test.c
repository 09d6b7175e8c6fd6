#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/canvas.h"
#include "draw/qr.h"
#include "draw/xml_check.h"

static int open_fonts(void **state)
{
	*state = fonts_new(NULL);
	return *state == NULL;
}

static int close_fonts(void **state)
{
	fonts_free(*state);
	return 0;
}

static uint32_t pixel(const struct canvas *canvas, int x, int y)
{
	size_t stride;
	const uint32_t *pixels = canvas_pixels(canvas, &stride);
	return pixels[(size_t)y * stride + (size_t)x] & 0xffffff;
}

static void boxes_cover_their_pixels_only(void **state)
{
	struct canvas *canvas = canvas_picture(*state, 40, 30, RGB(0xffffff), NULL);
	canvas_box(canvas, 10, 5, 7, 3, &(struct ink){.fill = RGB(0x123456), .crisp = true});
	assert_true(canvas_finish(canvas, NULL));
	for (int y = 0; y < 30; y++)
		for (int x = 0; x < 40; x++) {
			bool inside = x >= 10 && x < 17 && y >= 5 && y < 8;
			assert_int_equal(pixel(canvas, x, y), inside ? 0x123456 : 0xffffff);
		}
	canvas_free(canvas);
}

static void text_is_where_it_was_put(void **state)
{
	struct canvas *canvas = canvas_picture(*state, 200, 60, RGB(0xffffff), NULL);
	struct pen pen = {.face = FACE_BOLD, .size = 20, .colour = RGB(0), .anchor = ANCHOR_END};
	double width = canvas_text(canvas, 180, 40, &pen, "HHH");
	assert_true(canvas_finish(canvas, NULL));
	int left = 200, right = 0, top = 60, bottom = 0;
	for (int y = 0; y < 60; y++)
		for (int x = 0; x < 200; x++)
			if (pixel(canvas, x, y) < 0x808080) {
				left = x < left ? x : left;
				right = x > right ? x : right;
				top = y < top ? y : top;
				bottom = y > bottom ? y : bottom;
			}
	assert_true(right < 180 && right > 174);
	assert_true(left >= 180 - width && left < 186 - width);
	assert_true(bottom >= 38 && bottom <= 40);
	assert_true(top >= 24 && top <= 28); /* the height of capitals is about 0.7 em */
	canvas_free(canvas);
}

static void a_line_that_is_too_long_is_cut(void **state)
{
	struct buf out;
	buf_init(&out, 0);
	struct canvas *canvas = canvas_svg(*state, 100, 100, "t", "d", &out, NULL);
	struct pen pen = {.face = FACE_SANS, .size = 10, .colour = RGB(0)};
	assert_true(canvas_fit(canvas, 0, 10, 60, &pen, "Countersignature of the engineer") <= 60);
	canvas_fit(canvas, 0, 20, 60, &pen, "Short");
	canvas_fit(canvas, 0, 30, 1, &pen, "No room");
	assert_true(
		canvas_fit(
			canvas, 0, 40, 60, &pen,
			"\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d \xd7\xa2\xd7\x95\xd7\x9c\xd7\x9d \xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d") <=
		60);
	assert_true(canvas_finish(canvas, NULL));
	/* as much as fits, and no letter more */
	const char *from = strstr(out.bytes, ">Coun") + 1, *end = strstr(from, "\xe2\x80\xa6<");
	char longer[64];
	snprintf(longer, sizeof longer, "%.*s\xe2\x80\xa6", (int)(end - from + 1), "Countersignature of the engineer");
	assert_memory_equal(from, longer, (size_t)(end - from));
	assert_true(canvas_text_width(canvas, &pen, longer) > 60);
	assert_non_null(strstr(out.bytes, ">Short<"));
	assert_non_null(strstr(out.bytes, ">\xe2\x80\xa6<"));
	canvas_free(canvas);
	buf_fini(&out);
}

static int lines(struct canvas *canvas, double width, int most, const char *text)
{
	struct pen pen = {.face = FACE_SANS, .size = 10, .colour = RGB(0)};
	int needed = canvas_lines_needed(canvas, width, most, &pen, text);
	assert_int_equal(canvas_lines(canvas, 0, 10, width, 12, most, &pen, text), needed);
	return needed;
}

static void text_is_broken_into_lines(void **state)
{
	struct canvas *canvas = canvas_picture(*state, 10, 10, RGB(0), NULL);
	static const char text[] = "one two three four five six seven eight nine ten eleven twelve";
	assert_int_equal(lines(canvas, 1000, 5, text), 1);
	assert_int_equal(lines(canvas, 1000, 5, ""), 0);
	assert_int_equal(lines(canvas, 1000, 5, NULL), 0);
	int at_100 = lines(canvas, 100, 50, text);
	assert_true(at_100 >= 3 && at_100 <= 4);
	assert_int_equal(lines(canvas, 100, 2, text), 2);
	assert_true(lines(canvas, 30, 50, "aVeryLongWordThatFitsNoLineAtAll") >= 5);
	assert_true(lines(canvas, 1, 10, "abc") >= 3); /* a character a line at least */
	canvas_free(canvas);
}

/* Every width, random words: all characters come out again, and each line fits. */
static void no_word_is_lost(void **state)
{
	struct pen pen = {.face = FACE_SANS, .size = 9, .colour = RGB(0)};
	uint64_t seed = 3;
	for (int round = 0; round < 200; round++) {
		char text[200];
		size_t size = 0, letters = 0, seen = 0;
		while (size < 150) {
			seed = seed * 6364136223846793005u + 1442695040888963407u;
			bool space = (seed >> 40) % 6 == 0 && size > 0 && text[size - 1] != ' ';
			text[size++] = space ? ' ' : (char)('a' + (seed >> 50) % 26);
			letters += !space;
		}
		text[size] = '\0';
		struct buf out;
		buf_init(&out, 0);
		struct canvas *canvas = canvas_svg(*state, 500, 500, "", "", &out, NULL);
		canvas_lines(canvas, 0, 10, 20 + round, 10, 200, &pen, text);
		assert_true(canvas_finish(canvas, NULL));
		const char *at = strstr(out.bytes, "<text");
		for (; at != NULL; at = strstr(at, "<text")) {
			at = strchr(at, '>') + 1;
			for (; *at != '<'; at++)
				seen += *at != ' ';
		}
		assert_int_equal(seen, letters);
		canvas_free(canvas);
		buf_fini(&out);
	}
}

static void bad_numbers_fail_the_canvas(void **state)
{
	struct canvas *canvas = canvas_picture(*state, 10, 10, RGB(0xffffff), NULL);
	canvas_box(canvas, NAN, 0, 5, 5, &(struct ink){.fill = RGB(0)});
	struct err err = {0};
	assert_false(canvas_finish(canvas, &err));
	assert_int_equal(err.kind, ERR_INTERNAL);
	assert_int_equal(pixel(canvas, 1, 1), 0xffffff);
	canvas_free(canvas);
}

static void svg_escapes_and_measures(void **state)
{
	struct buf out;
	buf_init(&out, 0);
	struct canvas *canvas = canvas_svg(*state, 100.5, 50, "<&>", "\"d\" \xff\x02 \xef\xbf\xbf", &out, NULL);
	struct pen pen = {.face = FACE_MONO, .size = 10, .colour = RGB(0xabcdef), .turn = -90, .anchor = ANCHOR_MIDDLE};
	canvas_text(canvas, 1.005, -0.004, &pen, "a<b> & \"c\"");
	canvas_ring(canvas, 10, 10, 3, &(struct ink){.line = RGB(0xff0000), .width = 0.5, .dash = 2});
	canvas_line(canvas, 0, 0, 12.345, 6, &(struct ink){.line = RGB(0), .width = 1});
	assert_true(canvas_finish(canvas, NULL));
	long at = 0;
	assert_true(xml_check(out.bytes, &at));
	assert_non_null(strstr(out.bytes, "viewBox=\"0 0 100.5 50\""));
	assert_non_null(strstr(out.bytes, ">a&lt;b&gt; &amp; &quot;c&quot;</text>"));
	assert_non_null(strstr(out.bytes, "rotate(-90 1"));
	assert_non_null(strstr(out.bytes, "y=\"0\""));
	assert_non_null(strstr(out.bytes, "stroke-dasharray=\"2\""));
	canvas_free(canvas);
	buf_fini(&out);
}

/* The checker itself: it must find what is broken. */
static void xml_checker_finds_faults(void **state)
{
	(void)state;
	long at;
	assert_true(xml_check("<a b=\"c\"><d/>text &amp; more</a>\n", &at));
	static const char *const bad[] = {"",
									  "text",
									  "<a>",
									  "<a></b>",
									  "<a b=c/>",
									  "<a b=\"1\" b=\"2\"/>",
									  "<a>&nbsp;</a>",
									  "<a>\x01</a>",
									  "<a></a><",
									  "<a>\xc3</a>",
									  "<a b=\"<\"/>",
									  "<a></a>x"};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (xml_check(bad[i], &at))
			fail_msg("taken for well-formed: %s", bad[i]);
}

/* Rows of the picture, as a reader of codes samples them. */
static void qr_has_its_finders_and_quiet_zone(void **state)
{
	static const char hash[] = "9f2c4a7be01d5538c6a94d20f7b3e18895ac06d14be27f3a60d8c15b72e4f903";
	enum { MODULES = 37 + 8, PX = 4 }; /* 64 bytes at level M are version 5 */
	struct canvas *canvas = canvas_picture(*state, MODULES * PX, MODULES * PX, RGB(0xffffff), NULL);
	assert_true(qr_draw(canvas, 0, 0, MODULES * PX, hash, RGB(0)));
	assert_true(canvas_finish(canvas, NULL));
	for (int i = 0; i < MODULES; i++)
		for (int q = 0; q < 4; q++) {
			assert_int_equal(pixel(canvas, i * PX + 2, q * PX + 2), 0xffffff);
			assert_int_equal(pixel(canvas, q * PX + 2, i * PX + 2), 0xffffff);
		}
	static const int corners[3][2] = {{4, 4}, {4 + 37 - 7, 4}, {4, 4 + 37 - 7}};
	for (int c = 0; c < 3; c++)
		for (int y = 0; y < 7; y++)
			for (int x = 0; x < 7; x++) {
				int ring = abs(x - 3) > abs(y - 3) ? abs(x - 3) : abs(y - 3);
				bool dark = ring != 2;
				assert_int_equal(pixel(canvas, (corners[c][0] + x) * PX + 2, (corners[c][1] + y) * PX + 2),
								 dark ? 0 : 0xffffff);
			}
	assert_false(qr_draw(canvas, 0, 0, 100, "", RGB(0)));
	assert_false(qr_draw(canvas, 0, 0, 100, NULL, RGB(0)));
	char long_text[600];
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	assert_false(qr_draw(canvas, 0, 0, 100, long_text, RGB(0)));
	canvas_free(canvas);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(boxes_cover_their_pixels_only),
		cmocka_unit_test(text_is_where_it_was_put),
		cmocka_unit_test(a_line_that_is_too_long_is_cut),
		cmocka_unit_test(text_is_broken_into_lines),
		cmocka_unit_test(no_word_is_lost),
		cmocka_unit_test(bad_numbers_fail_the_canvas),
		cmocka_unit_test(svg_escapes_and_measures),
		cmocka_unit_test(xml_checker_finds_faults),
		cmocka_unit_test(qr_has_its_finders_and_quiet_zone),
	};
	return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
