/*
 * How long a report and charts take, and what they weigh; with a folder named, the files (or the one named) are written
 * there (the pictures of the documentation come from this).
 *
 *   draw_bench [FOLDER [NAME]]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/chart.h"
#include "draw/elevation.h"
#include "draw/fonts.h"
#include "draw/report.h"
#include "draw/sample.h"

static double now_ms(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void write_file(const char *folder, const char *name, const struct buf *buf)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "wb");
	if (file == NULL || fwrite(buf->bytes, 1, buf->size, file) != buf->size) {
		perror(path);
		exit(1);
	}
	fclose(file);
}

static void die(const struct err *err)
{
	fprintf(stderr, "draw_bench: %s\n", err->message);
	exit(1);
}

/* A way to make a document, and its name. */
struct work {
	const char *name;
	bool (*make)(struct fonts *fonts, int variant, struct buf *out, struct err *err);
	int variant;
};

static bool make_report(struct fonts *fonts, int variant, struct buf *out, struct err *err)
{
	struct report report = sample_report(variant);
	return report_pdf(fonts, &report, out, err);
}

static bool make_elevation(struct fonts *fonts, int variant, struct buf *out, struct err *err)
{
	struct report report = sample_report(variant);
	return elevation_svg(fonts, &report.structure, report.project_name, out, err);
}

/* A walk that looks like prices; the same on any machine. */
static double step(uint64_t *state)
{
	*state = *state * 6364136223846793005u + 1442695040888963407u;
	return (double)(*state >> 40) / (1 << 24) - 0.5;
}

static void fill_rows(struct chart_row *rows, int count)
{
	uint64_t state = 7;
	double price = 1.1;
	for (int i = 0; i < count; i++) {
		double open = price, close = open + step(&state) * 0.004;
		double high = (open > close ? open : close) + (step(&state) + 0.5) * 0.0015;
		double low = (open < close ? open : close) - (step(&state) + 0.5) * 0.0015;
		rows[i] = (struct chart_row){1767225600 + i * 900LL, open, high, low, close, 500 + step(&state) * 800};
		price = close;
	}
}

/* `variant` rows; odd hundreds are dark, and a negative number is SVG. */
static bool make_candles(struct fonts *fonts, int variant, struct buf *out, struct err *err)
{
	static struct chart_row rows[5000];
	int count = abs(variant);
	fill_rows(rows, count);
	struct chart_marker markers[] = {{rows[count / 3].time_s, rows[count / 3].low, true, "0.50 lot"},
									 {rows[count / 2].time_s, rows[count / 2].high, false, NULL}};
	struct chart_candles data = {.rows = rows,
								 .count = (size_t)count,
								 .sma = {20, 50},
								 .sma_count = 2,
								 .volume = count != 500,
								 .markers = markers,
								 .marker_count = 2};
	struct chart_look look = {.width = 1200,
							  .height = 600,
							  .svg = variant < 0,
							  .title = "EURUSD, 15 minutes",
							  .theme = count / 100 % 2 == 1 && count != 500 ? CHART_DARK : CHART_LIGHT};
	return chart_candles_draw(fonts, &look, &data, out, err);
}

static bool make_equity(struct fonts *fonts, int variant, struct buf *out, struct err *err)
{
	static struct chart_point points[2000];
	uint64_t state = 11;
	double equity = 10000;
	for (int i = 0; i < 2000; i++) {
		equity += step(&state) * 120 + 3;
		points[i] = (struct chart_point){1700000000 + i * 86400LL / 4, equity};
	}
	struct chart_look look = {
		.width = 1200, .height = 600, .title = "Account equity", .theme = variant == 1 ? CHART_DARK : CHART_LIGHT};
	return chart_equity_draw(fonts, &look, points, 2000, out, err);
}

static bool make_histogram(struct fonts *fonts, int variant, struct buf *out, struct err *err)
{
	static double values[1000];
	uint64_t state = 13;
	for (int i = 0; i < 1000; i++)
		values[i] = (step(&state) + step(&state) + step(&state)) * 4 + 0.2;
	struct chart_look look = {
		.width = 1200, .height = 600, .title = "R multiples", .theme = variant == 1 ? CHART_DARK : CHART_LIGHT};
	return chart_histogram_draw(fonts, &look, values, 1000, 30, out, err);
}

static const struct work works[] = {
	{"report.pdf", make_report, 0},
	{"report-spread.pdf", make_report, 1},
	{"report-plate.pdf", make_report, 2},
	{"report-nothing.pdf", make_report, 3},
	{"report-excess.pdf", make_report, 4},
	{"report-empty.pdf", make_report, 5},
	{"report-tall.pdf", make_report, 6},
	{"report-flat.pdf", make_report, 7},
	{"elevation-excess.svg", make_elevation, 4},
	{"elevation.svg", make_elevation, 0},
	{"elevation-spread.svg", make_elevation, 1},
	{"elevation-plate.svg", make_elevation, 2},
	{"candles-500.png", make_candles, 500},
	{"candles-100-dark.png", make_candles, 100},
	{"candles-5000.png", make_candles, 5000},
	{"candles-1.png", make_candles, 1},
	{"candles-30.png", make_candles, 30},
	{"candles-500.svg", make_candles, -500},
	{"equity.png", make_equity, 0},
	{"equity-dark.png", make_equity, 1},
	{"histogram.png", make_histogram, 0},
	{"histogram-dark.png", make_histogram, 1},
};

static void measure(struct fonts *fonts, const struct work *work, const char *folder)
{
	enum { ROUNDS = 20 };
	double first = 0, best = 1e9, sum = 0;
	struct buf out;
	buf_init(&out, 0);
	for (int i = 0; i < ROUNDS; i++) {
		struct err err;
		buf_reset(&out);
		double start = now_ms();
		if (!work->make(fonts, work->variant, &out, &err))
			die(&err);
		double took = now_ms() - start;
		first = i == 0 ? took : first;
		best = took < best ? took : best;
		sum += took;
	}
	printf("%-24s first %7.2f ms  mean %7.2f ms  best %7.2f ms  %8zu bytes\n", work->name, first, sum / ROUNDS, best,
		   out.size);
	if (folder != NULL)
		write_file(folder, work->name, &out);
	buf_fini(&out);
}

int main(int argc, char **argv)
{
	struct err err;
	double start = now_ms();
	struct fonts *fonts = fonts_new(&err);
	if (fonts == NULL)
		die(&err);
	printf("%-24s first %7.2f ms\n", "fonts", now_ms() - start);
	for (size_t i = 0; i < sizeof works / sizeof *works; i++)
		if (argc < 3 || strcmp(argv[2], works[i].name) == 0)
			measure(fonts, &works[i], argc > 1 ? argv[1] : NULL);
	fonts_free(fonts);
	return 0;
}
