#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "core/err.h"
#include "draw/chart_impl.h"

enum { FOOT = 26, GAP = 14 };

struct equity {
	struct chart chart;
	const struct chart_point *points;
	size_t count;
	struct chart_panel upper, lower;
	double *drawdown; /* parts of the highest so far, 0 or less */
	double low, high, worst;
	struct point *line; /* scratch: count + 2 */
};

/* By time, so that gaps show. */
static double x_of(const void *context, size_t i)
{
	const struct equity *e = context;
	double span = (double)(e->points[e->count - 1].time_s - e->points[0].time_s);
	double part = span > 0 ? (double)(e->points[i].time_s - e->points[0].time_s) / span : 0.5;
	return e->upper.x + 1 + part * (e->upper.width - 3);
}

static const int64_t *time_of(const void *rows, size_t i)
{
	return &((const struct chart_point *)rows)[i].time_s;
}

/* A drawdown is told of a positive peak only. */
static void measure(struct equity *e)
{
	double peak = e->points[0].equity;
	e->low = e->high = peak;
	for (size_t i = 0; i < e->count; i++) {
		double now = e->points[i].equity;
		peak = fmax(peak, now);
		e->drawdown[i] = peak > 0 ? fmin(now / peak - 1, 0) : 0;
		e->worst = fmin(e->worst, e->drawdown[i]);
		e->low = fmin(e->low, now);
		e->high = fmax(e->high, now);
	}
}

static void place(struct equity *e, struct chart_ticks *ticks, struct chart_ticks *falls)
{
	const struct chart_look *look = e->chart.look;
	int top = chart_head(&e->chart), room = look->height - FOOT - top - GAP;
	e->upper = (struct chart_panel){.x = 8, .y = top, .height = room * 3 / 4, .log = look->log};
	chart_range(&e->upper, e->low, e->high);
	e->lower = (struct chart_panel){
		.x = 8, .y = top + e->upper.height + GAP, .height = room - room * 3 / 4, .bottom = fmin(e->worst * 108, -0.5)};
	*ticks = chart_panel_ticks(&e->upper, 44);
	*falls = chart_ticks(e->lower.bottom, e->lower.top, e->lower.height, 26);
	int left = chart_label_width(&e->chart, ticks, ""), right = chart_label_width(&e->chart, falls, " %");
	e->upper.width = e->lower.width = look->width - 8 - (left > right ? left : right);
}

/* Keep what a column of pixels shows of many points: the first, the lowest, the highest and the last, in their order.
 */
static size_t thin(struct point *line, size_t count)
{
	size_t kept = 0;
	for (size_t from = 0; from < count;) {
		size_t to = from, low = from, high = from;
		for (; to < count && floor(line[to].x) <= floor(line[from].x); to++) {
			low = line[to].y < line[low].y ? to : low;
			high = line[to].y > line[high].y ? to : high;
		}
		struct point points[] = {line[from], line[low < high ? low : high], line[low < high ? high : low],
								 line[to - 1]};
		for (size_t i = 0; i < 4 && i < to - from; i++)
			line[kept++] = to - from <= 4 ? line[from + i] : points[i];
		from = to;
	}
	return kept;
}

/* The series as points in a panel; returns how many.  One point is a level. */
static size_t plot(const struct equity *e, const struct chart_panel *panel, bool fall)
{
	for (size_t i = 0; i < e->count; i++)
		e->line[i] = (struct point){x_of(e, i), chart_y(panel, fall ? e->drawdown[i] * 100 : e->points[i].equity)};
	if (e->count > 1)
		return e->count > 2 * (size_t)panel->width ? thin(e->line, e->count) : e->count;
	e->line[0].x = panel->x;
	e->line[1] = (struct point){panel->x + panel->width, e->line[0].y};
	return 2;
}

static void draw_area(const struct equity *e, const struct chart_panel *panel, bool fall, double level)
{
	size_t count = plot(e, panel, fall);
	double base = chart_y(panel, level);
	e->line[count] = (struct point){e->line[count - 1].x, base};
	e->line[count + 1] = (struct point){e->line[0].x, base};
	colour tint = fall ? e->chart.colours.fall_tint : e->chart.colours.series_tint;
	canvas_shape(e->chart.canvas, e->line, count + 2, true, &(struct ink){.fill = tint, .crisp = true});
}

static void draw_line(const struct equity *e, const struct chart_panel *panel, bool fall)
{
	colour line = fall ? e->chart.colours.fall : e->chart.colours.series;
	canvas_shape(e->chart.canvas, e->line, plot(e, panel, fall), false,
				 &(struct ink){.line = line, .width = fall ? 1.25 : 1.75});
}

static void draw_all(struct equity *e)
{
	struct chart_ticks ticks, falls;
	place(e, &ticks, &falls);
	draw_area(e, &e->upper, false, e->upper.bottom);
	draw_area(e, &e->lower, true, 0);
	chart_grid(&e->chart, &e->upper, &ticks);
	chart_grid(&e->chart, &e->lower, &falls);
	chart_scale(&e->chart, &e->upper, &ticks, "");
	chart_scale(&e->chart, &e->lower, &falls, " %");
	struct chart_times times = {.time_of = time_of, .x_of = x_of, .rows = e->points, .context = e, .count = e->count};
	chart_time_axis(&e->chart, &times, &e->upper, e->chart.look->height - FOOT);
	draw_line(e, &e->upper, false);
	draw_line(e, &e->lower, true);
}

static bool draw_chart(struct equity *e, struct fonts *fonts, const struct chart_look *look, struct buf *out,
					   struct err *err)
{
	measure(e);
	char words[200];
	snprintf(words, sizeof words, "Equity of %zu points from %.10g to %.10g, deepest drawdown %.2f percent.", e->count,
			 e->points[0].equity, e->points[e->count - 1].equity, e->worst * 100);
	if (!chart_begin(&e->chart, fonts, look, "Equity and drawdown", words, out, err))
		return false;
	draw_all(e);
	return chart_end(&e->chart, err);
}

bool chart_equity_draw(struct fonts *fonts, const struct chart_look *look, const struct chart_point *points,
					   size_t count, struct buf *out, struct err *err)
{
	if (count == 0)
		return err_set(err, ERR_INVALID, "There are no points to draw");
	struct equity e = {.points = points, .count = count};
	e.drawdown = calloc(count, sizeof *e.drawdown);
	e.line = calloc(count + 3, sizeof *e.line);
	bool done = e.drawdown != NULL && e.line != NULL;
	done = done ? draw_chart(&e, fonts, look, out, err) : err_set(err, ERR_LIMIT, "There is no memory for a chart");
	free(e.drawdown);
	free(e.line);
	return done;
}
