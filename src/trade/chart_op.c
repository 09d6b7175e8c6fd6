#include "trade/chart_op.h"

#include <math.h>

#include "core/arena.h"
#include "core/buf.h"
#include "core/field.h"
#include "core/json.h"
#include "core/stamp.h"
#include "crypt/digest.h"
#include "draw/chart.h"
#include "draw/fonts.h"
#include "seal/calc.h"
#include "seal/op.h"
#include "trade/domain/moment.h"
#include "trade/domain/risk.h"

enum {
	ROWS_MAX = 5000,
	POINTS_MAX = 20000 /* days: a whole record */,
	VALUES_MAX = 1000000,
	MARKERS_MAX = 500,
	BODY_MAX = 16 << 20
};

static const struct json_limits limits = {.depth = 8, .values = 2000000};

struct look {
	int64_t width_px, height_px;
	int format;
	const char *title;
	int theme, palette, scale;
};

static const char *const format_names[] = {"png", "svg", NULL};
static const char *const theme_names[] = {"light", "dark", NULL};
static const char *const palette_names[] = {"default", "colour_blind", "mono", NULL};

static const char *const scale_names[] = {"linear", "log", NULL};

#define SCALE_FIELD(s) \
	F_ENUM(s, look.scale, scale_names, NAMED("scale"), DEFAULT(0), \
		   DOC("Of the axis; log: equal ratios are equally high, all values above 0"))
#define LOOK_FIELDS(s) \
	F_INT(s, look.width_px, NAMED("width"), RANGE(CHART_WIDTH_MIN, CHART_WIDTH_MAX), DEFAULT(1200), UNIT("px")), \
		F_INT(s, look.height_px, NAMED("height"), RANGE(CHART_HEIGHT_MIN, CHART_HEIGHT_MAX), DEFAULT(600), \
			  UNIT("px")), \
		F_ENUM(s, look.format, format_names, NAMED("format"), DEFAULT(0), DOC("Of the picture")), \
		F_STR(s, look.title, NAMED("title"), LENGTH(0, 200), DOC("Above it")), \
		F_ENUM(s, look.theme, theme_names, NAMED("theme"), DEFAULT(CHART_LIGHT)), \
		F_ENUM(s, look.palette, palette_names, NAMED("palette"), DEFAULT(CHART_DEFAULT))

struct result {
	const char *sha256, *media_type;
	int64_t width, height, bytes, rows, up, down;
	double price_min, price_max;
};

enum { EXACT = 15 };

static const struct field result_fields[] = {
	F_STR(result, sha256, DOC("Of the picture's bytes")),
	F_STR(result, media_type, DOC("image/png or image/svg+xml")),
	F_INT(result, width, UNIT("px")),
	F_INT(result, height, UNIT("px")),
	F_INT(result, bytes, DOC("Size of the picture")),
	F_INT(result, rows, DOC("Candles, points or values drawn")),
	F_INT(result, up, NULLABLE, DOC("Candles that closed at or above their open; points at or above the one before")),
	F_INT(result, down, NULLABLE, DOC("The others")),
	F_NUM(result, price_min, SIGNIFICANT(EXACT), DOC("Lowest low, equity or value")),
	F_NUM(result, price_max, SIGNIFICANT(EXACT), DOC("Highest high, equity or value")),
};
const struct field_table trade_chart_result_table = FIELD_TABLE("trade.chart.result", result, result_fields);

static struct chart_look look_of(const struct look *look)
{
	return (struct chart_look){.width = (int)look->width_px,
							   .height = (int)look->height_px,
							   .svg = look->format == 1,
							   .title = look->title,
							   .theme = (enum chart_theme)look->theme,
							   .palette = (enum chart_palette)look->palette,
							   .log = look->scale == 1};
}

/* Attach what was drawn and name it. */
static bool attach(struct calc *calc, const struct chart_look *look, const struct buf *picture, struct result *result)
{
	char hex[SHA256_HEX_SIZE];
	sha256_hex(buf_text(picture), picture->size, hex);
	result->sha256 = arena_dup(calc->arena, hex);
	result->media_type = look->svg ? "image/svg+xml" : "image/png";
	result->width = look->width;
	result->height = look->height;
	result->bytes = (int64_t)picture->size;
	calc->attached = arena_dupn(calc->arena, buf_text(picture), picture->size);
	calc->attached_type = result->media_type;
	calc->attached_size = picture->size;
	return result->sha256 != NULL && calc->attached != NULL;
}

