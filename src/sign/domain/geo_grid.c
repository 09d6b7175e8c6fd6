#include "sign/domain/geo_grid.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "core/json.h"

static double number(const struct json *json, const char *name)
{
	const struct json *member = json_get(json, name);
	return member != NULL && json_numeric(member) ? json_number(member) : NAN;
}

/* A row without the member holds for all of them. */
static bool holds_for(const struct json *row, const char *name, const char *value)
{
	const char *text = json_text(row, name);
	return text == NULL || strcmp(text, value) == 0;
}

/* Four points around a place, in tenths of a degree; a point that has no weight need not be there. */
struct corners {
	long lat, lon; /* of the south-west one */
	double north, east, values[2][2];
};

static void take_row(struct corners *c, const struct json *row)
{
	double value = number(row, "value"), lat = number(row, "lat"), lon = number(row, "lon");
	if (isnan(value) || isnan(lat) || isnan(lon))
		return;
	long up = lround(lat * 10) - c->lat, right = lround(lon * 10) - c->lon;
	if ((up == 0 || up == 1) && (right == 0 || right == 1))
		c->values[up][right] = value;
}

bool geo_grid_find(const struct json *pack, const char *code, const char *risk_category, double lat, double lon,
				   double *value)
{
	const struct json *rows = json_get(pack, "rows");
	if (rows == NULL || rows->kind != JS_ARRAY)
		return false;
	/* to a thousandth of a cell, or 32.7 would lie beside its own point */
	double y = round(lat * 1e4) / 1e3, x = round(lon * 1e4) / 1e3;
	struct corners c = {.lat = lround(floor(y)), .lon = lround(floor(x)), .values = {{NAN, NAN}, {NAN, NAN}}};
	c.north = y - floor(y);
	c.east = x - floor(x);
	for (uint32_t i = 0; i < rows->count; i++)
		if (holds_for(&rows->items[i], "code", code) && holds_for(&rows->items[i], "risk_category", risk_category))
			take_row(&c, &rows->items[i]);
	double sum = 0;
	for (int up = 0; up < 2; up++)
		for (int right = 0; right < 2; right++) {
			double weight = (up == 1 ? c.north : 1 - c.north) * (right == 1 ? c.east : 1 - c.east);
			sum += weight > 0 ? weight * c.values[up][right] : 0;
		}
	if (!isnan(sum))
		*value = sum;
	return !isnan(sum);
}

void geo_normalise(const char *address, char *out, size_t size)
{
	size_t n = 0;
	bool blank = false;
	for (; *address != '\0' && n + 2 < size; address++) {
		unsigned char byte = (unsigned char)*address;
		if (!isalnum(byte) && byte < 0x80) {
			blank = n > 0;
			continue;
		}
		if (blank)
			out[n++] = ' ';
		blank = false;
		out[n++] = (char)tolower(byte);
	}
	out[n] = '\0';
}

static bool is_zip(const char *word, size_t size)
{
	for (size_t i = 0; i < size; i++)
		if (!isdigit((unsigned char)word[i]))
			return false;
	return size == 5;
}

/* The last word that is a ZIP code. */
static bool find_zip(const char *address, char zip[6])
{
	bool found = false;
	for (const char *at = address; *at != '\0';) {
		size_t size = strcspn(at, " ");
		if (is_zip(at, size)) {
			memcpy(zip, at, 5);
			zip[5] = '\0';
			found = true;
		}
		at += size + (at[size] == ' ');
	}
	return found;
}

static bool ends_with(const char *address, const char *city, const char *state)
{
	char plain[256], end[256];
	snprintf(plain, sizeof plain, "%s %s", city, state);
	geo_normalise(plain, end, sizeof end);
	size_t size = strlen(end), all = strlen(address);
	return size > 1 && all >= size && strcmp(address + all - size, end) == 0 &&
		   (all == size || address[all - size - 1] == ' ');
}

static bool is_place(const struct json *row, const char *address, const char *zip)
{
	const char *row_zip = json_text(row, "zip"), *city = json_text(row, "city"), *state = json_text(row, "state");
	if (zip != NULL)
		return row_zip != NULL && strcmp(row_zip, zip) == 0;
	return city != NULL && state != NULL && ends_with(address, city, state);
}

bool geo_places_find(const struct json *pack, const char *address, double *lat, double *lon)
{
	const struct json *rows = json_get(pack, "rows");
	char plain[512], zip[6];
	geo_normalise(address, plain, sizeof plain);
	bool has_zip = find_zip(plain, zip);
	for (uint32_t i = 0; rows != NULL && rows->kind == JS_ARRAY && i < rows->count; i++) {
		double row_lat = number(&rows->items[i], "lat"), row_lon = number(&rows->items[i], "lon");
		if (isnan(row_lat) || isnan(row_lon) || !is_place(&rows->items[i], plain, has_zip ? zip : NULL))
			continue;
		*lat = row_lat;
		*lon = row_lon;
		return true;
	}
	return false;
}
