/*
 * Charts: candles, equity over drawdown, histogram; as PNG or SVG.  Pure functions of plain structs.
 *
 * The rules that others test [trade section 10]: candles of the default palette are exactly #089981 (close >= open) and
 * #F23645, nothing else has these colours; their edges are whole pixels without smoothing; a body is about 0.6 of its
 * slot and an odd number of pixels wide, its edges at open and close, at least one pixel high; the wick is centred,
 * odd, from high to low; at least one pixel of ground between neighbours while the slot has three; the price axis is
 * linear unless a logarithmic one is asked for, on which equal ratios are equally high; averages are 2 px lines, not
 * smoothed, over the candles, in exactly the colours of chart_sma_colours in turn; the grid lies beneath.  SVG has no
 * script, metadata or outside reference.
 *
 * Numbers must be finite and rows in the order of time; the caller has checked that.  Thread: one at a time per fonts
 * object.  Cost: about 5 ms for 500 candles of 1200 × 600.
 */
#ifndef CS_DRAW_CHART_H
#define CS_DRAW_CHART_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct err;
struct fonts;

enum chart_theme { CHART_LIGHT, CHART_DARK };
enum chart_palette { CHART_DEFAULT, CHART_COLOUR_BLIND, CHART_MONO };

enum {
	CHART_WIDTH_MIN = 200,
	CHART_WIDTH_MAX = 4000,
	CHART_HEIGHT_MIN = 150,
	CHART_HEIGHT_MAX = 3000,
	CHART_SMA_MAX = 5,
};

struct chart_look {
	int width, height; /* pixels, within the bounds above (must) */
	bool svg;          /* else PNG */
	const char *title; /* NULL or UTF-8 */
	enum chart_theme theme;
	enum chart_palette palette;
	bool log; /* candles and equity: a logarithmic axis; all that is drawn on it is above 0 (must) */
};

struct chart_row {
	int64_t time_s; /* seconds since 1970 UTC */
	double open, high, low, close;
	double volume; /* NaN: none */
};

struct chart_marker {
	int64_t time_s; /* shown at the last row that is not later, or the first */
	double price;   /* beyond the axis: shown at its edge */
	bool buy;       /* points up, below the price; else down, above it */
	const char *label;
};

struct chart_candles {
	const struct chart_row *rows;
	size_t count;
	int sma[CHART_SMA_MAX]; /* periods, in rows */
	size_t sma_count;
	bool volume; /* a panel of volumes below; rows without one have no bar */
	const struct chart_marker *markers;
	size_t marker_count;
};

struct chart_point {
	int64_t time_s;
	double equity;
};

/* 0xffRRGGBB */
extern const uint32_t chart_sma_colours[CHART_SMA_MAX];

/* Append the picture to `out`.  ERR_INVALID when there is nothing to draw, ERR_LIMIT for lack of memory. */
bool chart_candles_draw(struct fonts *fonts, const struct chart_look *look, const struct chart_candles *chart,
						struct buf *out, struct err *err);

/* Equity above, its drawdown (equity / highest so far - 1) below, 3:1. */
bool chart_equity_draw(struct fonts *fonts, const struct chart_look *look, const struct chart_point *points,
					   size_t count, struct buf *out, struct err *err);

/* `bins` (1 to 500) bars of equal width from the least to the greatest value, with lines at mean and median. */
bool chart_histogram_draw(struct fonts *fonts, const struct chart_look *look, const double *values, size_t count,
						  int bins, struct buf *out, struct err *err);

#endif
