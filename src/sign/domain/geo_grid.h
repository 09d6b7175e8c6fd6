/*
 * Grids of figures over the map: packs whose rows stand at every tenth of a degree [sign.md 4].
 *
 *     name: windgrid_texas
 *     rows: [{lat: 32.7, lon: -96.8, code: ASCE7-16, risk_category: II, value: 105}, …]
 *
 * `code` and `risk_category` may be left out of a row that holds for all.  Between the four points around a place the
 * figure is bilinear; where one of them is missing there is no answer.  Pure.  Cost: one pass over the rows.
 */
#ifndef CS_SIGN_DOMAIN_GEO_GRID_H
#define CS_SIGN_DOMAIN_GEO_GRID_H

#include <stdbool.h>
#include <stddef.h>

struct json;

/* False: the place lies outside.  lat, lon in degrees. */
bool geo_grid_find(const struct json *pack, const char *code, const char *risk_category, double lat, double lon,
				   double *value);

/* A place by the words of its address: a ZIP code, else "city state" at the end.  Rows {zip, city, state, lat, lon}. */
bool geo_places_find(const struct json *pack, const char *address, double *lat, double *lon);

/* Case, punctuation and runs of blanks say nothing in an address: "12 main st dallas tx".  `out` has room for `size`.
 */
void geo_normalise(const char *address, char *out, size_t size);

#endif
