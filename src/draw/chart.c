#include "draw/chart_impl.h"

#include <math.h>
#include <stdio.h>
#include <time.h>

#include "core/buf.h"
#include "core/err.h"
#include "core/must.h"
#include "draw/png.h"

const uint32_t chart_sma_colours[CHART_SMA_MAX] = {RGB(0x2962ff), RGB(0xff6d00), RGB(0xaa00ff), RGB(0x00838f),
												   RGB(0x6d4c41)};

static const struct chart_colours themes[] = {
	[CHART_LIGHT] = {.ground = RGB(0xffffff),
					 .grid = RGB(0xedf0f3),
					 .border = RGB(0xcfd6dd),
					 .text = RGB(0x55606b),
					 .title = RGB(0x16191d),
					 .series = RGB(0x1b5e9e),
					 .series_tint = RGB(0xe6eff8),
					 .fall = RGB(0xa33b4a),
					 .fall_tint = RGB(0xf6e4e7),
					 .bars = RGB(0x4a84bd),
					 .volume = RGB(0xc3ccd5),
					 .buy = RGB(0x0d47a1),
					 .sell = RGB(0x880e4f)},
	[CHART_DARK] = {.ground = RGB(0x131722),
					.grid = RGB(0x202636),
					.border = RGB(0x363d4e),
					.text = RGB(0x9aa4b2),
					.title = RGB(0xe4e8ee),
					.series = RGB(0x6db1f2),
					.series_tint = RGB(0x1b2c44),
					.fall = RGB(0xe08592),
					.fall_tint = RGB(0x3a232d),
					.bars = RGB(0x3d72aa),
					.volume = RGB(0x3b4456),
					.buy = RGB(0x90caf9),
					.sell = RGB(0xf48fb1)},
};

/* Colour-blind: blue and vermilion of Okabe and Ito's set, told apart with every kind of colour vision. */
static const colour candles[][2][2] = {
	[CHART_DEFAULT] = {{RGB(0x089981), RGB(0xf23645)}, {RGB(0x089981), RGB(0xf23645)}},
	[CHART_COLOUR_BLIND] = {{RGB(0x0072b2), RGB(0xd55e00)}, {RGB(0x56b4e9), RGB(0xd55e00)}},
	[CHART_MONO] = {{RGB(0x9aa1a9), RGB(0x1c2026)}, {RGB(0xe6e9ed), RGB(0x737b86)}},
};

static struct chart_colours colours_of(const struct chart_look *look)
{
	struct chart_colours colours = themes[look->theme];
	colours.up = candles[look->palette][look->theme][0];
	colours.down = candles[look->palette][look->theme][1];
	return colours;
}

struct pen chart_pen(const struct chart *chart, double size, enum anchor anchor)
{
	return (struct pen){.face = FACE_SANS, .size = size, .colour = chart->colours.text, .anchor = anchor};
}

int chart_head(const struct chart *chart)
{
	return chart->look->title != NULL && chart->look->title[0] != '\0' ? 36 : 12;
}

static void draw_title(const struct chart *chart)
{
	struct pen pen = {.face = FACE_BOLD, .size = 15, .colour = chart->colours.title};
	canvas_fit(chart->canvas, 12, 24, chart->look->width - 24, &pen, chart->look->title);
}

bool chart_begin(struct chart *chart, struct fonts *fonts, const struct chart_look *look, const char *kind,
				 const char *description, struct buf *out, struct err *err)
{
	must(look->width >= CHART_WIDTH_MIN && look->width <= CHART_WIDTH_MAX);
	must(look->height >= CHART_HEIGHT_MIN && look->height <= CHART_HEIGHT_MAX);
	*chart = (struct chart){.look = look, .colours = colours_of(look), .out = out, .fonts = fonts};
	const char *title = look->title != NULL && look->title[0] != '\0' ? look->title : kind;
	if (look->svg)
		chart->canvas = canvas_svg(fonts, look->width, look->height, title, description, out, err);
	else
		chart->canvas = canvas_picture(fonts, look->width, look->height, chart->colours.ground, err);
	if (chart->canvas == NULL)
		return false;
	if (look->svg)
		canvas_box(chart->canvas, 0, 0, look->width, look->height,
				   &(struct ink){.fill = chart->colours.ground, .crisp = true});
	draw_title(chart);
	return true;
}

/* Colours with a meaning: a picture with too many shades keeps these. */
static bool write_png(const struct chart *chart, struct err *err)
{
	const struct chart_colours *c = &chart->colours;
	const uint32_t exact[] = {c->up,
							  c->down,
							  c->ground,
							  c->grid,
							  c->border,
							  c->text,
							  c->title,
							  c->series,
							  c->series_tint,
							  c->fall,
							  c->fall_tint,
							  c->volume,
							  c->bars,
							  c->buy,
							  c->sell,
							  chart_sma_colours[0],
							  chart_sma_colours[1],
							  chart_sma_colours[2],
							  chart_sma_colours[3],
							  chart_sma_colours[4]};
	struct picture picture = {.width = chart->look->width,
							  .height = chart->look->height,
							  .exact = exact,
							  .exact_count = sizeof exact / sizeof *exact};
	picture.pixels = canvas_pixels(chart->canvas, &picture.stride);
	return png_write(&picture, chart->out, err);
}

