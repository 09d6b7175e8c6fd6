#include "sign/domain/wind_pack.h"

#include <math.h>

#include "core/arena.h"
#include "core/err.h"
#include "core/field.h"
#include "sign/domain/common.h"
#include "sign/domain/wind.h"

static const struct field exposure_fields[] = {
	F_STR(exposure_pack, name, REQUIRED),
	F_STR(exposure_pack, version, REQUIRED),
	F_STR(exposure_pack, effective_from),
	F_STR(exposure_pack, source),
	F_NUMS(exposure_pack, height_ft, REQUIRED, COUNT(2, 100)),
	F_NUMS(exposure_pack, kz[0], NAMED("B"), REQUIRED, COUNT(2, 100)),
	F_NUMS(exposure_pack, kz[1], NAMED("C"), REQUIRED, COUNT(2, 100)),
	F_NUMS(exposure_pack, kz[2], NAMED("D"), REQUIRED, COUNT(2, 100)),
};
static const struct field_table exposure_table = FIELD_TABLE("pack.exposure", exposure_pack, exposure_fields);

static bool rises(const struct wind_numbers *x)
{
	for (size_t i = 1; i < x->count; i++)
		if (!(x->items[i] > x->items[i - 1]))
			return false;
	return true;
}

/* REF: ASCE 7-16 table 26.10-1: the table's figures are the formula's to .01, some rounded down */
static bool check_exposure(const struct exposure_pack *pack, struct err *err)
{
	static const char *const names[] = {"B", "C", "D"};
	if (!rises(&pack->height_ft))
		return err_field(err, ERR_INVALID, "/height_ft", "heights must rise");
	static const double ROUNDED_BY = .0085;
	for (int exposure = 0; exposure < 3; exposure++) {
		if (pack->kz[exposure].count != pack->height_ft.count)
			return err_field(err, ERR_INVALID, names[exposure], "exposure %s needs one value a height",
							 names[exposure]);
		for (size_t i = 0; i < pack->height_ft.count; i++) {
			double formula = wind_kz_formula(SIGN_ASCE7_16, exposure, pack->height_ft.items[i]);
			if (fabs(formula - pack->kz[exposure].items[i]) > ROUNDED_BY)
				return err_field(err, ERR_INVALID, names[exposure],
								 "Kz of exposure %s at %g ft is %g; the formula gives %.3f", names[exposure],
								 pack->height_ft.items[i], pack->kz[exposure].items[i], formula);
		}
	}
	return true;
}