/* Draw by `draw`, which knows what `self` is. */
static bool render(struct calc *calc, const struct look *asked,
				   bool (*draw)(struct fonts *fonts, const struct chart_look *look, const void *self, struct buf *out,
								struct err *err),
				   const void *self, struct result *result)
{
	const struct chart_look look = look_of(asked);
	struct fonts *fonts = fonts_new(&calc->err);
	struct buf picture;
	if (fonts == NULL)
		return false;
	buf_init(&picture, 0);
	bool done = draw(fonts, &look, self, &picture, &calc->err) && attach(calc, &look, &picture, result);
	buf_fini(&picture);
	fonts_free(fonts);
	return done;
}

static bool few_enough(struct calc *calc, const char *pointer, size_t count, int most)
{
	return count <= (size_t)most ||
		   err_field(&calc->err, ERR_BODY_TOO_LARGE, pointer, "A chart takes at most %d of them.", most);
}

static void note_range(struct result *result, double low, double high)
{
	result->price_min = fmin(result->price_min, low); /* NaN at the start: fmin takes the other */
	result->price_max = fmax(result->price_max, high);
}

/* Times of rows must rise.  False: a fault was added. */
static bool next_time(struct calc *calc, const char *text, const char *here, int64_t *last_us)
{
	int64_t us;
	const char *pointer = field_pointer(calc->arena, here, "time");
	if (!moment_read(calc, text, pointer, &us))
		return false;
	if (us <= *last_us) {
		calc_fault(calc, pointer, "order", "must lie after the one before");
		return false;
	}
	*last_us = us;
	return true;
}

static int64_t seconds(int64_t us)
{
	return us / STAMP_US_PER_S;
}

/* --- candles --- */

struct row {
	const char *time;
	double open, high, low, close, volume;
};

struct marker {
	const char *time;
	int side;
	double price;
	const char *label;
};

struct candles_request {
	struct {
		size_t count;
		struct row *items;
	} rows;
	struct {
		size_t count;
		int64_t *items;
	} sma;
	bool volume;
	struct {
		size_t count;
		struct marker *items;
	} markers;
	struct look look;
};

#define PRICE(m) F_NUM(row, m, REQUIRED, RANGE(-1e12, 1e12))

static const struct field row_fields[] = {
	F_STR(row, time, REQUIRED, FORMAT("date-time")),
	PRICE(open),
	PRICE(high),
	PRICE(low),
	PRICE(close),
	F_NUM(row, volume, RANGE(0, 1e18)),
};
static const struct field_table row_table = FIELD_TABLE("trade.chart.row", row, row_fields);

static const struct field marker_fields[] = {
	F_STR(marker, time, REQUIRED, FORMAT("date-time")),
	F_ENUM(marker, side, trade_side_names, REQUIRED),
	F_NUM(marker, price, REQUIRED, RANGE(-1e12, 1e12)),
	F_STR(marker, label, LENGTH(0, 100)),
};
static const struct field_table marker_table = FIELD_TABLE("trade.chart.marker", marker, marker_fields);

static const struct field candles_fields[] = {
	F_OBJECTS(candles_request, rows, &row_table, REQUIRED, DOC("At most 5,000, times rising")),
	LOOK_FIELDS(candles_request),
	SCALE_FIELD(candles_request),
	F_INTS(candles_request, sma, RANGE(2, 500), COUNT(0, CHART_SMA_MAX), DOC("Periods of averages")),
	F_BOOL(candles_request, volume, DOC("A panel of volumes below")),
	F_OBJECTS(candles_request, markers, &marker_table, DOC("Entries and exits, at most 500")),
};
static const struct field_table candles_table =
	FIELD_TABLE("trade.chart.candles.request", candles_request, candles_fields);

/* A logarithm has no place for it. */
static void check_scale(struct calc *calc, const struct look *look, double value, const char *here, const char *name)
{
	if (look->scale == 1 && value <= 0)
		calc_fault(calc, field_pointer(calc->arena, here, name), "log_scale", "must be above 0 on a logarithmic axis");
}

static void take_row(struct calc *calc, const struct row *row, const char *here, struct chart_row *out,
					 struct result *result)
{
	if (row->high < fmax(row->open, row->close) || row->high < row->low)
		calc_fault(calc, field_pointer(calc->arena, here, "high"), "range", "must be at least open, close and low");
	else if (row->low > fmin(row->open, row->close))
		calc_fault(calc, field_pointer(calc->arena, here, "low"), "range", "must be at most open and close");
	*out = (struct chart_row){
		.open = row->open, .high = row->high, .low = row->low, .close = row->close, .volume = row->volume};
	result->up += row->close >= row->open;
	note_range(result, row->low, row->high);
}

