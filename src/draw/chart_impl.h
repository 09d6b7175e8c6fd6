/*
 * What charts share: colours of a theme, panels with linear axes, ticks, and the way from canvas to bytes.
 */
#ifndef CS_DRAW_CHART_IMPL_H
#define CS_DRAW_CHART_IMPL_H

#include "draw/canvas.h"
#include "draw/chart.h"

struct chart_colours {
	colour ground, grid, border, text, title;
	colour series, series_tint, fall, fall_tint; /* equity, drawdown */
	colour bars;
	colour volume, buy, sell;
	colour up, down; /* candles */
};

/* A panel: its place in whole pixels and the values at its top and bottom. */
struct chart_panel {
	int x, y, width, height;
	double top, bottom;
	bool log; /* both above 0 */
};

struct chart {
	struct canvas *canvas;
	const struct chart_look *look;
	struct chart_colours colours;
	struct buf *out;
	struct fonts *fonts;
};

enum { CHART_TICKS_MAX = 24, CHART_LABEL_MAX = 48 };

/* Round values of an axis. */
struct chart_ticks {
	double values[CHART_TICKS_MAX];
	size_t count;
	int decimals; /* -1: as many as each value has */
};

bool chart_begin(struct chart *chart, struct fonts *fonts, const struct chart_look *look, const char *kind,
				 const char *description, struct buf *out, struct err *err);
bool chart_end(struct chart *chart, struct err *err);

/* Pixels taken by the title, if any, above the first panel. */
int chart_head(const struct chart *chart);

double chart_y(const struct chart_panel *panel, double value);

/* Round ticks at least `apart` pixels from each other on `pixels` from low to high. */
struct chart_ticks chart_ticks(double low, double high, double pixels, double apart);

/* What an axis from low to high takes in: some room beyond both. */
void chart_range(struct chart_panel *panel, double low, double high);

/* The same by a panel's own axis.  A logarithmic one over a wide range has 1, 2 and 5 of each power of ten. */
struct chart_ticks chart_panel_ticks(const struct chart_panel *panel, double apart);

/* Values are printed with `suffix` behind; returns text. */
const char *chart_label(char text[CHART_LABEL_MAX], double value, int decimals, const char *suffix);

/* Width that the labels of ticks take beside a panel. */
int chart_label_width(const struct chart *chart, const struct chart_ticks *ticks, const char *suffix);

/* Grid lines of the ticks within the panel, and its frame. */
void chart_grid(const struct chart *chart, const struct chart_panel *panel, const struct chart_ticks *ticks);

/* Labels of the ticks right of the panel. */
void chart_scale(const struct chart *chart, const struct chart_panel *panel, const struct chart_ticks *ticks,
				 const char *suffix);

/* Vertical grid lines and labels of times below the panels from `top` to `bottom`.  `x_of` gives the place of row i. */
struct chart_times {
	const int64_t *(*time_of)(const void *rows, size_t i);
	double (*x_of)(const void *context, size_t i);
	const void *rows, *context;
	size_t count;
};
void chart_time_axis(const struct chart *chart, const struct chart_times *times, const struct chart_panel *panel,
					 int bottom);

struct pen chart_pen(const struct chart *chart, double size, enum anchor anchor);

#endif
