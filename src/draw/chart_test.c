/*
 * With an argument the program is the other process: it writes the picture of that number to standard output.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <math.h>
#include <png.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/chart.h"
#include "draw/chart_impl.h"
#include "draw/fonts.h"
#include "draw/xml_check.h"

enum { UP = 0x089981, DOWN = 0xf23645, ROWS_MAX = 5000 };

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

static double step(uint64_t *seed)
{
	*seed = *seed * 6364136223846793005u + 1442695040888963407u;
	return (double)(*seed >> 40) / (1 << 24) - 0.5;
}

static struct chart_row *make_rows(size_t count)
{
	static struct chart_row rows[ROWS_MAX];
	uint64_t seed = 5;
	double price = 100;
	for (size_t i = 0; i < count; i++) {
		double open = price, close = open + step(&seed) * 4;
		rows[i] = (struct chart_row){(int64_t)i * 3600,
									 open,
									 fmax(open, close) + (step(&seed) + 0.5) * 2,
									 fmin(open, close) - (step(&seed) + 0.5) * 2,
									 close,
									 (step(&seed) + 0.5) * 900};
		price = close;
	}
	return rows;
}

static uint32_t *decode(const struct buf *buf)
{
	png_image image = {.version = PNG_IMAGE_VERSION};
	assert_true(png_image_begin_read_from_memory(&image, buf->bytes, buf->size));
	image.format = PNG_FORMAT_BGRA;
	uint32_t *pixels = malloc(PNG_IMAGE_SIZE(image));
	assert_true(png_image_finish_read(&image, NULL, pixels, 0, NULL));
	for (uint32_t i = 0; i < image.width * image.height; i++)
		pixels[i] &= 0xffffff;
	return pixels;
}

static uint32_t *draw(void **state, const struct chart_look *look, const struct chart_candles *data)
{
	struct buf out;
	struct err err = {0};
	buf_init(&out, 0);
	if (!chart_candles_draw(*state, look, data, &out, &err))
		fail_msg("%s", err.message);
	uint32_t *pixels = decode(&out);
	buf_fini(&out);
	return pixels;
}

/* What one candle left in the picture, by its shade. */
struct mark {
	int left, right, top, bottom; /* of all its pixels */
	int body_top, body_bottom;    /* of the pixels in its first column */
	int wick_left, wick_right;    /* of its top row, or bottom row when that is narrower */
};

/* Candles from left to right: runs of columns that have candle pixels. */
static size_t find_candles(const uint32_t *pixels, int width, int height, struct mark *marks, size_t most)
{
	size_t count = 0;
	bool inside = false;
	for (int x = 0; x < width; x++) {
		int top = -1, bottom = -1;
		for (int y = 0; y < height; y++) {
			uint32_t c = pixels[y * width + x];
			if (c == UP || c == DOWN) {
				top = top < 0 ? y : top;
				bottom = y;
			}
		}
		if (top >= 0 && !inside) {
			assert_true(count < most);
			marks[count++] = (struct mark){x, x, top, bottom, top, bottom, -1, -1};
		} else if (top >= 0) {
			struct mark *m = &marks[count - 1];
			m->right = x;
			m->top = top < m->top ? top : m->top;
			m->bottom = bottom > m->bottom ? bottom : m->bottom;
			if (top < m->body_top || bottom > m->body_bottom) {
				m->wick_left = m->wick_left < 0 ? x : m->wick_left;
				m->wick_right = x;
			}
		}
		inside = top >= 0;
	}
	return count;
}