static bool decode_exposure(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct exposure_pack *pack = arena_new(arena, struct exposure_pack);
	if (pack == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	*data = pack;
	return sign_pack_decode(&exposure_table, tree, pack, arena, err) && check_exposure(pack, err);
}

const struct pack_kind sign_exposure_kind = {.name = "exposure", .decode = decode_exposure};

/* --- wind_figure --- */

static const struct field row_fields[] = {F_NUMS(cf_row, cf, REQUIRED, COUNT(2, 40))};
static const struct field_table row_table = FIELD_TABLE("pack.wind_figure.row", cf_row, row_fields);

#define SERIES(part, member, json, n) F_NUMS(part, member, NAMED(json), REQUIRED, COUNT(n, n))

static const struct field cf_fields[] = {
	F_NUMS(cf_figure, s_over_h, REQUIRED, COUNT(2, 40)),
	F_NUMS(cf_figure, b_over_s, REQUIRED, COUNT(2, 40)),
	F_OBJECTS(cf_figure, rows, &row_table, REQUIRED, COUNT(2, 40)),
};
static const struct field_table cf_table = FIELD_TABLE("pack.wind_figure.cf", cf_figure, cf_fields);

static const struct field case_c_fields[] = {
	SERIES(case_c_figure, b_over_s, "b_over_s", 9),
	SERIES(case_c_figure, region[0], "region_0_1", 9),
	SERIES(case_c_figure, region[1], "region_1_2", 9),
	SERIES(case_c_figure, region[2], "region_2_3", 9),
	SERIES(case_c_figure, region[3], "region_3_10", 9),
	SERIES(case_c_figure, long_b_over_s, "long_b_over_s", 2),
	SERIES(case_c_figure, long_region[0], "long_region_0_1", 2),
	SERIES(case_c_figure, long_region[1], "long_region_1_2", 2),
	SERIES(case_c_figure, long_region[2], "long_region_2_3", 2),
	SERIES(case_c_figure, long_region[3], "long_region_3_4", 2),
	SERIES(case_c_figure, long_region[4], "long_region_4_5", 2),
	SERIES(case_c_figure, long_region[5], "long_region_5_10", 2),
	SERIES(case_c_figure, long_region[6], "long_region_beyond", 2),
};
static const struct field_table case_c_table = FIELD_TABLE("pack.wind_figure.case_c", case_c_figure, case_c_fields);

static const struct field corner_fields[] = {
	SERIES(corner_figure, lr_over_s, "lr_over_s", 4),
	SERIES(corner_figure, factor, "factor", 4),
};
static const struct field_table corner_table = FIELD_TABLE("pack.wind_figure.corner", corner_figure, corner_fields);

static const struct field pole_fields[] = {
	SERIES(pole_figure, h_over_d, "h_over_d", 3),
	SERIES(pole_figure, square, "square", 3),
	SERIES(pole_figure, square_diagonal, "square_diagonal", 3),
	SERIES(pole_figure, hexagon, "hexagon", 3),
	SERIES(pole_figure, round[0], "round_smooth", 3),
	SERIES(pole_figure, round[1], "round_rough", 3),
	SERIES(pole_figure, round[2], "round_very_rough", 3),
	SERIES(pole_figure, round_small, "round_small", 3),
};
static const struct field_table pole_table = FIELD_TABLE("pack.wind_figure.poles", pole_figure, pole_fields);

static const struct field open_fields[] = {
	SERIES(open_figure, flat, "flat", 3),
	SERIES(open_figure, round_small, "round_small", 3),
	SERIES(open_figure, round_large, "round_large", 3),
};
static const struct field_table open_table = FIELD_TABLE("pack.wind_figure.open", open_figure, open_fields);

static const struct field figure_fields[] = {
	F_STR(wind_figure, name, REQUIRED),
	F_STR(wind_figure, version, REQUIRED),
	F_STR(wind_figure, effective_from),
	F_STR(wind_figure, source),
	F_OBJECT(wind_figure, cf, &cf_table, REQUIRED),
	F_OBJECT(wind_figure, case_c, &case_c_table, REQUIRED),
	F_OBJECT(wind_figure, return_corner, &corner_table, REQUIRED),
	F_OBJECT(wind_figure, poles, &pole_table, REQUIRED),
	F_OBJECT(wind_figure, open_signs, &open_table, REQUIRED),
};
static const struct field_table figure_table = FIELD_TABLE("pack.wind_figure", wind_figure, figure_fields);

/* REF: ASCE 7-16 commentary eq. C29.3-1: the fit from which the figure's Cases A and B were tabulated */
static double cf_fit(double s_over_h, double b_over_s)
{
	double ln = log(b_over_s), y = s_over_h;
	return (1.563 + .008542 * ln - .06148 * y + .009011 * ln * ln - .2603 * y * y - .08393 * y * ln) / .85;
}

static bool check_cf(const struct cf_figure *cf, struct err *err)
{
	if (cf->rows.count != cf->s_over_h.count || !rises(&cf->s_over_h) || !rises(&cf->b_over_s))
		return err_field(err, ERR_INVALID, "/cf", "needs one row for each s/h, and both must rise");
	for (size_t row = 0; row < cf->rows.count; row++) {
		const struct wind_numbers *values = &cf->rows.items[row].cf;
		if (values->count != cf->b_over_s.count)
			return err_field(err, ERR_INVALID, "/cf/rows", "each row needs one value for each B/s");
		for (size_t column = 0; column < values->count; column++) {
			double y = cf->s_over_h.items[row], x = cf->b_over_s.items[column];
			double fit = nearbyint(cf_fit(y, x) / .05) * .05;
			if (fabs(values->items[column] - fit) > 1e-9)
				return err_field(err, ERR_INVALID, "/cf/rows",
								 "Cf at s/h %g, B/s %g is %g; the commentary's fit gives %.2f", y, x,
								 values->items[column], fit);
		}
	}
	return true;
}

static bool decode_figure(const struct json *tree, struct arena *arena, const void **data, struct err *err)
{
	struct wind_figure *figure = arena_new(arena, struct wind_figure);
	if (figure == NULL)
		return err_set(err, ERR_LIMIT, "no memory");
	*data = figure;
	return sign_pack_decode(&figure_table, tree, figure, arena, err) && check_cf(&figure->cf, err);
}

const struct pack_kind sign_wind_figure_kind = {.name = "wind_figure", .decode = decode_figure};

/* --- looking up --- */

/* The interval of a rising table that holds `at`, and how far into it, 0 to 1. */
static size_t locate(const struct wind_numbers *x, double at, double *part)
{
	if (at <= x->items[0]) {
		*part = 0;
		return 0;
	}
	size_t i = 0;
	while (i + 2 < x->count && at > x->items[i + 1])
		i++;
	*part = fmin((at - x->items[i]) / (x->items[i + 1] - x->items[i]), 1);
	return i;
}

double wind_interpolate(const struct wind_numbers *x, const struct wind_numbers *y, double at)
{
	double part;
	size_t i = locate(x, at, &part);
	return y->items[i] + part * (y->items[i + 1] - y->items[i]);
}

double wind_cf(const struct wind_figure *figure, double s_over_h, double b_over_s)
{
	double part;
	size_t row = locate(&figure->cf.s_over_h, s_over_h, &part);
	double below = wind_interpolate(&figure->cf.b_over_s, &figure->cf.rows.items[row].cf, b_over_s);
	double above = wind_interpolate(&figure->cf.b_over_s, &figure->cf.rows.items[row + 1].cf, b_over_s);
	return below + part * (above - below);
}