bool chart_end(struct chart *chart, struct err *err)
{
	bool done = canvas_finish(chart->canvas, err) && (chart->look->svg || write_png(chart, err));
	canvas_free(chart->canvas);
	return done;
}

double chart_y(const struct chart_panel *panel, double value)
{
	if (panel->log)
		return panel->y + (log(panel->top) - log(value)) / (log(panel->top) - log(panel->bottom)) * panel->height;
	return panel->y + (panel->top - value) / (panel->top - panel->bottom) * panel->height;
}

struct chart_ticks chart_ticks(double low, double high, double pixels, double apart)
{
	struct chart_ticks ticks = {0};
	double most = fmax(1, fmin(floor(pixels / apart), CHART_TICKS_MAX - 2)), raw = (high - low) / most;
	if (!(raw > 0) || !isfinite(raw))
		return ticks;
	double power = pow(10, floor(log10(raw))), part = raw / power;
	double step = (part <= 1 ? 1 : part <= 2 ? 2 : part <= 5 ? 5 : 10) * power;
	int decimals = (int)ceil(-log10(step) - 1e-9);
	ticks.decimals = decimals < 0 ? 0 : decimals > 12 ? 12 : decimals;
	for (double n = ceil(low / step - 1e-9); n * step <= high + step * 1e-9 && ticks.count < CHART_TICKS_MAX; n++)
		ticks.values[ticks.count++] = n * step;
	return ticks;
}

void chart_range(struct chart_panel *panel, double low, double high)
{
	const double room = 0.06;
	if (panel->log) {
		double ratio = high > low ? exp((log(high) - log(low)) * room) : 1.01; /* the quotient may overflow */
		panel->top = high * ratio;
		panel->bottom = low / ratio;
		return;
	}
	double pad = (high - low) * room;
	if (!(pad > 0))
		pad = fmax(fabs(high) * 0.01, 1e-9);
	panel->top = high + pad;
	panel->bottom = low - pad;
}

/* Round values stand closer and closer upwards: those that would touch are left out. */
static struct chart_ticks thin_ticks(const struct chart_panel *panel, const struct chart_ticks *all, double apart)
{
	struct chart_ticks ticks = {.decimals = all->decimals};
	for (size_t i = 0; i < all->count; i++) {
		size_t last = ticks.count;
		if (last == 0 || chart_y(panel, ticks.values[last - 1]) - chart_y(panel, all->values[i]) >= apart)
			ticks.values[ticks.count++] = all->values[i];
	}
	return ticks;
}

/* As many of each power of ten as there is room for, or only every so many powers. */
static struct chart_ticks power_ticks(const struct chart_panel *panel, double apart)
{
	static const struct {
		double least; /* part of a power that lies between the two nearest */
		int count;
		double factors[3];
	} sets[] = {{0.301, 3, {1, 2, 5}}, {0.477, 2, {1, 3}}, {0, 1, {1}}};
	struct chart_ticks ticks = {.decimals = -1};
	double power = panel->height / (log10(panel->top) - log10(panel->bottom)); /* pixels of one */
	size_t set = 0;
	while (sets[set].least * power < apart && sets[set].least > 0)
		set++;
	int step = (int)fmax(1, ceil(apart / power)), first = (int)floor(log10(panel->bottom) / step) * step;
	for (int at = first; pow(10, at) <= panel->top; at += step)
		for (int i = 0; i < sets[set].count && ticks.count < CHART_TICKS_MAX; i++) {
			double value = sets[set].factors[i] * pow(10, at);
			if (value >= panel->bottom && value <= panel->top)
				ticks.values[ticks.count++] = value;
		}
	return ticks;
}

struct chart_ticks chart_panel_ticks(const struct chart_panel *panel, double apart)
{
	enum { WIDE = 5 /* times the lowest */ };
	const double close = fmax(apart / 2, panel->height / (CHART_TICKS_MAX - 2.0));
	if (!panel->log)
		return chart_ticks(panel->bottom, panel->top, panel->height, apart);
	if (panel->top / panel->bottom > WIDE)
		return power_ticks(panel, close);
	const struct chart_ticks even = chart_ticks(panel->bottom, panel->top, panel->height, apart);
	return thin_ticks(panel, &even, close);
}

static int decimals_of(double value)
{
	int decimals = value > 0 && value < 1 ? (int)ceil(-log10(value) - 1e-9) : 0;
	return decimals > 12 ? 12 : decimals;
}