/* The scale of the picture from two known edges, then every other edge against it: a linear axis. */
static void check_geometry(const uint32_t *pixels, int width, int height, const struct chart_row *rows, size_t count)
{
	struct mark *marks = calloc(count, sizeof *marks);
	assert_int_equal(find_candles(pixels, width, height, marks, count), count);
	size_t highest = 0, lowest = 0;
	for (size_t i = 1; i < count; i++) {
		highest = rows[i].high > rows[highest].high ? i : highest;
		lowest = rows[i].low < rows[lowest].low ? i : lowest;
	}
	double scale = (marks[lowest].bottom + 1 - marks[highest].top) / (rows[highest].high - rows[lowest].low);
	for (size_t i = 0; i < count; i++) {
		const struct mark *m = &marks[i];
		double y = marks[highest].top + (rows[highest].high - rows[i].high) * scale;
		assert_true(fabs(m->top - y) <= 1.5);
		y = marks[highest].top + (rows[highest].high - rows[i].low) * scale;
		assert_true(fabs(m->bottom + 1 - y) <= 1.5);
		y = marks[highest].top + (rows[highest].high - fmax(rows[i].open, rows[i].close)) * scale;
		assert_true(fabs(m->body_top - y) <= 1.5);
		assert_true((m->right - m->left) % 2 == 0); /* odd widths */
		if (m->wick_left >= 0) {
			assert_true((m->wick_right - m->wick_left) % 2 == 0);
			assert_int_equal(m->wick_left - m->left, m->right - m->wick_right); /* centred */
		}
		if (i > 0)
			assert_true(m->left - marks[i - 1].right >= 2); /* a pixel of ground */
		/* one shade only, the right one */
		uint32_t shade = rows[i].close >= rows[i].open ? UP : DOWN;
		for (int yy = m->body_top; yy <= m->body_bottom; yy++)
			for (int x = m->left; x <= m->right; x++)
				assert_int_equal(pixels[yy * width + x], shade);
	}
	if (count >= 10) { /* about 0.6 of the slot */
		double slot = (double)(marks[count - 1].left - marks[0].left) / (double)(count - 1);
		double body = marks[0].right - marks[0].left + 1;
		assert_true(fabs(body - 0.6 * slot) <= 1.01);
	}
	free(marks);
}

static void candles_stand_on_whole_pixels(void **state)
{
	static const size_t counts[] = {1, 2, 7, 20, 33, 60, 111, 150, 200, 250};
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		for (int theme = 0; theme < 2; theme++) {
			struct chart_look look = {.width = 1200, .height = 600, .title = "Test", .theme = (enum chart_theme)theme};
			struct chart_candles data = {.rows = make_rows(counts[i]), .count = counts[i]};
			uint32_t *pixels = draw(state, &look, &data);
			check_geometry(pixels, look.width, look.height, data.rows, counts[i]);
			free(pixels);
		}
}

static void a_flat_candle_is_one_pixel_high(void **state)
{
	struct chart_row rows[] = {{0, 10, 12, 8, 10, NAN}, {60, 10, 10, 10, 10, NAN}};
	struct chart_look look = {.width = 400, .height = 300};
	uint32_t *pixels = draw(state, &look, &(struct chart_candles){.rows = rows, .count = 2});
	struct mark marks[2];
	assert_int_equal(find_candles(pixels, 400, 300, marks, 2), 2);
	assert_int_equal(marks[0].body_top, marks[0].body_bottom);
	assert_true(marks[0].top < marks[0].body_top && marks[0].bottom > marks[0].body_bottom);
	assert_int_equal(marks[1].top, marks[1].bottom);
	assert_int_equal(marks[1].top, marks[0].body_top);
	assert_int_equal(pixels[marks[1].top * 400 + marks[1].left], UP); /* close >= open */
	free(pixels);
}

static size_t count_colour(const uint32_t *pixels, int width, int height, uint32_t shade)
{
	size_t count = 0;
	for (int i = 0; i < width * height; i++)
		count += pixels[i] == shade;
	return count;
}

/* The candles' colours are for candles only: none of them where no row rises (falls). */
static void candle_colours_mean_candles(void **state)
{
	struct chart_row rows[50];
	for (int i = 0; i < 50; i++)
		rows[i] = (struct chart_row){i * 60, 100 + i, 102 + i, 99 + i, 101 + i, 10 + i};
	struct chart_marker markers[] = {{600, 110, true, "buy"}, {1200, 125, false, "sell"}};
	struct chart_candles data = {.rows = rows,
								 .count = 50,
								 .volume = true,
								 .markers = markers,
								 .marker_count = 2,
								 .sma = {5, 10, 20},
								 .sma_count = 3};
	for (int theme = 0; theme < 2; theme++)
		for (int palette = 0; palette < 3; palette++) {
			struct chart_look look = {.width = 800,
									  .height = 400,
									  .title = "Up",
									  .theme = (enum chart_theme)theme,
									  .palette = (enum chart_palette)palette};
			uint32_t *pixels = draw(state, &look, &data);
			assert_int_equal(count_colour(pixels, 800, 400, DOWN), 0);
			assert_true((count_colour(pixels, 800, 400, UP) > 0) == (palette == CHART_DEFAULT));
			free(pixels);
		}
}

