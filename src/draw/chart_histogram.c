#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/err.h"
#include "core/must.h"
#include "draw/chart_impl.h"

enum { FOOT = 26, BINS_MAX = 500 };

struct histogram {
	struct chart chart;
	size_t counts[BINS_MAX], most;
	int bins;
	double low, high, mean, median;
	struct chart_panel panel;
};

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return (x > y) - (x < y);
}

static bool measure(struct histogram *h, const double *values, size_t count, struct err *err)
{
	double *sorted = calloc(count, sizeof *sorted), sum = 0;
	if (sorted == NULL)
		return err_set(err, ERR_LIMIT, "There is no memory for a chart");
	memcpy(sorted, values, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, ascending);
	for (size_t i = 0; i < count; i++)
		sum += sorted[i];
	h->mean = sum / (double)count;
	h->median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
	h->low = sorted[0];
	h->high = sorted[count - 1];
	if (!(h->high > h->low)) { /* all equal: one full bar in the middle */
		double pad = fmax(fabs(h->low) * 0.01, 1e-9);
		h->low -= pad;
		h->high += pad;
	}
	for (size_t i = 0; i < count; i++) {
		int bin = (int)((sorted[i] - h->low) / (h->high - h->low) * h->bins);
		size_t now = ++h->counts[bin >= h->bins ? h->bins - 1 : bin];
		h->most = now > h->most ? now : h->most;
	}
	free(sorted);
	return true;
}

static double x_of(const struct histogram *h, double value)
{
	return h->panel.x + (value - h->low) / (h->high - h->low) * h->panel.width;
}

static void draw_bars(const struct histogram *h)
{
	struct box boxes[BINS_MAX];
	size_t count = 0;
	for (int i = 0; i < h->bins; i++) {
		double left = round(h->panel.x + (double)h->panel.width * i / h->bins);
		double right = round(h->panel.x + (double)h->panel.width * (i + 1) / h->bins), top;
		top = round(chart_y(&h->panel, (double)h->counts[i]));
		double gap = right - left >= 4 ? 1 : 0;
		if (h->counts[i] > 0 && right > left)
			boxes[count++] = (struct box){left, fmin(top, h->panel.y + h->panel.height - 1), right - left - gap,
										  fmax(h->panel.y + h->panel.height - top, 1)};
	}
	canvas_boxes(h->chart.canvas, boxes, count, &(struct ink){.fill = h->chart.colours.bars, .crisp = true});
}

/* A line with its name, away from the other line if there is room; the second name stands a line lower. */
static void draw_level(const struct histogram *h, double value, const char *name, bool dashed, int decimals,
					   double other)
{
	double x = floor(x_of(h, value)), y = h->panel.y;
	struct canvas *canvas = h->chart.canvas;
	for (double at = y; at < y + h->panel.height; at += dashed ? 8 : h->panel.height)
		canvas_box(canvas, x, at, 1, dashed ? fmin(5, y + h->panel.height - at) : h->panel.height,
				   &(struct ink){.fill = h->chart.colours.title, .crisp = true});
	char number[CHART_LABEL_MAX], text[CHART_LABEL_MAX + 32];
	snprintf(text, sizeof text, "%s %s", name, chart_label(number, value, decimals, ""));
	int row = dashed;
	double place = (value - h->low) / (h->high - h->low);
	bool right = place < 0.2 || (place < 0.8 && value >= other);
	struct pen pen = {
		.face = FACE_BOLD, .size = 11, .colour = h->chart.colours.title, .anchor = right ? ANCHOR_START : ANCHOR_END};
	double width = canvas_text_width(canvas, &pen, text) + 8, left = right ? x + 2 : x - width - 1;
	canvas_box(canvas, left, y + 2 + row * 17, ceil(width), 16,
			   &(struct ink){.fill = h->chart.colours.ground, .crisp = true});
	canvas_text(canvas, right ? left + 4 : left + width - 4, y + 14 + row * 17, &pen, text);
}

static void draw_values(const struct histogram *h, const struct chart_ticks *ticks)
{
	struct ink grid = {.fill = h->chart.colours.grid, .crisp = true};
	struct pen pen = chart_pen(&h->chart, 11, ANCHOR_MIDDLE);
	char text[CHART_LABEL_MAX];
	for (size_t i = 0; i < ticks->count; i++) {
		double x = floor(x_of(h, ticks->values[i]));
		canvas_box(h->chart.canvas, x, h->panel.y, 1, h->panel.height, &grid);
		chart_label(text, ticks->values[i], ticks->decimals, "");
		double half = canvas_text_width(h->chart.canvas, &pen, text) / 2 + 4;
		canvas_text(h->chart.canvas, fmin(fmax(x, half), h->chart.look->width - half),
					h->chart.look->height - FOOT + 17, &pen, text);
	}
}

static void draw_all(struct histogram *h)
{
	const struct chart_look *look = h->chart.look;
	int top = chart_head(&h->chart), bottom = look->height - FOOT;
	h->panel = (struct chart_panel){.x = 12, .y = top, .height = bottom - top, .top = (double)h->most * 1.08};
	struct chart_ticks counts = chart_ticks(0, h->panel.top, h->panel.height, 36);
	size_t kept = 0;
	for (size_t i = 0; i < counts.count; i++) /* counts are whole */
		if (!(fabs(counts.values[i] - round(counts.values[i])) > 1e-9))
			counts.values[kept++] = counts.values[i];
	counts.count = kept;
	counts.decimals = 0;
	h->panel.width = look->width - 12 - chart_label_width(&h->chart, &counts, "");
	struct chart_ticks values = chart_ticks(h->low, h->high, h->panel.width, 80);
	chart_grid(&h->chart, &h->panel, &counts);
	draw_values(h, &values);
	chart_scale(&h->chart, &h->panel, &counts, "");
	draw_bars(h);
	draw_level(h, h->mean, "Mean", false, values.decimals + 2, h->median);
	draw_level(h, h->median, "Median", true, values.decimals + 2, h->mean);
}

bool chart_histogram_draw(struct fonts *fonts, const struct chart_look *look, const double *values, size_t count,
						  int bins, struct buf *out, struct err *err)
{
	must(bins >= 1 && bins <= BINS_MAX);
	if (count == 0)
		return err_set(err, ERR_INVALID, "There are no values to draw");
	struct histogram h = {.bins = bins};
	if (!measure(&h, values, count, err))
		return false;
	char words[200];
	snprintf(words, sizeof words, "Histogram of %zu values from %.10g to %.10g in %d bins, mean %.10g, median %.10g.",
			 count, h.low, h.high, bins, h.mean, h.median);
	if (!chart_begin(&h.chart, fonts, look, "Histogram", words, out, err))
		return false;
	draw_all(&h);
	return chart_end(&h.chart, err);
}