const char *chart_label(char text[CHART_LABEL_MAX], double value, int decimals, const char *suffix)
{
	const char *sign = value < 0 ? "\xe2\x88\x92" : "";
	double size = fabs(value);
	if (decimals < 0)
		decimals = decimals_of(size);
	if (size >= 1e15)
		snprintf(text, CHART_LABEL_MAX, "%s%.3e%s", sign, size, suffix);
	else
		snprintf(text, CHART_LABEL_MAX, "%s%.*f%s", size > 0 ? sign : "", decimals, size, suffix);
	return text;
}

int chart_label_width(const struct chart *chart, const struct chart_ticks *ticks, const char *suffix)
{
	struct pen pen = chart_pen(chart, 11, ANCHOR_START);
	double width = 0;
	char text[CHART_LABEL_MAX];
	for (size_t i = 0; i < ticks->count; i++)
		width = fmax(width, canvas_text_width(chart->canvas, &pen,
											  chart_label(text, ticks->values[i], ticks->decimals, suffix)));
	int most = chart->look->width / 3;
	return width + 20 > most ? most : (int)ceil(width) + 20;
}

/* Lines of one pixel are boxes: exact on any canvas. */
void chart_grid(const struct chart *chart, const struct chart_panel *panel, const struct chart_ticks *ticks)
{
	struct ink grid = {.fill = chart->colours.grid, .crisp = true};
	struct ink border = {.fill = chart->colours.border, .crisp = true};
	for (size_t i = 0; i < ticks->count; i++)
		canvas_box(chart->canvas, panel->x, floor(chart_y(panel, ticks->values[i])), panel->width, 1, &grid);
	canvas_box(chart->canvas, panel->x, panel->y + panel->height, panel->width + 1, 1, &border);
	canvas_box(chart->canvas, panel->x + panel->width, panel->y, 1, panel->height, &border);
}

void chart_scale(const struct chart *chart, const struct chart_panel *panel, const struct chart_ticks *ticks,
				 const char *suffix)
{
	struct pen pen = chart_pen(chart, 11, ANCHOR_START);
	double room = chart->look->width - panel->x - panel->width - 8;
	char text[CHART_LABEL_MAX];
	for (size_t i = 0; i < ticks->count; i++) {
		double y = floor(chart_y(panel, ticks->values[i])) + 4;
		canvas_fit(chart->canvas, panel->x + panel->width + 8, fmin(fmax(y, 10), chart->look->height - 4), room, &pen,
				   chart_label(text, ticks->values[i], ticks->decimals, suffix));
	}
}

/* Days, months or clock, by what a step between labels spans. */
static void time_label(char text[CHART_LABEL_MAX], int64_t time_s, int64_t before_s, int64_t step_s, bool first)
{
	time_t now = (time_t)time_s, then = (time_t)before_s;
	struct tm a, b;
	if (gmtime_r(&now, &a) == NULL || gmtime_r(&then, &b) == NULL) {
		text[0] = '\0';
		return;
	}
	bool same_day = !first && a.tm_yday == b.tm_yday && a.tm_year == b.tm_year;
	const char *form = step_s >= 250 * 86400LL ? "%b %Y"
					   : step_s >= 86400       ? (first || a.tm_year != b.tm_year ? "%e %b %Y" : "%e %b")
					   : same_day              ? "%H:%M"
											   : "%e %b %H:%M";
	strftime(text, CHART_LABEL_MAX, form, &a);
}

void chart_time_axis(const struct chart *chart, const struct chart_times *times, const struct chart_panel *panel,
					 int bottom)
{
	enum { APART = 110 };
	struct ink grid = {.fill = chart->colours.grid, .crisp = true};
	double span = times->x_of(times->context, times->count - 1) - times->x_of(times->context, 0);
	size_t most = (size_t)(span / APART) + 1, step = (times->count + most - 1) / most;
	int64_t first_s = *times->time_of(times->rows, 0), last_s = *times->time_of(times->rows, times->count - 1);
	int64_t step_s = times->count > 1 ? (last_s - first_s) / (int64_t)(times->count - 1) * (int64_t)step : 0;
	int64_t before_s = first_s;
	for (size_t i = step / 2; i < times->count; i += step) {
		double x = floor(times->x_of(times->context, i));
		int64_t time_s = *times->time_of(times->rows, i);
		canvas_box(chart->canvas, x, panel->y, 1, bottom - panel->y, &grid);
		char text[CHART_LABEL_MAX];
		time_label(text, time_s, before_s, step_s, i == step / 2);
		before_s = time_s;
		struct pen pen = chart_pen(chart, 11, ANCHOR_MIDDLE);
		double half = canvas_text_width(chart->canvas, &pen, text) / 2 + 4;
		canvas_text(chart->canvas, fmin(fmax(x, half), chart->look->width - half), bottom + 17, &pen,
					text[0] == ' ' ? text + 1 : text);
	}
}
