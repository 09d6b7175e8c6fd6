/*
 * The constants of wind: packs `exposure` (Kz by height) and `wind_figure` (force coefficients), in their C form.
 *
 * Both check themselves when they load: Kz against the formula of ASCE 7-16 table 26.10-1, note 1, and each Cf of Cases
 * A and B against the fit of the commentary, rounded to .05.  A damaged figure stops the start and names itself.
 */
#ifndef CS_SIGN_DOMAIN_WIND_PACK_H
#define CS_SIGN_DOMAIN_WIND_PACK_H

#include <stddef.h>

#include "seal/pack.h"

struct wind_numbers {
	size_t count;
	double *items;
};

struct exposure_pack {
	const char *name, *version, *effective_from, *source;
	struct wind_numbers height_ft, kz[3]; /* kz by exposure B, C, D */
};

struct cf_row {
	struct wind_numbers cf;
};

/* Cases A and B: rows by s/h, columns by B/s. */
struct cf_figure {
	struct wind_numbers s_over_h, b_over_s;
	struct {
		size_t count;
		struct cf_row *items;
	} rows;
};

/* Case C: Cf of each region by B/s; `long` for B/s from 13. */
struct case_c_figure {
	struct wind_numbers b_over_s, region[4];           /* 0–s, s–2s, 2s–3s, 3s–10s */
	struct wind_numbers long_b_over_s, long_region[7]; /* …, 3s–4s, 4s–5s, 5s–10s, beyond */
};

struct corner_figure {
	struct wind_numbers lr_over_s, factor;
};

struct pole_figure {
	struct wind_numbers h_over_d, square, square_diagonal, hexagon, round[3], round_small;
};

struct open_figure {
	struct wind_numbers flat, round_small, round_large; /* solidity below .1, below .3, to .7 */
};

struct wind_figure {
	const char *name, *version, *effective_from, *source;
	struct cf_figure cf;
	struct case_c_figure case_c;
	struct corner_figure return_corner;
	struct pole_figure poles;
	struct open_figure open_signs;
};

extern const struct pack_kind sign_exposure_kind;    /* data: struct exposure_pack */
extern const struct pack_kind sign_wind_figure_kind; /* data: struct wind_figure */

/* Linear in a table that rises; constant beyond its ends. */
double wind_interpolate(const struct wind_numbers *x, const struct wind_numbers *y, double at);

/* Cf of Cases A and B: bilinear, open-ended.  Cost: about 30 ns. */
double wind_cf(const struct wind_figure *figure, double s_over_h, double b_over_s);

#endif