static struct chart_row *take_rows(struct calc *calc, const struct candles_request *r, struct result *result)
{
	struct chart_row *rows = arena_array(calc->arena, r->rows.count, sizeof *rows);
	int64_t last_us = INT64_MIN;
	for (size_t i = 0; rows != NULL && i < r->rows.count; i++) {
		const char *here = field_pointer_index(calc->arena, "/rows", i);
		take_row(calc, &r->rows.items[i], here, &rows[i], result);
		check_scale(calc, &r->look, r->rows.items[i].low, here, "low");
		if (next_time(calc, r->rows.items[i].time, here, &last_us))
			rows[i].time_s = seconds(last_us);
	}
	return rows;
}

static struct chart_marker *take_markers(struct calc *calc, const struct candles_request *r)
{
	struct chart_marker *markers = arena_array(calc->arena, r->markers.count + 1, sizeof *markers);
	for (size_t i = 0; markers != NULL && i < r->markers.count; i++) {
		const struct marker *m = &r->markers.items[i];
		const char *here = field_pointer_index(calc->arena, "/markers", i);
		int64_t us;
		check_scale(calc, &r->look, m->price, here, "price");
		if (moment_read(calc, m->time, field_pointer(calc->arena, here, "time"), &us))
			markers[i] = (struct chart_marker){
				.time_s = seconds(us), .price = m->price, .buy = m->side == SIDE_BUY, .label = m->label};
	}
	return markers;
}

static bool draw_candles(struct fonts *fonts, const struct chart_look *look, const void *self, struct buf *out,
						 struct err *err)
{
	return chart_candles_draw(fonts, look, self, out, err);
}

static bool abstain(struct calc *calc)
{
	calc_abstain(calc, "abstain.no_data", "There is nothing to draw, and a blank picture would say so wrongly.");
	return true;
}

/* Beside faults of decoding those of the rows too. */
static void check_candles(struct calc *calc, const void *input)
{
	const struct candles_request *r = input;
	struct result nothing;
	if (calc->faults.count == 0 || r->rows.count > ROWS_MAX || r->markers.count > MARKERS_MAX)
		return;
	field_defaults(&trade_chart_result_table, &nothing);
	take_rows(calc, r, &nothing);
	take_markers(calc, r);
}

static bool run_candles(struct calc *calc, const void *input, void *output)
{
	const struct candles_request *r = input;
	struct result *result = output;
	if (!few_enough(calc, "/rows", r->rows.count, ROWS_MAX) ||
		!few_enough(calc, "/markers", r->markers.count, MARKERS_MAX))
		return false;
	if (r->rows.count == 0)
		return abstain(calc);
	result->up = 0;
	struct chart_candles chart = {.count = r->rows.count,
								  .sma_count = r->sma.count,
								  .volume = r->volume,
								  .marker_count = r->markers.count,
								  .rows = take_rows(calc, r, result),
								  .markers = take_markers(calc, r)};
	for (size_t i = 0; i < r->sma.count; i++)
		chart.sma[i] = (int)r->sma.items[i];
	if (calc->faults.count > 0 || chart.rows == NULL || chart.markers == NULL)
		return false;
	result->rows = (int64_t)r->rows.count;
	result->down = result->rows - result->up;
	return render(calc, &r->look, draw_candles, &chart, result);
}

const struct op trade_chart_candles_op = {
	.name = "trade.chart.candles",
	.path = "/api/v1/trade/chart/candles",
	.summary = "A chart of candles as PNG or SVG",
	.doc = "The result names the picture; `countersign call trade.chart.candles --out FILE` writes it.",
	.input = &candles_table,
	.output = &trade_chart_result_table,
	.check = check_candles,
	.run = run_candles,
	.example =
		"{\"rows\":[{\"time\":\"2025-01-02T00:00:00Z\",\"open\":10,\"high\":12,\"low\":9,\"close\":11},"
		"{\"time\":\"2025-01-03T00:00:00Z\",\"open\":11,\"high\":11.5,\"low\":8,\"close\":9}],\"format\":\"png\"}",
	.limits = &limits,
	.body_max = BODY_MAX,
};

/* --- equity --- */

struct point {
	const char *time;
	double equity;
};

struct equity_request {
	struct {
		size_t count;
		struct point *items;
	} points;
	struct look look;
};

static const struct field point_fields[] = {
	F_STR(point, time, REQUIRED, FORMAT("date-time")),
	F_NUM(point, equity, REQUIRED, ABOVE(0, 1e15)),
};
static const struct field_table point_table = FIELD_TABLE("trade.chart.point", point, point_fields);

static const struct field equity_fields[] = {
	F_OBJECTS(equity_request, points, &point_table, REQUIRED, DOC("At most 20,000, times rising")),
	LOOK_FIELDS(equity_request),
	SCALE_FIELD(equity_request),
};
static const struct field_table equity_table = FIELD_TABLE("trade.chart.equity.request", equity_request, equity_fields);

