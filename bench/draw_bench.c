/*
 * How long a report and charts take, and what they weigh; with a folder named, the files are written there (the
 * pictures of the documentation come from this).
 *
 *   draw_bench [FOLDER]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "core/buf.h"
#include "core/err.h"
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
		measure(fonts, &works[i], argc > 1 ? argv[1] : NULL);
	fonts_free(fonts);
	return 0;
}