/* Each average: its exact shade in every column from its first row on, two pixels high where it is level. */
static void averages_are_exact_lines(void **state)
{
	struct chart_row rows[100];
	for (int i = 0; i < 100; i++)
		rows[i] = (struct chart_row){i * 60, 50, 60 + i % 3, 40, 50, NAN};
	static const uint32_t colours[] = {0x2962ff, 0xff6d00, 0xaa00ff, 0x00838f, 0x6d4c41};
	struct chart_look look = {.width = 1000, .height = 400};
	for (size_t n = 0; n < CHART_SMA_MAX; n++) {
		struct chart_candles data = {.rows = rows, .count = 100, .sma = {2, 3, 4, 5, 6}, .sma_count = n + 1};
		uint32_t *pixels = draw(state, &look, &data);
		/* levels coincide: the last line covers the others */
		assert_true(count_colour(pixels, 1000, 400, colours[n]) > 1000);
		int first = 1000, last = 0;
		for (int x = 0; x < 1000; x++) {
			int high = 0;
			for (int y = 0; y < 400; y++)
				high += pixels[y * 1000 + x] == colours[n];
			assert_true(high == 0 || high == 2);
			first = high > 0 && x < first ? x : first;
			last = high > 0 ? x : last;
		}
		assert_true(last - first > 850);
		assert_int_equal(count_colour(pixels, 1000, 400, colours[n]), 2 * (size_t)(last - first + 1));
		free(pixels);
	}
}

/* The SMA stands where its mean is: checked against the candles' scale. */
static void an_average_is_the_mean_of_closes(void **state)
{
	struct chart_row *rows = make_rows(40);
	struct chart_look look = {.width = 1200, .height = 800};
	struct chart_candles data = {.rows = rows, .count = 40};
	uint32_t *plain = draw(state, &look, &data);
	struct mark marks[40];
	assert_int_equal(find_candles(plain, 1200, 800, marks, 40), 40);
	size_t highest = 0, lowest = 0;
	for (size_t i = 1; i < 40; i++) {
		highest = rows[i].high > rows[highest].high ? i : highest;
		lowest = rows[i].low < rows[lowest].low ? i : lowest;
	}
	double top = marks[highest].top, scale = (marks[lowest].bottom + 1 - top) / (rows[highest].high - rows[lowest].low);
	free(plain);
	data.sma[0] = 10;
	data.sma_count = 1;
	look.title = NULL;
	uint32_t *pixels = draw(state, &look, &data);
	/* the key takes a line above the panel: find the scale again from candles that the line leaves alone */
	struct mark again[40];
	find_candles(pixels, 1200, 800, again, 40);
	scale *= (double)(again[lowest].bottom + 1 - again[highest].top) / (marks[lowest].bottom + 1 - top);
	top = again[highest].top;
	for (size_t i = 9; i < 40; i++) {
		double mean = 0;
		for (size_t k = 0; k < 10; k++)
			mean += rows[i - k].close / 10;
		double y = top + (rows[highest].high - mean) * scale;
		int x = (marks[i].left + marks[i].right) / 2, found = -1;
		for (int yy = 0; yy < 800; yy++)
			if (pixels[yy * 1200 + x] == 0x2962ff && (found < 0 || fabs(yy - y) < fabs(found - y)))
				found = yy;
		assert_true(found >= 0 && fabs(found - y) <= 3);
	}
	free(pixels);
}

static void png_chunks_are_the_four(void **state)
{
	struct chart_look look = {.width = 1200, .height = 600, .title = "Price \xe2\x89\xa5 \xd7\xa9"};
	struct buf out;
	buf_init(&out, 0);
	assert_true(
		chart_candles_draw(*state, &look, &(struct chart_candles){.rows = make_rows(500), .count = 500}, &out, NULL));
	for (size_t at = 8; at < out.size;) {
		const unsigned char *b = (const unsigned char *)out.bytes + at;
		const char *name = out.bytes + at + 4;
		assert_true(memcmp(name, "IHDR", 4) == 0 || memcmp(name, "PLTE", 4) == 0 || memcmp(name, "IDAT", 4) == 0 ||
					memcmp(name, "IEND", 4) == 0);
		at += 12 + ((size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3]);
	}
	assert_int_equal(out.bytes[25], 3); /* few shades: a palette */
	buf_fini(&out);
}

/* A picture by number, of every kind. */
enum { PICTURES = 12 };

static bool make(struct fonts *fonts, int number, struct buf *out, struct err *err)
{
	struct chart_look look = {.width = 640,
							  .height = 360,
							  .svg = number % 2 == 1,
							  .title = "A & B <c> \xce\xa9",
							  .theme = number % 4 < 2 ? CHART_LIGHT : CHART_DARK};
	static const size_t counts[] = {1, 50, 5000};
	if (number < 6) {
		struct chart_row *rows = make_rows(counts[number / 2]);
		struct chart_marker marker = {rows[0].time_s, rows[0].low, true, "<&>"};
		struct chart_candles data = {.rows = rows,
									 .count = counts[number / 2],
									 .sma = {9, 500},
									 .sma_count = 2,
									 .volume = true,
									 .markers = &marker,
									 .marker_count = 1};
		return chart_candles_draw(fonts, &look, &data, out, err);
	}
	static struct chart_point points[ROWS_MAX];
	static double values[ROWS_MAX];
	uint64_t seed = 9;
	size_t count = number < 9 ? 1 : ROWS_MAX;
	for (size_t i = 0; i < count; i++) {
		points[i] = (struct chart_point){(int64_t)i * 86400, 1000 + (double)i + step(&seed) * 300};
		values[i] = step(&seed) + step(&seed);
	}
	if (number % 3 == 0)
		return chart_histogram_draw(fonts, &look, values, count, 30, out, err);
	return chart_equity_draw(fonts, &look, points, count, out, err);
}

