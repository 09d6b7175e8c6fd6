#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/buf.h"
#include "core/err.h"
#include "draw/chart_impl.h"

enum {
	SLOT_MAX = 48,  /* pixels: a few candles stay candles */
	WIDE_BODY = 15, /* pixels: from here on wicks are 3 wide */
	MARKER = 5,     /* half the width of a marker */
	FOOT = 26,      /* pixels for times below */
};

/* Where candles stand. */
struct slots {
	double left, width; /* of the first slot; of one slot */
	int body, wick;     /* pixels, odd */
};

struct candles {
	struct chart chart;
	const struct chart_candles *data;
	struct slots slots;
	struct chart_panel prices, volumes;
	double low, high;
};

/* The odd number nearest to 0.6 of the slot, leaving a pixel of ground while the slot has three. */
static struct slots lay_out(double left, double width, size_t count)
{
	struct slots slots = {.width = fmin(width / (double)count, SLOT_MAX)};
	slots.left = left + floor((width - slots.width * (double)count) / 2);
	int body = 2 * (int)ceil((0.6 * slots.width - 1) / 2 - 0.5) + 1, most = (int)floor(slots.width) - 1;
	if (body > most)
		body = most % 2 == 0 ? most - 1 : most;
	slots.body = body < 1 ? 1 : body;
	slots.wick = slots.body >= WIDE_BODY ? 3 : 1;
	return slots;
}

/* The middle pixel column of row i. */
static double column(const struct slots *slots, size_t i)
{
	return floor(slots->left + ((double)i + 0.5) * slots->width);
}

static double column_of(const void *context, size_t i)
{
	return column(context, i);
}

static const int64_t *time_of(const void *rows, size_t i)
{
	return &((const struct chart_row *)rows)[i].time_s;
}

static void find_range(struct candles *c)
{
	const struct chart_row *rows = c->data->rows;
	c->low = rows[0].low;
	c->high = rows[0].high;
	for (size_t i = 1; i < c->data->count; i++) {
		c->low = fmin(c->low, rows[i].low);
		c->high = fmax(c->high, rows[i].high);
	}
}

static void place(struct candles *c, struct chart_ticks *ticks)
{
	const struct chart_look *look = c->chart.look;
	int top = chart_head(&c->chart) + (c->data->sma_count > 0 ? 16 : 0), bottom = look->height - FOOT;
	int volume = c->data->volume ? (bottom - top) / 5 : 0;
	c->prices = (struct chart_panel){.x = 8, .y = top, .height = bottom - top - volume, .log = look->log};
	chart_range(&c->prices, c->low, c->high);
	*ticks = chart_panel_ticks(&c->prices, 44);
	c->prices.width = look->width - 8 - chart_label_width(&c->chart, ticks, "");
	c->volumes = (struct chart_panel){
		.x = 8, .y = bottom - volume + 8, .width = c->prices.width, .height = volume > 8 ? volume - 8 : 0};
	c->slots = lay_out(c->prices.x, c->prices.width, c->data->count);
}

/* From edge to edge in whole pixels, one at least. */
static struct box bar(double middle, int width, double upper, double lower)
{
	double top = round(upper), bottom = round(lower);
	return (struct box){middle - (width - 1) / 2, top, width, fmax(bottom - top, 1)};
}

/* Bodies and wicks of the rows that rise (or fall), in one path: a call for each would cost more than the pixels. */
static size_t collect(const struct candles *c, bool up, struct box *boxes)
{
	size_t count = 0;
	for (size_t i = 0; i < c->data->count; i++) {
		const struct chart_row *row = &c->data->rows[i];
		if ((row->close >= row->open) != up)
			continue;
		double x = column(&c->slots, i), open = chart_y(&c->prices, row->open), close = chart_y(&c->prices, row->close);
		boxes[count++] = bar(x, c->slots.wick, chart_y(&c->prices, row->high), chart_y(&c->prices, row->low));
		boxes[count++] = bar(x, c->slots.body, fmin(open, close), fmax(open, close));
	}
	return count;
}

static bool draw_candles(const struct candles *c, struct err *err)
{
	struct box *boxes = calloc(c->data->count, 2 * sizeof *boxes);
	if (boxes == NULL)
		return err_set(err, ERR_LIMIT, "There is no memory for a chart");
	for (int up = 0; up < 2; up++) {
		struct ink ink = {.fill = up ? c->chart.colours.up : c->chart.colours.down, .crisp = true};
		canvas_boxes(c->chart.canvas, boxes, collect(c, up != 0, boxes), &ink);
	}
	free(boxes);
	return true;
}

static bool draw_volumes(const struct candles *c, struct err *err)
{
	double most = 0;
	for (size_t i = 0; i < c->data->count; i++)
		most = fmax(most, c->data->rows[i].volume); /* fmax passes NaN over */
	if (!(most > 0) || c->volumes.height == 0)
		return true;
	struct box *boxes = calloc(c->data->count, sizeof *boxes);
	if (boxes == NULL)
		return err_set(err, ERR_LIMIT, "There is no memory for a chart");
	size_t count = 0;
	double bottom = c->volumes.y + c->volumes.height;
	for (size_t i = 0; i < c->data->count; i++)
		if (c->data->rows[i].volume > 0)
			boxes[count++] = bar(column(&c->slots, i), c->slots.body,
								 bottom - c->data->rows[i].volume / most * c->volumes.height, bottom);
	canvas_boxes(c->chart.canvas, boxes, count, &(struct ink){.fill = c->chart.colours.volume, .crisp = true});
	free(boxes);
	return true;
}