struct points {
	struct chart_point *items;
	size_t count;
};

static bool draw_equity(struct fonts *fonts, const struct chart_look *look, const void *self, struct buf *out,
						struct err *err)
{
	const struct points *points = self;
	return chart_equity_draw(fonts, look, points->items, points->count, out, err);
}

static struct chart_point *take_points(struct calc *calc, const struct equity_request *r, struct result *result)
{
	struct chart_point *points = arena_array(calc->arena, r->points.count, sizeof *points);
	int64_t last_us = INT64_MIN;
	for (size_t i = 0; points != NULL && i < r->points.count; i++) {
		const struct point *p = &r->points.items[i];
		if (next_time(calc, p->time, field_pointer_index(calc->arena, "/points", i), &last_us))
			points[i] = (struct chart_point){.time_s = seconds(last_us), .equity = p->equity};
		result->up += i > 0 && p->equity >= r->points.items[i - 1].equity;
		note_range(result, p->equity, p->equity);
	}
	return points;
}

/* Beside faults of decoding those of the points too. */
static void check_equity(struct calc *calc, const void *input)
{
	const struct equity_request *r = input;
	struct result nothing;
	if (calc->faults.count == 0 || r->points.count > POINTS_MAX)
		return;
	field_defaults(&trade_chart_result_table, &nothing);
	take_points(calc, r, &nothing);
}

static bool run_equity(struct calc *calc, const void *input, void *output)
{
	const struct equity_request *r = input;
	struct result *result = output;
	if (!few_enough(calc, "/points", r->points.count, POINTS_MAX))
		return false;
	if (r->points.count == 0)
		return abstain(calc);
	result->up = 0;
	const struct points points = {.count = r->points.count, .items = take_points(calc, r, result)};
	if (calc->faults.count > 0 || points.items == NULL)
		return false;
	result->rows = (int64_t)points.count;
	result->down = result->rows - 1 - result->up;
	return render(calc, &r->look, draw_equity, &points, result);
}

const struct op trade_chart_equity_op = {
	.name = "trade.chart.equity",
	.path = "/api/v1/trade/chart/equity",
	.summary = "Equity over its drawdown as PNG or SVG",
	.doc = "Heights 3:1.  The result names the picture; `call … --out FILE` writes it.",
	.input = &equity_table,
	.output = &trade_chart_result_table,
	.check = check_equity,
	.run = run_equity,
	.example = "{\"points\":[{\"time\":\"2025-01-02T00:00:00Z\",\"equity\":10000},{\"time\":\"2025-01-03T00:00:00Z\","
			   "\"equity\":9900}],"
			   "\"format\":\"svg\"}",
	.limits = &limits,
	.body_max = BODY_MAX,
};

/* --- histogram --- */

struct values {
	size_t count;
	double *items;
};

struct histogram_request {
	struct values values;
	int64_t bins;
	struct look look;
};

static const struct field histogram_fields[] = {
	F_NUMS(histogram_request, values, REQUIRED, RANGE(-1e15, 1e15), DOC("At most 1,000,000")),
	F_INT(histogram_request, bins, RANGE(1, 500), DEFAULT(30), DOC("Bars of equal width")),
	LOOK_FIELDS(histogram_request),
};
static const struct field_table histogram_table =
	FIELD_TABLE("trade.chart.histogram.request", histogram_request, histogram_fields);

static bool draw_histogram(struct fonts *fonts, const struct chart_look *look, const void *self, struct buf *out,
						   struct err *err)
{
	const struct histogram_request *r = self;
	return chart_histogram_draw(fonts, look, r->values.items, r->values.count, (int)r->bins, out, err);
}

static bool run_histogram(struct calc *calc, const void *input, void *output)
{
	const struct histogram_request *r = input;
	struct result *result = output;
	if (!few_enough(calc, "/values", r->values.count, VALUES_MAX))
		return false;
	if (r->values.count == 0)
		return abstain(calc);
	for (size_t i = 0; i < r->values.count; i++)
		note_range(result, r->values.items[i], r->values.items[i]);
	result->rows = (int64_t)r->values.count;
	return render(calc, &r->look, draw_histogram, r, result);
}

const struct op trade_chart_histogram_op = {
	.name = "trade.chart.histogram",
	.path = "/api/v1/trade/chart/histogram",
	.summary = "A histogram with mean and median as PNG or SVG",
	.doc = "The result names the picture; `call … --out FILE` writes it.",
	.input = &histogram_table,
	.output = &trade_chart_result_table,
	.run = run_histogram,
	.example = "{\"values\":[1,2,2,3,5],\"bins\":5,\"format\":\"png\"}",
	.limits = &limits,
	.body_max = BODY_MAX,
};