static void another_process_has_the_same_bytes(void **state)
{
	for (int number = 0; number < PICTURES; number++) {
		struct buf here, there;
		buf_init(&here, 0);
		buf_init(&there, 0);
		assert_true(make(*state, number, &here, NULL));
		char command[64], chunk[4096];
		snprintf(command, sizeof command, "exec /proc/%d/exe %d", (int)getpid(), number);
		FILE *other = popen(command, "r");
		assert_non_null(other);
		for (size_t n; (n = fread(chunk, 1, sizeof chunk, other)) > 0;)
			buf_add(&there, chunk, n);
		assert_int_equal(pclose(other), 0);
		assert_int_equal(here.size, there.size);
		assert_memory_equal(here.bytes, there.bytes, here.size);
		buf_fini(&here);
		buf_fini(&there);
	}
}

static void svg_is_well_formed_and_bare(void **state)
{
	for (int number = 1; number < PICTURES; number += 2) {
		struct buf out;
		buf_init(&out, 0);
		assert_true(make(*state, number, &out, NULL));
		long at = 0;
		if (!xml_check(buf_text(&out), &at))
			fail_msg("picture %d: not well-formed at byte %ld", number, at);
		static const char *const never[] = {"<script", "<metadata", "href", "url(", "<image",
											"onload",  "<!",        "nan",  "inf"};
		for (size_t i = 0; i < sizeof never / sizeof *never; i++)
			if (strstr(out.bytes, never[i]) != NULL)
				fail_msg("picture %d has %s", number, never[i]);
		assert_non_null(strstr(out.bytes, "role=\"img\""));
		buf_fini(&out);
	}
}

/* In SVG too, candles have whole edges and their exact colours. */
static void svg_candles_are_whole(void **state)
{
	struct chart_look look = {.width = 640, .height = 360, .svg = true};
	struct buf out;
	buf_init(&out, 0);
	assert_true(
		chart_candles_draw(*state, &look, &(struct chart_candles){.rows = make_rows(50), .count = 50}, &out, NULL));
	int found = 0;
	for (const char *at = strstr(out.bytes, "<path d=\""); at != NULL; at = strstr(at + 1, "<path d=\"")) {
		const char *end = strchr(at + 9, '"'), *close = strchr(at, '>');
		char tag[64] = "";
		if (end != NULL && close != NULL)
			snprintf(tag, sizeof tag, "%.*s", (int)(close - end > 63 ? 63 : close - end), end);
		if (strstr(tag, "#089981") == NULL && strstr(tag, "#f23645") == NULL)
			continue;
		found++;
		assert_non_null(strstr(tag, "crispEdges"));
		assert_null(memchr(at, '.', (size_t)(end - at)));
	}
	assert_int_equal(found, 2);
	buf_fini(&out);
}

/* Doubling is as high wherever it happens; on a linear axis it is not. */
static void equal_ratios_are_equally_high(void **state)
{
	struct chart_row rows[] = {
		{0, 1, 2, 1, 2, NAN}, {60, 2, 4, 2, 4, NAN}, {120, 4, 8, 4, 8, NAN}, {180, 8, 8, 1, 1, NAN}};
	struct chart_candles data = {.rows = rows, .count = 4};
	struct mark marks[4];
	for (int log = 0; log < 2; log++) {
		struct chart_look look = {.width = 400, .height = 640, .log = log == 1};
		uint32_t *pixels = draw(state, &look, &data);
		assert_int_equal(find_candles(pixels, 400, 640, marks, 4), 4);
		free(pixels);
		int all = marks[3].bottom - marks[3].top + 1;
		assert_true(all > 480); /* the room beyond is as much as ever */
		for (int i = 0; i < 3; i++) {
			int high = marks[i].bottom - marks[i].top + 1, want = log == 1 ? all / 3 : all * (1 << i) / 7;
			assert_in_range(high - want + 1, 0, 2);
		}
	}
}