/* The mean of the last `period` closes. */
static bool draw_sma(const struct candles *c, size_t which, struct err *err)
{
	size_t period = (size_t)c->data->sma[which], count = 0;
	if (c->data->sma[which] < 1 || period > c->data->count)
		return true;
	struct point *points = calloc(c->data->count + 1, sizeof *points);
	if (points == NULL)
		return err_set(err, ERR_LIMIT, "There is no memory for a chart");
	double sum = 0;
	for (size_t i = 0; i < c->data->count; i++) {
		sum += c->data->rows[i].close - (i >= period ? c->data->rows[i - period].close : 0);
		if (i + 1 >= period)
			points[count++] =
				(struct point){column(&c->slots, i) + 0.5, round(chart_y(&c->prices, sum / (double)period))};
	}
	if (count == 1) /* a lone point is a dash as wide as a body */
		points[count++] = (struct point){points[0].x + c->slots.body, points[0].y};
	canvas_shape(c->chart.canvas, points, count, false,
				 &(struct ink){.line = chart_sma_colours[which], .width = 2, .crisp = true});
	free(points);
	return true;
}

/* The key stands one step beside the lines' exact colours, which mean the lines only. */
static void draw_key(const struct candles *c)
{
	double x = 12, y = chart_head(&c->chart) + 5;
	struct pen pen = chart_pen(&c->chart, 11, ANCHOR_START);
	for (size_t i = 0; i < c->data->sma_count; i++) {
		char text[32];
		snprintf(text, sizeof text, "SMA %d", c->data->sma[i]);
		canvas_box(c->chart.canvas, x, y - 5, 14, 2, &(struct ink){.fill = chart_sma_colours[i] ^ 1, .crisp = true});
		x += 19;
		x += ceil(canvas_text(c->chart.canvas, x, y, &pen, text)) + 16;
	}
}

/* The last row that is not later. */
static size_t row_at(const struct chart_candles *data, int64_t time_s)
{
	size_t low = 0, high = data->count;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (data->rows[middle].time_s <= time_s)
			low = middle;
		else
			high = middle;
	}
	return low;
}

static void draw_marker(const struct candles *c, const struct chart_marker *marker)
{
	double x = column(&c->slots, row_at(c->data, marker->time_s)) + 0.5;
	double price = fmin(fmax(marker->price, c->prices.bottom), c->prices.top);
	double y = round(chart_y(&c->prices, price)), way = marker->buy ? 1 : -1;
	struct point points[] = {
		{x, y + way}, {x - MARKER, y + way * (1 + 1.6 * MARKER)}, {x + MARKER, y + way * (1 + 1.6 * MARKER)}};
	canvas_shape(c->chart.canvas, points, 3, true,
				 &(struct ink){.fill = marker->buy ? c->chart.colours.buy : c->chart.colours.sell, .crisp = true});
	if (marker->label == NULL || marker->label[0] == '\0')
		return;
	struct pen pen = chart_pen(&c->chart, 10, ANCHOR_MIDDLE);
	pen.colour = c->chart.colours.title;
	double half = fmin(canvas_text_width(c->chart.canvas, &pen, marker->label), 160) / 2 + 3;
	double at = fmin(fmax(floor(x), ceil(half)), c->chart.look->width - ceil(half));
	double top = floor(y + way * (2 + 1.6 * MARKER) - (marker->buy ? 0 : 13));
	canvas_box(c->chart.canvas, floor(at - half), top, ceil(2 * half), 13,
			   &(struct ink){.fill = c->chart.colours.ground, .crisp = true});
	canvas_fit(c->chart.canvas, at, top + 10, 160, &pen, marker->label);
}

static bool draw_all(struct candles *c, struct err *err)
{
	struct chart_ticks ticks;
	place(c, &ticks);
	chart_grid(&c->chart, &c->prices, &ticks);
	struct chart_times times = {
		.time_of = time_of, .x_of = column_of, .rows = c->data->rows, .context = &c->slots, .count = c->data->count};
	chart_time_axis(&c->chart, &times, &c->prices, c->chart.look->height - FOOT);
	if (c->data->volume)
		chart_grid(&c->chart, &c->volumes, &(struct chart_ticks){0});
	chart_scale(&c->chart, &c->prices, &ticks, "");
	draw_key(c);
	if (!draw_volumes(c, err) || !draw_candles(c, err))
		return false;
	for (size_t i = 0; i < c->data->sma_count; i++)
		if (!draw_sma(c, i, err))
			return false;
	for (size_t i = 0; i < c->data->marker_count; i++)
		draw_marker(c, &c->data->markers[i]);
	return true;
}

bool chart_candles_draw(struct fonts *fonts, const struct chart_look *look, const struct chart_candles *data,
						struct buf *out, struct err *err)
{
	if (data->count == 0)
		return err_set(err, ERR_INVALID, "There are no rows to draw");
	struct candles c = {.data = data};
	find_range(&c);
	char words[160];
	snprintf(words, sizeof words, "Candles of %zu rows, lowest %.10g, highest %.10g, last close %.10g%s.", data->count,
			 c.low, c.high, data->rows[data->count - 1].close, look->log ? ", on a logarithmic axis" : "");
	if (!chart_begin(&c.chart, fonts, look, "Price chart", words, out, err))
		return false;
	if (!draw_all(&c, err)) {
		canvas_free(c.chart.canvas);
		return false;
	}
	return chart_end(&c.chart, err);
}