/* Some eight labels at any height, for a range of a hundredth and for one of 300 powers of ten. */
static void logarithmic_axes_have_labels(void **state)
{
	static const double ranges[][2] = {{100, 101}, {90, 180}, {3, 14}, {1, 900}, {2e-9, 5e9}, {1e-280, 1e15}, {5, 5}};
	(void)state;
	for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++)
		for (int height = 60; height <= 3000; height += 245) {
			struct chart_panel panel = {.height = height, .log = true};
			chart_range(&panel, ranges[i][0], ranges[i][1]);
			assert_true(panel.bottom < ranges[i][0] && panel.top > ranges[i][1] && isfinite(panel.top));
			const struct chart_ticks ticks = chart_panel_ticks(&panel, 44);
			assert_in_range(ticks.count, height >= 305 ? 2 : 0, CHART_TICKS_MAX);
			for (size_t k = 0; k < ticks.count; k++) {
				double y = chart_y(&panel, ticks.values[k]);
				assert_true(y >= -1e-6 && y <= height + 1e-6);
				assert_true(k == 0 || chart_y(&panel, ticks.values[k - 1]) - y >= 21);
			}
		}
}

static void every_size_and_extreme(void **state)
{
	static const int sizes[][2] = {{200, 150}, {200, 3000}, {4000, 150}, {1201, 601}};
	struct chart_row flat[3] = {{0, 1, 1, 1, 1, 0}, {1, 1, 1, 1, 1, 0}, {2, 1, 1, 1, 1, 0}};
	struct chart_row huge[2] = {{-1, -1e300, 1e300, -1e300, 1e300, 1e300}, {1, 1e-300, 1e-300, 1e-300, 1e-300, NAN}};
	struct chart_row zero[1] = {{0, 0, 0, 0, 0, NAN}};
	struct chart_candles all[] = {{.rows = flat, .count = 3, .volume = true},
								  {.rows = huge, .count = 2, .volume = true},
								  {.rows = zero, .count = 1},
								  {.rows = make_rows(5000), .count = 5000, .sma = {500}, .sma_count = 1}};
	for (size_t s = 0; s < 4; s++)
		for (size_t i = 0; i < 4; i++) {
			struct chart_look look = {.width = sizes[s][0],
									  .height = sizes[s][1],
									  .title = "A title that is far too long for a small picture, and goes on and on"};
			struct buf out;
			struct err err = {0};
			buf_init(&out, 0);
			if (!chart_candles_draw(*state, &look, &all[i], &out, &err))
				fail_msg("size %zu, data %zu: %s", s, i, err.message);
			buf_fini(&out);
		}
}

static void nothing_to_draw_is_an_error(void **state)
{
	struct chart_look look = {.width = 400, .height = 300};
	struct buf out;
	struct err err = {0};
	buf_init(&out, 0);
	assert_false(chart_candles_draw(*state, &look, &(struct chart_candles){0}, &out, &err));
	assert_int_equal(err.kind, ERR_INVALID);
	assert_false(chart_equity_draw(*state, &look, NULL, 0, &out, &err));
	assert_false(chart_histogram_draw(*state, &look, NULL, 0, 30, &out, &err));
	assert_int_equal(out.size, 0);
	buf_fini(&out);
}

static int write_picture(int number)
{
	struct fonts *fonts = fonts_new(NULL);
	struct buf out;
	buf_init(&out, 0);
	bool done = fonts != NULL && make(fonts, number, &out, NULL);
	done = done && fwrite(out.bytes, 1, out.size, stdout) == out.size;
	buf_fini(&out);
	fonts_free(fonts);
	return done ? 0 : 1;
}

int main(int argc, char **argv)
{
	if (argc > 1)
		return write_picture(atoi(argv[1]));
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(candles_stand_on_whole_pixels),
		cmocka_unit_test(a_flat_candle_is_one_pixel_high),
		cmocka_unit_test(candle_colours_mean_candles),
		cmocka_unit_test(averages_are_exact_lines),
		cmocka_unit_test(an_average_is_the_mean_of_closes),
		cmocka_unit_test(png_chunks_are_the_four),
		cmocka_unit_test(another_process_has_the_same_bytes),
		cmocka_unit_test(svg_is_well_formed_and_bare),
		cmocka_unit_test(svg_candles_are_whole),
		cmocka_unit_test(equal_ratios_are_equally_high),
		cmocka_unit_test(logarithmic_axes_have_labels),
		cmocka_unit_test(every_size_and_extreme),
		cmocka_unit_test(nothing_to_draw_is_an_error),
	};
	return cmocka_run_group_tests(tests, open_fonts, close_fonts);
}
